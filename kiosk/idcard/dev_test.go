package idcard_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"periph.io/x/conn/v3"
	"periph.io/x/conn/v3/conntest"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/idcard"
	"hallkiosk/kiosk/idcard/idcardtest"
)

// what the specimens give.
var want = map[string]struct {
	name, number, expires string
	report                idcard.Report // on 1 June 2029
}{
	"resident":    {"张三(样本)", "11010519491231002X", "长期", idcard.Report{Kind: "resident", NameMasked: "张**", NumberMasked: "110*************2X", Expires: "长期", Valid: true}},
	"hmt":         {"李四(样本)", "810000199408230021", "2029-06-01", idcard.Report{Kind: "hmt", NameMasked: "李**", NumberMasked: "810*************21", Expires: "2029-06-01", Valid: true}},
	"foreign2017": {"SPECIMEN, JOHN", "UTO110080010101", "2032-06-01", idcard.Report{Kind: "foreign", NameMasked: "S**", NumberMasked: "UTO**********01", Expires: "2032-06-01", Valid: true}},
	"foreign2023": {"SPECIMEN ALEXANDRA MARIA VICTORIA, JANE", "911124198108030024", "2034-06-01", idcard.Report{Kind: "foreign", NameMasked: "S**", NumberMasked: "911*************24", Expires: "2034-06-01", Valid: true}},
}

// checkCard compares what was read with the specimen.
func checkCard(t *testing.T, got idcard.Card, kind string) {
	t.Helper()
	w := want[kind]
	if string(got.Kind) != kind || got.Name() != w.name || got.Number() != w.number || got.Expires != w.expires {
		t.Errorf("%s: %s %q %q until %q", kind, got.Kind, got.Name(), got.Number(), got.Expires)
	}
	if r := idcard.NewReport(got, time.Date(2029, 6, 1, 23, 59, 0, 0, time.UTC)); r != w.report {
		t.Errorf("report %+v, want %+v", r, w.report)
	}
}

// replay is conntest's Playback with a time limit: an IO with nothing in it is
// a silence of 100 ms.
type replay struct{ *conntest.Playback }

func (r replay) Tx(w, b []byte) error {
	r.Lock()
	silent := r.Count < len(r.Ops) && r.Ops[r.Count].W == nil && r.Ops[r.Count].R == nil
	if silent {
		r.Count++
	}
	r.Unlock()
	if silent {
		time.Sleep(100 * time.Millisecond)
		return os.ErrDeadlineExceeded
	}
	return r.Playback.Tx(w, b)
}

// say is a command and its answer as the driver takes it off the line: the
// preamble byte by byte, then length, SW1 to SW3, data in pieces of at most 256
// bytes of which the first is at most keep long, and the checksum.
func say(cmd string, keep int, sw byte, data ...byte) []conntest.IO {
	frame := idcardtest.Frame(append([]byte{0, 0, sw}, data...))
	ops := []conntest.IO{{W: []byte(cmd)}}
	for i := range 5 {
		ops = append(ops, conntest.IO{R: frame[i : i+1]})
	}
	ops = append(ops, conntest.IO{R: frame[5:7]}, conntest.IO{R: frame[7:10]})
	rest := frame[10 : len(frame)-1]
	for n := keep; len(rest) > 0; n = 256 {
		n = min(n, len(rest))
		if n > 0 {
			ops = append(ops, conntest.IO{R: rest[:n]})
		}
		rest = rest[n:]
	}
	return append(ops, conntest.IO{R: frame[len(frame)-1:]})
}

func ops(parts ...[]conntest.IO) (all []conntest.IO) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// payload is what a read of the card gives: devices.md section 3, "Payload
// after SW3".
func payload(c *idcardtest.Card) []byte {
	return append(append([]byte{1, 0, 4, 0}, c.Text[:]...), c.Photo...)
}

