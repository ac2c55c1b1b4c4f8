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
	"io"
	"os"
	"sync"
	"time"

	"github.com/tarm/serial"
	"golang.org/x/sys/unix"
	"periph.io/x/conn/v3"

	"hallkiosk/kiosk"
)

// Opts describe a line.
type Opts struct {
	Name    string        // device file, best from /dev/serial/by-id
	Baud    int           // line speed; 8 data bits, no parity, 1 stop bit
	XonXoff bool          // the device holds us with XOFF (13) and lets go with XON (11)
	Timeout time.Duration // how long Tx waits for its reply; 0 is 100 ms
}

// piece is the most that is written at once, in bytes: a blocked write then
// holds little, and the line never runs dry while the next piece is on its way.
const piece = 256

// reopenEvery is the pause between two tries to open an absent device.
const reopenEvery = 500 * time.Millisecond

// Port is a serial line. It implements conn.Conn; its methods may be called
// from any goroutine, one Tx runs at a time.
type Port struct {
	o Opts

	tx   sync.Mutex // one exchange at a time
	mu   sync.Mutex // guards what follows
	line *line      // nil while closed
	next time.Time  // no try to open before this
	end  bool
}

var _ conn.Conn = (*Port)(nil)

// New returns a port that opens its device at the first Tx and again after
// every hang-up. It doesn't touch the device yet.
func New(o Opts) *Port {
	if o.Timeout == 0 {
		o.Timeout = 100 * time.Millisecond
	}
	return &Port{o: o}
}

// String names the device file.
func (p *Port) String() string { return p.o.Name }

// Duplex says that both sides may talk at once.
func (p *Port) Duplex() conn.Duplex { return conn.Full }

// Tx writes all of w, then waits until len(r) bytes have come. Bytes that came
// earlier and were not read count. Errors: os.ErrDeadlineExceeded when the
// reply is late, or the device took no bytes (then the line is opened anew);
// EUnavailable when the device is not there or hung up; EBusy when
// another process has it.
func (p *Port) Tx(w, r []byte) error {
	p.tx.Lock()
	defer p.tx.Unlock()
	l, err := p.open()
	if err != nil {
		return err
	}
	if err := l.write(w); err != nil {
		p.drop(l)
		return p.gone("write", err)
	}
	err = l.read(r, p.o.Timeout)
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		p.drop(l)
		return p.gone("read", err)
	}
	return err
}

// Close gives the line up. A Tx that runs meanwhile ends with an error.
func (p *Port) Close() error {
	p.mu.Lock()
	l := p.line
	p.line, p.end = nil, true
	p.mu.Unlock()
	if l != nil {
		l.close()
	}
	return nil
}

func (p *Port) open() (*line, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.end {
		return nil, p.gone("open", os.ErrClosed)
	}
	if p.line != nil {
		return p.line, nil
	}
	if time.Now().Before(p.next) {
		return nil, p.gone("open", errors.New("not there a moment ago"))
	}
	l, err := openLine(p.o)
	if err != nil {
		p.next = time.Now().Add(reopenEvery)
		return nil, p.gone("open", err)
	}
	p.line = l
	return l, nil
}

func (p *Port) drop(l *line) {
	p.mu.Lock()
	if p.line == l {
		p.line = nil
	}
	p.mu.Unlock()
	l.close()
}

func (p *Port) gone(op string, err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("%s %s: %w", op, p.o.Name, err)
	}
	e := &kiosk.Error{Code: kiosk.EUnavailable, Op: op + " " + p.o.Name, Err: err, Message: "设备没有接好。",
		Hint: p.o.Name + " is not there or hung up: check the cable and the power"}
	switch {
	case errors.Is(err, unix.EWOULDBLOCK), errors.Is(err, unix.EBUSY):
		e.Code, e.Hint = kiosk.EBusy, "another process uses "+p.o.Name
	case errors.Is(err, os.ErrPermission):
		e.Hint = "no permission for " + p.o.Name + ": add the user to the group dialout"
	}
	return e
}

// line is one life of an open device, from open to hang-up.
type line struct {
	o    Opts
	port *serial.Port
	fd   int           // a second descriptor: lock and exclusive use
	jobs chan []byte   // pieces for the writer
	done chan error    // one answer for each piece
	quit chan struct{} // closed by close

	mu     sync.Mutex
	in     []byte        // received, not yet read; never grows, for that would leave copies behind
	err    error         // why reading ended
	held   bool          // the device sent XOFF
	change chan struct{} // closed and renewed at every change of the above
	once   sync.Once
	paid   time.Time // when the line will have carried all that was written
}

