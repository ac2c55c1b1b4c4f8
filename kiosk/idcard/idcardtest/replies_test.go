package idcardtest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	sdt "hallkiosk/kiosk/idcard/idcardtest"
	"hallkiosk/kiosk/serialport/serialtest"
)

// TestFailures has every command fail in every way, twice and always.
func TestFailures(t *testing.T) {
	// bring brings the reader to where the command would succeed.
	bring := map[sdt.Command]string{sdt.Status: "", sdt.Find: "", sdt.Select: find, sdt.Read: find + choose, sdt.Address: find + choose}
	ask := map[sdt.Command]string{sdt.Status: status, sdt.Find: find, sdt.Select: choose, sdt.Read: read, sdt.Address: address}
	for _, c := range sdt.Commands {
		t.Run(string(c), func(t *testing.T) {
			for _, sw3 := range sdt.Failures {
				r := sdt.New(sdt.Opts{FindsAgain: true})
				try := func(want byte, size int) {
					t.Helper()
					r.Put(sdt.Resident())
					r.Exchange([]byte(bring[c]))
					expect(t, r, ask[c], want, size)
				}
				good, size := byte(sdt.OK), map[sdt.Command]int{sdt.Find: 4, sdt.Select: 8, sdt.Read: 1284, sdt.Address: 70}[c]
				if c == sdt.Find {
					good = sdt.Found
				}
				r.Fail(c, sw3, sw3)
				try(sw3, 0)
				if got := r.State().Fails[c].Next; len(got) != 1 || got[0] != sw3 {
					t.Errorf("still to fail % X", got)
				}
				try(sw3, 0)
				try(good, size)
				r.FailAlways(c, sw3)
				for range 3 {
					try(sw3, 0)
				}
				r.FailAlways(c, 0)
				try(good, size)
				r.FailAlways(c, sw3)
				r.Clear()
				try(good, size)
				if n := len(r.State().Fails); n != 0 {
					t.Errorf("%d commands still fail", n)
				}
			}
		})
	}
}

func TestSpoiledReplies(t *testing.T) {
	const good = pre + "\x00\x04\x00\x00\x90\x94"
	for _, c := range []struct {
		name  string
		spoil sdt.Spoil
		want  string
	}{
		{"XOR", sdt.Spoil{XOR: true}, pre + "\x00\x04\x00\x00\x90\x95"},
		{"FirstWrong", sdt.Spoil{Wrong: 1}, "\xba\xaa\xaa\x96\x69" + good[5:]},
		{"ThirdWrong", sdt.Spoil{Wrong: 3}, "\xaa\xaa\xba\x96\x69" + good[5:]},
		{"LastWrong", sdt.Spoil{Wrong: 5}, "\xaa\xaa\xaa\x96\x79" + good[5:]},
		{"FirstMissing", sdt.Spoil{Missing: 1}, good[1:]},
		{"FourthMissing", sdt.Spoil{Missing: 4}, "\xaa\xaa\xaa\x69" + good[5:]},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := sdt.New(sdt.Opts{Noise: []byte{0xAA, 0x00}})
			say := func(want string) {
				t.Helper()
				if got := string(r.Exchange([]byte(status))); got != "\xaa\x00"+want {
					t.Errorf("answer % X, want % X behind the noise", got, want)
				}
			}
			r.SpoilReplies(2, c.spoil)
			say(c.want)
			if s := r.State(); s.Spoiled != 1 || s.Spoil != c.spoil {
				t.Errorf("state %+v", s)
			}
			say(c.want)
			say(good)
			r.SpoilReplies(-1, c.spoil)
			for range 3 {
				say(c.want)
			}
			r.SpoilReplies(0, sdt.Spoil{})
			say(good)
		})
	}
}

