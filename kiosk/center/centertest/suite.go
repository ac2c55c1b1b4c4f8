package centertest

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
)

// Factory makes an empty place for a store. open opens it, and opens it again
// with all that was stored, after the one before was closed or beside it.
type Factory func(t *testing.T) (open func() center.Store)

// suite is one store under test.
type suite struct {
	*testing.T
	center.Store
	open func() center.Store
}

// StoreSuite runs the contract of center.Store.
func StoreSuite(t *testing.T, factory Factory) {
	for name, test := range map[string]func(*suite){
		"Stored":         stored,
		"Repeated":       repeated,
		"Gap":            gap,
		"Contradiction":  contradiction,
		"Hello":          hello,
		"Epochs":         epochs,
		"LabelClash":     labelClash,
		"TicketAgain":    ticketAgain,
		"TicketIDClash":  ticketIDClash,
		"Unreadable":     unreadable,
		"UnknownKind":    unknownKind,
		"Early":          early,
		"Double":         double,
		"DoubleTogether": doubleTogether,
		"Paper":          paper,
		"Days":           days,
		"Latest":         latest,
		"Kiosks":         kiosks,
		"Together":       together,
		"Reopened":       reopened,
		"SQLEverywhere":  sqlEverywhere,
		"Cancelled":      cancelled,
		"AnyOrder":       anyOrder,
		"NothingYet":     nothingYet,
		"PaperFirst":     paperFirst,
		"InOneBatch":     inOneBatch,
		"Grants":         grants,
		"GrantRefused":   grantRefused,
		"GrantsPast":     grantsPast,
		"GrantsTogether": grantsTogether,
		"Watch":          watch,
		"WatchTogether":  watchTogether,
		"WatchAcross":    watchAcross,
		"WatchKeys":      watchKeys,
		"TwoStores":      twoStores,
		"ClashingStores": clashingStores,
		"ByBytes":        byBytes,
		"Enrol":          enrol,
		"EnrolTogether":  enrolTogether,
		"KeyUse":         keyUse,
		"KeyWindow":      keyWindow,
		"KeyTogether":    keyTogether,
		"KeyTwoStores":   keyTwoStores,
		"KeysSQL":        keysSQL,
		"Accounts":       accounts,
		"Sessions":       sessions,
		"Trail":          trail,
		"AccountsSQL":    accountsSQL,
		"GoesAhead":      goesAhead,
		"AheadBad":       aheadUnreadable,
		"CheckInTwice":   checkInTwice,
		"CheckTogether":  checkInTogether,
		"Preferred":      preferred,
		"Bookings":       bookings,
		"BookingRefused": bookingRefused,
		"BookedTogether": bookedTogether,
		"Places":         places,
		"PlacesTogether": placesTogether,
		"CardKeys":       cardKeys,
		"Orders":         orders,
		"OrderRefused":   orderRefused,
		"OrdersBounded":  ordersBounded,
		"Tries":          tries,
		"Forget":         forget,
		"ForgetHolds":    forgetHoldsNobodyUp,
		"ChecksAnswered": func(s *suite) { s.ok(s.Check(s.Context())) },
	} {
		t.Run(name, func(t *testing.T) {
			open := factory(t)
			s := &suite{T: t, Store: open(), open: open}
			defer func() { s.ok(s.Close()) }()
			test(s)
		})
	}
}

func (s *suite) ok(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// take ingests a batch that must be stored, through through.
func (s *suite) take(b kiosk.Batch, through int64) center.Receipt {
	s.Helper()
	r, err := s.Ingest(s.Context(), center.Seal(b, Noon))
	if err != nil || r.Ack.AckedThrough != through {
		s.Fatalf("Ingest = %+v, %v; want all through %d", r, err, through)
	}
	return r
}

// ledger compares what is stored of a kiosk's epoch e1.
func (s *suite) ledger(id kiosk.KioskID, want ...kiosk.Event) {
	s.Helper()
	got, err := s.Events(s.Context(), id, "e1", 0, 10_000)
	s.ok(err)
	if len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
		s.Fatalf("ledger of %s = %d events %+v\nwant %d events %+v", id, len(got), got, len(want), want)
	}
}

