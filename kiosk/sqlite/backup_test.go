package sqlite

import (
	"database/sql"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/kiosktest"
	"hallkiosk/kiosk/sqlite/powercut"
)

// A backup is of one moment, though numbers are given while it is made.
func TestBackup(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kiosk.db")
	s := open(t, path)
	fill(t, s, 5000) // several steps long
	stop, done := make(chan struct{}), make(chan error)
	began := make(chan struct{})
	go func() {
		for n := 1; ; n++ {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			w := kiosktest.Wish(n)
			w.Queue = "B"
			if _, _, err := s.Take(t.Context(), w); err != nil {
				done <- err
				return
			}
			if n == 5 {
				close(began)
			}
		}
	}()
	<-began
	var paths []string
	for range 9 {
		p, err := s.Backup(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, p)
	}
	close(stop)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	kept := backups(filepath.Join(filepath.Dir(path), "backups"), path)
	if len(kept) != 7 || kept[0] != paths[8] || kept[6] != paths[2] {
		t.Fatalf("kept %q", kept)
	}
	for _, p := range kept {
		if err := checkFile(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		db, err := sql.Open("sqlite3", dsn(p, "mode=ro&immutable=1"))
		if err != nil {
			t.Fatal(err)
		}
		var tickets, prints, events, last, number int
		if err := db.QueryRow(`SELECT (SELECT count(*) FROM ticket WHERE queue = 'B'), (SELECT count(*) - 5000 FROM print), count(*), max(seq),
			(SELECT n FROM counter WHERE queue = 'B') FROM event`).Scan(&tickets, &prints, &events, &last, &number); err != nil {
			t.Fatal(err)
		}
		db.Close()
		if tickets < 5 || tickets != prints || tickets != events || tickets != last || tickets != number {
			t.Fatalf("%s: %d tickets, %d prints, %d events through %d, number %d", p, tickets, prints, events, last, number)
		}
	}
}

// Whatever fails while a backup is made, a file with a backup's name is whole,
// and the store goes on.
func TestBackupFails(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "backups")
	if err := os.Mkdir(folder, 0o750); err != nil {
		t.Fatal(err)
	}
	s := open(t, filepath.Join(dir, "kiosk.db"))
	d := powercut.Watch(folder)
	defer d.Release()
	failed := 0
	for n := 1; ; n++ {
		if _, _, err := s.Take(t.Context(), kiosktest.Wish(n)); err != nil {
			t.Fatal(err)
		}
		hit := false
		d.Fail(failure{"", eio, 1}.from(n, &hit))
		_, err := s.Backup(t.Context(), "")
		d.Fail(nil)
		if !hit {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
		if err != nil {
			failed++
			if kiosk.CodeOf(err) != kiosk.EDisk {
				t.Fatalf("step %d: %v, want EDisk", n, err)
			}
		}
		entries, _ := os.ReadDir(folder)
		for _, e := range entries {
			if backupNumber(e.Name(), "kiosk.db") == 0 {
				if e.Name() != "kiosk.db.numbers" {
					t.Fatalf("step %d left %s", n, e.Name())
				}
				continue
			}
			if err := checkFile(t.Context(), filepath.Join(folder, e.Name())); err != nil {
				t.Fatalf("step %d: %v", n, err)
			}
		}
	}
	if failed < 5 {
		t.Fatalf("%d failures", failed)
	}
	if _, err := s.Backup(t.Context(), filepath.Join(dir, "kiosk.db")); kiosk.CodeOf(err) != kiosk.EInvalid {
		t.Fatalf("into a file: %v, want EInvalid", err)
	}
}

// The night's check finds what is sound, and what isn't.
func TestCheck(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kiosk.db")
	s := open(t, path)
	fill(t, s, 500)
	if err := s.checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	spoil(t, path, 3, 20)
	if err := s.Check(t.Context()); kiosk.CodeOf(err) != kiosk.EDisk {
		t.Fatalf("damaged: %v, want EDisk", err)
	}
}

// A full disk of the backups isn't taken for the store's, which goes on.
func TestBackupDiskFull(t *testing.T) {
	o := testOpts(rand.New(rand.NewSource(1)))
	o.Backups = t.TempDir()
	d := powercut.Watch(o.Backups)
	defer d.Release()
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "kiosk.db"), o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var hit bool
	d.Fail(failure{"full", full, 0}.from(1, &hit))
	_, err = s.Backup(t.Context(), "")
	d.Fail(nil)
	if hint := kiosk.HintOf(err); !hit || kiosk.CodeOf(err) != kiosk.EDisk || !strings.HasPrefix(hint, s.o.Backups+" 所在的磁盘满了") || strings.Contains(hint, "给不了号") || s.Trouble() != nil {
		t.Fatalf("hit %v, %v, trouble %v", hit, err, s.Trouble())
	}
	if _, err := s.Backup(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
}
