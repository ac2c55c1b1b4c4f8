package center

import (
	"context"
	"fmt"
	"sync"
	"time"

	"hallkiosk/kiosk"
)

// Grant is one wish for the next number of a shared series, which is counted
// for each hall, business day and queue.
type Grant struct {
	Request kiosk.RequestID // names the wish; the same id gets the same number
	Kiosk   kiosk.KioskID   // who asks
	Hall    kiosk.HallID
	Day     kiosk.Day
	Queue   kiosk.QueueID // the letters that the number begins with
}

// Granted is a wish and what was given for it.
type Granted struct {
	Grant
	N int // counts from 1
}

// check refuses what can't be right about a wish whatever is stored already.
func (g Grant) check() error {
	refuse := func(hint string) error {
		return &kiosk.Error{Code: kiosk.EInvalid, Op: "grant number", Hint: hint}
	}
	first := kiosk.Number{Queue: g.Queue, N: 1}
	back, err := kiosk.ParseNumber(first.String())
	_, bad := time.Parse(time.DateOnly, string(g.Day))
	switch {
	case g.Request == "" || !text(string(g.Request)):
		return refuse("the request's id must be 1 to 64 bytes of text")
	case g.Kiosk == "" || !text(string(g.Kiosk)) || g.Hall == "" || !text(string(g.Hall)):
		return refuse("hall and kiosk must be 1 to 64 bytes of text")
	case bad != nil:
		return refuse("the day is not written 2006-01-02")
	case err != nil || back != first || !text(string(g.Queue)):
		return refuse("the queue must be letters from A to Z")
	}
	return nil
}

// The bounds of one transaction of a Granter.
const (
	grantsAtOnce = 256              // wishes
	grantBudget  = 10 * time.Second // for the database's answer
)

// Granter lets the wishes that come in while a transaction is under way share
// the next one: sixteen clients wait for one sync of the disk, not for
// sixteen. It is the Grant of every Store; make it with NewGranter.
type Granter struct {
	put func(context.Context, []Grant) ([]Granted, error)

	mu      sync.Mutex
	waiting []*wish
	busy    bool // a goroutine looks after waiting
	closed  bool
	work    sync.WaitGroup
}

// wish is a Grant that somebody waits for.
type wish struct {
	Grant
	ctx    context.Context
	done   chan struct{} // closed when the rest is set
	number kiosk.Number
	err    error
}

// NewGranter makes a Granter over put, which stores wishes with different ids
// in one transaction and returns what is stored under each id, older wishes
// included, in any order. Calls of put never overlap.
func NewGranter(put func(context.Context, []Grant) ([]Granted, error)) *Granter {
	return &Granter{put: put}
}

// Grant does what Store.Grant promises.
func (g *Granter) Grant(ctx context.Context, grant Grant) (kiosk.Number, error) {
	if err := grant.check(); err != nil {
		return kiosk.Number{}, err
	}
	if ctx.Err() != nil {
		return kiosk.Number{}, unavailable(ctx.Err())
	}
	w := &wish{Grant: grant, ctx: ctx, done: make(chan struct{})}
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		return kiosk.Number{}, unavailable(fmt.Errorf("the store is closed"))
	}
	g.waiting = append(g.waiting, w)
	if !g.busy {
		g.busy = true
		g.work.Go(g.serve)
	}
	g.mu.Unlock()
	select {
	case <-w.done:
		return w.number, w.err
	case <-ctx.Done():
		return kiosk.Number{}, unavailable(ctx.Err())
	}
}

func unavailable(err error) error {
	return &kiosk.Error{Code: kiosk.EUnavailable, Op: "grant number", Err: err}
}

// Close answers the wishes that wait and takes no more.
func (g *Granter) Close() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.work.Wait()
}

// serve answers wishes until none waits.
func (g *Granter) serve() {
	for {
		g.mu.Lock()
		if len(g.waiting) == 0 {
			g.busy = false
			g.mu.Unlock()
			return
		}
		some := g.waiting[:min(len(g.waiting), grantsAtOnce)]
		g.waiting = g.waiting[len(some):]
		g.mu.Unlock()
		g.answer(some)
	}
}

// answer stores some wishes in one transaction. Nobody's ctx ends it: it
// belongs to all of them.
func (g *Granter) answer(some []*wish) {
	asked := make([]Grant, 0, len(some))
	first := make(map[kiosk.RequestID]bool, len(some))
	for _, w := range some {
		if w.ctx.Err() == nil && !first[w.Request] {
			first[w.Request] = true
			asked = append(asked, w.Grant)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), grantBudget)
	defer cancel()
	held := make(map[kiosk.RequestID]Granted, len(asked))
	var err error
	if len(asked) > 0 {
		var all []Granted
		all, err = g.put(ctx, asked)
		for _, h := range all {
			held[h.Request] = h
		}
	}
	for _, w := range some {
		h, ok := held[w.Request]
		switch {
		case err != nil:
			w.err = err
		case !ok: // its client has left already
			w.err = unavailable(context.Canceled)
		case h.Grant != w.Grant:
			w.err = &kiosk.Error{Code: kiosk.EConflict, Op: "grant number",
				Hint: fmt.Sprintf("the id of kiosk %s's request was used for another hall, day, queue or kiosk", w.Kiosk)}
		default:
			w.number = kiosk.Number{Queue: h.Queue, N: h.N}
		}
		close(w.done)
	}
}
