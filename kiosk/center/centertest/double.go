package centertest

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
)

// life is a batch of one life of a kiosk's store, at a moment after Noon.
func life(id kiosk.KioskID, epoch, prior kiosk.Epoch, after time.Duration) center.Batch {
	b := Batch(id, Event(1, "door.opened", string(epoch)))
	b.Epoch, b.Prior = epoch, prior
	sealed := center.Seal(b, Noon.Add(after))
	sealed.Silence = time.Minute
	return sealed
}

func double(s *suite) {
	for _, c := range []struct {
		epoch, prior kiosk.Epoch
		after        time.Duration
		refused      kiosk.Epoch // by who spoke
	}{
		{"e1", "", 0, ""},
		{"e2", "", time.Second, "e1"},
		{"e2", "e0", time.Second, "e1"},
		{"e1", "", 2 * time.Second, ""},
		{"e3", "e1", 3 * time.Second, ""}, // restored from it
		{"e1", "", 4 * time.Second, "e3"},
		{"e3", "e1", 5 * time.Second, ""},
		{"e4", "", 65*time.Second - 1, "e3"},
		{"e4", "", 65 * time.Second, ""}, // after the silence
		{"e3", "e1", 66 * time.Second, "e4"},
	} {
		_, err := s.Ingest(s.Context(), life("k1", c.epoch, c.prior, c.after))
		var d *center.Double
		if c.refused == "" && err != nil || c.refused != "" && (!errors.As(err, &d) || d.Epoch != c.refused || kiosk.CodeOf(err) != kiosk.EConflict) {
			s.Fatalf("%s after %v: %v, want it refused by %q", c.epoch, c.after, err, c.refused)
		}
	}
	s.alarms()
	if got, err := s.Events(s.Context(), "k1", "e2", 0, 10); err != nil || len(got) != 0 {
		s.Fatalf("stored of the refused: %+v %v", got, err)
	}
}

// doubleTogether lets two machines with one id come at the same instant to two
// centers: one of them is let in, and goes on.
func doubleTogether(s *suite) {
	other := s.open()
	defer func() { s.ok(other.Close()) }()
	for n := range 20 {
		id := kiosk.KioskID(fmt.Sprint("k", n))
		var at, wg sync.WaitGroup
		var errs [4]error
		at.Add(1)
		for i := range errs {
			st := []center.Store{s.Store, other}[i%2]
			b := life(id, kiosk.Epoch(fmt.Sprint("e", i)), "", time.Duration(i)*time.Millisecond)
			wg.Go(func() {
				at.Wait()
				_, errs[i] = st.Ingest(s.Context(), b)
			})
		}
		at.Done()
		wg.Wait()
		in := 0
		for _, err := range errs {
			if err == nil {
				in++
			} else if !errors.As(err, new(*center.Double)) {
				s.Fatal(err)
			}
		}
		if in != 1 {
			s.Fatalf("%d of %d machines speak as %s", in, len(errs), id)
		}
	}
}
