package screen

import (
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"hallkiosk/display/text"
	"hallkiosk/display/theme"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// Confirm tells what to know before taking a number, and asks for it. take nil
// means that a number is being taken. What has no room is on the screen that
// more leads to, see Papers.
func Confirm(p Page, now time.Time, o kiosk.Offer, dept kiosk.Department, check Check, first Precedence, more, take func()) fyne.CanvasObject {
	var s *sheet
	// The smaller the room, the fewer words, and the more goes behind the button
	// for more.
	for tight := -1; tight < 5; tight++ {
		c := confirm{sheet: &sheet{Page: p}, now: now, o: o, dept: dept, check: check, first: first, more: more, take: take, short: tight == 0, tight: max(tight, 0)}
		s = c.sheet
		if c.draw() <= s.H {
			break
		}
	}
	return s.done()
}

type confirm struct {
	*sheet
	now        time.Time
	o          kiosk.Offer
	dept       kiosk.Department
	check      Check
	first      Precedence
	more, take func()
	short      bool // few words on the check, and a lower button
	tight      int  // 0 shows all, 4 the least
}

// draw returns the y below the last part.
func (s *confirm) draw() float32 {
	m, gap := s.margin(), s.Px(theme.Gap)
	place := s.Say("zone", text.Data{"Zone": s.o.Zone.ID}) + " · " + s.Of(s.o.Zone.Name) + " › " + s.Of(s.dept.Name)
	if s.tight > 1 {
		place = ""
	}
	y := s.title(place, s.Of(s.o.Item.Name))
	full := s.W - 2*m
	left, right := full, full
	if s.Shape == Wide {
		left = (full - gap) * 0.56
		right = full - gap - left
	}
	facts := y + s.facts(m, y, left) + gap
	notices := s.notices(s.o, s.now)
	hidden := s.tight > 0
	if hidden {
		if s.tight > 3 || len(notices) > 0 && notices[0].Tone != widget.Bad {
			notices = nil
		} else if len(notices) > 1 {
			notices = notices[:1]
		}
		if s.lacking() && s.tight < 4 { // of what was marked on the screen that more leads to
			notices = append(notices, s.said(s.check, s.o, true))
		}
	}
	x, below := m, facts
	if s.Shape == Wide { // what to bring and the buttons stand at the right
		facts = s.stack(notices, m, facts, left)
		notices, x, below = nil, m+left+gap, y
		if !hidden {
			facts += s.verdict(s.check, s.o, m, facts, left, s.short)
		}
	}
	below = s.stack(notices, x, below, right)
	if !hidden {
		below = s.checklist(s.check, s.o, x, below, right, s.short, s.Shape == Wide) + gap
	}
	return max(facts, s.buttons(hidden, x, below-gap, right))
}

// buttons places what can be done, and returns the y below.
func (s *confirm) buttons(hidden bool, x, y, w float32) float32 {
	apart, h, size := s.Apart(), s.Px(190), float32(theme.Primary)
	if s.Shape == Small || s.tight > 1 {
		h, size = s.Px(116), 56
	} else if s.short {
		h = s.Px(150)
	}
	y = s.reach(y + apart)
	side := float32(0) // of the precedence, quiet at the right of the others
	switch {
	case !s.precedes(w, hidden):
		if s.o.CanTake && s.first.Why != "" { // what counts is told, above the answers
			high := s.Px(100)
			s.precedence(s.first, x, y, w, high)
			y += high + apart
		}
	case s.tight > 2:
		side = s.Px(96) + apart
		if word := max(side, s.buttonNeeds(s.first.shortest(s.Page))+apart); s.buttonNeeds(s.Say("more"))+apart+s.buttonNeeds(s.Say("take"))+word <= w {
			side = word
		}
	default:
		side = min(s.Px(220), w*0.28) + apart
	}
	if hidden && s.lacking() { // the answers have long words
		mw, mh := w, s.Px(100)
		if s.tight > 2 {
			mh = s.Target() + s.Px(4) // a line of large words
		}
		if side > 0 {
			side = max(side, w*0.4, s.buttonNeeds(s.first.shortest(s.Page))+apart)
			mw -= side
			s.precedence(s.first, x+w-side+apart, y, side-apart, mh)
		}
		s.put(s.Button(widget.Plain, "list-details", s.Say("more"), 40, mw, mh, s.more), x, y, mw, mh)
		y += mh + apart
		if s.tight > 3 && !s.check.Essential(s.o.Item.Materials) { // one button is wide enough for its words
			h = s.Px(84)
		}
		s.answers(s.check, s.o, x, y, w, h, size, s.take)
		return y + h + s.bottom()
	}
	more := func(icon string, w, h float32) {
		s.put(s.Button(widget.Plain, icon, s.Say("more"), 40, w, h, s.more), x, y, w, h)
	}
	switch {
	case hidden && s.tight > 2 && s.o.CanTake: // beside each other
		half, icon := (w-side-apart)/2, "list-details"
		if least := s.Pt(215); side > 0 && half < least { // taking a number keeps its room
			half, icon = max(s.buttonNeeds(s.Say("more")), w-side-apart-least), ""
			size = 48
		}
		more(icon, half, h)
		x, w = x+half+apart, w-half-apart
	case hidden:
		mh := s.Px(100)
		more("list-details", w, mh)
		y += mh + apart
	}
	if !s.o.CanTake {
		return y
	}
	if side > 0 {
		row := s.Px(88)
		if _, _, word := s.precedenceWord(s.first, side-apart, h); !word && y+h+apart+row+s.bottom() <= s.H { // no room beside, but below
			s.precedence(s.first, x, y+h+apart, w, row)
			s.answers(s.check, s.o, x, y, w, h, size, s.take)
			return y + h + apart + row + s.bottom()
		}
	}
	if w -= side; side > 0 {
		s.precedence(s.first, x+w+apart, y, side-apart, h)
	}
	s.answers(s.check, s.o, x, y, w, h, size, s.take)
	return y + h + s.bottom()
}

// buttonNeeds is how wide a button is at least whose words may take two lines.
func (s *sheet) buttonNeeds(label string) float32 {
	return s.Fit(label, theme.Least, theme.Least, s.Pt(110), 2, true).Width() + s.Px(38)
}

// precedes says whether the precedence has room beside the answers in a width of
// w: who can't be taken in has two of them, unless the papers are hidden.
func (s *confirm) precedes(w float32, hidden bool) bool {
	return s.o.CanTake && s.first.shown() && (hidden || w > s.Pt(900) || !s.check.Essential(s.o.Item.Materials))
}

// lacking says whether the answers depend on a paper that is missing.
func (s *confirm) lacking() bool { return s.o.CanTake && len(s.check.Missing) > 0 }

// waits is how long one waits, or when the windows open; empty where no number is
// given.
func (s *confirm) waits() string {
	switch {
	case s.o.Paused:
		return ""
	case !s.o.Open:
		return s.opening(s.o, s.now)
	case s.o.Ahead > 0:
		return s.long("minutes", "minutes_hours", s.o.Wait)
	}
	return s.Say("no_wait")
}

// told are the facts: how many, how long, where; each an icon, a name, a value and a
// second line. Where no number is given, it is only where, and how long follows from
// how many.
func (s *confirm) told() [][4]string {
	wait := s.Say("wait")
	if !s.o.Open { // when the windows open is no wait
		wait = ""
	}
	list := [][4]string{
		{"users", s.Say("ahead"), s.Say("people", text.Data{"N": s.o.Ahead})}, {"clock", wait, s.waits()},
		{"map-pin", s.Say("place"), s.Say("zone", text.Data{"Zone": s.o.Queue.Zone}), s.Say("windows", text.Data{"Windows": s.o.Queue.Windows})},
	}
	switch {
	case s.waits() == "":
		return list[2:]
	case s.o.Unknown && s.o.Open:
		list[0][2] = s.Say("ahead_unknown")
		return append(list[:1], list[2])
	}
	return list
}

// facts are the cards of what is told beside each other, or where room is scarce one
// with rows. It returns their height.
func (s *confirm) facts(x, y, w float32) float32 {
	facts := s.told()
	if s.tight > 3 {
		var lines []string
		for _, v := range facts {
			switch {
			case v[0] == "users":
				lines = append(lines, v[1]+" "+v[2])
			case v[3] != "":
				lines = append(lines, v[2]+" · "+v[3])
			default:
				lines = append(lines, v[2])
			}
		}
		switch {
		case s.waits() == "":
			lines = append(lines, s.Say("paused_short"))
		case s.lacking():
			lines = append(lines[1:], s.said(s.check, s.o, true).Head)
		}
		return s.brief(x, y, w, lines)
	}
	if w < s.Pt(800) {
		return s.rows(x, y, w, facts)
	}
	type fact struct {
		icon                string
		named               bool
		name, value, second widget.Block
	}
	gap, pad, icon := s.Px(theme.Gap), s.Px(theme.Pad), s.Px(52)
	if s.Shape == Small || s.tight > 1 {
		pad = s.Px(18)
	}
	n := float32(len(facts))
	fw := (w - (n-1)*gap) / n
	if fw < s.Pt(230) {
		icon = 0
	}
	in := fw - 2*pad
	var list []fact
	names, values, high := float32(0), float32(0), float32(0)
	for _, v := range facts {
		f := fact{icon: v[0], named: v[1] != "", name: s.Fit(v[1], 30, theme.Least, in-icon, 1, false)}
		f.value = s.Fit(v[2], 60, 38, in, 1, true)
		if len(f.value.Lines) > 1 || s.tight > 1 {
			f.value = s.Fit(v[2], 44, theme.Least, in, 2, true)
		}
		second := float32(0)
		if v[3] != "" {
			f.second = s.Fit(v[3], 32, theme.Least, in, 2, false)
			second = f.second.Height()
		}
		names, values = max(names, f.name.Height(), icon), max(values, f.value.Height())
		high = max(high, f.value.Height()+second)
		list = append(list, f)
	}
	h := names + high + s.Px(10) + 2*pad
	for _, f := range list {
		s.add(s.Panel(x, y, fw, h))
		if icon > 0 {
			s.add(s.Icon(f.icon, s.Sub, x+pad, y+pad+(names-s.Px(40))/2, s.Px(40)))
		}
		if f.named {
			s.add(f.name.Left(x+pad+icon, y+pad+(names-f.name.Height())/2, s.Sub))
		}
		at := y + pad + names + s.Px(10)
		s.add(f.value.Left(x+pad, at, s.Ink))
		if len(f.second.Lines) > 0 {
			s.add(f.second.Left(x+pad, at+f.value.Height(), s.Sub))
		}
		x += fw + gap
	}
	return h
}

// rows is the facts as rows of one card, where three cards would be too narrow.
func (s *confirm) rows(x, y, w float32, facts [][4]string) float32 {
	pad, icon := s.Px(theme.Pad), s.Px(52)
	if s.tight > 1 {
		pad = s.Px(18)
	}
	at := y + pad
	var list []fyne.CanvasObject
	for _, f := range facts {
		name := s.Fit(f[1], 30, theme.Least, w, 1, false)
		words := f[2]
		if f[3] != "" {
			words += " · " + f[3]
		}
		value := s.Fit(words, 44, theme.Least, w-2*pad-icon-name.Width()-s.Px(24), 1, true)
		h := max(name.Height(), value.Height())
		list = append(list, s.Icon(f[0], s.Sub, x+pad, at+(h-s.Px(40))/2, s.Px(40)), value.Right(x+w-pad, at+(h-value.Height())/2, s.Ink))
		if f[1] != "" {
			list = append(list, name.Left(x+pad+icon, at+(h-name.Height())/2, s.Sub))
		}
		at += h + s.Px(8)
	}
	h := at - s.Px(8) + pad - y
	s.add(s.Panel(x, y, w, h))
	s.add(list...)
	return h
}

// brief is the facts as lines of one card.
func (s *confirm) brief(x, y, w float32, facts []string) float32 {
	pad := s.Px(18)
	var lines []widget.Block
	h := 2 * pad
	for _, f := range facts {
		b := s.Fit(f, theme.Body, theme.Least, w-2*pad, 1, true)
		lines = append(lines, b)
		h += b.Height()
	}
	s.add(s.Panel(x, y, w, h))
	at := y + pad
	for _, b := range lines {
		s.add(b.Left(x+pad, at, s.Ink))
		at += b.Height()
	}
	return h
}

// notices are what to know before taking a number: first what speaks against
// it.
func (p Page) notices(o kiosk.Offer, now time.Time) []widget.Notice {
	var out []widget.Notice
	opens := text.Data{"Opens": p.opens(o, now)}
	bad := func(words string) {
		if !o.Open && !o.Paused && o.Holiday.Zh != "" {
			words = p.Say("holiday_why", text.Data{"Name": p.Of(o.Holiday)}) + words
		}
		out = append(out, widget.Notice{Tone: widget.Bad, Icon: "clock", Body: words})
	}
	switch {
	case o.Paused:
		bad(strings.TrimSpace(p.Say("paused", text.Data{"Why": p.Of(o.Why)})))
	case o.Open:
	case !o.CanTake:
		bad(p.Say("closed_now", opens))
	case o.Booked:
		bad(p.Say("early_booked", opens))
	default:
		bad(p.Say("early", opens))
	}
	if o.Item.Self.Zh != "" {
		out = append(out, widget.Notice{Tone: widget.Good, Icon: "device-desktop", Body: p.Say("can_self", text.Data{"Machine": p.Of(o.Item.Self)})})
	}
	if o.Item.Online {
		out = append(out, widget.Notice{Tone: widget.Good, Icon: "world", Body: p.Say("can_online")})
	}
	return out
}

// stack places notices below each other, and returns the y below with a gap.
func (s *sheet) stack(notices []widget.Notice, x, y, w float32) float32 {
	for _, n := range notices {
		h := s.NoticeHeight(n, w)
		s.put(s.Notice(n, w, h), x, y, w, h)
		y += h + s.Px(theme.Gap)
	}
	return y
}
