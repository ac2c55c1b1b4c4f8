package screen_test

import (
	"slices"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"hallkiosk/display/screen"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// fates are the ways in which a paper fails, with the message for each.
var fates = []struct {
	print kiosk.PrintState
	cause kiosk.Fault
	says  string
}{
	{kiosk.PrintDamaged, "", "fault_damaged"}, {kiosk.PrintUnknown, "", "fault_unknown"}, {kiosk.NotPrinted, kiosk.FaultPaper, "fault_paper"},
	{kiosk.NotPrinted, kiosk.FaultCover, "fault_cover"}, {kiosk.NotPrinted, kiosk.FaultUnfitted, "fault_none"}, {kiosk.NotPrinted, kiosk.FaultJam, "fault_jam"},
	{kiosk.NotPrinted, kiosk.FaultHot, "fault_hot"}, {kiosk.NotPrinted, kiosk.FaultSilent, "fault_silent"}, {kiosk.NotPrinted, "", "fault_printer"},
}

// failed is the ticket of an offer whose paper failed.
func failed(o kiosk.Offer, print kiosk.PrintState, cause kiosk.Fault) screen.Issued {
	return screen.Issued{Ticket: kiosk.Ticket{Number: kiosk.Number{Queue: o.Queue.ID, Series: "12", N: 1023}, Queue: o.Queue.ID, Items: []kiosk.ItemID{o.Item.ID}, Ahead: 120},
		Offer: o, Print: print, Cause: cause, Code: checker(29), Left: 12}
}

// rare are the states of tickets and queues that hardly come.
func rare(c *kiosk.Catalog) (out []example) {
	nop := func() {}
	add := func(name string, draw func(p screen.Page) fyne.CanvasObject) {
		out = append(out, example{name: "rare-" + name, bare: true, draw: draw})
	}
	usual := offer(c, "RS001", 120)
	dept, _ := c.Department(usual.Item.Dept)
	for _, v := range fates {
		add(v.says, func(p screen.Page) fyne.CanvasObject {
			return screen.Ticket(p, monday, failed(usual, v.print, v.cause), 1, func(int) {}, nop)
		})
	}
	booked, never := usual, usual
	booked.Open, booked.Booked, booked.Opens = false, true, monday.Add(20*time.Hour)
	never.Open, never.CanTake, never.Opens = false, false, time.Time{}
	for name, o := range map[string]kiosk.Offer{"booked": booked, "never-open": never} {
		take := nop
		if !o.CanTake {
			take = nil
		}
		add(name+"-confirm", func(p screen.Page) fyne.CanvasObject {
			return screen.Confirm(p, monday, o, dept, check(), precedence, nop, take)
		})
		add(name+"-papers", func(p screen.Page) fyne.CanvasObject {
			return screen.Papers(p, monday, o, check(), 0, func(int) {}, take)
		})
		add(name+"-items", func(p screen.Page) fyne.CanvasObject {
			return screen.Items(p, monday, p.Of(dept.Name), []kiosk.Offer{o, usual}, 0, func(int) {}, func(kiosk.ItemID) {})
		})
	}
	return out
}

// What became of the paper is told in words of its own, on one of the pages.
func TestFateIsTold(t *testing.T) {
	c := hall(t)
	for _, v := range variants() {
		p := v.page()
		for _, f := range fates {
			told := false
			for _, s := range pagesOf(func(page int, turn func(int)) widget.Scene {
				return widget.Survey(screen.Ticket(p, monday, failed(offer(c, "RS001", 3), f.print, f.cause), page, turn, func() {}))
			}) {
				told = told || slices.Contains(s.Paragraphs, p.Say(f.says))
			}
			if !told {
				t.Errorf("%v: %s isn't told", v, f.says)
			}
		}
	}
}
