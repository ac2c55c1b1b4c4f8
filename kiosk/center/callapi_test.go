package center_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/calling"
	"hallkiosk/kiosk/center"
	. "hallkiosk/kiosk/center/centertest"
	"hallkiosk/kiosk/center/store"
)

// headerActor is an Opts.Actor: the header Who says ROLE or ROLE@HALL.
func headerActor(r *http.Request) (center.Actor, error) {
	role, hall, _ := strings.Cut(r.Header.Get("Who"), "@")
	if role == "" {
		return center.Actor{}, errors.New("no session")
	}
	return center.Actor{ID: "of-" + role, Role: role, Hall: kiosk.HallID(hall)}, nil
}

// callHall is a center whose people say in a header who they are, as ROLE or
// ROLE@HALL.
func callHall(t *testing.T) *hall {
	t.Helper()
	path := filepath.Join(t.TempDir(), "center.db")
	st, err := store.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	h := &hall{T: t, store: st, path: path, log: &bytes.Buffer{}, now: Noon.Add(10 * time.Minute)}
	o := center.DefaultOpts()
	o.Log = slog.New(slog.NewTextHandler(h.log, nil))
	o.Now = func() time.Time { return h.now }
	if o.Tokens, err = center.ReadTokens(strings.NewReader("k1 "+token1+" h1\n"), "tokens"); err != nil {
		t.Fatal(err)
	}
	o.Actor = headerActor
	h.Server = center.New(st, o)
	srv := httptest.NewServer(h)
	h.url = srv.URL
	t.Cleanup(func() { srv.Close(); st.Close() })
	for _, w := range []struct{ id, queues string }{{"21", `["A"]`}, {"22", `["A"]`}, {"31", `["B"]`}} {
		if a := h.do("PUT", "/v1/halls/h1/windows/"+w.id, strings.NewReader(`{"queues":`+w.queues+`}`), "Who", "manager@h1"); a.status != 204 {
			t.Fatalf("window %s: %d %s", w.id, a.status, a.body)
		}
	}
	// Ids as kiosks make them: without a slash.
	b := Batch("k1")
	for i, number := range []string{"A001", "A002", "A003"} {
		b.Events = append(b.Events, Event(int64(i+1), kiosk.TicketTaken, kiosk.TakenBody{Ticket: kiosk.TicketID("id-" + number), Day: Day, Number: number, Queue: "A", Items: []kiosk.ItemID{"户口迁入"}}))
	}
	if _, err := st.Ingest(t.Context(), center.Seal(b, Noon)); err != nil {
		t.Fatal(err)
	}
	return h
}

// press posts a press of role and returns what it came to.
func (h *hall) press(who, path, body string) (answer, center.Pressed) {
	h.Helper()
	a := h.do("POST", "/v1/halls/"+path, strings.NewReader(body), "Who", who, "Content-Type", "application/json")
	var p center.Pressed
	if a.status == 200 {
		if err := json.Unmarshal([]byte(a.body), &p); err != nil {
			h.Fatal(err)
		}
	}
	return a, p
}

