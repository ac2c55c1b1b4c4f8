package screen_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"hallkiosk/display/screen"
	"hallkiosk/display/text"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// The frame has the same buttons everywhere, in the same order; what is not
// possible can't be touched. Low reach is offered where it changes something.
func TestFrame(t *testing.T) {
	hall(t)
	nop := func() {}
	for _, v := range variants() {
		p := v.page()
		labels := func(b screen.Bar) (out []string) {
			for _, t := range widget.Survey(screen.Frame(p, b)).Targets {
				out = append(out, t.Label)
			}
			return out
		}
		var want []string
		for _, id := range []string{"back", "home", "help", "language", "large", "low", "contrast", "aloud"} {
			if id != "low" || p.Shape == screen.Tall {
				want = append(want, p.Say(id))
			}
		}
		if got := labels(screen.Bar{Back: nop, Home: nop, Help: nop, Language: nop, Large: nop, Low: nop, Contrast: nop, Aloud: nop}); !slices.Equal(got, want) {
			t.Errorf("%v: %q, want %q", v, got, want)
		}
		if got := labels(screen.Bar{Home: nop}); !slices.Equal(got, want[1:2]) {
			t.Errorf("%v: %q can be touched, want %q", v, got, want[1])
		}
	}
}

// The wanted things stand on one page on every panel in every language, however many
// wait, unless large text or low reach takes the room.
func TestFirstIsOnePage(t *testing.T) {
	c := hall(t)
	for _, e := range examples(c) {
		if e.name != "first" && e.name != "first-not-find" && e.name != "first-crowd" {
			continue
		}
		for _, v := range variants() {
			if v.modes.Large || v.modes.Low {
				continue
			}
			p, found := v.page(), 0
			for _, x := range widget.Survey(e.draw(p)).Targets {
				if slices.ContainsFunc(c.Wanted, func(w kiosk.Wanted) bool { return p.Of(w.Name) == x.Label }) {
					found++
				}
			}
			if found != len(c.Wanted) {
				t.Errorf("%v %s: %d of %d wanted things stand on the first page", v, e.name, found, len(c.Wanted))
			}
		}
	}
}

// A touch reaches the one that was meant, and only what can be taken is offered.
func TestIntents(t *testing.T) {
	c := hall(t)
	p := variant{kiosk.Zh, screen.Modes{}, 1080, 1920}.page()
	o := offer(c, "RS001", 3)
	dept, _ := c.Department(o.Item.Dept)
	has := func(screen fyne.CanvasObject, label string) bool {
		for _, t := range widget.Survey(screen).Targets {
			if t.Label == label {
				return true
			}
		}
		return false
	}
	nop := func() {}
	if !has(screen.Confirm(p, monday, o, dept, check(), precedence, nop, nop), "取号") {
		t.Error("an open queue gives no number")
	}
	if has(screen.Confirm(p, monday, o, dept, check(), precedence, nop, nil), "取号") {
		t.Error("a number can be asked for twice")
	}
	o.Open, o.CanTake = false, false
	if has(screen.Confirm(p, monday, o, dept, check(), precedence, nop, nop), "取号") {
		t.Error("a closed queue gives a number")
	}
}

// Where no number can be taken nothing sends people to take one, and where the
// queue is paused nobody is told how long they would wait.
func TestNothingIsPromisedWhereNothingCanBeTaken(t *testing.T) {
	c := hall(t)
	for _, v := range variants() {
		p := v.page()
		o := offer(c, "RS001", 5)
		dept, _ := c.Department(o.Item.Dept)
		o.CanTake, o.Paused, o.Why = false, true, pausedWhy
		closed := o
		closed.Paused, closed.Open = false, false
		for name, o := range map[string]kiosk.Offer{"paused": o, "closed": closed} {
			for state, k := range lacking(o.Item) {
				for screenName, drawn := range map[string]fyne.CanvasObject{
					"confirm": screen.Confirm(p, monday, o, dept, k, precedence, func() {}, nil), "papers": screen.Papers(p, monday, o, k, 0, func(int) {}, nil),
				} {
					for _, said := range widget.Survey(drawn).Paragraphs {
						if said == p.Say("check_why") || said == p.Say("promise_do") || said == p.Say("lacks_essential_do") {
							t.Errorf("%v %s, %s, %s missing: it says %q", v, screenName, name, state, said)
						}
						if name == "paused" && (said == p.Say("wait") || said == p.Say("ahead")) {
							t.Errorf("%v %s, paused: it tells %q", v, screenName, said)
						}
					}
				}
			}
		}
	}
}

// Where the queue can't be read nobody is told that there is none, or how long it
// takes, and the number can be taken all the same.
func TestUnreadQueueIsNotEmpty(t *testing.T) {
	c := hall(t)
	for _, v := range variants() {
		p := v.page()
		o := offer(c, "RS001", 0)
		o.Unknown = true
		dept, _ := c.Department(o.Item.Dept)
		for name, drawn := range map[string]fyne.CanvasObject{
			"confirm": screen.Confirm(p, monday, o, dept, check(), precedence, func() {}, func() {}),
			"items":   screen.Items(p, monday, "", []kiosk.Offer{o}, 0, func(int) {}, func(kiosk.ItemID) {}),
			"theme":   screen.Theme(p, monday, c.Themes[0], stepsOf(c, c.Themes[0]), o, check(), 0, func(int) {}, func() {}, func() {}),
		} {
			none := []string{p.Say("waiting_none"), p.Say("no_wait"), p.Say("ahead_none"), p.Say("wait")}
			known := true
			for _, said := range widget.Survey(drawn).Paragraphs {
				if slices.Contains(none, said) || strings.Contains(said, p.Say("people", text.Data{"N": 0})) {
					t.Errorf("%v %s: it says %q", v, name, said)
				}
				known = known && !strings.Contains(said, p.Say("waiting_unknown")) && !strings.Contains(said, p.Say("ahead_unknown"))
			}
			if known {
				t.Errorf("%v %s: it doesn't say that it doesn't know", v, name)
			}
			if name == "confirm" && !slices.ContainsFunc(widget.Survey(drawn).Targets, func(x widget.Target) bool { return x.Label == p.Say("take") }) {
				t.Errorf("%v: no number can be taken", v)
			}
		}
	}
}

