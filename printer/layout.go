package printer

import (
	"strings"

	"hallkiosk/kiosk"
	"hallkiosk/printer/escpos"
)

// Page is one paper, ready for the line.
type Page struct {
	Bytes []byte // without the questions around it
	Dots  int    // how long it gets, about; 8 are a millimetre

	Picture int // bytes of the largest picture in it, which is one command
}

func pageOf(b *escpos.Builder) Page { return Page{b.Bytes(), b.Dots(), b.Picture()} }

// Render lays a slip out as a layout says: text by the printer's own letters,
// the code by its own command, and as dots what the printer doesn't have. The
// layout must be a checked one; whatever it says, the paper ends with a cut.
func Render(l kiosk.Layout, s Slip) Page {
	r := renderer{s: s, columns: s.Profile.Width / cell}
	r.b.Init()
	r.b.Align(escpos.Center)
	for i := 0; i < len(l.Blocks); {
		list := listOf(l.Blocks[i], s.Lang)
		n := i + 1
		if list == "" {
			r.block(l.Blocks[i], nil)
			i = n
			continue
		}
		for n < len(l.Blocks) && listOf(l.Blocks[n], s.Lang) == list {
			n++
		}
		for _, member := range s.Lists[list] {
			for _, b := range l.Blocks[i:n] {
				r.block(b, member)
			}
		}
		i = n
	}
	r.b.Cut()
	return pageOf(&r.b)
}

// cell is the width of half a Hanzi at size 1, in dots.
const cell = 12

// listOf returns the list whose members a block is repeated for.
func listOf(b kiosk.Block, lang kiosk.Lang) string {
	for _, text := range []string{b.In(lang), b.QR} {
		pieces, _ := kiosk.Pieces(text) // a checked layout has no error here
		for _, p := range pieces {
			if l := kiosk.List(p.Value); l != "" {
				return l
			}
		}
	}
	return ""
}

type renderer struct {
	b       escpos.Builder
	s       Slip
	columns int // half-width cells of a line at size 1
}

var alignments = map[string]escpos.Alignment{"": escpos.Center, "center": escpos.Center, "left": escpos.Left, "right": escpos.Right}

func (r *renderer) block(b kiosk.Block, member map[string]string) {
	if b.When != "" && r.empty(b.When, member) || b.Unless != "" && !r.empty(b.Unless, member) {
		return
	}
	size := max(1, b.Size)
	switch {
	case b.Rule:
		r.b.Feed(16)
		w := min(6, r.s.Profile.Scale) // long dashes take fewer bytes
		r.b.Size(w, 1)
		r.b.Line(strings.Repeat("-", r.columns/w))
	case b.Space > 0:
		r.space(b.Space)
	case b.QR != "":
		if data, ok := r.expand(b.QR, member, len(b.QR)*100); ok {
			r.b.Align(alignments[b.Align])
			r.code(data, max(2, size))
		}
	default:
		text, ok := r.expand(b.In(r.s.Lang), member, r.columns)
		if !ok {
			return
		}
		r.b.Align(alignments[b.Align])
		r.b.Bold(b.Bold)
		// Titles stay high and become narrow; what is larger keeps its shape.
		w := r.fit(text, size)
		h := min(size, r.s.Profile.Scale)
		if size > 2 {
			h = w
		}
		r.b.Size(w, h)
		for _, part := range wrap(text, r.columns/w) {
			r.line(part, w, h, b.Bold)
		}
		r.b.Bold(false)
	}
}

func (r *renderer) space(dots int) {
	for ; dots > 255; dots -= 255 {
		r.b.Feed(255)
	}
	r.b.Feed(dots)
}

// fit returns the largest magnification up to most at which text fills one line.
func (r *renderer) fit(text string, most int) int {
	return max(1, min(most, r.s.Profile.Scale, r.columns/max(1, escpos.Cells(text))))
}

// line writes one line, as dots if the printer lacks a character of it.
func (r *renderer) line(text string, w, h int, bold bool) {
	if r.s.Profile.holds(text) {
		r.b.Line(text)
		return
	}
	width, rows := lineDots(text, w, h, bold)
	r.b.Raster(width, rows)
}

// code prints a code as large as wanted, or as the paper allows.
func (r *renderer) code(data string, dots int) {
	dots = max(1, min(dots, r.s.Profile.Width/codeSide(len(data))))
	if r.s.Profile.QR {
		r.b.QR(data, dots)
		return
	}
	if modules, ok := modulesOf(data); ok {
		dots = max(1, min(dots, max(3, dots*2/3))) // dots take their time on the line
		r.b.Raster(codeDots(modules, dots))
	}
}

func (r *renderer) empty(value string, member map[string]string) bool {
	if list := kiosk.List(value); list != "" && member == nil {
		return len(r.s.Lists[list]) == 0
	}
	return member[value] == "" && r.s.Values[value] == "" && len(r.s.Joined[value]) == 0
}

// expand fills the values in. ok is false when one of them is empty. A joined
// list takes what columns leave it.
func (r *renderer) expand(text string, member map[string]string, columns int) (string, bool) {
	pieces, _ := kiosk.Pieces(text)
	var out strings.Builder
	joined := -1
	for i, p := range pieces {
		v := p.Plain
		switch {
		case p.Value == "":
		case r.s.Joined[p.Value] != nil:
			joined = i
			continue
		case kiosk.List(p.Value) != "":
			v = member[p.Value]
		default:
			v = r.s.Values[p.Value]
		}
		if p.Value != "" && v == "" {
			return "", false
		}
		if joined >= 0 && i > joined { // what follows the list is kept apart for a moment
			pieces[i].Plain = v
			continue
		}
		out.WriteString(v)
	}
	if joined < 0 {
		return out.String(), strings.TrimSpace(out.String()) != ""
	}
	tail := ""
	for _, p := range pieces[joined+1:] {
		tail += p.Plain
	}
	if columns == r.columns && columns < 40 { // narrow paper gets a second line
		columns *= 2
	}
	list := r.join(r.s.Joined[pieces[joined].Value], columns-escpos.Cells(out.String()+tail))
	return out.String() + list + tail, list != ""
}

// join writes as many names as columns hold; the screen has all of them.
func (r *renderer) join(names []string, columns int) string {
	comma, more := "、", " 等"
	if r.s.Lang == kiosk.En {
		comma, more = ", ", " ..."
	}
	line := ""
	for i, name := range names {
		next := line + name
		if i > 0 {
			next = line + comma + name
		}
		rest := 0
		if i < len(names)-1 {
			rest = escpos.Cells(more)
		}
		if escpos.Cells(next)+rest > columns {
			if i == 0 {
				line = name // never none: it takes another line
			}
			return line + more
		}
		line = next
	}
	return line
}

// wrap breaks text into lines of at most columns half-width cells: English
// between words, Chinese anywhere.
func wrap(text string, columns int) []string {
	var lines []string
	line, width, space := "", 0, -1 // space: where the line may break, in bytes
	for _, r := range text {
		w := escpos.Cells(string(r))
		if width+w > columns && line != "" {
			rest := ""
			if space > 0 && r < 0x80 && r != ' ' {
				line, rest = line[:space], line[space+1:]
			}
			lines = append(lines, strings.TrimRight(line, " "))
			line, width, space = rest, escpos.Cells(rest), -1
			if r == ' ' {
				continue
			}
		}
		if r == ' ' {
			space = len(line)
		}
		if r >= 0x80 {
			space = -1
		}
		line += string(r)
		width += w
	}
	return append(lines, line)
}
