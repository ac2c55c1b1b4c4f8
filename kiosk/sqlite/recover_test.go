package sqlite

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/kiosktest"
)

func openWith(t *testing.T, path string, o Opts) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// used makes a store with a backup after ten numbers, ten more after it, and
// closes it. The fifth print is unfinished, events through 12 are acknowledged.
func used(t *testing.T) (path string, epoch kiosk.Epoch, o Opts) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "kiosk.db")
	o = DefaultOpts()
	o.Now = atNoon
	s := openWith(t, path, o)
	for n := 1; n <= 20; n++ {
		w := kiosktest.Wish(n)
		w.Stamp = kiosk.Stamp{Wall: 2000 + int64(2*n)}
		got, _, err := s.Take(t.Context(), w)
		if err != nil {
			t.Fatal(err)
		}
		state := kiosk.Printed
		if n == 5 {
			state = kiosk.PrintBegun
		}
		if err := s.Mark(t.Context(), kiosk.PrintMark{Ticket: got.ID, Attempt: 1, State: state, Stamp: kiosk.Stamp{Wall: 2001 + int64(2*n)}}); err != nil {
			t.Fatal(err)
		}
		if n == 10 {
			if err := s.Ack(t.Context(), 12); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Backup(t.Context(), ""); err != nil {
				t.Fatal(err)
			}
		}
	}
	epoch = s.Epoch()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path, epoch, o
}

