package desk_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/desk"
)

// counting is a center that counts the shared series, or does what fail says.
type counting struct {
	n     atomic.Int64
	asked atomic.Int64
	fail  func(ctx context.Context) error
}

func (c *counting) Next(ctx context.Context, _ kiosk.RequestID, _ kiosk.Day, queue kiosk.QueueID) (kiosk.Number, error) {
	c.asked.Add(1)
	if c.fail != nil {
		if err := c.fail(ctx); err != nil {
			return kiosk.Number{}, err
		}
	}
	return kiosk.Number{Queue: queue, N: int(c.n.Add(1))}, nil
}

func TestSharedNumbers(t *testing.T) {
	with := func(c *counting) func(*desk.Opts) {
		return func(o *desk.Opts) { o.Series, o.Numbers, o.Budget = "7", c, time.Minute }
	}
	t.Run("OK", func(t *testing.T) {
		c := &counting{}
		c.n.Store(22)
		r := open(t, path(t), with(c))
		if got := r.take(t, "x", "b1").Number.String(); got != "B023" {
			t.Errorf("number %s", got)
		}
		if got := r.take(t, "x", "b1").Number.String(); got != "B023" || c.asked.Load() != 1 {
			t.Errorf("again %s, asked %d times", got, c.asked.Load())
		}
	})
	t.Run("CenterTooSlow", func(t *testing.T) {
		c := &counting{fail: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}
		r := open(t, path(t), func(o *desk.Opts) { with(c)(o); o.Budget = time.Millisecond })
		for _, want := range []string{"B7-001", "B7-002"} {
			if got := r.take(t, "", "b1").Number.String(); got != want {
				t.Errorf("number %s, want %s", got, want)
			}
		}
		if c.asked.Load() != 2 {
			t.Errorf("asked %d times", c.asked.Load())
		}
	})
	t.Run("CenterAwayThenBack", func(t *testing.T) {
		away := errors.New("away")
		c := &counting{fail: func(context.Context) error { return away }}
		r := open(t, path(t), with(c))
		if got := r.take(t, "", "b1").Number.String(); got != "B7-001" {
			t.Errorf("away: %s", got)
		}
		c.fail = nil
		if got := r.take(t, "", "b1").Number.String(); got != "B001" {
			t.Errorf("back: %s", got)
		}
	})
}

func TestHallWideLengths(t *testing.T) {
	r := open(t, path(t), nil)
	r.take(t, "", "a1")
	ahead := func() int {
		t.Helper()
		offers, err := r.Offers(t.Context(), "a1")
		if err != nil {
			t.Fatal(err)
		}
		return offers[0].Ahead
	}
	if got := ahead(); got != 1 {
		t.Errorf("by itself the kiosk counts %d", got)
	}
	r.News(&kiosk.News{Version: 1, Lengths: []kiosk.Length{{Day: "2026-11-23", Queue: "A", Waiting: 40}}})
	if got := ahead(); got != 40 {
		t.Errorf("the hall has %d", got)
	}
	if got := r.take(t, "", "a1"); got.Ahead != 40 || ahead() != 41 {
		t.Errorf("a ticket with %d ahead, then %d", got.Ahead, ahead())
	}
	r.News(nil) // the line is lost
	if got := r.take(t, "", "a1"); got.Ahead != 41 || ahead() != 42 {
		t.Errorf("cut off: a ticket with %d ahead, then %d", got.Ahead, ahead())
	}
	r.News(&kiosk.News{Version: 2, Lengths: []kiosk.Length{}})
	if got := ahead(); got != 0 {
		t.Errorf("all were served: %d", got)
	}
}

// A clock that goes back doesn't change the business day, and no number is given
// twice; a time server's word does.
func TestClockGoesBack(t *testing.T) {
	synced := atomic.Bool{}
	r := open(t, path(t), func(o *desk.Opts) { o.Clock.Synced = synced.Load })
	r.set(monday)
	first := r.take(t, "", "b1")
	r.set(time.Date(1970, 1, 1, 0, 0, 10, 0, time.UTC)) // the battery is empty
	second := r.take(t, "", "b1")
	if second.Day != first.Day || second.Number.N != first.Number.N+1 || !first.Taken.Before(second.Taken) || r.opts.Clock.Trusted() {
		t.Errorf("%s on %s, then %s on %s", first.Number, first.Day, second.Number, second.Day)
	}
	r.set(monday.Add(7 * 24 * time.Hour)) // forward by a week, wrongly
	wrong := r.take(t, "", "b1")
	r.set(monday.Add(time.Hour))
	synced.Store(true)
	right := r.take(t, "", "b1")
	if wrong.Day == first.Day || right.Day != first.Day || right.Number.N != second.Number.N+1 || !r.opts.Clock.Trusted() {
		t.Errorf("%s on %s, then %s on %s", wrong.Number, wrong.Day, right.Number, right.Day)
	}
}
