package sqlite

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
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
	Now    func() time.Time // in the hall's zone; for ids, names of files and Leap
	Random io.Reader

	Backups  string // where Backup puts its files and Open looks for them; empty is "backups" beside the store
	Keep     int    // how many backups are kept; 0 is 7
	Thorough bool   // integrity_check at Open instead of quick_check, for after a Check that failed

	// Tests only, which is why nobody else can set them.
	settings string // another DSN, which Open refuses
	trusting bool   // doesn't refuse it
	files    files  // another disk
	tryEvery time.Duration
}

// DefaultOpts uses the machine's clock and randomness.
func DefaultOpts() Opts { return Opts{Now: time.Now, Random: rand.Reader} }

// Store implements kiosk.Store.
type Store struct {
	path  string
	o     Opts
	lock  *os.File
	fresh bool
	lost  *Recovery

	epoch kiosk.Epoch

	r atomic.Pointer[sql.DB] // never waits for the writer

	mu        sync.Mutex // one writer
	w         *writer
	broken    bool // the disk failed: open afresh before writing anything
	doubt     bool // not even what reads back is on the disk for sure
	closed    bool
	trouble   trouble
	marks     *marks
	leap      int       // numbers of days through leapUntil are above it
	leapUntil kiosk.Day //

	backing sync.Mutex // one backup at a time
}

const settings = "_journal_mode=WAL&_synchronous=FULL&_txlock=immediate&_busy_timeout=5000&_foreign_keys=on&_secure_delete=on"

// expected is what the settings must read back as.
var expected = []struct{ pragma, value string }{
	{"journal_mode", "wal"}, {"synchronous", "2"}, {"foreign_keys", "1"}, {"busy_timeout", "5000"}, {"secure_delete", "1"},
}

// Open opens the store at path, making the file and its folder when they are
// not there. When the file is damaged, or gone while what lies beside it says
// that there was one, it is replaced as Recovered tells. Errors: EBusy when
// another process has it (the hint names it), EDisk when the disk is full or
// read-only, or the file isn't a store's, EInvalid when the path can't be a
// database.
func Open(ctx context.Context, path string, o Opts) (*Store, error) {
	if o.Backups == "" {
		o.Backups = filepath.Join(filepath.Dir(path), "backups")
	}
	if o.Keep <= 0 {
		o.Keep = 7
	}
	if o.settings == "" {
		o.settings = settings
	}
	if o.files == nil {
		o.files = disk{}
	}
	if o.tryEvery == 0 {
		o.tryEvery = tryEvery
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, pathError(path, err)
	}
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return nil, err
	}
	s := &Store{path: path, o: o, lock: lock}
	if err := s.openOrRecover(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Store) openOrRecover(ctx context.Context) error {
	s.marks = newMarks(s.path+".numbers", filepath.Join(s.o.Backups, filepath.Base(s.path)+".numbers"), s.o.files)
	info, err := os.Stat(s.path)
	if err == nil && !info.Mode().IsRegular() {
		return &kiosk.Error{Code: kiosk.EInvalid, Op: "open the local queue", Message: "存储路径不是文件。",
			Hint: s.path + " is not a file. Mend [store] path."}
	}
	cause := ""
	if err != nil || info.Size() == 0 {
		log, _ := os.Stat(s.path + "-wal")
		if s.ours() || log != nil && log.Size() > 32 { // its header says nothing yet
			cause = "the file is gone"
		}
		s.fresh = cause == ""
	}
	if cause == "" {
		err := s.open(ctx)
		var d damage
		if !errors.As(err, &d) {
			return err
		}
		if !s.ours() { // perhaps the path is wrong, and the file somebody else's
			return &kiosk.Error{Code: kiosk.EDisk, Op: "open the local queue", Err: err, Message: "本机的数据文件坏了。",
				Hint: s.path + " is no sound database, and nothing beside it says that a kiosk wrote it. Set it aside together with its -wal and -shm files, or mend [store] path."}
		}
		cause = d.cause
		s.closeDBs()
	}
	if err := s.recover(ctx, cause); err != nil {
		return s.fault("replace the local queue, for "+cause, err)
	}
	err = s.open(ctx)
	if d := (damage{}); errors.As(err, &d) {
		return &kiosk.Error{Code: kiosk.EDisk, Op: "open the local queue", Err: err, Message: "本机的数据文件坏了。", Hint: s.path + " was just replaced and is damaged again: replace the disk"}
	}
	return err
}

// ours says whether something beside the file tells that it is, or was, a
// store's.
func (s *Store) ours() bool { return s.marks.found || len(backups(s.o.Backups, s.path)) > 0 }

// damage says that the file can't be used and another disk wouldn't help.
type damage struct{ cause string }

func (d damage) Error() string { return d.cause }

// damaged turns what SQLite says of a file that is no sound database into
// damage, and leaves other errors as they are.
func damaged(err error) error {
	var lite sqlite3.Error
	if errors.As(err, &lite) && (lite.Code == sqlite3.ErrCorrupt || lite.Code == sqlite3.ErrNotADB) {
		return damage{lite.Error()}
	}
	return err
}