// lines compares the queues of hall h1 on Day.
func (s *suite) lines(want ...center.Queue) {
	s.Helper()
	got, err := s.Queues(s.Context(), "h1", Day)
	s.ok(err)
	if len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
		s.Fatalf("queues = %+v, want %+v", got, want)
	}
}

// alarms compares kind and seq of every alarm.
func (s *suite) alarms(want ...center.Alarm) {
	s.Helper()
	got, err := s.Alarms(s.Context(), 100)
	s.ok(err)
	if len(got) != len(want) {
		s.Fatalf("alarms = %+v, want %+v", got, want)
	}
	for i, a := range got {
		if w := want[i]; a.Kind != w.Kind || a.Kiosk != w.Kiosk || a.Seq != w.Seq || a.Times != w.Times || a.Detail == "" {
			s.Fatalf("alarm %d = %+v, want %+v", i, a, w)
		}
	}
}

func stored(s *suite) {
	events := []kiosk.Event{Taken(1, "k1", "A1-001"), Paper(2, "k1", "A1-001", kiosk.PrintBegun),
		Taken(3, "k1", "A1-002"), Paper(4, "k1", "A1-001", kiosk.Printed), Taken(5, "k1", "B1-001")}
	if r := s.take(Batch("k1", events...), 5); len(r.Alarms) != 0 {
		s.Fatalf("alarms %+v", r.Alarms)
	}
	s.ledger("k1", events...)
	s.lines(center.Queue{Day: Day, Queue: "A", Waiting: 2, Taken: 2, Last: "A1-002"},
		center.Queue{Day: Day, Queue: "B", Waiting: 1, Taken: 1, Last: "B1-001"})
	some, err := s.Events(s.Context(), "k1", "e1", 2, 2)
	s.ok(err)
	if !reflect.DeepEqual(some, events[2:4]) {
		s.Fatalf("events after 2, at most 2 = %+v", some)
	}
}

func repeated(s *suite) {
	events := Run("k1", "1", 1, 9)
	s.take(Batch("k1", events[:5]...), 5)
	s.take(Batch("k1", events[:5]...), 5)
	s.take(Batch("k1", events[2:4]...), 5) // out of order, stored long ago
	s.take(Batch("k1", events[3:]...), 9)  // overlapping
	s.take(Batch("k1", events...), 9)

	spaced := events[8]
	spaced.Body = append([]byte(" \n"), spaced.Body...)
	s.take(Batch("k1", spaced), 9) // white space says nothing
	moved := Batch("k1", events[8])
	moved.Hall = "h2"
	s.take(moved, 9)

	s.ledger("k1", events...)
	s.lines(center.Queue{Day: Day, Queue: "A", Waiting: 9, Taken: 9, Last: "A1-009"})
	s.alarms()
}

func gap(s *suite) {
	refused := func(b kiosk.Batch, acked int64) {
		s.Helper()
		_, err := s.Ingest(s.Context(), center.Seal(b, Noon))
		var g *center.Gap
		if !errors.As(err, &g) || g.AckedThrough != acked || kiosk.CodeOf(err) != kiosk.EConflict {
			s.Fatalf("err = %v, want a gap after %d", err, acked)
		}
	}
	events := Run("k1", "1", 1, 9)
	refused(Batch("k1", events[1:]...), 0)
	s.take(Batch("k1", events[:3]...), 3)
	refused(Batch("k1", events[4:]...), 3)
	s.ledger("k1", events[:3]...)
	s.take(Batch("k1", events[3:]...), 9)
	s.ledger("k1", events...)
	s.alarms()
}

