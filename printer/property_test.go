package printer_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"periph.io/x/conn/v3"

	"hallkiosk/configs"
	"hallkiosk/kiosk"
	"hallkiosk/printer"
	"hallkiosk/printer/escpos"
	"hallkiosk/printer/printertest"
)

// direct is a line without a wire: what is written is printed at once, and
// waiting for an answer that isn't there takes no time but the clock's.
type direct struct {
	p   *printertest.Printer
	now time.Time
	in  []byte
}

var _ conn.Conn = (*direct)(nil)

func (d *direct) String() string      { return "direct" }
func (d *direct) Duplex() conn.Duplex { return conn.Full }
func (d *direct) Tx(w, r []byte) error {
	if len(w) > 0 {
		if _, err := d.p.Write(w); err != nil {
			return errors.New("hung up")
		}
		d.now = d.now.Add(time.Duration(len(w)) * 10 * time.Second / 115200)
	}
	d.in = append(d.in, d.p.Replies()...)
	if len(d.in) < len(r) {
		d.now = d.now.Add(100 * time.Millisecond)
		return os.ErrDeadlineExceeded
	}
	copy(r, d.in)
	d.in = d.in[len(r):]
	return nil
}

// trouble is something that goes wrong n bytes after the job's beginning, until it
// is mended.
type trouble struct {
	name  string
	begin func(p *printertest.Printer, n int)
	end   func(p *printertest.Printer)
	ends  int // how many different ends it must lead to at the least
}