func (s *Store) open(ctx context.Context) error {
	db, err := sql.Open("sqlite3", dsn(s.path, s.o.settings))
	if err != nil {
		return s.fault("open the local queue", err)
	}
	db.SetMaxOpenConns(1)
	s.w = &writer{db: db}
	if !s.o.trusting {
		if err := verify(ctx, db); err != nil {
			return s.fault("open the local queue", damaged(err))
		}
	}
	if err := sound(ctx, db, s.o.Thorough); err != nil {
		return s.fault("check the local queue", damaged(err))
	}
	version, err := migrate(ctx, db, s.o, s.marks.found)
	if err != nil {
		return s.fault("prepare the local queue", damaged(err))
	}
	if err := s.look(ctx, db); err != nil {
		var lite sqlite3.Error
		if errors.As(err, &lite) && lite.Code == sqlite3.ErrError || errors.Is(err, sql.ErrNoRows) {
			err = damage{fmt.Sprintf("it says version %d, but: %v", version, err)}
		}
		return s.fault("prepare the local queue", damaged(err))
	}
	if !s.marks.own { // from now on the folder tells that there is a store
		if err := s.marks.write(s.marks.limit); err != nil {
			return err
		}
	}
	r, err := s.readers()
	if err != nil {
		return s.fault("open the local queue for reading", err)
	}
	s.r.Store(r)
	return nil
}

// sound asks SQLite whether the file is.
func sound(ctx context.Context, db interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
}, thorough bool) error {
	pragma := "PRAGMA quick_check(3)"
	if thorough {
		pragma = "PRAGMA integrity_check(3)"
	}
	rows, err := db.QueryContext(ctx, pragma)
	if err != nil {
		return err
	}
	defer rows.Close()
	var faults []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return err
		}
		if line != "ok" {
			faults = append(faults, line)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if len(faults) > 0 {
		return damage{strings.Join(faults, "; ")}
	}
	return nil
}

// look reads what the store keeps in memory and prepares its statements.
func (s *Store) look(ctx context.Context, db *sql.DB) error {
	if err := db.QueryRowContext(ctx, "SELECT epoch, leap, leap_until FROM life").Scan(&s.epoch, &s.leap, &s.leapUntil); err != nil {
		return err
	}
	if s.leap > 0 {
		s.marks.limit = s.marks.leapt(s.leap, s.leapUntil)
	}
	old, err := s.marks.learn(ctx, db)
	if err == nil && old {
		err = damage{"the file is older than the numbers that were given"}
	}
	if err != nil {
		return err
	}
	return s.w.prepare(ctx)
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
// write tries again. After a doubt, what is found is written to the disk once
// more and followed by a commit of our own, or the next ones would come after a
// hole in the log. The caller holds s.mu.
func (s *Store) reopen(ctx context.Context) error {
	s.broken = true
	s.w.db.Close()
	if s.doubt {
		if err := s.o.files.Rewrite(s.path + "-wal"); err != nil {
			e := pathError(s.path, err)
			e.Code = kiosk.EDisk
			return e
		}
	}
	db, err := sql.Open("sqlite3", dsn(s.path, s.o.settings))
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	w := &writer{db: db}
	if !s.o.trusting {
		err = verify(ctx, db)
	}
	if err == nil {
		err = w.prepare(ctx)
	}
	if err == nil && s.doubt {
		_, err = db.ExecContext(ctx, "UPDATE life SET probes = probes + 1") // a row that stays the same isn't written
	}
	r, openErr := s.readers()
	if err = errors.Join(err, openErr); err != nil {
		db.Close()
		return err
	}
	s.w, s.broken, s.doubt = w, false, false
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

var errWeak = errors.New("the file system can't keep tickets safe")

// verify reads the settings back: a store that would lose tickets must not
// give any.
func verify(ctx context.Context, db *sql.DB) error {
	for _, e := range expected {
		var got string
		if err := db.QueryRowContext(ctx, "PRAGMA "+e.pragma).Scan(&got); err != nil {
			return err
		}
		if got != e.value {
			return fmt.Errorf("PRAGMA %s is %s, must be %s: %w", e.pragma, got, e.value, errWeak)
		}
	}
	return nil
}

// migrate brings db to the newest version and returns which it was. An empty
// one where there were numbers before is damage, not a beginning.
func migrate(ctx context.Context, db *sql.DB, o Opts, before bool) (int, error) {
	var was int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&was); err != nil {
		return was, err
	}
	if was > len(migrations) {
		return was, fmt.Errorf("the file is of version %d, this program knows %d: use the newer program", was, len(migrations))
	}
	if was == 0 && before {
		return was, damage{"the file is empty"}
	}
	for version := was; version < len(migrations); version++ {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return was, err
		}
		defer tx.Rollback()
		if _, err := tx.ExecContext(ctx, migrations[version]); err != nil {
			return was, err
		}
		if version == 0 {
			if _, err := tx.ExecContext(ctx, "INSERT INTO life (one, epoch, acked) VALUES (1, ?, 0)", kiosk.NewID(o.Now(), o.Random)); err != nil {
				return was, err
			}
		}
		if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", version+1)); err != nil {
			return was, err
		}
		if err := tx.Commit(); err != nil {
			return was, err
		}
	}
	return was, nil
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
	s.closed = true
	if s.trouble.again != nil {
		s.trouble.again.Stop()
	}
	return errors.Join(s.closeDBs(), s.lock.Close())
}

func (s *Store) closeDBs() error {
	var errs []error
	if r := s.r.Load(); r != nil {
		errs = append(errs, r.Close())
	}
	if s.w != nil {
		errs = append(errs, s.w.db.Close())
	}
	return errors.Join(errs...)
}

// Epoch names this life of the database.
func (s *Store) Epoch() kiosk.Epoch { return s.epoch }
