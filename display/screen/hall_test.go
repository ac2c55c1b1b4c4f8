package screen_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"hallkiosk/display/screen"
	"hallkiosk/display/text"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// planOf is the catalog's plan with a kiosk near the main entrance.
func planOf(c *kiosk.Catalog) screen.Plan {
	return screen.Plan{Plan: c.Plan, Names: c.Zones, Here: &kiosk.Point{X: 9, Y: 13}}
}

// standing are the ways in which the hall's windows may stand.
func standing(c *kiosk.Catalog) map[string]screen.Windows {
	tomorrow := time.Date(2026, 11, 24, 8, 30, 0, 0, monday.Location())
	return map[string]screen.Windows{
		"open": {Open: true, Self: "F"}, "booked": {Booked: true, Self: "F", Opens: tomorrow, Early: true},
		"night": {Self: "F", Opens: tomorrow, Early: true}, "long": {Opens: tomorrow.AddDate(0, 0, 5)}, "never": {Self: "F"}, "bookings": {Booked: true, Self: "F", Opens: tomorrow},
	}
}

// inHall are the screens about the hall itself, and those for nobody.
func inHall(c *kiosk.Catalog) (out []example) {
	add := func(name string, draw func(p screen.Page) fyne.CanvasObject) {
		out = append(out, example{name: name, draw: draw})
	}
	nop, turn, pick := func() {}, func(int) {}, func(kiosk.Service) {}
	plan := planOf(c)
	for _, page := range []int{0, 99} {
		add(fmt.Sprint("services-", page), func(p screen.Page) fyne.CanvasObject {
			return screen.Services(p, c.Services, page, turn, pick, nop)
		})
	}
	for _, v := range c.Services {
		zone, _ := c.Zone(v.Zone)
		add("service-"+string(v.ID), func(p screen.Page) fyne.CanvasObject { return screen.ServicePlace(p, monday, v, zone, plan) })
		out[len(out)-1].bare = true
	}
	add("map", func(p screen.Page) fyne.CanvasObject { return screen.HallMap(p, plan, func(kiosk.Zone) {}) })
	add("map-nowhere", func(p screen.Page) fyne.CanvasObject {
		return screen.HallMap(p, screen.Plan{Plan: c.Plan, Names: c.Zones}, func(kiosk.Zone) {})
	})
	for _, z := range c.Zones {
		v := screen.ZoneView{Zone: z, Count: 12}
		for _, s := range c.Services {
			if s.Zone == z.ID {
				v.Services = append(v.Services, s)
			}
		}
		add("zone-"+string(z.ID), func(p screen.Page) fyne.CanvasObject { return screen.ZonePlace(p, v, plan, nop) })
	}
	add("locked-next", func(p screen.Page) fyne.CanvasObject {
		place := kiosk.Text{Zh: "服务台右边的 2 号机", Hant: "服務枱右邊的 2 號機", En: "kiosk 2, right of the help desk"}
		return screen.Message(p, "lock", p.Say("locked"), p.Say("locked_next", text.Data{"Place": p.Of(place)}))
	})
	out[len(out)-1].bare = true
	for name, w := range standing(c) {
		for _, minute := range []int{0, 6, 29} {
			add(fmt.Sprint("attract-", name, "-", minute), func(p screen.Page) fyne.CanvasObject {
				return screen.Attract(p, monday.Add(time.Duration(minute)*time.Minute), c.Hall, w, nop)
			})
			out[len(out)-1].whole = true
		}
	}
	slices.SortStableFunc(out[len(out)-3*len(standing(c)):], func(a, b example) int {
		if a.name < b.name {
			return -1
		}
		return 1
	})
	return out
}

// The screen for nobody calls people to take a number only when one is given out.
func TestAttractPromisesWhatItHas(t *testing.T) {
	c := hall(t)
	for name, w := range standing(c) {
		for _, v := range variants() {
			p := v.page()
			said := widget.Survey(screen.Attract(p, monday, c.Hall, w, func() {})).Paragraphs
			want, not := p.Say("rest"), p.Say("rest_closed")
			if name == "long" || name == "never" || name == "bookings" {
				want, not = not, want
			}
			if !slices.Contains(said, want) || slices.Contains(said, not) {
				t.Errorf("%v %s: it says %q", v, name, said)
			}
		}
	}
}

