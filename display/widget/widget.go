// Package widget is the parts that screens are made of: cards, buttons,
// notices, maps, lines of text. Everything that can be touched is a Tap, so that one
// walk over a screen finds every target and every word (see Survey).
//
// All of it runs on Fyne's goroutine only.
package widget

import (
	"image"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"hallkiosk/display/theme"
)

// Kit makes parts in the colours and sizes of one panel and one citizen.
type Kit struct {
	theme.Palette
	U        float32 // the panel's pixels for one pixel of the design
	Hand     float32 // the same for what a hand needs; it counts where it is more than U
	T        float32 // how much larger text is than in the design: 1, or theme.Larger
	HongKong bool    // Chinese characters have the form that Hong Kong writes
}

// Redraw has an object drawn anew. canvas.Refresh would ask Fyne in which window
// the object is, and Fyne forgets that of what it hasn't been asked for some
// time: were it all forgotten, after a stall say, nothing would be drawn any more.
// There is one window.
func Redraw(o fyne.CanvasObject) {
	for _, w := range fyne.CurrentApp().Driver().AllWindows() {
		w.Canvas().Refresh(o)
	}
}

// Px converts a size of the design to the panel's pixels.
func (k Kit) Px(v float32) float32 { return v * k.U }

// Pt converts a size of text, and of what grows with it.
func (k Kit) Pt(v float32) float32 { return v * k.U * k.T }

// Target is the least side of what can be touched, in the panel's pixels.
func (k Kit) Target() float32 { return max(k.U, k.Hand) * theme.Target }

// Apart is the least space between targets that do different things, in the
// panel's pixels.
func (k Kit) Apart() float32 { return max(k.U, k.Hand) * theme.Apart }

// Reach is how far above the panel's lower edge a wheelchair user or a child
// reaches, in the panel's pixels.
func (k Kit) Reach() float32 { return max(k.U, k.Hand) * theme.Reach }

// Put places an object.
func Put(o fyne.CanvasObject, x, y, w, h float32) fyne.CanvasObject {
	o.Move(fyne.NewPos(x, y))
	o.Resize(fyne.NewSize(w, h))
	return o
}

// Box draws a rectangle; width is that of its edge in pixels of the design. edge
// may be nil. It has no round corners: software GL takes twice as long to fill a
// rectangle that has, and a screen is full of them.
func (k Kit) Box(fill, edge color.Color, width float32) *canvas.Rectangle {
	r := canvas.NewRectangle(fill)
	if edge != nil {
		r.StrokeColor, r.StrokeWidth = edge, k.Px(width)
	}
	return r
}

// Panel is a card that is only read.
func (k Kit) Panel(x, y, w, h float32) fyne.CanvasObject {
	return Put(k.Box(k.Palette.Card, k.Line, k.Edge), x, y, w, h)
}

// Icon draws a line icon of size by size, and nothing where there is no room for
// one, as in a window that hasn't got its size yet.
func (k Kit) Icon(name string, c color.NRGBA, x, y, size float32) fyne.CanvasObject {
	side := int(size + 0.5)
	if side < 1 {
		return &fyne.Container{}
	}
	// An Image would be drawn twice: it refreshes itself when it is first drawn.
	i := canvas.NewRaster(func(_, _ int) image.Image { return theme.Icon(name, c, side) })
	return Put(i, float32(int(x)), float32(int(y)), float32(side), float32(side))
}

// Style is how something that can be touched, or could be elsewhere, appears.
type Style int

// The styles.
const (
	Choice Style = iota // one of several things to choose
	Shut                // the same, closed at this hour
	Plain               // a thing to do
	Main                // the thing to do
	Busy                // Main, while it is being done
	Off                 // Plain, where it is not possible
	Bar                 // of the frame
	Chosen              // of the frame, when it is on
	Alert               // of the frame, to call for help
)

type look struct {
	fill, edge, text, second, icon, iconBack, down color.NRGBA
	stroke                                         float32
}

