package sqlite

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/kiosktest"
)

func open(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, DefaultOpts())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestStore(t *testing.T) {
	kiosktest.StoreSuite(t, func(t *testing.T) (kiosk.Store, func() kiosk.Store) {
		path := filepath.Join(t.TempDir(), "kiosk.db")
		s := open(t, path)
		return s, func() kiosk.Store {
			s.Close()
			s = open(t, path)
			return s
		}
	})
}

// A path with everything that a URL would take for something else.
func TestOddPath(t *testing.T) {
	path := filepath.Join(t.TempDir(), "厅 50%?a=b#c", "kiosk.db")
	s := open(t, path)
	if _, _, err := s.Take(t.Context(), kiosktest.Wish(1)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
}

func TestSettings(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kiosk.db")
	s := open(t, path)
	for _, e := range expected {
		var got string
		if err := s.w.db.QueryRow("PRAGMA " + e.pragma).Scan(&got); err != nil || got != e.value {
			t.Errorf("PRAGMA %s = %s (%v), want %s", e.pragma, got, err, e.value)
		}
	}
	if _, err := s.r.Load().Exec("DELETE FROM ticket"); err == nil {
		t.Error("the readers' handle can write")
	}
	// The check itself must be able to fail: the driver's own default loses
	// tickets in a power cut.
	weak, err := sql.Open("sqlite3", dsn(path, "_journal_mode=WAL&_busy_timeout=5000&_foreign_keys=on"))
	if err != nil {
		t.Fatal(err)
	}
	defer weak.Close()
	if err := verify(t.Context(), weak); err == nil || !strings.Contains(err.Error(), "synchronous is 1") {
		t.Errorf("a weak DSN passed: %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	check := func(t *testing.T, path string, code kiosk.Code, hint string) {
		t.Helper()
		s, err := Open(t.Context(), path, DefaultOpts())
		if err == nil {
			s.Close()
			t.Fatal("opened")
		}
		if kiosk.CodeOf(err) != code || !strings.Contains(kiosk.HintOf(err), hint) {
			t.Fatalf("code=%s hint=%q, want %s and %q (%v)", kiosk.CodeOf(err), kiosk.HintOf(err), code, hint, err)
		}
	}
	t.Run("SecondKiosk", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "kiosk.db")
		open(t, path)
		check(t, path, kiosk.EBusy, fmt.Sprintf("process %d", os.Getpid()))
	})
	t.Run("Directory", func(t *testing.T) {
		check(t, t.TempDir(), kiosk.EInvalid, "is not a file")
	})
	t.Run("UnderAFile", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		check(t, filepath.Join(file, "kiosk.db"), kiosk.EInvalid, "mend [store] path")
	})
	t.Run("NoDatabase", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "kiosk.db")
		if err := os.WriteFile(path, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
			t.Fatal(err)
		}
		check(t, path, kiosk.EDisk, "no sound database")
	})
	t.Run("Newer", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "kiosk.db")
		s := open(t, path)
		if _, err := s.w.db.Exec("PRAGMA user_version = 99"); err != nil {
			t.Fatal(err)
		}
		s.Close()
		check(t, path, kiosk.EInternal, "version 99")
	})
}

// A full disk gives nothing, says so, and goes on when there is room again.
func TestFullDisk(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "kiosk.db"))
	first, _, err := s.Take(t.Context(), kiosktest.Wish(1))
	if err != nil {
		t.Fatal(err)
	}
	var pages int
	if err := s.w.db.QueryRow("PRAGMA page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	if _, err := s.w.db.Exec(fmt.Sprintf("PRAGMA max_page_count = %d", pages)); err != nil {
		t.Fatal(err)
	}
	given := []string{first.Number.String()}
	refused := 0
	for n := 2; n < 600; n++ {
		got, _, err := s.Take(t.Context(), kiosktest.Wish(n))
		if err != nil {
			// Opening afresh lifts the limit, as freeing space would.
			if kiosk.CodeOf(err) != kiosk.EDisk || !strings.Contains(kiosk.HintOf(err), "full") {
				t.Fatalf("full disk: %v", err)
			}
			refused++
			continue
		}
		given = append(given, got.Number.String())
	}
	if refused == 0 {
		t.Fatal("the disk was never full")
	}
	waiting, err := s.Waiting(t.Context(), "2026-11-23")
	if err != nil || waiting["A"] != len(given) {
		t.Fatalf("%d tickets stored (%v), %d given", waiting["A"], err, len(given))
	}
	for i, number := range given {
		if want := fmt.Sprintf("A%03d", i+1); number != want {
			t.Fatalf("number %d is %s, want %s: a refused wish left a gap or a double", i, number, want)
		}
	}
}

