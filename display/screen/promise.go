package screen

import (
	"slices"
	"time"

	"fyne.io/fyne/v2"

	"hallkiosk/display/text"
	"hallkiosk/display/theme"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// Check is what a citizen told of the papers to bring, before the number. Who
// tells nothing is asked nothing.
type Check struct {
	Missing []string          // by their Chinese names in the catalog
	Mark    func(name string) // one is missing, or is not after all
	Leave   func()            // who comes back with the paper ends the visit
}

// Essential says whether a paper is missing without which the case can't be
// taken in.
func (c Check) Essential(list []kiosk.Material) bool {
	return slices.ContainsFunc(list, func(m kiosk.Material) bool { return m.Essential && c.lacks(m) })
}

func (c Check) lacks(m kiosk.Material) bool { return slices.Contains(c.Missing, m.Name.Zh) }

// Papers is the check of what to bring, with what else there is to know, for
// screens that have no room for it. take nil means that a number is being taken.
func Papers(p Page, now time.Time, o kiosk.Offer, c Check, page int, turn func(int), take func()) fyne.CanvasObject {
	var s *sheet
	// The smaller the room, the fewer words above the papers.
	for tight := range 3 {
		s = &sheet{Page: p}
		if s.papers(now, o, c, tight, paging{at: page, turn: turn}, take) >= max(1, min(2, len(o.Item.Materials))) {
			break
		}
	}
	return s.done()
}

// papers returns how many of the parts stand on the fullest page, as flow does.
func (s *sheet) papers(now time.Time, o kiosk.Offer, c Check, tight int, p paging, take func()) int {
	m, gap := s.margin(), s.Px(theme.Gap)
	w, h, size := s.W-2*m, s.Px(150), float32(60)
	if s.Shape == Small || s.Large {
		h, size = s.Px(120), 48
	}
	y := s.Px(10)
	switch tight {
	case 0:
		y = s.title(s.Of(o.Item.Name), s.Say("bring"))
	case 1:
		y = s.title("", s.Say("bring"))
	}
	var parts []part
	notices := s.notices(o, now)
	if high := s.verdictHeight(o, w, tight > 0) + gap; tight < 2 {
		top := s.reach(y + high)
		for len(notices) > 0 { // where nothing can be touched there is room to read
			h := s.NoticeHeight(notices[0], w)
			if y+h+gap > top-high {
				break
			}
			s.put(s.Notice(notices[0], w, h), m, y, w, h)
			y, notices = y+h+gap, notices[1:]
		}
		s.verdict(c, o, m, top-high, w, tight > 0)
		y = top
	} else { // large text on a small panel
		y = s.reach(y)
		parts = append(parts, part{s.verdictHeight(o, w, true), func(y float32) { s.verdict(c, o, m, y, w, true) }})
	}
	for _, v := range o.Item.Materials {
		t := s.tick(c, v)
		h := s.TickHeight(t, w)
		parts = append(parts, part{h, func(y float32) { s.put(s.Tick(t, w, h), m, y, w, h) }})
	}
	end := s.H - s.bottom()
	if o.CanTake {
		end -= h + s.Apart()
		s.answers(c, o, m, end+s.Apart(), w, h, size, take)
	}
	for _, v := range notices {
		for _, n := range s.fold(v, w, end-y-s.pagerHeight()-s.Apart()) {
			h := s.NoticeHeight(n, w)
			parts = append(parts, part{h, func(y float32) { s.put(s.Notice(n, w, h), m, y, w, h) }})
		}
	}
	return s.flow(y, end, parts, p)
}

// tick is a paper of the list.
func (s *sheet) tick(c Check, m kiosk.Material) widget.Tick {
	t := widget.Tick{Icon: "file-text", Name: s.Of(m.Name), Label: s.Say("later"), Other: s.Say("lacking"), Warn: m.Essential, Marked: c.lacks(m), Act: func() { c.Mark(m.Name.Zh) }}
	if m.Essential {
		t.Label = s.Say("essential")
	}
	if t.Marked {
		t.Icon, t.Label, t.Other = "alert-triangle", t.Other, t.Label
	}
	return t
}

// checklist is the check where all of it stands on one screen: a heading, the
// papers, and unless apart the verdict above them. It returns the y below.
func (s *sheet) checklist(c Check, o kiosk.Offer, x, y, w float32, short, apart bool) float32 {
	head, gap := s.Fit(s.Say("bring"), 40, 30, w, 1, true), s.Px(theme.Gap)
	if len(o.Item.Materials) == 0 {
		head = s.Fit(s.Say("bring_none"), 40, 30, w, 1, true)
		s.add(head.Left(x, y, s.Ink))
		return y + head.Height()
	}
	above := head.Height() + s.Px(10)
	if !apart {
		above += s.verdictHeight(o, w, short) + gap
	}
	top := s.reach(y + above)
	s.add(head.Left(x, top-above, s.Ink)) // what is read stands right above what is touched
	if !apart {
		s.verdict(c, o, x, top-gap-s.verdictHeight(o, w, short), w, short)
	}
	for _, m := range o.Item.Materials {
		t := s.tick(c, m)
		h := s.TickHeight(t, w)
		s.put(s.Tick(t, w, h), x, top, w, h)
		top += h + gap
	}
	return top - gap
}

// said is what is said of a check. Without a paper missing it says how to
// check.
func (s *sheet) said(c Check, o kiosk.Offer, short bool) widget.Notice {
	n := widget.Notice{Icon: "info-circle", Head: s.Say("check"), Body: s.Say("check_why")}
	switch {
	case c.Essential(o.Item.Materials):
		n = widget.Notice{Tone: widget.Bad, Icon: "alert-triangle", Head: s.Say("lacks_essential"), Body: s.Say("lacks_essential_do")}
	case len(c.Missing) > 0:
		n = widget.Notice{Tone: widget.Good, Icon: "circle-check", Head: s.Say("promise"), Body: s.Say("promise_do")}
		if by, err := time.Parse(time.DateOnly, string(o.Due)); err == nil {
			n.Head = s.Say("promise_by", text.Data{"Date": s.date(by)})
		}
	}
	if short || !o.CanTake { // the second lines are about the number
		n.Body = ""
	}
	n.Slim = short && s.Shape == Small && s.Large // so that a page has room for a paper too
	return n
}

// verdictHeight is the same whatever is marked, so that nothing moves under the
// finger.
func (s *sheet) verdictHeight(o kiosk.Offer, w float32, short bool) float32 {
	h := s.NoticeHeight(s.said(Check{}, o, short), w)
	for _, m := range o.Item.Materials {
		h = max(h, s.NoticeHeight(s.said(Check{Missing: []string{m.Name.Zh}}, o, short), w))
	}
	return h
}

// verdict says what comes of what is missing, and returns its height.
func (s *sheet) verdict(c Check, o kiosk.Offer, x, y, w float32, short bool) float32 {
	h := s.verdictHeight(o, w, short)
	s.put(s.Notice(s.said(c, o, short), w, h), x, y, w, h)
	return h
}

// answers are the buttons that a check ends with, as high as h: a number, a number
// with a promise, or, where the case can't be taken in, to come back with the
// paper or to take a number only to ask.
func (s *sheet) answers(c Check, o kiosk.Offer, x, y, w, h, size float32, take func()) {
	label := s.Say("take")
	switch {
	case take == nil:
		s.put(s.Button(widget.Busy, "ticket", s.Say("taking"), size, w, h, nil), x, y, w, h)
		return
	case c.Essential(o.Item.Materials):
		w -= s.Apart()
		back := w * 0.52 // its words are the longer ones
		size = min(size, 48)
		s.put(s.Button(widget.Main, "", s.Say("come_back"), size, back, h, c.Leave), x, y, back, h)
		x, w = x+back+s.Apart(), w-back
		s.put(s.Button(widget.Plain, "", s.Say("take_asking"), size, w, h, take), x, y, w, h)
		return
	case len(c.Missing) > 0:
		label, size = s.Say("take_promising"), min(size, 56)
	}
	s.put(s.Button(widget.Main, "ticket", label, size, w, h, take), x, y, w, h)
}
