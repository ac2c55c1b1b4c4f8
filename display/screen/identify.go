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
	s := &sheet{Page: p}
	m, gap := s.margin(), s.Px(theme.Gap)
	y := s.title("", s.Say("who"))
	full := s.W - 2*m
	w, x := full, m
	if s.Shape != Tall {
		w = (full - gap) / 2
		x = m + w + gap
	}
	// What to do stands above the keys, or beside them.
	n := widget.Notice{Icon: "id", Head: s.Say(waysWords(ways)), Body: s.Say("who_digits")}
	if wrong {
		n = widget.Notice{Tone: widget.Bad, Icon: "alert-triangle", Head: s.Say("who_none"), Body: s.Say("who_again")}
	}
	h := s.NoticeHeight(n, w)
	foot := s.H - gap
	keys := s.Px(4*theme.Target) + 3*gap // the least
	if s.Shape == Tall && y+h+gap+s.Px(110)+gap+keys > foot {
		n.Body = ""
		h = s.NoticeHeight(n, w)
	}
	s.put(s.Notice(n, w, h), m, y, w, h)
	top := y
	if s.Shape == Tall {
		top = y + h + gap
	}
	top = s.typed(typed, x, s.reach(top), w) + gap
	high := min((foot-top-3*gap)/4, s.Px(150))
	wide := (w - 2*gap) / 3
	for i, key := range []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "", "0", "ok"} {
		at := [2]float32{x + float32(i%3)*(wide+gap), top + float32(i/3)*(high+gap)}
		label, style, act := key, widget.Plain, func() { press(key) }
		switch key {
		case "":
			label, act = s.Say("erase"), erase
			if typed == "" {
				act = nil
			}
		case "ok":
			label, style, act = s.Say("ok"), widget.Main, ok
			if len(typed) != 4 && len(typed) != 8 {
				style, act = widget.Plain, nil
			}
		default:
			if len(typed) >= 8 {
				act = nil
			}
		}
		size := float32(60)
		if len([]rune(label)) > 1 {
			size = 40
		}
		s.put(s.Button(style, "", label, size, wide, high, act), at[0], at[1], wide, high)
	}
	return s.done()
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
	y := s.title("", s.Say("which_booking"))
	s.above(y)
	var cards []widget.Card
	for i, b := range list {
		cards = append(cards, widget.Card{Icon: "calendar-check", Title: s.Of(b.Item.Name), Second: s.Say("slot", text.Data{"From": b.From, "To": b.To}), Act: func() { pick(i) }})
	}
	s.choose(y, 1, cards, nil, false, paging{at: page, turn: turn})
	return s.done()
}
