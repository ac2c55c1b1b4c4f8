package printertest_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	pt "hallkiosk/printer/printertest"
)

const poll = "\x10\x04\x01\x10\x04\x02\x10\x04\x03\x10\x04\x04"

// TestStatus holds every status byte of devices.md, section 2, against the fault
// that sets it: the four answers to DLE EOT, the answer to GS r 1 (none while it
// can't print) and the automatic status.
func TestStatus(t *testing.T) {
	for _, c := range []struct {
		fault               pt.Fault
		live, sensor, block string
	}{
		{"", "\x12\x12\x12\x12", "\x00", ""},
		{pt.NearEnd, "\x12\x12\x12\x1e", "\x03", "\x10\x00\x03\x0f"},
		{pt.PaperOut, "\x1a\x32\x12\x7e", "", "\x18\x00\x0f\x0f"},
		{pt.CoverOpen, "\x1a\x16\x12\x12", "", "\x38\x00\x00\x0f"},
		{pt.Jam, "\x1a\x52\x16\x12", "", "\x18\x04\x00\x0f"},
		{pt.Cutter, "\x1a\x52\x1a\x12", "", "\x18\x08\x00\x0f"},
		{pt.Fatal, "\x1a\x52\x32\x12", "", "\x18\x20\x00\x0f"},
		{pt.Hot, "\x1a\x52\x52\x12", "", "\x18\x40\x00\x0f"},
		{pt.Offline, "\x1a\x12\x12\x12", "", "\x18\x00\x00\x0f"},
		{pt.Silent, "", "", ""},
	} {
		t.Run("Fault_"+string(c.fault), func(t *testing.T) {
			p := pt.New(pt.Opts{})
			send(t, p, "\x1da\xff")
			equal(t, "automatic status when switched on", string(p.Replies()), "\x10\x00\x00\x0f")
			if c.fault != "" {
				p.Set(c.fault, true)
				p.Set(c.fault, true)
			}
			equal(t, "automatic status", string(p.Replies()), c.block)
			send(t, p, poll)
			equal(t, "DLE EOT 1..4", string(p.Replies()), c.live)
			send(t, p, query)
			equal(t, "GS r 1", string(p.Replies()), c.sensor)

			p.Clear()
			p.NewRoll()
			p.Set(pt.CoverOpen, false)
			p.Replies()
			send(t, p, poll, query)
			equal(t, "mended", string(p.Replies()), "\x12\x12\x12\x12\x00")
		})
	}
}

// TestAutomaticStatusMask asks for one group of changes only.
func TestAutomaticStatusMask(t *testing.T) {
	p := pt.New(pt.Opts{})
	send(t, p, "\x1da\x08") // paper
	p.Replies()
	p.Set(pt.CoverOpen, true)
	equal(t, "cover", string(p.Replies()), "")
	p.Set(pt.NearEnd, true)
	equal(t, "paper", string(p.Replies()), "\x38\x00\x03\x0f")
	p.Set(pt.CoverOpen, false)
	send(t, p, "\x1da\x00")
	p.NewRoll()
	equal(t, "switched off", string(p.Replies()), "")
}

func TestAnswers(t *testing.T) {
	p := pt.New(pt.Opts{JobID: true, Maker: "Maker", Model: "Model"})
	for _, c := range []struct{ name, send, want string }{
		{"JobID", "\x1d(H\x06\x0000\x01\x02\x03\x04", "\x37\x22\x01\x02\x03\x04\x00"},
		{"Clear", "\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08", "\x37\x25\x00"},
		{"ClearMisspelt", "\x10\x14\x08\x01\x03\x14\x01\x06\x02\x09", ""},
		{"Maker", "\x1dI\x42", "\x5fMaker\x00"},
		{"Modell", "\x1dI\x43", "\x5fModel\x00"},
		{"TypeID", "\x1dI\x02", "\x03"},
		{"Drawer", "\x1dr\x02", "\x00"},
		{"QueryInDigits", "\x1dr1", "\x00"},
		{"DLEDLE", "\x10\x10\x04\x01", "\x12"},
	} {
		t.Run(c.name, func(t *testing.T) {
			send(t, p, c.send)
			equal(t, "answer", string(p.Replies()), c.want)
		})
	}
	p.SetAnswers(pt.Answers{Lose: -1})
	send(t, p, poll)
	equal(t, "lost", string(p.Replies()), "")
}

