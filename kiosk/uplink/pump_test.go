package uplink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"hallkiosk/kiosk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// box is an outbox in memory.
type box struct {
	mu     sync.Mutex
	epoch  kiosk.Epoch
	events []kiosk.Event
	acked  int64
	kept   int64 // events through kept were thrown away
	err    error
}

func (b *box) add(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for range n {
		seq := int64(len(b.events) + 1)
		b.events = append(b.events, kiosk.Event{Seq: seq, Kind: "door.opened", Stamp: kiosk.Stamp{Wall: seq}, Body: json.RawMessage(fmt.Sprintf(`{"n":%d}`, seq))})
	}
}

func (b *box) Epoch() kiosk.Epoch {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.epoch
}

func (b *box) Events(_ context.Context, after int64, limit int) ([]kiosk.Event, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	after = min(max(after, b.kept), int64(len(b.events)))
	return append([]kiosk.Event(nil), b.events[after:min(int(after)+limit, len(b.events))]...), b.err
}

func (b *box) Ack(_ context.Context, through int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.acked = max(b.acked, through)
	return b.err
}

func (b *box) Pending(context.Context) (int64, int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.acked, len(b.events) - int(b.acked), b.err
}

// hub is a center in memory that keeps the rules of kiosk/center, and fails
// as it is told.
type hub struct {
	mu      sync.Mutex
	ledger  []int64 // seqs in the order they were first stored
	sizes   []int   // of every batch that came in
	faults  []fault // one for each of the next calls
	changed chan struct{}
}

// fault happens to one call.
type fault struct {
	err  error // what is returned
	lose bool  // err comes after the events were stored: the answer was lost
}

func newHub() *hub { return &hub{changed: make(chan struct{}, 10_000)} }

func (h *hub) Send(_ context.Context, b kiosk.Batch) (kiosk.Ack, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	defer func() { h.changed <- struct{}{} }()
	h.sizes = append(h.sizes, len(b.Events))
	var f fault
	if len(h.faults) > 0 {
		f, h.faults = h.faults[0], h.faults[1:]
	}
	if f.err != nil && !f.lose {
		return kiosk.Ack{}, f.err
	}
	for _, e := range b.Events {
		have := int64(len(h.ledger))
		if e.Seq > have+1 {
			return kiosk.Ack{}, &kiosk.Error{Code: kiosk.EConflict, Err: &BehindError{AckedThrough: have}}
		}
		if e.Seq == have+1 {
			h.ledger = append(h.ledger, e.Seq)
		}
	}
	return kiosk.Ack{AckedThrough: int64(len(h.ledger))}, f.err
}

func (h *hub) has() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.ledger)
}

// running is a Pump at work on a clock that only the test moves.
type running struct {
	*Pump
	box   *box
	hub   *hub
	waits chan time.Duration // what the pump is waiting for now
	ring  chan time.Time     // ends that wait
	stop  context.CancelFunc
}

func run(t *testing.T, b *box, h *hub) *running {
	t.Helper()
	r := &running{box: b, hub: h, waits: make(chan time.Duration), ring: make(chan time.Time)}
	o := DefaultOpts()
	o.Hall, o.Kiosk = "h1", "k1"
	o.Now = func() time.Time { return time.UnixMilli(1) }
	o.Rand = func() float64 { return 1 }
	ctx, cancel := context.WithCancel(context.Background())
	o.After = func(d time.Duration) <-chan time.Time {
		select {
		case r.waits <- d:
		case <-ctx.Done():
		}
		return r.ring
	}
	r.Pump = NewPump(b, h, o)
	done := make(chan struct{})
	go func() { defer close(done); r.Run(ctx) }()
	r.stop = func() { cancel(); <-done }
	t.Cleanup(r.stop)
	return r
}

