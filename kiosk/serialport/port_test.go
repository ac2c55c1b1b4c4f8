package serialport_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/serialport"
	"hallkiosk/kiosk/serialport/serialtest"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == otherArg {
		other(os.Args[2])
		return
	}
	goleak.VerifyTestMain(m)
}

func newLine(t *testing.T) *serialtest.Line {
	t.Helper()
	l, err := serialtest.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func newPort(t *testing.T, o serialport.Opts) *serialport.Port {
	t.Helper()
	if o.Baud == 0 {
		o.Baud = 115200
	}
	p := serialport.New(o)
	t.Cleanup(func() { p.Close() })
	return p
}

func TestExchange(t *testing.T) {
	l := newLine(t)
	p := newPort(t, serialport.Opts{Name: l.Path(), Timeout: time.Minute})
	question := []byte{0x10, 4, 1, 0, 0xFF, 0x11, 0x13, '\r', '\n', 3, 4, 0x1A, 0x7F}
	go func() {
		b := make([]byte, len(question))
		if _, err := io.ReadFull(l, b); err == nil {
			l.Write(b) // an echo: no byte may be changed on either way
		}
	}()
	got := make([]byte, len(question))
	if err := p.Tx(question, got); err != nil || !bytes.Equal(got, question) {
		t.Fatalf("got % X (%v), want % X", got, err, question)
	}
	if p.String() != l.Path() {
		t.Errorf("it is called %s", p)
	}
}

// A silent line is a timeout and stays open; a hang-up is an absent device.
func TestTimeoutIsNoHangUp(t *testing.T) {
	l := newLine(t)
	p := newPort(t, serialport.Opts{Name: l.Path()})
	var b [1]byte
	for range 3 {
		if err := p.Tx(nil, b[:]); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("silence: %v, want a timeout", err)
		}
	}
	l.Close()
	for late := time.Now().Add(time.Minute); ; {
		err := p.Tx(nil, b[:])
		if kiosk.CodeOf(err) == kiosk.EUnavailable {
			break
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) || time.Now().After(late) {
			t.Fatalf("hang-up: %v, want EUnavailable", err)
		}
	}
}

// Plugged in again under the same name, the port works again by itself.
func TestComesBack(t *testing.T) {
	name := filepath.Join(t.TempDir(), "port")
	p := newPort(t, serialport.Opts{Name: name})
	if err := p.Tx([]byte("x"), nil); kiosk.CodeOf(err) != kiosk.EUnavailable || kiosk.HintOf(err) == "" {
		t.Fatalf("absent: %v", err)
	}
	for round := range 3 {
		l := newLine(t)
		os.Remove(name)
		if err := os.Symlink(l.Path(), name); err != nil {
			t.Fatal(err)
		}
		for late := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
			if err := p.Tx([]byte{byte(round)}, nil); err == nil {
				break
			} else if time.Now().After(late) {
				t.Fatalf("round %d: %v", round, err)
			}
		}
		b := make([]byte, 1)
		if _, err := io.ReadFull(l, b); err != nil || b[0] != byte(round) {
			t.Fatalf("round %d: the device got %v (%v)", round, b, err)
		}
		l.Close()
	}
}

// Bytes leave at the pace of the line, at most one piece ahead of it.
func TestPace(t *testing.T) {
	l := newLine(t)
	p := newPort(t, serialport.Opts{Name: l.Path(), Baud: 19200})
	const n, ahead = 1024, 256
	arrived := make(chan time.Time, 1)
	go func() {
		io.ReadFull(l, make([]byte, n))
		arrived <- time.Now()
	}()
	began := time.Now()
	if err := p.Tx(make([]byte, n), nil); err != nil {
		t.Fatal(err)
	}
	// Slower is the machine's affair; faster would overrun a real device.
	if took, least := (<-arrived).Sub(began), (n-2*ahead)*10*time.Second/19200; took < least {
		t.Errorf("%d bytes took %s, the line itself needs %s for all but two pieces", n, took, least)
	}
}

func TestXOFF(t *testing.T) {
	l := newLine(t)
	p := newPort(t, serialport.Opts{Name: l.Path(), XonXoff: true, Timeout: time.Minute})
	if err := p.Tx([]byte("open"), nil); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 4)
	io.ReadFull(l, b)
	l.Write([]byte{0x13, '!'})
	if err := p.Tx(nil, b[:1]); err != nil || b[0] != '!' {
		t.Fatalf("XOFF was handed on: % X %v", b[:1], err)
	}
	sent := make(chan error, 1)
	go func() { sent <- p.Tx([]byte("held"), nil) }()
	l.SetDeadline(time.Now().Add(200 * time.Millisecond))
	if n, err := l.Read(b); err == nil {
		t.Fatalf("held back by XOFF it still sent %q", b[:n])
	}
	l.SetDeadline(time.Time{})
	l.Write([]byte{0x11})
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(l, b); err != nil || string(b) != "held" {
		t.Fatalf("after XON: %q %v", b, err)
	}
}

func TestBusy(t *testing.T) {
	l := newLine(t)
	first := newPort(t, serialport.Opts{Name: l.Path()})
	if err := first.Tx([]byte("x"), nil); err != nil {
		t.Fatal(err)
	}
	second := newPort(t, serialport.Opts{Name: l.Path()})
	if err := second.Tx([]byte("x"), nil); kiosk.CodeOf(err) != kiosk.EBusy {
		t.Fatalf("a second user: %v, want EBusy", err)
	}
	first.Close()
	third := newPort(t, serialport.Opts{Name: l.Path()})
	if err := third.Tx([]byte("x"), nil); err != nil {
		t.Fatalf("after the first let go: %v", err)
	}
	if err := first.Tx(nil, nil); err == nil {
		t.Error("a closed port works on")
	}
}

// A device that never stops talking neither hangs nor fills the memory, and
// several users of one port don't mix their exchanges.
func TestBabble(t *testing.T) {
	l := newLine(t)
	p := newPort(t, serialport.Opts{Name: l.Path(), Timeout: time.Minute})
	var talking sync.WaitGroup
	talking.Go(func() {
		for {
			if _, err := l.Write(bytes.Repeat([]byte{'u'}, 1000)); err != nil {
				return
			}
		}
	})
	talking.Go(func() { io.Copy(io.Discard, l) })
	var users sync.WaitGroup
	for range 4 {
		users.Go(func() {
			b := make([]byte, 500)
			for range 20 {
				if err := p.Tx([]byte("x"), b); err != nil || b[499] != 'u' {
					t.Errorf("% X %v", b[499], err)
					return
				}
			}
		})
	}
	users.Wait()
	l.Close()
	talking.Wait()
}

// Close frees a Tx, wherever it is.
func TestCloseDuringTx(t *testing.T) {
	for round := range 100 {
		l := newLine(t)
		p := newPort(t, serialport.Opts{Name: l.Path(), Baud: 230400})
		var copying sync.WaitGroup
		copying.Go(func() { io.Copy(io.Discard, l) })
		if err := p.Tx([]byte("x"), nil); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- p.Tx(make([]byte, 8<<10), nil) }()
		time.Sleep(time.Duration(round%10) * time.Millisecond)
		p.Close()
		select {
		case <-done:
		case <-time.After(time.Minute):
			t.Fatalf("round %d: Tx hangs", round)
		}
		l.Close()
		copying.Wait()
	}
}
