package center

import (
	"context"
	"sync"
	"time"

	"hallkiosk/kiosk"
)

// Turns lets the questions that come in while a transaction is under way share
// the next one. Stores build their Use on it, and Granter their Grant.
// Make it with NewTurns; safe for use from several goroutines.
type Turns[Q, A any] struct {
	put func(context.Context, []Q) ([]A, error)

	mu      sync.Mutex
	waiting []*turn[Q, A]
	busy    bool // a goroutine looks after waiting
	closed  bool
	work    sync.WaitGroup
}

type turn[Q, A any] struct {
	ctx    context.Context
	q      Q
	done   chan struct{} // closed when the rest is set
	answer A
	err    error
}

// The bounds of one transaction of Turns.
const (
	turnsAtOnce = 256
	turnBudget  = 10 * time.Second
)

// NewTurns makes Turns over put, which answers questions in their order, in
// one transaction. Calls of put never overlap.
func NewTurns[Q, A any](put func(context.Context, []Q) ([]A, error)) *Turns[Q, A] {
	return &Turns[Q, A]{put: put}
}

// Ask returns put's answer to q. EUnavailable when ctx ends first, or after
// Close; whether q was put is unknown then.
func (t *Turns[Q, A]) Ask(ctx context.Context, q Q) (a A, err error) {
	w := &turn[Q, A]{ctx: ctx, q: q, done: make(chan struct{})}
	t.mu.Lock()
	if t.closed || ctx.Err() != nil {
		t.mu.Unlock()
		return a, &kiosk.Error{Code: kiosk.EUnavailable, Op: "ask the store", Err: ctx.Err()}
	}
	t.waiting = append(t.waiting, w)
	if !t.busy {
		t.busy = true
		t.work.Go(t.serve)
	}
	t.mu.Unlock()
	select {
	case <-w.done:
		return w.answer, w.err
	case <-ctx.Done():
		return a, &kiosk.Error{Code: kiosk.EUnavailable, Op: "ask the store", Err: ctx.Err()}
	}
}

// Close answers what waits and takes no more.
func (t *Turns[Q, A]) Close() {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	t.work.Wait()
}

func (t *Turns[Q, A]) serve() {
	for {
		t.mu.Lock()
		if len(t.waiting) == 0 {
			t.busy = false
			t.mu.Unlock()
			return
		}
		some := t.waiting[:min(len(t.waiting), turnsAtOnce)]
		t.waiting = t.waiting[len(some):]
		t.mu.Unlock()
		t.answer(some)
	}
}

func (t *Turns[Q, A]) answer(some []*turn[Q, A]) {
	var qs []Q
	var put []*turn[Q, A]
	for _, w := range some {
		if err := w.ctx.Err(); err != nil {
			w.err = &kiosk.Error{Code: kiosk.EUnavailable, Op: "ask the store", Err: err}
		} else {
			qs, put = append(qs, w.q), append(put, w)
		}
	}
	if len(qs) > 0 {
		// Nobody's ctx ends it: it belongs to all of them.
		ctx, cancel := context.WithTimeout(context.Background(), turnBudget)
		answers, err := t.put(ctx, qs)
		cancel()
		for i, w := range put {
			if w.err = err; err == nil {
				w.answer = answers[i]
			}
		}
	}
	for _, w := range some {
		close(w.done)
	}
}
