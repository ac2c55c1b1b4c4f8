package center

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/calling"
)

// Calls is the part of a Store that calls people to windows. A ticket enters
// it with the event that tells of it, in the same transaction, and waits for
// its items in turn; package calling holds the rules. Errors as of Store.
//
// Every change raises the hall's version, as a batch does; see Store.Watch.
type Calls interface {
	// SetWindow defines a window, open, or changes which queues it serves; one
	// that is there stays as open or paused as it is. EInvalid: it can't be
	// right.
	// What a person does is told of by an entry, stored with it or not at all; what
	// the config says has none.
	SetWindow(ctx context.Context, hall kiosk.HallID, id kiosk.WindowID, queues []kiosk.QueueID, told ...Entry) error

	// Windows returns the windows of hall with what each has now, by id.
	Windows(ctx context.Context, hall kiosk.HallID) ([]WindowNow, error)

	// Do decides a press and stores what it changes. When it returns nil the
	// Change survives a power cut in the next instant. The same press again
	// does nothing and gets the same Change, whatever happened since; after any
	// error that is not one of those below, pressing again is always right.
	//
	// EInvalid, ENotFound and EConflict carry a Message for the clerk; see
	// calling.Decide and calling.Undo. EConflict also: the Op was used for
	// something else, or others were in the way again and again.
	Do(ctx context.Context, p Press) (calling.Change, error)

	// Prefer says why a ticket that waits goes ahead, or which booking it checks
	// in, and stores who said so. ENotFound: no such ticket waits in hall.
	// EConflict: another ticket has that booking.
	Prefer(ctx context.Context, hall kiosk.HallID, id kiosk.TicketID, p Preference, e Entry) error

	// Line returns how a queue of hall stands on day: everybody who waits, its
	// windows and who is at them.
	Line(ctx context.Context, hall kiosk.HallID, day kiosk.Day, queue kiosk.QueueID) (Line, error)

	// Lines returns, as Line would, how each queue stands that a window serves,
	// by queue. It costs as much as one Line of everybody who waits in hall.
	Lines(ctx context.Context, hall kiosk.HallID, day kiosk.Day) ([]Line, error)

	// CallTicket returns one ticket of hall. ENotFound when there is none.
	CallTicket(ctx context.Context, hall kiosk.HallID, id kiosk.TicketID) (calling.Ticket, error)

	// Numbered returns the ticket of hall and day that a label was given to; of
	// two that clash, the one that had it first. ENotFound when there is none.
	Numbered(ctx context.Context, hall kiosk.HallID, day kiosk.Day, n kiosk.Number) (calling.Ticket, error)

	// Recent returns at most limit calls and recalls that were made in hall on
	// day, whatever day their tickets are of, and not taken back, newest first.
	Recent(ctx context.Context, hall kiosk.HallID, day kiosk.Day, limit int) ([]kiosk.Call, error)

	// Changes returns at most limit changes with who made them, newest first. They
	// are kept as long as the tickets; see Keep.
	Changes(ctx context.Context, of ChangesOf, limit int) ([]Changed, error)
}

// Actor is who presses.
type Actor struct {
	ID   string       // the account
	Role string       // such as clerk
	Hall kiosk.HallID // the only one where the actor may act; empty for all
}

// Press is one wish of a clerk or guide: a Command and where it is pressed.
// Without a Ticket, Call means the next by the order of the window's queues, or
// of Command.Queue alone if that is set, and every other verb the ticket that is
// at the window.
type Press struct {
	calling.Command
	Undoes kiosk.OpID // with calling.Undone: what to take back
	Hall   kiosk.HallID
	Day    kiosk.Day // on which it is pressed: the change, balances and measures are of that day
	Of     []Span    // whose tickets Call takes the next of; nil for all of Day
	Actor  Actor
	Rules  kiosk.CallRules

	// Pace returns a queue's pace with what the catalog says; nil leaves it.
	Pace func(kiosk.QueueID, calling.Pace) calling.Pace
}

// Span is the tickets of a business day that are as they are since Since or later.
type Span struct {
	Day   kiosk.Day
	Since kiosk.Instant
}

