package screen_test

import (
	"fmt"
	"image/color"
	"math"
	"os"
	"testing"

	"hallkiosk/display/screen"
	"hallkiosk/display/theme"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// Every screen in every language, mode and layout: nothing cut, nothing over
// something else, every target large enough, apart from others and in reach,
// letters large enough, contrast 7:1 for text and 3:1 for what can be touched.
//
// All items of the catalog are drawn where text takes the most room, and one in
// ten elsewhere; KIOSK_SOAK=1 draws all everywhere. The race detector, which
// makes it slow, looks at one in a hundred.
func TestEveryScreen(t *testing.T) {
	c := hall(t)
	fixed, drawn := examples(c), 0
	for _, v := range panels() {
		t.Run(v.String(), func(t *testing.T) {
			p := v.page()
			check := func(e example) {
				drawn++
				m := measure{t: t, name: e.name, page: p, panel: v, scene: widget.Survey(compose(p, c, e)), whole: e.whole}
				m.all(e)
			}
			for _, e := range fixed {
				check(e)
			}
			step, others := 10, 6 // others is how many times fewer lists and tickets are drawn: they have less that can be long
			if race {
				step = 100
			}
			if v.lang == kiosk.En && v.modes == (screen.Modes{Large: true, Low: true, Contrast: true}) && v.w == 1024 {
				step = step / 10
			}
			if !v.usual() {
				step *= 5
			}
			if os.Getenv("KIOSK_SOAK") != "" {
				step, others = 1, 1
			}
			for i := 0; i < len(c.Items); i += step {
				for n, e := range ofItem(c, i) {
					if n < 3 || i/step%others == 0 {
						check(e)
					}
				}
			}
		})
	}
	if drawn < 2000 {
		t.Errorf("only %d screens were measured", drawn)
	}
	t.Logf("%d screens", drawn)
}

// measure looks at one drawn screen.
type measure struct {
	t     *testing.T
	name  string
	page  screen.Page
	panel panel
	scene widget.Scene
	whole bool
}

func (m *measure) errorf(format string, args ...any) {
	m.t.Helper()
	m.t.Errorf(m.name+": "+format, args...)
}

func (m *measure) all(e example) {
	s := m.scene
	inBody := 0
	for _, a := range s.Targets {
		if !m.inFrame(a) {
			inBody++
		}
	}
	if len(s.Words) < 2 || inBody == 0 && !e.bare {
		m.errorf("%d words, %d targets", len(s.Words), inBody)
	}
	m.words()
	m.boxes()
	m.targets()
	m.contrast()
}

type rect struct{ x, y, w, h float32 }

func ofWord(w widget.Word) rect     { return rect{w.X, w.Y, w.Width, w.Height} }
func ofBox(b widget.Box) rect       { return rect{b.X, b.Y, b.Width, b.Height} }
func ofTarget(b widget.Target) rect { return rect{b.X, b.Y, b.Width, b.Height} }

func (r rect) String() string { return fmt.Sprintf("%.0f,%.0f %.0fx%.0f", r.x, r.y, r.w, r.h) }

// slack is what rounding to whole pixels may cost.
const slack = 1.5

func (r rect) inside(o rect) bool {
	return r.x >= o.x-slack && r.y >= o.y-slack && r.x+r.w <= o.x+o.w+slack && r.y+r.h <= o.y+o.h+slack
}

// gap is how far two rectangles are apart; negative when they overlap.
func (r rect) gap(o rect) float32 {
	dx := max(r.x, o.x) - min(r.x+r.w, o.x+o.w)
	dy := max(r.y, o.y) - min(r.y+r.h, o.y+o.h)
	return max(dx, dy)
}

func (m *measure) window() rect { return rect{0, 0, m.page.Window.W, m.page.Window.H} }

// words: whole, in the window, large enough, and none over another.
func (m *measure) words() {
	least := m.page.Pt(theme.Least)
	for i, w := range m.scene.Words {
		r := ofWord(w)
		if !r.inside(m.window()) {
			m.errorf("%q leaves the window: %v", w.Text, r)
		}
		if w.Width > w.Room+slack {
			m.errorf("%q needs %.0f and has %.0f", w.Text, w.Width, w.Room)
		}
		if w.Height < least-0.1 {
			m.errorf("%q is only %.1f high, want %.1f", w.Text, w.Height, least)
		}
		for _, v := range m.scene.Words[i+1:] {
			if r.gap(ofWord(v)) < 0 {
				m.errorf("%q lies over %q", w.Text, v.Text)
			}
		}
		for _, b := range m.scene.Boxes {
			if o := ofBox(b); !r.inside(o) && r.gap(o) < -slack {
				m.errorf("%q at %v hangs over the edge of %v", w.Text, r, o)
			} else if b.Picture && r.gap(o) < 0 {
				m.errorf("%q lies over the picture at %v", w.Text, o)
			}
		}
	}
}

// boxes stand inside each other or beside each other.
func (m *measure) boxes() {
	for i, b := range m.scene.Boxes {
		r := ofBox(b)
		if !r.inside(m.window()) {
			m.errorf("a box leaves the window: %v", r)
		}
		for _, a := range m.scene.Boxes[:i] {
			if o := ofBox(a); !r.inside(o) && r.gap(o) < -slack {
				m.errorf("the box %v lies over the edge of %v", r, o)
			}
		}
	}
}

func (m *measure) inFrame(a widget.Target) bool {
	f := m.page.Frame
	return !m.whole && ofTarget(a).inside(rect{f.X, f.Y, f.W, f.H})
}

// targets: large enough, in reach, and apart.
func (m *measure) targets() {
	p := m.page
	low := p.Low || p.Shape != screen.Tall // in landscape all is always in reach
	for i, a := range m.scene.Targets {
		r := ofTarget(a)
		if side := 20 * m.panel.density; r.w < side-0.1 || r.h < side-0.1 {
			m.errorf("%q is only %v, want %.0f", a.Label, r, side)
		}
		if top := p.Window.H - 281.25*m.panel.density; low && !m.whole && r.y < top-0.1 {
			m.errorf("%q is out of reach: at %.0f, want %.0f or more", a.Label, r.y, top)
		}
		for _, b := range m.scene.Targets[i+1:] {
			want := p.Px(theme.Gap)
			if m.inFrame(a) || m.inFrame(b) || a.Acts || b.Acts {
				want = 12 * m.panel.density
			}
			if gap := r.gap(ofTarget(b)); gap < want-slack {
				m.errorf("%q and %q are only %.0f apart, want %.0f", a.Label, b.Label, gap, want)
			}
		}
	}
}

// contrast compares each thing with what was drawn behind its middle.
func (m *measure) contrast() {
	behind := func(over int, r rect) color.Color {
		mid := rect{r.x + r.w/2, r.y + r.h/2, 0, 0}
		for i := over - 1; i >= 0; i-- {
			if b := m.scene.Boxes[i]; !b.Picture && b.Fill != nil && mid.inside(ofBox(b)) {
				return b.Fill
			}
		}
		return color.White
	}
	for _, w := range m.scene.Words {
		if got := ratio(w.Color, behind(w.Over, ofWord(w))); got < 7 {
			m.errorf("%q has a contrast of %.2f, want 7", w.Text, got)
		}
	}
	for _, b := range m.scene.Boxes {
		r := ofBox(b)
		back := behind(b.Over, r)
		switch {
		case b.Picture && b.Fill == nil:
			m.errorf("the picture at %v is empty", r)
		case b.Picture:
			if got := ratio(b.Fill, back); got < 3 {
				m.errorf("the picture at %v has a contrast of %.2f, want 3", r, got)
			}
		case b.Touch && b.Stroke > 0:
			if got := max(ratio(b.Edge, back), ratio(b.Fill, back)); got < 3 {
				m.errorf("the edge of %v has a contrast of %.2f, want 3", r, got)
			}
		}
	}
	if m.page.Contrast {
		m.noGrey()
	}
}

// noGrey: the high contrast is black and white, what is being done stands out from
// both, and edges are strong.
func (m *measure) noGrey() {
	pure := func(c color.Color) bool {
		return c == nil || ratio(c, color.White) > 20.9 || ratio(c, color.Black) > 20.9
	}
	for _, w := range m.scene.Words {
		if !pure(w.Color) {
			m.errorf("%q is %v", w.Text, w.Color)
		}
	}
	for _, b := range m.scene.Boxes {
		if !pure(b.Fill) && b.Fill != m.page.Palette.Busy || !pure(b.Edge) {
			m.errorf("the box %v is %v with %v", ofBox(b), b.Fill, b.Edge)
		}
		if b.Stroke > 0 && b.Stroke < m.page.Px(4)-0.1 {
			m.errorf("the box %v has an edge of %.1f", ofBox(b), b.Stroke)
		}
	}
}

// ratio is the contrast of WCAG 2.
func ratio(a, b color.Color) float64 {
	luminance := func(c color.Color) float64 {
		part := func(v uint32) float64 {
			s := float64(v) / 0xFFFF
			if s <= 0.04045 {
				return s / 12.92
			}
			return math.Pow((s+0.055)/1.055, 2.4)
		}
		r, g, b, _ := c.RGBA()
		return 0.2126*part(r) + 0.7152*part(g) + 0.0722*part(b)
	}
	l, d := luminance(a), luminance(b)
	if l < d {
		l, d = d, l
	}
	return (l + 0.05) / (d + 0.05)
}
