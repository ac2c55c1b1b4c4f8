package center

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"hallkiosk/kiosk"
)

// turns lets few batches at a time be unpacked and stored, first come first
// served, and makes them give way to what a person waits for: when a whole city
// comes back after an outage, clerks who call and citizens who ask for a number
// go on as on any day.
type turns struct {
	places chan struct{} // one for each batch at work

	mu     sync.Mutex
	urgent int           // requests under way that a person waits for
	quiet  chan struct{} // closed when there are none
}

// giveWay is the longest that a batch gives way, or none would ever be stored in
// a city that calls all the time.
const giveWay = 100 * time.Millisecond

func newTurns(most int) *turns {
	t := &turns{places: make(chan struct{}, most), quiet: make(chan struct{})}
	close(t.quiet)
	return t
}

// hurry says that a person waits for a request until over is called.
func (t *turns) hurry() (over func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.urgent++; t.urgent == 1 {
		t.quiet = make(chan struct{})
	}
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.urgent--; t.urgent == 0 {
			close(t.quiet)
		}
	}
}

// take waits until it is a batch's turn; false when that took longer than
// patience, or ctx ended. After true the caller must call over.
func (t *turns) take(ctx context.Context, patience time.Duration) (over func(), ok bool) {
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case t.places <- struct{}{}:
	case <-late.C:
		return nil, false
	case <-ctx.Done():
		return nil, false
	}
	t.mu.Lock()
	quiet := t.quiet
	t.mu.Unlock()
	late.Reset(giveWay)
	select {
	case <-quiet:
	case <-late.C:
	}
	return func() { <-t.places }, true
}

// turn waits until it is a batch's turn. Who has waited for a budget, or less by
// up to a half, is refused and comes back by himself: they all came in the same
// instant, and must not go so. over must be called.
func (s *Server) turn(ctx context.Context) (over func(), p *Problem) {
	over, ok := s.turns.take(ctx, s.opts.Budget-time.Duration(rand.Int64N(int64(s.opts.Budget)/2+1)))
	if ok {
		return over, nil
	}
	p = deny(http.StatusServiceUnavailable, RefusedCrowd, "too many kiosks send at once; try again")
	p.Code = kiosk.EUnavailable
	return nil, p
}

// askingAtOnce are the kiosks that ask the store at a time at the most, for what
// no person waits for: fewer than a Store has connections to read with, so that
// there is always one for a press.
const askingAtOnce = 3

// asks lets few kiosks at a time ask the store. A city that comes back in one
// instant waits here, and a clerk's press or a citizen's wish doesn't stand
// behind thousands of questions. The error is ctx's when it ends first.
func (s *Server) asks(ctx context.Context, ask func() error) error {
	return within(ctx, s.asking, ask)
}

// within does something when there is a place for it. The error is ctx's when it
// ends first.
func within(ctx context.Context, places chan struct{}, do func() error) error {
	select {
	case places <- struct{}{}:
		defer func() { <-places }()
		return do()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// fromMany is from for requests of which a city sends thousands at once.
func (s *Server) fromMany(r *http.Request) (c caller, refused *Problem) {
	err := s.asks(r.Context(), func() error { c, refused = s.from(r); return nil })
	if err != nil {
		refused = problemOf(err)
	}
	return c, refused
}