func (k Kit) look(s Style) look {
	switch s {
	case Shut:
		return look{k.ShutGround, k.Line, k.Palette.Shut, k.Palette.Shut, k.Palette.Shut, k.ShutIcon, k.TouchDown, k.Edge}
	case Plain:
		return look{k.Palette.Card, k.Touch, k.Touch, k.Sub, k.Touch, k.TouchGround, k.TouchDown, k.Strong}
	case Main, Chosen:
		return look{k.Touch, k.Touch, k.MainText, k.MainText, k.MainText, k.Touch, k.MainDown, 0}
	case Busy:
		l := look{k.Palette.Busy, k.Touch, k.BusyText, k.BusyText, k.BusyText, k.Palette.Busy, k.Palette.Busy, 0}
		if k.Bare {
			l.stroke = k.Strong
		}
		return l
	case Off:
		return look{k.Palette.Card, k.Rule, k.Palette.Shut, k.Palette.Shut, k.Palette.Shut, k.Palette.Card, k.Palette.Card, k.Strong}
	case Bar:
		return look{k.Palette.Card, k.Palette.Card, k.Touch, k.Touch, k.Touch, k.Palette.Card, k.TouchDown, 0}
	case Alert:
		return look{k.WarmGround, k.WarmGround, k.Warm, k.Warm, k.Warm, k.WarmGround, k.TouchDown, 0}
	}
	return look{k.Palette.Card, k.Line, k.Ink, k.Sub, k.Touch, k.TouchGround, k.TouchDown, k.Edge}
}

// Button is a thing to do: an icon, if there is one and room for it, and one line
// in the middle. size is that of its text. A Button without act is Off, and in a
// bare palette nothing is drawn, unless it is Busy.
func (k Kit) Button(s Style, icon, label string, size, w, h float32, act func()) fyne.CanvasObject {
	if act == nil && s != Busy {
		if k.Bare {
			return &fyne.Container{}
		}
		s = Off
	}
	l := k.look(s)
	iconSide, space := float32(0), float32(0)
	if icon != "" {
		iconSide, space = k.Px(size*1.15), k.Px(size*0.45)
	}
	least, room, high := max(theme.Least, size*0.55), w-k.Px(36), h-k.Px(12)
	b := k.FitIn(label, size, least, room-iconSide-space, high, true)
	if icon != "" && (b.Width() > room-iconSide-space || b.Height() > high) { // the words need the room
		icon, iconSide, space = "", 0, 0
		b = k.FitIn(label, size, least, room, high, true)
	}
	x := (w - iconSide - space - b.Width()) / 2
	var parts []fyne.CanvasObject
	if icon != "" {
		parts = append(parts, k.Icon(icon, l.icon, x, (h-iconSide)/2, iconSide))
	}
	parts = append(parts, b.Center(x+iconSide+space, (h-b.Height())/2, b.Width(), l.text))
	t := newTap(label, k.Box(l.fill, l.edge, l.stroke), l.down, w, h, act, parts...)
	t.acts = s == Main || s == Plain
	return t
}

// IconButton is a Button whose word has no room; its label is only for the voice.
func (k Kit) IconButton(s Style, icon, label string, w, h float32, act func()) fyne.CanvasObject {
	if act == nil {
		if k.Bare {
			return &fyne.Container{}
		}
		s = Off
	}
	l, side := k.look(s), min(k.Pt(44), min(w, h)-k.Px(inset))
	return newTap(label, k.Box(l.fill, l.edge, l.stroke), l.down, w, h, act, k.Icon(icon, l.icon, (w-side)/2, (h-side)/2, side))
}

// FrameButton is one of the frame's: an icon beside a word, or above it where
// the word is too large for that. Without act it is shown as not possible here.
func (k Kit) FrameButton(s Style, icon, label string, w, h float32, act func()) fyne.CanvasObject {
	l := k.look(s)
	if act == nil {
		if k.Bare {
			return &fyne.Container{}
		}
		l = k.look(Bar)
		l.text, l.icon = k.Palette.Shut, k.Palette.Shut
	}
	side, gap, pad := k.Px(48), k.Px(10), k.Px(6)
	b := k.Fit(label, 30, theme.Least, w-side-gap-2*pad, 1, false)
	var parts []fyne.CanvasObject
	above := k.T > 1 && h >= side+b.pitch // then so are its neighbours
	if !above && len(b.Lines) == 1 && b.Width() <= w-side-gap-2*pad {
		x := pad + k.Px(14)
		if x+side+gap+b.Width() > w-pad {
			x = (w - side - gap - b.Width()) / 2
		}
		parts = append(parts, k.Icon(icon, l.icon, x, (h-side)/2, side), b.Left(x+side+gap, (h-b.Height())/2, l.text))
	} else {
		b = k.Fit(label, 30, theme.Least, w-2*pad, 1, false)
		top := (h - side - b.Height()) / 2
		parts = append(parts, k.Icon(icon, l.icon, (w-side)/2, top, side), b.Center(0, top+side, w, l.text))
	}
	return newTap(label, k.Box(l.fill, nil, 0), l.down, w, h, act, parts...)
}

// Whole is a target over all of a screen, without a word of its own.
func (k Kit) Whole(label string, fill color.Color, w, h float32, act func()) fyne.CanvasObject {
	return newTap(label, canvas.NewRectangle(fill), fill, w, h, act)
}
