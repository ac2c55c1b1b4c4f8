package desk_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/desk"
	"hallkiosk/kiosk/kiosktest"
	"hallkiosk/kiosk/sqlite"
)

// hall is a small hall: queue A open in office hours, queue B around the
// clock, queue C for bookings only.
func hall(t *testing.T) *kiosk.Catalog {
	hours := func(text string) kiosk.Hours {
		h, err := kiosk.ParseHours(text)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	c := &kiosk.Catalog{
		Zones: []kiosk.Zone{{ID: "Z"}},
		Queues: []kiosk.Queue{{ID: "A", Zone: "Z", Count: 2, Hours: hours("Mo-Fr 09:00-17:00; Tu 17:00-18:00 booked")}, {ID: "B", Zone: "Z", Count: 1},
			{ID: "C", Zone: "Z", Count: 1, Hours: hours("Tu 17:00-18:00 booked")}},
		Items: []kiosk.Item{{ID: "a1", Queue: "A", Minutes: 10}, {ID: "a2", Queue: "A", Minutes: 10}, {ID: "b1", Queue: "B", Minutes: 10}, {ID: "c1", Queue: "C", Minutes: 10}},
	}
	c.Index()
	return c
}

// monday is ten o'clock on a working day.
var monday = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

type rig struct {
	*desk.Desk
	store   *sqlite.Store
	printer *kiosktest.Printer
	path    string
	mu      sync.Mutex
	now     time.Time
	opts    desk.Opts
	stop    func()
}

// open starts a desk on path; printing runs until stop.
func open(t *testing.T, path string, set func(*desk.Opts)) *rig {
	t.Helper()
	store, err := sqlite.Open(t.Context(), path, sqlite.DefaultOpts())
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{store: store, printer: &kiosktest.Printer{}, path: path, now: monday}
	r.opts = desk.Opts{Catalog: hall(t), Store: store, Printer: r.printer, Random: rand.Reader, Location: time.UTC, DayChange: 4 * time.Hour, Early: true, Look: time.Millisecond,
		Clock: &kiosk.Clock{Now: func() time.Time { r.mu.Lock(); defer r.mu.Unlock(); return r.now }}}
	if set != nil {
		set(&r.opts)
	}
	if r.Desk, err = desk.New(t.Context(), r.opts); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { r.Run(ctx) })
	r.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		store.Close()
	})
	t.Cleanup(r.stop)
	return r
}

// set and sleep move the clock.
func (r *rig) set(at time.Time)      { r.mu.Lock(); defer r.mu.Unlock(); r.now = at }
func (r *rig) sleep(d time.Duration) { r.mu.Lock(); defer r.mu.Unlock(); r.now = r.now.Add(d) }

func path(t *testing.T) string { return filepath.Join(t.TempDir(), "kiosk.db") }

