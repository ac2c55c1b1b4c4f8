package kiosk_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hallkiosk/kiosk"
)

// october is the National Day of 2026: off from Thursday the 1st to Wednesday
// the 7th; Saturday the 10th is worked as a Wednesday.
func october() *kiosk.Calendar {
	name := kiosk.Text{Zh: "国庆节", En: "National Day"}
	days := []kiosk.Special{{Date: "2026-10-10", As: time.Wednesday, Name: name}}
	for d := range 7 {
		days = append(days, kiosk.Special{Date: fmt.Sprintf("2026-10-%02d", d+1), Off: true, Name: name})
	}
	return kiosk.NewCalendar([]int{2026}, days)
}

func hours(t interface{ Fatal(...any) }, text string) kiosk.Hours {
	h, err := kiosk.ParseHours(text)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestHoursOnHolidays(t *testing.T) {
	at := func(text string) time.Time {
		v, err := time.Parse("01-02 15:04", text)
		if err != nil {
			t.Fatal(err)
		}
		return v.AddDate(2026, 0, 0)
	}
	office := "Mo-Fr 08:30-12:00,14:30-17:30; Tu,We 17:30-18:30 booked; Sa 09:00-10:00"
	for _, c := range []struct {
		hours, at    string
		open, booked bool
		next, why    string
	}{
		{office, "09-30 16:00", true, false, "09-30 16:00", ""},
		{office, "09-30 19:00", false, false, "10-08 08:30", "国庆节"},
		{office, "10-01 09:00", false, false, "10-08 08:30", "国庆节"},
		{office, "10-03 09:30", false, false, "10-08 08:30", "国庆节"}, // a Saturday off
		{office, "10-07 18:00", false, false, "10-08 08:30", "国庆节"}, // booked on other Wednesdays
		{office, "10-08 08:30", true, false, "10-08 08:30", ""},
		{office, "10-09 18:00", false, false, "10-10 08:30", ""}, // the Saturday worked, as a Wednesday
		{office, "10-10 14:00", false, false, "10-10 14:30", ""},
		{office, "10-10 18:00", false, true, "10-12 08:30", ""},
		{office + "; PH off", "10-01 09:00", false, false, "10-08 08:30", "国庆节"},
		{office + "; PH 09:00-12:00", "10-01 08:00", false, false, "10-01 09:00", ""},
		{office + "; PH 09:00-12:00", "10-01 09:00", true, false, "10-01 09:00", ""},
		{office + "; PH 09:00-12:00", "10-01 13:00", false, false, "10-02 09:00", ""},
		{office + "; PH 09:00-12:00 booked", "10-01 09:00", false, true, "10-08 08:30", "国庆节"},
		{"Mo-Su,PH 00:00-24:00; PH,We off", "09-30 09:00", false, false, "10-08 00:00", "国庆节"},
		{"Mo-Fr,PH 09:00-12:00", "10-03 10:00", true, false, "10-03 10:00", ""},
		{"24/7", "10-01 03:00", true, false, "10-01 03:00", ""},
		{"PH 09:00-10:00", "09-01 09:30", false, false, "10-01 09:00", ""},
		{"Th 09:00-10:00", "09-26 09:30", false, false, "10-08 09:00", "国庆节"},
		{"Tu 17:30-18:30 booked", "10-02 09:00", false, false, "", "国庆节"},
		{"Tu 17:30-18:30 booked", "10-08 09:00", false, false, "", ""},
	} {
		h := hours(t, c.hours).On(october())
		now := at(c.at)
		next, ok := h.Next(now)
		why, _ := h.Holiday(now)
		got := ""
		if ok {
			got = next.Format("01-02 15:04")
		}
		if h.Open(now) != c.open || h.BookedOnly(now) != c.booked || got != c.next || why.Zh != c.why {
			t.Errorf("%q at %s: open=%v booked=%v next=%q why=%q, want %v %v %q %q", c.hours, c.at, h.Open(now), h.BookedOnly(now), got, why.Zh, c.open, c.booked, c.next, c.why)
		}
	}
	for _, bad := range []string{"PH", "PH-Mo 09:00-10:00", "Mo-PH 09:00-10:00", "PH Mo 09:00-10:00", "off", "Mo off booked", "PH offf", "SH off"} {
		if h, err := kiosk.ParseHours(bad); err == nil {
			t.Errorf("%q was read as %v", bad, h)
		}
	}
}

// kept draws hours on half hours and a calendar around the new year, so that
// they meet.
func kept(t *rapid.T) kiosk.Hours {
	day := rapid.SampledFrom([]string{"Mo", "Tu", "We", "Th", "Fr", "Sa", "Su", "PH", "Mo-Fr", "Fr-Mo", "We,PH"})
	rule := rapid.Custom(func(t *rapid.T) string {
		days := day.Draw(t, "days")
		if rapid.IntRange(0, 7).Draw(t, "off") == 0 {
			return days + " off"
		}
		from := rapid.IntRange(0, 47).Draw(t, "from")
		to := rapid.IntRange(from+1, 48).Draw(t, "to")
		return fmt.Sprintf("%s %02d:%02d-%02d:%02d%s", days, from/2, from%2*30, to/2, to%2*30, rapid.SampledFrom([]string{"", "", " booked"}).Draw(t, "booked"))
	})
	special := rapid.Custom(func(t *rapid.T) kiosk.Special {
		d := time.Date(2026, 12, 20, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 30).Draw(t, "day"))
		return kiosk.Special{Date: d.Format(time.DateOnly), Name: kiosk.Text{Zh: "节"}, Off: rapid.Bool().Draw(t, "off"), As: time.Weekday(rapid.IntRange(0, 6).Draw(t, "as"))}
	})
	h := hours(t, strings.Join(rapid.SliceOfN(rule, 1, 4).Draw(t, "rules"), "; "))
	days := rapid.SliceOfNDistinct(special, 0, 30, func(s kiosk.Special) string { return s.Date }).Draw(t, "special")
	return h.On(kiosk.NewCalendar([]int{2026, 2027}, days))
}

