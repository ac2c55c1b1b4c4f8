package center_test

import (
	"encoding/json"
	"testing"

	"hallkiosk/kiosk"
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
