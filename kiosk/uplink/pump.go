package uplink

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"hallkiosk/kiosk"
)

// Opts are what a Pump needs to know. DefaultOpts fills all but Hall and
// Kiosk.
type Opts struct {
	Hall  kiosk.HallID
	Kiosk kiosk.KioskID
	Prior kiosk.Epoch // the life of the store that this one was restored from; may be empty

	Batch    int           // at most so many events at once
	Bytes    int           // and so many bytes of bodies, unless one alone has more
	Poll     time.Duration // with nothing to send, how often to say so
	RetryMin time.Duration // the shortest wait for a center that is away
	RetryMax time.Duration // and the longest
	Refused  time.Duration // the wait after a refusal that trying again won't help

	// Double is told how every batch went that the center answered: true when another
	// machine speaks under this kiosk's id, false when it was taken in. Nil is nobody.
	Double func(bool)

	Now   func() time.Time
	Rand  func() float64                         // from [0, 1), for the jitter
	After func(d time.Duration) <-chan time.Time // as time.After
}

// DefaultOpts sends 500 events at once, speaks up every minute, waits half a
// second to a minute for a center that is away, and a minute after a refusal.
func DefaultOpts() Opts {
	return Opts{
		Batch: 500, Bytes: 2 << 20, Poll: time.Minute,
		RetryMin: 500 * time.Millisecond, RetryMax: time.Minute, Refused: time.Minute,
		Now: time.Now, Rand: rand.Float64, After: time.After,
	}
}

// State is how things stand between the kiosk and the center.
type State struct {
	Err     error     // why the newest attempt failed; nil when it didn't
	Refused bool      // Err won't heal by waiting: a technician must look
	Failing time.Time // since when every attempt failed; zero when Err is nil
	Success time.Time // when the center last answered well; zero for never
	Unsent  int       // events that the center isn't known to have
}

// Pump moves an outbox to the center. Make it with NewPump and start Run once;
// Wake and State may be called from any goroutine, also before Run and after
// it.
type Pump struct {
	outbox kiosk.Outbox
	uplink kiosk.Uplink
	opts   Opts
	wake   chan struct{}

	// The center is behind what the outbox believes: it has epoch only
	// through from. Used by Run alone.
	epoch  kiosk.Epoch
	from   int64
	behind bool

	mu     sync.Mutex
	state  State
	resend int64         // events acknowledged once that have to go again
	told   kiosk.Instant // the center's clock, 0 before it told,
	toldAt time.Time     // and when that was; it counts on whatever becomes of the machine's clock
}

// NewPump makes a Pump.
func NewPump(outbox kiosk.Outbox, up kiosk.Uplink, o Opts) *Pump {
	return &Pump{outbox: outbox, uplink: up, opts: o, wake: make(chan struct{}, 1)}
}

