package display

import (
	"context"
	"fmt"
	"time"

	"fyne.io/fyne/v2"

	"hallkiosk/display/screen"
	"hallkiosk/display/voice"
	"hallkiosk/kiosk"
)

// What is for people who have a booking, or a number already.

// which asks whether it is about a booking or a number.
func (a *App) which() *view {
	return a.keep("mine", "", func() func(screen.Page, int) (any, func() fyne.CanvasObject) {
		return func(p screen.Page, page int) (any, func() fyne.CanvasObject) {
			return nil, func() fyne.CanvasObject {
				return screen.Mine(p, a.o.Ways, a.on(func() { a.push(a.mine()) }), a.on(func() { a.push(a.number()) }))
			}
		}
	})
}

// mine asks who it is: by card or code, which come in by CheckIn and Recall, or by
// digits.
func (a *App) mine() *view {
	typed, wrong := "", false
	set := func(digits string, none bool) {
		a.touch()
		typed, wrong = digits, none
		a.show()
	}
	find := func() {
		claim := kiosk.Claim{Phone: typed}
		if len(typed) == 8 {
			claim = kiosk.Claim{Code: typed}
		}
		a.touch()
		if list := a.o.Desk.Booked(claim); len(list) > 0 {
			a.choose(list)
			return
		}
		set("", true)
	}
	return &view{name: "who", load: func(p screen.Page, page int) (any, func() fyne.CanvasObject) {
		return fmt.Sprint(typed, wrong), func() fyne.CanvasObject {
			return screen.Identify(p, a.o.Ways, typed, wrong,
				func(digit string) { set(typed+digit, false) }, func() { set(typed[:max(0, len(typed)-1)], false) }, find)
		}
	}}
}

// CheckIn checks in who has come with a booking, whose card or code has told which:
// one at once, of several the one that is touched. It may be called from any
// goroutine and doesn't wait.
func (a *App) CheckIn(list []kiosk.Booking) {
	a.hear(func() {
		a.wake()
		if a.locked || a.holding() || len(list) == 0 {
			return
		}
		a.choose(list)
	})
}

func (a *App) choose(list []kiosk.Booking) {
	if len(list) == 1 {
		a.checkIn(list[0])
		return
	}
	var shown []screen.Booked
	for _, b := range list {
		item := a.item(b.Items)
		shown = append(shown, screen.Booked{Item: item, From: a.hour(b.Slot.From), To: a.hour(b.Slot.To)})
	}
	a.push(&view{name: "bookings", load: func(p screen.Page, page int) (any, func() fyne.CanvasObject) {
		return page, func() fyne.CanvasObject {
			return screen.Bookings(p, shown, page, a.turn, func(i int) { a.touch(); a.checkIn(list[i]) })
		}
	}})
}

// item is the first of several.
func (a *App) item(ids []kiosk.ItemID) kiosk.Item {
	var item kiosk.Item
	if len(ids) > 0 {
		item, _ = a.o.Catalog.Item(ids[0])
	}
	return item
}

func (a *App) hour(at kiosk.Instant) string { return at.Time().In(a.o.Location).Format("15:04") }

// checkIn takes the number of a booking, and says so meanwhile. What is touched or
// read while one is on its way counts for nothing: a list takes touches until it is
// drawn anew.
func (a *App) checkIn(b kiosk.Booking) {
	if len(b.Items) == 0 || a.booking != nil && a.booking.busy {
		return
	}
	a.booking = &wish{item: b.Items[0], req: kiosk.Request{ID: a.o.Request(), Booking: b.ID}}
	a.push(a.underway(a.item(b.Items)))
	a.take(a.booking)
}

// underway is shown until the number of a booking is there.
func (a *App) underway(item kiosk.Item) *view {
	return &view{name: "taking", load: func(p screen.Page, page int) (any, func() fyne.CanvasObject) {
		return nil, func() fyne.CanvasObject { return screen.Message(p, "ticket", p.Say("taking"), p.Of(item.Name)) }
	}}
}

// standing shows a number that was taken before, for as long as one that has just
// been printed, and asks where it stands. Who only knows the number, and so isn't
// known to be its holder, learns nothing of what it is for, and can't print it.
func (a *App) standing(t kiosk.Ticket, holder bool) {
	ctx, told := a.stand(t, holder)
	go func() {
		ask, done := context.WithTimeout(ctx, placeAnswers)
		defer done()
		p, err := a.o.Desk.Place(ask, t)
		a.later(func() {
			if ctx.Err() == nil {
				told(p, err == nil)
			}
		})
	}()
}

// stand shows such a number until ctx is done, first without its place; told says
// what is known of that.
func (a *App) stand(t kiosk.Ticket, holder bool) (ctx context.Context, told func(p kiosk.Place, known bool)) {
	v := screen.Standing{Ticket: t}
	if holder {
		v.Item = a.item(t.Items)
	}
	at := func(id kiosk.QueueID) {
		v.Queue, _ = a.o.Catalog.Queue(id)
		v.Zone, _ = a.o.Catalog.Zone(v.Queue.Zone)
	}
	at(t.Queue)
	ctx, cancel := context.WithCancel(a.ctx)
	var again func()
	renew := a.on(func() {
		a.home()
		if v.Item.ID != "" {
			a.pick(v.Item.ID)
		}
	})
	shown := &view{name: "standing", load: func(p screen.Page, page int) (any, func() fyne.CanvasObject) {
		v.Left = max(1, int(a.leave.Sub(a.o.Now()).Round(time.Second).Seconds()))
		return fmt.Sprint(v.Left, v.Known, v.Asked, v.Place, v.Place.Estimate, v.Print), func() fyne.CanvasObject {
			return screen.Stand(p, v, again, renew, a.on(a.home))
		}
	}}
	stay := func() { a.leave = a.o.Now().Add(staySeen) }
	a.left()
	a.left = cancel
	if a.o.Prints && holder {
		again = a.on(func() {
			again = nil
			v.Print = kiosk.PrintQueued
			stay()
			a.show()
			go a.printAgain(ctx, t.ID, func(state kiosk.PrintState) {
				v.Print = state
				if state == kiosk.Printed {
					a.tone(voice.Ready)
				}
				stay()
				a.show()
			})
		})
	}
	a.asking = time.Time{}
	stay()
	a.stack = []*view{a.ground(), shown}
	a.show()
	return ctx, func(p kiosk.Place, known bool) {
		if v.Known, v.Asked, v.Place = known, true, p; v.Known && p.Queue != "" {
			at(p.Queue)
		}
		a.show()
	}
}

const (
	staySeen     = 30 * time.Second // time to read, and to ask for a paper
	placeAnswers = 3 * time.Second  // for the center to tell
)

// printAgain asks for a further paper and tells what becomes of it, on Fyne's
// goroutine, until ctx is done.
func (a *App) printAgain(ctx context.Context, id kiosk.TicketID, tell func(kiosk.PrintState)) {
	said := func(state kiosk.PrintState) {
		a.later(func() {
			if ctx.Err() == nil {
				tell(state)
			}
		})
	}
	if _, err := a.o.Desk.Again(ctx, id, ""); err != nil {
		said(kiosk.NotPrinted)
		return
	}
	for seen := kiosk.PrintState(""); !seen.Ended(); said(seen) {
		job, err := a.o.Desk.Await(ctx, id, seen)
		if err != nil {
			said(kiosk.PrintUnknown)
			return
		}
		seen = job.State
	}
}
