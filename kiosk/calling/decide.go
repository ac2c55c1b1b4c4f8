package calling

import (
	"fmt"
	"slices"

	"hallkiosk/kiosk"
)

// Verb is what is done.
type Verb string

// The verbs. A clerk may do all of them at the own window; a guide, with no
// window, those marked so, to a ticket that is at no window.
const (
	Call     Verb = "call"     // the next one, or by number one that waits, is parked or was missed
	Recall   Verb = "recall"   // call again who was called
	Start    Verb = "start"    // the person is here
	Finish   Verb = "finish"   // the errands for this queue are done; on to the next queue, if any
	NoShow   Verb = "noshow"   // nobody came: offered again later, or ended
	Park     Verb = "park"     // keep it aside until a moment, or until it is put back
	PutBack  Verb = "putback"  // to wait at its place, at once; also what was parked, missed or left (guide)
	Transfer Verb = "transfer" // to another queue, at its place (guide)
	Leave    Verb = "leave"    // the person gave up (guide)
	Pause    Verb = "pause"    // the window calls nobody, for a reason
	Resume   Verb = "resume"
	Undone   Verb = "undo" // see Undo
)

// Command is something that somebody wants done.
type Command struct {
	Op     kiosk.OpID
	Verb   Verb
	Window kiosk.WindowID // where; empty for a guide
	Ticket kiosk.TicketID // Call: empty for the next by the order. Pause, Resume: unused
	Queue  kiosk.QueueID  // Transfer: where to; that it exists is for the caller to check
	Until  kiosk.Instant  // Park: when to offer it again; 0 for not before it is put back
	Reason string         // Pause
	At     kiosk.Instant  // now
}

// where a verb is legal: for tickets at the command's window, at no window.
var legal = map[Verb]struct{ here, away []kiosk.State }{
	Call:     {away: []kiosk.State{kiosk.Waiting, kiosk.Parked, kiosk.Missed}},
	Recall:   {here: []kiosk.State{kiosk.Called}},
	Start:    {here: []kiosk.State{kiosk.Called}},
	Finish:   {here: []kiosk.State{kiosk.Serving}},
	NoShow:   {here: []kiosk.State{kiosk.Called}},
	Park:     {here: []kiosk.State{kiosk.Called, kiosk.Serving}},
	PutBack:  {here: []kiosk.State{kiosk.Called, kiosk.Serving}, away: []kiosk.State{kiosk.Waiting, kiosk.Parked, kiosk.Missed, kiosk.Left}},
	Transfer: {here: []kiosk.State{kiosk.Called, kiosk.Serving}, away: []kiosk.State{kiosk.Waiting, kiosk.Parked}},
	Leave:    {away: []kiosk.State{kiosk.Waiting, kiosk.Parked}},
}

// Decide returns what c changes in s. Nothing has happened until a store has
// applied the Change. EInvalid for a command that can't be right, ENotFound for
// a ticket or window that isn't in s and for Call when nobody can be called,
// EConflict when c isn't legal now; each with Chinese for the clerk.
func Decide(s State, r kiosk.CallRules, c Command) (Change, error) {
	ch := Change{Op: c.Op, Verb: c.Verb, At: c.At, By: c.Window, Queue: s.Queue}
	rule, forTicket := legal[c.Verb]
	switch {
	case c.Op == "" || len(c.Op) > 64 || c.At <= 0:
		return Change{}, invalid(c, "操作缺少编号或时间。", "op %q must be 1 to 64 bytes and at %d a moment", c.Op, c.At)
	case c.Verb == Pause || c.Verb == Resume:
		return pause(s, c, ch)
	case !forTicket:
		return Change{}, invalid(c, "没有这种操作。", "unknown verb %q", c.Verb)
	case c.Verb == Call:
		if err := s.free(c.Window); err != nil {
			return Change{}, err
		}
		ch.Lane = LaneHand
		if c.Ticket == "" {
			p, ok, err := Next(s, r, c.At, c.Window)
			if err != nil {
				return Change{}, err
			}
			if !ok {
				return Change{}, &kiosk.Error{Code: kiosk.ENotFound, Op: string(c.Verb), Message: "现在没有可以叫的号。",
					Hint: fmt.Sprintf("nobody in queue %s can be called now", s.Queue)}
			}
			c.Ticket, ch.Lane, ch.Turn = p.Ticket, p.Lane, p.Turn
		}
	case c.Window != "" && s.Window(c.Window) == nil:
		return Change{}, noWindow(string(c.Verb), c.Window)
	}
	t := s.Ticket(c.Ticket)
	if t == nil {
		return Change{}, &kiosk.Error{Code: kiosk.ENotFound, Op: string(c.Verb), Message: "找不到这个号。", Hint: fmt.Sprintf("no ticket %q", c.Ticket)}
	}
	fits := rule.away
	if t.Window != "" {
		if fits = rule.here; t.Window != c.Window {
			fits = nil
		}
	}
	if !slices.Contains(fits, t.State) {
		return Change{}, illegal(c, t)
	}
	after, err := move(*t, r, c)
	if err != nil {
		return Change{}, err
	}
	after.Version++
	ch.Ticket = &Edit[Ticket]{*t, after}
	return ch, nil
}

