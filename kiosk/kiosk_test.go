package kiosk_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hallkiosk/kiosk"
)

func TestNumber(t *testing.T) {
	for _, c := range []struct {
		n    kiosk.Number
		want string
	}{
		{kiosk.Number{Queue: "A", N: 1}, "A001"},
		{kiosk.Number{Queue: "A", N: 999}, "A999"},
		{kiosk.Number{Queue: "A", N: 1000}, "A1000"},
		{kiosk.Number{Queue: "AB", N: 23}, "AB023"},
		{kiosk.Number{Queue: "A", Series: "1", N: 7}, "A1-007"},
		{kiosk.Number{Queue: "A", Series: "12", N: 1234}, "A12-1234"},
	} {
		if got := c.n.String(); got != c.want {
			t.Errorf("%+v reads %s, want %s", c.n, got, c.want)
		}
		back, err := kiosk.ParseNumber(c.want)
		if err != nil || back != c.n {
			t.Errorf("%s is read back as %+v (%v), want %+v", c.want, back, err, c.n)
		}
	}
	for _, bad := range []string{"", "A", "001", "A01", "A0001", "A1-", "A-007", "a001", "A001 ", "A1-07", "Ax-007", "A-1", "A000"} {
		if n, err := kiosk.ParseNumber(bad); kiosk.CodeOf(err) != kiosk.EInvalid {
			t.Errorf("%q was read as %+v (%v), want EInvalid", bad, n, err)
		}
	}
}

// No two numbers of one day share a label, whatever queue and series they are of.
func TestNumberLabelsAreUnique(t *testing.T) {
	number := rapid.Custom(func(t *rapid.T) kiosk.Number {
		n := kiosk.Number{Queue: kiosk.QueueID(rapid.StringMatching(`[A-Z]{1,2}`).Draw(t, "queue")), N: rapid.IntRange(1, 20000).Draw(t, "n")}
		if s := rapid.IntRange(0, 99).Draw(t, "series"); s > 0 {
			n.Series = fmt.Sprint(s)
		}
		return n
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		if (a == b) != (a.String() == b.String()) {
			t.Fatalf("%+v and %+v both read %s", a, b, a)
		}
	})
}

func TestNewID(t *testing.T) {
	at := time.UnixMilli(0x017F22E279B0)
	id := kiosk.NewID(at, bytes.NewReader(bytes.Repeat([]byte{0xFF}, 16)))
	if want := "017f22e2-79b0-7fff-bfff-ffffffffffff"; id != want {
		t.Fatalf("id=%s, want %s", id, want)
	}
}

func TestClock(t *testing.T) {
	now := time.UnixMilli(1000)
	c := &kiosk.Clock{Now: func() time.Time { return now }}
	last := c.Stamp()
	for _, ms := range []int64{1000, 1000, 400, 999, 1001, 1} {
		now = time.UnixMilli(ms)
		next := c.Stamp()
		if !last.Before(next) {
			t.Fatalf("at %d ms %+v comes not after %+v", ms, next, last)
		}
		last = next
	}
	c.Seen(kiosk.Stamp{Wall: 5000, Count: 3})
	if got := c.Stamp(); got != (kiosk.Stamp{Wall: 5000, Count: 4}) {
		t.Fatalf("after seeing 5000.3 the clock says %+v", got)
	}
}

func TestDayAt(t *testing.T) {
	shanghai := time.FixedZone("CST", 8*3600)
	for _, c := range []struct {
		at   string
		want kiosk.Day
	}{
		{"2026-11-23T03:59:59+08:00", "2026-11-22"},
		{"2026-11-23T04:00:00+08:00", "2026-11-23"},
		{"2026-11-23T23:59:59+08:00", "2026-11-23"},
		{"2026-03-01T00:30:00+08:00", "2026-02-28"},
		{"2027-01-01T01:00:00+08:00", "2026-12-31"},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := kiosk.DayAt(at.In(shanghai), 4*time.Hour); got != c.want {
			t.Errorf("%s is of %s, want %s", c.at, got, c.want)
		}
	}
}

