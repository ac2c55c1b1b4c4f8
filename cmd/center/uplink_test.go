package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
	"hallkiosk/kiosk/center/centertest"
	"hallkiosk/kiosk/center/store"
	"hallkiosk/kiosk/uplink"
)

// outbox is a kiosk's outbox in memory; every event tells of a ticket.
type outbox struct {
	mu     sync.Mutex
	events []kiosk.Event
	acked  int64
}

func (o *outbox) add(n int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	have := int64(len(o.events))
	o.events = append(o.events, centertest.Run("k1", "1", have+1, have+n)...)
}

func (o *outbox) Epoch() kiosk.Epoch { return "e1" }

func (o *outbox) Events(_ context.Context, after int64, limit int) ([]kiosk.Event, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.events[after:min(int(after)+limit, len(o.events))], nil
}

func (o *outbox) Ack(_ context.Context, through int64) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.acked = max(o.acked, through)
	return nil
}

func (o *outbox) Pending(context.Context) (int64, int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.acked, len(o.events) - int(o.acked), nil
}

// line is a proxy that stays at one address, whatever becomes of the center
// behind it.
type line struct {
	net.Listener
	to   atomic.Pointer[string]       // host and port of the center; nil when it is away
	cut  func(n int) (up, down int64) // bytes that connection n lets through; negative is all
	open sync.WaitGroup
}

func newLine(t *testing.T, cut func(n int) (up, down int64)) *line {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &line{Listener: inner, cut: cut}
	l.open.Go(func() {
		for n := 0; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			l.open.Go(func() { l.carry(c, n) })
		}
	})
	t.Cleanup(func() { l.Close(); l.open.Wait() })
	return l
}

func (l *line) carry(c net.Conn, n int) {
	defer c.Close()
	to := l.to.Load()
	if to == nil {
		return
	}
	far, err := net.Dial("tcp", *to)
	if err != nil {
		return
	}
	defer far.Close()
	up, down := l.cut(n)
	done := make(chan struct{}, 2)
	pass := func(to, from net.Conn, bytes int64) {
		if bytes < 0 {
			io.Copy(to, from)
		} else {
			io.CopyN(to, from, bytes)
		}
		done <- struct{}{}
	}
	go pass(far, c, up)
	go pass(c, far, down)
	<-done // whichever ends first takes the other with it
	c.Close()
	far.Close()
	<-done
}

// pump is a kiosk's uplink at work. idle gets a word whenever it has nothing
// to send, failed whenever it starts to wait for the center.
type pump struct {
	*uplink.Pump
	idle, failed chan struct{}
}

func startPump(t *testing.T, box *outbox, url string) pump {
	t.Helper()
	leaks := goleak.IgnoreCurrent()
	client, err := uplink.NewClient(uplink.ClientOpts{URL: url, Token: uplink.Token(token), HTTP: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{}}})
	if err != nil {
		t.Fatal(err)
	}
	p := pump{idle: make(chan struct{}, 1), failed: make(chan struct{}, 1)}
	o := uplink.DefaultOpts()
	o.Hall, o.Kiosk, o.Batch, o.Poll = "h1", "k1", 50, time.Hour
	o.RetryMin, o.RetryMax = time.Millisecond, 4*time.Millisecond
	o.After = func(d time.Duration) <-chan time.Time {
		told := p.failed
		if d == o.Poll {
			told = p.idle
		}
		select {
		case told <- struct{}{}:
		default:
		}
		return time.After(d)
	}
	p.Pump = uplink.NewPump(box, client, o)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); p.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-done
		client.Close()
		goleak.VerifyNone(t, leaks)
	})
	return p
}

// sent waits until everything in box has arrived.
func (p pump) sent(t *testing.T, box *outbox) {
	t.Helper()
	for {
		p.Wake()
		if _, unsent, _ := box.Pending(t.Context()); unsent == 0 {
			return
		}
		wait(t, p.idle)
	}
}

func wait(t *testing.T, on chan struct{}) {
	t.Helper()
	select {
	case <-on:
	case <-time.After(30 * time.Second):
		t.Fatal("nothing happens")
	}
}

// exact says that the center has every event of box once, and nothing else.
func (p *place) exact(box *outbox) {
	p.Helper()
	got := p.ledger()
	if len(got) != len(box.events) {
		p.Fatalf("%d events in the ledger, want %d", len(got), len(box.events))
	}
	for i, e := range box.events {
		if want := fmt.Sprintf("%d %s", e.Seq, e.Body); got[i] != want {
			p.Fatalf("event %s, want %s", got[i], want)
		}
	}
}

