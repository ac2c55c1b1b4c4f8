package printertest

import (
	"image"
	"strings"
	"time"
)

// Paper is a piece of paper that came out: cut off, or the end of a used-up roll.
// It doesn't change any more.
type Paper struct {
	ID      int       // 1 is the first since the printer was made
	Text    []string  // the lines with something on them, as a person reads them
	QR      []string  // what the codes say that are whole
	Bytes   int       // from the first that sets or prints to the last of the cut
	Hazards int       // pairs in data that act as real-time commands
	Whole   bool      // nothing happened to it between the first byte and the cut
	Width   int       // dots that can be printed on
	Height  int       // dots
	First   time.Time // when the first of Bytes came off the line; zero if there are none
	Last    time.Time // when the last of Bytes did
	Cut     time.Time // when it came loose

	pieces []piece
}

// band is a stripe as wide as the paper.
type band struct {
	height int
	text   string // what is to be read on it
	qr     string
	draw   func(dst *image.Gray, y int) // nil is blank; clips to dst
}

// piece is rows from..to of a band.
type piece struct {
	*band
	from, to int
}

// strip is the paper that hangs at the head, from the cutter on.
type strip struct {
	pieces  []piece
	height  int // dots
	gap     int // of which so many are always there, between cutter and head
	torn    bool
	bytes   int
	hazards int
	first   time.Time
	last    time.Time
}

// reset is new paper, fed just past the cutter.
func (s *strip) reset(gap int) {
	*s = strip{gap: gap, torn: s.torn}
	s.add(&blank, 0, gap)
}

var blank = band{height: 1 << 30}

// printed is how many dots went by the head since the last cut.
func (s *strip) printed() int { return s.height - s.gap }

// hurt spoils what is on the strip, if there is something.
func (s *strip) hurt() { s.torn = s.torn || s.printed() > 0 }

// interrupt is the loss of all that was to come: what is there stays a fragment,
// and if there is nothing, the next paper is a fresh one.
func (s *strip) interrupt() {
	if s.torn = s.printed() > 0; !s.torn {
		s.bytes, s.hazards, s.first, s.last = 0, 0, time.Time{}, time.Time{}
	}
}

// begin is ESC @: with nothing printed yet, a fresh start.
func (s *strip) begin() {
	if s.printed() == 0 {
		s.interrupt()
	}
}

// count adds n bytes to those the paper took.
func (s *strip) count(n int, first, last time.Time, idle bool) {
	if idle && s.bytes == 0 {
		return
	}
	if s.bytes == 0 {
		s.first = first
	}
	s.bytes += n
	s.last = last
}

// add puts rows from..to of a band at the end.
func (s *strip) add(b *band, from, to int) {
	s.height += to - from
	if n := len(s.pieces); n > 0 && s.pieces[n-1].band == b && s.pieces[n-1].to == from {
		s.pieces[n-1].to = to
		return
	}
	s.pieces = append(s.pieces, piece{b, from, to})
}

// split takes the first h rows off.
func (s *strip) split(h int) (off []piece) {
	var rest []piece
	for _, p := range s.pieces {
		n := p.to - p.from
		switch {
		case h >= n:
			off = append(off, p)
		case h > 0:
			off = append(off, piece{p.band, p.from, p.from + h})
			rest = append(rest, piece{p.band, p.from + h, p.to})
		default:
			rest = append(rest, p)
		}
		h -= min(h, n)
	}
	s.pieces = rest
	return off
}

// tear makes a paper of the first h rows of the strip. A cut where nothing was fed
// makes none.
func (p *Printer) tear(h int) {
	s := &p.strip
	if h <= 0 {
		return
	}
	p.cuts++
	paper := &Paper{
		ID: p.cuts, Bytes: s.bytes, Hazards: s.hazards, Whole: !s.torn,
		Width: p.o.Width, Height: h,
		First: s.first, Last: s.last, Cut: time.Now(),
		pieces: s.split(h),
	}
	paper.read()
	*s = strip{pieces: s.pieces, height: s.height - h, gap: s.gap}
	p.papers = append(p.papers, paper)
	p.receive(paper)
	if n := len(p.papers) - p.o.Keep; n > 0 {
		p.papers = append([]*Paper(nil), p.papers[n:]...)
	}
}

// read takes down what can be read. A line cut in two belongs to the paper with
// its bigger part; a code must be whole.
func (p *Paper) read() {
	for _, c := range p.pieces {
		n := 2 * (c.to - c.from)
		if strings.TrimSpace(c.text) != "" && (n > c.height || n == c.height && c.from == 0) {
			p.Text = append(p.Text, c.text)
		}
		if c.qr != "" && n == 2*c.height {
			p.QR = append(p.QR, c.qr)
		}
	}
}

// Dots returns the printing area dot by dot, black (0) on white (255).
func (p *Paper) Dots() *image.Gray { return p.dots(p.Height) }

func (p *Paper) dots(height int) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, p.Width, height))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	y := 0
	for _, c := range p.pieces {
		n := c.to - c.from
		if c.draw != nil {
			part := img.SubImage(image.Rect(0, y, p.Width, y+n)).(*image.Gray)
			c.draw(part, y-c.from)
		}
		y += n
	}
	return img
}
