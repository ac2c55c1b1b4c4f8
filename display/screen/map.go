package screen

import (
	"strings"

	"fyne.io/fyne/v2"

	"hallkiosk/display/text"
	"hallkiosk/display/theme"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// Plan is the hall's plan as the screens draw it. The zero Plan is none.
type Plan struct {
	*kiosk.Plan
	Names []kiosk.Zone
	Here  *kiosk.Point // where this kiosk stands; nil when nobody has said
}

// goal is what the way on a map leads to: a zone, or a square.
type goal struct {
	zone kiosk.ZoneID
	at   *kiosk.Point
}

// markLook is how a mark is drawn and what the legend calls it.
var markLook = map[kiosk.MarkKind]struct{ icon, word string }{
	kiosk.MarkEntrance: {"door-enter", "mark_entrance"}, kiosk.MarkDesk: {"info-circle", "mark_desk"},
	kiosk.MarkStairs: {"stairs", "mark_stairs"}, kiosk.MarkToilet: {"disabled", "mark_toilet"},
}

// drawn makes a map of the plan, with the way to a goal, if any. pick is called
// with a zone that is touched; it may be nil.
func (p Page) drawn(h Plan, to goal, pick func(kiosk.Zone)) widget.Map {
	m := widget.Map{W: h.W, H: h.H}
	var end kiosk.Area
	for _, z := range h.Names {
		area, ok := h.Zone(z.ID)
		if !ok {
			continue
		}
		a := widget.MapArea{Letter: string(z.ID), Name: p.Of(z.Name), Label: p.zoneName(z), X: area.X, Y: area.Y, W: area.W, H: area.H}
		if to.at == nil && to.zone == z.ID {
			a.Goal, end = true, area
		}
		if pick != nil {
			a.Act = func() { pick(z) }
		}
		m.Areas = append(m.Areas, a)
	}
	if to.at != nil {
		end = kiosk.Area{X: to.at.X, Y: to.at.Y, W: 1, H: 1}
	}
	marked := false
	for _, v := range h.Marks {
		here := to.at != nil && v.At == *to.at
		marked = marked || here
		m.Marks = append(m.Marks, widget.MapMark{Icon: markLook[v.Kind].icon, At: widget.Square(v.At), Goal: here})
	}
	if to.at != nil && !marked {
		m.Marks = append(m.Marks, widget.MapMark{Icon: "map-pin", At: widget.Square(*to.at), Goal: true})
	}
	from := h.Here
	if from != nil {
		here := widget.Square(*from)
		m.Here = &here
	}
	for i := range h.Marks { // the way in is where all ways begin that are told in words
		if from == nil && h.Marks[i].Kind == kiosk.MarkEntrance {
			from = &h.Marks[i].At
		}
	}
	if from != nil && end != (kiosk.Area{}) {
		for _, at := range h.Route(*from, end) {
			m.Route = append(m.Route, widget.Square(at))
		}
	}
	return m
}

func (p Page) zoneName(z kiosk.Zone) string {
	return p.Say("zone", text.Data{"Zone": z.ID}) + " · " + p.Of(z.Name)
}

// sign is a line of a map's legend: a sign and what it means.
type sign struct {
	letter, icon string // both empty is the sign for where one stands
	words        string
}

// legend explains a map's signs, and its letters where there is no room for names.
func (p Page) legend(h Plan, letters bool) (out []sign) {
	if h.Here != nil {
		out = append(out, sign{words: p.Say("here")})
	}
	for _, kind := range kiosk.MarkKinds {
		for _, m := range h.Marks {
			if m.Kind == kind {
				out = append(out, sign{icon: markLook[kind].icon, words: p.Say(markLook[kind].word)})
				break
			}
		}
	}
	for _, z := range h.Names {
		if _, ok := h.Zone(z.ID); ok && letters {
			out = append(out, sign{letter: string(z.ID), words: p.Of(z.Name)})
		}
	}
	return out
}

// table places signs in columns of one width, and tells how high they are.
func (s *sheet) table(list []sign, x, y, w float32, draw bool) float32 {
	if len(list) == 0 {
		return 0
	}
	side, gap := s.Pt(theme.Second)*1.15, s.Px(14)
	var wide, high float32
	rows := make([]widget.Block, len(list))
	for i, e := range list {
		rows[i] = s.Fit(e.words, theme.Second, theme.Least, w-side-gap, 2, false)
		wide, high = max(wide, side+gap+rows[i].Width()), max(high, rows[i].Height(), side)
	}
	high += s.Px(6)
	columns := max(1, int((w+2*gap)/(wide+2*gap)))
	for i, e := range list {
		if !draw {
			break
		}
		cx, cy := x+float32(i%columns)*(wide+2*gap), y+float32(i/columns)*high
		at := cy + (high-side)/2
		switch {
		case e.letter != "":
			b := s.Fit(e.letter, theme.Second, theme.Least, side, 1, true)
			s.add(b.Center(cx, cy+(high-b.Height())/2, side, s.Touch))
		case e.icon != "":
			s.add(s.Icon(e.icon, s.Sub, cx, at, side))
		default:
			s.add(s.MapHere(cx, at, side))
		}
		s.add(rows[i].Left(cx+side+gap, cy+(high-rows[i].Height())/2, s.Ink))
	}
	return float32((len(list)+columns-1)/columns) * high
}

// A map that is lower, or whose squares are narrower, tells nothing.
const (
	leastMap    = 330
	leastSquare = 20
)

// chart draws a map and its legend into w by h pixels, and says whether there
// was room. Where room is scarce, the legend goes before the map does.
func (s *sheet) chart(h Plan, to goal, x, y, w, high float32, pick func(kiosk.Zone)) bool {
	if h.Plan == nil {
		return false
	}
	m, gap := s.drawn(h, to, pick), s.Px(12)
	for _, list := range [][]sign{s.legend(h, true), s.legend(h, false), nil} {
		below := s.table(list, x, y, w, false)
		if below > 0 {
			below += gap
		}
		mw, mh := s.MapSize(m, w, high-below)
		letters := len(list) > 0 && list[len(list)-1].letter != ""
		if mh < s.Px(leastMap) || mw < s.Px(leastSquare)*float32(m.W) || letters && s.MapNames(m, mw, mh) {
			continue
		}
		s.put(s.Map(m, mw, mh), x+(w-mw)/2, y, mw, mh)
		s.table(list, x, y+mh+gap, w, true)
		return true
	}
	return false
}

// HallMap asks which zone to look at.
func HallMap(p Page, h Plan, pick func(kiosk.Zone)) fyne.CanvasObject {
	s := &sheet{Page: p}
	top, y := s.ask("", s.Say("map_pick"))
	s.directory(top, h.Names)
	m := s.margin()
	s.chart(h, goal{}, m, y, s.W-2*m, s.H-y-s.Px(theme.Gap-theme.Apart)-s.Apart(), pick)
	return s.done()
}

// ZoneView is a zone with what is there.
type ZoneView struct {
	kiosk.Zone
	Services []kiosk.Service
	Count    int // departments, or in the zone of the machines items
}

// ZonePlace shows a zone: how to get there, and what is there. see leads to its
// departments or items; nil is a zone that has none.
func ZonePlace(p Page, z ZoneView, h Plan, see func()) fyne.CanvasObject {
	s := &sheet{Page: p}
	y := s.title(s.Say("map"), s.zoneName(z.Zone))
	var list []widget.Notice
	if z.Way.Zh != "" {
		list = append(list, widget.Notice{Icon: "map-pin", Head: s.Of(z.Way)})
	}
	var names []string
	for _, v := range z.Services {
		names = append(names, s.Of(v.Name))
	}
	if len(names) > 0 {
		list = append(list, widget.Notice{Icon: "info-circle", Head: s.Say("zone_more"), Body: strings.Join(names, s.Say("comma"))})
	}
	label := s.Say("zone_departments", text.Data{"N": z.Count})
	if z.Self {
		label = s.Say("zone_items", text.Data{"N": z.Count})
	}
	s.place(y, list, h, goal{zone: z.ID}, label, see)
	return s.done()
}

// place fills a screen about one place: notices, the way on the map where there
// is room, and a button below if label has an act.
func (s *sheet) place(y float32, list []widget.Notice, h Plan, to goal, label string, act func()) {
	m, gap := s.margin(), s.Px(theme.Gap)
	x, w, bottom := m, s.W-2*m, s.H-gap
	if act != nil {
		bottom = s.H - s.Apart()
		bh := s.Px(130)
		if s.Shape != Tall {
			bh = s.Px(96)
		}
		bw := w
		if s.Shape == Wide {
			bw = (w - gap) / 2
		}
		s.put(s.Button(widget.Main, "", label, 48, bw, bh, act), x, bottom-bh, bw, bh)
		bottom -= bh + s.Apart()
	}
	stack := func(w float32) (high float32) {
		for _, n := range list {
			high += s.NoticeHeight(n, w) + gap
		}
		return high
	}
	if stack(w) > bottom-y+gap { // large text on an older cabinet
		gap = s.Px(10)
	}
	for stack(w) > bottom-y+gap { // the way in words goes first, for the place is there too
		if list[0].Body != "" {
			list[0].Body = ""
		} else if len(list) > 1 {
			list = list[:len(list)-1]
		} else {
			break
		}
	}
	half := (w - gap) / 2
	if s.Shape != Tall && h.Plan != nil && stack(half) <= bottom-y {
		under := bottom
		if s.Shape == Wide { // the button is in the left half
			under = s.H - gap
		}
		if s.chart(h, to, x+half+gap, y, half, under-y, nil) {
			w = half
		}
	}
	for _, n := range list {
		high := s.NoticeHeight(n, w)
		s.put(s.Notice(n, w, high), x, y, w, high)
		y += high + gap
	}
	if w == s.W-2*m {
		s.chart(h, to, x, y, w, bottom-y, nil)
	}
}
