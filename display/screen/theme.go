package screen

import (
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
	y := s.title(s.Say("themes"), s.Say("pick_theme"))
	s.above(y)
	var cards []widget.Card
	for _, t := range themes {
		cards = append(cards, widget.Card{Icon: "list-details", Title: s.Of(t.Name), Second: s.Say("steps", text.Data{"N": len(t.Steps)}), Act: func() { pick(t.ID) }})
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
		if s.draw(steps, paging{at: page, turn: turn}) == len(steps) {
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

// draw returns how many steps stand on the fullest page.
func (s *themeSheet) draw(steps []Step, p paging) int {
	m, gap := s.margin(), s.Px(theme.Gap)
	above := s.Say("themes")
	if s.tight {
		above = ""
	}
	y := s.title(above, s.Of(s.theme.Name))
	full := s.W - 2*m
	w, end := full, s.H-s.Px(theme.Pad)
	if s.Shape == Wide { // the number stands at the right
		w = (full - gap) * 0.56
		s.number(m+w+gap, y, full-gap-w)
	}
	var parts []part
	high := float32(0)
	for i, v := range steps {
		r := s.step(i, v, w)
		parts = append(parts, part{r.h, func(y float32) { s.row(r, m, y, w) }})
		high += r.h + gap
	}
	if s.Shape != Wide { // right below the steps, or at the bottom of every page
		at := min(y+high, s.H-s.Px(theme.Pad)-s.numberHeight(full))
		s.number(m, at, full)
		end = at - gap
	}
	room := s.W
	s.W = w + 2*m
	n := s.run(y, end, parts, p)
	s.W = room
	return n
}

// buttons says how the buttons below the number's place are laid out: whether
// beside each other, and how high.
func (s *themeSheet) buttons() (beside bool, more, take, all float32) {
	beside, more, take = s.Shape == Small || s.tight, s.Px(100), s.Px(190)
	if beside {
		take = s.Px(116)
	}
	switch {
	case !s.o.CanTake:
		return false, more, 0, more
	case beside:
		return true, take, take, take
	}
	return false, more, take, more + s.Px(theme.Apart) + take
}

func (s *themeSheet) numberHeight(w float32) float32 {
	_, _, _, h := s.buttons()
	return s.NoticeHeight(s.start(), w) + s.Px(theme.Apart) + h
}

// number places where the number leads, and the buttons.
func (s *themeSheet) number(x, y, w float32) {
	n, apart := s.start(), s.Px(theme.Apart)
	high := s.NoticeHeight(n, w)
	s.put(s.Notice(n, w, high), x, y, w, high)
	y = s.reach(y + high + apart)
	beside, mh, h, _ := s.buttons()
	mw := w
	if beside {
		mw = (w - apart) * 0.4
	}
	s.put(s.Button(widget.Plain, "list-details", s.Say("more"), 40, mw, mh, s.more), x, y, mw, mh)
	switch {
	case !s.o.CanTake:
	case beside:
		s.answers(s.c, s.o, x+mw+apart, y, w-mw-apart, h, 56, s.take, false)
	default:
		s.answers(s.c, s.o, x, y+mh+apart, w, h, theme.Primary, s.take, false)
	}
}

// start says where the one number leads, and how long that takes.
func (s *themeSheet) start() widget.Notice {
	n := widget.Notice{Icon: "ticket", Head: s.Say("theme_start", text.Data{"Zone": s.o.Queue.Zone, "Windows": s.o.Queue.Windows})}
	switch {
	case !s.o.Open: // the first of the notices says why, and when
		n.Tone, n.Body = widget.Bad, s.notices(s.o, s.now)[0].Body
	case s.o.Ahead == 0:
		n.Body = s.Say("ahead_none")
	default:
		n.Body = s.Say("ahead_line", text.Data{"N": s.o.Ahead}) + " · " + s.Say("about_minutes", text.Data{"Low": s.o.Wait.Low, "High": s.o.Wait.High})
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

func (s *sheet) row(r step, x, y, w float32) {
	s.add(s.Panel(x, y, w, r.h))
	x += s.Px(theme.Pad)
	side := s.stepSide()
	back := canvas.NewRectangle(s.TouchGround)
	back.CornerRadius = s.Px(16)
	s.put(back, x, y+(r.h-side)/2, side, side)
	s.add(r.number.Center(x, y+(r.h-r.number.Height())/2, side, s.Touch))
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
