package printertest

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
	Xoff      Fault = "xoff"       // sent XOFF, never sends XON: takes nothing off the line, prints what it has
	PowerOff  Fault = "power_off"  // buffers lost, port hung up
	Unplugged Fault = "unplugged"  // the cable is out, port hung up; it prints what it has
)

// Faults lists all of them.
var Faults = []Fault{NearEnd, PaperOut, CoverOpen, Jam, Cutter, Hot, Fatal, Offline, Silent, Xoff, PowerOff, Unplugged}

// Set makes a fault appear or go away. Taking PaperOut away puts in a new roll,
// taking PowerOff away switches on; setting what is already so does nothing.
func (p *Printer) Set(f Fault, on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set(f, on)
	p.work()
	p.change()
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

// Clear mends everything but paper, cover, power and cable, which have their own
// remedies: jam, cutter, heat, breakage, off line, silence, XOFF, and what
// SetAnswers has set. What is yet to come doesn't come.
func (p *Printer) Clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.triggers, p.answers = nil, Answers{}
	for _, f := range []Fault{Jam, Cutter, Hot, Fatal, Offline, Silent, Xoff} {
		p.set(f, false)
	}
	p.work()
	p.change()
}

func (p *Printer) set(f Fault, on bool) {
	if p.faults[f] == on {
		return
	}
	if !on {
		delete(p.faults, f)
		switch f {
		case PowerOff:
			p.boot()
		case Xoff:
			p.choked = false
			p.answer(Other, 0x11)
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
	case Xoff:
		p.choked = true
		p.answer(Other, 0x13)
	case Unplugged:
		p.out = nil
	}
	p.report()
}

// stopped says whether the interpreter and the motor stand still.
func (p *Printer) stopped() bool {
	return p.offline() || p.faults[Silent] || p.faults[PowerOff]
}

// gone says why there is nothing at the other end of the line, or nil.
func (p *Printer) gone() error {
	switch {
	case p.faults[PowerOff]:
		return ErrOff
	case p.faults[Unplugged]:
		return ErrUnplugged
	}
	return nil
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
		// Citizen's presenters have a sensor of their own on bit 6 (PPU-700, DLE EOT 4).
		if p.o.Exit == Citizen {
			if b &^= 0x40; p.exit.out != nil {
				b |= 0x40
			}
		}
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
			p.answer(Auto, now[:]...)
			return
		}
	}
}
