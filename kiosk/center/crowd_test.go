package center_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
	. "hallkiosk/kiosk/center/centertest"
)

// served is a center behind its own listener, with all its limits.
func (h *hall) served(most int) (address string) {
	h.Helper()
	o := center.DefaultOpts()
	o.Conns = most
	o.Now = func() time.Time { return h.now }
	o.Log = slog.New(slog.DiscardHandler)
	tokens, err := center.ReadTokens(strings.NewReader("k1 "+token1+" h1\nk2 "+token2+" h1\n"), "tokens")
	if err != nil {
		h.Fatal(err)
	}
	o.Tokens = tokens
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		h.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	s := center.New(h.store, o)
	go func() { done <- s.Serve(ctx, l) }()
	h.Cleanup(func() {
		cancel()
		<-done // slow readers are cut off: that is no fault
	})
	return l.Addr().String()
}

// TestSlowCrowd has many connections that say nothing, say it slowly, or don't
// read: the center goes on answering others, and its memory stays bounded.
func TestSlowCrowd(t *testing.T) {
	n := 1000
	if os.Getenv("KIOSK_SOAK") != "" {
		n = 10_000
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	most := n * 3 / 4                                     // so that some must go
	if need := uint64(n + most + 500); limit.Cur < need { // both ends are in this process
		wide := syscall.Rlimit{Cur: need, Max: max(need, limit.Max)}
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &wide); err != nil {
			n = int(limit.Max-500) / 2
			most = n * 3 / 4
			t.Logf("RLIMIT_NOFILE is %d: %d connections", limit.Max, n)
		}
	}
	h := newHall(t)
	h.acked(h.send(Batch("k1", Run("k1", "1", 1, 500)...)), 500)
	address := h.served(most)

	// The requests that are sent; none of their answers is read.
	post := "POST /v1/events HTTP/1.1\r\nHost: c\r\nContent-Type: application/json\r\nAuthorization: Bearer "
	kinds := []string{
		"",                              // nothing
		"GET / HT",                      // a part of a line
		"GET / HTTP/1.1\r\nHost: c\r\n", // no end of the headers
		post + "nonsense\r\nContent-Length: 4000000\r\n\r\n{",             // a stranger's body
		post + token2 + "\r\nContent-Length: 4000000\r\n\r\n{\"hall\":\"", // a kiosk's body, without an end
		"GET /v1/news?hall=h1 HTTP/1.1\r\nHost: c\r\nAuthorization: Bearer " + token2 + "\r\n\r\n",
		strings.Repeat("GET / HTTP/1.1\r\nHost: c\r\n\r\n", 50),              // pages
		strings.Repeat("GET /openapi.json HTTP/1.1\r\nHost: c\r\n\r\n", 100), // and the largest answer
	}
	var before, during runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var conns []net.Conn
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	for i := range n {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
		conns = append(conns, c)
		c.(*net.TCPConn).SetReadBuffer(4096)
		io.WriteString(c, kinds[i%len(kinds)]) // it may be closed already: that is the point
	}
	// Each says and reads a byte now and then.
	stop := make(chan struct{})
	var trickle sync.WaitGroup
	defer trickle.Wait()
	defer close(stop)
	trickle.Go(func() {
		now := time.NewTicker(time.Millisecond)
		defer now.Stop()
		one := []byte("x")
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-now.C:
			}
			c := conns[i%n]
			c.SetDeadline(time.Now().Add(time.Millisecond))
			c.Write(one) //nolint:errcheck // it may be closed already
			c.Read(one)  //nolint:errcheck // or have nothing to say
			one[0] = 'x'
		}
	})
	// Others are answered meanwhile, the kiosk whose id isn't abused included.
	client := &http.Client{Timeout: patient, Transport: &http.Transport{DisableKeepAlives: true}}
	h.url = "http://" + address
	answered := func(first, last int64) (grown int64) {
		t.Helper()
		var slowest time.Duration
		var wg sync.WaitGroup
		var mu sync.Mutex
		for range 4 {
			wg.Go(func() {
				for range 10 {
					began := time.Now()
					answer, err := client.Get(h.url + "/healthz")
					if err != nil {
						t.Error(err)
						return
					}
					io.Copy(io.Discard, answer.Body)
					answer.Body.Close()
					mu.Lock()
					slowest = max(slowest, time.Since(began))
					mu.Unlock()
					if answer.StatusCode != 200 {
						t.Errorf("status %d", answer.StatusCode)
					}
				}
			})
		}
		wg.Wait()
		h.acked(h.send(Batch("k1", Run("k1", "1", first, last)...)), last)
		runtime.GC()
		runtime.ReadMemStats(&during)
		grown = int64(during.HeapInuse+during.StackInuse) - int64(before.HeapInuse+before.StackInuse)
		t.Logf("%d connections: slowest answer %v, %d KiB each", n, slowest, grown>>10/int64(n))
		return grown
	}
	first := answered(501, 600)
	if each := first / int64(n); each > 64<<10 {
		t.Errorf("%d bytes for each connection", each)
	}
	if later := answered(601, 700); later-first > int64(n)*16<<10 {
		t.Errorf("%d bytes for each connection, and %d later", first/int64(n), later/int64(n))
	}
	if open := established(t, address); open > most+50 {
		t.Errorf("%d connections are open, at most %d may be", open, most)
	}
}

