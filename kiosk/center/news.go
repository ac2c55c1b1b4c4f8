package center

import (
	"context"
	"sync"

	"hallkiosk/kiosk"
)

// News hands the newest version of a hall to everybody within this process
// who watches it. Stores build their Watch on it. The zero value is ready;
// safe for use from several goroutines.
type News struct {
	mu       sync.Mutex
	watchers map[kiosk.HallID]map[*watcher]bool
	closed   bool
}

// watcher is one that watches. Only Tell sends to it, under the News' lock, so
// its one place is free once it was emptied.
type watcher struct {
	versions chan int64 // holds one
	last     int64      // the newest that was sent
}

// Watch is the Watch of every Store: now asks the database for the hall's
// version, within a time of its own, and Tell brings the later ones.
func (n *News) Watch(ctx context.Context, hall kiosk.HallID, now func(context.Context) (int64, error)) (<-chan int64, error) {
	w := &watcher{versions: make(chan int64, 1), last: -1}
	n.mu.Lock()
	if n.closed {
		n.mu.Unlock()
		close(w.versions)
		return w.versions, nil
	}
	if n.watchers == nil {
		n.watchers = map[kiosk.HallID]map[*watcher]bool{}
	}
	if n.watchers[hall] == nil {
		n.watchers[hall] = map[*watcher]bool{}
	}
	n.watchers[hall][w] = true
	n.mu.Unlock()

	// Only now, so that no change falls between the question and the news.
	asking, cancel := context.WithTimeout(ctx, turnBudget) // ctx lasts as long as somebody watches
	version, err := now(asking)
	cancel()
	if err != nil {
		n.drop(hall, w)
		return nil, err
	}
	n.Tell(hall, version)
	context.AfterFunc(ctx, func() { n.drop(hall, w) })
	return w.versions, nil
}

// drop ends one watcher, if it hasn't ended.
func (n *News) drop(hall kiosk.HallID, w *watcher) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.watchers[hall][w] {
		return
	}
	close(w.versions)
	delete(n.watchers[hall], w)
	if len(n.watchers[hall]) == 0 {
		delete(n.watchers, hall)
	}
}

// Tell says that hall has come to version. It never waits: who hasn't read the
// version before gets this one instead. Versions older than one told are
// ignored.
func (n *News) Tell(hall kiosk.HallID, version int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for w := range n.watchers[hall] {
		if version <= w.last {
			continue
		}
		w.last = version
		select {
		case <-w.versions:
		default:
		}
		w.versions <- version
	}
}

// Halls returns the halls that are watched, in any order.
func (n *News) Halls() []kiosk.HallID {
	n.mu.Lock()
	defer n.mu.Unlock()
	halls := make([]kiosk.HallID, 0, len(n.watchers))
	for hall := range n.watchers {
		halls = append(halls, hall)
	}
	return halls
}

// Close ends every watcher's channel, and those of later ones at once.
func (n *News) Close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
	for _, all := range n.watchers {
		for w := range all {
			close(w.versions)
		}
	}
	n.watchers = nil
}
