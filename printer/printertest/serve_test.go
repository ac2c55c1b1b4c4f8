package printertest_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"hallkiosk/kiosk/serialport/serialtest"
	pt "hallkiosk/printer/printertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve works p on a real pseudo-terminal and returns the driver's end of it, and
// what Serve returned.
func serve(t *testing.T, ctx context.Context, p *pt.Printer, baud int) (*os.File, <-chan error) {
	t.Helper()
	l, err := serialtest.Open()
	if err != nil {
		t.Fatal(err)
	}
	port, err := os.OpenFile(l.Path(), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		err := p.Serve(ctx, l, baud)
		_ = l.Close()
		done <- err
	}()
	t.Cleanup(func() { _ = port.Close() })
	return port, done
}

func answer(t *testing.T, port io.Reader, n int) string {
	t.Helper()
	b := make([]byte, n)
	if _, err := io.ReadFull(port, b); err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestServe(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p := pt.New(pt.Opts{})
	port, done := serve(t, ctx, p, 0)
	if _, err := io.WriteString(port, "\x1da\xff"+poll+ticket(t)+query); err != nil {
		t.Fatal(err)
	}
	// Real-time answers may overtake the automatic status, which waits its turn.
	got := answer(t, port, 9)
	if strings.Count(got, "\x12") != 4 || !strings.HasSuffix(got, "\x00") {
		t.Errorf("answers % X", got)
	}
	equal(t, "number", only(t, p).Text[2], "A023")
	p.Set(pt.CoverOpen, true)
	equal(t, "automatic status", answer(t, port, 4), "\x38\x00\x00\x0f")
	cancel()
	equal(t, "served", <-done, nil)
}

// TestPace sends 300 bytes at 9600 baud, which take 312 ms on the line.
func TestPace(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p := pt.New(pt.Opts{})
	port, done := serve(t, ctx, p, 9600)
	if _, err := io.WriteString(port, strings.Repeat("x", 300-len(cut))+cut); err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(ctx, func(s pt.State) bool { return len(s.Papers) == 1 }); err != nil {
		t.Fatal(err)
	}
	paper := only(t, p)
	equal(t, "bytes", paper.Bytes, 300)
	if took := paper.Last.Sub(paper.First); took < 290*time.Millisecond || took > 2*time.Second {
		t.Errorf("300 bytes at 9600 baud took %v, want 311 ms", took)
	}
	cancel()
	<-done
}

// TestHangUp switches the power off at byte 5: the driver's port hangs up.
func TestHangUp(t *testing.T) {
	p := pt.New(pt.Opts{})
	p.SetAtByte(pt.PowerOff, 5)
	port, done := serve(t, t.Context(), p, 0)
	if _, err := io.WriteString(port, "lost\nlost"); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, pt.ErrOff) {
		t.Fatalf("served: %v", err)
	}
	if n, err := port.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("read after hang-up: %d, %v", n, err)
	}
	if _, err := port.Write([]byte("x")); !errors.Is(err, syscall.EIO) {
		t.Errorf("write after hang-up: %v, want EIO", err)
	}
	equal(t, "received", p.State().Received, int64(5))
}

// TestServeConn serves over anything that has deadlines, and is freed when the
// other side goes away.
func TestServeConn(t *testing.T) {
	host, dev := net.Pipe()
	p := pt.New(pt.Opts{})
	done := make(chan error)
	go func() { done <- p.Serve(t.Context(), dev, 115200) }()
	if _, err := io.WriteString(host, query); err != nil {
		t.Fatal(err)
	}
	equal(t, "answer", answer(t, host, 1), "\x00")
	_ = host.Close()
	if err := <-done; !errors.Is(err, io.EOF) {
		t.Errorf("served: %v", err)
	}
}
