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
	Item   kiosk.Item
	Queue  kiosk.Queue // where it is now
	Zone   kiosk.Zone

	Known bool // the center has told Place
	Asked bool // it was asked and didn't tell
	Place kiosk.Place
	Print kiosk.PrintState // of a paper that was asked for here; empty for none
	Left  int              // seconds until the first screen
}

// Stand shows a number that was taken before: where it is in the line, and where to
// go. again prints it once more; nil is not possible now.
func Stand(p Page, v Standing, again, done func()) fyne.CanvasObject {
	var s *sheet
	for tight := range 3 {
		s = &sheet{Page: p}
		if s.stand(v, tight, again, done) <= s.H {
			break
		}
	}
	return s.done()
}

func (s *sheet) stand(v Standing, tight int, again, done func()) float32 {
	m, gap := s.margin(), s.Px(theme.Gap)
	w, x := s.W-2*m, m
	if s.Shape != Tall {
		w = (w - gap) / 2
	}
	y := s.Px([]float32{36, 20, 10}[tight])
	in := w - s.Px(48)
	size := float32(theme.NumberL)
	if tight > 0 {
		size = 130
	}
	title := s.Fit(s.Say("your_number"), 48, theme.Least, w, 1, true)
	num := s.Fit(v.Ticket.Number.String(), size/s.T, 60, in, 1, true).Tight()
	name := s.Fit(s.Of(v.Item.Name), 40, theme.Least, in, 2, true)
	pad := s.Px([]float32{32, 20, 12}[tight])
	h := title.Height() + num.Height() + name.Height() + 2*pad + s.Px(20)
	s.put(s.Box(s.Palette.Card, s.Warm, s.Strong), x, y, w, h)
	s.add(title.Center(x, y+pad, w, s.Sub), num.Center(x, y+pad+title.Height()+s.Px(10), w, s.Warm), name.Center(x, y+pad+title.Height()+num.Height()+s.Px(20), w, s.Ink))
	y += h + gap
	below := y
	if s.Shape != Tall {
		x, y = m+w+gap, s.Px([]float32{36, 20, 10}[tight])
	}
	for _, n := range s.standing(v, tight) {
		h := s.NoticeHeight(n, w)
		s.put(s.Notice(n, w, h), x, y, w, h)
		y += h + gap
	}
	// What can be done.
	bh := s.Px([]float32{130, 104, 92}[tight])
	bx, by := x, s.reach(y)
	if s.Shape != Tall {
		bx, by = m, s.reach(below)
	}
	if again != nil || v.Print != "" {
		label, act := s.Say("print_again"), again
		if v.Print != "" {
			act = nil
		}
		s.put(s.Button(widget.Plain, "printer", label, 44, w, bh, act), bx, by, w, bh)
		by += bh + s.Px(theme.Apart)
	}
	s.put(s.Button(widget.Main, "", s.Say("done"), 44, w, bh, done), bx, by, w, bh)
	by += bh
	if v.Left > 0 {
		b := s.Fit(s.Say("return_in", text.Data{"N": v.Left}), 30, theme.Least, w, 1, false)
		s.add(b.Center(bx, by+s.Px(8), w, s.Sub))
	}
	return max(by+s.Px(60)*s.T, y)
}

// standing says where the number is in the line, where to go, and what becomes of
// its paper.
func (s *sheet) standing(v Standing, tight int) []widget.Notice {
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
		if e := v.Place.Estimate; e != nil {
			n.Body = s.Say("about_minutes", text.Data{"Low": e.Low, "High": e.High})
		}
	default:
		n = widget.Notice{Tone: widget.Bad, Icon: "alert-triangle", Head: s.Say("code_old")}
		to = ""
	}
	out := []widget.Notice{n}
	if to != "" {
		way := widget.Notice{Icon: "map-pin", Head: to}
		if tight == 0 {
			way.Body = s.Of(v.Zone.Way)
		}
		out = append(out, way)
	}
	switch {
	case v.Print == "":
	case !v.Print.Ended():
		out = append(out, widget.Notice{Icon: "printer", Head: s.Say("printing")})
	case v.Print == kiosk.Printed:
		out = append(out, widget.Notice{Tone: widget.Good, Icon: "circle-check", Head: s.Say("printed")})
	default:
		out = append(out, widget.Notice{Tone: widget.Bad, Icon: "printer-off", Head: s.Say("fault_printer")})
	}
	return out
}
