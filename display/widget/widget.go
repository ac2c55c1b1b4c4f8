// Package widget is the parts that screens are made of: cards, buttons,
// notices, lines of text. Everything that can be touched is a Tap, so that one
// walk over a screen finds every target and every word (see Survey).
//
// All of it runs on Fyne's goroutine only.
package widget

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"hallkiosk/display/theme"
)

// Kit makes parts of one size: U is the pixels of this screen for one pixel of
// the 1080 x 1920 design.
type Kit struct{ U float32 }

// Px converts a size of the design.
func (k Kit) Px(v float32) float32 { return v * k.U }

// Tap is something to touch: what it looks like, the rectangle that answers to
// the finger, and what happens.
type Tap struct {
	widget.BaseWidget
	label   string
	content *fyne.Container
	box     *canvas.Rectangle
	rest    color.Color
	down    color.Color
	act     func()
}

var (
	_ fyne.Tappable      = (*Tap)(nil)
	_ desktop.Mouseable  = (*Tap)(nil)
	_ desktop.Cursorable = (*Tap)(nil)
)

func newTap(label string, box *canvas.Rectangle, down color.Color, act func(), parts ...fyne.CanvasObject) *Tap {
	t := &Tap{label: label, box: box, rest: box.FillColor, down: down, act: act}
	t.content = &fyne.Container{Objects: append([]fyne.CanvasObject{box}, parts...)}
	t.ExtendBaseWidget(t)
	return t
}

// CreateRenderer is for Fyne.
func (t *Tap) CreateRenderer() fyne.WidgetRenderer { return tapRenderer{t} }

type tapRenderer struct{ t *Tap }

func (r tapRenderer) Destroy()                     {}
func (r tapRenderer) Layout(size fyne.Size)        { r.t.content.Resize(size); r.t.box.Resize(size) }
func (r tapRenderer) MinSize() fyne.Size           { return fyne.NewSize(1, 1) }
func (r tapRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.t.content} }
func (r tapRenderer) Refresh()                     { canvas.Refresh(r.t.content) }

// Label is what the target is called: its first words.
func (t *Tap) Label() string { return t.label }

// Content is what the target shows.
func (t *Tap) Content() fyne.CanvasObject { return t.content }

// Tapped is for Fyne: the finger left where it came down.
func (t *Tap) Tapped(*fyne.PointEvent) {
	if t.act != nil {
		t.act()
	}
}

// MouseDown shows that the touch was felt.
func (t *Tap) MouseDown(*desktop.MouseEvent) { t.paint(t.down) }

// MouseUp shows that it is over.
func (t *Tap) MouseUp(*desktop.MouseEvent) { t.paint(t.rest) }

func (t *Tap) paint(c color.Color) {
	if t.act == nil || t.box.FillColor == c {
		return
	}
	t.box.FillColor = c
	t.box.Refresh()
}

// Cursor hides the arrow: fingers have none.
func (t *Tap) Cursor() desktop.Cursor { return desktop.HiddenCursor }

// Box draws a rectangle with the house's corners.
func (k Kit) Box(fill, edge color.Color, width float32) *canvas.Rectangle {
	r := canvas.NewRectangle(fill)
	r.CornerRadius = k.Px(theme.Corner)
	if edge != nil {
		r.StrokeColor, r.StrokeWidth = edge, k.Px(width)
	}
	return r
}

// Put places an object.
func Put(o fyne.CanvasObject, x, y, w, h float32) fyne.CanvasObject {
	o.Move(fyne.NewPos(x, y))
	o.Resize(fyne.NewSize(w, h))
	return o
}

// Icon draws a line icon of size by size.
func (k Kit) Icon(name string, c color.NRGBA, x, y, size float32) fyne.CanvasObject {
	side := int(size + 0.5)
	i := canvas.NewImageFromImage(theme.Icon(name, c, side))
	i.FillMode = canvas.ImageFillStretch
	return Put(i, float32(int(x)), float32(int(y)), float32(side), float32(side))
}

// Look is how a card or a button appears.
type Look struct {
	Fill, Edge, Text, Second, Icon, IconBack, Down color.NRGBA
	EdgeWidth                                      float32
}

// The looks.
var (
	Choice = Look{Fill: theme.White, Edge: theme.Line, Text: theme.Ink, Second: theme.Sub, Icon: theme.Blue, IconBack: theme.BlueGround, Down: theme.BlueGround, EdgeWidth: theme.Edge}
	Shut   = Look{Fill: theme.ClosedBack, Edge: theme.Line, Text: theme.Closed, Second: theme.Closed, Icon: theme.Closed, IconBack: theme.Rule, Down: theme.Rule, EdgeWidth: theme.Edge}
	Main   = Look{Fill: theme.Blue, Edge: theme.Blue, Text: theme.White, Second: theme.White, Icon: theme.White, IconBack: theme.Blue, Down: theme.BlueDown}
	Plain  = Look{Fill: theme.White, Edge: theme.Blue, Text: theme.Blue, Second: theme.Sub, Icon: theme.Blue, IconBack: theme.White, Down: theme.BlueGround, EdgeWidth: 4}
	Dark   = Look{Fill: theme.Night, Edge: theme.Night, Text: theme.Dim, Second: theme.Dim, Icon: theme.Dim, IconBack: theme.Night, Down: theme.Night}
	Off    = Look{Fill: theme.White, Edge: theme.Rule, Text: theme.Closed, Second: theme.Closed, Icon: theme.Closed, IconBack: theme.White, Down: theme.White, EdgeWidth: 4}
)

