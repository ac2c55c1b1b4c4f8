// Package sqlite keeps the kiosk's local queue in one SQLite file, so that a
// number that was given survives a power cut in the next instant.
//
// The durability rests on WAL with synchronous=FULL, which mattn/go-sqlite3
// does not choose by itself: the settings go in by the DSN, the only way that
// reaches every connection, and are read back before anything is written. All
// writing goes through one connection; reading has a handle of its own that
// can't write. See https://www.sqlite.org/wal.html and pragma.html#pragma_synchronous.
//
// One process at a time: a lock file beside the database keeps a second kiosk
// out, for two of them would print on one printer.
package sqlite

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	sqlite3 "github.com/mattn/go-sqlite3"
	"golang.org/x/sys/unix"

	"hallkiosk/kiosk"
)

// Opts are what a store needs besides its path.
type Opts struct {
	Now    func() time.Time // for the epoch's id
	Random io.Reader
}

// DefaultOpts uses the machine's clock and randomness.
func DefaultOpts() Opts { return Opts{Now: time.Now, Random: rand.Reader} }

// Store implements kiosk.Store.
type Store struct {
	path  string
	epoch kiosk.Epoch
	lock  *os.File

	r atomic.Pointer[sql.DB] // never waits for the writer

	mu     sync.Mutex // one writer
	w      *writer
	broken bool // the disk failed: open afresh before writing anything
}

const settings = "_journal_mode=WAL&_synchronous=FULL&_txlock=immediate&_busy_timeout=5000&_foreign_keys=on"

// expected is what the settings must read back as.
var expected = []struct{ pragma, value string }{
	{"journal_mode", "wal"}, {"synchronous", "2"}, {"foreign_keys", "1"}, {"busy_timeout", "5000"},
}

// Open opens the store at path, making the file and its folder when they are
// not there. Errors: EBusy when another process has it (the hint names it),
// EDisk when the disk is full, read-only or the file damaged, EInvalid when
// the path can't be a database.
func Open(ctx context.Context, path string, o Opts) (*Store, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, pathError(path, err)
	}
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return nil, err
	}
	s := &Store{path: path, lock: lock}
	if err := s.open(ctx, o); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, o Opts) error {
	if info, err := os.Stat(s.path); err == nil && !info.Mode().IsRegular() {
		return &kiosk.Error{Code: kiosk.EInvalid, Op: "open the local queue", Message: "存储路径不是文件。",
			Hint: s.path + " is not a file. Mend [store] path."}
	}
	db, err := sql.Open("sqlite3", dsn(s.path, settings))
	if err != nil {
		return s.fault("open the local queue", err)
	}
	db.SetMaxOpenConns(1)
	s.w = &writer{db: db}
	if err := verify(ctx, db); err != nil {
		return s.fault("open the local queue", err)
	}
	var sound string
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&sound); err != nil {
		return s.fault("check the local queue", err)
	}
	if sound != "ok" {
		return &kiosk.Error{Code: kiosk.EDisk, Op: "check the local queue", Message: "本机的数据文件坏了。",
			Hint: fmt.Sprintf("%s is damaged (%s). Set it aside together with its -wal and -shm files and start again.", s.path, sound)}
	}
	if err := migrate(ctx, db, o); err != nil {
		return s.fault("prepare the local queue", err)
	}
	if err := db.QueryRowContext(ctx, "SELECT epoch FROM life").Scan(&s.epoch); err != nil {
		return s.fault("read the epoch", err)
	}
	if err := s.w.prepare(ctx); err != nil {
		return s.fault("prepare the local queue", err)
	}
	r, err := s.readers()
	if err != nil {
		return s.fault("open the local queue for reading", err)
	}
	s.r.Store(r)
	return nil
}

func (s *Store) readers() (*sql.DB, error) {
	r, err := sql.Open("sqlite3", dsn(s.path, "mode=ro&_query_only=on&_busy_timeout=5000"))
	if err != nil {
		return nil, err
	}
	r.SetMaxOpenConns(4)
	return r, nil
}

// reopen starts afresh after an I/O error, when nobody knows whether the last
// transaction was committed. When it fails the store stays broken, and the next
// write tries again. The caller holds s.mu.
func (s *Store) reopen(ctx context.Context) error {
	s.broken = true
	s.w.db.Close()
	db, err := sql.Open("sqlite3", dsn(s.path, settings))
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	w := &writer{db: db}
	if err = verify(ctx, db); err == nil {
		err = w.prepare(ctx)
	}
	r, openErr := s.readers()
	if err = errors.Join(err, openErr); err != nil {
		db.Close()
		return err
	}
	s.w, s.broken = w, false
	s.r.Swap(r).Close()
	return nil
}

func dsn(path, params string) string {
	u := url.URL{Scheme: "file", Path: path, RawQuery: params}
	if !filepath.IsAbs(path) {
		u = url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: params}
	}
	return u.String()
}