// Wake says that the outbox has something new. It never waits. While the
// center is away or refuses, the wait for it goes on.
func (p *Pump) Wake() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// State returns how things stand. The error is the outbox's, which couldn't
// say how many events are unsent.
func (p *Pump) State(ctx context.Context) (State, error) {
	_, unsent, err := p.outbox.Pending(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.state
	s.Unsent = unsent + int(p.resend)
	return s, err
}

// Now returns the center's clock, as its newest answer told it and counted on since;
// false before the first answer.
func (p *Pump) Now() (time.Time, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.told.Time().Add(time.Since(p.toldAt)), p.told > 0
}

// Run moves events until ctx ends; what is unsent then goes at the next Run.
// When there is nothing to send it greets the center with an empty batch, so
// that the center knows the kiosk is there, and the kiosk learns when the
// center has lost something.
func (p *Pump) Run(ctx context.Context) {
	failures := 0
	for ctx.Err() == nil {
		more, err := p.step(ctx)
		if ctx.Err() != nil {
			return // not the center's fault
		}
		if double := errors.Is(err, ErrDouble); p.opts.Double != nil && (double || err == nil) {
			p.opts.Double(double)
		}
		refused := p.note(err)
		switch {
		case err == nil && more:
			failures = 0
		case err == nil:
			failures = 0
			select {
			case <-ctx.Done():
			case <-p.wake:
			case <-p.opts.After(p.opts.Poll):
			}
		default:
			wait := p.opts.Refused
			if !refused {
				wait = backoff{p.opts.RetryMin, p.opts.RetryMax, p.opts.Rand}.after(failures)
				failures++
			}
			select {
			case <-ctx.Done():
			case <-p.opts.After(wait):
			}
		}
	}
}

// step sends one batch. more says that another can follow at once.
func (p *Pump) step(ctx context.Context) (more bool, err error) {
	acked, unsent, err := p.outbox.Pending(ctx)
	if err != nil {
		return false, err
	}
	newest := acked + int64(unsent)
	if epoch := p.outbox.Epoch(); epoch != p.epoch {
		p.epoch, p.behind = epoch, false
	}
	if !p.behind {
		p.from = acked
	}
	events, err := p.outbox.Events(ctx, p.from, p.opts.Batch)
	if err != nil {
		return false, err
	}
	if len(events) > 0 && events[0].Seq != p.from+1 || len(events) == 0 && p.from < acked {
		return false, &kiosk.Error{Code: kiosk.EInternal, Op: "send events",
			Hint: fmt.Sprintf("event %d is no longer in the kiosk's store, and the center doesn't have it. Restore the center's newest backup", p.from+1)}
	}
	more = len(events) == p.opts.Batch
	if few := fit(events, p.opts.Bytes); len(few) < len(events) {
		events, more = few, true
	}
	last := p.from + int64(len(events))

	ack, err := p.uplink.Send(ctx, kiosk.Batch{Hall: p.opts.Hall, Kiosk: p.opts.Kiosk, Epoch: p.epoch, Prior: p.opts.Prior, Sent: kiosk.InstantOf(p.opts.Now()), Events: events})
	if err == nil && ack.Now > 0 {
		p.mu.Lock()
		p.told, p.toldAt = ack.Now, time.Now()
		p.mu.Unlock()
	}
	var behind *BehindError
	switch {
	case errors.As(err, &behind) && behind.AckedThrough < p.from && behind.AckedThrough >= 0:
		return false, p.goBack(behind, acked)
	case err != nil:
		return false, err
	case ack.AckedThrough < p.from && ack.AckedThrough >= 0:
		return false, p.goBack(&BehindError{AckedThrough: ack.AckedThrough}, acked)
	case ack.AckedThrough <= p.from && len(events) > 0 || ack.AckedThrough < 0:
		return false, &kiosk.Error{Code: kiosk.EInvalid, Op: "send events", Hint: "the center acknowledges nothing of what it was sent"}
	}
	// What wasn't sent isn't acknowledged: it goes out, and the center compares.
	through := min(ack.AckedThrough, last)
	if through > acked {
		if err := p.outbox.Ack(ctx, through); err != nil {
			return false, err
		}
	}
	p.from = through
	if p.from >= acked {
		p.behind = false
	}
	p.owe(max(0, acked-p.from))
	if through == last && last >= newest && ack.AckedThrough > last {
		return false, &kiosk.Error{Code: kiosk.EConflict, Op: "send events", Err: ErrDouble,
			Hint: fmt.Sprintf("the center has events through %d of this kiosk, which has given only %d. Was its disk copied, or put back to an earlier state?", ack.AckedThrough, last)}
	}
	return more || through < last, nil
}

// goBack makes the next batch begin where the center is. It is an error that
// waiting heals: when a center was restored, every kiosk of the city goes back,
// and their waits spread them out.
func (p *Pump) goBack(to *BehindError, acked int64) error {
	p.behind, p.from = true, to.AckedThrough
	p.owe(acked - p.from)
	return &kiosk.Error{Code: kiosk.EUnavailable, Op: "send events", Err: to,
		Hint: "the center has lost events, such as by a restore; they are sent again"}
}

func (p *Pump) owe(events int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.resend = events
}

// fit returns the first of events whose bodies have at most size bytes
// together, and always one if there is one.
func fit(events []kiosk.Event, size int) []kiosk.Event {
	for i, e := range events {
		if size -= len(e.Body); size < 0 && i > 0 {
			return events[:i]
		}
	}
	return events
}

// note keeps how an attempt went for State, and says whether it was refused.
func (p *Pump) note(err error) (refused bool) {
	refused = err != nil
	switch kiosk.CodeOf(err) {
	case kiosk.EUnavailable, kiosk.EBusy, kiosk.EDisk: // the last two are the outbox's
		refused = false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.opts.Now()
	switch {
	case err == nil:
		p.state.Success, p.state.Failing = now, time.Time{}
	case p.state.Err == nil:
		p.state.Failing = now
	}
	p.state.Err, p.state.Refused = err, refused
	return refused
}