// Spans are Of, or what nil stands for.
func (p Press) Spans() []Span {
	if len(p.Of) == 0 {
		return []Span{{Day: p.Day}}
	}
	return slices.Clone(p.Of)
}

// Window is a window and the queues it serves.
type Window struct {
	calling.Window
	Queues []kiosk.QueueID
}

// WindowNow is a window and what it has.
type WindowNow struct {
	Window
	Ticket *calling.Ticket // nil when nobody is there
}

// Changed is a Change and who made it.
type Changed struct {
	calling.Change
	Actor  Actor      // its Hall is left out
	Undone kiosk.OpID // the press that took it back, if any
}

// ChangesOf says which changes are asked for: those of a hall and a business day,
// and of one window or ticket where that isn't "".
type ChangesOf struct {
	Hall   kiosk.HallID
	Day    kiosk.Day
	Window kiosk.WindowID
	Ticket kiosk.TicketID
}

// Line is one queue of a day.
type Line struct {
	calling.State
	Measured
}

// Estimate says how long somebody who came at now would wait, as a range; ok is
// false when no window is open.
func (l Line) Estimate(r kiosk.CallRules, now kiosk.Instant) (e kiosk.Estimate, ok bool) {
	const nobody = "\xff" // after every id
	s := l.State
	s.Tickets = append(s.Tickets[:len(s.Tickets):len(s.Tickets)],
		calling.NewTicket(nobody, kiosk.Number{}, kiosk.Stamp{Wall: int64(now)}, kiosk.Errand{Queue: l.Queue}))
	for _, o := range calling.Forecast(s, r, l.Pace, now) {
		if o.Ticket == nobody {
			return l.Score.Quote(o, now).Range, true
		}
	}
	return kiosk.Estimate{}, false
}

// usual is what a case takes until a queue has measured its own.
const usual = 5 * time.Minute

// Measured is what a queue has learned of its own pace on a day.
type Measured struct {
	Pace   calling.Pace
	Score  calling.Score
	Quotes map[kiosk.TicketID]calling.Quote `json:",omitempty"` // said, and not yet scored
	Asked  kiosk.Instant                    // when the newest of Quotes was made
}

// ReadMeasured reads what a table holds; empty text is a queue that has
// measured nothing.
func ReadMeasured(text string) (m Measured, err error) {
	if text == "" {
		return Measured{Pace: calling.NewPace(usual), Score: calling.NewScore()}, nil
	}
	return m, json.Unmarshal([]byte(text), &m)
}

// CallColumns are the columns of tickets that ScanCallRow reads.
const CallColumns = "id, day, number, line, wall, count, priority, slot_from, slot_to, state, at_window, called, since, until, calls, misses, origin, items, queue, todo, version"

// CallRow is a ticket as the tables keep it.
type CallRow struct {
	calling.Ticket
	Day kiosk.Day

	number, items, todo string
	first               kiosk.QueueID // as the ticket was taken
}

// fields are where CallColumns are scanned to.
func (r *CallRow) fields() []any {
	return []any{&r.ID, &r.Day, &r.number, &r.Queue, &r.Taken.Wall, &r.Taken.Count, &r.Priority, &r.Slot.From, &r.Slot.To, &r.State, &r.Window,
		&r.Called, &r.Since, &r.Until, &r.Calls, &r.Misses, &r.From, &r.items, &r.first, &r.todo, &r.Version}
}

// read makes the ticket of the scanned fields. A ticket that was never changed
// has no Todo stored: it has all its items before it, in the queue where it was
// taken.
func (r *CallRow) read() (err error) {
	if r.Number, err = kiosk.ParseNumber(r.number); err != nil {
		return err
	}
	if r.todo != "" {
		return json.Unmarshal([]byte(r.todo), &r.Todo)
	}
	var items []kiosk.ItemID
	if err := json.Unmarshal([]byte(r.items), &items); err != nil {
		return err
	}
	if len(items) == 0 { // an unknown errand is one nevertheless
		items = []kiosk.ItemID{""}
	}
	for _, item := range items {
		r.Todo = append(r.Todo, kiosk.Errand{Item: item, Queue: r.first})
	}
	return nil
}

