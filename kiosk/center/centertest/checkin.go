package centertest

import (
	"sync"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/calling"
	"hallkiosk/kiosk/center"
)

// SlotOf is a slot that begins so many minutes after Noon and lasts fifteen.
func SlotOf(minutes int) kiosk.Slot {
	return kiosk.Slot{From: afterNoon(minutes), To: afterNoon(minutes + 15)}
}

// checkedIn is Taken with a booking whose slot begins so many minutes after
// Noon.
func checkedIn(seq int64, id kiosk.KioskID, number string, booking kiosk.BookingID, minutes int) kiosk.Event {
	slot := SlotOf(minutes)
	return takenWith(seq, id, number, func(b *kiosk.TakenBody) { b.Booking, b.Slot = booking, &slot })
}

// takenWith is Taken with a body that with changes.
func takenWith(seq int64, id kiosk.KioskID, number string, with func(*kiosk.TakenBody)) kiosk.Event {
	body, err := center.ReadTaken(Taken(seq, id, number))
	if err != nil {
		panic(err)
	}
	with(&body)
	return Event(seq, kiosk.TicketTaken, body)
}

func ahead(seq int64, number string, why kiosk.Priority) kiosk.Event {
	return takenWith(seq, "k1", number, func(b *kiosk.TakenBody) { b.Priority = why })
}

// goesAhead lets a batch tell why people go ahead, and calls them.
func goesAhead(s *suite) {
	s.ok(s.SetWindow(s.Context(), "h1", "21", []kiosk.QueueID{"A"}))
	s.take(Batch("k1", Taken(1, "k1", "A001"), ahead(2, "A002", kiosk.Elder), checkedIn(3, "k1", "A003", "b1", 12), checkedIn(4, "k1", "A004", "b2", 240)), 4)
	if got := s.ticketNow(TicketID("k1", "A002")); got.Priority != kiosk.Elder || got.Slot != (kiosk.Slot{}) || got.Version != 1 {
		s.Fatalf("%+v", got)
	}
	if got := s.ticketNow(TicketID("k1", "A003")); got.Slot != SlotOf(12) || got.Priority != "" {
		s.Fatalf("%+v", got)
	}
	want := []struct {
		number string
		lane   calling.Lane
	}{{"A003", calling.LaneBooked}, {"A002", calling.LanePriority}, {"A001", calling.LaneLine}}
	for i, w := range want {
		op := string(rune('a' + i))
		ch := s.pressed(PressOf(op, calling.Call, "21"))
		if ch.Ticket.After.Number.String() != w.number || ch.Lane != w.lane {
			s.Fatalf("call %d: %s by %s, want %s by %s", i, ch.Ticket.After.Number, ch.Lane, w.number, w.lane)
		}
		s.pressed(PressOf(op+"s", calling.Start, "21"))
		s.pressed(PressOf(op+"f", calling.Finish, "21"))
	}
	// A004's slot is hours away.
	_, err := s.Do(s.Context(), PressOf("z", calling.Call, "21"))
	s.refusedWith(err, kiosk.ENotFound)
	s.alarms()
}

