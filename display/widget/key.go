package widget

import (
	"fyne.io/fyne/v2"

	"hallkiosk/display/theme"
)

// Key is one of a keyboard: a letter, or a word for which an icon, if any, stands
// where the word has no room. Without act it is Off; in a bare palette it has thin
// letters and a thinner edge than the others then, for what vanished would leave
// people without the places that they know. A voice that reads the screen leaves
// keys out.
func (k Kit) Key(icon, label string, w, h float32, act func()) fyne.CanvasObject {
	s, bold := Choice, true
	if act == nil {
		s, bold = Off, !k.Bare
	}
	l, edges := k.look(s), k.Px(10)
	if k.Bare {
		l.stroke, edges = k.Strong, k.Px(2*k.Strong+6)
		if act == nil {
			l.stroke = k.Edge
		}
	}
	size := float32(48)
	if len([]rune(label)) > 1 {
		size = theme.Body
	}
	room := w - edges
	b := k.FitIn(label, size, theme.Least, room, h-k.Px(6), bold)
	if icon != "" && (b.Width() > room || len(b.Lines) > 1) {
		side := min(k.Pt(44), h-k.Px(inset))
		return newTap(label, k.Box(l.fill, l.edge, l.stroke), l.down, w, h, act, k.Icon(icon, l.icon, (w-side)/2, (h-side)/2, side))
	}
	b.text = ""
	return newTap(label, k.Box(l.fill, l.edge, l.stroke), l.down, w, h, act, b.Center(0, (h-b.Height())/2, w, l.text))
}
