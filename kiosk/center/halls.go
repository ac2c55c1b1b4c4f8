package center

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hallkiosk/kiosk"
)

// halls is what a Server knows of halls beforehand, until it is told anew.
type halls struct {
	mu      sync.Mutex
	known   map[kiosk.HallID]Hall // replaced, never changed
	since   time.Time
	changed chan struct{} // closed when known is replaced
	refused error         // why a newer known was not taken over
	tried   time.Time     // when
}

// all returns what is known and a channel that is closed when that is replaced.
func (h *halls) all() (map[kiosk.HallID]Hall, <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.known, h.changed
}

// hall is what the Server knows of one hall now.
func (s *Server) hall(id kiosk.HallID) Hall {
	known, _ := s.halls.all()
	return known[id]
}

// named says whether somebody who may has named a hall: in the config, in the
// tokens file, or by enrolling a kiosk for it.
func (s *Server) named(ctx context.Context, hall kiosk.HallID) (bool, error) {
	known, _ := s.halls.all()
	if _, ok := known[hall]; ok || s.opts.Tokens.name(hall) {
		return true, nil
	}
	if _, ok := s.gate.named.Load(hall); ok {
		return true, nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.Budget)
	defer cancel()
	err := s.asks(ctx, func() error {
		all, err := s.store.ListKeys(ctx)
		for _, k := range all {
			s.gate.named.Store(k.Hall, true) // for ever: keys are kept when revoked
		}
		return err
	})
	_, ok := s.gate.named.Load(hall)
	return ok, err
}

// there refuses a hall that there isn't: one is there that was named, or that a
// kiosk has spoken for before its name was taken out of the config.
func (s *Server) there(ctx context.Context, hall kiosk.HallID) error {
	if !name.MatchString(string(hall)) {
		p := refusal(http.StatusUnprocessableEntity, kiosk.EInvalid, "hall must be 1 to 64 letters, digits, dots, hyphens or underscores")
		p.Message = badInput
		return p
	}
	ok, err := s.named(ctx, hall)
	if err == nil && !ok {
		var all []kiosk.HallID
		all, err = s.store.Halls(ctx)
		ok = slices.Contains(all, hall)
	}
	switch {
	case err != nil:
		return s.fault(err)
	case !ok:
		p := refusal(http.StatusNotFound, kiosk.ENotFound, "the center knows no such hall: it is in no [[hall]], and no kiosk of it was enrolled or has reported")
		p.Message = "没有这个大厅。"
		return p
	}
	return nil
}

// SetHalls replaces what the Server knows of halls, and has the kiosks told of
// the versions. Windows that are defined otherwise than before are defined so in
// the Store; others stay as people have set them since. On an error of the Store
// the Server goes on with what it knew. Safe while it serves; one call at a
// time.
func (s *Server) SetHalls(ctx context.Context, known map[kiosk.HallID]Hall) error {
	before, _ := s.halls.all()
	differ := map[kiosk.HallID]Hall{}
	for id, h := range known {
		windows := map[kiosk.WindowID][]kiosk.QueueID{}
		for w, queues := range h.Windows {
			if was, ok := before[id].Windows[w]; !ok || !slices.Equal(was, queues) {
				windows[w] = queues
			}
		}
		if len(windows) > 0 {
			differ[id] = Hall{Windows: windows}
		}
	}
	if err := Arrange(ctx, s.store, differ); err != nil {
		return err
	}
	s.halls.mu.Lock()
	defer s.halls.mu.Unlock()
	close(s.halls.changed)
	s.halls.known, s.halls.changed = known, make(chan struct{})
	s.halls.since, s.halls.refused = s.opts.Now(), nil
	return nil
}

// RefuseHalls says why newer halls are not taken over, for the status; the
// Server goes on with what it knows. The next SetHalls takes that back.
func (s *Server) RefuseHalls(why error) {
	s.halls.mu.Lock()
	defer s.halls.mu.Unlock()
	s.halls.refused, s.halls.tried = why, s.opts.Now()
}

// HallStatus is what the center has read of a hall.
type HallStatus struct {
	Hall     kiosk.HallID `json:"hall"`
	Catalog  string       `json:"catalog" doc:"Version of the catalog in force; empty when the center has none"`
	Calendar string       `json:"calendar" doc:"Version of the calendar; empty as above"`
}

// RefusedHalls is why a newer config of the halls is not in force.
type RefusedHalls struct {
	At       time.Time `json:"at"`
	Problems []string  `json:"problems" nullable:"false" doc:"Lines to act on"`
}

// StoreTrouble is why the store takes nothing new.
type StoreTrouble struct {
	Since time.Time `json:"since" doc:"From the first write that was refused"`
	Hint  string    `json:"hint" doc:"What to do, in both languages"`
}

type statusOutput struct {
	Body struct {
		Since   time.Time     `json:"since" doc:"When what is in force was read"`
		Halls   []HallStatus  `json:"halls" nullable:"false"`
		Refused *RefusedHalls `json:"refused,omitempty" doc:"The config or a catalog on disk is newer, but wrong; what was read before stays in force"`
		Trouble *StoreTrouble `json:"trouble,omitempty" doc:"The store's disk is full or refuses, until it takes something again"`
	}
}

// status is GET /v1/status.
func (s *Server) status(ctx context.Context, _ *struct{}) (*statusOutput, error) {
	who, _ := ctx.Value(actor{}).(Actor)
	if _, err := allowed(ctx, who.Hall, ActionKiosk, ActionReport); err != nil {
		return nil, err
	}
	s.halls.mu.Lock()
	defer s.halls.mu.Unlock()
	out := &statusOutput{}
	out.Body.Since, out.Body.Halls = s.halls.since, []HallStatus{}
	for _, id := range slices.Sorted(maps.Keys(s.halls.known)) {
		if h := s.halls.known[id]; who.Hall == "" || who.Hall == id {
			out.Body.Halls = append(out.Body.Halls, HallStatus{Hall: id, Catalog: h.Version, Calendar: h.Calendar})
		}
	}
	if why := s.halls.refused; why != nil {
		out.Body.Refused = &RefusedHalls{At: s.halls.tried, Problems: strings.Split(why.Error(), "\n")}
	}
	if since, err := s.store.Trouble(); err != nil {
		out.Body.Trouble = &StoreTrouble{Since: since, Hint: kiosk.HintOf(err)}
	}
	return out, nil
}

// hallOperations registers what the center says of its own config.
func (s *Server) hallOperations(api huma.API, o operations) {
	status := o.ask("get-status", "/v1/status", "Which catalogs and calendars the center works with, and what is wrong")
	status.Description = "For technicians, managers and administrators; of a hall's own people that hall alone. Says also why newer files on disk were refused, and why the store takes nothing new."
	huma.Register(api, status, s.status)
}
