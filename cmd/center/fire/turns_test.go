package fire

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/calling"
)

// standing is somebody who waits in a line, and who was called meanwhile.
type standing struct {
	seen
	since int64 // the commit that brought him there
	ahead int   // people who came later and go ahead by a ratio
	turns int   // people who came before
	undos int   // calls that were taken back
}

// queue is a line of a day.
type queue struct {
	waiting map[kiosk.TicketID]*standing
	calls   int   // of the next one
	last    int64 // the commit of the newest of them
}

// turns follows who was called before whom, by the ledger alone.
type turns struct {
	rules  kiosk.CallRules
	queues map[string]*queue
	calls  map[kiosk.OpID]*queue // calls of the next one
	ahead  int                   // the most that went ahead of anybody
	bad    []string
}

// unfair says whom the calls of the next one passed over, against the rules:
//
//   - nobody by one of his own kind (with a booking that is due, who goes ahead,
//     all others) who came later, but for the one call that was under way when he
//     came to stand there;
//   - nobody who goes ahead, or has a booking that is due, by one of a lesser kind;
//   - nobody who waits over the age limit by one who came later, but by the ratio;
//   - nobody by more people who go ahead than the ratios allow.
//
// A moment is that by the clock of the center that called, whatever it was.
func unfair(steps []step, rules kiosk.CallRules) *turns {
	t := &turns{rules: rules, queues: map[string]*queue{}, calls: map[kiosk.OpID]*queue{}}
	where := map[kiosk.TicketID]*queue{}
	for _, s := range steps {
		if s.ticket.id == "" {
			continue
		}
		c := s.change
		if c != nil && c.Verb == calling.Call && c.Lane != calling.LaneHand {
			t.called(where[s.ticket.id], s)
		}
		if c != nil && c.Verb == calling.Undone {
			if q := t.calls[c.Undoes]; q != nil {
				for _, y := range q.waiting {
					y.undos++
				}
			}
		}
		if q := where[s.ticket.id]; q != nil {
			delete(q.waiting, s.ticket.id)
			delete(where, s.ticket.id)
		}
		if s.ticket.state == kiosk.Waiting || s.ticket.state == kiosk.Parked && s.ticket.until > 0 {
			name := string(s.ticket.day) + " " + string(s.ticket.queue)
			q := t.queues[name]
			if q == nil {
				q = &queue{waiting: map[kiosk.TicketID]*standing{}}
				t.queues[name] = q
			}
			q.waiting[s.ticket.id] = &standing{seen: s.ticket, since: s.n}
			where[s.ticket.id] = q
		}
	}
	return t
}

// atOnce is how many presses the centers may have under way. Calls of a queue wait
// for each other once its row is there, which the first of them makes.
const atOnce = 8

// called weighs one call of the next one against everybody who stood there. Who
// came after the call before may have come too late to be seen.
func (t *turns) called(q *queue, s step) {
	var x *standing
	if q != nil {
		x = q.waiting[s.ticket.id]
	}
	at := s.change.At
	if x == nil || t.ready(x) > at {
		t.bad = append(t.bad, fmt.Sprintf("commit %d: %s was called and doesn't wait", s.n, s.ticket.id))
		return
	}
	t.calls[s.change.Op] = q
	if q.calls >= atOnce {
		for _, y := range q.waiting {
			if y == x || y.since >= q.last || t.ready(y) > at {
				continue
			}
			if why := t.weigh(x, y, s.change); why != "" {
				t.bad = append(t.bad, fmt.Sprintf("commit %d: %s was called (%s) before %s, %s", s.n, x.id, s.change.Lane, y.id, why))
			}
			t.ahead = max(t.ahead, y.ahead)
		}
	}
	q.calls++
	q.last = s.n
}

