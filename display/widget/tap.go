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
	acts    bool // see Target
	pressed bool // a finger lies on it
}

var (
	_ fyne.Tappable      = (*Tap)(nil)
	_ desktop.Mouseable  = (*Tap)(nil)
	_ desktop.Hoverable  = (*Tap)(nil)
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
func (t *Tap) MouseDown(*desktop.MouseEvent) {
	if t.act != nil {
		t.pressed = true
		t.paint(t.down)
	}
}

// MouseUp shows that it is over.
func (t *Tap) MouseUp(*desktop.MouseEvent) { t.lift() }

// MouseIn is for Fyne.
func (t *Tap) MouseIn(*desktop.MouseEvent) {}

// MouseMoved is for Fyne.
func (t *Tap) MouseMoved(*desktop.MouseEvent) {}

// MouseOut is for Fyne: the finger slid off, and whatever it leaves from is told of
// its end.
func (t *Tap) MouseOut() { t.lift() }

func (t *Tap) lift() {
	if t.pressed {
		t.pressed = false
		t.paint(t.rest)
	}
}

func (t *Tap) paint(c color.Color) {
	if t.box.FillColor != c {
		t.box.FillColor = c
		Redraw(t.box)
	}
}

// Pressed says whether a finger lies on a target of a drawing.
func Pressed(o fyne.CanvasObject) bool { return pressed(o) != nil }

// Lift forgets the finger that lies on a target of a drawing: what leaves the screen
// isn't told when it goes.
func Lift(o fyne.CanvasObject) {
	if t := pressed(o); t != nil {
		t.lift()
	}
}

// pressed finds the target that a finger lies on. There is one finger: Fyne's mouse.
func pressed(o fyne.CanvasObject) *Tap {
	switch v := o.(type) {
	case *Tap:
		if v.pressed {
			return v
		}
	case *fyne.Container:
		for _, child := range v.Objects {
			if t := pressed(child); t != nil {
				return t
			}
		}
	}
	return nil
}

// Cursor hides the arrow: fingers have none.
func (t *Tap) Cursor() desktop.Cursor { return desktop.HiddenCursor }
