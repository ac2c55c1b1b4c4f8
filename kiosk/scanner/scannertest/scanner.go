// Package scannertest is a virtual QR scanner on a serial line: it sends what is
// held before it, and takes the trigger commands of the common makes.
package scannertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"hallkiosk/kiosk/serialport/serialtest"
)

// ErrUnplugged is a scan that nobody can read, and what Serve ends with when the
// cable comes out: the host's port hangs up.
var ErrUnplugged = errors.New("scanner is not on a line")

// ErrEncoding is a code that GBK has no characters for.
var ErrEncoding = errors.New("not in GBK")

// The commands it knows, of the GM65 and of Honeywell, and the GM65's
// acknowledgement.
var (
	gm65Trigger  = []byte{0x7E, 0x00, 0x08, 0x01, 0x00, 0x02, 0x01, 0xAB, 0xCD}
	gm65Stop     = []byte{0x7E, 0x00, 0x08, 0x01, 0x00, 0x02, 0x00, 0xAB, 0xCD}
	gm65Ack      = []byte{0x02, 0x00, 0x00, 0x01, 0x00, 0x33, 0x31}
	honeywellOn  = []byte{0x16, 0x54, 0x0D}
	honeywellOff = []byte{0x16, 0x55, 0x0D}
)

// Opts says how the scanner is set up.
type Opts struct {
	End   string // sent after a code: "\r" (the default), "\n", "\r\n"
	Bare  bool   // sends no End; the code ends with the silence after it
	GBK   bool   // sends Chinese in GBK, as the common makes do out of the box, not in UTF-8
	Noise []byte // sent before every code
}

// full fills in what isn't said.
func (o Opts) full() Opts {
	switch {
	case o.Bare:
		o.End = ""
	case o.End == "":
		o.End = "\r"
	}
	return o
}

// Scanner is one virtual scanner. It is safe for use from several goroutines.
type Scanner struct {
	line sync.Mutex // held while writing: a code isn't torn apart by an acknowledgement

	mu        sync.Mutex
	changed   chan struct{}
	o         Opts
	w         io.Writer // nil while not served
	unplugged bool
	in        []byte
	last      string
	triggers  int
	off       int
	unknown   []byte
}

// New returns a scanner.
func New(o Opts) *Scanner {
	return &Scanner{o: o.full(), changed: make(chan struct{})}
}

// Setup sets the scanner up differently, as its booklet of setup codes does. An
// End stays set until another one or Bare takes its place.
func (s *Scanner) Setup(change func(*Opts)) {
	s.set(func() {
		change(&s.o)
		s.o = s.o.full()
	})
}

// SetPlugged pulls the cable (false) and puts it back.
func (s *Scanner) SetPlugged(on bool) { s.set(func() { s.unplugged = !on }) }

func (s *Scanner) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	s.change()
}

// Scan holds a code before the scanner, which sends it with its end. It returns
// ErrUnplugged while the scanner isn't served, os.ErrDeadlineExceeded when the line
// is full because nobody reads, and ErrEncoding.
func (s *Scanner) Scan(code string) error {
	o := s.State().Opts
	text := code
	if o.GBK {
		var err error
		if text, err = simplifiedchinese.GBK.NewEncoder().String(code); err != nil {
			return fmt.Errorf("%q: %w", code, ErrEncoding)
		}
	}
	return s.send(string(o.Noise)+text+o.End, func() { s.last = code })
}

// Say puts bytes on the line that are no code, such as noise. It returns the
// errors of Scan.
func (s *Scanner) Say(b ...byte) error { return s.send(string(b), func() {}) }

// send writes to the host, if there is one, and notes that it does.
func (s *Scanner) send(text string, note func()) error {
	s.line.Lock()
	defer s.line.Unlock()
	s.mu.Lock()
	w := s.w
	if w != nil {
		note()
		s.change()
	}
	s.mu.Unlock()
	if w == nil {
		return ErrUnplugged
	}
	if d, ok := w.(interface{ SetWriteDeadline(time.Time) error }); ok {
		_ = d.SetWriteDeadline(time.Now().Add(time.Second))
	}
	_, err := io.WriteString(w, text)
	return err
}

// State is what can be seen of the scanner at one moment.
type State struct {
	On       bool   // on a line that is served
	Last     string // the last code scanned
	Triggers int    // commands to scan
	Stops    int    // commands to stop scanning
	Unknown  []byte // what came that is no command

	Opts      Opts
	Unplugged bool
}

// State returns what can be seen now.
func (s *Scanner) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return State{
		On: s.w != nil, Last: s.last, Triggers: s.triggers, Stops: s.off, Unknown: slices.Clone(s.unknown),
		Opts: s.o, Unplugged: s.unplugged,
	}
}

// Wait returns when the scanner's state is as wanted, or ctx ends.
func (s *Scanner) Wait(ctx context.Context, want func(State) bool) error {
	for {
		changed := s.Changed()
		if want(s.State()) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for scanner: %w", ctx.Err())
		}
	}
}

// Changed returns a channel that is closed at the next change of State.
func (s *Scanner) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

func (s *Scanner) change() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// take is bytes off the line; what they call for is answered at once.
func (s *Scanner) take(b []byte) (answer []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.change()
	s.in = append(s.in, b...)
	for len(s.in) > 0 {
		switch {
		case bytes.HasPrefix(s.in, gm65Trigger):
			s.triggers++
			answer = append(answer, gm65Ack...)
			s.in = s.in[len(gm65Trigger):]
		case bytes.HasPrefix(s.in, gm65Stop):
			s.off++
			answer = append(answer, gm65Ack...)
			s.in = s.in[len(gm65Stop):]
		case bytes.HasPrefix(s.in, honeywellOn):
			s.triggers++
			s.in = s.in[len(honeywellOn):]
		case bytes.HasPrefix(s.in, honeywellOff):
			s.off++
			s.in = s.in[len(honeywellOff):]
		case bytes.HasPrefix(gm65Trigger, s.in), bytes.HasPrefix(gm65Stop, s.in), bytes.HasPrefix(honeywellOn, s.in), bytes.HasPrefix(honeywellOff, s.in):
			return answer // the rest is on its way
		default:
			if len(s.unknown) < 1000 {
				s.unknown = append(s.unknown, s.in[0])
			}
			s.in = s.in[1:]
		}
	}
	return answer
}

// Serve works the scanner at the end of a line until ctx ends (nil), the cable
// comes out (ErrUnplugged) or the line breaks; see serialtest.Serve.
func (s *Scanner) Serve(ctx context.Context, rw io.ReadWriter) error {
	s.set(func() { s.w = rw })
	defer s.set(func() { s.w = nil })
	return serialtest.Serve(ctx, rw, func(ctx context.Context) error {
		if s.Wait(ctx, func(st State) bool { return st.Unplugged }) != nil {
			return nil
		}
		return ErrUnplugged
	}, func(_ context.Context, b []byte) error {
		answer := s.take(b)
		if len(answer) == 0 {
			return nil
		}
		s.line.Lock()
		defer s.line.Unlock()
		_, err := rw.Write(answer)
		return err
	})
}