func TestHours(t *testing.T) {
	at := func(day, hour, minute int) time.Time { // November 2026: the 23rd is a Monday
		return time.Date(2026, 11, day, hour, minute, 0, 0, time.UTC)
	}
	h, err := kiosk.ParseHours("Mo-Fr 08:30-12:00,14:30-17:30; Tu,Th 17:30-18:30 booked")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		at           time.Time
		open, booked bool
		next         time.Time
	}{
		{at(23, 8, 29), false, false, at(23, 8, 30)},
		{at(23, 8, 30), true, false, at(23, 8, 30)},
		{at(23, 12, 0), false, false, at(23, 14, 30)},
		{at(23, 17, 30), false, false, at(24, 8, 30)},
		{at(24, 17, 30), false, true, at(25, 8, 30)},
		{at(27, 18, 0), false, false, at(30, 8, 30)},
	} {
		next, ok := h.Next(c.at)
		if h.Open(c.at) != c.open || h.BookedOnly(c.at) != c.booked || !ok || !next.Equal(c.next) {
			t.Errorf("%s: open=%v booked=%v next=%s (%v), want %v %v %s", c.at, h.Open(c.at), h.BookedOnly(c.at), next, ok, c.open, c.booked, c.next)
		}
	}
	always, err := kiosk.ParseHours("24/7")
	if err != nil || !always.Open(at(22, 3, 0)) {
		t.Errorf("24/7 is closed on Sunday at three (%v)", err)
	}
	never, err := kiosk.ParseHours("Tu 17:30-18:30 booked")
	if _, ok := never.Next(at(23, 9, 0)); err != nil || ok {
		t.Errorf("a queue for bookings only has a next opening for walk-ins (%v)", err)
	}
	for _, bad := range []string{"Mo", "Mo-Xx 09:00-17:00", "Mo 9:00-17:00", "Mo 17:00-09:00", "Mo 09:00-25:00", "Mo 09:60-10:00", "Mo 09:00-17:00 sometimes", ";", "Mo 09:00-17:00x"} {
		if h, err := kiosk.ParseHours(bad); err == nil {
			t.Errorf("%q was read as %v", bad, h)
		}
	}
}

func TestError(t *testing.T) {
	err := fmt.Errorf("outer: %w", &kiosk.Error{Code: kiosk.EDisk, Op: "print", Message: "没有纸了", Hint: "load a roll", Err: errors.New("cause")})
	if kiosk.CodeOf(err) != kiosk.EDisk || kiosk.MessageOf(err) != "没有纸了" || kiosk.HintOf(err) != "load a roll" {
		t.Errorf("code=%s message=%s hint=%s", kiosk.CodeOf(err), kiosk.MessageOf(err), kiosk.HintOf(err))
	}
	if kiosk.CodeOf(nil) != "" || kiosk.CodeOf(errors.New("x")) != kiosk.EInternal {
		t.Error("code of nil or of a stranger is wrong")
	}
}

func TestEstimate(t *testing.T) {
	c := &kiosk.Catalog{Queues: []kiosk.Queue{{ID: "A", Count: 2}}, Items: []kiosk.Item{{ID: "1", Queue: "A", Minutes: 10}, {ID: "2", Queue: "A", Minutes: 20}}}
	c.Index()
	if got := c.Estimate("A", 10); got != (kiosk.Estimate{Low: 60, High: 100}) { // mean 15, two windows
		t.Errorf("ten ahead: %+v", got)
	}
	if got := c.Estimate("A", 0); got != (kiosk.Estimate{}) {
		t.Errorf("nobody ahead: %+v", got)
	}
	if got := c.Estimate("?", 5); got != (kiosk.Estimate{}) {
		t.Errorf("unknown queue: %+v", got)
	}
}
