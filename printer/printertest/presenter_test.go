package printertest_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	pt "hallkiosk/printer/printertest"
)

// lying tells where the papers are: held inside, at the output, in the bin.
func lying(p *pt.Printer) string {
	s := p.State()
	held, out := 0, 0
	if s.Held != nil {
		held = s.Held.ID
	}
	if s.Out != nil {
		out = s.Out.ID
	}
	return fmt.Sprint(held, out, s.Bin)
}

const (
	retract = "\x1de\x02"
	present = "\x1de\x03\x0c"
	eject   = "\x1de\x05"
	at      = "\x1de\x06"
	full    = "\x10\x04\x14"
	collect = "\x1dR0"
)

func TestCustomEjector(t *testing.T) {
	p := pt.New(pt.Opts{Exit: pt.Custom, Gap: 96})
	step := func(what, bytes, where, answers string) {
		t.Helper()
		send(t, p, bytes)
		equal(t, what, lying(p), where)
		equal(t, what+", answers", string(p.Replies()), answers)
	}
	step("nothing there", full+at, "0 0 []", "\x10\x0f\x00\x00\x00\x00"+"\x00")
	step("cut", "one\n"+cut+at, "1 0 []", "\x00")
	if p.Take() != nil {
		t.Error("a hand reached into the printer")
	}
	step("presented", present+at, "0 1 []", "\x08")
	step("full status", full, "0 1 []", "\x10\x0f\x20\x00\x00\x00")
	if paper := p.Take(); paper == nil || paper.ID != 1 {
		t.Errorf("took %+v", paper)
	}
	step("taken", full+at, "0 0 []", "\x10\x0f\x00\x00\x00\x00"+"\x00")
	step("retract nothing", retract+at, "0 0 []", "\x00")
	step("forgotten", "two\n"+cut+present, "0 2 []", "")
	step("retracted", retract+at, "0 0 [2]", "\x00")
	step("retracted from inside", "three\n"+cut+retract, "0 0 [2 3]", "")
	step("ejected", "four\n"+cut+eject+at, "0 0 [2 3]", "\x00")
	step("next pushes it out", "five\n"+cut+present+"six\n"+cut, "6 0 [2 3]", "")
	step("presenting cuts first", "seven\n"+present, "0 7 [2 3]", "")
	equal(t, "text", p.Papers()[6].Text, []string{"seven"})
	equal(t, "papers", len(p.Papers()), 7)
	equal(t, "unknown", len(p.Unknown()), 0)
	step("continuous mode", "\x1de\x14", "0 7 [2 3]", "")
	equal(t, "unknown", len(p.Unknown()), 1)
	p.Setup(func(o *pt.Opts) { o.Exit = pt.Open })
	equal(t, "another model", lying(p), "0 0 [2 3]")
}

// TestCustomStatus holds the full status and the ejector's against the faults.
func TestCustomStatus(t *testing.T) {
	for _, c := range []struct {
		fault   pt.Fault
		full    string
		ejector string // none while it can't print
	}{
		{pt.NearEnd, "\x04\x00\x00\x00", "\x01"},
		{pt.PaperOut, "\x05\x00\x00\x00", ""},
		{pt.CoverOpen, "\x00\x03\x00\x00", ""},
		{pt.Jam, "\x00\x00\x40\x00", ""},
		{pt.Hot, "\x00\x00\x01\x00", ""},
		{pt.Cutter, "\x00\x00\x00\x01", ""},
		{pt.Fatal, "\x00\x00\x00\x08", ""},
	} {
		t.Run(string(c.fault), func(t *testing.T) {
			p := pt.New(pt.Opts{Exit: pt.Custom})
			p.Set(c.fault, true)
			send(t, p, full)
			equal(t, "full", string(p.Replies()), "\x10\x0f"+c.full)
			send(t, p, at)
			equal(t, "ejector", string(p.Replies()), c.ejector)
		})
	}
}

// TestEjectorWaitsForTheMotor retracts what is still being printed.
func TestEjectorWaitsForTheMotor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pt.New(pt.Opts{Exit: pt.Custom, Gap: 96, Speed: 100})
		send(t, p, "one\n", cut, present, full)
		equal(t, "motor on", string(p.Replies()), "\x10\x0f\x00\x08\x00\x00")
		send(t, p, retract, at)
		got, took := next(t, p)
		equal(t, "answer", got, "\x00")
		if took == 0 {
			t.Error("answered before the paper was cut")
		}
		equal(t, "lying", lying(p), "0 0 [1]")
	})
}

func TestCitizenPresenter(t *testing.T) {
	p := pt.New(pt.Opts{Exit: pt.Citizen, Gap: 96})
	const roll = "\x10\x04\x04"
	send(t, p, roll, "one\n", cut, roll)
	equal(t, "lying", lying(p), "0 1 []")
	equal(t, "sensor before and after", string(p.Replies()), "\x12\x52")
	if paper := p.Take(); paper == nil || paper.ID != 1 {
		t.Errorf("took %+v", paper)
	}
	send(t, p, roll, collect)
	equal(t, "taken", string(p.Replies()), "\x12")
	send(t, p, "two\n", cut, collect)
	equal(t, "collected", lying(p), "0 0 [2]")
	p.Set(pt.PaperOut, true)
	send(t, p, roll)
	equal(t, "paper end", string(p.Replies()), "\x3e")
	equal(t, "unknown", len(p.Unknown()), 0)
	p.NewRoll()
	send(t, p, "\x1dR1\x05")
	equal(t, "timer", p.Unknown(), []string{"1D 52 31 05"})
}