// Class sorts the tickets that wait, so that a Store finds the first of each.
// It is kept beside a ticket and follows from Priority and Slot.
type Class int

// The classes. A booking that came too late counts as a walk-in, which only the
// rules can tell; so all with a booking are one.
const (
	Plain  Class = 0
	Ahead  Class = 1 // with a priority
	Booked Class = 2 // with a slot
)

// ClassOf returns the class of who is preferred so.
func ClassOf(why kiosk.Priority, slot kiosk.Slot) Class {
	switch {
	case slot != kiosk.Slot{}:
		return Booked
	case why != "":
		return Ahead
	}
	return Plain
}

// CheckWindow refuses what can't be right about a window, and returns its
// queues as a JSON list.
func CheckWindow(hall kiosk.HallID, id kiosk.WindowID, queues []kiosk.QueueID) (string, error) {
	refuse := func(hint string) (string, error) {
		return "", &kiosk.Error{Code: kiosk.EInvalid, Op: "set window", Message: "窗口的设置不对。", Hint: hint}
	}
	if hall == "" || !text(string(hall)) || id == "" || !text(string(id)) {
		return refuse("hall and window must be 1 to 64 bytes of text")
	}
	if len(queues) > 100 {
		return refuse("a window serves at most 100 queues")
	}
	seen := map[kiosk.QueueID]bool{}
	for _, q := range queues {
		if q == "" || !text(string(q)) || seen[q] {
			return refuse("each queue must be named once, in 1 to 64 bytes of text")
		}
		seen[q] = true
	}
	list, err := json.Marshal(append([]kiosk.QueueID{}, queues...))
	return string(list), err
}

// Preference is what makes a ticket go ahead. What is nil stays as it is; the
// zero value takes back what is there.
type Preference struct {
	Priority *kiosk.Priority
	Booking  *CheckIn
}

// CheckIn is a booking that a ticket checks in.
type CheckIn struct {
	Booking kiosk.BookingID
	Slot    kiosk.Slot
}

// Check refuses a priority or booking that can't be right.
func (p Preference) Check() error {
	bad := p.Priority != nil && *p.Priority != "" && !slices.Contains(kiosk.Priorities, *p.Priority)
	if b := p.Booking; b != nil && *b != (CheckIn{}) {
		bad = bad || !text(string(b.Booking)) || b.Slot.From <= 0 || b.Slot.To <= b.Slot.From
	}
	if bad {
		return &kiosk.Error{Code: kiosk.EInvalid, Op: "prefer ticket", Message: "优先或预约的内容不对。", Hint: "the priority is unknown, or the slot ends before it begins"}
	}
	return nil
}

// Over returns what the preference makes of what a ticket has.
func (p Preference) Over(why kiosk.Priority, b CheckIn) (kiosk.Priority, CheckIn) {
	if p.Priority != nil {
		why = *p.Priority
	}
	if p.Booking != nil {
		b = *p.Booking
	}
	return why, b
}

// CheckedIn is the error of a Store where another ticket has the booking.
func CheckedIn(op string) error {
	return &kiosk.Error{Code: kiosk.EConflict, Op: op, Message: "这个预约已经签到取号了。", Hint: "another ticket has checked in that booking"}
}

// OneTicket returns the only ticket of what a Store has read, or NoTicket.
func OneTicket(op, name string, rows []CallRow, err error) (calling.Ticket, error) {
	switch {
	case err != nil:
		return calling.Ticket{}, err
	case len(rows) == 0:
		return calling.Ticket{}, NoTicket(op, name)
	}
	return rows[0].Ticket, nil
}

// NoTicket is the error of a Store that has no such ticket; name is how it was
// asked for.
func NoTicket(op, name string) error {
	return &kiosk.Error{Code: kiosk.ENotFound, Op: op, Message: "找不到这个号。", Hint: fmt.Sprintf("no ticket %q", name)}
}
