package widget

import (
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"hallkiosk/display/theme"
)

// Stepper tells at which of a few steps somebody is. Aloud is what a voice says of
// it.
type Stepper struct {
	Names []string
	At    int // from 0
	Aloud string
}

const (
	stepperSide  = 44
	stepperSpace = 12 // between a number and its name
	stepperApart = 32 // between steps
)

// StepperSize is what a stepper takes.
func (k Kit) StepperSize(s Stepper) (w, h float32) {
	for _, name := range s.Names {
		b := k.lay(name, theme.Second, 1e6, true)
		w += k.Pt(stepperSide) + k.Px(stepperSpace+stepperApart) + b.Width()
		h = max(h, k.Pt(stepperSide), b.Height())
	}
	return w - k.Px(stepperApart), h
}

// Stepper draws a stepper: each step's number and name in a row, with the one that
// somebody is at filled.
func (k Kit) Stepper(s Stepper) fyne.CanvasObject {
	w, h := k.StepperSize(s)
	o := &fyne.Container{Layout: aloud(s.Aloud)}
	side, x := k.Pt(stepperSide), float32(0)
	for i, name := range s.Names {
		look, c := k.look(Plain), k.Sub
		if i == s.At {
			look, c = k.look(Main), k.Ink
		}
		back := canvas.NewRectangle(look.fill)
		back.CornerRadius = side / 2
		back.StrokeColor, back.StrokeWidth = look.edge, k.Px(look.stroke)
		number := k.lay(strconv.Itoa(i+1), theme.Least, 1e6, true)
		b := k.lay(name, theme.Second, 1e6, i == s.At)
		o.Objects = append(o.Objects, Put(back, x, (h-side)/2, side, side), number.Center(x, (h-number.Height())/2, side, look.text))
		x += side + k.Px(stepperSpace)
		o.Objects = append(o.Objects, b.Left(x, (h-b.Height())/2, c))
		x += k.lay(name, theme.Second, 1e6, true).Width() + k.Px(stepperApart)
	}
	o.Resize(fyne.NewSize(w, h))
	return o
}

// aloud is the layout of a container whose words are not said as they stand: it
// moves nothing, and keeps what is said instead.
type aloud string

// Layout is for Fyne.
func (aloud) Layout([]fyne.CanvasObject, fyne.Size) {}

// MinSize is for Fyne.
func (aloud) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(1, 1) }
