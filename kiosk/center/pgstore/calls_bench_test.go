package pgstore

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/calling"
	"hallkiosk/kiosk/center"
	"hallkiosk/kiosk/center/centertest"
	"hallkiosk/kiosk/center/store"
)

// benchDesks are the windows that press together.
const benchDesks = 40

// histories are the tickets of earlier days that a hall may have behind it;
// a million is a busy hall's half year.
var histories = []struct {
	name    string
	tickets int
}{{"10k", 10_000}, {"1M", 1_000_000}, {"10M", 10_000_000}}

// BenchmarkCenterCalls lets forty windows press "next" in the same instant, in
// waves that alternate between stores with little and much history and, beside
// them, forty clients that UPDATE ... RETURNING one row and commit.
// KIOSK_BENCH_10M=1 takes ten million tickets of history too, which take
// minutes to fill in.
func BenchmarkCenterCalls(b *testing.B) {
	const waves = 60
	pasts := histories
	if os.Getenv("KIOSK_BENCH_10M") == "" {
		pasts = histories[:2]
	}
	for _, d := range databases {
		b.Run(d.name, func(b *testing.B) {
			var stores []center.Store
			for _, past := range pasts {
				st := pastStore(b, d.name, past.tickets, waves)
				defer st.Close()
				stores = append(stores, st)
			}
			st, bare := d.open(b, benchDesks)
			defer st.Close()
			defer bare.close()
			for n := range 3 { // connections are made, statements prepared
				for _, st := range stores {
					wave(b, st, waves+n)
				}
			}
			took := make([][]time.Duration, len(stores))
			var floor []time.Duration
			for n := range waves {
				for i, st := range stores {
					took[i] = append(took[i], wave(b, st, n)...)
				}
				floor = append(floor, atOnce(b, func(int) error { return bare.count() })...)
			}
			b.ReportMetric(0, "ns/op")
			for i, past := range pasts {
				b.ReportMetric(millis(quantile(took[i], .5)), past.name+"-p50-ms")
				b.ReportMetric(millis(quantile(took[i], .99)), past.name+"-p99-ms")
				if i > 0 {
					b.ReportMetric(millis(quantile(took[i], .99))/millis(quantile(took[0], .99)), past.name+"-p99-growth")
				}
			}
			b.ReportMetric(millis(quantile(floor, .5)), "floor-p50-ms")
			b.ReportMetric(millis(quantile(floor, .99)), "floor-p99-ms")
			b.ReportMetric(millis(quantile(took[0], .5))/millis(quantile(floor, .5)), "p50-per-floor")
		})
	}
}

// pastStore opens a store with n tickets of history and people who wait.
func pastStore(b *testing.B, name string, n, waves int) center.Store {
	b.Helper()
	var st center.Store
	switch name {
	case "SQLite":
		path := filepath.Join(b.TempDir(), "center.db")
		lite, err := store.Open(b.Context(), path)
		if err != nil {
			b.Fatal(err)
		}
		pastOnSQLite(b, path, n)
		st = lite
	default:
		url := database(b, shared)
		st = opened(b, url)
		past(b, url, n)
		do(b, url, "CHECKPOINT") // or it falls into what is measured
	}
	for w := range benchDesks {
		if err := st.SetWindow(b.Context(), "h1", kiosk.WindowID(fmt.Sprint(w)), []kiosk.QueueID{"A"}); err != nil {
			b.Fatal(err)
		}
	}
	const piece = 500
	people := int64((waves + 5) * benchDesks)
	for first := int64(1); first <= people; first += piece {
		if _, err := st.Ingest(b.Context(), center.Seal(centertest.Batch("k1", centertest.Run("k1", "1", first, first+piece-1)...), centertest.Noon)); err != nil {
			b.Fatal(err)
		}
	}
	return st
}

func pastOnSQLite(b *testing.B, path string, n int) {
	b.Helper()
	db, err := sql.Open("sqlite3", "file:"+path+"?_journal_mode=WAL&_synchronous=OFF&_busy_timeout=5000&_cache_size=-262144")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	const series = "WITH RECURSIVE s (i) AS (VALUES (%d) UNION ALL SELECT i + 1 FROM s WHERE i < %d) "
	const piece = 100_000
	for first := 0; first < n; first += piece {
		last := min(n, first+piece) - 1
		for _, q := range []string{
			`INSERT INTO tickets (id, hall, kiosk, day, number, queue, items, state, wall, count, print, attempt, cause, clash, line, since, version, todo)
				SELECT 'past' || i, 'h1', 'k1', date('2024-11-22', '-' || (i / 1000) || ' days'), 'A' || (1000 + i % 1000), 'A', '["社保卡补办"]', 'done',
					1732276800000 - i, 0, 'printed', 1, '', 0, 'A', 0, 4, '[]' FROM s`,
			`INSERT INTO changes (hall, op, day, at, verb, actor, role, change)
				SELECT 'h1', 'past' || i, date('2024-11-22', '-' || (i / 1000) || ' days'), i, 'call', 'wang', 'clerk', replace(hex(zeroblob(100)), '00', '{}') FROM s`,
		} {
			if _, err := db.Exec(fmt.Sprintf(series, first, last) + q); err != nil {
				b.Fatal(err)
			}
		}
	}
	if _, err := db.Exec("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		b.Fatal(err)
	}
}

// wave lets every window press "next" at once, and then frees them all.
func wave(b *testing.B, st center.Store, n int) []time.Duration {
	b.Helper()
	do := func(verb calling.Verb) []time.Duration {
		took := atOnce(b, func(w int) error {
			p := centertest.PressOf(fmt.Sprintf("%d-%d-%s", n, w, verb), verb, kiosk.WindowID(fmt.Sprint(w)))
			p.At, p.Rules.Misses = p.At+kiosk.Instant(60_000*60+n), 1 // they end
			_, err := st.Do(b.Context(), p)
			return err
		})
		return took
	}
	took := do(calling.Call)
	do(calling.NoShow)
	return took
}

// atOnce lets every window do something once, all in the same instant, and
// returns how long each took.
func atOnce(b *testing.B, do func(w int) error) []time.Duration {
	b.Helper()
	took := make([]time.Duration, benchDesks)
	ready := make(chan struct{})
	var wg sync.WaitGroup
	for w := range benchDesks {
		wg.Go(func() {
			<-ready
			at := time.Now()
			if err := do(w); err != nil {
				b.Error(err)
			}
			took[w] = time.Since(at)
		})
	}
	close(ready)
	wg.Wait()
	return took
}
