package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hallkiosk/kiosk"
)

// Backup copies the ledger into the folder dir while the center works, by VACUUM
// INTO, and returns the copy's path: the database's name, the time in UTC, mode
// 0600. The copy is checked and synced before it gets that name. Only the newest
// keep stay. What the kiosks told after a backup they tell again when it is put in
// the ledger's place; calls since then are lost. Errors: EDisk.
func (s *Store) Backup(ctx context.Context, dir string, keep int, now time.Time) (string, error) {
	prefix := filepath.Base(s.path) + ".backup-"
	path := filepath.Join(dir, prefix+now.UTC().Format("20060102T150405Z")+".db")
	refuse := func(err error) (string, error) {
		return "", &kiosk.Error{Code: kiosk.EDisk, Op: "back up the ledger", Err: err, Message: "备份没有做成。",
			Hint: fmt.Sprintf("%s: 备份没有做成，请检查文件夹和磁盘空间 / no backup was made, check the folder and its room: %v", dir, err)}
	}
	making, err := os.CreateTemp(dir, prefix+"making-*")
	if err != nil {
		return refuse(err)
	}
	defer os.Remove(making.Name())
	defer making.Close()
	for _, step := range []func() error{
		func() error { return copyTo(ctx, s.path, making.Name()) },
		func() error { return sound(ctx, making.Name()) },
		making.Sync,
		func() error { return os.Rename(making.Name(), path) },
	} {
		if err := step(); err != nil {
			return refuse(err)
		}
	}
	folder, err := os.Open(filepath.Clean(dir))
	if err != nil {
		return refuse(err)
	}
	defer folder.Close()
	names, err := folder.Readdirnames(0)
	names = slices.DeleteFunc(names, func(name string) bool {
		return !strings.HasPrefix(name, prefix+"2") || !strings.HasSuffix(name, ".db")
	})
	slices.Sort(names)
	for _, old := range names[:max(0, len(names)-max(1, keep))] {
		err = errors.Join(err, os.Remove(filepath.Join(dir, old)))
	}
	if err = errors.Join(err, folder.Sync()); err != nil {
		return refuse(err)
	}
	return path, nil
}

// copyTo copies the database at from, as it is in one moment, into the empty file to.
func copyTo(ctx context.Context, from, to string) error {
	return only(from, "?mode=ro&_busy_timeout=5000", func(db *sql.DB) error {
		_, err := db.ExecContext(ctx, "VACUUM INTO ?", to)
		return err
	})
}

// sound says whether a database that nobody writes is whole.
func sound(ctx context.Context, path string) error {
	return only(path, "?mode=ro&immutable=1", func(db *sql.DB) error {
		var told string
		if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&told); err != nil || told == "ok" {
			return err
		}
		return errors.New(told)
	})
}

// only opens a database for one thing.
func only(path, settings string, do func(*sql.DB) error) error {
	db, err := sql.Open("sqlite3", "file:"+(&url.URL{Path: path}).EscapedPath()+settings)
	if err != nil {
		return err
	}
	return errors.Join(do(db), db.Close())
}
