package center

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/calling"
)

// HallNow is what a Store reads of a hall and day at one moment, or of some of
// its queues.
type HallNow struct {
	Waiting []CallRow // or parked; in any order
	Rows    []LineRow
	Windows []Window  // by id
	Busy    []CallRow // at the windows; they may be of another day
}

// Line puts together how one queue stands.
func (h HallNow) Line(queue kiosk.QueueID) (l Line, err error) {
	l.Queue = queue
	measured := ""
	for _, r := range h.Rows {
		if r.Queue == queue {
			l.Balance, measured = r.Balance, r.Measured
		}
	}
	if l.Measured, err = ReadMeasured(measured); err != nil {
		return l, err
	}
	for _, t := range h.Waiting {
		if t.Queue == queue {
			l.Tickets = append(l.Tickets, t.Ticket)
		}
	}
	slices.SortFunc(l.Tickets, func(a, b calling.Ticket) int {
		return cmp.Or(cmp.Compare(a.Taken.Wall, b.Taken.Wall), cmp.Compare(a.Taken.Count, b.Taken.Count), cmp.Compare(a.ID, b.ID))
	})
	for _, w := range h.Now() {
		if slices.Contains(w.Queues, queue) {
			l.Windows = append(l.Windows, w.Window.Window)
			if w.Ticket != nil {
				l.Tickets = append(l.Tickets, *w.Ticket)
			}
		}
	}
	return l, nil
}

// Lines puts together how each queue stands that a window serves, by queue.
func (h HallNow) Lines() ([]Line, error) {
	of := map[kiosk.QueueID][]CallRow{}
	for _, t := range h.Waiting {
		of[t.Queue] = append(of[t.Queue], t)
	}
	served := map[kiosk.QueueID]bool{}
	for _, w := range h.Windows {
		for _, q := range w.Queues {
			served[q] = true
		}
	}
	var all []Line
	for _, q := range slices.Sorted(maps.Keys(served)) {
		h.Waiting = of[q]
		l, err := h.Line(q)
		if err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	return all, nil
}

// Now returns the windows with what each has.
func (h HallNow) Now() []WindowNow {
	var all []WindowNow
	for _, w := range h.Windows {
		now := WindowNow{Window: w}
		for i := range h.Busy {
			if h.Busy[i].Window == w.ID {
				now.Ticket = &h.Busy[i].Ticket
			}
		}
		all = append(all, now)
	}
	return all
}

// Millis is how Stores keep times, in Unix milliseconds; 0 is never.
func Millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// AtMillis is the time that Millis kept.
func AtMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}
