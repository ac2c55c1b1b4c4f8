package configs_test

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"hallkiosk/configs"
	"hallkiosk/kiosk"
)

// The shipped year against the notice of 4 November 2025, date by date.
func TestShippedCalendar(t *testing.T) {
	k, catalog, problems := configs.LoadKiosk("kiosk.toml")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	off := map[string]string{}
	for name, span := range map[string][2]string{"元旦": {"01-01", "01-03"}, "春节": {"02-15", "02-23"}, "清明节": {"04-04", "04-06"}, "劳动节": {"05-01", "05-05"},
		"端午节": {"06-19", "06-21"}, "中秋节": {"09-25", "09-27"}, "国庆节": {"10-01", "10-07"}} {
		for d := date(t, "2026-"+span[0]); !d.After(date(t, "2026-"+span[1])); d = d.AddDate(0, 0, 1) {
			off[d.Format("01-02")] = name
		}
	}
	work := []string{"01-04", "02-14", "02-28", "05-09", "09-20", "10-10"}
	for d := date(t, "2026-01-01"); d.Year() == 2026; d = d.AddDate(0, 0, 1) {
		day := d.Format("01-02")
		s, special := catalog.Calendar.On(d)
		switch {
		case off[day] != "" && (!s.Off || s.Name.Zh != off[day]):
			t.Errorf("%s is %+v, want off for %s", day, s, off[day])
		case off[day] == "" && s.Off:
			t.Errorf("%s is off: %+v", day, s)
		case slices.Contains(work, day) != (special && !s.Off):
			t.Errorf("%s is %+v, worked in the notice: %v", day, s, slices.Contains(work, day))
		case special && !s.Off && (s.As == time.Saturday || s.As == time.Sunday):
			t.Errorf("%s is worked as %s", day, s.As)
		}
	}
	q, ok := catalog.Queue("A")
	now := time.Date(2026, 10, 1, 9, 0, 0, 0, k.Location())
	next, opens := q.Hours.Next(now)
	why, _ := q.Hours.Holiday(now)
	if !ok || !opens || next.Format("01-02 15:04") != "10-08 08:30" || why.Zh != "国庆节" {
		t.Errorf("on National Day queue A opens %s (%v) because of %q", next, opens, why.Zh)
	}
	for _, q := range catalog.Queues { // what never closes stays open
		if q.Hours.String() == "24/7" && !q.Hours.Open(now) {
			t.Errorf("queue %s is closed on National Day", q.ID)
		}
	}
}

func date(t *testing.T, text string) time.Time {
	t.Helper()
	d, err := time.Parse(time.DateOnly, text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

const octoberFile = "year = 2026\n[[off]]\nfirst = \"2026-10-01\"\nlast = \"2026-10-07\"\nname = { zh = \"国庆节\" }\n[[work]]\ndate = \"2026-10-10\"\nas = \"We\"\n"

func TestCalendarProblems(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"NoSuchDate", "2026-10-07", "2026-10-32", `calendar/2026.toml:4:1: "2026-10-32" is no date`},
		{"NoLeapYear", "2026-10-10", "2026-02-29", `calendar/2026.toml:7:1: "2026-02-29" is no date`},
		{"OtherYear", "2026-10-10", "2027-10-10", "calendar/2026.toml:7:1: 2027-10-10 is not in 2026"},
		{"OffAndWorked", "2026-10-10", "2026-10-03", "calendar/2026.toml:7:1: 2026-10-03 is named twice, first at calendar/2026.toml:3:1"},
		{"BackToFront", "2026-10-07", "2026-09-30", "calendar/2026.toml:4:1: from 2026-10-01 to 2026-09-30 are 0 days"},
		{"Months", "2026-10-07", "2026-12-07", "are 68 days. Write 1 to 31"},
		{"NoWeekday", `"We"`, `"Wednesday"`, `calendar/2026.toml:8:1: as is "Wednesday"`},
		{"WorkedAsAHoliday", `"We"`, `"PH"`, `calendar/2026.toml:8:1: as is "PH"`},
		{"NoName", "name = { zh = \"国庆节\" }\n", "", "calendar/2026.toml:2:3: this holiday has no name"},
		{"NoYear", "year = 2026\n", "", "year is 0"},
		{"UnknownKey", "as = ", "was = ", `unknown key "was" in [work]. Did you mean "as"?`},
		{"WrongType", `"2026-10-10"`, "2026-10-10", `calendar/2026.toml:7:8: "work.date" has the wrong type. Write text in double quotes`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !strings.Contains(octoberFile, c.old) {
				t.Fatalf("nothing to break: %q", c.old)
			}
			got, problems := configs.LoadCalendar(fstest.MapFS{"2026.toml": {Data: []byte(strings.Replace(octoberFile, c.old, c.new, 1))}}, "calendar")
			if got != nil || !strings.Contains(problems.Error(), c.want) {
				t.Fatalf("got %v, want %q", problems, c.want)
			}
		})
	}
	t.Run("YearTwice", func(t *testing.T) {
		_, problems := configs.LoadCalendar(fstest.MapFS{"a.toml": {Data: []byte("year = 2026\n")}, "b.toml": {Data: []byte(octoberFile)}}, "calendar")
		if !strings.Contains(problems.Error(), "calendar/b.toml:1:1: another file is of 2026 too") {
			t.Fatal(problems)
		}
	})
	t.Run("NoFile", func(t *testing.T) {
		if c, problems := configs.LoadCalendar(fstest.MapFS{}, "calendar"); c != nil || !strings.Contains(problems.Error(), "calendar: no file of a year") {
			t.Fatal(problems)
		}
	})
	t.Run("NoFolder", func(t *testing.T) {
		_, _, problems := configs.LoadKiosk(write(t, "kiosk.toml", least+"[calendar]\npath = \"none\"\n"))
		if !strings.Contains(problems.Error(), "none is not a folder. Name the calendar's folder") {
			t.Fatal(problems)
		}
	})
	t.Run("DecemberBefore", func(t *testing.T) { // as New Year 2023 was
		c, problems := configs.LoadCalendar(fstest.MapFS{"2023.toml": {Data: []byte("year = 2023\n[[off]]\nfirst = \"2022-12-31\"\nlast = \"2023-01-02\"\nname = { zh = \"元旦\" }\n")}}, "calendar")
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		if s, ok := c.On(date(t, "2022-12-31")); !ok || !s.Off {
			t.Fatalf("31 December is %+v", s)
		}
	})
}