// waiting waits until the pump waits, for want.
func (r *running) waiting(t *testing.T, want time.Duration) {
	t.Helper()
	select {
	case got := <-r.waits:
		if got != want {
			t.Fatalf("pump waits %v, want %v", got, want)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the pump doesn't wait")
	}
}

func (r *running) state(t *testing.T) State {
	t.Helper()
	s, err := r.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var away = &kiosk.Error{Code: kiosk.EUnavailable, Hint: "the line is cut"}

func TestPump(t *testing.T) {
	const poll = time.Minute

	t.Run("InOrderInBatches", func(t *testing.T) {
		b, h := &box{epoch: "e1"}, newHub()
		b.add(1234)
		r := run(t, b, h)
		r.waiting(t, poll)
		if s := r.state(t); s.Unsent != 0 || s.Err != nil || s.Success.IsZero() || s.Refused {
			t.Fatalf("state = %+v", s)
		}
		if got := fmt.Sprint(h.sizes); got != "[500 500 234]" || h.has() != 1234 {
			t.Fatalf("batches %s, %d events", got, h.has())
		}
	})
	t.Run("WakesAtOnce", func(t *testing.T) {
		b, h := &box{epoch: "e1"}, newHub()
		r := run(t, b, h)
		for i := range 3 {
			r.waiting(t, poll)
			b.add(1)
			r.Wake()
			r.Wake() // once is enough, twice does no harm
			for h.has() < i+1 {
				select {
				case <-h.changed:
				case <-r.waits: // the second Wake's turn may come later
				}
			}
		}
	})
	t.Run("PollsRarely", func(t *testing.T) {
		b, h := &box{epoch: "e1"}, newHub()
		r := run(t, b, h)
		r.waiting(t, poll)
		b.add(2) // and nobody says so
		r.ring <- time.Time{}
		r.waiting(t, poll)
		if h.has() != 2 {
			t.Fatalf("%d events", h.has())
		}
	})
	t.Run("AwayAndBack", func(t *testing.T) {
		b, h := &box{epoch: "e1"}, newHub()
		for range 9 {
			h.faults = append(h.faults, fault{err: away})
		}
		b.add(3)
		r := run(t, b, h)
		for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60, 60} {
			r.waiting(t, want*time.Second)
			if s := r.state(t); kiosk.CodeOf(s.Err) != kiosk.EUnavailable || s.Refused || s.Unsent < 3 || s.Failing.IsZero() || !s.Success.IsZero() {
				t.Fatalf("state = %+v", s)
			}
			b.add(1)
			r.Wake() // taking numbers doesn't make it hurry
			r.ring <- time.Time{}
		}
		for h.has() < 12 {
			select {
			case <-h.changed:
			case <-r.waits:
			}
		}
	})
	t.Run("AnswerLost", func(t *testing.T) {
		b, h := &box{epoch: "e1"}, newHub()
		h.faults = []fault{{err: away, lose: true}, {err: away, lose: true}}
		b.add(700)
		r := run(t, b, h)
		r.waiting(t, time.Second)
		if s := r.state(t); s.Unsent != 700 {
			t.Fatalf("state = %+v", s)
		}
		r.ring <- time.Time{}
		r.waiting(t, 2*time.Second)
		r.ring <- time.Time{}
		r.waiting(t, poll)
		if h.has() != 700 || r.state(t).Unsent != 0 {
			t.Fatalf("%d events, %+v", h.has(), r.state(t))
		}
	})
	t.Run("Refused", func(t *testing.T) {
		b, h := &box{epoch: "e1"}, newHub()
		wrong := &kiosk.Error{Code: kiosk.EInvalid, Hint: "the token is of another kiosk"}
		h.faults = []fault{{err: wrong}, {err: wrong}}
		b.add(3)
		r := run(t, b, h)
		for range 2 {
			r.waiting(t, time.Minute)
			if s := r.state(t); !s.Refused || !errors.Is(s.Err, wrong) || s.Unsent != 3 {
				t.Fatalf("state = %+v", s)
			}
			r.ring <- time.Time{}
		}
		r.waiting(t, poll)
		if s := r.state(t); h.has() != 3 || s.Refused || s.Err != nil || !s.Failing.IsZero() {
			t.Fatalf("%d events, state = %+v", h.has(), s)
		}
	})
	t.Run("CenterRestored", func(t *testing.T) {
		for name, afterwards := range map[string]int{"Quiet": 0, "Busy": 7} {
			t.Run(name, func(t *testing.T) {
				b, h := &box{epoch: "e1"}, newHub()
				b.add(1200)
				r := run(t, b, h)
				r.waiting(t, poll)
				h.mu.Lock()
				h.ledger = h.ledger[:100] // an old backup
				h.mu.Unlock()
				b.add(afterwards)
				r.ring <- time.Time{}
				r.waiting(t, time.Second)
				var behind *BehindError
				if s := r.state(t); s.Refused || s.Unsent != 1100+afterwards || !errors.As(s.Err, &behind) || behind.AckedThrough != 100 {
					t.Fatalf("state = %+v", s)
				}
				r.ring <- time.Time{}
				r.waiting(t, poll)
				if s := r.state(t); h.has() != 1200+afterwards || s.Unsent != 0 || s.Err != nil {
					t.Fatalf("%d events, state = %+v", h.has(), s)
				}
			})
		}
	})
	t.Run("CenterRestoredTooOld", func(t *testing.T) {
		for name, kept := range map[string]int64{"Some": 5, "All": 10} {
			t.Run(name, func(t *testing.T) {
				b, h := &box{epoch: "e1", acked: 10, kept: kept}, newHub()
				b.add(10)
				r := run(t, b, h)
				r.waiting(t, time.Second) // goes back
				r.ring <- time.Time{}
				r.waiting(t, time.Minute) // and finds nothing there
				if s := r.state(t); !s.Refused || s.Unsent != 10 {
					t.Fatalf("state = %+v", s)
				}
			})
		}
	})
	t.Run("CenterKnowsMore", func(t *testing.T) {
		// What wasn't sent isn't acknowledged, whatever the center says.
		b, h := &box{epoch: "e1"}, newHub()
		h.ledger = make([]int64, 2000)
		b.add(700)
		r := run(t, b, h)
		r.waiting(t, poll)
		if got := fmt.Sprint(h.sizes); got != "[500 200]" || b.acked != 700 {
			t.Fatalf("batches %s, acked %d", got, b.acked)
		}
		if s := r.state(t); !s.Refused || !errors.Is(s.Err, ErrDouble) {
			t.Fatalf("state = %+v", s)
		}
	})
	t.Run("AcknowledgesNothing", func(t *testing.T) {
		b := &box{epoch: "e1"}
		b.add(1)
		p := NewPump(b, uplinkFunc(func(kiosk.Batch) (kiosk.Ack, error) { return kiosk.Ack{}, nil }), DefaultOpts())
		if _, err := p.step(t.Context()); kiosk.CodeOf(err) != kiosk.EInvalid {
			t.Fatalf("err = %v", err)
		}
	})
	t.Run("OutboxFails", func(t *testing.T) {
		b, h := &box{epoch: "e1", err: &kiosk.Error{Code: kiosk.EDisk}}, newHub()
		r := run(t, b, h)
		r.waiting(t, time.Second)
		if _, err := r.State(t.Context()); kiosk.CodeOf(err) != kiosk.EDisk {
			t.Fatalf("err = %v", err)
		}
		b.mu.Lock()
		b.err = nil
		b.mu.Unlock()
		r.ring <- time.Time{}
		r.waiting(t, poll)
	})
	t.Run("Double", func(t *testing.T) {
		var told []bool
		faults := []error{ErrDouble, away, nil, &kiosk.Error{Code: kiosk.EConflict, Err: ErrDouble}, &kiosk.Error{Code: kiosk.EInvalid}, nil}
		b, o := &box{epoch: "e1"}, DefaultOpts()
		ctx, cancel := context.WithCancel(t.Context())
		o.Double = func(on bool) { told = append(told, on) }
		o.After = func(time.Duration) <-chan time.Time {
			if faults = faults[1:]; len(faults) == 0 {
				cancel()
				return nil
			}
			ring := make(chan time.Time, 1)
			ring <- time.Time{}
			return ring
		}
		NewPump(b, uplinkFunc(func(kiosk.Batch) (kiosk.Ack, error) { return kiosk.Ack{}, faults[0] }), o).Run(ctx)
		if got := fmt.Sprint(told); got != "[true false true false]" {
			t.Fatalf("told %s", got)
		}
	})
	t.Run("Clocks", func(t *testing.T) {
		b, o := &box{epoch: "e1"}, DefaultOpts()
		o.Now = func() time.Time { return time.UnixMilli(7) } // wrong, and told as it is
		var sent kiosk.Instant
		told := kiosk.InstantOf(time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC))
		p := NewPump(b, uplinkFunc(func(batch kiosk.Batch) (kiosk.Ack, error) {
			sent = batch.Sent
			return kiosk.Ack{Now: told}, nil
		}), o)
		if now, known := p.Now(); known {
			t.Fatalf("before the center spoke: %v", now)
		}
		if _, err := p.step(t.Context()); err != nil || sent != 7 {
			t.Fatalf("sent %d, %v", sent, err)
		}
		if now, known := p.Now(); !known || now.Before(told.Time()) || now.After(told.Time().Add(time.Hour)) {
			t.Fatalf("%v, %t", now, known)
		}
	})
	t.Run("NewEpoch", func(t *testing.T) {
		b, h := &box{epoch: "e1"}, newHub()
		var got []kiosk.Epoch
		p := NewPump(b, uplinkFunc(func(batch kiosk.Batch) (kiosk.Ack, error) {
			got = append(got, batch.Epoch)
			return h.Send(t.Context(), batch)
		}), DefaultOpts())
		b.add(2)
		for _, epoch := range []kiosk.Epoch{"e1", "e2"} {
			b.epoch, b.acked, h.ledger = epoch, 0, nil
			if _, err := p.step(t.Context()); err != nil || b.acked != 2 {
				t.Fatalf("acked %d, %v", b.acked, err)
			}
		}
		if fmt.Sprint(got) != "[e1 e2]" {
			t.Fatalf("epochs %v", got)
		}
	})
	t.Run("StoppedWhileSending", func(t *testing.T) {
		b := &box{epoch: "e1"}
		b.add(1)
		ctx, cancel := context.WithCancel(t.Context())
		p := NewPump(b, uplinkFunc(func(kiosk.Batch) (kiosk.Ack, error) { cancel(); return kiosk.Ack{}, away }), DefaultOpts())
		p.Run(ctx)
		if s, err := p.State(t.Context()); err != nil || s.Err != nil || s.Unsent != 1 {
			t.Fatalf("state = %+v, %v", s, err)
		}
	})
}

