// Package desk is what the hall's counter does: it tells what a wish would
// get, gives the number, and has it printed. It is the only place where store,
// printer and uplink meet, and knows them by kiosk's interfaces alone.
//
// A number is durable before anybody sees it. Printing comes after, by one
// goroutine, and its end is told to whoever waits; the number stands whatever
// becomes of the paper.
package desk

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"hallkiosk/kiosk"
)

// Opts are what a Desk works with.
type Opts struct {
	Catalog   *kiosk.Catalog
	Store     kiosk.Store
	Printer   kiosk.Printer // nil when none is fitted
	Clock     *kiosk.Clock
	Random    io.Reader
	Location  *time.Location // the hall's time zone
	DayChange time.Duration  // after midnight
	Early     bool           // closed queues give numbers for their next opening
	Series    string         // see kiosk.Number
	Kiosk     kiosk.KioskID  // which orders of the center are for this machine
	Version   string         // of Catalog, as the center names it
	Numbers   kiosk.Numbers  // counts the shared series; nil on a kiosk of its own
	Budget    time.Duration  // for Numbers to answer, before the own series is taken
	Places    kiosk.Places   // tells where tickets stand; nil on a kiosk of its own
	Look      time.Duration  // how often a printer that failed is asked; 0 is a second
	Wake      func()         // called when the outbox has something new; may be nil
}

// Desk gives numbers. Its methods may be called from any goroutine.
type Desk struct {
	o Opts

	mu     sync.Mutex
	queue  []kiosk.PrintJob
	hope   []hopeful
	here   map[kiosk.TicketID]bool // holders who stand at the screen
	more   chan struct{}           // has room for one: the queue grew
	news   *kiosk.News             // the newest, nil before the first
	length map[line]kiosk.Length   // who waits in the whole hall; nil when nobody knows
	failed map[kiosk.OrderID]bool  // orders that couldn't be done, and were told so
	jobs   map[kiosk.TicketID]kiosk.PrintJob
	order  []kiosk.TicketID // of jobs, oldest first
	change chan struct{}    // closed and renewed when a job changed
}

// New returns a desk that has looked at what a crash left behind: attempts
// whose paper nobody can know of are ended, those still wanted are queued
// again. It must come before the first Take, which resume would take for a
// leftover. Nothing is printed before Run. The error is the Store's.
func New(ctx context.Context, o Opts) (*Desk, error) {
	if o.Wake == nil {
		o.Wake = func() {}
	}
	if o.Look == 0 {
		o.Look = time.Second
	}
	d := &Desk{o: o, more: make(chan struct{}, 1), jobs: map[kiosk.TicketID]kiosk.PrintJob{}, here: map[kiosk.TicketID]bool{}, failed: map[kiosk.OrderID]bool{}, change: make(chan struct{})}
	return d, d.resume(ctx)
}

// Offers returns what every item would get now, for screens that show many.
func (d *Desk) Offers(ctx context.Context, ids ...kiosk.ItemID) ([]kiosk.Offer, error) {
	now := d.now()
	waiting := map[kiosk.Day]map[kiosk.QueueID]int{}
	offers := make([]kiosk.Offer, len(ids))
	for i, id := range ids {
		o, err := d.offer(id, now)
		if err != nil {
			return nil, err
		}
		if l, known := d.hallWide(line{o.Day, o.Queue.ID}); known {
			o.Ahead, o.Wait = l.Waiting, d.o.Catalog.Estimate(o.Queue.ID, l.Waiting)
			if l.Estimate != nil {
				o.Wait = *l.Estimate
			}
			offers[i] = o
			continue
		}
		if waiting[o.Day] == nil {
			if waiting[o.Day], err = d.o.Store.Waiting(ctx, o.Day); err != nil {
				return nil, err
			}
		}
		o.Ahead = waiting[o.Day][o.Queue.ID]
		o.Wait = d.o.Catalog.Estimate(o.Queue.ID, o.Ahead)
		offers[i] = o
	}
	return offers, nil
}

