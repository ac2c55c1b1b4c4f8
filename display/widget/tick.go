package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"hallkiosk/display/theme"
)

// Tick is one thing of a list that a touch marks and another touch unmarks: an
// icon, what it is, and a label at the right. Without Act it is only read.
type Tick struct {
	Icon, Name, Label string
	Other             string // the label after a touch: there is room for both, so that nothing moves
	Warn              bool   // the label is one to heed
	Marked            bool
	Act               func()
}

const (
	tickIcon  = 44
	tickSpace = 20
)

func (k Kit) tick(t Tick, w float32) (name, label Block) {
	label = k.Fit(t.Label, theme.Second, theme.Least, w*0.45, 1, true)
	other := k.Fit(t.Other, theme.Second, theme.Least, w*0.45, 1, true)
	room := w - 2*k.Px(theme.Pad) - k.Px(tickIcon+2*tickSpace) - max(label.Width(), other.Width()) - k.Px(32)
	return k.Fit(t.Name, 36, theme.Least, room, 2, false), label
}

// TickHeight is what a tick of width w needs.
func (k Kit) TickHeight(t Tick, w float32) float32 {
	name, label := k.tick(t, w) // both labels have one line
	return max(k.Target(), max(name.Height(), label.Height()+k.Px(10))+k.Px(22))
}

// Tick draws a tick of w by h pixels.
func (k Kit) Tick(t Tick, w, h float32) fyne.CanvasObject {
	l, c, ground := k.look(Choice), k.Sub, k.TouchGround
	switch {
	case t.Marked:
		l = k.look(Chosen)
		c, ground = k.Touch, k.Palette.Card
	case t.Warn:
		c, ground = k.Warm, k.WarmGround
	}
	name, label := k.tick(t, w)
	left, side := k.Px(theme.Pad), k.Px(tickIcon)
	lw, lh := label.Width()+k.Px(32), label.Height()+k.Px(10)
	back := canvas.NewRectangle(ground)
	if k.Bare && t.Warn {
		back.StrokeColor, back.StrokeWidth = k.Line, k.Px(k.Edge)
	}
	x := w - k.Px(theme.Pad) - lw
	tap := newTap(t.Name, k.Box(l.fill, l.edge, l.stroke), l.down, w, h, t.Act,
		k.Icon(t.Icon, l.icon, left, (h-side)/2, side),
		name.Left(left+side+k.Px(tickSpace), (h-name.Height())/2, l.text),
		Put(back, x, (h-lh)/2, lw, lh), label.Center(x, (h-label.Height())/2, lw, c))
	if t.Warn || t.Marked {
		tap.heed = t.Label
	}
	return tap
}
