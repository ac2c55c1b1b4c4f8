package printertest

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"sync"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"

	"hallkiosk/configs/fonts"
)

// black sets one dot, if it lies in dst.
func black(dst *image.Gray, x, y int) { dst.SetGray(x, y, color.Gray{}) }

// face is one weight of the printer's font. An sfnt.Font may be shared, its
// buffer may not.
type face struct {
	font *sfnt.Font
	em   int
}

var faces = sync.OnceValue(func() (f [2]face) {
	for i, data := range [2][]byte{fonts.Regular, fonts.Bold} {
		parsed, err := sfnt.Parse(data)
		if err != nil {
			panic("printertest: the house's fonts are broken: " + err.Error())
		}
		f[i] = face{font: parsed, em: int(parsed.UnitsPerEm())}
	}
	return f
})

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
	dots := c.glyph()
	for j := range c.h {
		for i := range c.w {
			ink := dots.AlphaAt(i, j).A >= 0x70 || j >= c.h-c.underline
			if ink != c.reverse {
				black(dst, x+i, y+j)
			}
		}
	}
}

// glyph draws the character to the size of the cell. Hanzi fill the em; letters
// are squeezed into half of it, as the printers' own fonts are.
func (c cell) glyph() *image.Alpha {
	dots := image.NewAlpha(image.Rect(0, 0, c.w, c.h))
	f := faces()[0]
	if c.bold {
		f = faces()[1]
	}
	var buf sfnt.Buffer
	g, err := f.font.GlyphIndex(&buf, c.r)
	if err != nil || c.r == ' ' {
		return dots
	}
	units := fixed.I(f.em)
	segments, err := f.font.LoadGlyph(&buf, g, units, nil)
	if err != nil {
		return dots
	}
	advance, err := f.font.GlyphAdvance(&buf, g, units, 0)
	if err != nil || advance <= 0 {
		advance = units
	}
	// Noto's em box reaches from 0.88 above the base line to 0.12 below it.
	sy := float64(c.h) / float64(f.em)
	base := 0.88 * float64(c.h)
	wide := float64(advance) / 64
	sx := min(float64(c.em)/float64(f.em), float64(c.w)/wide)
	left := (float64(c.w) - sx*wide) / 2
	outline(segments, c.w, c.h, func(p fixed.Point26_6) (x, y float32) {
		return float32(left + sx*float64(p.X)/64), float32(base + sy*float64(p.Y)/64)
	}).Draw(dots, dots.Bounds(), image.Opaque, image.Point{})
	return dots
}

// outline turns a glyph into a filled shape.
func outline(segments sfnt.Segments, w, h int, at func(fixed.Point26_6) (x, y float32)) *vector.Rasterizer {
	z := vector.NewRasterizer(w, h)
	z.DrawOp = draw.Src
	for _, s := range segments {
		ax, ay := at(s.Args[0])
		bx, by := at(s.Args[1])
		cx, cy := at(s.Args[2])
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			z.ClosePath()
			z.MoveTo(ax, ay)
		case sfnt.SegmentOpLineTo:
			z.LineTo(ax, ay)
		case sfnt.SegmentOpQuadTo:
			z.QuadTo(ax, ay, bx, by)
		case sfnt.SegmentOpCubeTo:
			z.CubeTo(ax, ay, bx, by, cx, cy)
		}
	}
	z.ClosePath()
	return z
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
