// Package printertest is the virtual thermal printer: bytes to paper.
//
// A Printer takes what a host sends in two stages, as the real ones do. Real-time
// commands (DLE EOT, DLE ENQ, DLE DC4) act the moment they come off the line,
// wherever they stand; every byte, these too, then goes through the receive
// buffer to the interpreter, which stops while the printer can't print. The
// commands are those of Epson's ESC/POS Command Reference as the Chinese makers
// speak it: GB18030 in two-byte codes, 12x24 and 24x24 dots, 8 dots to the mm.
//
// A Printer is an io.ReadWriter seen from the host: Write sends to it, Read
// waits for its answers. Serve works it on a pseudo-terminal. Everything here is
// safe for use from several goroutines.
package printertest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// ErrOff is what a host meets when the printer has no power: over USB the port
// hangs up. ErrUnplugged is the same with the cable out.
var (
	ErrOff       = errors.New("printer is off")
	ErrUnplugged = errors.New("printer's cable is out")
)

// Opts says what kind of printer it is. The zero value is an 80 mm printer that
// prints at once and knows no job ids.
type Opts struct {
	Width   int    // dots in a line: 576 on 80 mm paper (the default), 384 on 58 mm
	Speed   int    // mm/s; 0 prints in no time
	Gap     int    // dots from the head to the cutter; real printers have 80 to 120
	Sizes   int    // largest factor GS ! knows, 1..8 (the default); some clones have 2
	JobID   bool   // answers GS ( H, as only Epson does
	NoQR    bool   // swallows GS ( k and prints nothing, as 58 mm clones do
	NoClear bool   // doesn't know DLE DC4 8, which clears the buffers and says so
	NoReset bool   // doesn't know DLE ENQ, which recovers from an error
	Western bool   // starts with Chinese off, until FS &
	Maker   string // answers 1D 49 42
	Model   string // answers 1D 49 43
	Buffer  int    // bytes of receive buffer, what comes on top is lost; 0 is no limit
	XonXoff bool   // warns of a full Buffer with XOFF (13) and XON (11)
	Rate    int    // bytes a second it takes out of Buffer; 0 is as fast as they come
	Exit    Exit   // what holds the paper behind the knife
	Keep    int    // papers remembered, the newest; 200 by default
}

// DefaultOpts is a good 80 mm printer: a cutter behind the head and job ids.
var DefaultOpts = Opts{Width: 576, Speed: 200, Gap: 96, Sizes: 8, JobID: true, Maker: "HALL", Model: "VIRTUAL-80", Keep: 200}

// Printer is one virtual printer.
type Printer struct {
	o Opts

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced at every change
	faults   map[Fault]bool
	triggers []trigger
	answers  Answers
	exit     presenter

	// The line.
	received int64 // bytes taken off it
	live     realtime
	in       []octet
	out      []answer // by the time they are due
	tail     [3]byte  // of what came off it
	choked   bool     // XOFF was sent
	overrun  int
	auto     byte    // GS a: which changes are reported
	told     [4]byte // automatic status as last sent

	// The interpreter.
	code   []byte // the command under way, from its first byte
	codeAt time.Time
	said   bool // the command under way has its answer, see Answers.Early
	def    *command
	mode   mode
	line   line

	// The mechanics.
	motion  []movement
	timer   *time.Timer
	due     time.Time
	strip   strip
	papers  []*Paper
	cuts    int // papers ever made
	unknown []string
}

// octet is a byte off the line.
type octet struct {
	b    byte
	at   time.Time
	said bool // the last of a command that was answered when it came
}

// New returns a healthy printer with a full roll, switched on.
func New(o Opts) *Printer {
	p := &Printer{o: o.full(), changed: make(chan struct{}), faults: map[Fault]bool{}}
	p.boot()
	p.strip.reset(o.Gap)
	return p
}

// full fills in what isn't said.
func (o Opts) full() Opts {
	def := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	def(&o.Width, 576)
	def(&o.Sizes, 8)
	def(&o.Keep, 200)
	if o.Maker == "" {
		o.Maker = DefaultOpts.Maker
	}
	if o.Model == "" {
		o.Model = fmt.Sprintf("VIRTUAL-%d", o.Width)
	}
	return o
}

