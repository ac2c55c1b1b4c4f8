package center_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/calling"
	"hallkiosk/kiosk/center"
	. "hallkiosk/kiosk/center/centertest"
	"hallkiosk/kiosk/center/store"
)

// hold opens a line of news with an Authorization header.
func (h *hall) hold(hall, header string) *line {
	h.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	h.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, "GET", h.url+"/v1/news?hall="+hall, nil)
	if err != nil {
		h.Fatal(err)
	}
	r.Header.Set("Authorization", header)
	got, err := http.DefaultClient.Do(r)
	if err != nil || got.StatusCode != 200 {
		h.Fatalf("%v %v", got, err)
	}
	h.Cleanup(func() { got.Body.Close() })
	l := &line{h, got.Body, bufio.NewScanner(got.Body)}
	l.lines.Buffer(nil, 1<<20)
	return l
}

// holdSigned opens a line as a kiosk with key n.
func (h *hall) holdSigned(n byte, id kiosk.KioskID, number int64) *line {
	h.Helper()
	return h.hold("h1", sign(n, id, number, "GET", "/v1/news?hall=h1", nil).header)
}

// ended reads a line to its end, which must be a good one.
func (l *line) ended() {
	l.Helper()
	for l.lines.Scan() {
	}
	if err := l.lines.Err(); err != nil {
		l.Fatalf("the line was cut: %v", err)
	}
}

func booking(id kiosk.BookingID, minutes int, card string) kiosk.Booking {
	b := BookingOf(id, minutes)
	b.Phone, b.Card = "0042", card
	return b
}

func (h *hall) booked(b kiosk.Booking) {
	h.Helper()
	if _, err := h.store.Book(h.Context(), kiosk.OpID(b.ID), b, center.Unbounded, center.Entry{At: h.now}); err != nil {
		h.Fatal(err)
	}
}

// TestNewsTells has everything told that a kiosk may know, and nothing else.
func TestNewsTells(t *testing.T) {
	h := newHall(t)
	h.enrolled(1, "k9")
	key, err := h.store.CardKey(t.Context(), "h1", Day)
	if err != nil {
		t.Fatal(err)
	}
	mark := kiosk.CardMark(key, cardNumber)
	h.booked(booking("today", 90, mark))
	h.booked(booking("in", 80, ""))
	tomorrow, later := booking("tomorrow", 24*60, ""), booking("later", 48*60, "")
	tomorrow.Day, later.Day = "2024-11-24", "2024-11-25"
	h.booked(tomorrow)
	h.booked(later)
	if err := h.store.SetWindow(t.Context(), "h1", "21", []kiosk.QueueID{"A", "C"}); err != nil {
		t.Fatal(err)
	}
	slot := SlotOf(80)
	h.acked(h.send(Batch("k1", append(Run("k1", "1", 1, 3), Event(4, kiosk.TicketTaken, kiosk.TakenBody{Ticket: "t4", Day: Day, Number: "B001", Queue: "B", Booking: "in", Slot: &slot}))...)), 4)
	if _, err := h.store.Do(t.Context(), PressOf("1", calling.Call, "21")); err != nil {
		t.Fatal(err)
	}
	order := kiosk.Order{ID: "o1", Do: kiosk.ShowMessage, Text: kiosk.Text{Zh: "请稍候"}}
	if _, err := h.store.Order(t.Context(), "op", "h1", order, center.Entry{At: h.now}); err != nil {
		t.Fatal(err)
	}
	all := func(n kiosk.News) bool { return n.Version >= 8 }

	n := h.holdSigned(1, "k9", 1).until(all)
	if len(n.Lengths) != 3 || n.Lengths[0].Waiting != 2 || n.Lengths[0].Estimate == nil || n.Lengths[0].Estimate.High <= n.Lengths[0].Estimate.Low ||
		n.Lengths[1].Queue != "B" || n.Lengths[1].Estimate != nil || n.Lengths[2].Queue != "C" || n.Lengths[2].Waiting != 0 || n.Lengths[2].Estimate == nil {
		t.Errorf("lengths %+v", n.Lengths)
	}
	if len(n.Calls) != 1 || n.Calls[0].Number != "A1-001" || n.Calls[0].Window != "21" || len(n.Orders) != 1 || n.Orders[0] != order {
		t.Errorf("calls %+v, orders %+v", n.Calls, n.Orders)
	}
	if len(n.Bookings) != 3 || n.Bookings[0].ID != "in" || n.Bookings[0].Ticket == "" || n.Bookings[1].ID != "today" || n.Bookings[1].Card != mark || n.Bookings[2].ID != "tomorrow" {
		t.Errorf("bookings %+v", n.Bookings)
	}
	if len(n.CardKeys) != 1 || kiosk.CardMark(n.CardKeys[Day], cardNumber) != mark || n.Catalog != "" || n.Calendar != "" {
		t.Errorf("keys %v", n.CardKeys)
	}

	// k1 has a token and spoke for h1; k2 didn't, and h2 has no business with it.
	if n := h.hold("h1", "Bearer "+token1).until(all); len(n.Bookings) != 3 {
		t.Errorf("k1 was told %+v", n.Bookings)
	}
	if n := h.hold("h1", "Bearer "+token2).until(all); len(n.Bookings) != 0 || n.CardKeys != nil || len(n.Lengths) != 3 {
		t.Errorf("k2 was told %+v", n)
	}
	h.refused(h.do("GET", "/v1/news?hall=h2", nil, "Authorization", sign(1, "k9", 2, "GET", "/v1/news?hall=h2", nil).header), 403, kiosk.EInvalid, "hall")
	if strings.Contains(h.log.String(), mark) {
		t.Error("a mark is in the log")
	}
}

