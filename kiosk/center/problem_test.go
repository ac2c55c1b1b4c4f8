package center_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"hallkiosk/kiosk"
	. "hallkiosk/kiosk/center/centertest"
)

// TestRefusalsCounted refuses requests in every way that takes no fault of the
// center: each is counted once, by its reason, and described.
func TestRefusalsCounted(t *testing.T) {
	h := callHall(t)
	h.acked(h.send(Batch("k1")), 3)
	early := Batch("k1", Run("k1", "1", 9, 9)...)
	other := Batch("k1", Taken(3, "k1", "B1-001"))
	foreign := Batch("k2")
	elsewhere := Batch("k1")
	elsewhere.Hall = "h2"
	asK1, asNobody := []string{"Authorization", "Bearer " + token1}, []string{"Authorization", "Bearer nonsense"}
	clerk, technician := []string{"Who", "clerk@h1"}, []string{"Who", "technician@h1"}
	for name, c := range map[string]struct {
		method, path string
		body         any // a string goes as it is
		headers      []string
		status       int
		reason       string
	}{
		"BatchSchema":    {"POST", "/v1/events", `{"hall":1}`, asK1, 422, "invalid"},
		"BatchNoJSON":    {"POST", "/v1/events", `{`, asK1, 400, "invalid"},
		"BatchChecked":   {"POST", "/v1/events", Batch("k1", Event(0, "x", nil)), asK1, 422, "invalid"},
		"BatchForeign":   {"POST", "/v1/events", foreign, asK1, 403, "invalid"},
		"BatchElsewhere": {"POST", "/v1/events", elsewhere, asK1, 403, "hall"},
		"BatchStranger":  {"POST", "/v1/events", Batch("k1"), asNobody, 401, "token"},
		"BatchPacked":    {"POST", "/v1/events", "x", append([]string{"Content-Encoding", "br"}, asK1...), 415, "invalid"},
		"Gap":            {"POST", "/v1/events", early, asK1, 409, "gap"},
		"Contradiction":  {"POST", "/v1/events", other, asK1, 409, "contradiction"},
		"WishSchema":     {"POST", "/v1/numbers", `{"hall":"h1"}`, asK1, 422, "invalid"},
		"WishChecked":    {"POST", "/v1/numbers", kiosk.NumberRequest{Request: "r", Hall: "h1", Day: Day, Queue: "a"}, asK1, 422, "invalid"},
		"WishStranger":   {"POST", "/v1/numbers", `{}`, asNobody, 401, "token"},
		"WishForged":     {"POST", "/v1/numbers", `{}`, []string{"Authorization", "Kiosk x"}, 401, "forged"},
		"NewsStranger":   {"GET", "/v1/news?hall=h1", "", asNobody, 401, "token"},
		"NewsNoHall":     {"GET", "/v1/news?hall=h/1", "", asK1, 422, "invalid"},
		"NewsElsewhere":  {"GET", "/v1/news?hall=h2", "", asK1, 403, "hall"},
		"PlaceUnknown":   {"GET", "/v1/self/tickets/nobody?hall=h1&day=" + string(Day), "", asK1, 404, "not_found"},
		"Role":           {"POST", "/v1/halls/h1/windows/21/call", `{"op":"1"}`, technician, 403, "role"},
		"OtherHall":      {"POST", "/v1/halls/h2/windows/21/call", `{"op":"1"}`, clerk, 403, "role"},
		"NoSession":      {"POST", "/v1/halls/h1/windows/21/call", `{"op":"1"}`, nil, 401, "session"},
		"PressSchema":    {"POST", "/v1/halls/h1/windows/21/call", `{}`, clerk, 422, "invalid"},
		"PressNobody":    {"POST", "/v1/halls/h1/windows/21/finish", `{"op":"1"}`, clerk, 404, "not_found"},
		"Login":          {"POST", "/v1/login", `{"name":"anna","password":"wrong password"}`, nil, 401, "login"},
		"Code":           {"POST", "/v1/enroll", enrolment(1, "k7", "0000-0000-0000"), nil, 403, "code"},
		"UnknownHall":    {"GET", "/v1/halls/h9/calls", "", nil, 404, "not_found"},
		"Nowhere":        {"GET", "/v1/nowhere", "", nil, 404, "not_found"},
		"NoMethod":       {"DELETE", "/v1/events", "", nil, 405, "invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			before, all := h.RefusedBy(), h.Refused()
			body, plain := c.body.(string)
			if !plain {
				body = string(encode(c.body))
			}
			a := h.do(c.method, c.path, strings.NewReader(body), append([]string{"Content-Type", "application/json"}, c.headers...)...)
			if a.status != c.status || a.Title != http.StatusText(c.status) || a.Detail == "" || a.header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%d %s %s, want %d", a.status, a.header.Get("Content-Type"), a.body, c.status)
			}
			before[c.reason]++
			if after := h.RefusedBy(); !maps.Equal(before, after) {
				t.Errorf("counted %v, want %v", after, before)
			}
			if c.reason != "gap" {
				all++
			}
			if h.Refused() != all {
				t.Errorf("%d in all, want %d", h.Refused(), all)
			}
		})
	}
	if a := h.do("DELETE", "/v1/events", nil); !strings.Contains(a.header.Get("Allow"), "POST") {
		t.Errorf("Allow: %q", a.header.Get("Allow"))
	}
	a := h.do("GET", "/healthz", nil)
	if !strings.Contains(a.body, `"role":2`) || !strings.Contains(a.body, `"hall":2`) {
		t.Errorf("%s", a.body)
	}
}