// The exchanges of devices.md section 3, byte for byte: find, select, read, and
// the new address that tells whether the card still lies there.
func TestExchange(t *testing.T) {
	nothing := []conntest.IO{{}}
	card := func(c *idcardtest.Card) []conntest.IO {
		return ops(say(find, 0, 0x9F, 0, 0, 0, 0), say(choose, 0, 0x90, make([]byte, 8)...), say(read, 260, 0x90, payload(c)...))
	}
	for _, c := range []struct {
		name string
		ops  []conntest.IO
		lift string // of Gone: "lifted", or what its error contains
	}{
		{"NewAddressThenNoCard", ops( // 30 03: 90 and 70 bytes = still there
			say(find, 0, 0x80), card(idcardtest.Resident()), say(address, 0, 0x90, make([]byte, 70)...), say(address, 0, 0x41)), "lifted"},
		{"NoNewAddress", ops( // 30 03: 91 = still there
			card(idcardtest.Resident()), say(address, 0, 0x91), say(address, 0, 0x91), say(address, 0, 0x80)), "lifted"},
		{"WithoutTheCommandFindTells", ops(
			card(idcardtest.Resident()), say(address, 0, 0x21), say(find, 0, 0x9F, 0, 0, 0, 0), say(address, 0, 0x23), say(find, 0, 0x80)), "lifted"},
		{"AnAnswerIsLost", ops( // find and 30 03 are repeated once after 1 s
			[]conntest.IO{{W: []byte(find)}}, many(nothing, 12), card(idcardtest.Resident()), say(address, 0, 0x41)), "lifted"},
		{"TheSelfTestIsNotALiftedCard", ops(
			card(idcardtest.Resident()), say(address, 0, 0x60)), "SW3 60"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				play := &conntest.Playback{Ops: c.ops}
				d := idcard.New(replay{play}, idcard.DefaultOpts())
				got, err := d.Read(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				checkCard(t, got, "resident")
				switch err := d.Gone(t.Context()); {
				case c.lift == "lifted" && err != nil:
					t.Error(err)
				case c.lift != "lifted" && (err == nil || !strings.Contains(err.Error(), c.lift)):
					t.Errorf("lifted: %v, want %s", err, c.lift)
				}
				if err := play.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func many(ops []conntest.IO, n int) (all []conntest.IO) {
	for range n {
		all = append(all, ops...)
	}
	return all
}

// Status and SAM id: devices.md section 3, 11 FF and 12 FF.
func TestStatus(t *testing.T) {
	play := &conntest.Playback{Ops: ops(say(status, 0, 0x90), say(samID, 16, 0x90, 5, 0, 3, 0, 0x81, 0xD6, 0x34, 0x01, 1, 0, 0, 0, 2, 0, 0, 0), say(status, 0, 0x60))}
	d := idcard.New(play, idcard.DefaultOpts())
	if sam, err := d.Status(t.Context()); sam != "05.03-20240001-0000000001-0000000002" || err != nil {
		t.Errorf("got %q, %v", sam, err)
	}
	_, err := d.Status(t.Context())
	var sw idcard.SW3
	if !errors.As(err, &sw) || sw != 0x60 || kiosk.CodeOf(err) != kiosk.EUnavailable || !strings.Contains(kiosk.HintOf(err), "self-test") {
		t.Errorf("self-test failed: %v", err)
	}
	if err := play.Close(); err != nil {
		t.Error(err)
	}
	if d.String() != "playback" {
		t.Errorf("it is called %s", d)
	}
}

// How long a reader may take: 1 s, or 3 s for a read, and the line's time.
func TestDeadlines(t *testing.T) {
	for _, c := range []struct {
		name  string
		baud  int
		think time.Duration
		ok    bool
	}{
		{"Quick", 115200, 0, true},
		{"InTime", 115200, 990 * time.Millisecond, true},
		{"InTimeOnASlowLine", 9600, 990 * time.Millisecond, true}, // the read takes 1.35 s more
		{"Late", 115200, 1200 * time.Millisecond, false},
		{"LateOnASlowLine", 9600, 1300 * time.Millisecond, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newDesk(idcardtest.Opts{})
				k.think, k.baud = c.think, c.baud
				k.Put(idcardtest.Resident())
				d := idcard.New(k, idcard.Opts{Baud: c.baud})
				began := time.Now()
				_, err := d.Read(t.Context())
				if (err == nil) != c.ok || err != nil && kiosk.CodeOf(err) != kiosk.EUnavailable {
					t.Fatalf("after %v: %v", time.Since(began), err)
				}
				if took := time.Since(began); took > 6*time.Second {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
	// Only the read is slow: 3 s are left to it, and to its bytes 1.35 s at 9600.
	for _, c := range []struct {
		baud  int
		think time.Duration
		ok    bool
	}{{115200, 2900 * time.Millisecond, true}, {115200, 3300 * time.Millisecond, false}, {9600, 2900 * time.Millisecond, true}, {9600, 4600 * time.Millisecond, false}} {
		t.Run(fmt.Sprintf("ReadAt%dAfter%v", c.baud, c.think), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newDesk(idcardtest.Opts{})
				k.baud = c.baud
				k.Put(idcardtest.Resident())
				k.edit = func(cmd string, answer []byte) []byte {
					if k.think = 0; cmd == read {
						k.think = c.think
					}
					return answer
				}
				if _, err := idcard.New(k, idcard.Opts{Baud: c.baud}).Read(t.Context()); (err == nil) != c.ok {
					t.Errorf("%v", err)
				}
			})
		})
	}
}

// Waiting for a card ends when it should, and asks no more often than it may.
func TestWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newDesk(idcardtest.Opts{})
		d := idcard.New(k, idcard.Opts{Poll: time.Millisecond})
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		began := time.Now()
		_, err := d.Read(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || kiosk.CodeOf(err) != kiosk.EUnavailable || kiosk.MessageOf(err) == "" {
			t.Errorf("got %v", err)
		}
		if took := time.Since(began); took != 20*time.Second {
			t.Errorf("it took %v", took)
		}
		if n := len(k.times(find)); n < 60 || n > 67 {
			t.Errorf("asked %d times in 20 s", n)
		}
		k.keepsPace(t)

		// A card comes, and Status asks between two questions.
		sam := make(chan string)
		go func() {
			time.Sleep(time.Second)
			s, err := d.Status(t.Context())
			if err != nil {
				t.Error(err)
			}
			k.Put(idcardtest.HMT())
			sam <- s
		}()
		got, err := d.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		checkCard(t, got, "hmt")
		if s := <-sam; !strings.HasPrefix(s, "05.03-") {
			t.Errorf("SAM %q", s)
		}

		// Gone ends with ctx, with the card, and at once when there is none.
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := d.Gone(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the card lies there: %v", err)
		}
		k.Lift()
		for range 2 {
			if err := d.Gone(t.Context()); err != nil {
				t.Error(err)
			}
		}
		k.keepsPace(t)
	})
}

// lineAt is one line for Search: a reader answers at one speed, at others there
// is silence, or noise.
func TestSearch(t *testing.T) {
	for _, c := range []struct {
		name  string
		at    int
		noise []byte
		tried string
	}{
		{"First", 115200, nil, "[115200]"},
		{"Silence", 19200, nil, "[115200 57600 38400 19200]"},
		{"Noise", 9600, []byte{0x80, 0xF8, 0x00, 0xAA, 0xAA, 0xAA}, "[115200 57600 38400 19200 9600]"},
		{"Nowhere", 1200, nil, "[115200 57600 38400 19200 9600]"},
		{"Broken", 57600, nil, "[115200 57600]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var tried []int
				var last *desk
				began := time.Now()
				got, err := idcard.Search(t.Context(), func(baud int) conn.Conn {
					if last != nil && !last.shut {
						t.Error("the line before is still open")
					}
					tried = append(tried, baud)
					last = newDesk(idcardtest.Opts{Broken: c.name == "Broken"})
					if baud != c.at {
						last.edit = func(string, []byte) []byte { return c.noise }
					}
					return last
				})
				if fmt.Sprint(tried) != c.tried || !last.shut {
					t.Errorf("tried %v, closed %v", tried, last.shut)
				}
				if c.at < 9600 {
					if kiosk.CodeOf(err) != kiosk.EUnavailable || !strings.HasPrefix(kiosk.HintOf(err), "desk: nothing answers") {
						t.Errorf("got %d, %v", got, err)
					}
				} else if got != c.at || err != nil {
					t.Errorf("got %d, %v", got, err)
				}
				if took := time.Since(began); took > 15*time.Second {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
	t.Run("Unplugged", func(t *testing.T) {
		k := newDesk(idcardtest.Opts{})
		k.unplug(true)
		if _, err := idcard.Search(t.Context(), func(int) conn.Conn { return k }); !errors.Is(err, errUnplugged) || kiosk.CodeOf(err) != kiosk.EUnavailable {
			t.Errorf("got %v", err)
		}
	})
	t.Run("Cancelled", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			began := time.Now()
			_, err := idcard.Search(ctx, func(int) conn.Conn {
				k := newDesk(idcardtest.Opts{})
				k.SetSilent(true)
				return k
			})
			if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took > 3200*time.Millisecond {
				t.Errorf("after %v: %v", took, err)
			}
		})
	})
}
