package screen

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"hallkiosk/display/theme"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// Head is the strip at the top: where am I, what time is it, and a note, which may
// be empty. It fills p.Head.
func Head(p Page, hall kiosk.Text, now time.Time, note string) fyne.CanvasObject {
	s := &sheet{Page: p}
	m, w, h := s.margin(), s.Page.Head.W, s.Page.Head.H
	s.put(canvas.NewRectangle(s.Palette.Card), 0, 0, w, h)
	s.put(canvas.NewRectangle(s.Line), 0, h-s.Px(s.Edge), w, s.Px(s.Edge))
	big, small := float32(42), float32(theme.Body)
	if s.Shape != Tall || s.Large {
		big, small = 32, theme.Least
	}
	clock := s.Fit(now.Format("15:04"), big, big, w, 1, true)
	date := s.Fit(s.date(now), small, small, w, 1, false)
	if s.Shape == Small && (s.Large || note != "") { // the words need the room
		date = widget.Block{}
	}
	y := (h - clock.Height() - date.Height()) / 2
	s.add(date.Right(w-m, y, s.Sub), clock.Right(w-m, y+date.Height(), s.Ink))
	room := w - 2*m - s.Px(24) - max(clock.Width(), date.Width())
	high := h - s.Px(6)
	if note == "" {
		name := s.Of(hall)
		if s.Shape != Small && !s.Large {
			name += " · " + s.Say("app")
		}
		title := s.FitIn(name, 42, theme.Least, room, high, !(s.Shape == Small && s.Large))
		s.add(title.Left(m, (h-title.Height())/2, s.Ink))
		return s.done()
	}
	for size := float32(42); size >= theme.Least; size -= 2 { // a line each, with white around them
		title := s.Fit(s.Of(hall), size, size, room, 1, true)
		b := s.Fit(note, min(size, 34), theme.Least, room, 1, true)
		least, white := size == theme.Least, (h-title.Height()-b.Height())/2
		if white >= s.Px(16) && (least || len(title.Lines) == 1 && len(b.Lines) == 1) && title.Width() <= room {
			s.add(title.Left(m, white, s.Ink), b.Left(m, white+title.Height(), s.Warm))
			return s.done()
		}
	}
	b := s.FitIn(note, 34, theme.Least, room, high, true) // what is wrong is worth more than the hall's name
	if len(b.Lines) > 1 {
		if thin := s.Fit(note, theme.Least, theme.Least, room, 1, false); len(thin.Lines) == 1 {
			b = thin
		}
	}
	s.add(b.Left(m, (h-b.Height())/2, s.Warm))
	return s.done()
}

// Bar is what the frame can do; a nil function is not possible here.
type Bar struct {
	Back, Home, Help, Language  func()
	Large, Low, Contrast, Aloud func() // switch a mode on or off

	Assist *Assist // in assisted mode alone
}

// Frame is the same on every screen. It fills p.Frame: in portrait two rows at
// the bottom, the upper for the way, the lower for how the screen serves; in
// landscape a column at the right.
//
// Where a panel is so low that all is in reach anyway, there is no button for
// low reach. In assisted mode it serves the guide, see Assist.
func Frame(p Page, b Bar) fyne.CanvasObject {
	s := &sheet{Page: p}
	if b.Assist != nil {
		return s.assist(b)
	}
	w, h := s.Page.Frame.W, s.Page.Frame.H
	s.put(canvas.NewRectangle(s.Palette.Card), 0, 0, w, h)
	edge, apart := s.Px(s.Edge), s.Px(theme.Apart)
	type button struct {
		icon, label string
		style       widget.Style
		act         func()
	}
	list := []button{
		{"arrow-left", s.Say("back"), widget.Bar, b.Back}, {"smart-home", s.Say("home"), widget.Bar, b.Home},
		{"help", s.Say("help"), widget.Alert, b.Help}, {"language", s.Say("language"), widget.Bar, b.Language},
		{"letter-case", s.Say("large"), on(s.Large), b.Large}, {"wheelchair", s.Say("low"), on(s.Low), b.Low},
		{"contrast-2", s.Say("contrast"), on(s.Contrast), b.Contrast}, {"volume", s.Say("aloud"), on(s.Aloud), b.Aloud},
	}
	if s.Shape == Tall {
		s.put(canvas.NewRectangle(s.Line), 0, 0, w, edge)
		m, in := s.Px(24), s.Px(12)
		bw, bh := (w-2*m-3*apart)/4, (h-2*in-apart)/2
		for i, v := range list {
			s.put(s.FrameButton(v.style, v.icon, v.label, bw, bh, v.act), m+float32(i%4)*(bw+apart), in+float32(i/4)*(bh+apart), bw, bh)
		}
		return s.done()
	}
	s.put(canvas.NewRectangle(s.Line), 0, 0, edge, h)
	if s.inReach() {
		list = append(list[:5:5], list[6:]...)
	}
	m, n := s.Px(16), float32(len(list))
	y := max(0, h-s.Px(theme.Reach)) + m // always in reach
	bh := min((h-y-m-(n-1)*apart)/n, s.Px(100))
	for _, v := range list {
		s.put(s.FrameButton(v.style, v.icon, v.label, w-2*m, bh, v.act), m, y, w-2*m, bh)
		y += bh + apart
	}
	return s.done()
}

func on(is bool) widget.Style {
	if is {
		return widget.Chosen
	}
	return widget.Bar
}