// A real file size limit makes the writes themselves fail.
func TestFileSizeLimit(t *testing.T) {
	dir := kiosktest.Limited(t)
	if dir == "" {
		return
	}
	s := open(t, filepath.Join(dir, "kiosk.db"))
	refused, given := 0, 0
	for n := range 400 {
		if n == 100 {
			kiosktest.Limit(t, 600<<10)
		}
		_, _, err := s.Take(t.Context(), kiosktest.Wish(n))
		if trouble := s.Trouble(); (trouble != nil) != (err != nil) {
			t.Fatalf("take %d: %v, trouble %v", n, err, trouble)
		}
		switch kiosk.CodeOf(err) {
		case "":
			given++
		case kiosk.EDisk:
			refused++
		default:
			t.Fatalf("take %d: %v", n, err)
		}
	}
	kiosktest.Limit(t, unix.RLIM_INFINITY)
	if _, _, err := s.Take(t.Context(), kiosktest.Wish(400)); err != nil {
		t.Fatal(err)
	}
	given++
	if err := s.Trouble(); err != nil {
		t.Fatalf("a number was given, and the trouble stays: %v", err)
	}
	waiting, err := s.Waiting(t.Context(), "2026-11-23")
	if err != nil || waiting["A"] != given || refused == 0 {
		t.Fatalf("stored %d (%v), given %d, refused %d", waiting["A"], err, given, refused)
	}
	t.Logf("given %d, refused %d", given, refused)
}

// Trouble is told from the first write that is refused, and ends without anybody
// asking for a number once there is room.
func TestTroubleEnds(t *testing.T) {
	dir := kiosktest.Limited(t)
	if dir == "" {
		return
	}
	o := DefaultOpts()
	o.tryEvery = time.Millisecond
	s, err := Open(t.Context(), filepath.Join(dir, "kiosk.db"), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Trouble(); err != nil {
		t.Fatal(err)
	}
	kiosktest.Limit(t, 8<<10)
	_, _, refused := s.Take(t.Context(), kiosktest.Wish(1))
	if kiosk.CodeOf(refused) != kiosk.EDisk || s.Trouble() == nil {
		t.Fatalf("refused with %v, trouble %v", refused, s.Trouble())
	}
	for range 3 { // it is tried, and stays
		again := s.Trouble()
		for s.Trouble() == again {
			runtime.Gosched()
		}
		if s.Trouble() == nil {
			t.Fatal("a disk that refuses is taken for well")
		}
	}
	kiosktest.Limit(t, unix.RLIM_INFINITY)
	for s.Trouble() != nil {
		runtime.Gosched()
	}
	if _, _, err := s.Take(t.Context(), kiosktest.Wish(2)); err != nil {
		t.Fatal(err)
	}
	// A disk that refuses when the store is closed is left alone.
	kiosktest.Limit(t, 8<<10)
	if _, _, err := s.Take(t.Context(), kiosktest.Wish(3)); kiosk.CodeOf(err) != kiosk.EDisk {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s.try()
}

// When the disk comes back after it failed even to be opened anew, the store
// does too: nothing is lost, nothing panics, reads go on.
func TestDiskComesBack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "disk")
	s := open(t, filepath.Join(dir, "kiosk.db"))
	if _, _, err := s.Take(t.Context(), kiosktest.Wish(1)); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	if err := os.Rename(dir, dir+".away"); err != nil {
		t.Fatal(err)
	}
	if err := s.reopen(t.Context()); err == nil {
		t.Fatal("a disk that is away was opened")
	}
	s.mu.Unlock()
	if _, _, err := s.Take(t.Context(), kiosktest.Wish(2)); kiosk.CodeOf(err) != kiosk.EDisk {
		t.Fatalf("without a disk: %v, want EDisk", err)
	}
	if err := os.Rename(dir+".away", dir); err != nil {
		t.Fatal(err)
	}
	got, _, err := s.Take(t.Context(), kiosktest.Wish(3))
	if err != nil || got.Number.String() != "A002" {
		t.Fatalf("after it came back: %s %v", got.Number, err)
	}
	if waiting, err := s.Waiting(t.Context(), "2026-11-23"); err != nil || waiting["A"] != 2 {
		t.Fatalf("waiting %v %v", waiting, err)
	}
}

// Reading waits for no writer, however slow its disk is.
func TestReadingDoesNotWait(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "kiosk.db"))
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.Waiting(t.Context(), "2026-11-23"); err != nil {
		t.Fatal(err)
	}
}
