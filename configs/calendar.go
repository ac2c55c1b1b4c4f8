package configs

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"time"

	"hallkiosk/kiosk"
)

// calendarFile is one year of a calendar.
type calendarFile struct {
	Year int `toml:"year"`
	Off  []struct {
		First string     `toml:"first"`
		Last  string     `toml:"last"` // empty for one day
		Name  kiosk.Text `toml:"name"`
	} `toml:"off"`
	Work []struct {
		Date string     `toml:"date"`
		As   string     `toml:"as"`
		Name kiosk.Text `toml:"name"`
	} `toml:"work"`
}

// longestHoliday keeps a slip of the pen from closing a hall for months, in days.
const longestHoliday = 31

// calendarReader gathers the files of a calendar. Where a date was named is
// kept, so that a second time can name the first.
type calendarReader struct {
	years   []int
	days    []kiosk.Special
	defined map[string]string
}

// LoadCalendar reads a calendar's folder, one file a year. shown is how
// problems name the folder.
func LoadCalendar(fsys fs.FS, shown string) (*kiosk.Calendar, Problems) {
	names, err := fs.Glob(fsys, "*.toml")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	r := &calendarReader{defined: map[string]string{}}
	var problems Problems
	for _, name := range names {
		var y calendarFile
		f, _ := decode(fsys, name, path.Join(shown, name), &y)
		if !f.unread {
			r.year(f, y)
		}
		problems = append(problems, f.problems.sorted()...)
	}
	if len(names) == 0 {
		problems = append(problems, Problem{File: shown, En: "no file of a year is here. Copy configs/calendar into it.", Zh: "这个文件夹里没有年份文件，请从 configs/calendar 抄来。"})
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return kiosk.NewCalendar(r.years, r.days), nil
}

func (r *calendarReader) year(f *file, y calendarFile) {
	if y.Year < 2000 || y.Year > 2099 {
		f.addf("year", "year is %d. Write the year of this file, such as 2026.", "year 是 %d，请写这个文件的年份，例如 2026。", y.Year)
		return
	}
	if slices.Contains(r.years, y.Year) {
		f.addf("year", "another file is of %d too. Leave one of them.", "%d 年有两个文件，请只留一个。", y.Year)
	}
	r.years = append(r.years, y.Year)
	for i, o := range y.Off {
		at := fmt.Sprintf("off[%d].", i)
		first, ok := r.date(f, at+"first", o.First, y.Year)
		last := first
		if ok && o.Last != "" {
			last, ok = r.date(f, at+"last", o.Last, y.Year)
		}
		if !ok {
			continue
		}
		if n := int(last.Sub(first).Hours()/24) + 1; n < 1 || n > longestHoliday {
			f.addf(at+"last", "from %s to %s are %d days. Write 1 to %d.", "%s 到 %s 有 %d 天，请写 1 到 %d 天。", o.First, o.Last, n, longestHoliday)
			continue
		}
		if o.Name.Zh == "" {
			f.add(at+"name", "this holiday has no name. Write one: citizens are told why the hall is closed.", "这个假期没有名字，请写上，市民要看。")
		}
		for d := first; !d.After(last); d = d.AddDate(0, 0, 1) {
			r.add(f, at+"first", kiosk.Special{Date: d.Format(time.DateOnly), Name: o.Name, Off: true})
		}
	}
	for i, w := range y.Work {
		at := fmt.Sprintf("work[%d].", i)
		d, ok := r.date(f, at+"date", w.Date, y.Year)
		as, known := kiosk.ParseWeekday(w.As)
		if !known {
			f.addf(at+"as", "as is %q. Write the weekday whose hours hold: Mo Tu We Th Fr Sa Su.", "as 是 %q，请写按星期几上班：Mo Tu We Th Fr Sa Su。", w.As)
		}
		if ok && known {
			r.add(f, at+"date", kiosk.Special{Date: d.Format(time.DateOnly), Name: w.Name, As: as})
		}
	}
}

// date reads a date of a year's file. The New Year's holiday may begin in the
// December before.
func (r *calendarReader) date(f *file, key, text string, year int) (time.Time, bool) {
	d, err := time.Parse(time.DateOnly, text)
	if err != nil {
		f.addf(key, "%q is no date of the calendar. Write one such as 2026-10-01.", "%q 不是日期，请写成 2026-10-01 这样。", text)
		return d, false
	}
	if d.Year() != year && (d.Year() != year-1 || d.Month() != time.December) {
		f.addf(key, "%s is not in %d, the year of this file. Write it into its own.", "%s 不在 %d 年，请写到那一年的文件里。", text, year)
		return d, false
	}
	return d, true
}

func (r *calendarReader) add(f *file, key string, s kiosk.Special) {
	if first, twice := r.defined[s.Date]; twice {
		f.addf(key, "%s is named twice, first at %s. Leave one of them.", "%s 写了两遍，第一次在 %s，请只留一处。", s.Date, first)
		return
	}
	at := f.places[key]
	r.defined[s.Date] = fmt.Sprintf("%s:%d:%d", f.name, at.line, at.col)
	r.days = append(r.days, s)
}

// calendarWarning is how many days before the calendar ends it is told.
const calendarWarning = 30

// CalendarEnds tells, mildly, that the calendar of a checked config says nothing
// of now, or ends within 30 days: the hall would be open on holidays.
func (k *Kiosk) CalendarEnds(c *kiosk.Calendar, now time.Time) Problems {
	now = now.In(k.Location())
	last, ok := c.Through(now)
	p := Problem{File: k.Calendar.folder(), Mild: true}
	y, m, d := now.Date()
	end := time.Date(last.Year(), last.Month(), last.Day(), 0, 0, 0, 0, time.UTC)
	switch days := int(end.Sub(time.Date(y, m, d, 0, 0, 0, 0, time.UTC)).Hours() / 24); {
	case !ok:
		p.En = fmt.Sprintf("no file of %d: holidays count as days like others. Add %[1]d.toml.", now.Year())
		p.Zh = fmt.Sprintf("没有 %d 年的文件，节假日会当作平常日子。请加上 %[1]d.toml。", now.Year())
	case days <= calendarWarning:
		p.En = fmt.Sprintf("the calendar ends in %d days, with %s. Add %d.toml when the notice of its holidays is out.", days, last.Format(time.DateOnly), last.Year()+1)
		p.Zh = fmt.Sprintf("日历再过 %d 天就用完了，只到 %s。放假通知出来后请加上 %d.toml。", days, last.Format(time.DateOnly), last.Year()+1)
	default:
		return nil
	}
	return Problems{p}
}

// CalendarRef names the calendar's folder; empty is the shipped one.
type CalendarRef struct {
	Path string `toml:"path"`
}

func (r CalendarRef) folder() string { return cmp.Or(r.Path, "calendar") }

func (k *Kiosk) loadCalendar(f *file) (*kiosk.Calendar, Problems) {
	fsys, ok := folder(f, "calendar", k.Calendar.Path)
	if !ok {
		return nil, nil
	}
	return LoadCalendar(fsys, k.Calendar.folder())
}
