package kiosk

import (
	"fmt"
	"time"
)

// WindowID names a window as it is signposted, such as 21; unique in a hall.
type WindowID string

// OpID names one wish of a clerk or guide, such as one press of "next". Asking
// again with the same id does nothing and gets the same answer. Any non-empty
// text of at most 64 bytes.
type OpID string

// Parked is the state of a ticket whose holder was sent away for a moment, such
// as to copy a paper. Missed is the end of a ticket whose calls nobody followed;
// between two such calls it is Waiting.
const Parked State = "parked"

// Priority is why a person goes ahead of others. Empty is nobody special.
type Priority string

// The people who go ahead, by the rules of Chinese service halls.
const (
	Elder      Priority = "elder"
	Disabled   Priority = "disabled"
	Pregnant   Priority = "pregnant"
	Serviceman Priority = "serviceman"
)

// Priorities are all reasons to go ahead.
var Priorities = []Priority{Elder, Disabled, Pregnant, Serviceman}

// Instant is a moment by the center's clock, in Unix milliseconds; 0 is none.
type Instant int64

// InstantOf returns t as an Instant.
func InstantOf(t time.Time) Instant { return Instant(t.UnixMilli()) }

// Time returns i in the local time zone.
func (i Instant) Time() time.Time { return time.UnixMilli(int64(i)) }

// Add returns the moment d after i.
func (i Instant) Add(d time.Duration) Instant { return i + Instant(d.Milliseconds()) }

// Sub returns the time from j to i.
func (i Instant) Sub(j Instant) time.Duration { return time.Duration(i-j) * time.Millisecond }

// Slot is the time that was booked: the person should be called in [From, To).
// The zero value is no booking.
type Slot struct {
	From Instant `json:"from"`
	To   Instant `json:"to"`
}

// Errand is one item of a ticket and the queue where it is done.
type Errand struct {
	Item  ItemID
	Queue QueueID
}

// Ratio shares calls between two lines while both have people: of Ahead+Rest
// calls, Ahead go to the line that is to go ahead. Both are at least 1, so that
// neither starves.
type Ratio struct {
	Ahead, Rest int
}

// CallRules say in which order a queue is called; see package calling.
type CallRules struct {
	Priority Ratio // priority people, to people who came before them without priority
	Aged     Ratio // people over the AgeLimit, to bookings and priority people who came after them

	AgeLimit   time.Duration // after this wait a ticket goes first
	LookAhead  time.Duration // a booking enters the line this long before its slot
	Grace      time.Duration // who checks in later than this after the slot is a walk-in
	OfferAgain time.Duration // a missed call is offered again after this
	Misses     int           // after so many missed calls the ticket ends
}

// DefaultCallRules are the rules of a hall that configures none: one priority
// person to two others, two over an hour's wait to one booking or priority
// person, bookings 5 minutes ahead and 10 minutes late, a missed call offered
// once more after 5 minutes.
func DefaultCallRules() CallRules {
	return CallRules{
		Priority: Ratio{Ahead: 1, Rest: 2}, Aged: Ratio{Ahead: 2, Rest: 1},
		AgeLimit: time.Hour, LookAhead: 5 * time.Minute, Grace: 10 * time.Minute,
		OfferAgain: 5 * time.Minute, Misses: 2,
	}
}

// Check returns what is impossible in r, nil if nothing is. Each Error is
// EInvalid with the field's name as Op, in Chinese as Message and in English as
// Hint.
func (r CallRules) Check() []*Error {
	var bad []*Error
	find := func(field, zh, en string, args ...any) {
		bad = append(bad, &Error{Code: EInvalid, Op: field,
			Message: fmt.Sprintf(zh, args...), Hint: fmt.Sprintf(en, args...)})
	}
	for _, v := range []struct {
		field string
		Ratio
	}{{"Priority", r.Priority}, {"Aged", r.Aged}} {
		if min(v.Ahead, v.Rest) < 1 || max(v.Ahead, v.Rest) > 100 {
			find(v.field, "比例是 %d:%d，两边都必须是 1 到 100。", "the ratio is %d:%d; both sides must be 1 to 100", v.Ahead, v.Rest)
		}
	}
	for _, v := range []struct {
		field        string
		d, low, high time.Duration
	}{
		{"AgeLimit", r.AgeLimit, time.Minute, 24 * time.Hour},
		{"LookAhead", r.LookAhead, 0, 2 * time.Hour},
		{"Grace", r.Grace, 0, 4 * time.Hour},
		{"OfferAgain", r.OfferAgain, 0, 2 * time.Hour},
	} {
		if v.d < v.low || v.d > v.high {
			find(v.field, "时间是 %s，必须在 %s 到 %s 之间。", "it is %s; it must be from %s to %s", v.d, v.low, v.high)
		}
	}
	if r.Misses < 1 || r.Misses > 20 {
		find("Misses", "次数是 %d，必须是 1 到 20。", "it is %d; it must be 1 to 20", r.Misses)
	}
	return bad
}
