package centertest

import (
	"fmt"
	"reflect"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/calling"
	"hallkiosk/kiosk/center"
)

func labelClash(s *suite) {
	s.take(Batch("k1", Taken(1, "k1", "A001")), 1)
	r := s.take(Batch("k2", Taken(1, "k2", "A001"), Taken(2, "k2", "A002")), 2)
	if len(r.Alarms) != 1 || r.Alarms[0].Kind != center.AlarmClash {
		s.Fatalf("alarms = %+v", r.Alarms)
	}
	s.ledger("k2", Taken(1, "k2", "A001"), Taken(2, "k2", "A002"))
	// Both people with A001 wait.
	s.lines(center.Queue{Day: Day, Queue: "A", Waiting: 3, Taken: 3, Last: "A002"})
	tickets, err := s.Latest(s.Context(), "h1", Day, 10)
	s.ok(err)
	clashing := map[kiosk.TicketID]bool{}
	for _, t := range tickets {
		clashing[t.ID] = t.Clash
	}
	want := map[kiosk.TicketID]bool{"k1/A001": false, "k2/A001": true, "k2/A002": false}
	if !reflect.DeepEqual(clashing, want) {
		s.Fatalf("clashing = %v, want %v", clashing, want)
	}
	s.take(Batch("k2", Taken(1, "k2", "A001")), 2) // and again
	s.alarms(center.Alarm{Kind: center.AlarmClash, Kiosk: "k2", Seq: 1, Times: 1})

	elsewhere := Batch("k3", Taken(1, "k3", "A001"))
	elsewhere.Hall = "h2"
	if r := s.take(elsewhere, 1); len(r.Alarms) != 0 {
		s.Fatalf("another hall's A001 raised %+v", r.Alarms)
	}
}

func ticketAgain(s *suite) {
	s.take(Batch("k1", Run("k1", "1", 1, 2)...), 2)
	restored := Batch("k1", Run("k1", "1", 1, 3)...)
	restored.Epoch = "e2"
	if r := s.take(restored, 3); len(r.Alarms) != 0 {
		s.Fatalf("alarms = %+v", r.Alarms)
	}
	s.lines(center.Queue{Day: Day, Queue: "A", Waiting: 3, Taken: 3, Last: "A1-003"})
}

func ticketIDClash(s *suite) {
	s.take(Batch("k1", Taken(1, "k1", "A1-001")), 1)
	thief := Event(1, kiosk.TicketTaken, kiosk.TakenBody{Ticket: TicketID("k1", "A1-001"), Day: Day, Number: "B2-001", Queue: "B"})
	s.take(Batch("k2", thief), 1)
	s.ledger("k2", thief)
	s.lines(center.Queue{Day: Day, Queue: "A", Waiting: 1, Taken: 1, Last: "A1-001"})
	s.alarms(center.Alarm{Kind: center.AlarmClash, Kiosk: "k2", Seq: 1, Times: 1})
}

func unreadable(s *suite) {
	long := string(make([]byte, 65))
	bodies := []any{nil, 7, "text", []int{1},
		kiosk.TakenBody{Day: Day, Number: "A001", Queue: "A"},                                                         // no id
		kiosk.TakenBody{Ticket: kiosk.TicketID(long), Day: Day, Number: "A001", Queue: "A"},                           // too long
		kiosk.TakenBody{Ticket: "a\x00b", Day: Day, Number: "A001", Queue: "A"},                                       // NUL
		kiosk.TakenBody{Ticket: "t", Day: "today", Number: "A001", Queue: "A"},                                        // no day
		kiosk.TakenBody{Ticket: "t", Day: "2024-11-25", Number: "A001", Queue: "A"},                                   // a day ahead of its stamp
		kiosk.TakenBody{Ticket: "t", Day: Day, Number: "A1", Queue: "A"},                                              // no number
		kiosk.TakenBody{Ticket: "t", Day: Day, Number: "A001", Queue: "B"},                                            // another queue
		kiosk.TakenBody{Ticket: "t", Day: Day, Number: "A001", Queue: "A", Items: []kiosk.ItemID{kiosk.ItemID(long)}}, // too long
	}
	var events []kiosk.Event
	for _, body := range bodies {
		events = append(events, Event(int64(len(events)+1), kiosk.TicketTaken, body))
	}
	for _, body := range []any{nil, 7, kiosk.PrintBody{Ticket: "t", Attempt: 1, State: "eaten"}, kiosk.PrintBody{Ticket: "t", State: kiosk.Printed}} {
		events = append(events, Event(int64(len(events)+1), kiosk.PrintEnded, body))
	}
	r := s.take(Batch("k1", events...), int64(len(events)))
	if len(r.Alarms) != len(events) {
		s.Fatalf("%d alarms for %d events: %+v", len(r.Alarms), len(events), r.Alarms)
	}
	for _, a := range r.Alarms {
		if a.Kind != center.AlarmUnreadable {
			s.Fatalf("alarm %+v", a)
		}
	}
	s.ledger("k1", events...)
	s.lines()
}

