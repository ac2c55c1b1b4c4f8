package fire

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/calling"
)

// desk is a clerk at a window, who uses every button there is.
type desk struct {
	o      *office
	window int
	random *rand.Rand
	days   []kiosk.Day
	n      int
	parked []kiosk.TicketID // that wait for a word of this clerk
}

// work calls and serves until ctx ends. Who is at the window then is served.
func (d *desk) work(ctx context.Context) {
	for ctx.Err() == nil {
		if d.perhaps(2) {
			d.pause()
		}
		if !d.next() {
			select {
			case <-time.After(time.Duration(100+d.random.IntN(200)) * time.Millisecond): // nobody waits
			case <-ctx.Done():
			}
		}
	}
}

// perhaps is true in so many of a hundred cases, and never once all is calm.
func (d *desk) perhaps(percent int) bool {
	d.o.mu.Lock()
	defer d.o.mu.Unlock()
	return !d.o.calm && d.random.IntN(100) < percent
}

// press presses until there is an answer, and returns what was pressed too.
func (d *desk) press(verb calling.Verb, p press) (status int, r pressed, op kiosk.OpID) {
	d.n++
	p.Op = kiosk.OpID(fmt.Sprintf("%d-%d", d.window, d.n))
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	defer cancel()
	status, r = d.o.press(ctx, d.window, verb, p)
	return status, r, p.Op
}

// must presses what nothing can forbid, about a ticket.
func (d *desk) must(verb calling.Verb, ticket kiosk.TicketID, p press) (r pressed, op kiosk.OpID) {
	status, r, op := d.press(verb, p)
	if status != 200 || r.Ticket.ID != ticket {
		d.o.h.t.Errorf("%s at window %d, %s: %d, %s instead of %s: %s", verb, d.window, op, status, r.Ticket.ID, ticket, r.Detail)
	}
	return r, op
}

// pause pauses the window, which calls nobody then, and opens it again.
func (d *desk) pause() {
	_, op := d.must(calling.Pause, "", press{Reason: "午餐"})
	if status, _, _ := d.press(calling.Call, press{}); status != 409 {
		d.o.h.t.Errorf("window %d is paused, and a call is answered %d", d.window, status)
	}
	if d.random.IntN(2) == 0 {
		d.must(calling.Resume, "", press{})
	} else {
		d.must(calling.Undone, "", press{Undoes: op})
	}
}

// hold says that a ticket is at this window, and let that it will soon not be.
func (d *desk) hold(id kiosk.TicketID) {
	d.o.mu.Lock()
	defer d.o.mu.Unlock()
	if other, held := d.o.held[id]; held {
		d.o.h.t.Errorf("ticket %s is at window %d and at %d", id, other, d.window)
	}
	d.o.held[id] = d.window
}

func (d *desk) let(id kiosk.TicketID) {
	d.o.mu.Lock()
	defer d.o.mu.Unlock()
	delete(d.o.held, id)
}

// next calls whose turn it is, or somebody who was parked, and serves him; false
// when there is nobody. As a rule the center says of which day.
func (d *desk) next() bool {
	var p press
	if d.random.IntN(2) == 0 {
		p.Day = d.days[d.random.IntN(len(d.days))]
	}
	if len(d.parked) > 0 && d.random.IntN(3) == 0 {
		id := d.parked[0]
		d.parked = d.parked[1:]
		if d.random.IntN(2) == 0 {
			d.press(calling.PutBack, press{Ticket: id}) // unless the guide has
			return true
		}
		p.Ticket = id
	}
	status, r, op := d.press(calling.Call, p)
	if status != 200 {
		if p.Ticket == "" && status != 404 {
			d.o.h.t.Errorf("call at window %d, %s: %d: %s", d.window, op, status, r.Detail)
		}
		return false
	}
	d.o.mu.Lock()
	d.o.calls++
	d.o.mu.Unlock()
	d.hold(r.Ticket.ID)
	d.serve(r, op)
	return true
}

