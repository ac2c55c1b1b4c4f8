package sqlite

import (
	"errors"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/sqlite/powercut"
)

var seed = flag.Int64("seed", 20261123, "of the workload, the cuts and what a disk makes of them")

// soak says that everything is to be tried, not a sample.
var soak = os.Getenv("KIOSK_SOAK") != ""

func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	t.Logf("-seed %d", *seed)
	return rand.New(rand.NewSource(*seed))
}

// atNoon is 12:00 of the workload's day, and stands still.
func atNoon() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

// record runs a workload on a watched disk and returns what was done to it.
func record(t *testing.T, ops []op, o Opts) []powercut.Step {
	t.Helper()
	dir := t.TempDir()
	d := powercut.Watch(dir)
	defer d.Release()
	o.files = d
	s, err := Open(t.Context(), filepath.Join(dir, "kiosk.db"), o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i := range ops {
		ops[i].begin = d.Len()
		ops[i].run(t.Context(), s)
		if ops[i].err != nil {
			t.Fatalf("%s: %v", ops[i], ops[i].err)
		}
		ops[i].end = d.Len()
	}
	return d.Steps() // without those of Close: a cut comes unasked
}

func testOpts(r *rand.Rand) Opts { return Opts{Now: atNoon, Random: r} }

// cut is one loss of power: before step at, on a disk with its ways.
type cut struct {
	at     int
	how    powercut.Landed
	sector int
}

// cuts plays steps and calls try with what is on the disk after each of them.
func cuts(t *testing.T, steps []powercut.Step, all []cut, r *rand.Rand, try func(c cut, dir string)) {
	t.Helper()
	image := powercut.NewImage()
	played := 0
	scratch := t.TempDir()
	for i, c := range all {
		for ; played < c.at; played++ {
			image.Play(steps[played])
		}
		dir := filepath.Join(scratch, fmt.Sprint(i))
		if err := os.Mkdir(dir, 0o750); err != nil {
			t.Fatal(err)
		}
		if err := image.Cut(dir, c.how, c.sector, r); err != nil {
			t.Fatal(err)
		}
		try(c, dir)
		os.RemoveAll(dir)
	}
}

// ways are what a disk makes of what wasn't synced, at one moment.
func ways(at int) []cut {
	return []cut{{at, powercut.Nothing, 512}, {at, powercut.Torn, 512}, {at, powercut.Torn, 4096}, {at, powercut.All, 512}}
}

// plan chooses cuts, in their order: around sync points, and anywhere. One in
// every is tried.
func plan(steps []powercut.Step, every int, r *rand.Rand) []cut {
	var all []cut
	for i, s := range steps {
		if s.Kind == powercut.Sync {
			for _, c := range append(ways(i), ways(i + 1)[0]) {
				if every == 1 || r.Intn(every) == 0 {
					all = append(all, c)
				}
			}
		} else if r.Intn(4*every) == 0 {
			all = append(all, ways(i)[1+r.Intn(2)])
		}
	}
	return all
}

// restart opens what a cut left, and says what is wrong with it.
func restart(t *testing.T, c cut, dir string, ops []op, before, maybe *model, o Opts) error {
	t.Helper()
	d := powercut.Watch(dir) // which spares the real disk
	defer d.Release()
	o.files = d
	s, err := Open(t.Context(), filepath.Join(dir, "kiosk.db"), o)
	if err != nil {
		return fmt.Errorf("doesn't open: %w", err)
	}
	defer s.Close()
	if r, lost := s.Recovered(); lost {
		return fmt.Errorf("taken for damaged: %s", r)
	}
	if got := stored(t, s); got != before.text() && got != maybe.text() {
		return fmt.Errorf("other than what was acknowledged: %s", difference(got, before.text()))
	}
	return fresh(t, s, ops, before)
}

// fresh takes a number in every series and checks that nobody has it yet.
func fresh(t *testing.T, s *Store, ops []op, before *model) error {
	t.Helper()
	given := map[string]bool{}
	for _, o := range ops {
		if o.take != nil && before.tickets[o.take.Ticket] != "" {
			given[o.number] = true
		}
	}
	for i, key := range []kiosk.Number{{Queue: "A"}, {Queue: "B"}, {Queue: "C"}, {Queue: "A", Series: "7"}, {Queue: "B", Series: "7"}, {Queue: "C", Series: "7"}} {
		w := kiosk.Wish{Request: kiosk.Request{ID: kiosk.RequestID(fmt.Sprint("fresh-", i)), Items: []kiosk.ItemID{"RS001"}}, Ticket: kiosk.TicketID(fmt.Sprint("fresh-", i)),
			Day: "2026-11-23", Queue: key.Queue, Series: key.Series, Stamp: kiosk.Stamp{Wall: 1 << 40}}
		got, _, err := s.Take(t.Context(), w)
		if err != nil {
			return fmt.Errorf("takes no number: %w", err)
		}
		if given[got.Number.String()] {
			return fmt.Errorf("gave %s twice", got.Number)
		}
	}
	return nil
}

// tally counts what a run of cuts found.
type tally struct{ cuts, again, databases, faults int }

// try cuts the power as planned and counts what is wrong afterwards; with
// fatal, the first fault ends the test.
func try(t *testing.T, ops []op, steps []powercut.Step, all []cut, r *rand.Rand, o Opts, fatal bool) tally {
	t.Helper()
	var n tally
	before, done := newModel(), 0
	cuts(t, steps, all, r, func(c cut, dir string) {
		for ; done < len(ops) && ops[done].end <= c.at; done++ {
			before.apply(ops[done])
		}
		maybe := before
		if done < len(ops) && ops[done].begin < c.at {
			maybe = before.clone()
			maybe.apply(ops[done])
		}
		if _, err := os.Stat(filepath.Join(dir, "kiosk.db.numbers")); err != nil && done > 0 {
			t.Fatalf("%d transactions, but nothing tells how far the numbers went", done)
		}
		n.cuts++
		var err error
		switch r.Intn(6) {
		case 0: // the power goes again while it is opened
			n.again++
			err = twice(t, c, dir, ops, before, maybe, r, o)
		case 1: // and the database is lost beside it
			n.databases++
			removeDatabase(filepath.Join(dir, "kiosk.db"))
			err = lost(t, dir, ops, before, o, done > 0)
		default:
			err = restart(t, c, dir, ops, before, maybe, o)
		}
		if err != nil {
			n.faults++
			if fatal {
				t.Fatalf("cut before step %d of %d (%+v), %d transactions were acknowledged: %v", c.at, len(steps), c, done, err)
			}
		}
	})
	return n
}

// twice cuts the power a second time while what the first left is opened and
// gives a number.
func twice(t *testing.T, c cut, dir string, ops []op, before, maybe *model, r *rand.Rand, o Opts) error {
	t.Helper()
	image := powercut.NewImage()
	if err := image.Load(dir); err != nil {
		t.Fatal(err)
	}
	d := powercut.Watch(dir)
	o.files = d
	s, err := Open(t.Context(), filepath.Join(dir, "kiosk.db"), o)
	if err == nil {
		err = s.Close()
	}
	d.Release()
	if err != nil {
		return fmt.Errorf("doesn't open: %w", err)
	}
	steps := d.Steps()
	for _, s := range steps[:r.Intn(len(steps)+1)] {
		image.Play(s)
	}
	second := filepath.Join(dir, "second")
	if err := os.Mkdir(second, 0o750); err != nil {
		t.Fatal(err)
	}
	if err := image.Cut(second, c.how, c.sector, r); err != nil {
		t.Fatal(err)
	}
	o.files = nil
	return restart(t, c, second, ops, before, maybe, o)
}

// lost opens a folder whose database is gone.
func lost(t *testing.T, dir string, ops []op, before *model, o Opts, used bool) error {
	t.Helper()
	d := powercut.Watch(dir)
	defer d.Release()
	o.files = d
	s, err := Open(t.Context(), filepath.Join(dir, "kiosk.db"), o)
	if err != nil {
		return err
	}
	defer s.Close()
	if r, is := s.Recovered(); used && (!is || r.Leap != 0) {
		return fmt.Errorf("nobody noticed that the database is gone: %+v", r)
	}
	return fresh(t, s, ops, before)
}

// Power is cut at the sync points of a thousand numbers with their paper and
// acknowledgements, and anywhere between, on disks that lose, tear and reorder
// what wasn't synced. A sample; KIOSK_SOAK=1 tries every sync point.
func TestPowerCut(t *testing.T) {
	r := seeded(t)
	ops := workload(1000, r)
	steps := record(t, ops, testOpts(r))
	every := 100
	if soak {
		every = 1
	}
	all := plan(steps, every, r)
	n := try(t, ops, steps, all, r, testOpts(r), true)
	syncs := 0
	for _, s := range steps {
		if s.Kind == powercut.Sync {
			syncs++
		}
	}
	if n.cuts < 200 || n.again < 10 || n.databases < 10 || syncs < len(ops)*9/10 {
		t.Fatalf("%+v, %d sync points of %d transactions: too few", n, syncs, len(ops))
	}
	t.Logf("%d transactions, %d steps, %d sync points; %d cuts (%d of them twice, %d with the database lost): no fault", len(ops), len(steps), syncs, n.cuts, n.again, n.databases)
}

// The same must find losses when the settings are the driver's own: a harness
// that can't fail proves nothing.
func TestPowerCutFindsLosses(t *testing.T) {
	r := seeded(t)
	o := testOpts(r)
	o.settings, o.trusting = "_journal_mode=WAL&_txlock=immediate&_busy_timeout=5000&_foreign_keys=on&_secure_delete=on", true
	ops := workload(200, r)
	steps := record(t, ops, o)
	// There are few sync points now, so power is cut after transactions.
	var all []cut
	for _, op := range ops {
		if r.Intn(8) == 0 {
			all = append(all, ways(op.end)[r.Intn(3)])
		}
	}
	n := try(t, ops, steps, all, r, testOpts(r), false)
	if n.faults == 0 {
		t.Fatalf("%d cuts with synchronous=NORMAL, and nothing was lost", n.cuts)
	}
	t.Logf("%d cuts with synchronous=NORMAL, %d with losses", n.cuts, n.faults)

	// Nobody gets there by Open.
	o.trusting = false
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "kiosk.db"), o)
	if err == nil {
		s.Close()
		t.Fatal("a store that loses tickets was opened")
	}
	if !errors.Is(err, errWeak) {
		t.Fatalf("refused for another reason: %v", err)
	}
}
