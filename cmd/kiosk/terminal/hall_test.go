package terminal

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/cabinet"
	"hallkiosk/kiosk/center"
	"hallkiosk/kiosk/center/store"
)

const token = "a-token-for-tests-only"

// hall is a center on a real store, with one window, whose clock is right.
type hall struct {
	*testing.T
	*center.Server
	store *store.Store
	url   string
	now   time.Time
}

func newHall(t *testing.T) *hall {
	t.Helper()
	h := &hall{T: t, now: monday.Add(2 * time.Minute)}
	var err error
	if h.store, err = store.Open(t.Context(), filepath.Join(t.TempDir(), "center.db")); err != nil {
		t.Fatal(err)
	}
	o := center.DefaultOpts()
	o.Log = slog.New(slog.DiscardHandler)
	o.Now = func() time.Time { return h.now }
	o.Actor = func(*http.Request) (center.Actor, error) {
		return center.Actor{ID: "test", Role: "clerk", Hall: "h1"}, nil
	}
	if o.Tokens, err = center.ReadTokens(strings.NewReader("k1 "+token+" h1\n"), "tokens"); err != nil {
		t.Fatal(err)
	}
	h.Server = center.New(h.store, o)
	srv := httptest.NewServer(h)
	h.url = srv.URL
	t.Cleanup(func() { srv.Close(); h.store.Close() })
	if err := h.store.SetWindow(t.Context(), "h1", "21", []kiosk.QueueID{"A"}); err != nil {
		t.Fatal(err)
	}
	return h
}

// link is the config of a kiosk of this hall, on a line that is at url.
func (p *place) link(url string) string {
	p.Helper()
	name := filepath.Join(p.dir, "token")
	if err := os.WriteFile(name, []byte(token), 0o600); err != nil {
		p.Fatal(err)
	}
	return fmt.Sprintf("[center]\nurl = %q\ntoken_file = %q\n", url, name)
}

// talk lets the kiosk talk to its center until the returned function is called.
func (p *place) talk(k *terminal) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); k.send(ctx) }()
	return func() { cancel(); <-done }
}

// sent waits until the center has everything.
func (p *place) sent(k *terminal) {
	p.Helper()
	k.wake()
	p.until("everything sent", func() bool {
		s, err := k.link.pump.State(p.Context())
		return err == nil && s.Err == nil && s.Unsent == 0 && !s.Success.IsZero()
	})
}

// call calls the next number to the window and finishes it.
func (h *hall) call(op string) string {
	h.Helper()
	var number string
	for _, verb := range []string{"call", "start", "finish"} {
		r, err := http.Post(h.url+"/v1/halls/h1/windows/21/"+verb, "application/json", strings.NewReader(fmt.Sprintf(`{"op":"%s-%s"}`, op, verb)))
		if err != nil {
			h.Fatal(err)
		}
		text, err := io.ReadAll(r.Body)
		r.Body.Close()
		var p center.Pressed
		if err != nil || r.StatusCode != 200 || json.Unmarshal(text, &p) != nil {
			h.Fatalf("%s: %s %s %v", verb, r.Status, text, err)
		}
		number = p.Ticket.Number
	}
	return number
}

// A kiosk whose clock was a week ahead gives numbers for today as soon as somebody has
// set it, by hand as well, and the windows call them today.
func TestClockMended(t *testing.T) {
	h, p := newHall(t), newPlace(t)
	k := p.on(p.link(h.url))
	stop := p.talk(k)
	first := p.take(k, kiosk.Request{})
	p.sent(k)

	p.set(monday.Add(7*24*time.Hour), false)
	wrong := []kiosk.Ticket{p.take(k, kiosk.Request{}), p.take(k, kiosk.Request{})}
	k.wake()
	p.until("refused", func() bool {
		s, err := k.link.pump.State(t.Context())
		return err == nil && s.Refused && s.Unsent == 2 && strings.Contains(kiosk.HintOf(s.Err), "set the kiosk's clock")
	})
	if h.Refused() == 0 || wrong[0].Day != "2026-11-30" {
		t.Fatalf("%d refused, day %s", h.Refused(), wrong[0].Day)
	}

	stop()
	k.close()
	p.set(h.now, false)
	k = p.on(p.link(h.url))
	defer k.close()
	if k.clock.Trusted() {
		t.Fatal("a clock that is behind the last number is trusted before anybody vouches for it")
	}
	defer p.talk(k)()
	p.sent(k)
	p.until("vouched for", k.clock.Trusted)
	right := p.take(k, kiosk.Request{})
	if right.Day != first.Day {
		t.Fatalf("%s on %s", right.Number, right.Day)
	}
	p.sent(k)
	for i, want := range []kiosk.Ticket{first, right} {
		if got := h.call(fmt.Sprint(i)); got != want.Number.String() {
			t.Errorf("call %d was of %s, want %s", i, got, want.Number)
		}
	}
	latest, err := h.store.Latest(t.Context(), "h1", wrong[0].Day, 10)
	if err != nil || len(latest) != 2 {
		t.Errorf("of the wrong day: %+v %v", latest, err)
	}
	alarms, err := h.store.Alarms(t.Context(), 10)
	if err != nil || len(alarms) != 1 || alarms[0].Kind != center.AlarmEarly {
		t.Errorf("alarms %+v %v", alarms, err)
	}
}

