package scanner_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"periph.io/x/conn/v3"
	"periph.io/x/conn/v3/conntest"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/scanner"
	"hallkiosk/kiosk/scanner/scannertest"
	"hallkiosk/kiosk/serialport"
	"hallkiosk/kiosk/serialport/serialtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const ack = "\x02\x00\x00\x01\x00\x33\x31"

// plug puts a virtual scanner on a new line, under name.
func plug(t *testing.T, s *scannertest.Scanner, name string) *serialtest.Line {
	t.Helper()
	l, err := serialtest.Open()
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Serve(context.Background(), l) // until the line breaks
	}()
	t.Cleanup(func() { l.Close(); <-done })
	until(s, func(st scannertest.State) bool { return st.On })
	if err := os.Symlink(l.Path(), name); err != nil {
		t.Fatal(err)
	}
	return l
}

// until waits for a state of s.
func until(s *scannertest.Scanner, want func(scannertest.State) bool) {
	for {
		changed := s.Changed()
		if want(s.State()) {
			return
		}
		<-changed
	}
}

// drive runs a Dev on a real port until the test ends. What it finds comes out
// of the channel.
func drive(t *testing.T, name string, o scanner.Opts) (*scanner.Dev, <-chan string) {
	t.Helper()
	port := serialport.New(serialport.Opts{Name: name, Baud: 115200})
	d := scanner.New(port, o)
	ctx, cancel := context.WithCancel(context.Background())
	codes, done := make(chan string), make(chan struct{})
	go func() {
		defer close(done)
		d.Run(ctx, func(code string) {
			select {
			case codes <- code:
			case <-ctx.Done():
			}
		})
	}()
	t.Cleanup(func() { cancel(); <-done; port.Close() })
	return d, codes
}

// Every end and every encoding, over a real line.
func TestScan(t *testing.T) {
	for _, c := range []struct {
		name string
		opts scannertest.Opts
	}{
		{"CR", scannertest.Opts{End: "\r"}},
		{"LF", scannertest.Opts{End: "\n"}},
		{"CRLF", scannertest.Opts{End: "\r\n"}},
		{"Silence", scannertest.Opts{Bare: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "scanner")
			s := scannertest.New(c.opts)
			plug(t, s, name)
			d, codes := drive(t, name, scanner.DefaultOpts())
			for _, code := range []struct{ sent, want string }{
				{"H:7Q2M-A023", "H:7Q2M-A023"},
				{"预约 B007", "预约 B007"},
				{"\xd5\xc5\xc8\xfd", "张三"}, // GBK
				{"\x95\x32\x82\x36", "𠀀"},  // GB18030, four bytes
				{strings.Repeat("长", 1000), strings.Repeat("长", 1000)},
			} {
				if err := s.Scan(code.sent); err != nil {
					t.Fatal(err)
				}
				if got := <-codes; got != code.want {
					t.Errorf("found %q, want %q", got, code.want)
				}
			}
			if d.String() != name || d.Err() != nil {
				t.Errorf("%s: %v", d, d.Err())
			}
		})
	}
}

// The commands of every family, over a real line, with a code scanned behind
// each. The virtual scanner knows what a GM65 and a Honeywell know.
func TestTrigger(t *testing.T) {
	for _, c := range []struct {
		family          scanner.Family
		triggers, stops int
	}{{scanner.None, 0, 0}, {scanner.GM65, 2, 1}, {scanner.Honeywell, 2, 1}} {
		t.Run("Family="+string(c.family), func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "scanner")
			s := scannertest.New(scannertest.Opts{})
			plug(t, s, name)
			o := scanner.DefaultOpts()
			o.Family = c.family
			o.Refused = func(why error) { t.Error(why) }
			d, codes := drive(t, name, o)
			for i, on := range []bool{true, false, true} {
				if err := d.Trigger(on); err != nil {
					t.Fatal(err)
				}
				if err := s.Scan(string('A' + rune(i))); err != nil {
					t.Fatal(err)
				}
				if got := <-codes; got != string('A'+rune(i)) {
					t.Errorf("found %q", got)
				}
			}
			until(s, func(st scannertest.State) bool { return st.Triggers == c.triggers && st.Stops == c.stops })
			if st := s.State(); len(st.Unknown) > 0 {
				t.Errorf("sent % X", st.Unknown)
			}
		})
	}
}