// spoil writes over pages of a database.
func spoil(t *testing.T, path string, from, to int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for page := from; page < to; page++ {
		if _, err := f.WriteAt([]byte(strings.Repeat("\xAA", 2000)), page*4096); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRecover(t *testing.T) {
	// next takes a number and returns it.
	next := func(t *testing.T, s *Store, n int) string {
		t.Helper()
		got, _, err := s.Take(t.Context(), kiosktest.Wish(n))
		if err != nil {
			t.Fatal(err)
		}
		return got.Number.String()
	}
	// restored checks what came of used when the backup was put in place.
	restored := func(t *testing.T, path string, epoch kiosk.Epoch, o Opts) Recovery {
		t.Helper()
		s := openWith(t, path, o)
		defer s.Close()
		r, ok := s.Recovered()
		if !ok || r.From == "" || s.Fresh() {
			t.Fatalf("recovered %v: %s", ok, r)
		}
		if s.Epoch() == epoch || r.Epoch != epoch {
			t.Fatalf("epoch %s after %s (%s in the news)", s.Epoch(), epoch, r.Epoch)
		}
		if len(r.Unknown) != 1 || r.Unknown[0] != (Span{"2026-11-23", "A", "", 10, 1 + reserve}) || r.Leap != 0 {
			t.Fatalf("unknown %+v, leap %d", r.Unknown, r.Leap)
		}
		if !strings.Contains(r.String(), "tickets A011 to A129 of 2026-11-23 may have been given") {
			t.Errorf("the technician reads: %s", r)
		}
		if jobs, err := s.Unfinished(t.Context()); err != nil || len(jobs) != 0 {
			t.Errorf("unfinished %+v (%v): they may have gone on after the backup", jobs, err)
		}
		if _, job, err := s.Ticket(t.Context(), "ticket-5"); err != nil || job.State != kiosk.PrintUnknown {
			t.Errorf("print %+v (%v), want unknown", job, err)
		}
		events, err := s.Events(t.Context(), 0, 100)
		if err != nil || len(events) != 10 || events[0].Kind != kiosk.StoreRecovered {
			t.Fatalf("%d events (%v), want the news, the 8 that were owed, and the end of a print: %+v", len(events), err, events)
		}
		for i, e := range events {
			if e.Seq != int64(i+1) || i > 0 && e.Stamp.Before(events[i-1].Stamp) {
				t.Fatalf("event %d has seq %d and stamp %+v", i, e.Seq, e.Stamp)
			}
		}
		var news Recovery
		if err := json.Unmarshal(events[0].Body, &news); err != nil || news.Acked != 12 || news.Owed != 8 || news.Epoch != epoch {
			t.Fatalf("news %s (%v)", events[0].Body, err)
		}
		// Event 2 is number 13 of the old epoch: the seventh ticket.
		if !strings.Contains(string(events[1].Body), "ticket-7") || !strings.Contains(string(events[9].Body), `"unknown"`) {
			t.Fatalf("event 2 is %s, the last %s", events[1].Body, events[9].Body)
		}
		if got := next(t, s, 100); got != "A130" {
			t.Errorf("the next number is %s, want A130: up to A129 may be given", got)
		}
		if last, err := s.Events(t.Context(), 10, 2); err != nil || len(last) != 1 || last[0].Seq != 11 {
			t.Errorf("its event %+v (%v)", last, err)
		}
		return r
	}
	t.Run("Damaged", func(t *testing.T) {
		path, epoch, o := used(t)
		spoil(t, path, 2, 8)
		r := restored(t, path, epoch, o)
		if r.Aside == "" || !exists(r.Aside) {
			t.Fatalf("set aside as %q", r.Aside)
		}
		s := openWith(t, path, o)
		defer s.Close()
		if _, again := s.Recovered(); again {
			t.Error("recovered once more")
		}
		if got := next(t, s, 101); got != "A131" {
			t.Errorf("after a restart %s, want A131", got)
		}
	})
	t.Run("Header", func(t *testing.T) {
		path, epoch, o := used(t)
		spoil(t, path, 0, 1)
		restored(t, path, epoch, o)
	})
	t.Run("Gone", func(t *testing.T) {
		path, epoch, o := used(t)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path+"-wal", make([]byte, 100), 0o600); err != nil { // as when setting aside was cut short
			t.Fatal(err)
		}
		r := restored(t, path, epoch, o)
		if !exists(r.Aside + "-wal") {
			t.Errorf("the log was not set aside: %s", r)
		}
	})
	t.Run("Emptied", func(t *testing.T) {
		path, epoch, o := used(t)
		if err := os.Truncate(path, 0); err != nil {
			t.Fatal(err)
		}
		restored(t, path, epoch, o)
	})
	t.Run("Cut", func(t *testing.T) { // before the restored file got its name
		path, epoch, o := used(t)
		if err := os.Rename(path, path+".damaged-20261123T110000Z"); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path+".restoring", []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
		restored(t, path, epoch, o)
		if exists(path + ".restoring") {
			t.Error("the half is still there")
		}
	})
	t.Run("NoTables", func(t *testing.T) {
		path, epoch, o := used(t)
		s := openWith(t, path, o)
		if _, err := s.w.db.Exec("DROP TABLE counter"); err != nil {
			t.Fatal(err)
		}
		s.Close()
		restored(t, path, epoch, o)
	})
	t.Run("IndexOnly", func(t *testing.T) { // what only the long check sees
		path, epoch, o := used(t)
		s := openWith(t, path, o)
		for _, text := range []string{"PRAGMA writable_schema = ON", "UPDATE sqlite_schema SET sql = 'CREATE INDEX ticket_number ON ticket (queue, ahead)' WHERE name = 'ticket_number'"} {
			if _, err := s.w.db.Exec(text); err != nil {
				t.Fatal(err)
			}
		}
		s.Close()
		s = openWith(t, path, o)
		if _, lost := s.Recovered(); lost {
			t.Fatal("the quick check sees it too: the test is out of date")
		}
		err := s.Check(t.Context())
		if kiosk.CodeOf(err) != kiosk.EDisk || !strings.Contains(kiosk.HintOf(err), "is damaged") {
			t.Fatalf("check: %v", err)
		}
		s.Close()
		o.Thorough = true
		restored(t, path, epoch, o)
	})
	t.Run("OldCopy", func(t *testing.T) { // somebody put yesterday's file back by hand
		path, epoch, o := used(t)
		old, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		s := openWith(t, path, o)
		for n := 21; n <= 2*reserve; n++ {
			next(t, s, n)
		}
		s.Close()
		if err := os.WriteFile(path, old, 0o600); err != nil {
			t.Fatal(err)
		}
		s = openWith(t, path, o)
		defer s.Close()
		if r, ok := s.Recovered(); !ok || !strings.Contains(r.Cause, "older") || s.Epoch() == epoch {
			t.Fatalf("recovered %v: %s", ok, r)
		}
		if got := next(t, s, 1000); got != "A259" {
			t.Errorf("the next number is %s, want A259", got)
		}
	})
	t.Run("BadBackup", func(t *testing.T) {
		path, epoch, o := used(t)
		s := openWith(t, path, o)
		newest, err := s.Backup(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
		spoil(t, newest, 2, 8)
		spoil(t, path, 2, 8)
		r := restored(t, path, epoch, o)
		if len(r.Bad) != 1 || !strings.Contains(r.Bad[0], newest) {
			t.Errorf("bad backups %q", r.Bad)
		}
	})
	t.Run("NoBackup", func(t *testing.T) {
		path, epoch, o := used(t)
		if err := os.RemoveAll(filepath.Join(filepath.Dir(path), "backups")); err != nil {
			t.Fatal(err)
		}
		spoil(t, path, 2, 8)
		s := openWith(t, path, o)
		defer s.Close()
		r, ok := s.Recovered()
		if !ok || r.From != "" || r.Epoch != "" || s.Epoch() == epoch || s.Fresh() || len(r.Unknown) != 1 || r.Unknown[0].After != 0 {
			t.Fatalf("recovered %v %+v", ok, r)
		}
		if got := next(t, s, 100); got != "A130" {
			t.Errorf("the next number is %s, want A130", got)
		}
	})
	t.Run("OnlyBackupFolder", func(t *testing.T) { // it was on another disk
		path, epoch, o := used(t)
		entries, err := os.ReadDir(filepath.Dir(path))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if !e.IsDir() {
				os.Remove(filepath.Join(filepath.Dir(path), e.Name()))
			}
		}
		restored(t, path, epoch, o)
	})
	t.Run("NumbersGone", func(t *testing.T) { // nothing says how far they went
		path, epoch, o := used(t)
		os.Remove(path + ".numbers")
		os.WriteFile(filepath.Join(filepath.Dir(path), "backups", "kiosk.db.numbers"), []byte("hallkiosk numbers 1\ntorn"), 0o600)
		spoil(t, path, 2, 8)
		s := openWith(t, path, o)
		defer s.Close()
		r, ok := s.Recovered()
		if !ok || r.Leap != 4400 || s.Epoch() == epoch { // 12:00 is 43,200 seconds
			t.Fatalf("recovered %v %s", ok, r)
		}
		if got := next(t, s, 100); got != "A4401" {
			t.Errorf("the next number is %s, want A4401", got)
		}
		own := kiosktest.Wish(101)
		own.Series = "7"
		if got, _, err := s.Take(t.Context(), own); err != nil || got.Number.String() != "A7-4401" {
			t.Errorf("the next own number is %s (%v), want A7-4401", got.Number, err)
		}
		// Lost once more, the leap is still known, for queues that gave nothing since too.
		s.Close()
		os.Remove(path)
		s = openWith(t, path, o)
		defer s.Close()
		if got := next(t, s, 103); got != "A4530" {
			t.Errorf("after the second loss %s, want A4530", got)
		}
		other := kiosktest.Wish(104)
		other.Queue = "C"
		if got, _, err := s.Take(t.Context(), other); err != nil || got.Number.String() != "C4401" {
			t.Errorf("in another queue %s (%v), want C4401", got.Number, err)
		}
		later := kiosktest.Wish(102)
		later.Day = "2026-12-02"
		if got, _, err := s.Take(t.Context(), later); err != nil || got.Number.String() != "A001" {
			t.Errorf("nine days later it is %s (%v), want A001", got.Number, err)
		}
	})
	t.Run("SomebodyElses", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "kiosk.toml")
		text := strings.Repeat("[kiosk]\n", 2000)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := Open(t.Context(), path, DefaultOpts()); kiosk.CodeOf(err) != kiosk.EDisk || !strings.Contains(kiosk.HintOf(err), "mend [store] path") {
			t.Fatalf("opened %v: %v", s, err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Fatalf("it was touched (%v)", err)
		}
	})
}

