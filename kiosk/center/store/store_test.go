package store

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-sqlite3"
	"golang.org/x/sys/unix"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
	"hallkiosk/kiosk/center/centertest"
	"hallkiosk/kiosk/kiosktest"
)

func TestSuite(t *testing.T) {
	centertest.StoreSuite(t, func(t *testing.T) func() center.Store {
		// A name that must be escaped on its way into SQLite.
		path := filepath.Join(t.TempDir(), "大厅 #1 100%?mode=ro.db")
		return func() center.Store { return open(t, path) }
	})
}

func open(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOpen(t *testing.T) {
	t.Run("Private", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "center.db")
		s := open(t, path)
		defer s.Close()
		for _, end := range []string{"", "-wal", "-shm"} {
			info, err := os.Stat(path + end)
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v, %v; want mode 0600", path+end, info.Mode(), err)
			}
		}
	})
	t.Run("ReaderCantWrite", func(t *testing.T) {
		s := open(t, filepath.Join(t.TempDir(), "center.db"))
		defer s.Close()
		if _, err := s.reader.Exec("DELETE FROM events"); err == nil {
			t.Fatal("the reader deleted")
		}
	})
	t.Run("Immediate", func(t *testing.T) {
		// A transaction holds the file from its begin on: a second writer can't
		// begin beside it.
		path := filepath.Join(t.TempDir(), "center.db")
		s := open(t, path)
		defer s.Close()
		other, err := sql.Open("sqlite3", "file:"+path+"?_busy_timeout=1")
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		err = s.write(t.Context(), "hold", func(*sql.Tx) error {
			_, err := other.Exec("DELETE FROM alarms")
			return err
		})
		if kiosk.CodeOf(err) != kiosk.EBusy {
			t.Fatalf("err = %v, want %s", err, kiosk.EBusy)
		}
	})
	t.Run("Weakened", func(t *testing.T) {
		// Negative control: the settings are really read back.
		s := open(t, filepath.Join(t.TempDir(), "center.db"))
		defer s.Close()
		for _, pragma := range []string{"synchronous = NORMAL", "foreign_keys = off", "busy_timeout = 1"} {
			before := pragma[:strings.Index(pragma, " ")]
			var was string
			if err := s.writer.QueryRow("PRAGMA " + before).Scan(&was); err != nil {
				t.Fatal(err)
			}
			if _, err := s.writer.Exec("PRAGMA " + pragma); err != nil {
				t.Fatal(err)
			}
			if err := s.settings(t.Context()); kiosk.CodeOf(err) != kiosk.EDisk {
				t.Errorf("%s: err = %v, want %s", pragma, err, kiosk.EDisk)
			}
			if _, err := s.writer.Exec(fmt.Sprintf("PRAGMA %s = %s", before, was)); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.settings(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("SettingsOnEveryConnection", func(t *testing.T) {
		s := open(t, filepath.Join(t.TempDir(), "center.db"))
		defer s.Close()
		s.writer.SetMaxIdleConns(0) // each use opens a connection
		if err := s.settings(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("NewerFile", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "center.db")
		s := open(t, path)
		if _, err := s.writer.Exec("PRAGMA user_version = 99"); err != nil {
			t.Fatal(err)
		}
		s.Close()
		_, err := Open(t.Context(), path)
		if kiosk.CodeOf(err) != kiosk.EConflict || !strings.Contains(kiosk.HintOf(err), "newer") {
			t.Fatalf("err = %v", err)
		}
	})
	for name, make := range map[string]func(path string) error{
		"NoDatabase": func(p string) error { return os.WriteFile(p, []byte(strings.Repeat("garbage ", 1000)), 0o600) },
		"Folder":     func(p string) error { return os.Mkdir(p, 0o700) },
		"NoFolder":   func(p string) error { return os.Remove(filepath.Dir(p)) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, "center.db")
			if err := make(path); err != nil {
				t.Fatal(err)
			}
			_, err := Open(t.Context(), path)
			if kiosk.CodeOf(err) != kiosk.EDisk || !strings.Contains(kiosk.HintOf(err), path) {
				t.Fatalf("err = %v, want %s and a hint with the path", err, kiosk.EDisk)
			}
		})
	}
	t.Run("EmptyPath", func(t *testing.T) {
		if _, err := Open(t.Context(), ""); kiosk.CodeOf(err) != kiosk.EDisk {
			t.Fatalf("err = %v", err)
		}
	})
}

// TestDiskFull fills the database's allowance: a batch is refused whole, and
// stored once there is room again.
func TestDiskFull(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "center.db"))
	defer s.Close()
	var pages int
	if err := s.writer.QueryRow("PRAGMA page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	if _, err := s.writer.Exec(fmt.Sprintf("PRAGMA max_page_count = %d", pages+2)); err != nil {
		t.Fatal(err)
	}
	batch := center.Seal(centertest.Batch("k1", centertest.Run("k1", "1", 1, 500)...), centertest.Noon)
	_, err := s.Ingest(t.Context(), batch)
	if kiosk.CodeOf(err) != kiosk.EDisk {
		t.Fatalf("err = %v, want %s", err, kiosk.EDisk)
	}
	if got, err := s.Events(t.Context(), "k1", "e1", 0, 10); err != nil || len(got) != 0 {
		t.Fatalf("%d events, %v; want none", len(got), err)
	}
	// The connection that failed was dropped, and with it its allowance.
	if r, err := s.Ingest(t.Context(), batch); err != nil || r.Ack.AckedThrough != 500 {
		t.Fatalf("%+v, %v", r, err)
	}
	if err := s.settings(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestTrouble has a disk that refuses: that is told from the first refused write
// until it takes one again and has room, without anybody writing.
func TestTrouble(t *testing.T) {
	dir := kiosktest.Limited(t)
	if dir == "" {
		return
	}
	s := open(t, filepath.Join(dir, "center.db"))
	defer s.Close()
	if since, err := s.Trouble(); err != nil || !since.IsZero() {
		t.Fatal(since, err)
	}
	batch := func(seq int64) center.Batch {
		return center.Seal(centertest.Batch("k1", centertest.Run("k1", "1", seq, seq)...), centertest.Noon)
	}
	var first time.Time
	refuse := func(seq int64, room uint64) {
		t.Helper()
		s.disk.Close()
		enough = room
		s.disk = center.NewDisk(time.Millisecond, s.try)
		kiosktest.Limit(t, 1)
		if _, err := s.Ingest(t.Context(), batch(seq)); kiosk.CodeOf(err) != kiosk.EDisk {
			t.Fatal(err)
		}
		first, _ = s.Trouble()
	}
	// until waits until the trouble is told anew, in words.
	until := func(words string) {
		t.Helper()
		_, before := s.Trouble()
		for {
			since, err := s.Trouble()
			if err == nil || kiosk.CodeOf(err) != kiosk.EDisk || !since.Equal(first) {
				t.Fatalf("since %v, %v; want %v", since, err, first)
			}
			if err != before && strings.Contains(kiosk.HintOf(err), words) {
				return
			}
			runtime.Gosched()
		}
	}
	defer func(was uint64) { enough = was }(enough)
	refuse(1, 1<<62) // more room than any disk has
	for range 3 {    // it is tried, and stays
		until("磁盘报错")
	}
	kiosktest.Limit(t, unix.RLIM_INFINITY)
	until("磁盘满了")
	if _, err := s.Ingest(t.Context(), batch(1)); err != nil {
		t.Fatal(err)
	}
	until("its disk is full")

	refuse(2, 0)
	until("磁盘报错")
	kiosktest.Limit(t, unix.RLIM_INFINITY)
	for _, err := s.Trouble(); err != nil; _, err = s.Trouble() {
		runtime.Gosched()
	}
	// A file that is damaged stays so.
	damaged := s.failed("list", fmt.Errorf("deep: %w", sqlite3.Error{Code: sqlite3.ErrCorrupt}))
	s.failed("list", sqlite3.Error{Code: sqlite3.ErrFull})
	for _, err := s.Trouble(); err != damaged; _, err = s.Trouble() {
		if err == nil {
			t.Fatal("a damaged file is taken for sound")
		}
		runtime.Gosched()
	}
}

// What the operator has to mend stands in both languages, with the file's name.
func TestHints(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "center.db"))
	defer s.Close()
	for code, want := range map[sqlite3.ErrNo]kiosk.Code{
		sqlite3.ErrFull: kiosk.EDisk, sqlite3.ErrIoErr: kiosk.EDisk, sqlite3.ErrReadonly: kiosk.EDisk, sqlite3.ErrCantOpen: kiosk.EDisk,
		sqlite3.ErrPerm: kiosk.EDisk, sqlite3.ErrCorrupt: kiosk.EDisk, sqlite3.ErrNotADB: kiosk.EDisk, sqlite3.ErrBusy: kiosk.EBusy, sqlite3.ErrLocked: kiosk.EBusy,
	} {
		err := s.failed("try", fmt.Errorf("deep: %w", sqlite3.Error{Code: code}))
		if hint := kiosk.HintOf(err); kiosk.CodeOf(err) != want || !strings.HasPrefix(hint, s.path+" ") || !centertest.InBoth(hint) {
			t.Errorf("%d: %s %q", code, kiosk.CodeOf(err), hint)
		}
	}
	for _, path := range []string{"", t.TempDir(), filepath.Join(t.TempDir(), "none", "center.db")} {
		if _, err := Open(t.Context(), path); !centertest.InBoth(kiosk.HintOf(err)) {
			t.Errorf("%q: %v", path, err)
		}
	}
}
