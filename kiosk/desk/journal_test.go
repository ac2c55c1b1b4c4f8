package desk_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"hallkiosk/configs"
	"hallkiosk/kiosk"
	"hallkiosk/kiosk/desk"
	"hallkiosk/kiosk/serialport"
	"hallkiosk/kiosk/serialport/serialtest"
	"hallkiosk/kiosk/sqlite"
	"hallkiosk/printer"
	"hallkiosk/printer/printertest"
)

// The kiosk is killed with SIGKILL right before and right after every entry of
// its journal, with every fault of the printer beside it, and started again.
// Whatever happened: a number that was told is there, no paper is called printed
// that isn't whole, no two unmarked papers of one number are, every attempt has
// ended, and the reprint comes out.

// dieAt names the entry, such as "started before", that ends a child process.
const dieAt = "KIOSK_TEST_DIE_AT"

// entries are the journal's entries in a ticket's life.
var entries = []string{"take", "started", "sent", "end"}

// dying is a store whose process is killed at one of its entries.
type dying struct {
	*sqlite.Store
	at string
}

func (d dying) entry(name string, write func() error) error {
	if d.at == name+" before" {
		die()
	}
	err := write()
	if d.at == name+" after" {
		die()
	}
	return err
}

func die() {
	syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

func (d dying) Take(ctx context.Context, w kiosk.Wish) (t kiosk.Ticket, again bool, err error) {
	d.entry("take", func() error { t, again, err = d.Store.Take(ctx, w); return err })
	return t, again, err
}

func (d dying) Mark(ctx context.Context, m kiosk.PrintMark) error {
	name := string(m.State)
	if m.State.Ended() {
		name = "end"
	}
	return d.entry(name, func() error { return d.Store.Mark(ctx, m) })
}

// rendered is how the tests' tickets look, made by the real parts.
func rendered(c *kiosk.Catalog, p printer.Profile) func(kiosk.PrintJob) printer.Page {
	layouts, setting := configs.ShippedLayouts(), printer.Setting{Catalog: c, Profile: p, Kiosk: "K1", Location: time.UTC}
	return func(j kiosk.PrintJob) printer.Page {
		return printer.Render(layouts[j.Kind()], printer.NewSlip(setting, j, time.Time{}))
	}
}

// child is a kiosk of its own process: desk, store and printer. It takes one
// number, tells it on its standard output, waits for the paper's end, and prints
// again by hand what isn't printed. Request ids make it the same number in every
// life.
func child(dir, line, at string) error {
	ctx := context.Background()
	store, err := sqlite.Open(ctx, filepath.Join(dir, "kiosk.db"), sqlite.DefaultOpts())
	if err != nil {
		return err
	}
	unclean, err := store.Unconfirmed(ctx)
	if err != nil {
		return err
	}
	c := &kiosk.Catalog{Zones: []kiosk.Zone{{ID: "Z"}}, Queues: []kiosk.Queue{{ID: "B", Zone: "Z", Windows: "1", Count: 1}}, Items: []kiosk.Item{{ID: "b1", Queue: "B", Minutes: 10}}}
	c.Index()
	port := serialport.New(serialport.Opts{Name: line, Baud: 115200, XonXoff: true})
	o := printer.DefaultOpts()
	o.Baud, o.Unclean, o.Profile.Speed = 115200, unclean, 5000 // the virtual printer takes no time
	o.Render = rendered(c, o.Profile)
	d, err := desk.New(ctx, desk.Opts{Catalog: c, Store: dying{store, at}, Printer: printer.New(port, o), Clock: &kiosk.Clock{Now: time.Now}, Random: rand.Reader,
		Location: time.UTC, DayChange: 4 * time.Hour, Early: true, Look: 50 * time.Millisecond})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	go d.Run(ctx)
	t, err := d.Take(ctx, kiosk.Request{ID: "wish", Items: []kiosk.ItemID{"b1"}})
	if err != nil {
		return err
	}
	fmt.Println("told", t.Number, t.ID)
	for tries := 0; ; tries++ {
		state := kiosk.PrintState("")
		for !state.Ended() {
			job, err := d.Await(ctx, t.ID, state)
			if err != nil {
				return err
			}
			state = job.State
		}
		fmt.Println("ended", state)
		if state == kiosk.Printed || at != "" {
			return nil
		}
		if tries == 5 {
			return fmt.Errorf("the paper is still %s", state)
		}
		if _, err := d.Again(ctx, t.ID, ""); err != nil {
			return err
		}
	}
}

// live runs one life of the kiosk and returns what it said, and whether it was
// killed.
func live(t *testing.T, dir, line, at string) (said string, killed bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), dieAt+"="+at, "KIOSK_TEST_DIR="+dir, "KIOSK_TEST_LINE="+line)
	out, err := cmd.CombinedOutput()
	said = string(out)
	if err == nil {
		return said, false
	}
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() || status.Signal() != syscall.SIGKILL {
		t.Fatalf("the kiosk ended by itself: %v\n%s", err, said)
	}
	return said, true
}

