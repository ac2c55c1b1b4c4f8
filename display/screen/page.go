package screen

import (
	"hallkiosk/display/text"
	"hallkiosk/display/theme"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// Modes are what a citizen has switched on, for this visit.
type Modes struct {
	Large    bool // text theme.Larger times as large
	Low      bool // everything to touch within theme.Reach of the lower edge
	Contrast bool // black on white
	Aloud    bool // the screen is read out
}

// Shape is how the screens are laid out.
type Shape int

// The shapes.
const (
	Tall  Shape = iota // portrait; the frame is at the bottom
	Wide               // landscape; the frame is at the right
	Small              // landscape of an older cabinet
)

// Area is a rectangle of the window, in pixels.
type Area struct{ X, Y, W, H float32 }

// Page is the room a screen has: the words, the parts' size and colours, and
// the content area.
type Page struct {
	text.Loc
	widget.Kit
	Modes
	Shape Shape
	W, H  float32 // of the content area, in pixels
	Top   float32 // y of the content area above which nothing may be touched

	Window, Head, Body, Frame Area // the parts of the window; Body is the content area
}

// NewPage divides a window of w by h pixels on a panel of density pixels a
// millimetre; 0 is a guess by the window's size.
//
// A window that is smaller than the smallest panel that the screens are drawn
// for, 1080 pixels of the design wide, or lying 1092 wide or 800 high, shrinks
// everything but what a hand needs, see TargetMM.
func NewPage(loc text.Loc, m Modes, w, h, density float32) Page {
	if density == 0 {
		density = theme.Density(w, h)
	}
	p := Page{Loc: loc, Modes: m, Window: Area{W: w, H: h}}
	p.U, p.T, p.Palette, p.HongKong = density/theme.PerMM, 1, theme.Normal, loc.Lang == kiosk.Hant
	if m.Large {
		p.T = theme.Larger
	}
	if m.Contrast {
		p.Palette = theme.HighContrast
	}
	p.Hand = p.U
	if h >= w {
		p.U = min(p.U, w/1080, h/1720)
		p.Hand = min(p.Hand, p.U*handTall)
		p.tall()
	} else {
		p.Shape = Wide
		p.U = min(p.U, w/1092, h/800)
		if w < p.Px(1500) || h < p.Px(1000) {
			p.Shape = Small
		}
		p.Hand = min(p.Hand, p.U*handWide)
		p.wide()
	}
	p.W, p.H = p.Body.W, p.Body.H
	if m.Low || p.inReach() {
		p.Top = max(0, h-p.Reach()-p.Body.Y)
	}
	return p
}

// How much more room than what is read targets and the space between them can
// take on a panel that is small for its pixels: a hand doesn't shrink with it.
const (
	handTall = 1.27
	handWide = 1.13
)

// TargetMM is the least side of what can be touched, in millimetres, on a panel of
// w by h pixels with density pixels a millimetre: 20, or less on a panel that is
// too small for its pixels.
func TargetMM(w, h, density float32) float32 {
	return NewPage(text.Loc{}, Modes{}, w, h, density).Target() / density
}

func (p *Page) tall() {
	head, frame := p.Px(130), p.Px(238)
	if p.Large {
		head, frame = p.Px(190), max(p.Px(310), p.Px(24)+3*p.Target()+2*p.Apart()) // three rows, see Assist
	}
	w, h := p.Window.W, p.Window.H
	p.Head = Area{0, 0, w, head}
	p.Body = Area{0, head, w, h - head - frame}
	p.Frame = Area{0, h - frame, w, frame}
}

func (p *Page) wide() {
	head, frame := p.Px(104), p.Px(270)
	switch {
	case p.Shape == Wide && p.Large:
		head, frame = p.Px(150), p.Px(310)
	case p.Shape == Small && p.Large:
		head, frame = p.Px(126), p.Px(320)
	case p.Shape == Small:
		head, frame = p.Px(76), p.Px(246)
	}
	w, h := p.Window.W, p.Window.H
	p.Head = Area{0, 0, w - frame, head}
	p.Body = Area{0, head, w - frame, h - head}
	p.Frame = Area{w - frame, 0, frame, h}
}

// Whole returns the page of a screen that fills the window, without frame.
func (p Page) Whole() Page {
	p.W, p.H, p.Body = p.Window.W, p.Window.H, p.Window
	return p
}

// margin is the white at the left and the right.
func (p Page) margin() float32 {
	if p.Shape == Small {
		return p.Px(32)
	}
	return p.Px(theme.Margin)
}

// inReach says that all but the head and the questions of the panel is in reach:
// it is as if low-reach mode were always on.
func (p Page) inReach() bool { return p.Window.H <= p.Reach()*1.25 }
