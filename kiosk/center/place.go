package center

import (
	"context"
	"net/http"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/calling"
)

type placeInput struct {
	Ticket kiosk.TicketID `path:"ticket" maxLength:"64"`
	Hall   kiosk.HallID   `query:"hall" required:"true" maxLength:"64"`
	Day    kiosk.Day      `query:"day" required:"true" format:"date" doc:"Business day of the ticket"`
}

type placeOutput struct {
	Body kiosk.Place
}

// place is GET /v1/self/tickets/{ticket}.
func (s *Server) place(ctx context.Context, in *placeInput) (*placeOutput, error) {
	if err := plain(in.Hall, string(in.Ticket)); err != nil {
		return nil, err
	}
	if p := s.checkHall(ctx, callerOf(ctx), in.Hall); p != nil {
		return nil, p
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.Budget)
	defer cancel()
	t, err := s.store.CallTicket(ctx, in.Hall, in.Ticket)
	if err != nil {
		return nil, s.fault(err)
	}
	return s.placed(ctx, in.Hall, in.Day, t)
}

// placed answers where a ticket of a hall and day stands.
func (s *Server) placed(ctx context.Context, hall kiosk.HallID, day kiosk.Day, t calling.Ticket) (*placeOutput, error) {
	out := &placeOutput{Body: kiosk.Place{State: t.State, Queue: t.Queue, Window: t.Window}}
	if t.State != kiosk.Waiting && t.State != kiosk.Parked {
		return out, nil
	}
	for _, of := range s.spans()[1:] {
		if day == of.Day && t.Since >= of.Since {
			day = s.today() // with whose people it is called
		}
	}
	l, err := s.lineOn(ctx, hall, day, t.Queue)
	if err != nil {
		return nil, s.fault(err)
	}
	out.Body.Ahead, out.Body.Estimate = l.Place(t.ID, s.opts.Rules, kiosk.InstantOf(s.opts.Now()))
	return out, nil
}

type numberedInput struct {
	Number string       `path:"number" maxLength:"64" doc:"As it is printed" example:"A1-007"`
	Hall   kiosk.HallID `query:"hall" required:"true" maxLength:"64"`
	Day    kiosk.Day    `query:"day" required:"true" format:"date" doc:"Business day of the number"`
}

// numbered is GET /v1/self/numbers/{number}. An id is known to who has the paper,
// but a number can be guessed: so only the hall's own kiosks may ask, each a few
// at a time, and the answer names neither the ticket nor its items.
func (s *Server) numbered(ctx context.Context, in *numberedInput) (*placeOutput, error) {
	if err := plain(in.Hall); err != nil {
		return nil, err
	}
	n, err := kiosk.ParseNumber(in.Number)
	if err != nil {
		return nil, problemOf(err)
	}
	c := callerOf(ctx)
	done, p := s.begin(c.kiosk, seeking)
	if p != nil {
		return nil, p
	}
	defer done()
	ctx, cancel := context.WithTimeout(ctx, s.opts.Budget)
	defer cancel()
	var out *placeOutput
	err = s.asks(ctx, func() error {
		own, err := s.isOf(ctx, c, in.Hall)
		if err != nil {
			return err
		}
		if !own {
			return deny(http.StatusForbidden, RefusedHall, "the kiosk is none of hall "+string(in.Hall)+"; compare [kiosk] hall")
		}
		t, err := s.store.Numbered(ctx, in.Hall, in.Day, n)
		if err == nil {
			out, err = s.placed(ctx, in.Hall, in.Day, t)
		}
		return err
	})
	if err != nil {
		return nil, s.fault(err)
	}
	return out, nil
}

// Place says how many are called before a ticket that waits, and in how many
// minutes it is: nil while no window is open. A parked ticket without a moment
// has everybody before it.
func (l Line) Place(id kiosk.TicketID, r kiosk.CallRules, now kiosk.Instant) (ahead int, e *kiosk.Estimate) {
	s := l.State
	order := calling.Forecast(s, r, l.Pace, now)
	open := order != nil
	if !open { // the order stands even so: it doesn't depend on how many call
		s.Windows = []calling.Window{{ID: "any"}}
		order = calling.Forecast(s, r, l.Pace, now)
	}
	for _, o := range order {
		if o.Ticket != id {
			continue
		}
		if open {
			quote := l.Score.Quote(o, now)
			e = &quote.Range
		}
		return o.Ahead, e
	}
	return len(order), nil
}
