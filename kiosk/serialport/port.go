// Package serialport is the house's only way to a serial line. It wraps
// tarm/serial, whose reads can't tell a timeout from a hang-up and whose writes
// and Close can hang, into a Port that never hangs, comes back by itself when
// the device is plugged in again, and speaks periph's conn.Conn.
//
// A Port owns its line: it is locked against other processes (TIOCEXCL and
// flock), written in small pieces at the pace of the line, and read by one
// goroutine that takes XON and XOFF out where the device uses them.
package serialport

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"periph.io/x/conn/v3"

	"hallkiosk/kiosk"
)

// Opts describe a line.
type Opts struct {
	Name    string        // device file, best from /dev/serial/by-id
	Baud    int           // line speed; 8 data bits, no parity, 1 stop bit
	XonXoff bool          // the device holds us with XOFF (13) and lets go with XON (11)
	RtsCts  bool          // the device holds us by its CTS line
	Timeout time.Duration // how long Tx waits for its reply; 0 is 100 ms

	// Reopen is the pause after the first failed try to open the device; 0 is
	// 500 ms. It doubles with every further one, up to ten times as much, and
	// is as short as before once the device was opened.
	Reopen time.Duration
}

// slowest is the longest pause between two tries to open an absent device, in
// shortest pauses: 5 s when these are 500 ms.
const slowest = 10

// Port is a serial line. It implements conn.Conn; its methods may be called
// from any goroutine, one Tx runs at a time.
type Port struct {
	o Opts

	now func() time.Time

	tx    sync.Mutex    // one exchange at a time
	mu    sync.Mutex    // guards what follows
	line  *line         // nil while closed
	pause time.Duration // after the last failed try to open; 0 after a good one
	next  time.Time     // no try to open before this
	cause error         // why the last try failed
	end   bool
}

var _ conn.Conn = (*Port)(nil)

// New returns a port that opens its device at the first Tx and again after
// every hang-up. It doesn't touch the device yet.
func New(o Opts) *Port {
	if o.Timeout == 0 {
		o.Timeout = 100 * time.Millisecond
	}
	if o.Reopen == 0 {
		o.Reopen = 500 * time.Millisecond
	}
	return &Port{o: o, now: time.Now}
}

// String names the device file.
func (p *Port) String() string { return p.o.Name }

// Duplex says that both sides may talk at once.
func (p *Port) Duplex() conn.Duplex { return conn.Full }

// Tx writes all of w, then waits until len(r) bytes have come. Bytes that came
// earlier and were not read count. Errors: os.ErrDeadlineExceeded when the
// reply is late, or the device took no bytes (then the line is opened anew, and
// what the device had not taken is lost); EUnavailable when the device is not
// there or hung up; EBusy when another process has it, with a hint that names
// that process. Between two tries to open the device Tx fails at once, for the
// reason the last try gave.
func (p *Port) Tx(w, r []byte) error {
	p.tx.Lock()
	defer p.tx.Unlock()
	l, err := p.open()
	if err != nil {
		return p.gone("open", err)
	}
	if err := l.write(w); err != nil {
		p.drop(l, errors.Is(err, os.ErrDeadlineExceeded))
		return p.gone("write", err)
	}
	err = l.read(r, p.o.Timeout)
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		p.drop(l, false)
		return p.gone("read", err)
	}
	return err
}

// Close gives the line up, for good. A Tx that runs meanwhile ends with an
// error. It never fails.
func (p *Port) Close() error {
	p.mu.Lock()
	l := p.line
	p.line, p.end = nil, true
	p.mu.Unlock()
	if l != nil {
		l.close(false)
	}
	return nil
}

// open returns the open line, or opens it when the pause is over. The caller
// holds p.tx. Opening may take long, so Close is not kept waiting for it.
func (p *Port) open() (*line, error) {
	p.mu.Lock()
	l, end, now := p.line, p.end, p.now()
	wait, cause := now.Before(p.next), p.cause
	p.mu.Unlock()
	switch {
	case end:
		return nil, os.ErrClosed
	case l != nil:
		return l, nil
	case wait:
		return nil, cause
	}
	l, err := openLine(p.o)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		p.pause = min(max(2*p.pause, p.o.Reopen), slowest*p.o.Reopen)
		p.next, p.cause = p.now().Add(p.pause), err
		return nil, err
	}
	if p.end {
		l.close(false)
		return nil, os.ErrClosed
	}
	p.line, p.pause = l, 0
	return l, nil
}

func (p *Port) drop(l *line, late bool) {
	p.mu.Lock()
	if p.line == l {
		p.line = nil
	}
	p.mu.Unlock()
	l.close(late)
}

// gone makes the error for the kiosk out of what happened to the line.
func (p *Port) gone(op string, err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("%s %s: %w", op, p.o.Name, err)
	}
	e := &kiosk.Error{Code: kiosk.EUnavailable, Op: op + " " + p.o.Name, Err: err, Message: "设备没有接好。",
		Hint: p.o.Name + " is not there or hung up: check the cable and the power"}
	var h *heldError
	switch {
	case errors.As(err, &h):
		e.Code, e.Hint = kiosk.EBusy, h.hint(p.o.Name)
	case errors.Is(err, os.ErrClosed):
		e.Hint = p.o.Name + " was closed"
	case errors.Is(err, os.ErrPermission):
		e.Hint = "no permission for " + p.o.Name + ": add the user to the group dialout"
	}
	return e
}
