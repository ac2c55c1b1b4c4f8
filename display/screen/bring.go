package screen

import (
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"hallkiosk/display/text"
	"hallkiosk/display/theme"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// notices are what to know before taking a number: first what speaks against
// it.
func (p Page) notices(o kiosk.Offer, now time.Time) []widget.Notice {
	var out []widget.Notice
	opens := text.Data{"Opens": p.opening(o, now)}
	bad := func(words string) {
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

// paper is one row of what to bring.
type paper struct {
	name, tag widget.Block
	essential bool
	h         float32
}

func (s *sheet) papers(list []kiosk.Material, w float32) (rows []paper) {
	w -= 2 * s.Px(36)
	for _, v := range list {
		label := s.Say("later")
		if v.Essential {
			label = s.Say("essential")
		}
		r := paper{tag: s.Fit(label, theme.Second, theme.Least, w/2, 1, false), essential: v.Essential}
		r.name = s.Fit(s.Of(v.Name), 36, theme.Least, w-r.tag.Width()-s.Px(56+66), 2, false)
		r.h = max(r.name.Height(), r.tag.Height()+s.Px(10)) + s.Px(24)
		rows = append(rows, r)
	}
	return rows
}

// bringHeight is what a list of papers of width w needs.
func (s *sheet) bringHeight(list []kiosk.Material, w float32) float32 {
	h := s.bringHead(w).Height() + 2*s.Px(24)
	if len(list) == 0 {
		h += s.bringHead(w).Height()
	}
	for _, r := range s.papers(list, w) {
		h += r.h
	}
	return h
}

func (s *sheet) bringHead(w float32) widget.Block {
	return s.Fit(s.Say("bring"), 40, 30, w-2*s.Px(36), 1, true)
}

// bring lists the papers to bring.
func (s *sheet) bring(list []kiosk.Material, x, y, w, h float32) {
	pad := s.Px(36)
	s.add(s.Panel(x, y, w, h))
	head := s.bringHead(w)
	s.add(head.Left(x+pad, y+s.Px(22), s.Ink))
	at := y + s.Px(24) + head.Height()
	if len(list) == 0 {
		s.add(s.Fit(s.Say("bring_none"), 36, theme.Least, w-2*pad, 1, false).Left(x+pad, at, s.Sub))
		return
	}
	for _, r := range s.papers(list, w) {
		s.paper(r, x+pad, at, w-2*pad)
		at += r.h
	}
}

func (s *sheet) paper(r paper, x, y, w float32) {
	s.put(canvas.NewRectangle(s.Rule), x, y, w, s.Px(2))
	c, ground := s.Sub, s.TouchGround
	if r.essential {
		c, ground = s.Warm, s.WarmGround
	}
	tagW, tagH := r.tag.Width()+s.Px(32), r.tag.Height()+s.Px(10)
	back := canvas.NewRectangle(ground)
	back.CornerRadius = s.Px(10)
	if s.Bare && r.essential {
		back.StrokeColor, back.StrokeWidth = s.Line, s.Px(s.Edge)
	}
	s.put(back, x+w-tagW, y+(r.h-tagH)/2, tagW, tagH)
	s.add(r.tag.Center(x+w-tagW, y+(r.h-r.tag.Height())/2, tagW, c))
	s.add(s.Icon("file-text", s.Touch, x, y+(r.h-s.Px(44))/2, s.Px(44)))
	s.add(r.name.Left(x+s.Px(66), y+(r.h-r.name.Height())/2, s.Ink))
}

// Bring tells all that Confirm had no room for: what to know, and what to bring.
func Bring(p Page, now time.Time, o kiosk.Offer, page int, turn func(int)) fyne.CanvasObject {
	s := &sheet{Page: p}
	m := s.margin()
	w := s.W - 2*m
	y := s.title(s.Of(o.Item.Name), s.Say("more"))
	end := s.H - s.pagerHeight() - s.Px(bottom+theme.Apart)
	var parts []part
	for _, n := range s.notices(o, now) {
		h := s.NoticeHeight(n, w)
		parts = append(parts, part{h, func(y float32) { s.put(s.Notice(n, w, h), m, y, w, h) }})
	}
	for rest := o.Item.Materials; ; {
		n := len(rest)
		for n > 1 && y+s.bringHeight(rest[:n], w) > end {
			n--
		}
		list := rest[:n]
		h := s.bringHeight(list, w)
		parts = append(parts, part{h, func(y float32) { s.bring(list, m, y, w, h) }})
		if rest = rest[n:]; len(rest) == 0 {
			break
		}
	}
	s.flow(y, end, parts, paging{at: page, turn: turn})
	return s.done()
}
