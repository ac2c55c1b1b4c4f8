package desk

import (
	"context"
	"time"

	"hallkiosk/kiosk"
)

const (
	// stale is how old a ticket may be for its first paper to be printed after
	// a restart: later the person has gone, and the next one would take it.
	stale = time.Minute

	// kept is how many tickets' attempts are remembered for Await.
	kept = 256
)

// Run prints until ctx is done. It may run once.
func (d *Desk) Run(ctx context.Context) {
	for {
		job, ok := d.next()
		if !ok {
			select {
			case <-d.more:
				continue
			case <-ctx.Done():
				return
			}
		}
		if ctx.Err() != nil {
			return // the attempt stays queued and is resumed
		}
		d.print(ctx, job)
	}
}

// resume ends what can't be known any more and prints what is still wanted.
func (d *Desk) resume(ctx context.Context) error {
	jobs, err := d.o.Store.Unfinished(ctx)
	if err != nil {
		return err
	}
	for _, job := range jobs {
		switch {
		case job.State != kiosk.PrintQueued:
			d.mark(ctx, &job, kiosk.PrintUnknown, kiosk.FaultNone)
		case d.o.Printer == nil:
			d.mark(ctx, &job, kiosk.NotPrinted, kiosk.FaultUnfitted)
		case d.o.Clock.Now().Sub(job.Ticket.Taken.Time()) > stale:
			d.mark(ctx, &job, kiosk.NotPrinted, kiosk.FaultGone)
		default:
			d.enqueue(job)
		}
	}
	return nil
}

func (d *Desk) enqueue(job kiosk.PrintJob) {
	d.mu.Lock()
	d.queue = append(d.queue, job)
	d.mu.Unlock()
	d.tell(job)
	select {
	case d.more <- struct{}{}:
	default:
	}
}

func (d *Desk) next() (kiosk.PrintJob, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.queue) == 0 {
		return kiosk.PrintJob{}, false
	}
	job := d.queue[0]
	d.queue = d.queue[1:]
	return job, true
}

func (d *Desk) print(ctx context.Context, job kiosk.PrintJob) {
	state, cause := d.o.Printer.Print(ctx, job, func(s kiosk.PrintState) error {
		return d.mark(ctx, &job, s, kiosk.FaultNone)
	})
	d.mark(ctx, &job, state, cause)
}

// mark journals a step, then tells it. An end that the disk refuses is told
// all the same, for it is true; the journal then says less than is known, and
// the next start takes the attempt for unknown.
func (d *Desk) mark(ctx context.Context, job *kiosk.PrintJob, s kiosk.PrintState, cause kiosk.Fault) error {
	err := d.o.Store.Mark(context.WithoutCancel(ctx), kiosk.PrintMark{Ticket: job.Ticket.ID, Attempt: job.Attempt, State: s, Cause: cause, Stamp: d.o.Clock.Stamp()})
	if err != nil && !s.Ended() {
		return err
	}
	job.State, job.Cause = s, cause
	d.tell(*job)
	d.o.Wake()
	return err
}

// tell makes an attempt's state known to Await.
func (d *Desk) tell(job kiosk.PrintJob) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, known := d.jobs[job.Ticket.ID]; !known {
		d.order = append(d.order, job.Ticket.ID)
		if len(d.order) > kept {
			delete(d.jobs, d.order[0])
			d.order = d.order[1:]
		}
	}
	d.jobs[job.Ticket.ID] = job
	close(d.change)
	d.change = make(chan struct{})
}
