package screen

import (
	"strings"

	"fyne.io/fyne/v2"

	"hallkiosk/display/text"
	"hallkiosk/display/theme"
	"hallkiosk/display/widget"
)

// Mine asks what it is about: a booking, or a number that was taken before. ways
// are how a booking can be shown.
func Mine(p Page, ways Ways, booked, number func()) fyne.CanvasObject {
	s := &sheet{Page: p}
	_, y := s.ask("", s.Say("who"))
	cards := []widget.Card{
		{Icon: "calendar-check", Title: s.Say("mine_booked"), Second: s.Say(waysWords(ways)), Act: booked},
		{Icon: "ticket", Title: s.Say("mine_number"), Second: s.Say("number_how"), Act: number},
	}
	s.choose(y, 1, cards, nil, true, paging{})
	return s.done()
}

// Sought is what came of looking up the number that was typed before.
type Sought int

// What can come of it.
const (
	NotSought Sought = iota
	Seeking          // the center is asked
	NotHere          // this kiosk hasn't given it, and has nobody to ask
	Nowhere          // the hall has no such number
	CutOff           // this kiosk hasn't given it, and the center can't be asked
)

// Number asks for the number of a ticket, as on its paper but for the hyphen. look
// asks for the one in f, of which only Typed, Next and Digits count.
func Number(p Page, f Search, was Sought, keys Keys, look func()) fyne.CanvasObject {
	hint := widget.Notice{Icon: "ticket", Head: p.Say("number_how"), Body: p.Say("number_example")}
	bad := func(head, body string) {
		hint = widget.Notice{Tone: widget.Bad, Icon: "alert-triangle", Head: p.Say(head), Body: p.Say(body)}
	}
	switch was {
	case NotHere:
		bad("number_none", "number_again")
	case Nowhere:
		bad("number_nowhere", "number_check")
	case CutOff:
		bad("number_cut_off", "number_board")
	}
	ask := asking{title: "mine_number", empty: "number_type", hint: hint, below: func(s *finder, in Area) {
		if was == Seeking {
			n := widget.Notice{Icon: "search", Head: s.Say("place_asking")}
			h := min(in.H, s.NoticeHeight(n, in.W))
			s.put(s.Notice(n, in.W, h), in.X, in.Y, in.W, h)
			return
		}
		if !strings.ContainsAny(f.Typed, "123456789") {
			return
		}
		if s.Shape == Tall { // there is nothing to turn
			in.H = s.pages.Y + s.pages.H - in.Y
		}
		h := min(in.H, s.Px(150))
		if s.Shape == Small { // the keys are right below
			h = min(h, in.H-s.Apart()+s.Px(theme.Gap))
		}
		s.put(s.Button(widget.Main, "search", s.Say("number_look", text.Data{"Number": strings.ToUpper(f.Typed)}), 48, in.W, h, look), in.X, in.Y, in.W, h)
	}}
	return keyed(p, f, keys, ask)
}
