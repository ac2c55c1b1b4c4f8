package kiosk

import (
	"fmt"
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

// Hours are the weekly opening hours of a queue. The zero value is open around
// the clock.
type Hours struct {
	text  string
	spans []span
}

// span is one stretch of opening on one weekday, in minutes after midnight.
type span struct {
	day      time.Weekday
	from, to int
	booked   bool
}

var weekdays = []string{"Su", "Mo", "Tu", "We", "Th", "Fr", "Sa"}

// ParseHours reads opening hours written as in OpenStreetMap's opening_hours,
// of which it knows days, spans and the word "booked":
//
//	Mo-Fr 09:00-12:00,13:30-17:00; Tu,Th 17:00-18:00 booked
//
// Booked stretches are for people with a booking only. "24/7" and the empty
// text are open around the clock. Stretches don't cross midnight; 24:00 ends a
// day.
func ParseHours(text string) (Hours, error) {
	h := Hours{text: strings.TrimSpace(text)}
	if h.text == "" || h.text == "24/7" {
		return h, nil
	}
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
		first, last, ranged := strings.Cut(part, "-")
		from := weekday(first)
		to := from
		if ranged {
			to = weekday(last)
		}
		if from < 0 || to < 0 {
			return nil, fmt.Errorf("hours: %q is not a day; days are Mo Tu We Th Fr Sa Su", part)
		}
		for d := from; ; d = (d + 1) % 7 {
			days = append(days, time.Weekday(d))
			if d == to {
				break
			}
		}
	}
	return days, nil
}

func weekday(text string) int {
	for i, name := range weekdays {
		if name == text {
			return i
		}
	}
	return -1
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

// Open says whether a walk-in is served at t. t's location must be the hall's.
func (h Hours) Open(t time.Time) bool {
	if len(h.spans) == 0 {
		return true
	}
	at := t.Hour()*60 + t.Minute()
	for _, s := range h.spans {
		if s.day == t.Weekday() && !s.booked && s.from <= at && at < s.to {
			return true
		}
	}
	return false
}

// BookedOnly says whether at t only people with a booking are served.
func (h Hours) BookedOnly(t time.Time) bool {
	if h.Open(t) {
		return false
	}
	at := t.Hour()*60 + t.Minute()
	for _, s := range h.spans {
		if s.day == t.Weekday() && s.booked && s.from <= at && at < s.to {
			return true
		}
	}
	return false
}

// Next returns when a walk-in is served next: t itself when open, else the
// next opening within a week. ok is false when there is none.
func (h Hours) Next(t time.Time) (next time.Time, ok bool) {
	if h.Open(t) {
		return t, true
	}
	y, m, d := t.Date()
	for ahead := 0; ahead <= 7; ahead++ {
		midnight := time.Date(y, m, d+ahead, 0, 0, 0, 0, t.Location())
		for _, s := range h.spans {
			at := time.Date(y, m, d+ahead, s.from/60, s.from%60, 0, 0, t.Location())
			if s.day == midnight.Weekday() && !s.booked && at.After(t) && (!ok || at.Before(next)) {
				next, ok = at, true
			}
		}
		if ok {
			return next, true
		}
	}
	return time.Time{}, false
}
