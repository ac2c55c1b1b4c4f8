package centertest

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/calling"
	"hallkiosk/kiosk/center"
)

// world is a hall in the store and in a calling.Ledger.
type world struct {
	*suite
	*rapid.T
	hall  kiosk.HallID
	model *calling.Ledger
	ids   []kiosk.TicketID
	done  []center.Press // with what they came to
	came  []calling.Change
	quote map[kiosk.OpID]bool // calls that the store scored a quote with
	at    kiosk.Instant
	n     int
}

var modelQueues = []kiosk.QueueID{"A", "B", "C"}

var modelWindows = map[kiosk.WindowID][]kiosk.QueueID{"1": {"A"}, "2": {"B"}, "3": {"C"}, "4": {"A", "B"}, "5": {"A", "B", "C"}}

// model does what clerks and guides may think of, in the store and in the
// ledger in memory, and holds one against the other.
func model(s *suite) {
	lives, applied, taken, scores, refused := 0, 0, 0, 0, map[kiosk.Code]int{}
	rapid.Check(s.T, func(t *rapid.T) {
		lives++
		w := &world{suite: s, T: t, hall: kiosk.HallID(fmt.Sprint("h", lives)), model: calling.NewLedger(), at: afterNoon(2), quote: map[kiosk.OpID]bool{}}
		w.open()
		for range rapid.IntRange(1, 25).Draw(t, "presses") {
			if code := w.step(); code == "" {
				applied++
			} else {
				refused[code]++
			}
		}
		w.compare()
		took, scored := w.measured()
		for _, q := range modelQueues {
			taken, scores = taken+len(took[q]), scores+scored[q]
		}
	})
	if applied < 100 || min(taken, scores) < 3 || refused[kiosk.EConflict] < 20 || refused[kiosk.ENotFound] < 5 {
		s.Fatalf("%d applied, %d measured, %d scored, refused %v: too tame", applied, taken, scores, refused)
	}
}

func (w *world) fail(format string, args ...any) {
	w.T.Helper()
	w.T.Fatalf(format, args...)
}

func (w *world) must(err error) {
	w.T.Helper()
	if err != nil {
		w.fail("%v", err)
	}
}

// open opens the windows and takes tickets, some preferred.
func (w *world) open() {
	ctx := w.suite.Context()
	for id, queues := range modelWindows {
		w.must(w.SetWindow(ctx, w.hall, id, queues))
		w.model.Open(id, queues...)
	}
	id := kiosk.KioskID("k" + w.hall)
	var events []kiosk.Event
	for n := range rapid.IntRange(1, 10).Draw(w.T, "tickets") {
		queue := rapid.SampledFrom(modelQueues).Draw(w.T, "queue")
		e := Taken(int64(n+1), id, kiosk.Number{Queue: queue, N: n + 1}.String())
		if rapid.Bool().Draw(w.T, "same moment") && n > 0 {
			e.Stamp = kiosk.Stamp{Wall: events[n-1].Stamp.Wall, Count: events[n-1].Stamp.Count + 1}
		}
		events = append(events, e)
	}
	b := Batch(id, events...)
	b.Hall = w.hall
	_, err := w.Ingest(ctx, center.Seal(b, Noon))
	w.must(err)
	for _, e := range events {
		body, err := center.ReadTaken(e)
		w.must(err)
		number, err := kiosk.ParseNumber(body.Number)
		w.must(err)
		t := calling.NewTicket(body.Ticket, number, e.Stamp, kiosk.Errand{Item: body.Items[0], Queue: body.Queue})
		if rapid.Bool().Draw(w.T, "preferred") {
			t.Priority = rapid.SampledFrom([]kiosk.Priority{"", kiosk.Elder, kiosk.Pregnant}).Draw(w.T, "priority")
			if from := rapid.IntRange(-60, 60).Draw(w.T, "slot"); from%2 == 0 {
				t.Slot = kiosk.Slot{From: afterNoon(from), To: afterNoon(from + 15)}
			}
			t.Version++
			w.must(w.mark(w.hall, t.ID, t.Priority, t.Slot))
		}
		w.must(w.model.Add(t))
		w.ids = append(w.ids, t.ID)
	}
}

