package center_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
	. "hallkiosk/kiosk/center/centertest"
)

// TestUnknownHall has kiosks and people speak for halls that nobody has named:
// they are refused and counted, and no such hall comes to be.
func TestUnknownHall(t *testing.T) {
	h := newHall(t)
	serve := func(lines string, halls ...kiosk.HallID) {
		t.Helper()
		o := center.DefaultOpts()
		o.Now, o.Actor = h.clock, headerActor
		o.Halls = map[kiosk.HallID]center.Hall{}
		for _, id := range halls {
			o.Halls[id] = center.Hall{}
		}
		var err error
		if o.Tokens, err = center.ReadTokens(strings.NewReader(lines), "tokens"); err != nil {
			t.Fatal(err)
		}
		h.serve(o)
	}
	// statuses are of a batch, a wish for a number, the news and a ticket's place.
	statuses := func(hall kiosk.HallID, auth func(method, path string, body []byte) string) (all [4]int) {
		t.Helper()
		batch := Batch("k1")
		batch.Hall = hall
		for i, c := range []struct {
			method, path string
			body         any
		}{
			{"POST", "/v1/events", batch},
			{"POST", "/v1/numbers", kiosk.NumberRequest{Request: kiosk.RequestID("r-" + hall), Hall: hall, Day: Day, Queue: "A"}},
			{"GET", "/v1/news?hall=" + string(hall), nil},
			{"GET", "/v1/self/tickets/t?hall=" + string(hall) + "&day=" + string(Day), nil},
		} {
			body := []byte{}
			if c.body != nil {
				body = encode(c.body)
			}
			r, err := http.NewRequestWithContext(t.Context(), c.method, h.url+c.path, strings.NewReader(string(body)))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Authorization", auth(c.method, c.path, body))
			got, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			got.Body.Close()
			if all[i] = got.StatusCode; got.StatusCode >= 400 && got.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s: %s", c.path, got.Header.Get("Content-Type"))
			}
		}
		return all
	}
	token := func(string, string, []byte) string { return "Bearer " + token1 }
	good, bad := [4]int{200, 200, 200, 404}, [4]int{403, 403, 403, 403}
	check := func(hall kiosk.HallID, auth func(method, path string, body []byte) string, want [4]int) {
		t.Helper()
		before := h.RefusedBy()[center.RefusedHall]
		if got := statuses(hall, auth); got != want {
			t.Errorf("%s: %v, want %v", hall, got, want)
		}
		if n := h.RefusedBy()[center.RefusedHall] - before; want == bad && n != 4 || want == good && n != 0 {
			t.Errorf("%s: %d counted", hall, n)
		}
	}

	serve("k1 " + token1 + "\n")
	check("h9", token, bad)
	serve("k1 "+token1+"\n", "h1", "h2")
	check("h1", token, good)
	check("h2", token, good)
	check("h9", token, bad)
	serve("k1 "+token1+" h1\n", "h1", "h2")
	check("h1", token, good)
	check("h2", token, bad)
	serve("k1 " + token1 + "\nk2 " + token2 + " h3\n")
	check("h3", token, good)
	check("h1", token, bad) // not even with what it has said there
	h.enrolled(1, "k7")     // for h1
	check("h1", token, good)
	check("h9", token, bad)
	h.enrolled(2, "k1")
	number := int64(0)
	key := func(method, path string, body []byte) string {
		number++
		return sign(2, "k1", number, method, path, body).header
	}
	check("h1", key, good)
	check("h3", key, bad)
	if all, err := h.store.Halls(t.Context()); err != nil || !slices.Equal(all, []kiosk.HallID{"h1"}) { // where the kiosk is now
		t.Fatalf("%v, %v", all, err)
	}

	for _, c := range []struct{ method, path, who, body string }{
		{"GET", "calls", "", ""}, {"GET", "windows", "", ""}, {"GET", "queues", "", ""},
		{"PUT", "windows/1", "manager", `{"queues":[]}`}, {"POST", "windows/1/call", "manager", `{"op":"1"}`},
		{"GET", "queues/A", "manager", ""}, {"GET", "tickets/t", "manager", ""}, {"GET", "bookings", "manager", ""}, {"GET", "orders", "manager", ""},
		{"POST", "bookings", "manager", `{"op":"1","queue":"A","items":["x"],"from":"2024-11-23T15:00:00Z","to":"2024-11-23T16:00:00Z"}`},
		{"POST", "orders", "manager", `{"op":"1","do":"message","text":{"zh":"x","en":"x"}}`},
	} {
		a := h.do(c.method, "/v1/halls/h9/"+c.path, strings.NewReader(c.body), "Who", c.who, "Content-Type", "application/json")
		h.refused(a, 404, kiosk.ENotFound, "no such hall")
		if a := h.do(c.method, "/v1/halls/h1/"+c.path, strings.NewReader(c.body), "Who", c.who, "Content-Type", "application/json"); a.status >= 300 && !strings.Contains(c.path, "/") {
			t.Errorf("%s of a hall that is there: %d %s", c.path, a.status, a.body)
		}
	}
}
