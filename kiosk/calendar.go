package kiosk

import "time"

// Calendar holds the dates on which a hall doesn't open as their weekday says:
// statutory holidays, and the days that are worked for them (调休). Dates go
// from midnight to midnight, unlike business days. It never changes, so it may
// be read from any goroutine; nil is a calendar without such dates.
type Calendar struct {
	special map[date]Special
	years   map[int]bool
	last    date
}

// Special is one date of a Calendar.
type Special struct {
	Date string       // as 2006-01-02
	Name Text         // of the holiday, or of the one that the date is worked for
	Off  bool         // a day off
	As   time.Weekday // else the weekday whose hours hold
}

// date is a day of the calendar as a number, such as 20061002.
type date int

func dateOf(t time.Time) date {
	y, m, d := t.Date()
	return date(y*10000 + int(m)*100 + d)
}

// NewCalendar returns a calendar of the given years: of those, all that differs
// from the week is in days. Dates must be valid and named once.
func NewCalendar(years []int, days []Special) *Calendar {
	c := &Calendar{special: make(map[date]Special, len(days)), years: make(map[int]bool, len(years))}
	for _, y := range years {
		c.years[y] = true
	}
	for _, s := range days {
		t, err := time.Parse(time.DateOnly, s.Date)
		if err != nil {
			panic(err) // whoever reads calendars checks them
		}
		d := dateOf(t)
		c.special[d] = s
		c.last = max(c.last, d)
	}
	return c
}

// On returns what the calendar says of the date that t falls in. ok is false
// for a date like every other. t's location must be the hall's.
func (c *Calendar) On(t time.Time) (s Special, ok bool) {
	if c == nil {
		return Special{}, false
	}
	s, ok = c.special[dateOf(t)]
	return s, ok
}

// Through returns the last date from t on of which the calendar knows whether it
// is special, as its midnight. ok is false when it doesn't know t's own.
func (c *Calendar) Through(t time.Time) (last time.Time, ok bool) {
	y := t.Year()
	for c != nil && c.years[y] {
		y++
	}
	return time.Date(y-1, time.December, 31, 0, 0, 0, 0, t.Location()), y > t.Year()
}

// end returns the midnight of the last special date, or the zero time.
func (c *Calendar) end(loc *time.Location) time.Time {
	if c == nil || c.last == 0 {
		return time.Time{}
	}
	return time.Date(int(c.last)/10000, time.Month(c.last/100%100), int(c.last)%100, 0, 0, 0, 0, loc)
}
