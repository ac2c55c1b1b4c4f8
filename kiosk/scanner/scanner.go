// Package scanner drives QR scanners on a serial line: what is held before one
// comes out as text, whatever way the scanner ends and encodes it.
//
// It knows nothing of what a code means. A code may be personal (a health code,
// an ID number, a booking), so nothing here logs one, keeps one longer than it
// takes to hand it on, or puts one into an error.
package scanner

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"maps"
	"os"
	"sync"
	"time"

	"periph.io/x/conn/v3"
)

// Family says which trigger commands a scanner takes.
type Family string

// The families. A scanner that looks all the time, or when something moves,
// needs no commands.
const (
	None      Family = ""
	GM65      Family = "gm65"      // Grow GM65 and GM861, in command mode
	Honeywell Family = "honeywell" // Honeywell engines, in manual trigger mode
)

// commands are what makes a scanner look and stop looking.
//
// GM65 User Manual (Hangzhou Grow): command trigger mode, a write of 1 to zone
// bit 0002 with the placeholder AB CD for its checksum; the stop, a write of 0,
// is as public implementations send it. Honeywell N86 User Manual, "Trigger Commands": SYN T
// CR and SYN U CR.
var commands = map[Family]struct{ on, off []byte }{
	GM65: {
		on:  []byte{0x7E, 0x00, 0x08, 0x01, 0x00, 0x02, 0x01, 0xAB, 0xCD},
		off: []byte{0x7E, 0x00, 0x08, 0x01, 0x00, 0x02, 0x00, 0xAB, 0xCD},
	},
	Honeywell: {on: []byte{0x16, 0x54, 0x0D}, off: []byte{0x16, 0x55, 0x0D}},
}

// Opts are what a Dev needs besides its line. DefaultOpts fills all that must
// be there.
type Opts struct {
	Family Family
	Gap    time.Duration // silence that ends a code; in effect whole timeouts of the line
	Again  time.Duration // for so long after a code was found, the same one is ignored
	Retry  time.Duration // the pause before a line that is gone is tried again

	// Refused, if not nil, is told why something that was scanned is no code:
	// ErrLong, ErrControl or ErrEncoding. Called by Run.
	Refused func(why error)

	Now   func() time.Time
	After func(d time.Duration) <-chan time.Time // as time.After
}

// DefaultOpts are those of a scanner that needs no commands: 100 ms of silence
// end a code, the same code is ignored for 2 s, and a line that is gone is
// tried again every 500 ms.
func DefaultOpts() Opts {
	return Opts{Gap: 100 * time.Millisecond, Again: 2 * time.Second, Retry: 500 * time.Millisecond, Now: time.Now, After: time.After}
}

// Dev is a scanner on a line. Start Run once; the other methods may be called
// from any goroutine.
type Dev struct {
	c conn.Conn
	o Opts

	mu  sync.Mutex
	err error
}

// New returns a scanner on c, which it doesn't touch yet. c's Tx(nil, r) must
// give up after about 100 ms with os.ErrDeadlineExceeded; any other error of it
// means that the line is gone.
func New(c conn.Conn, o Opts) *Dev { return &Dev{c: c, o: o} }

// String names the line.
func (d *Dev) String() string { return d.c.String() }

// Err returns why the line is gone, or nil while it is there, as Run found it
// last.
func (d *Dev) Err() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}

// Trigger makes the scanner look for a code, or stop looking. A scanner stops
// by itself once it has read one, and after its own read time-out (as shipped,
// 5 s with the GM65): it looks on only if it is told again. Does nothing
// for a Family without commands. It may wait one timeout of the line, while Run
// reads. The error is the line's.
func (d *Dev) Trigger(on bool) error {
	w := commands[d.o.Family].off
	if on {
		w = commands[d.o.Family].on
	}
	if len(w) == 0 {
		return nil
	}
	if err := d.c.Tx(w, nil); err != nil {
		return fmt.Errorf("trigger scanner: %w", err)
	}
	return nil
}

// Run reads the scanner until ctx ends, and then returns within one timeout of
// the line. It calls found with every code: 1 to MaxCode bytes from the
// scanner, as text without control characters. While found runs nothing is
// read. A line that hangs up is tried again for ever; the part of a code that
// came before is forgotten.
func (d *Dev) Run(ctx context.Context, found func(code string)) {
	var (
		cut  cutter
		last time.Time // when the newest byte came
		b    [1]byte
	)
	seen := recent{within: d.o.Again, now: d.o.Now, seed: maphash.MakeSeed(), at: map[uint64]time.Time{}}
	for ctx.Err() == nil {
		var code string
		var why error
		switch err := d.line(b[:]); {
		case err == nil:
			last = d.o.Now()
			code, why = cut.take(b[0])
		case !errors.Is(err, os.ErrDeadlineExceeded):
			cut = cutter{}
			select {
			case <-ctx.Done():
			case <-d.o.After(d.o.Retry):
			}
		case d.o.Now().Sub(last) >= d.o.Gap:
			code, why = cut.silence()
		}
		switch {
		case why != nil && d.o.Refused != nil:
			d.o.Refused(why)
		case code != "" && !seen.again(code):
			found(code)
		}
	}
}

// line reads from the line and notes whether it is there.
func (d *Dev) line(b []byte) error {
	err := d.c.Tx(nil, b)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err = err; errors.Is(err, os.ErrDeadlineExceeded) {
		d.err = nil
	}
	return err
}

// recent remembers the codes found a moment ago, by their hashes only.
type recent struct {
	within time.Duration
	now    func() time.Time
	seed   maphash.Seed
	at     map[uint64]time.Time
}

// again says whether code was found a moment ago; if not, it is now.
func (r *recent) again(code string) bool {
	now := r.now()
	maps.DeleteFunc(r.at, func(_ uint64, at time.Time) bool {
		age := now.Sub(at)
		return age < 0 || age >= r.within
	})
	sum := maphash.String(r.seed, code)
	if _, ok := r.at[sum]; ok {
		return true
	}
	r.at[sum] = now
	return false
}
