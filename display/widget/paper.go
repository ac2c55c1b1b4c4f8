package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// PaperOut is the frame at which a Paper is all out.
const PaperOut = 8

// Paper draws a slot of side by side pixels and the paper that comes out of it: at
// is 0 while nothing can be seen of it, and PaperOut when it hangs there. It stays
// as it is until MovePapers moves it.
func (k Kit) Paper(at int, side float32) fyne.CanvasObject {
	p := &paper{side: side, sheet: canvas.NewRectangle(k.Palette.Card)}
	p.sheet.StrokeColor, p.sheet.StrokeWidth = k.Ink, k.Px(k.Edge)
	slot := canvas.NewRectangle(k.Ink)
	slot.CornerRadius = side * 0.06
	o := &fyne.Container{Layout: p, Objects: []fyne.CanvasObject{Put(slot, 0, 0, side, side*slotHigh), p.sheet}}
	for range paperLines {
		line := canvas.NewRectangle(k.Warm)
		p.lines = append(p.lines, line)
		o.Objects = append(o.Objects, line)
	}
	p.move(at)
	o.Resize(fyne.NewSize(side, side))
	return o
}

const (
	slotHigh  = 0.16 // of the side, as all of these
	paperWide = 0.62
	paperHigh = 0.84
)

// paperLines are what is printed: how far each begins above the edge that comes out
// first, how high and how wide it is. The first is the number.
var paperLines = [][3]float32{{0.36, 0.2, 0.38}, {0.5, 0.07, 0.26}, {0.64, 0.07, 0.34}}

// paper is the layout of a Paper's container: it places nothing by itself, and
// keeps what moves.
type paper struct {
	side  float32
	sheet *canvas.Rectangle
	lines []*canvas.Rectangle
	at    int
}

// Layout is for Fyne.
func (*paper) Layout([]fyne.CanvasObject, fyne.Size) {}

// MinSize is for Fyne.
func (*paper) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(1, 1) }

// move shows frame at, and says whether that is another one.
func (p *paper) move(at int) bool {
	at = min(max(at, 0), PaperOut)
	moved := at != p.at
	p.at = at
	top, wide := p.side*slotHigh, p.side*paperWide
	high := p.side * paperHigh * float32(at) / PaperOut
	p.sheet.Hidden = at == 0
	Put(p.sheet, (p.side-wide)/2, top, wide, high)
	for i, l := range paperLines {
		y := high - p.side*l[0]
		p.lines[i].Hidden = y < p.sheet.StrokeWidth+1 // still in the slot
		Put(p.lines[i], p.side*(1-l[2])/2, top+y, p.side*l[2], p.side*l[1])
	}
	return moved
}

// MovePapers shows frame at of every Paper in a drawing, which redraws the window
// where that is another one than before.
func MovePapers(o fyne.CanvasObject, at int) {
	c, ok := o.(*fyne.Container)
	if !ok {
		return
	}
	if p, ok := c.Layout.(*paper); ok && p.move(at) {
		Redraw(c)
	}
	for _, child := range c.Objects {
		MovePapers(child, at)
	}
}