// early has stamps of a clock that ran ahead.
func early(s *suite) {
	events := Run("k1", "1", 1, 3)
	events[1].Stamp.Wall = Noon.UnixMilli() + 60_001
	b := center.Seal(Batch("k1", events...), Noon)
	b.Latest = Noon.Add(time.Minute)
	for _, want := range []int{1, 0} { // told again it is no news
		r, err := s.Ingest(s.Context(), b)
		s.ok(err)
		if len(r.Alarms) != want || r.Ack.AckedThrough != 3 {
			s.Fatalf("%+v, want %d alarms", r, want)
		}
	}
	s.ledger("k1", events...)
	s.lines(center.Queue{Day: Day, Queue: "A", Waiting: 3, Taken: 3, Last: "A1-002"})
	s.alarms(center.Alarm{Kind: center.AlarmEarly, Kiosk: "k1", Seq: 2, Times: 1})
}

func unknownKind(s *suite) {
	e := Event(1, "rating.given", map[string]any{"stars": 5, "很好": "谢谢"})
	s.take(Batch("k1", e), 1)
	s.ledger("k1", e)
	s.lines()
	s.alarms()
}

func paper(s *suite) {
	s.take(Batch("k1", Taken(1, "k1", "A001"), Taken(2, "k1", "A002")), 2)
	s.take(Batch("k2", Paper(1, "k2", "A009", kiosk.Printed),
		Event(2, kiosk.PrintEnded, kiosk.PrintBody{Ticket: TicketID("k1", "A001"), Attempt: 9, State: kiosk.Printed})), 2)
	says := func(state kiosk.PrintState, attempt int, cause string) {
		s.Helper()
		all, err := s.Latest(s.Context(), "h1", Day, 10)
		s.ok(err)
		if t := all[1]; t.Number != "A001" || t.Print != state || t.Attempt != attempt || t.Cause != cause {
			s.Fatalf("ticket = %+v, want %q attempt %d cause %q", t, state, attempt, cause)
		}
		if all[0].Print != "" {
			s.Fatalf("the other ticket = %+v", all[0])
		}
	}
	says("", 0, "") // another kiosk can't speak for it
	seq := int64(2)
	tell := func(attempt int, state kiosk.PrintState, cause string) {
		s.Helper()
		seq++
		s.take(Batch("k1", Event(seq, kiosk.PrintEnded, kiosk.PrintBody{Ticket: TicketID("k1", "A001"), Attempt: attempt, State: state, Cause: cause})), seq)
	}
	tell(1, kiosk.PrintBegun, "")
	says(kiosk.PrintBegun, 1, "")
	tell(1, kiosk.PrintDamaged, "jam")
	says(kiosk.PrintDamaged, 1, "jam")
	tell(1, kiosk.PrintSent, "")
	says(kiosk.PrintDamaged, 1, "jam") // an end is an end
	tell(2, kiosk.PrintBegun, "")
	says(kiosk.PrintBegun, 2, "")
	tell(1, kiosk.Printed, "")
	says(kiosk.PrintBegun, 2, "") // the newest attempt counts
	tell(2, kiosk.Printed, "")
	says(kiosk.Printed, 2, "")
	s.alarms()
}

// paperFirst tells of paper before its ticket, in one batch and in two: it is
// not the ticket's unless the ticket was there.
func paperFirst(s *suite) {
	attempt := func(seq int64, number string, attempt int, state kiosk.PrintState) kiosk.Event {
		return Event(seq, kiosk.PrintEnded, kiosk.PrintBody{Ticket: TicketID("k1", number), Attempt: attempt, State: state})
	}
	s.take(Batch("k1", attempt(1, "A001", 9, kiosk.Printed), Taken(2, "k1", "A001"), attempt(3, "A001", 1, kiosk.PrintBegun)), 3)
	s.take(Batch("k1", attempt(4, "A002", 9, kiosk.Printed)), 4)
	s.take(Batch("k1", Taken(5, "k1", "A002")), 5)
	// Told again in a second life, with news before and after.
	again := Batch("k1", attempt(1, "A001", 2, kiosk.PrintDamaged), Taken(2, "k1", "A001"), attempt(3, "A001", 2, kiosk.Printed),
		Taken(4, "k1", "A002"), attempt(5, "A002", 3, kiosk.PrintBegun), attempt(6, "A002", 3, kiosk.NotPrinted), attempt(7, "A002", 3, kiosk.Printed))
	again.Epoch = "e2"
	s.take(again, 7)
	tickets, err := s.Latest(s.Context(), "h1", Day, 10)
	s.ok(err)
	if len(tickets) != 2 || tickets[1].Attempt != 2 || tickets[1].Print != kiosk.PrintDamaged ||
		tickets[0].Attempt != 3 || tickets[0].Print != kiosk.NotPrinted {
		s.Fatalf("tickets = %+v", tickets)
	}
	s.alarms()
}

