package kiosk

import (
	"encoding/json"
	"sync"
	"time"
)

// Stamp is a hybrid logical clock's reading: wall clock in Unix milliseconds
// and a counter that tells apart what happened within one, or while the wall
// clock stood still or went back. Stamps of one kiosk
// don't decrease, unless its clock was wrong; see Clock.
type Stamp struct {
	Wall  int64 `json:"wall"`
	Count int64 `json:"count,omitempty"`
}

// Time returns the wall clock part.
func (s Stamp) Time() time.Time { return time.UnixMilli(s.Wall) }

// Before says whether s was made before t by one clock.
func (s Stamp) Before(t Stamp) bool {
	return s.Wall < t.Wall || s.Wall == t.Wall && s.Count < t.Count
}

// Clock makes stamps. The zero value with a Now function is ready. Safe for
// use from several goroutines.
//
// A clock that is behind what it said before isn't trusted, such as after a power
// cut with an empty battery: Time stands still until it has caught up, so that
// the business day doesn't change. Only when Synced says that the wall clock is
// right does it go back, because then it was wrong before.
type Clock struct {
	Now    func() time.Time
	Synced func() bool // the wall clock is kept by a time server; nil is not known

	mu   sync.Mutex
	last Stamp
}

// tolerance is how far a clock may go back without being doubted: time servers
// correct by less.
const tolerance = time.Minute

// behind says whether the wall clock is behind what was said before. The caller
// holds c.mu.
func (c *Clock) behind(now time.Time) bool {
	return c.last.Time().Sub(now) > tolerance && (c.Synced == nil || !c.Synced())
}

// Trusted says whether the wall clock is believed.
func (c *Clock) Trusted() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.behind(c.Now())
}

// Time returns the wall clock, or the newest stamp's while that isn't trusted.
func (c *Clock) Time() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.Now(); !c.behind(now) {
		return now
	}
	return c.last.Time()
}

// Stamp returns a reading later than every one before it, unless a wall clock
// that is right has gone back by more than a minute.
func (c *Clock) Stamp() Stamp {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.Now()
	wrong := c.last.Time().Sub(now) > tolerance && !c.behind(now) // what was said before
	if wall := now.UnixMilli(); wall > c.last.Wall || wrong {
		c.last = Stamp{Wall: wall}
	} else {
		c.last.Count++
	}
	return c.last
}

// Seen makes every later stamp come after s, such as the newest one found in
// the store at start.
func (c *Clock) Seen(s Stamp) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last.Before(s) {
		c.last = s
	}
}

// Kind says what an event tells.
type Kind string

// The kinds of event, with the type of their Body.
const (
	TicketTaken    Kind = "ticket.taken"    // TakenBody
	PrintStarted   Kind = "print.started"   // PrintBody
	PrintEnded     Kind = "print.ended"     // PrintBody
	PaperUntaken   Kind = "paper.untaken"   // PrintBody: the paper was drawn in again
	DoorMoved      Kind = "cabinet.door"    // CabinetBody
	Tampered       Kind = "cabinet.tamper"  // CabinetBody
	HelpCalled     Kind = "help.called"     // HelpBody
	OrderDone      Kind = "order.done"      // OrderBody
	StoreRecovered Kind = "store.recovered" // the store's own account of a file that was lost
)

// Event is one thing that happened at a kiosk. Its key is (kiosk, epoch, seq);
// seq counts from 1 without gaps, and order is by seq, never by clock.
type Event struct {
	Seq   int64           `json:"seq"`
	Kind  Kind            `json:"kind"`
	Stamp Stamp           `json:"stamp"`
	Body  json.RawMessage `json:"body"`
}

// TakenBody tells of a number that was given.
type TakenBody struct {
	Ticket TicketID `json:"ticket"`
	Day    Day      `json:"day"`
	Number string   `json:"number"`
	Queue  QueueID  `json:"queue"`
	Items  []ItemID `json:"items"`

	Theme   ThemeID  `json:"theme,omitempty"`
	Promise *Promise `json:"promise,omitempty"`

	Priority Priority  `json:"priority,omitempty"`
	Booking  BookingID `json:"booking,omitempty"`
	Slot     *Slot     `json:"slot,omitempty"` // with Booking
}

// PrintBody tells of an attempt to put a ticket on paper.
type PrintBody struct {
	Ticket  TicketID   `json:"ticket"`
	Attempt int        `json:"attempt"`
	State   PrintState `json:"state"`
	Cause   string     `json:"cause,omitempty"`
}

// CabinetBody tells of a contact of the machine's cabinet.
type CabinetBody struct {
	Open bool `json:"open"`
}

// HelpBody tells that somebody wants a member of staff, or no longer.
type HelpBody struct {
	Called bool `json:"called"`
}

// OrderBody tells what became of an order that is done once.
type OrderBody struct {
	Order OrderID `json:"order"`
	Fault string  `json:"fault,omitempty"` // why it couldn't be done, in Chinese
}

// Batch is a run of consecutive events of one kiosk on its way to the center,
// as JSON in the body of POST /v1/events.
type Batch struct {
	Hall   HallID  `json:"hall"`
	Kiosk  KioskID `json:"kiosk"`
	Epoch  Epoch   `json:"epoch"`
	Prior  Epoch   `json:"prior,omitempty"` // the life that this one was restored from
	Sent   Instant `json:"sent,omitempty"`  // now, by the kiosk's own clock, right or wrong; 0 from a kiosk that doesn't say
	Events []Event `json:"events"`
}

// Ack is the center's answer to a Batch: every event of that kiosk and epoch
// up to and including AckedThrough is stored durably.
type Ack struct {
	AckedThrough int64   `json:"acked_through"`
	Now          Instant `json:"now,omitempty"` // by the center's clock; 0 from a center that doesn't say
}
