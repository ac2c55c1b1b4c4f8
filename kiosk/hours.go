package kiosk

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Day is a business day of a hall, as 2006-01-02 in the hall's own time zone.
// It begins at the hall's hour of change, not at midnight.
type Day string

// DayAt returns the business day that t falls in, when days change at change
// after midnight. t's location must be the hall's.
func DayAt(t time.Time, change time.Duration) Day {
	y, m, d := t.Date()
	if t.Sub(time.Date(y, m, d, 0, 0, 0, 0, t.Location())) < change {
		d--
	}
	return Day(time.Date(y, m, d, 0, 0, 0, 0, t.Location()).Format(time.DateOnly))
}

// Hours are the opening hours of a queue. The zero value is open around the
// clock. See On for holidays.
type Hours struct {
	text     string
	limited  bool // not around the clock
	spans    []span
	calendar *Calendar
}

// span is one stretch of opening on one kind of day, in minutes after midnight.
type span struct {
	day      time.Weekday
	from, to int
	booked   bool
}

// holiday is the kind of day that a Calendar says is off.
const holiday time.Weekday = 7

var weekdays = []string{"Su", "Mo", "Tu", "We", "Th", "Fr", "Sa", "PH"}

// ParseWeekday reads a day of the week as Hours have it: Mo Tu We Th Fr Sa Su.
func ParseWeekday(text string) (d time.Weekday, ok bool) {
	i := slices.Index(weekdays[:holiday], text)
	return time.Weekday(max(0, i)), i >= 0
}

// ParseHours reads opening hours written as in OpenStreetMap's opening_hours,
// of which it knows days, spans, PH, "off" and the word "booked":
//
//	Mo-Fr 09:00-12:00,13:30-17:00; Tu,Th 17:00-18:00 booked; PH 09:00-12:00
//
// Booked stretches are for people with a booking only. PH are the days off of
// the hall's Calendar; without a word of them a queue is closed on those, as
// with PH off. Rules add up; off takes away what those before it gave to its
// days. "24/7" and the empty text are open around the clock, on days off too.
// Stretches don't cross midnight; 24:00 ends a day.
func ParseHours(text string) (Hours, error) {
	h := Hours{text: strings.TrimSpace(text)}
	if h.text == "" || h.text == "24/7" {
		return h, nil
	}
	h.limited = true
	for _, rule := range strings.Split(h.text, ";") {
		words := strings.Fields(rule)
		booked := len(words) == 3 && words[2] == "booked"
		if len(words) != 2 && !booked {
			return Hours{}, fmt.Errorf("hours %q: write days and times, such as Mo-Fr 09:00-17:00", strings.TrimSpace(rule))
		}
		days, err := parseDays(words[0])
		if err != nil {
			return Hours{}, err
		}
		if words[1] == "off" && !booked {
			h.spans = slices.DeleteFunc(h.spans, func(s span) bool { return slices.Contains(days, s.day) })
			continue
		}
		for _, times := range strings.Split(words[1], ",") {
			from, to, err := parseTimes(times)
			if err != nil {
				return Hours{}, err
			}
			for _, d := range days {
				h.spans = append(h.spans, span{d, from, to, booked})
			}
		}
	}
	return h, nil
}

func parseDays(text string) ([]time.Weekday, error) {
	var days []time.Weekday
	for _, part := range strings.Split(text, ",") {
		if part == weekdays[holiday] {
			days = append(days, holiday)
			continue
		}
		first, last, ranged := strings.Cut(part, "-")
		if !ranged {
			last = first
		}
		from, ok := ParseWeekday(first)
		to, ok2 := ParseWeekday(last)
		if !ok || !ok2 {
			return nil, fmt.Errorf("hours: %q is not a day; days are Mo Tu We Th Fr Sa Su, and PH for days off", part)
		}
		for d := from; ; d = (d + 1) % 7 {
			days = append(days, d)
			if d == to {
				break
			}
		}
	}
	return days, nil
}

func parseTimes(text string) (from, to int, err error) {
	var h1, m1, h2, m2 int
	n, _ := fmt.Sscanf(text, "%02d:%02d-%02d:%02d", &h1, &m1, &h2, &m2)
	from, to = h1*60+m1, h2*60+m2
	if n != 4 || len(text) != len("09:00-17:00") || m1 > 59 || m2 > 59 || from < 0 || from >= to || to > 24*60 {
		return 0, 0, fmt.Errorf("hours: %q is not a stretch of one day such as 09:00-17:00", text)
	}
	return from, to, nil
}

// String returns the text that the hours were read from.
func (h Hours) String() string {
	if h.text == "" {
		return "24/7"
	}
	return h.text
}

// On returns the hours as they are in a hall with that calendar; nil is a hall
// without days off.
func (h Hours) On(c *Calendar) Hours {
	h.calendar = c
	return h
}

// kind says as which kind of day t's date counts.
func (h Hours) kind(t time.Time) time.Weekday {
	switch s, special := h.calendar.On(t); {
	case !special:
		return t.Weekday()
	case s.Off:
		return holiday
	default:
		return s.As
	}
}

// in says whether t is in a stretch, of those for bookings or the others.
func (h Hours) in(t time.Time, booked bool) bool {
	day, at := h.kind(t), t.Hour()*60+t.Minute()
	return slices.ContainsFunc(h.spans, func(s span) bool { return s.day == day && s.booked == booked && s.from <= at && at < s.to })
}

// Open says whether a walk-in is served at t. t's location must be the hall's.
func (h Hours) Open(t time.Time) bool { return !h.limited || h.in(t, false) }

// BookedOnly says whether at t only people with a booking are served.
func (h Hours) BookedOnly(t time.Time) bool { return !h.Open(t) && h.in(t, true) }

// Next returns when a walk-in is served next: t itself when open, else the
// next opening. ok is false when there is none, neither within a week nor a
// week after the last day that the calendar names.
func (h Hours) Next(t time.Time) (next time.Time, ok bool) {
	if h.Open(t) {
		return t, true
	}
	y, m, d := t.Date()
	last := time.Date(y, m, d+7, 0, 0, 0, 0, t.Location())
	if end := h.calendar.end(t.Location()).AddDate(0, 0, 7); end.After(last) {
		last = end
	}
	for midnight := time.Date(y, m, d, 0, 0, 0, 0, t.Location()); !midnight.After(last); d++ {
		midnight = time.Date(y, m, d, 0, 0, 0, 0, t.Location())
		kind := h.kind(midnight)
		for _, s := range h.spans {
			at := time.Date(y, m, d, s.from/60, s.from%60, 0, 0, t.Location())
			if s.day == kind && !s.booked && at.After(t) && (!ok || at.Before(next)) {
				next, ok = at, true
			}
		}
		if ok {
			return next, true
		}
	}
	return time.Time{}, false
}

// Holiday names the day off that keeps walk-ins out from t until Next, the
// first if there are several. ok is false when the queue is open, or closed for
// another reason.
func (h Hours) Holiday(t time.Time) (name Text, ok bool) {
	next, comes := h.Next(t)
	if !comes {
		next = t.AddDate(0, 0, 1) // today tells enough
	}
	y, m, d := t.Date()
	for ; ; d++ {
		day := time.Date(y, m, d, 0, 0, 0, 0, t.Location())
		if yy, mm, dd := next.Date(); !day.Before(time.Date(yy, mm, dd, 0, 0, 0, 0, t.Location())) {
			return Text{}, false
		}
		s, special := h.calendar.On(day)
		if special && s.Off && !slices.ContainsFunc(h.spans, func(s span) bool { return s.day == holiday && !s.booked }) {
			return s.Name, true
		}
	}
}
