// Package escpos speaks ESC/POS with Chinese two-byte text: Builder makes the
// bytes that go to a thermal printer, Sorter tells apart the bytes that come
// back. It knows no port and no ticket.
//
// The commands are those of Epson's ESC/POS command reference that the
// Chinese-market printers (SNBC, SPRT, Xprinter and others) share. Text is
// GB18030, of which printers hold the two-byte part.
package escpos

import (
	"golang.org/x/text/encoding/simplifiedchinese"
)

// Alignment of lines on the paper.
type Alignment byte

// The alignments, as ESC a takes them.
const (
	Left Alignment = iota
	Center
	Right
)

// Builder gathers the bytes of one job. The zero value is ready; it may be
// used by one goroutine.
type Builder struct {
	b     []byte
	dots  int
	pic   int
	size  byte
	align Alignment
	bold  bool
}

// Bytes returns what was built.
func (b *Builder) Bytes() []byte { return b.b }

// Dots is how long the paper gets, about: 8 are a millimetre.
func (b *Builder) Dots() int { return b.dots }

// Picture is the size of the largest picture, in bytes with its head.
func (b *Builder) Picture() int { return b.pic }

// Raw appends bytes as they are.
func (b *Builder) Raw(p ...byte) { b.b = append(b.b, p...) }

// Init resets the printer, asks for automatic status on every change, and
// turns Chinese text on.
func (b *Builder) Init() {
	b.Raw(0x1B, '@', 0x1D, 'a', 0xFF, 0x1C, '&')
	b.size, b.align, b.bold = 0, Left, false
}

// Size sets the magnification of characters, 1 to 8 each way.
func (b *Builder) Size(w, h int) {
	if n := byte((w-1)<<4 | (h - 1)); n != b.size {
		b.Raw(0x1D, '!', n)
		b.size = n
	}
}

// Align sets the alignment of the lines that follow; only at a line's start.
func (b *Builder) Align(a Alignment) {
	if a != b.align {
		b.Raw(0x1B, 'a', byte(a))
		b.align = a
	}
}

// Bold turns bold text on or off.
func (b *Builder) Bold(on bool) {
	if on == b.bold {
		return
	}
	b.bold = on
	n := byte(0)
	if on {
		n = 1
	}
	b.Raw(0x1B, 'E', n)
}

// Line writes one line of text. See Encode for characters that a printer
// doesn't have.
func (b *Builder) Line(text string) {
	b.b = append(b.b, Encode(text)...)
	b.Raw('\n')
	b.dots += max(30, 24*(1+int(b.size&7))) // lines are 30 dots apart unless letters are higher
}

// Feed moves the paper by dots, 8 a millimetre.
func (b *Builder) Feed(dots int) {
	dots = min(dots, 255)
	b.Raw(0x1B, 'J', byte(dots))
	b.dots += dots
}

// QR prints data as a QR code, model 2, with modules of dots each and error
// correction M. The caller makes sure that it fits: one that is too wide
// prints nothing, silently.
func (b *Builder) QR(data string, dots int) {
	n := len(data) + 3
	b.Raw(0x1D, '(', 'k', 4, 0, 0x31, 0x41, 0x32, 0)
	b.Raw(0x1D, '(', 'k', 3, 0, 0x31, 0x43, byte(dots))
	b.Raw(0x1D, '(', 'k', 3, 0, 0x31, 0x45, 0x31)
	b.Raw(0x1D, '(', 'k', byte(n), byte(n>>8), 0x31, 0x50, 0x30)
	b.Raw([]byte(data)...)
	b.Raw(0x1D, '(', 'k', 3, 0, 0x31, 0x51, 0x30)
	b.dots += 29 * dots // of version 3; a ticket's id needs that
}

