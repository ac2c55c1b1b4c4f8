package centertest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/calling"
	"hallkiosk/kiosk/center"
)

// CallsSuite runs the contract of center.Calls.
func CallsSuite(t *testing.T, factory Factory) {
	for name, test := range map[string]func(*suite){
		"Verbs":         verbs,
		"Retried":       retried,
		"Words":         callWords,
		"Lengths":       lengths,
		"Recent":        recent,
		"Windows":       windows,
		"SeveralQueues": severalQueues,
		"OneOfSeveral":  oneOfSeveral,
		"Lines":         linesOfHall,
		"ManyTogether":  manyTogether,
		"OneOpTogether": oneOpTogether,
		"Model":         model,
		"Measured":      measured,
		"Refused":       refused,
		"Yesterday":     yesterday,
		"Spans":         spans,
		"Numbered":      numbered,
	} {
		t.Run(name, func(t *testing.T) {
			open := factory(t)
			s := &suite{T: t, Store: open(), open: open}
			defer func() { s.ok(s.Close()) }()
			test(s)
		})
	}
}

// afterNoon is so many minutes after Noon, by the center's clock.
func afterNoon(minutes int) kiosk.Instant {
	return kiosk.InstantOf(Noon.Add(time.Duration(minutes) * time.Minute))
}

// PressOf returns a press of a clerk in hall h1 on Day, ten minutes after Noon.
func PressOf(op string, verb calling.Verb, window kiosk.WindowID) center.Press {
	return center.Press{Hall: "h1", Day: Day, Actor: center.Actor{ID: "wang", Role: "clerk"}, Rules: kiosk.DefaultCallRules(),
		Command: calling.Command{Op: kiosk.OpID(op), Verb: verb, Window: window, At: afterNoon(10)}}
}

// pressed makes a press that must succeed.
func (s *suite) pressed(p center.Press) calling.Change {
	s.Helper()
	ch, err := s.Do(s.Context(), p)
	if err != nil {
		s.Fatalf("%s %s: %v", p.Op, p.Verb, err)
	}
	return ch
}

// hallOf opens windows for queue A and lets n tickets of it wait.
func (s *suite) hallOf(n int, windows ...kiosk.WindowID) {
	s.Helper()
	for _, w := range windows {
		s.ok(s.SetWindow(s.Context(), "h1", w, []kiosk.QueueID{"A"}))
	}
	s.take(Batch("k1", Run("k1", "1", 1, int64(n))...), int64(n))
}

func (s *suite) ticketNow(id kiosk.TicketID) calling.Ticket {
	s.Helper()
	t, err := s.CallTicket(s.Context(), "h1", id)
	s.ok(err)
	return t
}

// learned is what queues have measured; whom they were asked about last stays
// asked when a call is taken back.
func (s *suite) learned(queues ...kiosk.QueueID) (all []center.Measured) {
	s.Helper()
	for _, q := range queues {
		l, err := s.Line(s.Context(), "h1", Day, q)
		s.ok(err)
		l.Measured.Quotes, l.Measured.Asked = nil, 0
		all = append(all, l.Measured)
	}
	return all
}

