package screen_test

import (
	"fmt"
	"image"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"hallkiosk/configs"
	_ "hallkiosk/display/locale"
	"hallkiosk/display/screen"
	"hallkiosk/display/text"
	"hallkiosk/display/theme"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

var monday = time.Date(2026, 11, 23, 10, 5, 0, 0, time.FixedZone("CST", 8*3600))

// offer is what an item would get with people ahead of one.
func offer(c *kiosk.Catalog, id kiosk.ItemID, ahead int) kiosk.Offer {
	item, _ := c.Item(id)
	queue, _ := c.Queue(item.Queue)
	zone, _ := c.Zone(queue.Zone)
	return kiosk.Offer{Item: item, Queue: queue, Zone: zone, Ahead: ahead, Wait: c.Estimate(item.Queue, ahead), Open: true, CanTake: true, Opens: monday}
}

// screens draws every screen in every state that changes its shape.
func screens(p screen.Page, c *kiosk.Catalog) map[string]fyne.CanvasObject {
	nop := func() {}
	var wanted []kiosk.Offer
	for i, w := range c.Wanted {
		wanted = append(wanted, offer(c, w.Item, i*7))
	}
	var zones []screen.ZoneChoice
	for _, z := range c.Zones {
		zones = append(zones, screen.ZoneChoice{Zone: z, Departments: 12, Items: 65})
	}
	count := map[kiosk.DeptID]int{}
	for _, d := range c.Departments {
		count[d.ID] = 17
	}
	out := map[string]fyne.CanvasObject{
		"first":       screen.First(p, monday, c.Wanted, wanted, func(kiosk.ItemID) {}, nop),
		"zones":       screen.Zones(p, zones, func(kiosk.Zone) {}),
		"departments": screen.Departments(p, c.Zones[2], c.Departments, count, 1, func(int) {}, func(kiosk.DeptID) {}),
		"idle":        screen.Message(p, "clock", p.Say("still_there"), p.Say("still_home", text.Data{"N": 15}), p.Say("still_yes"), nop, p.Say("home"), nop),
		"rest":        screen.Rest(p, "10:00", nop),
		"locked":      screen.Message(p, "lock", p.Say("locked"), p.Say("locked_why"), "", nil, "", nil),
		"device":      screen.Message(p, "alert-triangle", p.Say("device"), "这张证件已经过期,请用别的证件,或直接在屏幕上取号。", p.Say("understood"), nop, "", nil),
		"trouble":     screen.Message(p, "alert-triangle", p.Say("trouble"), "本机存不了数据,请找技术员。", p.Say("again"), nop, p.Say("home"), nop),
	}
	tomorrow := monday.AddDate(0, 0, 1)
	for i, item := range c.Items { // every item, for the longest names and lists of papers
		o := offer(c, item.ID, 120)
		dept, _ := c.Department(item.Dept)
		if i%3 == 0 {
			o.Open, o.Opens = false, tomorrow
		}
		out["confirm "+string(item.ID)] = screen.Confirm(p, monday, o, dept, nop)
		if i%20 == 0 {
			var list []kiosk.Offer
			for _, other := range c.Items[i:min(i+20, len(c.Items))] {
				list = append(list, offer(c, other.ID, 33))
			}
			out[fmt.Sprintf("items %d", i)] = screen.Items(p, monday, p.Of(dept.Name), list, 0, func(int) {}, func(kiosk.ItemID) {})
		}
		if i%5 == 0 {
			ticket := kiosk.Ticket{Number: kiosk.Number{Queue: item.Queue, Series: "12", N: 1023}, Queue: item.Queue, Items: []kiosk.ItemID{item.ID}, Ahead: 120}
			for _, state := range []struct {
				print kiosk.PrintState
				cause kiosk.Fault
			}{{kiosk.PrintSent, ""}, {kiosk.Printed, ""}, {kiosk.NotPrinted, kiosk.FaultPaper}, {kiosk.PrintUnknown, ""}} {
				out[fmt.Sprintf("ticket %s %s", item.ID, state.print)] = screen.Ticket(p, monday, screen.Issued{Ticket: ticket, Offer: o, Print: state.print, Cause: state.cause,
					Code: image.NewGray(image.Rect(0, 0, 29, 29)), Left: 12}, nop)
			}
			out["recalled "+string(item.ID)] = screen.Ticket(p, monday, screen.Issued{Ticket: ticket, Offer: o, Print: kiosk.Printed, Left: 12, Recalled: true}, nop)
		}
	}
	return out
}

func pages(t *testing.T, each func(t *testing.T, p screen.Page, c *kiosk.Catalog)) {
	test.NewTempApp(t).Settings().SetTheme(theme.Fyne{})
	_, c, problems := configs.LoadKiosk("../../configs/kiosk.toml")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, lang := range []kiosk.Lang{kiosk.Zh, kiosk.En} {
		for _, size := range [][2]float32{{1080, 1920}, {1920, 1080}} {
			t.Run(fmt.Sprintf("%s-%v", lang, size), func(t *testing.T) {
				p, _, _ := screen.NewPage(text.In(lang), size[0], size[1])
				each(t, p, c)
			})
		}
	}
}

// On every screen, in both languages and layouts: nothing is cut, nothing lies
// over something else, and every target is 64 pixels (20 mm) or more.
func TestNothingIsCut(t *testing.T) {
	pages(t, func(t *testing.T, p screen.Page, c *kiosk.Catalog) {
		drawn := screens(p, c)
		if len(drawn) < 400 {
			t.Fatalf("only %d screens", len(drawn))
		}
		for name, o := range drawn {
			words, targets := widget.Survey(o)
			if len(words) == 0 || (len(targets) == 0) != (name == "locked") {
				t.Errorf("%s is empty", name)
			}
			for i, w := range words {
				if w.X < 0 || w.Y < 0 || w.X+w.Width > p.W+1 || w.Y+w.Height > p.H+1 {
					t.Errorf("%s: %q leaves the page: %.0f,%.0f %.0fx%.0f of %.0fx%.0f", name, w.Text, w.X, w.Y, w.Width, w.Height, p.W, p.H)
				}
				if w.Needs > w.Width+1 {
					t.Errorf("%s: %q needs %.0f and has %.0f", name, w.Text, w.Needs, w.Width)
				}
				for _, v := range words[i+1:] {
					// Lines have a fifth of white above and below their letters.
					wx, vx := w.X+(w.Width-w.Needs)/2, v.X+(v.Width-v.Needs)/2
					if overlap(wx, w.Needs, vx, v.Needs) > 2 && overlap(w.Y+w.Height/5, w.Height*3/5, v.Y+v.Height/5, v.Height*3/5) > 0 {
						t.Errorf("%s: %q lies over %q", name, w.Text, v.Text)
					}
				}
			}
			for i, a := range targets {
				if a.Width < 64 || a.Height < 64 {
					t.Errorf("%s: %q is only %.0fx%.0f", name, a.Label, a.Width, a.Height)
				}
				if a.X < 0 || a.Y < 0 || a.X+a.Width > p.W+1 || a.Y+a.Height > p.H+1 {
					t.Errorf("%s: %q can't be reached: %.0f,%.0f %.0fx%.0f of %.0fx%.0f", name, a.Label, a.X, a.Y, a.Width, a.Height, p.W, p.H)
				}
				for _, b := range targets[i+1:] {
					if overlap(a.X, a.Width, b.X, b.Width) > 0 && overlap(a.Y, a.Height, b.Y, b.Height) > 0 {
						t.Errorf("%s: %q lies over %q", name, a.Label, b.Label)
					}
				}
				// What is written on a target stays on it, and nothing else does.
				for _, w := range words {
					mid := w.Y + w.Height/2
					inside := w.X >= a.X && w.X < a.X+a.Width && mid >= a.Y && mid < a.Y+a.Height
					if inside && (w.X+w.Needs > a.X+a.Width+1 || w.Y < a.Y-w.Height/4 || w.Y+w.Height > a.Y+a.Height+w.Height/4) {
						t.Errorf("%s: %q hangs over the edge of %q", name, w.Text, a.Label)
					}
				}
			}
			if t.Failed() {
				return
			}
		}
	})
}

// overlap is how much two stretches share.
func overlap(a, la, b, lb float32) float32 { return min(a+la, b+lb) - max(a, b) }

// Head and frame bar keep their places and fit too.
func TestFrame(t *testing.T) {
	pages(t, func(t *testing.T, p screen.Page, c *kiosk.Catalog) {
		_, head, frame := screen.NewPage(p.Loc, p.W, p.H)
		for name, o := range map[string]fyne.CanvasObject{
			"head":  screen.Head(p, head, c.Hall, monday, ""),
			"noted": screen.Head(p, head, c.Hall, monday, p.Say("note_paper")),
			"frame": screen.Frame(p, frame, screen.Bar{Back: func() {}, Home: func() {}, Language: func() {}, Help: func() {}}),
		} {
			words, targets := widget.Survey(o)
			for _, w := range words {
				if w.X < 0 || w.X+w.Needs > p.W || w.Y < -w.Height/4 || w.Needs > w.Width+1 {
					t.Errorf("%s: %q at %.0f,%.0f is %.0f wide", name, w.Text, w.X, w.Y, w.Needs)
				}
			}
			if name == "frame" && len(targets) != 4 {
				t.Errorf("%d targets in the frame", len(targets))
			}
		}
		_, off := widget.Survey(screen.Frame(p, frame, screen.Bar{Language: func() {}}))
		if len(off) != 1 {
			t.Errorf("what is not possible can be touched: %v", off)
		}
	})
}

// A touch reaches the one that was meant, and only what can be taken is offered.
func TestIntents(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(theme.Fyne{})
	_, c, problems := configs.LoadKiosk("../../configs/kiosk.toml")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	p, _, _ := screen.NewPage(text.In(kiosk.Zh), 1080, 1920)
	o := offer(c, "RS001", 3)
	dept, _ := c.Department(o.Item.Dept)
	has := func(screen fyne.CanvasObject, label string) bool {
		_, targets := widget.Survey(screen)
		for _, t := range targets {
			if t.Label == label {
				return true
			}
		}
		return false
	}
	if !has(screen.Confirm(p, monday, o, dept, func() {}), "取号") {
		t.Error("an open queue gives no number")
	}
	if has(screen.Confirm(p, monday, o, dept, nil), "取号") {
		t.Error("a number can be asked for twice")
	}
	o.Open, o.CanTake = false, false
	if has(screen.Confirm(p, monday, o, dept, func() {}), "取号") {
		t.Error("a closed queue gives a number")
	}
}
