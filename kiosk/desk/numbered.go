package desk

import (
	"context"
	"strconv"
	"strings"

	"hallkiosk/kiosk"
)

// Numbered returns the ticket of today whose number somebody types, in capitals:
// as it is printed, or without its hyphen or its noughts. ENotFound when this
// kiosk has given no such number today, or it is done with; see Elsewhere.
func (d *Desk) Numbered(ctx context.Context, typed string) (kiosk.Ticket, error) {
	queue, series, digits, hyphen := read(typed)
	var tries []kiosk.Number
	if hyphen {
		tries = number(tries, queue, series, digits)
	} else {
		tries = number(tries, queue, "", digits)
		if rest, ok := strings.CutPrefix(digits, d.o.Series); ok && d.o.Series != "" {
			tries = number(tries, queue, d.o.Series, rest)
		}
	}
	for _, n := range tries {
		t, err := d.o.Store.Find(ctx, n)
		switch {
		case kiosk.CodeOf(err) == kiosk.ENotFound:
		case err != nil:
			return kiosk.Ticket{}, err
		case t.Day == d.today() && t.State != kiosk.Done && t.State != kiosk.Missed && t.State != kiosk.Left:
			return t, nil
		}
	}
	return kiosk.Ticket{}, errNumber
}

var errNumber = &kiosk.Error{Code: kiosk.ENotFound, Op: "find a number", Message: "本机今天没有这个号。"}

// Elsewhere returns the question for a number of today that Numbered doesn't know:
// it asks the center for one of the shared series, then for those of kiosks, as
// they are printed but for the hyphen. Nil when there is nobody to ask, or
// typed can be no number. The ticket in the answer has a number and no id.
//
// Of the question: ENotFound when the hall has no such number today; EUnavailable
// when the center doesn't tell before ctx is done, and it isn't among the latest
// calls that it has told of.
func (d *Desk) Elsewhere(typed string) func(context.Context) (kiosk.Ticket, kiosk.Place, error) {
	queue, series, digits, hyphen := read(typed)
	var tries []kiosk.Number
	if hyphen {
		tries = number(tries, queue, series, digits)
	} else {
		tries = number(tries, queue, "", digits)
		for own := 1; own <= longestSeries && own+3 <= len(digits) && digits[0] != '0'; own++ {
			if rest := digits[own:]; len(rest) == 3 || rest[0] != '0' { // as it is printed
				tries = number(tries, queue, digits[:own], rest)
			}
		}
	}
	if d.o.Places == nil || len(tries) == 0 {
		return nil
	}
	return func(ctx context.Context) (kiosk.Ticket, kiosk.Place, error) {
		today, none := d.today(), error(errNumber)
		for _, n := range tries {
			p, err := d.o.Places.Numbered(ctx, n, today)
			known := err == nil
			if !known && kiosk.CodeOf(err) != kiosk.ENotFound {
				none = &kiosk.Error{Code: kiosk.EUnavailable, Op: "find a number", Err: err, Message: "现在只查得到本机的号。", Hint: kiosk.HintOf(err)}
				p, known = d.called(n)
			}
			if known {
				return kiosk.Ticket{Number: n, Queue: n.Queue, Day: today, State: p.State}, p, nil
			}
		}
		return kiosk.Ticket{}, kiosk.Place{}, none
	}
}

// longestSeries is how many digits a kiosk's own series has at the most.
const longestSeries = 2

// read takes what is typed apart.
func read(typed string) (queue kiosk.QueueID, series, digits string, hyphen bool) {
	rest := strings.TrimLeft(typed, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	queue = kiosk.QueueID(typed[:len(typed)-len(rest)])
	if series, digits, hyphen = strings.Cut(rest, "-"); !hyphen {
		series, digits = "", rest
	}
	return queue, series, digits, hyphen
}

// number adds a number to others, if it is one.
func number(to []kiosk.Number, queue kiosk.QueueID, series, digits string) []kiosk.Number {
	n := kiosk.Number{Queue: queue, Series: series}
	n.N, _ = strconv.Atoi(digits) // 0 is none
	if back, err := kiosk.ParseNumber(n.String()); err == nil && back == n {
		to = append(to, n)
	}
	return to
}
