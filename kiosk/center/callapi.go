package center

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/calling"
)

// PressBody is what comes with a press.
type PressBody struct {
	Op     kiosk.OpID     `json:"op" minLength:"1" maxLength:"64" doc:"Names this press. The same press with the same op does nothing again and gets the same answer"`
	Ticket kiosk.TicketID `json:"ticket,omitempty" maxLength:"64" doc:"Without it: call takes the next, every other verb the ticket at the window"`
	Queue  kiosk.QueueID  `json:"queue,omitempty" maxLength:"64" doc:"transfer: where to. call: take the next of this queue only"`
	Until  *time.Time     `json:"until,omitempty" doc:"park: when to offer it again; without it not before it is put back"`
	Reason string         `json:"reason,omitempty" maxLength:"200" doc:"pause: why"`
	Undoes kiosk.OpID     `json:"undoes,omitempty" maxLength:"64" doc:"undo: the op to take back"`
	Day    kiosk.Day      `json:"day,omitempty" maxLength:"10" doc:"call: whose tickets; without it those of today, and of who came in the last six hours of the day before"`
}

// TicketNow is a ticket as a clerk sees it.
type TicketNow struct {
	ID       kiosk.TicketID `json:"id"`
	Number   string         `json:"number" example:"A023"`
	State    kiosk.State    `json:"state" example:"called"`
	Queue    kiosk.QueueID  `json:"queue" doc:"Where it waits or is called"`
	Window   kiosk.WindowID `json:"window,omitempty"`
	Items    []kiosk.ItemID `json:"items" nullable:"false" doc:"What is still to be done, in turn"`
	Priority kiosk.Priority `json:"priority,omitempty"`
	Slot     *SlotView      `json:"slot,omitempty" doc:"For when it is booked"`
	Taken    time.Time      `json:"taken"`
	Since    time.Time      `json:"since" doc:"How long it is in its state"`
	Until    *time.Time     `json:"until,omitempty" doc:"Not offered before"`
	Calls    int            `json:"calls"`
	Misses   int            `json:"misses"`
}

// SlotView is a time that was booked.
type SlotView struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// WindowView is a window as everybody may see it.
type WindowView struct {
	ID     kiosk.WindowID  `json:"id" example:"21"`
	Queues []kiosk.QueueID `json:"queues,omitempty"`
	Paused bool            `json:"paused"`
	Reason string          `json:"reason,omitempty" doc:"Why it is paused"`
	Number string          `json:"number,omitempty" doc:"Who is there" example:"A023"`
	State  kiosk.State     `json:"state,omitempty" doc:"called or serving"`
}

// Pressed answers a press.
type Pressed struct {
	Op     kiosk.OpID    `json:"op"`
	Verb   calling.Verb  `json:"verb"`
	Lane   calling.Lane  `json:"lane,omitempty" doc:"Why this one was called"`
	Ticket *TicketNow    `json:"ticket,omitempty" doc:"As the press left it"`
	Window *WindowView   `json:"window,omitempty" doc:"As the press left it"`
	At     kiosk.Instant `json:"at" doc:"When, Unix ms"`
}

func viewTicket(t calling.Ticket) *TicketNow {
	v := &TicketNow{ID: t.ID, Number: t.Number.String(), State: t.State, Queue: t.Queue, Window: t.Window, Items: []kiosk.ItemID{},
		Priority: t.Priority, Taken: t.Taken.Time(), Since: t.Since.Time(), Calls: t.Calls, Misses: t.Misses}
	for _, e := range t.Todo {
		v.Items = append(v.Items, e.Item)
	}
	if t.Slot != (kiosk.Slot{}) {
		v.Slot = &SlotView{t.Slot.From.Time(), t.Slot.To.Time()}
	}
	if t.Until != 0 {
		until := t.Until.Time()
		v.Until = &until
	}
	return v
}

// pressed says what a change came to; at window, if it was at one.
func pressed(ch calling.Change) *Pressed {
	v := &Pressed{Op: ch.Op, Verb: ch.Verb, Lane: ch.Lane, At: ch.At}
	if ch.By != "" {
		v.Window = &WindowView{ID: ch.By}
	}
	if ch.Ticket != nil {
		t := ch.Ticket.After
		v.Ticket = viewTicket(t)
		if v.Window != nil && t.Window == ch.By {
			v.Window.Number, v.Window.State = t.Number.String(), t.State
		}
	}
	if w := ch.Window; w != nil && v.Window != nil {
		v.Window.Paused, v.Window.Reason = w.After.Paused, w.After.Reason
	}
	return v
}

