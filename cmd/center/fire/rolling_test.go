package fire

import (
	"context"
	"math"
	"sync"
	"testing"
	"time"

	"hallkiosk/kiosk/center/centertest"
)

// TestRollingRestart stops two centers of one PostgreSQL in turn and starts them
// again, three rounds, as for an upgrade, while 40 windows call and kiosks ask
// for numbers, send and hold their lines of news. A window whose center refuses
// a connection goes to the other one; a kiosk knows one address, behind which a
// proxy does the same. Every press and every batch is answered at once, whatever
// was under way when a center was told to stop is answered by that center, and
// the ledger is exactly what the kiosks said.
func TestRollingRestart(t *testing.T) {
	const rounds, kiosks, windows, calls = 3, 4, 40, 40
	h := newCenters(t, allDay(t), kiosks, 2)
	o := newOffice(h, windows, inTurn(h.queues))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	doors, lock := context.WithCancel(ctx)
	defer lock()
	var clerks, citizens, lines sync.WaitGroup
	var senders []*sender
	for i := range kiosks {
		s := newSender(t, h, i)
		senders = append(senders, s)
		lines.Go(func() { s.pump.Run(ctx) })
		lines.Go(func() { s.feed.Run(ctx, s.tell) })
		citizens.Go(func() { s.citizens(doors, centertest.Day, h.queues[i%len(h.queues)], math.MaxInt) })
	}
	for w := range windows {
		clerks.Go(func() { o.work(ctx, w+1) })
	}

	o.more(calls)
	var slowest time.Duration
	for range rounds {
		for _, c := range h.centers {
			slowest = max(slowest, c.stop())
			o.more(calls) // on the other one alone
			c.start()
			o.more(calls)
		}
	}
	lock()
	citizens.Wait()
	for _, s := range senders {
		s.sent()
	}
	h.served(o)
	cancel()
	clerks.Wait()
	lines.Wait()

	broken, news, tickets := 0, 0, 0
	for _, s := range senders {
		broken, news, tickets = broken+s.broken, news+s.lines, tickets+len(s.numbers)
		if s.lines < rounds {
			t.Errorf("%s held its line of news %d times: it can't have lost it with its center", s.id, s.lines)
		}
		s.stored(h)
	}
	if o.again+o.faults+o.unsaid > 0 {
		t.Errorf("%d presses found no center, %d were answered with the center's fault, %d were stored and not answered", o.again, o.faults, o.unsaid)
	}
	if broken > 0 {
		t.Errorf("%d requests of kiosks broke", broken)
	}
	if slowest > 10*time.Second {
		t.Errorf("a center took %v to stop", slowest)
	}
	t.Logf("%d restarts, the slowest stop took %v; %d tickets called, %d lines of news", rounds*len(h.centers), slowest.Round(time.Millisecond), tickets, news)
}

// more waits until so many more tickets were called.
func (o *office) more(calls int) {
	o.h.t.Helper()
	until := 0
	for late := time.Now().Add(patient); ; time.Sleep(5 * time.Millisecond) {
		o.mu.Lock()
		if until == 0 {
			until = o.calls + calls
		}
		done := o.calls
		o.mu.Unlock()
		if done >= until {
			return
		}
		if time.Now().After(late) {
			o.h.t.Fatalf("%d calls are missing", until-done)
		}
	}
}
