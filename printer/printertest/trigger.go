package printertest

import (
	"slices"
	"time"
)

// At is a moment yet to come: when so many more bytes have come off the line, so
// many more dots of paper have gone by the head, or the knife is used, 1 being the
// next time. The zero value is now.
type At struct{ Byte, Dot, Cut int }

// trigger is a fault, or something said, that is yet to come.
type trigger struct {
	at    At // counted down; the one in use is positive
	fault Fault
	say   []byte
}

// Pending is what SetAt and SayAt have put off and what hasn't come yet.
type Pending struct {
	Fault Fault  // empty: Say
	Say   []byte //
	At    At     // from now on
}

// SetAt makes a fault appear at a moment yet to come. A Jam or a Cutter at a cut
// keeps the paper in the printer; PowerOff at a byte loses all that wasn't printed
// by then.
func (p *Printer) SetAt(f Fault, at At) { p.arm(trigger{at: at, fault: f}) }

// SetAtByte makes a fault appear when n more bytes have come off the line.
func (p *Printer) SetAtByte(f Fault, n int) { p.SetAt(f, At{Byte: n}) }

// SetAtDot makes a fault appear when n more dots of paper have gone by the head.
func (p *Printer) SetAtDot(f Fault, n int) { p.SetAt(f, At{Dot: n}) }

func (p *Printer) arm(t trigger) {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.change()
	if t.at.Byte > 0 || t.at.Dot > 0 || t.at.Cut > 0 {
		p.triggers = append(p.triggers, t)
		return
	}
	p.fire(t)
	p.work()
}

func (p *Printer) fire(t trigger) {
	if t.fault == "" {
		p.send(t.say, time.Now())
		return
	}
	p.set(t.fault, true)
}

// trip counts n bytes, dots or cuts and lets the triggers go off that are due.
func (p *Printer) trip(n int, left func(*At) *int) {
	for i := 0; i < len(p.triggers); {
		t := p.triggers[i]
		l := left(&p.triggers[i].at)
		if *l == 0 {
			i++
			continue
		}
		if *l -= n; *l > 0 {
			i++
			continue
		}
		p.triggers = slices.Delete(p.triggers, i, i+1)
		p.fire(t)
	}
}

func atByte(a *At) *int { return &a.Byte }
func atDot(a *At) *int  { return &a.Dot }
func atCut(a *At) *int  { return &a.Cut }

func (p *Printer) pending() (all []Pending) {
	for _, t := range p.triggers {
		all = append(all, Pending{Fault: t.fault, Say: slices.Clone(t.say), At: t.at})
	}
	return all
}
