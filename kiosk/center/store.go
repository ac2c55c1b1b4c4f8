package center

import (
	"context"
	"time"

	"hallkiosk/kiosk"
)

// Store keeps what the kiosks tell. Implementations are safe for use from
// several goroutines and, where the database allows it, several processes.
//
// Errors are *kiosk.Error: EDisk when the disk refuses, EBusy when somebody
// else holds the database, EUnavailable when ctx ended first or the database
// doesn't answer. After any error of Ingest but a Double, a Gap or a Contradiction the
// outcome is unknown; sending the batch again is always right.
type Store interface {
	// Ingest stores a sealed batch, whole or not at all. When it returns nil
	// every event through Receipt.Ack survives a power cut in the next instant.
	// Events stored before are skipped. A batch without events only says that
	// the kiosk is there.
	//
	// EConflict wrapping a *Double: another machine has the kiosk's id. Of two lives
	// of a store that come at one instant, to whatever process, one is let in.
	// EConflict wrapping a *Gap: the batch begins after the next event
	// expected. EConflict wrapping a *Contradiction: an event's key was used
	// for other contents; the alarm is stored, the events are not.
	Ingest(ctx context.Context, b Batch) (Receipt, error)

	// Halls returns the halls that any kiosk has spoken for, by id.
	Halls(ctx context.Context) ([]kiosk.HallID, error)

	// LatestDay returns the newest business day that a ticket of hall belongs
	// to, "" when there is none yet.
	LatestDay(ctx context.Context, hall kiosk.HallID) (kiosk.Day, error)

	// Queues returns the queues of hall that gave out a number on day, or where
	// somebody of that day waits, by letter. Nil when there are none.
	Queues(ctx context.Context, hall kiosk.HallID, day kiosk.Day) ([]Queue, error)

	// Latest returns at most limit tickets of hall and day, newest first.
	Latest(ctx context.Context, hall kiosk.HallID, day kiosk.Day, limit int) ([]Ticket, error)

	// Kiosks returns every kiosk ever heard of, by id.
	Kiosks(ctx context.Context) ([]Kiosk, error)

	// Kiosk returns one kiosk; ENotFound when it was never heard of. It costs the
	// same however many kiosks there are.
	Kiosk(ctx context.Context, id kiosk.KioskID) (Kiosk, error)

	// Alarms returns at most limit alarms, the ones raised last first.
	Alarms(ctx context.Context, limit int) ([]Alarm, error)

	// Events returns at most limit stored events of one life of a kiosk after
	// seq, in order of seq.
	Events(ctx context.Context, id kiosk.KioskID, epoch kiosk.Epoch, after int64, limit int) ([]kiosk.Event, error)

	// Grant returns the next number of g's shared series, which counts from 1,
	// and after the highest number that an event has told of. When it returns
	// nil no other wish ever gets that number, not after a power cut in the
	// next instant either. Asking again with the same Grant returns the same
	// number; a number whose answer was lost, and is never asked for again, is
	// left out.
	//
	// EInvalid: g can't be right. EConflict: its Request was used for another
	// kiosk, hall, day or queue. After any other error the outcome is unknown;
	// asking again with the same Request is always right.
	Grant(ctx context.Context, g Grant) (kiosk.Number, error)

	// Watch returns a channel on which the version of hall arrives: as it is
	// now, then after every change in that hall, such as a batch that brought
	// something new, from this process or another one on the database. The hall
	// EveryKey stands for the kiosks' keys.
	// Versions rise, from 0 when nothing was told yet; they are stored in the
	// same transaction as the change. Who reads slowly misses some, never the
	// newest. While the database is away nothing comes, and afterwards what was
	// missed. The channel is closed when ctx ends or the store is closed.
	Watch(ctx context.Context, hall kiosk.HallID) (<-chan int64, error)

	Calls
	Bookings
	Orders

	Keys
	Accounts

	// Forget deletes at most ForgetAtOnce rows of one kind of what is past, or
	// a month of events, without holding others up; more says that there may be
	// more of it. Sources stay, so that what was acknowledged stays so.
	Forget(ctx context.Context, p Past) (more bool, err error)

	// Check returns nil when the store answers.
	Check(ctx context.Context) error

	// Trouble returns why the disk takes no more, as EDisk with a hint for the
	// operator, and since when: from the first write that it refused until it takes
	// one again and has room for more; nil when all is well. While there is trouble
	// the store tries by itself every few seconds. It waits for nobody.
	Trouble() (since time.Time, err error)

	// Close waits for what is under way and lets go of the database.
	Close() error
}

// EveryKey is watched for keys that are revoked or replaced, in all halls.
const EveryKey kiosk.HallID = ""

// Receipt is what became of a batch.
type Receipt struct {
	Ack    kiosk.Ack
	Alarms []Alarm // raised by this batch, also when it was refused
}

// Queue is one line of a hall on one business day.
type Queue struct {
	Day     kiosk.Day     `json:"day" doc:"Business day, 2006-01-02" example:"2026-11-23"`
	Queue   kiosk.QueueID `json:"queue" doc:"The letter its numbers begin with" example:"A"`
	Waiting int           `json:"waiting" doc:"Tickets that wait"`
	Taken   int           `json:"taken" doc:"Numbers given out on that day"`
	Last    string        `json:"last" doc:"The number given out last" example:"A023"`
}

// Ticket is one number as the center knows it.
type Ticket struct {
	ID      kiosk.TicketID
	Hall    kiosk.HallID
	Kiosk   kiosk.KioskID
	Day     kiosk.Day
	Number  string
	Queue   kiosk.QueueID
	State   kiosk.State
	Taken   kiosk.Stamp
	Print   kiosk.PrintState // of the newest attempt; empty when nothing was said
	Attempt int              // the newest attempt to print, 0 for none
	Cause   string           // why the attempt ended as it did
	Clash   bool             // another ticket of that hall and day has the same number
}

// Kiosk is how things stand with one terminal, in the epoch it spoke in last.
type Kiosk struct {
	ID    kiosk.KioskID
	Hall  kiosk.HallID
	Epoch kiosk.Epoch
	Acked int64     // seq through which everything is stored
	Seen  time.Time // when its last batch came in, by the center's clock
}

// AlarmKind says what an alarm is about.
type AlarmKind string

// The kinds of alarm.
const (
	AlarmContradiction AlarmKind = "contradiction" // an event's key came again with other contents
	AlarmClash         AlarmKind = "clash"         // two tickets carry one label, or one id
	AlarmBooking       AlarmKind = "booking"       // a booking was checked in by two tickets
	AlarmEarly         AlarmKind = "early"         // events were stamped by a clock that ran ahead
	AlarmUnreadable    AlarmKind = "unreadable"    // an event of a known kind doesn't say what it must
)

// Alarm is something that can't be if all is well, and that a person must
// look at. The same alarm raised again is counted, not repeated.
type Alarm struct {
	Kind   AlarmKind
	Kiosk  kiosk.KioskID
	Epoch  kiosk.Epoch
	Seq    int64  // the event that raised it
	Detail string // for the technician; names ids and labels only
	Times  int    // how often it was raised
	First  time.Time
	Last   time.Time
}

// Gap is the cause of a refusal: the batch begins after the next event that
// the center expects. The kiosk goes back to AckedThrough+1.
type Gap struct{ AckedThrough int64 }

func (g *Gap) Error() string { return "events are missing before this batch" }

// Contradiction is the cause of a refusal: the event Seq was stored before
// with other contents.
type Contradiction struct{ Seq int64 }

func (c *Contradiction) Error() string { return "an event was stored before with other contents" }
