// Package screen is what a citizen meets: one function for each screen, which
// gets what it shows and gives back what was touched. A screen knows no store,
// no device and no clock; it is drawn anew when what it shows has changed.
//
// Sizes are those of screen.md's design, multiplied by the unit of the window.
// Portrait and landscape are laid out separately from the same parts.
package screen

import (
	"fmt"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"hallkiosk/display/text"
	"hallkiosk/display/theme"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// Page is the room a screen has: the words, the parts' size, and the content
// area between head and frame in pixels.
type Page struct {
	text.Loc
	widget.Kit
	W, H float32
	Wide bool // landscape
}

// NewPage divides a window of w by h pixels. It returns the page of the
// content area and the heights of the head and the frame bar.
func NewPage(loc text.Loc, w, h float32) (p Page, head, frame float32) {
	p = Page{Loc: loc, W: w, Wide: w > h}
	p.U = min(w/1080, h/1920)
	if p.Wide {
		p.U = min(w/1920, h/1080)
	}
	head, frame = p.Px(theme.Head), p.Px(theme.Frame)
	if p.Wide {
		head, frame = p.Px(104), p.Px(140)
	}
	p.H = h - head - frame
	return p, head, frame
}

// sheet gathers the parts of a screen.
type sheet struct {
	Page
	parts []fyne.CanvasObject
}

func (s *sheet) put(o fyne.CanvasObject, x, y, w, h float32) {
	s.parts = append(s.parts, widget.Put(o, x, y, w, h))
}

func (s *sheet) add(o ...fyne.CanvasObject) { s.parts = append(s.parts, o...) }

func (s *sheet) done() fyne.CanvasObject { return &fyne.Container{Objects: s.parts} }

// title puts the screen's question and returns the y below it.
func (s *sheet) title(above, question string) float32 {
	m := s.Px(theme.Margin)
	y := s.Px(44)
	if s.Wide {
		y = s.Px(24)
	}
	if above != "" {
		b := s.Fit(above, theme.Body, 26, s.W-2*m, 1, false)
		s.add(b.Left(m, y, theme.Sub)...)
		y += b.Height() + s.Px(4)
	}
	b := s.Fit(question, theme.Title, 44, s.W-2*m, 2, true)
	s.add(b.Left(m, y, theme.Ink)...)
	return y + b.Height() + s.Px(24)
}

// Head is the strip at the top: where am I, what time is it, and a note, which may
// be empty.
func Head(p Page, h float32, hall kiosk.Text, now time.Time, note string) fyne.CanvasObject {
	s := &sheet{Page: p}
	m := s.Px(theme.Margin)
	s.put(canvas.NewRectangle(theme.White), 0, 0, s.W, h)
	s.put(canvas.NewRectangle(theme.Line), 0, h-s.Px(2), s.W, s.Px(2))
	big, small := float32(42), float32(theme.Body)
	if s.Wide {
		big, small = 36, 27
	}
	clock := s.Fit(now.Format("15:04"), big, big, s.W, 1, true)
	date := s.Fit(s.date(now), small, small, s.W, 1, false)
	y := (h - clock.Height() - date.Height()) / 2
	s.add(date.Right(s.W-m, y, theme.Sub)...)
	s.add(clock.Right(s.W-m, y+date.Height(), theme.Ink)...)
	room, lines := s.W-3*m-max(clock.Width(), date.Width()), 2
	if note != "" {
		lines = 1
	}
	name := s.Fit(s.Of(hall)+" · "+s.Say("app"), 42, 26, room, lines, true)
	if note == "" {
		s.add(name.Left(m, (h-name.Height())/2, theme.Ink)...)
		return s.done()
	}
	b := s.FitIn(note, 34, 24, room, h-name.Height()-s.Px(12), true)
	y = (h - name.Height() - b.Height()) / 2
	s.add(name.Left(m, y, theme.Ink)...)
	s.add(b.Left(m, y+name.Height(), theme.Warm)...)
	return s.done()
}

func (p Page) date(t time.Time) string {
	names := p.Say("weekdays")
	day := string([]rune(names)[t.Weekday()])
	if words := strings.Fields(names); len(words) == 7 {
		day = words[t.Weekday()]
	}
	return p.Say("date", text.Data{"Month": p.month(t), "Day": t.Day(), "Weekday": day})
}

func (p Page) month(t time.Time) string { return strings.Fields(p.Say("months"))[t.Month()-1] }

// Bar is what the frame bar can do; a nil function is not possible here.
type Bar struct {
	Back, Home, Language, Help func()
}

// Frame is the bar at the bottom, the same on every screen.
func Frame(p Page, h float32, b Bar) fyne.CanvasObject {
	s := &sheet{Page: p}
	s.put(canvas.NewRectangle(theme.White), 0, 0, s.W, h)
	s.put(canvas.NewRectangle(theme.Line), 0, 0, s.W, s.Px(2))
	m, gap := s.Px(24), s.Px(theme.Gap)
	w := min((s.W-2*m-3*gap)/4, s.Px(420))
	x := (s.W - 4*w - 3*gap) / 2
	for _, v := range []struct {
		icon, label string
		act         func()
	}{{"arrow-left", "back", b.Back}, {"smart-home", "home", b.Home}, {"language", "language", b.Language}, {"bell", "help", b.Help}} {
		s.put(s.FrameButton(v.icon, s.Say(v.label), w, h-s.Px(24), v.act), x, s.Px(12), w, h-s.Px(24))
		x += w + gap
	}
	return s.done()
}

// grid places cards in columns, rows of one height, below y. It returns the y
// below the last row.
func (s *sheet) grid(y float32, columns, n int, h float32, card func(i int, w, h float32) fyne.CanvasObject) float32 {
	m, gap := s.Px(theme.Margin), s.Px(theme.Gap)
	w := (s.W - 2*m - gap*float32(columns-1)) / float32(columns)
	for i := range n {
		x := m + float32(i%columns)*(w+gap)
		s.put(card(i, w, h), x, y+float32(i/columns)*(h+gap), w, h)
	}
	return y + float32((n+columns-1)/columns)*(h+gap)
}

// opening says when o's windows serve next, seen from now.
func (p Page) opening(o kiosk.Offer, now time.Time) string {
	if o.Opens.IsZero() {
		return p.Say("closed")
	}
	at := o.Opens.In(now.Location())
	d := text.Data{"Time": at.Format("15:04"), "Month": p.month(at), "Day": at.Day()}
	switch midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location()); {
	case at.Before(midnight.AddDate(0, 0, 1)):
		return p.Say("opens_today", d)
	case at.Before(midnight.AddDate(0, 0, 2)):
		return p.Say("opens_tomorrow", d)
	}
	return p.Say("opens_later", d)
}

