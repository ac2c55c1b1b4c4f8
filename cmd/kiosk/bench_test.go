package main_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"hallkiosk/configs"
	"hallkiosk/kiosk"
	"hallkiosk/kiosk/desk"
	"hallkiosk/kiosk/kiosktest"
	"hallkiosk/kiosk/sqlite"
)

// Each benchmark runs once and reports its own figures, with the floor that it
// is held against measured in the same run.

func quantile(d []time.Duration, q float64) time.Duration {
	s := slices.Sorted(slices.Values(d))
	return s[int(q*float64(len(s)-1))]
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// BenchmarkTake is desk.Take, durable, against one bare SQLite transaction that
// writes the same rows, alternating.
func BenchmarkTake(b *testing.B) {
	ctx := b.Context()
	_, catalog, problems := configs.LoadKiosk("../../configs/kiosk.toml")
	if len(problems) > 0 {
		b.Fatal(problems)
	}
	dir := b.TempDir()
	store, err := sqlite.Open(ctx, filepath.Join(dir, "kiosk.db"), sqlite.DefaultOpts())
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	d, err := desk.New(ctx, desk.Opts{Catalog: catalog, Store: store, Printer: &kiosktest.Printer{}, Clock: &kiosk.Clock{Now: time.Now}, Random: rand.Reader,
		Location: time.UTC, Early: true})
	if err != nil {
		b.Fatal(err)
	}
	bare := newBare(b, filepath.Join(dir, "bare.db"))
	const n = 1500
	ours, floor := make([]time.Duration, n), make([]time.Duration, n)
	clock := func(into []time.Duration, i int, f func()) {
		began := time.Now()
		f()
		into[i] = time.Since(began)
	}
	for i := range n {
		wanted, _ := catalog.Item(catalog.Wanted[i%len(catalog.Wanted)].Item)
		take := func() {
			if _, err := d.Take(ctx, kiosk.Request{Items: []kiosk.ItemID{wanted.ID}, Lang: kiosk.Zh}); err != nil {
				b.Fatal(err)
			}
		}
		write := func() { bare(i, wanted) }
		if i%2 == 0 { // neither is always the first to wait for the disk
			clock(ours, i, take)
			clock(floor, i, write)
		} else {
			clock(floor, i, write)
			clock(ours, i, take)
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(ms(quantile(ours, .5)), "take-p50-ms")
	b.ReportMetric(ms(quantile(ours, .99)), "take-p99-ms")
	b.ReportMetric(ms(quantile(floor, .5)), "floor-p50-ms")
	b.ReportMetric(ms(quantile(floor, .99)), "floor-p99-ms")
	b.ReportMetric(float64(quantile(ours, .5))/float64(quantile(floor, .5)), "ratio")
}

// newBare returns the floor: the same rows by the same driver and settings,
// with nothing looked up and nothing checked.
func newBare(b *testing.B, path string) func(i int, item kiosk.Item) {
	s, err := sqlite.Open(b.Context(), path, sqlite.DefaultOpts()) // for the tables
	if err != nil {
		b.Fatal(err)
	}
	s.Close()
	db, err := sql.Open("sqlite3", "file:"+path+"?_journal_mode=WAL&_synchronous=FULL&_txlock=immediate&_busy_timeout=5000&_foreign_keys=on")
	if err != nil {
		b.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	b.Cleanup(func() { db.Close() })
	prepare := func(text string) *sql.Stmt {
		stmt, err := db.Prepare(text)
		if err != nil {
			b.Fatal(err)
		}
		return stmt
	}
	counter := prepare("INSERT INTO counter (day, queue, series, n) VALUES ('2026-11-23', ?, '', ?) ON CONFLICT DO UPDATE SET n = excluded.n")
	ticket := prepare("INSERT INTO ticket (id, request, day, queue, series, n, items, state, lang, wall, count, ahead) VALUES (?, ?, '2026-11-23', ?, '', ?, ?, 'waiting', 'zh', ?, 0, ?)")
	paper := prepare("INSERT INTO print (ticket, attempt, state, cause) VALUES (?, 1, 'queued', '')")
	event := prepare("INSERT INTO event (kind, wall, count, body) VALUES ('ticket.taken', ?, 0, ?)")
	return func(i int, item kiosk.Item) {
		id, now := fmt.Sprintf("01a2061f-3593-767b-82e3-%012d", i), time.Now().UnixMilli()
		tx, err := db.Begin()
		if err != nil {
			b.Fatal(err)
		}
		for _, row := range []struct {
			stmt *sql.Stmt
			args []any
		}{
			{counter, []any{item.Queue, i + 1}}, {ticket, []any{id, id, item.Queue, i + 1, item.ID, now, i}}, {paper, []any{id}},
			{event, []any{now, `{"ticket":"` + id + `","day":"2026-11-23","number":"A001","queue":"A","items":["` + string(item.ID) + `"]}`}},
		} {
			if _, err := tx.Stmt(row.stmt).Exec(row.args...); err != nil {
				b.Fatal(err)
			}
		}
		if err := tx.Commit(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLine is the time from take to the last byte of the ticket on a line
// as slow as a real one, against bytes x 10 / baud.
func BenchmarkLine(b *testing.B) {
	for _, c := range []struct{ paper, baud int }{{80, 9600}, {58, 9600}, {80, 115200}, {58, 115200}} {
		b.Run(fmt.Sprintf("%dmm-%d", c.paper, c.baud), func(b *testing.B) {
			h := newHall(b, "-paper", strconv.Itoa(c.paper), "-baud", strconv.Itoa(c.baud))
			m := newMachine(b, h.ports(c.baud))
			if c.paper == 58 {
				m = newMachine(b, strings.Replace(h.ports(c.baud), "[printer]\n", "[printer]\npaper = 58\n", 1))
			}
			m.run(nil, "-headless")
			var took []time.Duration
			bytes := 0
			for i := range 12 {
				began := time.Now()
				r, err := m.Take(context.Background(), kiosk.Request{ID: kiosk.RequestID(fmt.Sprint(i)), Items: []kiosk.ItemID{"RS001"}})
				if err != nil || r.Print != kiosk.Printed {
					b.Fatal(r, err)
				}
				p := h.newest()
				bytes = p.Bytes
				took = append(took, p.Last.Sub(began))
			}
			perByte := 10 * time.Second / time.Duration(c.baud)
			floor := time.Duration(bytes) * perByte
			const questions = 15 + 5 // bytes asked and answered before the first of the ticket
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(bytes), "bytes")
			b.ReportMetric(ms(quantile(took, .5)), "take-to-last-byte-ms")
			b.ReportMetric(ms(floor), "floor-ms")
			b.ReportMetric(float64(quantile(took, .5))/float64(floor), "ratio")
			b.ReportMetric(float64(quantile(took, .5))/float64(floor+questions*perByte), "ratio-with-questions")
		})
	}
}

// BenchmarkStart is the time from starting the program to the first frame that
// the X server shows, and the memory it takes then and after many screens.
func BenchmarkStart(b *testing.B) {
	env := xvfb(b, 1080, 1920)
	m := newMachine(b, "")
	var starts []time.Duration
	var at, later float64
	for i := range 5 {
		began := time.Now()
		p := m.run(env)
		starts = append(starts, time.Since(began))
		if i == 4 {
			at = pss(b, p.cmd.Process.Pid)
			f := newFinger(b, env, m)
			for range 100 {
				f.there("全部事项")
				f.there("返回")
			}
			later = pss(b, p.cmd.Process.Pid)
		}
		p.stop()
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(ms(quantile(starts, .5)), "start-to-first-frame-ms")
	b.ReportMetric(at, "pss-MB")
	b.ReportMetric(later, "pss-after-200-screens-MB")
}

// pss is the proportional set size of processes in MB; those that have ended
// meanwhile have none.
func pss(t testing.TB, pids ...int) (total float64) {
	t.Helper()
	for _, pid := range pids {
		data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
		if _, rest, ok := strings.Cut(string(data), "\nPss:"); ok {
			kb, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				t.Fatal(err)
			}
			total += float64(kb) / 1024
		}
	}
	if total == 0 {
		t.Fatal("no Pss")
	}
	return total
}

// BenchmarkTouch is the time from a touch to the changed frame on the X server,
// between two screens that differ everywhere. The floor is how long the X
// server takes to be asked for the same pixels, which is how fine we see.
func BenchmarkTouch(b *testing.B) {
	for _, size := range [][2]int{{1080, 1920}, {1920, 1080}} {
		b.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(b *testing.B) {
			env := xvfb(b, size[0], size[1])
			m := newMachine(b, "")
			m.run(env)
			f := newFinger(b, env, m)
			for range 100 {
				f.there("全部事项")
				f.there("返回")
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(ms(quantile(f.took, .5)), "p50-ms")
			b.ReportMetric(ms(quantile(f.took, .99)), "p99-ms")
			b.ReportMetric(ms(quantile(f.looks, .5)), "floor-look-ms")
		})
	}
}

// BenchmarkCard is the time from a card on the reader to the frame with its
// holder's name, against what the line needs at 115200 baud for the three
// answers that lead there: 1,295 bytes of the card, and finding and choosing it.
// The virtual reader sends at that pace. A reader is asked for a card every 300
// ms, so that long the card may lie there unnoticed; the second ratio leaves that
// out, by the best of the rounds.
func BenchmarkCard(b *testing.B) {
	env := xvfb(b, 1080, 1920)
	h := newHall(b)
	h.do("/reader/replies?pieces=115&pause=10")
	m := newMachine(b, h.ports(115200))
	m.run(env)
	m.device("reader", "ready")
	f := newFinger(b, env, m)
	f.strip = strip{40, 110, 400} // below the hall's name
	var took []time.Duration
	nobody := f.look()
	for range 20 {
		began := time.Now()
		h.do("/reader/put?card=resident")
		f.until("a name", func(pixels string) bool { return pixels != nobody })
		took = append(took, time.Since(began))
		h.do("/reader/lift")
		f.until("the frame without the name", func(pixels string) bool { return pixels == nobody })
	}
	const answers = 1295 + 15 + 19 // bytes of read, find and select
	floor := answers * 10 * time.Second / 115200
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(ms(quantile(took, .5)), "p50-ms")
	b.ReportMetric(ms(quantile(took, 0)), "best-ms")
	b.ReportMetric(ms(floor), "floor-line-ms")
	b.ReportMetric(float64(quantile(took, .5))/float64(floor), "ratio-with-polling")
	b.ReportMetric(float64(quantile(took, 0))/float64(floor), "ratio-best")
}
