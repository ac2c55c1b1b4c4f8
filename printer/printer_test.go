package printer_test

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/boombuler/barcode/qr"
	"periph.io/x/conn/v3/conntest"

	"hallkiosk/configs"
	"hallkiosk/kiosk"
	"hallkiosk/kiosk/serialport"
	"hallkiosk/kiosk/serialport/serialtest"
	"hallkiosk/printer"
	"hallkiosk/printer/escpos"
	"hallkiosk/printer/printertest"
)

var shanghai = time.FixedZone("CST", 8*3600)

// job is a ticket of the shipped catalog: a number of own series, people ahead.
func job(t *testing.T, lang kiosk.Lang, items ...kiosk.ItemID) (*kiosk.Catalog, kiosk.PrintJob) {
	t.Helper()
	_, catalog, problems := configs.LoadKiosk("../configs/kiosk.toml")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if len(items) == 0 {
		items = []kiosk.ItemID{"RS001"}
	}
	ticket := kiosk.Ticket{ID: "01a2061f-3593-767b-82e3-336d26cacaea", Number: kiosk.Number{Queue: "A", Series: "1", N: 23}, Day: "2026-11-23", Queue: "A",
		Items: items, Lang: lang, Ahead: 5, Taken: kiosk.Stamp{Wall: time.Date(2026, 11, 23, 10, 5, 32, 0, shanghai).UnixMilli()}}
	return catalog, kiosk.PrintJob{Ticket: ticket, Attempt: 1, State: kiosk.PrintQueued}
}

func render(catalog *kiosk.Catalog, j kiosk.PrintJob, p printer.Profile) printer.Page {
	setting := printer.Setting{Catalog: catalog, Profile: p, Kiosk: "K1", Location: shanghai}
	return printer.Render(configs.ShippedLayouts()[j.Kind()], printer.NewSlip(setting, j, time.Time{}))
}

func profile(paper int) printer.Profile {
	p := printer.DefaultOpts().Profile
	if paper == 58 {
		p.Width, p.Speed = 384, 90
	}
	return p
}

