package idcard

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"
	"unsafe"

	"periph.io/x/conn/v3"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/idcard/idcardtest"
)

// tape is a line on which the reader's bytes are already there. When they are
// used up, Tx is late, and time passes, or the line is gone.
type tape struct {
	in    []byte
	gone  bool
	taken int
	asked int
	now   time.Time
}

var errGone = errors.New("hung up")

func (t *tape) String() string      { return "tape" }
func (t *tape) Duplex() conn.Duplex { return conn.Full }
func (t *tape) Tx(w, r []byte) error {
	t.asked++
	switch {
	case len(r) <= len(t.in)-t.taken:
		t.taken += copy(r, t.in[t.taken:])
		return nil
	case t.gone:
		return errGone
	}
	t.now = t.now.Add(100 * time.Millisecond)
	return os.ErrDeadlineExceeded
}

func (t *tape) dev(o Opts) *Dev {
	o.Now = func() time.Time { return t.now }
	o.After = func(d time.Duration) <-chan time.Time {
		t.now = t.now.Add(d)
		c := make(chan time.Time, 1)
		c <- t.now
		return c
	}
	return New(t, o)
}

// The commands as devices.md section 3 prints them, from the length on.
func TestCommand(t *testing.T) {
	for _, c := range []struct {
		name string
		got  []byte
		want string
	}{
		{"status", cmdStatus, "00 03 11 FF ED"}, {"SAM id", cmdSAM, "00 03 12 FF EE"}, {"find", cmdFind, "00 03 20 01 22"},
		{"select", cmdSelect, "00 03 20 02 21"}, {"read", cmdRead, "00 03 30 01 32"}, {"new address", cmdAddress, "00 03 30 03 30"},
	} {
		if got := fmt.Sprintf("% X", c.got); got != "AA AA AA 96 69 "+c.want {
			t.Errorf("%s: %s, want %s after the preamble", c.name, got, c.want)
		}
	}
}

// answer is a whole frame with this SW3 and data.
func answer(sw byte, data ...byte) []byte {
	return idcardtest.Frame(append([]byte{0, 0, sw}, data...))
}

func TestReceive(t *testing.T) {
	found := answer(0x9F, 1, 2, 3, 4)
	long := answer(0x90, make([]byte, maxLength-4)...)
	photo := bytes.Repeat([]byte{0x55}, 1284)
	copy(photo[700:], answer(0x90))
	garbled := answer(0x90, photo...)
	garbled[3] ^= 0x10
	bad := func(b []byte, i int) []byte { b = bytes.Clone(b); b[i] ^= 1; return b }
	noise := func(n int) []byte { return bytes.Repeat([]byte{0x3C}, n) }
	for _, c := range []struct {
		name string
		in   []byte
		sw   SW3
		size int
		err  error
	}{
		{"OK", found, 0x9F, 4, nil},
		{"ExtraAA", append([]byte{0xAA, 0xAA}, found...), 0x9F, 4, nil},
		{"NoiseWithHalfAPreamble", append([]byte{0, 0x96, 0x69, 0xAA, 0xAA, 0xAA, 0x96}, found...), 0x9F, 4, nil},
		{"AllTheNoiseWeBear", append(noise(maxNoise), found...), 0x9F, 4, nil},
		{"MoreNoise", append(noise(maxNoise+1), found...), 0, 0, errBroken},
		{"Longest", long, 0x90, maxLength - 4, nil},
		{"TooLong", append(preamble[:len(preamble):len(preamble)], 0x10, 0x01), 0, 0, errBroken},
		{"TooShort", append(preamble[:len(preamble):len(preamble)], 0, 3, 0, 0, 3), 0, 0, errBroken},
		{"EchoOfTheCommand", cmdFind, 0, 0, errBroken},
		{"PreambleInsideThePhoto", answer(0x90, photo...), 0x90, 1284, nil},
		{"PreambleInsideThePhotoAfterAGarbledOne", garbled, 0, 0, errBroken},
		{"Checksum", bad(found, len(found)-1), 0, 0, errBroken},
		{"ChecksumOfDropped", bad(answer(0x90, photo...), 1000), 0, 0, errBroken},
		{"EndsInTheMiddle", found[:len(found)-1], 0, 0, errBroken},
		{"EndsInThePreamble", found[:2], 0, 0, errBroken},
		{"Silence", nil, 0, 0, os.ErrDeadlineExceeded},
	} {
		t.Run(c.name, func(t *testing.T) {
			line := &tape{in: c.in}
			d := line.dev(Opts{})
			data := make([]byte, 4)
			sw, size, err := d.exchange(t.Context(), cmdFind, thinking, data)
			if sw != c.sw || size != c.size || !errors.Is(err, c.err) {
				t.Errorf("%v, %d bytes, %v; want %v, %d, %v", sw, size, err, c.sw, c.size, c.err)
			}
			if c.err == nil && line.taken != len(c.in) {
				t.Errorf("%d bytes taken of %d", line.taken, len(c.in))
			}
			if c.sw == 0x9F && !bytes.Equal(data, []byte{1, 2, 3, 4}) {
				t.Errorf("data % X", data)
			}
			if d.late != (err != nil) {
				t.Errorf("an answer is owed: %v after %v", d.late, err)
			}
			if d.scratch != [256]byte{} {
				t.Error("what was dropped is still there")
			}
		})
	}
}

