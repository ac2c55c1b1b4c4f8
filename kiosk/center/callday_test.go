package center_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
	. "hallkiosk/kiosk/center/centertest"
)

// came stores tickets of a day that were taken at a moment, a second apart.
func (h *hall) came(k kiosk.KioskID, day kiosk.Day, at time.Time, numbers ...string) {
	h.Helper()
	b := Batch(k)
	for i, number := range numbers {
		n, err := kiosk.ParseNumber(number)
		if err != nil {
			h.Fatal(err)
		}
		e := Event(int64(i+1), kiosk.TicketTaken, kiosk.TakenBody{Ticket: kiosk.TicketID(string(day) + "-" + number), Day: day, Number: number, Queue: n.Queue, Items: []kiosk.ItemID{"户口迁入"}})
		e.Stamp = kiosk.Stamp{Wall: at.UnixMilli() + int64(i)*1000}
		b.Events = append(b.Events, e)
	}
	r, err := h.store.Ingest(h.Context(), center.Seal(b, h.now))
	if err != nil || len(r.Alarms) != 0 {
		h.Fatal(r, err)
	}
}

// next presses "next" without a day, and returns the number and its day.
func (h *hall) next(window string) string {
	h.Helper()
	ops++
	a, p := h.press("clerk@h1", "h1/windows/"+window+"/call", fmt.Sprintf(`{"op":"next%d"}`, ops))
	if a.status != 200 {
		return a.Message
	}
	if a, _ := h.press("clerk@h1", "h1/windows/"+window+"/noshow", fmt.Sprintf(`{"op":"gone%d"}`, ops)); a.status != 200 {
		h.Fatalf("%d %s", a.status, a.body)
	}
	return string(p.Ticket.ID)
}

var ops int // makes operation ids and versions unique

// read gets a path and reads its JSON.
func read[T any](h *hall, path string) (v T) {
	h.Helper()
	a := h.do("GET", path, nil, "Who", "clerk@h1")
	if err := json.Unmarshal([]byte(a.body), &v); err != nil || a.status != 200 {
		h.Fatalf("%s: %d %s", path, a.status, a.body)
	}
	return v
}

// On a Saturday a closed queue gives numbers for Monday, and one for after the
// New Year: the others are called all the same, and everybody is shown today.
func TestEarlyNumber(t *testing.T) {
	h := callHall(t)
	h.came("k5", "2024-11-25", h.now, "B001", "A001")
	h.came("k6", "2024-12-07", h.now, "B001")
	h.came("k7", "2025-02-05", h.now, "B001")
	if got := h.next("21"); got != "id-A001" {
		t.Fatalf("called %s", got)
	}
	if got := h.next("31"); got != "现在没有可以叫的号。" {
		t.Fatalf("called %s, which is for Monday", got)
	}
	if calls := read[[]kiosk.Call](h, "/v1/halls/h1/calls"); len(calls) != 1 || calls[0].Number != "A001" {
		t.Fatalf("calls %+v", calls)
	}
	if l := read[center.LineView](h, "/v1/halls/h1/queues/A"); len(l.Waiting) != 3 {
		t.Fatalf("line %+v", l)
	}
	if q := read[[]center.Queue](h, "/v1/halls/h1/queues"); len(q) != 1 || q[0].Day != Day || q[0].Waiting != 3 {
		t.Fatalf("queues %+v", q)
	}
	if a := h.do("GET", "/", nil); !strings.Contains(a.body, string(Day)) || strings.Contains(a.body, "2024-11-25") {
		t.Fatalf("page %s", a.body)
	}
	n := h.told()
	if len(n.Calls) != 1 {
		t.Fatalf("news %+v", n)
	}
	for _, want := range []kiosk.Length{{Day: Day, Queue: "A", Waiting: 3}, {Day: "2024-11-25", Queue: "B", Waiting: 1}, {Day: "2024-12-07", Queue: "B", Waiting: 1}} {
		if found := length(n, want.Day, want.Queue); found.Waiting != want.Waiting {
			t.Fatalf("news of %s %s: %+v", want.Day, want.Queue, found)
		}
	}
}

func length(n kiosk.News, day kiosk.Day, queue kiosk.QueueID) kiosk.Length {
	for _, l := range n.Lengths {
		if l.Day == day && l.Queue == queue {
			return l
		}
	}
	return kiosk.Length{Waiting: -1}
}

// told are the hall's news.
func (h *hall) told() (n kiosk.News) {
	h.Helper()
	ops++
	text, _, err := h.Newest(h.Context(), "h1", int64(1000+ops))
	if err != nil {
		h.Fatal(err)
	}
	_, data, _ := strings.Cut(string(text), "data: ")
	if err := json.Unmarshal([]byte(data), &n); err != nil {
		h.Fatal(err)
	}
	return n
}

// A hall that is open through the night: who waits when the day changes is
// called before those who come after it, and nobody who went home.
func TestOverTheChangeOfDay(t *testing.T) {
	h := callHall(t) // A001 to A003 came at noon
	h.now = Noon.Add(15*time.Hour + 50*time.Minute)
	h.came("k7", Day, h.now, "A010", "B010")
	h.now = Noon.Add(16*time.Hour + 10*time.Minute)
	h.came("k8", "2024-11-24", h.now, "A001", "A002")
	if l := read[center.LineView](h, "/v1/halls/h1/queues/A"); len(l.Waiting) != 3 || l.Waiting[0].Number != "A010" {
		t.Fatalf("line %+v", l)
	}
	q := read[[]center.Queue](h, "/v1/halls/h1/queues")
	if want := []center.Queue{{Day: "2024-11-24", Queue: "A", Waiting: 3, Taken: 2, Last: "A002"}, {Day: "2024-11-24", Queue: "B", Waiting: 1}}; fmt.Sprint(q) != fmt.Sprint(want) {
		t.Fatalf("queues %+v", q)
	}
	if n := h.told(); length(n, "2024-11-24", "A").Waiting != 3 || length(n, "2024-11-24", "B").Waiting != 1 {
		t.Fatalf("news %+v", n)
	}
	for _, want := range []string{"2024-11-23-A010", "2024-11-24-A001", "2024-11-24-A002", "现在没有可以叫的号。"} {
		if got := h.next("22"); got != want {
			t.Fatalf("called %s, want %s", got, want)
		}
	}
	if got := h.next("31"); got != "2024-11-23-B010" {
		t.Fatalf("called %s", got)
	}
	calls := read[[]kiosk.Call](h, "/v1/halls/h1/calls")
	if n := h.told(); len(calls) != 4 || calls[3].Number != "A010" || len(n.Calls) != 4 || n.Calls[3].Number != "A010" {
		t.Fatalf("calls %+v, news %+v", calls, n.Calls)
	}
	// Another day's are called when the clerk says so, and shown as of now.
	a, p := h.press("clerk@h1", "h1/windows/21/call", `{"op":"old","day":"2024-11-23"}`)
	if a.status != 200 || p.Ticket.ID != "id-A001" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if calls := read[[]kiosk.Call](h, "/v1/halls/h1/calls"); len(calls) != 5 || calls[0].Window != "21" {
		t.Fatalf("calls %+v", calls)
	}
	undo, _ := h.press("clerk@h1", "h1/windows/21/undo", `{"op":"undo","undoes":"old"}`)
	if undo.status != 200 {
		t.Fatalf("%d %s", undo.status, undo.body)
	}
}
