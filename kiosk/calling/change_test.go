package calling_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/calling"
)

// in returns a ticket as it is in a state, at window 21 where that needs one.
func in(state kiosk.State) calling.Ticket {
	t := ticket(1, 0)
	t.Todo = []kiosk.Errand{{Item: "a1", Queue: "A"}, {Item: "a2", Queue: "A"}, {Item: "b1", Queue: "B"}}
	t.State, t.Since = state, nine
	if state == kiosk.Called || state == kiosk.Serving {
		t.Window, t.Called = "21", nine
	}
	return t
}

var allStates = []kiosk.State{kiosk.Waiting, kiosk.Called, kiosk.Serving, kiosk.Parked, kiosk.Missed, kiosk.Left, kiosk.Done}

// Every verb on every state, from the ticket's window, from another and from
// nowhere: what it comes to, or a refusal in words.
func TestEveryTransition(t *testing.T) {
	const here, there, nowhere = "21", "22", ""
	want := map[string]kiosk.State{}
	put := func(verb calling.Verb, to kiosk.State, from []kiosk.State, windows ...string) {
		for _, f := range from {
			for _, w := range windows {
				want[fmt.Sprint(verb, f, w)] = to
			}
		}
	}
	at := []kiosk.State{kiosk.Called, kiosk.Serving}
	put(calling.Call, kiosk.Called, []kiosk.State{kiosk.Waiting, kiosk.Parked, kiosk.Missed}, here, there)
	put(calling.Recall, kiosk.Called, at[:1], here)
	put(calling.Start, kiosk.Serving, at[:1], here)
	put(calling.Finish, kiosk.Waiting, at[1:], here) // on to queue B
	put(calling.NoShow, kiosk.Waiting, at[:1], here)
	put(calling.Park, kiosk.Parked, at, here)
	put(calling.PutBack, kiosk.Waiting, at, here)
	put(calling.PutBack, kiosk.Waiting, []kiosk.State{kiosk.Parked, kiosk.Missed, kiosk.Left}, here, there, nowhere)
	put(calling.Transfer, kiosk.Waiting, at, here)
	put(calling.Transfer, kiosk.Waiting, []kiosk.State{kiosk.Waiting, kiosk.Parked}, here, there, nowhere)
	put(calling.Leave, kiosk.Left, []kiosk.State{kiosk.Waiting, kiosk.Parked}, here, there, nowhere)
	legal := 0
	for _, verb := range []calling.Verb{calling.Call, calling.Recall, calling.Start, calling.Finish, calling.NoShow, calling.Park, calling.PutBack, calling.Transfer, calling.Leave} {
		for _, from := range allStates {
			for _, w := range []string{here, there, nowhere} {
				before := in(from)
				s := calling.State{Queue: "A", Tickets: []calling.Ticket{before}, Windows: []calling.Window{{ID: here}, {ID: there}}}
				ch, err := calling.Decide(s, rules, calling.Command{Op: "op", Verb: verb, Window: kiosk.WindowID(w), Ticket: before.ID, Queue: "C", At: nine + min_})
				name := fmt.Sprintf("%s of a %s ticket from %q", verb, from, w)
				to, ok := want[fmt.Sprint(verb, from, w)]
				if !ok {
					code := kiosk.CodeOf(err)
					if code != kiosk.EConflict && !(verb == calling.Call && w == nowhere && code == kiosk.ENotFound) {
						t.Errorf("%s: %v", name, err)
					}
					if err != nil && (!strings.ContainsAny(kiosk.MessageOf(err), "不没还") || kiosk.HintOf(err) == "" || strings.Contains(err.Error(), "%!")) {
						t.Errorf("%s: words %q, hint %q", name, kiosk.MessageOf(err), kiosk.HintOf(err))
					}
					continue
				}
				legal++
				if err != nil {
					t.Errorf("%s: %v", name, err)
					continue
				}
				after := ch.Ticket.After
				if after.State != to || after.Version != 2 || after.Since != nine+min_ || after.Taken != before.Taken ||
					(after.Window != "") != (to == kiosk.Called || to == kiosk.Serving) || (after.Window != "") != (after.Called != 0) {
					t.Errorf("%s: came to %+v", name, after)
				}
			}
		}
	}
	if legal != len(want) {
		t.Errorf("%d legal, want %d", legal, len(want))
	}
}

