package widget

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"hallkiosk/display/theme"
)

// Map is a plan of a place in a grid of squares, from 0 at the upper left.
type Map struct {
	W, H  int // squares
	Areas []MapArea
	Marks []MapMark
	Here  *Square  // where the citizen stands; nil when nobody knows
	Route []Square // to the goal: where one starts, turns and arrives
}

// Square is one of a Map.
type Square struct{ X, Y int }

// MapArea is a part of a Map. Label is what it is called in full, Name what is
// written in it below its Letter where there is room in all of the areas.
type MapArea struct {
	Letter, Name, Label string
	X, Y, W, H          int
	Goal                bool
	Act                 func() // nil is only to be read
}

// MapMark is an icon at a square.
type MapMark struct {
	Icon string
	At   Square
	Goal bool
}

// stretch is how far the squares may differ from squares to use the room.
const stretch = 1.6

// MapSize is the size that a map takes of w by h pixels.
func (k Kit) MapSize(m Map, w, h float32) (width, height float32) {
	cw, ch := w/float32(m.W), h/float32(m.H)
	return min(cw, ch*stretch) * float32(m.W), min(ch, cw*stretch) * float32(m.H)
}

// plan draws a map.
type plan struct {
	Kit
	Map
	cw, ch float32 // a square's size
	names  bool
	parts  []fyne.CanvasObject
}

// plan lays a map out in w by h pixels.
func (k Kit) plan(m Map, w, h float32) *plan {
	p := &plan{Kit: k, Map: m, cw: w / float32(m.W), ch: h / float32(m.H), names: true}
	for _, a := range m.Areas {
		_, _, w, h := p.area(a)
		letter, name := p.label(a, w)
		if name == nil || name.Width() > w-2*p.pad() || letter.Height()+name.Height() > h-2*p.pad() {
			p.names = false
		}
	}
	return p
}

// MapNames says whether a map of w by h pixels has room for its areas' names.
func (k Kit) MapNames(m Map, w, h float32) bool { return k.plan(m, w, h).names }

// Map draws a map of w by h pixels. The way is a row of dots that ends in an
// arrow; what it leads to is filled.
func (k Kit) Map(m Map, w, h float32) fyne.CanvasObject {
	p := k.plan(m, w, h)
	p.parts = append(p.parts, Put(k.Box(k.Ground, k.Rule, k.Edge), 0, 0, w, h))
	for _, a := range m.Areas {
		p.drawArea(a)
	}
	for _, v := range m.Marks {
		p.mark(v)
	}
	p.route()
	if m.Here != nil {
		p.here(*m.Here)
	}
	return &fyne.Container{Objects: p.parts}
}

func (p *plan) pad() float32 { return p.Px(8) }

// area is where an area's box stands: half the space between targets is left
// free all around.
func (p *plan) area(a MapArea) (x, y, w, h float32) {
	in := p.Px(theme.Gap) / 2
	return float32(a.X)*p.cw + in, float32(a.Y)*p.ch + in, float32(a.W)*p.cw - 2*in, float32(a.H)*p.ch - 2*in
}

func (p *plan) label(a MapArea, w float32) (letter Block, name *Block) {
	letter = p.Fit(a.Letter, theme.Heading, theme.Least, w, 1, true)
	if a.Name != "" {
		b := p.Fit(a.Name, theme.Second, theme.Least, w-2*p.pad(), 4, false)
		name = &b
	}
	return letter, name
}

func (p *plan) drawArea(a MapArea) {
	x, y, w, h := p.area(a)
	l := p.look(Choice)
	switch {
	case a.Goal:
		l = p.look(Main)
	case a.Act != nil:
		l = p.look(Plain)
		l.second = p.Ink
	}
	letter, name := p.label(a, w)
	if !p.names {
		name = nil
	}
	high := letter.Height()
	if name != nil {
		high += name.Height()
	}
	at := (h - high) / 2
	parts := []fyne.CanvasObject{letter.Center(0, at, w, l.text)}
	if name != nil {
		parts = append(parts, name.Center(p.pad(), at+letter.Height(), w-2*p.pad(), l.second))
	}
	p.parts = append(p.parts, Put(newTap(a.Label, p.Box(l.fill, l.edge, l.stroke), l.down, w, h, a.Act, parts...), x, y, w, h))
}

// side is that of what stands in one square.
func (p *plan) side() float32 { return min(p.cw, p.ch) * 0.94 }

// square places something of side by side pixels in the middle of a square.
func (p *plan) square(s Square, side float32) (x, y float32) {
	return p.inside((float32(s.X)+0.5)*p.cw-side/2, (float32(s.Y)+0.5)*p.ch-side/2, side)
}

