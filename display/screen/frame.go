package screen

import (
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"hallkiosk/display/theme"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// Head is the strip at the top: where am I, what time is it, and a note, which may
// be empty and is at most one of its Pieces. It fills p.Head.
func Head(p Page, hall kiosk.Text, now time.Time, note string) fyne.CanvasObject {
	s := &sheet{Page: p}
	m, w, h := s.margin(), s.Page.Head.W, s.Page.Head.H
	s.put(canvas.NewRectangle(s.Palette.Card), 0, 0, w, h)
	s.put(canvas.NewRectangle(s.Line), 0, h-s.Px(s.Edge), w, s.Px(s.Edge))
	clock, date, room := p.clock(now, note != "")
	y := (h - clock.Height() - date.Height()) / 2
	s.add(date.Right(w-m, y, s.Sub), clock.Right(w-m, y+date.Height(), s.Ink))
	high := p.headHeight()
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

// clock is the time and the date of the head, and how wide what stands at their
// left can be.
func (p Page) clock(now time.Time, noted bool) (clock, date widget.Block, room float32) {
	big, small := float32(42), float32(theme.Body)
	if p.Shape != Tall || p.Large {
		big, small = 32, theme.Least
	}
	w := p.Head.W
	clock = p.Fit(now.Format("15:04"), big, big, w, 1, true)
	if !(p.Shape == Small && (p.Large || noted)) { // the words need the room
		date = p.Fit(p.date(now), small, small, w, 1, false)
	}
	return clock, date, w - 2*p.margin() - p.Px(24) - max(clock.Width(), date.Width())
}

// headHeight is how high the words in the head can be.
func (p Page) headHeight() float32 { return p.Head.H - p.Px(6) }

// Pieces cuts a note into pieces that the head has room for, to be shown in turn;
// all but the last end with dots.
func (p Page) Pieces(now time.Time, note string) (list []string) {
	const dots = "…"
	_, _, room := p.clock(now, true)
	high := p.headHeight()
	least := func(words string, room float32) widget.Block {
		return p.Fit(words, theme.Least, theme.Least, room, 1, true)
	}
	if least(note, room).Height() <= high {
		return []string{note}
	}
	return cut(note, least(note, room-least(dots, room).Width()).Lines, int(high/least(dots, room).Height()), dots)
}

// cut returns words in pieces of at most most of their lines; all but the last end
// with dots.
func cut(words string, lines []string, most int, dots string) (list []string) {
	from, to := 0, 0 // of a piece, in bytes of the words
	for piece := range slices.Chunk(lines, max(1, most)) {
		if to > 0 {
			list = append(list, strings.TrimSpace(words[from:to])+dots)
		}
		from = to
		for _, line := range piece {
			to += strings.Index(words[to:], line) + len(line)
		}
	}
	return append(list, strings.TrimSpace(words[from:]))
}

// fold returns a notice in pieces that each have room in w by high pixels.
func (s *sheet) fold(n widget.Notice, w, high float32) (list []widget.Notice) {
	const dots = "…"
	if s.NoticeHeight(n, w) <= high {
		return []widget.Notice{n}
	}
	b := s.Fit(n.Body, theme.Least, theme.Least, w-s.Px(190), 1, false)
	line := b.Height() / float32(len(b.Lines))
	for _, body := range cut(n.Body, b.Lines, int((high-s.Px(60))/line), dots) {
		n.Body = body
		list = append(list, n)
	}
	return list
}

// Bar is what the frame can do; a nil function is not possible here.
type Bar struct {
	Back, Home, Help, Language  func()
	Large, Low, Contrast, Aloud func() // switch a mode on or off

	Assist *Assist // in assisted mode alone
}

// frameSide is the white at the sides of the frame's column.
const frameSide = 16

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
	edge, apart := s.Px(s.Edge), s.Apart()
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
	m, n := s.Px(frameSide), float32(len(list))
	y := max(0, h-s.Reach()) + m // always in reach
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