// Setup makes another model of it where it stands. What its mechanics are made
// for stays: Width, Gap and Keep.
func (p *Printer) Setup(change func(*Opts)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	was := p.o
	change(&p.o)
	p.o.Width, p.o.Gap, p.o.Keep = was.Width, was.Gap, was.Keep
	p.o = p.o.full()
	if p.o.Exit != was.Exit {
		p.eject()
	}
	p.wake() // Speed and Rate may be others: what was waited for is begun again
	p.work()
	p.change()
}

func (p *Printer) String() string { return fmt.Sprintf("virtual printer, %d dots", p.o.Width) }

// boot is power-on: everything but the paper starts afresh.
func (p *Printer) boot() {
	p.forget()
	p.out, p.choked, p.auto = nil, false, 0
	p.live = realtime{}
	p.mode = p.defaults()
}

// forget drops what has been received and not printed.
func (p *Printer) forget() {
	p.in, p.code, p.def, p.line = nil, nil, nil, line{}
	p.motion, p.due = nil, time.Time{}
	p.wake()
	p.strip.interrupt()
}

// wake gives up waiting for motor or buffer.
func (p *Printer) wake() {
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
}

// Write takes bytes off the line, one by one. It waits while an Xoff holds the
// line. It fails only with ErrOff or ErrUnplugged, and then says how many were
// taken before.
func (p *Printer) Write(b []byte) (int, error) { return p.write(context.Background(), b) }

func (p *Printer) write(ctx context.Context, b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.change()
	for i, c := range b {
		if p.faults[Xoff] {
			if err := p.hold(ctx); err != nil {
				return i, err
			}
		}
		if err := p.gone(); err != nil {
			return i, err
		}
		p.take(c, time.Now())
	}
	return len(b), nil
}

// hold waits until the line is free again, or gone. p.mu is held before and after.
func (p *Printer) hold(ctx context.Context) error {
	p.change() // what was taken so far can be seen meanwhile
	for p.faults[Xoff] && p.gone() == nil {
		changed := p.changed
		p.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
		p.mu.Lock()
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// take is one byte off the line.
func (p *Printer) take(c byte, now time.Time) {
	p.received++
	switch {
	case p.faults[Silent]:
		p.strip.torn = true
	case p.o.Buffer > 0 && len(p.in) >= p.o.Buffer:
		p.overrun++
		p.strip.torn = true
		p.hear(c)
	default:
		p.in = append(p.in, octet{c, now, p.early(c)})
		p.hear(c)
	}
	p.trip(1, atByte)
	p.work()
}

// throttle is software flow control around the receive buffer.
func (p *Printer) throttle() {
	if !p.o.XonXoff || p.o.Buffer == 0 || p.faults[Xoff] {
		return
	}
	switch {
	case !p.choked && len(p.in) > p.o.Buffer*3/4:
		p.choked = true
		p.answer(Other, 0x13)
	case p.choked && len(p.in) < p.o.Buffer/4:
		p.choked = false
		p.answer(Other, 0x11)
	}
}

// work runs mechanics and interpreter as far as they get now.
func (p *Printer) work() {
	defer p.throttle()
	for !p.stopped() {
		switch {
		case len(p.motion) > 0:
			if !p.move() {
				return
			}
		case len(p.in) > 0 && p.o.Rate > 0:
			if p.timer == nil {
				p.later(time.Second/time.Duration(p.o.Rate), p.next)
			}
			return
		case len(p.in) > 0:
			p.next()
		default:
			return
		}
	}
}

// next gives the interpreter the oldest byte of the buffer.
func (p *Printer) next() {
	o := p.in[0]
	if p.in = p.in[1:]; len(p.in) == 0 {
		p.in = nil
	}
	p.step(o)
}

// later does f after d, counted from the end of the last wait, unless the printer
// stands still by then.
func (p *Printer) later(d time.Duration, f func()) {
	now := time.Now()
	if now.Sub(p.due) > 50*time.Millisecond { // it stood still: this is a new start
		p.due = now
	}
	p.due = p.due.Add(d)
	var t *time.Timer
	t = time.AfterFunc(time.Until(p.due), func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.timer != t {
			return
		}
		p.timer = nil
		if !p.stopped() {
			f()
			p.work()
		}
		p.change()
	})
	p.timer = t
}

// Read waits for answers. It returns io.EOF while the printer is off or unplugged.
func (p *Printer) Read(b []byte) (int, error) {
	n, err := p.read(context.Background(), b)
	if err != nil {
		err = io.EOF
	}
	return n, err
}

func (p *Printer) read(ctx context.Context, b []byte) (int, error) {
	for {
		p.mu.Lock()
		gone, changed := p.gone(), p.changed
		n, wait := p.collect(b)
		p.mu.Unlock()
		if gone != nil {
			return 0, gone
		}
		if n > 0 || len(b) == 0 {
			return n, nil
		}
		if wait == 0 {
			wait = time.Hour
		}
		late := time.NewTimer(wait)
		select {
		case <-changed:
		case <-late.C:
		case <-ctx.Done():
		}
		late.Stop()
		if err := ctx.Err(); err != nil {
			return 0, err
		}
	}
}

// Replies takes the answers that are there now, without waiting.
func (p *Printer) Replies() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []byte
	b := make([]byte, 256)
	for {
		n, _ := p.collect(b)
		if n == 0 {
			return all
		}
		all = append(all, b[:n]...)
	}
}

