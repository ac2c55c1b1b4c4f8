package printertest

import "time"

// command is one of the commands of the interpreter.
type command struct {
	size func(args []byte) int // bytes of arguments, as far as those here tell
	run  func(p *Printer, args []byte)
	idle bool // says nothing about a paper: state and status
}

// step gives the interpreter one byte.
func (p *Printer) step(o octet) {
	if len(p.code) == 0 {
		p.codeAt = o.at
	}
	p.code = append(p.code, o.b)
	if p.def == nil {
		switch n := len(p.code); {
		case n == 1 && p.begins(o.b):
			return
		case n == 1:
			p.single(o)
			return
		case p.code[0] >= 0x81:
			p.hanzi(o)
			return
		}
		def, ok := commands[[2]byte{p.code[0], p.code[1]}]
		if !ok {
			p.note(p.code)
			p.done(o.at, false)
			return
		}
		p.def = &def
	}
	args := p.code[2:]
	if len(args) < p.def.size(args) {
		return
	}
	def := p.def
	p.strip.hazards += hazards(args)
	if p.code[0] == 0x10 {
		p.code, p.def = nil, nil // it acted when it came off the line
		return
	}
	p.strip.count(len(p.code), p.codeAt, o.at, def.idle)
	p.said = o.said
	def.run(p, args)
	p.code, p.def = nil, nil
}

// begins says whether a first byte needs a second one.
func (p *Printer) begins(b byte) bool {
	switch b {
	case 0x10, 0x1B, 0x1C, 0x1D:
		return true
	}
	return p.mode.chinese && b >= 0x81 && b <= 0xFE
}

// done ends the command under way.
func (p *Printer) done(at time.Time, idle bool) {
	p.strip.count(len(p.code), p.codeAt, at, idle)
	p.code, p.def = nil, nil
}

// single is a control character or a character of one byte.
func (p *Printer) single(o octet) {
	p.done(o.at, o.b == 0x00 || o.b == 0x18 || o.b == 0x0D)
	switch o.b {
	case 0x0A, 0x0C:
		p.feedLine(1)
	case 0x09:
		p.tab()
	case 0x00, 0x0D, 0x18: // padding; CR without automatic line feed; CAN outside page mode
	case 0x11, 0x13: // flow control isn't for a printer
	default:
		if o.b < 0x20 {
			p.note([]byte{o.b})
			return
		}
		p.put(p.letter(o.b), false)
	}
}

// hanzi is the second byte of a character of two. A second byte that can't be one
// leaves a box, and stands for itself: so four-byte codes print as rubbish.
func (p *Printer) hanzi(o octet) {
	lead := p.code[0]
	if o.b >= 0x40 && o.b <= 0xFE && o.b != 0x7F {
		r := decode(lead, o.b)
		p.done(o.at, false)
		p.put(r, true)
		return
	}
	p.note(p.code)
	p.code = p.code[:1]
	p.done(o.at, false)
	p.put('□', true)
	p.step(o)
}

// hazards counts the pairs in a command's data that act as real-time commands.
func hazards(data []byte) (n int) {
	for i := 1; i < len(data); i++ {
		if data[i-1] == 0x10 && (data[i] == 0x04 || data[i] == 0x05 || data[i] == 0x14) {
			n++
		}
	}
	return n
}

// mode is what ESC @ resets.
type mode struct {
	chinese           bool
	ank, han          factor // GS ! sets both, ESC ! and FS ! one
	small             bool   // font B, 9x17
	bold              bool
	underline         byte // dots
	reverse           bool
	align             byte // 0 left, 1 centre, 2 right
	spacing           int  // dots of line spacing
	gap               int  // dots right of a letter
	hanLeft, hanRight int  // dots beside a hanzi
	left, area        int  // dots; area 0 is all
	tabs              []int
	qr                qrMode
}

// factor is how many times a character is wider and higher.
type factor struct{ w, h int }

