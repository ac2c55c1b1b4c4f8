package pgstore

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
	"hallkiosk/kiosk/center/centertest"
	"hallkiosk/kiosk/center/store"
	"hallkiosk/kiosk/uplink"
)

// Each benchmark runs once and reports its own figures, with the floor that it
// is held against measured in the same run, on SQLite and on PostgreSQL:
//
//	go test -run '^$' -bench BenchmarkCenter -benchtime 1x ./kiosk/center/pgstore

// floor are the bare statements beside a store.
type floor struct {
	insert func(b center.Batch, tickets []center.NewTicket) error // one transaction; safe for several clients
	count  func() error                                           // UPDATE ... RETURNING of one row; safe for several clients
	close  func()
}

// databases are what a benchmark runs on, each with a floor in a database of
// its own and the same schema.
var databases = []struct {
	name string
	open func(b *testing.B, clients int) (center.Store, floor)
}{
	{"SQLite", onSQLite},
	{"PostgreSQL", onPostgreSQL},
}

// floorWish makes the counter's row that a floor counts in.
func floorWish(b *testing.B, st center.Store) {
	b.Helper()
	if _, err := st.Grant(b.Context(), centertest.Wish("floor")); err != nil {
		b.Fatal(err)
	}
	if err := st.Close(); err != nil {
		b.Fatal(err)
	}
}

func onSQLite(b *testing.B, _ int) (center.Store, floor) {
	ctx := b.Context()
	dir := b.TempDir()
	var both [2]center.Store
	for i, name := range []string{"center.db", "floor.db"} {
		st, err := store.Open(ctx, filepath.Join(dir, name))
		if err != nil {
			b.Fatal(err)
		}
		both[i] = st
	}
	floorWish(b, both[1])
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, "floor.db")+"?_journal_mode=WAL&_synchronous=FULL&_txlock=immediate&_busy_timeout=5000")
	if err != nil {
		b.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	insert := func(batch center.Batch, tickets []center.NewTicket) error {
		tx, err := db.Begin()
		if err != nil {
			return err
		}
		defer tx.Rollback() //nolint:errcheck // nothing after Commit
		event, err := tx.Prepare("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
		if err != nil {
			return err
		}
		defer event.Close()
		for i, e := range batch.Events {
			if _, err := event.Exec(batch.Kiosk, batch.Epoch, e.Seq, batch.Hall, e.Kind, e.Stamp.Wall, e.Stamp.Count,
				string(e.Body), batch.Hashes[i][:], batch.Got.UnixMilli()); err != nil {
				return err
			}
		}
		ticket, err := tx.Prepare(`INSERT INTO tickets (id, hall, kiosk, day, number, queue, items, state, wall, count, print, attempt, cause, clash, line, since)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 0, ?6, ?9) ON CONFLICT DO NOTHING`)
		if err != nil {
			return err
		}
		defer ticket.Close()
		for _, n := range tickets {
			if _, err := ticket.Exec(n.ID, n.Hall, n.Kiosk, n.Day, n.Number, n.Queue, n.Items, n.State,
				n.Taken.Wall, n.Taken.Count, n.Print, n.Attempt, n.Cause); err != nil {
				return err
			}
		}
		return tx.Commit()
	}
	count := func() error {
		var n int
		return db.QueryRow("UPDATE counters SET last = last + 1 WHERE hall = ? AND day = ? AND queue = ? RETURNING last", "h1", centertest.Day, "A").Scan(&n)
	}
	return both[0], floor{insert, count, func() { db.Close() }}
}

func onPostgreSQL(b *testing.B, clients int) (center.Store, floor) {
	ctx := b.Context()
	st := opened(b, database(b, shared))
	url := database(b, shared)
	floorWish(b, opened(b, url))
	conns := make(chan *pgx.Conn, clients)
	for range clients {
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			b.Fatal(err)
		}
		conns <- conn
	}
	with := func(do func(*pgx.Conn) error) error {
		conn := <-conns
		defer func() { conns <- conn }()
		return do(conn)
	}
	do(b, url, "CREATE TABLE events_2024_11 PARTITION OF events FOR VALUES IN ('2024-11-01')")
	insert := func(batch center.Batch, tickets []center.NewTicket) error {
		return with(func(conn *pgx.Conn) error {
			in := &intake{ctx: ctx, conn: conn, batch: batch}
			q := &pgx.Batch{} // one implicit transaction
			in.events(q)
			in.put(q, tickets, map[kiosk.TicketID]bool{})
			return conn.SendBatch(ctx, q).Close()
		})
	}
	count := func() error {
		return with(func(conn *pgx.Conn) error {
			var n int
			return conn.QueryRow(ctx, "UPDATE counters SET last = last + 1 WHERE hall = $1 AND day = $2 AND queue = $3 RETURNING last", "h1", centertest.Day, "A").Scan(&n)
		})
	}
	return st, floor{insert, count, func() {
		for range clients {
			end(<-conns)
		}
	}}
}

