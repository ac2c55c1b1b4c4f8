package widget

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// Tap is something to touch: what it looks like, the rectangle that answers to
// the finger, and what happens.
type Tap struct {
	widget.BaseWidget
	label   string
	heed    string          // see Target
	content *fyne.Container // box first
	box     *canvas.Rectangle
	rest    color.Color
	down    color.Color
	act     func()
}

var (
	_ fyne.Tappable      = (*Tap)(nil)
	_ desktop.Mouseable  = (*Tap)(nil)
	_ desktop.Cursorable = (*Tap)(nil)
)

// newTap makes a target of w by h pixels. Without act it only looks like one.
func newTap(label string, box *canvas.Rectangle, down color.Color, w, h float32, act func(), parts ...fyne.CanvasObject) *Tap {
	t := &Tap{label: label, box: box, rest: box.FillColor, down: down, act: act}
	t.content = &fyne.Container{Objects: append([]fyne.CanvasObject{box}, parts...)}
	t.ExtendBaseWidget(t)
	t.Resize(fyne.NewSize(w, h))
	return t
}

// CreateRenderer is for Fyne.
func (t *Tap) CreateRenderer() fyne.WidgetRenderer { return tapRenderer{t} }

type tapRenderer struct{ t *Tap }

func (r tapRenderer) Destroy()                     {}
func (r tapRenderer) Layout(size fyne.Size)        { r.t.content.Resize(size); r.t.box.Resize(size) }
func (r tapRenderer) MinSize() fyne.Size           { return fyne.NewSize(1, 1) }
func (r tapRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.t.content} }
func (r tapRenderer) Refresh()                     { Redraw(r.t.content) }

// Tapped is for Fyne: the finger left where it came down.
func (t *Tap) Tapped(*fyne.PointEvent) {
	if t.act != nil {
		t.act()
	}
}

// MouseDown shows that the touch was felt.
func (t *Tap) MouseDown(*desktop.MouseEvent) { t.paint(t.down) }

// MouseUp shows that it is over.
func (t *Tap) MouseUp(*desktop.MouseEvent) { t.paint(t.rest) }

func (t *Tap) paint(c color.Color) {
	if t.act == nil || t.box.FillColor == c {
		return
	}
	t.box.FillColor = c
	Redraw(t.box)
}

// Cursor hides the arrow: fingers have none.
func (t *Tap) Cursor() desktop.Cursor { return desktop.HiddenCursor }
