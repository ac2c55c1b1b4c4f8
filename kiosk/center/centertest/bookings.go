package centertest

import (
	"fmt"
	"slices"
	"sync"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
)

// BookingOf returns a booking of hall h1 and Day for queue A whose slot begins
// so many minutes after Noon. Its code is made of id.
func BookingOf(id kiosk.BookingID, minutes int) kiosk.Booking {
	sum := 0
	for _, c := range []byte(id) {
		sum = sum*31 + int(c)
	}
	return kiosk.Booking{ID: id, Hall: "h1", Day: Day, Queue: "A", Items: []kiosk.ItemID{"社保卡补办", "x"}, Slot: SlotOf(minutes),
		Code: fmt.Sprintf("%08d", (sum%100_000_000+100_000_000)%100_000_000)}
}

func made(id kiosk.BookingID) center.Entry { return entry("booking.made", string(id)) }

// booked stores a BookingOf.
func (s *suite) booked(id kiosk.BookingID, minutes int) kiosk.Booking {
	s.Helper()
	b := BookingOf(id, minutes)
	got, err := s.Book(s.Context(), kiosk.OpID("op-"+id), b, center.Unbounded, made(id))
	s.ok(err)
	s.same(got, b)
	return b
}

// bookings returns those of h1 that q asks for.
func (s *suite) bookings(q center.BookingQuery) []kiosk.Booking {
	s.Helper()
	got, err := s.Bookings(s.Context(), "h1", q)
	s.ok(err)
	return got
}

