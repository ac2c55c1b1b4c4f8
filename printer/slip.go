package printer

import (
	"strconv"
	"strings"
	"time"

	"hallkiosk/kiosk"
)

// Slip is what a paper says, in the citizen's language: the values that a
// kiosk.Layout may name. A value that is missing is empty.
type Slip struct {
	Lang    kiosk.Lang
	Values  map[string]string
	Lists   map[string][]map[string]string // members by the whole name of a value, such as item.name
	Joined  map[string][]string            // lists that are written in one line
	Profile Profile
}

// Setting is what a Slip needs besides the job.
type Setting struct {
	Catalog  *kiosk.Catalog
	Profile  Profile
	Kiosk    kiosk.KioskID
	Location *time.Location // the hall's time zone
}

// NewSlip gathers what the paper of a job says. opens is when its queue opens
// next; zero when it is open.
func NewSlip(s Setting, job kiosk.PrintJob, opens time.Time) Slip {
	t := job.Ticket
	lang := t.Lang.Known()
	q, _ := s.Catalog.Queue(t.Queue)
	zone, _ := s.Catalog.Zone(q.Zone)
	v := map[string]string{
		"hall": s.Catalog.Hall.In(lang), "number": t.Number.String(), "id": string(t.ID), "queue": q.Name.In(lang),
		"zone": string(q.Zone), "zone_name": zone.Name.In(lang), "windows": q.Windows, "windows_en": windowsEn(q), "way": zone.Way.In(lang),
		"time": t.Taken.Time().In(s.Location).Format(time.DateTime), "day": string(t.Day), "kiosk": string(s.Kiosk), "due": string(t.Promise.By),
	}
	if t.Ahead > 0 {
		v["ahead"] = strconv.Itoa(t.Ahead)
	}
	if !opens.IsZero() { // how long is for whoever is here then
		v["opens"] = opens.In(s.Location).Format("01-02 15:04")
		if holiday, ok := q.Hours.Holiday(t.Taken.Time().In(s.Location)); ok {
			v["holiday"] = holiday.In(lang)
		}
	} else if t.Ahead > 0 {
		e := s.Catalog.Wait(t)
		v["low"], v["high"] = strconv.Itoa(e.Low), strconv.Itoa(e.High)
	}
	if t.Booking != "" {
		hour := func(at kiosk.Instant) string { return at.Time().In(s.Location).Format("15:04") }
		v["slot"] = hour(t.Slot.From) + "-" + hour(t.Slot.To)
	}
	if job.Earlier > 0 {
		v["attempt"] = strconv.Itoa(job.Earlier + 1)
	}
	slip := Slip{Lang: lang, Values: v, Lists: map[string][]map[string]string{}, Joined: map[string][]string{}, Profile: s.Profile}
	slip.items(s.Catalog, t)
	slip.then(s.Catalog, t)
	slip.steps(s.Catalog, t.Theme)
	return slip
}

// items fills in what the ticket is for and which papers that takes. A paper
// that several items want is named once.
func (s *Slip) items(c *kiosk.Catalog, t kiosk.Ticket) {
	member := func(list, name string) {
		s.Lists[list] = append(s.Lists[list], map[string]string{list + ".name": name})
	}
	promised := map[string]string{}
	wanted := map[string]bool{}
	for _, id := range t.Items {
		item, _ := c.Item(id)
		member("item", item.Name.In(s.Lang))
		s.Joined["items"] = append(s.Joined["items"], item.Name.In(s.Lang))
		for _, m := range item.Materials {
			promised[m.Name.Zh] = m.Name.In(s.Lang)
			if m.Essential && !wanted[m.Name.Zh] {
				wanted[m.Name.Zh] = true
				member("material", m.Name.In(s.Lang))
				s.Joined["materials"] = append(s.Joined["materials"], m.Name.In(s.Lang))
			}
		}
	}
	for _, name := range t.Promise.Papers {
		if in, ok := promised[name]; ok {
			name = in
		}
		member("missing", name)
	}
}

// then fills in where the ticket goes after its own queue, when its items take it
// through several.
func (s *Slip) then(c *kiosk.Catalog, t kiosk.Ticket) {
	last := t.Queue
	for _, id := range t.Items {
		item, _ := c.Item(id)
		list := s.Lists["then"]
		switch {
		case item.Queue != last:
			last = item.Queue
			q, _ := c.Queue(last)
			s.Lists["then"] = append(list, map[string]string{"then.zone": string(q.Zone), "then.windows": q.Windows, "then.windows_en": windowsEn(q), "then.name": item.Name.In(s.Lang)})
		case len(list) > 0:
			list[len(list)-1]["then.name"] += " · " + item.Name.In(s.Lang)
		}
	}
}

func (s *Slip) steps(c *kiosk.Catalog, id kiosk.ThemeID) {
	theme, ok := c.Theme(id)
	if !ok {
		return
	}
	s.Values["theme"] = theme.Name.In(s.Lang)
	for i, step := range theme.Steps {
		m := map[string]string{"step.n": strconv.Itoa(i + 1), "step.name": step.Name.In(s.Lang), "step.note": step.Note.In(s.Lang)}
		if item, ok := c.Item(step.Item); ok {
			q, _ := c.Queue(item.Queue)
			m["step.zone"], m["step.windows"], m["step.windows_en"] = string(q.Zone), q.Windows, windowsEn(q)
		}
		s.Lists["step"] = append(s.Lists["step"], m)
	}
}

// windowsEn names a queue's windows in English, which counts them.
func windowsEn(q kiosk.Queue) string {
	if strings.ContainsAny(q.Windows, "-,") {
		return "windows " + q.Windows
	}
	return "window " + q.Windows
}
