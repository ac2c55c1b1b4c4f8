// Package store keeps the center's ledger in one SQLite file: events as the
// kiosks sent them, and the tickets that follow from them, written together.
//
// Writing goes through one connection with WAL, synchronous FULL and immediate
// transactions, so that what was acknowledged survives a power cut; what is
// deleted is overwritten. Reading goes through a second, read-only handle and
// never waits for the writer. The settings are read back at start, and a store
// that has others is not used.
package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mattn/go-sqlite3"
	"golang.org/x/sys/unix"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
)

// The writer's settings reach every connection only through its name:
// PRAGMAs would hold for one connection, and go-sqlite3 sets synchronous to
// NORMAL where nothing is said. Statements stay prepared for the next who runs
// them, except those made by Prepare.
const (
	writerSettings = "?_journal_mode=WAL&_synchronous=FULL&_txlock=immediate&_busy_timeout=5000&_foreign_keys=on&_secure_delete=on&_stmt_cache_size=100"
	readerSettings = "?mode=ro&_query_only=on&_busy_timeout=5000&_stmt_cache_size=100"
)

// enough is the room without which a disk stays in trouble, in bytes: a small
// write may still succeed where the next batch, which is unpacked up to
// center.MaxBytes, wouldn't. Tests change it.
var enough uint64 = 16 << 20

// oldest is the first SQLite that this schema was proved on.
const oldest = 3054000

// Store is a center.Store on SQLite. Make it with Open.
type Store struct {
	path   string
	writer *sql.DB // one connection
	reader *sql.DB

	news    center.News
	granter *center.Granter
	uses    *center.Turns[center.KeyUse, error]
	disk    *center.Disk
	damage  atomic.Pointer[kiosk.Error] // stays until the file is replaced

	life context.Context
	end  context.CancelFunc
	work sync.WaitGroup // the listener
}

var _ center.Store = (*Store)(nil)

// Open opens the database file at path, makes it (mode 0600) when it isn't
// there, and brings its schema up to date. It refuses, with a hint for the
// technician, a file that isn't such a database or was written by a newer
// program, and a disk that doesn't allow the settings.
func Open(ctx context.Context, path string) (*Store, error) {
	if err := touch(path); err != nil {
		return nil, &kiosk.Error{Code: kiosk.EDisk, Op: "open store", Err: err,
			Hint: path + " 打不开，或写不了，请建好文件夹，或给本用户写的权限 / can't be opened for writing. Make its folder, or give this user the right to write there"}
	}
	s := &Store{path: path}
	s.life, s.end = context.WithCancel(context.Background())
	s.granter, s.uses = center.NewGranter(s.grant), center.NewTurns(s.use)
	s.disk = center.NewDisk(0, s.try)
	// The settings are fixed text, so opening can't fail yet.
	name := "file:" + (&url.URL{Path: path}).EscapedPath()
	s.writer, _ = sql.Open("sqlite3", name+writerSettings)
	s.reader, _ = sql.Open("sqlite3", name+readerSettings)
	s.writer.SetMaxOpenConns(1)
	s.reader.SetMaxOpenConns(max(4, runtime.NumCPU()))
	s.reader.SetMaxIdleConns(4)
	for _, step := range []func(context.Context) error{s.settings, s.migrate, s.Check} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	s.work.Go(s.listen)
	return s, nil
}

// touch makes the file so that nobody else can read it; SQLite gives its
// companions the same mode.
func touch(path string) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("not a plain file")
	}
	f, err := os.OpenFile(filepath.Clean(path), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// settings reads back what the writer really has.
func (s *Store) settings(ctx context.Context) error {
	for _, p := range []struct{ ask, want string }{
		{"PRAGMA journal_mode", "wal"},
		{"PRAGMA synchronous", "2"},
		{"PRAGMA busy_timeout", "5000"},
		{"PRAGMA foreign_keys", "1"},
		{"PRAGMA secure_delete", "1"},
	} {
		var got string
		if err := s.writer.QueryRowContext(ctx, p.ask).Scan(&got); err != nil {
			return s.failed("open store", err)
		}
		if got != p.want {
			return &kiosk.Error{Code: kiosk.EDisk, Op: "open store",
				Hint: fmt.Sprintf("%s: %s 是 %s，不是 %s，断电会丢号，请把数据库放在本机硬盘上 / %[2]s is %[3]s, not %[4]s: tickets could be lost in a power cut. Put the store on a local disk", s.path, p.ask, got, p.want)}
		}
	}
	if text, number, _ := sqlite3.Version(); number < oldest {
		return &kiosk.Error{Code: kiosk.EInternal, Op: "open store",
			Hint: fmt.Sprintf("编译用的 SQLite %s 太旧，编译时请去掉 -tags libsqlite3 / built with SQLite %[1]s, which is too old. Build without -tags libsqlite3", text)}
	}
	return nil
}

func (s *Store) migrate(ctx context.Context) error {
	for {
		done := false
		err := s.write(ctx, "migrate store", func(tx *sql.Tx) error {
			var version int
			if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
				return err
			}
			switch {
			case version > len(migrations):
				return &kiosk.Error{Code: kiosk.EConflict, Op: "open store",
					Hint: fmt.Sprintf("%s 是新版中心写的（结构 %d，本程序只到 %d），请安装新版中心 / was written by a newer center (schema %[2]d, this one knows %[3]d). Install the newer center", s.path, version, len(migrations))}
			case version == len(migrations):
				done = true
				return nil
			}
			if _, err := tx.ExecContext(ctx, migrations[version]); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", version+1))
			return err
		})
		if err != nil || done {
			return err
		}
	}
}