type pressInput struct {
	Hall   kiosk.HallID   `path:"hall" maxLength:"64"`
	Window kiosk.WindowID `path:"window" maxLength:"64"`
	Verb   calling.Verb   `path:"verb" enum:"call,recall,start,finish,noshow,park,putback,transfer,leave,pause,resume,undo"`
	Body   PressBody
}

type guideInput struct {
	Hall   kiosk.HallID   `path:"hall" maxLength:"64"`
	Ticket kiosk.TicketID `path:"ticket" maxLength:"64" doc:"Its id, with %2F for a slash"`
	Verb   calling.Verb   `path:"verb" enum:"putback,transfer,leave,undo"`
	Body   PressBody
}

type pressOutput struct {
	Body *Pressed
}

// press is POST /v1/halls/{hall}/windows/{window}/{verb}.
func (s *Server) press(ctx context.Context, in *pressInput) (*pressOutput, error) {
	action := ActionCall
	switch in.Verb {
	case calling.Pause, calling.Resume:
		action = ActionWindow
	case calling.Transfer:
		action = ActionTransfer
	}
	return s.do(ctx, in.Hall, in.Window, in.Verb, in.Body, action)
}

// guide is POST /v1/halls/{hall}/tickets/{ticket}/{verb}.
func (s *Server) guide(ctx context.Context, in *guideInput) (*pressOutput, error) {
	in.Body.Ticket = in.Ticket
	return s.do(ctx, in.Hall, "", in.Verb, in.Body, ActionGuide)
}

func (s *Server) do(ctx context.Context, hall kiosk.HallID, window kiosk.WindowID, verb calling.Verb, b PressBody, action Action) (*pressOutput, error) {
	who, err := s.permitted(ctx, hall, action)
	if err == nil {
		err = plain(hall, string(b.Queue))
	}
	if err != nil {
		return nil, err
	}
	defer s.turns.hurry()()
	ctx, cancel := context.WithTimeout(ctx, s.opts.Budget)
	defer cancel()
	p := Press{Hall: hall, Day: s.today(), Of: s.spans(), Actor: who, Rules: s.opts.Rules, Pace: s.hall(hall).pace,
		Command: calling.Command{Op: b.Op, Verb: verb, Window: window, Ticket: b.Ticket, Queue: b.Queue, Reason: b.Reason, At: kiosk.InstantOf(s.opts.Now())}}
	if b.Until != nil {
		p.Until = kiosk.InstantOf(*b.Until)
	}
	if verb == calling.Undone {
		p.Ticket, p.Undoes = "", b.Undoes
	}
	if b.Day != "" {
		p.Of = []Span{{Day: b.Day}}
	}
	if verb == calling.Transfer {
		if err := s.served(ctx, hall, b.Queue); err != nil {
			return nil, err
		}
	}
	ch, err := s.store.Do(ctx, p)
	if err != nil {
		return nil, s.fault(err)
	}
	return &pressOutput{Body: pressed(ch)}, nil
}

// served returns nil when any window of hall serves a queue: nobody is sent
// where nobody would call.
func (s *Server) served(ctx context.Context, hall kiosk.HallID, queue kiosk.QueueID) error {
	all, err := s.store.Windows(ctx, hall)
	if err != nil {
		return s.fault(err)
	}
	if slices.ContainsFunc(all, func(w WindowNow) bool { return slices.Contains(w.Queues, queue) }) {
		return nil
	}
	p := refusal(http.StatusUnprocessableEntity, kiosk.EInvalid, "no window serves that queue")
	p.Message = "没有窗口办理这个队列，请选别的队列。"
	return p
}

type hallInput struct {
	Hall kiosk.HallID `path:"hall" maxLength:"64"`
}

type windowsOutput struct {
	Body []WindowView `nullable:"false"`
}

