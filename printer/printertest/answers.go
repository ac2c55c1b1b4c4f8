package printertest

import (
	"slices"
	"time"
)

// Kind is a kind of answer.
type Kind string

// The kinds of answer. Only the first two can prove that something was printed.
const (
	Barrier Kind = "barrier" // to GS r: all before it is done
	JobEnd  Kind = "job"     // to GS ( H: the job's id
	Live    Kind = "live"    // to DLE EOT
	Auto    Kind = "auto"    // automatic status
	Other   Kind = "other"   // ids, buffers cleared, ejector, flow control
)

// Kinds lists all of them.
var Kinds = []Kind{Barrier, JobEnd, Live, Auto, Other}

// Answers is what happens to answers on their way to the host.
type Answers struct {
	Only  Kind          // the answers that Delay, Lose and Noise are meant for; empty is all
	Delay time.Duration // every answer is this late; the others overtake it
	Lose  int           // so many of the next ones are lost; -1 loses all
	Noise []byte        // comes on the line before every answer

	// Early answers GS r the moment it comes off the line, when nothing of what
	// stands before it need be printed: it proves nothing.
	Early bool
}

// answer is a reply on its way.
type answer struct {
	b   []byte
	due time.Time // zero: part of it is sent, nothing may come between
}

// SetAnswers says what happens to the answers from now on.
func (p *Printer) SetAnswers(a Answers) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a.Noise = slices.Clone(a.Noise)
	p.answers = a
	p.change()
}

// SayAt puts bytes on the line to the host that answer nothing: noise, or a 00
// that passes for the answer to a GS r. Answers' troubles don't touch them.
func (p *Printer) SayAt(at At, b ...byte) { p.arm(trigger{at: at, say: slices.Clone(b)}) }

// answer puts one reply on its way; a reply is lost or late as a whole.
func (p *Printer) answer(k Kind, b ...byte) {
	a := &p.answers
	meant := a.Only == "" || a.Only == k
	switch {
	case p.faults[Silent], meant && a.Lose < 0:
	case meant && a.Lose > 0:
		a.Lose--
	case meant:
		p.send(slices.Concat(a.Noise, b), time.Now().Add(a.Delay))
	default:
		p.send(slices.Clone(b), time.Now())
	}
}

// send puts bytes on the line to the host, behind all that is due before them.
func (p *Printer) send(b []byte, due time.Time) {
	if p.gone() != nil {
		return
	}
	i := len(p.out)
	for i > 0 && p.out[i-1].due.After(due) {
		i--
	}
	p.out = slices.Insert(p.out, i, answer{b: b, due: due})
}

// early answers a GS r that has just come off the line and says whether it did.
func (p *Printer) early(c byte) bool {
	p.tail = [3]byte{p.tail[1], p.tail[2], c}
	if !p.answers.Early || p.tail != [3]byte{0x1D, 0x72, 1} && p.tail != [3]byte{0x1D, 0x72, '1'} {
		return false
	}
	p.answer(Barrier, p.sensor())
	return true
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
		a.due = time.Time{}
		if a.b = a.b[m:]; len(a.b) == 0 {
			p.out = p.out[1:]
		}
	}
	return n, 0
}
