package screen_test

import (
	"fmt"
	"slices"
	"testing"

	"fyne.io/fyne/v2"

	"hallkiosk/display/screen"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// pausedWhy is why a queue gives no numbers.
var pausedWhy = kiosk.Text{Zh: "系统升级，请下午再来。", Hant: "系統升級，請下午再來。", En: "The system is being updated. Please come back in the afternoon."}

// mine are the screens of people who have booked, or have a number.
func mine(c *kiosk.Catalog) (out []example) {
	nop := func() {}
	for i, way := range []screen.Ways{{}, {Card: true}, {Code: true}, {Card: true, Code: true}} {
		typed := []string{"", "004", "0042", "12345678"}[i]
		out = append(out, example{name: "who-" + fmt.Sprint(i), draw: func(p screen.Page) fyne.CanvasObject {
			return screen.Identify(p, way, typed, i == 3, func(string) {}, nop, nop)
		}})
	}
	out = append(out, example{name: "mine", draw: func(p screen.Page) fyne.CanvasObject {
		return screen.Mine(p, screen.Ways{Card: true, Code: true}, nop, nop)
	}})
	keys := screen.Keys{Press: func(string) {}, Erase: nop, Clear: nop, Switch: nop}
	for i, f := range []screen.Search{{Next: "abcdefghij"}, {Next: "abcdefghij"}, {Typed: "a", Next: "0123456789", Digits: true}, {Typed: "a121023", Digits: true},
		{Typed: "a2007", Next: "0123456789", Digits: true}, {Next: "abcdefghij"}, {Next: "abcdefghij"}} {
		was := []screen.Sought{1: screen.NotHere, 4: screen.Seeking, 5: screen.Nowhere, 6: screen.CutOff}[i]
		out = append(out, example{name: "number-" + fmt.Sprint(i), draw: func(p screen.Page) fyne.CanvasObject { return screen.Number(p, f, was, keys, nop) }})
	}
	var list []screen.Booked
	for i := range 7 {
		list = append(list, screen.Booked{Item: c.Items[i*9], From: "14:00", To: "14:30"})
	}
	for _, n := range []int{2, 7} {
		out = append(out, example{name: "bookings-" + fmt.Sprint(n), draw: func(p screen.Page) fyne.CanvasObject {
			return screen.Bookings(p, list[:n], 0, func(int) {}, func(int) {})
		}})
	}
	o := offer(c, c.Items[0].ID, 5)
	ticket := kiosk.Ticket{Number: kiosk.Number{Queue: o.Queue.ID, Series: "12", N: 1023}, Queue: o.Queue.ID, Items: []kiosk.ItemID{o.Item.ID}}
	for _, v := range []struct {
		name  string
		asked bool
		place *kiosk.Place
		print kiosk.PrintState
	}{
		{"asking", false, nil, ""}, {"unknown", true, nil, kiosk.PrintSent}, {"ahead", true, &kiosk.Place{State: kiosk.Waiting, Ahead: 123, Estimate: &kiosk.Estimate{Low: 112, High: 145}}, kiosk.Printed},
		{"next", true, &kiosk.Place{State: kiosk.Waiting}, kiosk.NotPrinted}, {"called", true, &kiosk.Place{State: kiosk.Called, Window: "21"}, ""},
		{"parked", true, &kiosk.Place{State: kiosk.Parked}, ""}, {"over", true, &kiosk.Place{State: kiosk.Missed}, ""},
	} {
		s := screen.Standing{Ticket: ticket, Item: o.Item, Queue: o.Queue, Zone: o.Zone, Asked: v.asked, Known: v.place != nil, Print: v.print, Left: 25}
		if v.place != nil {
			s.Place = *v.place
		}
		out = append(out, example{name: "standing-" + v.name, draw: func(p screen.Page) fyne.CanvasObject { return screen.Stand(p, s, nop, nop, nop) }})
	}
	stranger := screen.Standing{Ticket: ticket, Queue: o.Queue, Zone: o.Zone, Asked: true, Known: true, Place: kiosk.Place{State: kiosk.Waiting, Ahead: 3}, Left: 25}
	out = append(out, example{name: "standing-typed", draw: func(p screen.Page) fyne.CanvasObject { return screen.Stand(p, stranger, nil, nop, nop) }})
	paused := offer(c, c.Items[0].ID, 5)
	paused.Paused, paused.CanTake, paused.Why = true, false, pausedWhy
	dept, _ := c.Department(paused.Item.Dept)
	unread := offer(c, c.Items[0].ID, 0)
	unread.Unknown = true
	out = append(out, example{name: "confirm-unread", draw: func(p screen.Page) fyne.CanvasObject {
		return screen.Confirm(p, monday, unread, dept, check(), precedence, nop, nop)
	}})
	return append(out, example{name: "confirm-paused", bare: true, draw: func(p screen.Page) fyne.CanvasObject {
		return screen.Confirm(p, monday, paused, dept, check(), precedence, nop, nil)
	}})
}

// What came of looking a number up is on every screen, however small.
func TestSoughtIsSaid(t *testing.T) {
	for _, v := range variants() {
		for was, key := range map[screen.Sought]string{screen.Seeking: "place_asking", screen.NotHere: "number_none", screen.Nowhere: "number_nowhere", screen.CutOff: "number_cut_off"} {
			p := v.page()
			f := screen.Search{Next: "abcdefghij"}
			if was == screen.Seeking {
				f = screen.Search{Typed: "a2007", Next: "0123456789", Digits: true}
			}
			said := widget.Survey(screen.Number(p, f, was, screen.Keys{}, nil)).Paragraphs
			if head := p.Say(key); !slices.Contains(said, head) {
				t.Errorf("%s %s %s: no %q in %q", v.lang, v.mode(), v.layout(), head, said)
			}
		}
	}
}

// A number that is done with isn't printed once more: a new one is offered.
func TestOverIsNotPrinted(t *testing.T) {
	c := hall(t)
	o := offer(c, c.Items[0].ID, 5)
	for _, v := range variants() {
		for _, state := range []kiosk.State{kiosk.Waiting, kiosk.Called, kiosk.Serving, kiosk.Parked, kiosk.Done, kiosk.Missed, kiosk.Left} {
			over := state == kiosk.Done || state == kiosk.Missed || state == kiosk.Left
			n := 0
			s := screen.Standing{Ticket: kiosk.Ticket{Number: kiosk.Number{Queue: o.Queue.ID, N: 23}}, Item: o.Item, Queue: o.Queue, Zone: o.Zone, Known: true, Asked: true, Place: kiosk.Place{State: state}, Left: 25}
			p := v.page()
			prints, renews := false, false
			for _, x := range widget.Survey(screen.Stand(p, s, func() { n += 1 }, func() { n += 10 }, func() { n += 100 })).Targets {
				prints, renews = prints || x.Label == p.Say("print_again"), renews || x.Label == p.Say("take_new")
				x.Press()
			}
			if want := map[bool]int{true: 110, false: 101}[over]; prints == over || renews != over || n != want {
				t.Errorf("%v, %s: prints %v, renews %v, touched %d, want %d", v, state, prints, renews, n, want)
			}
		}
	}
}

// Large text in low reach keeps the hints: what is only read stands above what can be
// touched.
func TestHintsStayInLowReach(t *testing.T) {
	c := hall(t)
	said := map[string][]string{"number-0": {"number_how", "number_example"}, "number-5": {"number_nowhere", "number_check"}, "who-0": {"who_typed", "who_digits"},
		"who-3": {"who_none", "who_again"}, "find-begin": {"find_how", "find_example"}, "mine": {"number_how", "who_card_code"}}
	for _, e := range examples(c) {
		for _, lang := range kiosk.Langs {
			p := variant{lang, screen.Modes{Large: true, Low: true, Contrast: true}, 1080, 1920}.page()
			var told []string
			if said[e.name] != nil {
				told = widget.Survey(e.draw(p)).Paragraphs
			}
			for _, id := range said[e.name] {
				if !slices.Contains(told, p.Say(id)) {
					t.Errorf("%s %s: no %q in %q", lang, e.name, p.Say(id), told)
				}
			}
		}
	}
}
