package hall_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hallkiosk/cmd/hallsim/hall"
	"hallkiosk/kiosk/idcard/idcardtest"
	"hallkiosk/printer/printertest"
)

const (
	pre    = "\xaa\xaa\xaa\x96\x69"
	find   = pre + "\x00\x03\x20\x01\x22"
	choose = pre + "\x00\x03\x20\x02\x21"
	read   = pre + "\x00\x03\x30\x01\x32"
	none   = pre + "\x00\x04\x00\x00\x80\x84" // find's answer without a card
)

// told is a part of the state as JSON, for tables.
func told(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func same(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %s, want %s", what, got, want)
	}
}

// TestPutOff arms every fault at a byte, a dot and a cut, and sees it in the state.
func TestPutOff(t *testing.T) {
	s := open(t, hall.Opts{})
	for _, verb := range []string{"cover-open", "paper-out", "paper-near", "jam", "cutter", "hot", "fatal", "offline", "silent", "xoff", "off", "unplug"} {
		for _, at := range []string{"byte", "dot", "cut"} {
			st := s.do("POST", "/printer/"+verb+"?"+at+"=1000", "")
			if len(st.Printer.Faults) != 0 || len(st.Printer.Pending) != 1 {
				t.Errorf("%s at a %s: %+v", verb, at, st.Printer)
				continue
			}
			p := st.Printer.Pending[0]
			if p.Fault == "" || p.Byte+p.Dot+p.Cut != 1000 {
				t.Errorf("%s at a %s: %+v", verb, at, p)
			}
			if st := s.do("POST", "/printer/clear", ""); len(st.Printer.Pending) != 0 {
				t.Errorf("after clear: %+v", st.Printer.Pending)
			}
		}
	}
}

func TestJamAtTheCut(t *testing.T) {
	s := open(t, hall.Opts{Printer: printertest.Opts{Gap: 96}})
	port := s.port("printer")
	s.do("POST", "/printer/jam?cut=1", "")
	send(t, port, "A\n"+cut)
	if err := s.Printer.Wait(t.Context(), func(st printertest.State) bool { return st.Has(printertest.Jam) }); err != nil {
		t.Fatal(err)
	}
	if st := s.do("GET", "/state", ""); len(st.Papers) != 0 || st.Printer.Hanging != 30+96 {
		t.Errorf("jammed: %+v", st)
	}
	if st := s.do("POST", "/printer/clear", ""); len(st.Papers) != 1 || st.Papers[0].Whole {
		t.Errorf("cleared: %+v", st.Papers)
	}
}

// TestCables pulls and puts back the cable of each device; the line comes back as
// another one, and works.
func TestCables(t *testing.T) {
	s := open(t, hall.Opts{})
	for _, d := range []struct{ name, send, answer string }{
		{"printer", query, "\x00"},
		{"reader", find, none},
		{"scanner", "\x7e\x00\x08\x01\x00\x02\x01\xab\xcd", "\x02\x00\x00\x01\x00\x33\x31"},
	} {
		t.Run(d.name, func(t *testing.T) {
			for range 2 {
				port := s.port(d.name)
				send(t, port, d.send)
				expect(t, port, d.answer)
				if st := s.do("POST", "/"+d.name+"/unplug", ""); st.Lines[d.name] != "" {
					t.Errorf("unplugged: %v", st.Lines)
				}
				if _, err := os.Lstat(filepath.Join(s.dir, d.name)); !os.IsNotExist(err) {
					t.Errorf("link while unplugged: %v", err)
				}
				if _, err := port.Write([]byte("x")); err == nil {
					t.Error("a port without a cable takes bytes")
				}
				if st := s.do("POST", "/"+d.name+"/plug", ""); st.Lines[d.name] == "" {
					t.Errorf("plugged: %v", st.Lines)
				}
			}
		})
	}
	t.Run("NoPowerEither", func(t *testing.T) {
		s.do("POST", "/printer/off", "")
		s.do("POST", "/printer/unplug", "")
		if st := s.do("POST", "/printer/on", ""); st.Lines["printer"] != "" || !st.Printer.On {
			t.Errorf("power without cable: %+v", st.Lines)
		}
		if st := s.do("POST", "/printer/plug", ""); st.Lines["printer"] == "" {
			t.Errorf("power and cable: %+v", st.Lines)
		}
	})
	t.Run("ScanWithoutCable", func(t *testing.T) {
		s.do("POST", "/scanner/unplug", "")
		if resp, b := s.ask("POST", "/scanner/scan", "x"); resp.StatusCode != 503 {
			t.Errorf("%s: %s", resp.Status, b)
		}
		s.do("POST", "/scanner/plug", "")
	})
}