func bookings(s *suite) {
	ctx := s.Context()
	h1 := s.watch(s.Store, "h1")
	h1.until(0)
	late := s.booked("late", 60)
	h1.until(1)
	early := BookingOf("early", 30)
	early.Phone, early.Card = "0042", kiosk.CardMark([]byte("key"), "11010119900307391X")
	_, err := s.Book(ctx, "op-early", early, center.Unbounded, made("early"))
	s.ok(err)
	tomorrow := BookingOf("tomorrow", 24*60)
	tomorrow.Day = "2024-11-24"
	_, err = s.Book(ctx, "op-tomorrow", tomorrow, center.Unbounded, made("tomorrow"))
	s.ok(err)
	h1.until(3)

	for name, c := range map[string]struct {
		q    center.BookingQuery
		want []kiosk.Booking
	}{
		"All":     {center.BookingQuery{}, []kiosk.Booking{early, late, tomorrow}},
		"Day":     {center.BookingQuery{From: Day, To: Day}, []kiosk.Booking{early, late}},
		"From":    {center.BookingQuery{From: "2024-11-24"}, []kiosk.Booking{tomorrow}},
		"Before":  {center.BookingQuery{To: "2024-11-22"}, nil},
		"Code":    {center.BookingQuery{From: Day, To: Day, Code: late.Code}, []kiosk.Booking{late}},
		"Phone":   {center.BookingQuery{Phone: "0042"}, []kiosk.Booking{early}},
		"Card":    {center.BookingQuery{Card: early.Card}, []kiosk.Booking{early}},
		"ID":      {center.BookingQuery{ID: "late"}, []kiosk.Booking{late}},
		"Nobody":  {center.BookingQuery{Code: "00000000"}, nil},
		"Strange": {center.BookingQuery{Code: evil, Phone: evil, Card: evil, ID: evil}, nil},
	} {
		got := s.bookings(c.q)
		if len(got) != len(c.want) || len(got) > 0 && !slices.EqualFunc(got, c.want, func(a, b kiosk.Booking) bool { return fmt.Sprint(a) == fmt.Sprint(b) }) {
			s.Fatalf("%s: %+v, want %+v", name, got, c.want)
		}
	}

	// The same op again is the same booking, whatever its id and code.
	again := late
	again.ID, again.Code = "other", "12345678"
	got, err := s.Book(ctx, "op-late", again, center.Unbounded, made("other"))
	s.ok(err)
	s.same(got, late)
	again.Slot = SlotOf(90)
	_, err = s.Book(ctx, "op-late", again, center.Unbounded, made("other"))
	s.refusedWith(err, kiosk.EConflict)

	// A code is one booking's of a hall and day.
	twin := BookingOf("twin", 60)
	twin.Code = late.Code
	_, err = s.Book(ctx, "op-twin", twin, center.Unbounded, made("twin"))
	s.refusedWith(err, kiosk.EConflict)
	twin.Day, twin.Slot = "2024-11-24", SlotOf(25*60)
	_, err = s.Book(ctx, "op-twin", twin, center.Unbounded, made("twin"))
	s.ok(err)
	abroad := late
	abroad.Hall, abroad.ID = "h2", "abroad"
	_, err = s.Book(ctx, "op-late", abroad, center.Unbounded, made("abroad"))
	s.ok(err)

	s.take(Batch("k1", checkedIn(1, "k1", "A001", "early", 30)), 1)
	early.Ticket = TicketID("k1", "A001")
	s.same(s.bookings(center.BookingQuery{From: Day, To: Day}), []kiosk.Booking{early, late})
	s.same(s.bookings(center.BookingQuery{ID: "early"}), []kiosk.Booking{early})
	s.refusedWith(s.Unbook(ctx, "h1", "early", entry("booking.cancelled", "early")), kiosk.EConflict)
	s.refusedWith(s.Unbook(ctx, "h1", "none", entry("booking.cancelled", "none")), kiosk.ENotFound)
	s.refusedWith(s.Unbook(ctx, "h2", "late", entry("booking.cancelled", "late")), kiosk.ENotFound)
	s.ok(s.Unbook(ctx, "h1", "late", entry("booking.cancelled", "late")))
	s.same(s.bookings(center.BookingQuery{From: Day, To: Day}), []kiosk.Booking{early})
	s.trail("booking.cancelled", "booking.made", "booking.made", "booking.made", "booking.made", "booking.made")

	// Who comes nevertheless has the slot that the kiosk knew of.
	s.take(Batch("k1", checkedIn(2, "k1", "A002", "late", 60)), 2)
	if got := s.ticketNow(TicketID("k1", "A002")); got.Slot != SlotOf(60) {
		s.Fatalf("%+v", got)
	}
	s.alarms()

	s.ok(s.Close())
	s.Store = s.open()
	s.same(s.bookings(center.BookingQuery{From: Day, To: Day}), []kiosk.Booking{early})
}