// A new disk in a kiosk that gave numbers today.
func TestFreshKiosk(t *testing.T) {
	o := DefaultOpts()
	o.Now = atNoon
	path := filepath.Join(t.TempDir(), "kiosk.db")
	s := openWith(t, path, o)
	if _, lost := s.Recovered(); lost || !s.Fresh() {
		t.Fatal("not fresh")
	}
	if above, err := s.Leap(t.Context()); err != nil || above != 4400 {
		t.Fatalf("leap %d (%v), want 4400", above, err)
	}
	if got, _, err := s.Take(t.Context(), kiosktest.Wish(1)); err != nil || got.Number.N != 4401 {
		t.Fatalf("got %s (%v)", got.Number, err)
	}
	// What the center knows is exact, and may be more.
	for _, n := range []int{5000, 17} {
		if err := s.Raise(t.Context(), "2026-11-23", kiosk.Number{Queue: "A", N: n}); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	s = openWith(t, path, o)
	if got, _, err := s.Take(t.Context(), kiosktest.Wish(2)); err != nil || got.Number.N != 5001 || s.Fresh() {
		t.Fatalf("after a restart %s (%v)", got.Number, err)
	}
	if err := s.Raise(t.Context(), "2026-11-23", kiosk.Number{Queue: "B", N: 6000}); err != nil {
		t.Fatal(err)
	}
	s.Close()
	removeDatabase(path)
	s = openWith(t, path, o)
	defer s.Close()
	for _, queue := range []kiosk.QueueID{"B", "C"} {
		w := kiosktest.Wish(3)
		w.ID, w.Ticket, w.Queue = kiosk.RequestID(queue), kiosk.TicketID(queue), queue
		if got, _, err := s.Take(t.Context(), w); err != nil || queue == "B" && got.Number.N <= 6000 || queue == "C" && got.Number.N != 4401 {
			t.Fatalf("after a loss %s (%v)", got.Number, err)
		}
	}
}

// The leap only climbs within a business day, whatever the hour it changes at.
func TestLeapAt(t *testing.T) {
	last := 0
	for at := time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC); at.Before(time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)); at = at.Add(7 * time.Minute) {
		above, until := leapAt(at)
		if above < last || above%100 != 0 || until < kiosk.DayAt(at, 0)+"" {
			t.Fatalf("at %s: %d through %s, after %d", at, above, until, last)
		}
		last = above
	}
	if last > 11000 {
		t.Fatalf("up to %d", last)
	}
}

