package idcardtest_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"unicode/utf16"

	"go.uber.org/goleak"

	sdt "hallkiosk/kiosk/idcard/idcardtest"
	"hallkiosk/kiosk/serialport/serialtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The commands as the manuals print them, from the preamble to the checksum.
const (
	pre     = "\xaa\xaa\xaa\x96\x69"
	reset   = pre + "\x00\x03\x10\xff\xec"
	status  = pre + "\x00\x03\x11\xff\xed"
	samID   = pre + "\x00\x03\x12\xff\xee"
	find    = pre + "\x00\x03\x20\x01\x22"
	choose  = pre + "\x00\x03\x20\x02\x21"
	read    = pre + "\x00\x03\x30\x01\x32"
	address = pre + "\x00\x03\x30\x03\x30"
	baud9k6 = pre + "\x00\x03\x60\x04\x67"
)

// sw3 sends one command and returns the answer's SW3 and data, after checking the
// frame to the last bit.
func sw3(t *testing.T, r *sdt.Reader, cmd string) (byte, []byte) {
	t.Helper()
	b := r.Exchange([]byte(cmd))
	if !bytes.HasPrefix(b, []byte(pre)) {
		t.Fatalf("answer to % X begins % X", cmd, b)
	}
	body := b[5:]
	if n := int(binary.BigEndian.Uint16(body)); len(b) != n+7 {
		t.Fatalf("length %d in a frame of %d bytes", n, len(b))
	}
	var x byte
	for _, c := range body {
		x ^= c
	}
	if x != 0 {
		t.Fatalf("checksum wrong: % X", b)
	}
	return body[4], body[5 : len(body)-1]
}

func expect(t *testing.T, r *sdt.Reader, cmd string, want byte, size int) []byte {
	t.Helper()
	got, data := sw3(t, r, cmd)
	if got != want || len(data) != size {
		t.Errorf("% X: SW3 %02X with %d bytes, want %02X with %d", cmd[7:9], got, len(data), want, size)
	}
	return data
}

func TestCommands(t *testing.T) {
	r := sdt.New(sdt.Opts{})
	expect(t, r, reset, sdt.OK, 0)
	expect(t, r, status, sdt.OK, 0)
	expect(t, r, samID, sdt.OK, 16)
	expect(t, r, find, sdt.NotFound, 0)
	expect(t, r, choose, sdt.NotSelected, 0)
	expect(t, r, read, sdt.NotRead, 0)
	expect(t, r, address, sdt.NotRead, 0)
	expect(t, r, baud9k6, sdt.OK, 0)
	if s := r.State(); s.Baud != 9600 || len(s.Unknown) != 0 {
		t.Errorf("state %+v", s)
	}
	expect(t, sdt.New(sdt.Opts{Broken: true}), status, sdt.SelfTest, 0)
}

// TestFindAnswer is the frame as the manuals print it.
func TestFindAnswer(t *testing.T) {
	r := sdt.New(sdt.Opts{})
	r.Put(sdt.HMT())
	if got, want := string(r.Exchange([]byte(find))), pre+"\x00\x08\x00\x00\x9f\x00\x00\x00\x00\x97"; got != want {
		t.Errorf("find: % X, want % X", got, want)
	}
}

func TestBadFrames(t *testing.T) {
	for _, c := range []struct {
		name, cmd string
		want      byte
	}{
		{"Checksum", pre + "\x00\x03\x20\x01\x23", sdt.BadChecksum},
		{"Short", pre + "\x00\x02\x20\x22", sdt.BadLength},
		{"Long", pre + "\x00\x04\x20\x01\x00\x25", sdt.BadLength},
		{"Huge", pre + "\xff\xff", sdt.BadLength},
		{"Fingerprint", pre + "\x00\x03\x30\x10\x23", sdt.BadCommand},
		{"Unknown", pre + "\x00\x03\x7f\x01\x7d", sdt.BadCommand},
		{"NoiseAndExtraAA", "\x00\x96\x69\xaa\xaa" + status, sdt.OK},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := sdt.New(sdt.Opts{})
			if got, _ := sw3(t, r, c.cmd); got != c.want {
				t.Errorf("SW3 %02X, want %02X", got, c.want)
			}
			if got, _ := sw3(t, r, status); got != sdt.OK {
				t.Errorf("next command: SW3 %02X", got)
			}
			if c.want == sdt.BadCommand && len(r.State().Unknown) != 1 {
				t.Errorf("unknown commands %q", r.State().Unknown)
			}
		})
	}
	t.Run("ByteByByte", func(t *testing.T) {
		r := sdt.New(sdt.Opts{})
		for i := range len(status) - 1 {
			if out := r.Exchange([]byte{status[i]}); out != nil {
				t.Fatalf("answered % X after %d bytes", out, i+1)
			}
		}
		if out := r.Exchange([]byte{status[len(status)-1]}); len(out) != 11 {
			t.Errorf("answer % X", out)
		}
	})
}

// field reads one field of a card's text.
func field(text []byte, offset, size int) string {
	var u []uint16
	for i := offset; i < offset+size; i += 2 {
		u = append(u, binary.LittleEndian.Uint16(text[i:]))
	}
	return string(utf16.Decode(u))
}

