// Package crosscheck holds our tickets and our virtual printer against other
// people's software: npos reads the bytes, resvg and qr-image draw them, zbarimg
// and tesseract read the pictures, receiptio prints, and two encoders make the
// same ticket. It needs Node.js and what .ci/deps crosscheck installs, so plain
// `go test ./...` skips it; run `make crosscheck`.
package crosscheck

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hallkiosk/kiosk"
	"hallkiosk/printer/printertest"
)

func need(t testing.TB) {
	t.Helper()
	if os.Getenv("KIOSK_CROSSCHECK") == "" {
		t.Skip("needs Node.js packages, zbarimg and tesseract. Run: make crosscheck")
	}
}

// node runs one of the scripts here and reads the JSON that it prints.
func node(t testing.TB, out any, script string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", append([]string{script}, args...)...)
	var bad bytes.Buffer
	cmd.Stderr = &bad
	text, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(text, out)
	}
	if err != nil {
		t.Fatalf("node %s: %v\n%s%s", script, err, bad.String(), text)
	}
}

// result is what tickets.mjs says of one specimen.
type result struct {
	Name     string
	Refused  string // why, if it wasn't understood
	Text     string
	Codes    []string
	Commands []string
}

// others has npos read all specimens and returns, by name, what it found; the
// pictures are in dir.
func others(t testing.TB, all []specimen) (dir string, found map[string]result) {
	t.Helper()
	dir = t.TempDir()
	data, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tickets.json"), data, 0o644); err != nil {
		t.Fatal(err)
	}
	var results []result
	node(t, &results, "tickets.mjs", dir)
	found = map[string]result{}
	for _, r := range results {
		found[r.Name] = r
	}
	if len(found) != len(all) {
		t.Fatalf("%d results for %d specimens", len(found), len(all))
	}
	return dir, found
}

// check says what is wrong with a ticket as npos read it.
func check(s specimen, r result) error {
	if r.Refused != "" {
		return fmt.Errorf("refused: %s", r.Refused)
	}
	if cuts := count(r.Commands, "GS V"); cuts != 1 || r.Commands[len(r.Commands)-1] != "GS V" {
		return fmt.Errorf("%d cuts, and %s at the end; want one cut there", cuts, r.Commands[len(r.Commands)-1])
	}
	if (s.CodeDots || s.TextDots) && count(r.Commands, "GS v0") == 0 {
		return fmt.Errorf("no dots on a paper for a printer that needs them")
	}
	if !s.CodeDots && !slices.Equal(r.Codes, []string{s.QR}) {
		return fmt.Errorf("codes %q, want %q", r.Codes, s.QR)
	}
	if s.TextDots {
		return nil // only the picture can be read
	}
	text := together(r.Text)
	for _, line := range s.Lines {
		at := strings.Index(text, together(line))
		if at < 0 {
			return fmt.Errorf("no %q, or not in its place, in:\n%s", line, r.Text)
		}
		text = text[at+len(together(line)):]
	}
	return nil
}

func count(list []string, what string) (n int) {
	for _, s := range list {
		if s == what {
			n++
		}
	}
	return n
}

// together is text without white space, as lines may be broken anywhere.
func together(s string) string { return strings.Join(strings.Fields(s), "") }

// threshold is how much of a ticket the reader of letters must get right. The
// best other text scores below it, which TestTickets checks.
const threshold = 0.90

// Every ticket is understood by npos, and both its pictures, theirs and ours, say
// to other readers what they should.
func TestTickets(t *testing.T) {
	need(t)
	all := specimens(t)
	dir, found := others(t, all)
	for i, s := range all {
		other := all[(i+len(kinds)*3/2)%len(all)] // another kind in another language
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			if err := check(s, found[s.Name]); err != nil {
				t.Fatal(err)
			}
			if err := check(other, found[s.Name]); err == nil && !other.TextDots {
				t.Errorf("it passes for %s too", other.Name)
			}
			for _, drawn := range []struct {
				by   string
				read reading
			}{{"theirs", readFile(t, filepath.Join(dir, s.Name+".png"), s.Lang)}, {"ours", readOurs(t, s)}} {
				if !slices.Equal(drawn.read.Codes, []string{s.QR}) {
					t.Errorf("%s: zbarimg reads %q, want %q", drawn.by, drawn.read.Codes, s.QR)
				}
				right := similarity(drawn.read.Text, strings.Join(s.Lines, "\n"))
				wrong := similarity(drawn.read.Text, strings.Join(other.Lines, "\n"))
				t.Logf("%s: tesseract reads %.2f of it, at least %.2f wanted; %.2f against %s", drawn.by, right, threshold, wrong, other.Name)
				if right < threshold {
					t.Errorf("%s: only %.2f of the text can be read, want %.2f. It was:\n%s\nand should be:\n%s", drawn.by, right, threshold, drawn.read.Text, strings.Join(s.Lines, "\n"))
				}
				if wrong >= threshold {
					t.Errorf("%s: the text of %s passes too: the threshold is worth nothing", drawn.by, other.Name)
				}
			}
		})
	}
}