// A damaged file of numbers is as good as none, and never half of one.
func TestMarks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kiosk.db.numbers")
	m := newMarks(path, "", disk{})
	if err := m.reserve(series{"2026-11-23", "A", "7"}, 1); err != nil {
		t.Fatal(err)
	}
	if err := m.reserve(series{"2026-11-23", "B", ""}, 5); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := newMarks(path, "", disk{}); !got.own || len(got.limit) != 2 || got.limit[series{"2026-11-23", "A", "7"}] != 1+reserve || got.limit[series{"2026-11-23", "B", ""}] != 5+reserve {
		t.Fatalf("read back %+v from\n%s", got.limit, data)
	}
	for i := range data {
		for _, bad := range [][]byte{data[:i], append(append([]byte{}, data[:i]...), append([]byte{data[i] ^ 1}, data[i+1:]...)...)} {
			if err := os.WriteFile(path, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			if got := newMarks(path, "", disk{}); got.found || len(got.limit) != 0 {
				t.Fatalf("with byte %d spoiled it reads %+v", i, got.limit)
			}
		}
	}
	// Numbers of many queues are reserved together.
	writes := &counting{files: disk{}}
	m = newMarks(filepath.Join(t.TempDir(), "kiosk.db.numbers"), "", writes)
	for n := 1; n <= 10*reserve; n++ {
		for q := range 6 {
			if err := m.reserve(series{"2026-11-23", kiosk.QueueID(fmt.Sprint(q)), ""}, n); err != nil {
				t.Fatal(err)
			}
		}
	}
	if writes.n > 30 {
		t.Errorf("%d writes for %d numbers", writes.n, 60*reserve)
	}
}

type counting struct {
	files
	n int
}

func (c *counting) Replace(path string, data []byte) error {
	c.n++
	return c.files.Replace(path, data)
}
