package printertest

import (
	"image"

	"github.com/boombuler/barcode/qr"
)

// bits is a picture of black and white dots.
type bits struct {
	w, h int
	at   func(x, y int) bool
}

// draw puts b at x, y, each of its dots fx wide and fy high.
func (b *bits) draw(dst *image.Gray, x, y, fx, fy int) {
	for j := range b.h * fy {
		for i := range b.w * fx {
			if b.at(i/fx, j/fy) {
				black(dst, x+i, y+j)
			}
		}
	}
}

// rasterSize is the size of GS v: '0' m xL xH yL yH data.
func rasterSize(a []byte) int {
	if len(a) < 6 {
		return 6
	}
	return 6 + le(a[2:4])*le(a[4:6])
}

// rasterImage is GS v 0, printed at once as bands of their own.
func (p *Printer) rasterImage(a []byte) {
	m := digit(a[1])
	if a[0] != '0' || m > 3 {
		p.note(p.code)
		return
	}
	fx, fy := int(m&1)+1, int(m>>1)+1
	stride, rows, data := le(a[2:4]), le(a[4:6]), a[6:]
	b := &bits{w: stride * 8, h: rows, at: func(x, y int) bool {
		return data[y*stride+x/8]>>(7-x%8)&1 != 0
	}}
	p.graphic(b, fx, fy, "")
}

// graphic prints a picture below what is set; what is too wide is cut off.
func (p *Printer) graphic(b *bits, fx, fy int, code string) {
	if len(p.line.cells) > 0 {
		p.feedLine(1)
	}
	x := p.mode.left + p.indent(b.w*fx)
	p.print(&band{height: b.h * fy, qr: code, draw: func(dst *image.Gray, y int) { b.draw(dst, x, y, fx, fy) }})
}

// bitImageSize is the size of ESC *: m nL nH data, a byte or three a column.
func bitImageSize(a []byte) int {
	if len(a) < 3 {
		return 3
	}
	if a[0] >= 32 {
		return 3 + 3*le(a[1:3])
	}
	return 3 + le(a[1:3])
}

// bitImage is ESC *: columns of 8 or 24 dots that stand in the line.
func (p *Printer) bitImage(a []byte) {
	if m := a[0]; m != 0 && m != 1 && m != 32 && m != 33 {
		p.note(p.code)
		return
	}
	cols, data := le(a[1:3]), a[3:]
	deep, fx, fy := 1, 2-int(a[0]&1), 3
	if a[0] >= 32 {
		deep, fy = 3, 1
	}
	b := &bits{w: cols * fx, h: 8 * deep * fy, at: func(x, y int) bool {
		y /= fy
		return data[x/fx*deep+y/8]>>(7-y%8)&1 != 0
	}}
	p.place(cell{w: b.w, h: b.h, img: b}, 0, 0)
}

// qrMode is what the QR commands have set.
type qrMode struct {
	dots  int  // of a module
	level byte // '0'..'3': L M Q H
	data  []byte
}

// qrCommand is GS ( k for QR codes: function fn with its parameters.
func (p *Printer) qrCommand(fn byte, a []byte) {
	q := &p.mode.qr
	switch {
	case p.o.NoQR:
		p.note(p.code)
	case fn == 0x41 && len(a) == 2 && a[0] == '2': // model 2, the one that is drawn
	case fn == 0x43 && len(a) == 1 && a[0] >= 1 && a[0] <= 16:
		q.dots = int(a[0])
	case fn == 0x45 && len(a) == 1 && a[0] >= '0' && a[0] <= '3':
		q.level = a[0]
	case fn == 0x50 && len(a) > 1 && a[0] == '0':
		q.data = append([]byte(nil), a[1:]...)
	case fn == 0x51 && len(a) == 1 && a[0] == '0':
		p.printQR()
	default:
		p.note(p.code)
	}
}

// printQR draws the stored code. One that doesn't fit prints nothing and says
// nothing, as with the real printers.
func (p *Printer) printQR() {
	q := p.mode.qr
	if len(q.data) == 0 {
		return
	}
	level := map[byte]qr.ErrorCorrectionLevel{'0': qr.L, '1': qr.M, '2': qr.Q, '3': qr.H}[q.level]
	code, err := qr.Encode(string(q.data), level, qr.Auto)
	if err != nil {
		return
	}
	n := code.Bounds().Dx()
	if n*q.dots > p.room() {
		return
	}
	b := &bits{w: n, h: n, at: func(x, y int) bool {
		r, _, _, _ := code.At(x, y).RGBA()
		return r == 0
	}}
	p.graphic(b, q.dots, q.dots, string(q.data))
}