// verbs does everything to one ticket, and takes each thing back.
func verbs(s *suite) {
	s.hallOf(3, "21")
	s.ok(s.SetWindow(s.Context(), "h1", "22", []kiosk.QueueID{"B"}))
	id := TicketID("k1", "A1-001")
	fresh := s.ticketNow(id)
	if len(fresh.Todo) != 1 || fresh.Todo[0] != (kiosk.Errand{Item: "社保卡补办", Queue: "A"}) || fresh.State != kiosk.Waiting || fresh.Number.String() != "A1-001" {
		s.Fatalf("taken: %+v", fresh)
	}
	n := 0
	do := func(verb calling.Verb, change func(*center.Press)) calling.Change {
		s.Helper()
		n++
		p := PressOf(fmt.Sprint("op", n), verb, "21")
		p.At = afterNoon(10 + n)
		if change != nil {
			change(&p)
		}
		return s.pressed(p)
	}
	undo := func(ch calling.Change) {
		s.Helper()
		before := *ch.Ticket
		u := do(calling.Undone, func(p *center.Press) { p.Undoes, p.Window = ch.Op, ch.By })
		if u.Undoes != ch.Op || !u.Ticket.After.Equal(before.Before) {
			s.Fatalf("undo of %s came to %+v, want %+v", ch.Verb, u.Ticket.After, before.Before)
		}
		if now := s.ticketNow(before.After.ID); !now.Equal(before.Before) || now.Version != before.After.Version+1 {
			s.Fatalf("undo of %s left %+v, want %+v", ch.Verb, now, before.Before)
		}
		_, err := s.Do(s.Context(), center.Press{Hall: "h1", Day: Day, Rules: kiosk.DefaultCallRules(), Undoes: ch.Op,
			Command: calling.Command{Op: ch.Op + "-again", Verb: calling.Undone, Window: ch.By, At: afterNoon(90)}})
		s.refusedWith(err, kiosk.EConflict)
	}
	// Each is tried, taken back and done again.
	twice := func(verb calling.Verb, want kiosk.State, change func(*center.Press)) {
		s.Helper()
		before := s.learned("A", "B")
		undo(do(verb, change))
		if now := s.learned("A", "B"); !reflect.DeepEqual(now, before) {
			s.Fatalf("undo of %s left %+v measured, want %+v", verb, now, before)
		}
		ch := do(verb, change)
		if now := s.ticketNow(id); now.State != want || !now.Equal(ch.Ticket.After) || now.Version != ch.Ticket.After.Version {
			s.Fatalf("%s left %+v, want it %s", verb, now, want)
		}
	}
	guide := func(p *center.Press) { p.Window, p.Ticket = "", id }
	twice(calling.Call, kiosk.Called, nil)
	twice(calling.Recall, kiosk.Called, nil)
	twice(calling.Start, kiosk.Serving, nil)
	twice(calling.Park, kiosk.Parked, func(p *center.Press) { p.Until = afterNoon(120) })
	twice(calling.PutBack, kiosk.Waiting, guide)
	twice(calling.Leave, kiosk.Left, guide)
	twice(calling.PutBack, kiosk.Waiting, guide)
	twice(calling.Transfer, kiosk.Waiting, func(p *center.Press) { guide(p); p.Queue = "B" })
	if now := s.ticketNow(id); now.Queue != "B" || now.From != "A" || now.Todo[0].Queue != "B" {
		s.Fatalf("transferred: %+v", now)
	}
	twice(calling.Call, kiosk.Called, func(p *center.Press) { p.Window = "22" })
	twice(calling.NoShow, kiosk.Waiting, func(p *center.Press) { p.Window = "22" })
	twice(calling.Call, kiosk.Called, func(p *center.Press) { p.Window, p.Ticket = "22", id })
	twice(calling.NoShow, kiosk.Missed, func(p *center.Press) { p.Window = "22" })
	twice(calling.Call, kiosk.Called, func(p *center.Press) { p.Window, p.Ticket = "22", id })
	twice(calling.Start, kiosk.Serving, func(p *center.Press) { p.Window = "22" })
	twice(calling.Finish, kiosk.Done, func(p *center.Press) { p.Window = "22" })
	paused := do(calling.Pause, func(p *center.Press) { p.Reason = "午餐" })
	if w := do(calling.Undone, func(p *center.Press) { p.Undoes = paused.Op }).Window.After; w.Paused || w.Reason != "" {
		s.Fatalf("undo of pause left %+v", w)
	}
	do(calling.Pause, func(p *center.Press) { p.Reason = "午餐" })
	do(calling.Resume, nil)
	all, err := s.Changes(s.Context(), center.ChangesOf{Hall: "h1", Day: Day}, 1000)
	s.ok(err)
	if len(all) != n || all[0].Op != kiosk.OpID(fmt.Sprint("op", n)) || all[0].Actor != (center.Actor{ID: "wang", Role: "clerk"}) {
		s.Fatalf("%d changes, the newest %+v; want %d", len(all), all[0], n)
	}
	for _, c := range []struct {
		of   center.ChangesOf
		good func(center.Changed) bool
	}{
		{center.ChangesOf{Window: "22"}, func(c center.Changed) bool { return c.By == "22" }},
		{center.ChangesOf{Ticket: id}, func(c center.Changed) bool { return c.Ticket != nil }},
		{center.ChangesOf{Window: "21", Ticket: id}, func(c center.Changed) bool { return c.By == "21" && c.Ticket != nil }},
		{center.ChangesOf{Ticket: "' OR 1=1; --"}, func(center.Changed) bool { return false }},
	} {
		c.of.Hall, c.of.Day = "h1", Day
		want := 0
		for _, ch := range all {
			if c.good(ch) {
				want++
			}
		}
		got, err := s.Changes(s.Context(), c.of, 1000)
		s.ok(err)
		if len(got) != want || want == n || slices.ContainsFunc(got, func(ch center.Changed) bool { return !c.good(ch) }) {
			s.Fatalf("%+v: %d changes, want %d", c.of, len(got), want)
		}
	}
	if oldest := all[len(all)-1]; oldest.Verb != calling.Call || oldest.Undone != all[len(all)-2].Op {
		s.Fatalf("%+v was taken back by %s", oldest, all[len(all)-2].Op)
	}
	// What a person does to a window is told of with it.
	e := center.Entry{At: Noon, Hall: "h1", Account: "li", Action: "window.set", Subject: "22 [B A]", From: "192.0.2.7"}
	s.ok(s.SetWindow(s.Context(), "h1", "22", []kiosk.QueueID{"B", "A"}, e))
	trail, err := s.Trail(s.Context(), "h1", 0, 1)
	s.ok(err)
	if e.ID = trail[0].ID; !trail[0].At.Equal(e.At) || trail[0].Account != "li" || trail[0].Subject != e.Subject {
		s.Fatalf("%+v, want %+v", trail[0], e)
	}
}

