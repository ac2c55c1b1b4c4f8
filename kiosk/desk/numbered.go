package desk

import (
	"context"
	"strconv"
	"strings"

	"hallkiosk/kiosk"
)

// Numbered returns the ticket of today whose number somebody types, in capitals:
// as it is printed, or without its hyphen or its noughts. ENotFound when this
// kiosk has given no such number today, or it is done with.
func (d *Desk) Numbered(ctx context.Context, typed string) (kiosk.Ticket, error) {
	none := &kiosk.Error{Code: kiosk.ENotFound, Op: "find a number", Message: "本机今天没有这个号。"}
	digits := strings.TrimLeft(typed, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	queue := kiosk.QueueID(typed[:len(typed)-len(digits)])
	series, after, hyphen := strings.Cut(digits, "-")
	var tries []kiosk.Number
	try := func(series, digits string) {
		if n, err := strconv.Atoi(digits); err == nil && n > 0 {
			tries = append(tries, kiosk.Number{Queue: queue, Series: series, N: n})
		}
	}
	if hyphen {
		try(series, after)
	} else {
		try("", digits)
		if rest, ok := strings.CutPrefix(digits, d.o.Series); ok && d.o.Series != "" {
			try(d.o.Series, rest)
		}
	}
	for _, n := range tries {
		t, err := d.o.Store.Find(ctx, n)
		switch {
		case kiosk.CodeOf(err) == kiosk.ENotFound:
		case err != nil:
			return kiosk.Ticket{}, err
		case t.Day == kiosk.DayAt(d.now(), d.o.DayChange) && t.State != kiosk.Done && t.State != kiosk.Missed && t.State != kiosk.Left:
			return t, nil
		}
	}
	return kiosk.Ticket{}, none
}