type uplinkFunc func(kiosk.Batch) (kiosk.Ack, error)

func (f uplinkFunc) Send(_ context.Context, b kiosk.Batch) (kiosk.Ack, error) { return f(b) }

func TestBackoff(t *testing.T) {
	o := DefaultOpts()
	b := backoff{o.RetryMin, o.RetryMax, func() float64 { return 0 }}
	for n := range 100 {
		if got := b.after(n); got != 500*time.Millisecond {
			t.Fatalf("after %d: %v", n, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		b.rand = func() float64 { return rapid.Float64Range(0, 1).Draw(t, "rand") }
		n := rapid.IntRange(0, 1000).Draw(t, "failures")
		if got := b.after(n); got < o.RetryMin || got > o.RetryMax {
			t.Fatalf("after %d: %v", n, got)
		}
	})
}

func TestFit(t *testing.T) {
	body := func(n int) kiosk.Event { return kiosk.Event{Body: make([]byte, n)} }
	for _, c := range []struct {
		sizes []int
		want  int
	}{{nil, 0}, {[]int{5}, 1}, {[]int{50}, 1}, {[]int{5, 5, 1}, 2}, {[]int{50, 1}, 1}, {[]int{1, 50}, 1}} {
		var events []kiosk.Event
		for _, n := range c.sizes {
			events = append(events, body(n))
		}
		if got := len(fit(events, 10)); got != c.want {
			t.Errorf("fit(%v) = %d, want %d", c.sizes, got, c.want)
		}
	}
}

// TestPumpAnyFaults lets the line fail in any way, any number of times: in the
// end the center has every event once, in order.
func TestPumpAnyFaults(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, h := &box{epoch: "e1"}, newHub()
		o := DefaultOpts()
		o.Batch = rapid.IntRange(1, 7).Draw(t, "batch")
		p := NewPump(b, h, o)
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			b.add(rapid.IntRange(0, 9).Draw(t, "taken"))
			switch rapid.IntRange(0, 4).Draw(t, "fault") {
			case 0:
				h.faults = []fault{{err: away}}
			case 1:
				h.faults = []fault{{err: away, lose: true}}
			case 2:
				h.ledger = h.ledger[:rapid.IntRange(0, len(h.ledger)).Draw(t, "restored")]
			case 3: // the kiosk starts again
				p = NewPump(b, h, o)
			}
			p.step(context.Background())
		}
		h.faults = nil
		for more, err := true, error(nil); more || err != nil; {
			more, err = p.step(context.Background())
		}
		for i, seq := range h.ledger {
			if seq != int64(i+1) {
				t.Fatalf("ledger %v", h.ledger)
			}
		}
		if s, _ := p.State(context.Background()); len(h.ledger) != len(b.events) || s.Unsent != 0 {
			t.Fatalf("%d of %d events arrived, %d unsent", len(h.ledger), len(b.events), s.Unsent)
		}
	})
}
