package fire

import (
	"context"
	"errors"
	"fmt"
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
	client, err := uplink.NewClient(uplink.ClientOpts{URL: "http://" + toCenters(t, h, i).l.Addr().String(), Hall: "center", Token: uplink.Token(tokenOf(i)),
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

// citizens take numbers of one queue until ctx ends or so many have come, while
// the hall isn't full.
func (s *sender) citizens(ctx context.Context, day kiosk.Day, queue kiosk.QueueID, many int) {
	const full = 100
	for n := 0; n < many && ctx.Err() == nil; n++ {
		for s.waits() > full {
			select {
			case <-s.heard:
			case <-ctx.Done():
				return
			}
		}
		request := kiosk.RequestID(fmt.Sprintf("%s-%s-%d", s.id, day, n))
		number, err := s.client.Next(context.WithoutCancel(ctx), request, day, queue)
		for ; err != nil; number, err = s.client.Next(context.WithoutCancel(ctx), request, day, queue) {
			s.failed(err)
		}
		s.take(day, number)
		s.pump.Wake()
	}
}

func (s *sender) waits() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waiting
}

// take notes a ticket and its paper, at noon or soon after.
func (s *sender) take(day kiosk.Day, n kiosk.Number) {
	s.mu.Lock()
	defer s.mu.Unlock()
	noon, err := time.Parse(time.DateOnly, string(day))
	if err != nil {
		panic(err)
	}
	id := kiosk.TicketID(fmt.Sprintf("%s/%s/%s", s.id, day, n))
	for _, what := range []struct {
		kind kiosk.Kind
		body any
	}{
		{kiosk.TicketTaken, kiosk.TakenBody{Ticket: id, Day: day, Number: n.String(), Queue: n.Queue, Items: []kiosk.ItemID{"RS001"}}},
		{kiosk.PrintStarted, kiosk.PrintBody{Ticket: id, Attempt: 1, State: kiosk.PrintBegun}},
		{kiosk.PrintEnded, kiosk.PrintBody{Ticket: id, Attempt: 1, State: kiosk.Printed}},
	} {
		e := centertest.Event(int64(len(s.events)+1), what.kind, what.body)
		e.Stamp.Wall = noon.Add(12*time.Hour).UnixMilli() + e.Seq
		s.events = append(s.events, e)
	}
	s.numbers = append(s.numbers, n.String())
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