// Raster prints a black and white picture, rows of width/8 bytes, most
// significant bit left. Pairs of bytes that a printer would take for a
// real-time command are broken by clearing one dot.
func (b *Builder) Raster(width int, rows []byte) {
	stride := width / 8
	height := len(rows) / stride
	b.dots += height
	b.Raw(0x1D, 'v', '0', 0, byte(stride), byte(stride>>8), byte(height), byte(height>>8))
	b.pic = max(b.pic, len(rows)+8)
	first := len(b.b)
	for _, c := range rows {
		if n := len(b.b); n > first && b.b[n-1] == 0x10 && (c == 0x04 || c == 0x05 || c == 0x14) {
			c &^= 0x04
		}
		b.Raw(c)
	}
}

// Cut feeds the last line 3 mm past the knife and cuts, leaving a little to
// tear.
func (b *Builder) Cut() {
	b.Raw(0x1D, 'V', 'B', 24)
	b.dots += 24
}

// Commands that are sent by themselves.
var (
	// Poll asks for the four real-time statuses, DLE EOT 1 to 4. They are
	// answered at once, in order. Never put into another command.
	Poll = []byte{0x10, 4, 1, 0x10, 4, 2, 0x10, 4, 3, 0x10, 4, 4}

	// CutOff cuts off what hangs in the printer.
	CutOff = []byte{0x1D, 'V', 'B', 0}

	// ClearDC4 empties the receive and print buffers at once, whatever state the
	// printer is in, and is answered by 37 25 00 (Epson, DLE DC4 function 8).
	ClearDC4 = []byte{0x10, 0x14, 8, 1, 3, 0x14, 1, 6, 2, 8}

	// ClearENQ recovers from an error and empties the buffers, DLE ENQ 2. It is
	// not answered and does nothing to a printer without an error.
	ClearENQ = []byte{0x10, 5, 2}

	// Maker and Model ask who the printer is, GS I 66 and 67; each is answered by a
	// Block.
	Maker = []byte{0x1D, 'I', 66}
	Model = []byte{0x1D, 'I', 67}

	// Barrier, GS r 1, is answered by one byte when all before it is done.
	Barrier = []byte{0x1D, 'r', 1}
)

// Mend ends a command that was broken off in the middle: zeros fill up what it
// still waits for, longest bytes at the most, then the printer is reset. It must
// be the first thing after the break, for a question would be taken for the
// rest of the command, even for its length.
func Mend(longest int) []byte {
	return append(make([]byte, longest), 0x1B, '@')
}

// JobEnd asks for a report when everything before it is printed, GS ( H
// function 48, carrying a job's id.
func JobEnd(id [4]byte) []byte {
	return append([]byte{0x1D, '(', 'H', 6, 0, 0x30, 0x30}, id[:]...)
}

// Geta stands where a printer has no character, as in print shops.
const Geta = '〓'

// Encode returns text in GB18030. A character that needs four bytes, which no
// printer holds, becomes 〓.
func Encode(text string) []byte {
	var out []byte
	for _, r := range text {
		code, ok := encode(r)
		if !ok {
			code, _ = encode(Geta)
		}
		out = append(out, code...)
	}
	return out
}

// Repertoire is which characters a printer holds.
type Repertoire int

// The repertoires. GBK is the two-byte part of GB18030, with the traditional
// characters; GB 2312 has the simplified ones of its levels 1 and 2.
const (
	GBK Repertoire = iota
	GB2312
)

// Holds says whether a printer has every character of text.
func (p Repertoire) Holds(text string) bool {
	for _, r := range text {
		code, ok := encode(r)
		// GB 2312 has both bytes from A1, and its rows end at F7.
		if !ok || p == GB2312 && len(code) == 2 && (code[0] > 0xF7 || code[1] < 0xA1 || code[0] > 0xA9 && code[0] < 0xB0) {
			return false
		}
	}
	return true
}

func encode(r rune) ([]byte, bool) {
	if r >= 0x20 && r < 0x7F {
		return []byte{byte(r)}, true
	}
	code, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(string(r)))
	return code, err == nil && len(code) == 2
}

// Cells returns how many half-width cells text takes: one for ASCII, two for
// everything else.
func Cells(text string) int {
	n := 0
	for _, r := range text {
		if n++; r >= 0x80 {
			n++
		}
	}
	return n
}