// copyTo copies the disk of a kiosk that is switched off.
func (p *place) copyTo() *place {
	p.Helper()
	c := newPlace(p.T)
	c.now = p.clock()
	if err := os.Remove(filepath.Join(p.dir, "kiosk.sock")); err != nil && !os.IsNotExist(err) {
		p.Fatal(err)
	}
	if err := os.CopyFS(c.dir, os.DirFS(p.dir)); err != nil {
		p.Fatal(err)
	}
	return c
}

// locked says whether a kiosk gives no numbers, in words to its technician, who has
// the door open.
func (p *place) locked(k *terminal) bool {
	p.Helper()
	k.contact(cabinet.DoorOpened)
	defer k.contact(cabinet.DoorClosed)
	_, err := backend{k}.Take(p.Context(), kiosk.Request{Items: []kiosk.ItemID{"RS001"}})
	if err != nil && kiosk.CodeOf(err) != kiosk.EConflict {
		p.Fatal(err)
	}
	double := k.deviceStates()[2].State == "double"
	if double != (err != nil) || double != k.devices.doubled() {
		p.Fatalf("take: %v; status %+v; shut %q", err, k.deviceStates(), k.devices.shut())
	}
	return double
}

// A machine that runs from a copy of another one's disk has its id and its epoch. It
// gives no numbers once the center has noticed: by an event that contradicts the
// first machine's, or because it knows less. Neither a broken line nor a restart ends
// that; a batch that is taken in does, or an id of its own.
func TestCopiedDisk(t *testing.T) {
	h, p := newHall(t), newPlace(t)
	l := newLine(t, h.url)
	k := p.on(p.link(l.url))
	stop := p.talk(k)
	p.take(k, kiosk.Request{})
	p.sent(k)
	stop()
	k.close()
	contradicts, behind := p.copyTo(), p.copyTo()

	k = p.on(p.link(l.url))
	defer func() { stop(); k.close() }()
	stop = p.talk(k)
	p.take(k, kiosk.Request{})
	p.sent(k)

	for name, c := range map[string]*place{"Contradicts": contradicts, "Behind": behind} {
		t.Run(name, func(t *testing.T) {
			c.T = t
			clone := c.on(c.link(l.url))
			if name == "Contradicts" {
				c.take(clone, kiosk.Request{}) // before the center is asked
			}
			stop := c.talk(clone)
			c.until("locked", func() bool { return clone.devices.shut() == "double" })
			if !c.locked(clone) {
				t.Error("it gives numbers")
			}
			stop()
			clone.close()

			l.cut(true)
			clone = c.on(c.link(l.url))
			if !c.locked(clone) {
				t.Error("a restart without the center unlocks it")
			}
			stop = c.talk(clone)
			c.until("no line", func() bool {
				s, err := clone.link.pump.State(t.Context())
				return err == nil && kiosk.CodeOf(s.Err) == kiosk.EUnavailable
			})
			if !c.locked(clone) {
				t.Error("a broken line unlocks it")
			}
			stop()
			clone.close()
			c.id = "k2"
			clone = c.on(c.link(l.url))
			if c.locked(clone) {
				t.Error("an id of its own doesn't unlock it")
			}
			clone.close()
			l.cut(false)
		})
	}
	p.sent(k)
	if p.locked(k) {
		t.Error("the first machine gives no numbers")
	}
	if err := k.store.SetDouble(t.Context(), "k1"); err != nil {
		t.Fatal(err)
	}
	stop()
	k.close()
	k = p.on(p.link(l.url))
	if !p.locked(k) {
		t.Error("the mark in the store doesn't lock")
	}
	stop = p.talk(k)
	p.until("unmarked", func() bool {
		id, err := k.store.Double(t.Context())
		return err == nil && id == ""
	})
	if p.locked(k) {
		t.Error("a batch that was taken in doesn't unlock it")
	}
}

// line is a proxy that can be cut.
type line struct {
	url  string
	mu   sync.Mutex
	gone bool
}

func newLine(t *testing.T, to string) *line {
	t.Helper()
	at, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	l := &line{}
	on := httputil.NewSingleHostReverseProxy(at)
	on.ErrorLog = log.New(io.Discard, "", 0)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		gone := l.gone
		l.mu.Unlock()
		if gone {
			panic(http.ErrAbortHandler)
		}
		on.ServeHTTP(w, r)
	}))
	l.url = srv.URL
	t.Cleanup(srv.Close)
	return l
}

func (l *line) cut(gone bool) { l.mu.Lock(); defer l.mu.Unlock(); l.gone = gone }

// A line that accepts and stays silent costs a number no more than the budget: it is
// of the own series, and the center is not asked for it twice. The uplink alone would
// wait for a hundred times as long.
func TestSilentLine(t *testing.T) {
	var mu sync.Mutex
	asked, end := 0, make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/numbers" {
			mu.Lock()
			asked++
			mu.Unlock()
		}
		<-end
	}))
	defer srv.Close()
	defer close(end)
	p := newPlace(t)
	p.on("").close() // it isn't new, so that the start doesn't ask
	k := p.on(p.link(srv.URL) + "number_budget = 150\n")
	defer k.close()
	defer p.talk(k)()
	const numbers = 3
	for n := 1; n <= numbers; n++ {
		before := time.Now()
		got := p.take(k, kiosk.Request{})
		if took := time.Since(before); took < 150*time.Millisecond || took > 12*time.Second {
			t.Errorf("%s took %v", got.Number, took)
		}
		if want := fmt.Sprintf("A1-%03d", n); got.Number.String() != want {
			t.Errorf("number %s, want %s", got.Number, want)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if asked < 1 || asked > numbers { // on a slow machine a question may come too late to be read
		t.Errorf("the center was asked %d times for %d numbers", asked, numbers)
	}
}