func retried(s *suite) {
	s.hallOf(3, "21", "22")
	first := s.pressed(PressOf("r1", calling.Call, "21"))
	same := func() {
		s.Helper()
		late := PressOf("r1", calling.Call, "21")
		late.At = afterNoon(50)
		again := s.pressed(late)
		if again.At != first.At || again.Ticket.After.ID != first.Ticket.After.ID || again.Ticket.After.Version != 2 {
			s.Fatalf("pressed again: %+v, want %+v", again, first)
		}
	}
	h1 := s.watch(s.Store, "h1")
	same()
	s.pressed(PressOf("r2", calling.Start, "21"))
	s.pressed(PressOf("r3", calling.Finish, "21"))
	same() // whatever happened since
	s.ok(s.Close())
	for range h1.versions { // none for what was only asked again
	}
	s.Store = s.open()
	same()
	for _, p := range []center.Press{PressOf("r1", calling.Call, "22"), PressOf("r1", calling.Start, "21")} {
		_, err := s.Do(s.Context(), p)
		s.refusedWith(err, kiosk.EConflict)
	}
	elsewhere := PressOf("r1", calling.Call, "21")
	elsewhere.Hall = "h2" // has ops of its own, and no such window
	_, err := s.Do(s.Context(), elsewhere)
	s.refusedWith(err, kiosk.ENotFound)
	s.lines(center.Queue{Day: Day, Queue: "A", Waiting: 2, Taken: 3, Last: "A1-003"})
}

