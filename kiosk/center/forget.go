package center

import (
	"context"
	"time"

	"hallkiosk/kiosk"
)

// Keep says for how many days things are kept; 0 is for ever. What could tell
// of a person, the phones and marks of bookings, goes with the business day in
// any case.
type Keep struct {
	Events  int // as the kiosks sent them
	Tickets int // with their calls, who pressed what (see Presses), bookings and orders
	Numbers int // of shared series
	Alarms  int
	Audit   int // at least AuditDays; all that people do but presses
}

// AuditDays are for how many days the tables refuse to let go of the audit
// trail.
const AuditDays = 180

// Past is what may be forgotten: what is older than each of these. Zero values
// keep all.
type Past struct {
	Traces  kiosk.Day
	Tickets kiosk.Day
	Numbers kiosk.Day
	Orders  time.Time
	Events  time.Time
	Alarms  time.Time
	Audit   time.Time
	Tries   time.Time
}

// triesKept is how long tries to log in are kept: the longest that any is held
// against anybody.
const triesKept = 2 * time.Hour

// Past returns what is past now, when days change at change after midnight.
func (k Keep) Past(now time.Time, change time.Duration) Past {
	before := func(days int) time.Time {
		if days == 0 {
			return time.Time{}
		}
		return now.AddDate(0, 0, -days)
	}
	day := func(days int) kiosk.Day {
		if days == 0 {
			return ""
		}
		return kiosk.DayAt(before(days), change)
	}
	return Past{Traces: kiosk.DayAt(now, change), Tickets: day(k.Tickets), Numbers: day(k.Numbers), Orders: before(k.Tickets),
		Events: before(k.Events), Alarms: before(k.Alarms), Audit: before(k.Audit), Tries: now.Add(-triesKept)}
}

// ForgetAtOnce are the rows that one step of Forget deletes at the most: so few
// that a press which waits for them isn't noticed.
const ForgetAtOnce = 200

// forgetEvery is how often a Server looks for what is past.
const forgetEvery = 10 * time.Minute

// forget lets the Store forget what is past, until ctx ends. It rests four times
// as long as each step takes, so that the others have the store nearly always.
func (s *Server) forget(ctx context.Context) {
	for {
		wait := forgetEvery
		began := time.Now()
		more, err := s.store.Forget(ctx, s.opts.Keep.Past(s.opts.Now(), s.opts.DayChange))
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			s.opts.Log.Error("can't forget what is past", "err", err)
		case more:
			wait = 10*time.Millisecond + 4*time.Since(began)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}
