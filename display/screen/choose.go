package screen

import (
	"time"

	"fyne.io/fyne/v2"

	"hallkiosk/display/text"
	"hallkiosk/display/theme"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// directory lists the hall's zones down to end, in the part of the screen that is
// out of reach in low-reach mode.
func (s *sheet) directory(end float32, zones []kiosk.Zone) {
	y := s.Px(44)
	w, room := s.W-2*s.margin(), end-s.Apart()-y
	if room < s.Px(300) || len(zones) == 0 {
		return
	}
	pad := s.Px(theme.Pad)
	type row struct{ name, way widget.Block }
	var rows []row
	high := float32(0)
	for _, z := range zones {
		r := row{name: s.Fit(s.Say("zone", text.Data{"Zone": z.ID})+" · "+s.Of(z.Name), theme.Body, theme.Least, w-2*pad, 1, true)}
		r.way = s.Fit(s.Of(z.Way), theme.Second, theme.Least, w-2*pad, 1, false)
		high = max(high, r.name.Height()+r.way.Height())
		rows = append(rows, r)
	}
	n := float32(len(rows))
	ways := (room-2*pad)/n >= high+s.Px(8)
	if !ways {
		high = rows[0].name.Height()
	}
	step := min((room-2*pad)/n, high+s.Px(26))
	if step < high {
		return
	}
	s.add(s.Panel(s.margin(), y, w, step*n+2*pad))
	y += pad
	for _, r := range rows {
		at := y + (step-high)/2
		s.add(r.name.Left(s.margin()+pad, at, s.Ink))
		if ways {
			s.add(r.way.Left(s.margin()+pad, at+r.name.Height(), s.Sub))
		}
		y += step
	}
}

// ZoneChoice is a zone with what it holds: departments, or in the zone of the
// self-service machines items.
type ZoneChoice struct {
	kiosk.Zone
	Departments, Items int
}

// Zones asks in which zone, or for what is not in one.
func Zones(p Page, zones []ZoneChoice, page int, turn func(int), pick func(kiosk.Zone), to Entries) fyne.CanvasObject {
	s := &sheet{Page: p}
	_, y := s.ask(s.Say("all_items"), s.Say("pick_zone"))
	var cards []widget.Card
	for _, z := range zones {
		c := widget.Card{Icon: "map-pin", Title: s.Say("zone", text.Data{"Zone": z.ID}) + " · " + s.Of(z.Name), Second: s.Say("departments", text.Data{"N": z.Departments}), Act: func() { pick(z.Zone) }}
		if z.Self {
			c.Icon, c.Second = "device-desktop", s.Say("items", text.Data{"N": z.Items})
		}
		cards = append(cards, c)
	}
	cards = append(cards, s.entries(entry{to.Themes, "heart-handshake", "themes"}, entry{to.Hall, "map-2", "hall"})...)
	columns := 1
	if s.Shape == Wide || s.Shape == Small && !s.Large {
		columns = 2
	}
	s.choose(y, columns, cards, nil, true, paging{at: page, turn: turn})
	return s.done()
}

// Departments asks which department of a zone.
func Departments(p Page, zone kiosk.Zone, departments []kiosk.Department, items map[kiosk.DeptID]int, page int, turn func(int), pick func(kiosk.DeptID)) fyne.CanvasObject {
	s := &sheet{Page: p}
	_, y := s.ask(s.Say("zone", text.Data{"Zone": zone.ID})+" · "+s.Of(zone.Name), s.Say("pick_department"))
	var cards []widget.Card
	for _, d := range departments {
		cards = append(cards, widget.Card{Icon: "building-community", Title: s.Of(d.Name), Second: s.Say("items", text.Data{"N": items[d.ID]}), Act: func() { pick(d.ID) }})
	}
	s.choose(y, s.columns(), cards, nil, false, paging{at: page, turn: turn})
	return s.done()
}

// Items asks which item of a department. offers are the department's items.
func Items(p Page, now time.Time, above string, offers []kiosk.Offer, page int, turn func(int), pick func(kiosk.ItemID)) fyne.CanvasObject {
	s := &sheet{Page: p}
	_, y := s.ask(above, s.Say("pick_item"))
	var cards []widget.Card
	for _, o := range offers {
		cards = append(cards, s.queued(widget.Card{Icon: "file-text", Title: s.Of(o.Item.Name), Act: func() { pick(o.Item.ID) }}, o, now))
	}
	s.choose(y, s.columns(), cards, nil, false, paging{at: page, turn: turn})
	return s.done()
}

// Languages asks for the language, each in its own words.
func Languages(p Page, pick func(kiosk.Lang)) fyne.CanvasObject {
	s := &sheet{Page: p}
	_, y := s.ask("", s.Say("pick_language"))
	var cards []widget.Card
	for _, lang := range kiosk.Langs {
		c := widget.Card{Icon: "language", Title: text.In(lang).Say("own_name"), Act: func() { pick(lang) }}
		if lang == s.Lang {
			c.Icon, c.Style = "circle-check", widget.Plain
		}
		cards = append(cards, c)
	}
	columns := 1
	if s.Shape == Wide {
		columns = 3
	}
	s.choose(y, columns, cards, nil, true, paging{})
	return s.done()
}
