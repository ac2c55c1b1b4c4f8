// Package powercut is a disk for tests of what a power cut, a full or a broken
// disk does to a SQLite database. It sits under SQLite as a VFS
// (https://www.sqlite.org/vfs.html), notes every step that changes a file in a
// watched folder, and can answer any of them with an error. From the notes it
// makes what the disk may hold after the power was cut at any step: what was
// synced is there, of the rest any part, in any order, down to half a sector.
//
// What the program does to files by itself must be told to it: see Replace and
// Rewrite. The shared-memory file of the write-ahead log isn't noted, for no
// disk is relied on to keep it; after a cut it is gone, or holds noise.
//
// It is for tests only: nothing that is shipped imports it.
package powercut

// #include <stdint.h>
// int powercutInstall(void);
import "C"

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"unsafe"

	_ "github.com/mattn/go-sqlite3"
)

// Kind is a step that changes a file.
type Kind byte

// The kinds of step.
const (
	Create Kind = iota // a file appeared, empty
	Write
	Truncate
	Sync
	FailedSync // the disk didn't take it, and the pages are taken for clean all the same
	Delete
	Replace // a file got new content by way of a synced one and rename
	Mark    // nothing happened to a file; for the test to find again
)

// String names the kind.
func (k Kind) String() string {
	return [...]string{"create", "write", "truncate", "sync", "failed sync", "delete", "replace", "mark"}[k]
}

// Step is one of them.
type Step struct {
	Kind    Kind
	File    string // its base name
	At      int64  // where it was written, the new size, or 1 for a durable Delete
	Data    []byte
	Durable bool // of Replace: the rename is on the disk
}

// The codes of https://www.sqlite.org/rescode.html that a Disk answers with.
const (
	Full          = 13
	IOErrWrite    = 10 | 3<<8
	IOErrFsync    = 10 | 4<<8
	IOErrTruncate = 10 | 6<<8
)

// Disk watches a folder.
type Disk struct {
	dir string

	mu    sync.Mutex
	steps []Step
	fail  func(n int, s Step) int // guarded by mu; see Fail
	seen  int
}

var (
	install sync.Once
	mu      sync.Mutex
	disks   = map[string]*Disk{}
	open    = map[C.int]place{}
	nextID  C.int
)

type place struct {
	disk *Disk
	name string
}

// Watch notes what happens in dir, until Release. It must come before the
// first database there is opened.
func Watch(dir string) *Disk {
	install.Do(func() {
		if C.powercutInstall() != 0 {
			panic("powercut: SQLite is not in this program")
		}
	})
	d := &Disk{dir: dir}
	mu.Lock()
	defer mu.Unlock()
	disks[dir] = d
	return d
}

// Release ends the watch. Files that are still open are written as before, but
// no more synced.
func (d *Disk) Release() {
	mu.Lock()
	defer mu.Unlock()
	if disks[d.dir] == d {
		delete(disks, d.dir)
	}
	for id, p := range open {
		if p.disk == d {
			delete(open, id)
		}
	}
}

// Steps returns the notes so far. They are not changed afterwards.
func (d *Disk) Steps() []Step {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.steps[:len(d.steps):len(d.steps)]
}

// Len says how many they are.
func (d *Disk) Len() int { return len(d.Steps()) }

// Mark notes that the test came by.
func (d *Disk) Mark() { d.note(Step{Kind: Mark}) }

// Fail makes f decide about every step from now on, the first being number 1:
// anything but 0 is the code that SQLite gets instead of the step. nil ends it.
// It returns how many steps the former f was asked about.
func (d *Disk) Fail(f func(n int, s Step) int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	seen := d.seen
	d.fail, d.seen = f, 0
	return seen
}

func (d *Disk) note(s Step) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	rc := 0
	if d.fail != nil && s.Kind != Mark {
		d.seen++
		rc = d.fail(d.seen, s)
	}
	switch {
	case rc == 0:
		d.steps = append(d.steps, s)
	case s.Kind == Sync:
		s.Kind = FailedSync
		d.steps = append(d.steps, s)
	}
	return rc
}

// Replace is what sqlite's own files.Replace does on this disk.
func (d *Disk) Replace(path string, data []byte) error {
	d.note(Step{Kind: Replace, File: filepath.Base(path), Data: data})
	err := os.WriteFile(path, data, 0o640)
	d.note(Step{Kind: Replace, File: filepath.Base(path), Data: data, Durable: true})
	return err
}

// Rewrite is what sqlite's own files.Rewrite does on this disk.
func (d *Disk) Rewrite(path string) error {
	data, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, s := range []Step{{Kind: Write, File: filepath.Base(path), Data: data}, {Kind: Sync, File: filepath.Base(path)}} {
		if rc := d.note(s); rc != 0 {
			return syscall.EIO
		}
	}
	return nil
}

func watched(path string) place {
	mu.Lock()
	defer mu.Unlock()
	return place{disks[filepath.Dir(path)], filepath.Base(path)}
}

const create = 0x4 // SQLITE_OPEN_CREATE

//export powercutOpen
func powercutOpen(name *C.char, flags C.int, id *C.int) C.int {
	path := C.GoString(name)
	p := watched(path)
	if p.disk == nil {
		return 0
	}
	if _, err := os.Stat(path); err != nil && flags&create != 0 {
		if rc := p.disk.note(Step{Kind: Create, File: p.name}); rc != 0 {
			return C.int(rc)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	nextID++
	open[nextID] = p
	*id = nextID
	return 0
}

func at(id C.int) place {
	mu.Lock()
	defer mu.Unlock()
	return open[id]
}

//export powercutWrite
func powercutWrite(id C.int, from unsafe.Pointer, n C.int, offset C.int64_t) C.int {
	p := at(id)
	if p.disk == nil {
		return 0
	}
	return C.int(p.disk.note(Step{Kind: Write, File: p.name, At: int64(offset), Data: C.GoBytes(from, n)}))
}

//export powercutTruncate
func powercutTruncate(id C.int, size C.int64_t) C.int {
	p := at(id)
	if p.disk == nil {
		return 0
	}
	return C.int(p.disk.note(Step{Kind: Truncate, File: p.name, At: int64(size)}))
}

//export powercutSync
func powercutSync(id C.int) C.int {
	p := at(id)
	if p.disk == nil {
		return 0
	}
	return C.int(p.disk.note(Step{Kind: Sync, File: p.name}))
}

//export powercutDelete
func powercutDelete(name *C.char, durable C.int) C.int {
	path := C.GoString(name)
	p := watched(path)
	if p.disk == nil || strings.HasSuffix(path, "-shm") {
		return 0
	}
	return C.int(p.disk.note(Step{Kind: Delete, File: p.name, At: int64(durable)}))
}