// verify reads the settings back: a store that would lose tickets must not
// give any.
func verify(ctx context.Context, db *sql.DB) error {
	for _, e := range expected {
		var got string
		if err := db.QueryRowContext(ctx, "PRAGMA "+e.pragma).Scan(&got); err != nil {
			return err
		}
		if got != e.value {
			return fmt.Errorf("PRAGMA %s is %s, must be %s: the file system can't keep tickets safe", e.pragma, got, e.value)
		}
	}
	return nil
}

func migrate(ctx context.Context, db *sql.DB, o Opts) error {
	var version int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version > len(migrations) {
		return fmt.Errorf("the file is of version %d, this program knows %d: use the newer program", version, len(migrations))
	}
	for ; version < len(migrations); version++ {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		if _, err := tx.ExecContext(ctx, migrations[version]); err != nil {
			return err
		}
		if version == 0 {
			if _, err := tx.ExecContext(ctx, "INSERT INTO life (one, epoch, acked) VALUES (1, ?, 0)", kiosk.NewID(o.Now(), o.Random)); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", version+1)); err != nil {
			return err
		}
		if err := tx.Commit(); err != nil {
			return err
		}
	}
	return nil
}

// lockFile keeps a second process out for as long as the file is open.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return nil, pathError(path, err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		holder := make([]byte, 32)
		n, _ := f.Read(holder)
		f.Close()
		return nil, &kiosk.Error{Code: kiosk.EBusy, Op: "lock the local queue", Err: err, Message: "另一个取号程序正在使用这个数据文件。",
			Hint: fmt.Sprintf("another kiosk (process %s) is running on this store; stop it, or give this one a [store] path of its own", strings.TrimSpace(string(holder[:n])))}
	}
	err = f.Truncate(0)
	if err == nil {
		_, err = f.WriteAt(fmt.Appendf(nil, "%d\n", os.Getpid()), 0)
	}
	if err != nil && !errors.Is(err, unix.ENOSPC) { // the lock holds without the number
		f.Close()
		return nil, pathError(path, err)
	}
	return f, nil
}

// Close ends the store. Nothing else may be called afterwards.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	if r := s.r.Load(); r != nil {
		errs = append(errs, r.Close())
	}
	if s.w != nil {
		errs = append(errs, s.w.db.Close())
	}
	return errors.Join(append(errs, s.lock.Close())...)
}

// Epoch names this life of the database.
func (s *Store) Epoch() kiosk.Epoch { return s.epoch }

func pathError(path string, err error) error {
	e := &kiosk.Error{Code: kiosk.EDisk, Op: "open the local queue", Err: err, Message: "本机存不了数据,请找技术员。"}
	switch {
	case errors.Is(err, unix.EROFS):
		e.Hint = "the disk of " + path + " is read-only: mount it writable"
	case errors.Is(err, unix.ENOSPC):
		e.Hint = "the disk of " + path + " is full: free some space"
	case errors.Is(err, fs.ErrPermission):
		e.Code, e.Hint = kiosk.EInvalid, "no permission for "+path+": change its owner or mend [store] path"
	case errors.Is(err, unix.ENOTDIR), errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.EISDIR):
		e.Code, e.Hint = kiosk.EInvalid, path+" can't be a file there: mend [store] path"
	default:
		e.Hint = path + " can't be used: check the disk"
	}
	return e
}

// fault turns SQLite's errors into the words of whoever reads them.
func (s *Store) fault(op string, err error) error {
	var own *kiosk.Error
	if err == nil || errors.As(err, &own) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	e := &kiosk.Error{Code: kiosk.EInternal, Op: op, Err: err, Message: "本机暂时取不了号,请找工作人员帮忙。"}
	var lite sqlite3.Error
	if errors.As(err, &lite) {
		e.Code = kiosk.EDisk
		switch lite.Code {
		case sqlite3.ErrFull:
			e.Hint = "the disk of " + s.path + " is full: free some space; no number was given"
		case sqlite3.ErrReadonly:
			e.Hint = s.path + " can't be written: the disk is read-only or the file belongs to somebody else"
		case sqlite3.ErrIoErr:
			e.Hint = "the disk of " + s.path + " reports errors: replace it soon"
		case sqlite3.ErrCorrupt, sqlite3.ErrNotADB:
			e.Hint = s.path + " is no sound database. Set it aside together with its -wal and -shm files and start again."
		case sqlite3.ErrCantOpen, sqlite3.ErrPerm, sqlite3.ErrAuth:
			e.Hint = s.path + " can't be opened: check the disk and who owns the folder"
		case sqlite3.ErrBusy, sqlite3.ErrLocked:
			e.Code, e.Hint = kiosk.EBusy, "another program holds "+s.path
		default:
			e.Code = kiosk.EInternal
		}
	}
	return e
}