// Opening tells when the queue of t opens, for a ticket that was taken before;
// zero when it was open then.
func (d *Desk) Opening(t kiosk.Ticket) time.Time {
	q, ok := d.o.Catalog.Queue(t.Queue)
	at := t.Taken.Time().In(d.o.Location)
	if next, ok2 := q.Hours.Next(at); ok && ok2 && next.After(at) {
		return next
	}
	return time.Time{}
}

func (d *Desk) now() time.Time { return d.o.Clock.Time().In(d.o.Location) }

func (d *Desk) today() kiosk.Day { return kiosk.DayAt(d.now(), d.o.DayChange) }

func (d *Desk) offer(id kiosk.ItemID, now time.Time) (kiosk.Offer, error) {
	item, ok := d.o.Catalog.Item(id)
	if !ok {
		return kiosk.Offer{}, &kiosk.Error{Code: kiosk.ENotFound, Op: "look up an item", Message: "没有这个事项：" + string(id),
			Hint: fmt.Sprintf("no item %q in the catalog; `kiosk items` lists them", id)}
	}
	q, _ := d.o.Catalog.Queue(item.Queue)
	zone, _ := d.o.Catalog.Zone(q.Zone)
	o := kiosk.Offer{Item: item, Queue: q, Zone: zone, Open: q.Hours.Open(now), Booked: q.Hours.BookedOnly(now), Day: kiosk.DayAt(now, d.o.DayChange)}
	if next, ok := q.Hours.Next(now); ok {
		o.Opens = next
		o.CanTake = o.Open || d.o.Early
		if !o.Open {
			o.Day = kiosk.DayAt(next, d.o.DayChange)
		}
	}
	if pause, paused := d.paused(q.ID); paused {
		o.Paused, o.Why, o.CanTake = true, pause.Text, false
	}
	o.Holiday, _ = q.Hours.Holiday(now)
	o.Due = d.due(o)
	return o, nil
}

// Take gives out a number and has it printed. When it returns nil the ticket
// survives a power cut in the next instant; asking again with the same request
// id returns the same ticket and prints nothing more. Errors: ENotFound for an
// unknown item, EInvalid for a request that can't be right, EClosed outside
// the queue's hours, and the Store's.
func (d *Desk) Take(ctx context.Context, r kiosk.Request) (kiosk.Ticket, error) {
	t, _, err := d.CheckIn(ctx, r)
	return t, err
}

// CheckIn is Take, and says whether the ticket was there before: because the id was
// used, or the booking checked in.
func (d *Desk) CheckIn(ctx context.Context, r kiosk.Request) (t kiosk.Ticket, again bool, err error) {
	wish, err := d.check(ctx, r)
	if err != nil {
		// What was right when it was first asked stays answered.
		if t, found := d.o.Store.Request(ctx, r.ID); r.ID != "" && found == nil && (slices.Equal(t.Items, r.Items) || r.Booking != "" && t.Booking == r.Booking) {
			return t, true, nil
		}
		return kiosk.Ticket{}, false, err
	}
	wish = d.share(ctx, wish)
	if t, again, err = d.o.Store.Take(ctx, wish); err != nil {
		return kiosk.Ticket{}, false, err
	}
	if again {
		d.pickUp(ctx, t, r.Here)
		return t, true, nil
	}
	d.joined(line{t.Day, t.Queue})
	if r.Here {
		d.mu.Lock()
		d.here[t.ID] = true
		d.mu.Unlock()
	}
	if wish.Print {
		d.enqueue(kiosk.PrintJob{Ticket: t, Attempt: 1, State: kiosk.PrintQueued})
	}
	d.o.Wake()
	return t, false, nil
}

