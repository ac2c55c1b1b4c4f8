package center

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hallkiosk/kiosk"
)

// bookedAhead is how many days ahead a visit can be booked.
const bookedAhead = 90

// BookingBody is a visit to be booked.
type BookingBody struct {
	Op    kiosk.OpID     `json:"op" minLength:"1" maxLength:"64" doc:"Names this wish. The same wish with the same op makes no other booking and gets the same answer"`
	Queue kiosk.QueueID  `json:"queue,omitempty" maxLength:"64" doc:"Of all items; without it that of the catalog"`
	Items []kiosk.ItemID `json:"items" nullable:"false" minItems:"1" maxItems:"20" doc:"What the person comes for"`
	From  time.Time      `json:"from" doc:"The slot begins"`
	To    time.Time      `json:"to" doc:"The slot ends, on the same business day"`
	Phone string         `json:"phone,omitempty" maxLength:"4" doc:"The last four digits"`
	Card  string         `json:"card,omitempty" maxLength:"32" doc:"The number on the card with which the person checks in. It is kept nowhere, only a mark of it for that day"`
}

// BookingView is a booking as clerks and guides see it.
type BookingView struct {
	ID     kiosk.BookingID `json:"id"`
	Day    kiosk.Day       `json:"day" doc:"Business day"`
	Queue  kiosk.QueueID   `json:"queue"`
	Items  []kiosk.ItemID  `json:"items" nullable:"false"`
	From   time.Time       `json:"from"`
	To     time.Time       `json:"to"`
	Code   string          `json:"code" doc:"Eight digits, for checking in" example:"04711042"`
	Phone  string          `json:"phone,omitempty" doc:"The last four digits, until the day is over"`
	Card   bool            `json:"card" doc:"A card was given for checking in"`
	Ticket kiosk.TicketID  `json:"ticket,omitempty" doc:"That it was checked in for"`
}

func viewBooking(b kiosk.Booking) BookingView {
	return BookingView{ID: b.ID, Day: b.Day, Queue: b.Queue, Items: b.Items, From: b.Slot.From.Time(), To: b.Slot.To.Time(),
		Code: b.Code, Phone: b.Phone, Card: b.Card != "", Ticket: b.Ticket}
}

type bookInput struct {
	Hall kiosk.HallID `path:"hall" maxLength:"64"`
	Body BookingBody
}

type bookingOutput struct{ Body BookingView }

// book is POST /v1/halls/{hall}/bookings.
func (s *Server) book(ctx context.Context, in *bookInput) (*bookingOutput, error) {
	who, err := s.permitted(ctx, in.Hall, ActionCall, ActionGuide)
	if err == nil {
		err = plain(in.Hall)
	}
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.Budget)
	defer cancel()
	b, err := s.newBooking(ctx, in.Hall, in.Body)
	if err != nil {
		return nil, s.fault(err)
	}
	const tries = 5 // for a code that nobody has
	for range tries {
		b.ID, b.Code = kiosk.BookingID(kiosk.NewID(s.opts.Now(), rand.Reader)), newBookingCode()
		var made kiosk.Booking
		made, err = s.store.Book(ctx, in.Body.Op, b, s.hall(in.Hall).places(b.Queue), s.entry(ctx, who, in.Hall, "booking.made", string(b.ID)))
		if err == nil {
			return &bookingOutput{viewBooking(made)}, nil
		}
		if !errors.Is(err, errCode) {
			break
		}
	}
	return nil, s.fault(err)
}

// newBookingCode returns eight random digits.
func newBookingCode() string {
	n, _ := rand.Int(rand.Reader, big.NewInt(100_000_000)) // never fails
	return fmt.Sprintf("%08d", n)
}

// newBooking makes all of a booking but its id and code, by the hall's days and
// catalog.
func (s *Server) newBooking(ctx context.Context, hall kiosk.HallID, in BookingBody) (kiosk.Booking, error) {
	refuse := func(zh, en string) (kiosk.Booking, error) {
		return kiosk.Booking{}, &kiosk.Error{Code: kiosk.EInvalid, Op: "book", Message: zh, Hint: en}
	}
	now := s.opts.Now()
	b := kiosk.Booking{Hall: hall, Queue: in.Queue, Items: in.Items, Phone: in.Phone, Slot: kiosk.Slot{From: kiosk.InstantOf(in.From), To: kiosk.InstantOf(in.To)}}
	b.Day = s.dayAt(in.From.In(now.Location()))
	h := s.hall(hall)
	for _, id := range in.Items {
		item, ok := h.item(id)
		switch {
		case h.Catalog == nil:
		case !ok:
			return refuse("目录里没有这个事项。", "the hall's catalog has no such item")
		case b.Queue == "":
			b.Queue = item.Queue
		case b.Queue != item.Queue:
			return refuse("这些事项不在同一个队列，请分开预约。", "the items are of several queues; book each queue's by themselves")
		}
	}
	switch {
	case !in.To.After(in.From) || s.dayAt(in.To.Add(-time.Millisecond).In(now.Location())) != b.Day:
		return refuse("预约的时段不对，要在同一个营业日之内。", "the slot must end after it begins, on the same business day")
	case !in.To.After(now) || in.From.After(now.AddDate(0, 0, bookedAhead)):
		return refuse("只能预约今天起 90 天以内的时段。", "the slot is over, or more than 90 days ahead")
	}
	if in.Card == "" {
		return b, nil
	}
	mark, err := s.cardMark(ctx, hall, b.Day, in.Card)
	b.Card = mark
	return b, err
}

