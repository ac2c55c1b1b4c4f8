package printer

import (
	"image/color"

	"github.com/boombuler/barcode/qr"

	"hallkiosk/configs/fonts"
	"hallkiosk/printer/escpos"
)

// modulesOf draws a QR code, one cell a module, true is black. ok is false when
// data is too long for one.
func modulesOf(data string) (rows [][]bool, ok bool) {
	code, err := qr.Encode(data, qr.M, qr.Auto)
	if err != nil {
		return nil, false
	}
	n := code.Bounds().Dx()
	rows = make([][]bool, n)
	for y := range rows {
		rows[y] = make([]bool, n)
		for x := range rows[y] {
			rows[y][x] = code.At(x, y) == color.Black
		}
	}
	return rows, true
}

// codeSide is how many modules a side of a QR code has that carries so many bytes
// with error correction M (ISO/IEC 18004, table 7), up to version 10.
func codeSide(bytes int) int {
	for i, most := range []int{14, 26, 42, 62, 84, 106, 122, 152, 180, 213} {
		if bytes <= most {
			return 21 + 4*i
		}
	}
	return 177 // the largest of all
}

// codeDots makes rows of dots of a code, each module dots wide.
func codeDots(modules [][]bool, dots int) (width int, rows []byte) {
	side := len(modules) * dots
	bitmap := newBitmap(side, side)
	for y := range side {
		for x := range side {
			if modules[y/dots][x/dots] {
				bitmap.set(x, y)
			}
		}
	}
	return bitmap.width, bitmap.rows
}

// bitmap is a picture as printers take it: rows of width/8 bytes, the leftmost
// dot in the highest bit.
type bitmap struct {
	width int
	rows  []byte
}

func newBitmap(width, height int) bitmap {
	width = (width + 7) / 8 * 8
	return bitmap{width, make([]byte, width/8*height)}
}

func (b bitmap) set(x, y int) { b.rows[y*b.width/8+x/8] |= 0x80 >> (x % 8) }

// em is the height of a printer's character at size 1, in dots; leading is the
// white below it that makes a line of the default spacing.
const (
	em      = 24
	leading = 6
)

// lineDots draws a line of text as the printer would set it, w and h times the
// size of its characters. A character that the house's fonts lack becomes 〓.
func lineDots(text string, w, h int, bold bool) (width int, rows []byte) {
	bitmap := newBitmap(escpos.Cells(text)*cell*w, em*h+leading)
	x := 0
	for _, r := range text {
		if !fonts.Has(r) {
			r = escpos.Geta
		}
		wide := escpos.Cells(string(r)) * cell * w
		glyph := fonts.Glyph(r, bold, wide, em*h, em*w)
		for gy := range em * h {
			for gx := range wide {
				if glyph.AlphaAt(gx, gy).A >= 0x70 {
					bitmap.set(x+gx, gy)
				}
			}
		}
		x += wide
	}
	return bitmap.width, bitmap.rows
}