// weigh says what is wrong when x is called before y.
func (t *turns) weigh(x, y *standing, c *calling.Change) string {
	old := func(s *standing) bool { return c.At.Sub(t.began(s)) >= t.rules.AgeLimit }
	earlier := place(y, x) < 0
	switch kx, ky := t.kind(x), t.kind(y); {
	case c.Lane == calling.LaneAged && !old(x):
		return "and is called as one over the age limit"
	case c.Lane == calling.LaneAged && cmp.Or(cmp.Compare(t.began(y), t.began(x)), place(y, x)) < 0:
		return "who waits longer"
	case c.Lane == calling.LaneAged:
	case c.Lane != kx:
		return "as one that he isn't"
	case kx == ky && (kx != calling.LaneBooked && earlier || kx == calling.LaneBooked && slots(y, x) < 0):
		return "who came earlier"
	case kx != calling.LaneBooked && ky == calling.LaneBooked:
		return "whose booking is due"
	case kx == calling.LaneLine && ky == calling.LanePriority && earlier:
		return "who goes ahead and came earlier"
	case kx == calling.LaneLine && old(y):
		return "who waits over the age limit"
	case earlier && kx != ky && (kx == calling.LanePriority || old(y)):
		y.ahead++
		// By the default ratios one goes ahead of two others. Each ratio may begin
		// with one who goes ahead, and an undo gives back what a call had used up.
		if 2*y.ahead > y.turns+4+2*y.undos {
			return fmt.Sprintf("of whom %d went ahead, and only %d others were called", y.ahead, y.turns)
		}
		return ""
	}
	if !earlier {
		y.turns++
	}
	return ""
}

// kind is the line that somebody stands in.
func (t *turns) kind(s *standing) calling.Lane {
	switch {
	case t.booked(s):
		return calling.LaneBooked
	case s.priority != "":
		return calling.LanePriority
	}
	return calling.LaneLine
}

func (t *turns) booked(s *standing) bool {
	return s.slot.To != 0 && kiosk.Instant(s.taken.Wall) <= s.slot.To.Add(t.rules.Grace)
}

// ready is from when s may be called.
func (t *turns) ready(s *standing) kiosk.Instant {
	if t.booked(s) {
		return max(s.until, s.slot.From.Add(-t.rules.LookAhead))
	}
	return s.until
}

// began is when the wait of s began.
func (t *turns) began(s *standing) kiosk.Instant {
	if t.booked(s) {
		return max(kiosk.Instant(s.taken.Wall), s.slot.From.Add(-t.rules.LookAhead))
	}
	return kiosk.Instant(s.taken.Wall)
}

func place(a, b *standing) int {
	return cmp.Or(cmp.Compare(a.taken.Wall, b.taken.Wall), cmp.Compare(a.taken.Count, b.taken.Count), cmp.Compare(a.id, b.id))
}

func slots(a, b *standing) int {
	return cmp.Or(cmp.Compare(a.slot.To, b.slot.To), cmp.Compare(a.slot.From, b.slot.From), place(a, b))
}

// people are some who have come to one queue, in a ledger that tests make up.
type people struct {
	t     *testing.T
	all   []calling.Ticket
	steps []step
}

// nine is when the first of people comes; one more comes each second.
var nine = kiosk.InstantOf(time.Date(2024, 11, 22, 9, 0, 0, 0, time.UTC))

func newPeople(t *testing.T, n int) *people {
	p := &people{t: t}
	for i := range n {
		p.come(i, "")
	}
	return p
}

func (p *people) come(second int, why kiosk.Priority) {
	n := len(p.all) + 1
	k := calling.NewTicket(kiosk.TicketID(fmt.Sprintf("t%03d", n)), kiosk.Number{Queue: "A", N: n}, kiosk.Stamp{Wall: int64(nine) + int64(second)*1000}, kiosk.Errand{Item: "x", Queue: "A"})
	k.Priority = why
	p.all = append(p.all, k)
	p.note(k, nil)
}

