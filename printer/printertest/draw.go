package printertest

import (
	"image"
	"image/color"
	"math"

	"hallkiosk/configs/fonts"
)

// black sets one dot, if it lies in dst.
func black(dst *image.Gray, x, y int) { dst.SetGray(x, y, color.Gray{}) }

// draw puts the cell on the line whose base is at y, counted from x0.
func (c cell) draw(dst *image.Gray, x0, base int) {
	x, y := x0+c.x, base-c.h
	if c.img != nil {
		c.img.draw(dst, x, y, 1, 1)
		return
	}
	box := image.Rect(x, y, x+c.w, y+c.h)
	if !box.Overlaps(dst.Bounds()) {
		return
	}
	dots := fonts.Glyph(c.r, c.bold, c.w, c.h, c.em)
	for j := range c.h {
		for i := range c.w {
			ink := dots.AlphaAt(i, j).A >= 0x70 || j >= c.h-c.underline
			if ink != c.reverse {
				black(dst, x+i, y+j)
			}
		}
	}
}

// The look of the paper.
var (
	paperColor = color.NRGBA{0xFC, 0xFB, 0xF8, 0xFF}
	inkColor   = color.NRGBA{0x22, 0x20, 0x22, 0xFF}
)

const (
	teeth   = 8     // dots of the cutter's zigzag
	longest = 16000 // dots of an image: two metres of paper
)

// Image returns the paper as it lies in the hand: with the margins that can't be
// printed on and the cutter's teeth, transparent outside. Of a paper longer than
// two metres it shows the beginning.
func (p *Paper) Image() *image.NRGBA {
	margin := 40 // 58 mm paper
	if p.Width > 400 {
		margin = 32 // 80 mm paper
	}
	dots := p.dots(min(p.Height, longest))
	w, h := p.Width+2*margin, dots.Rect.Dy()+2*teeth
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for x := range w {
		edge := teeth - int(math.Abs(float64(x%(2*teeth)-teeth)))
		for y := edge; y < h-teeth+edge; y++ {
			c := paperColor
			if dx, dy := x-margin, y-teeth; image.Pt(dx, dy).In(dots.Rect) && dots.Pix[dots.PixOffset(dx, dy)] == 0 {
				c = inkColor
			}
			img.SetNRGBA(x, y, c)
		}
	}
	return img
}
