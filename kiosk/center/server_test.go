package center_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
	. "hallkiosk/kiosk/center/centertest"
	"hallkiosk/kiosk/center/store"
)

const (
	token1 = "token-of-kiosk-1-0123456789"
	token2 = "token-of-kiosk-2-0123456789"
)

// hall is a center on a real store behind a real listener.
type hall struct {
	*testing.T
	*center.Server
	store *store.Store
	path  string // of the store
	url   string
	log   *bytes.Buffer
	now   time.Time
}

func newHall(t *testing.T) *hall {
	t.Helper()
	h := &hall{T: t, log: &bytes.Buffer{}, now: Noon.Add(time.Hour)}
	h.path = filepath.Join(t.TempDir(), "center.db")
	var err error
	if h.store, err = store.Open(t.Context(), h.path); err != nil {
		t.Fatal(err)
	}
	o := center.DefaultOpts()
	o.Now = h.clock
	o.Log, o.Estimates = slog.New(slog.NewTextHandler(h.log, nil)), 50*time.Millisecond
	o.Tokens = tokens(t)
	t.Cleanup(func() {
		h.store.Close()
		for _, secret := range []string{token1, token2, "DROP"} {
			if strings.Contains(h.log.String(), secret) {
				t.Errorf("%q in the log:\n%s", secret, h.log)
			}
		}
	})
	h.serve(o) // ends before the store
	return h
}

func (h *hall) clock() time.Time { return h.now }

