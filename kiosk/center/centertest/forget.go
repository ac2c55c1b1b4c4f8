package centertest

import (
	"fmt"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/calling"
	"hallkiosk/kiosk/center"
)

// forgotten lets a store forget step by step, and returns how many steps there
// were.
func (s *suite) forgotten(p center.Past) int {
	s.Helper()
	for steps := 0; ; steps++ {
		more, err := s.Forget(s.Context(), p)
		s.ok(err)
		if !more {
			return steps
		}
	}
}

// forget fills two halls on two days and has the first day forgotten, one thing
// after the other.
func forget(s *suite) {
	ctx := s.Context()
	const n = center.ForgetAtOnce + 50
	const next = kiosk.Day("2024-11-24")
	s.hallOf(n, "21")
	s.pressed(PressOf("c1", calling.Call, "21"))
	s.granted(Wish("r1"), "A001")
	later := Wish("r2")
	later.Day = next
	s.granted(later, "A001")
	old, young := BookingOf("old", 30), BookingOf("young", 24*60)
	old.Phone, old.Card = "0042", kiosk.CardMark([]byte("k"), "x")
	young.Day, young.Phone, young.Card = next, old.Phone, old.Card
	for _, b := range []kiosk.Booking{old, young} {
		_, err := s.Book(ctx, kiosk.OpID(b.ID), b, center.Unbounded, made(b.ID))
		s.ok(err)
	}
	keys := map[kiosk.Day]string{}
	for _, day := range []kiosk.Day{Day, next} {
		key, err := s.CardKey(ctx, "h1", day)
		s.ok(err)
		keys[day] = string(key)
	}
	_, err := s.Order(ctx, "o1", "h1", OrderOf("1"), ordered("1"))
	s.ok(err)
	_, err = s.Order(ctx, "o2", "h1", OrderOf("2"), ordered("2"))
	s.ok(err)
	s.ok(s.TakeBack(ctx, "h1", "1", ordered("1")))
	b := Batch("k2", Event(1, kiosk.TicketTaken, kiosk.TakenBody{Ticket: "t", Day: next, Number: "A001", Queue: "A"}), Event(2, kiosk.TicketTaken, 7))
	b.Hall = "h2"
	month := 31 * 24 * time.Hour
	_, err = s.Ingest(ctx, center.Seal(b, Noon.Add(month)))
	s.ok(err)
	s.take(Batch("k1", Event(n+1, kiosk.TicketTaken, 7)), n+1)
	e := entry("login", "x")
	e.At = Noon.Add(month)
	s.ok(s.Note(ctx, e))

	s.same(s.forgotten(center.Past{}), 0)
	s.same(s.forgotten(center.Past{Traces: Day, Tickets: Day, Numbers: Day, Orders: Noon, Events: Noon, Alarms: Noon, Audit: Noon}), 0)

	// The traces of a day that is over.
	s.forgotten(center.Past{Traces: next})
	got := s.bookings(center.BookingQuery{})
	if len(got) != 2 || got[0].Phone != "" || got[0].Card != "" || got[0].Code != old.Code || got[1].Phone != "0042" || got[1].Card == "" {
		s.Fatalf("%+v", got)
	}
	for day, was := range keys {
		key, err := s.CardKey(ctx, "h1", day)
		s.ok(err)
		if kept := string(key) == was; kept != (day == next) {
			s.Fatalf("the key of %s was kept: %v", day, kept)
		}
	}

	s.forgotten(center.Past{Numbers: next})
	s.granted(Wish("r9"), "A001") // counted anew
	s.granted(later, "A001")      // as before

	if steps := s.forgotten(center.Past{Tickets: next}); steps < 4 {
		s.Fatalf("%d steps", steps)
	}
	s.lines()
	if all, err := s.Changes(ctx, center.ChangesOf{Hall: "h1", Day: Day}, 10); err != nil || len(all) != 0 {
		s.Fatalf("%+v, %v", all, err)
	}
	if all, err := s.Latest(ctx, "h2", next, 10); err != nil || len(all) != 1 {
		s.Fatalf("%+v, %v", all, err)
	}
	if got := s.bookings(center.BookingQuery{}); len(got) != 1 || got[0].ID != "young" {
		s.Fatalf("%+v", got)
	}
	if all, err := s.Windows(ctx, "h1"); err != nil || len(all) != 1 || all[0].Ticket != nil {
		s.Fatalf("%+v, %v", all, err)
	}

	s.forgotten(center.Past{Orders: Noon.Add(time.Second)})
	if all, err := s.Orders(ctx, "h1", 10); err != nil || len(all) != 1 || all[0].ID != "2" {
		s.Fatalf("%+v, %v", all, err)
	}

	s.forgotten(center.Past{Events: Noon.Add(month - 1)})
	s.ledger("k1")
	s.ledger("k2", b.Events...)
	s.take(Batch("k1", Taken(n+2, "k1", "A1-900")), n+2) // and goes on

	s.forgotten(center.Past{Alarms: Noon.Add(month)})
	s.alarms(center.Alarm{Kind: center.AlarmUnreadable, Kiosk: "k2", Seq: 2, Times: 1})

	s.forgotten(center.Past{Audit: Noon.Add(month)})
	s.trail("login")
	e.At = time.Now()
	s.ok(s.Note(ctx, e))
	if _, err := s.Forget(ctx, center.Past{Audit: e.At.Add(time.Hour)}); err == nil {
		s.Fatal("the audit trail let go of what is young")
	}
	s.trail("login", "login")
	s.same(fmt.Sprint(center.Keep{Tickets: 400}.Past(Noon, 4*time.Hour).Tickets), "2023-10-20")
}