// day returns what a kiosk says of n tickets of its series and their paper, from
// the first-th.
func day(id kiosk.KioskID, series string, first, n int64) kiosk.Batch {
	var events []kiosk.Event
	for i := first; i < first+n; i++ {
		number := kiosk.Number{Queue: "A", Series: series, N: int(i)}.String()
		events = append(events, centertest.Taken(3*i-2, id, number),
			centertest.Paper(3*i-1, id, number, kiosk.PrintBegun), centertest.Paper(3*i, id, number, kiosk.Printed))
	}
	return centertest.Batch(id, events...)
}

// BenchmarkCenterIngest takes in batches of 600 events, 200 tickets and their
// paper, against bare batched INSERT ... ON CONFLICT of the same rows ready
// made, alternating. Ours includes hashing and reading the bodies.
func BenchmarkCenterIngest(b *testing.B) {
	const tickets, rounds = 200, 80
	for _, d := range databases {
		b.Run(d.name, func(b *testing.B) {
			st, bare := d.open(b, 1)
			defer st.Close()
			defer bare.close()
			var ours, floor []time.Duration
			for n := range int64(rounds) {
				batch := day("k1", "1", n*tickets+1, tickets)
				ready := center.Seal(batch, centertest.Noon)
				told, err := center.Tell(ready, 3*n*tickets)
				if err != nil {
					b.Fatal(err)
				}
				at := time.Now()
				if err := bare.insert(ready, told.Tickets); err != nil {
					b.Fatal(err)
				}
				floor = append(floor, time.Since(at))
				at = time.Now()
				if _, err := st.Ingest(b.Context(), center.Seal(batch, centertest.Noon)); err != nil {
					b.Fatal(err)
				}
				ours = append(ours, time.Since(at))
			}
			rate := func(d []time.Duration) float64 { return 3 * tickets / quantile(d, .5).Seconds() }
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(rate(ours), "events/s")
			b.ReportMetric(rate(floor), "floor-events/s")
			b.ReportMetric(rate(floor)/rate(ours), "ratio")
		})
	}
}

