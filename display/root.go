package display

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	base "fyne.io/fyne/v2/widget"

	"hallkiosk/display/widget"
)

// root fills the window: it has no size of its own, tells when the window's
// changed, feels touches beside everything, and hides the arrow.
type root struct {
	base.BaseWidget
	content *fyne.Container
	ring    *fyne.Container // over the content
	resized func()
	touched func()
}

func newRoot(resized, touched func()) *root {
	r := &root{content: &fyne.Container{}, ring: &fyne.Container{}, resized: resized, touched: touched}
	r.ExtendBaseWidget(r)
	return r
}

// set shows parts. What is shown already is not drawn again, and what leaves takes
// no touch along: it may come back in another visit.
func (r *root) set(parts ...fyne.CanvasObject) {
	if !slices.Equal(r.content.Objects, parts) {
		for _, o := range r.content.Objects {
			if !slices.Contains(parts, o) {
				widget.Lift(o)
			}
		}
		r.content.Objects = parts
		widget.Redraw(r.content)
	}
}

// mark shows a ring over the parts; nil takes it away.
func (r *root) mark(ring fyne.CanvasObject) {
	if ring == nil && len(r.ring.Objects) == 0 {
		return
	}
	r.ring.Objects = nil
	if ring != nil {
		r.ring.Objects = []fyne.CanvasObject{ring}
	}
	widget.Redraw(r.ring)
}

// Tapped is for Fyne.
func (r *root) Tapped(*fyne.PointEvent) { r.touched() }

// Cursor is for Fyne.
func (r *root) Cursor() desktop.Cursor { return desktop.HiddenCursor }

// CreateRenderer is for Fyne.
func (r *root) CreateRenderer() fyne.WidgetRenderer { return &rootRenderer{r: r} }

type rootRenderer struct {
	r    *root
	size fyne.Size
}

func (v *rootRenderer) Destroy()           {}
func (v *rootRenderer) MinSize() fyne.Size { return fyne.NewSize(1, 1) }
func (v *rootRenderer) Refresh()           { widget.Redraw(v.r.content); widget.Redraw(v.r.ring) }
func (v *rootRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{v.r.content, v.r.ring}
}

func (v *rootRenderer) Layout(size fyne.Size) {
	v.r.content.Resize(size)
	v.r.ring.Resize(size)
	if size != v.size {
		v.size = size
		v.r.resized()
	}
}
