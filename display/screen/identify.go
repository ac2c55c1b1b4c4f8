package screen

import (
	"strings"

	"fyne.io/fyne/v2"

	"hallkiosk/display/text"
	"hallkiosk/display/theme"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// Ways are how a person can show who they are, besides typing.
type Ways struct {
	Card bool // a reader is fitted
	Code bool // a scanner is
}

// Identify asks for a card, a code or digits: the last four of the phone, or the
// eight of the booking. typed is what was typed so far, wrong says that nothing
// fits it. press takes one digit, erase takes the last one back, ok asks.
func Identify(p Page, ways Ways, typed string, wrong bool, press func(digit string), erase, ok func()) fyne.CanvasObject {
	n := widget.Notice{Icon: "id", Head: p.Say(waysWords(ways))}
	switch {
	case ways == (Ways{}):
		n.Icon = "calendar-check"
	case !ways.Card:
		n.Icon = "qrcode"
	}
	if wrong {
		n = widget.Notice{Tone: widget.Bad, Icon: "alert-triangle", Head: p.Say("who_none"), Body: p.Say("who_again")}
	}
	var s *sheet
	for tight := range 3 { // the smaller the room, the fewer words
		s = &sheet{Page: p}
		if s.identify(n, tight, typed, press, erase, ok) {
			break
		}
	}
	return s.done()
}

// identify draws the screen and says whether the words left room for the keys.
func (s *sheet) identify(n widget.Notice, tight int, typed string, press func(digit string), erase, ok func()) bool {
	m, gap, apart := s.margin(), s.Px(theme.Gap), s.Apart() // the keys that end it stand among the digits
	question := s.Say("who_digits")
	if tight > 1 { // what to do is the question
		question = n.Head
	}
	y := s.title("", question)
	w, x := s.W-2*m, m
	if s.Shape == Wide { // the keys stand beside the words
		w = (w - gap) / 2
		x = m + w + gap
	}
	top := y
	if tight > 0 {
		n.Body = ""
	}
	if tight < 2 {
		h := s.NoticeHeight(n, w)
		s.put(s.Notice(n, w, h), m, y, w, h)
		if s.Shape != Wide {
			top += h + gap
		}
	}
	read := top <= s.Top // the words stand where nothing can be touched, right above what can
	if read && s.Shape == Tall {
		for _, o := range s.parts {
			o.Move(o.Position().AddXY(0, s.Top-top))
		}
	}
	top = s.typed(typed, x, s.reach(top), w) + gap
	columns, keys := 3, []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "erase", "0", "ok"}
	foot := s.H - s.bottom() // apart from the frame's buttons
	if s.Shape == Small || foot-top < 4*s.Target()+3*apart {
		columns, keys = 4, []string{"1", "2", "3", "erase", "4", "5", "6", "0", "7", "8", "9", "ok"}
	}
	rows := float32(len(keys) / columns)
	room := (foot - top - (rows-1)*apart) / rows
	high := max(s.Target(), min(room, s.Px(150)))
	wide := (w - float32(columns-1)*apart) / float32(columns)
	for i, key := range keys {
		label, size, style, act := key, float32(60), widget.Plain, func() { press(key) }
		switch {
		case key == "erase":
			label, size, act = s.Say(key), 40, erase
			if typed == "" {
				act = nil
			}
		case key == "ok":
			label, size, style, act = s.Say(key), 40, widget.Main, ok
			if len(typed) != 4 && len(typed) != 8 {
				style, act = widget.Plain, nil
			}
		case len(typed) >= 8:
			act = nil
		}
		o := s.Button(style, "", label, size, wide, high, act)
		if act == nil { // a key keeps its place
			o = s.Key("", label, max(theme.Least, min(size, (high-s.Px(12))/s.Pt(1.28))), wide, high, nil)
		}
		s.put(o, x+float32(i%columns)*(wide+apart), top+float32(i/columns)*(high+apart), wide, high)
	}
	return read || room >= s.Target()*s.T
}

func waysWords(w Ways) string {
	switch {
	case w.Card && w.Code:
		return "who_card_code"
	case w.Card:
		return "who_card"
	case w.Code:
		return "who_code"
	}
	return "who_typed"
}

// typed shows the digits, and how many are missing; it returns the y below.
func (s *sheet) typed(digits string, x, y, w float32) float32 {
	shown := digits + strings.Repeat("–", max(0, 4-len(digits)))
	if len(digits) > 4 {
		shown = digits + strings.Repeat("–", max(0, 8-len(digits)))
	}
	b := s.Fit(strings.Join(strings.Split(shown, ""), " "), 60, 40, w-s.Px(48), 1, true)
	h := b.Height() + s.Px(12)
	s.add(s.Panel(x, y, w, h))
	s.add(b.Center(x, y+(h-b.Height())/2, w, s.Ink))
	return y + h
}

// Booked is one booking to choose.
type Booked struct {
	Item kiosk.Item
	From string // the slot, as 14:00
	To   string
}

// Bookings asks which of several bookings it is.
func Bookings(p Page, list []Booked, page int, turn func(int), pick func(i int)) fyne.CanvasObject {
	s := &sheet{Page: p}
	_, y := s.ask("", s.Say("which_booking"))
	var cards []widget.Card
	for i, b := range list {
		cards = append(cards, widget.Card{Icon: "calendar-check", Title: s.Of(b.Item.Name), Second: s.Say("slot", text.Data{"From": b.From, "To": b.To}), Short: b.From, Act: func() { pick(i) }})
	}
	s.choose(y, 1, cards, nil, false, paging{at: page, turn: turn})
	return s.done()
}
