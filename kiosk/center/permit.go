package center

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"hallkiosk/kiosk"
)

// actor is the context key of who makes a request.
type actor struct{}

// source is the context key of where a request comes from.
type source struct{}

// entry tells of what an actor does, for the audit trail.
func (s *Server) entry(ctx context.Context, who Actor, hall kiosk.HallID, action, subject string) Entry {
	from, _ := ctx.Value(source{}).(string)
	return Entry{At: s.opts.Now(), Hall: hall, Account: who.ID, Action: action, Subject: subject, From: from}
}

// identify lets in whoever Opts.Actor knows.
func (s *Server) identify(api huma.API) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		if s.opts.Actor == nil {
			s.turnAway(api, ctx, deny(http.StatusUnauthorized, RefusedSession, "this center knows no accounts"))
			return
		}
		r, _ := humago.Unwrap(ctx)
		who, err := s.opts.Actor(r)
		if err != nil {
			p := deny(http.StatusUnauthorized, RefusedSession, "log in first")
			p.Message = "请先登录。"
			var known *kiosk.Error
			var said *Problem
			if errors.As(err, &said) || errors.As(err, &known) && statusOf[known.Code] == http.StatusServiceUnavailable {
				p = s.fault(err)
			}
			s.turnAway(api, ctx, p)
			return
		}
		next(huma.WithValue(huma.WithValue(ctx, actor{}, who), source{}, address(r.RemoteAddr)))
	}
}

// allowed returns who makes a request, if that actor may do one of actions in
// hall; "" asks for all halls.
func allowed(ctx context.Context, hall kiosk.HallID, actions ...Action) (Actor, error) {
	who, ok := ctx.Value(actor{}).(Actor)
	allowed := slices.ContainsFunc(actions, func(a Action) bool { return Permit(Role(who.Role), a) })
	if !ok || !allowed || who.Hall != "" && who.Hall != hall {
		p := deny(http.StatusForbidden, RefusedRole, "this account's role may not do that, or not in this hall")
		p.Message = "您的账号没有这项权限。"
		return Actor{}, p
	}
	return who, nil
}

// permitted is allowed in a hall that is there.
func (s *Server) permitted(ctx context.Context, hall kiosk.HallID, actions ...Action) (Actor, error) {
	who, err := allowed(ctx, hall, actions...)
	if err != nil {
		return who, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.Budget)
	defer cancel()
	return who, s.there(ctx, hall)
}

// plain returns a refusal unless hall is a hall's name and the others are short
// texts, which every database can look for.
func plain(hall kiosk.HallID, others ...string) error {
	if name.MatchString(string(hall)) && !slices.ContainsFunc(others, func(s string) bool { return !text(s) }) {
		return nil
	}
	p := refusal(http.StatusUnprocessableEntity, kiosk.EInvalid, "hall must be 1 to 64 letters, digits, dots, hyphens or underscores; the rest short texts")
	p.Message = badInput
	return p
}
