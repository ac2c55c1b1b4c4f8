package serialtest_test

import (
	"errors"
	"io"
	"os"
	"syscall"
	"testing"
	"time"

	"hallkiosk/kiosk/serialport/serialtest"
)

// TestLine sends every byte both ways: nothing is translated, echoed or swallowed.
func TestLine(t *testing.T) {
	l, err := serialtest.Open()
	if err != nil {
		t.Fatal(err)
	}
	var all [256]byte
	for i := range all {
		all[i] = byte(i)
	}
	for range 2 { // a driver may come and go
		port, err := os.OpenFile(l.Path(), os.O_RDWR|syscall.O_NOCTTY, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, way := range []struct {
			w io.Writer
			r io.Reader
		}{{port, l}, {l, port}} {
			var got [256]byte
			if _, err := way.w.Write(all[:]); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(way.r, got[:]); err != nil {
				t.Fatal(err)
			}
			if got != all {
				t.Errorf("bytes changed on the way: % X", got)
			}
		}
		if err := port.Close(); err != nil {
			t.Fatal(err)
		}
	}

	if err := l.SetDeadline(time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Read(all[:]); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read past the deadline: %v", err)
	}

	port, err := os.OpenFile(l.Path(), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer port.Close()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := port.Write(all[:]); !errors.Is(err, syscall.EIO) {
		t.Errorf("write after hang-up: %v, want EIO", err)
	}
}