// serve does with a ticket that was called what clerks do.
func (d *desk) serve(r pressed, call kiosk.OpID) {
	id := r.Ticket.ID
	away := func(verb calling.Verb, p press) {
		d.let(id)
		d.must(verb, id, p)
	}
	switch {
	case d.perhaps(3):
		away(calling.Undone, press{Undoes: call})
		return
	case d.perhaps(6):
		away(calling.NoShow, press{})
		return
	case d.perhaps(3):
		away(calling.PutBack, press{})
		return
	case d.perhaps(3):
		d.park(id)
		return
	case d.perhaps(4):
		away(calling.Transfer, press{Queue: d.other(r.Ticket.Queue)})
		return
	case d.perhaps(8):
		d.must(calling.Recall, id, press{})
	}
	_, op := d.must(calling.Start, id, press{})
	if d.perhaps(100) { // a case takes its time, and people wait meanwhile
		time.Sleep(time.Duration(d.random.IntN(1500)) * time.Millisecond)
	}
	switch {
	case d.perhaps(3):
		d.must(calling.Undone, id, press{Undoes: op})
		d.must(calling.Start, id, press{})
	case d.perhaps(3):
		d.park(id)
		return
	case d.perhaps(3):
		away(calling.Transfer, press{Queue: d.other(r.Ticket.Queue)})
		return
	}
	d.let(id)
	r, op = d.must(calling.Finish, id, press{})
	if !d.perhaps(3) {
		return
	}
	status, _, _ := d.press(calling.Undone, press{Undoes: op})
	switch {
	case status == 200:
		d.hold(id)
		d.let(id)
		d.must(calling.Finish, id, press{})
	case status != 409 || r.Ticket.State == kiosk.Done: // else he was called elsewhere meanwhile
		d.o.h.t.Errorf("undo of %s at window %d: %d", op, d.window, status)
	}
}

// park sets a ticket aside for a second, or until this clerk thinks of it. A center
// whose clock is ahead takes the second for over.
func (d *desk) park(id kiosk.TicketID) {
	d.let(id)
	if d.random.IntN(2) == 0 {
		until := time.Now().Add(time.Second)
		if status, r, _ := d.press(calling.Park, press{Until: &until}); status == 200 && r.Ticket.ID == id {
			return
		} else if status != 422 {
			d.o.h.t.Errorf("park at window %d: %d, %s instead of %s", d.window, status, r.Ticket.ID, id)
		}
	}
	d.must(calling.Park, id, press{})
	d.parked = append(d.parked, id)
}

// other is another queue of the hall.
func (d *desk) other(than kiosk.QueueID) kiosk.QueueID {
	for {
		if q := d.o.h.queues[d.random.IntN(len(d.o.h.queues))]; q != than {
			return q
		}
	}
}

// guide walks the hall until ctx ends: marks who goes ahead, checks in bookings,
// sends people on, lets them leave and come back, and takes that back.
func (o *office) guide(ctx context.Context, name string, random *rand.Rand) {
	for n := 0; ctx.Err() == nil; n++ {
		select {
		case <-time.After(time.Duration(random.IntN(100)) * time.Millisecond):
		case <-ctx.Done():
			return
		}
		id := o.h.kiosks[random.IntN(len(o.h.kiosks))].someone(random)
		if id == "" {
			continue
		}
		queue := o.h.queues[random.IntN(len(o.h.queues))]
		path := "/v1/halls/center/tickets/" + url.PathEscape(string(id))
		p := press{Op: kiosk.OpID(fmt.Sprintf("%s-%d", name, n))}
		verb := calling.Undone
		switch what := random.IntN(8); {
		case what < 3:
			o.do(ctx, n, "PATCH", path, boss, map[string]any{"priority": []kiosk.Priority{"", kiosk.Elder, kiosk.Pregnant}[what]})
			continue
		case what == 3:
			o.checkIn(ctx, n, path, p.Op, queue)
			continue
		case what < 6:
			verb = calling.PutBack
		case what == 6:
			verb, p.Queue = calling.Transfer, queue
		default:
			verb = calling.Leave
		}
		if o.walk(ctx, n, id, verb, p) == 200 && random.IntN(2) == 0 {
			o.walk(ctx, n, id, calling.Undone, press{Op: p.Op + "-undo", Undoes: p.Op})
		}
	}
}

// walk does something to a ticket that is at no window, if it can be done.
func (o *office) walk(ctx context.Context, n int, id kiosk.TicketID, verb calling.Verb, p press) int {
	status, _ := o.insist(ctx, n, "tickets/"+url.PathEscape(string(id))+"/"+string(verb), boss, verb, p)
	return status
}

// checkIn books a visit of now and checks it in for a ticket. A center whose clock
// is off refuses, for to it the time is past or of another day.
func (o *office) checkIn(ctx context.Context, n int, path string, op kiosk.OpID, queue kiosk.QueueID) {
	now := time.Now()
	var b struct{ ID kiosk.BookingID }
	status, text, _ := o.do(ctx, n, "POST", "/v1/halls/center/bookings", boss, map[string]any{"op": op, "queue": queue,
		"items": []kiosk.ItemID{wanted[slices.Index(o.h.queues, queue)]}, "from": now.Add(-10 * time.Minute), "to": now.Add(20 * time.Minute)})
	if status != 200 || json.Unmarshal(text, &b) != nil {
		return
	}
	if status, _, _ := o.do(ctx, n, "PATCH", path, boss, map[string]any{"booking": b.ID}); status == 200 {
		o.mu.Lock()
		o.booked++
		o.mu.Unlock()
	}
}
