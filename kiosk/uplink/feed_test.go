package uplink

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hallkiosk/kiosk"
)

// feedFrom makes a feed of hall H from a center that does what serve does.
func feedFrom(t *testing.T, serve http.HandlerFunc) *Feed {
	t.Helper()
	c := client(t, serve)
	c.hall = "H"
	o := DefaultFeedOpts()
	o.Hall, o.RetryMin, o.RetryMax = "H", time.Millisecond, 2*time.Millisecond
	return NewFeed(c, o)
}

// news runs f until n were told; nil stands for a line that was lost.
func news(t *testing.T, f *Feed, n int) []*kiosk.News {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var told []*kiosk.News
	f.Run(ctx, func(n1 *kiosk.News) {
		if told = append(told, n1); len(told) == n {
			cancel()
		}
	})
	if len(told) < n {
		t.Fatalf("told %d times, want %d (%v)", len(told), n, f.Err())
	}
	return told
}

func send(w http.ResponseWriter, hall string, version int) {
	fmt.Fprintf(w, "id: %d\nevent: news\ndata: {\"hall\":%q,\"version\":%d,\"lengths\":[{\"day\":\"2026-11-23\",\"queue\":\"A\",\"waiting\":7}]}\n\n", version, hall, version)
	http.NewResponseController(w).Flush()
}

func TestFeed(t *testing.T) {
	t.Run("ToldAndLostAndBack", func(t *testing.T) {
		var asked atomic.Int32
		f := feedFrom(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/v1/news" || r.URL.Query().Get("hall") != "H" || !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ") {
				t.Errorf("asked %s %v", r.URL, r.Header)
			}
			w.Header().Set("Content-Type", "text/event-stream")
			fmt.Fprint(w, ": alive\n\n")
			send(w, "H", int(asked.Add(1)))
		})
		told := news(t, f, 3)
		if told[0].Version != 1 || told[0].Lengths[0].Waiting != 7 || told[1] != nil || told[2].Version != 2 {
			t.Fatalf("told %+v", told)
		}
	})
	t.Run("DeadLine", func(t *testing.T) {
		f := feedFrom(t, func(w http.ResponseWriter, r *http.Request) {
			send(w, "H", 1)
			<-r.Context().Done() // says nothing more
		})
		f.o.Dead = 30 * time.Millisecond
		if told := news(t, f, 2); told[1] != nil {
			t.Fatalf("told %+v", told)
		}
	})
	for name, serve := range map[string]http.HandlerFunc{
		"Refused":     func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusUnauthorized) },
		"AnotherHall": func(w http.ResponseWriter, _ *http.Request) { send(w, "X", 1) },
		"NoJSON":      func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "data: <html>\n\n") },
		"EndlessLine": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "data: "+strings.Repeat("x", longestNews+10))
		},
		"NothingAtAll": func(http.ResponseWriter, *http.Request) {},
	} {
		t.Run(name, func(t *testing.T) {
			f := feedFrom(t, serve)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			tries := 0
			f.o.After = func(time.Duration) <-chan time.Time {
				if tries++; tries == 3 {
					cancel()
				}
				now := make(chan time.Time, 1)
				now <- time.Now()
				return now
			}
			f.Run(ctx, func(n *kiosk.News) { t.Errorf("told %+v", n) })
			if f.Err() == nil || tries < 3 {
				t.Errorf("%d tries, error %v", tries, f.Err())
			}
		})
	}
}

func TestNumbers(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		answer string
		want   string
		code   kiosk.Code
	}{
		"OK":           {200, `{"number":"A023"}`, "A023", ""},
		"AnotherQueue": {200, `{"number":"B023"}`, "", kiosk.EInvalid},
		"OwnSeries":    {200, `{"number":"A1-023"}`, "", kiosk.EInvalid},
		"NoNumber":     {200, `{"number":""}`, "", kiosk.EInvalid},
		"NoJSON":       {200, `<html>`, "", kiosk.EInvalid},
		"Refused":      {409, `{"code":"conflict","detail":"used for another queue"}`, "", kiosk.EConflict},
		"Away":         {503, ``, "", kiosk.EUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			cl := client(t, func(w http.ResponseWriter, r *http.Request) {
				var q kiosk.NumberRequest
				if err := json.NewDecoder(r.Body).Decode(&q); err != nil || r.URL.Path != "/v1/numbers" || q != (kiosk.NumberRequest{Request: "r", Hall: "H", Day: "2026-11-23", Queue: "A"}) {
					t.Errorf("asked %s %+v (%v)", r.URL, q, err)
				}
				w.WriteHeader(c.status)
				fmt.Fprint(w, c.answer)
			})
			cl.hall = "H"
			n, err := cl.Next(t.Context(), "r", "2026-11-23", "A")
			if kiosk.CodeOf(err) != c.code || c.code == "" && n.String() != c.want {
				t.Errorf("%v, %v", n, err)
			}
		})
	}
}

func TestPlace(t *testing.T) {
	status, asked, answer := http.StatusOK, "", `{"state":"waiting","queue":"A","ahead":2,"estimate":{"low":3,"high":5}}`
	cl := client(t, func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.String()
		w.WriteHeader(status)
		fmt.Fprint(w, answer)
	})
	cl.hall = "H"
	p, err := cl.Place(t.Context(), "a/b", "2026-11-23")
	if err != nil || p.State != kiosk.Waiting || p.Ahead != 2 || *p.Estimate != (kiosk.Estimate{Low: 3, High: 5}) || asked != "/v1/self/tickets/a%2Fb?hall=H&day=2026-11-23" {
		t.Errorf("%+v %v, asked %s", p, err, asked)
	}
	n := kiosk.Number{Queue: "A", Series: "2", N: 7}
	if byNumber, err := cl.Numbered(t.Context(), n, "2026-11-23"); err != nil || byNumber.Ahead != p.Ahead || byNumber.State != p.State || asked != "/v1/self/numbers/A2-007?hall=H&day=2026-11-23" {
		t.Errorf("%+v %v, asked %s", byNumber, err, asked)
	}
	status, answer = http.StatusNotFound, "404 page not found\n" // an older center
	if _, err := cl.Numbered(t.Context(), n, "2026-11-23"); kiosk.CodeOf(err) != kiosk.EInvalid || !strings.Contains(kiosk.HintOf(err), "older than the kiosk") {
		t.Errorf("it doesn't know the question: %v", err)
	}
	answer = `{"code":"not_found"}`
	if _, err := cl.Numbered(t.Context(), n, "2026-11-23"); kiosk.CodeOf(err) != kiosk.ENotFound {
		t.Errorf("nobody has it: %v", err)
	}
	status = http.StatusServiceUnavailable
	if _, err := cl.Numbered(t.Context(), n, "2026-11-23"); kiosk.CodeOf(err) != kiosk.EUnavailable {
		t.Errorf("away: %v", err)
	}
	if _, err := cl.Place(t.Context(), "a/b", "2026-11-23"); kiosk.CodeOf(err) != kiosk.EUnavailable {
		t.Errorf("away: %v", err)
	}
}