// established counts the center's ends of connections.
func established(t *testing.T, address string) (n int) {
	t.Helper()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	var hex int
	if _, err := fmt.Sscan(port, &hex); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("/proc/self/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		// local address, remote address, state 01
		if f := strings.Fields(line); len(f) > 3 && strings.HasSuffix(f[1], fmt.Sprintf(":%04X", hex)) && f[3] == "01" {
			n++
		}
	}
	return n
}

// patient bounds a wait for an answer; it is no measure of speed.
const patient = 3 * time.Minute

// TestOneKioskAtATime has one kiosk post too much at once, and hold too many
// lines.
func TestOneKioskAtATime(t *testing.T) {
	h := newHall(t)
	var writers []*io.PipeWriter
	var wg sync.WaitGroup
	for range 5 {
		r, w := io.Pipe()
		writers = append(writers, w)
		wg.Go(func() {
			request, err := http.NewRequestWithContext(t.Context(), "POST", h.url+"/v1/events", r)
			if err != nil {
				t.Error(err)
				return
			}
			request.Header.Set("Authorization", "Bearer "+token1)
			answer, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Error(err)
				return
			}
			answer.Body.Close()
		})
		fmt.Fprint(w, "{") // is read, so the request has been let in or waits to be
	}
	for h.RefusedBy()["crowd"] == 0 { // until four are in, and the fifth isn't
		runtime.Gosched()
	}
	if a := h.send(Batch("k1")); a.status != http.StatusTooManyRequests || a.Type != "urn:hallkiosk:problem:crowd" || !strings.Contains(a.Detail, "one id") {
		t.Fatalf("%d %s", a.status, a.body)
	}
	h.acked(h.post(encode(Batch("k2")), "Authorization", "Bearer "+token2), 0)
	for _, w := range writers {
		w.Close()
	}
	wg.Wait()
	h.acked(h.send(Batch("k1")), 0)

	var lines []io.ReadCloser
	for range 4 {
		request, err := http.NewRequestWithContext(t.Context(), "GET", h.url+"/v1/news?hall=h1", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+token1)
		answer, err := http.DefaultClient.Do(request)
		if err != nil || answer.StatusCode != 200 {
			t.Fatalf("%v, %v", answer, err)
		}
		lines = append(lines, answer.Body)
		defer answer.Body.Close()
	}
	if _, err := io.Copy(io.Discard, lines[0]); err != nil { // ended by the fourth
		t.Fatal(err)
	}
	if _, err := lines[3].Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
}

// slowStore takes in nothing until it is let.
type slowStore struct {
	center.Store
	began chan struct{} // a word for each batch
	let   chan struct{}
	known func() // called when a kiosk was let in by its token
}

