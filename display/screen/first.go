package screen

import (
	"time"

	"fyne.io/fyne/v2"

	"hallkiosk/display/theme"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// Entries are where the first screen leads beside the wanted things; one that is
// nil is not offered.
type Entries struct {
	Find   func() // an item by its name
	All    func() // all items, by zone
	Themes func() // what takes several windows
	Hall   func() // the hall's services and its map
	Mine   func() // for who has booked, or has a number
	Ways   Ways   // in which Mine can be told who it is
}

// First is the first screen: the most wanted things and the way to all others.
// offers are those of wanted, in the same order; zones are what there is to
// read where nothing can be touched.
//
// Where room is scarce the wanted things go onto pages, and what is not asked for
// every day is on the screen with all items, see Zones.
func First(p Page, now time.Time, wanted []kiosk.Wanted, offers []kiosk.Offer, zones []kiosk.Zone, page int, turn func(int), pick func(kiosk.ItemID), to Entries) fyne.CanvasObject {
	s := &sheet{Page: p}
	top, y := s.ask("", s.Say("ask_what"))
	s.directory(top, zones)
	var cards []widget.Card
	for i, w := range wanted {
		cards = append(cards, s.queued(widget.Card{Icon: w.Icon, Title: s.Of(w.Name), Act: func() { pick(w.Item) }}, offers[i], now))
	}
	find, mine := entry{to.Find, "search", "find"}, entry{to.Mine, "calendar-check", "mine"}
	all, themes, hall := entry{to.All, "building-community", "all_items"}, entry{to.Themes, "heart-handshake", "themes_short"}, entry{to.Hall, "map-2", "hall"}
	var last *widget.Card
	var rows [][]widget.Card // below the wanted things
	roomy := s.Shape != Small && !s.Large && !s.Low
	switch {
	case roomy:
		y += s.row(s.explained("find_how", find), y)
		rows = [][]widget.Card{s.entries(all, themes, hall), s.explained(waysWords(to.Ways), mine)}
		if s.Shape == Wide && to.Mine != nil { // beside the last of the wanted things
			last, rows = &s.entries(mine)[0], rows[:1]
		}
	case s.Large && s.Shape == Wide:
		cards = append(s.entries(find), cards...)
		rows = [][]widget.Card{s.entries(all, themes, hall, mine)}
	case s.Large: // a third of the width has no room for large words
		cards = append(s.entries(find), cards...)
		rows = [][]widget.Card{s.entries(all, mine)}
		if s.Shape == Tall && !s.Low {
			rows = [][]widget.Card{s.entries(all, themes), s.entries(hall, mine)}
		}
	default:
		rows = [][]widget.Card{s.entries(find, all, mine)}
	}
	turning := paging{at: page, turn: turn}
	for _, row := range rows {
		turning.foot += s.rowHeight(row)
	}
	y = s.choose(y, s.columns(), cards, last, roomy || s.Shape == Small && !s.Large, turning)
	for _, row := range rows {
		y += s.row(row, y)
	}
	return s.done()
}

// entry is where a screen leads: its icon and the message that names it.
type entry struct {
	act        func()
	icon, name string
}

// entries are the cards of those that lead somewhere.
func (s *sheet) entries(list ...entry) (cards []widget.Card) {
	for _, e := range list {
		if e.act != nil {
			cards = append(cards, widget.Card{Style: widget.Plain, Icon: e.icon, Title: s.Say(e.name), Act: e.act})
		}
	}
	return cards
}

// explained is the card of an entry with a message below its name.
func (s *sheet) explained(how string, e entry) []widget.Card {
	cards := s.entries(e)
	for i := range cards {
		cards[i].Second = s.Say(how)
	}
	return cards
}

// rowHeight is what a row of cards takes with the gap below it.
func (s *sheet) rowHeight(cards []widget.Card) float32 {
	if len(cards) == 0 {
		return 0
	}
	_, h := s.cell(cards)
	return h + s.Px(theme.Gap)
}

// cell is the size of each card of a row. Where room is scarce icons go.
func (s *sheet) cell(cards []widget.Card) (w, h float32) {
	n, tight := float32(len(cards)), s.Shape == Small || s.Low && s.Shape == Tall
	for i := range cards {
		cards[i].Slim = n > 1
		if tight {
			cards[i].Icon = ""
		}
	}
	w = (s.W - 2*s.margin() - s.Px(theme.Gap)*(n-1)) / n
	least, good := s.heights(cards, w)
	switch {
	case tight && s.Large: // a card, not a line of words
		return w, max(least, s.Px(88))
	case tight:
		return w, least
	}
	return w, min(max(least, s.Px(126)), good)
}

// row places cards of one size beside each other at y, and returns rowHeight.
func (s *sheet) row(cards []widget.Card, y float32) float32 {
	if len(cards) == 0 {
		return 0
	}
	w, h := s.cell(cards)
	size, x := s.letters(cards, w, h), s.margin()
	for _, c := range cards {
		c.Size = size
		s.put(s.Card(c, w, h), x, y, w, h)
		x += w + s.Px(theme.Gap)
	}
	return s.rowHeight(cards)
}
