package centertest

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
)

// places fills slots of two places, side by side and overlapping.
func places(s *suite) {
	const two = 2
	n := 0
	book := func(from, to int, change ...func(*kiosk.Booking)) (kiosk.Booking, error) {
		n++
		b := BookingOf(kiosk.BookingID(fmt.Sprint("b", n)), from)
		b.Slot.To = afterNoon(to)
		for _, c := range change {
			c(&b)
		}
		return s.Book(s.Context(), kiosk.OpID("op-"+b.ID), b, two, made(b.ID))
	}
	first, err := book(0, 30)
	s.ok(err)
	_, err = book(30, 60)
	s.ok(err)
	_, err = book(0, 60) // beside one at a time
	s.ok(err)
	for _, full := range [][2]int{{0, 30}, {30, 60}, {10, 20}, {-30, 1}, {59, 90}, {-30, 90}} {
		_, err := book(full[0], full[1])
		if kiosk.MessageOf(err) == "" {
			s.Fatalf("%v: %v has no words", full, err)
		}
		s.refusedWith(err, kiosk.EConflict)
	}
	for _, free := range []func(*kiosk.Booking){
		func(b *kiosk.Booking) { b.Queue = "B" },
		func(b *kiosk.Booking) { b.Hall = "h2" },
		func(b *kiosk.Booking) { b.Day, b.Slot = "2024-11-24", SlotOf(24*60) },
		func(b *kiosk.Booking) { b.Slot = SlotOf(60) },
		func(b *kiosk.Booking) { b.Slot = SlotOf(-15) },
	} {
		_, err := book(0, 30, free)
		s.ok(err)
	}
	s.trail(slices.Repeat([]string{"booking.made"}, 8)...) // who was refused left nothing

	// What was made is told again, though it is full.
	_, err = s.Book(s.Context(), "op-b1", BookingOf("other", 0), two, made("other"))
	s.refusedWith(err, kiosk.EConflict) // it asks for another slot
	asked := first
	asked.ID, asked.Code = "other", "12345678"
	again, err := s.Book(s.Context(), "op-b1", asked, two, made("other"))
	s.ok(err)
	s.same(again, first)

	s.ok(s.Unbook(s.Context(), "h1", first.ID, entry("booking.cancelled", string(first.ID))))
	_, err = book(0, 30)
	s.ok(err)
	_, err = book(0, 30)
	s.refusedWith(err, kiosk.EConflict)

	b := BookingOf("none", 200)
	_, err = s.Book(s.Context(), "op-none", b, 0, made(b.ID))
	s.refusedWith(err, kiosk.EConflict)
	_, err = s.Book(s.Context(), "op-none", b, center.Unbounded, made(b.ID))
	s.ok(err)
}

// placesTogether lets fifty people book ten places through two stores at once.
func placesTogether(s *suite) {
	const people, room = 50, 10
	other := s.open()
	defer func() { s.ok(other.Close()) }()
	var all sync.WaitGroup
	var got, full atomic.Int64
	for i := range people {
		st := []center.Store{s.Store, other}[i%2]
		all.Go(func() {
			b := BookingOf(kiosk.BookingID(fmt.Sprint("b", i)), 30+i%3) // a minute apart: all share the last ones
			b.Code = fmt.Sprintf("%08d", i)
			switch _, err := st.Book(s.Context(), kiosk.OpID("op-"+b.ID), b, room, made(b.ID)); {
			case err == nil:
				got.Add(1)
			case kiosk.CodeOf(err) == kiosk.EConflict:
				full.Add(1)
			default:
				s.Error(err)
			}
		})
	}
	all.Wait()
	if got.Load() != room || full.Load() != people-room {
		s.Fatalf("%d booked and %d refused, want %d and %d", got.Load(), full.Load(), room, people-room)
	}
	s.same(len(s.bookings(center.BookingQuery{From: Day, To: Day})), room)
}