// state is the second line of an item's card: how the queue stands.
func (p Page) state(o kiosk.Offer, now time.Time) (line string, look widget.Look) {
	self := o.Item.Self.Zh != ""
	switch {
	case self:
		return p.Say("self_short"), widget.Choice
	case o.Booked:
		return p.Say("booked_only"), closedLook(o)
	case !o.Open:
		return p.opening(o, now), closedLook(o)
	case o.Ahead == 0:
		return p.Say("waiting_none"), widget.Choice
	}
	return p.Say("waiting", text.Data{"N": o.Ahead}) + " · " + p.Say("about", text.Data{"Low": o.Wait.Low, "High": o.Wait.High}), widget.Choice
}

func closedLook(o kiosk.Offer) widget.Look {
	if o.CanTake {
		return widget.Choice
	}
	return widget.Shut
}

// pager puts the buttons that turn pages at the bottom and tells which part of
// n things stands on page at with per of them a page.
func (s *sheet) pager(at, per, n int, turn func(page int)) (from, to int) {
	pages := max(1, (n+per-1)/per)
	at = min(max(at, 0), pages-1)
	if pages > 1 {
		m, w, h := s.Px(theme.Margin), s.Px(320), s.Px(108)
		y := s.H - h - s.Px(24)
		for _, v := range []struct {
			label string
			page  int
			x     float32
		}{{"prev", at - 1, m}, {"next", at + 1, s.W - m - w}} {
			look, act := widget.Plain, func() { turn(v.page) }
			if v.page < 0 || v.page >= pages {
				look, act = widget.Off, nil
			}
			s.put(s.Button(look, "", s.Say(v.label), 42, w, h, act), v.x, y, w, h)
		}
		b := s.Fit(fmt.Sprintf("%d / %d", at+1, pages), 38, 30, s.W, 1, false)
		s.add(b.Center(m+w, y+(h-b.Height())/2, s.W-2*m-2*w, theme.Sub)...)
	}
	return at * per, min(n, (at+1)*per)
}