func (p *Printer) defaults() mode {
	return mode{
		chinese: !p.o.Western,
		ank:     factor{1, 1}, han: factor{1, 1},
		spacing: 30, // 3.75 mm, the factory setting of 203 dpi printers
		qr:      qrMode{dots: 3, level: '0'},
	}
}

// exactly is the size of a command with n bytes of arguments.
func exactly(n int) func([]byte) int { return func([]byte) int { return n } }

// counted is a command with a length of its own: pL pH at args[at:].
func counted(at int) func([]byte) int {
	return func(a []byte) int {
		if len(a) < at+2 {
			return at + 2
		}
		return at + 2 + int(a[at]) + int(a[at+1])<<8
	}
}

// toNul is a command that ends with 00.
func toNul(a []byte) int {
	if len(a) > 0 && a[len(a)-1] == 0 {
		return len(a)
	}
	return len(a) + 1
}

// ignore carries out nothing and finds nothing wrong with that.
func ignore(*Printer, []byte) {}

// refuse is for commands whose length is known and whose effect is not built.
func refuse(p *Printer, _ []byte) { p.note(p.code) }

// refuseOn is for modes that are not built: switching them off is no mistake.
func refuseOn(p *Printer, a []byte) {
	if digit(a[0]) != 0 {
		p.note(p.code)
	}
}

// commands is what the interpreter knows: the first two bytes, then what follows.
var commands map[[2]byte]command

func init() {
	commands = map[[2]byte]command{}
	add := func(prefix byte, part map[byte]command) {
		for b, c := range part {
			commands[[2]byte{prefix, b}] = c
		}
	}
	live := func(head ...byte) func([]byte) int {
		return func(a []byte) int { return max(liveSize(append(head, a...))-2, 0) }
	}
	add(0x10, map[byte]command{
		0x04: {size: exactly(1)},
		0x05: {size: exactly(1)},
		0x14: {size: live(0x10, 0x14)},
	})
	add(0x1B, escCommands)
	add(0x1C, fsCommands)
	add(0x1D, gsCommands)
}

var escCommands = map[byte]command{
	'@': {size: exactly(0), idle: true, run: func(p *Printer, _ []byte) {
		p.mode, p.line = p.defaults(), line{}
		p.strip.begin()
	}},
	'!': {size: exactly(1), run: func(p *Printer, a []byte) {
		p.mode.small, p.mode.bold = a[0]&0x01 != 0, a[0]&0x08 != 0
		p.mode.ank = doubled(a[0]&0x20 != 0, a[0]&0x10 != 0)
		p.mode.underline = a[0] >> 7
	}},
	'E':  {size: exactly(1), run: func(p *Printer, a []byte) { p.mode.bold = a[0]&1 != 0 }},
	'G':  {size: exactly(1), run: func(p *Printer, a []byte) { p.mode.bold = a[0]&1 != 0 }},
	'M':  {size: exactly(1), run: func(p *Printer, a []byte) { p.mode.small = a[0]&1 != 0 }},
	'-':  {size: exactly(1), run: func(p *Printer, a []byte) { p.mode.underline = digit(a[0]) % 3 }},
	' ':  {size: exactly(1), run: func(p *Printer, a []byte) { p.mode.gap = int(a[0]) }},
	'2':  {size: exactly(0), run: func(p *Printer, _ []byte) { p.mode.spacing = 30 }},
	'3':  {size: exactly(1), run: func(p *Printer, a []byte) { p.mode.spacing = int(a[0]) }},
	'd':  {size: exactly(1), run: func(p *Printer, a []byte) { p.feedLine(int(a[0])) }},
	'J':  {size: exactly(1), run: func(p *Printer, a []byte) { p.endLine(int(a[0])) }},
	'$':  {size: exactly(2), run: func(p *Printer, a []byte) { p.moveTo(le(a)) }},
	'\\': {size: exactly(2), run: func(p *Printer, a []byte) { p.moveTo(p.line.x + int(int16(le(a)))) }},
	'D':  {size: toNul, run: func(p *Printer, a []byte) { p.setTabs(a[:len(a)-1]) }},
	'i':  {size: exactly(0), run: func(p *Printer, _ []byte) { p.cut(0) }},
	'm':  {size: exactly(0), run: func(p *Printer, _ []byte) { p.cut(0) }},
	'*':  {size: bitImageSize, run: (*Printer).bitImage},
	'a': {size: exactly(1), run: func(p *Printer, a []byte) {
		if len(p.line.cells) == 0 { // it counts at the start of a line only
			p.mode.align = digit(a[0]) % 3
		}
	}},
	't': {size: exactly(1), run: ignore, idle: true}, // code table: hanzi take its place
	'R': {size: exactly(1), run: ignore, idle: true},
	'U': {size: exactly(1), run: ignore, idle: true},
	'r': {size: exactly(1), run: ignore, idle: true},
	'=': {size: exactly(1), run: ignore, idle: true},
	'c': {size: exactly(2), run: ignore, idle: true}, // paper sensors, panel buttons
	'p': {size: exactly(3), run: ignore, idle: true}, // cash drawer
	'S': {size: exactly(0), run: ignore, idle: true}, // standard mode, the only one here
	'{': {size: exactly(1), run: refuseOn},           // upside down
	'V': {size: exactly(1), run: refuseOn},           // turned
	'L': {size: exactly(0), run: refuse},             // page mode
	'T': {size: exactly(1), run: refuse},
	'W': {size: exactly(8), run: refuse},
	'(': {size: counted(1), run: refuse},
}

