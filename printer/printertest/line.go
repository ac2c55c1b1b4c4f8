package printertest

import (
	"image"
	"strings"
	"time"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// line is what is set and not yet on its way to the head.
type line struct {
	cells []cell
	x     int // dots from the left margin
}

// cell is one character or one piece of bit image in a line.
type cell struct {
	x, w, h   int // dots
	em        int // dots of the font's em: as wide as a hanzi, twice as wide as a letter
	r         rune
	bold      bool
	underline int
	reverse   bool
	img       *bits
}

// decode reads a two-byte code of GB18030.
func decode(lead, trail byte) rune {
	b, err := simplifiedchinese.GB18030.NewDecoder().Bytes([]byte{lead, trail})
	r := []rune(string(b))
	if err != nil || len(r) != 1 || r[0] == '�' {
		return '□'
	}
	return r[0]
}

// letter reads a code of one byte.
func (p *Printer) letter(b byte) rune {
	switch {
	case b < 0x80:
		return rune(b)
	case p.mode.chinese: // 80 and FF are nothing in two-byte codes
		p.note([]byte{b})
		return '□'
	}
	return charmap.CodePage437.DecodeByte(b)
}

// room is the width of the printing area, dots.
func (p *Printer) room() int {
	w := p.o.Width - p.mode.left
	if p.mode.area > 0 {
		w = min(w, p.mode.area)
	}
	return w
}

// put sets one character, in a new line if this one is full.
func (p *Printer) put(r rune, han bool) {
	m := p.mode
	c := cell{r: r, bold: m.bold, underline: int(m.underline), reverse: m.reverse}
	var left, right int
	switch {
	case han:
		c.w, c.h = 24*m.han.w, 24*m.han.h
		c.em = c.w
		left, right = m.hanLeft*m.han.w, m.hanRight*m.han.w
	case m.small:
		c.w, c.h, right = 9*m.ank.w, 17*m.ank.h, m.gap*m.ank.w
		c.em = 2 * c.w
	default:
		c.w, c.h, right = 12*m.ank.w, 24*m.ank.h, m.gap*m.ank.w
		c.em = 2 * c.w
	}
	p.place(c, left, right)
}

func (p *Printer) place(c cell, left, right int) {
	if p.line.x+left+c.w > p.room() && p.line.x > 0 {
		p.feedLine(1)
	}
	c.x = p.line.x + left
	p.line.x = c.x + c.w + right
	p.line.cells = append(p.line.cells, c)
}

// moveTo sets the next position, dots from the left margin; what lies outside the
// area is ignored.
func (p *Printer) moveTo(x int) {
	if x >= 0 && x <= p.room() {
		p.line.x = x
	}
}

func (p *Printer) setTabs(at []byte) {
	p.mode.tabs = nil
	for _, n := range at {
		p.mode.tabs = append(p.mode.tabs, int(n)*12)
	}
}

func (p *Printer) tab() {
	tabs := p.mode.tabs
	if tabs == nil {
		for x := 96; x < p.room(); x += 96 {
			tabs = append(tabs, x)
		}
	}
	for _, x := range tabs {
		if x > p.line.x {
			p.moveTo(x)
			return
		}
	}
}

// feedLine prints the line and feeds n lines in all.
func (p *Printer) feedLine(n int) { p.endLine(n * p.mode.spacing) }

// endLine prints the line and feeds in all so many dots, but at least what the
// highest character needs.
func (p *Printer) endLine(dots int) {
	cells := p.line.cells
	p.line = line{}
	b := &band{height: dots}
	if len(cells) > 0 {
		end, top := 0, 0
		for _, c := range cells {
			end, top = max(end, c.x+c.w), max(top, c.h)
		}
		b.height = max(dots, top)
		b.text = readLine(cells)
		x0 := p.mode.left + p.indent(end)
		b.draw = func(dst *image.Gray, y int) {
			for _, c := range cells {
				c.draw(dst, x0, y+top)
			}
		}
	}
	p.print(b)
}

// indent is how far the alignment moves something w dots wide.
func (p *Printer) indent(w int) int {
	return max(0, (p.room()-w)*int(p.mode.align)/2)
}

// readLine is the line as a person reads it.
func readLine(cells []cell) string {
	var s strings.Builder
	end := 0
	for _, c := range cells {
		if c.img != nil {
			continue
		}
		if c.x >= end+12 && s.Len() > 0 {
			s.WriteByte(' ')
		}
		s.WriteRune(c.r)
		end = c.x + c.w
	}
	return strings.TrimRight(s.String(), " ")
}

// movement is a task for the motors: paper by the head, a cut, or what the exit
// does.
type movement struct {
	work func(*Printer) // the exit's
	band *band          // nil cuts
	done int            // rows of it
}

// print puts a band on its way to the paper.
func (p *Printer) print(b *band) {
	if b.height > 0 {
		p.motion = append(p.motion, movement{band: b})
	}
}

// cut prints what is set, feeds so many dots and cuts.
func (p *Printer) cut(feed int) {
	if len(p.line.cells) > 0 {
		p.feedLine(1)
	}
	p.print(&band{height: feed})
	p.motion = append(p.motion, movement{})
}

// slice is how many dots the motor runs before it looks about: 3 mm.
const slice = 24

// move does the next slice of work and says false when it must be waited for.
func (p *Printer) move() bool {
	m := p.motion[0]
	switch {
	case m.work != nil:
		p.motion = p.motion[1:]
		m.work(p)
		return true
	case m.band == nil:
		if p.trip(1, atCut); !p.stopped() { // else the knife stands, or all is lost
			p.motion = p.motion[1:]
			p.tear(p.strip.height - p.o.Gap)
		}
		return true
	}
	left := m.band.height - m.done
	if p.o.Speed <= 0 {
		p.roll(left)
		return true
	}
	if p.timer == nil {
		n := min(slice, left)
		p.later(time.Duration(n)*time.Second/time.Duration(8*p.o.Speed), func() { p.roll(n) })
	}
	return false
}

// roll moves the first band in motion n dots on, or until something breaks.
func (p *Printer) roll(n int) {
	for n > 0 && !p.stopped() {
		step := n
		for _, t := range p.triggers {
			if t.at.Dot > 0 {
				step = min(step, t.at.Dot)
			}
		}
		n -= step
		m := &p.motion[0]
		p.strip.add(m.band, m.done, m.done+step)
		if m.done += step; m.done == m.band.height {
			p.motion = p.motion[1:]
		}
		p.trip(step, atDot)
	}
}