// Card is a choice: an icon, what it is, and a second line.
func (k Kit) Card(look Look, icon, title, second string, w, h float32, act func()) *Tap {
	pad := k.Px(28)
	var parts []fyne.CanvasObject
	left := pad
	if icon != "" {
		side := min(k.Px(104), h-2*k.Px(16))
		back := canvas.NewRectangle(look.IconBack)
		back.CornerRadius = k.Px(16)
		y := (h - side) / 2
		parts = append(parts, Put(back, pad, y, side, side), k.Icon(icon, look.Icon, pad+side*0.21, y+side*0.21, side*0.58))
		left += side + k.Px(24)
	}
	room := w - left - k.Px(20)
	gap := k.Px(4)
	var lines []Block
	total := float32(0)
	// Long titles take three lines before they take small letters.
	for size := float32(theme.Heading); ; size -= 2 {
		lines = append(lines[:0], k.Fit(title, size, 26, room, 3, true))
		if second != "" {
			lines = append(lines, k.Fit(second, theme.Second, 22, room, 1, false))
		}
		total = -gap
		for _, b := range lines {
			total += b.Height() + gap
		}
		if total <= h-2*k.Px(6) || size <= 26 {
			break
		}
	}
	y := (h - total) / 2
	for i, b := range lines {
		c := look.Text
		if i > 0 {
			c = look.Second
		}
		parts = append(parts, b.Left(left, y, c)...)
		y += b.Height() + gap
	}
	t := newTap(title, k.Box(look.Fill, look.Edge, look.EdgeWidth), look.Down, act, parts...)
	t.Resize(fyne.NewSize(w, h))
	return t
}

// Button is a thing to do: an icon, if any, and one line in the middle.
func (k Kit) Button(look Look, icon, label string, size, w, h float32, act func()) *Tap {
	iconSide, space := float32(0), float32(0)
	if icon != "" {
		iconSide, space = k.Px(size*1.15), k.Px(size*0.45)
	}
	b := k.Fit(label, size, size*0.55, w-iconSide-space-k.Px(48), 1, true)
	x := (w - iconSide - space - b.Width()) / 2
	var parts []fyne.CanvasObject
	if icon != "" {
		parts = append(parts, k.Icon(icon, look.Icon, x, (h-iconSide)/2, iconSide))
	}
	parts = append(parts, b.Left(x+iconSide+space, (h-b.Height())/2, look.Text)...)
	t := newTap(label, k.Box(look.Fill, look.Edge, look.EdgeWidth), look.Down, act, parts...)
	t.Resize(fyne.NewSize(w, h))
	return t
}

// FrameButton is one of the bar's: an icon above a word. Without act it is
// shown as not possible here.
func (k Kit) FrameButton(icon, label string, w, h float32, act func()) *Tap {
	c := theme.Blue
	if act == nil {
		c = theme.Closed
	}
	side := k.Px(56)
	b := k.Fit(label, 30, 22, w-k.Px(8), 1, false)
	top := (h - side - k.Px(10) - b.Height()) / 2
	parts := append([]fyne.CanvasObject{k.Icon(icon, c, (w-side)/2, top, side)}, b.Center(0, top+side+k.Px(10), w, c)...)
	t := newTap(label, k.Box(theme.White, nil, 0), theme.BlueGround, act, parts...)
	t.Resize(fyne.NewSize(w, h))
	return t
}

// Notice is a message with an icon; it can't be touched.
func (k Kit) Notice(fill, edge, c color.NRGBA, icon, head, body string, w, h float32) fyne.CanvasObject {
	side := k.Px(72)
	left := k.Px(40) + side + k.Px(36)
	room := w - left - k.Px(32)
	parts := []fyne.CanvasObject{Put(k.Box(fill, edge, theme.Edge), 0, 0, w, h), k.Icon(icon, c, k.Px(40), (h-side)/2, side)}
	var blocks []Block
	if head != "" {
		blocks = append(blocks, k.Fit(head, theme.Heading, 32, room, 2, true))
	}
	if body != "" {
		blocks = append(blocks, k.Fit(body, theme.Body, 26, room, 4, false))
	}
	total := float32(0)
	for _, b := range blocks {
		total += b.Height() + k.Px(8)
	}
	y := (h - total + k.Px(8)) / 2
	for _, b := range blocks {
		parts = append(parts, b.Left(left, y, theme.Ink)...)
		y += b.Height() + k.Px(8)
	}
	return &fyne.Container{Objects: parts}
}