func contradiction(s *suite) {
	events := Run("k1", "1", 1, 3)
	s.take(Batch("k1", events...), 3)
	for _, change := range []func(*kiosk.Event){
		func(e *kiosk.Event) { e.Body = json.RawMessage(`{"ticket":"other"}`) },
		func(e *kiosk.Event) { e.Kind = kiosk.PrintEnded },
		func(e *kiosk.Event) { e.Stamp.Count++ },
		func(e *kiosk.Event) { e.Stamp.Wall-- },
	} {
		other := append([]kiosk.Event(nil), Run("k1", "1", 1, 5)...)
		change(&other[1])
		r, err := s.Ingest(s.Context(), center.Seal(Batch("k1", other...), Noon))
		var c *center.Contradiction
		if !errors.As(err, &c) || c.Seq != 2 || kiosk.CodeOf(err) != kiosk.EConflict {
			s.Fatalf("err = %v, want a contradiction of event 2", err)
		}
		if len(r.Alarms) != 1 || r.Alarms[0].Kind != center.AlarmContradiction || r.Ack.AckedThrough != 0 {
			s.Fatalf("receipt = %+v, want one alarm", r)
		}
	}
	s.ledger("k1", events...) // neither overwritten, nor the rest of the batch taken in
	s.lines(center.Queue{Day: Day, Queue: "A", Waiting: 3, Taken: 3, Last: "A1-003"})
	s.alarms(center.Alarm{Kind: center.AlarmContradiction, Kiosk: "k1", Seq: 2, Times: 4})
	s.take(Batch("k1", Run("k1", "1", 1, 5)...), 5)
}

func hello(s *suite) {
	s.take(Batch("k1"), 0)
	s.take(Batch("k1", Run("k1", "1", 1, 4)...), 4)
	s.take(Batch("k1"), 4)
	all, err := s.Kiosks(s.Context())
	s.ok(err)
	if len(all) != 1 || all[0].Acked != 4 {
		s.Fatalf("kiosks = %+v", all)
	}
}

func epochs(s *suite) {
	s.take(Batch("k1", Run("k1", "1", 1, 4)...), 4)
	next := Batch("k1", Event(1, "door.opened", nil))
	next.Epoch = "e2"
	s.take(next, 1)
	next.Events = []kiosk.Event{Event(3, "door.opened", nil)}
	var g *center.Gap
	if _, err := s.Ingest(s.Context(), center.Seal(next, Noon)); !errors.As(err, &g) || g.AckedThrough != 1 {
		s.Fatalf("err = %v, want a gap after 1", err)
	}
	s.take(Batch("k1", Run("k1", "1", 5, 6)...), 6)
	s.alarms()
}

func days(s *suite) {
	on := func(seq int64, day kiosk.Day, number string) kiosk.Event {
		return Event(seq, kiosk.TicketTaken, kiosk.TakenBody{Ticket: kiosk.TicketID(string(day) + number), Day: day, Number: number, Queue: "A"})
	}
	s.take(Batch("k1", on(1, "2024-11-24", "A001"), on(2, Day, "A001"), on(3, "2023-01-01", "A001")), 3)
	latest, err := s.LatestDay(s.Context(), "h1")
	s.ok(err)
	if latest != "2024-11-24" {
		s.Fatalf("latest day %q", latest)
	}
	s.lines(center.Queue{Day: Day, Queue: "A", Waiting: 1, Taken: 1, Last: "A001"})
	s.alarms() // each day has its own A001
}

func latest(s *suite) {
	s.take(Batch("k1", Run("k1", "1", 1, 20)...), 20)
	got, err := s.Latest(s.Context(), "h1", Day, 3)
	s.ok(err)
	var numbers []string
	for _, t := range got {
		numbers = append(numbers, t.Number)
	}
	if !reflect.DeepEqual(numbers, []string{"A1-020", "A1-019", "A1-018"}) {
		s.Fatalf("latest = %v", numbers)
	}
	want := center.Ticket{ID: "k1/A1-020", Hall: "h1", Kiosk: "k1", Day: Day, Number: "A1-020", Queue: "A",
		State: kiosk.Waiting, Taken: kiosk.Stamp{Wall: Noon.UnixMilli() + 20_000}}
	if got[0] != want {
		s.Fatalf("ticket = %+v, want %+v", got[0], want)
	}
}