// TestXoff fills the line of a printer that stops reading, until the port takes no
// more.
func TestXoff(t *testing.T) {
	s := open(t, hall.Opts{})
	port := s.port("printer")
	if st := s.do("POST", "/printer/xoff", ""); len(st.Printer.Faults) != 1 || st.Printer.Faults[0] != "xoff" {
		t.Errorf("state %+v", st.Printer.Faults)
	}
	expect(t, port, "\x13")
	block := strings.Repeat("\x00", 1<<20) // far more than a pseudo-terminal holds
	done := make(chan error)
	go func() {
		_, err := io.WriteString(port, block+query)
		done <- err
	}()
	if n := s.do("GET", "/state", "").Printer.Received; n != 0 {
		t.Errorf("it took %d bytes off the line", n)
	}
	select {
	case err := <-done:
		t.Fatalf("the port took a megabyte: %v", err)
	default:
	}
	s.do("POST", "/printer/clear", "")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	expect(t, port, "\x11\x00")
}

func TestPrinterAnswers(t *testing.T) {
	s := open(t, hall.Opts{})
	port := s.port("printer")
	st := s.do("POST", "/printer/answers?only=barrier&delay=250&lose=3&early=1&noise=80ff", "")
	same(t, "answers", told(t, st.Printer.Answers), `{"only":"barrier","delay":250,"lose":3,"early":true,"noise":"80FF"}`)
	st = s.do("POST", "/printer/answers?only=barrier&lose=1", "")
	same(t, "the rest is as it should be", told(t, st.Printer.Answers), `{"only":"barrier","delay":0,"lose":1,"early":false,"noise":""}`)
	send(t, port, query+query)
	expect(t, port, "\x00")
	if st := s.do("POST", "/printer/say?hex=ff%2000", ""); len(st.Printer.Pending) != 0 {
		t.Errorf("pending %+v", st.Printer.Pending)
	}
	expect(t, port, "\xff\x00")
	st = s.do("POST", "/printer/say?hex=00&byte=2", "")
	same(t, "pending", told(t, st.Printer.Pending), `[{"say":"00","byte":2}]`)
	send(t, port, "A\n")
	expect(t, port, "\x00")
	st = s.do("POST", "/printer/answers", "")
	same(t, "back to good", told(t, st.Printer.Answers), `{"only":"","delay":0,"lose":0,"early":false,"noise":""}`)
}

func TestModel(t *testing.T) {
	s := open(t, hall.Opts{})
	port := s.port("printer")
	s.do("POST", "/printer/model?maker=EPSON&model=TM-T82&jobid=1", "")
	send(t, port, "\x1dI\x42\x1dI\x43\x1d(H\x06\x0000abcd")
	expect(t, port, "\x5fEPSON\x00\x5fTM-T82\x00\x37\x22abcd\x00")
	st := s.do("POST", "/printer/model?jobid=0&qr=0&clear=0&reset=0&exit=citizen&speed=100&rate=500&buffer=64&xonxoff=1&western=1", "")
	same(t, "model", told(t, st.Printer.Model), `{"maker":"EPSON","model":"TM-T82","jobid":false,"qr":false,"clear":false,"reset":false,`+
		`"exit":"citizen","speed":100,"rate":500,"buffer":64,"xonxoff":true,"western":true}`)
	st = s.do("POST", "/printer/model?qr=1&exit=open", "")
	same(t, "what isn't said stays", told(t, st.Printer.Model), `{"maker":"EPSON","model":"TM-T82","jobid":false,"qr":true,"clear":false,"reset":false,`+
		`"exit":"","speed":100,"rate":500,"buffer":64,"xonxoff":true,"western":true}`)
}

