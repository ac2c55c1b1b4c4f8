package screen_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"hallkiosk/display/screen"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// check is a check with some papers missing.
func check(missing ...string) screen.Check {
	return screen.Check{Missing: missing, Mark: func(string) {}, Leave: func() {}}
}

// lacking are the states that a check of an item can be in.
func lacking(item kiosk.Item) map[string]screen.Check {
	out := map[string]screen.Check{"all": check()}
	for _, m := range item.Materials {
		if m.Essential {
			out["essential"] = check(m.Name.Zh)
		} else {
			out["later"] = check(m.Name.Zh)
		}
	}
	return out
}

// ofPapers are the screens with the check of an offer's papers.
func ofPapers(o kiosk.Offer, dept kiosk.Department) (out []example) {
	nop := func() {}
	o.Due = "2026-11-30"
	for _, name := range []string{"all", "later", "essential"} {
		c, ok := lacking(o.Item)[name]
		if !ok {
			continue
		}
		add := func(screen, of string, draw func(p screen.Page) fyne.CanvasObject) {
			out = append(out, example{name: fmt.Sprintf("%s-%s%s %s", screen, name, of, o.Item.ID), draw: draw})
		}
		if name != "all" {
			add("confirm", "", func(p screen.Page) fyne.CanvasObject {
				return screen.Confirm(p, monday, o, dept, c, precedence, nop, nop)
			})
		}
		for page := range 2 {
			add("papers", fmt.Sprint("-", page), func(p screen.Page) fyne.CanvasObject {
				return screen.Papers(p, monday, o, c, page, func(int) {}, nop)
			})
		}
	}
	return out
}

// The check ends with what its papers allow, and its parts stay where they are
// whatever is marked.
func TestPapers(t *testing.T) {
	c := hall(t)
	o := offer(c, "RS001", 3)
	o.Due = "2026-11-30"
	dept, _ := c.Department(o.Item.Dept)
	for _, v := range variants() {
		for name, draw := range map[string]func(screen.Check) widget.Scene{
			"confirm": func(k screen.Check) widget.Scene {
				return widget.Survey(screen.Confirm(v.page(), monday, o, dept, k, precedence, func() {}, func() {}))
			},
			"papers": func(k screen.Check) widget.Scene {
				return widget.Survey(screen.Papers(v.page(), monday, o, k, 0, func(int) {}, func() {}))
			},
		} {
			say := v.page().Say
			places := map[string]string{}
			for state, k := range lacking(o.Item) {
				s := draw(k)
				at, labels := "", []string{}
				for _, x := range s.Targets {
					labels = append(labels, x.Label)
					if slices.ContainsFunc(o.Item.Materials, func(m kiosk.Material) bool { return v.page().Of(m.Name) == x.Label }) {
						at += fmt.Sprint(x.Label, x.X, x.Y, x.Width, x.Height, " ")
					}
				}
				places[state] = at
				whole := at != "" || name == "papers" // or only what comes of a missing paper
				want := map[string][]string{"all": {"take"}, "later": {"take_promising"}, "essential": {"take_asking", "come_back"}}[state]
				for _, id := range []string{"take", "take_promising", "take_asking", "come_back"} {
					if slices.Contains(labels, say(id)) != slices.Contains(want, id) {
						t.Errorf("%s %s, %s missing: the targets are %q", v, name, state, labels)
					}
				}
				words := strings.Join(s.Paragraphs, "|")
				if verdict := map[string]string{"all": say("check"), "later": "30", "essential": say("lacks_essential")}[state]; (whole || state != "all") && !strings.Contains(words, verdict) {
					t.Errorf("%s %s, %s missing: it says %s", v, name, state, words)
				}
			}
			if places["all"] != places["later"] || places["all"] != places["essential"] {
				t.Errorf("%s %s: the papers move: %v", v, name, places)
			}
		}
	}
}

// Every paper of every item can be reached and marked by touch.
func TestEveryPaperCanBeMarked(t *testing.T) {
	c := hall(t)
	for i, item := range c.Items {
		v := variants()[i%len(variants())]
		o := offer(c, item.ID, 5)
		marked := map[string]bool{}
		k := check()
		k.Mark = func(name string) { marked[name] = true }
		for page := 0; ; page++ {
			more := false
			for _, x := range taps(screen.Papers(v.page(), monday, o, k, page, func(to int) { more = more || to > page }, func() {})) {
				x.Tapped(nil)
			}
			if !more {
				break
			}
		}
		for _, m := range item.Materials {
			if !marked[m.Name.Zh] {
				t.Fatalf("%s, %s: %s can't be marked", v, item.ID, m.Name.Zh)
			}
		}
	}
}

// taps are the things to touch on a screen.
func taps(o fyne.CanvasObject) (out []*widget.Tap) {
	switch v := o.(type) {
	case *widget.Tap:
		return []*widget.Tap{v}
	case *fyne.Container:
		for _, child := range v.Objects {
			out = append(out, taps(child)...)
		}
	}
	return out
}
