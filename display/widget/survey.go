package widget

import (
	"image"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// Target is one thing that can be touched, in pixels from the top left of what
// was surveyed.
type Target struct {
	Label               string
	Heed                string // what to know of it even when only labels are told; may be empty
	X, Y, Width, Height float32
	Acts                bool // it does something, and is neither one of several to choose from nor a key, whose doing is seen in the field

	tap *Tap
}

// Press does what a touch of the target would do; only on Fyne's goroutine.
func (t Target) Press() { t.tap.Tapped(nil) }

// Word is one line of text on a screen. Its place is that of the letters: their
// width, and the height of a Chinese character.
type Word struct {
	Text                string
	X, Y, Width, Height float32
	Room                float32 // the width that the letters were given
	Color               color.Color
	Over                int // how many of the scene's boxes were drawn before

	Aloud string // what is said instead of this word and the mute ones after it
	Mute  bool
}

// Box is a rectangle or a picture that was drawn.
type Box struct {
	X, Y, Width, Height float32
	Fill, Edge          color.Color // nil for none; Fill is a picture's darkest dot
	Stroke              float32     // width of the edge
	Picture             bool
	Touch               bool // the box of a target
	Over                int  // how many boxes were drawn before
}

// Scene is what a screen shows.
type Scene struct {
	Words      []Word
	Targets    []Target
	Boxes      []Box
	Paragraphs []string // what Words say, before it was broken into lines
}

// Survey walks over a screen and returns what can be read and what can be
// touched, in the order of drawing.
func Survey(o fyne.CanvasObject) Scene {
	var s Scene
	s.walk(o, fyne.NewPos(0, 0), false)
	return s
}

func (s *Scene) walk(o fyne.CanvasObject, at fyne.Position, touch bool) {
	if o == nil || !o.Visible() {
		return
	}
	at = at.Add(o.Position())
	size := o.Size()
	switch v := o.(type) {
	case *canvas.Text:
		if v.Text != "" {
			w := Word{Text: v.Text, X: at.X, Y: at.Y + v.TextSize*(middle-0.5), Width: v.MinSize().Width, Height: v.TextSize, Room: size.Width, Color: v.Color, Over: len(s.Boxes)}
			switch v.Alignment {
			case fyne.TextAlignCenter:
				w.X += (w.Room - w.Width) / 2
			case fyne.TextAlignTrailing:
				w.X += w.Room - w.Width
			}
			s.Words = append(s.Words, w)
		}
	case *canvas.Rectangle:
		s.Boxes = append(s.Boxes, Box{at.X, at.Y, size.Width, size.Height, v.FillColor, v.StrokeColor, v.StrokeWidth, false, touch, len(s.Boxes)})
	case *canvas.Image:
		s.Boxes = append(s.Boxes, Box{at.X, at.Y, size.Width, size.Height, darkest(v.Image), nil, 0, true, false, len(s.Boxes)})
	case *canvas.Raster:
		s.Boxes = append(s.Boxes, Box{at.X, at.Y, size.Width, size.Height, darkest(v.Generator(1, 1)), nil, 0, true, false, len(s.Boxes)})
	case *fyne.Container:
		if p, ok := v.Layout.(paragraph); ok && p != "" {
			s.Paragraphs = append(s.Paragraphs, string(p))
		}
		first := len(s.Words)
		for _, child := range v.Objects {
			s.walk(child, at, false)
		}
		if said, ok := v.Layout.(aloud); ok {
			for i := range s.Words[first:] {
				s.Words[first+i].Mute = i > 0
			}
			if first < len(s.Words) {
				s.Words[first].Aloud = string(said)
			}
		}
	case *Tap:
		if v.act != nil {
			s.Targets = append(s.Targets, Target{v.label, v.heed, at.X, at.Y, size.Width, size.Height, v.acts, v})
		}
		s.walk(v.box, at, v.act != nil)
		for _, child := range v.content.Objects[1:] {
			s.walk(child, at, false)
		}
	}
}

// darkest is the first fully painted dot of a picture, which for a line icon is
// its colour.
func darkest(i image.Image) color.Color {
	if i == nil {
		return nil
	}
	r := i.Bounds()
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			if c := i.At(x, y); opaque(c) {
				return c
			}
		}
	}
	return nil
}

func opaque(c color.Color) bool {
	_, _, _, a := c.RGBA()
	return a == 0xFFFF
}
