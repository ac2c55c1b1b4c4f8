package pgstore

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
	"hallkiosk/kiosk/center/centertest"
	"hallkiosk/kiosk/center/pgtest"
)

// started is a server of the test's own, to harm.
func started(t *testing.T) *pgtest.Server {
	t.Helper()
	s, err := pgtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// feed is a kiosk that sends its events, as long as the center answers.
type feed struct {
	id    kiosk.KioskID
	acked int64
	given map[kiosk.RequestID]kiosk.Number
	sent  int
}

// event returns what the kiosk says as its seq-th: always the same.
func (f *feed) event(seq int64) kiosk.Event {
	return centertest.Taken(seq, f.id, kiosk.Number{Queue: "A", Series: string(f.id[1:]), N: int(seq)}.String())
}

// run sends small batches and asks for numbers until the store fails. Each
// answer is counted to answered.
func (f *feed) run(ctx context.Context, st center.Store, answered chan<- struct{}) {
	for {
		from := max(1, f.acked-3) // overlapping what was acknowledged
		var events []kiosk.Event
		for seq := from; seq < from+10; seq++ {
			events = append(events, f.event(seq))
		}
		r, err := st.Ingest(ctx, center.Seal(centertest.Batch(f.id, events...), centertest.Noon))
		if err != nil {
			return
		}
		f.acked = r.Ack.AckedThrough
		g := centertest.Wish(fmt.Sprintf("%s-%d", f.id, f.sent))
		n, err := st.Grant(ctx, g)
		if err != nil {
			return
		}
		f.given[g.Request] = n
		f.sent++
		answered <- struct{}{}
	}
}

// verify holds what is stored against what the kiosk was told.
func (f *feed) verify(t *testing.T, st center.Store) (lost bool) {
	t.Helper()
	stored, err := st.Events(t.Context(), f.id, "e1", 0, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range stored {
		if !reflect.DeepEqual(e, f.event(int64(i+1))) {
			t.Fatalf("event %d of %s is %+v", i+1, f.id, e)
		}
	}
	if int64(len(stored)) < f.acked {
		return true
	}
	for r, want := range f.given {
		g := centertest.Wish(string(r))
		n, err := st.Grant(t.Context(), g)
		if err != nil {
			t.Fatal(err)
		}
		if n != want {
			return true
		}
	}
	return false
}

// TestKilled kills PostgreSQL with all its processes while kiosks send, again
// and again: acknowledged is stored, and no number is given twice.
func TestKilled(t *testing.T) {
	const rounds, kiosks, answers = 4, 4, 60
	server := started(t)
	st := opened(t, database(t, server))
	defer st.Close()
	feeds := feedsOf(kiosks)
	for round := range rounds {
		killed(t, server, st, feeds, answers+7*round)
		if err := server.Up(); err != nil {
			t.Fatal(err)
		}
		for _, f := range feeds {
			if f.verify(t, st) {
				t.Fatalf("round %d: what kiosk %s was told is lost", round, f.id)
			}
		}
	}
	given := map[kiosk.Number]kiosk.RequestID{}
	for _, f := range feeds {
		for r, n := range f.given {
			if other, twice := given[n]; twice {
				t.Fatalf("%v was given to %s and %s", n, r, other)
			}
			given[n] = r
		}
	}
	if len(given) < rounds*answers {
		t.Fatalf("only %d numbers were given", len(given))
	}
	if err := st.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func feedsOf(n int) (feeds []*feed) {
	for i := range n {
		feeds = append(feeds, &feed{id: kiosk.KioskID(fmt.Sprint("k", i+1)), given: map[kiosk.RequestID]kiosk.Number{}})
	}
	return feeds
}

// killed lets feeds send until so many answers came, and kills the server in
// the middle of the next ones.
func killed(t *testing.T, server *pgtest.Server, st center.Store, feeds []*feed, answers int) {
	t.Helper()
	answered := make(chan struct{})
	var wg sync.WaitGroup
	for _, f := range feeds {
		wg.Go(func() { f.run(t.Context(), st, answered) })
	}
	for range answers {
		<-answered
	}
	dead := make(chan error, 1)
	go func() { dead <- server.Kill() }()
	go func() { wg.Wait(); close(answered) }()
	for range answered { // until all have failed
	}
	if err := <-dead; err != nil {
		t.Fatal(err)
	}
}

// TestKilledControl is the negative control: with synchronous_commit off the
// same test loses what was acknowledged.
func TestKilledControl(t *testing.T) {
	server := started(t)
	url := database(t, server)
	if err := server.Down(); err != nil {
		t.Fatal(err)
	}
	settings := []string{"wal_writer_delay=10s", "wal_writer_flush_after=1GB"}
	if err := server.Up(settings...); err != nil {
		t.Fatal(err)
	}
	st := opened(t, url)
	defer st.Close()
	for _, p := range []*pool{st.writer, st.counter} {
		p.connect = func(ctx context.Context) (*pgx.Conn, error) { // asks nothing
			conn, err := pgx.ConnectConfig(ctx, st.config)
			if err == nil {
				_, err = conn.Exec(ctx, "SET synchronous_commit = off")
			}
			return conn, err
		}
		for conn := p.take(); conn != nil; conn = p.take() {
			end(conn)
		}
	}
	feeds := feedsOf(2)
	for range 10 { // by chance the log may just have been written
		killed(t, server, st, feeds, 30)
		if err := server.Up(settings...); err != nil {
			t.Fatal(err)
		}
		if feeds[0].verify(t, st) || feeds[1].verify(t, st) {
			return
		}
	}
	t.Fatal("nothing was ever lost: the test proves nothing")
}

// TestWatchAcross follows a hall through one store while another changes it,
// and PostgreSQL goes away between.
func TestWatchAcross(t *testing.T) {
	server := started(t)
	url := database(t, server)
	soon := waits{backoff: func(int) time.Duration { return time.Millisecond }, heartbeat: 20 * time.Millisecond}
	watching, err := open(t.Context(), url, soon)
	if err != nil {
		t.Fatal(err)
	}
	telling := opened(t, url)
	defer watching.Close()
	defer telling.Close()
	versions, err := watching.Watch(t.Context(), "h 1")
	if err != nil {
		t.Fatal(err)
	}
	seq := int64(0)
	tell := func() {
		t.Helper()
		seq++
		b := centertest.Batch("k1", centertest.Event(seq, "door.opened", nil))
		b.Hall = "h 1"
		if _, err := telling.Ingest(t.Context(), center.Seal(b, centertest.Noon)); err != nil {
			t.Fatal(err)
		}
	}
	until := func(want int64) {
		t.Helper()
		for v := range versions {
			if v > want {
				t.Fatalf("version %d, want %d", v, want)
			}
			if v == want {
				return
			}
		}
		t.Fatalf("closed before version %d", want)
	}
	until(0)
	for range 3 {
		tell()
		until(seq)
	}
	for _, stop := range []func() error{server.Kill, server.Down} {
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		_, err := watching.Watch(t.Context(), "h 1")
		if kiosk.CodeOf(err) != kiosk.EUnavailable || kiosk.HintOf(err) == "" {
			t.Fatalf("err = %v", err)
		}
		if err := server.Up(); err != nil {
			t.Fatal(err)
		}
		tell() // perhaps before the other listens again
		until(seq)
		tell()
		until(seq)
	}
	// A word that got lost on the way is made up for by the heartbeat.
	do(t, url, "UPDATE versions SET version = 100")
	until(100)
	do(t, url, "UPDATE versions SET version = 200")
	until(200)
}