func (s *Server) windows(ctx context.Context, in *hallInput) (*windowsOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, s.opts.Budget)
	defer cancel()
	if err := s.there(ctx, in.Hall); err != nil {
		return nil, err
	}
	all, err := s.store.Windows(ctx, in.Hall)
	if err != nil {
		return nil, s.fault(err)
	}
	out := &windowsOutput{Body: []WindowView{}}
	for _, w := range all {
		v := WindowView{ID: w.ID, Queues: w.Queues, Paused: w.Paused, Reason: w.Reason}
		if w.Ticket != nil {
			v.Number, v.State = w.Ticket.Number.String(), w.Ticket.State
		}
		out.Body = append(out.Body, v)
	}
	return out, nil
}

type windowInput struct {
	Hall   kiosk.HallID   `path:"hall" maxLength:"64"`
	Window kiosk.WindowID `path:"window" maxLength:"64"`
	Body   struct {
		Queues []kiosk.QueueID `json:"queues" nullable:"false" maxItems:"100" doc:"What it serves"`
	}
}

// setWindow is PUT /v1/halls/{hall}/windows/{window}.
func (s *Server) setWindow(ctx context.Context, in *windowInput) (*struct{}, error) {
	// Which windows there are is the manager's business, like pausing a queue.
	who, err := s.permitted(ctx, in.Hall, ActionQueue)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.Budget)
	defer cancel()
	if err := s.hall(in.Hall).check("set window", in.Body.Queues...); err != nil {
		return nil, s.fault(err)
	}
	told := s.entry(ctx, who, in.Hall, "window.set", windowSet(in.Window, in.Body.Queues))
	if err := s.store.SetWindow(ctx, in.Hall, in.Window, in.Body.Queues, told); err != nil {
		return nil, s.fault(err)
	}
	return nil, nil
}

// windowSet is the subject of an entry that tells what a window serves.
func windowSet(id kiosk.WindowID, queues []kiosk.QueueID) string {
	const most = 300
	subject := fmt.Sprintf("%s %s", id, queues)
	if len(subject) > most {
		subject = strings.ToValidUTF8(subject[:most], "") + "..."
	}
	return subject
}

