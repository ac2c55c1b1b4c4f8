package center_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/calling"
	"hallkiosk/kiosk/center"
	. "hallkiosk/kiosk/center/centertest"
)

// small is a catalog of two queues.
func small() center.Hall {
	c := &kiosk.Catalog{Queues: []kiosk.Queue{{ID: "A"}, {ID: "B"}, {ID: "C"}}, Items: []kiosk.Item{
		{ID: "a1", Queue: "A", Minutes: 20}, {ID: "a2", Queue: "A", Minutes: 40}, {ID: "b1", Queue: "B", Minutes: 3}}}
	c.Index()
	return center.Hall{Catalog: c, Version: "v1", Windows: map[kiosk.WindowID][]kiosk.QueueID{"1": {"A"}, "2": {"B"}}}
}

func TestWay(t *testing.T) {
	for name, c := range map[string]struct{ items, want string }{
		"One":      {"a1", "a1A"},
		"InTurn":   {"a1 b1", "a1A b1B"},
		"OwnFirst": {"b1 a1", "a1A b1B"},
		"Grouped":  {"a1 b1 a2", "a1A a2A b1B"},
		"Unknown":  {"x b1", "xA b1B"},
		"Foreign":  {"b1", "b1A"}, // the number's queue must have something to do
		"None":     {"", ""},
	} {
		var items []kiosk.ItemID
		for _, i := range strings.Fields(c.items) {
			items = append(items, kiosk.ItemID(i))
		}
		var got []string
		for _, e := range small().Way("A", items) {
			got = append(got, string(e.Item)+string(e.Queue))
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s: %s, want %s", name, text, c.want)
		}
	}
}

// TestCatalog has a ticket of several queues go through its windows in turn.
func TestCatalog(t *testing.T) {
	h := newHall(t)
	halls := map[kiosk.HallID]center.Hall{"h1": small(), "h2": {}}
	if err := center.Arrange(t.Context(), h.store, halls); err != nil {
		t.Fatal(err)
	}
	versions, err := h.store.Watch(t.Context(), "h1")
	if err != nil {
		t.Fatal(err)
	}
	before := <-versions
	if err := center.Arrange(t.Context(), h.store, halls); err != nil { // nothing to do
		t.Fatal(err)
	}
	select {
	case v := <-versions:
		t.Fatalf("version %d after %d", v, before)
	default:
	}
	o := center.DefaultOpts()
	o.Now, o.Halls = func() time.Time { return h.now }, halls
	o.Tokens, o.Estimates = tokens(t), time.Millisecond
	o.Actor = func(r *http.Request) (center.Actor, error) {
		return center.Actor{ID: "of-" + r.Header.Get("Who"), Role: r.Header.Get("Who")}, nil
	}
	h.serve(o)
	h.acked(h.send(Batch("k1", Event(1, kiosk.TicketTaken, kiosk.TakenBody{Ticket: "t1", Day: Day, Number: "A001", Queue: "A", Items: []kiosk.ItemID{"b1", "a1", "a2"}}),
		Event(2, kiosk.TicketTaken, kiosk.TakenBody{Ticket: "t2", Day: Day, Number: "A002", Queue: "A", Items: []kiosk.ItemID{"a1"}}))), 2)

	for _, c := range []struct{ path, state, queue string }{
		{"1/call", "called", "A"}, {"1/start", "serving", "A"}, {"1/finish", "waiting", "B"}, {"2/call", "called", "B"}, {"2/start", "serving", "B"}, {"2/finish", "done", "B"},
	} {
		a, p := h.press("clerk", "h1/windows/"+c.path, `{"op":"`+c.path+`"}`)
		if a.status != 200 || p.Ticket.Number != "A001" || string(p.Ticket.State) != c.state || string(p.Ticket.Queue) != c.queue {
			t.Fatalf("%s: %d %s", c.path, a.status, a.body)
		}
	}
	// Nothing is measured of A but that one case: 30 minutes are the catalog's.
	l, err := h.store.Line(t.Context(), "h1", Day, "A")
	if err != nil || l.Pace.Prior != 30*60 {
		t.Fatalf("%+v, %v", l.Pace, err)
	}
	var v center.LineView
	h.ask("guide", "GET", "h1/queues/A", "", 200, &v)
	if v.Estimate == nil || v.Estimate.High < 15 {
		t.Fatalf("%+v", v.Estimate)
	}
	n := h.listen("h1").until(func(n kiosk.News) bool { return len(n.Lengths) >= 2 && n.Lengths[0].Estimate != nil })
	if n.Catalog != "v1" || *n.Lengths[0].Estimate != (kiosk.Estimate{Low: v.Estimate.Low, High: v.Estimate.High}) {
		t.Fatalf("%+v, want %+v", n, v.Estimate)
	}

	h.words("manager", "PUT", "h1/windows/3", `{"queues":["A","Z"]}`, 422, "目录里没有这个队列")
	h.ask("manager", "PUT", "h1/windows/3", `{"queues":["A","C"]}`, 204, nil)
	h.ask("manager", "PUT", "h2/windows/3", `{"queues":["Z"]}`, 204, nil) // no catalog, as before
	h.words("manager", "POST", "h1/orders", `{"op":"1","do":"pause","queue":"Z","text":{"zh":"x"}}`, 422, "目录里没有这个队列")
	book := func(items string) string {
		return strings.Replace(strings.Replace(wish("1", 90, ""), `"户口迁入"`, items, 1), `"queue":"A",`, "", 1)
	}
	h.words("clerk", "POST", "h1/bookings", book(`"a1","b1"`), 422, "不在同一个队列")
	h.words("clerk", "POST", "h1/bookings", book(`"x"`), 422, "没有这个事项")
	var b center.BookingView
	if h.ask("clerk", "POST", "h1/bookings", book(`"a1","a2"`), 200, &b); b.Queue != "A" {
		t.Fatalf("%+v", b)
	}
	if _, err := h.store.Do(t.Context(), PressOf("z", calling.Call, "1")); err != nil {
		t.Fatal(err)
	}
}
