package desk

import (
	"context"

	"hallkiosk/kiosk"
)

// line is one queue of one business day.
type line struct {
	day   kiosk.Day
	queue kiosk.QueueID
}

// News tells how the whole hall stands; nil says that the line to the center was
// lost. Then what was known last goes on counting by this kiosk's own tickets.
func (d *Desk) News(n *kiosk.News) {
	if n == nil {
		return
	}
	length := make(map[line]int, len(n.Lengths))
	for _, l := range n.Lengths {
		length[line{l.Day, l.Queue}] = l.Waiting
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.length = length
}

// hallWide returns how many wait in a queue of the whole hall, if the center has
// told.
func (d *Desk) hallWide(l line) (int, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.length[l], d.length != nil
}

// joined counts a ticket of this kiosk until the center's next news has it.
func (d *Desk) joined(l line) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.length != nil {
		d.length[l]++
	}
}

// share asks the center for a number of the shared series. Whatever the answer,
// if it doesn't come within the budget, the own series serves.
func (d *Desk) share(ctx context.Context, w kiosk.Wish) kiosk.Wish {
	w.Ahead = -1
	if n, known := d.hallWide(line{w.Day, w.Queue}); known {
		w.Ahead = n
	}
	if d.o.Numbers == nil || d.o.Budget <= 0 {
		return w
	}
	if _, err := d.o.Store.Request(ctx, w.ID); err == nil {
		return w // it has its number: none is wasted
	}
	ctx, cancel := context.WithTimeout(ctx, d.o.Budget)
	defer cancel()
	if n, err := d.o.Numbers.Next(ctx, w.ID, w.Day, w.Queue); err == nil {
		w.Shared = n.N
	}
	return w
}
