package printer

import (
	"context"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/printer/escpos"
)

// Presenter is how a kiosk printer hands a paper out after the cut.
type Presenter string

// The presenters. Without one the paper falls out or hangs by the cut's rest.
const (
	NoPresenter Presenter = ""
	// Custom holds the paper out with GS e 3, tells with GS e 6 whether it is
	// still there, draws it in with GS e 2 and lets go with GS e 5 (Custom,
	// "Ejector commands").
	Custom Presenter = "custom"
	// Citizen draws a paper in with GS R 0; bit 6 of DLE EOT 4 tells whether it is
	// still there (Citizen, "PPU-700 Command Reference").
	Citizen Presenter = "citizen"
)

// heldOut is how far a paper is pushed out, in the ejector's steps. Models
// differ in what a step is; the paper's end stays in the rollers with all.
const heldOut = 8

// outside is the bit of the ejector's status for a paper at the output.
const outside = 0x08

// realTime reads the answer to DLE EOT n, which tells more on a printer with
// Citizen's presenter.
func (d *Dev) realTime(n int, b byte) escpos.Fault {
	if n == 4 && d.o.Profile.Eject == Citizen {
		d.waits = b&0x40 != 0
		b &^= 0x40
	}
	return escpos.RealTimeFault(n, b)
}

// presented is a paper that is held out.
type presented struct {
	job   kiosk.PrintJob
	since time.Time
	until time.Time
}

// present returns what follows the cut.
func (p Profile) present() []byte {
	switch {
	case p.Eject == Custom && p.Retract > 0:
		return []byte{0x1D, 'e', 3, heldOut}
	case p.Eject == Custom:
		return []byte{0x1D, 'e', 5}
	}
	return nil
}

// present notes a paper that is held out now. The caller holds d.busy.
func (d *Dev) present(job kiosk.PrintJob) {
	if d.o.Profile.Eject == NoPresenter || d.o.Profile.Retract == 0 {
		return
	}
	now := d.o.Now()
	d.shown = &presented{job, now, now.Add(d.o.Profile.Retract)}
	select {
	case d.held <- struct{}{}:
	default:
	}
}

// Tend draws in papers that nobody takes, until ctx is done. It may run beside
// everything else, once. Without a presenter it only waits.
func (d *Dev) Tend(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.held:
		}
		d.busy.Lock()
		wait := time.Duration(0)
		if d.shown != nil {
			wait = d.shown.until.Sub(d.o.Now())
		}
		d.busy.Unlock()
		due := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			due.Stop()
			return
		case <-due.C:
		}
		d.busy.Lock()
		if d.shown != nil && !d.o.Now().Before(d.shown.until) {
			if timeout(d.drawIn()) { // any other error the next job finds out
				d.late = true
			}
		} else if d.shown != nil { // another ticket came meanwhile
			select {
			case d.held <- struct{}{}:
			default:
			}
		}
		d.busy.Unlock()
	}
}

// inHand is how long after it came out a paper is left alone: the citizen may be
// about to take it. The next one then pushes it out.
const inHand = 5 * time.Second

// tidy makes room for the next paper. Only a line that is gone is an error; what
// an old paper does never stands in the way of a new one. The caller holds d.busy.
func (d *Dev) tidy() error {
	if d.shown != nil && d.o.Now().Sub(d.shown.since) < inHand {
		d.shown = nil
	}
	err := d.drawIn()
	if timeout(err) {
		d.late = true // the answer may still come
		return nil
	}
	return err
}

// drawIn takes back the paper that is held out, unless it was taken. The caller
// holds d.busy.
func (d *Dev) drawIn() error {
	shown := d.shown
	if shown == nil {
		return nil
	}
	d.shown = nil
	if d.half || d.late || d.owed > 0 {
		return nil // an answer couldn't be told from others: the next paper pushes this one out
	}
	there, err := d.atOutput()
	if err != nil || !there {
		return err
	}
	in := []byte{0x1D, 'e', 2}
	if d.o.Profile.Eject == Citizen {
		in = []byte{0x1D, 'R', '0'}
	}
	if err := d.c.Tx(in, nil); err != nil {
		return err
	}
	if d.o.Untaken != nil {
		d.o.Untaken(shown.job)
	}
	return nil
}

// atOutput asks whether a paper is held out. The answer has the form of a
// barrier's, or of a real-time one's while a motor runs, so nothing else may be
// owed.
func (d *Dev) atOutput() (bool, error) {
	if d.o.Profile.Eject == Citizen {
		_, err := d.poll()
		return d.waits, err
	}
	if err := d.c.Tx([]byte{0x1D, 'e', 6}, nil); err != nil {
		return false, err
	}
	until := d.o.Now().Add(answer)
	for {
		r, err := d.reply(until)
		if err != nil {
			return false, err
		}
		if r.Kind == escpos.Queued || r.Kind == escpos.RealTime {
			return r.Data[0]&outside != 0, nil
		}
	}
}
