package desk

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hallkiosk/kiosk"
)

const (
	// stale is how long a person is taken to wait for paper: after a restart,
	// or for a printer that is mended. Later the next one would take it.
	stale = time.Minute

	// kept is how many tickets' attempts are remembered for Await.
	kept = 256
)

// hopeful is a ticket whose paper failed while its holder still stands there.
type hopeful struct {
	id    kiosk.TicketID
	until time.Time
}

// Run prints until ctx is done. It may run once.
func (d *Desk) Run(ctx context.Context) {
	look := time.NewTicker(d.o.Look)
	defer look.Stop()
	for {
		job, ok := d.next()
		if !ok {
			select {
			case <-d.more:
			case <-look.C:
				d.retry(ctx)
			case <-ctx.Done():
				return
			}
			continue
		}
		if ctx.Err() != nil {
			return // the attempt stays queued and is resumed
		}
		d.print(ctx, job)
	}
}

// retry prints again what failed within the last minute, as soon as the printer
// is well.
func (d *Desk) retry(ctx context.Context) {
	now := d.o.Clock.Now()
	d.mu.Lock()
	d.hope = slices.DeleteFunc(d.hope, func(h hopeful) bool { return now.After(h.until) })
	waiting := slices.Clone(d.hope)
	d.mu.Unlock()
	if len(waiting) == 0 {
		return
	}
	if f := d.o.Printer.Fault(ctx); f != kiosk.FaultNone && f != kiosk.FaultNearEnd {
		return
	}
	for _, h := range waiting {
		if job, err := d.o.Store.Again(ctx, kiosk.Further{Ticket: h.id}); err == nil { // else it is tried again, until its time is over
			d.Leave(h.id)
			d.enqueue(job)
		}
	}
}

// Leave says that a ticket's holder has gone: paper that failed is not printed
// again for the next person to find.
func (d *Desk) Leave(id kiosk.TicketID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.here, id)
	d.hope = slices.DeleteFunc(d.hope, func(h hopeful) bool { return h.id == id })
}

// Again prints a ticket once more, on its own paper if the kind is empty.
// Errors: ENotFound, EConflict while it is being printed, EUnavailable without a
// printer.
func (d *Desk) Again(ctx context.Context, id kiosk.TicketID, paper kiosk.PaperKind) (kiosk.PrintJob, error) {
	return d.again(ctx, kiosk.Further{Ticket: id, Paper: paper})
}

func (d *Desk) again(ctx context.Context, f kiosk.Further) (kiosk.PrintJob, error) {
	if d.o.Printer == nil {
		return kiosk.PrintJob{}, &kiosk.Error{Code: kiosk.EUnavailable, Op: "print again", Message: "这台机器没有打印机。", Hint: "[printer] port is empty in the config"}
	}
	t, _, err := d.o.Store.Ticket(ctx, f.Ticket)
	if err != nil {
		return kiosk.PrintJob{}, err
	}
	if f.Paper == kiosk.PaperPlan && t.Theme == "" || f.Paper == kiosk.PaperPromise && len(t.Promise.Papers) == 0 {
		return kiosk.PrintJob{}, &kiosk.Error{Code: kiosk.EInvalid, Op: "print again", Message: "这张号没有主题或承诺，印不了这种小票。", Hint: fmt.Sprintf("ticket %s has no %s to print", t.Number, f.Paper)}
	}
	job, err := d.o.Store.Again(ctx, f)
	if err == nil {
		d.Leave(f.Ticket) // whoever asks by hand gets exactly this paper
		d.enqueue(job)
	}
	return job, err
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
			d.mark(ctx, &job, kiosk.NotPrinted, kiosk.FaultRestart)
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
	if ctx.Err() != nil && job.State == kiosk.PrintQueued {
		return // nothing was begun: the attempt stays queued and is resumed
	}
	d.mu.Lock()
	if state != kiosk.Printed && job.Attempt == 1 && d.here[job.Ticket.ID] { // noted before it is told, for Leave may follow at once
		d.hope = append(d.hope, hopeful{job.Ticket.ID, d.o.Clock.Now().Add(stale)})
	}
	d.mu.Unlock()
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
