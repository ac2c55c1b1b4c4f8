package display

import (
	"time"

	"fyne.io/fyne/v2"

	"hallkiosk/display/widget"
)

// Fyne takes a touch for a tap only where it ends on the object that it began on,
// and a screen that is drawn anew is made of new ones. While a finger lies on
// something, what it lies on is therefore not drawn anew, however slow the press.
// Another screen comes at once all the same.

// drawn is a drawing of a screen, and what it is of.
type drawn struct {
	view *view
	page int
	look string
	body fyne.CanvasObject
}

// fingerLies is how long a finger is believed to lie there. The end of a touch that
// slid off the window is never told, and a bag that leans on the panel is nobody.
const fingerLies = 10 * time.Second

// pressed says whether a finger lies on something that can be touched.
func (a *App) pressed() bool {
	now := a.o.Now()
	switch {
	case !widget.Pressed(a.root.content):
		a.finger = time.Time{}
		return false
	case a.finger.IsZero():
		a.finger = now
	case now.Sub(a.finger) >= fingerLies:
		widget.Lift(a.root.content)
		a.finger = time.Time{}
		return false
	}
	return true
}

// feel keeps the screen of somebody whose finger lies on it, and draws what has
// waited for a finger.
func (a *App) feel(now time.Time) {
	switch {
	case a.pressed():
		a.linger(now)
	case a.late:
		a.show()
	}
}

// linger gives the person all of their time anew.
func (a *App) linger(now time.Time) {
	a.touched = now
	if !a.asking.IsZero() {
		a.asking = now
	}
	if !a.leave.IsZero() {
		a.leave = later(a.leave, now.Add(stayPrinted))
	}
}