// step presses something in both, and returns the code of their refusal.
func (w *world) step() kiosk.Code {
	t := w.T
	w.at += kiosk.Instant(rapid.IntRange(1, 900_000).Draw(t, "pass"))
	w.n++
	p := PressOf(fmt.Sprint("op", w.n), rapid.SampledFrom([]calling.Verb{calling.Call, calling.Call, calling.Call, calling.Call, calling.Recall, calling.Start, calling.Finish,
		calling.NoShow, calling.Park, calling.PutBack, calling.Transfer, calling.Leave, calling.Pause, calling.Resume, calling.Undone, "again"}).Draw(t, "verb"), "")
	p.Hall, p.At, p.Reason = w.hall, w.at, "午餐"
	p.Window = kiosk.WindowID(rapid.SampledFrom([]string{"1", "2", "3", "4", "5"}).Draw(t, "window"))
	queue := rapid.SampledFrom(modelWindows[p.Window]).Draw(t, "of")
	if id := w.atWindow(p.Window); p.Verb == calling.Call && id != "" && rapid.IntRange(0, 3).Draw(t, "go on") > 0 { // or few would ever be done
		fits := []calling.Verb{calling.Start, calling.NoShow}
		if w.model.Ticket(id).State == kiosk.Serving {
			fits = []calling.Verb{calling.Finish, calling.Park}
		}
		p.Verb = rapid.SampledFrom(fits).Draw(t, "fits")
	}
	switch {
	case p.Verb == "again" && len(w.done) > 0:
		i := rapid.IntRange(0, len(w.done)-1).Draw(t, "which")
		got, err := w.Do(w.suite.Context(), w.done[i])
		w.must(err)
		w.same(got, w.came[i])
		return ""
	case p.Verb == calling.Undone && len(w.done) > 0:
		old := w.came[max(0, len(w.came)-1-rapid.IntRange(0, 3).Draw(t, "undo"))]
		p.Window, p.Undoes = old.By, old.Op
		want, bad := w.model.Undo(old.Op, p.Op, old.By, w.at)
		return w.both(p, want, bad)
	case p.Verb == "again" || p.Verb == calling.Undone || p.Verb == calling.Call && rapid.IntRange(0, 3).Draw(t, "by hand") > 0:
		p.Verb = calling.Call
		if all := modelWindows[p.Window]; rapid.Bool().Draw(t, "of all") {
			want, bad := w.model.Do(all[0], p.Rules, p.Command, all[1:]...)
			return w.both(p, want, bad)
		}
		p.Queue = queue
	case p.Verb != calling.Pause && p.Verb != calling.Resume:
		p.Ticket = rapid.SampledFrom(w.ids).Draw(t, "ticket")
		if id := w.atWindow(p.Window); id != "" && rapid.IntRange(0, 3).Draw(t, "own") > 0 {
			p.Ticket = id
		}
		if p.Verb != calling.Call && rapid.IntRange(0, 4).Draw(t, "guide") == 0 {
			p.Window = ""
		}
		queue = w.model.Ticket(p.Ticket).Queue
		switch p.Verb {
		case calling.Transfer:
			p.Queue = rapid.SampledFrom(modelQueues).Draw(t, "to")
		case calling.Park:
			if rapid.Bool().Draw(t, "until") {
				p.Until = w.at.Add(10 * time.Minute)
			}
		}
	}
	c := p.Command
	want, bad := w.model.Do(queue, p.Rules, c)
	return w.both(p, want, bad)
}

func (w *world) atWindow(id kiosk.WindowID) kiosk.TicketID {
	for _, t := range w.model.Tickets() {
		if t.Window == id {
			return t.ID
		}
	}
	return ""
}

// both holds what the store makes of a press against the model's.
func (w *world) both(p center.Press, want calling.Change, bad error) kiosk.Code {
	w.T.Helper()
	got, err := w.Do(w.suite.Context(), p)
	if kiosk.CodeOf(err) != kiosk.CodeOf(bad) || kiosk.MessageOf(err) != kiosk.MessageOf(bad) {
		w.fail("%+v: %v, want %v", p, err, bad)
	}
	if err == nil {
		w.same(got, want)
		w.quote[got.Op] = got.Quote != nil
		w.done, w.came = append(w.done, p), append(w.came, want)
	}
	return kiosk.CodeOf(err)
}

