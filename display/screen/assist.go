package screen

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"hallkiosk/display/theme"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// Assist is what the frame shows in assisted mode, in which a guide takes numbers
// for several people.
type Assist struct {
	Who    kiosk.Priority // of the number that is shown, or else of the next
	Busy   bool           // a number is being taken
	Choose func(kiosk.Priority)
	End    func()
}

// assist is the frame in assisted mode: back and start over stay; who the next
// number is for, and the end of the mode, stand in place of the rest. The frame's
// ground has another colour, so that nobody takes it for the citizens' own.
func (s *sheet) assist(b Bar) fyne.CanvasObject {
	w, h := s.Page.Frame.W, s.Page.Frame.H
	s.put(canvas.NewRectangle(s.TouchGround), 0, 0, w, h)
	if s.Shape == Tall {
		s.put(canvas.NewRectangle(s.Line), 0, 0, w, s.Px(s.Edge))
		s.assistRows(b, w, h)
	} else {
		s.put(canvas.NewRectangle(s.Line), 0, 0, s.Px(s.Edge), h)
		s.assistColumn(b, w, h)
	}
	return s.done()
}

// assistCell is a part of the assisted frame, drawn where there is room for it.
type assistCell func(x, y, w, h float32)

func (s *sheet) assistCells(b Bar) (back, home, title, end assistCell, who []assistCell) {
	frame := func(style widget.Style, icon, label string, act func()) assistCell {
		return func(x, y, w, h float32) { s.put(s.FrameButton(style, icon, label, w, h, act), x, y, w, h) }
	}
	back, home = frame(widget.Bar, "arrow-left", s.Say("back"), b.Back), frame(widget.Bar, "smart-home", s.Say("home"), b.Home)
	ends := widget.Alert
	if s.Bare {
		ends = widget.Plain
	}
	end = func(x, y, w, h float32) {
		s.put(s.Button(ends, "", s.Say("assist_end"), theme.Body, w, h, b.Assist.End), x, y, w, h)
	}
	title = func(x, y, w, h float32) {
		words := s.Say("assist")
		if b.Assist.Busy {
			words = s.Say("taking")
		}
		t := s.FitIn(words, theme.Heading, theme.Least, w, h, true)
		if t.Height() > h { // thin letters are narrower
			t = s.FitIn(words, theme.Heading, theme.Least, w, h, false)
		}
		s.add(t.Center(x, y+(h-t.Height())/2, w, s.Ink))
	}
	for _, why := range append([]kiosk.Priority{""}, kiosk.Priorities...) {
		style := widget.Plain
		if why == b.Assist.Who {
			style = widget.Chosen
		}
		who = append(who, func(x, y, w, h float32) {
			s.put(s.Button(style, "", s.Say(whoWords[why]), theme.Body, w, h, func() { b.Assist.Choose(why) }), x, y, w, h)
		})
	}
	return back, home, title, end, who
}

// assistRows are those of a portrait's frame: two, or with large text three.
func (s *sheet) assistRows(b Bar, w, h float32) {
	back, home, title, end, who := s.assistCells(b)
	rows := [][]assistCell{{back, home, title, end}, who}
	if s.Large {
		rows = [][]assistCell{{back, home, end}, who[:3], append(who[3:], title)}
	}
	m, in, apart := s.Px(24), s.Px(12), s.Apart()
	bh := (h - 2*in - float32(len(rows)-1)*apart) / float32(len(rows))
	for y := in; len(rows) > 0; rows, y = rows[1:], y+bh+apart {
		n := float32(len(rows[0]))
		bw := (w - 2*m - (n-1)*apart) / n
		for i, draw := range rows[0] {
			draw(m+float32(i)*(bw+apart), y, bw, bh)
		}
	}
}

// assistColumn is a landscape's frame. Where all of it is in reach there is less
// room: then back and start over are icons beside each other.
func (s *sheet) assistColumn(b Bar, w, h float32) {
	back, home, title, end, who := s.assistCells(b)
	m, apart := s.Px(frameSide), s.Apart()
	top, bw := max(0, h-s.Reach())+m, w-2*m
	high := s.Pt(theme.Least * 1.6) // of the title
	rows := append([]assistCell{back, home}, append(who, end)...)
	if s.inReach() {
		half := (bw - apart) / 2
		rows = append([]assistCell{func(x, y, _, h float32) {
			s.put(s.IconButton(widget.Bar, "arrow-left", s.Say("back"), half, h, b.Back), x, y, half, h)
			s.put(s.IconButton(widget.Bar, "smart-home", s.Say("home"), half, h, b.Home), x+half+apart, y, half, h)
		}}, rows[2:]...)
		if n := float32(len(rows)); top+high+m+n*s.Target()+(n-1)*apart+m <= h { // the ground says it too
			title(s.Px(8), top, w-s.Px(12), high)
			top += high + m
		}
	} else {
		title(m, m, bw, top-m-apart)
	}
	n := float32(len(rows))
	bh := min((h-top-m-(n-1)*apart)/n, s.Px(100))
	for _, draw := range rows {
		draw(m, top, bw, bh)
		top += bh + apart
	}
}

// Taken is the ticket screen of assisted mode: the number, what becomes of the
// paper, and a button for the next one, which any other touch stands for too.
func Taken(p Page, now time.Time, i Issued, next func()) fyne.CanvasObject {
	t := ticket{Issued: i, now: now, brief: true}
	t.fit(p, next)
	return t.done()
}
