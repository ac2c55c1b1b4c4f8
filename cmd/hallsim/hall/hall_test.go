package hall_test

import (
	"bufio"
	"context"
	"encoding/json"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"hallkiosk/cmd/hallsim/hall"
	"hallkiosk/printer/printertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// site is a hall that is open, and its page.
type site struct {
	t   *testing.T
	dir string
	url string
	*hall.Hall
}

func open(t *testing.T, o hall.Opts) *site {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	h, err := hall.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	server := httptest.NewServer(h)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		http.DefaultClient.CloseIdleConnections()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
		if left, _ := filepath.Glob(filepath.Join(o.Dir, "*")); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
	})
	return &site{t: t, dir: o.Dir, url: server.URL, Hall: h}
}

// port opens a device as a driver does.
func (s *site) port(name string) *os.File {
	s.t.Helper()
	f, err := os.OpenFile(filepath.Join(s.dir, name), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = f.Close() })
	return f
}

func (s *site) ask(method, path, body string) (*http.Response, []byte) {
	s.t.Helper()
	r, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp, b
}

// do is a request that must succeed with a state.
func (s *site) do(method, path, body string) hall.State {
	s.t.Helper()
	resp, b := s.ask(method, path, body)
	if resp.StatusCode != http.StatusOK {
		s.t.Fatalf("%s %s: %s: %s", method, path, resp.Status, b)
	}
	var st hall.State
	if err := json.Unmarshal(b, &st); err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	return st
}

func send(t *testing.T, w io.Writer, s string) {
	t.Helper()
	if _, err := io.WriteString(w, s); err != nil {
		t.Fatal(err)
	}
}

func expect(t *testing.T, r io.Reader, want string) {
	t.Helper()
	b := make([]byte, len(want))
	if _, err := io.ReadFull(r, b); err != nil {
		t.Fatal(err)
	}
	if string(b) != want {
		t.Errorf("read % X, want % X", b, want)
	}
}

const (
	cut   = "\x1dVB\x00"
	query = "\x1dr\x01"
)

func TestPaper(t *testing.T) {
	s := open(t, hall.Opts{Printer: printertest.Opts{Width: 384}})
	port := s.port("printer")
	send(t, port, "\x1b@\xba\xc5\n\x1bzA001\n"+cut+query)
	expect(t, port, "\x00")

	st := s.do("GET", "/state", "")
	if len(st.Papers) != 1 {
		t.Fatalf("%d papers", len(st.Papers))
	}
	p := st.Papers[0]
	if p.ID != 1 || !slices.Equal(p.Text, []string{"号", "A001"}) || p.QR == nil || !p.Whole || p.Bytes != 14 || p.Taken {
		t.Errorf("paper %+v", p)
	}
	if p.First == nil || p.Last == nil || p.Last.Before(*p.First) || p.Cut.Before(*p.Last) {
		t.Errorf("times %v, %v, %v", p.First, p.Last, p.Cut)
	}
	if !slices.Equal(st.Unknown, []string{"1B 7A"}) {
		t.Errorf("unknown %q", st.Unknown)
	}

	resp, b := s.ask("GET", "/papers/1.png", "")
	img, err := png.Decode(strings.NewReader(string(b)))
	if err != nil {
		t.Fatalf("%s: %v", resp.Header.Get("Content-Type"), err)
	}
	if w := img.Bounds().Dx(); w != 464 {
		t.Errorf("a paper 58 mm wide has %d dots, want 464", w)
	}

	if st := s.do("POST", "/papers/take", ""); !st.Papers[0].Taken {
		t.Error("taken away and still there")
	}
	send(t, port, "A002\n"+cut+query)
	expect(t, port, "\x00")
	if st := s.do("GET", "/state", ""); !st.Papers[0].Taken || st.Papers[1].Taken {
		t.Errorf("papers %+v", st.Papers)
	}
}

// TestPower hangs up and comes back on a line of its own, as a USB port does.
func TestPower(t *testing.T) {
	s := open(t, hall.Opts{})
	for range 3 {
		port := s.port("printer")
		send(t, port, query)
		expect(t, port, "\x00")
		st := s.do("POST", "/printer/off", "")
		if st.Printer.On || st.Lines["printer"] != "" {
			t.Errorf("off: %+v", st.Printer)
		}
		if _, err := os.Lstat(filepath.Join(s.dir, "printer")); !os.IsNotExist(err) {
			t.Errorf("link while off: %v", err)
		}
		if _, err := port.Write([]byte("x")); err == nil {
			t.Error("a port without power takes bytes")
		}
		s.do("POST", "/printer/off", "")
		if st := s.do("POST", "/printer/on", ""); !st.Printer.On || st.Lines["printer"] == "" {
			t.Errorf("on: %+v", st.Printer)
		}
	}
}