func (w *world) same(got, want calling.Change) {
	w.T.Helper()
	ok := got.Op == want.Op && got.Verb == want.Verb && got.At == want.At && got.By == want.By && got.Undoes == want.Undoes &&
		got.Turn == want.Turn && got.Lane == want.Lane && (got.Ticket == nil) == (want.Ticket == nil) && (got.Window == nil) == (want.Window == nil)
	if ok && got.Ticket != nil {
		g, h := got.Ticket, want.Ticket
		ok = got.Queue == want.Queue && g.Before.Equal(h.Before) && g.After.Equal(h.After) && g.Before.Version == h.Before.Version && g.After.Version == h.After.Version
	}
	if ok && got.Window != nil {
		ok = *got.Window == *want.Window
	}
	if !ok {
		w.fail("%+v %+v\nwant %+v %+v", got, got.Ticket, want, want.Ticket)
	}
}

// compare holds every table against the model.
func (w *world) compare() {
	ctx := w.suite.Context()
	for _, want := range w.model.Tickets() {
		got, err := w.CallTicket(ctx, w.hall, want.ID)
		w.must(err)
		if !got.Equal(want) || got.Version != want.Version {
			w.fail("ticket %+v, want %+v", got, want)
		}
	}
	took, scored := w.measured()
	for _, q := range modelQueues {
		l, err := w.Line(ctx, w.hall, Day, q)
		w.must(err)
		if !slices.Equal(slices.Sorted(slices.Values(l.Pace.Recent)), took[q]) || l.Score.Quotes != scored[q] || len(l.Score.Errors) != 10+scored[q] ||
			l.Score.Hits+l.Score.Sooner+l.Score.Later != scored[q] {
			w.fail("measured %+v, want %v and %d scored", l.Measured, took[q], scored[q])
		}
		want := w.model.State(q)
		if l.Balance != want.Balance || len(l.Tickets) != len(want.Tickets) || len(l.Windows) != len(want.Windows) {
			w.fail("line %+v, want %+v", l.State, want)
		}
		for _, t := range l.Tickets {
			if m := want.Ticket(t.ID); m == nil || !m.Equal(t) {
				w.fail("line %s has %+v, want %+v", q, t, m)
			}
		}
		for _, v := range l.Windows {
			if m := want.Window(v.ID); m == nil || *m != v {
				w.fail("line %s has window %+v, want %+v", q, v, m)
			}
		}
	}
	all, err := w.Changes(ctx, center.ChangesOf{Hall: w.hall, Day: Day}, 1000)
	w.must(err)
	if len(all) != len(w.came) {
		w.fail("%d changes, want %d", len(all), len(w.came))
	}
}

// measured is what the changes that stand tell of each queue: the seconds that
// tickets held windows, sorted, and how many quotes were scored.
func (w *world) measured() (took map[kiosk.QueueID][]int, scored map[kiosk.QueueID]int) {
	took, scored = map[kiosk.QueueID][]int{}, map[kiosk.QueueID]int{}
	undone := map[kiosk.OpID]bool{}
	for _, ch := range w.came {
		undone[ch.Undoes] = true
	}
	for _, ch := range w.came {
		if undone[ch.Op] || ch.Ticket == nil {
			continue
		}
		q := ch.Ticket.Before.Queue
		if d, ok := ch.Occupied(); ok && d >= time.Second {
			took[q] = append(took[q], int(d.Seconds()))
		}
		if w.quote[ch.Op] {
			scored[q]++
		}
	}
	for q := range took {
		slices.Sort(took[q])
	}
	return took, scored
}

