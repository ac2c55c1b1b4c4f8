package idcard_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/idcard"
	"hallkiosk/kiosk/idcard/idcardtest"
	"hallkiosk/kiosk/serialport"
	"hallkiosk/kiosk/serialport/serialtest"
)

// rig is our driver and a virtual reader at the two ends of a pseudo-terminal,
// with the house's serial port between them.
type rig struct {
	*idcardtest.Reader
	dev  *idcard.Dev
	link string // the name of the line, as udev gives it
	stop func()

	// slow is how many times slower than the wall's the driver's clock goes. A
	// test that waits for a deadline sets it to 1.
	slow time.Duration
}

// wire changes what the reader sends and sees what it is sent.
type wire struct {
	*serialtest.Line
	edit func(cmd string, answer []byte) []byte
	cmd  []byte
}

func (w *wire) Read(b []byte) (int, error) {
	n, err := w.Line.Read(b)
	w.cmd = append(w.cmd, b[:n]...)
	return n, err
}

func (w *wire) Write(b []byte) (int, error) {
	answer := w.edit(string(w.cmd), b)
	w.cmd = nil
	_, err := w.Line.Write(answer)
	return len(b), err
}

func newRig(t *testing.T, o idcardtest.Opts, edit func(cmd string, answer []byte) []byte) *rig {
	t.Helper()
	r := &rig{Reader: idcardtest.New(o), link: filepath.Join(t.TempDir(), "reader"), slow: 20}
	r.plug(t, edit)
	port := serialport.New(serialport.Opts{Name: r.link, Baud: 115200})
	opts := idcard.DefaultOpts()
	opts.After = func(time.Duration) <-chan time.Time { return time.After(0) } // no pause between questions
	began := time.Now()
	opts.Now = func() time.Time { return began.Add(time.Since(began) / r.slow) } // a busy machine is no silent reader
	r.dev = idcard.New(port, opts)
	t.Cleanup(func() {
		port.Close()
		r.stop()
		if u := r.State().Unknown; len(u) > 0 {
			t.Errorf("commands never to be sent: %v", u)
		}
	})
	return r
}

// plug gives the reader a new line under the old name.
func (r *rig) plug(t *testing.T, edit func(cmd string, answer []byte) []byte) {
	t.Helper()
	line, err := serialtest.Open()
	if err != nil {
		t.Fatal(err)
	}
	os.Remove(r.link)
	if err := os.Symlink(line.Path(), r.link); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() {
		if edit != nil {
			r.Serve(ctx, &wire{Line: line, edit: edit})
		} else {
			r.Serve(ctx, line)
		}
	})
	r.stop = sync.OnceFunc(func() {
		cancel()
		serving.Wait()
		line.Close()
	})
}

// within ends a test that waits for what doesn't come.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// Every kind of card from every kind of line and reader.
func TestLine(t *testing.T) {
	noise := []byte{0xAA, 0xAA, 0x00, 0x96, 0x69, 0xAA}
	for name, o := range map[string]idcardtest.Opts{
		"Plain": {}, "Noise": {Noise: noise}, "Pieces": {Pieces: 1}, "NoiseInPieces": {Noise: noise, Pieces: 3},
		"FindsAgain": {FindsAgain: true}, "FindsAgainInPieces": {FindsAgain: true, Pieces: 100},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := within(t)
			r := newRig(t, o, nil)
			if sam, err := r.dev.Status(ctx); err != nil || sam == "" {
				t.Fatalf("status: %q, %v", sam, err)
			}
			for _, c := range idcardtest.Cards() {
				r.Put(c)
				got, err := r.dev.Read(ctx)
				if err != nil {
					t.Fatalf("%s: %v", c.Kind, err)
				}
				checkCard(t, got, c.Kind)
				r.Lift()
				if err := r.dev.Gone(ctx); err != nil {
					t.Fatalf("%s: %v", c.Kind, err)
				}
			}
		})
	}
}