// TestEjector has papers held, presented, taken and drawn in.
func TestEjector(t *testing.T) {
	s := open(t, hall.Opts{})
	port := s.port("printer")
	s.do("POST", "/printer/model?exit=custom", "")
	where := func() (all string) {
		for _, p := range s.do("POST", "/papers/take", "").Papers {
			all += p.Where + " "
		}
		return all
	}
	send(t, port, "A\n"+cut+"\x1de\x06")
	expect(t, port, "\x00")
	same(t, "held", where(), "held ")
	send(t, port, "\x1de\x03\x0c\x1de\x06")
	expect(t, port, "\x08")
	if p := s.do("GET", "/state", "").Papers[0]; p.Where != "slot" || p.Taken {
		t.Errorf("presented: %+v", p)
	}
	same(t, "taken", where(), "taken ")
	send(t, port, "\x1de\x06B\n"+cut+"\x1de\x03\x0c\x1de\x02\x1de\x06")
	expect(t, port, "\x00\x00")
	same(t, "drawn in", where(), "taken bin ")
	if n := s.do("GET", "/state", "").Printer.Retracted; n != 1 {
		t.Errorf("%d in the bin", n)
	}
}

func TestReaderTroubles(t *testing.T) {
	s := open(t, hall.Opts{})
	port := s.port("reader")
	for _, c := range []struct{ path, want, find string }{
		{"fail?command=find&sw3=41&times=2", `{"find":{"next":["41","41"],"always":""}}`, pre + "\x00\x04\x00\x00\x41\x45"},
		{"fail?command=find&sw3=31", `{"find":{"next":["31"],"always":""}}`, pre + "\x00\x04\x00\x00\x31\x35"},
		{"fail?command=find&sw3=66&times=-1", `{"find":{"next":[],"always":"66"}}`, pre + "\x00\x04\x00\x00\x66\x62"},
		{"fail?command=find&times=0", `{}`, none},
		{"fail?command=read&sw3=3f", `{"read":{"next":["3F"],"always":""}}`, none},
	} {
		st := s.do("POST", "/reader/"+c.path, "")
		same(t, c.path, told(t, st.Reader.Fails), c.want)
		send(t, port, find)
		expect(t, port, c.find)
	}
	if st := s.do("POST", "/reader/clear", ""); len(st.Reader.Fails) != 0 {
		t.Errorf("cleared: %+v", st.Reader.Fails)
	}
	for _, c := range []struct{ path, want, find string }{
		{"spoil?xor=1&times=-1", "xor", none[:10] + "\x85"},
		{"spoil?wrong=2", "wrong 2", "\xaa\xba" + none[2:]},
		{"spoil?missing=5", "missing 5", none[:4] + none[5:]},
		{"spoil?times=0", "", none},
	} {
		same(t, c.path, s.do("POST", "/reader/"+c.path, "").Reader.Spoil, c.want)
		send(t, port, find)
		expect(t, port, c.find)
	}
	r := s.do("POST", "/reader/replies?delay=1&pieces=2&pause=1&noise=AA00", "").Reader
	if r.Delay != 1 || r.Pieces != 2 || r.Pause != 1 || r.Noise != "AA00" {
		t.Errorf("replies: %+v", r)
	}
	send(t, port, find)
	expect(t, port, "\xaa\x00"+none)
	r = s.do("POST", "/reader/replies", "").Reader
	if r.Delay != 0 || r.Pieces != 0 || r.Pause != 0 || r.Noise != "" {
		t.Errorf("replies as they should be: %+v", r)
	}
	if r := s.do("POST", "/reader/after-read?find=again", "").Reader; !r.FindsAgain {
		t.Errorf("find again: %+v", r)
	}
	if r := s.do("POST", "/reader/after-read?find=not", "").Reader; r.FindsAgain {
		t.Errorf("find not: %+v", r)
	}
	if r := s.do("POST", "/reader/silent", "").Reader; !r.Silent {
		t.Errorf("silent: %+v", r)
	}
	if r := s.do("POST", "/reader/clear", "").Reader; r.Silent {
		t.Errorf("cleared: %+v", r)
	}

	s.do("POST", "/reader/put?card=resident", "")
	if r := s.do("POST", "/reader/lift?byte=300", "").Reader; r.LiftAt != 300 || r.Card != "resident" {
		t.Errorf("lift later: %+v", r)
	}
	send(t, port, find+choose+read)
	if _, err := io.CopyN(io.Discard, port, 15+19+300); err != nil {
		t.Fatal(err)
	}
	if err := s.Reader.Wait(t.Context(), func(st idcardtest.State) bool { return st.Card == nil }); err != nil {
		t.Fatal(err)
	}
	send(t, port, find)
	expect(t, port, none)
}

