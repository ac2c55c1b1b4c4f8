package powercut

import (
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Landed says how much of what wasn't synced is on the disk after a cut.
type Landed int

// The ways of a disk.
const (
	Nothing Landed = iota // only what was synced: the write cache is lost
	All                   // everything, as after a kill
	Torn                  // of every sector some version, or half of one and half of another
)

// Image is what a disk holds after so many steps, played one after the other.
type Image struct {
	files map[string]*content
}

// content is one file: what is certainly on the disk, and what came after.
type content struct {
	exists, sure bool // it exists now; its entry in the folder is as durable
	was          bool // it existed when the entry last was durable
	data         []byte
	pending      []Step
}

// NewImage returns the image of an empty folder.
func NewImage() *Image { return &Image{files: map[string]*content{}} }

// Load takes over the files of a folder, as durable.
func (m *Image) Load(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return err
		}
		m.files[e.Name()] = &content{exists: true, sure: true, was: true, data: data}
	}
	return nil
}

// Play goes one step on.
func (m *Image) Play(s Step) {
	if s.Kind == Mark {
		return
	}
	f := m.files[s.File]
	if f == nil {
		f = &content{}
		m.files[s.File] = f
	}
	switch s.Kind {
	case Create:
		*f = content{exists: true, was: f.was}
	case Write, Truncate:
		f.exists = true
		f.pending = append(f.pending, s)
	case Sync:
		for _, p := range f.pending {
			f.data = apply(f.data, p)
		}
		f.pending = nil
		if !f.sure && (strings.HasSuffix(s.File, "-wal") || strings.HasSuffix(s.File, "-journal")) {
			m.syncDir() // SQLite does, with the first sync of a new journal
		}
	case FailedSync:
		f.pending = nil // they read back well and are lost; see Fsync_Errors in PostgreSQL's wiki
	case Delete:
		sure := s.At != 0
		*f = content{sure: sure, was: f.was && !sure, data: f.data}
	case Replace:
		if s.Durable {
			*f = content{exists: true, data: s.Data}
			m.syncDir()
		} else {
			f.pending = append(f.pending, s)
		}
	}
}

func (m *Image) syncDir() {
	for _, f := range m.files {
		f.sure, f.was = true, f.exists
	}
}

// apply changes data, which it may keep the memory of.
func apply(data []byte, s Step) []byte {
	switch s.Kind {
	case Truncate:
		return resize(data, int(s.At))
	case Write:
		data = resize(data, max(len(data), int(s.At)+len(s.Data)))
		copy(data[s.At:], s.Data)
	case Replace:
		return slices.Clone(s.Data)
	}
	return data
}

func resize(data []byte, size int) []byte {
	if size <= len(data) {
		return data[:size]
	}
	return append(data, make([]byte, size-len(data))...)
}

// Cut writes what the disk holds after the power was cut here into dir. sector
// is the size of what the disk writes at once; r chooses among what may have
// happened.
func (m *Image) Cut(dir string, how Landed, sector int, r *rand.Rand) error {
	names := make([]string, 0, len(m.files))
	for name := range m.files {
		names = append(names, name)
	}
	slices.Sort(names) // or r would choose differently every time
	for _, name := range names {
		f := m.files[name]
		there := f.exists
		if !f.sure && (how == Nothing || how == Torn && r.Intn(2) == 0) {
			there = f.was
		}
		if !there {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), f.after(how, sector, r), 0o640); err != nil {
			return err
		}
	}
	if how == Torn && r.Intn(2) == 0 { // the shared memory is a file too
		noise := make([]byte, 32<<10)
		r.Read(noise)
		return os.WriteFile(filepath.Join(dir, "kiosk.db-shm"), noise, 0o640)
	}
	return nil
}

// after returns the file's content after a cut.
func (f *content) after(how Landed, sector int, r *rand.Rand) []byte {
	if how == Nothing || len(f.pending) == 0 {
		return f.data
	}
	if how == All {
		data := slices.Clone(f.data)
		for _, p := range f.pending {
			data = apply(data, p)
		}
		return data
	}
	// The size is that of any moment; each sector is of a moment of its own.
	sizes := []int{len(f.data)}
	touch := map[int][]Step{}
	for _, p := range f.pending {
		size := sizes[len(sizes)-1]
		switch p.Kind {
		case Replace: // whole or not at all
			if r.Intn(2) == 0 {
				return p.Data
			}
			return f.data
		case Truncate:
			size = int(p.At)
		case Write:
			size = max(size, int(p.At)+len(p.Data))
			for n := int(p.At) / sector; n*sector < int(p.At)+len(p.Data); n++ {
				touch[n] = append(touch[n], p)
			}
		}
		sizes = append(sizes, size)
	}
	out := resize(slices.Clone(f.data), sizes[r.Intn(len(sizes))])
	for n := 0; n*sector < len(out); n++ {
		writes := touch[n]
		if len(writes) == 0 {
			continue
		}
		at, end := n*sector, min((n+1)*sector, len(out))
		part := out[at:end]
		one := moment(part, at, writes[:r.Intn(len(writes)+1)])
		if r.Intn(4) == 0 { // half of one and half of another
			tear := r.Intn(len(part))
			copy(one[tear:], moment(part, at, writes[:r.Intn(len(writes)+1)])[tear:])
		}
		copy(part, one)
	}
	return out
}

// moment returns the sector that begins at a place after some writes.
func moment(sector []byte, begin int, writes []Step) []byte {
	out := slices.Clone(sector)
	for _, w := range writes {
		if at := int(w.At) - begin; at >= 0 {
			if at < len(out) {
				copy(out[at:], w.Data)
			}
		} else if -at < len(w.Data) {
			copy(out, w.Data[-at:])
		}
	}
	return out
}
