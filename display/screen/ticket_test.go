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

// In large text on a small panel a ticket has two pages: the number, the fate of its
// paper and where to go stand on the first.
func TestTicketHasTwoPages(t *testing.T) {
	c := hall(t)
	for n, v := range variants() {
		p := v.page()
		if p.Shape != screen.Small || !v.modes.Large {
			continue
		}
		for at := n; at < len(c.Items); at += 60 {
			o := offer(c, c.Items[at].ID, 120)
			i := screen.Issued{Offer: o, Code: checker(29), Left: 12,
				Ticket: kiosk.Ticket{Number: kiosk.Number{Queue: o.Item.Queue, Series: "12", N: 1023}, Items: []kiosk.ItemID{o.Item.ID}, Ahead: 120}}
			for fate, print := range map[string]kiosk.PrintState{"printing": kiosk.PrintSent, "printed": kiosk.Printed, "fault_unknown": kiosk.PrintUnknown} {
				i.Print = print
				turns := 0
				list := pagesOf(func(page int, turn func(int)) widget.Scene {
					turns = page
					return widget.Survey(screen.Ticket(p, monday, i, page, turn, func() {}))
				})
				to := p.Say("go_to", text.Data{"Zone": o.Queue.Zone, "Windows": o.Queue.Windows})
				large := slices.ContainsFunc(list[0].Words, func(w widget.Word) bool { return w.Text == i.Ticket.Number.String() && w.Height >= p.Px(110) })
				if !large {
					t.Errorf("%v, %s: the number is small", v, o.Item.ID)
				}
				for _, want := range []string{p.Say("your_number"), p.Say(fate), to} {
					if !slices.Contains(list[0].Paragraphs, want) {
						t.Errorf("%v, %s: %q isn't on the first page: %q", v, o.Item.ID, want, list[0].Paragraphs)
					}
				}
				if turns > 1 {
					t.Errorf("%v, %s %s: %d pages", v, o.Item.ID, fate, turns+1)
				}
			}
		}
	}
}