func TestCalendarEnds(t *testing.T) {
	c, problems := configs.LoadCalendar(fstest.MapFS{"2026.toml": {Data: []byte(octoberFile)}}, "calendar")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	k, _, _ := configs.LoadKiosk("kiosk.toml")
	for day, want := range map[string]string{"2026-11-30": "", "2026-12-01": "calendar: the calendar ends in 30 days, with 2026-12-31. Add 2027.toml", "2026-12-31": "ends in 0 days",
		"2027-01-01": "calendar: no file of 2027", "2025-12-31": "no file of 2025"} {
		got := k.CalendarEnds(c, date(t, day).Add(4*time.Hour)) // noon in the hall
		if (want == "") != (len(got) == 0) || !strings.Contains(fmt.Sprint(got), want) || len(got.Fatal()) > 0 {
			t.Errorf("on %s: %v, want %q, mildly", day, got, want)
		}
	}
	if got := k.CalendarEnds(nil, date(t, "2026-06-01")); len(got) != 1 {
		t.Errorf("without a calendar: %v", got)
	}
}

// Comments and the order of files don't change the versions.
func TestVersionsOfFiles(t *testing.T) {
	version := func(fsys fs.FS) string {
		c, problems := configs.LoadCatalog(fsys, "catalog")
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		return c.Version()
	}
	two := strings.NewReplacer(`"x"`, `"y"`, `"A"`+"\nname = { zh = \"队\"", `"B"`+"\nname = { zh = \"队\"", "X001", "Y001", `queue = "A"`, `queue = "B"`)
	base := catalog()
	base["two.toml"] = &fstest.MapFile{Data: []byte(two.Replace(string(base["one.toml"].Data)))}
	other := fstest.MapFS{"hall.toml": base["hall.toml"], "9.toml": {Data: []byte("# first\n" + string(base["one.toml"].Data))}, "1.toml": base["two.toml"]}
	if a, b := version(base), version(other); a != b || len(a) != 12 {
		t.Errorf("the same contents have versions %q and %q", a, b)
	}
	other["1.toml"] = &fstest.MapFile{Data: []byte(strings.Replace(string(base["two.toml"].Data), "minutes = 5", "minutes = 6", 1))}
	if a, b := version(base), version(other); a == b {
		t.Errorf("other minutes, and the version is %s still", a)
	}
	calendars := map[string]string{}
	for _, text := range []string{octoberFile, "# comment\n" + octoberFile, strings.Replace(octoberFile, "We", "Th", 1)} {
		c, problems := configs.LoadCalendar(fstest.MapFS{"y.toml": {Data: []byte(text)}}, "calendar")
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		calendars[c.Version()] += "+"
	}
	if len(calendars) != 2 {
		t.Errorf("versions %v, want one for two files and one for the third", calendars)
	}
	var none *kiosk.Calendar
	if calendars[none.Version()] != "" {
		t.Error("no calendar has the version of one")
	}
}
