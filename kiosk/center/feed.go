package center

import (
	"context"
	"encoding/json"
	"hash/crc32"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"hallkiosk/kiosk"
)

// The news' pace.
const (
	newsBeat  = 250 * time.Millisecond // the least between two news on one line
	newsRate  = 20_000                 // bytes a second on one line: long news come more seldom
	newsAlive = 15 * time.Second       // a line without news says that it lives
)

// news is GET /v1/news: one held-open line of server-sent events. huma's own
// handlers can't hold a line open, so the operation is only described to it.
func (s *Server) news(w http.ResponseWriter, r *http.Request) {
	c, refused := s.fromMany(r)
	if refused != nil {
		if refused.Status == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", "Bearer")
		}
		s.writeProblem(w, refused)
		return
	}
	hall := kiosk.HallID(r.URL.Query().Get("hall"))
	if !name.MatchString(string(hall)) {
		s.writeProblem(w, refusal(http.StatusUnprocessableEntity, kiosk.EInvalid, "hall must be 1 to 64 letters, digits, dots, hyphens or underscores"))
		return
	}
	if p := s.checkHall(r.Context(), c, hall); p != nil {
		s.writeProblem(w, p)
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer s.hold(c.kiosk, cancel)()
	defer context.AfterFunc(s.ending, cancel)()
	var keys, versions <-chan int64
	err := s.asks(ctx, func() (err error) {
		if keys, err = s.store.Watch(ctx, EveryKey); err == nil {
			versions, err = s.store.Watch(ctx, hall)
		}
		return err
	})
	if err != nil {
		s.writeProblem(w, s.fault(err))
		return
	}
	out := http.NewResponseController(w)
	if err := out.SetReadDeadline(time.Time{}); err != nil { // the line outlives every deadline
		s.writeProblem(w, s.fault(err))
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Vary", "Accept-Encoding")
	l := &newsLine{Server: s, caller: c, hall: hall, out: out, w: w, packed: strings.Contains(r.Header.Get("Accept-Encoding"), "gzip")}
	if l.packed {
		w.Header().Set("Content-Encoding", "gzip")
	}
	w.WriteHeader(http.StatusOK)
	if err := l.run(ctx, keys, versions); err != nil {
		s.opts.Log.Error("no news", "hall", hall, "err", err)
	}
}

// newsLine is one held-open line.
type newsLine struct {
	*Server
	caller caller
	hall   kiosk.HallID
	own    bool   // the kiosk is one of the hall
	packed bool   // with gzip
	sum    uint32 // CRC-32 of what was said, for gzip, and
	size   uint32 // its length
	out    *http.ResponseController
	w      http.ResponseWriter
}

// run tells the news until the line ends: the kiosk comes back. A key that was
// revoked ends it at once, whatever else there is to tell.
func (l *newsLine) run(ctx context.Context, keys, versions <-chan int64) error {
	if l.packed {
		if !l.write(gzipHeader, newsAlive) {
			return nil
		}
		// A line that ends well is a whole gzip stream.
		defer func() { l.write(gzipTrailer(l.sum, l.size), time.Second) }()
	}
	alive := time.NewTicker(newsAlive)
	defer alive.Stop()
	var pause, due <-chan time.Time // until when nothing is told, and when estimates may be newer
	told, newest, again := int64(-1), int64(-1), false
	var day kiosk.Day
	_, changed := l.halls.all()
	for {
		ok := true
		select {
		case <-ctx.Done():
			return nil
		case version, open := <-keys:
			if !open {
				return nil
			}
			if stands, err := l.stands(ctx, l.caller, version); err != nil || !stands {
				return err
			}
		case <-alive.C:
			if until := l.caller.until; !until.IsZero() && !l.opts.Now().Before(until) || !l.say(aliveSign, packedSign()) {
				return nil
			}
			again = again || told >= 0 && l.dayAt(l.opts.Now()) != day // what was yesterday's is told no more
		case newest, ok = <-versions:
			if !ok {
				return nil
			}
		case <-changed:
			_, changed = l.halls.all()
			again = again || told >= 0
		case <-pause:
			pause = nil
		case <-due:
			due, again = nil, true
		}
		if pause != nil || newest <= told && !again {
			continue
		}
		var e *issue
		err := l.asks(ctx, func() (err error) {
			e, err = l.newest(ctx, l.hall, newest, l.isOwn(ctx))
			return err
		})
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if e.wait > 0 {
			pause = time.After(e.wait)
			continue
		}
		if !l.say(e.text, e.packed) {
			return nil
		}
		told, day, again = e.version, e.day, false
		bytes := len(e.text)
		if l.packed {
			bytes = len(e.packed)
		}
		pause = time.After(newsPace(bytes))
		if due = nil; e.due > 0 {
			due = time.After(e.due)
		}
	}
}

// say writes a text to the line, packed if the line is.
func (l *newsLine) say(text, packed []byte) bool {
	if !l.packed {
		return l.write(text, newsAlive)
	}
	l.sum, l.size = crc32.Update(l.sum, crc32.IEEETable, text), l.size+uint32(len(text))
	return l.write(packed, newsAlive)
}

// write writes to the line. Who doesn't read is let go: a full line must not
// hold us.
func (l *newsLine) write(data []byte, patience time.Duration) bool {
	if err := l.out.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return false
	}
	if _, err := l.w.Write(data); err != nil {
		return false
	}
	return l.out.Flush() == nil
}

