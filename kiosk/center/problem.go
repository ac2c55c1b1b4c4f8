package center

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"hallkiosk/kiosk"
)

// The types of problem that a program acts upon; any other is about:blank.
const (
	ProblemGap           = "urn:hallkiosk:problem:gap"           // go back to acked_through+1
	ProblemContradiction = "urn:hallkiosk:problem:contradiction" // a person must look
	ProblemDouble        = "urn:hallkiosk:problem:double"        // another machine speaks under that id
	ProblemFull          = "urn:hallkiosk:problem:full"          // choose another slot
)

// Problem is a refusal as application/problem+json (RFC 9457).
type Problem struct {
	Type         string     `json:"type" doc:"about:blank, or a urn:hallkiosk:problem that a program acts upon"`
	Title        string     `json:"title" doc:"The HTTP status in words"`
	Status       int        `json:"status" doc:"The HTTP status"`
	Code         kiosk.Code `json:"code" doc:"What kind of thing went wrong"`
	Detail       string     `json:"detail" doc:"What is wrong and what to do, for the technician"`
	Message      string     `json:"message,omitempty" doc:"What to tell the person in front of the screen, in Chinese"`
	AckedThrough *int64     `json:"acked_through,omitempty" doc:"With a gap: everything through this seq is stored"`
	Counted      *int64     `json:"counted,omitempty" doc:"With replayed: the highest number seen of the key; go on after it"`
	Seq          int64      `json:"seq,omitempty" doc:"With a contradiction: the event it is about"`
}

// Error, GetStatus and ContentType make a Problem what huma calls a status
// error.
func (p *Problem) Error() string { return p.Detail }

// GetStatus returns the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType returns the media type of a problem in place of ct.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// refusal makes a Problem of its own.
func refusal(status int, code kiosk.Code, detail string) *Problem {
	return &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code, Detail: detail}
}

// statusOf is the HTTP status for each code.
var statusOf = map[kiosk.Code]int{
	kiosk.EInvalid:     http.StatusUnprocessableEntity,
	kiosk.ENotFound:    http.StatusNotFound,
	kiosk.EConflict:    http.StatusConflict,
	kiosk.EDisk:        http.StatusServiceUnavailable,
	kiosk.EBusy:        http.StatusServiceUnavailable,
	kiosk.EUnavailable: http.StatusServiceUnavailable,
}

// problemOf makes the answer to err. The cause stays inside: what a disk or a
// database says is for the center's own log.
func problemOf(err error) *Problem {
	var made *Problem
	if errors.As(err, &made) {
		return made
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return refusal(http.StatusServiceUnavailable, kiosk.EUnavailable, "the center is too busy; try again later")
	}
	code := kiosk.CodeOf(err)
	status, known := statusOf[code]
	if !known {
		return refusal(http.StatusInternalServerError, kiosk.EInternal, "a fault of the center; its log says more")
	}
	p := refusal(status, code, "the center can't do that now; its log says more")
	var e *kiosk.Error
	if errors.As(err, &e) && e.Hint != "" && status != http.StatusServiceUnavailable {
		p.Detail = e.Hint
	}
	if e != nil && status != http.StatusServiceUnavailable {
		p.Message = e.Message
	}
	var gap *Gap
	var contradiction *Contradiction
	var double *Double
	switch {
	case errors.As(err, &gap):
		p.Type, p.AckedThrough = ProblemGap, &gap.AckedThrough
	case errors.As(err, &contradiction):
		p.Type, p.Seq = ProblemContradiction, contradiction.Seq
	case errors.As(err, &double):
		p.Type = ProblemDouble
	case errors.Is(err, errFull):
		p.Type = ProblemFull
	}
	return p
}

// badInput is what a person reads whose input nothing more can be said about.
const badInput = "提交的内容不对，请检查后再试。"

// ownProblem turns huma's own refusals, such as a body that isn't JSON, into
// Problems. The values that huma would echo are left out: they may be
// anybody's data.
func (s *Server) ownProblem(ctx huma.Context, _ string, v any) (any, error) {
	if own, ok := v.(*Problem); ok {
		s.tally(own)
	}
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	code := kiosk.EInvalid
	switch {
	case m.Status == http.StatusNotFound:
		code = kiosk.ENotFound
	case m.Status >= http.StatusInternalServerError:
		code = kiosk.EInternal
	}
	detail := []string{m.Detail}
	for i, e := range m.Errors {
		if i == 5 {
			detail = append(detail, "and more")
			break
		}
		detail = append(detail, e.Location+": "+e.Message)
	}
	p := refusal(m.Status, code, strings.Join(detail, "; "))
	if m.Status < http.StatusInternalServerError {
		p.Message = badInput
	}
	s.tally(p)
	return p, nil
}

// reason is what a refusal is counted as: what its type names, else its code.
func (p *Problem) reason() string {
	if kind, ok := strings.CutPrefix(p.Type, problemBase); ok {
		return kind
	}
	return string(p.Code)
}

// tally counts an answer that refuses. Every such answer passes here once: those
// of the operations on their way through ownProblem, all others in turnAway,
// writeProblem and page.
func (s *Server) tally(p *Problem) {
	s.tallied.mu.Lock()
	defer s.tallied.mu.Unlock()
	if s.tallied.by == nil {
		s.tallied.by = map[string]int64{}
	}
	s.tallied.by[p.reason()]++
}

// tallied are the answers that refused, by reason.
type tallied struct {
	mu sync.Mutex
	by map[string]int64
}

// Refused counts the requests that were refused since the start, for whatever
// reason but a gap: a kiosk that goes back is no fault.
func (s *Server) Refused() (all int64) {
	for reason, n := range s.RefusedBy() {
		if problemBase+reason != ProblemGap {
			all += n
		}
	}
	return all
}

// RefusedBy returns how many requests were refused since the start, by reason:
// what follows urn:hallkiosk:problem: in the answer's type, such as the constants
// Refused*; or the answer's code, when it has no type.
func (s *Server) RefusedBy() map[string]int64 {
	s.tallied.mu.Lock()
	defer s.tallied.mu.Unlock()
	all := map[string]int64{}
	maps.Copy(all, s.tallied.by)
	return all
}

// nowhere answers a request that no address is for, or none with its method, in
// place of the mux, which would say so as plain text.
func (s *Server) nowhere(w http.ResponseWriter, r *http.Request) {
	is, _ := s.mux.Handler(r)
	told := &statusOnly{header: w.Header(), status: http.StatusNotFound}
	is.ServeHTTP(told, r)
	p := refusal(told.status, kiosk.ENotFound, "there is no such address; see /openapi.json")
	if told.status == http.StatusMethodNotAllowed {
		p.Code, p.Detail = kiosk.EInvalid, "that address knows other methods only: "+w.Header().Get("Allow")
	}
	s.writeProblem(w, p)
}

// statusOnly is an http.ResponseWriter that keeps the status and the header.
type statusOnly struct {
	header http.Header
	status int
}

func (o *statusOnly) Header() http.Header         { return o.header }
func (o *statusOnly) Write(b []byte) (int, error) { return len(b), nil }
func (o *statusOnly) WriteHeader(status int)      { o.status = status }
