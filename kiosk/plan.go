package kiosk

import "slices"

// Service is a convenience of the hall beside its windows, such as a reading
// corner or umbrellas to borrow.
type Service struct {
	ID    ServiceID
	Name  Text
	Place Text   // where it is, in a few words
	Note  Text   // what it is and how one gets it; may be empty
	Icon  string // name of an icon of display/theme
	Zone  ZoneID // empty where it belongs to none
	At    *Point // on the Plan, outside the zones; nil is somewhere in Zone, or everywhere
	Hours *Hours // nil while the hall is open
}

// Plan is the hall as simple shapes in a grid of squares. X grows to the right
// and Y downwards, from 0 at the upper left; the way in is at the bottom as a
// rule. It doesn't change after it was built and may be read from any goroutine.
type Plan struct {
	W, H  int // squares
	Zones []ZoneArea
	Marks []Mark
}

// Point is one square of a Plan.
type Point struct{ X, Y int }

// Area is a rectangle of squares.
type Area struct{ X, Y, W, H int }

// ZoneArea is where a zone lies. No two overlap.
type ZoneArea struct {
	Zone ZoneID
	Area
}

// Mark is something to find one's way by. Nobody walks through it.
type Mark struct {
	Kind MarkKind
	At   Point
}

// MarkKind says what a mark is.
type MarkKind string

// The marks.
const (
	MarkEntrance MarkKind = "entrance"
	MarkStairs   MarkKind = "stairs"
	MarkDesk     MarkKind = "desk" // the help desk
	MarkToilet   MarkKind = "toilet"
)

// MarkKinds are all marks.
var MarkKinds = []MarkKind{MarkEntrance, MarkDesk, MarkStairs, MarkToilet}

// Holds says whether at is one of a's squares.
func (a Area) Holds(at Point) bool {
	return at.X >= a.X && at.Y >= a.Y && at.X < a.X+a.W && at.Y < a.Y+a.H
}

// Overlaps says whether a and b share a square.
func (a Area) Overlaps(b Area) bool {
	return a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H
}

// touches says whether a square outside a has an edge in common with it.
func (a Area) touches(at Point) bool {
	return !a.Holds(at) && slices.ContainsFunc(steps[:], func(s Point) bool { return a.Holds(Point{at.X + s.X, at.Y + s.Y}) })
}

// Zone returns where a zone lies.
func (p *Plan) Zone(id ZoneID) (Area, bool) {
	for _, z := range p.Zones { // a handful
		if z.Zone == id {
			return z.Area, true
		}
	}
	return Area{}, false
}

// Free says whether one can walk over a square.
func (p *Plan) Free(at Point) bool {
	return Area{0, 0, p.W, p.H}.Holds(at) &&
		!slices.ContainsFunc(p.Zones, func(z ZoneArea) bool { return z.Holds(at) }) &&
		!slices.ContainsFunc(p.Marks, func(m Mark) bool { return m.At == at })
}

// Beside returns a free square that has an edge in common with a; ok is false
// when there is none.
func (p *Plan) Beside(a Area) (at Point, ok bool) {
	for y := a.Y + a.H; y >= a.Y-1; y-- { // what lies nearer to the way in first
		for x := a.X - 1; x <= a.X+a.W; x++ {
			if at = (Point{x, y}); a.touches(at) && p.Free(at) {
				return at, true
			}
		}
	}
	return Point{}, false
}

// steps are the ways to go on from a square.
var steps = [4]Point{{0, -1}, {1, 0}, {0, 1}, {-1, 0}}

// turning is what a turn costs, in squares: people remember turns, not metres.
const turning = 3

// stand is where a walker stands and where he faces, and how he came there.
type stand struct {
	at     Point
	facing int // one of steps
	before *stand
}

// Route is the way on foot from a square, which need not be free, to the first
// free one beside a, with few turns: the squares where one starts, turns and
// arrives. It is nil when there is none.
func (p *Plan) Route(from Point, to Area) []Point {
	var queue [][]stand // by cost
	push := func(cost int, s stand) {
		for len(queue) <= cost {
			queue = append(queue, nil)
		}
		queue[cost] = append(queue[cost], s)
	}
	for facing := range steps {
		push(0, stand{from, facing, nil})
	}
	type known struct {
		at     Point
		facing int
	}
	seen := map[known]bool{}
	for cost := 0; cost < len(queue); cost++ {
		for _, s := range queue[cost] { // what is pushed costs more
			if seen[known{s.at, s.facing}] {
				continue
			}
			seen[known{s.at, s.facing}] = true
			if to.touches(s.at) {
				return s.corners()
			}
			for facing, step := range steps {
				next := Point{s.at.X + step.X, s.at.Y + step.Y}
				if facing != s.facing {
					push(cost+turning, stand{s.at, facing, &s})
				} else if p.Free(next) {
					push(cost+1, stand{next, facing, &s})
				}
			}
		}
	}
	return nil
}

// corners is the way to s without what lies straight between its squares.
func (s *stand) corners() []Point {
	out := []Point{s.at}
	for ; s.before != nil; s = s.before {
		if s.facing != s.before.facing && s.at != out[len(out)-1] {
			out = append(out, s.at)
		}
	}
	if s.at != out[len(out)-1] {
		out = append(out, s.at)
	}
	slices.Reverse(out)
	return out
}
