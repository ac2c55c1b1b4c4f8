package kiosk

import (
	"context"
	"time"
)

// News is what the center tells the kiosks of a hall: how the hall stands now,
// whole each time, as one server-sent event of GET /v1/news. A later version
// replaces an earlier one.
type News struct {
	Hall    HallID   `json:"hall"`
	Version int64    `json:"version"` // rises with every change in the hall
	Lengths []Length `json:"lengths"` // of the business days from which anybody waits

	Calls    []Call         `json:"calls,omitempty"`     // the newest of the day, newest first, 20 at the most
	Bookings []Booking      `json:"bookings,omitempty"`  // from today to the end of tomorrow, those checked in too
	CardKeys map[Day][]byte `json:"card_keys,omitempty"` // of the days of the bookings; see CardMark
	Orders   []Order        `json:"orders,omitempty"`    // in force, oldest first

	Catalog  string `json:"catalog,omitempty"`  // the version of the catalog that the center has for the hall
	Calendar string `json:"calendar,omitempty"` // and of its calendar
}

// Length is how many people wait in one queue of the hall.
type Length struct {
	Day     Day     `json:"day"`
	Queue   QueueID `json:"queue"`
	Waiting int     `json:"waiting"`

	// Estimate is how long who came now would wait, from measured service; nil
	// while no window of the queue is open, or the center knows none.
	Estimate *Estimate `json:"estimate,omitempty"`
}

// Call is one call of a number to a window.
type Call struct {
	Number string    `json:"number" doc:"The number that was called" example:"A023"`
	Window WindowID  `json:"window" doc:"Where to" example:"21"`
	At     time.Time `json:"at" doc:"When it was called"`
	Again  bool      `json:"again,omitempty" doc:"It was called there before"`
}

// OrderID names an order; the center makes it with NewID.
type OrderID string

// Order is what a manager, a guide or a technician wants of the kiosks. One that
// pauses or tells is in force for as long as it is in the news; one to print is
// done once, and an OrderDone event says so.
type Order struct {
	ID     OrderID  `json:"id"`
	Do     Doing    `json:"do"`
	Kiosk  KioskID  `json:"kiosk,omitempty"`  // empty for all of the hall
	Queue  QueueID  `json:"queue,omitempty"`  // PauseQueue
	Ticket TicketID `json:"ticket,omitempty"` // PrintAgain
	Text   Text     `json:"text,omitzero"`    // PauseQueue: why; ShowMessage: what
	Until  Instant  `json:"until,omitempty"`  // 0 for until it is taken back
}

// For returns the orders that are in force for a kiosk at now, oldest first. A nil
// News has none.
func (n *News) For(k KioskID, now Instant) []Order {
	if n == nil {
		return nil
	}
	var orders []Order
	for _, o := range n.Orders {
		if (o.Kiosk == "" || o.Kiosk == k) && (o.Until == 0 || now < o.Until) {
			orders = append(orders, o)
		}
	}
	return orders
}

// Doing is what an Order is for.
type Doing string

// The kinds of Order.
const (
	PauseQueue  Doing = "pause"   // the queue gives no numbers
	PrintAgain  Doing = "reprint" // the ticket is printed once more, at the kiosk named
	ShowMessage Doing = "message" // the text stands on the screen
)

// Self is what the center knows of the kiosk that asks, as GET /v1/self.
type Self struct {
	Kiosk  KioskID `json:"kiosk"`
	Epochs []Epoch `json:"epochs"` // the lives of its store that were heard of
}

// Place is where a ticket stands now, as GET /v1/self/tickets/{ticket} and
// /v1/self/numbers/{number} tell the kiosk of a person who asks.
type Place struct {
	State    State     `json:"state"`
	Queue    QueueID   `json:"queue" doc:"Where it is now: another than at first when its items take it through several"`
	Window   WindowID  `json:"window,omitempty" doc:"Where it is called or served"`
	Ahead    int       `json:"ahead" doc:"How many are called before it, as far as can be seen"`
	Estimate *Estimate `json:"estimate,omitempty" doc:"Minutes until it is called; absent while no window is open"`
}

// Places tells where tickets stand; the center does.
type Places interface {
	// Place looks a ticket of the hall up. ENotFound when the center hasn't heard
	// of it yet, EUnavailable when it doesn't answer.
	Place(ctx context.Context, id TicketID, day Day) (Place, error)

	// Numbered looks up the ticket of the hall that a number of day was given to,
	// at whatever kiosk. Errors as of Place; EInvalid when the center is too old to
	// be asked.
	Numbered(ctx context.Context, n Number, day Day) (Place, error)
}

// Numbers counts the shared series of a hall; the center does.
type Numbers interface {
	// Next returns the next number of the shared series of a queue and day. The
	// same request id gets the same number; one that was given and isn't used is
	// left out. Any error means: take a number of the own series.
	Next(ctx context.Context, request RequestID, day Day, queue QueueID) (Number, error)
}

// NumberRequest asks the center for the next number of a shared series, as JSON
// in the body of POST /v1/numbers. Who asks is known by the token.
type NumberRequest struct {
	Request RequestID `json:"request"`
	Hall    HallID    `json:"hall"`
	Day     Day       `json:"day"`
	Queue   QueueID   `json:"queue"`
}

// NumberReply answers a NumberRequest.
type NumberReply struct {
	Number string `json:"number"` // such as A023
}