func TestPress(t *testing.T) {
	h := callHall(t)
	a, p := h.press("clerk@h1", "h1/windows/21/call", `{"op":"1"}`)
	if a.status != 200 || p.Ticket.Number != "A001" || p.Ticket.State != kiosk.Called || len(p.Ticket.Items) != 1 || p.Ticket.Items[0] != "户口迁入" ||
		p.Window.ID != "21" || p.Window.Number != "A001" || p.Lane != calling.LaneLine {
		t.Fatalf("%d %s", a.status, a.body)
	}
	t.Run("Again", func(t *testing.T) {
		if again, _ := h.press("clerk@h1", "h1/windows/21/call", `{"op":"1"}`); again.body != a.body {
			t.Fatalf("%d %s, want %s", again.status, again.body, a.body)
		}
	})
	t.Run("Conflict", func(t *testing.T) {
		a, _ := h.press("clerk@h1", "h1/windows/21/call", `{"op":"2"}`)
		if a.status != 409 || a.Code != kiosk.EConflict || a.Message != "21号窗口还有A001，请先办结、标记未到或放回。" || a.header.Get("Content-Type") != "application/problem+json" || a.Detail == "" {
			t.Fatalf("%d %s", a.status, a.body)
		}
	})
	t.Run("Boards", func(t *testing.T) {
		a := h.do("GET", "/v1/halls/h1/calls", nil)
		var calls []kiosk.Call
		if err := json.Unmarshal([]byte(a.body), &calls); err != nil || len(calls) != 1 || calls[0].Number != "A001" || calls[0].Window != "21" || !calls[0].At.Equal(h.now) {
			t.Fatalf("%d %s", a.status, a.body)
		}
		a = h.do("GET", "/v1/halls/h1/windows", nil)
		var windows []center.WindowView
		if err := json.Unmarshal([]byte(a.body), &windows); err != nil || len(windows) != 3 || windows[0].Number != "A001" || windows[0].State != kiosk.Called || windows[1].Number != "" {
			t.Fatalf("%d %s", a.status, a.body)
		}
		if strings.Contains(a.body, "户口") {
			t.Fatal("everybody can read what A001 is here for")
		}
	})
	t.Run("Verbs", func(t *testing.T) {
		for _, c := range []struct{ path, body, number, state string }{
			{"h1/windows/21/recall", `{"op":"v1"}`, "A001", "called"},
			{"h1/windows/21/start", `{"op":"v2"}`, "A001", "serving"},
			{"h1/windows/21/park", `{"op":"v3","until":"2024-11-23T13:00:00Z"}`, "A001", "parked"},
			{"h1/windows/21/call", `{"op":"v4"}`, "A002", "called"},
			{"h1/windows/21/noshow", `{"op":"v5"}`, "A002", "waiting"},
			{"h1/windows/21/undo", `{"op":"v6","undoes":"v5"}`, "A002", "called"},
			{"h1/windows/21/transfer", `{"op":"v7","queue":"B"}`, "A002", "waiting"},
			{"h1/windows/31/call", `{"op":"v8"}`, "A002", "called"},
			{"h1/windows/31/start", `{"op":"v9"}`, "A002", "serving"},
			{"h1/windows/31/finish", `{"op":"v10"}`, "A002", "done"},
			{"h1/tickets/id-A003/leave", `{"op":"v11"}`, "A003", "left"},
			{"h1/tickets/id-A003/putback", `{"op":"v12"}`, "A003", "waiting"},
			{"h1/tickets/id-A003/undo", `{"op":"v13","undoes":"v12"}`, "A003", "left"},
		} {
			who := "clerk"
			h.now = h.now.Add(time.Second)
			if strings.Contains(c.path, "tickets") {
				who = "guide@h1"
			}
			if a, p := h.press(who, c.path, c.body); a.status != 200 || p.Ticket.Number != c.number || string(p.Ticket.State) != c.state {
				t.Fatalf("%s: %d %s", c.path, a.status, a.body)
			}
		}
		h.now = h.now.Add(time.Second)
		a, p := h.press("clerk", "h1/windows/22/pause", `{"op":"v20","reason":"午餐"}`)
		if a.status != 200 || !p.Window.Paused || p.Window.Reason != "午餐" || p.Ticket != nil {
			t.Fatalf("%d %s", a.status, a.body)
		}
		h.now = h.now.Add(time.Second)
		if a, p := h.press("clerk", "h1/windows/22/resume", `{"op":"v21"}`); a.status != 200 || p.Window.Paused {
			t.Fatalf("%d %s", a.status, a.body)
		}
	})
	t.Run("Line", func(t *testing.T) {
		a := h.do("GET", "/v1/halls/h1/queues/A", nil, "Who", "guide")
		var l center.LineView
		if err := json.Unmarshal([]byte(a.body), &l); err != nil || l.Windows != 2 || len(l.Waiting) != 1 || l.Waiting[0].State != kiosk.Parked || l.Waiting[0].Until == nil || l.Estimate == nil || l.Estimate.High <= l.Estimate.Low {
			t.Fatalf("%d %s", a.status, a.body)
		}
		if a := h.do("GET", "/v1/halls/h1/tickets/id-A002", nil, "Who", "clerk"); a.status != 200 || !strings.Contains(a.body, `"done"`) {
			t.Fatalf("%d %s", a.status, a.body)
		}
		if a := h.do("GET", "/v1/halls/h1/tickets/id-A009", nil, "Who", "clerk"); a.status != 404 || a.Message != "找不到这个号。" {
			t.Fatalf("%d %s", a.status, a.body)
		}
	})
	t.Run("Presses", func(t *testing.T) {
		ask := func(who, query string, status int) (all []center.PressView) {
			t.Helper()
			a := h.do("GET", "/v1/halls/h1/presses?limit=5000&"+query, nil, "Who", who)
			if a.status != status {
				t.Fatalf("%s %s: %d %s", who, query, a.status, a.body)
			}
			if status == 200 {
				if err := json.Unmarshal([]byte(a.body), &all); err != nil {
					t.Fatal(err)
				}
			}
			return all
		}
		all := ask("manager@h1", "", 200)
		if len(all) != 16 || all[0].Verb != calling.Resume || all[0].Account != "of-clerk" || all[0].Role != center.Clerk || all[0].Window != "22" || all[1].Reason != "午餐" || !all[0].At.Equal(h.now) {
			t.Fatalf("%d: %+v", len(all), all[:2])
		}
		if got := ask("administrator", "day="+string(Day)+"&window=31", 200); len(got) != 3 || got[0].Verb != calling.Finish || got[0].Number != "A002" || got[0].From != kiosk.Serving || got[0].To != kiosk.Done {
			t.Fatalf("%+v", got)
		}
		byID := ask("manager", "ticket=id-A003", 200)
		if got := ask("manager", "ticket=A003", 200); len(got) != 3 || !slices.Equal(got, byID) || got[0].Undoes != "v12" || got[1].Undone != "v13" || got[2].Account != "of-guide" {
			t.Fatalf("%+v", got)
		}
		if got := ask("manager", "day=2024-11-22", 200); len(got) != 0 {
			t.Fatalf("%+v", got)
		}
		ask("manager", "ticket=A009", 404)
		ask("manager", "day=tomorrow", 422)
		ask("manager", "day=%00", 422)
		ask("manager@h2", "", 403)
		ask("clerk@h1", "", 403)
		ask("", "", 401)
		trail, err := h.store.Trail(t.Context(), "h1", 0, 1)
		if err != nil || len(trail) != 1 || trail[0].Account != "of-manager" || trail[0].Action != "window.set" || trail[0].Subject != "31 [B]" || trail[0].From != "127.0.0.1" {
			t.Fatalf("%+v, %v", trail, err)
		}
	})
	t.Run("Audit", func(t *testing.T) {
		all, err := h.store.Changes(t.Context(), center.ChangesOf{Hall: "h1", Day: Day}, 100)
		if err != nil {
			t.Fatal(err)
		}
		by := map[center.Actor]int{}
		for _, c := range all {
			by[c.Actor]++
		}
		if by[center.Actor{ID: "of-clerk", Role: "clerk"}] != 13 || by[center.Actor{ID: "of-guide", Role: "guide"}] != 3 {
			t.Fatalf("by %v", by)
		}
	})
}

