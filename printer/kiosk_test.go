package printer_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/printer"
	"hallkiosk/printer/printertest"
)

// tend runs Tend until the test ends.
func (r *rig) tend(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var tending sync.WaitGroup
	tending.Go(func() { r.dev.Tend(ctx) })
	t.Cleanup(func() { cancel(); tending.Wait() })
}

// until waits for the virtual printer.
func (r *rig) until(t *testing.T, want func(printertest.State) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := r.Wait(ctx, want); err != nil {
		t.Fatalf("%v: %+v", err, r.State())
	}
}

func TestPresenter(t *testing.T) {
	for _, exit := range []printertest.Exit{printertest.Custom, printertest.Citizen} {
		opts := printertest.Opts{Exit: exit, Gap: 96}
		t.Run(string(exit)+"/Untaken", func(t *testing.T) {
			r := newRig(t, opts, 0)
			r.tend(t)
			if _, end, fault := r.print(); end != kiosk.Printed {
				t.Fatalf("%s %s", end, fault)
			}
			select {
			case job := <-r.untaken:
				if job.Ticket.ID != r.job.Ticket.ID {
					t.Errorf("told of %+v", job)
				}
			case <-time.After(time.Minute):
				t.Fatal("nobody was told")
			}
			r.until(t, func(s printertest.State) bool { return len(s.Bin) == 1 && s.Out == nil })
		})
		t.Run(string(exit)+"/Taken", func(t *testing.T) {
			r := newRig(t, opts, 0)
			if _, end, fault := r.print(); end != kiosk.Printed {
				t.Fatalf("%s %s", end, fault)
			}
			if r.Take() == nil {
				t.Fatal("the paper was not held out")
			}
			// Citizen's own sensor must not pass for the end of the roll.
			if _, end, fault := r.print(); end != kiosk.Printed {
				t.Fatalf("the next: %s %s", end, fault)
			}
			if s := r.State(); len(s.Bin) != 0 || s.Out == nil {
				t.Errorf("in the bin %v, at the output %v", s.Bin, s.Out)
			}
			if f := r.dev.Fault(t.Context()); f != kiosk.FaultNone {
				t.Errorf("fault %q with a paper at the output", f)
			}
		})
		t.Run(string(exit)+"/NextComesFirst", func(t *testing.T) {
			r := newRig(t, opts, 0)
			for range 2 {
				if _, end, fault := r.print(); end != kiosk.Printed {
					t.Fatalf("%s %s", end, fault)
				}
			}
			// It may be in the citizen's hand: the next one pushes it out.
			if s := r.State(); len(s.Bin) != 0 || s.Out == nil || len(r.untaken) != 0 {
				t.Errorf("in the bin %v, at the output %v, told %d times", s.Bin, s.Out, len(r.untaken))
			}
			r.skip.Store(int64(10 * time.Second)) // nobody's hand takes so long
			if _, end, fault := r.print(); end != kiosk.Printed {
				t.Fatalf("%s %s", end, fault)
			}
			if s := r.State(); len(s.Bin) != 1 || s.Out == nil || len(r.untaken) != 1 {
				t.Errorf("later in the bin %v, at the output %v, told %d times", s.Bin, s.Out, len(r.untaken))
			}
		})
		t.Run(string(exit)+"/AnswerLost", func(t *testing.T) {
			r := newRig(t, opts, 0)
			for range 3 {
				r.SetAnswers(printertest.Answers{Only: printertest.Other, Lose: 1})
				r.skip.Add(int64(10 * time.Second))
				if _, end, fault := r.print(); end != kiosk.Printed {
					t.Fatalf("%s %s", end, fault)
				}
			}
		})
	}
}