// What the layout says is what comes out on paper, in both widths and languages.
func TestTicketOnPaper(t *testing.T) {
	for _, paper := range []int{80, 58} {
		for _, lang := range []kiosk.Lang{kiosk.Zh, kiosk.En} {
			t.Run(fmt.Sprintf("%d-%s", paper, lang), func(t *testing.T) {
				catalog, j := job(t, lang)
				wire := render(catalog, j, profile(paper)).Bytes
				p := printertest.New(printertest.Opts{Width: profile(paper).Width})
				if _, err := p.Write(wire); err != nil {
					t.Fatal(err)
				}
				papers := p.Papers()
				if len(papers) != 1 || !papers[0].Whole || len(p.Unknown()) > 0 || papers[0].Hazards > 0 {
					t.Fatalf("%d papers, unknown commands %v", len(papers), p.Unknown())
				}
				got := strings.Join(papers[0].Text, "\n")
				want := []string{"中山市行政服务中心", "您的号", "A1-023", "社保卡补办", "去 C 区 21-26 号窗口", "前面 5 人", "约 10-18 分钟", "带好：身份证原件", "2026-11-23 10:05:32 K1"}
				if lang == kiosk.En {
					want = []string{"Zhongshan", "Your number", "A1-023", "Replace a social", "Zone C, windows 21-26", "5 ahead of you", "Bring: ID card", "2026-11-23 10:05:32 K1"}
				}
				for _, w := range want {
					if !strings.Contains(got, w) {
						t.Errorf("missing %q", w)
					}
				}
				if qr := papers[0].QR; len(qr) != 1 || qr[0] != string(j.Ticket.ID) {
					t.Errorf("codes %v, want the ticket's id", qr)
				}
				t.Logf("%d bytes\n%s", len(wire), got)
				if len(wire) > 450 {
					t.Errorf("%d bytes on the line, at most 450 wanted", len(wire))
				}
			})
		}
	}
	t.Run("CodeAsDots", func(t *testing.T) {
		catalog, j := job(t, kiosk.Zh)
		with, without := profile(58), profile(58)
		without.QR = false
		native, dots := printertest.New(printertest.Opts{Width: 384}), printertest.New(printertest.Opts{Width: 384, NoQR: true})
		native.Write(render(catalog, j, with).Bytes)
		dots.Write(render(catalog, j, without).Bytes)
		a, b := native.Papers()[0], dots.Papers()[0]
		if !slices.Equal(a.Text, b.Text) || len(dots.Unknown()) > 0 || b.Hazards > 0 {
			t.Fatalf("text %v, unknown %v, %d hazards", b.Text, dots.Unknown(), b.Hazards)
		}
		// The same modules, 6 dots wide here and 4 there.
		code, err := qr.Encode(string(j.Ticket.ID), qr.M, qr.Auto)
		if err != nil {
			t.Fatal(err)
		}
		n := code.Bounds().Dx()
		x, y := modules(a, n, 6), modules(b, n, 4)
		if len(x) < n*n || x != y {
			t.Errorf("the codes differ:\n%s\n%s", x, y)
		}
	})
	t.Run("ReprintWithManyItems", func(t *testing.T) {
		catalog, j := job(t, kiosk.Zh, "RS001", "RS002", "RS005")
		j.Attempt, j.Earlier = 2, 1
		p := printertest.New(printertest.Opts{})
		p.Write(render(catalog, j, profile(80)).Bytes)
		text := strings.Join(p.Papers()[0].Text, "\n")
		for _, id := range j.Ticket.Items {
			item, _ := catalog.Item(id)
			if !strings.Contains(text, item.Name.Zh) {
				t.Errorf("missing %s", item.Name.Zh)
			}
		}
		if !strings.Contains(text, "重印") {
			t.Error("the second paper isn't marked")
		}
	})
	t.Run("EveryItemOfTheCatalog", func(t *testing.T) {
		catalog, j := job(t, kiosk.Zh)
		longest := 0
		for i, item := range catalog.Items {
			for _, lang := range []kiosk.Lang{kiosk.Zh, kiosk.En} {
				for _, paper := range []int{80, 58} {
					j.Ticket.Items, j.Ticket.Queue, j.Ticket.Number.Queue, j.Ticket.Lang = []kiosk.ItemID{item.ID}, item.Queue, item.Queue, lang
					if n := len(render(catalog, j, profile(paper)).Bytes); n > 480 {
						t.Errorf("%s in %s on %d mm has %d bytes, at most 480 wanted", item.ID, lang, paper, n)
					} else {
						longest = max(longest, n)
					}
				}
			}
			if i%9 != 0 && len(item.Name.Zh) < 3*14 { // a sample, and all long names
				continue
			}
			for _, lang := range []kiosk.Lang{kiosk.Zh, kiosk.En} {
				for _, paper := range []int{80, 58} {
					j.Ticket.Items, j.Ticket.Queue, j.Ticket.Lang = []kiosk.ItemID{item.ID}, item.Queue, lang
					p := printertest.New(printertest.Opts{Width: profile(paper).Width})
					p.Write(render(catalog, j, profile(paper)).Bytes)
					if papers := p.Papers(); len(papers) != 1 || len(papers[0].QR) != 1 || len(p.Unknown()) > 0 || strings.Contains(strings.Join(papers[0].Text, ""), "〓") {
						t.Fatalf("%s in %s on %d mm doesn't print", item.ID, lang, paper)
					}
				}
			}
		}
		t.Logf("the longest has %d bytes", longest)
	})
}

// modules reads a code of n by n modules off a paper, from its upper left finder
// pattern (ISO/IEC 18004).
func modules(p *printertest.Paper, n, dots int) string {
	img := p.Dots()
	dark := func(x, y int) bool { return x < p.Width && y < p.Height && img.GrayAt(x, y).Y < 128 }
	finder := []string{"#######", "#     #", "# ### #", "# ### #", "# ### #", "#     #", "#######"}
	found := func(x, y int) bool {
		for r, row := range finder {
			for c := range row {
				if dark(x+c*dots+dots/2, y+r*dots+dots/2) != (row[c] == '#') {
					return false
				}
			}
		}
		return dark(x, y) && (x == 0 || !dark(x-1, y)) && (y == 0 || !dark(x, y-1))
	}
	for y := range p.Height {
		for x := range p.Width {
			if !found(x, y) {
				continue
			}
			var b strings.Builder
			for r := range n {
				for c := range n {
					b.WriteByte(" #"[map[bool]int{true: 1}[dark(x+c*dots+dots/2, y+r*dots+dots/2)]])
				}
				b.WriteByte('\n')
			}
			return b.String()
		}
	}
	return ""
}

