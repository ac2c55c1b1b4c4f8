package centertest

import (
	"fmt"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/calling"
	"hallkiosk/kiosk/center"
)

// severalQueues lets one window serve two queues.
func severalQueues(s *suite) {
	s.ok(s.SetWindow(s.Context(), "h1", "1", []kiosk.QueueID{"B", "A"}))
	s.take(Batch("k1", Taken(1, "k1", "A001"), Taken(2, "k1", "B001"), Taken(3, "k1", "A002"), Taken(4, "k1", "B002"), Taken(5, "k1", "A003"), Taken(6, "k1", "B003")), 6)
	s.ok(s.mark("h1", TicketID("k1", "A003"), "", kiosk.Slot{From: afterNoon(10), To: afterNoon(20)}))
	only := PressOf("c0", calling.Call, "1")
	only.Queue = "B"
	for i, want := range []string{"B001", "A003", "A001", "A002", "B002", "B003"} {
		p := PressOf(fmt.Sprint("c", i), calling.Call, "1")
		if i == 0 {
			p = only
		}
		if got := s.pressed(p).Ticket.After.Number.String(); got != want {
			s.Fatalf("call %d was %s, want %s", i, got, want)
		}
		s.pressed(PressOf(fmt.Sprint("s", i), calling.Start, "1"))
		s.pressed(PressOf(fmt.Sprint("f", i), calling.Finish, "1"))
	}
	only.Op, only.Queue = "x", "C"
	_, err := s.Do(s.Context(), only)
	s.refusedWith(err, kiosk.ENotFound)
}

// oneOfSeveral lets one window serve a queue where many have waited for longer
// than the limit, and one where somebody has, and a booking and an elder are there.
func oneOfSeveral(s *suite) {
	s.ok(s.SetWindow(s.Context(), "h1", "1", []kiosk.QueueID{"A", "B"}))
	events := []kiosk.Event{Taken(1, "k1", "B001"), Taken(2, "k1", "B002"), Taken(3, "k1", "B003"), Taken(4, "k1", "B004")}
	for n := 1; n <= 6; n++ {
		events = append(events, Taken(int64(n+4), "k1", kiosk.Number{Queue: "A", N: n}.String()))
	}
	s.take(Batch("k1", events...), int64(len(events)))
	s.ok(s.mark("h1", TicketID("k1", "B003"), "", kiosk.Slot{From: afterNoon(60), To: afterNoon(80)}))
	s.ok(s.mark("h1", TicketID("k1", "B004"), kiosk.Elder, kiosk.Slot{}))
	for i, want := range []string{"B001", "B003", "B002", "B004", "A001", "A002", "A003"} {
		for _, verb := range []calling.Verb{calling.Call, calling.Start, calling.Finish} {
			p := PressOf(fmt.Sprint(verb, i), verb, "1")
			p.At = afterNoon(62)
			if got := s.pressed(p).Ticket.After.Number.String(); got != want {
				s.Fatalf("call %d was %s, want %s", i, got, want)
			}
		}
	}
}

// yesterday leaves a ticket at a window over night.
func yesterday(s *suite) {
	on := func(seq int64, day kiosk.Day, number string) kiosk.Event {
		return Event(seq, kiosk.TicketTaken, kiosk.TakenBody{Ticket: kiosk.TicketID(string(day) + number), Day: day, Number: number, Queue: "A"})
	}
	s.ok(s.SetWindow(s.Context(), "h1", "21", []kiosk.QueueID{"A"}))
	s.take(Batch("k1", on(1, "2024-11-22", "A001"), on(2, "2024-11-22", "A002"), on(3, Day, "A001")), 3)
	old := PressOf("c1", calling.Call, "21")
	old.Day = "2024-11-22"
	if got := s.pressed(old).Ticket.After; got.ID != "2024-11-22A001" || len(got.Todo) != 1 {
		s.Fatalf("called %+v", got)
	}
	_, err := s.Do(s.Context(), PressOf("x", calling.Call, "21"))
	s.refusedWith(err, kiosk.EConflict) // the window still has it
	s.pressed(PressOf("n1", calling.NoShow, "21"))
	if got := s.pressed(PressOf("c2", calling.Call, "21")).Ticket.After.ID; got != kiosk.TicketID(Day)+"A001" {
		s.Fatalf("called %s", got)
	}
	l, err := s.Line(s.Context(), "h1", "2024-11-22", "A")
	s.ok(err)
	if n := len(l.Pace.Recent); n != 0 || l.Queue != "A" { // the no-show took no time
		s.Fatalf("measured %d", n)
	}
}