func TestCards(t *testing.T) {
	for _, c := range []struct {
		kind   string
		card   *sdt.Card
		mark   string
		number string
		expiry string
	}{
		{"resident", sdt.Resident(), " ", "11010519491231002X", "长期"},
		{"hmt", sdt.HMT(), "J", "810000199408230021", "20290601"},
		{"foreign2017", sdt.Foreign2017(), "I", "UTO110080010101", "20320601"},
		{"foreign2023", sdt.Foreign2023(), "Y", "911124198108030024", "20340601"},
	} {
		t.Run(c.kind, func(t *testing.T) {
			r := sdt.New(sdt.Opts{})
			r.Put(c.card)
			expect(t, r, find, sdt.Found, 4)
			expect(t, r, choose, sdt.OK, 8)
			data := expect(t, r, read, sdt.OK, 4+256+1024)
			if got := string(data[:4]); got != "\x01\x00\x04\x00" {
				t.Errorf("lengths % X", got)
			}
			text := data[4:260]
			if got := field(text, 248, 2); got != c.mark {
				t.Errorf("kind %q, want %q", got, c.mark)
			}
			if got := strings.TrimSpace(field(text, 122, 36)); !strings.HasPrefix(got, c.number) {
				t.Errorf("number %q, want %q", got, c.number)
			}
			if got := strings.TrimSpace(field(text, 204, 16)); got != c.expiry {
				t.Errorf("expiry %q, want %q", got, c.expiry)
			}
			if len(c.number) == 18 && !valid(c.number) {
				t.Errorf("check digit of %s is wrong", c.number)
			}
			if c.kind != c.card.Kind {
				t.Errorf("kind %q", c.card.Kind)
			}
		})
	}
	text := sdt.Foreign2023().Text
	if got := strings.TrimSpace(field(text[:], 52, 70) + field(text[:], 220, 22)); got != "SPECIMEN ALEXANDRA MARIA VICTORIA, JANE" {
		t.Errorf("name in two fields: %q", got)
	}
	if got := field(text[:], 52, 70); !strings.HasSuffix(got, " ") {
		t.Errorf("the first part %q doesn't end with a blank", got)
	}
}

// valid is GB 11643's check digit.
func valid(n string) bool {
	sum := 0
	for i, w := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(n[i]-'0') * w
	}
	return "10X98765432"[sum%11] == n[17]
}

// reads brings a card to the point after its read.
func reads(t *testing.T, r *sdt.Reader) {
	t.Helper()
	expect(t, r, find, sdt.Found, 4)
	expect(t, r, choose, sdt.OK, 8)
	expect(t, r, read, sdt.OK, 1284)
}

func TestAfterRead(t *testing.T) {
	t.Run("FoundOnlyAfterLifting", func(t *testing.T) {
		r := sdt.New(sdt.Opts{})
		r.Put(sdt.Resident())
		reads(t, r)
		expect(t, r, find, sdt.NotFound, 0)
		expect(t, r, reset, sdt.OK, 0)
		expect(t, r, find, sdt.NotFound, 0)
		expect(t, r, address, sdt.OK, 70) // still there
		r.Lift()
		expect(t, r, address, sdt.NotRead, 0)
		r.Put(sdt.HMT())
		reads(t, r)
		expect(t, r, address, sdt.NoContent, 0) // still there
		if n := r.State().Reads; n != 2 {
			t.Errorf("%d reads", n)
		}
	})
	t.Run("FindsAgain", func(t *testing.T) {
		r := sdt.New(sdt.Opts{FindsAgain: true})
		r.Put(sdt.Resident())
		reads(t, r)
		reads(t, r)
	})
	t.Run("AfterAnErrorOnlyLiftingHelps", func(t *testing.T) {
		r := sdt.New(sdt.Opts{FindsAgain: true})
		r.FailReads(0x31)
		r.Put(sdt.Resident())
		expect(t, r, find, sdt.Found, 4)
		expect(t, r, choose, sdt.OK, 8)
		expect(t, r, read, 0x31, 0)
		expect(t, r, find, sdt.NotFound, 0)
		r.Lift()
		r.Put(sdt.Resident())
		reads(t, r)
	})
}

// TestServe reads a card through a real pseudo-terminal, with noise and answers in
// pieces, from a reader that falls silent for a while.
func TestServe(t *testing.T) {
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
	noise := "\xaa\xaa\x00"
	r := sdt.New(sdt.Opts{Noise: []byte(noise), Pieces: 100})
	done := make(chan error)
	go func() { done <- r.Serve(ctx, l) }()
	r.Put(sdt.Foreign2017())
	for _, c := range []struct {
		cmd  string
		size int
	}{{find, 15}, {choose, 19}, {read, 1295}} {
		if _, err := io.WriteString(port, c.cmd); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, len(noise)+c.size)
		if _, err := io.ReadFull(port, b); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(b), noise+pre) {
			t.Fatalf("answer begins % X", b[:10])
		}
	}
	if err := r.Wait(ctx, func(s sdt.State) bool { return s.Reads == 1 }); err != nil {
		t.Error(err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("served: %v", err)
	}
	r.SetSilent(true)
	if out := r.Exchange([]byte(status)); out != nil {
		t.Errorf("silent reader answered % X", out)
	}
}