// TestRealTimeInsideData is the hazard of devices.md: inside raster data a poll
// is answered at once and eaten as picture; between commands it leaves no trace.
func TestRealTimeInsideData(t *testing.T) {
	p := pt.New(pt.Opts{})
	send(t, p, "\x1dv0\x00\x04\x00\x02\x00\xff\x10\x04\x01")
	equal(t, "answer in mid-picture", string(p.Replies()), "\x12")
	send(t, p, "\xff\xff\xff\xff\x10\x04\x02A\n", "\x1dV\x00")
	equal(t, "answer between commands", string(p.Replies()), "\x12")
	paper := only(t, p)
	equal(t, "text", paper.Text, []string{"A"})
	equal(t, "height", paper.Height, 32)
	equal(t, "hazards", paper.Hazards, 1)
	equal(t, "poll is picture", paper.Dots().GrayAt(11, 0).Y, uint8(0))

	// A poll inside a command is its parameter: ESC d 10, and 04 01 are rubbish.
	send(t, p, "\x1bd\x10\x04\x01", "\x1dV\x00")
	equal(t, "answer inside ESC d", string(p.Replies()), "\x12")
	equal(t, "fed", p.Papers()[1].Height, 16*30)
}

// TestPaperOutInMidTicket is two pieces: the rest comes on the new roll.
func TestPaperOutInMidTicket(t *testing.T) {
	p := pt.New(pt.Opts{Gap: 96})
	p.SetAtDot(pt.PaperOut, 45) // in the middle of the second line
	send(t, p, "one\ntwo\nthree\n", qrCode("code", 4), cut, query)
	first := only(t, p)
	equal(t, "first piece", first.Text, []string{"one", "two"})
	equal(t, "first piece's height", first.Height, 96+45)
	equal(t, "first piece whole", first.Whole, false)
	equal(t, "answer", string(p.Replies()), "")

	p.NewRoll()
	papers := p.Papers()
	if len(papers) != 2 {
		t.Fatalf("%d papers after the new roll, want 2", len(papers))
	}
	rest := papers[1]
	equal(t, "rest", rest.Text, []string{"three"})
	equal(t, "rest's code", rest.QR, []string{"code"})
	equal(t, "rest's height", rest.Height, 96+45+84)
	equal(t, "rest whole", rest.Whole, false)
	equal(t, "answer", string(p.Replies()), "\x00")

	send(t, p, "next\n", cut)
	equal(t, "next whole", p.Papers()[2].Whole, true)
}

// TestPaperOutBetweenTickets spoils nothing.
func TestPaperOutBetweenTickets(t *testing.T) {
	p := pt.New(pt.Opts{Gap: 96})
	p.Set(pt.PaperOut, true)
	send(t, p, "one\n", cut, query)
	equal(t, "papers", len(p.Papers()), 0)
	p.NewRoll()
	paper := only(t, p)
	equal(t, "whole", paper.Whole, true)
	equal(t, "text", paper.Text, []string{"one"})
}

