package kiosk

import "context"

// Store is the kiosk's local queue. Implementations are safe for use from
// several goroutines.
type Store interface {
	// Take gives out a number: ticket, first print attempt (when w.Print) and
	// event are written together. When it returns nil the ticket survives a
	// power cut in the next instant. A request id that was used before, or a
	// booking that was checked in, returns the ticket it got then, with again true
	// and nothing written; EConflict if the id was used for other items. EDisk
	// when the disk refuses: nothing was given.
	Take(ctx context.Context, w Wish) (t Ticket, again bool, err error)

	// Request returns the ticket that a request id got. ENotFound.
	Request(ctx context.Context, id RequestID) (Ticket, error)

	// Ticket returns one ticket and the newest attempt to print it, whose
	// State is empty when there was none. ENotFound.
	Ticket(ctx context.Context, id TicketID) (Ticket, PrintJob, error)

	// Find returns the newest ticket with a number, of whatever day. ENotFound.
	Find(ctx context.Context, n Number) (Ticket, error)

	// Waiting counts the tickets of day that wait, by queue. Queues where
	// nobody waits are left out.
	Waiting(ctx context.Context, day Day) (map[QueueID]int, error)

	// Mark records, durably, that an attempt reached a state, and why. Moving
	// backwards or out of an end is EConflict.
	Mark(ctx context.Context, m PrintMark) error

	// Again records a further attempt to print a ticket, queued, and returns it.
	// EConflict while the newest one has not ended, and for an Order that was done
	// before; ENotFound.
	Again(ctx context.Context, f Further) (PrintJob, error)

	// Unfinished returns the attempts that have not ended, oldest first.
	Unfinished(ctx context.Context) ([]PrintJob, error)

	// Record puts an event into the outbox that tells of no ticket, such as a door
	// that was opened. body becomes JSON.
	Record(ctx context.Context, kind Kind, at Stamp, body any) error

	Outbox
}

// Wish is a checked Request on its way into the Store.
type Wish struct {
	Request
	Ticket  TicketID
	Day     Day
	Queue   QueueID
	Series  string // see Number
	Stamp   Stamp
	Promise Promise
	Slot    Slot // of Booking

	// Shared is a number of the shared series that the center has given; 0 counts
	// the own series on.
	Shared int
	// Ahead is how many wait in the whole hall; negative counts this kiosk's own.
	Ahead int
	Wait  Estimate // what the person is told; zero for what the catalog says

	Print bool // a printer is fitted: record a queued attempt
}

// Outbox is what the uplink needs of the Store.
type Outbox interface {
	// Epoch names this life of the database.
	Epoch() Epoch

	// Events returns at most limit events after seq, in order of seq.
	Events(ctx context.Context, after int64, limit int) ([]Event, error)

	// Ack records that the center has everything through seq. Going back is
	// ignored.
	Ack(ctx context.Context, through int64) error

	// Pending returns the last seq that the center acknowledged and how many
	// events came after it.
	Pending(ctx context.Context) (acked int64, unsent int, err error)
}

// Uplink carries batches to the center.
type Uplink interface {
	// Send delivers one batch. It returns nil only when the center has stored
	// all that Ack says. EUnavailable means try again later, any other code
	// means that trying the same batch again won't help.
	Send(ctx context.Context, b Batch) (Ack, error)
}