// Nothing of the screen for nobody stays where it was a minute before, and all
// of it stays in the window.
func TestAttractMoves(t *testing.T) {
	c := hall(t)
	for _, v := range variants() {
		p := v.page()
		for name, w := range standing(c) {
			before := map[[2]float32]string{}
			for minute := range 36 {
				now := map[[2]float32]string{}
				for _, word := range widget.Survey(screen.Attract(p, monday.Add(time.Duration(minute)*time.Minute), c.Hall, w, func() {})).Words {
					at := [2]float32{word.X, word.Y}
					if old := before[at]; old != "" {
						t.Fatalf("%v %s: %q stands where %q stood a minute before", v, name, word.Text, old)
					}
					if word.X < 0 || word.Y < 0 || word.X+word.Width > v.w || word.Y+word.Height > v.h {
						t.Fatalf("%v %s, minute %d: %q leaves the window", v, name, minute, word.Text)
					}
					now[at] = word.Text
				}
				if before = now; len(now) < 4 {
					t.Fatalf("%v %s: only %v", v, name, now)
				}
			}
		}
	}
}

// Every zone of the map can be touched in every variant, and leads to itself; the
// way to it is drawn from where the kiosk stands, and no way without a goal.
func TestMap(t *testing.T) {
	c := hall(t)
	for _, v := range variants() {
		var picked []kiosk.ZoneID
		w := test.NewWindow(screen.HallMap(v.page(), planOf(c), func(z kiosk.Zone) { picked = append(picked, z.ID) }))
		var want []kiosk.ZoneID
		for _, z := range c.Zones {
			want = append(want, z.ID)
		}
		for _, o := range taps(w.Canvas().Content()) {
			o.Tapped(nil)
		}
		w.Close()
		if !slices.Equal(picked, want) {
			t.Fatalf("%v: touched %v, want %v", v, picked, want)
		}
		for _, z := range c.Zones {
			o := screen.ZonePlace(v.page(), screen.ZoneView{Zone: z}, planOf(c), nil)
			if got := len(widget.Survey(o).Targets); got != 0 {
				t.Fatalf("%v, zone %s: %d targets, want none", v, z.ID, got)
			}
		}
	}
}

// A catalog without a plan has no map, and the rest of the screens all the same.
func TestNoPlan(t *testing.T) {
	c := hall(t)
	for _, v := range variants() {
		p := v.page()
		for _, o := range []fyne.CanvasObject{
			screen.Services(p, c.Services, 99, func(int) {}, func(kiosk.Service) {}, nil),
			screen.ServicePlace(p, monday, c.Services[0], kiosk.Zone{}, screen.Plan{}), screen.ZonePlace(p, screen.ZoneView{Zone: c.Zones[2]}, screen.Plan{}, nil),
		} {
			s := widget.Survey(o)
			if len(s.Words) < 3 {
				t.Errorf("%v says only %v", v, s.Paragraphs)
			}
			for _, a := range s.Targets {
				if a.Label == p.Say("map") {
					t.Errorf("%v offers a map", v)
				}
			}
		}
	}
}

// Nothing lies on a map's edge, and the sign for where one stands is clear of
// icons.
func TestMapSignsStandClear(t *testing.T) {
	c := hall(t)
	for _, v := range variants() {
		p := v.page()
		m := widget.Map{W: c.Plan.W, H: c.Plan.H, Here: &widget.Square{X: 9, Y: 13}}
		for _, mark := range c.Plan.Marks {
			m.Marks = append(m.Marks, widget.MapMark{Icon: "stairs", At: widget.Square(mark.At)})
		}
		w, h := p.MapSize(m, p.W, p.Px(360))
		boxes := widget.Survey(p.Map(m, w, h)).Boxes
		edge, here := boxes[0], boxes[len(boxes)-2]
		for _, b := range boxes[1:] {
			if in := min(b.X, b.Y, w-b.X-b.Width, h-b.Y-b.Height) - edge.Stroke; in < p.Px(3) {
				t.Errorf("%v: the sign at %v is %.1f from the edge", v, ofBox(b), in)
			}
			if gap := ofBox(b).gap(ofBox(here)); b.Picture && gap < p.Px(5) {
				t.Errorf("%v: the icon at %v is %.1f from where one stands", v, ofBox(b), gap)
			}
		}
	}
}
