package serialport_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/serialport"
	"hallkiosk/kiosk/serialport/serialtest"
)

// relink makes name lead to path, as udev does: without a moment in between.
func relink(t *testing.T, path, name string) {
	t.Helper()
	os.Remove(name + ".new")
	if err := os.Symlink(path, name+".new"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		t.Fatal(err)
	}
}

// hungUp reads until p tells that its device has gone. p must wait long enough.
func hungUp(t *testing.T, p *serialport.Port) {
	t.Helper()
	if err := p.Tx(nil, make([]byte, 1)); kiosk.CodeOf(err) != kiosk.EUnavailable {
		t.Fatalf("hang-up: %v, want EUnavailable", err)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(fds)
}

// full says whether the line takes no more, after filling it through fd.
func full(fd int) bool {
	for {
		if _, err := unix.Write(fd, make([]byte, 4096)); err != nil {
			break
		}
	}
	p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
	_, err := unix.Poll(p, 0)
	return err == nil && p[0].Revents == 0
}

// A device that is pulled out and put in again a thousand times, idle, in the
// middle of a read or of a write that blocks, works each time and costs nothing.
func TestReplug(t *testing.T) {
	const rounds = 1000
	goleak.VerifyNone(t) // what earlier tests closed has gone
	name := filepath.Join(t.TempDir(), "usb-1a86_USB_Serial-if00-port0")
	p := newPort(t, serialport.Opts{Name: name, Baud: 4000000, Timeout: time.Minute, Reopen: time.Millisecond})
	before := 0
	for i := range rounds {
		if i == 3 { // by then the Go runtime has its own descriptors
			before = settled(t)
		}
		replug(t, p, name, i)
	}
	if after := settled(t); after != before {
		t.Errorf("%d descriptors, there were %d", after, before)
	}
}

// settled waits until no goroutine is left over, and counts the descriptors.
func settled(t *testing.T) int {
	t.Helper()
	goleak.VerifyNone(t)
	return descriptors(t)
}

// replug is one life of the device.
func replug(t *testing.T, p *serialport.Port, name string, i int) {
	l, err := serialtest.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	fd, err := unix.Open(l.Path(), unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	relink(t, l.Path(), name)
	ask, got := []byte{byte(i), byte(i >> 8)}, make([]byte, 2)
	waitFor(t, "open", func() bool {
		err := p.Tx(ask, nil)
		if err != nil && kiosk.CodeOf(err) != kiosk.EUnavailable {
			t.Fatalf("round %d: absent: %v", i, err)
		}
		return err == nil
	})
	if _, err := io.ReadFull(l, got); err != nil || !slices.Equal(got, ask) {
		t.Fatalf("round %d: the device got % X (%v), want % X", i, got, err, ask)
	}
	l.Write(ask)
	if err := p.Tx(nil, got); err != nil || !slices.Equal(got, ask) {
		t.Fatalf("round %d: we got % X (%v), want % X", i, got, err, ask)
	}

	done := make(chan error, 1)
	switch i % 3 {
	case 0:
		l.Close()
		hungUp(t, p)
		return
	case 1:
		go func() { done <- p.Tx(nil, got) }()
		waitFor(t, "reading", func() bool { return running("(*line).read") == 1 })
	case 2:
		go func() { done <- p.Tx(make([]byte, 64<<10), nil) }()
		waitFor(t, "a blocked write", func() bool { return full(fd) && running("(*line).write") == 1 })
	}
	l.Close()
	if err := <-done; kiosk.CodeOf(err) != kiosk.EUnavailable {
		t.Fatalf("round %d: hang-up in mid-exchange: %v, want EUnavailable", i, err)
	}
}

// An absent device is looked for ever less often, and as often as at first once
// it was there.
func TestBackOff(t *testing.T) {
	name := filepath.Join(t.TempDir(), "port")
	p := newPort(t, serialport.Opts{Name: name, Timeout: time.Minute})
	now := time.Unix(0, 0)
	serialport.SetNow(p, func() time.Time { return now })
	pauses := []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 5 * time.Second, 5 * time.Second}
	for life := range 2 {
		for i, pause := range pauses {
			if err := p.Tx(nil, nil); kiosk.CodeOf(err) != kiosk.EUnavailable || !errors.Is(err, os.ErrNotExist) {
				t.Fatalf("life %d, try %d: %v, want EUnavailable because it does not exist", life, i, err)
			}
			// It comes back, but is not looked for until the pause is over.
			l := newLine(t)
			relink(t, l.Path(), name)
			now = now.Add(pause - 1)
			if err := p.Tx(nil, nil); !errors.Is(err, os.ErrNotExist) {
				t.Fatalf("life %d, try %d: looked for it after %s already: %v", life, i, pause-1, err)
			}
			now = now.Add(1)
			if i < len(pauses)-1 { // and is away again
				os.Remove(name)
			} else if err := p.Tx(nil, nil); err != nil {
				t.Fatalf("life %d: after %s: %v", life, pause, err)
			}
			l.Close()
		}
		os.Remove(name)
		hungUp(t, p)
	}
}

// A port closed and opened anew gets every byte: the closed one reads no more.
func TestSuccessor(t *testing.T) {
	l := newLine(t)
	for i := range 100 {
		p := newPort(t, serialport.Opts{Name: l.Path(), Timeout: time.Minute})
		if err := p.Tx(nil, nil); err != nil {
			t.Fatal(err)
		}
		l.Write([]byte{byte(i)})
		got := make([]byte, 1)
		if err := p.Tx(nil, got); err != nil || got[0] != byte(i) {
			t.Fatalf("got % X (%v), want %02X", got, err, i)
		}
		p.Close()
	}
}
