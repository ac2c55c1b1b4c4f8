package widget

import (
	"fyne.io/fyne/v2"

	"hallkiosk/display/theme"
)

// Key is one of a keyboard: a letter, or a word for which an icon, if any, stands
// where the word has no room. size is that of its letters at most, see KeySize.
// Without act it is Off; in a bare palette it has thin letters and a thinner edge
// than the others then, for what vanished would leave people without the places
// that they know. A voice that reads the screen leaves keys out.
func (k Kit) Key(icon, label string, size, w, h float32, act func()) fyne.CanvasObject {
	s, bold := Choice, true
	if act == nil {
		s, bold = Off, !k.Bare
	}
	l := k.look(s)
	if k.Bare {
		l.stroke = k.Strong
		if act == nil {
			l.stroke = k.Edge
		}
	}
	box := k.Box(l.fill, l.edge, l.stroke)
	if icon != "" && k.KeySize(label, w, h) == 0 {
		side := min(k.Pt(44), h-k.Px(inset), k.keyRoom(w))
		return newTap(label, box, l.down, w, h, act, k.Icon(icon, l.icon, (w-side)/2, (h-side)/2, side))
	}
	b := k.Fit(label, size, theme.Least, k.keyRoom(w), 1, bold)
	b.text = ""
	return newTap(label, box, l.down, w, h, act, b.Center(0, (h-b.Height())/2, w, l.text))
}

// KeySize is how large the letters of a key of w by h pixels can be, on or off, so
// that the keys of one keyboard have letters of one size. It is 0 where they have
// no room.
func (k Kit) KeySize(label string, w, h float32) float32 {
	size := float32(48)
	if len([]rune(label)) > 1 {
		size = theme.Body
	}
	for room := k.keyRoom(w); size >= theme.Least; size -= 2 {
		if b := k.lay(label, size, room, true); len(b.Lines) == 1 && b.Width() <= room && b.Height() <= h-k.Px(6) {
			return size
		}
	}
	return 0
}

// keyRoom is the width that a key of width w leaves its letters.
func (k Kit) keyRoom(w float32) float32 {
	if k.Bare {
		return w - k.Px(2*k.Strong+6)
	}
	return w - k.Px(10)
}
