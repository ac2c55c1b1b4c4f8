package center

import (
	"context"
	"crypto/rand"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hallkiosk/kiosk"
)

// printSoon is how long an order to print again is in force unless it says
// otherwise: the person waits beside the machine.
const printSoon = 10 * time.Minute

// OrderInput is an order to be made.
type OrderInput struct {
	Op     kiosk.OpID     `json:"op" minLength:"1" maxLength:"64" doc:"Names this wish. The same wish with the same op makes no other order and gets the same answer"`
	Do     kiosk.Doing    `json:"do" enum:"pause,reprint,message" doc:"pause: a queue gives no numbers. reprint: a ticket is printed once more. message: a text stands on the screens"`
	Kiosk  kiosk.KioskID  `json:"kiosk,omitempty" maxLength:"64" doc:"reprint: where. Otherwise without it all of the hall"`
	Queue  kiosk.QueueID  `json:"queue,omitempty" maxLength:"64" doc:"pause: which"`
	Ticket kiosk.TicketID `json:"ticket,omitempty" maxLength:"64" doc:"reprint: which"`
	Text   kiosk.Text     `json:"text,omitzero" doc:"pause: why. message: what. At most 300 bytes in each language, and not without Chinese"`
	Until  *time.Time     `json:"until,omitempty" doc:"Until when it is in force; without it until it is taken back, and reprint for ten minutes"`
}

// OrderView is an order and what became of it.
type OrderView struct {
	ID      kiosk.OrderID  `json:"id"`
	Do      kiosk.Doing    `json:"do"`
	Kiosk   kiosk.KioskID  `json:"kiosk,omitempty"`
	Queue   kiosk.QueueID  `json:"queue,omitempty"`
	Ticket  kiosk.TicketID `json:"ticket,omitempty"`
	Text    kiosk.Text     `json:"text,omitzero"`
	Until   *time.Time     `json:"until,omitempty"`
	InForce bool           `json:"in_force"`
	By      string         `json:"by" doc:"The account that made it"`
	Made    time.Time      `json:"made"`
	Ended   *time.Time     `json:"ended,omitempty" doc:"When it was taken back or done"`
	Done    bool           `json:"done" doc:"The kiosk has carried it out, or says in fault why it couldn't"`
	Fault   string         `json:"fault,omitempty"`
}

func viewOrder(o Ordered, now kiosk.Instant) OrderView {
	v := OrderView{ID: o.ID, Do: o.Do, Kiosk: o.Kiosk, Queue: o.Queue, Ticket: o.Ticket, Text: o.Text, InForce: o.InForce(now), By: o.By, Made: o.Made, Done: o.Done, Fault: o.Fault}
	if o.Until != 0 {
		until := o.Until.Time()
		v.Until = &until
	}
	if !o.Ended.IsZero() {
		v.Ended = &o.Ended
	}
	return v
}

// orderActions are who may give an order: whoever has one of the actions.
var orderActions = map[kiosk.Doing][]Action{
	kiosk.PauseQueue:  {ActionQueue},
	kiosk.ShowMessage: {ActionQueue},
	kiosk.PrintAgain:  {ActionKiosk, ActionGuide},
}

type orderInput struct {
	Hall kiosk.HallID `path:"hall" maxLength:"64"`
	Body OrderInput
}

type orderOutput struct{ Body OrderView }

// order is POST /v1/halls/{hall}/orders.
func (s *Server) order(ctx context.Context, in *orderInput) (*orderOutput, error) {
	b, now := in.Body, s.opts.Now()
	who, err := s.permitted(ctx, in.Hall, orderActions[b.Do]...)
	if err == nil {
		err = plain(in.Hall, string(b.Kiosk), string(b.Queue), string(b.Ticket))
	}
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.Budget)
	defer cancel()
	o := kiosk.Order{ID: kiosk.OrderID(kiosk.NewID(now, rand.Reader)), Do: b.Do, Kiosk: b.Kiosk, Queue: b.Queue, Ticket: b.Ticket, Text: b.Text}
	switch {
	case b.Until != nil:
		o.Until = kiosk.InstantOf(*b.Until)
	case b.Do == kiosk.PrintAgain:
		o.Until = kiosk.InstantOf(now.Add(printSoon))
	}
	if err := s.orderable(ctx, in.Hall, o); err != nil {
		return nil, s.fault(err)
	}
	made, err := s.store.Order(ctx, b.Op, in.Hall, o, s.entry(ctx, who, in.Hall, "order.made", string(o.Do)+" "+string(o.ID)))
	if err != nil {
		return nil, s.fault(err)
	}
	return &orderOutput{viewOrder(Ordered{Order: made, By: who.ID, Made: now}, kiosk.InstantOf(now))}, nil
}

