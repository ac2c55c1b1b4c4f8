package screen

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"hallkiosk/display/text"
	"hallkiosk/display/theme"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// Themes asks which of the things that take several windows.
func Themes(p Page, themes []kiosk.Theme, page int, turn func(int), pick func(kiosk.ThemeID)) fyne.CanvasObject {
	s := &sheet{Page: p}
	_, y := s.ask(s.Say("themes"), s.Say("pick_theme"))
	s.stepped(0, 0, s.Say("themes"))
	var cards []widget.Card
	for _, t := range themes {
		cards = append(cards, widget.Card{Icon: cmp.Or(t.Icon, "heart-handshake"), Title: s.Of(t.Name), Second: s.Say("steps", text.Data{"N": len(t.Steps)}), Act: func() { pick(t.ID) }})
	}
	s.choose(y, s.columns(), cards, nil, false, paging{at: page, turn: turn})
	return s.done()
}

// Step is a step of a theme, with the queue that it is done at; that has no id
// where the note says it all.
type Step struct {
	kiosk.Step
	At kiosk.Queue
}

// Theme shows the steps of a theme and asks for the one number that starts them
// all. o is the offer of the combined window; more leads to what to bring there,
// see Papers. take nil means that a number is being taken.
func Theme(p Page, now time.Time, t kiosk.Theme, steps []Step, o kiosk.Offer, c Check, page int, turn func(int), more, take func()) fyne.CanvasObject {
	var s *themeSheet
	for _, tight := range []bool{false, true} {
		s = &themeSheet{sheet: &sheet{Page: p}, now: now, theme: t, o: o, c: c, more: more, take: take, tight: tight}
		if s.draw(steps, paging{at: page, turn: turn}) {
			break
		}
	}
	return s.done()
}

type themeSheet struct {
	*sheet
	now        time.Time
	theme      kiosk.Theme
	o          kiosk.Offer
	c          Check
	more, take func()
	tight      bool // the buttons stand beside each other, and little above the name
}

// draw says whether all of it stands on one page.
func (s *themeSheet) draw(steps []Step, p paging) bool {
	m, gap := s.margin(), s.Px(theme.Gap)
	above := s.Say("themes")
	if s.tight {
		above = ""
	}
	full := s.W - 2*m
	w, end, bottom := full, s.H-s.bottom(), float32(0)
	var parts []part
	y := s.Px(10)
	high := y
	add := func(h float32, draw func(y float32)) {
		parts = append(parts, part{h, draw})
		high += h + gap
	}
	least := s.tight && s.Shape == Small && s.Large
	if least { // even the name only on the first page
		try := &sheet{Page: s.Page}
		add(try.title(above, s.Of(s.theme.Name))-y-gap, func(float32) { s.title(above, s.Of(s.theme.Name)) })
	} else {
		y = s.title(above, s.Of(s.theme.Name))
		s.stepped(1, 0, above)
		high = y
	}
	var said []widget.Notice // above the steps
	switch {
	case s.Shape == Wide: // the number stands at the right
		apart := s.Apart()
		w = (full - apart) * 0.56
		x, right := m+w+apart, full-apart-w
		starts := s.starts()
		if s.tight {
			said, starts = starts[1:], starts[:1]
		}
		bottom = s.buttons(x, s.stack(starts, x, y, right)-gap, right)
	case s.tight:
		said = s.starts()
	}
	for _, n := range said {
		h := s.NoticeHeight(n, w)
		add(h, func(y float32) { s.put(s.Notice(n, w, h), m, y, w, h) })
	}
	for i, v := range steps {
		note := v.Note
		if least { // a row of its own
			v.Note = kiosk.Text{}
		}
		r := s.step(i, v, w)
		add(r.h, func(y float32) { s.putStep(r, m, y, w) })
		if least && note.Zh != "" {
			r := s.step(i, Step{Step: kiosk.Step{Name: note}}, w)
			add(r.h, func(y float32) { s.putStep(r, m, y, w) })
		}
	}
	if s.Shape != Wide { // right below the steps, or at the bottom of every page
		h := s.buttonsHeight()
		if !s.tight {
			h += gap + s.startHeight(full)
		}
		at := min(high-gap, end-h)
		end = at
		if !s.tight {
			at = s.stack(s.starts(), m, at+gap, full) - gap
		}
		bottom = s.buttons(m, at, full)
	}
	room := s.W
	s.W = w + 2*m
	n := s.flow(y, end, parts, p)
	s.W = room
	return n == len(parts) && bottom <= s.H
}

// starts tell where the one number leads, and what comes of a paper that is
// missing.
func (s *themeSheet) starts() []widget.Notice {
	list := []widget.Notice{s.leads()}
	if s.o.CanTake && len(s.c.Missing) > 0 {
		list = append(list, s.said(s.c, s.o, true))
	}
	if s.Shape == Small {
		slices.Reverse(list) // on the first page
	}
	return list
}

// startHeight is theirs below each other.
func (s *themeSheet) startHeight(w float32) float32 {
	h := -s.Px(theme.Gap)
	for _, n := range s.starts() {
		h += s.NoticeHeight(n, w) + s.Px(theme.Gap)
	}
	return h
}

// beside says that the buttons stand beside each other.
func (s *themeSheet) beside() bool {
	return s.o.CanTake && (s.Shape == Small || s.tight && s.Shape == Tall && len(s.c.Missing) == 0)
}