// State is what can be seen of a printer at one moment.
type State struct {
	Width    int      // dots in a line
	Faults   []Fault  // sorted; empty is healthy
	Papers   []*Paper // oldest first
	Hanging  int      // dots of paper printed and not cut
	Waiting  int      // bytes received and not interpreted
	Received int64    // bytes ever taken off the line
	Overrun  int      // bytes lost because Buffer was full
	Unknown  []string // see Printer.Unknown
	Held     *Paper   // cut and still inside the exit; nil is none
	Out      *Paper   // at the exit's output, for a hand to take; nil is none
	Bin      []int    // papers that the exit drew in again, by ID

	Opts    Opts
	Answers Answers   // Lose counts down
	Pending []Pending // what is yet to come
}

// Has says whether the printer has fault f.
func (s State) Has(f Fault) bool { return slices.Contains(s.Faults, f) }

// State returns what can be seen now.
func (p *Printer) State() State {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state()
}

func (p *Printer) state() State {
	s := State{
		Width:    p.o.Width,
		Papers:   slices.Clone(p.papers),
		Hanging:  p.strip.printed(),
		Waiting:  len(p.in) + len(p.code),
		Received: p.received,
		Overrun:  p.overrun,
		Unknown:  slices.Clone(p.unknown),
		Held:     p.exit.held,
		Out:      p.exit.out,
		Bin:      slices.Clone(p.exit.bin),
		Opts:     p.o,
		Answers:  p.answers,
		Pending:  p.pending(),
	}
	for f := range p.faults {
		s.Faults = append(s.Faults, f)
	}
	slices.Sort(s.Faults)
	return s
}

// Wait returns when the printer's state is as wanted, or ctx ends.
func (p *Printer) Wait(ctx context.Context, want func(State) bool) error {
	for {
		p.mu.Lock()
		s, changed := p.state(), p.changed
		p.mu.Unlock()
		if want(s) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for printer: %w", ctx.Err())
		}
	}
}

// Changed returns a channel that is closed at the next change of any kind.
func (p *Printer) Changed() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.changed
}

// Papers returns the papers that came out, oldest first.
func (p *Printer) Papers() []*Paper { return p.State().Papers }

// Unknown returns the commands met that this printer doesn't carry out, in
// hexadecimal, as they came; at most the first hundred.
func (p *Printer) Unknown() []string { return p.State().Unknown }

func (p *Printer) note(code []byte) {
	if len(p.unknown) < 100 {
		p.unknown = append(p.unknown, fmt.Sprintf("% X", code[:min(len(code), 8)]))
	}
}

func (p *Printer) change() {
	close(p.changed)
	p.changed = make(chan struct{})
}