var fsCommands = map[byte]command{
	'&': {size: exactly(0), idle: true, run: func(p *Printer, _ []byte) { p.mode.chinese = true }},
	'.': {size: exactly(0), idle: true, run: func(p *Printer, _ []byte) { p.mode.chinese = false }},
	'!': {size: exactly(1), run: func(p *Printer, a []byte) {
		p.mode.han = doubled(a[0]&0x04 != 0, a[0]&0x08 != 0)
		p.mode.underline = a[0] >> 7
	}},
	'W': {size: exactly(1), run: func(p *Printer, a []byte) { p.mode.han = doubled(a[0]&1 != 0, a[0]&1 != 0) }},
	'-': {size: exactly(1), run: func(p *Printer, a []byte) { p.mode.underline = digit(a[0]) % 3 }},
	'S': {size: exactly(2), run: func(p *Printer, a []byte) { p.mode.hanLeft, p.mode.hanRight = int(a[0]), int(a[1]) }},
	'C': {size: exactly(1), run: refuse}, // Japanese models only
	'p': {size: exactly(2), run: refuse}, // pictures in flash
	'(': {size: counted(1), run: refuse},
}

var gsCommands = map[byte]command{
	'!': {size: exactly(1), run: func(p *Printer, a []byte) {
		f := factor{int(a[0]>>4&7) + 1, int(a[0]&7) + 1}
		if a[0]&0x88 != 0 || f.w > p.o.Sizes || f.h > p.o.Sizes {
			p.note(p.code)
			return
		}
		p.mode.ank, p.mode.han = f, f
	}},
	'B':  {size: exactly(1), run: func(p *Printer, a []byte) { p.mode.reverse = a[0]&1 != 0 }},
	'L':  {size: exactly(2), run: func(p *Printer, a []byte) { p.mode.left = min(le(a), p.o.Width-12) }},
	'W':  {size: exactly(2), run: func(p *Printer, a []byte) { p.mode.area = le(a) }},
	'\\': {size: exactly(2), run: refuse},
	'$':  {size: exactly(2), run: refuse},
	'V': {run: func(p *Printer, a []byte) { p.cutCommand(a) }, size: func(a []byte) int {
		if len(a) > 0 && a[0] >= 0x41 {
			return 2
		}
		return 1
	}},
	'v': {size: rasterSize, run: (*Printer).rasterImage},
	'(': {size: counted(1), run: (*Printer).extended},
	'8': {run: refuse, size: func(a []byte) int {
		if len(a) < 5 {
			return 5
		}
		return 5 + le(a[1:3]) + le(a[3:5])<<16
	}},
	'k': {run: refuse, size: func(a []byte) int { // one-dimensional bar codes
		switch {
		case len(a) == 0:
			return 1
		case a[0] < 0x41:
			return max(2, toNul(a))
		case len(a) == 1:
			return 2
		}
		return 2 + int(a[1])
	}},
	'a': {size: exactly(1), idle: true, run: func(p *Printer, a []byte) {
		if p.auto = a[0]; p.auto != 0 {
			p.told = p.automatic()
			p.answer(Auto, p.told[:]...)
		}
	}},
	'r': {size: exactly(1), idle: true, run: func(p *Printer, a []byte) {
		switch digit(a[0]) {
		case 1:
			if !p.said {
				p.answer(Barrier, p.sensor())
			}
		case 2:
			p.answer(Other, 0x00) // the drawer's switch
		default:
			p.note(p.code)
		}
	}},
	'I': {size: exactly(1), idle: true, run: (*Printer).identify},
	'e': {size: ejectorSize, idle: true, run: (*Printer).ejector},
	'R': {size: collectSize, idle: true, run: (*Printer).collectReceipt},
	'b': {size: exactly(1), run: ignore},
	'h': {size: exactly(1), run: ignore},
	'w': {size: exactly(1), run: ignore},
	'H': {size: exactly(1), run: ignore},
	'f': {size: exactly(1), run: ignore},
	'P': {size: exactly(2), run: refuse},
	'*': {run: refuse, size: func(a []byte) int {
		if len(a) < 2 {
			return 2
		}
		return 2 + int(a[0])*int(a[1])*8
	}},
	'/': {size: exactly(1), run: refuse},
}