// write runs do in one transaction. When the disk fails, nobody knows what the
// connection holds: it is dropped, and the next write opens another and looks.
func (s *Store) write(ctx context.Context, op string, do func(*sql.Tx) error) error {
	conn, err := s.writer.Conn(ctx)
	if err != nil {
		return s.failed(op, err)
	}
	defer conn.Close()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return s.failed(op, err)
	}
	err = do(tx)
	if err == nil {
		err = tx.Commit()
	} else {
		tx.Rollback() //nolint:errcheck // err says why
	}
	if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil {
		err = ctx.Err()
	}
	var fault sqlite3.Error
	if errors.As(err, &fault) {
		conn.Raw(func(any) error { return driver.ErrBadConn }) //nolint:errcheck // drops the connection
	}
	return s.failed(op, err)
}

// try writes the schema's version anew, which tells nothing.
func (s *Store) try(ctx context.Context) error {
	if e := s.damage.Load(); e != nil {
		return e
	}
	err := s.write(ctx, "try the disk", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", len(migrations)))
		return err
	})
	var fs unix.Statfs_t
	if err == nil && unix.Statfs(filepath.Dir(s.path), &fs) == nil && fs.Bavail*uint64(fs.Bsize) < enough {
		err = &kiosk.Error{Code: kiosk.EDisk, Op: "try the disk", Hint: s.full()}
	}
	return err
}

// Trouble implements center.Store.
func (s *Store) Trouble() (since time.Time, err error) { return s.disk.Trouble() }

// Check implements center.Store.
func (s *Store) Check(ctx context.Context) error {
	var n int
	err := s.reader.QueryRowContext(ctx, "SELECT count(*) FROM (SELECT 1 FROM events LIMIT 1)").Scan(&n)
	return s.failed("check store", err)
}

// Close implements center.Store.
func (s *Store) Close() error {
	s.news.Close()
	s.disk.Close()
	s.granter.Close()
	s.uses.Close()
	s.end()
	s.work.Wait()
	return s.failed("close store", errors.Join(s.reader.Close(), s.writer.Close()))
}

// failed says in the domain's words what err means; nil stays nil.
func (s *Store) failed(op string, err error) error {
	var known *kiosk.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	e := &kiosk.Error{Code: kiosk.EInternal, Op: op, Err: err}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		e.Code = kiosk.EUnavailable
		return e
	}
	var fault sqlite3.Error
	if !errors.As(err, &fault) {
		return e
	}
	switch fault.Code {
	case sqlite3.ErrInterrupt:
		e.Code = kiosk.EUnavailable
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		e.Code, e.Hint = kiosk.EBusy, s.path+" 被别的程序占用，请结束它，或等一等 / is held by another program. End it, or wait"
	case sqlite3.ErrFull:
		e.Code, e.Hint = kiosk.EDisk, s.full()
	case sqlite3.ErrReadonly:
		e.Code, e.Hint = kiosk.EDisk, s.path+" 写不了，磁盘是只读的，或文件属于别人 / can't be written: the disk is read-only or the file belongs to somebody else"
	case sqlite3.ErrIoErr:
		e.Code, e.Hint = kiosk.EDisk, s.path+" 所在的磁盘报错，请看 dmesg，尽快更换 / its disk reports errors. See dmesg, and replace it soon"
	case sqlite3.ErrCantOpen, sqlite3.ErrPerm:
		e.Code, e.Hint = kiosk.EDisk, s.path+" 打不开，请检查磁盘和文件夹的属主 / can't be opened: check the disk and who owns the folder"
	case sqlite3.ErrCorrupt, sqlite3.ErrNotADB:
		e.Code, e.Hint = kiosk.EDisk, s.path+" 坏了，或不是数据库，请连同 -wal、-shm 文件移到别处，换上最新的备份 / is damaged or no database. Set it aside with its -wal and -shm files and put the newest backup there"
		s.damage.Store(e)
	}
	s.disk.Note(e)
	return e
}

// full is what to do about a full disk.
func (s *Store) full() string {
	return s.path + " 所在的磁盘满了，请腾出空间 / its disk is full: free some space"
}
