package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"hallkiosk/kiosk"
)

const (
	// tryEvery is how long a disk that refuses is left alone before it is tried
	// again: short for a technician who has just made room, long for a disk.
	tryEvery = 5 * time.Second

	// enough is the room without which a disk stays in trouble, in bytes: a small
	// write may still succeed where the next number wouldn't.
	enough = 128 << 10
)

// trouble is what the disk refused last, until it takes a write again.
type trouble struct {
	err   atomic.Pointer[kiosk.Error] // nil when all is well
	again *time.Timer                 // tries the disk while it isn't; nil before the first trouble
}

// Trouble returns why the disk takes no more, as EDisk, from the first write that
// it refused until it takes one again and has room for more; nil when all is well.
// While there is trouble the store tries by itself every few seconds. It waits for
// nobody.
func (s *Store) Trouble() error {
	if e := s.trouble.err.Load(); e != nil {
		return e
	}
	return nil
}

// wrote notes how a write went. A file that is damaged stays so until Open
// replaces it. The caller holds s.mu.
func (s *Store) wrote(err error) {
	var e *kiosk.Error
	switch {
	case errors.As(err, &e) && e.Code == kiosk.EDisk:
		s.trouble.err.Store(e)
	case err == nil && s.Trouble() != nil && s.roomy():
		s.trouble.err.Store(nil)
	}
	if s.Trouble() == nil || s.closed || errors.As(damaged(s.Trouble()), new(damage)) {
		return
	}
	if s.trouble.again == nil {
		s.trouble.again = time.AfterFunc(s.o.tryEvery, s.try)
	}
	s.trouble.again.Reset(s.o.tryEvery)
}

// roomy says whether there is room for a number and what comes with it. A limit
// that the file system doesn't know of is found by the writes alone.
func (s *Store) roomy() bool {
	var fs unix.Statfs_t
	return unix.Statfs(filepath.Dir(s.path), &fs) != nil || fs.Bavail*uint64(fs.Bsize) >= enough
}

// try writes a row that tells nothing.
func (s *Store) try() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.write(context.Background(), "try the disk", func(ctx context.Context, tx *sql.Tx) error { // what comes of it is noted
		_, err := tx.ExecContext(ctx, "UPDATE life SET probes = probes + 1")
		return err
	}, func(context.Context) bool { return false })
}