func readFile(t *testing.T, name string, lang kiosk.Lang) reading {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return readPicture(t, img, lang)
}

func readOurs(t *testing.T, s specimen) reading {
	t.Helper()
	p := printertest.New(printertest.Opts{Width: s.Width})
	if _, err := p.Write(s.Bytes); err != nil {
		t.Fatal(err)
	}
	papers := p.Papers()
	if len(papers) != 1 {
		t.Fatalf("%d papers of our own printer", len(papers))
	}
	return readPicture(t, papers[0].Image(), s.Lang)
}

// The check can fail: each of these is a ticket with a mistake.
func TestMistakesAreFound(t *testing.T) {
	need(t)
	all := specimens(t)
	plain := all[0]
	var dots specimen
	for _, s := range all {
		if s.CodeDots {
			dots = s
		}
	}
	rows := func(n int) []byte { // the picture says that it is n rows longer
		b := slices.Clone(dots.Bytes)
		at := bytes.LastIndex(b, []byte{0x1D, 'v', '0'}) + 6
		h := int(b[at]) | int(b[at+1])<<8
		b[at], b[at+1] = byte(h+n), byte((h+n)>>8)
		return b
	}
	put := func(at int, more ...byte) []byte { return slices.Insert(slices.Clone(plain.Bytes), at, more...) }
	number := bytes.Index(plain.Bytes, []byte("A1-023"))
	mistakes := []specimen{
		{Name: "made-up-command", Bytes: put(7, 0x1D, 0x99)},
		{Name: "made-up-command-in-text", Bytes: put(number, 0x1D, 0x99)},
		{Name: "another-made-up-command", Bytes: put(7, 0x1B, 'Q')},
		{Name: "wrong-height-of-picture", Bytes: rows(1)}, // eats what follows, up to the middle of a text
		{Name: "picture-too-long", Bytes: rows(4)},
		{Name: "picture-far-too-long", Bytes: rows(4096)},
		{Name: "picture-too-short", Bytes: rows(-40)},
		{Name: "code-too-long", Bytes: longer(plain.Bytes)},
		{Name: "half-a-hanzi", Bytes: put(number, 0xC4, 0x0A)},
		{Name: "four-bytes", Bytes: put(number, 0x81, 0x30, 0x84, 0x36)}, // ¥
		{Name: "control-character", Bytes: put(number, 0x07)},
		{Name: "wrong-end", Bytes: plain.Bytes[:len(plain.Bytes)-4]},
		{Name: "broken-off", Bytes: plain.Bytes[:len(plain.Bytes)-1]},
		{Name: "code-too-wide", Bytes: bytes.Replace(plain.Bytes, []byte{0x31, 0x43, 6}, []byte{0x31, 0x43, 24}, 1)},
		{Name: "wrong-number", Bytes: bytes.Replace(plain.Bytes, []byte("A1-023"), []byte("A1-032"), 1)},
		{Name: "wrong-code", Bytes: bytes.Replace(plain.Bytes, []byte(plain.QR[:8]), []byte("99999999"), 1)},
	}
	for i := range mistakes {
		mistakes[i].Width = plain.Width
		mistakes[i].Lines, mistakes[i].QR = plain.Lines, plain.QR
		if strings.Contains(mistakes[i].Name, "picture") {
			mistakes[i].Width, mistakes[i].Lines, mistakes[i].CodeDots = dots.Width, dots.Lines, true
		}
	}
	_, found := others(t, append(mistakes, plain, dots))
	for _, s := range []specimen{plain, dots} {
		if err := check(s, found[s.Name]); err != nil {
			t.Errorf("%s without a mistake: %v", s.Name, err)
		}
	}
	for _, s := range mistakes {
		err := check(s, found[s.Name])
		if err == nil {
			t.Errorf("%s is not found", s.Name)
			continue
		}
		first, _, _ := strings.Cut(err.Error(), "\n")
		t.Logf("%s: %s", s.Name, first)
		if unread := found[s.Name].Refused != ""; unread == strings.HasPrefix(s.Name, "wrong") {
			t.Errorf("%s: refused %v: %s", s.Name, unread, first)
		}
	}
}

// longer makes the length of the code's data one more than there is.
func longer(ticket []byte) []byte {
	b := slices.Clone(ticket)
	at := bytes.Index(b, []byte{0x31, 0x50, 0x30}) - 2
	b[at]++
	return b
}
