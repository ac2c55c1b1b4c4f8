package crosscheck

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/image/draw"

	"hallkiosk/kiosk"
)

// reading is what other people's software reads on a picture.
type reading struct {
	Codes []string // by zbarimg
	Text  string   // by tesseract
}

// tall is a height of a line of text that tesseract reads well. It did so from 28
// to 48 dots, and worse above.
const tall = 40.0

// readPicture cuts a picture of a ticket at its white rows into lines, and has
// each one read: by zbarimg, and where that finds no code, by tesseract as one
// line of text of a height that it is good at. Titles on narrow paper are twice
// as high as wide, so tesseract gets each line stretched too, and the reading
// counts that it is surer of.
func readPicture(t testing.TB, img image.Image, lang kiosk.Lang) reading {
	t.Helper()
	dir := t.TempDir()
	var r reading
	var list []string
	all, names := bands(img), []string{}
	for i, band := range all {
		names = append(names, filepath.Join(dir, fmt.Sprintf("%02d.png", i)))
		save(t, names[i], scaled(band, 1, 1))
	}
	codes := readCodes(t, names...)
	for i, band := range all {
		if found := codes[names[i]]; len(found) > 0 {
			r.Codes = append(r.Codes, found...)
			continue
		}
		by := tall / float64(band.Rect.Dy())
		save(t, names[i], scaled(band, by, by))
		save(t, names[i]+".wide.png", scaled(band, 2*by, by))
		list = append(list, names[i], names[i]+".wide.png")
	}
	listed := filepath.Join(dir, "lines.txt")
	if err := os.WriteFile(listed, []byte(strings.Join(list, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
	// The Chinese ones know Latin letters and digits too; with eng beside them
	// tesseract takes hanzi for Latin letters now and then.
	letters := map[kiosk.Lang]string{kiosk.Zh: "chi_sim", kiosk.Hant: "chi_tra", kiosk.En: "eng"}[lang]
	lines := pages(t, run(t, 0, "tesseract", listed, "-", "-l", letters, "--psm", "7", "--dpi", "300", "tsv"), len(list))
	for i := 0; i < len(lines); i += 2 {
		best := lines[i]
		if lines[i+1].sure() > best.sure() {
			best = lines[i+1]
		}
		r.Text += best.text + "\n"
	}
	return r
}

// readCodes is what zbarimg reads in files, by file. It ends with 4 when one of
// them has no code.
func readCodes(t testing.TB, files ...string) map[string][]string {
	t.Helper()
	var found struct {
		Sources []struct {
			File  string   `xml:"href,attr"`
			Codes []string `xml:"index>symbol>data"`
		} `xml:"source"`
	}
	text := run(t, 4, "zbarimg", append([]string{"-q", "--xml"}, files...)...)
	if err := xml.Unmarshal([]byte(text), &found); err != nil {
		t.Fatalf("zbarimg: %v\n%s", err, text)
	}
	codes := map[string][]string{}
	for _, s := range found.Sources {
		codes[s.File] = append(codes[s.File], s.Codes...)
	}
	return codes
}

// page is one picture's text and how sure tesseract is of its words, 0 to 100.
type page struct {
	text       string
	sum, words float64
}

func (p page) sure() float64 { return p.sum / max(1, p.words) }

// pages reads tesseract's table: page_num is the second column, conf and text
// are the last two.
func pages(t testing.TB, table string, n int) []page {
	t.Helper()
	out := make([]page, n)
	for _, row := range strings.Split(table, "\n")[1:] {
		f := strings.Split(row, "\t")
		if len(f) != 12 || f[0] != "5" { // 5 is a word
			continue
		}
		i, err := strconv.Atoi(f[1])
		conf, err2 := strconv.ParseFloat(f[10], 64)
		if err != nil || err2 != nil || i < 1 || i > n {
			t.Fatalf("tesseract's table has the row %q", row)
		}
		p := &out[i-1]
		p.text += f[11] + " "
		p.sum += conf
		p.words++
	}
	return out
}

// run returns what a program prints. Besides 0 it may end with none, its code for
// having found nothing.
func run(t testing.TB, none int, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = append(os.Environ(), "OMP_THREAD_LIMIT=1") // the tickets are what runs in parallel
	var out, bad bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &bad
	if err := cmd.Run(); err != nil && cmd.ProcessState.ExitCode() != none {
		t.Fatalf("%s: %v\n%s", name, err, bad.String())
	}
	return out.String()
}

// bands are the parts of a picture between white rows.
func bands(img image.Image) []*image.Gray {
	g := image.NewGray(img.Bounds())
	draw.Draw(g, g.Rect, image.White, image.Point{}, draw.Src) // what is transparent is beside the paper
	draw.Draw(g, g.Rect, img, img.Bounds().Min, draw.Over)
	var all []*image.Gray
	from := -1
	for y := g.Rect.Min.Y; y <= g.Rect.Max.Y; y++ {
		ink := false
		for x := g.Rect.Min.X; y < g.Rect.Max.Y && x < g.Rect.Max.X; x++ {
			ink = ink || g.GrayAt(x, y).Y < 128
		}
		switch {
		case ink && from < 0:
			from = y
		case !ink && from >= 0:
			all = append(all, g.SubImage(image.Rect(g.Rect.Min.X, from, g.Rect.Max.X, y)).(*image.Gray))
			from = -1
		}
	}
	return all
}

// scaled is a band so many times as wide and high, with white around it.
func scaled(band *image.Gray, wide, high float64) image.Image {
	const white = 24
	w, h := int(wide*float64(band.Rect.Dx())), int(high*float64(band.Rect.Dy()))
	out := image.NewGray(image.Rect(0, 0, w+2*white, h+2*white))
	draw.Draw(out, out.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.CatmullRom.Scale(out, image.Rect(white, white, white+w, white+h), band, band.Rect, draw.Src, nil)
	return out
}

func save(t testing.TB, name string, img image.Image) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
}

// similarity is how much of two texts is the same, 0 to 1: twice the length of
// their longest common subsequence by the length of both. Only letters and
// digits count.
func similarity(a, b string) float64 {
	x, y := letters(a), letters(b)
	if len(x)+len(y) == 0 {
		return 0
	}
	row := make([]int, len(y)+1)
	for _, c := range x {
		diagonal := 0
		for j, d := range y {
			above := row[j+1]
			if c == d {
				row[j+1] = diagonal + 1
			} else {
				row[j+1] = max(above, row[j])
			}
			diagonal = above
		}
	}
	return 2 * float64(row[len(y)]) / float64(len(x)+len(y))
}

func letters(s string) (out []rune) {
	for _, r := range s {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			out = append(out, unicode.ToUpper(r))
		}
	}
	return out
}