func (s *slowStore) HasKey(ctx context.Context, id kiosk.KioskID) (bool, error) {
	has, err := s.Store.HasKey(ctx, id)
	s.known()
	return has, err
}

func (s *slowStore) Ingest(ctx context.Context, b center.Batch) (center.Receipt, error) {
	s.began <- struct{}{}
	<-s.let
	return s.Store.Ingest(ctx, b)
}

// TestIntake lets one batch at a time be stored. Who waits for too long is told to
// come again, and loses nothing.
func TestIntake(t *testing.T) {
	h := newHall(t)
	slow := &slowStore{Store: h.store, began: make(chan struct{}, 3), let: make(chan struct{}), known: func() {}}
	o := center.DefaultOpts()
	o.Now, o.Log, o.Intake, o.Budget = func() time.Time { return h.now }, slog.New(slog.DiscardHandler), 1, time.Minute
	var err error
	if o.Tokens, err = center.ReadTokens(strings.NewReader("k1 "+token1+" h1\nk2 "+token2+" h1\n"), "tokens"); err != nil {
		t.Fatal(err)
	}
	s := center.New(slow, o)
	post := func(s *center.Server, token string, b kiosk.Batch) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, "/v1/events", bytes.NewReader(encode(b)))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w
	}
	var both sync.WaitGroup
	both.Go(func() {
		if w := post(s, token1, Batch("k1", Run("k1", "1", 1, 5)...)); w.Code != http.StatusOK {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
	<-slow.began
	// The patience is half a minute at the least; that of one who goes away is none.
	gone, cancel := context.WithCancel(t.Context())
	r := httptest.NewRequestWithContext(gone, http.MethodPost, "/v1/events", bytes.NewReader(encode(Batch("k2", Run("k2", "2", 1, 5)...))))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token2)
	slow.known = cancel
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), `"unavailable"`) || s.RefusedBy()[center.RefusedCrowd] != 1 {
		t.Errorf("%d %s, %v", w.Code, w.Body, s.RefusedBy())
	}
	slow.known = func() {}
	both.Go(func() {
		if w := post(s, token2, Batch("k2", Run("k2", "2", 1, 5)...)); w.Code != http.StatusOK {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
	select {
	case <-slow.began:
		t.Error("two batches are stored at a time")
	case slow.let <- struct{}{}:
	}
	<-slow.began
	slow.let <- struct{}{}
	both.Wait()
	all, err := h.store.Kiosks(t.Context())
	if err != nil || len(all) != 2 || all[0].Acked != 5 || all[1].Acked != 5 {
		t.Fatalf("%+v, %v", all, err)
	}
}

// TestCrowdOfActive fills a center with connections that are all at a request:
// one more comes in, and the one that is at it longest goes.
func TestCrowdOfActive(t *testing.T) {
	watch := center.Crowd(3)
	conns := map[string]net.Conn{}
	closed := map[string]bool{}
	come := func(name string) {
		conn, other := net.Pipe()
		t.Cleanup(func() { conn.Close(); other.Close() })
		conns[name] = conn
		watch(conn, http.StateNew)
	}
	check := func(want ...string) {
		t.Helper()
		for name, conn := range conns {
			if err := conn.SetDeadline(time.Time{}); err != nil && !closed[name] { // io.ErrClosedPipe
				closed[name] = true
				watch(conn, http.StateClosed)
			}
		}
		if got := slices.Sorted(maps.Keys(closed)); !slices.Equal(got, want) {
			t.Fatalf("closed %q, want %q", got, want)
		}
	}
	for _, name := range []string{"a", "b", "c"} {
		come(name)
		watch(conns[name], http.StateActive)
	}
	check()
	come("d") // while a, b and c write slowly
	check("a")
	watch(conns["d"], http.StateActive)
	watch(conns["b"], http.StateIdle) // is done, and waits
	come("e")
	check("a", "b")
	come("f") // before e has asked for anything
	check("a", "b", "e")
	watch(conns["f"], http.StateActive)
	watch(conns["c"], http.StateIdle)
	watch(conns["c"], http.StateActive) // asks anew: d is the oldest now
	come("g")
	check("a", "b", "d", "e")
}
