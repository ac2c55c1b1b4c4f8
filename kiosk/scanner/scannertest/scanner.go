// Package scannertest is a virtual QR scanner on a serial line: it sends what is
// held before it, and takes the trigger commands of the common makes.
package scannertest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"
)

// ErrUnplugged is a scan that nobody can read.
var ErrUnplugged = errors.New("scanner is not on a line")

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
	End  string // sent after a code: "\r" (the default), "\n", "\r\n"
	Bare bool   // sends no End; the code ends with the silence after it
}

// Scanner is one virtual scanner. It is safe for use from several goroutines.
type Scanner struct {
	o Opts

	line sync.Mutex // held while writing: a code isn't torn apart by an acknowledgement

	mu       sync.Mutex
	changed  chan struct{}
	w        io.Writer // nil while not served
	in       []byte
	last     string
	triggers int
	off      int
	unknown  []byte
}

// New returns a scanner.
func New(o Opts) *Scanner {
	switch {
	case o.Bare:
		o.End = ""
	case o.End == "":
		o.End = "\r"
	}
	return &Scanner{o: o, changed: make(chan struct{})}
}

// Scan holds a code before the scanner, which sends it with its end. It returns
// ErrUnplugged while the scanner isn't served, and os.ErrDeadlineExceeded when the
// line is full because nobody reads.
func (s *Scanner) Scan(code string) error {
	s.line.Lock()
	defer s.line.Unlock()
	s.mu.Lock()
	w := s.w
	if w != nil {
		s.last = code
		s.change()
	}
	s.mu.Unlock()
	if w == nil {
		return ErrUnplugged
	}
	if d, ok := w.(interface{ SetWriteDeadline(time.Time) error }); ok {
		_ = d.SetWriteDeadline(time.Now().Add(time.Second))
	}
	_, err := io.WriteString(w, code+s.o.End)
	return err
}

// State is what can be seen of the scanner at one moment.
type State struct {
	On       bool   // on a line that is served
	Last     string // the last code scanned
	Triggers int    // commands to scan
	Stops    int    // commands to stop scanning
	Unknown  []byte // what came that is no command
}

// State returns what can be seen now.
func (s *Scanner) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return State{On: s.w != nil, Last: s.last, Triggers: s.triggers, Stops: s.off, Unknown: slices.Clone(s.unknown)}
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

// Serve works the scanner at the end of a line until ctx ends (nil) or the line
// breaks. rw should have SetDeadline, as files and sockets have; if it hasn't and
// is an io.Closer, Serve closes it at the end.
func (s *Scanner) Serve(ctx context.Context, rw io.ReadWriter) error {
	plug := func(w io.Writer) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.w = w
		s.change()
	}
	freed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(freed)
		if d, ok := rw.(interface{ SetDeadline(time.Time) error }); ok && d.SetDeadline(time.Unix(1, 0)) == nil {
			return
		}
		if c, ok := rw.(io.Closer); ok {
			_ = c.Close()
		}
	})
	defer func() {
		if !stop() {
			<-freed
		}
	}()
	plug(rw)
	defer plug(nil)
	b := make([]byte, 256)
	for {
		n, err := rw.Read(b)
		if answer := s.take(b[:n]); len(answer) > 0 && err == nil {
			s.line.Lock()
			_, err = rw.Write(answer)
			s.line.Unlock()
		}
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
