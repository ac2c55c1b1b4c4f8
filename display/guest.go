package display

import (
	"slices"
	"time"

	"fyne.io/fyne/v2"

	"hallkiosk/display/screen"
	"hallkiosk/display/text"
	"hallkiosk/kiosk"
)

// What the machine's devices tell the screen comes in by the methods of this
// file. They may be called from any goroutine, also before the window is up, and
// never wait.

// hear runs f on Fyne's goroutine, in order, as soon as the window is up.
func (a *App) hear(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.up {
		a.early = append(a.early, f)
		return
	}
	a.later(f)
}

// listen hands on what was heard before the window was up.
func (a *App) listen() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.up = true
	for _, f := range a.early {
		a.later(f)
	}
	a.early = nil
}

// personStays is the longest that a name stays on the screen while its card lies
// there.
const personStays = 15 * time.Second

// forget takes a name away in time, before the next beat would be too late; and
// what its holder has chosen, once nobody has touched the screen for as long: who
// comes next finds the first screen. What has a time of its own stays for that: a
// number that is being given, which is nowhere else until its paper is out, and the
// help that was called.
func (a *App) forget(now time.Time) {
	late := func(since time.Time) bool { return now.Sub(since) > personStays-beat }
	switch {
	case a.card && a.chosen() && late(a.touched):
		a.home()
	case a.person != "" && late(a.personSince):
		a.person = ""
		a.show()
	}
}

// chosen says whether the card's holder has chosen something that is on the screen.
// A guide's lists are nobody's choice, but a person's bookings are.
func (a *App) chosen() bool {
	for _, v := range a.stack {
		switch v.name {
		case "bookings":
			return true
		case "ticket", "help":
			return false
		}
	}
	return len(a.stack) > 1 && !a.assist.on
}

// Person greets somebody by a masked name; empty when the card was lifted, which
// clears all that was on the screen of the visit. Only a number that its holder has
// no paper of yet stays for its time: who takes the card while it prints needs to see
// what becomes of it, and without paper it is nowhere else. elder says that they go
// ahead for their age.
func (a *App) Person(masked string, elder bool) {
	a.hear(func() {
		was := a.card
		a.card = masked != ""
		if was && !a.card && !(a.holding() && !a.onPaper) {
			a.home()
			return
		}
		a.wake() // which forgets whoever was there
		a.person, a.personSince, a.elder = masked, a.o.Now(), elder
		a.show()
	})
}

// holding says whether a number is shown, be it under something else: nothing but
// its holder and its time may take it away.
func (a *App) holding() bool {
	for _, v := range a.stack {
		if v.name == "ticket" {
			return true
		}
	}
	return false
}

// Trouble is what a device has to tell a citizen.
type Trouble string

// The troubles, as the screen's words name them.
const (
	CardExpired    Trouble = "card_expired"
	CardUnreadable Trouble = "card_unreadable" // this card, as it lies there
	ReaderBroken   Trouble = "reader_broken"
	CodeUnknown    Trouble = "code_unknown" // no number of this machine
	CodeOld        Trouble = "code_old"     // a number of another day, or done with
	BadgeUnknown   Trouble = "badge_unknown"
)

// titles are the messages that name what each is about.
var titles = map[Trouble]string{
	CardExpired: "about_card_expired", CardUnreadable: "about_card_unreadable", ReaderBroken: "about_reader_broken",
	CodeUnknown: "about_code_unknown", CodeOld: "about_code_old", BadgeUnknown: "about_badge_unknown",
}

// Tell shows a message of a device, such as why a card couldn't be read. err may
// say it more exactly, in Chinese; it may be nil.
func (a *App) Tell(what Trouble, err error) {
	a.hear(func() {
		a.wake()
		if a.locked || a.holding() {
			return // the number is not covered by anything
		}
		if a.top().name == "device" {
			a.stack = a.stack[:len(a.stack)-1]
		}
		a.push(&view{name: "device", load: func(p screen.Page, page int) (any, func() fyne.CanvasObject) {
			return nil, func() fyne.CanvasObject {
				return screen.Message(p, "alert-triangle", p.Say(titles[what]), a.words(what, err), screen.Answer{Label: p.Say("understood"), Act: a.on(a.back)})
			}
		}})
	})
}

