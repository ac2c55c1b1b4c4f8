package sqlite

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// files are the steps on files that go past SQLite. Tests put a disk in their
// place that can be cut off.
type files interface {
	// Replace makes data the durable content of path, whole or not at all.
	Replace(path string, data []byte) error

	// Rewrite writes the content of a file over itself and syncs it; one that
	// is not there is fine.
	Rewrite(path string) error
}

type disk struct{}

func (disk) Replace(path string, data []byte) error {
	temp := path + ".tmp"
	err := func() error {
		f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
		if err != nil {
			return err
		}
		_, err = f.Write(data)
		return errors.Join(err, f.Sync(), f.Close())
	}()
	if err == nil {
		err = rename(temp, path)
	}
	if err != nil {
		os.Remove(temp)
	}
	return err
}

// Rewrite exists for the write-ahead log after an fsync that failed. Linux then
// takes the pages for clean, though the disk never got them: they read back
// well, a second fsync says nothing, and the next power cut loses them. Only
// writing them again makes them dirty. See https://wiki.postgresql.org/wiki/Fsync_Errors.
func (disk) Rewrite(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	data, err := io.ReadAll(f)
	if err == nil {
		_, err = f.WriteAt(data, 0)
	}
	return errors.Join(err, f.Sync(), f.Close())
}

// rename moves a file that is synced, durably.
func rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return syncDir(filepath.Dir(to))
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// copyFile makes to a durable copy of from. The error of reading and that of
// writing are told apart: a backup on a bad sector is another matter than a
// full disk.
func copyFile(from, to string) (readErr, writeErr error) {
	data, err := os.ReadFile(from)
	if err != nil {
		return err, nil
	}
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		return nil, err
	}
	_, err = f.Write(data)
	return nil, errors.Join(err, f.Sync(), f.Close())
}

// removeDatabase deletes a database that nobody has open, with what SQLite may
// have left beside it.
func removeDatabase(path string) {
	for _, end := range []string{"", "-wal", "-shm", "-journal"} {
		os.Remove(path + end)
	}
}
