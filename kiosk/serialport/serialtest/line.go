// Package serialtest is a serial line made of a pseudo-terminal: the far end is a device
// node that a driver opens like any port, the near end is for a virtual device.
package serialtest

import (
	"fmt"
	"os"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// Line is the near end of one line.
type Line struct {
	near *os.File // the master
	// far is a descriptor of the slave, kept open so that the line lives on while
	// no driver has it open; without it the master reads EIO.
	far *os.File
}

// Open makes a line in raw mode.
func Open() (*Line, error) {
	master, far, err := pty.Open()
	if err != nil {
		return nil, fmt.Errorf("open pseudo-terminal: %w", err)
	}
	near, err := pollable(master)
	if err != nil {
		_ = far.Close()
		return nil, fmt.Errorf("%s: %w", far.Name(), err)
	}
	l := &Line{near: near, far: far}
	if err := raw(far); err != nil {
		_ = l.Close()
		return nil, fmt.Errorf("%s: raw mode: %w", far.Name(), err)
	}
	return l, nil
}

// pollable exchanges f for a file with deadlines: creack/pty hands out the master
// in blocking mode, where not even Close frees a Read.
func pollable(f *os.File) (*os.File, error) {
	defer f.Close()
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}

// raw is cfmakeraw(3): bytes go through as they are.
func raw(f *os.File) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var set error
	err = conn.Control(func(fd uintptr) {
		t, err := unix.IoctlGetTermios(int(fd), unix.TCGETS)
		if err != nil {
			set = err
			return
		}
		t.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
		t.Oflag &^= unix.OPOST
		t.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
		t.Cflag = t.Cflag&^(unix.CSIZE|unix.PARENB) | unix.CS8
		t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
		set = unix.IoctlSetTermios(int(fd), unix.TCSETS, t)
	})
	if err != nil {
		return err
	}
	return set
}

// Path names the far end, such as /dev/pts/3.
func (l *Line) Path() string { return l.far.Name() }

// Read returns what the driver sent.
func (l *Line) Read(b []byte) (int, error) { return l.near.Read(b) }

// Write sends to the driver.
func (l *Line) Write(b []byte) (int, error) { return l.near.Write(b) }

// SetDeadline frees a Read or Write that waits.
func (l *Line) SetDeadline(t time.Time) error { return l.near.SetDeadline(t) }

// SetWriteDeadline frees a Write that waits for the driver to read.
func (l *Line) SetWriteDeadline(t time.Time) error { return l.near.SetWriteDeadline(t) }

// Close hangs up: the driver's end reads end of file and refuses to write.
func (l *Line) Close() error {
	err := l.near.Close()
	if e := l.far.Close(); err == nil {
		err = e
	}
	return err
}