// rig is our driver and a virtual printer at the two ends of a pseudo-terminal.
type rig struct {
	*printertest.Printer
	dev  *printer.Dev
	line *serialtest.Line
	job  kiosk.PrintJob

	untaken chan kiosk.PrintJob
	skip    atomic.Int64 // nanoseconds that the driver's clock is ahead
}

func newRig(t *testing.T, o printertest.Opts, baud int) *rig {
	t.Helper()
	l, err := serialtest.Open()
	if err != nil {
		t.Fatal(err)
	}
	p := printertest.New(o)
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := p.Serve(ctx, l, baud); err == printertest.ErrOff || err == printertest.ErrUnplugged {
			l.Close() // no power: the line hangs up
		}
	})
	port := serialport.New(serialport.Opts{Name: l.Path(), Baud: 115200, XonXoff: true})
	catalog, j := job(t, kiosk.Zh)
	opts := printer.DefaultOpts()
	opts.Baud, opts.Profile.JobID = 115200, o.JobID
	if opts.Profile.Speed = o.Speed; o.Speed == 0 {
		opts.Profile.Speed = instant
	}
	if o.Exit != printertest.Open {
		opts.Profile.Eject, opts.Profile.Retract = printer.Presenter(o.Exit), retract
	}
	if o.JobID && !o.NoClear {
		opts.Profile.Clear = escpos.ClearDC4
	}
	r := &rig{Printer: p, line: l, job: j, untaken: make(chan kiosk.PrintJob, 16)}
	opts.Now = func() time.Time { return time.Now().Add(time.Duration(r.skip.Load())) }
	opts.Untaken = func(j kiosk.PrintJob) { r.untaken <- j }
	opts.Render = func(j kiosk.PrintJob) printer.Page { return render(catalog, j, opts.Profile) }
	t.Cleanup(func() {
		port.Close()
		cancel()
		serving.Wait()
		l.Close()
	})
	r.dev = printer.New(port, opts)
	return r
}

// instant is the speed of a virtual printer that prints in no time, in
// millimetres a second.
const instant = 5000

// retract is how long a paper waits at the output.
const retract = 300 * time.Millisecond

// print runs one attempt and returns its journal and end.
func (r *rig) print() (journal []kiosk.PrintState, end kiosk.PrintState, fault kiosk.Fault) {
	end, fault = r.dev.Print(context.Background(), r.job, func(s kiosk.PrintState) error {
		journal = append(journal, s)
		return nil
	})
	return journal, end, fault
}