func kiosks(s *suite) {
	s.take(Batch("k2"), 0)
	s.take(Batch("k1", Run("k1", "1", 1, 4)...), 4)
	later := Batch("k1", Taken(1, "k1", "B1-001"))
	later.Epoch, later.Hall = "e0", "h2"
	_, err := s.Ingest(s.Context(), center.Seal(later, Noon.Add(1)))
	s.ok(err)
	_, err = s.Ingest(s.Context(), center.Seal(later, Noon.Add(60_000_000_000)))
	s.ok(err)
	got, err := s.Kiosks(s.Context())
	s.ok(err)
	if len(got) != 2 || got[0].ID != "k1" || got[1].ID != "k2" {
		s.Fatalf("kiosks = %+v", got)
	}
	for _, k := range got {
		one, err := s.Kiosk(s.Context(), k.ID)
		s.ok(err)
		if !reflect.DeepEqual(one, k) {
			s.Fatalf("kiosk = %+v, want %+v", one, k)
		}
	}
	if k, err := s.Kiosk(s.Context(), "k3"); kiosk.CodeOf(err) != kiosk.ENotFound {
		s.Fatalf("kiosk = %+v, %v, want not found", k, err)
	}
	if k := got[0]; k.Epoch != "e0" || k.Hall != "h2" || k.Acked != 1 || !k.Seen.Equal(Noon.Add(60_000_000_000)) {
		s.Fatalf("kiosk = %+v", k)
	}
	halls, err := s.Halls(s.Context())
	s.ok(err)
	if !reflect.DeepEqual(halls, []kiosk.HallID{"h1", "h2"}) {
		s.Fatalf("halls = %v", halls)
	}
}

func together(s *suite) {
	const clients, batches, size = 4, 10, 20
	var wg sync.WaitGroup
	for range clients { // all post the same batches of one kiosk
		wg.Go(func() {
			for n := range int64(batches) {
				r, err := s.Ingest(s.Context(), center.Seal(Batch("k1", Run("k1", "1", n*size+1, (n+1)*size)...), Noon))
				if err != nil || r.Ack.AckedThrough < (n+1)*size {
					s.Errorf("Ingest = %+v, %v", r, err)
				}
			}
		})
	}
	wg.Go(func() { // while somebody reads
		for range batches {
			if _, err := s.Queues(s.Context(), "h1", Day); err != nil {
				s.Error(err)
			}
		}
	})
	wg.Wait()
	s.ledger("k1", Run("k1", "1", 1, batches*size)...)
	s.lines(center.Queue{Day: Day, Queue: "A", Waiting: batches * size, Taken: batches * size, Last: "A1-200"})
	s.alarms()
}

func reopened(s *suite) {
	s.take(Batch("k1", Run("k1", "1", 1, 4)...), 4)
	s.take(Batch("k2", Event(1, kiosk.TicketTaken, nil)), 1)
	s.ok(s.Close())
	s.Store = s.open()
	s.take(Batch("k1"), 4)
	s.ledger("k1", Run("k1", "1", 1, 4)...)
	s.alarms(center.Alarm{Kind: center.AlarmUnreadable, Kiosk: "k2", Seq: 1, Times: 1})
	s.take(Batch("k1", Run("k1", "1", 3, 6)...), 6)
}