// Pulled out and plugged in again, it works again by itself.
func TestComesBack(t *testing.T) {
	name := filepath.Join(t.TempDir(), "scanner")
	o := scanner.DefaultOpts()
	o.Retry = 20 * time.Millisecond // the port tries no more often than every 500 ms
	lost := make(chan struct{}, 1)
	o.After = func(d time.Duration) <-chan time.Time {
		select {
		case lost <- struct{}{}:
		default:
		}
		return time.After(d)
	}
	d, codes := drive(t, name, o)
	for _, code := range []string{"first", "second", "third"} {
		<-lost
		if err := d.Err(); kiosk.CodeOf(err) != kiosk.EUnavailable {
			t.Errorf("nothing there: %v", err)
		}
		if err := d.Trigger(true); err != nil {
			t.Errorf("nothing to say, but %v", err)
		}
		s := scannertest.New(scannertest.Opts{})
		l := plug(t, s, name)
		if err := s.Scan(code); err != nil { // waits on the line for its reader
			t.Fatal(err)
		}
		if got := <-codes; got != code {
			t.Fatalf("found %q, want %q", got, code)
		}
		if err := d.Err(); err != nil {
			t.Errorf("plugged in: %v", err)
		}
		select {
		case <-lost: // from before it was plugged in
		default:
		}
		os.Remove(name)
		l.Close()
	}
}

// What a GM65 says in command mode, byte for byte: the acknowledgement and the
// code (GM65 User Manual, "Command Trigger mode").
func TestExchange(t *testing.T) {
	play := &conntest.Playback{DontPanic: true, Ops: []conntest.IO{{W: []byte{0x7E, 0x00, 0x08, 0x01, 0x00, 0x02, 0x01, 0xAB, 0xCD}}}}
	for _, b := range []byte(ack + "A023\r") {
		play.Ops = append(play.Ops, conntest.IO{R: []byte{b}})
	}
	play.Ops = append(play.Ops, conntest.IO{W: []byte{0x7E, 0x00, 0x08, 0x01, 0x00, 0x02, 0x00, 0xAB, 0xCD}})
	o := scanner.DefaultOpts()
	o.Family = scanner.GM65
	d := scanner.New(play, o)
	if err := d.Trigger(true); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	d.Run(ctx, func(code string) {
		if code != "A023" {
			t.Errorf("found %q", code)
		}
		if err := d.Trigger(false); err != nil {
			t.Error(err)
		}
		cancel()
	})
	if err := play.Close(); err != nil {
		t.Error(err)
	}
	if err := d.Trigger(true); !conntest.IsErr(errors.Unwrap(err)) {
		t.Errorf("trigger on a broken line: %v", err)
	}
}

// tape is a line that plays what is on it, byte by byte: text comes, silence is
// a timeout, gone a hang-up; a duration passes. At its end it calls stop.
type tape struct {
	steps []any
	text  string // what of the last step is still to come
	now   time.Time
	stop  func()
}

type silence struct{}
type gone struct{}

func (p *tape) String() string      { return "tape" }
func (p *tape) Duplex() conn.Duplex { return conn.Full }
func (p *tape) Tx(_, r []byte) error {
	for p.text == "" && len(p.steps) > 0 {
		step := p.steps[0]
		p.steps = p.steps[1:]
		switch v := step.(type) {
		case string:
			p.text = v
		case time.Duration:
			p.now = p.now.Add(v)
		case silence:
			p.now = p.now.Add(100 * time.Millisecond)
			return os.ErrDeadlineExceeded
		case gone:
			return errors.New("hung up")
		}
	}
	if p.text != "" {
		r[0], p.text = p.text[0], p.text[1:]
		return nil
	}
	p.stop()
	return os.ErrDeadlineExceeded // one timeout, but no time passes: it ends nothing
}

// hear plays a tape to a Dev and returns what it found and refused.
func hear(steps ...any) (codes []string, refused []error) {
	ctx, cancel := context.WithCancel(context.Background())
	p := &tape{steps: steps, now: time.Unix(1e9, 0), stop: cancel}
	o := scanner.DefaultOpts()
	o.Now = func() time.Time { return p.now }
	o.After = func(time.Duration) <-chan time.Time {
		c := make(chan time.Time)
		close(c)
		return c
	}
	o.Refused = func(why error) { refused = append(refused, why) }
	scanner.New(p, o).Run(ctx, func(code string) { codes = append(codes, code) })
	return codes, refused
}

