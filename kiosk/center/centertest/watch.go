package centertest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
)

// watching is a channel of Watch.
type watching struct {
	*suite
	hall     kiosk.HallID
	versions <-chan int64
	last     int64
}

func (s *suite) watch(st center.Store, hall kiosk.HallID) *watching {
	s.Helper()
	versions, err := st.Watch(s.Context(), hall)
	s.ok(err)
	return &watching{s, hall, versions, -1}
}

// until reads versions through one, which rise.
func (w *watching) until(version int64) {
	w.Helper()
	for w.last < version {
		v, open := <-w.versions
		if !open || v <= w.last || v > version {
			w.Fatalf("version %d of %s after %d, open %v; want %d", v, w.hall, w.last, open, version)
		}
		w.last = v
	}
}

// quiet says that nothing has come.
func (w *watching) quiet() {
	w.Helper()
	select {
	case v, open := <-w.versions:
		w.Fatalf("version %d of %s, open %v; want none", v, w.hall, open)
	default:
	}
}

func watch(s *suite) {
	h1, h2 := s.watch(s.Store, "h1"), s.watch(s.Store, "h2")
	h1.until(0)
	h2.until(0)
	s.take(Batch("k1", Run("k1", "1", 1, 3)...), 3)
	h1.until(1)
	s.take(Batch("k2", Event(1, "door.opened", nil)), 1)
	h1.until(2)

	// None of these is news.
	s.take(Batch("k1"), 3)
	s.take(Batch("k1", Run("k1", "1", 1, 3)...), 3)
	_, err := s.Ingest(s.Context(), center.Seal(Batch("k1", Run("k1", "1", 5, 5)...), Noon))
	s.refusedWith(err, kiosk.EConflict)
	_, err = s.Ingest(s.Context(), center.Seal(Batch("k1", Run("k1", "2", 1, 5)...), Noon))
	s.refusedWith(err, kiosk.EConflict)
	s.granted(Wish("r1"), "A001")

	// Who reads slowly gets the newest at once.
	for seq := int64(4); seq <= 8; seq++ {
		s.take(Batch("k1", Run("k1", "1", seq, seq)...), seq)
	}
	late := s.watch(s.Store, "h1")
	late.until(7)
	late.quiet()
	h1.until(7)
	h1.quiet()
	h2.quiet()

	ctx, cancel := context.WithCancel(s.Context())
	ended, err := s.Watch(ctx, "h1")
	s.ok(err)
	cancel()
	for range ended { // until it is closed
	}
	_, err = s.Watch(ctx, "h1")
	s.refusedWith(err, kiosk.EUnavailable)

	s.ok(s.Close())
	for _, w := range []*watching{h1, h2, late} {
		if v, open := <-w.versions; open {
			s.Fatalf("version %d of %s after Close", v, w.hall)
		}
	}
	s.Store = s.open()
	s.watch(s.Store, "h1").until(7)
	s.watch(s.Store, "h2").until(0)
}

// watchTogether counts versions while batches come in from all sides.
func watchTogether(s *suite) {
	const kiosks, batches = 5, 12
	watchers := []*watching{s.watch(s.Store, "h1"), s.watch(s.Store, "h1")}
	var wg sync.WaitGroup
	for k := range kiosks {
		id := kiosk.KioskID(fmt.Sprint("k", k))
		wg.Go(func() {
			for seq := int64(1); seq <= batches; seq++ {
				if _, err := s.Ingest(s.Context(), center.Seal(Batch(id, Event(seq, "door.opened", seq)), Noon)); err != nil {
					s.Error(err)
				}
			}
		})
	}
	for _, w := range watchers {
		w.until(kiosks * batches)
	}
	wg.Wait()
}

// watchAcross changes a hall through one store and hears of it from another.
func watchAcross(s *suite) {
	other := s.open()
	defer func() { s.ok(other.Close()) }()
	here, there := s.watch(s.Store, "h1"), s.watch(other, "h1")
	here.until(0)
	there.until(0)
	s.take(Batch("k1", Run("k1", "1", 1, 3)...), 3)
	here.until(1)
	there.until(1)
	_, err := other.Book(s.Context(), "op", BookingOf("b", 30), center.Unbounded, made("b"))
	s.ok(err)
	there.until(2)
	here.until(2)
}

