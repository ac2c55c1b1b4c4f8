package widget

import (
	"image"
	"image/color"
	"math"
	"sync"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"hallkiosk/display/theme"
)

// Box draws a rectangle with the house's corners; width is that of its edge in
// pixels of the design. edge may be nil. It is made of plain rectangles, with
// corners that are painted over in the colour of what lies behind: software GL
// takes twice as long to fill a rectangle that is rounded itself, and a screen is
// full of them. See face.
func (k Kit) Box(fill, edge color.Color, width float32) *fyne.Container {
	look := cornerLook{radius: k.Px(theme.Corner), behind: k.Behind}
	if look.behind == (color.NRGBA{}) {
		look.behind = k.Ground
	}
	b := &fyne.Container{Objects: []fyne.CanvasObject{canvas.NewRectangle(fill)}}
	if edge != nil && width > 0 {
		look.stroke = max(1, float32(math.Round(float64(k.Px(width)))))
		look.edge = color.NRGBAModel.Convert(edge).(color.NRGBA)
		for range 4 {
			b.Objects = append(b.Objects, canvas.NewRectangle(edge))
		}
	}
	for at := range 4 {
		look := look
		look.at = at
		b.Objects = append(b.Objects, canvas.NewRaster(func(_, _ int) image.Image { return look.image() }))
	}
	b.Layout = boxLayout{look}
	return b
}

// face is the rectangle of a box that Box has made, without its edge.
func face(b *fyne.Container) *canvas.Rectangle { return b.Objects[0].(*canvas.Rectangle) }

// boxLayout lays a box out: its face; its edge above, below, left and right, if it
// has one; its corners. Whole pixels, or they wouldn't meet.
type boxLayout struct{ cornerLook }

// MinSize is for Fyne.
func (boxLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(1, 1) }

// Layout is for Fyne.
func (l boxLayout) Layout(all []fyne.CanvasObject, size fyne.Size) {
	w, h := float32(math.Round(float64(size.Width))), float32(math.Round(float64(size.Height)))
	Put(all[0], 0, 0, w, h)
	all = all[1:]
	if e := l.stroke; e > 0 {
		Put(all[0], 0, 0, w, e)
		Put(all[1], 0, h-e, w, e)
		Put(all[2], 0, 0, e, h)
		Put(all[3], w-e, 0, e, h)
		all = all[4:]
	}
	side := float32(l.side())
	for at, o := range all {
		Put(o, float32(at%2)*(w-side), float32(at/2)*(h-side), side, side)
	}
}

// cornerLook names one drawing of a corner.
type cornerLook struct {
	radius, stroke float32
	edge, behind   color.NRGBA
	at             int // from the left above by rows
}

var (
	corners   = map[cornerLook]image.Image{}
	cornersMu sync.Mutex
)

func (l cornerLook) side() int { return max(1, int(math.Ceil(float64(l.radius)))) }

// image is the corner's picture: what lies behind, the edge's curve, and nothing
// where the face is to be seen. It is drawn once.
func (l cornerLook) image() image.Image {
	cornersMu.Lock()
	defer cornersMu.Unlock()
	img, ok := corners[l]
	if !ok {
		img = l.draw()
		corners[l] = img
	}
	return img
}

func (l cornerLook) draw() image.Image {
	side := l.side()
	img := image.NewNRGBA(image.Rect(0, 0, side, side))
	r, stroke := float64(l.radius), float64(l.stroke)
	past := func(d, line float64) float64 { return min(max(d-line+0.5, 0), 1) } // how much of a dot is
	for y := range side {
		for x := range side {
			dx, dy := r-float64(x)-0.5, r-float64(y)-0.5
			if dx < 0 || dy < 0 { // a part of a pixel beyond the curve's beginning
				continue
			}
			d := math.Hypot(dx, dy)
			out, ring := past(d, r), 0.0
			if stroke > 0 {
				ring = past(d, r-stroke) * (1 - out)
			}
			a := out + ring
			if a == 0 {
				continue
			}
			mix := func(behind, edge uint8) uint8 { return uint8((float64(behind)*out+float64(edge)*ring)/a + 0.5) }
			to := image.Pt(x, y)
			if l.at%2 == 1 {
				to.X = side - 1 - x
			}
			if l.at/2 == 1 {
				to.Y = side - 1 - y
			}
			img.SetNRGBA(to.X, to.Y, color.NRGBA{mix(l.behind.R, l.edge.R), mix(l.behind.G, l.edge.G), mix(l.behind.B, l.edge.B), uint8(a*255 + 0.5)})
		}
	}
	return img
}
