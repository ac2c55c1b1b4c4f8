package center

import (
	"context"
	"net/http"
	"sync"
	"time"

	"hallkiosk/kiosk"
)

// ProblemDouble refuses a machine that speaks under the id of another one.
const ProblemDouble = "urn:hallkiosk:problem:double"

// silence is how long a kiosk must have said nothing before another life of its
// store may speak under its id. Kiosks say that they are there every minute.
const silence = 10 * time.Minute

// asked is how long an answer about a kiosk holds.
const asked = time.Minute

// voices remembers which life of each kiosk this process let speak, and when it
// asked the store.
type voices struct {
	mu   sync.Mutex
	last map[kiosk.KioskID]voice
}

type voice struct {
	epoch kiosk.Epoch
	at    time.Time
}

// double refuses a batch of a machine whose id another one uses: two kiosks with
// one id would give the same numbers of their own series. Whoever spoke first
// goes on; the other may after a silence, or when it was restored from the first.
func (s *Server) double(ctx context.Context, b kiosk.Batch) error {
	now := s.opts.Now()
	s.voices.mu.Lock()
	v := s.voices.last[b.Kiosk]
	s.voices.mu.Unlock()
	if v.epoch == b.Epoch && now.Sub(v.at) < asked {
		return nil
	}
	k, err := s.store.Kiosk(ctx, b.Kiosk)
	switch {
	case kiosk.CodeOf(err) == kiosk.ENotFound:
	case err != nil:
		return err
	case k.Epoch != b.Epoch && k.Epoch != b.Prior && now.Sub(k.Seen) < silence:
		p := refusal(http.StatusConflict, kiosk.EConflict,
			"another machine speaks as kiosk "+string(b.Kiosk)+". Give one of them an id and a series of its own; if its store was replaced, wait ten minutes")
		p.Type = ProblemDouble
		return p
	}
	s.voices.mu.Lock()
	defer s.voices.mu.Unlock()
	if s.voices.last == nil {
		s.voices.last = map[kiosk.KioskID]voice{}
	}
	s.voices.last[b.Kiosk] = voice{b.Epoch, now}
	return nil
}
