package fonts

import (
	"image"
	"image/draw"
	"sync"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// face is one weight. An sfnt.Font may be shared, its buffer may not.
type face struct {
	font *sfnt.Font
	em   int
}

var faces = sync.OnceValue(func() (f [2]face) {
	for i, data := range [2][]byte{Regular, Bold} {
		parsed, err := sfnt.Parse(data)
		if err != nil {
			panic("fonts: the house's fonts are broken: " + err.Error())
		}
		f[i] = face{font: parsed, em: int(parsed.UnitsPerEm())}
	}
	return f
})

// Has says whether the house's fonts hold a character.
func Has(r rune) bool {
	var buf sfnt.Buffer
	g, err := faces()[0].font.GlyphIndex(&buf, r)
	return err == nil && g != 0
}

// Glyph draws a character as a printer's own font would, into a box of w by h
// dots whose full-width characters are em dots wide; a letter that is wider than
// its box is squeezed. Opaque is ink. Safe from any goroutine.
func Glyph(r rune, bold bool, w, h, em int) *image.Alpha {
	dots := image.NewAlpha(image.Rect(0, 0, w, h))
	f := faces()[0]
	if bold {
		f = faces()[1]
	}
	var buf sfnt.Buffer
	g, err := f.font.GlyphIndex(&buf, r)
	if err != nil || r == ' ' {
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
	sy := float64(h) / float64(f.em)
	base := 0.88 * float64(h)
	wide := float64(advance) / 64
	sx := min(float64(em)/float64(f.em), float64(w)/wide)
	left := (float64(w) - sx*wide) / 2
	outline(segments, w, h, func(p fixed.Point26_6) (x, y float32) {
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