// isOwn says whether the line's kiosk is one of its hall.
func (l *newsLine) isOwn(ctx context.Context) bool {
	if !l.own {
		ctx, cancel := context.WithTimeout(ctx, l.opts.Budget) // ctx is the line's
		defer cancel()
		own, err := l.isOf(ctx, l.caller, l.hall)
		l.own = own && err == nil
	}
	return l.own
}

// isOf says whether a caller is a kiosk of a hall: its key says so, or, where it
// has a token alone, that it last spoke for the hall.
func (s *Server) isOf(ctx context.Context, c caller, hall kiosk.HallID) (bool, error) {
	if c.hall != "" {
		return c.hall == hall, nil
	}
	k, err := s.store.Kiosk(ctx, c.kiosk)
	if kiosk.CodeOf(err) == kiosk.ENotFound {
		return false, nil
	}
	return err == nil && k.Hall == hall, err
}

// longestName is the longest name of a hall, in bytes.
var longestName = 64

// describeNews tells OpenAPI of the line that huma doesn't serve.
func (s *Server) describeNews(api huma.API, refusals map[string]*huma.Response) {
	refusals["200"] = &huma.Response{Description: "Server-sent events named news, whose data is a News", Content: map[string]*huma.MediaType{"text/event-stream": {}}}
	api.OpenAPI().AddOperation(&huma.Operation{
		OperationID: "get-news", Method: http.MethodGet, Path: "/v1/news",
		Summary: "Hold a line open on which a hall's news come",
		Description: "At once how the hall stands, then after every change, and again when its estimates are newer; a comment every 15 seconds says that the line lives. " +
			"Bookings and card keys are told to kiosks of the hall alone. With Accept-Encoding gzip the line is one gzip stream, flushed after each event. " +
			"It ends when the kiosk's key is revoked.",
		Security:   []map[string][]string{{"token": {}}},
		Parameters: []*huma.Param{{Name: "hall", In: "query", Required: true, Schema: &huma.Schema{Type: "string", MaxLength: &longestName}}},
		Responses:  refusals,
	})
	s.mux.HandleFunc("GET /v1/news", s.news)
}

type numberInput struct {
	Body kiosk.NumberRequest
}

type numberOutput struct {
	Body kiosk.NumberReply
}

// number is POST /v1/numbers.
func (s *Server) number(ctx context.Context, in *numberInput) (*numberOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, s.opts.Budget)
	defer cancel()
	id, _ := ctx.Value(sender{}).(kiosk.KioskID)
	wish := Grant{Request: in.Body.Request, Kiosk: id, Hall: in.Body.Hall, Day: in.Body.Day, Queue: in.Body.Queue}
	if err := wish.check(); err != nil {
		return nil, s.fault(err)
	}
	if p := s.checkHall(ctx, callerOf(ctx), in.Body.Hall); p != nil {
		return nil, p
	}
	defer s.turns.hurry()()
	n, err := s.store.Grant(ctx, wish)
	if err != nil {
		return nil, s.fault(err)
	}
	return &numberOutput{Body: kiosk.NumberReply{Number: n.String()}}, nil
}

type selfOutput struct {
	Body kiosk.Self
}

// self is GET /v1/self.
func (s *Server) self(ctx context.Context, _ *struct{}) (*selfOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, s.opts.Budget)
	defer cancel()
	id, _ := ctx.Value(sender{}).(kiosk.KioskID)
	out := &selfOutput{Body: kiosk.Self{Kiosk: id, Epochs: []kiosk.Epoch{}}}
	k, err := s.store.Kiosk(ctx, id)
	switch {
	case err == nil:
		out.Body.Epochs = append(out.Body.Epochs, k.Epoch)
	case kiosk.CodeOf(err) != kiosk.ENotFound:
		return nil, s.fault(err)
	}
	return out, nil
}

// known lets in whoever has a token, with a body that huma bounds and reads.
func (s *Server) known(api huma.API) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(ctx)
		c, refused := s.from(r)
		if refused == nil {
			refused = s.readSmall(w, r, c)
		}
		if refused != nil {
			s.turnAway(api, ctx, refused)
			return
		}
		next(huma.WithValue(huma.WithValue(ctx, sender{}, c.kiosk), callerKey{}, c))
	}
}

// writeProblem answers with a refusal where huma doesn't.
func (s *Server) writeProblem(w http.ResponseWriter, p *Problem) {
	s.tally(p)
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	json.NewEncoder(w).Encode(p) // who asked may have gone
}
