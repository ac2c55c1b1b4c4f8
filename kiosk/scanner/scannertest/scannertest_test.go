package scannertest_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"hallkiosk/kiosk/scanner/scannertest"
	"hallkiosk/kiosk/serialport/serialtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	trigger = "\x7e\x00\x08\x01\x00\x02\x01\xab\xcd"
	stop    = "\x7e\x00\x08\x01\x00\x02\x00\xab\xcd"
	ack     = "\x02\x00\x00\x01\x00\x33\x31"
)

// until waits for a state of s.
func until(t *testing.T, s *scannertest.Scanner, want func(scannertest.State) bool) {
	t.Helper()
	for {
		changed := s.Changed()
		if want(s.State()) {
			return
		}
		<-changed
	}
}

func TestServe(t *testing.T) {
	for _, c := range []struct {
		name string
		opts scannertest.Opts
		end  string
	}{
		{"CR", scannertest.Opts{}, "\r"},
		{"CRLF", scannertest.Opts{End: "\r\n"}, "\r\n"},
		{"Bare", scannertest.Opts{Bare: true}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			l, err := serialtest.Open()
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			port, err := os.OpenFile(l.Path(), os.O_RDWR|syscall.O_NOCTTY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer port.Close()
			s := scannertest.New(c.opts)
			if err := s.Scan("early"); !errors.Is(err, scannertest.ErrUnplugged) {
				t.Errorf("scan while unplugged: %v", err)
			}
			done := make(chan error)
			go func() { done <- s.Serve(ctx, l) }()
			until(t, s, func(st scannertest.State) bool { return st.On })

			if err := s.Scan("H:7Q2M-A023"); err != nil {
				t.Fatal(err)
			}
			read(t, port, "H:7Q2M-A023"+c.end)
			if _, err := io.WriteString(port, trigger+"\x16\x54\x0d\x16\x55\x0dz"+trigger+stop); err != nil {
				t.Fatal(err)
			}
			read(t, port, ack+ack+ack)
			got := s.State()
			if got.Triggers != 3 || got.Stops != 2 || string(got.Unknown) != "z" || got.Last != "H:7Q2M-A023" {
				t.Errorf("state %+v", got)
			}
			cancel()
			if err := <-done; err != nil {
				t.Errorf("served: %v", err)
			}
			if s.State().On {
				t.Error("still on a line after Serve")
			}
		})
	}
}

func read(t *testing.T, port io.Reader, want string) {
	t.Helper()
	b := make([]byte, len(want))
	if _, err := io.ReadFull(port, b); err != nil {
		t.Fatal(err)
	}
	if string(b) != want {
		t.Errorf("read %q, want %q", b, want)
	}
}

// TestNobodyReads fills the line: Scan says so instead of waiting for ever.
func TestNobodyReads(t *testing.T) {
	host, dev := net.Pipe()
	s := scannertest.New(scannertest.Opts{})
	done := make(chan error)
	go func() { done <- s.Serve(t.Context(), dev) }()
	until(t, s, func(st scannertest.State) bool { return st.On })
	if err := s.Scan(strings.Repeat("x", 100)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("scan: %v", err)
	}
	_ = host.Close()
	if err := <-done; !errors.Is(err, io.EOF) {
		t.Errorf("served: %v", err)
	}
}
