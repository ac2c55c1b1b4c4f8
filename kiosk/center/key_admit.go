package center

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hallkiosk/kiosk"
)

// caller is the kiosk that a request comes from.
type caller struct {
	kiosk kiosk.KioskID
	hall  kiosk.HallID // the only one it speaks for; "" with a token that names none: any that is known
	body  *Hash        // what the body must hash to; nil with a token
	key   kiosk.KeyID  // "" with a token
	until time.Time    // how long the key is good; zero: for ever
}

// callerKey is the context key of a request's caller.
type callerKey struct{}

// callerOf returns the caller that admit or known have let in.
func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(callerKey{}).(caller)
	return c
}

// gate is what a Server keeps to know callers. The zero value is ready.
type gate struct {
	keys  sync.Map // kiosk.KeyID: Key. Only what never changes of it is used
	keyed sync.Map // kiosk.KioskID: has or had a key
	named sync.Map // kiosk.HallID: a kiosk was enrolled for it

	mu    sync.Mutex
	doing map[doing]int             // requests under way
	lines map[kiosk.KioskID][]*line // lines of news, the oldest first

	standing standing
}

// standing is which keys were good at a version of EveryKey.
type standing struct {
	mu      sync.Mutex
	read    bool
	version int64
	good    map[kiosk.KeyID]bool
	keyed   map[kiosk.KioskID]bool // their tokens count no more
}

// stands says whether a caller who was let in would still be, now that the keys
// are at a version.
func (s *Server) stands(ctx context.Context, c caller, version int64) (bool, error) {
	now := &s.gate.standing
	now.mu.Lock()
	defer now.mu.Unlock()
	if !now.read || now.version < version {
		ctx, cancel := context.WithTimeout(ctx, s.opts.Budget)
		defer cancel()
		all, err := s.store.ListKeys(ctx)
		if err != nil {
			return false, err
		}
		now.read, now.version, now.good, now.keyed = true, version, map[kiosk.KeyID]bool{}, map[kiosk.KioskID]bool{}
		for _, k := range all {
			now.good[k.ID], now.keyed[k.Kiosk] = k.Revoked.IsZero(), true
		}
	}
	if c.key == "" {
		return !now.keyed[c.kiosk], nil
	}
	return now.good[c.key], nil
}

// maxLines are the lines of news that one kiosk may hold at a time; one more ends
// the oldest.
const maxLines = 3

// task is what one kiosk may do so often at a time.
type task struct {
	does string
	most int
}

var (
	posting = task{"posts batches", 4}    // each may hold MaxBytes
	seeking = task{"looks numbers up", 2} // a person types one, and walks away
)

// doing is a kiosk and what it does.
type doing struct {
	kiosk kiosk.KioskID
	task  task
}

// deny makes the answer to a refusal of a kind, as which it is counted.
func deny(status int, kind, detail string) *Problem {
	p := refusal(status, kiosk.EInvalid, detail)
	p.Type = problemBase + kind
	return p
}

// from returns which kiosk a request comes from. It reads nothing of the body
// and spends the number of a signed request.
func (s *Server) from(r *http.Request) (caller, *Problem) {
	header := r.Header.Get("Authorization")
	if scheme, _, _ := strings.Cut(header, " "); strings.EqualFold(scheme, kiosk.ProofScheme) {
		return s.signer(r, header)
	}
	b, ok := s.senderOf(r)
	id := b.Kiosk
	if !ok {
		return caller{}, deny(http.StatusUnauthorized, RefusedToken, noToken)
	}
	if _, keyed := s.gate.keyed.Load(id); !keyed {
		ctx, cancel := context.WithTimeout(r.Context(), s.opts.Budget)
		defer cancel()
		has, err := s.store.HasKey(ctx, id)
		if err != nil {
			return caller{}, s.fault(err)
		}
		if !has {
			return caller{kiosk: id, hall: b.Hall}, nil
		}
		s.gate.keyed.Store(id, true) // for ever: keys are kept when revoked
	}
	return caller{}, deny(http.StatusUnauthorized, RefusedToken,
		"this kiosk was enrolled, so its token counts no more; set [center] key_file, or run kiosk enroll again")
}