func openLine(o Opts) (*line, error) {
	fd, err := unix.Open(o.Name, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		unix.Close(fd)
		return nil, err
	}
	port, err := serial.OpenPort(&serial.Config{Name: o.Name, Baud: o.Baud, ReadTimeout: 100 * time.Millisecond})
	if err == nil {
		if err = unix.IoctlSetInt(fd, unix.TIOCEXCL, 0); err != nil {
			port.Close()
		}
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	l := &line{o: o, port: port, fd: fd, in: make([]byte, 0, maxIn), jobs: make(chan []byte), done: make(chan error, 1), quit: make(chan struct{}), change: make(chan struct{})}
	go l.reading()
	go l.writing()
	return l, nil
}

// reading is the only reader of the device. It ends with the line.
func (l *line) reading() {
	buf := make([]byte, piece)
	quick := 0
	for {
		began := time.Now()
		n, err := l.port.Read(buf)
		select {
		case <-l.quit:
			return
		default:
		}
		switch {
		case n > 0:
			quick = 0
			l.received(buf[:n])
			clear(buf[:n])
		case err == io.EOF && time.Since(began) >= 50*time.Millisecond:
			quick = 0 // a timeout: the line is merely silent
		case err == io.EOF:
			if quick++; quick >= 2 { // after a hang-up every read returns at once
				l.fail(io.ErrUnexpectedEOF)
				return
			}
		case err != nil:
			l.fail(err)
			return
		}
	}
}

// maxIn bounds what a device that babbles can make us keep, in bytes.
const maxIn = 16 << 10

func (l *line) received(b []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range b {
		switch {
		case l.o.XonXoff && c == 0x13:
			l.held = true
		case l.o.XonXoff && c == 0x11:
			l.held = false
		case len(l.in) < maxIn:
			l.in = append(l.in, c)
		}
	}
	l.changed()
}

func (l *line) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = err
	l.changed()
}

// changed wakes all who wait. The caller holds l.mu.
func (l *line) changed() {
	close(l.change)
	l.change = make(chan struct{})
}

// read fills r, waiting at most timeout for it.
func (l *line) read(r []byte, timeout time.Duration) error {
	if len(r) == 0 {
		return nil
	}
	late := time.NewTimer(timeout)
	defer late.Stop()
	for {
		l.mu.Lock()
		if len(l.in) >= len(r) {
			copy(r, l.in)
			rest := copy(l.in, l.in[len(r):])
			clear(l.in[rest:]) // it may be a person's card
			l.in = l.in[:rest]
			l.mu.Unlock()
			return nil
		}
		err, change := l.err, l.change
		l.mu.Unlock()
		if err != nil {
			return err
		}
		select {
		case <-change:
		case <-l.quit:
			return os.ErrClosed
		case <-late.C:
			return os.ErrDeadlineExceeded
		}
	}
}

// writing hands pieces to the device. A write that blocks for ever holds only
// this goroutine, which ends when the device does.
func (l *line) writing() {
	for {
		select {
		case b := <-l.jobs:
			_, err := l.port.Write(b)
			l.done <- err
		case <-l.quit:
			return
		}
	}
}

// write sends w in pieces, at most one piece ahead of the line.
func (l *line) write(w []byte) error {
	perByte := 10 * time.Second / time.Duration(l.o.Baud)
	limit := time.NewTimer(2*time.Duration(len(w))*perByte + 2500*time.Millisecond)
	defer limit.Stop()
	if now := time.Now(); l.paid.Before(now) {
		l.paid = now
	}
	for len(w) > 0 {
		n := min(piece, len(w))
		if err := l.goAhead(time.Until(l.paid)-piece*perByte, limit.C); err != nil {
			return err
		}
		select {
		case l.jobs <- w[:n]:
		case <-l.quit:
			return os.ErrClosed
		case <-limit.C:
			return os.ErrDeadlineExceeded
		}
		select {
		case err := <-l.done:
			if err != nil {
				return err
			}
		case <-l.quit:
			return os.ErrClosed
		case <-limit.C:
			return os.ErrDeadlineExceeded
		}
		l.paid = l.paid.Add(time.Duration(n) * perByte)
		w = w[n:]
	}
	return nil
}

// goAhead waits for the line's pace and for the device's XON.
func (l *line) goAhead(pause time.Duration, limit <-chan time.Time) error {
	pace := time.NewTimer(max(0, pause))
	defer pace.Stop()
	for paced := false; ; {
		l.mu.Lock()
		held, err, change := l.held, l.err, l.change
		l.mu.Unlock()
		if err != nil {
			return err
		}
		if paced && !held {
			return nil
		}
		select {
		case <-pace.C:
			paced = true
		case <-change:
		case <-l.quit:
			return os.ErrClosed
		case <-limit:
			return os.ErrDeadlineExceeded
		}
	}
}

// close lets go of the device. Closing the file waits for a blocked write, so
// that happens aside; the lock is given up at once.
func (l *line) close() {
	l.once.Do(func() {
		close(l.quit)
		l.mu.Lock()
		clear(l.in[:cap(l.in)])
		l.in = l.in[:0]
		l.mu.Unlock()
		unix.IoctlSetInt(l.fd, unix.TIOCNXCL, 0)
		unix.Close(l.fd)
		go l.port.Close()
	})
}
