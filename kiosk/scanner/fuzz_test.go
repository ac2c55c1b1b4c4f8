package scanner_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"hallkiosk/kiosk/scanner"
)

// FuzzScanner plays noise to a Dev, with a silence or a hang-up after every
// pause bytes when pause isn't 0. Nothing but clean text of a bounded length
// may come out; without pauses it must be exactly what a slow and simple reader
// finds in the whole.
func FuzzScanner(f *testing.F) {
	for _, seed := range []string{
		"H:7Q2M-A023\r\n", "预约\n", "\xd5\xc5\xc8\xfd\r", "\x95\x32\x82\x36\r", ack, ack[:3] + ack + "a\r", "a" + ack[:3] + ack, "a" + ack + "b\r",
		"a\ra\rb\r", "\x00\xff\r\x80\r", strings.Repeat("x", 4096) + "\r", strings.Repeat("x", 4097) + "\ry\r",
	} {
		f.Add([]byte(seed), uint16(0), false)
		f.Add([]byte(seed), uint16(4), false)
		f.Add([]byte(seed), uint16(5), true)
	}
	f.Fuzz(func(t *testing.T, data []byte, pause uint16, hangUp bool) {
		var steps []any
		if pause == 0 {
			steps = []any{string(data), silence{}}
		} else {
			for piece := range slices.Chunk(data, int(pause)) {
				steps = append(steps, string(piece))
				if hangUp {
					steps = append(steps, gone{})
				} else {
					steps = append(steps, silence{})
				}
			}
		}
		codes, _ := hear(steps...)
		for _, code := range codes {
			// A byte of GBK becomes at most one and a half of UTF-8, but 80 becomes the euro sign's three.
			if len(code) == 0 || len(code) > 3*scanner.MaxCode || !utf8.ValidString(code) || strings.ContainsFunc(code, unicode.IsControl) {
				t.Errorf("found %d bytes that are no code", len(code))
			}
		}
		if pause == 0 {
			if want := simple(data); !slices.Equal(codes, want) {
				t.Errorf("found %q, want %q", codes, want)
			}
		}
	})
}

// simple finds the codes of one whole transmission.
func simple(data []byte) (codes []string) {
	for n := len(ack) - 1; n > 0; n-- { // the rest of the last may still be on its way
		if bytes.HasSuffix(data, []byte(ack[:n])) {
			data = data[:len(data)-n]
			break
		}
	}
	data = bytes.ReplaceAll(data, []byte(ack), nil)
	for _, b := range bytes.FieldsFunc(data, func(r rune) bool { return r == '\r' || r == '\n' }) {
		code := string(b)
		if !utf8.Valid(b) {
			code, _ = simplifiedchinese.GB18030.NewDecoder().String(code)
		}
		bad := func(r rune) bool { return r == utf8.RuneError || unicode.IsControl(r) }
		if len(b) <= scanner.MaxCode && !strings.ContainsFunc(code, bad) && !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	return codes
}