// signer returns which kiosk has signed a request.
func (s *Server) signer(r *http.Request, header string) (caller, *Problem) {
	forged := func(detail string) (caller, *Problem) {
		return caller{}, deny(http.StatusUnauthorized, RefusedForged, detail)
	}
	p, ok := kiosk.ParseProof(header)
	if !ok || !name.MatchString(string(p.Key)) {
		return forged("the Authorization header is no proof of a kiosk")
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.opts.Budget)
	defer cancel()
	key, err := s.key(ctx, p.Key)
	if kiosk.CodeOf(err) == kiosk.ENotFound {
		return forged("the key is not known here; enroll the kiosk")
	}
	if err != nil {
		return caller{}, s.fault(err)
	}
	if !ed25519.Verify(key.Public, p.Text(r.Method, r.URL.RequestURI(), key.Kiosk), p.Sig) {
		return forged("the signature is not that of the kiosk's key for this request")
	}
	err = s.store.Use(ctx, KeyUse{Key: p.Key, N: p.Number, At: s.opts.Now()})
	var refused *Refused
	if errors.As(err, &refused) {
		problem := deny(http.StatusUnauthorized, refused.Kind, kiosk.HintOf(err))
		if refused.Kind == RefusedReplayed {
			problem.Counted = &refused.Counted
		}
		return caller{}, problem
	}
	if err != nil {
		return caller{}, s.fault(err)
	}
	s.gate.named.Store(key.Hall, true) // or a clerk's press would ask for it behind the kiosks
	body := Hash(p.Body)
	return caller{kiosk: key.Kiosk, hall: key.Hall, body: &body, key: p.Key, until: key.Until}, nil
}

// key returns a key with all that never changes of it.
func (s *Server) key(ctx context.Context, id kiosk.KeyID) (Key, error) {
	if k, ok := s.gate.keys.Load(id); ok {
		return k.(Key), nil
	}
	k, err := s.store.Key(ctx, id)
	if err == nil {
		s.gate.keys.Store(id, k)
	}
	return k, err
}

// checkBody says that the bytes on the line are those that were signed.
func (s *Server) checkBody(c caller, raw Hash) *Problem {
	if c.body == nil || *c.body == raw {
		return nil
	}
	return deny(http.StatusUnauthorized, RefusedForged, "the body is not the one that was signed")
}

// checkHall says that a caller speaks for a hall, and that somebody who may has
// named that hall: a kiosk alone makes none.
func (s *Server) checkHall(ctx context.Context, c caller, hall kiosk.HallID) *Problem {
	if c.hall == hall {
		return nil
	}
	if c.hall != "" {
		return deny(http.StatusForbidden, RefusedHall, "the kiosk's key or token is for hall "+string(c.hall)+"; compare [kiosk] hall, or enroll the kiosk for the other hall")
	}
	switch known, err := s.named(ctx, hall); {
	case err != nil:
		return s.fault(err)
	case !known:
		return deny(http.StatusForbidden, RefusedHall, "the center knows no hall "+clip(string(hall))+"; compare [kiosk] hall, or enroll the kiosk, or name the hall in the center's tokens_file or a [[hall]]")
	}
	return nil
}

// smallBody bounds the signed bodies of all but batches, in bytes.
const smallBody = 64 << 10