// What is closed is told without colour, in every mode: its edge and its letters are
// thinner than those of what is open, and it says when it opens.
func TestClosedIsSeen(t *testing.T) {
	c := hall(t)
	for _, v := range variants() {
		p := v.page()
		open, shut := offer(c, "RS001", 3), offer(c, "GJ003", 3)
		shut.Item.Self = kiosk.Text{}
		shut.Open, shut.CanTake, shut.Opens = false, false, monday.Add(4*time.Hour)
		seen := map[kiosk.ItemID]widget.Box{}
		for page := range 2 {
			drawn := widget.Survey(screen.Items(p, monday, "", []kiosk.Offer{open, shut}, page, func(int) {}, func(kiosk.ItemID) {}))
			for _, x := range drawn.Targets {
				for _, o := range []kiosk.Offer{open, shut} {
					i := slices.IndexFunc(drawn.Boxes, func(b widget.Box) bool { return b.Touch && ofBox(b) == ofTarget(x) })
					if strings.HasPrefix(x.Label, p.Of(o.Item.Name)) && i >= 0 {
						seen[o.Item.ID] = drawn.Boxes[i]
					}
				}
			}
			if _, ok := seen["GJ003"]; ok && !strings.Contains(strings.Join(drawn.Paragraphs, "|"), "14:05") {
				t.Errorf("%v: it doesn't say when it opens: %q", v, drawn.Paragraphs)
			}
			if len(seen) == 2 {
				break
			}
		}
		a, b := seen["RS001"], seen["GJ003"]
		if len(seen) != 2 || v.modes.Contrast && a.Stroke <= b.Stroke || !v.modes.Contrast && a.Fill == b.Fill {
			t.Errorf("%v: open is %v, closed is %v", v, a, b)
		}
	}
}

// What the head says stands clear of its edges.
func TestHeadHasMargins(t *testing.T) {
	c := hall(t)
	for _, v := range variants() {
		p := v.page()
		for _, id := range []string{"hello", "note_paper", "note_printer", "note_none"} {
			note := p.Say(id, text.Data{"Name": "陈*"})
			s := widget.Survey(screen.Head(p, c.Hall, monday, note))
			if !slices.Contains(s.Paragraphs, note) {
				t.Errorf("%v: %q is not said", v, note)
			}
			for _, w := range s.Words {
				if above, below := w.Y, p.Head.H-w.Y-w.Height; min(above, below) < p.Px(10) {
					t.Errorf("%v: %q stands %.0f from the upper edge, %.0f from the lower", v, w.Text, above, below)
				}
			}
		}
	}
}

// The keys for digits stay where they are, whether they can be touched or not.
func TestDigitKeysStay(t *testing.T) {
	hall(t)
	nop := func() {}
	for _, v := range variants() {
		for _, typed := range []string{"", "12345678"} {
			var said []string
			for _, w := range widget.Survey(screen.Identify(v.page(), screen.Ways{}, typed, false, func(string) {}, nop, nop)).Words {
				said = append(said, w.Text)
			}
			for _, key := range []string{"0", "1", "5", "9", v.page().Say("erase"), v.page().Say("ok")} {
				if !slices.Contains(said, key) {
					t.Errorf("%v with %q typed: %q is gone", v, typed, key)
				}
			}
		}
	}
}

// In high contrast a notice is told from a button without colour: it has no frame.
func TestNoticesHaveNoFrame(t *testing.T) {
	hall(t)
	nop := func() {}
	for _, v := range variants() {
		p, framed, ground := v.page(), 0, 0
		for _, b := range widget.Survey(screen.Message(p, "clock", p.Say("still_there"), p.Say("still_home"), screen.Answer{Label: p.Say("still_yes"), Act: nop})).Boxes {
			switch {
			case b.Picture || b.Touch:
			case b.Stroke > 0:
				framed++
			default:
				ground++
			}
		}
		if want := map[bool][2]int{false: {1, 0}, true: {0, 1}}[v.modes.Contrast]; want != [2]int{framed, ground} {
			t.Errorf("%v: %d frames and %d bars, want %v", v, framed, ground, want)
		}
	}
}

// Who goes ahead, and that one can, is said in words, however large they are.
func TestPrecedenceInWords(t *testing.T) {
	c := hall(t)
	o := offer(c, "GJ003", 120)
	dept, _ := c.Department(o.Item.Dept)
	nop := func() {}
	for _, v := range variants() {
		p := v.page()
		for why, ids := range map[kiosk.Priority][]string{kiosk.Pregnant: {"pregnant", "pregnant_first"}, "": {"priority"}} {
			for state, papers := range lacking(o.Item) {
				if why == "" && state == "essential" {
					continue // there one asks after a number that is only to ask
				}
				s := widget.Survey(screen.Confirm(p, monday, o, dept, papers, screen.Precedence{Why: why, Ask: nop}, nop, nop))
				if !slices.ContainsFunc(ids, func(id string) bool { return slices.Contains(s.Paragraphs, p.Say(id)) }) {
					t.Errorf("%v, %s missing: no word for who goes ahead in %q", v, state, s.Paragraphs)
				}
			}
		}
	}
}