// words are a trouble in the citizen's language.
func (a *App) words(what Trouble, err error) string {
	if a.loc.Lang == kiosk.Zh && err != nil {
		return kiosk.MessageOf(err)
	}
	return a.loc.Say(string(what))
}

// Recall shows a number that was taken before, whose code was scanned.
func (a *App) Recall(t kiosk.Ticket) {
	a.hear(func() {
		a.wake()
		if a.locked || len(t.Items) == 0 || a.holding() {
			return
		}
		a.standing(t, true)
	})
}

// Printer tells how the printer is, for the line in the head.
func (a *App) Printer(f kiosk.Fault) {
	a.hear(func() {
		if a.fault != f {
			a.fault = f
			a.show()
		}
	})
}

// Lock puts the machine out of service, as while its door is open, or back into
// it. A number that is shown stays until its holder goes.
func (a *App) Lock(on bool) {
	a.hear(func() {
		if a.locked == on {
			return
		}
		a.locked = on
		a.endAssist()
		if !a.holding() {
			a.home()
		}
	})
}

// Present says whether somebody stands before the machine.
func (a *App) Present(on bool) {
	a.hear(func() {
		a.present = on
		if on {
			a.wake()
		}
		a.touched = a.o.Now() // who has just come or gone gets the same time as one who touched
	})
}

// helpLasts is how long staff stays called: who has gone needs no help.
const helpLasts = 3 * time.Minute

// help calls a member of staff, until the citizen says that it isn't needed.
func (a *App) help() {
	a.helping = a.o.Now()
	a.o.Help(true)
	wait := "help_wait"
	if slices.ContainsFunc(a.stack, func(v *view) bool { return v.name == "ticket" || v.name == "standing" }) {
		wait = "help_kept"
	}
	a.push(&view{name: "help", load: func(p screen.Page, page int) (any, func() fyne.CanvasObject) {
		return nil, func() fyne.CanvasObject {
			return screen.Message(p, "bell", p.Say("help_called"), p.Say(wait), screen.Answer{Label: p.Say("help_done"), Act: a.on(a.enough)})
		}
	}})
}

// enough ends the help screen.
func (a *App) enough() {
	a.helped()
	a.back()
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// helped ends the call for staff.
func (a *App) helped() {
	if !a.helping.IsZero() {
		a.helping = time.Time{}
		a.o.Help(false)
	}
}

// base is the screen that a visit begins with.
func (a *App) base() *view {
	if !a.locked {
		return a.first()
	}
	return a.keep("locked", "", func() func(screen.Page, int) (any, func() fyne.CanvasObject) {
		return func(p screen.Page, page int) (any, func() fyne.CanvasObject) {
			return nil, func() fyne.CanvasObject {
				why := p.Say("locked_why")
				if a.o.Next.Zh != "" {
					why = p.Say("locked_next", text.Data{"Place": p.Of(a.o.Next)})
				}
				return screen.Message(p, "lock", p.Say("locked"), why)
			}
		}
	})
}

// wake ends a rest: who puts a card down or holds a code up is there as much as
// one who touches.
func (a *App) wake() {
	a.touched = a.o.Now()
	if a.top().name == "rest" {
		a.home()
	}
}

// note is the line in the head of a page: who is there, or in turn what doesn't work
// and what the hall has to say, in pieces that the head has room for.
func (a *App) note(p screen.Page, now time.Time) string {
	if a.person != "" {
		return a.loc.Say("hello", text.Data{"Name": a.person})
	}
	var pieces []string
	for _, n := range a.notes() {
		pieces = append(pieces, p.Pieces(now, n)...)
	}
	if len(pieces) == 0 {
		return ""
	}
	return pieces[int(now.Unix())/noteStays%len(pieces)]
}

// notes are all that doesn't work and that the hall has to say.
func (a *App) notes() (notes []string) {
	switch a.fault {
	case kiosk.FaultNone, kiosk.FaultNearEnd:
	case kiosk.FaultPaper:
		notes = append(notes, a.loc.Say("note_paper"))
	case kiosk.FaultUnfitted:
		notes = append(notes, a.loc.Say("note_none"))
	default:
		notes = append(notes, a.loc.Say("note_printer"))
	}
	for _, m := range a.o.Desk.Messages() {
		notes = append(notes, a.loc.Of(m))
	}
	return notes
}

// noteStays is how many seconds one of several notes, or a piece of one, is read.
const noteStays = 2 * fresh