// TestFaultAtEveryByte breaks the printer at each byte of a ticket in each way, and
// holds what comes out against what was sent.
func TestFaultAtEveryByte(t *testing.T) {
	body := reset + "one\ntwo\n" + qrCode("code", 2) + "three\n" + cut + query
	for _, f := range []pt.Fault{pt.PaperOut, pt.CoverOpen, pt.Jam, pt.Cutter, pt.Hot, pt.Offline, pt.PowerOff} {
		for n := 1; n <= len(body); n++ {
			p := pt.New(pt.Opts{Gap: 96})
			p.SetAtByte(f, n)
			took, err := p.Write([]byte(body))
			if f == pt.PowerOff && n < len(body) && (took != n || !errors.Is(err, pt.ErrOff)) {
				t.Fatalf("power off at %d: took %d, %v", n, took, err)
			}
			p.Set(f, false)
			if err == nil {
				send(t, p, "")
			} else {
				send(t, p, body)
			}
			var text []string
			whole := 0
			for _, paper := range p.Papers() {
				text = append(text, paper.Text...)
				if paper.Whole {
					whole++
				}
			}
			all := strings.Join(text, " ")
			wantWhole := 1
			if f == pt.PowerOff && n > len(body)-len(query) && n < len(body) {
				wantWhole = 2 // the first was already out
			}
			if !strings.HasSuffix(all, "one two three") || whole > wantWhole {
				t.Errorf("%s at byte %d: %q, %d whole papers", f, n, all, whole)
			}
			if f == pt.PowerOff && err != nil && n < 3 && whole != 1 {
				t.Errorf("power off before the first dot, byte %d: %d whole papers", n, whole)
			}
		}
	}
}

func TestPowerOff(t *testing.T) {
	p := pt.New(pt.Opts{})
	send(t, p, "\x1da\xff", "\x1c.", "kept\n", "lost")
	p.Replies()
	p.Set(pt.PowerOff, true)
	if _, err := p.Write([]byte("x")); !errors.Is(err, pt.ErrOff) {
		t.Errorf("write: %v", err)
	}
	if _, err := p.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("read: %v", err)
	}
	p.Set(pt.PowerOff, false)
	send(t, p, "\xba\xc5\n", "\x1dV\x00")
	paper := only(t, p)
	equal(t, "text", paper.Text, []string{"kept", "号"})
	equal(t, "whole", paper.Whole, false)
	equal(t, "automatic status after power on", string(p.Replies()), "")
}

func TestSilent(t *testing.T) {
	p := pt.New(pt.Opts{})
	p.Set(pt.Silent, true)
	send(t, p, reset, "swallowed\n", cut, poll)
	p.Clear()
	equal(t, "answer", string(p.Replies()), "")
	send(t, p, reset, "A\n", cut)
	paper := only(t, p)
	equal(t, "text", paper.Text, []string{"A"})
	equal(t, "whole", paper.Whole, true)
	equal(t, "received", p.State().Received, int64(2*len(reset+cut)+len("swallowed\nA\n")+len(poll)))
}

// TestRecovery clears a ticket that hangs in the buffer, by either command.
func TestRecovery(t *testing.T) {
	for name, c := range map[string]struct{ clear, answer string }{
		"DLE_DC4": {"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08", "\x37\x25\x00"},
		"DLE_ENQ": {"\x10\x05\x02", ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := pt.New(pt.Opts{})
			p.SetAtDot(pt.Cutter, 35)
			send(t, p, "one\ntwo\nthree\n", cut)
			send(t, p, c.clear)
			equal(t, "answer", string(p.Replies()), c.answer)
			equal(t, "waiting", p.State().Waiting, 0)
			p.Clear()
			send(t, p, "\x1dV\x00", "again\n", cut)
			papers := p.Papers()
			if len(papers) != 2 {
				t.Fatalf("%d papers, want the fragment and the next", len(papers))
			}
			equal(t, "fragment", papers[0].Text, []string{"one"})
			equal(t, "fragment whole", papers[0].Whole, false)
			equal(t, "again", papers[1].Text, []string{"again"})
			equal(t, "again whole", papers[1].Whole, true)
		})
	}
	t.Run("CutterFreedByENQ1", func(t *testing.T) {
		p := pt.New(pt.Opts{})
		p.Set(pt.Cutter, true)
		send(t, p, "one\n", cut, "\x10\x05\x01")
		equal(t, "papers", len(p.Papers()), 1)
	})
	t.Run("NulsAfterHalfACommand", func(t *testing.T) {
		p := pt.New(pt.Opts{})
		send(t, p, "\x1dv0\x00\x48\x00\x40\x00", strings.Repeat("\x00", 8192), reset, "one\n", "\x1dV\x00")
		equal(t, "text", only(t, p).Text, []string{"one"})
	})
}