// The rest of a ticket that ran out of paper doesn't come out on the new roll of a
// printer whose buffers can be emptied, and the reprint is alone on its paper.
func TestClearing(t *testing.T) {
	r := newRig(t, printertest.Opts{JobID: true, Gap: 96}, 0)
	r.SetAtByte(printertest.PaperOut, 200)
	if _, end, fault := r.print(); end != kiosk.PrintDamaged || fault != kiosk.FaultPaper {
		t.Fatalf("%s %s", end, fault)
	}
	if s := r.State(); s.Waiting != 0 {
		t.Fatalf("%d bytes are left in the printer", s.Waiting)
	}
	r.NewRoll()
	r.job.Attempt, r.job.Earlier = 2, 1
	if _, end, fault := r.print(); end != kiosk.Printed {
		t.Fatalf("then %s %s", end, fault)
	}
	whole := 0
	for _, p := range r.Papers() {
		if text := strings.Join(p.Text, "\n"); strings.Contains(text, "K1") { // the last line
			whole++
			if strings.Count(text, "A1-023") != 1 || !strings.Contains(text, "重印") {
				t.Errorf("paper:\n%s", text)
			}
		}
	}
	if whole != 1 {
		t.Errorf("%d papers came to their last line", whole)
	}
}

// A printer that answers before the paper is out is not believed: when the roll
// ends after its answer, the ticket is not called printed.
func TestEarlyBarrier(t *testing.T) {
	slow := printertest.Opts{Gap: 96, Speed: 60}
	t.Run("PaperOutAfterIt", func(t *testing.T) {
		r := newRig(t, slow, 0)
		r.SetAnswers(printertest.Answers{Early: true})
		r.SetAtDot(printertest.PaperOut, 300)
		if _, end, fault := r.print(); end != kiosk.PrintDamaged || fault != kiosk.FaultPaper {
			t.Fatalf("%s %s", end, fault)
		}
	})
	t.Run("Whole", func(t *testing.T) {
		r := newRig(t, slow, 0)
		r.SetAnswers(printertest.Answers{Early: true})
		if _, end, fault := r.print(); end != kiosk.Printed {
			t.Fatalf("%s %s", end, fault)
		}
		if papers := r.Papers(); len(papers) != 1 || !papers[0].Whole {
			t.Fatalf("%d papers when it was called printed", len(papers))
		}
	})
}

func TestExamine(t *testing.T) {
	held := func(x printer.Examination) map[printer.Held]int {
		n := map[printer.Held]int{}
		for _, f := range x.Findings {
			n[f.Held]++
		}
		return n
	}
	t.Run("Good", func(t *testing.T) {
		r := newRig(t, printertest.Opts{JobID: true, Gap: 96, Maker: "EPSON", Model: "TM-T88"}, 0)
		x, err := r.dev.Examine(t.Context())
		if err != nil || x.Maker != "EPSON" || x.Model != "TM-T88" || x.Page != kiosk.Printed || held(x)[printer.No] != 0 || held(x)[printer.Yes] < 5 || held(x)[printer.Look] < 4 {
			t.Fatalf("%+v (%v)", x, err)
		}
		if papers := r.Papers(); len(papers) != 1 || !strings.Contains(strings.Join(papers[0].Text, ""), "一级") {
			t.Fatalf("%d papers", len(papers))
		}
		if _, end, fault := r.print(); end != kiosk.Printed { // and it goes on working
			t.Fatalf("then %s %s", end, fault)
		}
	})
	t.Run("BrokenPromise", func(t *testing.T) {
		r := newRig(t, printertest.Opts{JobID: true, Gap: 96}, 0)
		r.Setup(func(o *printertest.Opts) { o.JobID, o.NoClear = false, true })
		x, err := r.dev.Examine(t.Context())
		if err != nil || held(x)[printer.No] < 2 {
			t.Fatalf("%+v (%v)", x, err)
		}
	})
	t.Run("NoPaper", func(t *testing.T) {
		r := newRig(t, printertest.Opts{Gap: 96}, 0)
		r.Set(printertest.PaperOut, true)
		x, err := r.dev.Examine(t.Context())
		if err != nil || x.Fault != kiosk.FaultPaper || x.Page != kiosk.NotPrinted || len(r.Papers()) != 0 {
			t.Fatalf("%+v (%v)", x, err)
		}
	})
	t.Run("Silent", func(t *testing.T) {
		r := newRig(t, printertest.Opts{Gap: 96}, 0)
		r.Set(printertest.Silent, true)
		if x, err := r.dev.Examine(t.Context()); kiosk.CodeOf(err) != kiosk.EUnavailable || !strings.Contains(kiosk.HintOf(err), "baud") {
			t.Fatalf("%+v (%v)", x, err)
		}
	})
}
