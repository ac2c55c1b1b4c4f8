package screen

import (
	"fyne.io/fyne/v2"

	"hallkiosk/display/theme"
	"hallkiosk/display/widget"
)

// Answer is a button below a message. Without Act it says what is being done.
type Answer struct {
	Label string
	Act   func()
}

// Message is a screen that says one thing and offers answers, the first the most
// likely one; there may be none.
func Message(p Page, icon, head, body string, answers ...Answer) fyne.CanvasObject {
	s := &sheet{Page: p}
	w := min(s.W-2*s.margin(), s.Px(984))
	x := (s.W - w) / 2
	n := widget.Notice{Tone: widget.Bad, Icon: icon, Head: head, Body: body, Alone: true}
	first, other, apart := s.Px(170), s.Px(130), s.Apart()
	below := float32(0)
	for i := range answers {
		below += apart + []float32{first, other}[min(i, 1)]
	}
	beside := s.Shape == Small && s.Large && len(answers) > 0
	if beside {
		below = apart + other
	}
	room := s.H - below - s.bottom() - s.Px(theme.Gap)
	if s.NoticeHeight(n, w) > room { // many words are smaller
		n.Alone = false
	}
	if s.NoticeHeight(n, w) > room {
		n.Slim = true
	}
	h := max(s.NoticeHeight(n, w), min(s.Px(400), room))
	y := min(s.Px(120), max(s.Px(theme.Gap), (s.H-h-below)/2))
	if s.Top > y+h+apart { // what is read stands where only the eye gets
		y = max(y, s.Top-apart-h)
	}
	s.put(s.Notice(n, w, h), x, y, w, h)
	y = s.reach(y + h + apart)
	if beside {
		w, first = (w-apart*float32(len(answers)-1))/float32(len(answers)), other
	}
	for i, a := range answers {
		bh, size, style := first, float32(56), widget.Main
		if a.Act == nil {
			style = widget.Busy
		}
		if i > 0 {
			bh, size, style = other, 44, widget.Plain
		}
		s.put(s.Button(style, "", a.Label, size, w, bh, a.Act), x, y, w, bh)
		if beside {
			x += w + apart
		} else {
			y += bh + apart
		}
	}
	return s.done()
}