func (r *rig) take(t *testing.T, id kiosk.RequestID, items ...kiosk.ItemID) kiosk.Ticket {
	t.Helper()
	got, err := r.Take(t.Context(), kiosk.Request{ID: id, Items: items})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// fate waits for the end of a ticket's paper.
func (r *rig) fate(t *testing.T, id kiosk.TicketID) kiosk.PrintJob {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for seen := kiosk.PrintState(""); ; {
		job, err := r.Await(ctx, id, seen)
		if err != nil {
			t.Fatal(err)
		}
		if seen = job.State; seen.Ended() {
			return job
		}
	}
}

func TestMain(m *testing.M) {
	if dir := os.Getenv("KIOSK_TEST_DIR"); dir != "" { // a life of TestKilledAtEveryEntry
		if err := child(dir, os.Getenv("KIOSK_TEST_LINE"), os.Getenv(dieAt)); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

func TestTake(t *testing.T) {
	t.Run("PrintedOnce", func(t *testing.T) {
		r := open(t, path(t), nil)
		first := r.take(t, "x", "a1", "a2")
		again := r.take(t, "x", "a1", "a2")
		if first.ID != again.ID || first.Number.String() != "A001" || len(first.Items) != 2 || first.Day != "2026-11-23" {
			t.Fatalf("got %+v and %+v", first, again)
		}
		if job := r.fate(t, first.ID); job.State != kiosk.Printed {
			t.Fatalf("paper: %+v", job)
		}
		second := r.take(t, "y", "a1")
		r.fate(t, second.ID)
		if papers := r.printer.Papers(); second.Ahead != 1 || len(papers) != 2 {
			t.Fatalf("ahead %d, %d papers", second.Ahead, len(papers))
		}
	})
	t.Run("Series", func(t *testing.T) {
		r := open(t, path(t), func(o *desk.Opts) { o.Series = "7" })
		if got := r.take(t, "", "b1").Number.String(); got != "B7-001" {
			t.Fatalf("number %s", got)
		}
	})
	t.Run("WithoutPrinter", func(t *testing.T) {
		r := open(t, path(t), func(o *desk.Opts) { o.Printer = nil })
		if job := r.fate(t, r.take(t, "", "b1").ID); job.State != kiosk.NotPrinted || job.Cause != kiosk.FaultUnfitted {
			t.Fatalf("paper: %+v", job)
		}
	})
	t.Run("NoPaperNumberStands", func(t *testing.T) {
		r := open(t, path(t), nil)
		r.printer.Fail(kiosk.NotPrinted, kiosk.FaultPaper)
		got := r.take(t, "", "b1")
		if job := r.fate(t, got.ID); job.State != kiosk.NotPrinted || job.Cause != kiosk.FaultPaper {
			t.Fatalf("paper: %+v", job)
		}
		if kept, job, err := r.store.Ticket(t.Context(), got.ID); err != nil || kept.State != kiosk.Waiting || job.State != kiosk.NotPrinted {
			t.Fatalf("ticket %+v %+v %v", kept, job, err)
		}
	})
	t.Run("WakesTheUplink", func(t *testing.T) {
		woken := make(chan struct{}, 16)
		r := open(t, path(t), func(o *desk.Opts) { o.Wake = func() { woken <- struct{}{} } })
		r.fate(t, r.take(t, "", "b1").ID)
		if len(woken) < 2 {
			t.Fatalf("woken %d times, for the ticket and its paper", len(woken))
		}
	})
	for _, c := range []struct {
		name  string
		items []kiosk.ItemID
		id    kiosk.RequestID
		code  kiosk.Code
	}{
		{"UnknownItem", []kiosk.ItemID{"nothing"}, "", kiosk.ENotFound},
		{"NoItem", nil, "", kiosk.EInvalid},
		{"TwoQueues", []kiosk.ItemID{"a1", "b1"}, "", kiosk.EInvalid},
		{"LongRequestID", []kiosk.ItemID{"a1"}, kiosk.RequestID(fmt.Sprintf("%065d", 1)), kiosk.EInvalid},
		{"BookingsOnly", []kiosk.ItemID{"c1"}, "", kiosk.EClosed},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := open(t, path(t), nil)
			_, err := r.Take(t.Context(), kiosk.Request{ID: c.id, Items: c.items})
			if kiosk.CodeOf(err) != c.code || kiosk.MessageOf(err) == "" || kiosk.HintOf(err) == "" {
				t.Fatalf("got %v, want %s", err, c.code)
			}
			if waiting, err := r.store.Waiting(t.Context(), "2026-11-23"); err != nil || len(waiting) != 0 {
				t.Fatalf("something was given: %v %v", waiting, err)
			}
		})
	}
}

func TestClosedQueue(t *testing.T) {
	saturday := monday.AddDate(0, 0, 5)
	t.Run("Early", func(t *testing.T) {
		r := open(t, path(t), nil)
		r.set(saturday)
		offers, err := r.Offers(t.Context(), "a1", "b1")
		if err != nil || offers[0].Open || !offers[0].CanTake || offers[0].Day != "2026-11-30" || !offers[0].Opens.Equal(time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)) || !offers[1].Open {
			t.Fatalf("offers %+v (%v)", offers, err)
		}
		first := r.take(t, "", "a1")
		r.set(time.Date(2026, 11, 30, 9, 30, 0, 0, time.UTC))
		second := r.take(t, "", "a1")
		if first.Number.String() != "A001" || second.Number.String() != "A002" || second.Ahead != 1 {
			t.Fatalf("taken on Saturday for Monday %s, on Monday %s with %d ahead", first.Number, second.Number, second.Ahead)
		}
		if opens := r.Opening(first); opens.Day() != 30 || !r.Opening(second).IsZero() {
			t.Fatalf("opening of the first is %s, of the second %s", opens, r.Opening(second))
		}
	})
	t.Run("Refused", func(t *testing.T) {
		r := open(t, path(t), func(o *desk.Opts) { o.Early = false })
		before := r.take(t, "x", "a1")
		defer func() { // an answer that was lost is still to be had
			if again := r.take(t, "x", "a1"); again.ID != before.ID {
				t.Errorf("%s became %s", before.Number, again.Number)
			}
		}()
		r.set(saturday)
		if _, err := r.Take(t.Context(), kiosk.Request{Items: []kiosk.ItemID{"a1"}}); kiosk.CodeOf(err) != kiosk.EClosed {
			t.Fatalf("got %v, want EClosed", err)
		}
	})
	t.Run("Holiday", func(t *testing.T) {
		week := func(o *desk.Opts) { // from Monday to Sunday
			var days []kiosk.Special
			for d := range 7 {
				days = append(days, kiosk.Special{Date: monday.AddDate(0, 0, d).Format(time.DateOnly), Off: true, Name: kiosk.Text{Zh: "国庆节", En: "National Day"}})
			}
			o.Catalog.Keep(kiosk.NewCalendar([]int{2026}, days))
		}
		r := open(t, path(t), week)
		offers, err := r.Offers(t.Context(), "a1", "b1", "c1")
		if err != nil || offers[0].Open || !offers[0].CanTake || offers[0].Day != "2026-11-30" || offers[0].Holiday.En != "National Day" || !offers[1].Open || offers[1].Holiday.Zh != "" || offers[2].CanTake {
			t.Fatalf("offers %+v (%v)", offers, err)
		}
		if first := r.take(t, "", "a1"); first.Day != "2026-11-30" || r.Opening(first).Day() != 30 {
			t.Fatalf("a number of the holiday is of %s and opens %s", first.Day, r.Opening(first))
		}
		closed := open(t, path(t), func(o *desk.Opts) { week(o); o.Early = false })
		if _, err := closed.Take(t.Context(), kiosk.Request{Items: []kiosk.ItemID{"a1"}}); kiosk.CodeOf(err) != kiosk.EClosed || kiosk.MessageOf(err) != "国庆节放假，11 月 30 日 09:00 再来取号。" {
			t.Fatalf("got %v %q, want EClosed and the holiday", err, kiosk.MessageOf(err))
		}
	})
	t.Run("BookedHour", func(t *testing.T) {
		r := open(t, path(t), nil)
		r.set(time.Date(2026, 11, 24, 17, 30, 0, 0, time.UTC))
		offers, err := r.Offers(t.Context(), "a1")
		if err != nil || offers[0].Open || !offers[0].Booked || offers[0].Opens.Day() != 25 {
			t.Fatalf("offers %+v (%v)", offers, err)
		}
	})
}