// inOneBatch tells of every kind of clash within one batch.
func inOneBatch(s *suite) {
	twin := func(seq int64, id kiosk.TicketID, number string) kiosk.Event {
		return Event(seq, kiosk.TicketTaken, kiosk.TakenBody{Ticket: id, Day: Day, Number: number, Queue: "A"})
	}
	print := func(seq int64, id kiosk.TicketID) kiosk.Event {
		return Event(seq, kiosk.PrintEnded, kiosk.PrintBody{Ticket: id, Attempt: 1, State: kiosk.Printed})
	}
	r := s.take(Batch("k1", twin(1, "t1", "A001"), twin(2, "t1", "A001"), // told again
		twin(3, "t1", "A002"),                                        // its id for another
		twin(4, "t2", "A001"), print(5, "t2"), twin(6, "t2", "A001"), // its label for another, told again
		Event(7, kiosk.TicketTaken, nil), twin(8, "t3", "A002"), print(9, "t3")), 9)
	var kinds []center.AlarmKind
	var seqs []int64
	for _, a := range r.Alarms {
		kinds, seqs = append(kinds, a.Kind), append(seqs, a.Seq)
		if a.Times != 1 || !a.First.Equal(Noon) || !a.Last.Equal(Noon) || a.Kiosk != "k1" || a.Epoch != "e1" {
			s.Fatalf("alarm = %+v", a)
		}
	}
	if !reflect.DeepEqual(seqs, []int64{3, 4, 7}) || !reflect.DeepEqual(kinds, []center.AlarmKind{center.AlarmClash, center.AlarmClash, center.AlarmUnreadable}) {
		s.Fatalf("alarms = %+v", r.Alarms)
	}
	tickets, err := s.Latest(s.Context(), "h1", Day, 10)
	s.ok(err)
	var got []string
	for _, t := range tickets {
		got = append(got, fmt.Sprint(t.ID, " ", t.Number, " ", t.Clash, " ", t.Print))
	}
	if want := []string{"t3 A002 false printed", "t2 A001 true printed", "t1 A001 false "}; !reflect.DeepEqual(got, want) {
		s.Fatalf("tickets = %q, want %q", got, want)
	}
}

// byBytes has ids that a locale would put in another order.
func byBytes(s *suite) {
	for _, id := range []kiosk.KioskID{"a", "B", "_", "Z", "b", "-"} {
		b := Batch(id)
		b.Hall = kiosk.HallID(id)
		s.take(b, 0)
	}
	halls, err := s.Halls(s.Context())
	s.ok(err)
	if want := []kiosk.HallID{"-", "B", "Z", "_", "a", "b"}; !reflect.DeepEqual(halls, want) {
		s.Fatalf("halls = %v, want %v", halls, want)
	}
	all, err := s.Kiosks(s.Context())
	s.ok(err)
	var ids []kiosk.HallID
	for _, k := range all {
		ids = append(ids, k.Hall)
	}
	if !reflect.DeepEqual(ids, halls) {
		s.Fatalf("kiosks = %v, want %v", ids, halls)
	}
}

// numbered looks labels up: each is one hall's and one day's.
func numbered(s *suite) {
	s.hallOf(2, "21")
	s.take(Batch("k2", Taken(1, "k2", "A001"), Taken(2, "k2", "B2-001")), 2)
	s.take(Batch("k3", Taken(1, "k3", "A001")), 1) // clashes
	elsewhere := Batch("k4", Taken(1, "k4", "A002"))
	elsewhere.Hall = "h2"
	s.take(elsewhere, 1)
	s.pressed(PressOf("c1", calling.Call, "21"))
	for _, c := range []struct {
		hall   kiosk.HallID
		day    kiosk.Day
		number string
		want   kiosk.TicketID // "" for none
		state  kiosk.State
	}{
		{"h1", Day, "A1-001", TicketID("k1", "A1-001"), kiosk.Called},
		{"h1", Day, "A1-002", TicketID("k1", "A1-002"), kiosk.Waiting},
		{"h1", Day, "A001", TicketID("k2", "A001"), kiosk.Waiting},
		{"h1", Day, "B2-001", TicketID("k2", "B2-001"), kiosk.Waiting},
		{"h2", Day, "A002", TicketID("k4", "A002"), kiosk.Waiting},
		{"h1", Day, "A002", "", ""},
		{"h2", Day, "A001", "", ""},
		{"h1", Day, "A2-001", "", ""},
		{"h1", "2024-11-22", "A001", "", ""},
		{"h3", Day, "A001", "", ""},
		{"h1", "", "A001", "", ""},
	} {
		n, err := kiosk.ParseNumber(c.number)
		s.ok(err)
		got, err := s.Numbered(s.Context(), c.hall, c.day, n)
		if c.want == "" {
			s.refusedWith(err, kiosk.ENotFound)
			continue
		}
		s.ok(err)
		if got.ID != c.want || got.State != c.state || got.Number != n {
			s.Errorf("%s on %q in %s: %+v, want %s %s", c.number, c.day, c.hall, got, c.want, c.state)
		}
	}
}
