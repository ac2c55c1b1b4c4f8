package calling

import (
	"fmt"
	"slices"

	"hallkiosk/kiosk"
)

// Ledger is the store of a hall in memory: what a database does with Changes,
// in its simplest form, for simulations and as the model that a real store is
// compared with. Not safe for use from several goroutines.
type Ledger struct {
	tickets  map[kiosk.TicketID]Ticket
	live     map[kiosk.QueueID]map[kiosk.TicketID]bool // Waiting or Parked
	at       map[kiosk.WindowID]kiosk.TicketID         // the unique constraint
	windows  map[kiosk.WindowID]Window
	serve    map[kiosk.QueueID][]kiosk.WindowID
	balances map[kiosk.QueueID]Balance
	changes  map[kiosk.OpID]Change
}

// NewLedger returns an empty hall.
func NewLedger() *Ledger {
	return &Ledger{
		tickets: map[kiosk.TicketID]Ticket{}, live: map[kiosk.QueueID]map[kiosk.TicketID]bool{},
		at: map[kiosk.WindowID]kiosk.TicketID{}, windows: map[kiosk.WindowID]Window{},
		serve: map[kiosk.QueueID][]kiosk.WindowID{}, balances: map[kiosk.QueueID]Balance{}, changes: map[kiosk.OpID]Change{},
	}
}

// Open adds a window that serves queues, and calls.
func (l *Ledger) Open(w kiosk.WindowID, queues ...kiosk.QueueID) {
	l.windows[w] = Window{ID: w, Version: 1}
	for _, q := range queues {
		l.serve[q] = append(l.serve[q], w)
	}
}

// Add puts a new ticket into its queue. EConflict for an id that is there already.
func (l *Ledger) Add(t Ticket) error {
	if _, there := l.tickets[t.ID]; there {
		return conflict("add", "这个号已经在队列里。", "ticket %q is in the ledger already", t.ID)
	}
	l.put(t)
	return nil
}

// Ticket returns one ticket; the zero Ticket if there is none.
func (l *Ledger) Ticket(id kiosk.TicketID) Ticket { return l.tickets[id] }

// Tickets returns all tickets, by place.
func (l *Ledger) Tickets() []Ticket {
	all := make([]Ticket, 0, len(l.tickets))
	for _, t := range l.tickets {
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b Ticket) int { return comparePlaces(&a, &b) })
	return all
}

// State returns the state of a queue for Next, Decide and Undo: who is Waiting or
// Parked in it, who is at its windows, and the tickets named by also.
func (l *Ledger) State(q kiosk.QueueID, also ...kiosk.TicketID) State {
	s := State{Queue: q, Balance: l.balances[q]}
	for id := range l.live[q] {
		s.Tickets = append(s.Tickets, l.tickets[id])
	}
	for _, w := range l.serve[q] {
		s.Windows = append(s.Windows, l.windows[w])
		if id := l.at[w]; id != "" {
			s.Tickets = append(s.Tickets, l.tickets[id])
		}
	}
	for _, id := range also {
		if t, there := l.tickets[id]; there && s.Ticket(id) == nil {
			s.Tickets = append(s.Tickets, t)
		}
	}
	return s
}

// Do decides and applies c, which is about a ticket or window of queue q. An Op
// that was done before returns its Change again. Errors as Decide.
func (l *Ledger) Do(q kiosk.QueueID, r kiosk.CallRules, c Command) (Change, error) {
	if done, there := l.changes[c.Op]; there {
		return done, nil
	}
	ch, err := Decide(l.State(q, c.Ticket), r, c)
	if err != nil {
		return Change{}, err
	}
	return l.Apply(ch)
}

// Undo takes back the operation done. ENotFound if it never was; errors as Undo.
func (l *Ledger) Undo(done, op kiosk.OpID, by kiosk.WindowID, now kiosk.Instant) (Change, error) {
	if again, there := l.changes[op]; there {
		return again, nil
	}
	old, there := l.changes[done]
	if !there {
		return Change{}, &kiosk.Error{Code: kiosk.ENotFound, Op: string(Undone), Message: "找不到这次操作。", Hint: fmt.Sprintf("no operation %q", done)}
	}
	var id kiosk.TicketID
	if old.Ticket != nil {
		id = old.Ticket.After.ID
	}
	ch, err := Undo(l.State(old.Queue, id), old, op, by, now)
	if err != nil {
		return Change{}, err
	}
	return l.Apply(ch)
}

// Apply writes ch whole, or not at all; see Change. It returns the Change that
// now stands under its Op. EConflict for a version that has moved on and for a
// window that has another ticket.
func (l *Ledger) Apply(ch Change) (Change, error) {
	if done, there := l.changes[ch.Op]; there {
		return done, nil
	}
	if e := ch.Ticket; e != nil {
		if now := l.tickets[e.Before.ID]; now.Version != e.Before.Version {
			return Change{}, conflict(string(ch.Verb), fmt.Sprintf("%s刚刚有变动，请再试。", e.Before.Number),
				"ticket %s is at version %d, not %d; read and decide again", e.Before.Number, now.Version, e.Before.Version)
		}
		if id := l.at[e.After.Window]; e.After.Window != "" && id != "" && id != e.After.ID {
			other := l.tickets[id]
			return Change{}, occupied(string(ch.Verb), e.After.Window, &other)
		}
		l.put(e.After)
	}
	if e := ch.Window; e != nil {
		if now := l.windows[e.Before.ID]; now.Version != e.Before.Version {
			return Change{}, conflict(string(ch.Verb), fmt.Sprintf("%s号窗口刚刚有变动，请再试。", e.Before.ID),
				"window %s is at version %d, not %d; read and decide again", e.Before.ID, now.Version, e.Before.Version)
		}
		l.windows[e.After.ID] = e.After
	}
	l.balances[ch.Queue] = l.balances[ch.Queue].Plus(ch.Turn)
	l.changes[ch.Op] = ch
	return ch, nil
}

func (l *Ledger) put(t Ticket) {
	if was, there := l.tickets[t.ID]; there {
		delete(l.live[was.Queue], t.ID)
		if was.Window != "" {
			delete(l.at, was.Window)
		}
	}
	l.tickets[t.ID] = t
	if t.Window != "" {
		l.at[t.Window] = t.ID
	}
	if t.State == kiosk.Waiting || t.State == kiosk.Parked {
		if l.live[t.Queue] == nil {
			l.live[t.Queue] = map[kiosk.TicketID]bool{}
		}
		l.live[t.Queue][t.ID] = true
	}
}