// After a broken answer everything up to a silence is forgotten, so that the
// next answer belongs to the next question.
func TestDrain(t *testing.T) {
	line := &tape{in: append(answer(0x80)[:10], 0xFF /* checksum */)}
	line.in = append(line.in, answer(0x90)...) // owed to nobody
	d := line.dev(Opts{})
	if _, _, err := d.exchange(t.Context(), cmdFind, thinking, nil); !errors.Is(err, errBroken) {
		t.Fatalf("got %v", err)
	}
	if _, _, err := d.exchange(t.Context(), cmdFind, thinking, nil); !errors.Is(err, os.ErrDeadlineExceeded) || line.taken != len(line.in) {
		t.Fatalf("got %v, %d bytes taken of %d", err, line.taken, len(line.in))
	}
	line.in = append(line.in, answer(0x9F, 0, 0, 0, 0)...)
	d.late = false
	if sw, _, err := d.exchange(t.Context(), cmdFind, thinking, nil); sw != swFound || err != nil {
		t.Fatalf("got %v, %v", sw, err)
	}
	t.Run("NeverSilent", func(t *testing.T) {
		d := New(endless{}, Opts{})
		began := time.Now()
		d.o.Now = func() time.Time { began = began.Add(time.Millisecond); return began }
		d.late = true
		if _, _, err := d.exchange(t.Context(), cmdFind, thinking, nil); !errors.Is(err, errBroken) {
			t.Fatalf("got %v", err)
		}
	})
}

// endless is a line that never stops talking.
type endless struct{}

func (endless) String() string       { return "endless" }
func (endless) Duplex() conn.Duplex  { return conn.Full }
func (endless) Tx(_, _ []byte) error { return nil }

// FuzzFrame compares the receiver with a simple one that has all bytes before
// it, and looks that it ends, takes no more than a frame, and leaves nothing
// behind. late makes the line fall silent at the end, else it hangs up.
func FuzzFrame(f *testing.F) {
	found := answer(0x9F, 1, 2, 3, 4)
	f.Add(found, true)
	f.Add(append([]byte{0xAA, 0xAA, 0x96, 0xAA}, found...), true)
	f.Add(found[:9], false)
	f.Add(append(found[:5:5], 0xFF, 0xFF, 0, 0), false)
	f.Add(append(found[:5:5], 0, 0, 0, 0), true)
	f.Add(append(bytes.Repeat([]byte{0xAA}, 80), found...), true)
	r := idcardtest.New(idcardtest.Opts{})
	r.Put(idcardtest.Foreign2023())
	var dialogue []byte
	for _, cmd := range [][]byte{cmdFind, cmdSelect, cmdRead} {
		reply := r.Exchange(cmd)
		f.Add(reply, true)
		dialogue = append(dialogue, reply...)
	}
	f.Add(dialogue, false)
	f.Fuzz(func(t *testing.T, in []byte, late bool) {
		line := &tape{in: in, gone: !late}
		d := line.dev(Opts{})
		var data [headSize + textSize]byte
		sw, size, err := d.exchange(t.Context(), cmdRead, reading, data[:])
		wantSW, wantData, end := parseAll(in)
		switch {
		case end < 0 && err == nil:
			t.Fatalf("accepted %v with %d bytes", sw, size)
		case end < 0:
		case err != nil:
			t.Fatalf("refused: %v", err)
		case sw != wantSW || size != len(wantData) || line.taken != end:
			t.Fatalf("%v, %d bytes, %d taken; want %v, %d, %d", sw, size, line.taken, wantSW, len(wantData), end)
		case !bytes.Equal(data[:min(size, len(data))], wantData[:min(size, len(data))]):
			t.Fatal("other data")
		}
		if line.taken > maxNoise+len(preamble)+2+maxLength || line.asked > 200 {
			t.Fatalf("%d bytes taken in %d steps", line.taken, line.asked)
		}
		if d.scratch != [256]byte{} {
			t.Fatal("what was dropped is still there")
		}

		// The same bytes as a whole dialogue: find, select, read.
		line.taken, line.asked = 0, 0
		d = line.dev(Opts{})
		e := d.look(t.Context(), func() {})
		if e.What == CardRead && number18([]byte(e.Card.Number())) == nil && number2017([]byte(e.Card.Number())) == nil {
			t.Fatal("a card with a wrong number")
		}
		if d.text != [headSize + textSize]byte{} {
			t.Fatal("the text is still there")
		}
	})
}