// spans calls those of a day, and of another one those who came late on it; the
// changes and measures are of the day when it was pressed.
func spans(s *suite) {
	on := func(seq int64, day kiosk.Day, number string) kiosk.Event {
		return Event(seq, kiosk.TicketTaken, kiosk.TakenBody{Ticket: kiosk.TicketID(string(day) + number), Day: day, Number: number, Queue: "A"})
	}
	const before = kiosk.Day("2024-11-22")
	s.ok(s.SetWindow(s.Context(), "h1", "21", []kiosk.QueueID{"A"}))
	s.take(Batch("k1", on(1, before, "A001"), on(2, before, "A002"), on(3, Day, "A001"), on(4, before, "A003"), on(5, "2024-11-25", "A001")), 5)
	s.ok(s.mark("h1", kiosk.TicketID(before)+"A003", kiosk.Elder, kiosk.Slot{}))
	press := func(op string, verb calling.Verb, minute int) (calling.Change, error) {
		p := PressOf(op, verb, "21")
		p.Of, p.At = []center.Span{{Day: Day}, {Day: before, Since: kiosk.InstantOf(Noon.Add(2 * time.Second))}}, afterNoon(minute)
		return s.Do(s.Context(), p)
	}
	for i, want := range []kiosk.TicketID{kiosk.TicketID(before) + "A003", kiosk.TicketID(before) + "A002", kiosk.TicketID(Day) + "A001"} {
		ch, err := press(fmt.Sprint("c", i), calling.Call, 10+i)
		s.ok(err)
		if ch.Ticket.After.ID != want {
			s.Fatalf("called %s, want %s", ch.Ticket.After.ID, want)
		}
		_, err = press(fmt.Sprint("n", i), calling.NoShow, 11+i)
		s.ok(err)
	}
	_, err := press("x", calling.Call, 13) // the others are not yet offered again
	s.refusedWith(err, kiosk.ENotFound)
	calls, err := s.Recent(s.Context(), "h1", Day, 20)
	s.ok(err)
	all, err := s.Changes(s.Context(), center.ChangesOf{Hall: "h1", Day: before}, 20)
	s.ok(err)
	l, err := s.Line(s.Context(), "h1", Day, "A")
	s.ok(err)
	if old, err := s.Line(s.Context(), "h1", before, "A"); err != nil || len(old.Pace.Recent) != 0 || len(old.Tickets) != 3 {
		s.Fatalf("the day before has %+v, %v", old, err)
	}
	if len(calls) != 3 || len(all) != 0 || len(l.Pace.Recent) != 3 || l.Balance.Priority != -2 {
		s.Fatalf("calls %+v, changes of the day before %+v, line %+v", calls, all, l)
	}
	// What was done yesterday is taken back in yesterday's rows.
	undo := PressOf("u", calling.Undone, "21")
	undo.Day, undo.Undoes, undo.At = "2024-11-24", "n2", afterNoon(24*60)
	s.pressed(undo)
	if l, err = s.Line(s.Context(), "h1", Day, "A"); err != nil || len(l.Pace.Recent) != 2 {
		s.Fatalf("line %+v, %v", l, err)
	}
	// Who came early on that day, and was sent on late, is called too.
	early := kiosk.TicketID(before) + "A001"
	s.ok(s.SetWindow(s.Context(), "h1", "22", []kiosk.QueueID{"A"}))
	for i, verb := range []calling.Verb{calling.Call, calling.PutBack, calling.Call} {
		p := PressOf(fmt.Sprint("e", i), verb, "22")
		p.Of, p.At = []center.Span{{Day: Day}, {Day: before, Since: kiosk.InstantOf(Noon.Add(2 * time.Second))}}, afterNoon(14+i)
		if i < 2 {
			p.Ticket = early
		}
		ch, err := s.Do(s.Context(), p)
		s.ok(err)
		if ch.Ticket.After.ID != early {
			s.Fatalf("%s: %s, want %s", verb, ch.Ticket.After.ID, early)
		}
	}
	bad := PressOf("b", calling.Call, "21")
	bad.Of = []center.Span{{Day: "tomorrow"}}
	_, err = s.Do(s.Context(), bad)
	s.refusedWith(err, kiosk.EInvalid)
}
