package printer

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"periph.io/x/conn/v3"

	"hallkiosk/kiosk"
	"hallkiosk/printer/escpos"
)

// Opts are what a Dev needs besides its line.
type Opts struct {
	Profile Profile
	Baud    int                           // the line's speed, for the deadline
	Render  func(job kiosk.PrintJob) Page // one paper
	Now     func() time.Time
	Unclean bool // a ticket may hang in the printer from before this process began

	// Untaken is told of a ticket that nobody took and that was drawn in; may be nil.
	Untaken func(job kiosk.PrintJob)
}

// DefaultOpts are those of a generic 80 mm printer at 9600 baud; Render must
// be set.
func DefaultOpts() Opts {
	return Opts{Profile: Profile{Width: 576, Scale: 8, Speed: 150, QR: true}, Baud: 9600, Now: time.Now}
}

// Dev is a ticket printer on a line. It implements kiosk.Printer.
type Dev struct {
	c conn.Conn
	o Opts

	busy  sync.Mutex // one conversation at a time
	sort  escpos.Sorter
	seen  escpos.Fault  // from automatic statuses, since the job began
	late  bool          // answers may still be on their way: wait for silence before asking again
	owed  int           // barriers sent and not answered: a printer without paper keeps them
	half  bool          // a command may have been broken off: end it before asking anything
	began time.Time     // when the page under way began to leave
	least time.Duration // it can't be done before
	most  time.Duration // the mechanics take so long, or a little longer
	long  int           // bytes that the command which was broken off may still wait for
	hang  bool          // part of a ticket may hang in the printer: cut it off first

	waits bool          // Citizen: a paper lies at the output
	shown *presented    // a ticket that is held out to its owner
	held  chan struct{} // has room for one: shown is new

	mu   sync.Mutex
	last kiosk.Fault
}

var _ kiosk.Printer = (*Dev)(nil)

// New returns a printer on c. c's Tx must give up waiting for a reply after
// about 100 ms with os.ErrDeadlineExceeded; any other error of it means that
// the line is gone.
func New(c conn.Conn, o Opts) *Dev {
	return &Dev{c: c, o: o, half: o.Unclean, hang: o.Unclean, long: longest, held: make(chan struct{}, 1)}
}

// longest is what a command of a life before this one may have waited for, in
// bytes: printers have a receive buffer of 4 to 8 KB.
const longest = 8192

// String names the line.
func (d *Dev) String() string { return d.c.String() }

const (
	answer  = 600 * time.Millisecond  // the longest a real-time answer may take
	grace   = 2500 * time.Millisecond // beyond line and mechanics, see the deadline of Print
	polling = 300 * time.Millisecond  // how often a printer that is late is asked why
)

// Fault asks the printer how it is; see kiosk.Printer.
func (d *Dev) Fault(context.Context) kiosk.Fault {
	if !d.busy.TryLock() {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.last
	}
	defer d.busy.Unlock()
	f, err := d.poll()
	return d.note(f, err)
}