func TestPressRefused(t *testing.T) {
	h := callHall(t)
	for name, c := range map[string]struct {
		who, path, body string
		status          int
	}{
		"NoSession":     {"", "h1/windows/21/call", `{"op":"1"}`, 401},
		"Technician":    {"technician", "h1/windows/21/call", `{"op":"1"}`, 403},
		"GuideCalls":    {"guide", "h1/windows/21/call", `{"op":"1"}`, 403},
		"OtherHall":     {"clerk@h2", "h1/windows/21/call", `{"op":"1"}`, 403},
		"UnknownVerb":   {"clerk", "h1/windows/21/dance", `{"op":"1"}`, 422},
		"NoOp":          {"clerk", "h1/windows/21/call", `{}`, 422},
		"LongOp":        {"clerk", "h1/windows/21/call", `{"op":"` + strings.Repeat("x", 65) + `"}`, 422},
		"UnknownWindow": {"clerk", "h1/windows/99/call", `{"op":"1"}`, 404},
		"NobodyThere":   {"clerk", "h1/windows/21/finish", `{"op":"1"}`, 404},
		"NoSuchOp":      {"clerk", "h1/windows/21/undo", `{"op":"1","undoes":"9"}`, 404},
		"NoSuchQueue":   {"clerk", "h1/windows/21/transfer", `{"op":"1","queue":"Z"}`, 422},
		"NoDay":         {"clerk", "h1/windows/21/call", `{"op":"1","day":"tomorrow"}`, 422},
		"NoReason":      {"clerk", "h1/windows/21/pause", `{"op":"1"}`, 422},
		"NoJSON":        {"clerk", "h1/windows/21/call", `op`, 400},
		"Large":         {"clerk", "h1/windows/21/call", `{"op":"1","reason":"` + strings.Repeat("x", 5000) + `"}`, 413},
		"GuideCallsOne": {"guide", "h1/tickets/id-A001/call", `{"op":"1"}`, 422},
		"AtAWindow":     {"guide", "h1/tickets/id-A001/putback", `{"op":"1"}`, 409},
	} {
		t.Run(name, func(t *testing.T) {
			if a, _ := h.press(c.who, c.path, c.body); a.status != c.status || a.header.Get("Content-Type") != "application/problem+json" || a.Detail == "" {
				t.Fatalf("%d %s, want %d", a.status, a.body, c.status)
			}
		})
	}
	for _, path := range []string{"h%00/windows", "h%00/calls", "h1/calls?day=%00", "h%00/queues/A", "h1/queues/%00", "h1/tickets/%00", "%27--/windows"} {
		if a := h.do("GET", "/v1/halls/"+path, nil, "Who", "clerk"); a.status != 422 {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	if a := h.do("PUT", "/v1/halls/h1/windows/99", strings.NewReader(`{"queues":[]}`), "Who", "clerk"); a.status != 403 {
		t.Fatalf("a clerk made a window: %d %s", a.status, a.body)
	}
	if all, err := h.store.Changes(t.Context(), center.ChangesOf{Hall: "h1", Day: Day}, 10); err != nil || len(all) != 0 {
		t.Fatalf("%d changes, %v", len(all), err)
	}
}

// Without accounts nobody may call.
func TestNoActor(t *testing.T) {
	h := newHall(t)
	if a := h.do("POST", "/v1/halls/h1/windows/21/call", strings.NewReader(`{"op":"1"}`)); a.status != 401 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	var api struct{ Paths map[string]any }
	if err := json.Unmarshal([]byte(h.do("GET", "/openapi.json", nil).body), &api); err != nil || api.Paths["/v1/halls/{hall}/windows/{window}/{verb}"] == nil {
		t.Fatalf("%v, %v", api.Paths, err)
	}
}

// A call wakes whoever follows the hall's news.
func TestPressIsNews(t *testing.T) {
	h := callHall(t)
	versions, err := h.store.Watch(t.Context(), "h1")
	if err != nil {
		t.Fatal(err)
	}
	before := <-versions
	if a, _ := h.press("clerk", "h1/windows/21/call", `{"op":"1"}`); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if now := <-versions; now != before+1 {
		t.Fatalf("version %d after %d", now, before)
	}
	if a := h.do("GET", "/v1/halls/h1/queues", nil); !strings.Contains(a.body, `"waiting":2`) {
		t.Fatalf("%s", a.body)
	}
}
