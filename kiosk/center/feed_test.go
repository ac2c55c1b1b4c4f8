package center_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hallkiosk/kiosk"
	. "hallkiosk/kiosk/center/centertest"
)

// line is a held-open line of news.
type line struct {
	*hall
	body  io.ReadCloser
	lines *bufio.Scanner
}

func (h *hall) listen(name string) *line {
	h.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	h.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, "GET", h.url+"/v1/news?hall="+name, nil)
	if err != nil {
		h.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token1)
	got, err := http.DefaultClient.Do(r)
	if err != nil || got.StatusCode != 200 || got.Header.Get("Content-Type") != "text/event-stream" {
		h.Fatalf("%v %v", got, err)
	}
	h.Cleanup(func() { got.Body.Close() })
	return &line{h, got.Body, bufio.NewScanner(got.Body)}
}

// until reads news until one is as wanted.
func (l *line) until(want func(kiosk.News) bool) kiosk.News {
	l.Helper()
	last := int64(-1)
	for l.lines.Scan() {
		data, ok := strings.CutPrefix(l.lines.Text(), "data: ")
		if !ok {
			continue
		}
		var n kiosk.News
		if err := json.Unmarshal([]byte(data), &n); err != nil {
			l.Fatal(err)
		}
		if n.Version < last || n.Hall != "h1" {
			l.Fatalf("version %d of %s after %d", n.Version, n.Hall, last)
		}
		last = n.Version
		if want(n) {
			return n
		}
	}
	l.Fatalf("the line ended: %v", l.lines.Err())
	return kiosk.News{}
}

func waiting(n int) func(kiosk.News) bool {
	return func(got kiosk.News) bool {
		return slices.Contains(got.Lengths, kiosk.Length{Day: Day, Queue: "A", Waiting: n})
	}
}

func TestNews(t *testing.T) {
	t.Run("AtOnceAndAfterEveryChange", func(t *testing.T) {
		h := newHall(t)
		early := h.listen("h1")
		early.until(func(n kiosk.News) bool { return n.Version == 0 && n.Lengths != nil && len(n.Lengths) == 0 })
		h.acked(h.send(Batch("k1", Run("k1", "1", 1, 3)...)), 3)
		early.until(waiting(3))
		h.listen("h1").until(waiting(3)) // at once
		h.acked(h.post(encode(Batch("k2", Run("k2", "2", 1, 2)...)), "Authorization", "Bearer "+token2), 2)
		early.until(waiting(5))
	})
	t.Run("Refused", func(t *testing.T) {
		h := newHall(t)
		h.refused(h.do("GET", "/v1/news?hall=h1", nil), 401, kiosk.EInvalid, "token")
		h.refused(h.do("GET", "/v1/news?hall=h1", nil, "Authorization", "Bearer "+token1+"x"), 401, kiosk.EInvalid, "token")
		if h.Refused() != 2 {
			t.Errorf("%d counted", h.Refused())
		}
		for _, name := range []string{"", "a%20b", "%27;DROP%20TABLE%20events;--"} {
			h.refused(h.do("GET", "/v1/news?hall="+name, nil, "Authorization", "Bearer "+token1), 422, kiosk.EInvalid, "hall")
		}
	})
	t.Run("StopEndsTheLine", func(t *testing.T) {
		h := newHall(t)
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(context.Background())
		var serving sync.WaitGroup
		serving.Go(func() {
			if err := h.Serve(ctx, l); err != nil {
				t.Error(err)
			}
		})
		h.url = "http://" + l.Addr().String()
		held := h.listen("h1")
		held.until(func(n kiosk.News) bool { return n.Version == 0 })
		began := time.Now()
		stop()
		serving.Wait()
		if took := time.Since(began); took > 8*time.Second {
			t.Errorf("it took %s", took) // Shutdown would give a line ten seconds
		}
		for n := 0; held.lines.Scan(); n++ { // what was on its way may still come
			if n > 3 {
				t.Fatal("the line goes on")
			}
		}
	})
	t.Run("Described", func(t *testing.T) {
		h := newHall(t)
		a := h.do("GET", "/openapi.json", nil)
		for _, path := range []string{`"/v1/news"`, `"/v1/numbers"`, "text/event-stream"} {
			if !strings.Contains(a.body, path) {
				t.Errorf("%s isn't described", path)
			}
		}
	})
}

func TestNumbers(t *testing.T) {
	h := newHall(t)
	ask := func(token string, q any) answer {
		t.Helper()
		return h.do("POST", "/v1/numbers", strings.NewReader(string(encode(q))), "Content-Type", "application/json", "Authorization", "Bearer "+token)
	}
	q := kiosk.NumberRequest{Request: "r1", Hall: "h1", Day: Day, Queue: "A"}
	number := func(a answer) string {
		t.Helper()
		var r kiosk.NumberReply
		if err := json.Unmarshal([]byte(a.body), &r); err != nil || a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		return r.Number
	}
	if got := number(ask(token1, q)); got != "A001" {
		t.Errorf("first %s", got)
	}
	if got := number(ask(token1, q)); got != "A001" {
		t.Errorf("the same wish again %s", got)
	}
	h.refused(ask(token2, q), 409, kiosk.EConflict, "another")
	q.Request = "r2"
	if got := number(ask(token2, q)); got != "A002" {
		t.Errorf("another kiosk %s", got)
	}
	h.refused(ask("", q), 401, kiosk.EInvalid, "token")
	for _, bad := range []kiosk.NumberRequest{{}, {Request: "r", Hall: "h1", Day: "today", Queue: "A"}, {Request: "r", Hall: "h1", Day: Day, Queue: "a'; DROP TABLE grants"},
		{Request: kiosk.RequestID(strings.Repeat("r", 65)), Hall: "h1", Day: Day, Queue: "A"}} {
		h.refused(ask(token1, bad), 422, kiosk.EInvalid, "")
	}
	if a := ask(token1, strings.Repeat("x", 5000)); a.status != 413 && a.status != 422 {
		t.Errorf("a large one: %d", a.status)
	}
}
