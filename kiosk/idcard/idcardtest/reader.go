// Package idcardtest is a virtual SDT reader of resident identity cards, and
// invented cards of all four kinds to put on it.
//
// The protocol is that of the SAM_V module (GA 467 and the SDT manuals): see the
// devices' notes, section 3. No frame here was ever captured from a real card.
package idcardtest

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"time"
)

// What SW3 says.
const (
	OK            = 0x90
	Found         = 0x9F
	BadChecksum   = 0x10
	BadLength     = 0x11
	BadCommand    = 0x21
	Forbidden     = 0x23
	Unknown       = 0x24
	AuthSAM       = 0x31 // the card didn't accept the SAM
	AuthCard      = 0x32 // the SAM didn't accept the card
	BadVerify     = 0x33
	BadInfoLength = 0x3F
	BadCardType   = 0x40
	NotRead       = 0x41
	RandomFailed  = 0x47
	SelfTest      = 0x60
	NotAuthorised = 0x66
	NotFound      = 0x80
	NotSelected   = 0x81
	NoContent     = 0x91
)

var preamble = []byte{0xAA, 0xAA, 0xAA, 0x96, 0x69}

// Opts says how the reader behaves.
type Opts struct {
	// FindsAgain makes a card that was read be found again while it lies there.
	// Without it find answers NotFound until the card was lifted, as most readers do.
	FindsAgain bool
	Broken     bool          // the self-test failed: status answers SelfTest
	Noise      []byte        // sent before every answer
	Pieces     int           // bytes of an answer that are sent at a time; 0 is all at once
	Delay      time.Duration // before an answer; on a line only, as Pause
	Pause      time.Duration // between Pieces
}

// Reader is one virtual reader. It is safe for use from several goroutines.
type Reader struct {
	mu        sync.Mutex
	changed   chan struct{}
	o         Opts
	in        []byte
	card      *Card
	step      step
	baud      int
	silent    bool
	unplugged bool
	fails     map[Command]Failing
	spoiled   int // replies that are yet to be spoiled
	spoil     Spoil
	liftAt    int
	reads     int
	unknown   []string
}

// step is how far the dialogue with the card on the reader has got.
type step int

const (
	fresh    step = iota
	found         // find answered
	selected      // select answered
	read          // read answered
	spoilt        // a read failed: the card must be lifted
)

// New returns a reader with no card on it.
func New(o Opts) *Reader {
	return &Reader{o: o, baud: 115200, fails: map[Command]Failing{}, changed: make(chan struct{})}
}

// Put lays a card on the reader, in place of one that may lie there.
func (r *Reader) Put(c *Card) { r.set(func() { r.card, r.step = c, fresh }) }

// Lift takes the card away.
func (r *Reader) Lift() { r.set(func() { r.card, r.step = nil, fresh }) }

// SetSilent makes the reader swallow everything and never answer.
func (r *Reader) SetSilent(on bool) { r.set(func() { r.silent = on }) }

// SetPlugged pulls the cable (false) and puts it back: the host's port hangs up.
func (r *Reader) SetPlugged(on bool) { r.set(func() { r.unplugged = !on; r.in = nil }) }

// Setup changes how the reader behaves from the next command on.
func (r *Reader) Setup(change func(*Opts)) { r.set(func() { change(&r.o) }) }

// Clear mends everything but the cable: silence, failures, spoiled replies, and
// all Opts but FindsAgain, which is a habit.
func (r *Reader) Clear() {
	r.set(func() {
		r.o = Opts{FindsAgain: r.o.FindsAgain}
		r.silent, r.spoiled, r.liftAt = false, 0, 0
		clear(r.fails)
	})
}

func (r *Reader) set(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
	r.change()
}

func (r *Reader) change() {
	close(r.changed)
	r.changed = make(chan struct{})
}

// State is what can be seen of the reader at one moment.
type State struct {
	Card    *Card    // nil: none lies there
	Baud    int      // as set by the host
	Reads   int      // cards read since New
	Unknown []string // commands it doesn't know, or that must never be sent, in hexadecimal

	Opts      Opts
	Silent    bool
	Unplugged bool
	Fails     map[Command]Failing // those that fail
	Spoiled   int                 // replies that are yet to be spoiled; -1 is all
	Spoil     Spoil               // how
	LiftAt    int                 // see LiftAtByte
}

// State returns what can be seen now.
func (r *Reader) State() State {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state()
}

func (r *Reader) state() State {
	s := State{
		Card: r.card, Baud: r.baud, Reads: r.reads, Unknown: slices.Clone(r.unknown),
		Opts: r.o, Silent: r.silent, Unplugged: r.unplugged,
		Fails: map[Command]Failing{}, Spoiled: r.spoiled, Spoil: r.spoil, LiftAt: r.liftAt,
	}
	for c, f := range r.fails {
		if len(f.Next) > 0 || f.Always != 0 {
			s.Fails[c] = f
		}
	}
	return s
}

// Changed returns a channel that is closed at the next change of State.
func (r *Reader) Changed() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.changed
}

// Wait returns when the reader's state is as wanted, or ctx ends.
func (r *Reader) Wait(ctx context.Context, want func(State) bool) error {
	for {
		r.mu.Lock()
		s, changed := r.state(), r.changed
		r.mu.Unlock()
		if want(s) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for reader: %w", ctx.Err())
		}
	}
}

