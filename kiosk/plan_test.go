package kiosk_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"hallkiosk/kiosk"
)

// The way goes round zones and marks, with few turns, and ends beside the zone.
func TestRoute(t *testing.T) {
	p := &kiosk.Plan{W: 9, H: 7, Zones: []kiosk.ZoneArea{{Zone: "A", Area: kiosk.Area{X: 0, Y: 0, W: 4, H: 3}}, {Zone: "B", Area: kiosk.Area{X: 5, Y: 0, W: 4, H: 5}}, {Zone: "C", Area: kiosk.Area{X: 0, Y: 4, W: 4, H: 2}}},
		Marks: []kiosk.Mark{{Kind: kiosk.MarkEntrance, At: kiosk.Point{X: 4, Y: 6}}, {Kind: kiosk.MarkDesk, At: kiosk.Point{X: 4, Y: 3}}}}
	entrance := p.Marks[0].At
	for _, c := range []struct {
		name string
		from kiosk.Point
		to   kiosk.Area
		want []kiosk.Point
	}{
		{"Straight", entrance, kiosk.Area{X: 0, Y: 4, W: 4, H: 2}, []kiosk.Point{{X: 4, Y: 6}, {X: 4, Y: 5}}},
		{"TheDeskIsInTheWay", entrance, kiosk.Area{X: 0, Y: 0, W: 4, H: 3}, nil},
		{"TheEntranceIsInTheWay", kiosk.Point{X: 0, Y: 6}, kiosk.Area{X: 5, Y: 0, W: 4, H: 5}, nil},
		{"ToAMark", entrance, kiosk.Area{X: 4, Y: 3, W: 1, H: 1}, []kiosk.Point{{X: 4, Y: 6}, {X: 4, Y: 4}}},
		{"AlreadyThere", kiosk.Point{X: 4, Y: 2}, kiosk.Area{X: 0, Y: 0, W: 4, H: 3}, []kiosk.Point{{X: 4, Y: 2}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := p.Route(c.from, c.to); !slices.Equal(got, c.want) {
				t.Fatalf("%v, want %v", got, c.want)
			}
		})
	}
	p.Marks = nil
	if got, want := p.Route(kiosk.Point{X: 0, Y: 6}, p.Zones[1].Area), []kiosk.Point{{X: 0, Y: 6}, {X: 5, Y: 6}, {X: 5, Y: 5}}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if at, ok := p.Beside(p.Zones[0].Area); !ok || at != (kiosk.Point{X: 0, Y: 3}) {
		t.Errorf("beside A is %v (%v)", at, ok)
	}
	if at, ok := p.Beside(kiosk.Area{X: 20, Y: 20, W: 2, H: 2}); ok {
		t.Errorf("beside a place that is not on the plan is %v", at)
	}
}

// On any plan, a way leads over free squares only, in straight stretches, and
// ends beside what was looked for; and there is one wherever one can get at all.
func TestRouteOnAnyPlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := &kiosk.Plan{W: rapid.IntRange(1, 12).Draw(t, "w"), H: rapid.IntRange(1, 12).Draw(t, "h")}
		point := rapid.Custom(func(t *rapid.T) kiosk.Point {
			return kiosk.Point{X: rapid.IntRange(0, p.W-1).Draw(t, "x"), Y: rapid.IntRange(0, p.H-1).Draw(t, "y")}
		})
		for range rapid.IntRange(0, 5).Draw(t, "zones") {
			at := point.Draw(t, "zone")
			p.Zones = append(p.Zones, kiosk.ZoneArea{Area: kiosk.Area{X: at.X, Y: at.Y, W: rapid.IntRange(1, 5).Draw(t, "w"), H: rapid.IntRange(1, 5).Draw(t, "h")}})
		}
		for range rapid.IntRange(0, 5).Draw(t, "marks") {
			p.Marks = append(p.Marks, kiosk.Mark{At: point.Draw(t, "mark")})
		}
		from, goal := point.Draw(t, "from"), point.Draw(t, "to")
		to := kiosk.Area{X: goal.X, Y: goal.Y, W: rapid.IntRange(1, 4).Draw(t, "w"), H: rapid.IntRange(1, 4).Draw(t, "h")}
		beside := func(at kiosk.Point) bool {
			return !to.Holds(at) && (to.Holds(kiosk.Point{X: at.X + 1, Y: at.Y}) || to.Holds(kiosk.Point{X: at.X - 1, Y: at.Y}) ||
				to.Holds(kiosk.Point{X: at.X, Y: at.Y + 1}) || to.Holds(kiosk.Point{X: at.X, Y: at.Y - 1}))
		}
		reached, queue := map[kiosk.Point]bool{from: true}, []kiosk.Point{from}
		can := false
		for ; len(queue) > 0; queue = queue[1:] {
			at := queue[0]
			can = can || beside(at)
			for _, d := range []kiosk.Point{{X: 1}, {X: -1}, {Y: 1}, {Y: -1}} {
				if next := (kiosk.Point{X: at.X + d.X, Y: at.Y + d.Y}); p.Free(next) && !reached[next] {
					reached[next] = true
					queue = append(queue, next)
				}
			}
		}
		route := p.Route(from, to)
		if (route != nil) != can {
			t.Fatalf("route %v, but it can be reached: %v", route, can)
		}
		if route == nil {
			return
		}
		if route[0] != from || !beside(route[len(route)-1]) {
			t.Fatalf("%v leads not from %v to %v", route, from, to)
		}
		for i, a := range route[1:] {
			b := route[i]
			if (a.X == b.X) == (a.Y == b.Y) {
				t.Fatalf("%v is not straight from %v to %v", route, b, a)
			}
			for at := a; at != b; at.X, at.Y = at.X+sign(b.X-at.X), at.Y+sign(b.Y-at.Y) {
				if !p.Free(at) {
					t.Fatalf("%v walks over %v", route, at)
				}
			}
		}
	})
}

func sign(n int) int { return max(-1, min(1, n)) }