// What a crash leaves open is never taken for printed, and nothing that may
// have been printed is printed again.
func TestResume(t *testing.T) {
	for _, c := range []struct {
		name    string
		reached []kiosk.PrintState
		later   time.Duration
		want    kiosk.PrintState
		papers  int
	}{
		{"QueuedJustNow", nil, 10 * time.Second, kiosk.Printed, 1},
		{"QueuedLongAgo", nil, 5 * time.Minute, kiosk.NotPrinted, 0},
		{"Started", []kiosk.PrintState{kiosk.PrintBegun}, time.Second, kiosk.PrintUnknown, 0},
		{"Sent", []kiosk.PrintState{kiosk.PrintBegun, kiosk.PrintSent}, time.Second, kiosk.PrintUnknown, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := path(t)
			store, err := sqlite.Open(t.Context(), p, sqlite.DefaultOpts())
			if err != nil {
				t.Fatal(err)
			}
			w := kiosktest.Wish(1)
			w.Stamp.Wall = monday.Add(-c.later).UnixMilli()
			if _, _, err := store.Take(t.Context(), w); err != nil {
				t.Fatal(err)
			}
			for _, s := range c.reached {
				if err := store.Mark(t.Context(), kiosk.PrintMark{Ticket: w.Ticket, Attempt: 1, State: s}); err != nil {
					t.Fatal(err)
				}
			}
			store.Close()
			r := open(t, p, nil)
			if job := r.fate(t, w.Ticket); job.State != c.want {
				t.Fatalf("ended %s, want %s", job.State, c.want)
			}
			if papers := r.printer.Papers(); len(papers) != c.papers {
				t.Fatalf("%d papers, want %d", len(papers), c.papers)
			}
		})
	}
}