// aheadUnreadable has tickets that say wrongly why they go ahead: each counts,
// as a walk-in.
func aheadUnreadable(s *suite) {
	long, slot := kiosk.BookingID(make([]byte, 65)), SlotOf(30)
	var events []kiosk.Event
	for i, with := range []func(*kiosk.TakenBody){
		func(b *kiosk.TakenBody) { b.Priority = "king" },
		func(b *kiosk.TakenBody) { b.Priority = "'; DROP TABLE tickets; --" },
		func(b *kiosk.TakenBody) { b.Slot = &slot }, // of no booking
		func(b *kiosk.TakenBody) { b.Booking = "b1" },
		func(b *kiosk.TakenBody) { b.Booking, b.Slot = "b2", &kiosk.Slot{From: slot.To, To: slot.From} },
		func(b *kiosk.TakenBody) { b.Booking, b.Slot = "b3", &kiosk.Slot{From: 1, To: 2} },
		func(b *kiosk.TakenBody) {
			b.Booking, b.Slot = "b4", &kiosk.Slot{From: slot.From + 3*86_400_000, To: slot.To + 3*86_400_000}
		},
		func(b *kiosk.TakenBody) {
			b.Booking, b.Slot = "b5", &kiosk.Slot{From: slot.From, To: slot.From + 86_400_001}
		},
		func(b *kiosk.TakenBody) { b.Booking, b.Slot, b.Priority = long, &slot, "king" },
	} {
		seq := int64(i + 1)
		events = append(events, takenWith(seq, "k1", kiosk.Number{Queue: "A", N: i + 1}.String(), with))
	}
	n := len(events)
	r := s.take(Batch("k1", events...), int64(n))
	if len(r.Alarms) != n {
		s.Fatalf("%d alarms for %d events: %+v", len(r.Alarms), n, r.Alarms)
	}
	for i, a := range r.Alarms {
		if a.Kind != center.AlarmUnreadable || a.Seq != int64(i+1) {
			s.Fatalf("alarm %+v", a)
		}
	}
	s.lines(center.Queue{Day: Day, Queue: "A", Waiting: n, Taken: n, Last: "A009"})
	l, err := s.Line(s.Context(), "h1", Day, "A")
	s.ok(err)
	for _, t := range l.Tickets {
		if t.Priority != "" || t.Slot != (kiosk.Slot{}) {
			s.Fatalf("%+v goes ahead", t)
		}
	}
	s.ledger("k1", events...)
}

// checkInTwice lets one booking be checked in again and again: the first ticket
// has it, the others wait as walk-ins.
func checkInTwice(s *suite) {
	ctx := s.Context()
	s.booked("b1", 12)
	s.take(Batch("k1", checkedIn(1, "k1", "A001", "b1", 12)), 1)
	r := s.take(Batch("k2", checkedIn(1, "k2", "A002", "b1", 12), checkedIn(2, "k2", "A001", "b1", 12), Taken(3, "k2", "A003")), 3)
	var kinds []center.AlarmKind
	for _, a := range r.Alarms {
		kinds = append(kinds, a.Kind)
	}
	s.same(kinds, []center.AlarmKind{center.AlarmBooking, center.AlarmClash, center.AlarmBooking})
	s.lines(center.Queue{Day: Day, Queue: "A", Waiting: 4, Taken: 4, Last: "A003"})
	for id, slot := range map[kiosk.TicketID]kiosk.Slot{TicketID("k1", "A001"): SlotOf(12), TicketID("k2", "A002"): {}, TicketID("k2", "A001"): {}} {
		if got := s.ticketNow(id); got.Slot != slot || got.State != kiosk.Waiting {
			s.Fatalf("%+v, want slot %+v", got, slot)
		}
	}
	if got := s.bookings(center.BookingQuery{ID: "b1"}); len(got) != 1 || got[0].Ticket != TicketID("k1", "A001") {
		s.Fatalf("%+v", got)
	}

	// Within one batch, and told again by a database that was restored.
	again := Batch("k3", checkedIn(1, "k3", "B001", "b2", 12), checkedIn(2, "k3", "B002", "b2", 12))
	if r := s.take(again, 2); len(r.Alarms) != 1 || r.Alarms[0].Kind != center.AlarmBooking || r.Alarms[0].Seq != 2 {
		s.Fatalf("%+v", r.Alarms)
	}
	again.Epoch = "e2"
	if r := s.take(again, 2); len(r.Alarms) != 0 {
		s.Fatalf("%+v", r.Alarms)
	}
	// Another hall's booking of the same name is another one.
	other := Batch("k4", checkedIn(1, "k4", "A001", "b1", 12))
	other.Hall = "h2"
	if r := s.take(other, 1); len(r.Alarms) != 0 {
		s.Fatalf("%+v", r.Alarms)
	}
	if got, err := s.Bookings(ctx, "h2", center.BookingQuery{}); err != nil || len(got) != 0 {
		s.Fatalf("%+v, %v", got, err)
	}
}

