package kiosk

import "time"

// Ticket is one place in a queue, from the moment the number is given until the
// window is done with the person holding it.
type Ticket struct {
	ID     TicketID // stable, hidden; what operations use
	Number Number   // a label: what is printed and called, such as A023
	Day    Day      // the business day the number belongs to
	Queue  QueueID
	Items  []ItemID // what the person came for, at least one
	State  State
	Lang   Lang     // the language the person chose
	Taken  Stamp    // when the number was given
	Ahead  int      // how many were waiting in the queue at that moment
	Wait   Estimate // what was told then; zero for what the catalog says of Ahead

	Theme   ThemeID // the theme it starts; may be empty
	Promise Promise // papers that are missing

	Priority Priority  // why the person goes ahead; empty for nobody special
	Booking  BookingID // the booking that was checked in; empty for a walk-in
	Slot     Slot      // of the booking
}

// Promise is what a person has promised to bring later, so that the case is
// taken in all the same (容缺预受理). The zero value is no promise.
type Promise struct {
	Papers []string `json:"papers"` // their Chinese names in the catalog; none is essential
	By     Day      `json:"by"`     // the last day
}

// Paper says which paper t's number is given on.
func (t Ticket) Paper() PaperKind {
	switch {
	case t.Theme != "":
		return PaperPlan
	case len(t.Promise.Papers) > 0:
		return PaperPromise
	}
	return PaperTicket
}

// State is where a ticket is in its life.
type State string

// The states of a ticket.
const (
	Waiting State = "waiting"
	Called  State = "called"
	Serving State = "serving"
	Done    State = "done"
	Missed  State = "missed"
	Left    State = "left"
)

// Request is a citizen's wish for a number.
type Request struct {
	ID    RequestID // names this wish; the same id gets the same ticket
	Items []ItemID  // at least one, unless there is a theme; all must belong to one queue
	Lang  Lang

	Theme    ThemeID   `json:",omitempty"` // stands for the item that starts it
	Booking  BookingID `json:",omitempty"` // checks in; stands for what was booked
	Priority Priority  `json:",omitempty"`
	Missing  []string  `json:",omitempty"` // papers promised for later, by their Chinese names in the catalog

	// Here says that the person stands at this kiosk: paper that fails may come
	// later, until Leave.
	Here bool `json:"-"`
}

// Offer is what a person should know before taking a number.
type Offer struct {
	Item    Item
	Queue   Queue
	Zone    Zone
	Day     Day // the business day a number would belong to
	Ahead   int
	Wait    Estimate
	Unknown bool      // the queue can't be read now: nobody knows Ahead and Wait, and whether there is a number only the take tells
	Open    bool      // the windows serve now
	Booked  bool      // the windows serve, but only people with a booking
	Opens   time.Time // when they serve next, in the hall's time; zero when never
	Holiday Text      // the holiday that keeps them closed until then; empty when it is something else
	CanTake bool
	Due     Day // the last day of a promise made with a number taken now; see Promise

	Paused bool // the center lets the queue give no numbers for now
	Why    Text // in words for the citizen; may be empty
}

// Estimate is a range of waiting time in whole minutes.
type Estimate struct {
	Low  int `json:"low"`
	High int `json:"high"`
}