func tokens(t *testing.T) *center.Tokens {
	t.Helper()
	all, err := center.ReadTokens(strings.NewReader("k1 "+token1+" h1\nk2 "+token2+"\n"), "tokens")
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// serve puts a Server on the store, in place of the one before.
func (h *hall) serve(o center.Opts) { h.serveStore(h.store, o) }

// serveStore puts a Server on another store.
func (h *hall) serveStore(st center.Store, o center.Opts) {
	h.Server = center.New(st, o)
	srv := httptest.NewServer(h.Server)
	h.url = srv.URL
	h.Cleanup(srv.Close)
}

// answer is what came back from the center.
type answer struct {
	status int
	header http.Header
	body   string
	center.Problem
	Acked *int64 `json:"acked_through"`
}

func (h *hall) do(method, path string, body io.Reader, headers ...string) answer {
	h.Helper()
	r, err := http.NewRequestWithContext(h.Context(), method, h.url+path, body)
	if err != nil {
		h.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		h.Fatal(err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		h.Fatal(err)
	}
	a := answer{status: got.StatusCode, header: got.Header, body: string(text)}
	if strings.HasPrefix(got.Header.Get("Content-Type"), "application/") {
		json.Unmarshal(text, &a) //nolint:errcheck // lists don't fit
	}
	if page := r.URL.Path == "/"; !page && !described()(r, a.status) {
		h.Errorf("%s %s answers %d, which the API's description doesn't say", method, path, a.status)
	}
	if problem := a.header.Get("Content-Type") == "application/problem+json"; problem != (a.status >= 400) && r.URL.Path != "/" {
		h.Errorf("%s %s answers %d as %s", method, path, a.status, a.header.Get("Content-Type"))
	}
	return a
}

// described says whether /openapi.json tells that a request may be answered with
// a status. What isn't described at all is a page, or not there.
var described = sync.OnceValue(func() func(*http.Request, int) bool {
	w := httptest.NewRecorder()
	center.New(nil, center.DefaultOpts()).ServeHTTP(w, httptest.NewRequest("GET", "/openapi.json", nil))
	var api struct {
		Paths map[string]map[string]struct {
			Responses map[string]struct{ Content map[string]any }
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &api); err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	for path, methods := range api.Paths {
		for method := range methods {
			mux.Handle(strings.ToUpper(method)+" "+path, http.NotFoundHandler())
		}
	}
	return func(r *http.Request, status int) bool {
		_, pattern := mux.Handler(r)
		method, path, _ := strings.Cut(pattern, " ")
		if pattern == "" {
			return status == 200 || status == 404 || status == 405
		}
		answer, ok := api.Paths[path][strings.ToLower(method)].Responses[strconv.Itoa(status)]
		return ok && (status < 400 || answer.Content["application/problem+json"] != nil)
	}
})

// post posts text as kiosk k1.
func (h *hall) post(text []byte, headers ...string) answer {
	h.Helper()
	return h.do("POST", "/v1/events", bytes.NewReader(text), append([]string{"Content-Type", "application/json", "Authorization", "Bearer " + token1}, headers...)...)
}

func (h *hall) send(b kiosk.Batch) answer {
	h.Helper()
	return h.post(encode(b))
}

func encode(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}

func (h *hall) acked(a answer, through int64) {
	h.Helper()
	if a.status != 200 || a.Acked == nil || *a.Acked != through {
		h.Fatalf("%d %s, want all acked through %d", a.status, a.body, through)
	}
}

// refused says that a is a whole problem and nothing was stored beyond stored.
func (h *hall) refused(a answer, status int, code kiosk.Code, detail string) {
	h.Helper()
	if a.status != status || a.Status != status || a.Code != code || !strings.Contains(a.Detail, detail) ||
		a.Title != http.StatusText(status) || a.Type == "" || a.header.Get("Content-Type") != "application/problem+json" {
		h.Fatalf("%d %s %s\nwant %d, code %q, detail %q", a.status, a.header.Get("Content-Type"), a.body, status, code, detail)
	}
}

func (h *hall) stored(id kiosk.KioskID, want int) {
	h.Helper()
	got, err := h.store.Events(h.Context(), id, "e1", 0, 10_000)
	if err != nil || len(got) != want {
		h.Fatalf("%d events of %s stored, %v; want %d", len(got), id, err, want)
	}
	for i, e := range got {
		if e.Seq != int64(i+1) {
			h.Fatalf("event %d has seq %d", i, e.Seq)
		}
	}
}

func packed(text []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(text)
	w.Close()
	return b.Bytes()
}

func TestEvents(t *testing.T) {
	t.Run("OK", func(t *testing.T) {
		h := newHall(t)
		h.acked(h.send(Batch("k1", Run("k1", "1", 1, 3)...)), 3)
		h.acked(h.post(packed(encode(Batch("k1", Run("k1", "1", 4, 1003)...))), "Content-Encoding", "gzip"), 1003)
		h.acked(h.send(Batch("k1")), 1003)
		h.acked(h.post(encode(Batch("k2", Run("k2", "2", 1, 2)...)), "Authorization", "bearer "+token2), 2)
		h.stored("k1", 1003)
		h.stored("k2", 2)
	})
	t.Run("Duplicate", func(t *testing.T) {
		h := newHall(t)
		for range 3 {
			h.acked(h.send(Batch("k1", Run("k1", "1", 1, 3)...)), 3)
		}
		h.stored("k1", 3)
	})
	t.Run("Reordered", func(t *testing.T) {
		h := newHall(t)
		h.acked(h.send(Batch("k1", Run("k1", "1", 1, 2)...)), 2)
		a := h.send(Batch("k1", Run("k1", "1", 5, 6)...))
		h.refused(a, 409, kiosk.EConflict, "through 2")
		if a.Type != center.ProblemGap || a.AckedThrough != nil && *a.AckedThrough != 2 || a.Acked == nil || *a.Acked != 2 {
			t.Fatalf("problem = %s", a.body)
		}
		h.acked(h.send(Batch("k1", Run("k1", "1", 3, 4)...)), 4)
		h.acked(h.send(Batch("k1", Run("k1", "1", 5, 6)...)), 6)
		h.stored("k1", 6)
		if h.Refused() != 0 {
			t.Fatalf("%d refused; going back is no fault", h.Refused())
		}
		swapped := Run("k1", "1", 7, 8)
		swapped[0], swapped[1] = swapped[1], swapped[0]
		h.refused(h.send(Batch("k1", swapped...)), 422, kiosk.EInvalid, "without gaps")
	})
	t.Run("Gapped", func(t *testing.T) {
		h := newHall(t)
		a := h.send(Batch("k1", Run("k1", "1", 2, 3)...))
		h.refused(a, 409, kiosk.EConflict, "go back")
		if a.Acked == nil || *a.Acked != 0 {
			t.Fatalf("problem = %s", a.body)
		}
		events := Run("k1", "1", 1, 5)
		h.refused(h.send(Batch("k1", append(events[:2:2], events[3:]...)...)), 422, kiosk.EInvalid, "seq 4")
		h.refused(h.send(Batch("k1", append(events[:2:2], events[1:]...)...)), 422, kiosk.EInvalid, "seq 2")
		for _, seq := range []int64{0, -1} {
			h.refused(h.send(Batch("k1", Event(seq, "door.opened", nil))), 422, kiosk.EInvalid, "from 1")
		}
		last := Event(1<<63-1, "door.opened", nil)
		last.Stamp = kiosk.Stamp{}
		over := last
		over.Seq = -1 << 63
		h.refused(h.send(Batch("k1", last)), 409, kiosk.EConflict, "")
		h.refused(h.send(Batch("k1", last, over)), 422, kiosk.EInvalid, "")
		h.stored("k1", 0)
	})
	t.Run("Contradicting", func(t *testing.T) {
		h := newHall(t)
		h.acked(h.send(Batch("k1", Run("k1", "1", 1, 3)...)), 3)
		for range 2 {
			a := h.send(Batch("k1", Taken(3, "k1", "B1-001"), Taken(4, "k1", "B1-002")))
			h.refused(a, 409, kiosk.EConflict, "two kiosks")
			if a.Type != center.ProblemContradiction || a.Seq != 3 || a.Acked != nil {
				t.Fatalf("problem = %s", a.body)
			}
		}
		h.stored("k1", 3)
		alarms, err := h.store.Alarms(t.Context(), 10)
		if err != nil || len(alarms) != 1 || alarms[0].Times != 2 || h.Refused() != 2 {
			t.Fatalf("alarms = %+v, %v; %d refused", alarms, err, h.Refused())
		}
		if log := h.log.String(); strings.Count(log, "kind=contradiction") != 2 || !strings.Contains(log, "seq=3") {
			t.Fatalf("log:\n%s", log)
		}
	})
	t.Run("Oversized", func(t *testing.T) {
		h := newHall(t)
		h.refused(h.send(Batch("k1", Run("k1", "1", 1, 1001)...)), 422, kiosk.EInvalid, "1001 events")
		large := Batch("k1", Event(1, "door.opened", strings.Repeat("x", center.MaxBytes)))
		h.refused(h.send(large), 413, kiosk.EInvalid, "fewer events")
		h.refused(h.post(packed(encode(large)), "Content-Encoding", "gzip"), 413, kiosk.EInvalid, "fewer events")
		just := Batch("k1", Event(1, "door.opened", ""))
		just.Events[0].Body = encode(strings.Repeat("x", center.MaxBytes-len(encode(just))))
		if text := encode(just); len(text) != center.MaxBytes {
			t.Fatalf("%d bytes", len(text))
		}
		h.acked(h.send(just), 1)
	})
	t.Run("GzipBomb", func(t *testing.T) {
		h := newHall(t)
		bomb := packed(bytes.Repeat([]byte(" "), 8*center.MaxBytes))
		h.refused(h.post(bomb, "Content-Encoding", "gzip"), 413, kiosk.EInvalid, "fewer events")
		whole := packed(encode(Batch("k1", Run("k1", "1", 1, 9)...)))
		h.refused(h.post(whole[:len(whole)-9], "Content-Encoding", "gzip"), 400, kiosk.EInvalid, "gzip")
		h.refused(h.post([]byte("no gzip"), "Content-Encoding", "gzip"), 400, kiosk.EInvalid, "gzip")
		h.refused(h.post(whole, "Content-Encoding", "br"), 415, kiosk.EInvalid, "gzip")
		h.refused(h.post(whole), 400, kiosk.EInvalid, "")
		h.stored("k1", 0)
	})
	t.Run("Malformed", func(t *testing.T) {
		h := newHall(t)
		good := string(encode(Batch("k1", Run("k1", "1", 1, 1)...)))
		for name, c := range map[string]struct {
			text   string
			status int
		}{
			"Nothing":       {"", 400},
			"Garbage":       {"\x00\xff\x1b@", 400},
			"CutShort":      {good[:len(good)/2], 400},
			"TwoBatches":    {good + good, 400},
			"Null":          {"null", 422},
			"List":          {"[]", 422},
			"NoKiosk":       {`{"hall":"h1","epoch":"e1","events":[]}`, 422},
			"WrongType":     {strings.Replace(good, `"seq":1`, `"seq":"1"`, 1), 422},
			"Fraction":      {strings.Replace(good, `"seq":1`, `"seq":1.5`, 1), 422},
			"HugeSeq":       {strings.Replace(good, `"seq":1`, `"seq":1e300`, 1), 422},
			"UnknownKey":    {strings.Replace(good, `"seq":1`, `"seq":1,"sequel":2`, 1), 422},
			"NotUTF8":       {strings.Replace(good, `"items":["`, `"items":["`+"\xff", 1), 422},
			"NegativeStamp": {strings.Replace(good, `"wall":`, `"wall":-`, 1), 422},
			"Deep":          {strings.Repeat("[", 1_000_000), 400},
		} {
			t.Run(name, func(t *testing.T) {
				h.T = t
				h.refused(h.post([]byte(c.text)), c.status, kiosk.EInvalid, "")
			})
		}
		h.T = t
		h.refused(h.post([]byte(good), "Content-Type", "text/plain"), 415, kiosk.EInvalid, "")
		if h.Refused() != 15 {
			t.Fatalf("%d refused, want each of 15", h.Refused())
		}
		h.stored("k1", 0)
	})
	t.Run("WrongToken", func(t *testing.T) {
		h := newHall(t)
		text := encode(Batch("k1", Run("k1", "1", 1, 1)...))
		for _, bad := range []string{"", "Bearer", "Bearer ", "Bearer nonsense", "Bearer " + token1 + "x", "Basic " + token1, token1} {
			a := h.post(text, "Authorization", bad)
			h.refused(a, 401, kiosk.EInvalid, "token")
			if a.header.Get("WWW-Authenticate") != "Bearer" {
				t.Fatalf("header %v", a.header)
			}
		}
		h.refused(h.post(text, "Authorization", "Bearer "+token2), 403, kiosk.EInvalid, "another kiosk")
		h.stored("k1", 0)
		if h.Refused() != 8 {
			t.Fatalf("%d refused, want 8", h.Refused())
		}
	})
	t.Run("UnknownKiosk", func(t *testing.T) {
		h := newHall(t)
		h.refused(h.send(Batch("k9", Run("k9", "9", 1, 1)...)), 403, kiosk.EInvalid, "another kiosk")
		h.stored("k9", 0)
	})
	t.Run("StampFromTomorrow", func(t *testing.T) {
		h := newHall(t)
		e := Run("k1", "1", 1, 2)
		e[1].Stamp.Wall = h.now.Add(12*time.Hour + time.Millisecond).UnixMilli()
		h.refused(h.send(Batch("k1", e...)), 422, kiosk.EInvalid, "clock")
		h.stored("k1", 0)
		e[1].Stamp.Wall--
		h.acked(h.send(Batch("k1", e...)), 2)
	})
	t.Run("ClockMended", func(t *testing.T) {
		h := newHall(t)
		ahead := h.now.Add(7 * 24 * time.Hour)
		e := Run("k1", "1", 1, 4)
		for i, day := range map[int]kiosk.Day{1: "2024-11-30", 2: "2024-11-30"} {
			e[i] = Event(int64(i+1), kiosk.TicketTaken, kiosk.TakenBody{Ticket: kiosk.TicketID("early-" + string(rune('0'+i))), Day: day, Number: kiosk.Number{Queue: "A", N: i}.String(), Queue: "A"})
			e[i].Stamp.Wall = ahead.UnixMilli()
		}
		b := Batch("k1", e[:2]...)
		b.Sent = kiosk.InstantOf(ahead)
		for range 2 {
			h.refused(h.send(b), 422, kiosk.EInvalid, "set the kiosk's clock")
		}
		h.stored("k1", 0)
		if h.Refused() != 2 {
			t.Fatalf("%d refused", h.Refused())
		}
		for range 2 { // the second time nothing of it is new
			b.Sent = kiosk.InstantOf(h.now)
			a := h.send(b)
			h.acked(a, 2)
			if want := fmt.Sprintf(`"now":%d`, h.now.UnixMilli()); !strings.Contains(a.body, want) {
				t.Fatalf("%s, want %s", a.body, want)
			}
		}
		b.Events = e[2:]
		h.acked(h.send(b), 4)
		alarms, err := h.store.Alarms(t.Context(), 10)
		if err != nil || len(alarms) != 2 || alarms[0].Kind != center.AlarmEarly || alarms[0].Times != 1 || alarms[0].Seq+alarms[1].Seq != 2+3 {
			t.Fatalf("alarms = %+v, %v", alarms, err)
		}
		if page := h.do("GET", "/", nil).body; strings.Count(page, "终端的时钟曾经快了") != 2 || !strings.Contains(page, string(Day)) || strings.Contains(page, "2024-11-30") {
			t.Fatalf("page = %s", page)
		}
		var queues []center.Queue
		if err := json.Unmarshal([]byte(h.do("GET", "/v1/halls/h1/queues", nil).body), &queues); err != nil || len(queues) != 1 || queues[0].Day != Day || queues[0].Waiting != 2 {
			t.Fatalf("queues = %+v, %v", queues, err)
		}
	})
	t.Run("SQLInEveryField", func(t *testing.T) {
		h := newHall(t)
		const evil = `'; DROP TABLE events; --`
		for name, change := range map[string]func(*kiosk.Batch){
			"hall":  func(b *kiosk.Batch) { b.Hall = evil },
			"epoch": func(b *kiosk.Batch) { b.Epoch = evil },
			"kind":  func(b *kiosk.Batch) { b.Events[0].Kind = evil },
		} {
			b := Batch("k1", Run("k1", "1", 1, 1)...)
			change(&b)
			h.refused(h.send(b), 422, kiosk.EInvalid, name)
		}
		h.refused(h.send(Batch(evil)), 403, kiosk.EInvalid, "")
		h.acked(h.send(Batch("k1",
			Event(1, kiosk.TicketTaken, kiosk.TakenBody{Ticket: evil, Day: Day, Number: "A001", Queue: "A", Items: []kiosk.ItemID{evil}}),
			Event(2, kiosk.PrintEnded, kiosk.PrintBody{Ticket: evil, Attempt: 1, State: kiosk.Printed, Cause: evil}),
			Event(3, kiosk.TicketTaken, kiosk.TakenBody{Ticket: evil, Day: evil, Number: evil, Queue: evil}))), 3)
		h.stored("k1", 3)
		escaped := strings.NewReplacer("'", "%27", " ", "%20", ";", "%3B").Replace(evil)
		h.refused(h.do("GET", "/v1/halls/"+escaped+"/queues", nil), 422, kiosk.EInvalid, "")
		h.refused(h.do("GET", "/v1/halls/h1/queues?day="+escaped, nil), 422, kiosk.EInvalid, "")
		if a := h.do("GET", "/?hall="+escaped, nil); a.status != 200 || strings.Contains(a.body, "DROP") {
			t.Fatalf("%d %s", a.status, a.body)
		}
	})
	t.Run("Together", func(t *testing.T) {
		h := newHall(t)
		text := encode(Batch("k1", Run("k1", "1", 1, 500)...))
		statuses := make(chan int, 10)
		for range 2 {
			go func() {
				for range 5 {
					w := httptest.NewRecorder()
					r := httptest.NewRequest("POST", "/v1/events", bytes.NewReader(text))
					r.Header.Set("Authorization", "Bearer "+token1)
					h.ServeHTTP(w, r)
					statuses <- w.Code
				}
			}()
		}
		for range 10 {
			if got := <-statuses; got != 200 {
				t.Errorf("status %d", got)
			}
		}
		h.stored("k1", 500)
	})
}