// BenchmarkCenterGrant lets clients ask for numbers of one series, each when it
// has its last answer, against as many clients that UPDATE ... RETURNING one
// row and commit. Once they call the store in this process; and once they are
// kiosks that were enrolled and ask a center over HTTP, which is all of a kiosk's
// way but its network and TLS: each request is signed, its key's number spent and
// then the number given, in two commits. Kiosks and center share the processors.
func BenchmarkCenterGrant(b *testing.B) {
	ways := []struct {
		name string
		asks func(b *testing.B, st center.Store, clients int) func(ctx context.Context, client int, request string) error
	}{
		{"", func(_ *testing.B, st center.Store, _ int) func(context.Context, int, string) error {
			return func(ctx context.Context, _ int, request string) error {
				_, err := st.Grant(ctx, centertest.Wish(request))
				return err
			}
		}},
		{"HTTP/", overHTTP},
	}
	for _, d := range databases {
		for _, way := range ways {
			for _, clients := range []int{1, 4, 16} {
				b.Run(fmt.Sprintf("%s/%s%d", d.name, way.name, clients), func(b *testing.B) {
					st, bare := d.open(b, clients)
					defer st.Close()
					defer bare.close()
					ask := way.asks(b, st, clients)
					var ours, floor []time.Duration
					var oursFor, floorFor time.Duration
					const rounds = 4
					for r := range rounds { // alternating
						took, all := press(b, clients, 3000, func(ctx context.Context, c, i int) error {
							return ask(ctx, c, fmt.Sprintf("%d-%d-%d", r, c, i))
						})
						ours, oursFor = append(ours, all...), oursFor+took
						took, all = press(b, clients, 1500, func(context.Context, int, int) error { return bare.count() })
						floor, floorFor = append(floor, all...), floorFor+took
					}
					rate, floorRate := float64(len(ours))/oursFor.Seconds(), float64(len(floor))/floorFor.Seconds()
					b.ReportMetric(0, "ns/op")
					b.ReportMetric(rate, "grants/s")
					b.ReportMetric(millis(quantile(ours, .5)), "p50-ms")
					b.ReportMetric(millis(quantile(ours, .99)), "p99-ms")
					b.ReportMetric(millis(quantile(ours, 1)), "worst-ms")
					b.ReportMetric(floorRate, "floor/s")
					b.ReportMetric(millis(quantile(floor, .5)), "floor-p50-ms")
					b.ReportMetric(millis(quantile(floor, .99)), "floor-p99-ms")
					b.ReportMetric(millis(quantile(floor, 1)), "floor-worst-ms")
					b.ReportMetric(floorRate/rate, "ratio")
				})
			}
		}
	}
}

// overHTTP starts a center over st and enrolls a kiosk for each client.
func overHTTP(b *testing.B, st center.Store, clients int) func(ctx context.Context, client int, request string) error {
	b.Helper()
	o := center.DefaultOpts()
	o.Log = slog.New(slog.DiscardHandler)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- center.New(st, o).Serve(ctx, l) }()
	b.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			b.Error(err)
		}
	})
	kiosks := make([]*uplink.Client, clients)
	for i := range kiosks {
		id := kioskOf(i)
		code, err := center.NewCode(ctx, st, "h1", id, 0, time.Now(), "bench")
		if err != nil {
			b.Fatal(err)
		}
		how, path := uplink.ClientOpts{URL: "http://" + l.Addr().String(), Hall: "h1"}, filepath.Join(b.TempDir(), "key")
		if _, err := uplink.Enroll(ctx, how, id, code, path); err != nil {
			b.Fatal(err)
		}
		if how.Key, err = uplink.LoadKey(path, "h1", id); err != nil {
			b.Fatal(err)
		}
		if kiosks[i], err = uplink.NewClient(how); err != nil {
			b.Fatal(err)
		}
		b.Cleanup(kiosks[i].Close)
	}
	return func(ctx context.Context, client int, request string) error {
		_, err := kiosks[client].Next(ctx, kiosk.RequestID(request), centertest.Day, "A")
		return err
	}
}

// press lets clients do something total times together and returns how long
// all of it and each took.
func press(b *testing.B, clients, total int, do func(ctx context.Context, client, i int) error) (time.Duration, []time.Duration) {
	b.Helper()
	took := make([][]time.Duration, clients)
	var wg sync.WaitGroup
	begin := time.Now()
	for c := range clients {
		wg.Go(func() {
			for i := range total / clients {
				at := time.Now()
				if err := do(b.Context(), c, i); err != nil {
					b.Error(err)
					return
				}
				took[c] = append(took[c], time.Since(at))
			}
		})
	}
	wg.Wait()
	return time.Since(begin), slices.Concat(took...)
}

func quantile(d []time.Duration, q float64) time.Duration {
	s := slices.Sorted(slices.Values(d))
	return s[int(q*float64(len(s)-1))]
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
