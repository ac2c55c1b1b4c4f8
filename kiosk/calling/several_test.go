package calling_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/calling"
)

// several is a window that calls up to four queues, and how many have come.
type several struct {
	*rapid.T
	l      *calling.Ledger
	r      kiosk.CallRules
	queues []kiosk.QueueID
	n      int
}

func newSeveral(t *rapid.T) *several {
	w := &several{T: t, l: calling.NewLedger(), r: anyRules(t)}
	w.queues = []kiosk.QueueID{"A", "B", "C", "D"}[:rapid.IntRange(1, 4).Draw(t, "queues")]
	w.l.Open("21", w.queues...)
	return w
}

// add lets a ticket wait in q.
func (w *several) add(k calling.Ticket, q kiosk.QueueID) {
	w.Helper()
	k.Queue, k.Todo = q, []kiosk.Errand{{Item: "x", Queue: q}}
	if err := w.l.Add(k); err != nil {
		w.Fatal(err)
	}
}

// arrive adds up to most tickets of any kind and queue.
func (w *several) arrive(minute, most int) {
	w.Helper()
	for range rapid.IntRange(0, most).Draw(w.T, "arrive") {
		w.n++
		w.add(anyTicket(w.T, w.n, minute), rapid.SampledFrom(w.queues).Draw(w.T, "queue"))
	}
}

// call calls the next of all queues and sends the person off; 0 is nobody.
func (w *several) call(minute int) (int, calling.Lane) {
	w.Helper()
	at := nine + kiosk.Instant(minute)*min_
	op := func(verb calling.Verb, q kiosk.QueueID, id kiosk.TicketID, beside ...kiosk.QueueID) (calling.Change, error) {
		ops++
		return w.l.Do(q, w.r, calling.Command{Op: kiosk.OpID(fmt.Sprint("op", ops)), Verb: verb, Window: "21", Ticket: id, At: at}, beside...)
	}
	// In any order: that a queue is named first is no preference.
	order := rapid.Permutation(w.queues).Draw(w.T, "order")
	ch, err := op(calling.Call, order[0], "", order[1:]...)
	if kiosk.CodeOf(err) == kiosk.ENotFound {
		return 0, ""
	}
	if err != nil {
		w.Fatal(err)
	}
	k := ch.Ticket.After
	for _, verb := range []calling.Verb{calling.Start, calling.Finish} {
		if _, err := op(verb, k.Queue, k.ID); err != nil {
			w.Fatal(err)
		}
	}
	for _, q := range w.queues {
		if b := w.l.State(q).Balance; b.Aged < -w.r.Aged.Rest || b.Aged >= w.r.Aged.Ahead || b.Priority < -w.r.Priority.Rest || b.Priority >= w.r.Priority.Ahead {
			w.Fatalf("balance of %s is %+v", q, b)
		}
	}
	return k.Number.N, ch.Lane
}

// Whatever comes to whichever queue of a window, who is over the limit is called
// after so many calls as doc.go says.
func TestNobodyWaitsForEverInSeveral(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newSeveral(t)
		w.arrive(0, 12)
		w.n++
		w.add(ticket(w.n, 1), rapid.SampledFrom(w.queues).Draw(t, "queue"))
		x, limit := w.n, int(w.r.AgeLimit.Minutes())+1
		for minute := 2; minute < limit; minute++ {
			w.arrive(minute, 2)
			if got, _ := w.call(minute); got == x {
				return
			}
		}
		k := 0
		for _, o := range w.l.Tickets() {
			if o.State != kiosk.Done && o.Number.N != x && (o.Taken.Wall <= int64(nine+min_) || o.Slot.To != 0 && o.Slot.From.Add(-w.r.LookAhead) <= nine+min_) {
				k++
			}
		}
		a := w.r.Aged
		bound := k + (a.Rest*k+len(w.queues)*(a.Ahead+a.Rest-1))/a.Ahead
		for before := 0; ; before++ {
			w.arrive(limit+before, 3)
			if got, lane := w.call(limit + before); got == x {
				return
			} else if before >= bound {
				t.Fatalf("%d waited a %d. call (%d, %s) over the limit, bound is %d with %d before it in %d queues", x, before+1, got, lane, bound, k, len(w.queues))
			}
		}
	})
}

// Both ratios hold over a window's queues together, however its people are spread
// over them: priority to the line, and who waited too long to bookings.
func TestRatioHoldsInSeveral(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newSeveral(t)
		aged := rapid.Bool().Draw(t, "over the limit")
		minute, share := 200, w.r.Priority
		w.r.AgeLimit = 24 * time.Hour
		if aged {
			share, w.r.AgeLimit = w.r.Aged, time.Hour
		}
		const each = 60
		any := func() kiosk.QueueID { return rapid.SampledFrom(w.queues).Draw(t, "queue") }
		for n := 1; n <= each; n++ {
			w.add(ticket(n, n), any())
			if k := ticket(n+each, n+each+81); aged {
				w.add(slot(k, 195, 230), any())
			} else {
				w.add(elder(k), any())
			}
		}
		// Of the queues each is within a round of its share.
		count, room := 0, len(w.queues)*(share.Ahead+share.Rest)
		for calls := 1; calls < each; calls++ {
			n, lane := w.call(minute)
			if want := []calling.Lane{calling.LaneLine, calling.LanePriority, calling.LaneAged, calling.LaneBooked}; !slices.Contains(want[:2], lane) == !aged {
				t.Fatalf("called %d as %s", n, lane)
			}
			if lane == calling.LanePriority || lane == calling.LaneAged { // the side that is to go ahead
				count++
			}
			if d := count*(share.Ahead+share.Rest) - calls*share.Ahead; d <= -room || d >= room {
				t.Fatalf("%d in %d calls at %d:%d in %d queues", count, calls, share.Ahead, share.Rest, len(w.queues))
			}
		}
	})
}

// Bookings in any of a window's queues are called within their slot when there is
// room for them: the whole of the window, or their share when others are over the
// limit.
func TestBookingsWithinSlotInSeveral(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newSeveral(t)
		w.r.LookAhead = 0
		const length = 60 // minutes of a slot, and calls in it
		room := length
		if rapid.Bool().Draw(t, "backlog over the limit") {
			w.r.AgeLimit = 24 * time.Hour
		} else {
			a := w.r.Aged
			room = max(0, length-len(w.queues)*(a.Ahead+a.Rest)) * a.Rest / (a.Ahead + a.Rest)
		}
		for range 3 * length {
			w.n++
			w.add(anyWalkIn(t, w.n), rapid.SampledFrom(w.queues).Draw(t, "queue"))
		}
		for s := range 2 {
			for range rapid.IntRange(0, room).Draw(t, "booked") {
				w.n++
				from := 100 + s*length
				w.add(slot(ticket(w.n, from-rapid.IntRange(0, 30).Draw(t, "early")), from, from+length), rapid.SampledFrom(w.queues).Draw(t, "queue"))
			}
		}
		for minute := 100; minute < 100+2*length; minute++ {
			if n, _ := w.call(minute); n == 0 {
				t.Fatal("nobody is left")
			}
		}
		for _, k := range w.l.Tickets() {
			if k.Slot.To != 0 && (k.State != kiosk.Done || k.Since < k.Slot.From || k.Since >= k.Slot.To) {
				t.Fatalf("%s, booked %v, is %s since %v; room for %d a slot", k.Number, k.Slot, k.State, k.Since, room)
			}
		}
	})
}