func TestRefusalInWords(t *testing.T) {
	s := calling.State{Queue: "A", Tickets: []calling.Ticket{in(kiosk.Serving)}, Windows: []calling.Window{{ID: "21"}, {ID: "22"}}}
	_, err := calling.Decide(s, rules, calling.Command{Op: "op", Verb: calling.NoShow, Window: "22", Ticket: "t0001", At: nine})
	if kiosk.MessageOf(err) != "A001正在21号窗口办理，不能标记未到。" || kiosk.HintOf(err) != `ticket A001 is serving at window 21; noshow needs it [called] at window "22"` {
		t.Fatalf("%q, %q", kiosk.MessageOf(err), kiosk.HintOf(err))
	}
	for name, c := range map[string]calling.Command{
		"NoOp":         {Verb: calling.Recall, At: nine},
		"NoTime":       {Op: "op", Verb: calling.Recall},
		"UnknownVerb":  {Op: "op", Verb: "dance", At: nine},
		"ParkedBefore": {Op: "op", Verb: calling.Park, Window: "21", Ticket: "t0001", Until: nine, At: nine},
		"SameQueue":    {Op: "op", Verb: calling.Transfer, Window: "21", Ticket: "t0001", Queue: "A", At: nine},
		"NoReason":     {Op: "op", Verb: calling.Pause, Window: "22", At: nine},
	} {
		if _, err := calling.Decide(s, rules, c); kiosk.CodeOf(err) != kiosk.EInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// do runs a command on queue q that must succeed.
func do(t rapid.TB, l *calling.Ledger, q kiosk.QueueID, c calling.Command) calling.Change {
	t.Helper()
	ops++
	c.Op = kiosk.OpID(fmt.Sprint("op", ops))
	ch, err := l.Do(q, rules, c)
	if err != nil {
		t.Fatal(err)
	}
	return ch
}

func TestMissedCall(t *testing.T) {
	l := hall(ticket(1, 0), ticket(2, 1))
	at := nine + 10*min_
	do(t, l, "A", calling.Command{Verb: calling.Call, Window: "21", At: at})
	ch := do(t, l, "A", calling.Command{Verb: calling.NoShow, Window: "21", Ticket: "t0001", At: at})
	if a := ch.Ticket.After; a.State != kiosk.Waiting || a.Misses != 1 || a.Until != at.Add(rules.OfferAgain) {
		t.Fatalf("after the first miss: %+v", a)
	}
	if p, _, _ := calling.Next(l.State("A"), rules, at.Add(rules.OfferAgain)-1, "21"); p.Ticket != "t0002" {
		t.Fatalf("offered %s before its time", p.Ticket)
	}
	at = at.Add(rules.OfferAgain)
	if ch := do(t, l, "A", calling.Command{Verb: calling.Call, Window: "21", At: at}); ch.Ticket.After.ID != "t0001" || ch.Ticket.After.Calls != 2 {
		t.Fatalf("offered again: %+v", ch.Ticket.After)
	}
	ch = do(t, l, "A", calling.Command{Verb: calling.NoShow, Window: "21", Ticket: "t0001", At: at})
	if a := ch.Ticket.After; a.State != kiosk.Missed || a.Until != 0 {
		t.Fatalf("after the second miss: %+v", a)
	}
	// Who comes back early is put back at once.
	do(t, l, "A", calling.Command{Verb: calling.PutBack, Ticket: "t0001", At: at})
	if p, _, _ := calling.Next(l.State("A"), rules, at, "21"); p.Ticket != "t0001" {
		t.Fatalf("put back, but %s is next", p.Ticket)
	}
}

// Who missed a call and is back before it is offered again.
func TestBackBeforeOffered(t *testing.T) {
	for _, c := range []calling.Command{{Verb: calling.PutBack}, {Verb: calling.Call, Window: "21"}, {Verb: calling.Transfer, Queue: "B"}} {
		k := in(kiosk.Waiting)
		k.Misses, k.Until = 1, nine+9*min_
		c.Ticket, c.At = k.ID, nine+5*min_
		ch := do(t, hall(k), "A", c)
		if a := ch.Ticket.After; a.Until != 0 || c.Verb == calling.Call && ch.Lane != calling.LaneHand {
			t.Errorf("%s: %+v, lane %q", c.Verb, a, ch.Lane)
		}
	}
}

func TestParkedUntil(t *testing.T) {
	l := hall(ticket(1, 0))
	do(t, l, "A", calling.Command{Verb: calling.Call, Window: "21", At: nine + min_})
	do(t, l, "A", calling.Command{Verb: calling.Park, Window: "21", Ticket: "t0001", Until: nine + 9*min_, At: nine + 2*min_})
	for at, want := range map[kiosk.Instant]bool{nine + 9*min_ - 1: false, nine + 9*min_: true} {
		if _, ok, err := calling.Next(l.State("A"), rules, at, "21"); ok != want || err != nil {
			t.Errorf("offered %v at %d: %v", ok, at-nine, err)
		}
	}
}

// One ticket through three windows, keeping its place by the stamp it was taken with.
func TestErrandsInTurn(t *testing.T) {
	x := ticket(1, 0)
	x.Todo = []kiosk.Errand{{Item: "a1", Queue: "A"}, {Item: "a2", Queue: "A"}, {Item: "b1", Queue: "B"}, {Item: "a3", Queue: "A"}}
	y := ticket(2, 5)
	y.Queue, y.Todo = "B", []kiosk.Errand{{Item: "b1", Queue: "B"}}
	l := hall(x, y, ticket(3, 2))
	l.Open("31", "B")
	at := nine + 10*min_
	for _, leg := range []struct {
		q, next kiosk.QueueID
		w       kiosk.WindowID
		left    int
		state   kiosk.State
	}{{"A", "B", "21", 2, kiosk.Waiting}, {"B", "A", "31", 1, kiosk.Waiting}, {"A", "A", "21", 0, kiosk.Done}} {
		ch := do(t, l, leg.q, calling.Command{Verb: calling.Call, Window: leg.w, At: at})
		if ch.Ticket.After.ID != x.ID || ch.Ticket.After.Calls != 1 {
			t.Fatalf("queue %s called %+v", leg.q, ch.Ticket.After)
		}
		do(t, l, leg.q, calling.Command{Verb: calling.Start, Window: leg.w, Ticket: x.ID, At: at})
		ch = do(t, l, leg.q, calling.Command{Verb: calling.Finish, Window: leg.w, Ticket: x.ID, At: at + min_})
		a := ch.Ticket.After
		if a.Queue != leg.next || a.State != leg.state || len(a.Todo) != leg.left || a.Taken != x.Taken {
			t.Fatalf("after queue %s: %+v", leg.q, a)
		}
		if d, ok := ch.Occupied(); !ok || d != time.Minute {
			t.Fatalf("it held the window %v, %v", d, ok)
		}
	}
}

func TestTransfer(t *testing.T) {
	l := hall(in(kiosk.Waiting))
	do(t, l, "A", calling.Command{Verb: calling.Call, Window: "21", At: nine})
	a := do(t, l, "A", calling.Command{Verb: calling.Transfer, Window: "21", Ticket: "t0001", Queue: "C", At: nine}).Ticket.After
	if a.Queue != "C" || a.From != "A" || fmt.Sprint(a.Todo) != "[{a1 C} {a2 C} {b1 B}]" {
		t.Fatalf("transferred to %+v", a)
	}
	if in(kiosk.Waiting).Todo[0].Queue != "A" {
		t.Fatal("the ticket before was changed too")
	}
}

// Two windows decide from the same state, and one window from two screens: the
// version stops the one, the window's constraint the other.
func TestAtMostOneWindow(t *testing.T) {
	l := hall(ticket(1, 0), ticket(2, 1))
	l.Open("22", "A")
	s := l.State("A")
	decide := func(op kiosk.OpID, w kiosk.WindowID, id kiosk.TicketID) calling.Change {
		ch, err := calling.Decide(s, rules, calling.Command{Op: op, Verb: calling.Call, Window: w, Ticket: id, At: nine + 9*min_})
		if err != nil {
			t.Fatal(err)
		}
		return ch
	}
	a, b, c := decide("a", "21", ""), decide("b", "22", ""), decide("c", "21", "t0002")
	if _, err := l.Apply(a); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Apply(b); kiosk.CodeOf(err) != kiosk.EConflict {
		t.Fatalf("one ticket at two windows: %v", err)
	}
	if _, err := l.Apply(c); kiosk.CodeOf(err) != kiosk.EConflict {
		t.Fatalf("two tickets at one window: %v", err)
	}
	again, err := l.Apply(a)
	if err != nil || again.Ticket.After.Version != 2 || l.Ticket("t0001").Version != 2 {
		t.Fatalf("the same press again: %+v %v", again, err)
	}
}

// world is a hall of three queues, five windows and people with several errands,
// worked on by several screens that look at old states.
type world struct {
	l       *calling.Ledger
	tickets int
	n       int
	at      kiosk.Instant
	done    []calling.Change
	pending []calling.Change
}

var worldQueues = []kiosk.QueueID{"A", "B", "C"}

func newWorld(t *rapid.T) *world {
	w := &world{l: calling.NewLedger(), at: nine + 10*min_, tickets: rapid.IntRange(3, 12).Draw(t, "tickets")}
	for i, id := range []kiosk.WindowID{"1", "2", "3", "4"} {
		w.l.Open(id, worldQueues[i%3])
	}
	w.l.Open("5", worldQueues...)
	for n := 1; n <= w.tickets; n++ {
		k := anyTicket(t, n, n%10)
		for _, q := range rapid.SliceOfN(rapid.SampledFrom(worldQueues), 0, 3).Draw(t, "errands") {
			k.Todo = append(slices.Clip(k.Todo), kiosk.Errand{Item: "x", Queue: q})
		}
		if err := w.l.Add(k); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// decide draws a command that is legal as far as can be told from the ledger now.
func (w *world) decide(t *rapid.T) (calling.Change, error) {
	w.n++
	w.at += kiosk.Instant(rapid.IntRange(0, 400_000).Draw(t, "pass"))
	op := kiosk.OpID(fmt.Sprint("op", w.n))
	q := rapid.SampledFrom(worldQueues).Draw(t, "queue")
	c := calling.Command{Op: op, At: w.at, Queue: rapid.SampledFrom(worldQueues).Draw(t, "to"), Reason: "午餐",
		Verb: rapid.SampledFrom([]calling.Verb{calling.Call, calling.Call, calling.Call, calling.Recall, calling.Start, calling.Start, calling.Finish, calling.Finish,
			calling.NoShow, calling.Park, calling.PutBack, calling.Transfer, calling.Leave, calling.Pause, calling.Resume, calling.Resume, calling.Undone}).Draw(t, "verb")}
	if c.Verb == calling.Undone {
		if len(w.done) == 0 {
			return calling.Change{}, fmt.Errorf("nothing to undo")
		}
		// The newest ones, for older ones are mostly refused.
		old := w.done[max(0, len(w.done)-1-rapid.IntRange(0, 4).Draw(t, "undo"))]
		var id kiosk.TicketID
		if old.Ticket != nil {
			id = old.Ticket.After.ID
		}
		return calling.Undo(w.l.State(old.Queue, id), old, op, "", w.at)
	}
	s := w.l.State(q)
	c.Window = s.Windows[rapid.IntRange(0, len(s.Windows)-1).Draw(t, "window")].ID
	if k := s.At(c.Window); k != nil {
		c.Ticket = k.ID
		if c.Verb == calling.Call { // mostly what fits, or few would ever be done
			c.Verb = map[kiosk.State]calling.Verb{kiosk.Called: calling.Start, kiosk.Serving: calling.Finish}[k.State]
		}
	} else if c.Verb != calling.Call || rapid.IntRange(0, 3).Draw(t, "by hand") == 0 {
		c.Ticket = kiosk.TicketID(fmt.Sprintf("t%04d", rapid.IntRange(1, w.tickets).Draw(t, "ticket")))
		s = w.l.State(q, c.Ticket)
	}
	return calling.Decide(s, rules, c)
}

// check finds what must never be.
func (w *world) check(t *rapid.T) {
	t.Helper()
	at := map[kiosk.WindowID]kiosk.TicketID{}
	all := w.l.Tickets()
	if len(all) != w.tickets {
		t.Fatalf("%d tickets, want %d", len(all), w.tickets)
	}
	for _, k := range all {
		if busy := k.State == kiosk.Called || k.State == kiosk.Serving; busy != (k.Window != "") || busy != (k.Called != 0) {
			t.Fatalf("%s is %s at window %q", k.ID, k.State, k.Window)
		}
		if other, taken := at[k.Window]; taken && k.Window != "" {
			t.Fatalf("%s and %s are both at window %s", k.ID, other, k.Window)
		}
		at[k.Window] = k.ID
		if (len(k.Todo) == 0) != (k.State == kiosk.Done) || len(k.Todo) > 0 && k.Todo[0].Queue != k.Queue {
			t.Fatalf("%s is %s in queue %s with %v to do", k.ID, k.State, k.Queue, k.Todo)
		}
	}
}

// Any interleaving of screens that decide now and are applied later: no ticket at
// two windows, no window with two tickets, and nobody lost.
func TestAnyInterleaving(t *testing.T) {
	applied, refused, undone := 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		seen := map[kiosk.TicketID]int64{}
		for range 60 {
			if ch, err := w.decide(t); err == nil {
				w.pending = append(w.pending, ch)
			}
			for len(w.pending) > rapid.IntRange(0, 3).Draw(t, "leave pending") {
				i := rapid.IntRange(0, len(w.pending)-1).Draw(t, "which")
				ch := w.pending[i]
				w.pending = slices.Delete(w.pending, i, i+1)
				if _, err := w.l.Apply(ch); err != nil {
					if kiosk.CodeOf(err) != kiosk.EConflict {
						t.Fatal(err)
					}
					refused++
					continue
				}
				applied++
				if ch.Verb == calling.Undone {
					undone++
				}
				w.done = append(w.done, ch)
				if ch.Ticket != nil {
					if id, v := ch.Ticket.After.ID, ch.Ticket.After.Version; v <= seen[id] {
						t.Fatalf("version %d of %s after %d", v, id, seen[id])
					} else {
						seen[id] = v
					}
				}
				w.check(t)
			}
		}
	})
	if min(applied, refused, undone) < 50 {
		t.Fatalf("%d applied, %d refused, %d undone: too tame", applied, refused, undone)
	}
	t.Logf("%d applied, %d of them undos; %d refused", applied, undone, refused)
}

// Every legal operation, taken back at once, leaves everything as it was but the
// version; taken back after anything else happened to the same ticket, it is refused.
func TestUndoRestores(t *testing.T) {
	verbs := map[calling.Verb]int{}
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		for range 40 {
			ch, err := w.decide(t)
			if err != nil || ch.Verb == calling.Undone {
				continue
			}
			before, balance := w.l.Tickets(), w.l.State(ch.Queue).Balance
			var windows []calling.Window
			for _, q := range worldQueues {
				windows = append(windows, w.l.State(q).Windows...)
			}
			apply(t, w.l, ch)
			verbs[ch.Verb]++
			op := ch.Op + "-undo"
			if _, err := w.l.Undo(ch.Op, op, "", w.at); err != nil {
				t.Fatalf("undo of %s: %v", ch.Verb, err)
			}
			for i, k := range w.l.Tickets() {
				if !k.Equal(before[i]) {
					t.Fatalf("undo of %s left %+v, want %+v", ch.Verb, k, before[i])
				}
			}
			if got := w.l.State(ch.Queue).Balance; got != balance {
				t.Fatalf("undo of %s left the balance at %v, want %v", ch.Verb, got, balance)
			}
			i := 0
			for _, q := range worldQueues {
				for _, v := range w.l.State(q).Windows {
					if v.Version = windows[i].Version; v != windows[i] {
						t.Fatalf("undo of %s left %+v, want %+v", ch.Verb, v, windows[i])
					}
					i++
				}
			}
			if _, err := w.l.Undo(ch.Op, op+"2", "", w.at); kiosk.CodeOf(err) != kiosk.EConflict {
				t.Fatalf("a second undo of %s: %v", ch.Verb, err)
			}
			if _, err := w.l.Undo(op, op+"3", "", w.at); kiosk.CodeOf(err) != kiosk.EConflict {
				t.Fatalf("undo of the undo of %s: %v", ch.Verb, err)
			}
			for range rapid.IntRange(0, 4).Draw(t, "go on") { // without undo, so that the hall moves
				if ch, err = w.decide(t); err == nil && ch.Verb != calling.Undone {
					apply(t, w.l, ch)
				}
			}
		}
	})
	for _, verb := range []calling.Verb{calling.Call, calling.Recall, calling.Start, calling.Finish, calling.NoShow, calling.Park, calling.PutBack, calling.Transfer, calling.Leave, calling.Pause, calling.Resume} {
		if verbs[verb] == 0 {
			t.Errorf("%s was never undone: %v", verb, verbs)
		}
	}
}

