package hall

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"hallkiosk/kiosk/idcard/idcardtest"
	"hallkiosk/kiosk/scanner/scannertest"
	"hallkiosk/printer/printertest"
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
//	GET  /state            State
//	GET  /events           State at every change, as server-sent events
//	GET  /papers/ID.png    one paper
//	POST /papers/take      take the papers away
//	POST /printer/VERB     see verbs
//	POST /reader/put       ?card=resident, hmt, foreign2017 or foreign2023
//	POST /reader/lift      take the card away
//	POST /scanner/scan     the body is the code
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
	post("/reader/put", h.putCard)
	post("/reader/lift", func(*http.Request) error { h.Reader.Lift(); return nil })
	post("/scanner/scan", h.scan)
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

// verbs are what hands can do to the printer. on and off come back when the line
// is there, or has hung up.
var verbs = map[string]func(p *printertest.Printer){
	"cover-open":  func(p *printertest.Printer) { p.Set(printertest.CoverOpen, true) },
	"cover-close": func(p *printertest.Printer) { p.Set(printertest.CoverOpen, false) },
	"paper-out":   func(p *printertest.Printer) { p.Set(printertest.PaperOut, true) },
	"paper-near":  func(p *printertest.Printer) { p.Set(printertest.NearEnd, true) },
	"paper-new":   func(p *printertest.Printer) { p.NewRoll() },
	"jam":         func(p *printertest.Printer) { p.Set(printertest.Jam, true) },
	"cutter":      func(p *printertest.Printer) { p.Set(printertest.Cutter, true) },
	"hot":         func(p *printertest.Printer) { p.Set(printertest.Hot, true) },
	"fatal":       func(p *printertest.Printer) { p.Set(printertest.Fatal, true) },
	"offline":     func(p *printertest.Printer) { p.Set(printertest.Offline, true) },
	"silent":      func(p *printertest.Printer) { p.Set(printertest.Silent, true) },
	"clear":       func(p *printertest.Printer) { p.Clear() },
	"on":          func(p *printertest.Printer) { p.Set(printertest.PowerOff, false) },
	"off":         func(p *printertest.Printer) { p.Set(printertest.PowerOff, true) },
}

// workPrinter is POST /printer/VERB. A fault may be put off with ?byte=N or
// ?dot=N: until so many more bytes have come off the line, or so many more dots
// of paper have gone by the head.
func (h *Hall) workPrinter(r *http.Request) error {
	verb := r.PathValue("verb")
	do, ok := verbs[verb]
	if !ok {
		return missing("the printer has no %q", verb)
	}
	late, err := putOff(r)
	if err != nil {
		return err
	}
	if late != nil {
		fault, ok := faults[verb]
		if !ok {
			return bad("%s can't be put off", verb)
		}
		late(h.Printer, fault)
		return nil
	}
	do(h.Printer)
	switch verb {
	case "on":
		return h.plugged(r.Context(), h.devices[0], true)
	case "off":
		return h.plugged(r.Context(), h.devices[0], false)
	}
	return nil
}

// faults are the verbs that can be put off.
var faults = map[string]printertest.Fault{
	"cover-open": printertest.CoverOpen, "paper-out": printertest.PaperOut, "paper-near": printertest.NearEnd,
	"jam": printertest.Jam, "cutter": printertest.Cutter, "hot": printertest.Hot, "fatal": printertest.Fatal,
	"offline": printertest.Offline, "silent": printertest.Silent, "off": printertest.PowerOff,
}

func putOff(r *http.Request) (func(*printertest.Printer, printertest.Fault), error) {
	for key, at := range map[string]func(*printertest.Printer, printertest.Fault, int){
		"byte": (*printertest.Printer).SetAtByte,
		"dot":  (*printertest.Printer).SetAtDot,
	} {
		if s := r.URL.Query().Get(key); s != "" {
			n, err := strconv.Atoi(s)
			if err != nil || n < 1 {
				return nil, bad("%s=%q is not a number from 1 on", key, s)
			}
			return func(p *printertest.Printer, f printertest.Fault) { at(p, f, n) }, nil
		}
	}
	return nil, nil
}

// putCard is POST /reader/put.
func (h *Hall) putCard(r *http.Request) error {
	kind := r.URL.Query().Get("card")
	var known []string
	for _, c := range idcardtest.Cards() {
		if c.Kind == kind {
			h.Reader.Put(c)
			return nil
		}
		known = append(known, c.Kind)
	}
	return bad("card=%q is none of %s", kind, strings.Join(known, ", "))
}

// scan is POST /scanner/scan.
func (h *Hall) scan(r *http.Request) error {
	const longest = 4096 // bytes; a QR code holds less
	body, err := io.ReadAll(io.LimitReader(r.Body, longest+1))
	if err != nil {
		return bad("read the code: %v", err)
	}
	code := strings.TrimRight(string(body), "\r\n")
	if code == "" || len(body) > longest {
		return bad("the body must be a code of 1 to %d bytes", longest)
	}
	for {
		changed := h.Scanner.Changed()
		err := h.Scanner.Scan(code)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, scannertest.ErrUnplugged):
			return &failure{http.StatusServiceUnavailable, "nobody reads the scanner's line: " + err.Error()}
		}
		select { // the hall has only just been opened
		case <-changed:
		case <-r.Context().Done():
			return r.Context().Err()
		}
	}
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
