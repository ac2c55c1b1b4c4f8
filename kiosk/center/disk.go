package center

import (
	"context"
	"errors"
	"sync"
	"time"

	"hallkiosk/kiosk"
)

// tryEvery is how long a disk that refuses is left alone before it is tried
// again: short for an operator who has just made room, long for a disk.
const tryEvery = 5 * time.Second

// Disk is what the disk under a Store refused last, until it takes a write again:
// from the first refusal on it tries by itself. Stores build their Trouble on it.
// Make it with NewDisk; safe for use from several goroutines.
type Disk struct {
	every time.Duration
	try   func(context.Context) error
	life  context.Context
	end   context.CancelFunc
	work  sync.WaitGroup // the one that tries

	mu       sync.Mutex
	refused  *kiosk.Error // nil when all is well
	since    time.Time
	refusals int // so far
}

// NewDisk makes a Disk. try writes something that tells nothing, and returns nil
// when there is room for more, too; it is called every so often while there is
// trouble, 0 for every five seconds, never twice at a time.
func NewDisk(every time.Duration, try func(context.Context) error) *Disk {
	if every == 0 {
		every = tryEvery
	}
	d := &Disk{every: every, try: try}
	d.life, d.end = context.WithCancel(context.Background())
	return d
}

// Note notes an error of the database, whatever it is: those with EDisk are
// trouble.
func (d *Disk) Note(err error) {
	var e *kiosk.Error
	if !errors.As(err, &e) || e.Code != kiosk.EDisk {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.life.Err() != nil {
		return
	}
	if d.refused == nil {
		d.since = time.Now()
		d.work.Go(d.tend)
	}
	d.refused = e
	d.refusals++
}

// Trouble is the Trouble of every Store.
func (d *Disk) Trouble() (since time.Time, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.refused == nil {
		return time.Time{}, nil
	}
	return d.since, d.refused
}

// Close waits for a try under way; what comes later isn't noted.
func (d *Disk) Close() {
	d.mu.Lock()
	d.end()
	d.mu.Unlock()
	d.work.Wait()
}

// tend tries the disk until all is well.
func (d *Disk) tend() {
	look := time.NewTicker(d.every)
	defer look.Stop()
	for {
		select {
		case <-d.life.Done():
			return
		case <-look.C:
		}
		d.mu.Lock()
		before := d.refusals
		d.mu.Unlock()
		ctx, cancel := context.WithTimeout(d.life, turnBudget)
		err := d.try(ctx)
		cancel()
		d.Note(err)
		if err == nil && d.well(before) {
			return
		}
	}
}

// well ends the trouble, unless there was more since so many refusals.
func (d *Disk) well(before int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.refusals != before {
		return false
	}
	d.refused = nil
	return true
}