// parseAll is the receiver with everything before it: SW3, data, and where the
// frame ends; -1 if there is none.
func parseAll(in []byte) (SW3, []byte, int) {
	at := bytes.Index(in, preamble[:])
	if at < 0 || at > maxNoise || len(in) < at+7 {
		return 0, nil, -1
	}
	body := in[at+5:]
	n := int(binary.BigEndian.Uint16(body))
	if n < 4 || n > 4096 || len(body) < 2+n {
		return 0, nil, -1
	}
	var sum byte
	for _, c := range body[:2+n] {
		sum ^= c
	}
	if sum != 0 {
		return 0, nil, -1
	}
	return SW3(body[4]), body[5 : 2+n-1], at + 5 + 2 + n
}

// FuzzCard: whatever stands on a card, it is refused or has a good number and a
// name, and the masks hide them.
func FuzzCard(f *testing.F) {
	for _, c := range idcardtest.Cards() {
		f.Add(c.Text[:])
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var data [headSize + textSize]byte
		copy(data[:], []byte{1, 0, 4, 0})
		copy(data[headSize:], text)
		card, err := parse(data[:], len(data)+1024)
		if err != nil {
			if !cardsFault(err) {
				t.Fatalf("code %s", kiosk.CodeOf(err))
			}
			return
		}
		number := card.Number()
		if good := number18([]byte(number)); string(good) != number && number2017([]byte(number)) == nil {
			t.Fatalf("number %q", number)
		}
		if card.Name() == "" || card.Expires == "" {
			t.Fatalf("card %+v", card)
		}
		if bytes.Contains([]byte(card.String()), []byte(number[3:13])) {
			t.Fatalf("the mask shows %s", number)
		}
	})
}

// After a read, and after one that failed, no copy of the number or of the name
// is left in what the Dev owns.
func TestBuffersAreZeroed(t *testing.T) {
	for _, fail := range []string{"", "Checksum", "HangUp", "UnknownKind", "PanicInMidRead"} {
		for _, c := range idcardtest.Cards() {
			t.Run(c.Kind+fail, func(t *testing.T) {
				secrets := [][]byte{c.Text[122:152], []byte(latin(c.Text[122:152])), c.Text[0:10], c.Text[52:72]}
				r := idcardtest.New(idcardtest.Opts{})
				if fail == "UnknownKind" {
					c.Set(248, 2, "Q")
				}
				r.Put(c)
				line := &tape{gone: true}
				for _, cmd := range [][]byte{cmdFind, cmdSelect, cmdRead} {
					line.in = append(line.in, r.Exchange(cmd)...)
				}
				switch fail {
				case "Checksum":
					line.in[len(line.in)-1] ^= 1
				case "HangUp":
					line.in = line.in[:len(line.in)-600]
				}
				var c conn.Conn = line
				if fail == "PanicInMidRead" {
					c = panics{line, len(line.in) - 600}
				}
				d := New(c, Opts{})
				card, err := func() (card Card, err error) {
					defer func() {
						if r := recover(); r != nil {
							err = fmt.Errorf("%v", r)
						}
					}()
					return d.Read(t.Context())
				}()
				if (err == nil) != (fail == "") {
					t.Fatalf("read: %v", err)
				}
				memory := unsafe.Slice((*byte)(unsafe.Pointer(d)), unsafe.Sizeof(*d))
				for _, s := range secrets {
					if bytes.Contains(memory, s) {
						t.Errorf("%q is still there", s)
					}
				}
				if d.text != [headSize + textSize]byte{} || d.scratch != [256]byte{} {
					t.Error("the buffers are not zeroed")
				}
				if fail != "" {
					return
				}
				name, number := card.who().name, card.who().number
				card.Forget()
				if string(name) != string(make([]byte, len(name))) || string(number) != string(make([]byte, len(number))) || card.Name() != "" || card.Number() != "" {
					t.Error("not forgotten")
				}
			})
		}
	}
}

// latin is UTF-16LE text of ASCII characters.
func latin(b []byte) string {
	var s []byte
	for i := 0; i < len(b); i += 2 {
		s = append(s, b[i])
	}
	return string(bytes.TrimSpace(s))
}

// panics is a port that panics at a byte.
type panics struct {
	*tape
	at int
}

func (p panics) Tx(w, r []byte) error {
	if p.taken+len(r) > p.at {
		panic("at " + p.String())
	}
	return p.tape.Tx(w, r)
}