// Next is never before now, is always open, and nothing opens before it;
// without it nothing ever opens.
func TestNextIsTheFirstOpening(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := kept(t)
		now := time.Date(2026, 12, 10, 0, rapid.IntRange(0, 50*24*60).Draw(t, "now"), 0, 0, time.UTC)
		next, ok := h.Next(now)
		if ok && (next.Before(now) || !h.Open(next)) {
			t.Fatalf("%s at %s: next is %s, open %v", h, now, next, h.Open(next))
		}
		end := next
		if !ok {
			end = now.AddDate(0, 0, 60) // past all that is special, and weeks more
		}
		for at := now; at.Before(end); at = at.Truncate(30 * time.Minute).Add(30 * time.Minute) {
			if h.Open(at) {
				t.Fatalf("%s at %s: next is %s (%v), but it is open at %s", h, now, next, ok, at)
			}
		}
		if why, held := h.Holiday(now); held && (h.Open(now) || why.Zh == "") {
			t.Fatalf("%s at %s: closed for %q, open %v", h, now, why.Zh, h.Open(now))
		}
	})
}

func TestCalendarThrough(t *testing.T) {
	c := kiosk.NewCalendar([]int{2028, 2026, 2027}, nil)
	for year, want := range map[int]string{2026: "2028-12-31", 2028: "2028-12-31", 2025: "", 2029: ""} {
		last, ok := c.Through(time.Date(year, 3, 1, 9, 0, 0, 0, time.UTC))
		if got := last.Format(time.DateOnly); ok != (want != "") || ok && got != want {
			t.Errorf("from %d the calendar goes through %s (%v), want %q", year, got, ok, want)
		}
	}
	var none *kiosk.Calendar
	if _, ok := none.Through(time.Now()); ok || none.Version() != "" {
		t.Error("no calendar knows a year")
	}
	if _, ok := none.On(time.Now()); ok {
		t.Error("no calendar has a special day")
	}
}

// A version is of the contents alone: not of the order of the files, but of
// everything they say.
func TestVersions(t *testing.T) {
	build := func(change func(*kiosk.Catalog)) string {
		c := &kiosk.Catalog{Hall: kiosk.Text{Zh: "厅"}, PromiseDays: 5,
			Departments: []kiosk.Department{{ID: "a"}, {ID: "b"}},
			Queues:      []kiosk.Queue{{ID: "A", Hours: hours(t, "Mo,Tu 09:00-12:00")}, {ID: "B"}},
			Items:       []kiosk.Item{{ID: "1", Dept: "a", Words: []string{"x"}}, {ID: "3", Dept: "a"}, {ID: "2", Dept: "b"}},
			Wanted:      []kiosk.Wanted{{Item: "1"}, {Item: "2"}}}
		change(c)
		c.Index()
		return c.Version()
	}
	base := build(func(*kiosk.Catalog) {})
	if len(base) != 12 {
		t.Fatalf("version %q", base)
	}
	for name, change := range map[string]func(*kiosk.Catalog){
		"Files": func(c *kiosk.Catalog) {
			slices.Reverse(c.Departments)
			slices.Reverse(c.Queues)
			c.Items = []kiosk.Item{c.Items[2], c.Items[0], c.Items[1]}
		},
		"Spaces":   func(c *kiosk.Catalog) { c.Queues[0].Hours = hours(t, " Mo-Tu  09:00-12:00 ") },
		"Calendar": func(c *kiosk.Catalog) { c.Keep(october()) },
	} {
		if got := build(change); got != base {
			t.Errorf("%s: version %s, want %s still", name, got, base)
		}
	}
	seen := map[string]string{base: "nothing"}
	for name, change := range map[string]func(*kiosk.Catalog){
		"Hall":  func(c *kiosk.Catalog) { c.Hall.En = "Hall" },
		"Hours": func(c *kiosk.Catalog) { c.Queues[0].Hours = hours(t, "Mo 09:00-12:00") },
		"Never": func(c *kiosk.Catalog) { c.Queues[1].Hours = hours(t, "Mo off") },
		"Word":  func(c *kiosk.Catalog) { c.Items[0].Words = []string{"y"} },
		"Order": func(c *kiosk.Catalog) { slices.Reverse(c.Wanted) },
		"Days":  func(c *kiosk.Catalog) { c.PromiseDays = 6 },
		"Gone":  func(c *kiosk.Catalog) { c.Items = c.Items[:2] },
	} {
		got := build(change)
		if seen[got] != "" {
			t.Errorf("%s: version %s, as with %s changed", name, got, seen[got])
		}
		seen[got] = name
	}
	a, b := kiosk.Special{Date: "2026-10-01", Off: true}, kiosk.Special{Date: "2026-10-10", As: time.Friday}
	one := kiosk.NewCalendar([]int{2026, 2027}, []kiosk.Special{a, b}).Version()
	if same := kiosk.NewCalendar([]int{2027, 2026}, []kiosk.Special{b, a}).Version(); same != one || len(one) != 12 {
		t.Errorf("the calendar's version is %q, in another order %q", one, same)
	}
	b.As = time.Monday
	if other := kiosk.NewCalendar([]int{2026, 2027}, []kiosk.Special{a, b}).Version(); other == one {
		t.Errorf("two calendars have the version %s", one)
	}
}