func apply(t *rapid.T, l *calling.Ledger, ch calling.Change) {
	t.Helper()
	if _, err := l.Apply(ch); err != nil {
		t.Fatal(err)
	}
}

// Undo of what sent a ticket away is refused once its window has another one.
func TestUndoNeedsTheWindow(t *testing.T) {
	l := hall(ticket(1, 0), ticket(2, 1))
	at := nine + 9*min_
	do(t, l, "A", calling.Command{Verb: calling.Call, Window: "21", At: at})
	away := do(t, l, "A", calling.Command{Verb: calling.NoShow, Window: "21", Ticket: "t0001", At: at})
	do(t, l, "A", calling.Command{Verb: calling.Call, Window: "21", At: at})
	if _, err := l.Undo(away.Op, "u1", "21", at); kiosk.CodeOf(err) != kiosk.EConflict || kiosk.MessageOf(err) != "21号窗口还有A002，请先办结、标记未到或放回。" {
		t.Fatalf("the window has another ticket: %v", err)
	}
	if got := l.Ticket("t0001").State; got != kiosk.Waiting {
		t.Fatalf("t0001 is %s", got)
	}
}

// A Change is kept as JSON between the operation and its undo.
func TestChangeAsJSON(t *testing.T) {
	l := hall(elder(slot(ticket(1, 0), 0, 30)))
	ch := do(t, l, "A", calling.Command{Verb: calling.Call, Window: "21", At: nine})
	text, err := json.Marshal(ch)
	if err != nil {
		t.Fatal(err)
	}
	var back calling.Change
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if again, err := json.Marshal(back); err != nil || string(again) != string(text) || !back.Ticket.Before.Equal(ch.Ticket.Before) || back.Window != nil {
		t.Fatalf("came back as %s, %v; was %s", again, err, text)
	}
}
