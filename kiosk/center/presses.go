package center

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/calling"
)

// PressView is a press and who made it.
type PressView struct {
	Op      kiosk.OpID     `json:"op"`
	At      time.Time      `json:"at"`
	Account string         `json:"account" doc:"Who"`
	Role    Role           `json:"role" doc:"As which"`
	Verb    calling.Verb   `json:"verb" doc:"What" example:"transfer"`
	Window  kiosk.WindowID `json:"window,omitempty" doc:"Where; without it at no window"`
	Ticket  kiosk.TicketID `json:"ticket,omitempty"`
	Number  string         `json:"number,omitempty" example:"A023"`
	From    kiosk.State    `json:"from,omitempty" doc:"The ticket's state before"`
	To      kiosk.State    `json:"to,omitempty" doc:"and after"`
	Queue   kiosk.QueueID  `json:"queue,omitempty" doc:"The ticket's queue after"`
	Reason  string         `json:"reason,omitempty" doc:"pause: why"`
	Undoes  kiosk.OpID     `json:"undoes,omitempty" doc:"undo: the press that it takes back"`
	Undone  kiosk.OpID     `json:"undone,omitempty" doc:"The press that took this one back"`
}

func viewPress(c Changed) PressView {
	v := PressView{Op: c.Op, At: c.At.Time(), Account: c.Actor.ID, Role: Role(c.Actor.Role), Verb: c.Verb, Window: c.By, Undoes: c.Undoes, Undone: c.Undone}
	if t := c.Ticket; t != nil {
		v.Ticket, v.Number, v.From, v.To, v.Queue = t.After.ID, t.After.Number.String(), t.Before.State, t.After.State, t.After.Queue
	}
	if c.Window != nil {
		v.Reason = c.Window.After.Reason
	}
	return v
}

// Words are the press's object in one line: number, states, queue, window, why.
func (p PressView) Words() string {
	var words []string
	if p.Number != "" {
		words = append(words, p.Number, string(p.From)+">"+string(p.To), string(p.Queue))
	}
	for _, w := range []struct{ name, is string }{{"window", string(p.Window)}, {"reason", p.Reason}, {"op", string(p.Op)}, {"undoes", string(p.Undoes)}, {"undone", string(p.Undone)}} {
		if w.is != "" {
			words = append(words, fmt.Sprintf("%s=%s", w.name, w.is))
		}
	}
	return strings.Join(words, " ")
}

// Presses returns at most limit presses of a hall and business day with who made
// them, newest first; ticket is an id or the number that is printed. EInvalid:
// the day can't be one. ENotFound: the hall has no such ticket.
func Presses(ctx context.Context, st Calls, of ChangesOf, ticket string, limit int) ([]PressView, error) {
	if _, err := time.Parse(time.DateOnly, string(of.Day)); err != nil {
		return nil, &kiosk.Error{Code: kiosk.EInvalid, Op: "list presses", Message: "日期不对。", Hint: "the day is not written 2006-01-02"}
	}
	if of.Ticket = kiosk.TicketID(ticket); ticket != "" {
		if n, err := kiosk.ParseNumber(ticket); err == nil {
			t, err := st.Numbered(ctx, of.Hall, of.Day, n)
			if err != nil {
				return nil, err
			}
			of.Ticket = t.ID
		}
	}
	all, err := st.Changes(ctx, of, limit)
	out := make([]PressView, len(all))
	for i, c := range all {
		out[i] = viewPress(c)
	}
	return out, err
}

type pressesInput struct {
	Hall   kiosk.HallID   `path:"hall" maxLength:"64"`
	Day    kiosk.Day      `query:"day" maxLength:"10" doc:"Business day of the presses; without it today"`
	Window kiosk.WindowID `query:"window" maxLength:"64" doc:"Only what was done there"`
	Ticket string         `query:"ticket" maxLength:"64" doc:"Only what was done to it: its id, or the number that is printed"`
	Limit  int            `query:"limit" minimum:"1" maximum:"5000" default:"100"`
}

type pressesOutput struct {
	Body []PressView `nullable:"false"`
}

// presses is GET /v1/halls/{hall}/presses.
func (s *Server) presses(ctx context.Context, in *pressesInput) (*pressesOutput, error) {
	if _, err := s.permitted(ctx, in.Hall, ActionAudit); err != nil {
		return nil, err
	}
	if err := plain(in.Hall, string(in.Day), string(in.Window), in.Ticket); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.Budget)
	defer cancel()
	of := ChangesOf{Hall: in.Hall, Day: cmp.Or(in.Day, s.today()), Window: in.Window}
	all, err := Presses(ctx, s.store, of, in.Ticket, in.Limit)
	if err != nil {
		return nil, s.fault(err)
	}
	return &pressesOutput{Body: all}, nil
}

// pressOperations registers what tells who called, transferred, undid and paused.
func (s *Server) pressOperations(api huma.API, o operations) {
	op := o.ask("get-presses", "/v1/halls/{hall}/presses", "Who pressed what at the windows of a hall on a day, newest first")
	op.Description = "For managers of the hall and administrators. Presses are kept as long as the tickets they tell of; everything else that people do stands in get-audit, which is kept longer."
	huma.Register(api, op, s.presses)
}
