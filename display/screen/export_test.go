package screen

import (
	"fyne.io/fyne/v2"

	"hallkiosk/kiosk"
)

// The parts that several widgets make together, for their pictures.

// Pager draws the buttons that turn pages, on the second of five.
func (p Page) Pager(w, h float32) fyne.CanvasObject {
	s := &sheet{Page: p}
	s.pagerAt(paging{at: 1, turn: func(int) {}}, 1, 5, Area{W: w, H: h})
	return s.done()
}

// Keyboard draws the keyboard of Find after a few letters.
func (p Page) Keyboard(w, h float32) fyne.CanvasObject {
	nop := func() {}
	s := &finder{sheet: sheet{Page: p}, f: Search{Typed: "sb", Next: "abcdfghjklmnpqstxyz"}, keys: Keys{Press: func(string) {}, Erase: nop, Clear: nop, Switch: nop}}
	s.keyboard(Area{W: w, H: h}, 4)
	return s.done()
}

// Countdown draws the line that says how long a ticket stays on the screen.
func (p Page) Countdown(w float32) fyne.CanvasObject {
	return (&ticket{sheet: &sheet{Page: p}, Issued: Issued{Left: 12}}).leaves(w).Left(0, 0, p.Sub)
}

// Long says a wait as cards do.
func Long(p Page, e kiosk.Estimate) string { return p.long("about", "about_hours", e) }