// cardMark returns how bookings of a day know a card. The number goes nowhere
// else.
func (s *Server) cardMark(ctx context.Context, hall kiosk.HallID, day kiosk.Day, number string) (string, error) {
	number = strings.ToUpper(strings.Join(strings.Fields(number), ""))
	plain := func(r rune) bool { return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' }
	if len(number) < 6 || len(number) > 32 || strings.ContainsFunc(number, func(r rune) bool { return !plain(r) }) {
		return "", &kiosk.Error{Code: kiosk.EInvalid, Op: "mark card", Message: "证件号码不对，只能有数字和字母。", Hint: "the card's number must be 6 to 32 digits and letters"}
	}
	key, err := s.store.CardKey(ctx, hall, day)
	if err != nil {
		return "", err
	}
	return kiosk.CardMark(key, number), nil
}

type unbookInput struct {
	Hall    kiosk.HallID    `path:"hall" maxLength:"64"`
	Booking kiosk.BookingID `path:"booking" maxLength:"64"`
}

// unbook is DELETE /v1/halls/{hall}/bookings/{booking}.
func (s *Server) unbook(ctx context.Context, in *unbookInput) (*struct{}, error) {
	who, err := s.permitted(ctx, in.Hall, ActionCall, ActionGuide)
	if err == nil {
		err = plain(in.Hall, string(in.Booking))
	}
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.Budget)
	defer cancel()
	if err := s.store.Unbook(ctx, in.Hall, in.Booking, s.entry(ctx, who, in.Hall, "booking.cancelled", string(in.Booking))); err != nil {
		return nil, s.fault(err)
	}
	return nil, nil
}

type bookingsInput struct {
	Hall  kiosk.HallID `path:"hall" maxLength:"64"`
	Day   kiosk.Day    `query:"day" maxLength:"10" doc:"Business day; without it today"`
	Code  string       `query:"code" maxLength:"8"`
	Phone string       `query:"phone" maxLength:"4" doc:"The last four digits"`
}

type bookingsOutput struct {
	Body []BookingView `nullable:"false"`
}

// bookings is GET /v1/halls/{hall}/bookings.
func (s *Server) bookings(ctx context.Context, in *bookingsInput) (*bookingsOutput, error) {
	return s.findBookings(ctx, in.Hall, BookingQuery{From: in.Day, Code: in.Code, Phone: in.Phone}, "")
}

type findInput struct {
	Hall kiosk.HallID `path:"hall" maxLength:"64"`
	Body struct {
		Day  kiosk.Day `json:"day,omitempty" maxLength:"10" doc:"Business day; without it today"`
		Card string    `json:"card" minLength:"1" maxLength:"64" doc:"The number on the card; it is kept nowhere"`
	}
}

// find is POST /v1/halls/{hall}/bookings/find. The card's number stands in the
// body, for addresses are written down on their way.
func (s *Server) find(ctx context.Context, in *findInput) (*bookingsOutput, error) {
	return s.findBookings(ctx, in.Hall, BookingQuery{From: in.Body.Day}, in.Body.Card)
}

func (s *Server) findBookings(ctx context.Context, hall kiosk.HallID, q BookingQuery, card string) (*bookingsOutput, error) {
	if _, err := s.permitted(ctx, hall, ActionCall, ActionGuide); err != nil {
		return nil, err
	}
	if q.From == "" {
		q.From = s.dayAt(s.opts.Now())
	}
	q.To = q.From
	if err := plain(hall, string(q.From), q.Code, q.Phone); err != nil {
		return nil, err
	}
	if day, err := time.Parse(time.DateOnly, string(q.From)); err != nil || day.Year() < 2000 {
		return nil, s.fault(&kiosk.Error{Code: kiosk.EInvalid, Op: "list bookings", Message: "日期不对。", Hint: "the day is not written 2006-01-02"})
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.Budget)
	defer cancel()
	out := &bookingsOutput{Body: []BookingView{}}
	if card != "" {
		any, err := s.store.Bookings(ctx, hall, q)
		if err != nil {
			return nil, s.fault(err)
		}
		if !slices.ContainsFunc(any, func(b kiosk.Booking) bool { return b.Card != "" }) {
			return out, nil // and no key is made for it
		}
		if q.Card, err = s.cardMark(ctx, hall, q.From, card); err != nil {
			return nil, s.fault(err)
		}
	}
	all, err := s.store.Bookings(ctx, hall, q)
	if err != nil {
		return nil, s.fault(err)
	}
	for _, b := range all {
		out.Body = append(out.Body, viewBooking(b))
	}
	return out, nil
}

