package terminal

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hallkiosk/kiosk"
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
	if o.Tokens, err = center.ReadTokens(strings.NewReader("k1 "+token+"\n"), "tokens"); err != nil {
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
