package desk_test

import (
	"sync/atomic"
	"testing"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/desk"
)

// The business day changes at its own hour, of the hall's zone: numbers begin anew, and
// those of the day before are no longer found by what somebody types.
func TestDayChanges(t *testing.T) {
	hallZone := time.FixedZone("hall", 8*60*60)
	r := open(t, path(t), func(o *desk.Opts) { o.Location = hallZone })
	night := time.Date(2026, 11, 24, 3, 59, 59, 999_999_999, hallZone)
	r.set(night.Add(-5 * time.Hour)) // before midnight
	first := r.take(t, "", "b1")
	r.set(night)
	last := r.take(t, "", "b1")
	if _, err := r.Numbered(t.Context(), "B001"); err != nil {
		t.Errorf("before the change: %v", err)
	}
	r.set(night.Add(1))
	if _, err := r.Numbered(t.Context(), "B001"); kiosk.CodeOf(err) != kiosk.ENotFound {
		t.Errorf("after the change B001 of yesterday is found (%v)", err)
	}
	next := r.take(t, "", "b1")
	for _, c := range []struct {
		got    kiosk.Ticket
		day    kiosk.Day
		number string
		ahead  int
	}{{first, "2026-11-23", "B001", 0}, {last, "2026-11-23", "B002", 1}, {next, "2026-11-24", "B001", 0}} {
		if c.got.Day != c.day || c.got.Number.String() != c.number || c.got.Ahead != c.ahead {
			t.Errorf("%s on %s with %d ahead, want %s on %s with %d", c.got.Number, c.got.Day, c.got.Ahead, c.number, c.day, c.ahead)
		}
	}
	if got, err := r.Numbered(t.Context(), "B001"); err != nil || got.ID != next.ID {
		t.Errorf("%+v %v", got, err)
	}
}

// A clock that isn't trusted holds the business day over the hour of its change, until
// it has caught up with what it said before, or a time server vouches for it. The same
// after a restart.
func TestUntrustedClockHoldsTheDay(t *testing.T) {
	synced := atomic.Bool{}
	name := path(t)
	with := func(o *desk.Opts) { o.Clock.Synced = synced.Load }
	r := open(t, name, with)
	late := monday.Add(17 * time.Hour) // 3:00, an hour before the change
	r.set(late)
	r.take(t, "", "b1")
	expect := func(at time.Time, day kiosk.Day, number string, trusted bool) {
		t.Helper()
		r.set(at)
		before := r.opts.Clock.Trusted()
		got := r.take(t, "", "b1")
		if got.Day != day || got.Number.String() != number || before != trusted {
			t.Errorf("at %s: %s on %s, trusted %t; want %s on %s, %t", at.Format(time.DateTime), got.Number, got.Day, before, number, day, trusted)
		}
	}
	expect(late.Add(-59*time.Second), "2026-11-23", "B002", true) // as time servers correct it
	expect(late.Add(-24*time.Hour), "2026-11-23", "B003", false)  // behind the change before
	expect(late.Add(-22*time.Hour), "2026-11-23", "B004", false)  // and after it

	last, err := r.store.Last(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r.stop()
	r = open(t, name, func(o *desk.Opts) { with(o); o.Clock.Seen(last) })
	expect(late.Add(-24*time.Hour), "2026-11-23", "B005", false)
	expect(late.Add(2*time.Hour), "2026-11-24", "B001", true) // caught up, past the change
	expect(late.Add(-22*time.Hour), "2026-11-24", "B002", false)
	synced.Store(true)
	expect(late.Add(-24*time.Hour), "2026-11-22", "B001", true) // it was wrong before
	expect(late.Add(-20*time.Hour), "2026-11-23", "B006", true)
	synced.Store(false)
	expect(late.Add(-20*time.Hour+time.Minute), "2026-11-23", "B007", true) // and is believed from then on
}
