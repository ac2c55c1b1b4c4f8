package screen

import (
	"time"

	"fyne.io/fyne/v2"

	"hallkiosk/display/text"
	"hallkiosk/display/theme"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// First is the first screen: the most wanted things and the way to all others.
// offers are those of wanted, in the same order.
func First(p Page, now time.Time, wanted []kiosk.Wanted, offers []kiosk.Offer, pick func(kiosk.ItemID), all func()) fyne.CanvasObject {
	s := &sheet{Page: p}
	y := s.title("", s.Say("ask_what"))
	columns := 2
	if s.Wide {
		columns = 4
	}
	gap := s.Px(theme.Gap)
	cells := len(wanted)
	rows := (cells + columns - 1) / columns
	free := rows*columns - cells // cells of the last row that are left for "all"
	if free == 0 {
		rows++
	}
	h := min((s.H-y-s.Px(theme.Gap))/float32(rows)-gap, s.Px(232))
	s.grid(y, columns, cells, h, func(i int, w, h float32) fyne.CanvasObject {
		line, look := s.state(offers[i], now)
		return s.Card(look, wanted[i].Icon, s.Of(wanted[i].Name), line, w, h, func() { pick(wanted[i].Item) })
	})
	m := s.Px(theme.Margin)
	cell := (s.W - 2*m - gap*float32(columns-1)) / float32(columns)
	x := m
	if free > 0 {
		x += float32(columns-free) * (cell + gap)
	}
	look := widget.Plain
	look.IconBack = theme.BlueGround
	s.put(s.Card(look, "building-community", s.Say("all_items"), "", s.W-m-x, h, all), x, y+float32(rows-1)*(h+gap), s.W-m-x, h)
	return s.done()
}

// ZoneChoice is a zone with what it holds: departments, or in the zone of the
// self-service machines items.
type ZoneChoice struct {
	kiosk.Zone
	Departments, Items int
}

// Zones asks in which zone.
func Zones(p Page, zones []ZoneChoice, pick func(kiosk.Zone)) fyne.CanvasObject {
	s := &sheet{Page: p}
	y := s.title(s.Say("all_items"), s.Say("pick_zone"))
	columns := 1
	if s.Wide {
		columns = 2
	}
	rows := float32((len(zones) + columns - 1) / columns)
	h := min((s.H-y)/max(1, rows)-s.Px(theme.Gap), s.Px(220))
	s.grid(y, columns, len(zones), h, func(i int, w, h float32) fyne.CanvasObject {
		z := zones[i]
		icon, second := "map-pin", s.Say("departments", text.Data{"N": z.Departments})
		if z.Self {
			icon, second = "device-desktop", s.Say("items", text.Data{"N": z.Items})
		}
		return s.Card(widget.Choice, icon, s.Say("zone", text.Data{"Zone": z.ID})+" · "+s.Of(z.Name), second, w, h, func() { pick(z.Zone) })
	})
	return s.done()
}

// Departments asks which department of a zone.
func Departments(p Page, zone kiosk.Zone, departments []kiosk.Department, items map[kiosk.DeptID]int, page int, turn func(int), pick func(kiosk.DeptID)) fyne.CanvasObject {
	s := &sheet{Page: p}
	y := s.title(s.Say("zone", text.Data{"Zone": zone.ID})+" · "+s.Of(zone.Name), s.Say("pick_department"))
	s.list(y, page, len(departments), turn, func(i int, w, h float32) fyne.CanvasObject {
		d := departments[i]
		return s.Card(widget.Choice, "building-community", s.Of(d.Name), s.Say("items", text.Data{"N": items[d.ID]}), w, h, func() { pick(d.ID) })
	})
	return s.done()
}

// Items asks which item of a department. offers are the department's items.
func Items(p Page, now time.Time, above string, offers []kiosk.Offer, page int, turn func(int), pick func(kiosk.ItemID)) fyne.CanvasObject {
	s := &sheet{Page: p}
	y := s.title(above, s.Say("pick_item"))
	s.list(y, page, len(offers), turn, func(i int, w, h float32) fyne.CanvasObject {
		o := offers[i]
		line, look := s.state(o, now)
		return s.Card(look, "file-text", s.Of(o.Item.Name), line, w, h, func() { pick(o.Item.ID) })
	})
	return s.done()
}

// list shows n things on pages, two columns in portrait and three in landscape.
func (s *sheet) list(y float32, page, n int, turn func(int), card func(i int, w, h float32) fyne.CanvasObject) {
	columns, rows := 2, 6
	if s.Wide {
		columns, rows = 3, 3
	}
	foot := s.Px(108 + 2*24)
	h := (s.H-y-foot)/float32(rows) - s.Px(theme.Gap)
	h = min(h, s.Px(210))
	from, to := s.pager(page, columns*rows, n, turn)
	s.grid(y, columns, to-from, h, func(i int, w, h float32) fyne.CanvasObject { return card(from+i, w, h) })
}
