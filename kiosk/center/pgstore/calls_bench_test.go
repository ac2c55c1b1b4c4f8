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

// BenchmarkCenterCalls lets forty windows press "next" in the same instant, in
// waves that alternate between a store with little history and one with much,
// and beside them forty clients that UPDATE ... RETURNING one row and commit.
// KIOSK_BENCH_10M=1 takes ten million tickets of history instead of one; on
// SQLite that takes minutes to fill.
func BenchmarkCenterCalls(b *testing.B) {
	const little, waves = 10_000, 60
	much := 1_000_000
	if os.Getenv("KIOSK_BENCH_10M") != "" {
		much = 10_000_000
	}
	for _, d := range databases {
		b.Run(fmt.Sprintf("%s/%d", d.name, much), func(b *testing.B) {
			few, many := pastStore(b, d.name, little, waves), pastStore(b, d.name, much, waves)
			defer few.Close()
			defer many.Close()
			st, bare := d.open(b, benchDesks)
			defer st.Close()
			defer bare.close()
			var took [3][]time.Duration
			for n := range 3 { // connections are made, statements prepared
				wave(b, few, waves+n)
				wave(b, many, waves+n)
			}
			for n := range waves {
				took[0] = append(took[0], wave(b, few, n)...)
				took[1] = append(took[1], wave(b, many, n)...)
				floor := atOnce(b, func(int) error { return bare.count() })
				took[2] = append(took[2], floor...)
			}
			b.ReportMetric(0, "ns/op")
			for i, name := range []string{"10k", "many", "floor"} {
				b.ReportMetric(millis(quantile(took[i], .5)), name+"-p50-ms")
				b.ReportMetric(millis(quantile(took[i], .99)), name+"-p99-ms")
			}
			b.ReportMetric(millis(quantile(took[1], .99))/millis(quantile(took[0], .99)), "p99-growth")
			b.ReportMetric(millis(quantile(took[0], .5))/millis(quantile(took[2], .5)), "p50-per-floor")
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
	db, err := sql.Open("sqlite3", "file:"+path+"?_journal_mode=WAL&_synchronous=OFF&_busy_timeout=5000")
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