// watchKeys hears of keys that are replaced and revoked, from both stores on a
// database.
func watchKeys(s *suite) {
	other := s.open()
	defer func() { s.ok(other.Close()) }()
	here, there := s.watch(s.Store, center.EveryKey), s.watch(other, center.EveryKey)
	here.until(0)
	there.until(0)
	s.enrolled(1, "k1")
	here.until(1)
	there.until(1)
	s.enrolled(2, "k1")
	s.ok(s.Revoke(s.Context(), "k1", entry("key.revoked", "k1")))
	there.until(3)
	here.until(3)
	s.take(Batch("k1", Run("k1", "1", 1, 3)...), 3)
	here.quiet()
	if halls, err := s.Halls(s.Context()); err != nil || len(halls) != 1 {
		s.Fatalf("halls %q, %v", halls, err)
	}
}

// twoStores posts overlapping pieces of the same kiosks through two stores on
// one database, as two centers do behind one address.
func twoStores(s *suite) {
	const kiosks, events, piece = 4, 120, 17
	other := s.open()
	defer func() { s.ok(other.Close()) }()
	var wg sync.WaitGroup
	for n, st := range []center.Store{s.Store, other} {
		for k := range kiosks {
			id := kiosk.KioskID(fmt.Sprint("k", k))
			all := Run(id, fmt.Sprint(k), 1, events)
			wg.Go(func() {
				for acked := int64(0); acked < events; {
					// Both go back a little, each in its own way.
					from := max(0, acked-int64(5*n+k))
					r, err := st.Ingest(s.Context(), center.Seal(Batch(id, all[from:min(events, from+piece+int64(6*n))]...), Noon))
					var g *center.Gap
					if errors.As(err, &g) || err == nil && r.Ack.AckedThrough < acked {
						s.Errorf("%+v, %v after %d was acknowledged", r, err, acked)
					} else if err != nil {
						s.Error(err)
						return
					}
					acked = r.Ack.AckedThrough
				}
			})
		}
	}
	wg.Wait()
	for k := range kiosks {
		id := kiosk.KioskID(fmt.Sprint("k", k))
		s.ledger(id, Run(id, fmt.Sprint(k), 1, events)...)
	}
	// Which of the four that were taken last, at one instant, is no matter.
	queues, err := s.Queues(s.Context(), "h1", Day)
	s.ok(err)
	if len(queues) != 1 || queues[0].Waiting != kiosks*events || queues[0].Taken != kiosks*events {
		s.Fatalf("queues = %+v", queues)
	}
	s.alarms()
}

// clashingStores lets two kiosks tell of the same labels, and of tickets with
// the same ids, through two stores at once: each is stored, and raises its
// alarm, once.
func clashingStores(s *suite) {
	const labels = 30
	other := s.open()
	defer func() { s.ok(other.Close()) }()
	var wg sync.WaitGroup
	for n, st := range []center.Store{s.Store, other} {
		id := kiosk.KioskID(fmt.Sprint("k", n))
		var events []kiosk.Event
		for i := range labels {
			l := i
			if n == 1 { // in another order, so that each waits for the other
				l = labels - 1 - i
			}
			number := kiosk.Number{Queue: "A", N: l + 1}.String()
			events = append(events, Taken(int64(2*i+1), id, number), Event(int64(2*i+2), kiosk.TicketTaken, kiosk.TakenBody{
				Ticket: kiosk.TicketID(fmt.Sprint("same", l)), Day: Day, Queue: "B", Number: kiosk.Number{Queue: "B", Series: fmt.Sprint(n), N: l + 1}.String()}))
		}
		wg.Go(func() {
			if r, err := st.Ingest(s.Context(), center.Seal(Batch(id, events...), Noon)); err != nil || r.Ack.AckedThrough != 2*labels {
				s.Errorf("%+v, %v", r, err)
			}
		})
	}
	wg.Wait()
	raised, err := s.Alarms(s.Context(), 1000)
	s.ok(err)
	tickets, err := s.Latest(s.Context(), "h1", Day, 1000)
	s.ok(err)
	if len(raised) != 2*labels || len(tickets) != 3*labels {
		s.Fatalf("%d alarms and %d tickets, want %d and %d", len(raised), len(tickets), 2*labels, 3*labels)
	}
	clashing := 0
	for _, t := range tickets {
		if t.Clash {
			clashing++
		}
	}
	if clashing != labels {
		s.Fatalf("%d tickets clash, want %d", clashing, labels)
	}
}
