package serialport

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"github.com/tarm/serial"
	"golang.org/x/sys/unix"
)

// piece is the most that is written at once, in bytes: a blocked write then
// holds little, and the line never runs dry while the next piece is on its way.
const piece = 256

// maxIn bounds what a device that babbles can make us keep, in bytes.
const maxIn = 16 << 10

// line is one life of an open device, from open to hang-up.
type line struct {
	o    Opts
	port *serial.Port
	fd   int           // a second descriptor: lock, exclusive use, flow control
	out  [piece]byte   // what the writer writes; the caller's own bytes may change after a timeout
	jobs chan []byte   // pieces for the writer, of out
	done chan error    // one answer for each piece
	quit chan struct{} // closed by close
	wake int           // an eventfd, readable once the line is closed
	deaf chan struct{} // closed when the reader has ended
	idle chan struct{} // closed when the writer has ended

	mu     sync.Mutex
	in     []byte        // received, not yet read; never grows, for that would leave copies behind
	err    error         // why reading ended
	held   bool          // the device sent XOFF
	change chan struct{} // closed and renewed at every change of the above
	once   sync.Once
	paid   time.Time // when the line will have carried all that was written
}

// openLine opens and locks the device and starts its two goroutines, which end
// after close. A *heldError says that somebody else has it.
func openLine(o Opts) (*line, error) {
	fd, err := unix.Open(o.Name, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.EBUSY) { // TIOCEXCL of another; root is let in all the same
		return nil, held(o.Name, err)
	}
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		unix.Close(fd)
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, held(o.Name, err)
		}
		return nil, err
	}
	port, err := serial.OpenPort(&serial.Config{Name: o.Name, Baud: o.Baud, ReadTimeout: 100 * time.Millisecond}) // less is not possible, 0 is for ever
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	if err := claim(fd, o.RtsCts); err != nil {
		port.Close()
		unix.Close(fd)
		return nil, err
	}
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		port.Close()
		unix.Close(fd)
		return nil, os.NewSyscallError("eventfd", err)
	}
	l := &line{o: o, port: port, fd: fd, wake: wake, in: make([]byte, 0, maxIn), jobs: make(chan []byte), done: make(chan error, 1),
		quit: make(chan struct{}), idle: make(chan struct{}), deaf: make(chan struct{}), change: make(chan struct{})}
	go l.reading()
	go l.writing()
	return l, nil
}

// claim does on fd what tarm/serial can't, and only after it has opened the
// port: it sets all terminal flags anew, and TIOCEXCL would refuse it.
func claim(fd int, rtscts bool) error {
	if rtscts {
		t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
		if err != nil {
			return os.NewSyscallError("TCGETS", err)
		}
		t.Cflag |= unix.CRTSCTS
		if err := unix.IoctlSetTermios(fd, unix.TCSETS, t); err != nil {
			return os.NewSyscallError("TCSETS", err)
		}
	}
	return os.NewSyscallError("TIOCEXCL", unix.IoctlSetInt(fd, unix.TIOCEXCL, 0))
}

// reading is the only reader of the device. It ends with the line.
func (l *line) reading() {
	defer close(l.deaf)
	buf := make([]byte, piece)
	quick := 0
	for l.await(unix.POLLIN) {
		began := time.Now()
		n, err := l.port.Read(buf)
		switch {
		case n > 0:
			quick = 0
			l.received(buf[:n])
			clear(buf[:n])
		case err == io.EOF && time.Since(began) >= 50*time.Millisecond:
			quick = 0 // a timeout: somebody else was quicker
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

// writing hands pieces to the device. It ends with the line, or, where a write
// blocks in spite of room, when the device takes bytes again or hangs up.
func (l *line) writing() {
	defer close(l.idle)
	for {
		select {
		case b := <-l.jobs:
			if !l.await(unix.POLLOUT) {
				return
			}
			_, err := l.port.Write(b)
			clear(b)
			l.done <- err
		case <-l.quit:
			return
		}
	}
}

// await waits until the device has bytes (POLLIN) or takes some (POLLOUT), or
// has hung up, and says whether the line is still open then. Without it a try to
// write to a device that holds CTS for ever would leave behind a goroutine and
// a descriptor, blocked, and a closed line's reader would go on for a while and
// steal its successor's bytes.
func (l *line) await(events int16) bool {
	for {
		p := []unix.PollFd{{Fd: int32(l.fd), Events: events}, {Fd: int32(l.wake), Events: unix.POLLIN}}
		_, err := unix.Poll(p, -1)
		switch {
		case errors.Is(err, unix.EINTR):
		case p[1].Revents != 0:
			return false
		default:
			return true // the read or write itself tells what is wrong
		}
	}
}

// write sends w in pieces, at most one piece ahead of the line. It takes at
// most twice as long as the line needs, and 2.5 s.
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
		case l.jobs <- l.out[:copy(l.out[:], w[:n])]:
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

// close lets go of the device. late says that it took no more bytes: those that
// the kernel still keeps for it are dropped then, for they are half a message
// and closing would wait for them. When close returns nothing reads any more and
// the locks are given up; descriptors are closed aside, where a write that
// blocks holds up nobody.
func (l *line) close(late bool) {
	l.once.Do(func() {
		close(l.quit)
		unix.Write(l.wake, binary.NativeEndian.AppendUint64(nil, 1))
		<-l.deaf // at once, or within tarm's 100 ms
		l.mu.Lock()
		clear(l.in[:cap(l.in)])
		l.in = l.in[:0]
		l.mu.Unlock()
		if late {
			unix.IoctlSetInt(l.fd, unix.TCFLSH, unix.TCOFLUSH)
		}
		unix.IoctlSetInt(l.fd, unix.TIOCNXCL, 0)
		// Not left to closing: a program that is being started has a copy of fd.
		unix.Flock(l.fd, unix.LOCK_UN)
		go func() {
			<-l.idle
			unix.Close(l.fd)
			l.port.Close()
			unix.Close(l.wake)
		}()
	})
}
