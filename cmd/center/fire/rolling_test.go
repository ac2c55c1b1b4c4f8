package fire

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center/centertest"
	"hallkiosk/kiosk/uplink"
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
	o := newOffice(h, windows, h.queues)
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
		citizens.Go(func() { s.citizens(doors, h.queues[i%len(h.queues)]) })
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

// sender is a kiosk as the centers know it: what speaks to them is real, its
// store is in memory.
type sender struct {
	t      *testing.T
	id     kiosk.KioskID
	client *uplink.Client
	pump   *uplink.Pump
	feed   *uplink.Feed
	idle   chan struct{} // a word whenever all is sent
	heard  chan struct{} // and whenever there is news

	mu      sync.Mutex
	numbers []string
	events  []kiosk.Event
	acked   int64
	waiting int   // in the hall, by the news
	version int64 // of the news
	lines   int   // of news that were held
	broken  int   // requests without an answer
}

func newSender(t *testing.T, h *hall, i int) *sender {
	t.Helper()
	s := &sender{t: t, id: kiosk.KioskID("K" + strconv.Itoa(i+1)), idle: make(chan struct{}, 1), heard: make(chan struct{}, 1)}
	client, err := uplink.NewClient(uplink.ClientOpts{URL: "http://" + newProxy(t, h, i).l.Addr().String(), Hall: "center", Token: uplink.Token(tokenOf(i)),
		HTTP: &http.Client{Timeout: patient, Transport: &http.Transport{MaxIdleConnsPerHost: 2}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	s.client = client
	p := uplink.DefaultOpts()
	p.Hall, p.Kiosk, p.Poll, p.RetryMin, p.RetryMax = "center", s.id, time.Hour, 10*time.Millisecond, 20*time.Millisecond
	p.After = func(d time.Duration) <-chan time.Time {
		if d == p.Poll {
			ring(s.idle)
		} else if state, err := s.pump.State(context.Background()); err == nil {
			s.failed(state.Err)
		}
		return time.After(d)
	}
	s.pump = uplink.NewPump(s, client, p)
	f := uplink.DefaultFeedOpts()
	f.Hall, f.RetryMin, f.RetryMax = "center", p.RetryMin, p.RetryMax
	s.feed = uplink.NewFeed(client, f)
	return s
}

func ring(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}

// failed counts a request without an answer; a refusal is a fault.
func (s *sender) failed(err error) {
	var line *url.Error
	if !errors.As(err, &line) {
		s.t.Errorf("%s: %v", s.id, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken++
}

// tell hears the news. Versions rise, whichever center tells them.
func (s *sender) tell(n *kiosk.News) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n == nil {
		s.lines++
		return
	}
	if n.Version < s.version {
		s.t.Errorf("%s: news %d after %d", s.id, n.Version, s.version)
	}
	s.version, s.waiting = n.Version, 0
	for _, l := range n.Lengths {
		s.waiting += l.Waiting
	}
	ring(s.heard)
}

// citizens take numbers of one queue until ctx ends, while the hall isn't full.
func (s *sender) citizens(ctx context.Context, queue kiosk.QueueID) {
	const full = 100
	for n := 0; ctx.Err() == nil; n++ {
		for s.many() > full {
			select {
			case <-s.heard:
			case <-ctx.Done():
				return
			}
		}
		request := kiosk.RequestID(string(s.id) + "-" + strconv.Itoa(n))
		number, err := s.client.Next(context.WithoutCancel(ctx), request, centertest.Day, queue)
		for ; err != nil; number, err = s.client.Next(context.WithoutCancel(ctx), request, centertest.Day, queue) {
			s.failed(err)
		}
		s.take(number.String())
		s.pump.Wake()
	}
}

func (s *sender) many() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waiting
}

// take notes a ticket and its paper.
func (s *sender) take(number string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seq := int64(len(s.events))
	s.numbers = append(s.numbers, number)
	s.events = append(s.events, centertest.Taken(seq+1, s.id, number), centertest.Paper(seq+2, s.id, number, kiosk.PrintBegun),
		centertest.Paper(seq+3, s.id, number, kiosk.Printed))
}

// sent waits until the centers have everything.
func (s *sender) sent() {
	s.t.Helper()
	for late := time.After(patient); ; {
		s.pump.Wake()
		if _, unsent, _ := s.Pending(s.t.Context()); unsent == 0 {
			return
		}
		select {
		case <-s.idle:
		case <-late:
			s.t.Fatalf("%s: its events don't arrive", s.id)
		}
	}
}

// stored says that the ledger has exactly this kiosk's events and tickets.
func (s *sender) stored(h *hall) {
	s.t.Helper()
	db, err := pgx.Connect(s.t.Context(), h.url)
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close(context.Background())
	rows, err := db.Query(s.t.Context(), "SELECT number FROM tickets WHERE kiosk = $1 AND print = 'printed' AND NOT clash ORDER BY wall", s.id)
	if err != nil {
		s.t.Fatal(err)
	}
	numbers, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		s.t.Fatal(err)
	}
	var events, highest int64
	if err := db.QueryRow(s.t.Context(), "SELECT count(*), coalesce(max(seq), 0) FROM events WHERE kiosk = $1", s.id).Scan(&events, &highest); err != nil {
		s.t.Fatal(err)
	}
	if n := int64(len(s.events)); events != n || highest != n {
		s.t.Errorf("%s: %d events through %d are stored, %d were sent", s.id, events, highest, n)
	}
	if len(numbers) != len(s.numbers) {
		s.t.Fatalf("%s: %d tickets are stored, %d were given", s.id, len(numbers), len(s.numbers))
	}
	for i, n := range numbers {
		if n != s.numbers[i] {
			s.t.Fatalf("%s: ticket %d is %s, was given %s", s.id, i, n, s.numbers[i])
		}
	}
}

// Epoch implements kiosk.Outbox.
func (s *sender) Epoch() kiosk.Epoch { return "e1" }

// Events implements kiosk.Outbox.
func (s *sender) Events(_ context.Context, after int64, limit int) ([]kiosk.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.events[after:min(int(after)+limit, len(s.events))], nil
}

// Ack implements kiosk.Outbox.
func (s *sender) Ack(_ context.Context, through int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.acked = max(s.acked, through)
	return nil
}

// Pending implements kiosk.Outbox.
func (s *sender) Pending(context.Context) (int64, int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.acked, len(s.events) - int(s.acked), nil
}