// buttonHeights are those of the buttons for more and for the number.
func (s *themeSheet) buttonHeights() (more, take float32) {
	more, take = s.Px(100), s.Px(190)
	if s.tight || s.Shape == Small {
		take = s.Px(116)
	}
	if s.beside() {
		more = take
	}
	return more, take
}

// buttonsHeight is how high they are with the space above them.
func (s *themeSheet) buttonsHeight() float32 {
	more, take := s.buttonHeights()
	h := s.Apart() + more
	if s.o.CanTake && !s.beside() {
		h += s.Apart() + take
	}
	return h
}

// buttons places the buttons below y, and returns the y below them.
func (s *themeSheet) buttons(x, y, w float32) float32 {
	apart := s.Apart()
	mh, h := s.buttonHeights()
	mw, size := w, float32(theme.Primary)
	if s.beside() {
		mw = (w - apart) * 0.4
		if len(s.c.Missing) > 0 { // the words for that are long
			mw = s.Target()
		}
	}
	if h < s.Px(190) {
		size = 56
	}
	y = s.reach(y + apart)
	if mw > mh {
		s.put(s.Button(widget.Plain, "list-details", s.Say("more"), 40, mw, mh, s.more), x, y, mw, mh)
	} else {
		s.put(s.IconButton(widget.Plain, "list-details", s.Say("more"), mw, mh, s.more), x, y, mw, mh)
	}
	switch {
	case !s.o.CanTake:
		return y + mh
	case s.beside():
		s.answers(s.c, s.o, x+mw+apart, y, w-mw-apart, h, size, s.take)
		return y + h
	}
	y += mh + apart
	s.answers(s.c, s.o, x, y, w, h, size, s.take)
	return y + h
}

// leads says where the one number leads, and how long that takes, or that none can
// be taken.
func (s *themeSheet) leads() widget.Notice {
	n := widget.Notice{Slim: s.tight && s.Large && s.Shape == Small, Icon: "ticket", Head: s.Say("theme_start", text.Data{"Zone": s.o.Queue.Zone, "Windows": s.o.Queue.Windows})}
	if !s.o.CanTake {
		n.Icon, n.Head = "clock", s.Say("theme_shut")
	}
	switch {
	case s.o.Paused && s.tight:
		n.Tone, n.Body = widget.Bad, s.Say("paused_short")
	case s.o.Paused:
		n.Tone, n.Body = widget.Bad, s.notices(s.o, s.now)[0].Body
	case !s.o.Open && s.tight:
		n.Tone, n.Body = widget.Bad, s.opening(s.o, s.now)
	case !s.o.Open: // the first of the notices says why, and when
		n.Tone, n.Body = widget.Bad, s.notices(s.o, s.now)[0].Body
	case s.o.Unknown:
		n.Body = s.Say("waiting_unknown")
	case s.o.Ahead == 0:
		n.Body = s.Say("ahead_none")
	case s.tight && s.Large: // how long it takes, the ticket tells
		n.Body = s.Say("ahead_line", text.Data{"N": s.o.Ahead})
	default:
		n.Body = s.Say("ahead_line", text.Data{"N": s.o.Ahead}) + " · " + s.long("about_minutes", "about_minutes_hours", s.o.Wait)
	}
	return n
}

// step is one row of what to do.
type step struct {
	number, name widget.Block
	second       []widget.Block // where, and the note
	h            float32
}

const (
	stepSide  = 64
	stepSpace = 20
)

func (s *sheet) step(i int, v Step, w float32) step {
	room := w - 2*s.Px(theme.Pad) - s.stepSide() - s.Px(stepSpace)
	r := step{number: s.Fit(strconv.Itoa(i+1), 40, theme.Least, s.stepSide(), 1, true)}
	size := float32(40)
	if s.Shape == Small {
		size = 34
	}
	r.name = s.Fit(s.Of(v.Name), size, theme.Least, room, 2, true)
	high := r.name.Height()
	where := ""
	if v.At.ID != "" {
		where = s.Say("zone", text.Data{"Zone": v.At.Zone}) + " · " + s.Say("windows", text.Data{"Windows": v.At.Windows})
	}
	for _, line := range []string{where, s.Of(v.Note)} {
		if line != "" {
			b := s.Fit(line, theme.Second, theme.Least, room, 2, false)
			r.second = append(r.second, b)
			high += b.Height()
		}
	}
	r.h = max(s.stepSide(), high) + s.Px(20)
	return r
}

func (s *sheet) stepSide() float32 { return s.Pt(stepSide) }

func (s *sheet) putStep(r step, x, y, w float32) {
	s.add(s.Panel(x, y, w, r.h))
	x += s.Px(theme.Pad)
	side := s.stepSide()
	back := canvas.NewRectangle(s.TouchGround)
	s.put(back, x, y+(r.h-side)/2, side, side)
	s.add(r.number.Center(x, y+(r.h-r.number.Height())/2, side, s.Ink))
	x += side + s.Px(stepSpace)
	at := r.name.Height()
	for _, b := range r.second {
		at += b.Height()
	}
	at = y + (r.h-at)/2
	s.add(r.name.Left(x, at, s.Ink))
	at += r.name.Height()
	for _, b := range r.second {
		s.add(b.Left(x, at, s.Sub))
		at += b.Height()
	}
}