func bookingRefused(s *suite) {
	long := string(make([]byte, 65))
	for i, change := range []func(*kiosk.Booking){
		func(b *kiosk.Booking) { b.ID = "" },
		func(b *kiosk.Booking) { b.ID = kiosk.BookingID(long) },
		func(b *kiosk.Booking) { b.Hall = "" },
		func(b *kiosk.Booking) { b.Hall = evil },
		func(b *kiosk.Booking) { b.Day = "today" },
		func(b *kiosk.Booking) { b.Day = "2024-11-30" }, // not the slot's
		func(b *kiosk.Booking) { b.Queue = "a" },
		func(b *kiosk.Booking) { b.Queue = "" },
		func(b *kiosk.Booking) { b.Items = nil },
		func(b *kiosk.Booking) { b.Items = make([]kiosk.ItemID, 21) },
		func(b *kiosk.Booking) { b.Items = []kiosk.ItemID{kiosk.ItemID(long)} },
		func(b *kiosk.Booking) { b.Items = []kiosk.ItemID{"a\x00"} },
		func(b *kiosk.Booking) { b.Slot = kiosk.Slot{} },
		func(b *kiosk.Booking) { b.Slot.To = b.Slot.From },
		func(b *kiosk.Booking) { b.Slot.To = b.Slot.From + 86_400_001 },
		func(b *kiosk.Booking) { b.Code = "1234567" },
		func(b *kiosk.Booking) { b.Code = "1234567x" },
		func(b *kiosk.Booking) { b.Code = "١٢٣٤" }, // eight bytes
		func(b *kiosk.Booking) { b.Phone = "13800000000" },
		func(b *kiosk.Booking) { b.Phone = "x001" },
		func(b *kiosk.Booking) { b.Card = "11010119900307391X" }, // a number, not its mark
		func(b *kiosk.Booking) { b.Card = evil },
		func(b *kiosk.Booking) { b.Ticket = "t" },
	} {
		b := BookingOf("b", 30)
		change(&b)
		_, err := s.Book(s.Context(), "op", b, center.Unbounded, made("b"))
		if kiosk.CodeOf(err) != kiosk.EInvalid || kiosk.MessageOf(err) == "" {
			s.Fatalf("%d: %v", i, err)
		}
	}
	_, err := s.Book(s.Context(), "", BookingOf("b", 30), center.Unbounded, made("b"))
	s.refusedWith(err, kiosk.EInvalid)
	s.same(len(s.bookings(center.BookingQuery{})), 0)
	s.trail()
	b := BookingOf("b", 30)
	b.ID, b.Items = evil, []kiosk.ItemID{evil}
	_, err = s.Book(s.Context(), evil, b, center.Unbounded, made(evil))
	s.ok(err)
	s.same(s.bookings(center.BookingQuery{ID: evil}), []kiosk.Booking{b})
	s.ok(s.Unbook(s.Context(), "h1", evil, made(evil)))
}

// bookedTogether lets clients press the same wish and the same code through two
// stores at once.
func bookedTogether(s *suite) {
	other := s.open()
	defer func() { s.ok(other.Close()) }()
	var wg sync.WaitGroup
	var mu sync.Mutex
	got, refused, keys := map[kiosk.BookingID]bool{}, 0, map[string]bool{}
	for i := range 8 {
		st := []center.Store{s.Store, other}[i%2]
		wg.Go(func() {
			b := BookingOf("same", 30)
			b.ID = kiosk.BookingID(fmt.Sprint("b", i))
			b.Code = fmt.Sprintf("%08d", i)
			one, err := st.Book(s.Context(), "op", b, center.Unbounded, made(b.ID))
			c := BookingOf("code", 30)
			c.ID = kiosk.BookingID(fmt.Sprint("c", i))
			c.Day, c.Slot = "2024-11-24", SlotOf(24*60)
			_, taken := st.Book(s.Context(), kiosk.OpID("op-"+c.ID), c, center.Unbounded, made(c.ID))
			key, bad := st.CardKey(s.Context(), "h1", Day)
			mu.Lock()
			defer mu.Unlock()
			if err != nil || bad != nil || len(key) != center.CardKeySize {
				s.Errorf("%v, %v, key of %d bytes", err, bad, len(key))
			}
			got[one.ID], keys[string(key)] = true, true
			if kiosk.CodeOf(taken) == kiosk.EConflict {
				refused++
			} else if taken != nil {
				s.Error(taken)
			}
		})
	}
	wg.Wait()
	if len(got) != 1 || refused != 7 || len(keys) != 1 {
		s.Fatalf("%d bookings by one op, %d codes refused of 8, %d keys", len(got), refused, len(keys))
	}
	s.same(len(s.bookings(center.BookingQuery{})), 2)
}

func cardKeys(s *suite) {
	ctx := s.Context()
	seen := map[string]bool{}
	for _, hall := range []kiosk.HallID{"h1", "h2", evil} {
		for _, day := range []kiosk.Day{Day, "2024-11-24"} {
			key, err := s.CardKey(ctx, hall, day)
			s.ok(err)
			again, err := s.CardKey(ctx, hall, day)
			s.ok(err)
			s.same(again, key)
			seen[string(key)] = true
		}
	}
	if len(seen) != 6 {
		s.Fatalf("%d keys of 6 halls and days", len(seen))
	}
}
