package hall

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"hallkiosk/kiosk/idcard/idcardtest"
	"hallkiosk/kiosk/scanner/scannertest"
)

// workReader is POST /reader/VERB.
func (h *Hall) workReader(r *http.Request) error {
	verb, q := r.PathValue("verb"), ask(r)
	do, ok := map[string]func(*query) (func(), error){
		"put": h.putCard, "lift": h.lift, "fail": h.failCard, "replies": h.setReplies, "spoil": h.spoil,
		"after-read": h.afterRead,
		"silent":     plain(func() { h.Reader.SetSilent(true) }),
		"clear":      plain(h.Reader.Clear),
		"unplug":     plain(func() { h.Reader.SetPlugged(false) }),
		"plug":       plain(func() { h.Reader.SetPlugged(true) }),
	}[verb]
	if !ok {
		return missing("the reader has no %q", verb)
	}
	return h.carryOut(r, h.devices[1], do, q)
}

// workScanner is POST /scanner/VERB.
func (h *Hall) workScanner(r *http.Request) error {
	verb, q := r.PathValue("verb"), ask(r)
	do, ok := map[string]func(*query) (func(), error){
		"setup":  h.setupScanner,
		"unplug": plain(func() { h.Scanner.SetPlugged(false) }),
		"plug":   plain(func() { h.Scanner.SetPlugged(true) }),
	}[verb]
	switch {
	case verb == "scan":
		return h.scan(r)
	case verb == "say":
		return h.sayScanner(r, q)
	case !ok:
		return missing("the scanner has no %q", verb)
	}
	return h.carryOut(r, h.devices[2], do, q)
}

// carryOut reads all of a request before it does anything.
func (h *Hall) carryOut(r *http.Request, d *device, read func(*query) (func(), error), q *query) error {
	do, err := read(q)
	if err == nil {
		err = q.end()
	}
	if err != nil {
		return err
	}
	do()
	return h.settle(r, d)
}

// plain is a verb without parameters.
func plain(do func()) func(*query) (func(), error) {
	return func(*query) (func(), error) { return do, nil }
}

func (h *Hall) putCard(q *query) (func(), error) {
	kind, _ := q.get("card")
	var known []string
	for _, c := range idcardtest.Cards() {
		if c.Kind == kind {
			return func() { h.Reader.Put(c) }, nil
		}
		known = append(known, c.Kind)
	}
	return nil, bad("card=%q is none of %s", kind, strings.Join(known, ", "))
}

func (h *Hall) lift(q *query) (func(), error) {
	var at int
	q.number("byte", 1, &at)
	if at > 0 {
		return func() { h.Reader.LiftAtByte(at) }, nil
	}
	return h.Reader.Lift, nil
}

func (h *Hall) failCard(q *query) (func(), error) {
	var c idcardtest.Command
	times := 1
	word(q, "command", &c, idcardtest.Commands...)
	q.number("times", -1, &times)
	s, _ := q.get("sw3")
	sw3, err := strconv.ParseUint(s, 16, 8)
	switch {
	case c == "" && q.err == nil:
		return nil, bad("command= must be one of %q", idcardtest.Commands)
	case times > 1000:
		return nil, bad("times=%d: at most 1000, or -1 for always", times)
	case times != 0 && (err != nil || sw3 == 0):
		return nil, bad("sw3=%q is not a byte in hexadecimal from 01 on", s)
	}
	return func() {
		if times < 0 {
			h.Reader.FailAlways(c, byte(sw3))
			return
		}
		h.Reader.FailAlways(c, 0)
		h.Reader.Fail(c, slices.Repeat([]byte{byte(sw3)}, times)...)
	}, nil
}

func (h *Hall) setReplies(q *query) (func(), error) {
	var o idcardtest.Opts
	q.millis("delay", &o.Delay)
	q.number("pieces", 0, &o.Pieces)
	q.millis("pause", &o.Pause)
	q.hex("noise", &o.Noise)
	return func() {
		h.Reader.Setup(func(now *idcardtest.Opts) {
			now.Delay, now.Pieces, now.Pause, now.Noise = o.Delay, o.Pieces, o.Pause, o.Noise
		})
	}, nil
}

func (h *Hall) spoil(q *query) (func(), error) {
	var s idcardtest.Spoil
	times := 1
	q.flag("xor", &s.XOR)
	q.number("wrong", 1, &s.Wrong)
	q.number("missing", 1, &s.Missing)
	q.number("times", -1, &times)
	if s.Wrong > 5 || s.Missing > 5 {
		return nil, bad("the preamble has five bytes: wrong= and missing= are 1 to 5")
	}
	if times != 0 && s == (idcardtest.Spoil{}) && q.err == nil {
		return nil, bad("say what: xor=1, wrong=N or missing=N")
	}
	return func() { h.Reader.SpoilReplies(times, s) }, nil
}

func (h *Hall) afterRead(q *query) (func(), error) {
	var find string
	word(q, "find", &find, "again", "not")
	if find == "" && q.err == nil {
		return nil, bad("find= must be again or not")
	}
	return func() {
		h.Reader.Setup(func(o *idcardtest.Opts) { o.FindsAgain = find == "again" })
	}, nil
}

// ends are what can stand after a code.
var ends = map[string]string{"cr": "\r", "lf": "\n", "crlf": "\r\n", "idle": ""}

// endName is the other way round.
func endName(o scannertest.Opts) string {
	for name, end := range ends {
		if end == o.End {
			return name
		}
	}
	return o.End
}

func (h *Hall) setupScanner(q *query) (func(), error) {
	read := func(o *scannertest.Opts) {
		end, coding := endName(*o), map[bool]string{true: "gbk", false: "utf8"}[o.GBK]
		word(q, "end", &end, "cr", "lf", "crlf", "idle")
		word(q, "coding", &coding, "utf8", "gbk")
		q.hex("noise", &o.Noise)
		o.GBK = coding == "gbk"
		o.End, o.Bare = ends[end], end == "idle"
	}
	o := h.Scanner.State().Opts
	read(&o)
	return func() { h.Scanner.Setup(read) }, nil
}

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
	return h.tell(r, func() error { return h.Scanner.Scan(code) })
}

func (h *Hall) sayScanner(r *http.Request, q *query) error {
	var b []byte
	q.hex("hex", &b)
	if err := q.end(); err != nil {
		return err
	}
	if len(b) == 0 {
		return bad("hex= must say which bytes")
	}
	return h.tell(r, func() error { return h.Scanner.Say(b...) })
}

// tell sends from the scanner, as soon as it is on its line.
func (h *Hall) tell(r *http.Request, send func() error) error {
	if err := h.Scanner.Wait(r.Context(), func(s scannertest.State) bool { return s.On || s.Unplugged }); err != nil {
		return err
	}
	err := send()
	switch {
	case errors.Is(err, scannertest.ErrEncoding):
		return bad("%v", err)
	case err != nil:
		return &failure{http.StatusServiceUnavailable, "nobody reads the scanner's line: " + err.Error()}
	}
	return nil
}