// TestLiftedDuringRead cuts the reply off at every byte; then nothing, and no card.
func TestLiftedDuringRead(t *testing.T) {
	whole := 0
	for n := 1; n < 1295; n++ {
		r := sdt.New(sdt.Opts{})
		r.Put(sdt.Foreign2023())
		r.LiftAtByte(n)
		expect(t, r, find, sdt.Found, 4)
		expect(t, r, choose, sdt.OK, 8)
		got := r.Exchange([]byte(read))
		if len(got) != n {
			t.Fatalf("lifted at byte %d: %d bytes", n, len(got))
		}
		if bytes.Count(got, []byte(pre)) == 2 {
			whole++
		}
		s := r.State()
		if s.Card != nil || s.Reads != 0 || s.LiftAt != 0 {
			t.Fatalf("lifted at byte %d: %+v", n, s)
		}
		expect(t, r, find, sdt.NotFound, 0)
	}
	// A preamble stands in the photo, so a reply can be cut off behind it.
	if whole < 100 {
		t.Errorf("only %d replies had a preamble inside", whole)
	}
	r := sdt.New(sdt.Opts{})
	r.Put(sdt.HMT())
	r.LiftAtByte(100)
	r.LiftAtByte(0)
	reads(t, r)
}

// TestSlowReplies sends single bytes with pauses, on a clock of its own.
func TestSlowReplies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		host, dev := net.Pipe()
		defer host.Close()
		r := sdt.New(sdt.Opts{})
		r.Setup(func(o *sdt.Opts) { o.Delay, o.Pieces, o.Pause = 3*time.Second, 1, 20*time.Millisecond })
		done := make(chan error)
		go func() { done <- r.Serve(ctx, dev) }()
		if _, err := io.WriteString(host, status); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		b := make([]byte, 100)
		for i := range 11 {
			n, err := host.Read(b)
			if err != nil || n != 1 {
				t.Fatalf("byte %d: %d bytes, %v", i+1, n, err)
			}
			if took, want := time.Since(start), 3*time.Second+time.Duration(i)*20*time.Millisecond; took != want {
				t.Errorf("byte %d after %v, want %v", i+1, took, want)
			}
		}
		// The end comes while a reply is on its way.
		if _, err := io.WriteString(host, status); err != nil {
			t.Fatal(err)
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("served: %v", err)
		}
	})
}

// TestUnplugged hangs up in the middle of a reply, and comes back on a new line
// with the card still there.
func TestUnplugged(t *testing.T) {
	r := sdt.New(sdt.Opts{Pieces: 1, Pause: time.Hour})
	r.Put(sdt.Resident())
	port, done := serve(t, t.Context(), r)
	if _, err := io.WriteString(port, find); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 15)
	if _, err := io.ReadFull(port, b[:1]); err != nil {
		t.Fatal(err)
	}
	r.SetPlugged(false)
	if err := <-done; !errors.Is(err, sdt.ErrUnplugged) {
		t.Fatalf("served: %v", err)
	}
	if n, err := port.Read(b); n != 0 || err == nil {
		t.Errorf("read after hang-up: %d, %v", n, err)
	}
	if out := r.Exchange([]byte(status)); out != nil || !r.State().Unplugged {
		t.Errorf("unplugged and answers % X", out)
	}

	r.SetPlugged(true)
	r.Clear()
	ctx, cancel := context.WithCancel(t.Context())
	port, done = serve(t, ctx, r)
	if _, err := io.WriteString(port, find); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(port, b); err != nil || !strings.HasPrefix(string(b), pre) {
		t.Errorf("answer % X, %v", b, err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("served: %v", err)
	}
}

// serve works r on a pseudo-terminal and returns the driver's end of it, and what
// Serve returned.
func serve(t *testing.T, ctx context.Context, r *sdt.Reader) (*os.File, <-chan error) {
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
		err := r.Serve(ctx, l)
		_ = l.Close()
		done <- err
	}()
	return port, done
}

// TestHabits switches what find does after a read, while the card lies there.
func TestHabits(t *testing.T) {
	r := sdt.New(sdt.Opts{})
	r.Put(sdt.Resident())
	reads(t, r)
	expect(t, r, find, sdt.NotFound, 0)
	r.Setup(func(o *sdt.Opts) { o.FindsAgain = true })
	reads(t, r)
	r.Clear()
	reads(t, r)
	r.SetSilent(true)
	if out := r.Exchange([]byte(status)); out != nil || !r.State().Silent {
		t.Errorf("silent and answers % X", out)
	}
	r.Clear()
	expect(t, r, status, sdt.OK, 0)
}