type callsInput struct {
	Hall  kiosk.HallID `path:"hall" maxLength:"64"`
	Day   kiosk.Day    `query:"day" maxLength:"10" doc:"Business day of the calls; without it today"`
	Limit int          `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

type callsOutput struct {
	Body []kiosk.Call `nullable:"false"`
}

// calls is GET /v1/halls/{hall}/calls.
func (s *Server) calls(ctx context.Context, in *callsInput) (*callsOutput, error) {
	if err := plain(in.Hall, string(in.Day)); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.Budget)
	defer cancel()
	if err := s.there(ctx, in.Hall); err != nil {
		return nil, err
	}
	recent, err := s.store.Recent(ctx, in.Hall, cmp.Or(in.Day, s.today()), in.Limit)
	if err != nil {
		return nil, s.fault(err)
	}
	out := &callsOutput{Body: recent}
	if out.Body == nil {
		out.Body = []kiosk.Call{}
	}
	return out, nil
}

// LineView is one queue as a clerk sees it.
type LineView struct {
	Queue    kiosk.QueueID `json:"queue"`
	Waiting  []TicketNow   `json:"waiting" nullable:"false" doc:"By place; the parked ones too"`
	Windows  int           `json:"windows" doc:"Open ones"`
	Estimate *Minutes      `json:"estimate,omitempty" doc:"How long somebody who comes now will wait; left out while no window is open"`
	Coverage float64       `json:"coverage" doc:"Share of earlier estimates that were right"`
	Scored   int           `json:"scored" doc:"How many those were"`
}

// Minutes are a range of them.
type Minutes struct {
	Low  int `json:"low"`
	High int `json:"high"`
}

type lineInput struct {
	Hall  kiosk.HallID  `path:"hall" maxLength:"64"`
	Queue kiosk.QueueID `path:"queue" maxLength:"64"`
	Day   kiosk.Day     `query:"day" maxLength:"10" doc:"Business day; without it today, with whoever waits from the night before"`
}

type lineOutput struct {
	Body *LineView
}

// line is GET /v1/halls/{hall}/queues/{queue}.
func (s *Server) line(ctx context.Context, in *lineInput) (*lineOutput, error) {
	if _, err := s.permitted(ctx, in.Hall, ActionCall, ActionGuide); err != nil {
		return nil, err
	}
	if err := plain(in.Hall, string(in.Queue), string(in.Day)); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.Budget)
	defer cancel()
	l, err := s.lineOn(ctx, in.Hall, cmp.Or(in.Day, s.today()), in.Queue)
	if err != nil {
		return nil, s.fault(err)
	}
	l.Pace = s.hall(in.Hall).pace(in.Queue, l.Pace)
	v := &LineView{Queue: in.Queue, Waiting: []TicketNow{}, Coverage: l.Score.Coverage(), Scored: l.Score.Quotes}
	for _, t := range l.Tickets {
		if t.Window == "" {
			v.Waiting = append(v.Waiting, *viewTicket(t))
		}
	}
	for _, w := range l.Windows {
		if !w.Paused {
			v.Windows++
		}
	}
	if e, ok := l.Estimate(s.opts.Rules, kiosk.InstantOf(s.opts.Now())); ok {
		v.Estimate = &Minutes{e.Low, e.High}
	}
	return &lineOutput{Body: v}, nil
}

type ticketInput struct {
	Hall   kiosk.HallID   `path:"hall" maxLength:"64"`
	Ticket kiosk.TicketID `path:"ticket" maxLength:"64"`
}

type ticketOutput struct {
	Body *TicketNow
}

// ticket is GET /v1/halls/{hall}/tickets/{ticket}.
func (s *Server) ticket(ctx context.Context, in *ticketInput) (*ticketOutput, error) {
	if _, err := s.permitted(ctx, in.Hall, ActionCall, ActionGuide); err != nil {
		return nil, err
	}
	if err := plain(in.Hall, string(in.Ticket)); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.Budget)
	defer cancel()
	t, err := s.store.CallTicket(ctx, in.Hall, in.Ticket)
	if err != nil {
		return nil, s.fault(err)
	}
	return &ticketOutput{Body: viewTicket(t)}, nil
}

// operations describes what people with accounts may do.
type operations struct {
	known    huma.Middlewares
	refusals func(...int) map[string]*huma.Response
}

var byAccount = []map[string][]string{{"account": {}}}

// change is an operation that changes something.
func (o operations) change(id, method, path, summary, description string) huma.Operation {
	return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Description: description,
		Security: byAccount, Middlewares: o.known, MaxBodyBytes: 4 << 10, Responses: o.refusals(400, 401, 403, 404, 408, 409, 413, 415, 422, 500, 503)}
}

// ask is an operation that only reads.
func (o operations) ask(id, path, summary string) huma.Operation {
	return huma.Operation{OperationID: id, Method: http.MethodGet, Path: path, Summary: summary,
		Security: byAccount, Middlewares: o.known, Responses: o.refusals(401, 403, 404, 422, 500, 503)}
}

// open is ask for everybody.
func (o operations) open(id, path, summary string) huma.Operation {
	return huma.Operation{OperationID: id, Method: http.MethodGet, Path: path, Summary: summary, Responses: o.refusals(404, 422, 500, 503)}
}

// callOperations registers what clerks, guides and boards use.
func (s *Server) callOperations(api huma.API, o operations) {
	huma.Register(api, o.change("press", http.MethodPost, "/v1/halls/{hall}/windows/{window}/{verb}", "What a clerk does at a window",
		"Call the next or a certain ticket, recall, start, finish, noshow, park, putback, transfer, leave; pause and resume the window; undo. 409 when it can't be done now, with words for the clerk."), s.press)
	huma.Register(api, o.change("guide", http.MethodPost, "/v1/halls/{hall}/tickets/{ticket}/{verb}", "What a guide does to a ticket that is at no window",
		"409 when it can't be done now, with words for the guide."), s.guide)
	huma.Register(api, o.change("put-window", http.MethodPut, "/v1/halls/{hall}/windows/{window}", "Define a window, or what it serves",
		"One that is there stays open or paused."), s.setWindow)
	huma.Register(api, o.open("get-windows", "/v1/halls/{hall}/windows", "The windows of a hall and who is there"), s.windows)
	huma.Register(api, o.open("get-calls", "/v1/halls/{hall}/calls", "The calls of a day, newest first"), s.calls)
	huma.Register(api, o.ask("get-line", "/v1/halls/{hall}/queues/{queue}", "Who waits in a queue, and how long one waits"), s.line)
	huma.Register(api, o.ask("get-ticket", "/v1/halls/{hall}/tickets/{ticket}", "One ticket"), s.ticket)
}