// inside keeps something of side by side pixels off the map's edge.
func (p *plan) inside(x, y, side float32) (float32, float32) {
	in := p.Px(p.Edge + 4)
	return max(in, min(x, float32(p.W)*p.cw-in-side)), max(in, min(y, float32(p.H)*p.ch-in-side))
}

func (p *plan) mark(m MapMark) {
	side, c := p.side(), p.Sub
	x, y := p.square(m.At, side)
	if m.Goal {
		back := canvas.NewRectangle(p.Touch)
		back.CornerRadius = side * 0.2
		p.parts = append(p.parts, Put(back, x, y, side, side))
		c, x, y, side = p.MainText, x+side*0.1, y+side*0.1, side*0.8
	} else if p.Here != nil {
		dx, dy := m.At.X-p.Here.X, m.At.Y-p.Here.Y
		if dx*dx+dy*dy == 1 && !p.taken(Square{m.At.X + dx, m.At.Y + dy}) { // where one stands is clear of it
			x, y = p.inside(x+float32(dx)*side*0.3, y+float32(dy)*side*0.3, side)
		}
	}
	p.parts = append(p.parts, p.Icon(m.Icon, c, x, y, side))
}

// taken says whether an area or another mark has a square.
func (p *plan) taken(at Square) bool {
	return slices.ContainsFunc(p.Areas, func(a MapArea) bool { return a.holds(at) }) ||
		slices.ContainsFunc(p.Marks, func(m MapMark) bool { return m.At == at })
}

func (a MapArea) holds(at Square) bool {
	return at.X >= a.X && at.Y >= a.Y && at.X < a.X+a.W && at.Y < a.Y+a.H
}

// here is the sign for where one stands, a little smaller than its neighbours.
func (p *plan) here(s Square) {
	side := p.side() * 0.85
	x, y := p.square(s, side)
	p.parts = append(p.parts, p.MapHere(x, y, side))
}

// MapHere draws the sign for where one stands, which a legend explains.
func (k Kit) MapHere(x, y, side float32) fyne.CanvasObject {
	dot := func(in, width float32, fill bool) fyne.CanvasObject {
		r := canvas.NewRectangle(k.Warm)
		if !fill {
			r.FillColor, r.StrokeColor, r.StrokeWidth = k.WarmGround, k.Warm, k.Px(width)
		}
		d := side * (1 - 2*in)
		r.CornerRadius = d / 2
		return Put(r, x+side*in, y+side*in, d, d)
	}
	return &fyne.Container{Objects: []fyne.CanvasObject{dot(0, k.Strong, false), dot(0.27, 0, true)}}
}

// route draws the way between the squares where one starts and arrives.
func (p *plan) route() {
	if len(p.Route) < 2 {
		return
	}
	last := p.Route[len(p.Route)-1]
	d := max(p.Px(10), p.side()*0.42)
	for i, to := range p.Route[1:] {
		from := p.Route[i]
		step := Square{sign(to.X - from.X), sign(to.Y - from.Y)}
		for s := (Square{from.X + step.X, from.Y + step.Y}); s != last; s = (Square{s.X + step.X, s.Y + step.Y}) {
			x, y := p.square(s, d)
			dot := canvas.NewRectangle(p.Warm)
			dot.CornerRadius = d / 2
			p.parts = append(p.parts, Put(dot, x, y, d, d))
			if s == to {
				break
			}
		}
	}
	// What it points to may have moved off the map's edge towards it.
	square := min(p.cw, p.ch)
	side := max(p.Px(8), min(p.side()*0.6, square+2*(square-p.side())-2*p.Px(p.Edge+4)))
	x, y := p.square(last, side)
	p.parts = append(p.parts, p.Icon(p.arrow(last), p.Warm, x, y, side))
}

// arrow is the icon of an arrow from a square to the goal beside it.
func (p *plan) arrow(from Square) string {
	goal := func(x, y int) bool {
		for _, a := range p.Areas {
			if a.Goal && a.holds(Square{x, y}) {
				return true
			}
		}
		for _, m := range p.Marks {
			if m.Goal && m.At == (Square{x, y}) {
				return true
			}
		}
		return false
	}
	switch {
	case goal(from.X, from.Y-1):
		return "caret-up"
	case goal(from.X, from.Y+1):
		return "caret-down"
	case goal(from.X-1, from.Y):
		return "caret-left"
	}
	return "caret-right"
}

func sign(n int) int { return max(-1, min(1, n)) }