func TestScannerSetup(t *testing.T) {
	s := open(t, hall.Opts{})
	port := s.port("scanner")
	for _, c := range []struct{ path, want string }{
		{"setup", "\xe5\x8f\xb7\r"},
		{"setup?coding=gbk", "\xba\xc5\r"},
		{"setup?end=lf", "\xba\xc5\n"},
		{"setup?end=crlf", "\xba\xc5\r\n"},
		{"setup?end=idle", "\xba\xc5"},
		{"setup?end=cr&noise=7f", "\x7f\xba\xc5\r"},
		{"setup?coding=utf8&noise=", "\xe5\x8f\xb7\r"},
	} {
		st := s.do("POST", "/scanner/"+c.path, "").Scanner
		for _, word := range strings.FieldsFunc(c.path, func(r rune) bool { return strings.ContainsRune("?&=", r) }) {
			if word == "setup" || word == "end" || word == "coding" || word == "noise" {
				continue
			}
			if st.End != word && st.Coding != word && st.Noise != strings.ToUpper(word) {
				t.Errorf("%s: %+v", c.path, st)
			}
		}
		s.do("POST", "/scanner/scan", "号")
		expect(t, port, c.want)
	}
	s.do("POST", "/scanner/say?hex=00ff", "")
	expect(t, port, "\x00\xff")
	s.do("POST", "/scanner/setup?coding=gbk", "")
	if resp, b := s.ask("POST", "/scanner/scan", "😀"); resp.StatusCode != 400 {
		t.Errorf("%s: %s", resp.Status, b)
	}
}

