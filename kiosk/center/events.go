package center

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"hallkiosk/kiosk"
)

// sender is the context key of the kiosk that a request's token belongs to.
type sender struct{}

const noToken = "the token is missing or not of any kiosk; compare the kiosk's token_file with the center's tokens_file"

// senderOf returns whose token a request has.
func (s *Server) senderOf(r *http.Request) (Bearer, bool) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	b, ok := s.opts.Tokens.Bearer(strings.TrimSpace(token))
	return b, ok && strings.EqualFold(scheme, "Bearer")
}

// admit lets a batch in: it knows the sender before a byte of the body is read,
// waits for the batch's turn with the packed body in hand, and hands it on
// unpacked and bounded.
func (s *Server) admit(api huma.API) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(ctx)
		c, refused := s.fromMany(r)
		if refused != nil {
			s.turnAway(api, ctx, refused)
			return
		}
		done, refused := s.begin(c.kiosk, posting)
		if refused != nil {
			s.turnAway(api, ctx, refused)
			return
		}
		defer done()
		packed, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBytes))
		if err != nil {
			s.turnAway(api, ctx, unreadable(err))
			return
		}
		if refused := s.checkBody(c, sha256.Sum256(packed)); refused != nil {
			s.turnAway(api, ctx, refused)
			return
		}
		over, refused := s.turn(r.Context())
		if refused != nil {
			s.turnAway(api, ctx, refused)
			return
		}
		defer over()
		body, refused := unpack(packed, r.Header.Get("Content-Encoding"))
		if refused != nil {
			s.turnAway(api, ctx, refused)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		next(huma.WithValue(huma.WithValue(ctx, sender{}, c.kiosk), callerKey{}, c))
	}
}

// turnAway writes a refusal from before the handler.
func (s *Server) turnAway(api huma.API, ctx huma.Context, p *Problem) {
	s.tally(p)
	if p.Status == http.StatusUnauthorized {
		ctx.SetHeader("WWW-Authenticate", "Bearer")
	}
	ctx.SetHeader("Content-Type", p.ContentType(""))
	ctx.SetStatus(p.Status)
	if err := api.Marshal(ctx.BodyWriter(), "application/json", p); err != nil {
		s.opts.Log.Debug("a refusal was not read to its end", "status", p.Status)
	}
}

// unpack returns the JSON of a body. It holds at most MaxBytes of it in memory,
// however far the packed form would unfold.
func unpack(packed []byte, encoding string) ([]byte, *Problem) {
	switch strings.ToLower(encoding) {
	case "", "identity":
		return packed, nil
	case "gzip":
	default:
		return nil, refusal(http.StatusUnsupportedMediaType, kiosk.EInvalid, "Content-Encoding must be gzip or none")
	}
	in, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, unreadable(err)
	}
	body, err := io.ReadAll(io.LimitReader(in, MaxBytes+1))
	if err != nil {
		return nil, unreadable(err)
	}
	if len(body) > MaxBytes {
		return nil, unreadable(&http.MaxBytesError{Limit: MaxBytes})
	}
	return body, nil
}

// unreadable is the refusal of a body that can't be read to its end.
func unreadable(err error) *Problem {
	var size *http.MaxBytesError
	var line net.Error
	switch {
	case errors.As(err, &size):
		return refusal(http.StatusRequestEntityTooLarge, kiosk.EInvalid, fmt.Sprintf("the body is larger than %d bytes; send fewer events", size.Limit))
	case errors.As(err, &line) && line.Timeout():
		return refusal(http.StatusRequestTimeout, kiosk.EUnavailable, "the body came in too slowly")
	}
	return refusal(http.StatusBadRequest, kiosk.EInvalid, "the body can't be read: broken gzip, or the line was cut")
}

type eventsInput struct {
	Body kiosk.Batch
}

type eventsOutput struct {
	Body kiosk.Ack
}

func (s *Server) ingest(ctx context.Context, in *eventsInput) (*eventsOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, s.opts.Budget)
	defer cancel()
	receipt, err := s.take(ctx, in.Body)
	for _, a := range receipt.Alarms {
		s.opts.Log.Warn("alarm", "kind", a.Kind, "kiosk", a.Kiosk, "epoch", a.Epoch, "seq", a.Seq, "times", a.Times, "detail", a.Detail)
	}
	if err != nil {
		p := s.fault(err)
		if p.Type != ProblemGap {
			s.opts.Log.Warn("batch refused", "kiosk", ctx.Value(sender{}), "status", p.Status, "detail", p.Detail)
		}
		return nil, p
	}
	receipt.Ack.Now = kiosk.InstantOf(s.opts.Now())
	return &eventsOutput{Body: receipt.Ack}, nil
}

// take checks a batch and stores it.
func (s *Server) take(ctx context.Context, b kiosk.Batch) (Receipt, error) {
	if id, _ := ctx.Value(sender{}).(kiosk.KioskID); id != b.Kiosk {
		return Receipt{}, refusal(http.StatusForbidden, kiosk.EInvalid,
			"the token belongs to another kiosk than the batch; compare [kiosk] id with the center's tokens_file")
	}
	now := s.opts.Now()
	if err := check(b, now, s.opts.Ahead); err != nil {
		return Receipt{}, err
	}
	if p := s.checkHall(ctx, callerOf(ctx), b.Hall); p != nil {
		return Receipt{}, p
	}
	sealed := Seal(b, now)
	sealed.Latest, sealed.Silence = now.Add(s.opts.Ahead), silence
	if h := s.hall(b.Hall); h.Catalog != nil {
		sealed.Way = h.Way
	}
	return s.store.Ingest(ctx, sealed)
}
