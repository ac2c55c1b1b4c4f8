package centertest

import (
	"context"
	"fmt"
	"sync"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
)

// Wish returns a wish of kiosk k1 for a number of queue A in hall h1 on Day.
func Wish(request string) center.Grant {
	return center.Grant{Request: kiosk.RequestID(request), Kiosk: "k1", Hall: "h1", Day: Day, Queue: "A"}
}

// granted asks for a number that must be want.
func (s *suite) granted(g center.Grant, want string) {
	s.Helper()
	got, err := s.Grant(s.Context(), g)
	if err != nil || got.String() != want {
		s.Fatalf("%+v got %v, %v; want %s", g, got, err, want)
	}
}

// refusedWith wants an error of a code.
func (s *suite) refusedWith(err error, want kiosk.Code) {
	s.Helper()
	if kiosk.CodeOf(err) != want {
		s.Fatalf("err = %v, want %s", err, want)
	}
}

func grants(s *suite) {
	s.granted(Wish("r1"), "A001")
	s.granted(Wish("r2"), "A002")
	s.granted(Wish("r1"), "A001") // asked again
	for i, change := range []func(*center.Grant){
		func(g *center.Grant) { g.Hall = "h2" },
		func(g *center.Grant) { g.Day = "2024-11-24" },
		func(g *center.Grant) { g.Queue = "AB" },
	} { // each has a series of its own
		g := Wish(fmt.Sprint("other", i))
		change(&g)
		s.granted(g, kiosk.Number{Queue: g.Queue, N: 1}.String())
	}
	s.ok(s.Close())
	s.Store = s.open()
	s.granted(Wish("r2"), "A002")
	s.granted(Wish("r3"), "A003")
	s.lines() // nobody has said yet that a ticket was made of any
}

func grantRefused(s *suite) {
	s.granted(Wish("r1"), "A001")
	for _, change := range []func(*center.Grant){
		func(g *center.Grant) { g.Kiosk = "k2" },
		func(g *center.Grant) { g.Hall = "h2" },
		func(g *center.Grant) { g.Day = "2024-11-24" },
		func(g *center.Grant) { g.Queue = "B" },
	} {
		g := Wish("r1")
		change(&g)
		_, err := s.Grant(s.Context(), g)
		s.refusedWith(err, kiosk.EConflict)
	}
	long := string(make([]byte, 65))
	for _, change := range []func(*center.Grant){
		func(g *center.Grant) { g.Request = "" },
		func(g *center.Grant) { g.Request = kiosk.RequestID(long) },
		func(g *center.Grant) { g.Request = "a\x00b" },
		func(g *center.Grant) { g.Kiosk = "" },
		func(g *center.Grant) { g.Kiosk = "\xff" },
		func(g *center.Grant) { g.Hall = "" },
		func(g *center.Grant) { g.Hall = "h\x00" },
		func(g *center.Grant) { g.Day = "tomorrow" },
		func(g *center.Grant) { g.Queue = "" },
		func(g *center.Grant) { g.Queue = "a" },
		func(g *center.Grant) { g.Queue = "A1-" },
		func(g *center.Grant) { g.Queue = "A1" },
	} {
		g := Wish("r9")
		change(&g)
		_, err := s.Grant(s.Context(), g)
		s.refusedWith(err, kiosk.EInvalid)
	}
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	_, err := s.Grant(ctx, Wish("r9"))
	s.refusedWith(err, kiosk.EUnavailable)
	s.granted(Wish("r2"), "A002") // none of them was counted
	s.ok(s.Close())
	_, err = s.Grant(s.Context(), Wish("r3"))
	s.refusedWith(err, kiosk.EUnavailable)
	s.Store = s.open()
}

// grantsPast lets kiosks tell of shared numbers that this center didn't give,
// as after a backup was put in its place.
func grantsPast(s *suite) {
	s.granted(Wish("r1"), "A001")
	s.take(Batch("k1", Taken(1, "k1", "A001"), Taken(2, "k1", "A041"), Taken(3, "k1", "A017"), Taken(4, "k1", "A1-500"), Taken(5, "k1", "B007")), 5)
	s.granted(Wish("r2"), "A042")
	s.granted(Wish("r1"), "A001")
	b := Wish("r3")
	b.Queue = "B"
	s.granted(b, "B008")
	s.take(Batch("k1", Taken(6, "k1", "A030"), Taken(7, "k1", "A9999999999")), 7) // older, and absurd
	s.granted(Wish("r4"), "A043")
	s.take(Batch("k2", Taken(1, "k2", "A999")), 1)
	s.granted(Wish("r5"), "A1000")
	if tickets, err := s.Latest(s.Context(), "h1", Day, 20); err != nil || len(tickets) != 8 {
		s.Fatalf("%d tickets, %v", len(tickets), err)
	}
}

// grantsTogether lets sixteen clients ask at once, every wish twice and some
// by two clients, through all the stores on one database.
func grantsTogether(s *suite) {
	const clients, each = 16, 25
	other := s.open()
	defer func() { s.ok(other.Close()) }()
	stores := []center.Store{s.Store, other}
	var mu sync.Mutex
	given := map[kiosk.RequestID]kiosk.Number{}
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			for i := range each {
				g := Wish(fmt.Sprintf("r%d-%d", c/2, i)) // two clients for one wish
				for _, st := range stores {
					n, err := st.Grant(s.Context(), g)
					if err != nil {
						s.Error(err)
						return
					}
					mu.Lock()
					if before, ok := given[g.Request]; ok && before != n {
						s.Errorf("%s got %v, then %v", g.Request, before, n)
					}
					given[g.Request] = n
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	seen := map[kiosk.Number]kiosk.RequestID{}
	for r, n := range given {
		if first, twice := seen[n]; twice {
			s.Fatalf("%v was given to %s and %s", n, first, r)
		}
		if n.N < 1 || n.N > 2*clients*each || n.Queue != "A" || n.Series != "" {
			s.Fatalf("%s got %+v", r, n)
		}
		seen[n] = r
	}
	if len(given) != clients/2*each {
		s.Fatalf("%d wishes were granted, want %d", len(given), clients/2*each)
	}
}
