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
	tries := numbers(typed, func(digits string) []string {
		if d.o.Series == "" || !strings.HasPrefix(digits, d.o.Series) {
			return nil
		}
		return []string{d.o.Series}
	})
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
// when the center doesn't tell before ctx is done, or is too old to, and it isn't
// among the latest calls that it has told of.
func (d *Desk) Elsewhere(typed string) func(context.Context) (kiosk.Ticket, kiosk.Place, error) {
	tries := numbers(typed, func(digits string) (all []string) {
		for own := 1; own <= longestSeries && own+3 <= len(digits) && digits[0] != '0'; own++ {
			if rest := digits[own:]; len(rest) == 3 || rest[0] != '0' { // as it is printed
				all = append(all, digits[:own])
			}
		}
		return all
	})
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

// numbers are those that what is typed may mean: with a hyphen one; without it that
// of the shared series, and those of each of the kiosks' series that the digits may
// begin with.
func numbers(typed string, series func(digits string) []string) (all []kiosk.Number) {
	rest := strings.TrimLeft(typed, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	add := func(series, digits string) {
		n := kiosk.Number{Queue: kiosk.QueueID(typed[:len(typed)-len(rest)]), Series: series}
		n.N, _ = strconv.Atoi(digits) // 0 is none
		if back, err := kiosk.ParseNumber(n.String()); err == nil && back == n {
			all = append(all, n)
		}
	}
	if own, digits, hyphen := strings.Cut(rest, "-"); hyphen {
		add(own, digits)
		return all
	}
	add("", rest)
	for _, own := range series(rest) {
		add(own, rest[len(own):])
	}
	return all
}