func TestPrint(t *testing.T) {
	begunSent := "[started sent]"
	for _, c := range []struct {
		name    string
		break_  func(*printertest.Printer)
		journal string
		end     kiosk.PrintState
		fault   kiosk.Fault
		whole   int
	}{
		{"OK", func(p *printertest.Printer) {}, begunSent, kiosk.Printed, "", 1},
		{"NearEndIsOnlyAdvice", func(p *printertest.Printer) { p.Set(printertest.NearEnd, true) }, begunSent, kiosk.Printed, "", 1},
		{"PaperOut", func(p *printertest.Printer) { p.Set(printertest.PaperOut, true) }, "[]", kiosk.NotPrinted, kiosk.FaultPaper, 0},
		{"CoverOpen", func(p *printertest.Printer) { p.Set(printertest.CoverOpen, true) }, "[]", kiosk.NotPrinted, kiosk.FaultCover, 0},
		{"Jam", func(p *printertest.Printer) { p.Set(printertest.Jam, true) }, "[]", kiosk.NotPrinted, kiosk.FaultJam, 0},
		{"Cutter", func(p *printertest.Printer) { p.Set(printertest.Cutter, true) }, "[]", kiosk.NotPrinted, kiosk.FaultCutter, 0},
		{"Silent", func(p *printertest.Printer) { p.Set(printertest.Silent, true) }, "[]", kiosk.NotPrinted, kiosk.FaultSilent, 0},
		{"PaperOutInMidTicket", func(p *printertest.Printer) { p.SetAtByte(printertest.PaperOut, 200) }, begunSent, kiosk.PrintDamaged, kiosk.FaultPaper, 0},
		{"AnswersLost", func(p *printertest.Printer) { p.SetAtByte(printertest.Silent, 200) }, begunSent, kiosk.PrintUnknown, kiosk.FaultSilent, 0},
		{"JamAtTheCut", func(p *printertest.Printer) { p.SetAt(printertest.Jam, printertest.At{Cut: 1}) }, begunSent, kiosk.PrintDamaged, kiosk.FaultJam, 0},
		{"XoffForEver", func(p *printertest.Printer) { p.SetAtByte(printertest.Xoff, 200) }, "", kiosk.PrintUnknown, kiosk.FaultSilent, 0},
		{"BarrierLate", func(p *printertest.Printer) {
			p.SetAnswers(printertest.Answers{Only: printertest.Barrier, Delay: 900 * time.Millisecond})
		}, begunSent, kiosk.Printed, "", 1},
		{"CableOutInMidTicket", func(p *printertest.Printer) { p.SetAtByte(printertest.Unplugged, 200) }, "", kiosk.PrintUnknown, kiosk.FaultGone, 0},
		{"PowerOffInMidTicket", func(p *printertest.Printer) { p.SetAtByte(printertest.PowerOff, 200) }, "", kiosk.PrintUnknown, kiosk.FaultGone, 0},
	} {
		for _, jobID := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/jobid=%v", c.name, jobID), func(t *testing.T) {
				t.Parallel()
				r := newRig(t, printertest.Opts{JobID: jobID}, 0)
				c.break_(r.Printer)
				journal, end, fault := r.print()
				if end != c.end || fault != c.fault || c.journal != "" && fmt.Sprint(journal) != c.journal {
					t.Errorf("journal %v, end %s %s; want %s, %s %s", journal, end, fault, c.journal, c.end, c.fault)
				}
				whole := 0
				for _, p := range r.Papers() {
					if p.Whole {
						whole++
					}
				}
				if whole != c.whole {
					t.Errorf("%d whole papers, want %d", whole, c.whole)
				}
			})
		}
	}
}

// After trouble the next ticket is printed as if nothing had been.
func TestPrintAfterTrouble(t *testing.T) {
	r := newRig(t, printertest.Opts{}, 0)
	r.Set(printertest.CoverOpen, true)
	if _, end, fault := r.print(); end != kiosk.NotPrinted || fault != kiosk.FaultCover {
		t.Fatalf("cover open: %s %s", end, fault)
	}
	if got := r.dev.Fault(t.Context()); got != kiosk.FaultCover {
		t.Fatalf("status says %q", got)
	}
	r.Set(printertest.CoverOpen, false)
	if got := r.dev.Fault(t.Context()); got != kiosk.FaultNone {
		t.Fatalf("after closing status says %q", got)
	}
	for range 3 {
		if _, end, fault := r.print(); end != kiosk.Printed {
			t.Fatalf("after trouble: %s %s", end, fault)
		}
	}
	for _, p := range r.Papers() {
		if !p.Whole {
			t.Error("a paper in pieces")
		}
	}
}

// Garbage on the line is neither a status nor a reason to hang.
func TestGarbage(t *testing.T) {
	l, err := serialtest.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	stop := make(chan struct{})
	var noise sync.WaitGroup
	noise.Go(func() { io.Copy(io.Discard, l) })
	noise.Go(func() {
		b := make([]byte, 64)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
			}
			for j := range b {
				b[j] = byte(i*j + j>>1)
			}
			l.SetDeadline(time.Now().Add(time.Second))
			l.Write(b)
		}
	})
	port := serialport.New(serialport.Opts{Name: l.Path(), Baud: 115200, XonXoff: true})
	defer port.Close()
	catalog, j := job(t, kiosk.Zh)
	opts := printer.DefaultOpts()
	opts.Baud = 115200
	opts.Render = func(j kiosk.PrintJob) printer.Page { return render(catalog, j, opts.Profile) }
	began := time.Now()
	end, fault := printer.New(port, opts).Print(t.Context(), j, func(kiosk.PrintState) error { return nil })
	if end == kiosk.Printed {
		t.Errorf("garbage counts as %s", end)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it took %s", took)
	}
	t.Logf("%s %s", end, fault)
	close(stop)
	l.SetDeadline(time.Unix(1, 0))
	noise.Wait()
}