// readSmall reads a small body and checks that it is the one that was signed.
func (s *Server) readSmall(w http.ResponseWriter, r *http.Request, c caller) *Problem {
	if c.body == nil {
		return nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, smallBody))
	if err != nil {
		return unreadable(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return s.checkBody(c, sha256.Sum256(body))
}

// begin lets a kiosk do something, unless it does too much of it already. done
// must be called.
func (s *Server) begin(id kiosk.KioskID, what task) (done func(), p *Problem) {
	g, one := &s.gate, doing{id, what}
	g.mu.Lock()
	if g.doing == nil {
		g.doing = map[doing]int{}
	}
	full := g.doing[one] >= what.most
	if !full {
		g.doing[one]++
	}
	g.mu.Unlock()
	if full {
		p := deny(http.StatusTooManyRequests, RefusedCrowd, fmt.Sprintf("this kiosk %s, more than %d at once; are two kiosks using one id?", what.does, what.most))
		p.Code = kiosk.EUnavailable
		return nil, p
	}
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.doing[one]--; g.doing[one] == 0 {
			delete(g.doing, one)
		}
	}, nil
}

// hold notes a line of news of a kiosk, which end ends; when the kiosk has too
// many, its oldest is ended: it may be one that was cut and doesn't know. done
// must be called when the line has ended.
func (s *Server) hold(id kiosk.KioskID, end context.CancelFunc) (done func()) {
	g, mine := &s.gate, &line{end}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.lines == nil {
		g.lines = map[kiosk.KioskID][]*line{}
	}
	g.lines[id] = append(g.lines[id], mine)
	if all := g.lines[id]; len(all) > maxLines {
		all[0].end()
		g.lines[id] = all[1:]
	}
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.lines[id] = slices.DeleteFunc(g.lines[id], func(l *line) bool { return l == mine })
		if len(g.lines[id]) == 0 {
			delete(g.lines, id)
		}
	}
}

// line is a held-open one.
type line struct{ end context.CancelFunc }

// enroll is POST /v1/enroll.
func (s *Server) enroll(ctx context.Context, in *enrollInput) (*enrollOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, s.opts.Budget)
	defer cancel()
	e := in.Body
	public := ed25519.PublicKey(e.Public)
	if len(public) != ed25519.PublicKeySize || !name.MatchString(string(e.Hall)) || !name.MatchString(string(e.Kiosk)) {
		return nil, refusal(http.StatusUnprocessableEntity, kiosk.EInvalid, "hall, kiosk or the public key is not as it must be")
	}
	if !ed25519.Verify(public, kiosk.EnrolText(e), e.Proof) {
		return nil, deny(http.StatusForbidden, RefusedForged, "the proof is not of the public key")
	}
	code, ok := kiosk.ParseCode(e.Code)
	if !ok {
		return nil, deny(http.StatusForbidden, RefusedCode, "the code is not one such as 7Q2M-04KD-XW9T; run on the center: center enroll")
	}
	now := s.opts.Now()
	k, err := s.store.Enrol(ctx, CodeHash(code), Key{ID: kiosk.KeyIDOf(public), Hall: e.Hall, Kiosk: e.Kiosk, Public: public, Made: now},
		Entry{At: now, Hall: e.Hall, Account: "kiosk:" + string(e.Kiosk), Action: "key.enrolled", Subject: string(e.Kiosk), From: in.from})
	var refused *Refused
	if errors.As(err, &refused) {
		s.opts.Log.Warn("enrolment refused", "kiosk", e.Kiosk, "kind", refused.Kind)
		return nil, deny(http.StatusForbidden, refused.Kind, kiosk.HintOf(err))
	}
	if err != nil {
		return nil, s.fault(err)
	}
	s.gate.keyed.Store(k.Kiosk, true)
	return &enrollOutput{Body: kiosk.Enrolled{Key: k.ID}}, nil
}

type enrollInput struct {
	Body kiosk.Enrolment
	from string
}

// Resolve notes where the request comes from.
func (in *enrollInput) Resolve(ctx huma.Context) []error {
	in.from = address(ctx.RemoteAddr())
	return nil
}

type enrollOutput struct{ Body kiosk.Enrolled }