// When the day is over nothing is told of its bookings any more, though nothing
// else has changed.
func TestNewsOfYesterday(t *testing.T) {
	h := newHall(t)
	key, err := h.store.CardKey(t.Context(), "h1", Day)
	if err != nil {
		t.Fatal(err)
	}
	h.booked(booking("today", 90, kiosk.CardMark(key, cardNumber)))
	for _, c := range []struct {
		pass time.Duration
		want bool
	}{{0, true}, {0, true}, {24 * time.Hour, false}} {
		h.now = h.now.Add(c.pass)
		text, packed, err := h.Newest(t.Context(), "h1", 1)
		if got := bytes.Contains(text, []byte(`"bookings"`)) && bytes.Contains(text, []byte(`"card_keys"`)); err != nil || got != c.want || len(packed) == 0 {
			t.Fatalf("after %s: %s, %v", c.pass, text, err)
		}
	}
}

// Estimates that were made a moment before a change are made anew soon after,
// without another change.
func TestEstimatesFollow(t *testing.T) {
	h := newHall(t)
	h.acked(h.send(Batch("k1", Run("k1", "1", 1, 3)...)), 3)
	l := h.listen("h1")
	l.until(func(n kiosk.News) bool { return len(n.Lengths) == 1 && n.Lengths[0].Estimate == nil })
	if err := h.store.SetWindow(t.Context(), "h1", "21", []kiosk.QueueID{"A"}); err != nil {
		t.Fatal(err)
	}
	n := l.until(func(n kiosk.News) bool { return len(n.Lengths) == 1 && n.Lengths[0].Estimate != nil })
	if n.Version != 2 {
		t.Fatalf("%+v", n)
	}
}

// TestRevokedLine ends the lines of a key that is revoked or replaced, in every
// process, and no other.
func TestRevokedLine(t *testing.T) {
	h := newHall(t)
	h.enrolled(1, "k8")
	h.enrolled(2, "k9")
	other := h.beside()
	first := func(n kiosk.News) bool { return true }
	here, there, token := h.holdSigned(1, "k8", 1), other.holdSigned(1, "k8", 2), h.listen("h1")
	stays := []*line{h.holdSigned(2, "k9", 1), other.holdSigned(2, "k9", 2)}
	for _, l := range append(stays, here, there, token) {
		l.until(first)
	}
	if err := h.store.Revoke(t.Context(), "k8", center.Entry{At: h.now}); err != nil {
		t.Fatal(err)
	}
	here.ended()
	there.ended()
	h.turnedAway(other.replay(sign(1, "k8", 3, "GET", "/v1/news?hall=h1", nil)), 401, center.RefusedRevoked)

	h.enrolled(3, "k1") // its token counts no more
	token.ended()
	h.enrolled(4, "k9") // another key takes its place
	for _, l := range stays {
		l.ended()
	}
	last := h.holdSigned(4, "k9", 1)
	last.until(first)
	h.acked(h.post(encode(Batch("k2", Run("k2", "2", 1, 1)...)), "Authorization", "Bearer "+token2), 1)
	last.until(waiting(1))
}

