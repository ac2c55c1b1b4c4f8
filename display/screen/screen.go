// Package screen is what a citizen meets: one function for each screen, which
// gets what it shows and gives back what was touched. A screen knows no store,
// no device and no clock; it is drawn anew when what it shows has changed.
//
// A new screen is a function F(p Page, what it shows, what is wanted) that
// fills a sheet: title puts the question, choose puts cards on pages, reach
// tells where touching begins; everything else is made by the Kit in the Page,
// so that it follows panel, palette, text size and language by itself. It gets
// its states in examples of screen_test.go, by which it is measured in every
// language, mode and layout and put on the sheet of `make screens`; a view of
// package display loads what it shows.
package screen

import (
	"fmt"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"hallkiosk/display/text"
	"hallkiosk/display/theme"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

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

// reach is the y at which something to touch may stand that would stand at y.
func (s *sheet) reach(y float32) float32 { return max(y, s.Top) }

// title puts the screen's question, what it is about above it, and returns the y
// below. above may be empty.
func (s *sheet) title(above, question string) float32 {
	m, y := s.margin(), s.Px(44)
	size, below := float32(theme.Title), s.Px(24)
	switch s.Shape {
	case Wide:
		y, size = s.Px(28), 60
	case Small:
		y, size, below = s.Px(10), 48, s.Px(12)
	}
	if s.Large && s.Shape != Tall {
		size *= 0.8
	}
	if above != "" {
		b := s.Fit(above, theme.Body, theme.Least, s.W-2*m, 2, false)
		s.add(b.Left(m, y, s.Sub))
		y += b.Height() + s.Px(4)
	}
	b := s.Fit(question, size, min(size, 42), s.W-2*m, 1, true)
	if len(b.Lines) > 1 {
		b = s.Fit(question, min(size, 54), 36, s.W-2*m, 2, true)
	}
	s.add(b.Left(m, y, s.Ink))
	return y + b.Height() + below
}

// paging says which page of a list is shown, from 0, and how to turn to another.
// last, unless nil, stands where the last page would have one more.
type paging struct {
	at   int
	turn func(page int)
	last *Answer
}

// choose places cards below y, as few on a page as their text and the size of
// letters need. last, unless nil, ends every page. With whole set, icons go
// before a second page comes.
func (s *sheet) choose(y float32, columns int, cards []widget.Card, last *widget.Card, whole bool, p paging) {
	y = s.reach(y)
	gap := s.Px(theme.Gap)
	w := (s.W - 2*s.margin() - gap*float32(columns-1)) / float32(columns)
	n, room := len(cards), s.H-y-s.Px(bottom)
	all := cards
	if last != nil {
		all = append(append([]widget.Card{}, cards...), *last)
	}
	rows := max(1, (len(all)+columns-1)/columns)
	least, good := s.heights(all, w)
	h := (room+gap)/float32(rows) - gap
	if whole && h < least {
		for i := range all {
			all[i].Icon = ""
		}
		if l, g := s.heights(all, w); h >= l {
			least, good, cards = l, g, all[:n]
			if last != nil {
				last = &all[n]
			}
		}
	}
	from, to := 0, n
	if h < least || !whole && h < (least+good)/2 {
		room -= s.Px(pagerHeight + theme.Apart)
		h = (least + good) / 2
		rows = max(1, int((room+gap)/(h+gap)))
		if last != nil && columns == 1 {
			rows = max(2, rows)
		}
		h = (room+gap)/float32(rows) - gap
		per := rows * columns
		if last != nil {
			per--
		}
		from, to = s.pager(p, max(1, per), n)
	}
	h = min(h, max(good, s.Px(150)))
	place := func(i int, c widget.Card, span int) {
		wide := w*float32(span) + gap*float32(span-1)
		s.put(s.Card(c, wide, h), s.margin()+float32(i%columns)*(w+gap), y+float32(i/columns)*(h+gap), wide, h)
	}
	for i, c := range cards[from:to] {
		place(i, c, 1)
	}
	if last != nil {
		i := to - from
		place(i, *last, columns-i%columns)
	}
}

// part is something to read, of a known height, that is drawn at y.
type part struct {
	h    float32
	draw func(y float32)
}

// flow places parts below each other from y on, on as many pages as they need,
// the last ending at end or earlier; the pager stands at the bottom.
func (s *sheet) flow(y, end float32, parts []part, p paging) {
	gap := s.Px(theme.Gap)
	var starts []int
	at := float32(0)
	for i, v := range parts {
		if at += v.h + gap; i == 0 || at > end-y+gap {
			starts = append(starts, i)
			at = v.h + gap
		}
	}
	page, _ := s.pager(p, 1, len(starts))
	from, to := starts[page], len(parts)
	if page+1 < len(starts) {
		to = starts[page+1]
	}
	for _, v := range parts[from:to] {
		v.draw(y)
		y += v.h + gap
	}
}

func (s *sheet) heights(cards []widget.Card, w float32) (least, good float32) {
	for _, c := range cards {
		l, g := s.CardHeight(c, w)
		least, good = max(least, l), max(good, g)
	}
	return least, good
}

// columns of cards whose text is short.
func (s *sheet) columns() int {
	n := 2
	if s.Shape == Wide {
		n = 3
	}
	if s.Large {
		n--
	}
	return n
}

// bottom is the white below what can be touched: with the frame's own, theme.Apart.
const bottom = 28

// pagerHeight is that of the buttons that turn pages.
const pagerHeight = 108

// pager puts the buttons that turn pages at the bottom and tells which part of
// n things stands on the page, with per of them on each.
func (s *sheet) pager(p paging, per, n int) (from, to int) {
	h := s.Px(pagerHeight)
	return s.pagerAt(p, per, n, Area{s.margin(), s.H - h - s.Px(bottom), s.W - 2*s.margin(), h})
}

// pagerAt is pager for another place.
func (s *sheet) pagerAt(p paging, per, n int, in Area) (from, to int) {
	pages := max(1, (n+per-1)/per)
	at := min(max(p.at, 0), pages-1)
	if pages > 1 || p.last != nil {
		y, h := in.Y, in.H
		w := min(s.Px(380), in.W*0.35)
		icons := s.Fit(s.Say("prev"), theme.Least, theme.Least, in.W, 1, true).Width() > w-s.Px(40)
		if icons {
			w = in.W * 0.26
		}
		for _, v := range []struct {
			icon, label string
			page        int
			x           float32
		}{{"arrow-left", s.Say("prev"), at - 1, in.X}, {"arrow-right", s.Say("next"), at + 1, in.X + in.W - w}} {
			act := func() { p.turn(v.page) }
			switch {
			case v.page >= pages && p.last != nil:
				v.label, act = p.last.Label, p.last.Act
			case v.page < 0 || v.page >= pages:
				act = nil
			}
			if icons {
				s.put(s.Key(v.icon, v.label, w, h, act), v.x, y, w, h)
				continue
			}
			s.put(s.Button(widget.Plain, "", v.label, 42, w, h, act), v.x, y, w, h)
		}
		b := s.Fit(fmt.Sprintf("%d / %d", at+1, pages), 38, theme.Least, in.W-2*w, 1, false)
		s.add(b.Center(in.X+w, y+(h-b.Height())/2, in.W-2*w, s.Sub))
	}
	return at * per, min(n, (at+1)*per)
}

// above fills the part of the screen that is out of reach in low-reach mode,
// from y on, with a word on where to touch. Nothing is drawn where there is no
// such part.
func (s *sheet) above(y float32) {
	room := s.Top - s.Px(theme.Apart) - y
	n := widget.Notice{Icon: "arrow-down", Head: s.Say("touch_below")}
	w := s.W - 2*s.margin()
	h := s.NoticeHeight(n, w)
	if room < h {
		return
	}
	h = min(room, h*1.5)
	s.put(s.Notice(n, w, h), s.margin(), s.Top-s.Px(theme.Apart)-h, w, h)
}

// opening says when o's windows serve next, seen from now, and which holiday keeps
// them closed until then.
func (p Page) opening(o kiosk.Offer, now time.Time) string {
	if o.Holiday.Zh == "" {
		return p.opens(o, now)
	}
	return p.Say("holiday", text.Data{"Name": p.Of(o.Holiday), "Opens": p.opens(o, now)})
}

func (p Page) opens(o kiosk.Offer, now time.Time) string {
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

func (p Page) date(t time.Time) string {
	names := p.Say("weekdays")
	day := string([]rune(names)[t.Weekday()])
	if words := strings.Fields(names); len(words) == 7 {
		day = words[t.Weekday()]
	}
	return p.Say("date", text.Data{"Month": p.month(t), "Day": t.Day(), "Weekday": day})
}

func (p Page) month(t time.Time) string { return strings.Fields(p.Say("months"))[t.Month()-1] }

// state is the second line of an item's card: how the queue stands.
func (p Page) state(o kiosk.Offer, now time.Time) (line string, style widget.Style) {
	shut := widget.Choice
	if !o.CanTake {
		shut = widget.Shut
	}
	switch {
	case o.Paused:
		return p.Say("paused_short"), widget.Shut
	case o.Item.Self.Zh != "":
		return p.Say("self_short"), widget.Choice
	case o.Booked:
		return p.Say("booked_only"), shut
	case !o.Open:
		return p.opening(o, now), shut
	case o.Ahead == 0:
		return p.Say("waiting_none"), widget.Choice
	}
	line = p.Say("waiting", text.Data{"N": o.Ahead})
	if !p.Large { // how long it takes is told on the next screen
		line += " · " + p.Say("about", text.Data{"Low": o.Wait.Low, "High": o.Wait.High})
	}
	return line, widget.Choice
}