// note remembers and returns the worst of what was seen, or what err says of
// the line.
func (d *Dev) note(f escpos.Fault, err error) kiosk.Fault {
	fault := worst(f)
	switch {
	case timeout(err):
		fault = kiosk.FaultSilent
	case err != nil:
		fault = kiosk.FaultGone
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last = fault
	return fault
}

// worst names the fault that a person has to mend first.
func worst(f escpos.Fault) kiosk.Fault {
	for _, v := range []struct {
		bit  escpos.Fault
		name kiosk.Fault
	}{
		{escpos.Fatal, kiosk.FaultFatal}, {escpos.Cover, kiosk.FaultCover}, {escpos.PaperOut, kiosk.FaultPaper}, {escpos.Cutter, kiosk.FaultCutter},
		{escpos.Jam, kiosk.FaultJam}, {escpos.Hot, kiosk.FaultHot}, {escpos.Offline, kiosk.FaultOffline}, {escpos.NearEnd, kiosk.FaultNearEnd},
	} {
		if f&v.bit != 0 {
			return v.name
		}
	}
	return kiosk.FaultNone
}

// Print runs one attempt; see kiosk.Printer. The deadline after the last byte
// is the time of the line, of the paper and 2.5 s.
func (d *Dev) Print(ctx context.Context, job kiosk.PrintJob, mark func(kiosk.PrintState) error) (kiosk.PrintState, kiosk.Fault) {
	d.busy.Lock()
	defer d.busy.Unlock()

	page := d.o.Render(job)
	body := append(page.Bytes, d.o.Profile.present()...)
	if f, err := d.ready(); err != nil || f.Serious() != 0 {
		return kiosk.NotPrinted, d.note(f, err)
	}
	if ctx.Err() != nil {
		return kiosk.NotPrinted, kiosk.FaultRestart
	}
	if mark(kiosk.PrintBegun) != nil {
		return kiosk.NotPrinted, kiosk.FaultJournal
	}
	id := jobID(job)
	wire := append(body[:len(body):len(body)], d.question(id)...)
	d.begins(page)
	d.long = max(256, page.Picture)
	if err := d.c.Tx(wire, nil); err != nil {
		d.late = true
		return kiosk.PrintUnknown, d.note(d.seen, err)
	}
	if mark(kiosk.PrintSent) != nil {
		d.late = true
		return kiosk.PrintUnknown, kiosk.FaultNone
	}
	end, fault := d.confirm(id, d.patience(len(wire), page.Dots))
	if end == kiosk.Printed {
		d.present(job)
	}
	return end, fault
}

// begins notes that a page is about to leave: until it is confirmed, a part of it
// may hang in the printer.
func (d *Dev) begins(p Page) {
	d.seen, d.half, d.hang, d.owed = 0, true, true, 1
	d.began, d.least, d.most = d.o.Now(), d.feed(p.Dots)/tooFast, d.feed(p.Dots)
}

// tooFast is how many times the profile's speed no printer reaches: an end that
// is told sooner proves nothing.
const tooFast = 4

// feed is how long the mechanics take for so many dots of paper.
func (d *Dev) feed(dots int) time.Duration {
	return time.Duration(dots) * time.Second / time.Duration(8*d.o.Profile.Speed)
}

// patience is how long after the last byte the end may take. Mechanics may be
// slower than the profile says.
func (d *Dev) patience(bytes, dots int) time.Duration {
	const usual = 1600 // dots, more than most tickets have
	return d.carry(bytes) + d.feed(max(dots, usual)) + grace
}

// carry is how long the line takes for bytes.
func (d *Dev) carry(bytes int) time.Duration {
	return time.Duration(bytes) * 10 * time.Second / time.Duration(d.o.Baud)
}

func (d *Dev) question(id [4]byte) []byte {
	if d.o.Profile.JobID {
		return append(escpos.JobEnd(id), escpos.Barrier...)
	}
	return escpos.Barrier
}

// jobID makes four printable bytes of a ticket's id and the attempt.
func jobID(job kiosk.PrintJob) [4]byte {
	const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	h := uint32(2166136261) // FNV-1a
	for _, c := range []byte(job.Ticket.ID) {
		h = (h ^ uint32(c)) * 16777619
	}
	h += uint32(job.Attempt)
	var id [4]byte
	for i := range id {
		id[i] = letters[h>>(5*i)&31]
	}
	return id
}

// ready asks the four statuses and one barrier before a job: a printer that
// doesn't answer gets nothing to print.
func (d *Dev) ready() (escpos.Fault, error) {
	if err := d.tidy(); err != nil {
		return 0, err
	}
	if d.late {
		if err := d.silence(); err != nil {
			return 0, err
		}
	}
	if d.hang { // cut once it can cut
		if f, err := d.poll(); err != nil || f.Serious() != 0 {
			return f, err
		}
		if err := d.c.Tx(escpos.CutOff, nil); err != nil {
			return 0, err
		}
	}
	return d.ask(append(escpos.Poll[:len(escpos.Poll):len(escpos.Poll)], escpos.Barrier...), true)
}

// poll asks the four statuses.
func (d *Dev) poll() (escpos.Fault, error) {
	return d.ask(escpos.Poll, false)
}

// ask sends Poll, with or without a barrier behind it, and gathers the answers.
// A fault that the four statuses tell is enough to stop waiting for the
// barrier, which a faulty printer holds back. A healthy one may still be busy
// with the rest of an older ticket, and answers that ticket's barrier first: all
// that are owed must come. One that was lost on the way is given up after the
// time that the longest ticket takes.
func (d *Dev) ask(w []byte, barrier bool) (escpos.Fault, error) {
	if d.half {
		w = append(escpos.Mend(d.long), w...)
	}
	d.half = false
	if err := d.c.Tx(w, nil); err != nil {
		d.late, d.half = true, true
		return 0, err
	}
	if barrier {
		d.owed++
	}
	var fault escpos.Fault
	answered := false // a barrier, ours or an older one
	until := d.o.Now().Add(answer + d.carry(len(w)))
	for n := 0; n < 4 || barrier && d.owed > 0; {
		r, err := d.reply(until)
		if err != nil && n == 4 && answered {
			d.owed = 0
			break
		}
		if err != nil {
			d.late, d.half = true, true // what was asked may not have arrived
			return fault, err
		}
		switch r.Kind {
		case escpos.RealTime:
			if n++; n > 4 {
				d.late = true
				return fault, os.ErrDeadlineExceeded // more answers than questions: not in step
			}
			fault |= d.realTime(n, r.Data[0])
			until = d.o.Now().Add(answer)
			if n == 4 && fault.Serious() != 0 {
				d.late = barrier
				return fault, nil
			}
			if n == 4 {
				until = d.o.Now().Add(d.patience(0, 0))
			}
		case escpos.Queued:
			d.owed, answered = max(0, d.owed-1), true
		}
	}
	return fault, nil
}

// silence waits for answers that are still owed to arrive and be forgotten.
func (d *Dev) silence() error {
	var b [1]byte
	until := d.o.Now().Add(grace)
	for d.o.Now().Before(until) {
		err := d.c.Tx(nil, b[:])
		if timeout(err) {
			d.late, d.sort = false, escpos.Sorter{}
			return nil
		}
		if err != nil {
			return err
		}
	}
	return os.ErrDeadlineExceeded // it never stops talking
}

// reply returns the next whole reply, or os.ErrDeadlineExceeded at until, a
// grace later from a printer that never stops talking. Automatic statuses are
// noted on the way.
func (d *Dev) reply(until time.Time) (escpos.Reply, error) {
	var b [1]byte
	for {
		switch err := d.c.Tx(nil, b[:]); {
		case timeout(err):
			if !d.o.Now().Before(until) {
				return escpos.Reply{}, err
			}
			continue
		case err != nil:
			return escpos.Reply{}, err
		}
		r, whole := d.sort.Byte(b[0])
		switch {
		case whole && r.Kind == escpos.Automatic:
			d.seen |= escpos.AutomaticFault(r.Data)
		case !d.o.Now().Before(until.Add(grace)):
			return escpos.Reply{}, os.ErrDeadlineExceeded // talk without end
		case whole:
			return r, nil
		}
	}
}

// confirm waits for the end that the printer reports and judges it.
func (d *Dev) confirm(id [4]byte, patience time.Duration) (kiosk.PrintState, kiosk.Fault) {
	limit := d.o.Now().Add(patience)
	owed := d.o.Profile.JobID // the job's own report is still to come
	asked := 0                // which of the four statuses answered last
	polled := false
	for {
		r, err := d.reply(earlier(limit, d.o.Now().Add(polling)))
		switch {
		case timeout(err) && d.o.Now().Before(limit):
			// It is late: ask why. All of the job is sent, so a poll can't be
			// eaten as part of a command.
			asked, polled = 0, true
			if err := d.c.Tx(escpos.Poll, nil); err != nil {
				d.late = true
				return kiosk.PrintUnknown, d.note(d.seen, err)
			}
			continue
		case timeout(err):
			d.late = true
			if d.seen.Serious() != 0 {
				d.empty() // or what is left comes out on the next roll
				return kiosk.PrintDamaged, d.note(d.seen, nil)
			}
			return kiosk.PrintUnknown, d.note(0, err)
		case err != nil:
			d.late = true
			return kiosk.PrintUnknown, d.note(d.seen, err)
		}
		switch r.Kind {
		case escpos.RealTime:
			asked = asked%4 + 1
			d.seen |= d.realTime(asked, r.Data[0])
		case escpos.JobDone:
			owed = owed && [4]byte(r.Data) != id
		case escpos.Queued:
			if owed {
				continue // not ours: the job's report comes before its barrier
			}
			d.owed = 0
			if d.o.Now().Sub(d.began) < d.least {
				return d.outwait()
			}
			return d.judge(polled)
		}
	}
}

// outwait is for an end that was told before the paper can be out, as some clones
// do: the mechanics get their time, and what the printer says of itself then
// decides.
func (d *Dev) outwait() (kiosk.PrintState, kiosk.Fault) {
	until := d.began.Add(d.most + 500*time.Millisecond)
	for d.o.Now().Before(until) {
		r, err := d.reply(until)
		if err != nil && !timeout(err) {
			d.late = true
			return kiosk.PrintUnknown, d.note(d.seen, err)
		}
		if err == nil && r.Kind == escpos.Queued {
			continue // a second one proves no more
		}
	}
	return d.judge(true)
}

// empty clears the printer's buffers where the model can. A clearing that is
// answered took the barrier with it.
func (d *Dev) empty() {
	if d.o.Profile.Clear == nil || d.c.Tx(d.o.Profile.Clear, nil) != nil {
		return
	}
	until := d.o.Now().Add(answer)
	for {
		r, err := d.reply(until)
		if err != nil {
			return
		}
		if r.Kind == escpos.Block && string(r.Data) == cleared {
			d.owed = 0
			return
		}
	}
}

// cleared is the answer to DLE DC4 8, without its end.
const cleared = "\x37\x25"

// judge tells a whole ticket from one that ended after a fault: nothing seen
// on the way, and a clean bill now.
func (d *Dev) judge(polled bool) (kiosk.PrintState, kiosk.Fault) {
	d.half = false
	if polled { // answers may still be on their way
		if err := d.silence(); err != nil {
			return kiosk.PrintUnknown, d.note(d.seen, err)
		}
	}
	now, err := d.poll()
	switch {
	case err != nil:
		return kiosk.PrintUnknown, d.note(now, err)
	case (d.seen | now).Serious() != 0:
		d.note(now, nil)
		return kiosk.PrintDamaged, worst(d.seen | now)
	}
	d.note(now, nil)
	d.half, d.hang = false, false
	return kiosk.Printed, kiosk.FaultNone
}

// timeout says that the line is there, and silent.
func timeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
