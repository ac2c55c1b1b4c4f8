// Package screen is what a citizen meets: one function for each screen, which
// gets what it shows and gives back what was touched. A screen knows no store,
// no device and no clock; it is drawn anew when what it shows has changed.
//
// A new screen is a function F(p Page, what it shows, what is wanted) that
// fills a sheet: title or ask puts the question, choose puts cards on pages,
// flow what has parts of many heights, reach tells where touching begins;
// everything else is made by the Kit in the Page, so that it follows panel,
// palette, text size and language by itself. It gets its states in examples of screen_test.go, by which it is measured in every
// language, mode and layout and put on the sheet of `make screens`; a view of
// package display loads what it shows.
package screen

import (
	"fmt"
	"slices"
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

// title puts the screen's question at the top, what it is about above it, and
// returns the y below. above may be empty.
func (s *sheet) title(above, question string) float32 {
	y := s.Px(44)
	switch s.Shape {
	case Wide:
		y = s.Px(28)
	case Small:
		y = s.Px(10)
	}
	return s.titleAt(y, above, question)
}

// stepper is the way that has several steps, at one of them, from 0.
func (p Page) stepper(at int) widget.Stepper {
	v := widget.Stepper{At: at, Names: []string{p.Say("step_pick"), p.Say("step_check"), p.Say("take")}}
	v.Aloud = p.Say("step_at", text.Data{"At": at + 1, "Of": len(v.Names), "Name": v.Names[at]})
	return v
}

// stepped puts a stepper where the right of the line above a title has room for
// it. from is how many parts there were before the title, whose first is that
// line; above is what is written in it.
func (s *sheet) stepped(at, from int, above string) {
	if above == "" || len(s.parts) < from+2 {
		return
	}
	line := s.parts[from]
	step := s.stepper(at)
	w, h := s.StepperSize(step)
	x := s.W - s.margin() - w
	if x < line.Position().X+line.Size().Width+s.Apart() || h > line.Size().Height+s.Px(12) {
		return
	}
	s.put(s.Stepper(step), x, line.Position().Y+(line.Size().Height-h)/2, w, h)
}

// ask is title for a question whose answers stand right below it: in low-reach
// mode it stands lower too. It returns the question's y as well.
func (s *sheet) ask(above, question string) (top, y float32) {
	from := len(s.parts)
	y = s.title(above, question)
	if down := s.Top - y; down > 0 {
		for _, o := range s.parts[from:] {
			o.Move(o.Position().AddXY(0, down))
		}
		y += down
	}
	return s.parts[from].Position().Y, y
}

func (s *sheet) titleAt(y float32, above, question string) float32 {
	m, size, below := s.margin(), float32(theme.Title), s.Px(24)
	switch s.Shape {
	case Wide:
		size = 60
	case Small:
		size, below = 48, s.Px(12)
	}
	if s.Large && s.Shape != Tall {
		size *= 0.8
	}
	if above != "" && !(s.Shape == Small && s.Large) {
		b := s.Fit(above, theme.Body, theme.Least, s.W-2*m, 2, false)
		s.add(b.Left(m, y, s.Sub))
		y += b.Height() + s.Px(4)
	}
	least := min(size, 42)
	if s.Large && s.Shape == Small { // a second line would take a card's room
		least = 30
	}
	b := s.Fit(question, size, least, s.W-2*m, 1, true)
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

	space float32 // above the buttons, where more than theme.Apart is needed
	foot  float32 // what stands below them, with a gap after each part
}

// choose places cards below y, as few on a page as their text and the size of
// letters need. last, unless nil, ends every page. With whole set, icons go
// before a second page comes, then white and the end of long second lines; on a small
// panel icons always do. Where large text has little room second lines go too, but
// for the few words that tell choices apart: those stand beside the title. It
// returns the y of what stands below, whose height p.foot keeps free.
func (s *sheet) choose(y float32, columns int, cards []widget.Card, last *widget.Card, whole bool, p paging) float32 {
	y = s.reach(y)
	gap := s.Px(theme.Gap)
	w := (s.W - 2*s.margin() - gap*float32(columns-1)) / float32(columns)
	n, room := len(cards), s.H-y-s.bottom()-p.foot
	all := slices.Clone(cards)
	if last != nil {
		all = append(all, *last)
	}
	rows := max(1, (len(all)+columns-1)/columns)
	if s.Large {
		for i, c := range all {
			if c.Short != "" && strings.Contains(c.Second, " · ") && !s.SecondFits(c, w) {
				all[i].Second = c.Short
			}
		}
	}
	least, good := s.heights(all, w)
	h := (room+gap)/float32(rows) - gap
	if h < least && s.Large && (s.Low || s.Shape == Small) {
		for i := range all {
			all[i].Beside, all[i].Narrow = true, s.Shape == Small
		}
		least, good = s.heights(all, w)
	}
	if h < least && (whole || s.Shape == Small) {
		for i := range all {
			all[i].Icon = ""
		}
		least, good = s.heights(all, w)
	}
	if whole && h < least {
		if cards, l, g := s.narrow(all, w, h); l <= h {
			all, least, good = cards, l, g
		}
	}
	dense := least
	switch { // on pages, how much letters shrink so that more stand on one
	case whole || s.Shape == Small:
	case s.Low && s.Large:
	case s.Low, s.Shape == Wide && s.Large:
		dense += (good - least) * 0.35
	default:
		dense += (good - least) * 0.6
	}
	from, to, paged := 0, n, h < dense
	under := float32(0) // below the pager
	if paged {
		if under = p.foot; under > 0 {
			under += s.Apart() - gap
		}
		room -= s.pagerHeight() + s.Apart() + under - p.foot
		rows = max(1, int((room+gap)/(dense+gap)))
		if last != nil && columns == 1 {
			rows = max(2, rows)
		}
		h = (room+gap)/float32(rows) - gap
		per := rows * columns
		if last != nil {
			per--
		}
		high := s.H
		s.H -= under
		from, to = s.pager(p, max(1, per), n)
		s.H = high
	}
	h = min(h, max(good, s.Px(150)))
	shown := all[from:to:to]
	if last != nil {
		shown = append(shown, all[n])
	}
	size := s.letters(all, w, h) // one for all pages
	for i, c := range shown {
		wide := w
		c.Size = size
		if last != nil && i == to-from { // it fills its row
			span := float32(columns - i%columns)
			wide = w*span + gap*(span-1)
		}
		s.put(s.Card(c, wide, h), s.margin()+float32(i%columns)*(w+gap), y+float32(i/columns)*(h+gap), wide, h)
	}
	if paged {
		return s.H - s.bottom() - p.foot + gap
	}
	return y + float32((len(shown)+columns-1)/columns)*(h+gap)
}

// narrow returns cards with less white at their sides, and how high they are. Of
// those that need more than a height of h even so the second line says its first
// thing only.
func (s *sheet) narrow(cards []widget.Card, w, h float32) (out []widget.Card, least, good float32) {
	out = slices.Clone(cards)
	for i := range out {
		out[i].Narrow = true
		if l, _ := s.CardHeight(out[i], w); l > h {
			out[i].Second, _, _ = strings.Cut(out[i].Second, " · ")
		}
	}
	least, good = s.heights(out, w)
	return out, least, good
}

// letters is the size that the titles of cards of w by h pixels can all have.
func (s *sheet) letters(cards []widget.Card, w, h float32) float32 {
	size := float32(theme.Heading)
	for _, c := range cards {
		size = min(size, s.CardSize(c, w, h))
	}
	return size
}

// part is one of several things below each other: how high it is, and how to
// draw it at a y.
type part struct {
	h    float32
	draw func(y float32)
}

// flow places parts below each other between y and end, on as many pages as they
// need; the pager then ends at end. It returns how many parts stand on the fullest
// page, 0 when one is higher than a page. What stands below end is the same on
// every page.
func (s *sheet) flow(y, end float32, parts []part, p paging) (most int) {
	gap := s.Px(theme.Gap)
	pack := func(end float32) (starts []int) {
		most = 0
		at, high := y, float32(0)
		for i, v := range parts {
			if len(starts) == 0 || at+v.h > end {
				starts, at = append(starts, i), y
			}
			at += v.h + gap
			most, high = max(most, i-starts[len(starts)-1]+1), max(high, v.h)
		}
		if y+high > end {
			most = 0
		}
		return starts
	}
	starts := pack(end)
	if len(starts) > 1 || p.last != nil {
		starts = pack(end - s.pagerHeight() - max(p.space, s.Apart()))
	}
	high := s.H
	s.H = end + s.bottom()
	page, _ := s.pager(p, 1, len(starts))
	s.H = high
	for i := starts[page]; i < len(parts) && (page+1 == len(starts) || i < starts[page+1]); i++ {
		parts[i].draw(y)
		y += parts[i].h + gap
	}
	return most
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

// bottom is the white below what can be touched: with the frame's own, that is
// Apart.
func (p Page) bottom() float32 { return p.Px(28-theme.Apart) + p.Apart() }

// pagerHeight is that of the buttons that turn pages.
func (p Page) pagerHeight() float32 {
	if p.Shape == Small {
		return p.Px(88)
	}
	return p.Px(108)
}

// pager puts the buttons that turn pages at the bottom and tells which part of
// n things stands on the page, with per of them on each.
func (s *sheet) pager(p paging, per, n int) (from, to int) {
	h := s.pagerHeight()
	return s.pagerAt(p, per, n, Area{s.margin(), s.H - h - s.bottom(), s.W - 2*s.margin(), h})
}

// pagerAt is pager for another place. In one that is higher than wide the buttons
// stand above each other.
func (s *sheet) pagerAt(p paging, per, n int, in Area) (from, to int) {
	pages := max(1, (n+per-1)/per)
	at := min(max(p.at, 0), pages-1)
	switch {
	case pages == 1 && p.last == nil:
	case in.H > in.W:
		s.pagerColumn(p, at, pages, in)
	default:
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
			act, style := func() { p.turn(v.page) }, widget.Plain
			switch {
			case v.page >= pages && p.last != nil:
				v.label, act, style = p.last.Label, p.last.Act, widget.Main
			case v.page < 0 || v.page >= pages:
				act = nil
				if s.Bare {
					continue
				}
			}
			if icons && (p.last == nil || v.label != p.last.Label) {
				s.put(s.Key(v.icon, v.label, theme.Body, w, h, act), v.x, y, w, h)
				continue
			}
			s.put(s.Button(style, "", v.label, 42, w, h, act), v.x, y, w, h)
		}
		b := s.Fit(fmt.Sprintf("%d / %d", at+1, pages), 38, theme.Least, in.W-2*w, 1, false)
		s.add(b.Center(in.X+w, y+(h-b.Height())/2, in.W-2*w, s.Sub))
	}
	return at * per, min(n, (at+1)*per)
}

// pagerColumn draws the buttons of a pager above each other.
func (s *sheet) pagerColumn(p paging, at, pages int, in Area) {
	b := s.Fit(fmt.Sprintf("%d / %d", at+1, pages), 38, theme.Least, in.W, 2, false)
	h := max(s.Target(), min(s.pagerHeight(), (in.H-b.Height())/2-s.Px(4)))
	if b.Height() > in.H-2*h {
		b = widget.Block{}
	}
	for _, v := range []struct {
		icon, label string
		page        int
		y           float32
	}{{"arrow-left", "prev", at - 1, in.Y}, {"arrow-right", "next", at + 1, in.Y + in.H - h}} {
		act := func() { p.turn(v.page) }
		if v.page < 0 || v.page >= pages {
			act = nil
			if s.Bare {
				continue
			}
		}
		s.put(s.Key(v.icon, s.Say(v.label), theme.Body, in.W, h, act), in.X, v.y, in.W, h)
	}
	s.add(b.Center(in.X, in.Y+(in.H-b.Height())/2, in.W, s.Sub))
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

// long says how long a wait is, by the second message from an hour and a half on:
// its middle, to half an hour, and beyond three hours to an hour.
func (p Page) long(minutes, hours string, e kiosk.Estimate) string {
	if e.High < 90 {
		return p.Say(minutes, text.Data{"Low": e.Low, "High": e.High})
	}
	halves := (e.Low + e.High + 30) / 60
	if halves > 6 {
		halves = (halves + 1) / 2 * 2
	}
	return p.Say(hours, text.Data{"Hours": halves / 2, "Half": halves%2 == 1})
}

// queued puts onto an item's card how the queue stands, by which people choose.
func (p Page) queued(c widget.Card, o kiosk.Offer, now time.Time) widget.Card {
	shut := widget.Choice
	if !o.CanTake {
		shut = widget.Shut
	}
	switch {
	case o.Paused:
		c.Second, c.Style = p.Say("paused_short"), widget.Shut
	case o.Item.Self.Zh != "":
		c.Second = p.Say("self_short")
		c.Short, _, _ = strings.Cut(c.Second, " · ")
	case o.Booked:
		c.Second, c.Style = p.Say("booked_only"), shut
	case !o.Open:
		c.Second, c.Short, c.Style = p.opening(o, now), p.opens(o, now), shut
	case o.Unknown:
		c.Second = p.Say("waiting_unknown")
	case o.Ahead == 0:
		c.Second = p.Say("waiting_none")
	default:
		c.Short = p.long("about", "about_hours", o.Wait)
		c.Second = p.Say("waiting", text.Data{"N": o.Ahead}) + " · " + c.Short
	}
	if c.Short == "" {
		c.Short = c.Second
	}
	return c
}