// forgetHoldsNobodyUp presses while thousands of rows are forgotten, and holds
// the slowest press against that of an idle store in the same run. The bound is
// loose: the machine may be busy.
func forgetHoldsNobodyUp(s *suite) {
	const past, presses = 4000, 60
	s.hallOf(2*presses, "21")
	for from := int64(1); from <= past; from += 1000 {
		b := Batch("k2")
		for seq := from; seq < from+1000; seq++ {
			b.Events = append(b.Events, Event(seq, kiosk.TicketTaken, kiosk.TakenBody{Ticket: kiosk.TicketID(fmt.Sprint("past", seq)), Day: "2024-11-01",
				Number: kiosk.Number{Queue: "A", N: int(seq)}.String(), Queue: "A", Items: []kiosk.ItemID{"社保卡补办"}}))
		}
		s.take(b, from+999)
	}
	slowest := func(name string) (worst time.Duration) {
		for i := range presses {
			op := fmt.Sprint(name, i)
			for _, verb := range []calling.Verb{calling.Call, calling.Start, calling.Finish} {
				began := time.Now()
				s.pressed(PressOf(op+string(verb), verb, "21"))
				worst = max(worst, time.Since(began))
			}
		}
		return worst
	}
	idle := slowest("idle")
	done := make(chan int)
	go func() {
		steps := 0
		for more := true; more; steps++ {
			var err error
			if more, err = s.Forget(s.Context(), center.Past{Tickets: Day, Numbers: Day}); err != nil {
				s.Error(err)
				break
			}
		}
		done <- steps
	}()
	busy := slowest("busy")
	if steps := <-done; steps < past/center.ForgetAtOnce {
		s.Fatalf("%d steps forgot %d tickets", steps, past)
	}
	s.Logf("slowest press %v, %v while %d tickets are forgotten", idle, busy, past)
	if busy > 20*idle+100*time.Millisecond {
		s.Fatalf("slowest press %v, %v while forgetting", idle, busy)
	}
	if all, err := s.Latest(s.Context(), "h1", "2024-11-01", 1); err != nil || len(all) != 0 {
		s.Fatalf("%+v, %v", all, err)
	}
}
