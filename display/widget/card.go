package widget

import (
	"image/color"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"hallkiosk/display/theme"
)

// Card is a choice: an icon, what it is, and a second line; Icon and Second may
// be empty.
type Card struct {
	Style               Style
	Icon, Title, Second string
	Short               string  // Second in a few words, which stand at the right of the title where it has no room; may be empty
	Beside              bool    // they do
	Size                float32 // of the title at most; 0 is theme.Heading, or theme.Body with Slim
	Slim                bool    // a few words in smaller letters, so that there is room for the icon
	Narrow              bool    // little white at the sides, so that there is room for a longer line
	Mark                [2]int  // from and to: the characters of Title that stand out
	Act                 func()
}

// inset is the least white above and below a card's text.
const inset = 6

// CardHeight is what a card of width w needs at least, and what it should have.
func (k Kit) CardHeight(c Card, w float32) (least, good float32) {
	return k.CardHeightAt(c, w, theme.Least), k.CardHeightAt(c, w, theme.Heading) + 2*k.Px(theme.Pad-inset)
}

// CardHeightAt is what it needs at least for a title as large as size.
func (k Kit) CardHeightAt(c Card, w, size float32) float32 {
	return max(k.Target(), k.text(c, size, k.room(c, w)).height()+2*k.Px(inset))
}

// SecondFits says whether a card's second line is one.
func (k Kit) SecondFits(c Card, w float32) bool {
	return len(k.Fit(c.Second, theme.Second, theme.Least, k.room(c, w), 1, false).Lines) == 1
}

// heading is the largest size of the title.
func (c Card) heading() float32 {
	if c.Slim {
		return theme.Body
	}
	return theme.Heading
}

// icon is the side of a card's icon, 0 when it has none or there is no room.
func (k Kit) icon(c Card, w float32) float32 {
	side := min(k.Px(104), max(k.Px(64), w*0.21))
	if c.Icon == "" || w-side < k.Pt(6.5*c.heading()) {
		return 0
	}
	return side
}

// sides is the white at the left and the right of a card's text.
func (k Kit) sides(c Card) (left, right float32) {
	if c.Narrow {
		return k.Px(16), k.Px(10)
	}
	return k.Px(theme.Pad), k.Px(20)
}

func (k Kit) room(c Card, w float32) float32 {
	left, right := k.sides(c)
	room := w - left - right
	if side := k.icon(c, w); side > 0 {
		room -= side + k.Px(24)
	}
	return room
}

// thin says that a card is closed where no colour can say so: its letters and its
// edge are thin among bold ones.
func (k Kit) thin(c Card) bool { return k.Bare && c.Style == Shut }

// cardText is what stands on a card: lines below each other, and what is beside
// them.
type cardText struct {
	lines  []Block
	beside Block
}

func (t cardText) height() (high float32) {
	return max(blocks(t.lines), t.beside.Height())
}

// text is a card's text with the title as large as size. Long titles take three
// lines before they take small letters.
func (k Kit) text(c Card, size, room float32) (t cardText) {
	if c.Beside && c.Short != "" {
		t.beside = k.Fit(c.Short, theme.Second, theme.Least, room*0.45, 2, false)
		room -= t.beside.Width() + k.Px(24)
	}
	t.lines = []Block{k.Fit(c.Title, size, theme.Least, room, 3, !k.thin(c))}
	if c.Second != "" && !c.Beside {
		second := k.Fit(c.Second, theme.Second, theme.Least, room, 1, false)
		if len(second.Lines) > 1 { // break it between what it says
			second = k.Fit(strings.ReplaceAll(c.Second, " · ", "\n"), theme.Second, theme.Least, room, 2, false)
			second.text = c.Second
		}
		t.lines = append(t.lines, second)
	}
	return t
}

// CardSize is how large a card's title can be, so that cards of one list have
// letters of one size.
func (k Kit) CardSize(c Card, w, h float32) float32 {
	size, _ := k.fitted(c, w, h)
	return size
}

func (k Kit) fitted(c Card, w, h float32) (size float32, t cardText) {
	size = c.heading()
	if c.Size > 0 {
		size = min(size, c.Size)
	}
	for ; ; size -= 2 {
		t = k.text(c, size, k.room(c, w))
		if t.height() <= h-2*k.Px(inset) || size <= theme.Least {
			return size, t
		}
	}
}

func blocks(list []Block) (high float32) {
	for _, b := range list {
		high += b.Height()
	}
	return high
}