// checkInTogether lets two kiosks check in the same bookings through two stores
// at once.
func checkInTogether(s *suite) {
	const n = 30
	other := s.open()
	defer func() { s.ok(other.Close()) }()
	var wg sync.WaitGroup
	for k, st := range []center.Store{s.Store, other} {
		id := kiosk.KioskID([]string{"k1", "k2"}[k])
		var events []kiosk.Event
		for i := range n {
			b := i
			if k == 1 { // in another order, so that each waits for the other
				b = n - 1 - i
			}
			number := kiosk.Number{Queue: "A", Series: string('1' + rune(k)), N: i + 1}
			events = append(events, checkedIn(int64(i+1), id, number.String(), kiosk.BookingID("b"+string(rune('A'+b))), 12))
		}
		wg.Go(func() {
			if r, err := st.Ingest(s.Context(), center.Seal(Batch(id, events...), Noon)); err != nil || r.Ack.AckedThrough != n {
				s.Errorf("%+v, %v", r, err)
			}
		})
	}
	wg.Wait()
	l, err := s.Line(s.Context(), "h1", Day, "A")
	s.ok(err)
	with := 0
	for _, t := range l.Tickets {
		if t.Slot != (kiosk.Slot{}) {
			with++
		}
	}
	raised, err := s.Alarms(s.Context(), 100)
	s.ok(err)
	if len(l.Tickets) != 2*n || with != n || len(raised) != n {
		s.Fatalf("%d tickets, %d with a slot, %d alarms; want %d, %d, %d", len(l.Tickets), with, len(raised), 2*n, n, n)
	}
}

// prefer is how a guide marks a ticket.
func (s *suite) prefer(id kiosk.TicketID, p center.Preference) error {
	return s.Prefer(s.Context(), "h1", id, p, entry("ticket.preferred", string(id)))
}

// mark prefers a ticket by priority and slot both.
func (s *suite) mark(hall kiosk.HallID, id kiosk.TicketID, why kiosk.Priority, slot kiosk.Slot) error {
	booked := center.CheckIn{Slot: slot}
	if slot != (kiosk.Slot{}) {
		booked.Booking = kiosk.BookingID("of-" + id)
	}
	return s.Prefer(s.Context(), hall, id, center.Preference{Priority: &why, Booking: &booked}, entry("ticket.preferred", string(id)))
}

func preferred(s *suite) {
	elder, nobody := kiosk.Elder, kiosk.Priority("")
	one, two := TicketID("k1", "A001"), TicketID("k1", "A002")
	s.take(Batch("k1", Taken(1, "k1", "A001"), Taken(2, "k1", "A002")), 2)
	s.booked("b1", 12)
	s.ok(s.prefer(one, center.Preference{Priority: &elder}))
	s.ok(s.prefer(one, center.Preference{Booking: &center.CheckIn{Booking: "b1", Slot: SlotOf(12)}}))
	if got := s.ticketNow(one); got.Priority != kiosk.Elder || got.Slot != SlotOf(12) || got.Version != 3 {
		s.Fatalf("%+v", got)
	}
	if got := s.bookings(center.BookingQuery{}); len(got) != 1 || got[0].Ticket != one {
		s.Fatalf("%+v", got)
	}
	s.refusedWith(s.prefer(two, center.Preference{Booking: &center.CheckIn{Booking: "b1", Slot: SlotOf(12)}}), kiosk.EConflict)
	s.ok(s.prefer(one, center.Preference{Priority: &nobody, Booking: &center.CheckIn{}}))
	if got := s.ticketNow(one); got.Priority != "" || got.Slot != (kiosk.Slot{}) {
		s.Fatalf("%+v", got)
	}
	s.ok(s.prefer(two, center.Preference{Booking: &center.CheckIn{Booking: "b1", Slot: SlotOf(12)}}))
	if got := s.bookings(center.BookingQuery{}); len(got) != 1 || got[0].Ticket != two {
		s.Fatalf("%+v", got)
	}
	king := kiosk.Priority("king")
	s.refusedWith(s.prefer(one, center.Preference{Priority: &king}), kiosk.EInvalid)
	s.refusedWith(s.prefer(one, center.Preference{Booking: &center.CheckIn{Booking: "b", Slot: kiosk.Slot{From: 2, To: 1}}}), kiosk.EInvalid)
	s.refusedWith(s.prefer("none", center.Preference{Priority: &elder}), kiosk.ENotFound)
	s.refusedWith(s.Prefer(s.Context(), "h2", one, center.Preference{Priority: &elder}, entry("x", "y")), kiosk.ENotFound)
	s.trail("ticket.preferred", "ticket.preferred", "ticket.preferred", "ticket.preferred", "booking.made")
}
