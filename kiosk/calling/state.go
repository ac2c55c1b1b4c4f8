package calling

import (
	"slices"
	"time"

	"hallkiosk/kiosk"
)

// Ticket is a ticket as calling sees it. Values are never changed in place, Todo
// included, and may be copied freely.
type Ticket struct {
	ID       kiosk.TicketID
	Number   kiosk.Number   // the label, for words to the clerk
	Queue    kiosk.QueueID  // where it waits or is called
	Taken    kiosk.Stamp    // when the number was taken, or a booking checked in; its place in every queue
	Priority kiosk.Priority // may be empty
	Slot     kiosk.Slot     // of the whole visit; zero for a walk-in
	State    kiosk.State
	Window   kiosk.WindowID // set exactly while Called or Serving
	Called   kiosk.Instant  // when that window called it first; set exactly with Window
	Since    kiosk.Instant  // of the State, and of the last recall
	Calls    int            // in this queue, recalls included
	Misses   int            // calls in this queue that nobody followed
	Until    kiosk.Instant  // not offered before; a parked ticket with 0 is not offered at all
	From     kiosk.QueueID  // the queue it was transferred from; empty if it wasn't
	Todo     []kiosk.Errand // in turn; the first ones are for Queue, empty only when Done
	Version  int64          // 1 at first, one more with every Change
}

// NewTicket returns a ticket that begins to wait for the first of todo, which
// holds at least one errand. Priority and Slot may be set afterwards.
func NewTicket(id kiosk.TicketID, n kiosk.Number, taken kiosk.Stamp, todo ...kiosk.Errand) Ticket {
	return Ticket{ID: id, Number: n, Taken: taken, Todo: todo, Queue: todo[0].Queue,
		State: kiosk.Waiting, Since: kiosk.Instant(taken.Wall), Version: 1}
}

// Equal says whether t and o are the same in everything but Version.
func (t Ticket) Equal(o Ticket) bool {
	return t.ID == o.ID && t.Number == o.Number && t.Queue == o.Queue && t.Taken == o.Taken && t.Priority == o.Priority &&
		t.Slot == o.Slot && t.State == o.State && t.Window == o.Window && t.Called == o.Called && t.Since == o.Since &&
		t.Calls == o.Calls && t.Misses == o.Misses && t.Until == o.Until && t.From == o.From && slices.Equal(t.Todo, o.Todo)
}

// booked says whether t's booking is in force: it was taken in time for it.
func (t *Ticket) booked(r *kiosk.CallRules) bool {
	return t.Slot.To != 0 && kiosk.Instant(t.Taken.Wall) <= t.Slot.To.Add(r.Grace)
}

// since is when t's wait began, as the age limit counts it.
func (t *Ticket) since(r *kiosk.CallRules) kiosk.Instant {
	if taken := kiosk.Instant(t.Taken.Wall); !t.booked(r) {
		return taken
	} else {
		return max(taken, t.Slot.From.Add(-r.LookAhead))
	}
}

// ready is from when t can be called; ok is false if no moment will do.
func (t *Ticket) ready(r *kiosk.CallRules) (from kiosk.Instant, ok bool) {
	if t.State != kiosk.Waiting && (t.State != kiosk.Parked || t.Until == 0) {
		return 0, false
	}
	if t.booked(r) {
		return max(t.Until, t.Slot.From.Add(-r.LookAhead)), true
	}
	return t.Until, true
}

// Window is one window and whether it calls.
type Window struct {
	ID      kiosk.WindowID
	Paused  bool          // it may end what it has, and calls nobody
	Reason  string        // why it is paused, in the clerk's words; empty while open
	Since   kiosk.Instant // open or paused
	Version int64         // 1 at first, one more with every Change
}

// Balance is how far each ratio is from even; see the package's order. One is
// kept per queue and business day and starts at zero.
type Balance struct {
	Priority, Aged int
}

// Plus returns the sum of b and d.
func (b Balance) Plus(d Balance) Balance { return Balance{b.Priority + d.Priority, b.Aged + d.Aged} }

// State is what a decision is made from, read in one transaction or not: a
// decision from an old State is refused by the store. The order of the lists
// doesn't matter.
type State struct {
	Queue   kiosk.QueueID
	Balance Balance // of Queue

	// Tickets holds at least those at one of the Windows (of whatever queue),
	// the one that a Command names, and to call the next, all of Queue that are
	// Waiting or Parked. Others do no harm.
	Tickets []Ticket

	// Windows of Queue, the paused ones included. A window may stand in several
	// queues' states.
	Windows []Window
}

// Ticket returns the ticket with that id, nil if it isn't in s.
func (s *State) Ticket(id kiosk.TicketID) *Ticket {
	for i := range s.Tickets {
		if s.Tickets[i].ID == id {
			return &s.Tickets[i]
		}
	}
	return nil
}

// At returns the ticket that is called or served at a window, nil if none.
func (s *State) At(w kiosk.WindowID) *Ticket {
	for i := range s.Tickets {
		if w != "" && s.Tickets[i].Window == w {
			return &s.Tickets[i]
		}
	}
	return nil
}

// Window returns the window with that id, nil if it isn't in s.
func (s *State) Window(id kiosk.WindowID) *Window {
	for i := range s.Windows {
		if s.Windows[i].ID == id {
			return &s.Windows[i]
		}
	}
	return nil
}

// Edit is a row before and after.
type Edit[T any] struct {
	Before, After T
}

// Change is what an operation writes, whole or not at all, in one transaction:
//
//   - the Change itself under its Op, which is unique: if it is there already,
//     nothing is written and that Change is the answer;
//   - Ticket.After over the row with Ticket.Before's id and Version; if no row
//     has both, it is EConflict and nothing is written; Window likewise;
//   - Turn is added to Queue's Balance, without comparing.
//
// A unique constraint on the window of tickets (where it isn't empty) refuses
// what would put two tickets at one window; that is EConflict too. After
// EConflict from the store, read and decide again. A Change may be kept as JSON.
type Change struct {
	Op     kiosk.OpID
	Verb   Verb
	At     kiosk.Instant
	By     kiosk.WindowID // where it was done; empty for a guide
	Undoes kiosk.OpID     // the operation that this one takes back; only with Undone

	Ticket *Edit[Ticket] `json:",omitempty"` // nil for Pause and Resume
	Window *Edit[Window] `json:",omitempty"` // nil for all others

	Queue kiosk.QueueID // whose Balance moves; the ticket's but for some calls of a window of several
	Turn  Balance       // by how much
	Lane  Lane          // why the ticket was called; only with Call

	// Quote is what had been said about the ticket's wait and was scored with
	// this Call, so that its undo can take that back; nil if nothing was.
	Quote *Quote `json:",omitempty"`
}

// Occupied returns how long the ticket held its window if this change ended
// that: what Pace is measured from. A put-back is a slip of the hand and an
// undone call none, so neither counts.
func (c Change) Occupied() (time.Duration, bool) {
	switch c.Verb {
	case Finish, NoShow, Park, Transfer:
		if b := c.Ticket.Before; b.Window != "" && c.At > b.Called {
			return c.At.Sub(b.Called), true
		}
	}
	return 0, false
}
