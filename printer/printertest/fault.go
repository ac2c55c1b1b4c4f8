package printertest

import (
	"slices"
	"time"
)

// Fault is something that can be wrong with the printer.
type Fault string

// The faults. Where the domain knows the same fault it has the same name there.
const (
	NearEnd   Fault = "near_end"   // the roll is almost used up; it prints on
	PaperOut  Fault = "paper_out"  // the roll is used up; what hangs out comes off as a piece
	CoverOpen Fault = "cover_open" //
	Jam       Fault = "jam"        // paper is caught; a hand must clear it
	Cutter    Fault = "cutter"     // the blade is stuck; DLE ENQ frees it too
	Hot       Fault = "hot"        // the head is too hot; a real one recovers by itself
	Fatal     Fault = "fatal"      // needs service
	Offline   Fault = "offline"    // switched off line by its button: answers, won't print
	Silent    Fault = "silent"     // hung: swallows everything, never answers
	PowerOff  Fault = "power_off"  // buffers lost, port hung up
)

// Faults lists all of them.
var Faults = []Fault{NearEnd, PaperOut, CoverOpen, Jam, Cutter, Hot, Fatal, Offline, Silent, PowerOff}

// trigger is a fault that is yet to come.
type trigger struct {
	fault       Fault
	bytes, dots int // counted down; the one in use is positive
}

// Answers is what happens to answers on their way to the host.
type Answers struct {
	Delay time.Duration // every answer is this late
	Lose  int           // so many of the next ones are lost; -1 loses all
}

// answer is a reply on its way.
type answer struct {
	b   []byte
	due time.Time
}

// Set makes a fault appear or go away. Taking PaperOut away puts in a new roll,
// taking PowerOff away switches on; setting what is already so does nothing.
func (p *Printer) Set(f Fault, on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set(f, on)
	p.work()
	p.change()
}

// SetAtByte makes a fault appear when n more bytes have come off the line.
// PowerOff at byte n loses all that wasn't printed by then.
func (p *Printer) SetAtByte(f Fault, n int) { p.arm(trigger{fault: f, bytes: n}, n) }

// SetAtDot makes a fault appear when n more dots of paper have gone by the head.
func (p *Printer) SetAtDot(f Fault, n int) { p.arm(trigger{fault: f, dots: n}, n) }

func (p *Printer) arm(t trigger, n int) {
	if n <= 0 {
		p.Set(t.fault, true)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.triggers = append(p.triggers, t)
}

// NewRoll is paper out and near end, mended.
func (p *Printer) NewRoll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set(NearEnd, false)
	p.set(PaperOut, false)
	p.work()
	p.change()
}

// Clear mends everything but paper, cover and power, which have their own
// remedies: jam, cutter, heat, breakage, off line, silence, and answers that are
// late or lost. Faults yet to come don't come.
func (p *Printer) Clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.triggers, p.answers = nil, Answers{}
	for _, f := range []Fault{Jam, Cutter, Hot, Fatal, Offline, Silent} {
		p.set(f, false)
	}
	p.work()
	p.change()
}

// SetAnswers says what happens to the answers from now on.
func (p *Printer) SetAnswers(a Answers) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answers = a
}

func (p *Printer) set(f Fault, on bool) {
	if p.faults[f] == on {
		return
	}
	if !on {
		delete(p.faults, f)
		if f == PowerOff {
			p.boot()
		}
		p.report()
		return
	}
	p.faults[f] = true
	switch f {
	case CoverOpen, Jam, Cutter, Fatal:
		p.strip.hurt()
	case PaperOut:
		if p.strip.printed() > 0 {
			p.strip.torn = true
			p.tear(p.strip.height)
			p.strip.torn = true // so is what is still to come
		}
		p.strip.reset(p.o.Gap)
	case PowerOff:
		p.strip.hurt()
		p.boot()
	}
	p.report()
}

