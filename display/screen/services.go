package screen

import (
	"time"

	"fyne.io/fyne/v2"

	"hallkiosk/display/text"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// Services lists what the hall has beside its windows. plan leads to the map and
// is nil where there is none.
func Services(p Page, list []kiosk.Service, page int, turn func(int), pick func(kiosk.Service), plan func()) fyne.CanvasObject {
	s := &sheet{Page: p}
	_, y := s.ask("", s.Say("services_pick"))
	var cards []widget.Card
	for _, v := range list {
		c := widget.Card{Icon: v.Icon, Title: s.Of(v.Name), Second: s.Of(v.Place), Short: s.Of(v.Place), Act: func() { pick(v) }}
		if v.Zone != "" {
			c.Short = s.Say("zone", text.Data{"Zone": v.Zone})
		}
		cards = append(cards, c)
	}
	var last *widget.Card
	if plan != nil {
		last = &widget.Card{Style: widget.Plain, Icon: "map-2", Title: s.Say("map"), Act: plan}
	}
	s.choose(y, s.columns(), cards, last, !s.Large && !s.Low, paging{at: page, turn: turn})
	return s.done()
}

// ServicePlace shows one of the hall's services: where it is, when, and the way
// there. zone is where it is; the zero Zone is none.
func ServicePlace(p Page, now time.Time, v kiosk.Service, zone kiosk.Zone, h Plan) fyne.CanvasObject {
	s := &sheet{Page: p}
	y := s.title(s.Say("services"), s.Of(v.Name))
	list := []widget.Notice{{Icon: "map-pin", Head: s.Of(v.Place), Body: s.Of(zone.Way)}}
	if v.Note.Zh != "" {
		list = append(list, widget.Notice{Icon: v.Icon, Body: s.Of(v.Note)})
	}
	if v.Hours != nil {
		n := widget.Notice{Icon: "clock", Tone: widget.Good}
		next, ok := v.Hours.Next(now)
		switch {
		case v.Hours.String() == "24/7":
			n.Body = s.Say("open_always")
		case ok && next.Equal(now):
			n.Body = s.Say("open_now")
		default:
			n.Tone, n.Body = widget.Info, s.opening(kiosk.Offer{Opens: next}, now)
		}
		list = append(list, n)
	}
	s.place(y, list, h, goal{v.Zone, v.At}, "", nil)
	return s.done()
}