func TestBuffer(t *testing.T) {
	t.Run("Overrun", func(t *testing.T) {
		p := pt.New(pt.Opts{Buffer: 4})
		p.Set(pt.Offline, true)
		send(t, p, "123456\n", poll)
		equal(t, "polls are heard on a full buffer", string(p.Replies()), "\x1a\x12\x12\x12")
		p.Set(pt.Offline, false)
		send(t, p, "\n\x1dV\x00")
		paper := only(t, p)
		equal(t, "text", paper.Text, []string{"1234"})
		equal(t, "whole", paper.Whole, false)
		equal(t, "overrun", p.State().Overrun, 3+len(poll))
	})
	t.Run("XonXoff", func(t *testing.T) {
		p := pt.New(pt.Opts{Buffer: 8, XonXoff: true})
		p.Set(pt.Offline, true)
		send(t, p, "1234567")
		equal(t, "full", string(p.Replies()), "\x13")
		p.Set(pt.Offline, false)
		equal(t, "empty", string(p.Replies()), "\x11")
	})
}

// TestTriggersCount arms two faults at once.
func TestTriggersCount(t *testing.T) {
	p := pt.New(pt.Opts{})
	p.SetAtByte(pt.NearEnd, 2)
	p.SetAtByte(pt.Offline, 2)
	p.SetAtDot(pt.Jam, 31)
	send(t, p, "1")
	equal(t, "after one byte", fmt.Sprint(p.State().Faults), "[]")
	send(t, p, "\n")
	equal(t, "after two bytes", fmt.Sprint(p.State().Faults), "[near_end offline]")
	p.Set(pt.Offline, false)
	send(t, p, "2\n")
	equal(t, "after a line", fmt.Sprint(p.State().Faults), "[jam near_end]")
	p.SetAtByte(pt.Fatal, 1)
	p.Clear()
	send(t, p, "3")
	equal(t, "cleared", fmt.Sprint(p.State().Faults), "[near_end]")
}

// TestNeverPanics feeds it every pair of bytes, alone and with something behind.
func TestNeverPanics(t *testing.T) {
	for a := range 256 {
		p := pt.New(pt.Opts{Width: 384})
		for b := range 256 {
			send(t, p, string([]byte{byte(a), byte(b)}), "\x01\x02\x00\x03\x00\x01\xffA\n\x00")
		}
		p.Set(pt.PowerOff, true)
		p.Set(pt.PowerOff, false)
		send(t, p, "ok\n\x1dV\x00")
		papers := p.Papers()
		last := papers[len(papers)-1]
		if !strings.HasSuffix(strings.Join(last.Text, " "), "ok") {
			t.Errorf("% X: dead after all pairs: %q", a, last.Text)
		}
		if last.Height < 1000 {
			last.Dots()
		}
	}
}

// TestMotorSurvivesFaults switches power and cover while the motor's timer runs.
func TestMotorSurvivesFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pt.New(pt.Opts{Speed: 100})
		for range 50 {
			if _, err := p.Write([]byte("\x1bd\x05")); err != nil {
				t.Fatal(err)
			}
			time.Sleep(7 * time.Millisecond)
			p.Set(pt.PowerOff, true)
			p.Set(pt.PowerOff, false)
			p.Set(pt.CoverOpen, true)
			p.Set(pt.CoverOpen, false)
		}
		send(t, p, "end\n", cut, query)
		b := make([]byte, 1)
		if _, err := p.Read(b); err != nil || b[0] != 0 {
			t.Fatalf("% X, %v", b, err)
		}
		equal(t, "text", only(t, p).Text, []string{"end"})
	})
}