// trip counts n bytes or dots and lets the triggers go off that are due.
func (p *Printer) trip(n int, left func(*trigger) *int) {
	for i := 0; i < len(p.triggers); {
		t := p.triggers[i]
		l := left(&p.triggers[i])
		if *l == 0 {
			i++
			continue
		}
		if *l -= n; *l > 0 {
			i++
			continue
		}
		p.triggers = slices.Delete(p.triggers, i, i+1)
		p.set(t.fault, true)
	}
}

// stopped says whether the interpreter and the motor stand still.
func (p *Printer) stopped() bool {
	return p.offline() || p.faults[Silent] || p.faults[PowerOff]
}

func (p *Printer) offline() bool {
	return p.faults[CoverOpen] || p.faults[PaperOut] || p.faults[Offline] || p.failed()
}

func (p *Printer) failed() bool {
	return p.faults[Jam] || p.faults[Cutter] || p.faults[Hot] || p.faults[Fatal]
}

// bits adds up the masks of the faults that are there.
func (p *Printer) bits(masks map[Fault]byte) (b byte) {
	for f, m := range masks {
		if p.faults[f] {
			b |= m
		}
	}
	return b
}

// status is the answer to DLE EOT n, n in 1..4 (Epson's reference, DLE EOT). Jam
// on bit 2 of n=3 is SNBC's.
func (p *Printer) status(n byte) byte {
	b := byte(0x12)
	switch n {
	case 1:
		if p.offline() {
			b |= 0x08
		}
	case 2:
		b |= p.bits(map[Fault]byte{CoverOpen: 0x04, PaperOut: 0x20})
		if p.failed() {
			b |= 0x40
		}
	case 3:
		b |= p.bits(map[Fault]byte{Jam: 0x04, Cutter: 0x08, Fatal: 0x20, Hot: 0x40})
	case 4:
		b |= p.bits(map[Fault]byte{NearEnd: 0x0C, PaperOut: 0x6C})
	}
	return b
}

// sensor is the answer to GS r 1: the paper sensors.
func (p *Printer) sensor() byte {
	return p.bits(map[Fault]byte{NearEnd: 0x03, PaperOut: 0x0F})
}

// automatic is the automatic status of GS a. The last byte is 0F, as TM printers
// send it, so that nobody takes it to be always 00.
func (p *Printer) automatic() [4]byte {
	b := [4]byte{0x10, 0, p.sensor(), 0x0F}
	if p.offline() {
		b[0] |= 0x08
	}
	b[0] |= p.bits(map[Fault]byte{CoverOpen: 0x20})
	b[1] = p.bits(map[Fault]byte{Jam: 0x04, Cutter: 0x08, Fatal: 0x20, Hot: 0x40})
	return b
}

// report sends the automatic status if something changed that GS a asked for.
func (p *Printer) report() {
	now := p.automatic()
	for i, want := range [3]byte{0x02, 0x04, 0x08} {
		if p.auto&want != 0 && now[i] != p.told[i] {
			p.told = now
			p.answer(now[:]...)
			return
		}
	}
}

// answer puts one reply on its way; a reply is lost or late as a whole.
func (p *Printer) answer(b ...byte) {
	switch {
	case p.faults[Silent], p.faults[PowerOff], p.answers.Lose < 0:
	case p.answers.Lose > 0:
		p.answers.Lose--
	default:
		p.out = append(p.out, answer{b: slices.Clone(b), due: time.Now().Add(p.answers.Delay)})
	}
}

// collect moves into b the answers that are due, and says how long the next one
// will take when there is none; 0 is unknown.
func (p *Printer) collect(b []byte) (n int, wait time.Duration) {
	for n < len(b) && len(p.out) > 0 {
		a := &p.out[0]
		if left := time.Until(a.due); left > 0 {
			return n, left
		}
		m := copy(b[n:], a.b)
		n += m
		if a.b = a.b[m:]; len(a.b) == 0 {
			p.out = p.out[1:]
		}
	}
	return n, 0
}