// Card draws a card of w by h pixels.
func (k Kit) Card(c Card, w, h float32) fyne.CanvasObject {
	l := k.look(c.Style)
	if k.Bare && c.Style == Choice {
		l.stroke = k.Strong
	}
	var parts []fyne.CanvasObject
	left, right := k.sides(c)
	if side := k.icon(c, w); side > 0 {
		side = min(side, h-2*k.Px(inset))
		back := canvas.NewRectangle(l.iconBack)
		y, in := (h-side)/2, float32(0.21)
		if l.iconBack == l.fill {
			in = 0.12
		}
		parts = append(parts, Put(back, left, y, side, side), k.Icon(c.Icon, l.icon, left+side*in, y+side*in, side*(1-2*in)))
		left += side + k.Px(24)
	}
	_, t := k.fitted(c, w, h)
	lines := t.lines
	if c.Mark[0] < c.Mark[1] {
		lines[0] = lines[0].Mark(c.Mark[0], c.Mark[1], l.icon, k.Bare)
	}
	y := (h - blocks(lines)) / 2
	for i, b := range lines {
		color := l.text
		if i > 0 {
			color = l.second
		}
		parts = append(parts, b.Left(left, y, color))
		y += b.Height()
	}
	if b := t.beside; len(b.Lines) > 0 {
		parts = append(parts, b.Right(w-right, (h-b.Height())/2, l.second))
	}
	return newTap(c.Title, k.Box(l.fill, l.edge, l.stroke), l.down, w, h, c.Act, parts...)
}

// Tone is what a notice is about.
type Tone int

// The tones.
const (
	Info Tone = iota // what is going on
	Good
	Bad // trouble, or what to know before going on
)

// Notice is a message with an icon; it can't be touched. Head or Body may be
// empty. Where no colour tells it from a button it has no frame, but a bar at its
// left.
type Notice struct {
	Tone             Tone
	Icon, Head, Body string
	Alone            bool // it is all that the screen says
	Slim             bool // smaller letters, where it shares little room with others
	Paper            *int // unless nil, a Paper at this frame stands in the place of Icon
}

// noticeBar is how thick the bar of a notice is that has no frame.
const noticeBar = 14

// NoticeGround is what is behind the words of a notice.
func (k Kit) NoticeGround(t Tone, x, y, w, h float32) fyne.CanvasObject {
	fill, edge := k.Palette.Card, k.Line
	switch t {
	case Good:
		fill, edge = k.OKGround, k.OKLine
	case Bad:
		fill, edge = k.WarmGround, k.WarmLine
	}
	if k.Bare {
		return Put(canvas.NewRectangle(edge), x, y, k.Px(noticeBar), h)
	}
	return Put(k.Box(fill, edge, k.Edge), x, y, w, h)
}

func (k Kit) notice(n Notice, w float32) (side, left float32, blocks []Block) {
	side, left = k.Px(72), k.Px(40)
	head, least, body := float32(theme.Heading), float32(32), float32(theme.Body)
	switch {
	case n.Alone:
		side, head, body = k.Px(96), 56, 40
	case n.Slim:
		head, least, body = theme.Body, theme.Least, theme.Least
	}
	drawn := float32(1.5) // a Paper is more than an icon
	if w < k.Pt(700) {    // narrow: the words need the room
		side, left = min(side, k.Px(72)), k.Px(24)
	}
	if w < k.Px(700) { // large text alone makes no icon smaller
		side, drawn = k.Px(56), 1.2
	}
	if n.Paper != nil {
		side *= drawn
	}
	room := w - left - side - k.Px(28) - k.Px(28)
	if n.Head != "" {
		lines := 2
		if n.Slim { // small letters come before a second line
			lines = 1
		}
		blocks = append(blocks, k.Fit(n.Head, head, least, room, lines, true))
	}
	if n.Body != "" {
		blocks = append(blocks, k.Fit(n.Body, body, theme.Least, room, 3, false))
	}
	return side, left, blocks
}

// NoticeHeight is what a notice of width w needs.
func (k Kit) NoticeHeight(n Notice, w float32) float32 {
	side, _, list := k.notice(n, w)
	return max(side, blocks(list)) + 2*k.Px(22)
}

// Notice draws a notice of w by h pixels.
func (k Kit) Notice(n Notice, w, h float32) fyne.CanvasObject {
	c := map[Tone]color.NRGBA{Info: k.Touch, Good: k.OK, Bad: k.Warm}[n.Tone]
	side, left, list := k.notice(n, w)
	parts := []fyne.CanvasObject{k.NoticeGround(n.Tone, 0, 0, w, h)}
	if n.Paper != nil {
		parts = append(parts, Put(k.Paper(*n.Paper, side), left, (h-side)/2, side, side))
	} else {
		parts = append(parts, k.Icon(n.Icon, c, left, (h-side)/2, side))
	}
	y := (h - blocks(list)) / 2
	for _, b := range list {
		parts = append(parts, b.Left(left+side+k.Px(28), y, k.Ink))
		y += b.Height()
	}
	return &fyne.Container{Objects: parts}
}