func callWords(s *suite) {
	s.hallOf(2, "21", "22", "23")
	s.pressed(PressOf("c1", calling.Call, "21"))
	lunch := PressOf("p1", calling.Pause, "22")
	lunch.Reason = "午餐"
	s.pressed(lunch)
	named := func(verb calling.Verb, w kiosk.WindowID, number string) center.Press {
		p := PressOf("x", verb, w)
		p.Ticket = TicketID("k1", number)
		return p
	}
	undo := PressOf("x", calling.Undone, "22")
	undo.Undoes = "c1"
	for _, c := range []struct {
		p     center.Press
		code  kiosk.Code
		words string
	}{
		{PressOf("x", calling.Call, "21"), kiosk.EConflict, "21号窗口还有A1-001，请先办结、标记未到或放回。"},
		{PressOf("x", calling.Call, "22"), kiosk.EConflict, "22号窗口已暂停（午餐），请先恢复再叫号。"},
		{PressOf("x", calling.Finish, "21"), kiosk.EConflict, "A1-001正在21号窗口呼叫，不能办结。"},
		{PressOf("x", calling.Finish, "23"), kiosk.ENotFound, "23号窗口现在没有号。"},
		{named(calling.Call, "23", "A1-001"), kiosk.EConflict, "A1-001正在21号窗口呼叫，不能呼叫。"},
		{named(calling.Call, "23", "A1-009"), kiosk.ENotFound, "找不到这个号。"},
		{PressOf("x", calling.Call, "99"), kiosk.ENotFound, "没有这个窗口。"},
		{PressOf("x", calling.Resume, "21"), kiosk.EConflict, "21号窗口没有暂停。"},
		{PressOf("x", calling.Pause, "21"), kiosk.EInvalid, "请写明暂停的原因。"},
		{undo, kiosk.EConflict, "那次操作不是在这里做的，不能在这里撤销。"},
	} {
		_, err := s.Do(s.Context(), c.p)
		if kiosk.CodeOf(err) != c.code || kiosk.MessageOf(err) != c.words {
			s.Errorf("%s at %s: %s %q, want %s %q", c.p.Verb, c.p.Window, kiosk.CodeOf(err), kiosk.MessageOf(err), c.code, c.words)
		}
	}
	s.pressed(PressOf("c2", calling.Call, "23"))
	s.pressed(PressOf("n1", calling.NoShow, "21"))
	_, err := s.Do(s.Context(), PressOf("x", calling.Call, "21"))
	if kiosk.CodeOf(err) != kiosk.ENotFound || kiosk.MessageOf(err) != "现在没有可以叫的号。" {
		s.Fatalf("nobody is left, but %v", err)
	}
}

// lengths follows how many wait, where, and the versions that say so.
func lengths(s *suite) {
	s.hallOf(3, "21")
	s.ok(s.SetWindow(s.Context(), "h1", "31", []kiosk.QueueID{"C"}))
	h1 := s.watch(s.Store, "h1")
	h1.until(3)
	s.pressed(PressOf("c1", calling.Call, "21"))
	h1.until(4)
	s.lines(center.Queue{Day: Day, Queue: "A", Waiting: 2, Taken: 3, Last: "A1-003"})
	move := PressOf("t1", calling.Transfer, "21")
	move.Queue = "C"
	s.pressed(move)
	h1.until(5)
	s.lines(center.Queue{Day: Day, Queue: "A", Waiting: 2, Taken: 3, Last: "A1-003"}, center.Queue{Day: Day, Queue: "C", Waiting: 1})
	_, err := s.Do(s.Context(), PressOf("x", calling.Finish, "21"))
	s.refusedWith(err, kiosk.ENotFound)
	h1.quiet()
	s.ok(s.mark("h1", TicketID("k1", "A1-003"), kiosk.Elder, kiosk.Slot{}))
	h1.until(6)
	// A printer's word that comes later changes nothing of it.
	s.take(Batch("k1", Paper(4, "k1", "A1-001", kiosk.Printed)), 4)
	if got := s.ticketNow(TicketID("k1", "A1-001")); got.Queue != "C" || got.Version != 3 {
		s.Fatalf("ticket = %+v", got)
	}
}