func TestCut(t *testing.T) {
	full := strings.Repeat("x", scanner.MaxCode)
	half := len(ack) / 2
	for _, c := range []struct {
		name    string
		tape    []any
		codes   []string
		refused []error
	}{
		{"Ends", []any{"a\rb\nc\r\nd", silence{}, "e\n\r\r\n\nf"}, []string{"a", "b", "c", "d", "e"}, nil},
		{"SilenceInShortPieces", []any{"a", 60 * time.Millisecond, "b", silence{}}, []string{"ab"}, nil},
		{"HangUp", []any{"half", gone{}, gone{}, "whole\r"}, []string{"whole"}, nil},
		{"HangUpInAcknowledgement", []any{ack[:half], gone{}, "whole\r"}, []string{"whole"}, nil},

		{"AckAlone", []any{ack, silence{}, ack + "\r"}, nil, nil},
		{"AckAround", []any{ack + "a" + ack + ack + "b" + ack + "\r" + ack + "\nc\r"}, []string{"ab", "c"}, nil},
		{"AckTornBySilence", []any{"a" + ack[:half], silence{}, ack[half:] + "b\r"}, []string{"a", "b"}, nil},
		{"AckNeverWhole", []any{"a" + ack[:half], silence{}, "b\r"}, []string{"a", "b"}, nil},
		{"AckTornAndWrong", []any{ack[:half], silence{}, ack[half:half+1] + "b\rc\r"}, []string{"c"}, []error{scanner.ErrControl}},
		{"AckBrokenOff", []any{ack[:half] + "b\rc\r"}, []string{"c"}, []error{scanner.ErrControl}},
		{"AckStartsTwice", []any{ack[:half] + ack + "b\rc\r"}, []string{"c"}, []error{scanner.ErrControl}},

		{"Longest", []any{full + "\r"}, []string{full}, nil},
		{"LongestWithAck", []any{full[1:] + ack + "y\r"}, []string{full[1:] + "y"}, nil},
		{"TooLong", []any{full + "y\rz\r"}, []string{"z"}, []error{scanner.ErrLong}},
		{"TooLongBySilence", []any{full + full + full, silence{}, "z\r"}, []string{"z"}, []error{scanner.ErrLong}},

		{"Control", []any{"a\tb\r\x00\r\x1b\r\x7f\ra\u0085\rz\r"}, []string{"z"}, slices.Repeat([]error{scanner.ErrControl}, 5)},
		{"SameInGBK", []any{"取号\r\xc8\xa1\xba\xc5\r"}, []string{"取号"}, nil},
		{"ShortGBKIsValidUTF8", []any{"\xd4\xa4\xd4\xbc\r\xd4\xa4\xd4\xbc\xba\xc5\r"}, []string{"\u0524\u053c", "预约号"}, nil},
		{"NoEncoding", []any{"\xff\xfe\r\xd5\r\ufffd\r"}, nil, slices.Repeat([]error{scanner.ErrEncoding}, 3)},

		{"Again", []any{"a\ra\r", 1999 * time.Millisecond, "a\r"}, []string{"a"}, nil},
		{"AgainAfterAnother", []any{"a\rb\ra\rb\r"}, []string{"a", "b"}, nil},
		{"AgainLater", []any{"a\r", time.Second, "a\r", time.Second, "a\ra\r"}, []string{"a", "a"}, nil},
		{"ClockSetBack", []any{"a\r", -time.Hour, "a\r"}, []string{"a", "a"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			codes, refused := hear(c.tape...)
			if !slices.Equal(codes, c.codes) || !slices.Equal(refused, c.refused) {
				t.Errorf("found %.40q, refused %v; want %.40q, %v", codes, refused, c.codes, c.refused)
			}
		})
	}
}

// A scanner that babbles without an end costs no memory.
func TestBabble(t *testing.T) {
	babble := strings.Repeat("0123456789abcdef", 1<<16)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	codes, refused := hear(babble, silence{})
	runtime.ReadMemStats(&after)
	if spent := after.TotalAlloc - before.TotalAlloc; spent > 64<<10 {
		t.Errorf("%d bytes spent on %d", spent, len(babble))
	}
	if len(codes) != 0 || !slices.Equal(refused, []error{scanner.ErrLong}) {
		t.Errorf("found %d codes, refused %v", len(codes), refused)
	}
}