type preferInput struct {
	Hall   kiosk.HallID   `path:"hall" maxLength:"64"`
	Ticket kiosk.TicketID `path:"ticket" maxLength:"64" doc:"Its id, with %2F for a slash"`
	Body   struct {
		Priority *kiosk.Priority  `json:"priority,omitempty" enum:"elder,disabled,pregnant,serviceman," doc:"Why the person goes ahead; empty takes it back"`
		Booking  *kiosk.BookingID `json:"booking,omitempty" maxLength:"64" doc:"What the ticket checks in; empty takes it back"`
	}
}

// prefer is PATCH /v1/halls/{hall}/tickets/{ticket}.
func (s *Server) prefer(ctx context.Context, in *preferInput) (*ticketOutput, error) {
	who, err := s.permitted(ctx, in.Hall, ActionGuide)
	if err == nil {
		err = plain(in.Hall, string(in.Ticket))
	}
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.Budget)
	defer cancel()
	p := Preference{Priority: in.Body.Priority}
	subject := string(in.Ticket)
	if p.Priority != nil {
		subject += " priority=" + string(*p.Priority)
	}
	if id := in.Body.Booking; id != nil {
		subject += " booking=" + string(*id)
		p.Booking = &CheckIn{}
		if *id != "" {
			b, err := s.oneBooking(ctx, in.Hall, *id)
			if err != nil {
				return nil, s.fault(err)
			}
			p.Booking = &CheckIn{Booking: b.ID, Slot: b.Slot}
		}
	}
	if err := s.store.Prefer(ctx, in.Hall, in.Ticket, p, s.entry(ctx, who, in.Hall, "ticket.preferred", subject)); err != nil {
		return nil, s.fault(err)
	}
	t, err := s.store.CallTicket(ctx, in.Hall, in.Ticket)
	if err != nil {
		return nil, s.fault(err)
	}
	return &ticketOutput{Body: viewTicket(t)}, nil
}

// oneBooking returns a booking of hall that is of today.
func (s *Server) oneBooking(ctx context.Context, hall kiosk.HallID, id kiosk.BookingID) (kiosk.Booking, error) {
	const op = "check in"
	if !text(string(id)) {
		return kiosk.Booking{}, NoBooking(op)
	}
	some, err := s.store.Bookings(ctx, hall, BookingQuery{ID: id})
	switch {
	case err != nil:
		return kiosk.Booking{}, err
	case len(some) == 0:
		return kiosk.Booking{}, NoBooking(op)
	case some[0].Day != s.dayAt(s.opts.Now()):
		return kiosk.Booking{}, &kiosk.Error{Code: kiosk.EConflict, Op: op, Message: "这个预约不是今天的。", Hint: "the booking is of " + string(some[0].Day)}
	}
	return some[0], nil
}

// bookOperations registers bookings, for clerks and guides.
func (s *Server) bookOperations(api huma.API, o operations) {
	huma.Register(api, o.change("book", http.MethodPost, "/v1/halls/{hall}/bookings", "Book a visit",
		"For people without a phone, by a clerk or guide. The same op makes no second booking. 409 of type urn:hallkiosk:problem:full when the queue has no place in that slot."), s.book)
	huma.Register(api, o.change("unbook", http.MethodDelete, "/v1/halls/{hall}/bookings/{booking}", "Cancel a booking", "409 when it was checked in."), s.unbook)
	huma.Register(api, o.ask("get-bookings", "/v1/halls/{hall}/bookings", "The bookings of a day, by slot"), s.bookings)
	huma.Register(api, o.change("find-bookings", http.MethodPost, "/v1/halls/{hall}/bookings/find", "The bookings of a card on a day",
		"The card's number is neither kept nor logged."), s.find)
	huma.Register(api, o.change("prefer", http.MethodPatch, "/v1/halls/{hall}/tickets/{ticket}", "Mark who goes ahead, or check in a booking for a ticket",
		"What is left out stays as it is. 404 when the ticket doesn't wait, 409 when another ticket has the booking."), s.prefer)
}