// Each SW3 of devices.md, from a read, with a message that says what to do now
// and a hint that names port and byte. Then the card is lifted and put back.
func TestSW3(t *testing.T) {
	for _, again := range []bool{false, true} {
		t.Run(fmt.Sprintf("FindsAgain=%v", again), func(t *testing.T) {
			t.Parallel()
			ctx := within(t)
			r := newRig(t, idcardtest.Opts{FindsAgain: again}, nil)
			seen := map[string]bool{}
			for _, sw := range []byte{0x10, 0x11, 0x21, 0x23, 0x24, 0x31, 0x32, 0x33, 0x3F, 0x40, 0x41, 0x47, 0x60, 0x66, 0x80, 0x81, 0x91, 0x77} {
				r.FailReads(sw)
				r.Put(idcardtest.Resident())
				card, err := r.dev.Read(ctx)
				var got idcard.SW3
				if !errors.As(err, &got) || byte(got) != sw || card.Number() != "" {
					t.Fatalf("SW3 %02X: %v", sw, err)
				}
				code, message, hint := kiosk.CodeOf(err), kiosk.MessageOf(err), kiosk.HintOf(err)
				name := fmt.Sprintf("SW3 %02X: ", sw)
				if !strings.HasPrefix(hint, r.link+": "+name) || seen[strings.TrimPrefix(hint, r.link+": "+name)] {
					t.Errorf("%shint %q", name, hint)
				}
				seen[strings.TrimPrefix(hint, r.link+": "+name)] = true
				if !strings.Contains(message, "请") {
					t.Errorf("%smessage %q doesn't say what to do", name, message)
				}
				want := kiosk.EInvalid // the card's
				if strings.Contains("\x10\x11\x21\x23\x24\x60\x66\x77", string([]byte{sw})) {
					want = kiosk.EUnavailable // the reader's
				}
				if code != want {
					t.Errorf("%scode %s, want %s", name, code, want)
				}
				r.Lift()
				if err := r.dev.Gone(ctx); err != nil {
					t.Fatal(err)
				}
				r.Put(idcardtest.Resident())
				if card, err = r.dev.Read(ctx); err != nil {
					t.Fatalf("%sput back: %v", name, err)
				}
				checkCard(t, card, "resident")
				r.Lift()
				if err := r.dev.Gone(ctx); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestReaderTrouble(t *testing.T) {
	t.Run("Broken", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, idcardtest.Opts{Broken: true}, nil)
		_, err := r.dev.Status(within(t))
		var sw idcard.SW3
		if !errors.As(err, &sw) || sw != idcardtest.SelfTest || kiosk.CodeOf(err) != kiosk.EUnavailable {
			t.Errorf("got %v", err)
		}
	})
	t.Run("Silent", func(t *testing.T) {
		t.Parallel()
		ctx := within(t)
		r := newRig(t, idcardtest.Opts{}, nil)
		r.SetSilent(true)
		r.slow = 1
		if _, err := r.dev.Read(ctx); !errors.Is(err, os.ErrDeadlineExceeded) || kiosk.CodeOf(err) != kiosk.EUnavailable {
			t.Fatalf("got %v", err)
		}
		r.SetSilent(false)
		r.Put(idcardtest.HMT())
		card, err := r.dev.Read(ctx)
		if err != nil {
			t.Fatal(err)
		}
		checkCard(t, card, "hmt")
	})
	t.Run("HungUpAndBack", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(within(t))
		r := newRig(t, idcardtest.Opts{}, nil)
		events := make(chan idcard.Event)
		var watching sync.WaitGroup
		watching.Go(func() {
			r.dev.Watch(ctx, func(e idcard.Event) {
				select {
				case events <- e:
				case <-ctx.Done():
				}
			})
		})
		defer watching.Wait()
		defer cancel()
		expect := func(what ...idcard.What) (e idcard.Event) {
			for _, want := range what {
				select {
				case e = <-events:
				case <-ctx.Done():
				}
				if e.What != want {
					t.Fatalf("got %+v, want %s", e, want)
				}
			}
			return e
		}
		expect(ready)
		r.stop()
		if e := expect(gone); kiosk.CodeOf(e.Err) != kiosk.EUnavailable || !strings.Contains(kiosk.HintOf(e.Err), r.link) {
			t.Errorf("got %v", e.Err)
		}
		r.plug(t, nil)
		expect(ready)
		r.Put(idcardtest.Foreign2023())
		checkCard(t, expect(put, done).Card, "foreign2023")
		r.Lift()
		expect(lifted)
	})
	t.Run("InUse", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, idcardtest.Opts{}, nil)
		if _, err := r.dev.Status(within(t)); err != nil {
			t.Fatal(err)
		}
		port := serialport.New(serialport.Opts{Name: r.link, Baud: 115200})
		defer port.Close()
		if _, err := idcard.New(port, idcard.Opts{}).Status(within(t)); kiosk.CodeOf(err) != kiosk.EBusy || !strings.Contains(kiosk.HintOf(err), "this program itself") {
			t.Errorf("got %v", err)
		}
	})
	// The answer to a read arrives changed, once; then the card is put again.
	for name, change := range map[string]func([]byte) []byte{
		"BadChecksum":       func(b []byte) []byte { b[700] ^= 4; return b },
		"GarbledPreamble":   func(b []byte) []byte { b[3] ^= 4; return b }, // and a whole frame inside the photo
		"LostByte":          func(b []byte) []byte { return append(b[:100], b[101:]...) },
		"LostEnd":           func(b []byte) []byte { return b[:600] },
		"TooLong":           func(b []byte) []byte { b[5] = 0xFF; return b },
		"AnotherAfterwards": func(b []byte) []byte { b[700] ^= 4; return append(b, b...) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := within(t)
			n := 1
			r := newRig(t, idcardtest.Opts{FindsAgain: true}, func(cmd string, answer []byte) []byte {
				if strings.HasSuffix(cmd, read) && n > 0 {
					n--
					return change(bytes.Clone(answer))
				}
				return answer
			})
			if strings.HasPrefix(name, "Lost") {
				r.slow = 1
			}
			r.Put(idcardtest.Resident())
			if card, err := r.dev.Read(ctx); kiosk.CodeOf(err) != kiosk.EInvalid || card.Number() != "" {
				t.Fatalf("got %v", err)
			}
			r.Lift()
			if err := r.dev.Gone(ctx); err != nil {
				t.Fatal(err)
			}
			r.Put(idcardtest.Resident())
			card, err := r.dev.Read(ctx)
			if err != nil {
				t.Fatal(err)
			}
			checkCard(t, card, "resident")
		})
	}
	t.Run("LiftedHalfWay", func(t *testing.T) {
		t.Parallel()
		ctx := within(t)
		var r *rig
		once := sync.OnceFunc(func() { r.Lift() })
		r = newRig(t, idcardtest.Opts{}, func(cmd string, answer []byte) []byte {
			if strings.HasSuffix(cmd, choose) {
				once()
			}
			return answer
		})
		r.Put(idcardtest.Resident())
		_, err := r.dev.Read(ctx)
		var sw idcard.SW3
		if !errors.As(err, &sw) || sw != idcardtest.NotRead || kiosk.CodeOf(err) != kiosk.EInvalid {
			t.Fatalf("got %v", err)
		}
		if err := r.dev.Gone(ctx); err != nil {
			t.Fatal(err)
		}
		r.Put(idcardtest.Resident())
		card, err := r.dev.Read(ctx)
		if err != nil {
			t.Fatal(err)
		}
		checkCard(t, card, "resident")
	})
}
