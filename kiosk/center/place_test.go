package center_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/calling"
	"hallkiosk/kiosk/center"
	. "hallkiosk/kiosk/center/centertest"
)

func TestPlace(t *testing.T) {
	h := callHall(t)
	at := func(ticket string) (p kiosk.Place) {
		t.Helper()
		a := h.do("GET", "/v1/self/tickets/"+ticket+"?hall=h1&day="+string(Day), nil, "Authorization", "Bearer "+token1)
		if err := json.Unmarshal([]byte(a.body), &p); err != nil || a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		return p
	}
	for i, ticket := range []string{"id-A001", "id-A002", "id-A003"} {
		if p := at(ticket); p.State != kiosk.Waiting || p.Ahead != i || p.Queue != "A" || p.Estimate == nil || i > 1 && p.Estimate.High < 1 {
			t.Errorf("%s: %+v %v", ticket, p, p.Estimate)
		}
	}
	h.press("clerk@h1", "h1/windows/21/call", `{"op":"1"}`)
	if p := at("id-A001"); p.State != kiosk.Called || p.Window != "21" || p.Ahead != 0 || p.Estimate != nil {
		t.Errorf("called: %+v", p)
	}
	if p := at("id-A003"); p.Ahead != 1 {
		t.Errorf("after a call: %+v", p)
	}
	for i, window := range []string{"21", "22"} {
		if a, _ := h.press("clerk@h1", "h1/windows/"+window+"/pause", `{"op":"p`+string(rune('1'+i))+`","reason":"开会"}`); a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	if p := at("id-A003"); p.Ahead != 1 || p.Estimate != nil {
		t.Errorf("while nobody calls: %+v", p)
	}
	h.refused(h.do("GET", "/v1/self/tickets/nobody?hall=h1&day="+string(Day), nil, "Authorization", "Bearer "+token1), 404, kiosk.ENotFound, "")
	h.refused(h.do("GET", "/v1/self/tickets/id-A001?hall=h1&day="+string(Day), nil), 401, kiosk.EInvalid, "token")
	h.refused(h.do("GET", "/v1/self/tickets/id-A001?hall=h1&day=tomorrow", nil, "Authorization", "Bearer "+token1), 422, kiosk.EInvalid, "day")
}

// A number that is typed has the place that its code has, for the hall's own
// kiosks alone.
func TestNumbered(t *testing.T) {
	h := callHall(t)
	ask := func(number, hall, day string) answer {
		t.Helper()
		return h.do("GET", "/v1/self/numbers/"+number+"?hall="+hall+"&day="+day, nil, "Authorization", "Bearer "+token1)
	}
	same := func(number string) {
		t.Helper()
		byID := h.do("GET", "/v1/self/tickets/id-"+number+"?hall=h1&day="+string(Day), nil, "Authorization", "Bearer "+token1)
		if a := ask(number, "h1", string(Day)); a.status != 200 || a.body != byID.body || strings.Contains(a.body, "id-") {
			t.Errorf("%s: %d %s, by its id %s", number, a.status, a.body, byID.body)
		}
	}
	same("A001")
	same("A003")
	h.press("clerk@h1", "h1/windows/21/call", `{"op":"1"}`)
	same("A001") // called
	h.press("clerk@h1", "h1/windows/21/serve", `{"op":"2"}`)
	h.press("clerk@h1", "h1/windows/21/finish", `{"op":"3"}`)
	same("A001") // done
	same("A003")
	h.refused(ask("A004", "h1", string(Day)), 404, kiosk.ENotFound, "")
	h.refused(ask("A001", "h1", "2024-11-22"), 404, kiosk.ENotFound, "")
	h.refused(ask("A1", "h1", string(Day)), 422, kiosk.EInvalid, "A023")
	h.refused(ask("A001", "h1", "tomorrow"), 422, kiosk.EInvalid, "day")
	h.refused(ask("A001", "h2", string(Day)), 403, kiosk.EInvalid, "none of hall h2")
	h.refused(h.do("GET", "/v1/self/numbers/A001?hall=h1&day="+string(Day), nil), 401, kiosk.EInvalid, "token")
}

// seekers have numbers looked up only when they are let.
type seekers struct {
	center.Store
	came chan struct{} // a word for each
	let  chan struct{}
}

func (s seekers) Numbered(ctx context.Context, hall kiosk.HallID, day kiosk.Day, n kiosk.Number) (calling.Ticket, error) {
	s.came <- struct{}{}
	<-s.let
	return s.Store.Numbered(ctx, hall, day, n)
}

// One kiosk looks up few numbers at a time, and all together no more than leave
// the store a connection for a press.
func TestNumberedBounded(t *testing.T) {
	h := callHall(t)
	slow := seekers{h.store, make(chan struct{}, 9), make(chan struct{})}
	names := "k1 k2 k3"
	var err error
	o := center.DefaultOpts()
	token := func(kiosk string) string { return kiosk + strings.TrimPrefix(token1, "k1") }
	lines := ""
	for _, name := range strings.Fields(names) {
		lines += name + " " + token(name) + " h1\n"
		if _, err := h.store.Ingest(t.Context(), center.Seal(Batch(kiosk.KioskID(name)), Noon)); err != nil {
			t.Fatal(err)
		}
	}
	if o.Tokens, err = center.ReadTokens(strings.NewReader(lines), "tokens"); err != nil {
		t.Fatal(err)
	}
	s := center.New(slow, o)
	ask := func(name string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/v1/self/numbers/A001?hall=h1&day="+string(Day), nil)
		r.Header.Set("Authorization", "Bearer "+token(name))
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w
	}
	var wg sync.WaitGroup
	begin := func(name string) {
		wg.Go(func() {
			if w := ask(name); w.Code != 200 {
				t.Errorf("%s: %d %s", name, w.Code, w.Body)
			}
		})
	}
	begin("k1")
	begin("k1")
	<-slow.came
	<-slow.came
	if w := ask("k1"); w.Code != 429 || !strings.Contains(w.Body.String(), "looks numbers up") {
		t.Errorf("a third: %d %s", w.Code, w.Body)
	}
	begin("k2")
	<-slow.came
	gone, leave := context.WithCancel(t.Context())
	r := httptest.NewRequestWithContext(gone, "GET", "/v1/self/numbers/A001?hall=h1&day="+string(Day), nil)
	r.Header.Set("Authorization", "Bearer "+token("k3"))
	w := httptest.NewRecorder()
	wg.Go(func() { s.ServeHTTP(w, r) })
	leave() // it waits for its turn
	for range 3 {
		slow.let <- struct{}{}
	}
	wg.Wait()
	if len(slow.came) > 0 || w.Code == 200 {
		t.Errorf("a fourth came through: %d", w.Code)
	}
	close(slow.let)
	if w := ask("k1"); w.Code != 200 {
		t.Errorf("afterwards: %d %s", w.Code, w.Body)
	}
}