// le is a little-endian number of two bytes.
func le(a []byte) int { return int(a[0]) | int(a[1])<<8 }

// digit takes 1 and '1' for the same, as most commands do.
func digit(b byte) byte {
	if b >= '0' && b <= '9' {
		return b - '0'
	}
	return b
}

func doubled(w, h bool) factor {
	f := factor{1, 1}
	if w {
		f.w = 2
	}
	if h {
		f.h = 2
	}
	return f
}

// identify is GS I.
func (p *Printer) identify(a []byte) {
	block := func(s string) { p.answer(Other, append(append([]byte{0x5F}, s...), 0)...) }
	switch a[0] {
	case 1, '1':
		p.answer(Other, 0x20) // model
	case 2, '2':
		p.answer(Other, 0x03) // two-byte characters, cutter
	case 3, '3':
		p.answer(Other, 0x01) // ROM version
	case 0x41:
		block("1.00")
	case 0x42:
		block(p.o.Maker)
	case 0x43:
		block(p.o.Model)
	case 0x44:
		block("000001")
	case 0x45:
		block("CHINA GB18030")
	default:
		p.note(p.code)
	}
}

// extended is the family GS ( fn pL pH.
func (p *Printer) extended(a []byte) {
	data := a[3:]
	switch {
	case a[0] == 'k' && len(data) >= 2 && data[0] == '1':
		p.qrCommand(data[1], data[2:])
	case a[0] == 'H' && len(data) == 6 && data[0] == '0' && data[1] == '0' && p.o.JobID:
		p.answer(JobEnd, append(append([]byte{0x37, 0x22}, data[2:]...), 0)...)
	default:
		p.note(p.code)
	}
}

// cutCommand is GS V. Function A cuts where the paper is, with the last lines
// still below the cutter; function B feeds them out first.
func (p *Printer) cutCommand(a []byte) {
	switch a[0] {
	case 0, 1, '0', '1':
		p.cut(0)
	case 0x41, 0x42:
		p.cut(p.o.Gap + int(a[1]))
	default:
		p.note(p.code)
	}
}