// orderable refuses an order about what the hall doesn't have, and one that is
// over already.
func (s *Server) orderable(ctx context.Context, hall kiosk.HallID, o kiosk.Order) error {
	const op = "order"
	if o.Until != 0 && o.Until <= kiosk.InstantOf(s.opts.Now()) {
		return &kiosk.Error{Code: kiosk.EInvalid, Op: op, Message: "结束的时间已经过去，请选以后的时间。", Hint: "until is not after now"}
	}
	if o.Queue != "" {
		if err := s.hall(hall).check(op, o.Queue); err != nil {
			return err
		}
	}
	if o.Kiosk != "" {
		k, err := s.store.Kiosk(ctx, o.Kiosk)
		if err != nil && kiosk.CodeOf(err) != kiosk.ENotFound {
			return err
		}
		if err != nil || k.Hall != hall {
			return &kiosk.Error{Code: kiosk.ENotFound, Op: op, Message: "这个大厅没有这台终端。", Hint: "no kiosk of that id has spoken for the hall"}
		}
	}
	if o.Ticket != "" {
		_, err := s.store.CallTicket(ctx, hall, o.Ticket)
		return err
	}
	return nil
}

type takeBackInput struct {
	Hall  kiosk.HallID  `path:"hall" maxLength:"64"`
	Order kiosk.OrderID `path:"order" maxLength:"64"`
}

// takeBack is DELETE /v1/halls/{hall}/orders/{order}. Whoever may pause a queue
// may take back any order.
func (s *Server) takeBack(ctx context.Context, in *takeBackInput) (*struct{}, error) {
	who, err := s.permitted(ctx, in.Hall, ActionQueue, ActionKiosk)
	if err == nil {
		err = plain(in.Hall, string(in.Order))
	}
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.Budget)
	defer cancel()
	if err := s.store.TakeBack(ctx, in.Hall, in.Order, s.entry(ctx, who, in.Hall, "order.taken-back", string(in.Order))); err != nil {
		return nil, s.fault(err)
	}
	return nil, nil
}

type ordersInput struct {
	Hall  kiosk.HallID `path:"hall" maxLength:"64"`
	Limit int          `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type ordersOutput struct {
	Body []OrderView `nullable:"false"`
}

// orders is GET /v1/halls/{hall}/orders.
func (s *Server) orders(ctx context.Context, in *ordersInput) (*ordersOutput, error) {
	if _, err := s.permitted(ctx, in.Hall, ActionQueue, ActionKiosk, ActionGuide); err != nil {
		return nil, err
	}
	if err := plain(in.Hall); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.Budget)
	defer cancel()
	all, err := s.store.Orders(ctx, in.Hall, in.Limit)
	if err != nil {
		return nil, s.fault(err)
	}
	out := &ordersOutput{Body: []OrderView{}}
	for _, o := range all {
		out.Body = append(out.Body, viewOrder(o, kiosk.InstantOf(s.opts.Now())))
	}
	return out, nil
}

// orderOperations registers what is wanted of kiosks.
func (s *Server) orderOperations(api huma.API, o operations) {
	huma.Register(api, o.change("order", http.MethodPost, "/v1/halls/{hall}/orders", "Give the kiosks of a hall an order",
		"Managers and technicians pause queues and show messages; technicians, administrators, guides and managers have a ticket printed again."), s.order)
	huma.Register(api, o.change("take-back-order", http.MethodDelete, "/v1/halls/{hall}/orders/{order}", "Take an order back", "409 when it has ended."), s.takeBack)
	huma.Register(api, o.ask("get-orders", "/v1/halls/{hall}/orders", "The orders of a hall and what became of them, newest first"), s.orders)
}
