package pgstore

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
	"hallkiosk/kiosk/center/centertest"
	"hallkiosk/kiosk/uplink"
)

// What comes back after an outage.
const (
	backlogKiosks = 1200 // four in a hall
	backlogEvents = 801  // each: 267 tickets and their paper, a busy day
)

// BenchmarkCenterBacklog lets 1,200 kiosks come back in the same instant with a
// day's events each, over HTTP, with the real pump, its batches, its back-off and
// the line of news of each, while forty windows of the first hall press "next" in
// the same instant again and again. The kiosks are a process of their own, as in
// life they are on machines of their own: their work would stand before the
// center's in one queue. The floor is bare batched INSERT ... ON
// CONFLICT of the same rows ready made, by as many connections as the store
// writes with; half of it runs before, half after. The kiosks run on the same
// processors, but give way; they have packed their batches before they come. Idle is how the
// windows fare before and, with all the lines of news held, after.
func BenchmarkCenterBacklog(b *testing.B) {
	for _, d := range databases {
		b.Run(d.name, func(b *testing.B) {
			conns := writers
			if d.name == "SQLite" {
				conns = 1
			}
			st, bare := d.open(b, conns)
			defer st.Close()
			defer bare.close()
			floor := insertAll(b, bare, conns, 0, backlogKiosks/2)
			came := newComeback(b)
			c := newCity(b, st)
			c.waves(func(n int) bool { return n < 10 }) // connections are made, statements prepared
			before := c.waves(func(n int) bool { return n < 30 })
			came.begin(c.url)
			busy := c.waves(func(int) bool {
				select {
				case <-came.drained:
					return false
				default:
					return true
				}
			})
			after := c.waves(func(n int) bool { return n < 30 })
			came.end()
			c.close()
			floor += insertAll(b, bare, conns, backlogKiosks/2, backlogKiosks)
			c.complete()

			idle := slices.Concat(before, after)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(came.took.Seconds(), "drain-s")
			b.ReportMetric(floor.Seconds(), "floor-s")
			b.ReportMetric(came.took.Seconds()/floor.Seconds(), "ratio")
			b.ReportMetric(float64(came.repeated), "repeated")
			b.ReportMetric(float64(len(busy)), "calls")
			for _, x := range []struct {
				name string
				took []time.Duration
			}{{"idle", idle}, {"call", busy}} {
				b.ReportMetric(millis(quantile(x.took, .5)), x.name+"-p50-ms")
				b.ReportMetric(millis(quantile(x.took, .99)), x.name+"-p99-ms")
			}
			b.ReportMetric(millis(quantile(busy, .99))/millis(quantile(idle, .99)), "p99-ratio")
		})
	}
}

// backlogOf is what kiosk i has to tell.
func backlogOf(i int) kiosk.Batch {
	batch := day(kioskOf(i), strconv.Itoa(1+i%4), 1, backlogEvents/3)
	batch.Hall = hallOf(i)
	return batch
}

func tokenOf(i int) string        { return "token-of-kiosk-" + strconv.Itoa(i) }
func kioskOf(i int) kiosk.KioskID { return kiosk.KioskID("k" + strconv.Itoa(i)) }
func hallOf(i int) kiosk.HallID   { return kiosk.HallID("h" + strconv.Itoa(1+i/4)) }

// insertAll puts what kiosks from first until last tell into the floor's tables,
// a pump's batches at a time.
func insertAll(b *testing.B, bare floor, conns, first, last int) time.Duration {
	b.Helper()
	type ready struct {
		batch   center.Batch
		tickets []center.NewTicket
	}
	var all []ready
	most := uplink.DefaultOpts().Batch
	for i := first; i < last; i++ {
		whole := backlogOf(i)
		for events := range slices.Chunk(whole.Events, most) {
			part := whole
			part.Events = events
			sealed := center.Seal(part, centertest.Noon)
			told, err := center.Tell(sealed, events[0].Seq-1)
			if err != nil {
				b.Fatal(err)
			}
			all = append(all, ready{sealed, told.Tickets})
		}
	}
	var next atomic.Int64
	took, _ := press(b, conns, conns, func(context.Context, int, int) error {
		for {
			n := int(next.Add(1)) - 1
			if n >= len(all) {
				return nil
			}
			if err := bare.insert(all[n].batch, all[n].tickets); err != nil {
				return err
			}
		}
	})
	return took
}

