package serialport_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hallkiosk/kiosk/serialport"
	"hallkiosk/kiosk/serialport/serialtest"
)

// waitFor waits until cond holds.
func waitFor(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for late := time.Now().Add(time.Minute); !cond(); time.Sleep(time.Millisecond) {
		if time.Now().After(late) {
			t.Fatalf("%s: not within a minute", what)
		}
	}
}

// running counts the goroutines that are in the function called name.
func running(name string) int {
	b := make([]byte, 1<<20)
	return bytes.Count(b[:runtime.Stack(b, true)], []byte("serialport."+name+"("))
}

// probe opens the driver's end of l beside the driver. TIOCEXCL would refuse it
// later.
func probe(t *testing.T, l *serialtest.Line) int {
	t.Helper()
	fd, err := unix.Open(l.Path(), unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}

// A pseudo-terminal has no CTS, but keeps the flag that asks for it.
func TestRtsCts(t *testing.T) {
	for _, c := range []struct {
		name   string
		rtscts bool
		want   uint32
	}{{"On", true, unix.CRTSCTS}, {"Off", false, 0}} {
		t.Run(c.name, func(t *testing.T) {
			name := t.TempDir() + "/port"
			p := newPort(t, serialport.Opts{Name: name, RtsCts: c.rtscts, Timeout: time.Minute, Reopen: time.Millisecond})
			for round := range 3 { // a new life of the line sets it again
				l := newLine(t)
				fd := probe(t, l)
				before, err := unix.IoctlGetTermios(fd, unix.TCGETS)
				if err != nil {
					t.Fatal(err)
				}
				before.Cflag ^= c.want ^ unix.CRTSCTS // the opposite of what is wanted
				before.Cflag &^= c.want
				if err := unix.IoctlSetTermios(fd, unix.TCSETS, before); err != nil {
					t.Fatal(err)
				}
				relink(t, l.Path(), name)
				waitFor(t, "open", func() bool { return p.Tx([]byte("x"), nil) == nil })
				got, err := unix.IoctlGetTermios(fd, unix.TCGETS)
				if err != nil {
					t.Fatal(err)
				}
				if got.Cflag&unix.CRTSCTS != c.want {
					t.Errorf("round %d: CRTSCTS is %#x, want %#x", round, got.Cflag&unix.CRTSCTS, c.want)
				}
				if got.Cflag&unix.CBAUD != unix.B115200 || got.Cflag&unix.CSIZE != unix.CS8 || got.Lflag != 0 {
					t.Errorf("round %d: tarm's settings are lost: %+v", round, got)
				}
				unix.Close(fd)
				l.Close()
				hungUp(t, p)
			}
		})
	}
}

// A device that takes nothing more ends the write at its deadline, however it
// holds us, and again at the next try; nothing is left behind blocked, and the
// line works once the device takes bytes again.
func TestBlockedWrite(t *testing.T) {
	lines, ports := make([]*serialtest.Line, 3), make([]*serialport.Port, 3)
	var cases sync.WaitGroup // at the same time, for they only wait
	for i, c := range []struct {
		name string
		o    serialport.Opts
		n    int // bytes: more than a pseudo-terminal keeps
	}{
		{"Plain", serialport.Opts{}, 64 << 10},
		{"RtsCts", serialport.Opts{RtsCts: true}, 64 << 10},
		{"XOFF", serialport.Opts{XonXoff: true}, 4},
	} {
		l := newLine(t)
		c.o.Name, c.o.Baud, c.o.Timeout = l.Path(), 4000000, time.Minute
		p := newPort(t, c.o)
		lines[i], ports[i] = l, p
		cases.Go(func() {
			for try := range 2 {
				if c.o.XonXoff {
					l.Write([]byte{0x13, '!'})
					if err := p.Tx(nil, make([]byte, 1)); err != nil {
						t.Errorf("%s, try %d: %v", c.name, try, err)
					}
				}
				began := time.Now()
				if err := p.Tx(make([]byte, c.n), nil); !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("%s, try %d: a held line: %v, want a timeout", c.name, try, err)
				}
				// 2.5 s and twice the line's own 0.16 s; the rest is the machine's.
				if took := time.Since(began); took > 30*time.Second {
					t.Errorf("%s, try %d took %s", c.name, try, took)
				}
			}
		})
	}
	cases.Wait()
	waitFor(t, "the end of all writers", func() bool { return running("(*line).writing") == 0 })
	for i, l := range lines {
		var taking sync.WaitGroup
		taking.Go(func() { io.Copy(io.Discard, l) })
		if err := ports[i].Tx(make([]byte, 64<<10), nil); err != nil {
			t.Errorf("%s takes bytes again: %v", ports[i], err)
		}
		l.Close()
		taking.Wait()
	}
}