func recent(s *suite) {
	s.hallOf(4, "21", "22")
	at := func(minute int, p center.Press) calling.Change {
		p.At = afterNoon(minute)
		return s.pressed(p)
	}
	at(10, PressOf("c1", calling.Call, "21"))
	at(11, PressOf("c2", calling.Call, "22"))
	at(12, PressOf("c3", calling.Recall, "21"))
	undo := PressOf("c4", calling.Undone, "22")
	undo.Undoes = "c2"
	at(13, undo)
	at(14, PressOf("c5", calling.Call, "22"))
	got, err := s.Recent(s.Context(), "h1", Day, 20)
	s.ok(err)
	want := []kiosk.Call{{Number: "A1-002", Window: "22", At: afterNoon(14).Time()},
		{Number: "A1-001", Window: "21", At: afterNoon(12).Time(), Again: true}, {Number: "A1-001", Window: "21", At: afterNoon(10).Time()}}
	if !slices.Equal(got, want) {
		s.Fatalf("calls = %+v, want %+v", got, want)
	}
	if one, err := s.Recent(s.Context(), "h1", Day, 1); err != nil || len(one) != 1 || one[0] != want[0] {
		s.Fatalf("the newest = %+v, %v", one, err)
	}
	if none, err := s.Recent(s.Context(), "h1", "2024-11-22", 20); err != nil || len(none) != 0 {
		s.Fatalf("the day before: %+v, %v", none, err)
	}
}

func windows(s *suite) {
	s.hallOf(1, "22", "21")
	pause := PressOf("p", calling.Pause, "22")
	pause.Reason = "开会"
	s.pressed(pause)
	s.pressed(PressOf("c", calling.Call, "21"))
	s.ok(s.SetWindow(s.Context(), "h1", "22", []kiosk.QueueID{"B", "A"}))
	s.ok(s.SetWindow(s.Context(), "h1", "21", nil)) // it ends what it has
	all, err := s.Windows(s.Context(), "h1")
	s.ok(err)
	if len(all) != 2 || all[0].ID != "21" || len(all[0].Queues) != 0 || all[0].Ticket == nil || all[0].Ticket.Number.String() != "A1-001" ||
		!slices.Equal(all[1].Queues, []kiosk.QueueID{"B", "A"}) || !all[1].Paused || all[1].Reason != "开会" || all[1].Since != pause.At || all[1].Ticket != nil {
		s.Fatalf("windows = %+v", all)
	}
	s.pressed(PressOf("n", calling.NoShow, "21"))
	if none, err := s.Windows(s.Context(), "h2"); err != nil || len(none) != 0 {
		s.Fatalf("of another hall: %+v, %v", none, err)
	}
	for _, err := range []error{s.SetWindow(s.Context(), "h1", "", nil), s.SetWindow(s.Context(), "h1", "5", []kiosk.QueueID{"A", "A"}),
		s.SetWindow(s.Context(), "h1", "5\x00", nil), s.SetWindow(s.Context(), "h1", "5", make([]kiosk.QueueID, 101))} {
		s.refusedWith(err, kiosk.EInvalid)
	}
}

// linesOfHall holds the lines of a hall against each of them.
func linesOfHall(s *suite) {
	ctx := s.Context()
	s.hallOf(3, "21", "22")
	s.ok(s.SetWindow(ctx, "h1", "31", []kiosk.QueueID{"C", "B"}))
	s.take(Batch("k2", Taken(1, "k2", "B001"), Taken(2, "k2", "D001"), Taken(3, "k2", "A001")), 3)
	for i := range 3 { // until something is measured
		op := fmt.Sprint("c", i)
		s.pressed(PressOf(op, calling.Call, "21"))
		p := PressOf(op+"n", calling.NoShow, "21")
		p.At = afterNoon(12)
		s.pressed(p)
	}
	s.pressed(PressOf("last", calling.Call, "22"))
	all, err := s.Lines(ctx, "h1", Day)
	s.ok(err)
	var queues []kiosk.QueueID
	for _, l := range all {
		one, err := s.Line(ctx, "h1", Day, l.Queue)
		s.ok(err)
		s.same(l, one)
		queues = append(queues, l.Queue)
	}
	s.same(queues, []kiosk.QueueID{"A", "B", "C"}) // nobody serves D
	if a := all[0]; len(a.Tickets) != 4 || len(a.Windows) != 2 || len(a.Pace.Recent) != 3 || len(all[1].Tickets) != 1 || len(all[2].Tickets) != 0 {
		s.Fatalf("%+v", all)
	}
	if none, err := s.Lines(ctx, "h2", Day); err != nil || len(none) != 0 {
		s.Fatalf("%+v, %v", none, err)
	}
}