func (p *people) note(k calling.Ticket, c *calling.Change) {
	p.steps = append(p.steps, step{n: int64(len(p.steps) + 1), change: c, ticket: seen{id: k.ID, version: k.Version, day: "2024-11-22", queue: k.Queue, state: k.State,
		window: k.Window, until: k.Until, priority: k.Priority, slot: k.Slot, taken: k.Taken}})
}

// call calls the i-th of all, as if it were the next one.
func (p *people) call(window kiosk.WindowID, i int) {
	p.t.Helper()
	k := p.all[i]
	ch, err := calling.Decide(calling.State{Queue: "A", Tickets: []calling.Ticket{k}, Windows: []calling.Window{{ID: window}}}, kiosk.DefaultCallRules(),
		calling.Command{Op: kiosk.OpID(fmt.Sprintf("op%d", len(p.steps))), Verb: calling.Call, Window: window, Ticket: k.ID, At: nine + 30*60_000})
	if err != nil {
		p.t.Fatal(err)
	}
	if ch.Lane = calling.LaneLine; k.Priority != "" {
		ch.Lane = calling.LanePriority
	}
	p.all[i] = ch.Ticket.After
	p.note(p.all[i], &ch)
}

// The check of turns fails where people are starved, and only there.
func TestStarvationIsSeen(t *testing.T) {
	const n = 60
	mixed := func() *people { // 60 of the line, and as many who go ahead after them
		p := newPeople(t, n)
		for i := range n {
			p.come(n+i, kiosk.Elder)
		}
		return p
	}
	rest := func(p *people, first func(i int) bool) {
		for line, ahead, i := 0, n, 0; line < n || ahead < 2*n; i++ {
			if ahead == 2*n || line < n && !first(i) {
				p.call(kiosk.WindowID(fmt.Sprint(i)), line)
				line++
			} else {
				p.call(kiosk.WindowID(fmt.Sprint(i)), ahead)
				ahead++
			}
		}
	}
	for name, c := range map[string]struct {
		fair bool
		do   func() *people
	}{
		"FirstCome": {true, func() *people {
			p := newPeople(t, n)
			for i := range n {
				p.call(kiosk.WindowID(fmt.Sprint(i)), i)
			}
			return p
		}},
		"LastCome": {false, func() *people {
			p := newPeople(t, n)
			for i := range n {
				p.call(kiosk.WindowID(fmt.Sprint(i)), n-1-i)
			}
			return p
		}},
		"LastComeOfThoseWhoComeMeanwhile": {false, func() *people {
			p := newPeople(t, n/2)
			for i := range n / 2 {
				p.come(n+i, "")
				if i%2 == 1 {
					p.call(kiosk.WindowID(fmt.Sprint(i)), len(p.all)-2)
				}
			}
			return p
		}},
		"OneForgotten": {false, func() *people {
			p := newPeople(t, n)
			for i := range n - 1 {
				p.call(kiosk.WindowID(fmt.Sprint(i)), i+1)
			}
			return p
		}},
		"OneOfThree":    {true, func() *people { p := mixed(); rest(p, func(i int) bool { return i%3 == 0 }); return p }},
		"EverySecond":   {false, func() *people { p := mixed(); rest(p, func(i int) bool { return i%2 == 0 }); return p }},
		"AheadFirstAll": {false, func() *people { p := mixed(); rest(p, func(int) bool { return true }); return p }},
		"AheadNever": {false, func() *people {
			p := newPeople(t, 1)
			p.come(1, kiosk.Elder)
			for i := range n {
				p.come(2+i, "")
			}
			for i := range n {
				p.call(kiosk.WindowID(fmt.Sprint(i)), 2+i)
			}
			return p
		}},
	} {
		if bad := unfair(c.do().steps, kiosk.DefaultCallRules()).bad; (len(bad) == 0) != c.fair {
			t.Errorf("%s: fair is %v: %v", name, !c.fair, slices.Concat(bad[:min(3, len(bad))]))
		}
	}
}
