package widget

import (
	"fyne.io/fyne/v2"

	"hallkiosk/display/theme"
)

// Key is one of a keyboard: a letter, or a word for which an icon, if any, stands
// where the word has no room. Without act it is Off, and in a bare palette nothing
// is drawn. A voice that reads the screen leaves keys out.
func (k Kit) Key(icon, label string, w, h float32, act func()) fyne.CanvasObject {
	s := Choice
	if act == nil {
		if k.Bare {
			return &fyne.Container{}
		}
		s = Off
	}
	l := k.look(s)
	size := float32(48)
	if len([]rune(label)) > 1 {
		size = theme.Body
	}
	room := w - k.Px(10)
	b := k.FitIn(label, size, theme.Least, room, h-k.Px(6), true)
	if icon != "" && (b.Width() > room || len(b.Lines) > 1) {
		side := min(k.Pt(44), h-k.Px(inset))
		return newTap(label, k.box(l.fill, l.edge, k.Px(l.stroke)), l.down, w, h, act, k.Icon(icon, l.icon, (w-side)/2, (h-side)/2, side))
	}
	b.text = ""
	return newTap(label, k.box(l.fill, l.edge, k.Px(l.stroke)), l.down, w, h, act, b.Center(0, (h-b.Height())/2, w, l.text))
}