// Every fault, at every byte of the job: it is never called printed unless the
// ticket is whole on paper; the end comes within the deadline; and after the
// fault is mended the reprint is whole, marked, and alone on its paper.
func TestEveryFaultAtEveryByte(t *testing.T) {
	step := 13 // a sample, another one for each printer and fault
	if os.Getenv("KIOSK_SOAK") != "" {
		step = 1
	}
	var troubles []trouble
	for _, f := range []printertest.Fault{printertest.PaperOut, printertest.CoverOpen, printertest.Jam, printertest.Cutter, printertest.Hot, printertest.Fatal,
		printertest.Offline, printertest.Silent, printertest.PowerOff, printertest.Unplugged} {
		troubles = append(troubles, trouble{string(f), func(p *printertest.Printer, n int) { p.SetAtByte(f, n) }, func(p *printertest.Printer) { p.Set(f, false) }, 2})
	}
	say := func(b ...byte) func(*printertest.Printer, int) {
		return func(p *printertest.Printer, n int) { p.SayAt(printertest.At{Byte: n}, b...) }
	}
	healed := func(p *printertest.Printer) { p.SetAnswers(printertest.Answers{}) }
	troubles = append(troubles,
		trouble{"false_barrier", say(0x00), healed, 1},
		trouble{"noise", say(0xFF, 0x81, 0x14, 0x00, 0x37, 0x22, 0x90), healed, 1},
		trouble{"lost_barrier", func(p *printertest.Printer, n int) {
			p.SetAnswers(printertest.Answers{Only: printertest.Barrier, Lose: 1 + n%2})
		}, healed, 1},
		trouble{"false_barrier_and_paper_out", func(p *printertest.Printer, n int) {
			say(0x00)(p, n)
			p.SetAtByte(printertest.PaperOut, n)
		}, healed, 2},
		trouble{"early_barrier_and_cover", func(p *printertest.Printer, n int) {
			p.SetAnswers(printertest.Answers{Early: true})
			p.SetAtByte(printertest.CoverOpen, n)
		}, func(p *printertest.Printer) { healed(p); p.Set(printertest.CoverOpen, false) }, 2},
	)
	for _, model := range []struct {
		name string
		o    printertest.Opts
		rare bool
	}{
		{"epson-80", printertest.Opts{Width: 576, Gap: 96, JobID: true}, false},
		{"generic-80", printertest.Opts{Width: 576, Gap: 96}, true},
		{"pos-58", printertest.Opts{Width: 384, Gap: 80, NoQR: true}, false},
	} {
		for i, trouble := range troubles {
			t.Run(model.name+"/"+trouble.name, func(t *testing.T) {
				t.Parallel()
				catalog, j := job(t, kiosk.Zh)
				ends := map[kiosk.PrintState]int{}
				for n, length := 1+i%step, 1000; n <= length; n += step {
					line := &direct{p: printertest.New(model.o), now: time.Unix(0, 0)}
					opts := printer.DefaultOpts()
					opts.Baud, opts.Profile.Width, opts.Profile.JobID = 115200, model.o.Width, model.o.JobID
					opts.Profile.QR, opts.Profile.Speed = !model.o.NoQR, instant
					if model.o.JobID {
						opts.Profile.Clear = escpos.ClearDC4
					}
					layouts := configs.ShippedLayouts()
					if model.rare { // a line of dots within the ticket
						layouts[kiosk.PaperTicket] = kiosk.Layout{Blocks: append([]kiosk.Block{{Text: "100 ¥", Size: 2}}, layouts[kiosk.PaperTicket].Blocks...)}
					}
					setting := printer.Setting{Catalog: catalog, Profile: opts.Profile, Kiosk: "K1", Location: shanghai}
					opts.Render = func(j kiosk.PrintJob) printer.Page {
						return printer.Render(layouts[j.Kind()], printer.NewSlip(setting, j, time.Time{}))
					}
					opts.Now = func() time.Time { return line.now }
					length = len(opts.Render(j).Bytes) + 60 // with the questions around it
					dev := printer.New(line, opts)

					trouble.begin(line.p, n)
					journal := ""
					end, cause := dev.Print(t.Context(), j, func(s kiosk.PrintState) error { journal += string(s) + " "; return nil })
					ends[end]++
					fail := func(format string, args ...any) {
						t.Helper()
						t.Errorf("%s at byte %d of %d: %s %s, journal %q: %s", trouble.name, n, length, end, cause, journal, fmt.Sprintf(format, args...))
					}
					if took := line.now.Sub(time.Unix(0, 0)); took > 10*time.Second {
						fail("it took %s", took)
					}
					unmarked := whole(line.p, opts.Profile, "A1-023", false)
					if end == kiosk.Printed && unmarked != 1 {
						fail("%d whole papers", unmarked)
					}
					if end == kiosk.NotPrinted && (unmarked != 0 || journal != "") {
						fail("%d whole papers", unmarked)
					}

					// Mended, the same number once more.
					trouble.end(line.p)
					line.p.Clear()
					line.p.NewRoll()
					again := j
					again.Attempt, again.Earlier = 2, 1
					for range 3 { // the first tries may only find out how things stand
						if end, cause = dev.Print(t.Context(), again, func(kiosk.PrintState) error { return nil }); end == kiosk.Printed {
							break
						}
					}
					if end != kiosk.Printed || whole(line.p, opts.Profile, "A1-023", true) < 1 {
						fail("then the reprint is %s %s with %d marked papers", end, cause, whole(line.p, opts.Profile, "A1-023", true))
					}
					if got := whole(line.p, opts.Profile, "A1-023", false); got > 1 {
						fail("%d unmarked papers of one number", got)
					}
					for _, p := range line.p.Papers() {
						if p.Whole && strings.Count(strings.Join(p.Text, "\n"), "A1-023") > 1 {
							fail("two tickets on one paper: %v", p.Text)
						}
					}
					if t.Failed() {
						return
					}
				}
				t.Log(ends)
				if len(ends) < trouble.ends {
					t.Errorf("only %v: it never made a difference", ends)
				}
			})
		}
	}
}

// whole counts the whole papers of a number, marked as reprints or not.
func whole(p *printertest.Printer, profile printer.Profile, number string, marked bool) int {
	n := 0
	for _, paper := range p.Papers() {
		text := strings.Join(paper.Text, "\n")
		if paper.Whole && strings.Contains(text, number) && (len(paper.QR) == 1 || !profile.QR) && strings.Contains(text, "重印") == marked {
			n++
		}
	}
	return n
}