// A person is told of every step as it happens.
func TestAwaitTellsSteps(t *testing.T) {
	r := open(t, path(t), nil)
	release := r.printer.Hold()
	got := r.take(t, "", "b1")
	seen := kiosk.PrintState("")
	for seen != kiosk.PrintSent {
		job, err := r.Await(t.Context(), got.ID, seen)
		if err != nil || job.State.Ended() {
			t.Fatalf("%+v %v before the printer was let go", job, err)
		}
		seen = job.State
	}
	release()
	if job, err := r.Await(t.Context(), got.ID, seen); err != nil || job.State != kiosk.Printed {
		t.Fatalf("%+v %v", job, err)
	}
	if _, err := r.Await(t.Context(), "nobody", ""); kiosk.CodeOf(err) != kiosk.ENotFound {
		t.Fatalf("unknown ticket: %v", err)
	}
}

// Paper that failed comes after all when the printer is mended within a minute,
// marked as the second; not later, and not for somebody who has gone.
func TestPaperComesBack(t *testing.T) {
	fail := func(t *testing.T, r *rig) kiosk.Ticket {
		t.Helper()
		r.printer.Fail(kiosk.NotPrinted, kiosk.FaultPaper)
		got, err := r.Take(t.Context(), kiosk.Request{Items: []kiosk.ItemID{"b1"}, Here: true})
		if err != nil {
			t.Fatal(err)
		}
		if job := r.fate(t, got.ID); job.State != kiosk.NotPrinted {
			t.Fatalf("paper: %+v", job)
		}
		return got
	}
	t.Run("WithinAMinute", func(t *testing.T) {
		r := open(t, path(t), nil)
		got := fail(t, r)
		r.printer.Fail("", kiosk.FaultNone)
		for seen := kiosk.NotPrinted; ; {
			job, err := r.Await(t.Context(), got.ID, seen)
			if err != nil {
				t.Fatal(err)
			}
			if seen = job.State; seen == kiosk.Printed {
				break
			}
		}
		if papers := r.printer.Papers(); len(papers) != 1 || papers[0].Attempt != 2 || papers[0].Ticket.Number != got.Number {
			t.Fatalf("papers %+v", papers)
		}
	})
	t.Run("Gone", func(t *testing.T) {
		r := open(t, path(t), nil)
		got := fail(t, r)
		r.Leave(got.ID)
		r.printer.Fail("", kiosk.FaultNone)
		next := r.take(t, "", "b1") // printed after the printer was looked at, or before: never the first one
		r.fate(t, next.ID)
		if papers := r.printer.Papers(); len(papers) != 1 || papers[0].Ticket.ID != next.ID {
			t.Fatalf("papers %+v", papers)
		}
	})
	t.Run("TooLate", func(t *testing.T) {
		r := open(t, path(t), nil)
		fail(t, r)
		r.sleep(2 * time.Minute)
		r.printer.Fail("", kiosk.FaultNone)
		r.fate(t, r.take(t, "", "b1").ID)
		if papers := r.printer.Papers(); len(papers) != 1 || papers[0].Attempt != 1 {
			t.Fatalf("papers %+v", papers)
		}
	})
}
