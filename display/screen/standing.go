package screen

import (
	"fyne.io/fyne/v2"

	"hallkiosk/display/text"
	"hallkiosk/display/theme"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// Standing is what the screen of a number that was taken before shows.
type Standing struct {
	Ticket kiosk.Ticket
	Item   kiosk.Item  // without a name for who isn't known to hold the ticket
	Queue  kiosk.Queue // where it is now
	Zone   kiosk.Zone

	Known bool // the center has told Place
	Asked bool // it was asked and didn't tell
	Place kiosk.Place
	Print kiosk.PrintState // of a paper that was asked for here; empty for none
	Left  int              // seconds until the first screen
}

// Stand shows a number that was taken before: where it is in the line, and where to
// go. again prints it once more; nil is not possible now. What is over isn't
// printed: renew leads to a new number then.
func Stand(p Page, v Standing, again, renew, done func()) fyne.CanvasObject {
	var s *stand
	for tight := range 4 {
		s = &stand{sheet: &sheet{Page: p}, Standing: v, tight: tight}
		if s.draw(again, renew, done) <= s.H {
			break
		}
	}
	return s.done()
}

// stand draws its screen. The smaller the room, the less white, the smaller the
// number, and at last no second lines.
type stand struct {
	*sheet
	Standing
	tight int // 0 to 3
}

func (s *stand) draw(again, renew, done func()) float32 {
	m, gap := s.margin(), s.Px([]float32{theme.Gap, theme.Gap, 16, 10}[s.tight])
	w, x, y := s.W-2*m, m, s.Px([]float32{36, 20, 10, 8}[s.tight])
	beside := s.Shape != Tall && s.tight < 3 // what can be done stands below the number, the rest at its right
	if beside {
		w = (w - gap) / 2
	}
	below := s.number(x, y, w) + gap
	at := below
	if beside {
		x, at = m+w+gap, y
	}
	if s.tight > 2 {
		at = s.lines(x, at, w) + gap
	} else {
		for _, n := range s.standing() {
			h := s.NoticeHeight(n, w)
			s.put(s.Notice(n, w, h), x, at, w, h)
			at += h + gap
		}
	}
	if !beside {
		below = at
	}
	return max(at, s.buttons(m, s.reach(below), w, again, renew, done))
}

// lines say on one panel what notices say elsewhere.
func (s *stand) lines(x, y, w float32) float32 {
	pad := s.Px(12)
	var list []widget.Block
	h := 2 * pad
	for _, n := range s.standing() {
		b := s.Fit(n.Head, 32, theme.Least, w-2*s.Px(theme.Pad), 2, true)
		list = append(list, b)
		h += b.Height()
	}
	s.add(s.NoticeGround(widget.Info, x, y, w, h))
	at := y + pad
	for _, b := range list {
		s.add(b.Left(x+s.Px(theme.Pad), at, s.Ink))
		at += b.Height()
	}
	return y + h
}

// number shows the number and what it is for, and returns the y below.
func (s *stand) number(x, y, w float32) float32 {
	in, pad := w-s.Px(48), s.Px([]float32{32, 20, 12, 6}[s.tight])
	num := s.Fit(s.Ticket.Number.String(), []float32{theme.NumberL, 130, 100, 64}[s.tight]/s.T, 36, in, 1, true).Tight()
	what := s.Item.Name
	if what.Zh == "" { // for who isn't known to be its holder
		what = s.Zone.Name
	}
	name := s.Fit(s.Of(what), []float32{40, 40, 34, theme.Least}[s.tight], theme.Least, in, 2, true)
	h := num.Height() + name.Height() + 2*pad + s.Px(10)
	var title widget.Block
	if s.tight < 2 {
		title = s.Fit(s.Say("your_number"), 48, theme.Least, in, 1, true)
		h += title.Height() + s.Px(30)
	}
	s.put(s.Box(s.Palette.Card, s.Warm, s.Strong), x, y, w, h)
	at := y + pad
	if s.tight < 2 {
		s.add(title.Center(x, at, w, s.Sub))
		at += title.Height() + s.Px(30)
	}
	s.add(num.Center(x, at, w, s.Warm), name.Center(x, at+num.Height()+s.Px(10), w, s.Ink))
	return y + h
}

// buttons places what can be done, and how long the screen stays; it returns the y
// below.
func (s *stand) buttons(x, y, w float32, again, renew, done func()) float32 {
	h, apart := s.Px([]float32{130, 104, 92, 84}[s.tight]), s.Apart()
	over := s.over()
	paper := (again != nil || s.Print != "") && !over
	if s.Print != "" {
		again = nil // one is on its way
	}
	each, dx, dy := w, float32(0), h+apart
	if (paper || over) && s.tight > 2 { // beside each other
		each, dx, dy = (w-apart)/2, (w-apart)/2+apart, 0
	}
	if paper {
		icon := "printer"
		if s.tight > 2 {
			icon = ""
		}
		s.put(s.Button(widget.Plain, icon, s.Say("print_again"), 44, each, h, again), x, y, each, h)
		x, y = x+dx, y+dy
	}
	style := widget.Main
	if over {
		style = widget.Plain
		s.put(s.Button(widget.Main, "", s.Say("take_new"), 44, each, h, renew), x, y, each, h)
		x, y = x+dx, y+dy
	}
	s.put(s.Button(style, "", s.Say("done"), 44, each, h, done), x, y, each, h)
	y += h
	if s.tight > 2 {
		return y + s.Px(8)
	}
	b := s.Fit(s.Say("return_in", text.Data{"N": max(1, s.Left)}), 30, theme.Least, each, 1, false)
	s.add(b.Center(x, y+s.Px(8), each, s.Sub))
	return y + b.Height() + s.Px(16)
}

// over says that the number is known to be done with.
func (s *stand) over() bool {
	switch s.Place.State {
	case kiosk.Waiting, kiosk.Called, kiosk.Serving, kiosk.Parked:
		return false
	}
	return s.Known
}

// standing says where the number is in the line, where to go, and what becomes of
// its paper.
func (s *stand) standing() []widget.Notice {
	v := s.Standing
	to := s.Say("go_to", text.Data{"Zone": v.Queue.Zone, "Windows": v.Queue.Windows})
	n := widget.Notice{Icon: "users"}
	switch {
	case !v.Known && v.Asked:
		n.Head = s.Say("place_unknown")
	case !v.Known:
		n.Head = s.Say("place_asking")
	case v.Place.State == kiosk.Called || v.Place.State == kiosk.Serving:
		n = widget.Notice{Tone: widget.Good, Icon: "bell", Head: s.Say("place_called")}
		to = s.Say("go_to", text.Data{"Zone": v.Queue.Zone, "Windows": v.Place.Window})
	case v.Place.State == kiosk.Parked:
		n.Head = s.Say("place_parked")
	case v.Place.State == kiosk.Waiting && v.Place.Ahead == 0:
		n.Head, n.Tone = s.Say("place_next"), widget.Good
	case v.Place.State == kiosk.Waiting:
		n.Head = s.Say("place_ahead", text.Data{"N": v.Place.Ahead})
		if e := v.Place.Estimate; e != nil && s.tight < 3 {
			n.Body = s.long("about_minutes", "about_minutes_hours", *e)
		}
	default:
		n = widget.Notice{Tone: widget.Bad, Icon: "alert-triangle", Head: s.Say("code_old")}
		to = ""
	}
	out := []widget.Notice{n}
	if to != "" {
		way := widget.Notice{Icon: "map-pin", Head: to}
		if s.tight == 0 {
			way.Body = s.Of(v.Zone.Way)
		}
		out = append(out, way)
	}
	switch {
	case v.Print == "" || s.over():
	case !v.Print.Ended():
		out = append(out, widget.Notice{Icon: "printer", Head: s.Say("printing")})
	case v.Print == kiosk.Printed:
		out = append(out, widget.Notice{Tone: widget.Good, Icon: "circle-check", Head: s.Say("printed")})
	default:
		out = append(out, widget.Notice{Tone: widget.Bad, Icon: "printer-off", Head: s.Say("fault_printer")})
	}
	return out
}