// The exchange with a healthy printer, byte for byte (Epson ESC/POS command
// reference: DLE EOT, GS r).
func TestExchange(t *testing.T) {
	body := []byte("ticket")
	play := &conntest.Playback{Ops: []conntest.IO{
		{W: []byte{0x10, 4, 1, 0x10, 4, 2, 0x10, 4, 3, 0x10, 4, 4, 0x1D, 'r', 1}},
		{R: []byte{0x16}}, {R: []byte{0x12}}, {R: []byte{0x12}}, {R: []byte{0x12}}, {R: []byte{0x00}},
		{W: append(body, 0x1D, 'r', 1)},
		{R: []byte{0x00}},
		{W: []byte{0x10, 4, 1, 0x10, 4, 2, 0x10, 4, 3, 0x10, 4, 4}},
		{R: []byte{0x16}}, {R: []byte{0x12}}, {R: []byte{0x12}}, {R: []byte{0x12}},
	}}
	opts := printer.DefaultOpts()
	opts.Render = func(kiosk.PrintJob) printer.Page { return printer.Page{Bytes: body} }
	end, fault := printer.New(play, opts).Print(t.Context(), kiosk.PrintJob{}, func(kiosk.PrintState) error { return nil })
	if end != kiosk.Printed || fault != kiosk.FaultNone {
		t.Errorf("end %s %s", end, fault)
	}
	if err := play.Close(); err != nil {
		t.Error(err)
	}
}

// A journal that can't be written stops the attempt before the paper moves.
func TestNoJournalNoPaper(t *testing.T) {
	r := newRig(t, printertest.Opts{}, 0)
	end, _ := r.dev.Print(t.Context(), r.job, func(kiosk.PrintState) error { return fmt.Errorf("disk full") })
	if end != kiosk.NotPrinted || len(r.Papers()) != 0 {
		t.Errorf("end %s, %d papers", end, len(r.Papers()))
	}
}

func TestSorter(t *testing.T) {
	var s escpos.Sorter
	var got []string
	for _, c := range []byte{0x12, 0x14, 0x00, 0x12 /* amid an automatic status */, 0x00, 0x0F, 0x00, 0x37, 0x22, 'A', 'B', 'C', 'D', 0x00, 0x5F, 'X', 0x00, 0xFF, 0x83} {
		if r, ok := s.Byte(c); ok {
			got = append(got, fmt.Sprintf("%c%X", r.Kind, r.Data))
		}
	}
	if want := "[R12 R12 A1400000F Q00 J41424344 B5F58]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

// A printer that ran out of paper keeps the rest of its ticket, with the
// question behind it. On the new roll it prints that first and answers; the
// answer must not be taken for the next ticket's.
func TestOldAnswersAreNotNewOnes(t *testing.T) {
	for _, speed := range []int{0, 100, 250} {
		for _, without := range []int{0, 2} { // attempts while there is no paper
			t.Run(fmt.Sprintf("%dmm-s-%d", speed, without), func(t *testing.T) {
				t.Parallel()
				r := newRig(t, printertest.Opts{Speed: speed, Gap: 96}, 0)
				r.SetAtByte(printertest.PaperOut, 150)
				if _, end, fault := r.print(); end != kiosk.PrintDamaged || fault != kiosk.FaultPaper {
					t.Fatalf("paper out: %s %s", end, fault)
				}
				for range without {
					if _, end, _ := r.print(); end != kiosk.NotPrinted {
						t.Fatalf("without paper: %s", end)
					}
				}
				r.NewRoll()
				r.job.Ticket.Number.N = 24
				_, end, fault := r.print()
				for try := 0; try < 3 && end != kiosk.Printed; try++ { // it may find out first how things stand
					_, end, fault = r.print()
				}
				papers := 0
				for _, p := range r.Papers() {
					if p.Whole && slices.Contains(p.Text, "A1-024") && !strings.Contains(strings.Join(p.Text, ""), "A1-023") {
						papers++
					}
				}
				if end != kiosk.Printed || papers == 0 {
					t.Errorf("%s %s with %d papers", end, fault, papers)
				}
			})
		}
	}
}
