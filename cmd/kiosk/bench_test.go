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

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
	"github.com/jezek/xgb/xtest"

	"hallkiosk/configs"
	"hallkiosk/kiosk"
	"hallkiosk/kiosk/control"
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
	var pss, later int
	for i := range 5 {
		began := time.Now()
		p := m.run(env)
		starts = append(starts, time.Since(began))
		if i == 4 {
			pss = memory(b, p)
			f := newFinger(b, env, m)
			for range 100 {
				f.there("全部事项")
				f.there("返回")
			}
			later = memory(b, p)
		}
		p.stop()
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(ms(quantile(starts, .5)), "start-to-first-frame-ms")
	b.ReportMetric(float64(pss)/1024, "pss-MB")
	b.ReportMetric(float64(later)/1024, "pss-after-200-screens-MB")
}

// memory returns a process's proportional set size in kB.
func memory(b *testing.B, p *process) int {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", p.cmd.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	for _, line := range strings.Split(string(data), "\n") {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "Pss:" {
			kb, err := strconv.Atoi(f[1])
			if err != nil {
				b.Fatal(err)
			}
			return kb
		}
	}
	b.Fatal("no Pss")
	return 0
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
	f.strip = [2]int16{40, 110} // below the hall's name
	var took []time.Duration
	nobody := f.look()
	for range 20 {
		began := time.Now()
		h.do("/reader/put?card=resident")
		for f.look() == nobody {
			if time.Since(began) > patient {
				b.Fatal("no name came")
			}
		}
		took = append(took, time.Since(began))
		h.do("/reader/lift")
		for f.look() != nobody { // the frame without the name
			if time.Since(began) > patient {
				b.Fatal("the name stays")
			}
		}
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

// finger touches by the X server's own test extension and watches pixels.
type finger struct {
	b           *testing.B
	x           *xgb.Conn
	root        xproto.Window
	m           *machine
	places      map[string][2]int16
	took, looks []time.Duration
	strip       [2]int16 // the upper left of what is looked at
}

func newFinger(b *testing.B, env []string, m *machine) *finger {
	x, err := xgb.NewConnDisplay(strings.TrimPrefix(env[0], "DISPLAY="))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(x.Close)
	if err := xtest.Init(x); err != nil {
		b.Fatal(err)
	}
	return &finger{b: b, x: x, root: xproto.Setup(x).DefaultScreen(x).Root, m: m, places: map[string][2]int16{}, strip: [2]int16{40, 190}}
}

// look returns a strip of pixels, through the title unless another is set.
func (f *finger) look() string {
	began := time.Now()
	r, err := xproto.GetImage(f.x, xproto.ImageFormatZPixmap, xproto.Drawable(f.root), f.strip[0], f.strip[1], 400, 4, 0xFFFFFFFF).Reply()
	if err != nil {
		f.b.Fatal(err)
	}
	f.looks = append(f.looks, time.Since(began))
	return string(r.Data)
}

// there touches a target and waits for the frame to change and to settle.
func (f *finger) there(label string) {
	at, known := f.places[label]
	if !known {
		s := f.m.screen("showing "+label, func(s control.Screen) bool { return find(s, label) != nil })
		t := find(s, label)
		at = [2]int16{int16(t.X + t.Width/2), int16(t.Y + t.Height/2)}
		f.places[label] = at
	}
	xtest.FakeInput(f.x, xproto.MotionNotify, 0, 0, f.root, at[0], at[1], 0)
	before := f.look()
	began := time.Now()
	xtest.FakeInput(f.x, xproto.ButtonPress, 1, 0, f.root, at[0], at[1], 0)
	xtest.FakeInput(f.x, xproto.ButtonRelease, 1, 0, f.root, at[0], at[1], 0)
	for f.look() == before {
		if time.Since(began) > patient {
			f.b.Fatalf("nothing changed after touching %s", label)
		}
	}
	f.took = append(f.took, time.Since(began))
	time.Sleep(30 * time.Millisecond) // a person doesn't touch faster
}
