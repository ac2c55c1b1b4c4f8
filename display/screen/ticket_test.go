package screen_test

import (
	"slices"
	"testing"

	"hallkiosk/display/screen"
	"hallkiosk/display/text"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// Where the paper failed, large text keeps the heading of the number and that it
// is safe, and the code is no smaller than in normal text.
func TestTicketWithoutPaper(t *testing.T) {
	c := hall(t)
	for _, item := range []kiosk.ItemID{"RS001", "GJ003"} {
		o := offer(c, item, 120)
		for _, i := range []screen.Issued{{Print: kiosk.NotPrinted, Cause: kiosk.FaultPaper}, {Print: kiosk.NotPrinted, Cause: kiosk.FaultHot}, {Print: kiosk.PrintUnknown}} {
			i.Ticket = kiosk.Ticket{Number: kiosk.Number{Queue: o.Item.Queue, Series: "12", N: 1023}, Items: []kiosk.ItemID{item}, Ahead: 120}
			i.Offer, i.Code, i.Left = o, checker(29), 12
			seen := func(p screen.Page) (said []string, code float32) {
				for page := range 4 {
					s := widget.Survey(screen.Ticket(p, monday, i, page, func(int) {}, func() {}))
					said = append(said, s.Paragraphs...)
					for _, b := range s.Boxes {
						if b.Picture {
							code = max(code, b.Width/p.U)
						}
					}
				}
				return said, code
			}
			for _, v := range variants() {
				if !v.modes.Large {
					continue
				}
				p := v.page()
				said, code := seen(p)
				for _, id := range []string{"your_number", "kept"} {
					if !slices.Contains(said, p.Say(id)) {
						t.Errorf("%v %s %s%s: %q is gone", v, item, i.Print, i.Cause, p.Say(id))
					}
				}
				if _, normal := seen(screen.NewPage(text.In(v.lang), screen.Modes{}, v.w, v.h, 0)); code < normal || normal < 100 {
					t.Errorf("%v %s: the code has a side of %.0f, in normal text %.0f", v, item, code, normal)
				}
			}
		}
	}
}