// measured lets a queue learn its pace and score its estimates.
func measured(s *suite) {
	s.hallOf(60, "21")
	minute := 1
	l, err := s.Line(s.Context(), "h1", Day, "A")
	s.ok(err)
	if len(l.Tickets) != 60 || len(l.Pace.Recent) != 0 || l.Pace.Prior != 300 {
		s.Fatalf("line = %+v", l)
	}
	for n := range 30 {
		for _, verb := range []calling.Verb{calling.Call, calling.Start, calling.Finish} {
			p := PressOf(fmt.Sprintf("%d%s", n, verb), verb, "21")
			if p.At = afterNoon(minute); verb == calling.Finish {
				minute += 2
				p.At = afterNoon(minute)
			}
			s.pressed(p)
		}
	}
	if l, err = s.Line(s.Context(), "h1", Day, "A"); err != nil || len(l.Pace.Recent) != 30 || l.Pace.Quantile(.5) != 2*time.Minute {
		s.Fatalf("pace = %+v, %v", l.Pace, err)
	}
	e, ok := l.Estimate(kiosk.DefaultCallRules(), afterNoon(minute))
	if !ok || e.Low < 20 || e.Low > 78 || e.High < 54 || e.High > 150 {
		s.Fatalf("estimate = %+v, %v; want about 60 minutes", e, ok)
	}
	if len(l.Quotes) == 0 {
		s.Fatal("nothing was quoted")
	}
	last := PressOf("last", calling.Call, "21") // whom the first quote was about
	last.Ticket, last.At = TicketID("k1", "A1-060"), afterNoon(minute)
	s.pressed(last)
	if l, err = s.Line(s.Context(), "h1", Day, "A"); err != nil || l.Score.Quotes != 1 || l.Score.Sooner != 1 {
		s.Fatalf("score = %+v, %v", l.Score, err)
	}
	// The call is taken back and made again later: it is scored once, and then.
	back := PressOf("back", calling.Undone, "21")
	back.Undoes, back.At = "last", afterNoon(minute)
	s.pressed(back)
	if l, err = s.Line(s.Context(), "h1", Day, "A"); err != nil || l.Score.Quotes != 0 || l.Score.Sooner != 0 || len(l.Score.Errors) != 10 || l.Quotes[last.Ticket].At == 0 {
		s.Fatalf("score = %+v, %v", l.Measured, err)
	}
	last.Op, last.At = "later", afterNoon(minute+600)
	s.pressed(last)
	if l, err = s.Line(s.Context(), "h1", Day, "A"); err != nil || l.Score.Quotes != 1 || l.Score.Later != 1 || l.Quotes[last.Ticket].At != 0 {
		s.Fatalf("score = %+v, %v", l.Measured, err)
	}
	gone := PressOf("gone", calling.NoShow, "21")
	gone.At = last.At
	s.pressed(gone)
	pause := PressOf("pause", calling.Pause, "21")
	pause.Reason = "下班"
	s.pressed(pause)
	l, err = s.Line(s.Context(), "h1", Day, "A")
	s.ok(err)
	if e, ok := l.Estimate(kiosk.DefaultCallRules(), afterNoon(minute)); ok {
		s.Fatalf("no window is open, but %+v", e)
	}
}

// refused presses what can't be right.
func refused(s *suite) {
	s.hallOf(1, "21")
	long := string(make([]byte, 65))
	for i, change := range []func(*center.Press){
		func(p *center.Press) { p.Op = "" },
		func(p *center.Press) { p.Op = kiosk.OpID(long) },
		func(p *center.Press) { p.Hall = "" },
		func(p *center.Press) { p.Window = "2\x00" },
		func(p *center.Press) { p.Day = "today" },
		func(p *center.Press) { p.Verb = "dance" },
		func(p *center.Press) { p.Verb, p.Reason = calling.Pause, "a\x00" },
		func(p *center.Press) { p.Verb, p.Undoes = calling.Undone, "" },
		func(p *center.Press) { p.At = 0 },
	} {
		p := PressOf("x", calling.Call, "21")
		change(&p)
		if _, err := s.Do(s.Context(), p); kiosk.CodeOf(err) != kiosk.EInvalid && kiosk.CodeOf(err) != kiosk.ENotFound {
			s.Errorf("%d: err = %v", i, err)
		}
	}
	const evil = kiosk.OpID(`'; DROP TABLE changes; --"`)
	p := PressOf(string(evil), calling.Call, "21")
	p.Actor.ID = string(evil)
	s.pressed(p)
	all, err := s.Changes(s.Context(), center.ChangesOf{Hall: "h1", Day: Day}, 10)
	s.ok(err)
	if len(all) != 1 || all[0].Op != evil || all[0].Actor.ID != string(evil) {
		s.Fatalf("changes = %+v", all)
	}
	_, err = s.CallTicket(s.Context(), "h2", TicketID("k1", "A1-001"))
	s.refusedWith(err, kiosk.ENotFound)
	s.refusedWith(s.mark("h1", TicketID("k1", "A1-001"), kiosk.Elder, kiosk.Slot{}), kiosk.ENotFound) // it is called
	s.refusedWith(s.mark("h1", TicketID("k1", "A1-001"), "king", kiosk.Slot{}), kiosk.EInvalid)
}