// bigHall fills a hall of 51 queues with 300 bookings and 300 people.
func bigHall(t testing.TB, st center.Store) {
	key, err := st.CardKey(t.Context(), "h1", Day)
	if err != nil {
		t.Fatal(err)
	}
	b := Batch("k1")
	for i := range 300 {
		queue := kiosk.QueueID(string('A'+rune(i%51/26)) + string('A'+rune(i%51%26)))
		made := BookingOf(kiosk.BookingID(fmt.Sprintf("0192f3c4-7d1e-7%03d-8a5b-3c4d5e6f7a8b", i)), 60+i)
		made.Queue, made.Items, made.Code, made.Phone = queue, []kiosk.ItemID{"社保卡补办"}, fmt.Sprintf("%08d", i*271_828), fmt.Sprintf("%04d", i*7)
		made.Card = kiosk.CardMark(key, fmt.Sprint(i))
		if _, err := st.Book(t.Context(), kiosk.OpID(made.ID), made, center.Unbounded, center.Entry{At: Noon}); err != nil {
			t.Fatal(err)
		}
		b.Events = append(b.Events, Taken(int64(i+1), "k1", kiosk.Number{Queue: queue, N: i/51 + 1}.String()))
		if err := st.SetWindow(t.Context(), "h1", kiosk.WindowID(fmt.Sprint(i%51)), []kiosk.QueueID{queue}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := st.Ingest(t.Context(), center.Seal(b, Noon)); err != nil {
		t.Fatal(err)
	}
}

// TestNewsSize has the news of a big hall come packed, each at once, and bounds
// their bytes.
func TestNewsSize(t *testing.T) {
	h := newHall(t)
	h.enrolled(1, "k9")
	bigHall(t, h.store)
	r, err := http.NewRequestWithContext(t.Context(), "GET", h.url+"/v1/news?hall=h1", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", sign(1, "k9", 1, "GET", "/v1/news?hall=h1", nil).header)
	r.Header.Set("Accept-Encoding", "gzip") // so that nobody unpacks it for us
	got, err := http.DefaultClient.Do(r)
	if err != nil || got.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("%v, %v", got, err)
	}
	defer got.Body.Close()
	counted := &counting{Reader: got.Body}
	unpacked, err := gzip.NewReader(counted)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReaderSize(unpacked, 1<<20)
	next := func() (n kiosk.News, size int) {
		t.Helper()
		for {
			text, err := lines.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			if data, ok := strings.CutPrefix(text, "data: "); ok {
				if err := json.Unmarshal([]byte(data), &n); err != nil {
					t.Fatal(err)
				}
				return n, len(data)
			}
		}
	}
	n, plain := next()
	packed := counted.n
	if len(n.Bookings) != 300 || len(n.Lengths) != 51 || n.Lengths[50].Estimate == nil {
		t.Fatalf("%d bookings, %d lengths", len(n.Bookings), len(n.Lengths))
	}
	t.Logf("%d queues and %d bookings: %d bytes, %d packed", len(n.Lengths), len(n.Bookings), plain, packed)
	if packed > plain/2 || plain > 150_000 {
		t.Errorf("%d bytes, %d packed", plain, packed)
	}
	h.acked(h.post(encode(Batch("k2", Run("k2", "2", 1, 1)...)), "Authorization", "Bearer "+token2), 1)
	for n.Version = 0; n.Version < 602; { // the next is flushed to its end
		n, _ = next()
	}
}

type counting struct {
	io.Reader
	n int
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += n
	return n, err
}

// BenchmarkNews draws up the news of a big hall, with estimates made anew each
// time and with those of a moment before.
func BenchmarkNews(b *testing.B) {
	st, err := store.Open(b.Context(), filepath.Join(b.TempDir(), "center.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer st.Close()
	bigHall(b, st)
	for name, pace := range map[string]time.Duration{"Estimated": 0, "Between": time.Hour} {
		b.Run(name, func(b *testing.B) {
			o := center.DefaultOpts()
			o.Now, o.Estimates = func() time.Time { return Noon.Add(time.Hour) }, pace
			s := center.New(st, o)
			version := int64(0)
			for b.Loop() {
				version++
				if text, packed, err := s.Newest(b.Context(), "h1", version); err != nil || len(packed) > len(text) {
					b.Fatalf("%d bytes, %d packed, %v", len(text), len(packed), err)
				}
			}
		})
	}
}
