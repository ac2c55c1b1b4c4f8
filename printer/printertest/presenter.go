package printertest

// Exit is what stands behind the knife.
type Exit string

// The exits.
const (
	Open    Exit = ""        // nothing: a paper that is cut off can be taken
	Custom  Exit = "custom"  // Custom's ejector: holds a cut paper until GS e has it presented
	Citizen Exit = "citizen" // Citizen's presenter: presents at the cut, GS R takes it back
)

// presenter is the exit at work.
type presenter struct {
	held *Paper // cut, and still inside
	out  *Paper // at the output: a hand can take it, the motor draw it in
	bin  []int  // drawn in, by ID
}

// Take is a hand that takes the paper at the output. It returns nil when there is
// none, as is always so with the exit Open: there nobody knows.
func (p *Printer) Take() *Paper {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := p.exit.out
	p.exit.out = nil
	p.change()
	return out
}

// receive is a paper that the knife has cut off. One that is still there falls out
// before it.
func (p *Printer) receive(paper *Paper) {
	p.eject()
	switch p.o.Exit {
	case Custom:
		p.exit.held = paper
	case Citizen:
		p.exit.out = paper
	}
}

// eject throws out what the exit holds, for good.
func (p *Printer) eject() { p.exit.held, p.exit.out = nil, nil }

// present brings the held paper to the output.
func (p *Printer) present() {
	if p.exit.held != nil {
		p.exit.held, p.exit.out = nil, p.exit.held
	}
}

// retract draws into the bin what is held or at the output and was not taken.
func (p *Printer) retract() {
	for _, paper := range []*Paper{p.exit.held, p.exit.out} {
		if paper != nil {
			p.exit.bin = append(p.exit.bin, paper.ID)
		}
	}
	p.eject()
}

// ejectorSize is the size of GS e: n, then m steps for n = 3, m and a time for 32.
func ejectorSize(a []byte) int {
	switch {
	case len(a) > 0 && a[0] == 3:
		return 2
	case len(a) > 0 && a[0] == 32:
		return 3
	}
	return 1
}

// ejector is GS e of Custom's kiosk printers (KPM and VKP manuals, "Ejector
// commands"). What moves the paper cuts it off first when it hangs at the head.
func (p *Printer) ejector(a []byte) {
	work := map[byte]func(*Printer){2: (*Printer).retract, 3: (*Printer).present, 5: (*Printer).eject}[a[0]]
	switch {
	case p.o.Exit != Custom:
		p.note(p.code)
	case work != nil:
		if p.strip.printed() > 0 || len(p.line.cells) > 0 {
			p.cut(p.o.Gap)
		}
		p.motion = append(p.motion, movement{work: work})
	case a[0] == 6:
		b := p.bits(map[Fault]byte{NearEnd: 0x01, PaperOut: 0x04, Jam: 0xC0, Cutter: 0x40, Fatal: 0x40})
		if p.exit.out != nil {
			b |= 0x08
		}
		p.answer(Other, b)
	case a[0] != 1: // 1 does nothing; continuous mode and time limits are not built
		p.note(p.code)
	}
}

// collectSize is the size of GS R: '0', or '1' n.
func collectSize(a []byte) int {
	if len(a) > 0 && a[0] == '1' {
		return 2
	}
	return 1
}

// collectReceipt is GS R of Citizen's presenters (PPU-700 Command Reference, GS R
// 0). The timer of GS R 1 is not built.
func (p *Printer) collectReceipt(a []byte) {
	if p.o.Exit != Citizen || a[0] != '0' {
		p.note(p.code)
		return
	}
	p.motion = append(p.motion, movement{work: (*Printer).retract})
}

// full is Custom's answer to DLE EOT 20: paper, user, errors that pass, errors
// that need service.
func (p *Printer) full() []byte {
	paper := p.bits(map[Fault]byte{PaperOut: 0x05, NearEnd: 0x04})
	if p.exit.out != nil {
		paper |= 0x20
	}
	user := p.bits(map[Fault]byte{CoverOpen: 0x03})
	if len(p.motion) > 0 && !p.stopped() {
		user |= 0x08
	}
	return []byte{0x10, 0x0F, paper, user,
		p.bits(map[Fault]byte{Hot: 0x01, Jam: 0x40}), p.bits(map[Fault]byte{Cutter: 0x01, Fatal: 0x08})}
}