// city is a center at work, with the windows of its first hall.
type city struct {
	b      *testing.B
	st     center.Store
	url    string
	client *http.Client // the windows'
	token  string
	wave   int
	stop   context.CancelFunc
	done   chan error
}

const clerkPassword = "a long password for tests only"

func newCity(b *testing.B, st center.Store) *city {
	b.Helper()
	ctx := b.Context()
	var lines strings.Builder
	for i := range backlogKiosks {
		fmt.Fprintf(&lines, "%s %s %s\n", kioskOf(i), tokenOf(i), hallOf(i))
	}
	tokens, err := center.ReadTokens(strings.NewReader(lines.String()), "tokens")
	if err != nil {
		b.Fatal(err)
	}
	if err := st.AddAccount(ctx, center.Account{Name: "wang", Role: "clerk", Hall: "h1", Made: centertest.Noon,
		Password: center.HashPassword(clerkPassword, center.DefaultCost)}, center.Entry{At: centertest.Noon, Hall: "h1", Action: "account.added"}); err != nil {
		b.Fatal(err)
	}
	for w := range benchDesks {
		if err := st.SetWindow(ctx, "h1", kiosk.WindowID(strconv.Itoa(w)), []kiosk.QueueID{"A"}); err != nil {
			b.Fatal(err)
		}
	}
	o := center.DefaultOpts()
	began := time.Now()
	o.Tokens, o.Log, o.Rules.Misses = tokens, slog.New(slog.DiscardHandler), 1
	o.Now = func() time.Time { return centertest.Noon.Add(time.Since(began)) } // the floor's month
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	c := &city{b: b, st: st, url: "http://" + l.Addr().String(), done: make(chan error, 1),
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: benchDesks}}}
	life, stop := context.WithCancel(context.Background())
	c.stop = stop
	go func() { c.done <- center.New(st, o).Serve(life, l) }()
	var in struct{ Token string }
	c.ask("/v1/login", map[string]any{"name": "wang", "password": clerkPassword, "bearer": true}, &in)
	c.token = in.Token
	return c
}

func (c *city) close() {
	c.b.Helper()
	c.client.CloseIdleConnections()
	c.stop()
	if err := <-c.done; err != nil {
		c.b.Error(err)
	}
}

// ask posts what a clerk's page posts, which must succeed.
func (c *city) ask(path string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequest(http.MethodPost, c.url+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+c.token)
	answer, err := c.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err = io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %d %s", path, answer.StatusCode, text)
	}
	if err == nil && into != nil {
		err = json.Unmarshal(text, into)
	}
	return err
}

// waves lets as many people come as there are windows, and every window press
// "next" at once, as often as more says, and returns how long each call took.
// After each wave everybody is sent off, and there is half a second's rest.
func (c *city) waves(more func(n int) bool) (took []time.Duration) {
	for n := 0; more(n) && !c.b.Failed(); n++ {
		first := int64(c.wave*benchDesks + 1)
		c.wave++
		come := centertest.Batch("people", centertest.Run("people", "9", first, first+benchDesks-1)...)
		if _, err := c.st.Ingest(c.b.Context(), center.Seal(come, centertest.Noon)); err != nil {
			c.b.Fatal(err)
		}
		do := func(verb string) []time.Duration {
			return atOnce(c.b, func(w int) error {
				return c.ask(fmt.Sprintf("/v1/halls/h1/windows/%d/%s", w, verb), map[string]string{"op": fmt.Sprintf("%d-%d-%s", c.wave, w, verb), "day": string(centertest.Day)}, nil)
			})
		}
		took = append(took, do("call")...)
		do("noshow")
		time.Sleep(500 * time.Millisecond)
	}
	return took
}

// complete says that every event of every kiosk is stored.
func (c *city) complete() {
	c.b.Helper()
	all, err := c.st.Kiosks(context.Background())
	if err != nil {
		c.b.Fatal(err)
	}
	n := 0
	for _, k := range all {
		if k.ID != "people" && k.Acked == backlogEvents {
			n++
		}
	}
	if n != backlogKiosks {
		c.b.Fatalf("%d of %d kiosks have all their events stored", n, backlogKiosks)
	}
}
