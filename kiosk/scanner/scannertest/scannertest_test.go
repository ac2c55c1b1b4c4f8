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
	if err := s.Wait(t.Context(), want); err != nil {
		t.Fatal(err)
	}
}

// serve works s on a pseudo-terminal and returns the driver's end of it, and what
// Serve returned.
func serve(t *testing.T, ctx context.Context, s *scannertest.Scanner) (*os.File, <-chan error) {
	t.Helper()
	l, err := serialtest.Open()
	if err != nil {
		t.Fatal(err)
	}
	port, err := os.OpenFile(l.Path(), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = port.Close() })
	done := make(chan error, 1)
	go func() {
		err := s.Serve(ctx, l)
		_ = l.Close()
		done <- err
	}()
	until(t, s, func(st scannertest.State) bool { return st.On })
	return port, done
}

func TestServe(t *testing.T) {
	for _, c := range []struct {
		name string
		opts scannertest.Opts
		end  string
	}{
		{"CR", scannertest.Opts{}, "\r"},
		{"LF", scannertest.Opts{End: "\n"}, "\n"},
		{"CRLF", scannertest.Opts{End: "\r\n"}, "\r\n"},
		{"Bare", scannertest.Opts{Bare: true}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			s := scannertest.New(c.opts)
			if err := s.Scan("early"); !errors.Is(err, scannertest.ErrUnplugged) {
				t.Errorf("scan while unplugged: %v", err)
			}
			port, done := serve(t, ctx, s)
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

// TestSetup changes end, encoding and noise while the scanner is on its line.
func TestSetup(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := scannertest.New(scannertest.Opts{})
	port, done := serve(t, ctx, s)
	for _, c := range []struct {
		name  string
		setup func(*scannertest.Opts)
		want  string
	}{
		{"UTF8", func(*scannertest.Opts) {}, "\xe5\x8f\xb7A\r"},
		{"GBK", func(o *scannertest.Opts) { o.GBK = true }, "\xba\xc5A\r"},
		{"LF", func(o *scannertest.Opts) { o.End = "\n" }, "\xba\xc5A\n"},
		{"Idle", func(o *scannertest.Opts) { o.Bare = true }, "\xba\xc5A"},
		{"DefaultEndAgain", func(o *scannertest.Opts) { o.Bare = false }, "\xba\xc5A\r"},
		{"Noise", func(o *scannertest.Opts) { o.Noise = []byte{0, 0xFF} }, "\x00\xff\xba\xc5A\r"},
	} {
		s.Setup(c.setup)
		if err := s.Scan("号A"); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		read(t, port, c.want)
	}
	if err := s.Scan("😀"); !errors.Is(err, scannertest.ErrEncoding) {
		t.Errorf("a code that GBK can't say: %v", err)
	}
	if got := s.State(); got.Last != "号A" || !got.Opts.GBK {
		t.Errorf("state %+v", got)
	}
	if err := s.Say(0x7F, 0x00); err != nil {
		t.Fatal(err)
	}
	read(t, port, "\x7f\x00")
	cancel()
	if err := <-done; err != nil {
		t.Errorf("served: %v", err)
	}
}

// TestUnplugged hangs up and comes back on a new line.
func TestUnplugged(t *testing.T) {
	s := scannertest.New(scannertest.Opts{})
	port, done := serve(t, t.Context(), s)
	s.SetPlugged(false)
	if err := <-done; !errors.Is(err, scannertest.ErrUnplugged) {
		t.Fatalf("served: %v", err)
	}
	if n, err := port.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("read after hang-up: %d, %v", n, err)
	}
	if err := s.Scan("x"); !errors.Is(err, scannertest.ErrUnplugged) || !s.State().Unplugged {
		t.Errorf("scan: %v", err)
	}
	s.SetPlugged(true)
	ctx, cancel := context.WithCancel(t.Context())
	port, done = serve(t, ctx, s)
	if err := s.Scan("x"); err != nil {
		t.Fatal(err)
	}
	read(t, port, "x\r")
	cancel()
	if err := <-done; err != nil {
		t.Errorf("served: %v", err)
	}
}