// move returns t after c, which is legal for its state.
func move(t Ticket, r kiosk.CallRules, c Command) (Ticket, error) {
	was := t
	t.Since = c.At
	if c.Verb != Recall && c.Verb != Start {
		t.Window, t.Called, t.Until = "", 0, 0
	}
	switch c.Verb {
	case Call:
		t.State, t.Window, t.Called = kiosk.Called, c.Window, c.At
		t.Calls++
	case Recall:
		t.Calls++
	case Start:
		t.State = kiosk.Serving
	case Finish:
		for len(t.Todo) > 0 && t.Todo[0].Queue == was.Queue {
			t.Todo = t.Todo[1:]
		}
		t.State = kiosk.Done
		if len(t.Todo) > 0 {
			t.State, t.Queue, t.From, t.Calls, t.Misses = kiosk.Waiting, t.Todo[0].Queue, "", 0, 0
		}
	case NoShow:
		t.Misses++
		t.State, t.Until = kiosk.Waiting, c.At.Add(r.OfferAgain)
		if t.Misses >= r.Misses {
			t.State, t.Until = kiosk.Missed, 0
		}
	case Park:
		if c.Until != 0 && c.Until <= c.At {
			return t, invalid(c, "挂起的时间已经过去，请选以后的时间。", "park until %d is not after now, %d", c.Until, c.At)
		}
		t.State, t.Until = kiosk.Parked, c.Until
	case PutBack:
		if was.State == kiosk.Waiting && was.Until <= c.At {
			return t, illegal(c, &was)
		}
		t.State = kiosk.Waiting
	case Transfer:
		if c.Queue == "" || c.Queue == was.Queue {
			return t, invalid(c, "请选择另一个队列。", "transfer from queue %q to %q", was.Queue, c.Queue)
		}
		t.Todo = slices.Clone(was.Todo)
		for i := 0; i < len(t.Todo) && t.Todo[i].Queue == was.Queue; i++ {
			t.Todo[i].Queue = c.Queue
		}
		t.State, t.Queue, t.From, t.Calls, t.Misses = kiosk.Waiting, c.Queue, was.Queue, 0, 0
	case Leave:
		t.State = kiosk.Left
	}
	return t, nil
}

func pause(s State, c Command, ch Change) (Change, error) {
	w := s.Window(c.Window)
	if w == nil {
		return Change{}, noWindow(string(c.Verb), c.Window)
	}
	after := *w
	after.Paused, after.Reason, after.Since = c.Verb == Pause, c.Reason, c.At
	switch {
	case after.Paused == w.Paused && w.Paused:
		return Change{}, conflict(string(c.Verb), fmt.Sprintf("%s号窗口已经暂停。", w.ID), "window %s is paused already: %s", w.ID, w.Reason)
	case after.Paused == w.Paused:
		return Change{}, conflict(string(c.Verb), fmt.Sprintf("%s号窗口没有暂停。", w.ID), "window %s is not paused", w.ID)
	case after.Paused && c.Reason == "":
		return Change{}, invalid(c, "请写明暂停的原因。", "a pause of window %s needs a reason", w.ID)
	case !after.Paused:
		after.Reason = ""
	}
	after.Version++
	ch.Window = &Edit[Window]{*w, after}
	return ch, nil
}

// free returns nil when a window can call.
func (s *State) free(id kiosk.WindowID) error {
	w := s.Window(id)
	if w == nil {
		return noWindow(string(Call), id)
	}
	if w.Paused {
		return conflict(string(Call), fmt.Sprintf("%s号窗口已暂停（%s），请先恢复再叫号。", id, w.Reason), "window %s is paused: %s. Resume it first.", id, w.Reason)
	}
	if t := s.At(id); t != nil {
		return occupied(string(Call), id, t)
	}
	return nil
}