func TestVerbs(t *testing.T) {
	s := open(t, hall.Opts{})
	for _, c := range []struct {
		verb, remedy, fault, cover, paper string
	}{
		{"cover-open", "cover-close", "cover_open", "open", "ok"},
		{"paper-near", "paper-new", "near_end", "closed", "near_end"},
		{"paper-out", "paper-new", "paper_out", "closed", "out"},
		{"jam", "clear", "jam", "closed", "ok"},
		{"cutter", "clear", "cutter", "closed", "ok"},
		{"hot", "clear", "hot", "closed", "ok"},
		{"fatal", "clear", "fatal", "closed", "ok"},
		{"offline", "clear", "offline", "closed", "ok"},
		{"silent", "clear", "silent", "closed", "ok"},
	} {
		t.Run(c.verb, func(t *testing.T) {
			p := s.do("POST", "/printer/"+c.verb, "").Printer
			if len(p.Faults) != 1 || string(p.Faults[0]) != c.fault || p.Cover != c.cover || p.Paper != c.paper || !p.On {
				t.Errorf("after %s: %+v", c.verb, p)
			}
			if p := s.do("POST", "/printer/"+c.remedy, "").Printer; len(p.Faults) != 0 {
				t.Errorf("after %s: %+v", c.remedy, p)
			}
		})
	}
	t.Run("PutOff", func(t *testing.T) {
		port := s.port("printer")
		if p := s.do("POST", "/printer/paper-out?dot=20", "").Printer; p.Paper != "ok" {
			t.Errorf("at once: %+v", p)
		}
		send(t, port, "A\n"+cut)
		if err := s.Printer.Wait(t.Context(), func(st printertest.State) bool { return st.Has(printertest.PaperOut) }); err != nil {
			t.Fatal(err)
		}
		s.do("POST", "/printer/paper-new", "")
		send(t, port, query)
		expect(t, port, "\x00")
		for _, p := range s.do("GET", "/state", "").Papers {
			if p.Whole {
				t.Errorf("paper %d is whole", p.ID)
			}
		}
	})
}

func TestReader(t *testing.T) {
	s := open(t, hall.Opts{})
	port := s.port("reader")
	const find = "\xaa\xaa\xaa\x96\x69\x00\x03\x20\x01\x22"
	for _, card := range []string{"resident", "hmt", "foreign2017", "foreign2023"} {
		if st := s.do("POST", "/reader/put?card="+card, ""); st.Reader.Card != card {
			t.Errorf("put %s: %+v", card, st.Reader)
		}
		send(t, port, find)
		expect(t, port, "\xaa\xaa\xaa\x96\x69\x00\x08\x00\x00\x9f\x00\x00\x00\x00\x97")
		if st := s.do("POST", "/reader/lift", ""); st.Reader.Card != "" {
			t.Errorf("lift: %+v", st.Reader)
		}
		send(t, port, find)
		expect(t, port, "\xaa\xaa\xaa\x96\x69\x00\x04\x00\x00\x80\x84")
	}
}

func TestScanner(t *testing.T) {
	s := open(t, hall.Opts{})
	port := s.port("scanner")
	if st := s.do("POST", "/scanner/scan", "H:7Q2M\n"); st.Scanner.Last != "H:7Q2M" {
		t.Errorf("scan: %+v", st.Scanner)
	}
	expect(t, port, "H:7Q2M\r")
}

func TestMistakes(t *testing.T) {
	s := open(t, hall.Opts{})
	for _, c := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"GET", "/nothing", "", 404, "/nothing"},
		{"POST", "/nothing", "", 404, "/nothing"},
		{"POST", "/", "", 405, "takes GET"},
		{"POST", "/state", "", 405, "takes GET"},
		{"DELETE", "/papers/1.png", "", 405, "takes GET"},
		{"GET", "/papers/1.png", "", 404, "no paper 1"},
		{"GET", "/papers/one.png", "", 400, "one.png"},
		{"GET", "/papers/1.jpg", "", 400, "1.jpg"},
		{"GET", "/papers/take", "", 405, "takes POST"},
		{"GET", "/printer/off", "", 405, "takes POST"},
		{"POST", "/printer/explode", "", 404, "explode"},
		{"POST", "/printer/jam?byte=soon", "", 400, "soon"},
		{"POST", "/printer/clear?dot=5", "", 400, "put off"},
		{"POST", "/reader/put", "", 400, "resident, hmt, foreign2017, foreign2023"},
		{"POST", "/reader/put?card=library", "", 400, "library"},
		{"GET", "/reader/lift", "", 405, "takes POST"},
		{"POST", "/scanner/scan", "", 400, "body"},
		{"POST", "/scanner/scan", strings.Repeat("x", 5000), 400, "4096"},
	} {
		resp, b := s.ask(c.method, c.path, c.body)
		var v struct{ Error string }
		if err := json.Unmarshal(b, &v); err != nil {
			t.Errorf("%s %s: not JSON: %q", c.method, c.path, b)
		}
		if resp.StatusCode != c.status || !strings.Contains(v.Error, c.says) {
			t.Errorf("%s %s: %s, %q; want %d, %q", c.method, c.path, resp.Status, v.Error, c.status, c.says)
		}
		if (c.status == 405) != (resp.Header.Get("Allow") != "") {
			t.Errorf("%s %s: Allow: %q", c.method, c.path, resp.Header.Get("Allow"))
		}
	}
}

