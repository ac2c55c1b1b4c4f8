package screen

import (
	"image"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"hallkiosk/display/text"
	"hallkiosk/display/theme"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// Issued is what the ticket screen shows.
type Issued struct {
	Ticket kiosk.Ticket
	Offer  kiosk.Offer // of the first item, as it was when the number was taken
	Print  kiosk.PrintState
	Cause  kiosk.Fault
	Code   image.Image // the ticket's QR code, a pixel a module
	Left   int         // seconds until the first screen; 0 while nothing runs
	Paper  int         // the frame of the paper that comes out, see widget.PaperOut
	Steps  bool        // it ends a way of several steps

	From, To string // the slot of its booking, as 14:00; empty for a walk-in
}

// Ticket shows the number, what becomes of the paper, and where to go. With
// large text on a small panel it has pages.
func Ticket(p Page, now time.Time, i Issued, page int, turn func(int), done func()) fyne.CanvasObject {
	t := ticket{sheet: &sheet{Page: p}, Issued: i, now: now}
	if p.Shape == Small && p.Large {
		t.pages(paging{at: page, turn: turn}, done)
		return t.done()
	}
	t.fit(p, done)
	return t.done()
}

// ticket draws its screen. The number, the fate of the paper and the way are
// always there; the smaller the room, the less white and the smaller the second
// lines.
type ticket struct {
	*sheet
	Issued
	now   time.Time
	tight int  // see fit
	brief bool // see Taken
	paged bool // see pages

	size  float32 // of the number, with paged
	named bool    // the item's name is told below it
}

// How tight a ticket's screen is: each does without what those before it do without.
const (
	lessWhite  = 1 + iota // and small second lines
	smallWords            // in the notice and the way too
	noHeading             // the number speaks for itself
	noComfort             // that the number is kept: its code says so
	acrossBoth            // the number stands over both columns
)

// fit draws the screen as roomy as it can be.
func (s *ticket) fit(p Page, done func()) {
	for ; ; s.tight++ {
		s.sheet = &sheet{Page: p}
		if s.draw(done) <= s.H || s.tight == acrossBoth {
			return
		}
	}
}

// draw returns the y below the last part.
func (s *ticket) draw(done func()) float32 {
	m, gap := s.margin(), s.gap()
	full := s.W - 2*m
	if s.Shape == Tall || s.brief && (!s.unpaid() || s.Shape == Small && s.Large) {
		y := s.Px(36)
		switch {
		case s.tight >= smallWords:
			y = s.Px(8)
		case s.tight > 0:
			y = s.Px(16)
		}
		if step := s.stepper(2); s.Steps && s.tight == 0 {
			w, h := s.StepperSize(step)
			if w <= full {
				s.put(s.Stepper(step), m+(full-w)/2, y, w, h)
				y += h + s.Px(12)
			}
		}
		y += s.number(m, y, full) + gap
		y += s.paper(m, y, full) + gap
		if !s.brief {
			y += s.way(m, y, full) + gap
		}
		y += s.Apart() - gap
		return s.foot(m, s.reach(y), full, done)
	}
	w := (full - gap) / 2 // two columns
	x, y := m+w+gap, s.Px(16)
	left, right := y, y
	if s.tight >= acrossBoth {
		left += s.number(m, left, full) + gap
		right = left
	} else {
		left += s.number(m, left, w) + gap
	}
	right += s.paper(x, right, w) + gap
	if s.brief {
	} else if s.unpaid() && s.Code != nil {
		left += s.way(m, left, w) + gap
	} else {
		right += s.way(x, right, w) + gap
	}
	at := s.H - s.footHeight(w)
	return max(s.foot(m, at, w, done), left+s.footHeight(w)+s.Apart()-gap, right)
}

// pages shows on its first page the number, the fate of the paper and where to go,
// and what else there is to know on the second; the button is where that would have
// another.
func (s *ticket) pages(p paging, done func()) {
	m, y := s.margin(), s.Px(8)
	w, end, left := s.W-2*m, s.H-s.Px(12), s.leaves(s.W-2*m)
	p.last, p.space = &Answer{s.Say("done"), done}, s.Px(8)+left.Height()
	room := end - s.pagerHeight() - p.space - y
	high := func(piece func(t *ticket, y float32) float32) float32 {
		try := *s
		try.sheet = &sheet{Page: s.Page}
		return piece(&try, 0)
	}
	first := func(t *ticket, y float32) float32 {
		top, gap := y, t.Px(10)
		y += t.number(m, y, w) + gap
		y += t.fated(m, y, w) + gap
		return y + t.way(m, y, w) - top
	}
	s.paged, s.tight = true, smallWords
	more := []string{s.ahead(), s.Of(s.Offer.Zone.Way)}
	for _, s.named = range []bool{true, false} { // a name has no room that leaves the number small
		for s.size = theme.NumberL / s.T; s.size > 110/s.T && high(first) > room; s.size -= 2 {
		}
		if high(first) <= room {
			break
		}
	}
	if !s.named {
		more = slices.Insert(more, 1, s.Of(s.Offer.Item.Name))
	}
	second := func(t *ticket, y float32) float32 { return t.rest(m, y, w, more) }
	for len(more) > 0 && high(second) > room { // the windows' numbers show the way too
		more = more[:len(more)-1]
	}
	if s.Left > 0 {
		s.add(left.Center(m, end-s.pagerHeight()-p.space+s.Px(6), w, s.Sub))
	}
	s.flow(y, end, []part{{high(first), func(y float32) { first(s, y) }}, {high(second), func(y float32) { second(s, y) }}}, p)
}

// rest shows what a first page leaves: the code in the place of paper that failed,
// and lines.
func (s *ticket) rest(x, y, w float32, lines []string) float32 {
	top := y
	if s.unpaid() && s.Code != nil {
		y += s.code(x, y, w) + s.Px(10)
	} else if s.unpaid() {
		lines = append([]string{s.Say("kept")}, lines...)
	}
	var list []widget.Block
	pad, high := s.Px(10), float32(0)
	for _, line := range lines {
		b := s.Fit(line, theme.Heading, theme.Least, w-2*s.Px(theme.Pad), 1, false)
		if len(b.Lines) > 1 {
			b = s.Fit(strings.ReplaceAll(line, " · ", "\n"), theme.Heading, theme.Least, w-2*s.Px(theme.Pad), 2, false)
		}
		list, high = append(list, b), high+b.Height()+pad
	}
	if len(list) > 0 {
		s.add(s.Panel(x, y, w, high+pad))
		at := y + pad
		for _, b := range list {
			s.add(b.Left(x+s.Px(theme.Pad), at, s.Ink))
			at += b.Height() + pad
		}
		y += high + 2*pad
	}
	return y - s.Px(10) - top
}

// gap is the white between parts.
func (s *ticket) gap() float32 {
	if s.tight >= smallWords {
		return s.Px(12)
	}
	return s.Px(theme.Gap)
}

// number shows the number, what it is for, and how many are before it. It
// returns its height, as the other parts do.
func (s *ticket) number(x, y, w float32) float32 {
	top := y
	if s.tight < noHeading {
		title := s.Fit(s.Say("your_number"), theme.Title, 44, w, 1, true)
		switch {
		case s.paged:
			title = s.Fit(s.Say("your_number"), theme.Least, theme.Least, w, 1, true)
		case s.tight >= smallWords:
			title = s.Fit(s.Say("your_number"), theme.Body, theme.Least, w, 1, true)
		case s.Shape != Tall || s.tight > 0:
			title = s.Fit(s.Say("your_number"), 48, 36, w, 1, true)
		}
		s.add(title.Center(x, y, w, s.Ink))
		y += title.Height()
		if s.tight < smallWords {
			y += s.Px(12)
		}
	}
	wide, pad := min(w, s.Px(860)), s.Px(32)
	if s.T > 1 {
		wide = w
	}
	if s.tight > 0 {
		pad = s.Px(18)
	}
	x += (w - wide) / 2
	in := wide - 2*s.Px(24)
	size := float32(theme.Number)
	if s.brief && !s.unpaid() && s.tight == 0 {
		size = theme.NumberXL
	} else if s.unpaid() || s.Shape == Small || s.tight > 0 { // the code needs the room
		size = theme.NumberL
	}
	size /= s.T // it is large enough for everybody
	if s.paged {
		size = s.size
	}
	num := s.Fit(s.Ticket.Number.String(), size, 60/s.T, in, 1, true).Tight()
	ahead := s.ahead()
	if s.brief && s.Ticket.Priority != "" {
		ahead = s.Say(firstWords[s.Ticket.Priority])
	}
	name := s.Fit(s.Of(s.Offer.Item.Name), 44, 30, in, 2, true)
	line := s.Fit(ahead, 36, theme.Least, in, 2, false)
	if s.tight > 0 {
		name = s.Fit(s.Of(s.Offer.Item.Name), 32, theme.Least, in, 2, true)
		line = s.Fit(ahead, theme.Least, theme.Least, in, 2, false)
	}
	if s.paged { // they are on the next page
		line = widget.Block{}
		if !s.named {
			name = line
		}
	}
	h := num.Height() + name.Height() + line.Height() + 2*pad + s.Px(12)
	s.put(s.Box(s.Palette.Card, s.Warm, s.Strong), x, y, wide, h)
	s.add(num.Center(x, y+pad, wide, s.Warm))
	at := y + pad + num.Height() + s.Px(12)
	if len(name.Lines) > 0 {
		s.add(name.Center(x, at, wide, s.Ink))
	}
	if len(line.Lines) > 0 {
		s.add(line.Center(x, at+name.Height(), wide, s.Sub))
	}
	return y + h - top
}

func (s *ticket) ahead() string {
	if s.From != "" {
		return s.Say("slot", text.Data{"From": s.From, "To": s.To})
	}
	if !s.Offer.Open {
		return s.opening(s.Offer, s.now)
	}
	if s.Ticket.Ahead == 0 {
		return s.Say("ahead_none")
	}
	return s.Say("ahead_line", text.Data{"N": s.Ticket.Ahead}) + " · " + s.long("about_minutes", "about_minutes_hours", s.Offer.Wait)
}

// unpaid says that the paper failed.
func (i Issued) unpaid() bool { return i.Print.Ended() && i.Print != kiosk.Printed }

// fate is what to say of the paper.
func (s *ticket) fate() widget.Notice {
	switch {
	case !s.Print.Ended():
		return widget.Notice{Paper: &s.Paper, Head: s.Say("printing"), Slim: s.paged}
	case s.Print == kiosk.Printed:
		out := widget.PaperOut
		return widget.Notice{Tone: widget.Good, Paper: &out, Head: s.Say("printed"), Slim: s.paged}
	}
	n := widget.Notice{Tone: widget.Bad, Icon: "printer-off", Head: s.Say(faultWords(s.Issued)), Body: s.Say("kept"), Slim: s.tight >= smallWords}
	if s.paged || s.tight >= noComfort || s.brief && s.tight >= smallWords {
		n.Body = ""
	}
	return n
}

// paper tells what becomes of the paper; when it fails, the number is kept by
// a code on the screen.
func (s *ticket) paper(x, y, w float32) float32 {
	h := s.fated(x, y, w)
	if s.unpaid() && s.Code != nil && !s.terse() {
		h += s.gap()
		h += s.code(x, y+h, w)
	}
	return h
}

// terse says that there is no room for more than words on the paper.
func (s *ticket) terse() bool { return s.brief && s.tight >= acrossBoth }

// fated tells what becomes of the paper.
func (s *ticket) fated(x, y, w float32) float32 {
	n := s.fate()
	if s.terse() {
		b := s.Fit(n.Head, theme.Body, theme.Least, w, 2, true)
		s.add(b.Center(x, y, w, s.Ink))
		return b.Height()
	}
	h := s.NoticeHeight(n, w)
	if s.Shape != Small && s.tight == 0 {
		h = max(h, s.Px(160))
	}
	s.put(s.Notice(n, w, h), x, y, w, h)
	return h
}

// code shows the number's code, which is as large in large text, and what it is for.
func (s *ticket) code(x, y, w float32) float32 {
	side, quiet := s.Px(250), s.Px(24)
	switch {
	case s.Shape == Small && s.T == 1:
		side, quiet = s.Px(160), s.Px(14)
	case s.Shape == Small:
		side = s.Px(180)
	case s.tight >= smallWords:
		quiet = s.Px(14)
	}
	code := canvas.NewImageFromImage(s.Code)
	code.ScaleMode = canvas.ImageScalePixels
	code.FillMode = canvas.ImageFillContain
	b, kept := s.FitIn(s.Say("show_code"), 38, theme.Least, w-side-3*quiet, side, false), widget.Block{}
	if s.paged {
		kept = s.Fit(s.Say("kept"), theme.Least, theme.Least, w-side-3*quiet, 1, true)
	}
	box := max(side, kept.Height()+b.Height()) + 2*quiet
	s.add(s.Panel(x, y, w, box))
	s.put(code, x+quiet, y+(box-side)/2, side, side)
	x, at := x+side+2*quiet, y+(box-kept.Height()-b.Height())/2
	if s.paged {
		s.add(kept.Left(x, at, s.Ink))
	}
	s.add(b.Left(x, at+kept.Height(), s.Ink))
	return box
}

func (s *ticket) wayText(w float32) (to, way widget.Block) {
	in, size := w-s.Px(150), float32(44)
	if s.Shape == Small || s.tight > 0 {
		in, size = w-s.Px(118), 36
	}
	most := 2
	if s.tight >= smallWords { // smaller letters before a second line
		most = 1
	}
	goTo := s.Say("go_to", text.Data{"Zone": s.Offer.Queue.Zone, "Windows": s.Offer.Queue.Windows})
	if s.paged {
		if to = s.Fit(goTo, size, theme.Least, in, 1, true); len(to.Lines) > 1 { // the words need the icon's room
			to = s.Fit(goTo, size, theme.Least, w-s.Px(36), 1, true)
		}
		return to, widget.Block{}
	}
	to = s.Fit(goTo, size, 30, in, most, true)
	return to, s.Fit(s.Of(s.Offer.Zone.Way), 36, theme.Least, in, most, false)
}

func (s *ticket) wayHeight(w float32) float32 {
	to, way := s.wayText(w)
	white := s.Px(36)
	if s.tight >= smallWords {
		white = s.Px(20)
	}
	h := to.Height() + way.Height() + white
	if s.Shape != Small && s.tight == 0 {
		h = max(h, s.Px(180))
	}
	return h
}

// way tells where to go.
func (s *ticket) way(x, y, w float32) float32 {
	to, way := s.wayText(w)
	h := s.wayHeight(w)
	s.add(s.NoticeGround(widget.Info, x, y, w, h))
	left, side := s.Px(40), s.Px(72)
	if s.Shape == Small {
		left, side = s.Px(18), s.Px(56)
	} else if s.tight > 0 {
		left = s.Px(12)
	}
	if s.Bare { // clear of the bar
		left = max(left, s.Px(22))
	}
	at, text := y+(h-to.Height()-way.Height())/2, x+left+side+s.Px(22)
	if to.Width() <= w-s.Px(118) {
		s.add(s.Icon("map-pin", s.Touch, x+left, y+(h-side)/2, side))
	} else {
		text = x + left
	}
	s.add(to.Left(text, at, s.Ink))
	if len(way.Lines) > 0 {
		s.add(way.Left(text, at+to.Height(), s.Sub))
	}
	return h
}

// foot is the button that ends the visit, and how long until it ends by itself;
// it returns the y below.
func (s *ticket) foot(x, y, w float32, done func()) float32 {
	h := s.doneHeight()
	if s.Left > 0 && !s.brief {
		b := s.leaves(w)
		s.add(b.Center(x, y+h+s.Px(8), w, s.Sub))
	}
	label := s.Say("done")
	if s.brief {
		label = s.Say("assist_next")
	}
	s.put(s.Button(widget.Main, "", label, 44, w, h, done), x, y, w, h)
	return y + s.footHeight(w)
}

func (s *ticket) doneHeight() float32 {
	if s.Shape == Tall && s.tight == 0 {
		return s.Px(120)
	}
	return s.Px(92)
}

// leaves is the countdown: how many seconds the screen stays.
func (s *ticket) leaves(w float32) widget.Block {
	return s.Fit(s.Say("return_in", text.Data{"N": max(1, s.Left)}), 30, theme.Least, w, 1, false)
}

// footHeight keeps the button's place whether the seconds run or not.
func (s *ticket) footHeight(w float32) float32 {
	if s.brief {
		return s.doneHeight() + s.bottom()
	}
	return s.doneHeight() + s.Px(8) + s.leaves(w).Height() + s.Px(12)
}

func faultWords(i Issued) string {
	switch {
	case i.Print == kiosk.PrintDamaged:
		return "fault_damaged"
	case i.Print == kiosk.PrintUnknown:
		return "fault_unknown"
	case i.Cause == kiosk.FaultPaper:
		return "fault_paper"
	case i.Cause == kiosk.FaultCover:
		return "fault_cover"
	case i.Cause == kiosk.FaultUnfitted:
		return "fault_none"
	case i.Cause == kiosk.FaultJam, i.Cause == kiosk.FaultCutter:
		return "fault_jam"
	case i.Cause == kiosk.FaultHot:
		return "fault_hot"
	case i.Cause == kiosk.FaultGone, i.Cause == kiosk.FaultSilent, i.Cause == kiosk.FaultOffline:
		return "fault_silent"
	}
	return "fault_printer"
}
