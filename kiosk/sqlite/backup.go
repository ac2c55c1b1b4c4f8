package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	sqlite3 "github.com/mattn/go-sqlite3"
	"golang.org/x/sys/unix"

	"hallkiosk/kiosk"
)

// Backup copies the store into dir, empty for Opts.Backups, by SQLite's backup
// API while numbers go on being given, and returns the copy's path. The copy
// is checked, synced and then renamed, so that a file with a backup's name is
// a whole one. Only the newest Opts.Keep stay. Errors: EDisk.
func (s *Store) Backup(ctx context.Context, dir string) (string, error) {
	s.backing.Lock()
	defer s.backing.Unlock()
	if dir == "" {
		dir = s.o.Backups
	}
	path, err := s.backup(ctx, dir)
	var own *kiosk.Error
	var lite sqlite3.Error
	switch inSQLite := errors.As(err, &lite); {
	case inSQLite && lite.Code&0xFF == sqlite3.ErrFull: // the copy's disk, not the store's
		err = settingError("backups", dir, errors.Join(unix.ENOSPC, err))
	case err != nil && !errors.As(err, &own) && !inSQLite && ctx.Err() == nil:
		err = settingError("backups", dir, err)
	}
	return path, s.fault("back up the local queue", err)
}

func (s *Store) backup(ctx context.Context, dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return "", err
	}
	old := backups(dir, s.path)
	next := 1
	if len(old) > 0 {
		next = backupNumber(old[0], s.path) + 1
	}
	path := filepath.Join(dir, fmt.Sprintf("%s%06d-%s.db", backupPrefix(s.path), next, s.o.Now().UTC().Format(stampFormat)))
	temp := filepath.Join(dir, backupPrefix(s.path)+"making")
	removeDatabase(temp) // of one that was cut short
	defer removeDatabase(temp)
	if err := s.copyTo(ctx, temp); err != nil {
		return "", err
	}
	if err := checkFile(ctx, temp); err != nil {
		return "", err
	}
	if err := os.Chmod(temp, 0o640); err != nil {
		return "", err
	}
	if err := syncFile(temp); err != nil {
		return "", err
	}
	if err := rename(temp, path); err != nil {
		return "", err
	}
	s.mu.Lock()
	limits := formatMarks(s.marks.limit)
	s.mu.Unlock()
	if err := s.o.files.Replace(filepath.Join(dir, filepath.Base(s.path)+".numbers"), limits); err != nil {
		return path, err
	}
	for i, o := range old {
		if i >= s.o.Keep-1 {
			if err := os.Remove(o); err != nil {
				return path, err
			}
		}
	}
	return path, nil
}

// copyTo copies the store in steps within one read transaction, so that it is
// of one moment and a writer neither waits nor makes it begin again.
func (s *Store) copyTo(ctx context.Context, path string) (err error) {
	source, err := s.reader().Conn(ctx)
	if err != nil {
		return err
	}
	defer source.Close()
	tx, err := source.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var epoch string
	if err := tx.QueryRowContext(ctx, "SELECT epoch FROM life").Scan(&epoch); err != nil {
		return err
	}
	opened, err := (&sqlite3.SQLiteDriver{}).Open(dsn(path, "_journal_mode=DELETE&_synchronous=FULL"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	return source.Raw(func(from any) error {
		b, err := opened.(*sqlite3.SQLiteConn).Backup("main", from.(*sqlite3.SQLiteConn), "main")
		if err != nil {
			return err
		}
		for done := false; !done && err == nil; {
			if err = ctx.Err(); err == nil {
				done, err = b.Step(256)
			}
		}
		return errors.Join(err, b.Finish())
	})
}

// checkFile checks a database that nobody writes.
func checkFile(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite3", dsn(path, "mode=ro&immutable=1"))
	if err != nil {
		return err
	}
	defer db.Close()
	err = damaged(sound(ctx, db, false))
	if d := (damage{}); errors.As(err, &d) {
		return &kiosk.Error{Code: kiosk.EDisk, Op: "check a backup", Err: err, Message: "备份不可用。",
			Hint: path + " 刚写完就是坏的，请检查磁盘，并重启程序检查数据库 / is damaged although it was just written: check the disk, and the store by a restart"}
	}
	return err
}

// Check looks through the whole store, which takes seconds and keeps nobody
// waiting: for the night. EDisk says that it is damaged: open it again with
// Opts.Thorough, which replaces it.
func (s *Store) Check(ctx context.Context) error {
	db, err := s.readers() // of its own: what others have in memory may be better than the disk
	if err == nil {
		err = errors.Join(damaged(sound(ctx, db, true)), db.Close())
	}
	if d := (damage{}); errors.As(err, &d) {
		return &kiosk.Error{Code: kiosk.EDisk, Op: "check the local queue", Err: err, Message: "本机的数据文件坏了。",
			Hint: s.path + " 坏了，重启后会换上最新的完好备份 / is damaged: a restart puts the newest sound backup in its place"}
	}
	return s.fault("check the local queue", err)
}

func backupPrefix(path string) string { return filepath.Base(path) + ".backup-" }

// backupNumber returns the number in a backup's name, 0 for another file. The
// order of backups is that of their numbers, for the clock may have jumped.
func backupNumber(name, path string) int {
	rest, ok := strings.CutPrefix(filepath.Base(name), backupPrefix(path))
	digits, _, dash := strings.Cut(rest, "-")
	n, err := strconv.Atoi(digits)
	if !ok || !dash || err != nil || !strings.HasSuffix(rest, ".db") {
		return 0
	}
	return n
}

// backups returns the backups of the store at path in dir, newest first.
func backups(dir, path string) []string {
	entries, _ := os.ReadDir(dir) // no folder, no backups
	var found []string
	for _, e := range entries {
		if backupNumber(e.Name(), path) > 0 {
			found = append(found, filepath.Join(dir, e.Name()))
		}
	}
	slices.SortFunc(found, func(a, b string) int { return backupNumber(b, path) - backupNumber(a, path) })
	return found
}