// pickUp prints a ticket whose take was told as failed though it was written: the
// same wish comes again, and nobody else knows of its paper.
func (d *Desk) pickUp(ctx context.Context, t kiosk.Ticket, here bool) {
	d.mu.Lock()
	_, known := d.jobs[t.ID]
	d.mu.Unlock()
	if known || d.o.Printer == nil {
		return
	}
	_, job, err := d.o.Store.Ticket(ctx, t.ID)
	if err != nil || job.State != kiosk.PrintQueued {
		return
	}
	if here {
		d.mu.Lock()
		d.here[t.ID] = true
		d.mu.Unlock()
	}
	d.enqueue(job)
	d.o.Wake()
}

func invalid(message, hint string, args ...any) error {
	return &kiosk.Error{Code: kiosk.EInvalid, Op: "take a number", Message: message, Hint: fmt.Sprintf(hint, args...)}
}

func (d *Desk) check(ctx context.Context, r kiosk.Request) (kiosk.Wish, error) {
	var none kiosk.Wish
	if r.ID == "" {
		r.ID = kiosk.RequestID(kiosk.NewID(d.o.Clock.Now(), d.o.Random))
	}
	if len(r.ID) > 64 {
		return none, invalid("取号的编号太长。", "request id of %d bytes, at most 64", len(r.ID))
	}
	if r.Priority != "" && !slices.Contains(kiosk.Priorities, r.Priority) {
		return none, invalid("没有这种优先。", "priority %q is none of %v", r.Priority, kiosk.Priorities)
	}
	booking, err := d.booking(ctx, &r)
	if err != nil {
		return none, err
	}
	if theme, ok := d.o.Catalog.Theme(r.Theme); ok && len(r.Items) == 0 {
		r.Items = []kiosk.ItemID{theme.Item}
	} else if r.Theme != "" && !ok {
		return none, &kiosk.Error{Code: kiosk.ENotFound, Op: "take a number", Message: "没有这个主题：" + string(r.Theme), Hint: fmt.Sprintf("no theme %q in the catalog", r.Theme)}
	}
	if len(r.Items) == 0 || len(r.Items) > 20 {
		return none, invalid("请选一到二十件事。", "%d items in one request, 1 to 20 are possible", len(r.Items))
	}
	now := d.now()
	first, err := d.offer(r.Items[0], now)
	if err != nil {
		return none, err
	}
	if r.Items, err = d.inTurn(r.Items, first, now); err != nil {
		return none, err
	}
	if booking != nil { // its holder was promised that day
		first.Day, first.CanTake = booking.Day, true
	}
	if first.Paused && booking == nil {
		return none, &kiosk.Error{Code: kiosk.EClosed, Op: "take a number", Message: "这里暂停取号。" + first.Why.Zh, Hint: fmt.Sprintf("the center has paused queue %s: %s", first.Queue.ID, first.Why.Zh)}
	}
	if !first.CanTake {
		e := &kiosk.Error{Code: kiosk.EClosed, Op: "take a number", Message: "窗口现在没有开，今天取不了号。",
			Hint: fmt.Sprintf("queue %s is open %s", first.Queue.ID, first.Queue.Hours)}
		if !first.Opens.IsZero() {
			why := "窗口现在没有开，"
			if first.Holiday.Zh != "" {
				why = first.Holiday.Zh + "放假，"
			}
			e.Message = why + first.Opens.Format("1 月 2 日 15:04") + " 再来取号。"
		}
		return none, e
	}
	r.Lang = r.Lang.Known()
	promise, err := d.promise(r, first)
	if err != nil {
		return none, err
	}
	w := kiosk.Wish{Request: r, Promise: promise, Ticket: kiosk.TicketID(kiosk.NewID(d.o.Clock.Now(), d.o.Random)), Day: first.Day, Queue: first.Queue.ID,
		Series: d.o.Series, Stamp: d.o.Clock.Stamp(), Print: d.o.Printer != nil}
	if booking != nil {
		w.Slot = booking.Slot
	}
	return w, nil
}