func clear(int) (up, down int64) { return -1, -1 }

// TestAway is the shape of the first issue's promise: the center goes away,
// numbers are taken all the same, it comes back, and everything is there once.
func TestAway(t *testing.T) {
	p, box, l := newPlace(t), &outbox{}, newLine(t, clear)
	box.add(120)
	up := startPump(t, box, "http://"+l.Addr().String())
	wait(t, up.failed)
	if s, err := up.State(t.Context()); err != nil || kiosk.CodeOf(s.Err) != kiosk.EUnavailable || s.Unsent != 120 || s.Refused {
		t.Fatalf("state = %+v, %v", s, err)
	}
	c := p.start()
	l.connect(c)
	up.sent(t, box)
	if got := queues(t, c.url); len(got) != 1 || got[0].Waiting != 120 || got[0].Last != "A1-120" {
		t.Fatalf("queues = %+v", got)
	}

	l.to.Store(nil)
	if code := c.stop(); code != exitStop {
		t.Fatalf("exit %d", code)
	}
	box.add(3)
	up.Wake()
	wait(t, up.failed)
	c = p.start()
	l.connect(c)
	up.sent(t, box)
	if got := queues(t, c.url); len(got) != 1 || got[0].Waiting != 123 {
		t.Fatalf("queues = %+v", got)
	}
	c.stop()
	p.exact(box)
}

func (l *line) connect(c running) {
	to := c.url[len("http://"):]
	l.to.Store(&to)
}

// TestCut cuts connections in the middle of a batch, before its answer and in
// the middle of the answer.
func TestCut(t *testing.T) {
	l := newLine(t, func(n int) (up, down int64) {
		switch {
		case n >= 40:
			return -1, -1
		case n%4 == 0:
			return int64(100 + 37*n), -1 // within the request
		case n%4 == 1:
			return -1, 0 // all of it, but no answer
		case n%4 == 2:
			return -1, int64(5 + 3*n) // within the answer
		}
		return -1, 700 // a few answers, then within one
	})
	p, box := newPlace(t), &outbox{}
	c := p.start()
	l.connect(c)
	box.add(3000)
	up := startPump(t, box, "http://"+l.Addr().String())
	up.sent(t, box)
	if s, err := up.State(t.Context()); err != nil || s.Unsent != 0 {
		t.Fatalf("state = %+v, %v", s, err)
	}
	c.stop()
	p.exact(box)
}

// TestRestored puts an old backup of the center's database in its place.
func TestRestored(t *testing.T) {
	p, box, l := newPlace(t), &outbox{}, newLine(t, clear)
	old, err := store.Open(t.Context(), filepath.Join(p.dir, "center.db"))
	if err != nil {
		t.Fatal(err)
	}
	box.add(300)
	if _, err := old.Ingest(t.Context(), center.Seal(centertest.Batch("k1", box.events[:20]...), centertest.Noon)); err != nil {
		t.Fatal(err)
	}
	old.Close()
	box.acked = 300 // by the center whose disk is gone
	c := p.start()
	l.connect(c)
	up := startPump(t, box, "http://"+l.Addr().String())
	wait(t, up.idle)
	if s, err := up.State(t.Context()); err != nil || s.Unsent != 0 || s.Err != nil {
		t.Fatalf("state = %+v, %v", s, err)
	}
	c.stop()
	p.exact(box)
}

// TestTwoKiosksOneID lets two kiosks share an id and an epoch, as when a disk
// image is copied: the second is refused and says so, and loses nothing.
func TestTwoKiosksOneID(t *testing.T) {
	p, first, second, l := newPlace(t), &outbox{}, &outbox{}, newLine(t, clear)
	c := p.start()
	l.connect(c)
	first.add(10)
	startPump(t, first, c.url).sent(t, first)
	second.events = []kiosk.Event{centertest.Taken(1, "k1", "B1-001"), centertest.Taken(2, "k1", "B1-002")}
	up := startPump(t, second, c.url)
	wait(t, up.failed)
	if s, err := up.State(t.Context()); err != nil || !s.Refused || kiosk.CodeOf(s.Err) != kiosk.EConflict || s.Unsent != 2 {
		t.Fatalf("state = %+v, %v", s, err)
	}
	c.stop()
	p.exact(first)
}
