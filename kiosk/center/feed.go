package center

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"hallkiosk/kiosk"
)

// The news' pace.
const (
	newsBeat  = 250 * time.Millisecond // the least between two news on one line
	newsAlive = 15 * time.Second       // a line without news says that it lives
)

// feed draws up the news of each hall once for all lines that wait for it.
type feed struct {
	mu    sync.Mutex
	halls map[kiosk.HallID]*edition
}

// edition is the newest news of a hall.
type edition struct {
	mu      sync.Mutex // one drawing up at a time
	version int64
	text    []byte // JSON; nil before the first
}

// newest returns the news of hall as of version or later.
func (s *Server) newest(ctx context.Context, hall kiosk.HallID, version int64) ([]byte, error) {
	s.feed.mu.Lock()
	if s.feed.halls == nil {
		s.feed.halls = map[kiosk.HallID]*edition{}
	}
	e := s.feed.halls[hall]
	if e == nil {
		e = &edition{}
		s.feed.halls[hall] = e
	}
	s.feed.mu.Unlock()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.text != nil && e.version >= version {
		return e.text, nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.Budget)
	defer cancel()
	n := kiosk.News{Hall: hall, Version: version, Lengths: []kiosk.Length{}}
	days, err := s.days(ctx, hall)
	if err != nil {
		return nil, err
	}
	for _, day := range days {
		queues, err := s.store.Queues(ctx, hall, day)
		if err != nil {
			return nil, err
		}
		for _, q := range queues {
			n.Lengths = append(n.Lengths, kiosk.Length{Day: q.Day, Queue: q.Queue, Waiting: q.Waiting})
		}
	}
	text, err := json.Marshal(n)
	if err != nil {
		return nil, err
	}
	e.version, e.text = version, text
	return text, nil
}

// days are the business days that kiosks ask about: from the center's today to
// the newest that a number was given for, a week at the most.
func (s *Server) days(ctx context.Context, hall kiosk.HallID) ([]kiosk.Day, error) {
	newest, err := s.store.LatestDay(ctx, hall)
	if err != nil || newest == "" {
		return nil, err
	}
	last, err := time.Parse(time.DateOnly, string(newest))
	if err != nil {
		return nil, err
	}
	from := s.opts.Now().AddDate(0, 0, -1) // before the change of day it is still yesterday
	var days []kiosk.Day
	for day := last; len(days) < 9 && day.Format(time.DateOnly) >= from.Format(time.DateOnly); day = day.AddDate(0, 0, -1) {
		days = append(days, kiosk.Day(day.Format(time.DateOnly)))
	}
	if len(days) == 0 { // nobody came since; what is left is from then
		days = append(days, newest)
	}
	return days, nil
}

// news is GET /v1/news: one held-open line of server-sent events. huma's own
// handlers can't hold a line open, so the operation is only described to it.
func (s *Server) news(w http.ResponseWriter, r *http.Request) {
	c, refused := s.from(r)
	if refused != nil {
		s.refused.Add(1)
		if refused.Status == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", "Bearer")
		}
		writeProblem(w, refused)
		return
	}
	hall := kiosk.HallID(r.URL.Query().Get("hall"))
	if !name.MatchString(string(hall)) {
		writeProblem(w, refusal(http.StatusUnprocessableEntity, kiosk.EInvalid, "hall must be 1 to 64 letters, digits, dots, hyphens or underscores"))
		return
	}
	if p := s.checkHall(c, hall); p != nil {
		s.refused.Add(1)
		writeProblem(w, p)
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer s.hold(c.kiosk, cancel)()
	defer context.AfterFunc(s.ending, cancel)()
	versions, err := s.store.Watch(ctx, hall)
	if err != nil {
		writeProblem(w, s.fault(err))
		return
	}
	out := http.NewResponseController(w)
	if err := out.SetReadDeadline(time.Time{}); err != nil { // the line outlives every deadline
		writeProblem(w, s.fault(err))
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	say := func(format string, args ...any) bool {
		// Who doesn't read is let go: a full line must not hold us.
		if err := out.SetWriteDeadline(time.Now().Add(newsAlive)); err != nil {
			return false
		}
		if _, err := fmt.Fprintf(w, format, args...); err != nil {
			return false
		}
		return out.Flush() == nil
	}
	alive := time.NewTicker(newsAlive)
	defer alive.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-alive.C:
			if !say(": alive\n\n") {
				return
			}
		case version, ok := <-versions:
			if !ok {
				return
			}
			text, err := s.newest(ctx, hall, version)
			if err != nil {
				s.opts.Log.Error("no news", "hall", hall, "err", err)
				return // the kiosk comes back
			}
			if !say("id: %d\nevent: news\ndata: %s\n\n", version, text) {
				return
			}
			beat := time.NewTimer(newsBeat)
			select {
			case <-beat.C:
			case <-ctx.Done():
				beat.Stop()
				return
			}
		}
	}
}

// longestName is the longest name of a hall, in bytes.
var longestName = 64

// describeNews tells OpenAPI of the line that huma doesn't serve.
func (s *Server) describeNews(api huma.API, refusals map[string]*huma.Response) {
	refusals["200"] = &huma.Response{Description: "Server-sent events named news, whose data is a News", Content: map[string]*huma.MediaType{"text/event-stream": {}}}
	api.OpenAPI().AddOperation(&huma.Operation{
		OperationID: "get-news", Method: http.MethodGet, Path: "/v1/news",
		Summary:     "Hold a line open on which a hall's news come",
		Description: "At once how the hall stands, then after every change; a comment every 15 seconds says that the line lives.",
		Security:    []map[string][]string{{"token": {}}},
		Parameters:  []*huma.Param{{Name: "hall", In: "query", Required: true, Schema: &huma.Schema{Type: "string", MaxLength: &longestName}}},
		Responses:   refusals,
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
	if p := s.checkHall(callerOf(ctx), in.Body.Hall); p != nil {
		s.refused.Add(1)
		return nil, p
	}
	defer s.turns.hurry()()
	n, err := s.store.Grant(ctx, Grant{Request: in.Body.Request, Kiosk: id, Hall: in.Body.Hall, Day: in.Body.Day, Queue: in.Body.Queue})
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
	all, err := s.store.Kiosks(ctx)
	if err != nil {
		return nil, s.fault(err)
	}
	out := &selfOutput{Body: kiosk.Self{Kiosk: id, Epochs: []kiosk.Epoch{}}}
	for _, k := range all {
		if k.ID == id {
			out.Body.Epochs = append(out.Body.Epochs, k.Epoch)
		}
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

func writeProblem(w http.ResponseWriter, p *Problem) {
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	json.NewEncoder(w).Encode(p) // who asked may have gone
}
