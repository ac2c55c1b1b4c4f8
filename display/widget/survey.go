package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// Target is one thing that can be touched, in pixels from the top left of what
// was surveyed.
type Target struct {
	Label               string
	X, Y, Width, Height float32
}

// Word is one line of text on a screen, with its place.
type Word struct {
	Text                string
	X, Y, Width, Height float32
	Needs               float32 // the width that the text takes
}

// Survey walks over a screen and returns what can be read and what can be
// touched, in the order of drawing.
func Survey(o fyne.CanvasObject) (words []Word, targets []Target) {
	survey(o, fyne.NewPos(0, 0), &words, &targets)
	return words, targets
}

func survey(o fyne.CanvasObject, at fyne.Position, words *[]Word, targets *[]Target) {
	if o == nil || !o.Visible() {
		return
	}
	at = at.Add(o.Position())
	size := o.Size()
	switch v := o.(type) {
	case *canvas.Text:
		if v.Text != "" {
			*words = append(*words, Word{v.Text, at.X, at.Y, size.Width, size.Height, v.MinSize().Width})
		}
	case *fyne.Container:
		for _, child := range v.Objects {
			survey(child, at, words, targets)
		}
	case *Tap:
		if v.act != nil {
			*targets = append(*targets, Target{v.label, at.X, at.Y, size.Width, size.Height})
		}
		survey(v.content, at, words, targets)
	}
}
