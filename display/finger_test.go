package display

import (
	"image/color"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// target finds what has that label, as Fyne does.
func (s *stand) target(label string) *widget.Tap {
	s.t.Helper()
	for _, tap := range taps(s.root.content) {
		if widget.Survey(tap).Targets[0].Label == label {
			return tap
		}
	}
	s.t.Fatalf("%s has no %q", s.top().name, label)
	return nil
}

// fill is the colour of a target.
func fill(tap *widget.Tap) color.Color { return widget.Survey(tap).Boxes[0].Fill }

// What a finger lies on is not drawn anew until it is lifted, whatever runs
// meanwhile, and nobody is sent away under it. One whose end is never told is
// forgotten.
func TestFingerHolds(t *testing.T) {
	shown := func(s *stand) fyne.CanvasObject { return s.drawn.body }
	for name, begin := range map[string]func(s *stand) string{
		"Idle": func(s *stand) string { s.tap("社保卡"); s.ask(); return "我还在" },
		"Ticket": func(s *stand) string {
			offers := s.offers([]kiosk.ItemID{"RS001"})
			s.issued(kiosk.Ticket{ID: "t", Number: kiosk.Number{Queue: "A", N: 7}, Queue: "A", Items: []kiosk.ItemID{"RS001"}}, offers[0])
			s.leave = s.clock.Add(stayPrinted)
			s.show()
			return "好了"
		},
		"Standing": func(s *stand) string {
			s.stand(kiosk.Ticket{ID: "t", Number: kiosk.Number{Queue: "A", N: 7}, Queue: "A", Items: []kiosk.ItemID{"RS001"}}, true)
			return "好了"
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t)
			label := begin(s)
			tap, before, screen := s.target(label), shown(s), s.top()
			tap.MouseDown(nil)
			for range 9 {
				s.clock = s.clock.Add(time.Second)
				s.pass(1)
				if s.top() != screen || shown(s) != before || s.target(label) != tap {
					t.Fatalf("what the finger lies on is gone; the screen is %s", s.top().name)
				}
			}
			tap.MouseUp(nil)
			if s.target(label) != tap {
				t.Fatal("it is drawn anew before Fyne knows that it was a tap")
			}
			s.clock = s.clock.Add(time.Second)
			s.pass(1)
			if shown(s) == before {
				t.Error("the seconds stand still after the touch")
			}
			s.target(label).MouseDown(nil) // and slides off the window
			for range int(fingerLies/beat) + 1 {
				s.clock = s.clock.Add(beat)
				s.pass(1)
			}
			if s.late || widget.Pressed(s.root.content) {
				t.Error("a finger that isn't told of any more holds the screen for good")
			}
		})
	}
}

// Another screen comes at once, with a finger on the one before, and when that is
// shown again nothing on it looks touched: neither then nor after a finger that slid
// off.
func TestFingerSlidesOff(t *testing.T) {
	s := newStand(t)
	s.tap("黑白")
	tap := s.target("公积金")
	rest := fill(tap)
	tap.MouseDown(nil)
	if fill(tap) == rest {
		t.Fatal("a touch isn't shown")
	}
	tap.MouseOut()
	s.target("社保卡").MouseUp(nil)
	if fill(tap) != rest || s.pressed() {
		t.Error("the finger slid off, and its target looks touched")
	}
	tap.MouseDown(nil)
	s.push(s.zones())
	if s.top().name != "zones" || s.target("返回") == nil {
		t.Fatal("a finger keeps another screen away")
	}
	s.back()
	if again := s.target("公积金"); again != tap || fill(again) != rest {
		t.Error("what was touched when its screen went looks touched for good")
	}
}