// Exchange takes bytes off the line and returns what the reader answers to them:
// nothing while a command isn't complete.
func (r *Reader) Exchange(b []byte) (out []byte) {
	for _, a := range r.take(b) {
		out = append(out, a.b...)
	}
	return out
}

// take is bytes off the line; it returns the answers.
func (r *Reader) take(b []byte) (out []reply) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.silent || r.unplugged {
		r.in = nil
		return nil
	}
	r.in = append(r.in, b...)
	for {
		body, ok := r.next()
		if !ok {
			return out
		}
		reads := r.reads
		sw3, data := r.obey(body)
		frame := r.mangle(Frame(append([]byte{0, 0, sw3}, data...)))
		if r.liftAt > 0 && r.reads > reads {
			frame = frame[:min(r.liftAt, len(frame))]
			r.card, r.step, r.liftAt, r.reads = nil, fresh, 0, reads
			r.change()
		}
		out = append(out, reply{b: slices.Concat(r.o.Noise, frame), delay: r.o.Delay, pause: r.o.Pause, piece: r.o.Pieces})
	}
}

// next takes one frame, from its length to its checksum, out of the bytes that
// came. What stands before a preamble is noise.
func (r *Reader) next() (body []byte, ok bool) {
	i := bytes.Index(r.in, preamble)
	if i < 0 {
		r.in = r.in[max(0, len(r.in)-len(preamble)+1):]
		return nil, false
	}
	r.in = r.in[i:]
	rest := r.in[len(preamble):]
	if len(rest) < 2 {
		return nil, false
	}
	n := 2 + int(binary.BigEndian.Uint16(rest))
	if n > 2+4096 { // no command is so long: give it up and look for the next
		r.in = rest
		return rest[:2:2], true
	}
	if len(rest) < n {
		return nil, false
	}
	r.in = rest[n:]
	return rest[:n:n], true
}

// Frame wraps what stands between length and checksum.
func Frame(body []byte) []byte {
	f := append([]byte{}, preamble...)
	f = binary.BigEndian.AppendUint16(f, uint16(len(body)+1))
	f = append(f, body...)
	return append(f, checksum(f[len(preamble):]))
}

func checksum(b []byte) (x byte) {
	for _, c := range b {
		x ^= c
	}
	return x
}

// bauds are the parameters of command 60.
var bauds = []int{115200, 57600, 38400, 19200, 9600}

// obey carries out one command.
func (r *Reader) obey(b []byte) (sw3 byte, data []byte) {
	switch {
	case len(b) < 5:
		return BadLength, nil
	case checksum(b) != 0:
		return BadChecksum, nil
	case len(b) > 5:
		return BadLength, nil
	}
	switch cmd, para := b[2], b[3]; {
	case cmd == 0x10 && para == 0xFF:
		if r.step < read { // only lifting helps a card that was read
			r.step = fresh
		}
		return OK, nil
	case cmd == 0x11 && para == 0xFF:
		if sw3 := r.failure(Status); sw3 != 0 {
			return sw3, nil
		}
		if r.o.Broken {
			return SelfTest, nil
		}
		return OK, nil
	case cmd == 0x12 && para == 0xFF:
		return OK, []byte{0x05, 0x00, 0x03, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0C}
	case cmd == 0x20 && para == 0x01:
		return r.find()
	case cmd == 0x20 && para == 0x02:
		if sw3 := r.failure(Select); sw3 != 0 {
			return sw3, nil
		}
		if r.step != found {
			return NotSelected, nil
		}
		r.step = selected
		return OK, make([]byte, 8)
	case cmd == 0x30 && para == 0x01:
		return r.read()
	case cmd == 0x30 && para == 0x03:
		return r.address()
	case cmd == 0x60 && int(para) < len(bauds):
		r.baud = bauds[para]
		r.change()
		return OK, nil
	}
	if len(r.unknown) < 100 {
		defer r.change()
		r.unknown = append(r.unknown, fmt.Sprintf("% X", b[2:4]))
	}
	return BadCommand, nil
}

func (r *Reader) find() (byte, []byte) {
	if sw3 := r.failure(Find); sw3 != 0 {
		return sw3, nil
	}
	if r.card == nil || r.step == spoilt || r.step == read && !r.o.FindsAgain {
		return NotFound, nil
	}
	r.step = found
	return Found, make([]byte, 4)
}

func (r *Reader) read() (byte, []byte) {
	if r.card == nil || r.step != selected && r.step != read {
		return NotRead, nil
	}
	if sw3 := r.failure(Read); sw3 != 0 {
		r.step = spoilt
		return sw3, nil
	}
	r.step = read
	r.reads++
	r.change()
	c := r.card
	data := binary.BigEndian.AppendUint16(nil, uint16(len(c.Text)))
	data = binary.BigEndian.AppendUint16(data, uint16(len(c.Photo)))
	data = append(data, c.Text[:]...)
	return OK, append(data, c.Photo...)
}

// address is the latest address; hosts also ask it to see whether the card that was
// read still lies there.
func (r *Reader) address() (byte, []byte) {
	if sw3 := r.failure(Address); sw3 != 0 {
		return sw3, nil
	}
	switch {
	case r.card == nil || r.step != selected && r.step != read:
		return NotRead, nil
	case r.card.Address == "":
		return NoContent, nil
	}
	return OK, encode(r.card.Address, 70)
}
