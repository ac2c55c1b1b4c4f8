package display

import (
	"fmt"
	"time"

	"fyne.io/fyne/v2"

	"hallkiosk/display/screen"
	"hallkiosk/kiosk"
)

// In assisted mode a guide, who has held a badge before the scanner, takes numbers
// for several people: a touch of an item takes one at once, and the first screen
// comes back by itself. The mode lasts over numbers and ends by its button, by the
// badge, with time, or when the machine is locked.

// assist is the mode of a guide; the zero value is a citizen's visit.
type assist struct {
	on    bool
	busy  bool           // a number is being taken
	said  bool           // the guide chose next
	next  kiosk.Priority // of the next number
	taken []kiosk.TicketID
	shown *view          // the number that was taken last
	of    kiosk.Priority // of that one
}

// stayAssisted is how long a number stays on the guide's screen once its paper is
// out.
const stayAssisted = 5 * time.Second

// badgeHeld is how long after it was read a badge is taken for still being held
// there: a scanner reads it again every two seconds or so.
const badgeHeld = 4 * time.Second

// given notes a guide's number: the next is for another person. The guide stands
// there for all of them, so paper that fails may come until the mode ends.
func (a *App) given(t kiosk.Ticket, shown *view) {
	s := &a.assist
	s.taken, s.shown, s.of = append(s.taken, t.ID), shown, t.Priority
	s.said, s.next, a.elder = false, "", false
}

// look is what of the mode the frame shows.
func (s assist) look(next kiosk.Priority) string {
	if !s.on {
		return ""
	}
	return fmt.Sprint(next, s.busy)
}

// Badge begins assisted mode or ends it, after a guide's badge was scanned. A number
// that is shown stays until its holder goes. It may be called from any goroutine
// and doesn't wait.
func (a *App) Badge() {
	a.hear(func() {
		now := a.o.Now()
		held := now.Sub(a.badge) < badgeHeld
		if a.badge = now; held || a.locked {
			return
		}
		a.wake()
		a.touch()
		if a.assist.on {
			a.leaveAssist()
			return
		}
		a.assist.on = true
		a.aside(a.switched(a.loc.Say("assist"), true))
		if a.holding() {
			a.show()
			return
		}
		a.again() // who needs large text switches it on before
	})
}

// leaveAssist ends assisted mode, and the visit with it.
func (a *App) leaveAssist() {
	a.endAssist()
	a.home()
}

// endAssist ends the mode alone.
func (a *App) endAssist() {
	for _, id := range a.assist.taken {
		a.o.Desk.Leave(id)
	}
	a.assist = assist{}
}

// ground is the screen below a number: the first one, where a guide was on it.
func (a *App) ground() *view {
	if a.assist.on {
		return a.stack[0]
	}
	return a.base()
}

// beside is a touch of nothing.
func (a *App) beside() {
	a.touch()
	if a.assist.on && a.top() == a.assist.shown {
		a.again()
	}
}

// passAssisted is pass for assisted mode: nobody is asked whether they are there.
func (a *App) passAssisted(now time.Time, beats int) {
	switch {
	case now.Sub(a.touched) >= a.o.AssistIdle:
		a.leaveAssist()
	case !a.leave.IsZero() && !now.Before(a.leave):
		a.again()
	case !a.leave.IsZero():
		a.show()
	default:
		a.refresh(now, beats)
	}
}

// takeFor takes a number at once. What is touched meanwhile counts for nothing.
func (a *App) takeFor(w *wish) {
	if !a.assist.busy {
		a.assist.busy = true
		w.said, w.first = true, a.why(w)
		a.take(w)
	}
}

// chooseNext says who the next number is for.
func (a *App) chooseNext(why kiosk.Priority) {
	a.touch()
	if !a.assist.busy {
		a.assist.said, a.assist.next = true, why
		a.aside(a.loc.Say(screen.Who(why)))
	}
	a.show()
}

// why is why the citizen of w goes ahead: as they or the guide have said, or else
// by the card that lies there. w is nil for a guide's next number.
func (a *App) why(w *wish) kiosk.Priority {
	switch {
	case w != nil && w.said:
		return w.first
	case a.assist.said:
		return a.assist.next
	case a.elder:
		return kiosk.Elder
	}
	return ""
}

// marked is who the frame says a number is for: the one that is shown, until it is
// known who the next is for.
func (a *App) marked() kiosk.Priority {
	if s := a.assist; s.shown != nil && a.top() == s.shown && !s.said && !a.elder {
		return s.of
	}
	return a.why(nil)
}

// precedence is what the confirm screen says of it.
func (a *App) precedence(w *wish) screen.Precedence {
	v := screen.Precedence{Why: a.why(w)}
	if a.o.AskFirst {
		v.Ask = a.on(func() {
			if !w.busy {
				a.push(a.priorities(w))
			}
		})
	}
	return v
}

// priorities asks why the citizen goes ahead, and then shows what was shown before.
func (a *App) priorities(w *wish) *view {
	return &view{name: "priorities", load: func(p screen.Page, page int) (any, func() fyne.CanvasObject) {
		return page, func() fyne.CanvasObject {
			return screen.Priorities(p, a.why(w), page, a.turn, func(why kiosk.Priority) {
				a.touch()
				w.said, w.first = true, why
				a.back()
			})
		}
	}}
}
