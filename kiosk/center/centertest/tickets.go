package centertest

import (
	"reflect"

	"hallkiosk/kiosk"
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