func TestEvents(t *testing.T) {
	s := open(t, hall.Opts{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", s.url+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	until := func(want func(hall.State) bool) {
		t.Helper()
		for lines.Scan() {
			data, ok := strings.CutPrefix(lines.Text(), "data: ")
			if !ok {
				continue
			}
			var st hall.State
			if err := json.Unmarshal([]byte(data), &st); err != nil {
				t.Fatal(err)
			}
			if want(st) {
				return
			}
		}
		t.Fatalf("stream ended: %v", lines.Err())
	}
	until(func(st hall.State) bool { return st.Printer.On })
	s.Printer.Set(printertest.CoverOpen, true)
	until(func(st hall.State) bool { return st.Printer.Cover == "open" })
	s.do("POST", "/reader/put?card=hmt", "")
	until(func(st hall.State) bool { return st.Reader.Card == "hmt" })
	s.do("POST", "/printer/off", "")
	until(func(st hall.State) bool { return st.Lines["printer"] == "" })
}

func TestLinks(t *testing.T) {
	t.Run("StaleReplaced", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.Symlink("/dev/pts/gone", filepath.Join(dir, "printer")); err != nil {
			t.Fatal(err)
		}
		port := open(t, hall.Opts{Dir: dir}).port("printer")
		send(t, port, query)
		expect(t, port, "\x00")
	})
	t.Run("FileInTheWay", func(t *testing.T) {
		dir := t.TempDir()
		file := filepath.Join(dir, "reader")
		if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := hall.New(hall.Opts{Dir: dir}); err == nil || !strings.Contains(err.Error(), "in the way") {
			t.Errorf("new: %v", err)
		}
		if b, _ := os.ReadFile(file); string(b) != "mine" {
			t.Error("the file is gone")
		}
		if _, err := os.Lstat(filepath.Join(dir, "printer")); !os.IsNotExist(err) {
			t.Errorf("the printer's link was left: %v", err)
		}
	})
	t.Run("TakenOver", func(t *testing.T) {
		dir := t.TempDir()
		first, err := hall.New(hall.Opts{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		second, err := hall.New(hall.Opts{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		first.Close()
		if to, err := os.Readlink(filepath.Join(dir, "scanner")); err != nil || to != second.State().Lines["scanner"] {
			t.Errorf("scanner's link after the first hall closed: %s, %v", to, err)
		}
		second.Close()
	})
}

func TestListen(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0", "example.com:80", "127.0.0.1"} {
		if l, err := hall.Listen(addr); err == nil {
			_ = l.Close()
			t.Errorf("listens on %q", addr)
		}
	}
	l, err := hall.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
}

// TestPage is one file that needs nothing from anywhere.
func TestPage(t *testing.T) {
	s := open(t, hall.Opts{Screen: "http://127.0.0.1:1/"})
	resp, b := s.ask("GET", "/", "")
	page := string(b)
	if got := resp.Header.Get("Content-Type"); got != "text/html; charset=utf-8" {
		t.Errorf("type %q", got)
	}
	for _, word := range []string{"虚拟大厅", "取走票纸", "换新卷", "拿走证件", "扫码"} {
		if !strings.Contains(page, word) {
			t.Errorf("the page lacks %s", word)
		}
	}
	for _, outside := range []string{"http:", "https:", "src=\"//", "@import"} {
		if strings.Contains(page, outside) {
			t.Errorf("the page refers to %s", outside)
		}
	}
	if got := s.do("GET", "/state", "").Screen; got != "http://127.0.0.1:1/" {
		t.Errorf("screen %q", got)
	}
}