// inTurn orders items by the queues that their ticket goes through: those of the
// first one's queue, then the next. More than one queue is possible only while the
// center calls by the same catalog, for it sends the ticket on.
func (d *Desk) inTurn(items []kiosk.ItemID, first kiosk.Offer, now time.Time) ([]kiosk.ItemID, error) {
	queues := []kiosk.QueueID{first.Queue.ID}
	of := map[kiosk.ItemID]int{items[0]: 0}
	for _, id := range items[1:] {
		o, err := d.offer(id, now)
		if err != nil {
			return nil, err
		}
		of[id] = slices.Index(queues, o.Queue.ID)
		if of[id] >= 0 {
			continue
		}
		if !d.sendsOn() || o.Day != first.Day || !o.CanTake {
			return nil, invalid("这几件事不在同一个队列，请分开取号。", "items %s and %s are in queues %s and %s; take a number for each", items[0], id, first.Queue.ID, o.Queue.ID)
		}
		of[id] = len(queues)
		queues = append(queues, o.Queue.ID)
	}
	items = slices.Clone(items)
	slices.SortStableFunc(items, func(a, b kiosk.ItemID) int { return of[a] - of[b] })
	return items, nil
}

// promise checks the papers that a person promises to bring later. Only those
// that are not essential may be missing.
func (d *Desk) promise(r kiosk.Request, first kiosk.Offer) (kiosk.Promise, error) {
	if len(r.Missing) == 0 {
		return kiosk.Promise{}, nil
	}
	known, essential := map[string]bool{}, map[string]bool{}
	for _, id := range r.Items {
		item, _ := d.o.Catalog.Item(id)
		for _, m := range item.Materials {
			known[m.Name.Zh] = true
			essential[m.Name.Zh] = essential[m.Name.Zh] || m.Essential
		}
	}
	var papers []string
	for _, name := range r.Missing {
		switch {
		case !known[name]:
			return kiosk.Promise{}, invalid("这件事不需要这样材料："+name, "no material %q in items %v; write its Chinese name as in the catalog", name, r.Items)
		case essential[name]:
			return kiosk.Promise{}, invalid("缺了必备的材料，办不了，请带齐再来："+name, "material %q is essential for %v: a case is never taken in without it", name, r.Items)
		case !slices.Contains(papers, name):
			papers = append(papers, name)
		}
	}
	return kiosk.Promise{Papers: papers, By: d.due(first)}, nil
}

// due is the last day of a promise: so many opening days of the queue after
// the day of the number.
func (d *Desk) due(first kiosk.Offer) kiosk.Day {
	days := d.o.Catalog.PromiseDays
	day, err := time.ParseInLocation(time.DateOnly, string(first.Day), d.o.Location)
	for n := 0; err == nil && n < days; n++ {
		opens, ok := first.Queue.Hours.Next(day.AddDate(0, 0, 1))
		if !ok { // never
			return kiosk.Day(day.AddDate(0, 0, days-n).Format(time.DateOnly))
		}
		day = time.Date(opens.Year(), opens.Month(), opens.Day(), 0, 0, 0, 0, d.o.Location)
	}
	return kiosk.Day(day.Format(time.DateOnly))
}

// Await returns the newest attempt to print a ticket as soon as its state is
// another than seen, or ctx is done. Without a printer the attempt is
// NotPrinted because of FaultUnfitted.
func (d *Desk) Await(ctx context.Context, id kiosk.TicketID, seen kiosk.PrintState) (kiosk.PrintJob, error) {
	for {
		d.mu.Lock()
		job, known := d.jobs[id]
		change := d.change
		d.mu.Unlock()
		if !known {
			t, stored, err := d.o.Store.Ticket(ctx, id)
			if err != nil {
				return kiosk.PrintJob{}, err
			}
			job = stored
			if job.State == "" {
				job = kiosk.PrintJob{Ticket: t, State: kiosk.NotPrinted, Cause: kiosk.FaultUnfitted}
			}
		}
		if job.State != seen {
			return job, nil
		}
		select {
		case <-change:
		case <-ctx.Done():
			return job, ctx.Err()
		}
	}
}
