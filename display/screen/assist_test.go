package screen_test

import (
	"image"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"hallkiosk/display/screen"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// precedence is a citizen of whom nothing special is known.
var precedence = screen.Precedence{Ask: func() {}}

// assisted are the screens of assisted mode.
func assisted(c *kiosk.Catalog) (out []example) {
	nop, turn := func() {}, func(int) {}
	mode := func(next kiosk.Priority, busy bool) *screen.Assist {
		return &screen.Assist{Who: next, Busy: busy, Choose: func(kiosk.Priority) {}, End: nop}
	}
	var wanted []kiosk.Offer
	for i, w := range c.Wanted {
		wanted = append(wanted, offer(c, w.Item, i*7))
	}
	to := screen.Entries{Find: nop, All: nop, Themes: nop, Hall: nop, Mine: nop, Ways: screen.Ways{Card: true, Code: true}}
	for name, m := range map[string]*screen.Assist{"ordinary": mode("", false), "pregnant": mode(kiosk.Pregnant, false), "taking": mode(kiosk.Elder, true)} {
		out = append(out, example{name: "assist-first-" + name, assist: m, draw: func(p screen.Page) fyne.CanvasObject {
			return screen.First(p, monday, c.Wanted, wanted, c.Zones, 0, turn, func(kiosk.ItemID) {}, to)
		}})
	}
	var code image.Image = checker(29)
	o := offer(c, "GJ003", 12)
	for _, v := range []struct {
		name  string
		print kiosk.PrintState
		cause kiosk.Fault
		why   kiosk.Priority
	}{
		{"printing", kiosk.PrintSent, "", ""}, {"printed", kiosk.Printed, "", kiosk.Disabled}, {"no-paper", kiosk.NotPrinted, kiosk.FaultPaper, kiosk.Elder}, {"unknown", kiosk.PrintUnknown, "", ""},
	} {
		i := screen.Issued{Ticket: kiosk.Ticket{Number: kiosk.Number{Queue: o.Queue.ID, Series: "12", N: 1023}, Queue: o.Queue.ID, Items: []kiosk.ItemID{o.Item.ID}, Ahead: 120, Priority: v.why},
			Offer: o, Print: v.print, Cause: v.cause, Code: code}
		if v.print.Ended() {
			i.Left = 5
		}
		out = append(out, example{name: "assist-taken-" + v.name, assist: mode(v.why, false), draw: func(p screen.Page) fyne.CanvasObject { return screen.Taken(p, monday, i, nop) }})
	}
	slices.SortFunc(out, func(a, b example) int { return strings.Compare(a.name, b.name) })
	return out
}

// ahead are the screens of people who go ahead of others.
func ahead(c *kiosk.Catalog) (out []example) {
	nop := func() {}
	for _, id := range []kiosk.ItemID{"RS001", "GJ003"} {
		o := offer(c, id, 12)
		o.Due = "2026-11-30"
		dept, _ := c.Department(o.Item.Dept)
		for _, v := range []struct {
			name  string
			check screen.Check
			first screen.Precedence
			take  func()
		}{
			{"not-asked", check(), screen.Precedence{}, nop}, {"elder-by-card", check(), screen.Precedence{Why: kiosk.Elder}, nop}, {"elder", check(), screen.Precedence{Why: kiosk.Elder, Ask: nop}, nop}, {"taking", check(), precedence, nil},
			{"serviceman", check(), screen.Precedence{Why: kiosk.Serviceman, Ask: nop}, nop}, {"pregnant-essential", lacking(o.Item)["essential"], screen.Precedence{Why: kiosk.Pregnant, Ask: nop}, nop},
			{"disabled-later", lacking(o.Item)["later"], screen.Precedence{Why: kiosk.Disabled, Ask: nop}, nop},
		} {
			out = append(out, example{name: "confirm-" + v.name + " " + string(id), draw: func(p screen.Page) fyne.CanvasObject {
				return screen.Confirm(p, monday, o, dept, v.check, v.first, nop, v.take)
			}})
		}
	}
	for name, why := range map[string]kiosk.Priority{"none": "", "pregnant": kiosk.Pregnant} {
		out = append(out, example{name: "priorities-" + name, draw: func(p screen.Page) fyne.CanvasObject {
			return screen.Priorities(p, why, 0, func(int) {}, func(kiosk.Priority) {})
		}})
	}
	slices.SortFunc(out, func(a, b example) int { return strings.Compare(a.name, b.name) })
	return out
}

// Why somebody goes ahead is told wherever a number can be taken, also to who lacks
// a paper without which the case can't be taken in.
func TestPrecedenceIsTold(t *testing.T) {
	c := hall(t)
	for i := 0; i < len(c.Items); i += 60 {
		item := c.Items[i]
		o := offer(c, item.ID, 12)
		dept, _ := c.Department(item.Dept)
		for name, check := range lacking(item) {
			for _, v := range variants() {
				p := v.page()
				drawn := screen.Confirm(p, monday, o, dept, check, screen.Precedence{Why: kiosk.Serviceman, Ask: func() {}}, func() {}, func() {})
				if !slices.ContainsFunc(widget.Survey(drawn).Targets, func(x widget.Target) bool {
					return x.Label == p.Say("serviceman_first") || x.Label == p.Say("serviceman")
				}) {
					t.Errorf("%v %s, %s missing: it isn't told who goes ahead", v, item.ID, name)
				}
			}
		}
	}
}

// Assisted mode offers the guide who the next number is for and the end, in every
// layout, and no mode of a citizen.
func TestAssistedFrame(t *testing.T) {
	hall(t)
	nop := func() {}
	for _, v := range variants() {
		p := v.page()
		var chosen []kiosk.Priority
		bar := screen.Bar{Back: nop, Home: nop, Help: nop, Language: nop, Large: nop, Low: nop, Contrast: nop, Aloud: nop,
			Assist: &screen.Assist{Who: kiosk.Elder, Choose: func(why kiosk.Priority) { chosen = append(chosen, why) }, End: nop}}
		targets := widget.Survey(screen.Frame(p, bar)).Targets
		var labels []string
		for _, x := range targets {
			labels = append(labels, x.Label)
			x.Press()
		}
		slices.Sort(labels)
		var want []string
		for _, id := range []string{"back", "home", "ordinary", "elder", "disabled", "pregnant", "serviceman", "assist_end"} {
			want = append(want, p.Say(id))
		}
		slices.Sort(want)
		if !slices.Equal(labels, want) {
			t.Errorf("%v: %q can be touched, want %q", v, labels, want)
		}
		if !slices.Equal(chosen, append([]kiosk.Priority{""}, kiosk.Priorities...)) {
			t.Errorf("%v: %q are chosen", v, chosen)
		}
	}
}
