package desk

import (
	"context"

	"hallkiosk/kiosk"
)

// share asks the center for a number of the shared series. Whatever the answer,
// if it doesn't come within the budget, the own series serves.
func (d *Desk) share(ctx context.Context, w kiosk.Wish) kiosk.Wish {
	w.Ahead = -1
	if l, known := d.hallWide(line{w.Day, w.Queue}); known {
		w.Ahead = l.Waiting
		if l.Estimate != nil {
			w.Wait = *l.Estimate
		}
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