func sqlEverywhere(s *suite) {
	const evil = `'; DROP TABLE events; --"` + "`)"
	b := kiosk.Batch{Hall: evil, Kiosk: evil, Epoch: evil, Events: []kiosk.Event{
		Event(1, evil, evil),
		Event(2, kiosk.TicketTaken, kiosk.TakenBody{Ticket: evil, Day: Day, Number: "A001", Queue: "A", Items: []kiosk.ItemID{evil}}),
		Event(3, kiosk.PrintEnded, kiosk.PrintBody{Ticket: evil, Attempt: 1, State: kiosk.NotPrinted, Cause: evil}),
		Event(4, kiosk.TicketTaken, kiosk.TakenBody{Ticket: evil, Day: evil, Number: evil, Queue: evil}),
	}}
	s.take(b, 4)
	got, err := s.Events(s.Context(), evil, evil, 0, 10)
	s.ok(err)
	if !reflect.DeepEqual(got, b.Events) {
		s.Fatalf("events = %+v", got)
	}
	tickets, err := s.Latest(s.Context(), evil, Day, 10)
	s.ok(err)
	if len(tickets) != 1 || tickets[0].ID != evil || tickets[0].Cause != evil {
		s.Fatalf("tickets = %+v", tickets)
	}
	if queues, err := s.Queues(s.Context(), evil, evil); err != nil || len(queues) != 0 {
		s.Fatalf("queues = %+v, %v", queues, err)
	}
	if day, err := s.LatestDay(s.Context(), evil); err != nil || day != Day {
		s.Fatalf("day = %q, %v", day, err)
	}
	s.granted(center.Grant{Request: evil, Kiosk: evil, Hall: evil, Day: Day, Queue: "A"}, "A002")
	s.watch(s.Store, evil).until(1)
	all, err := s.Kiosks(s.Context())
	s.ok(err)
	if len(all) != 1 || all[0].ID != evil || all[0].Hall != evil || all[0].Epoch != evil {
		s.Fatalf("kiosks = %+v", all)
	}
	raised, err := s.Alarms(s.Context(), 10)
	s.ok(err)
	if len(raised) != 1 || raised[0].Kiosk != evil || raised[0].Seq != 4 {
		s.Fatalf("alarms = %+v", raised)
	}
}

func cancelled(s *suite) {
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	_, err := s.Ingest(ctx, center.Seal(Batch("k1", Run("k1", "1", 1, 4)...), Noon))
	if kiosk.CodeOf(err) != kiosk.EUnavailable {
		s.Fatalf("err = %v, want %s", err, kiosk.EUnavailable)
	}
	s.ledger("k1")
	s.take(Batch("k1", Run("k1", "1", 1, 4)...), 4)
}

// anyOrder sends any pieces of a kiosk's events in any order, and holds the
// store against the rule: a piece is stored if and only if it leaves no gap.
func anyOrder(s *suite) {
	life := 0
	rapid.Check(s.T, func(t *rapid.T) {
		life++
		id := kiosk.KioskID("k" + string(rune('A'+life%26)) + string(rune('A'+life/26)))
		all := make([]kiosk.Event, 12)
		for i := range all {
			all[i] = Event(int64(i+1), "door.opened", i)
		}
		acked := int64(0)
		for range rapid.IntRange(1, 8).Draw(t, "pieces") {
			from := rapid.IntRange(0, len(all)-1).Draw(t, "from")
			to := rapid.IntRange(from+1, len(all)).Draw(t, "to")
			r, err := s.Ingest(s.Context(), center.Seal(Batch(id, all[from:to]...), Noon))
			var g *center.Gap
			switch {
			case int64(from) > acked:
				if !errors.As(err, &g) || g.AckedThrough != acked {
					t.Fatalf("%d to %d after %d: %v", from+1, to, acked, err)
				}
			case err != nil:
				t.Fatal(err)
			default:
				acked = max(acked, int64(to))
				if r.Ack.AckedThrough != acked {
					t.Fatalf("acked %d, want %d", r.Ack.AckedThrough, acked)
				}
			}
		}
		got, err := s.Events(s.Context(), id, "e1", 0, 100)
		if err != nil || len(got) != int(acked) || acked > 0 && !reflect.DeepEqual(got, all[:acked]) {
			t.Fatalf("stored %+v, %v; want the first %d", got, err, acked)
		}
	})
}

func nothingYet(s *suite) {
	halls, err := s.Halls(s.Context())
	s.ok(err)
	day, err := s.LatestDay(s.Context(), "h1")
	s.ok(err)
	all, err := s.Kiosks(s.Context())
	s.ok(err)
	tickets, err := s.Latest(s.Context(), "h1", "", 5)
	s.ok(err)
	if len(halls)+len(day)+len(all)+len(tickets) != 0 {
		s.Fatalf("halls %v, day %q, kiosks %v, tickets %v", halls, day, all, tickets)
	}
	s.lines()
	s.alarms()
	s.ledger("k1")
}