func TestKilledAtEveryEntry(t *testing.T) {
	faults := []printertest.Fault{"", printertest.PaperOut, printertest.CoverOpen, printertest.Silent}
	bytes := []int{180}
	if os.Getenv("KIOSK_SOAK") != "" {
		faults = append(faults, printertest.Jam, printertest.Cutter, printertest.Hot, printertest.Fatal, printertest.Offline)
		bytes = []int{1, 30, 90, 180, 250, 300}
	}
	slots := make(chan struct{}, 8)
	for _, fault := range faults {
		for _, n := range bytes {
			if fault == "" && n != bytes[0] {
				continue
			}
			for _, entry := range entries {
				for _, when := range []string{"before", "after"} {
					t.Run(fmt.Sprintf("%s%d/%s %s", fault, n, entry, when), func(t *testing.T) {
						t.Parallel()
						slots <- struct{}{}
						defer func() { <-slots }()
						killedAt(t, fault, n, entry+" "+when)
					})
				}
			}
		}
	}
}

func killedAt(t *testing.T, fault printertest.Fault, n int, at string) {
	line, err := serialtest.Open()
	if err != nil {
		t.Fatal(err)
	}
	p := printertest.New(printertest.Opts{Gap: 96})
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() { p.Serve(ctx, line, 0) })
	defer func() { cancel(); serving.Wait(); line.Close() }()
	dir := t.TempDir()
	if fault != "" {
		p.SetAtByte(fault, n)
	}
	first, killed := live(t, dir, line.Path(), at)
	// A printer that couldn't be asked gets nothing to print, so there is no start.
	if reached := !strings.Contains(first, "ended not_printed"); killed != reached {
		t.Fatalf("killed: %v\n%s", killed, first)
	}
	whole := func(marked bool) int {
		count := 0
		for _, paper := range p.Papers() {
			text := strings.Join(paper.Text, "\n")
			if paper.Whole && strings.Contains(text, "B001") && len(paper.QR) == 1 && strings.Contains(text, "重印") == marked {
				count++
			}
		}
		return count
	}
	if strings.Contains(first, "ended printed") && whole(false) != 1 {
		t.Errorf("called printed with %d whole papers", whole(false))
	}
	// The next life, with the fault mended.
	p.Set(fault, false)
	p.Clear()
	p.NewRoll()
	second, killed := live(t, dir, line.Path(), "")
	if killed || !strings.HasSuffix(strings.TrimSpace(second), "ended printed") {
		t.Fatalf("then killed: %v\n%s", killed, second)
	}
	if told, _, ok := strings.Cut(first, "\n"); ok && strings.HasPrefix(told, "told") && !strings.Contains(second, told) {
		t.Errorf("first it %s, then\n%s", told, second)
	}
	if unmarked, marked := whole(false), whole(true); unmarked > 1 || unmarked+marked < 1 {
		t.Errorf("%d unmarked and %d marked papers", unmarked, marked)
	}
	store, err := sqlite.Open(t.Context(), filepath.Join(dir, "kiosk.db"), sqlite.DefaultOpts())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if open, err := store.Unfinished(t.Context()); err != nil || len(open) != 0 {
		t.Errorf("unfinished: %+v (%v)", open, err)
	}
	if waiting, err := store.Waiting(t.Context(), kiosk.DayAt(time.Now().UTC(), 4*time.Hour)); err != nil || waiting["B"] != 1 {
		t.Errorf("waiting: %v (%v), want one", waiting, err)
	}
}