func TestTroubleMistakes(t *testing.T) {
	s := open(t, hall.Opts{})
	for _, c := range []struct{ path, says string }{
		{"printer/jam?cut=0", "number from 1"},
		{"printer/jam?bite=5", "no bite here"},
		{"printer/on?byte=5", "put off"},
		{"printer/answers?only=lies", "barrier"},
		{"printer/answers?delay=soon", "soon"},
		{"printer/answers?lose=-2", "from -1"},
		{"printer/answers?noise=xyz", "hexadecimal"},
		{"printer/say", "hex="},
		{"printer/model?qr=yes", "neither 1 nor 0"},
		{"printer/model?exit=back", "custom"},
		{"printer/model?maker=" + strings.Repeat("x", 81), "80 bytes"},
		{"reader/fail?command=eat&sw3=41", "select"},
		{"reader/fail?sw3=41", "command="},
		{"reader/fail?command=find&sw3=100", "hexadecimal"},
		{"reader/fail?command=find&sw3=41&times=1000000", "1000"},
		{"reader/spoil?wrong=6", "five bytes"},
		{"reader/spoil", "say what"},
		{"reader/after-read?find=perhaps", "again"},
		{"reader/after-read", "find="},
		{"reader/replies?dealy=5", "no dealy here"},
		{"reader/lift?byte=-1", "from 1"},
		{"scanner/setup?end=tab", "crlf"},
		{"scanner/say?hex=", "hex="},
	} {
		before := told(t, s.do("GET", "/state", ""))
		resp, b := s.ask("POST", "/"+c.path, "")
		if resp.StatusCode != 400 || !strings.Contains(string(b), c.says) {
			t.Errorf("POST /%s: %s, %s; want %q", c.path, resp.Status, b, c.says)
		}
		same(t, "state after "+c.path, told(t, s.do("GET", "/state", "")), before)
	}
	for _, path := range []string{"/reader/eat", "/scanner/eat"} {
		if resp, b := s.ask("POST", path, ""); resp.StatusCode != 404 || !strings.Contains(string(b), "eat") {
			t.Errorf("POST %s: %s, %s", path, resp.Status, b)
		}
	}
}

// TestRunEndsWhileHeld ends the hall while a printer holds its line and another
// device is unplugged.
func TestRunEndsWhileHeld(t *testing.T) {
	h, err := hall.New(hall.Opts{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- h.Run(ctx) }()
	h.Printer.Set(printertest.Xoff, true)
	h.Reader.SetPlugged(false)
	cancel()
	if err := <-done; err != nil {
		t.Errorf("run: %v", err)
	}
}

// TestPageKnowsTheVerbs has every request that ServeHTTP names stand on the page,
// and none on it that is refused.
func TestPageKnowsTheVerbs(t *testing.T) {
	s := open(t, hall.Opts{})
	_, b := s.ask("GET", "/", "")
	page := string(b)
	for _, path := range []string{
		"printer/on", "printer/off", "printer/unplug", "printer/plug", "printer/cover-open", "printer/cover-close", "printer/paper-near",
		"printer/paper-out", "printer/paper-new", "printer/jam", "printer/cutter", "printer/hot", "printer/fatal", "printer/offline",
		"printer/silent", "printer/xoff", "printer/clear", "printer/answers", "printer/say", "printer/model",
		"reader/put", "reader/lift", "reader/fail", "reader/replies", "reader/spoil", "reader/after-read", "reader/silent", "reader/clear",
		"reader/unplug", "reader/plug", "scanner/setup", "scanner/say", "scanner/unplug", "scanner/plug", "papers/take",
	} {
		if !strings.Contains(page, `"`+path+`"`) && !strings.Contains(page, `"`+path+`?`) {
			t.Errorf("the page lacks %s", path)
		}
	}
	for i, part := range strings.Split(page, `data-post="`) {
		path, _, _ := strings.Cut(part, `"`)
		if i == 0 {
			continue
		}
		if resp, b := s.ask("POST", "/"+path, ""); resp.StatusCode != 200 {
			t.Errorf("the page asks for %s: %s, %s", path, resp.Status, b)
		}
	}
	for _, sw3 := range idcardtest.Failures {
		if !strings.Contains(page, fmt.Sprintf(`<option value="%02X"`, sw3)) {
			t.Errorf("the page lacks SW3 %02X", sw3)
		}
	}
	for _, kind := range printertest.Kinds {
		if !strings.Contains(page, fmt.Sprintf(`<option value="%s"`, kind)) {
			t.Errorf("the page lacks answers of kind %s", kind)
		}
	}
	for _, fault := range printertest.Faults {
		if !strings.Contains(page, string(fault)+`:"`) {
			t.Errorf("the page has no word for %s", fault)
		}
	}
}
