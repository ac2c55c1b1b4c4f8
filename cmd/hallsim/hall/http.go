package hall

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

//go:embed page.html
var page []byte

// Listen opens a port for the page. The hall has no lock on its door, so anything
// but a loopback address is refused.
func Listen(addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("%q is not a loopback address: use 127.0.0.1, [::1] or localhost", host)
	}
	return net.Listen("tcp", addr)
}

// failure is an error with its HTTP status.
type failure struct {
	status int
	text   string
}

func (f *failure) Error() string { return f.text }

func bad(format string, args ...any) error {
	return &failure{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

func missing(format string, args ...any) error {
	return &failure{http.StatusNotFound, fmt.Sprintf(format, args...)}
}

// ServeHTTP serves the page and the requests behind it:
//
//	GET  /                 the page
//	GET  /state            State: how all is and what is set
//	GET  /events           State at every change, as server-sent events
//	GET  /papers/ID.png    one paper
//	POST /papers/take      take away the papers that a hand can reach
//
// The printer. What breaks may be put off with ?byte=N, ?dot=N or ?cut=N: until so
// many more bytes have come off the line, so many more dots of paper have gone by
// the head, or the knife is used for the Nth time.
//
//	POST /printer/cover-open, paper-out, paper-near, jam, cutter, hot, fatal, offline
//	POST /printer/silent   swallows everything, never answers
//	POST /printer/xoff     sends XOFF and takes nothing off the line any more
//	POST /printer/off      the power goes, the buffer is lost, the line hangs up
//	POST /printer/unplug   the line hangs up, the printer keeps its buffer
//	POST /printer/cover-close, paper-new, on, plug
//	POST /printer/clear    mend all but cover, paper, power and cable; nothing comes any more
//	POST /printer/answers  ?only=barrier, job, live, auto, other; ?delay=MS &lose=N (-1 is
//	                       all) &early=1 (GS r is answered at once) &noise=HEX before each;
//	                       what isn't said is as it should be
//	POST /printer/say      ?hex=00 bytes that answer nothing: noise, a false barrier; may be put off
//	POST /printer/model    ?maker=NAME &model=NAME &jobid=1 &qr=1 &clear=1 &reset=1 &exit=open,
//	                       custom, citizen &speed=MM/S &rate=BYTES/S &buffer=BYTES &xonxoff=1
//	                       &western=1, or 0 for no; what isn't said stays
//
// The card reader.
//
//	POST /reader/put       ?card=resident, hmt, foreign2017 or foreign2023
//	POST /reader/lift      take the card away; ?byte=N during the next read, after N bytes of its reply
//	POST /reader/fail      ?command=status, find, select, read, address &sw3=HEX &times=N (1; -1 is always)
//	POST /reader/replies   ?delay=MS &pieces=BYTES &pause=MS between them &noise=HEX before each;
//	                       what isn't said is as it should be
//	POST /reader/spoil     ?xor=1 or wrong=N or missing=N, a byte of the preamble &times=N (1; -1 is always)
//	POST /reader/after-read ?find=again or not: whether find answers for a card that was read and lies there
//	POST /reader/silent    swallows everything, never answers
//	POST /reader/clear     mend all but the cable
//	POST /reader/unplug, plug
//
// The scanner.
//
//	POST /scanner/scan     the body is the code
//	POST /scanner/setup    ?end=cr, lf, crlf, idle &coding=utf8, gbk &noise=HEX before each code; what
//	                       isn't said stays
//	POST /scanner/say      ?hex=HEX noise without a code
//	POST /scanner/unplug, plug
//
// A POST answers with the State after it; a mistake with {"error": "..."} and 400,
// 404 or 405, and 503 when nobody listens at the other end of the line.
func (h *Hall) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.mux.ServeHTTP(w, r) }

func (h *Hall) routes() *http.ServeMux {
	mux := http.NewServeMux()
	get := func(pattern string, f func(http.ResponseWriter, *http.Request) error) {
		mux.Handle(pattern, only(http.MethodGet, f))
	}
	post := func(pattern string, f func(*http.Request) error) {
		mux.Handle(pattern, only(http.MethodPost, func(w http.ResponseWriter, r *http.Request) error {
			if err := f(r); err != nil {
				return err
			}
			return reply(w, http.StatusOK, h.State())
		}))
	}
	get("/{$}", func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, err := w.Write(page)
		return err
	})
	get("/", func(_ http.ResponseWriter, r *http.Request) error { return missing("there is no %s here", r.URL.Path) })
	get("/state", func(w http.ResponseWriter, _ *http.Request) error { return reply(w, http.StatusOK, h.State()) })
	get("/events", h.events)
	get("/papers/{file}", h.picture)
	post("/papers/take", func(*http.Request) error { h.Take(); return nil })
	post("/printer/{verb}", h.workPrinter)
	post("/reader/{verb}", h.workReader)
	post("/scanner/{verb}", h.workScanner)
	return mux
}

// only lets one method through and turns errors into answers.
func only(method string, f func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		var err error
		switch {
		case r.Method == method || method == http.MethodGet && r.Method == http.MethodHead:
			err = f(w, r)
		case r.URL.Path == "/" || r.Pattern != "/":
			w.Header().Set("Allow", method)
			err = &failure{http.StatusMethodNotAllowed, fmt.Sprintf("%s takes %s, not %s", r.URL.Path, method, r.Method)}
		default:
			err = missing("there is no %s here", r.URL.Path)
		}
		if err == nil {
			return
		}
		f := &failure{http.StatusInternalServerError, err.Error()}
		errors.As(err, &f)
		_ = reply(w, f.status, map[string]string{"error": f.text})
	})
}

func reply(w http.ResponseWriter, status int, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n')) // who asked has gone away
	return nil
}

// picture is GET /papers/ID.png.
func (h *Hall) picture(w http.ResponseWriter, r *http.Request) error {
	name, ok := strings.CutSuffix(r.PathValue("file"), ".png")
	id, err := strconv.Atoi(name)
	if !ok || err != nil {
		return bad("%q is not a paper such as 1.png", r.PathValue("file"))
	}
	for _, p := range h.Printer.Papers() {
		if p.ID == id {
			w.Header().Set("Content-Type", "image/png")
			return png.Encode(w, p.Image())
		}
	}
	return missing("no paper %d: it has not come out yet, or is older than what is kept", id)
}

// beat is the least time between two events: a line at full speed changes the
// state with every byte.
const beat = 150 * time.Millisecond

// events streams the state.
func (h *Hall) events(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	for {
		printer, reader, scanner := h.Printer.Changed(), h.Reader.Changed(), h.Scanner.Changed()
		h.mu.Lock()
		hall := h.changed
		h.mu.Unlock()
		b, err := json.Marshal(h.State())
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "data: %s\n\n", b); err != nil {
			return nil
		}
		if err := out.Flush(); err != nil {
			return nil
		}
		rest := time.NewTimer(beat)
		select {
		case <-rest.C:
		case <-r.Context().Done():
			rest.Stop()
			return nil
		}
		select {
		case <-printer:
		case <-hall:
		case <-reader:
		case <-scanner:
		case <-r.Context().Done():
			return nil
		}
	}
}