// manyTogether lets forty windows press through two stores until nobody waits.
func manyTogether(s *suite) {
	const desks, people = 40, 240
	other := s.open()
	defer func() { s.ok(other.Close()) }()
	var ids []kiosk.WindowID
	for w := range desks {
		ids = append(ids, kiosk.WindowID(fmt.Sprint(w+1)))
	}
	s.hallOf(people, ids...)
	var mu sync.Mutex
	called := map[kiosk.TicketID]kiosk.WindowID{}
	var wg sync.WaitGroup
	for w, id := range ids {
		st := []center.Store{s.Store, other}[w%2]
		wg.Go(func() {
			press := func(n int, verb calling.Verb) (calling.Change, error) {
				return st.Do(s.Context(), PressOf(fmt.Sprintf("%s-%s-%d", id, verb, n), verb, id))
			}
			for n := 0; ; n++ {
				ch, err := press(n, calling.Call)
				if kiosk.CodeOf(err) == kiosk.ENotFound {
					return
				}
				if err != nil {
					s.Errorf("window %s: %v", id, err)
					return
				}
				mu.Lock()
				if before, twice := called[ch.Ticket.After.ID]; twice {
					s.Errorf("%s was called at %s and %s", ch.Ticket.After.ID, before, id)
				}
				called[ch.Ticket.After.ID] = id
				mu.Unlock()
				verbs := []calling.Verb{calling.Start, calling.Finish}
				if again, err := press(n, calling.Call); err != nil || again.Ticket.After.ID != ch.Ticket.After.ID {
					s.Errorf("window %s asked again and got %+v, %v", id, again, err)
				}
				for _, verb := range verbs {
					if _, err := press(n, verb); err != nil {
						s.Errorf("window %s %s: %v", id, verb, err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	if len(called) != people {
		s.Fatalf("%d were called, want %d", len(called), people)
	}
	s.lines(center.Queue{Day: Day, Queue: "A", Waiting: 0, Taken: people, Last: fmt.Sprintf("A1-%03d", people)})
	all, err := s.Changes(s.Context(), center.ChangesOf{Hall: "h1", Day: Day}, 10*people)
	s.ok(err)
	calls := map[kiosk.TicketID]int{}
	for _, c := range all {
		if c.Verb == calling.Call {
			calls[c.Ticket.After.ID]++
		}
	}
	if len(all) != 3*people || len(calls) != people {
		s.Fatalf("%d changes, calls of %d tickets; want %d and %d", len(all), len(calls), 3*people, people)
	}
	for id := range called {
		if now := s.ticketNow(id); now.State != kiosk.Done || now.Version != 4 || now.Calls != 1 {
			s.Fatalf("%s = %+v", id, now)
		}
	}
}

// oneOpTogether sends one press many times at once, and one window's from two
// screens.
func oneOpTogether(s *suite) {
	s.hallOf(40, "21")
	other := s.open()
	defer func() { s.ok(other.Close()) }()
	for round := range 8 {
		var wg sync.WaitGroup
		var got [6]calling.Change
		var errs [6]error
		for i := range got {
			st := []center.Store{s.Store, other}[i%2]
			wg.Go(func() {
				got[i], errs[i] = st.Do(s.Context(), PressOf(fmt.Sprint("op", round, i/3), calling.Call, "21"))
			})
		}
		wg.Wait()
		ids := map[kiosk.TicketID]bool{}
		for i, err := range errs {
			switch {
			case err == nil:
				ids[got[i].Ticket.After.ID] = true
			case kiosk.CodeOf(err) != kiosk.EConflict || !strings.Contains(kiosk.MessageOf(err), "21号窗口还有"):
				s.Fatal(err)
			}
		}
		if len(ids) != 1 {
			s.Fatalf("round %d called %v", round, ids)
		}
		s.pressed(PressOf(fmt.Sprint("n", round), calling.NoShow, "21"))
	}
}
