package desk

import (
	"context"
	"fmt"
	"slices"

	"hallkiosk/kiosk"
)

// line is one queue of one business day.
type line struct {
	day   kiosk.Day
	queue kiosk.QueueID
}

// News tells how the whole hall stands; nil says that the line to the center was
// lost. Then what was known last goes on counting by this kiosk's own tickets, and
// orders and bookings stay in force. News without Lengths, as kept from before a
// restart, leave lengths unknown. One call at a time; orders to print are carried
// out before it returns, which takes a commit each.
func (d *Desk) News(n *kiosk.News) {
	if n == nil {
		return
	}
	var length map[line]kiosk.Length
	if n.Lengths != nil {
		length = make(map[line]kiosk.Length, len(n.Lengths))
		for _, l := range n.Lengths {
			length[line{l.Day, l.Queue}] = l
		}
	}
	d.mu.Lock()
	d.news, d.length = n, length
	d.mu.Unlock()
	d.obey()
}

// hallWide returns how a queue of the whole hall stands, if the center has told.
func (d *Desk) hallWide(l line) (kiosk.Length, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.length[l], d.length != nil
}

// joined counts a ticket of this kiosk until the center's next news has it.
func (d *Desk) joined(l line) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.length != nil {
		one := d.length[l]
		one.Waiting++
		d.length[l] = one
	}
}

// Orders are those of the center in force for this kiosk, oldest first.
func (d *Desk) Orders() []kiosk.Order {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.news.For(d.o.Kiosk, kiosk.InstantOf(d.o.Clock.Time()))
}

// sendsOn says whether the center knows which items are done where.
func (d *Desk) sendsOn() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.news != nil && d.news.Catalog != "" && d.news.Catalog == d.o.Version
}

// Versions are those of the catalog and the calendar that the center has for the
// hall; empty when it has told of none.
func (d *Desk) Versions() (catalog, calendar string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.news == nil {
		return "", ""
	}
	return d.news.Catalog, d.news.Calendar
}

// Messages are what the center wants to stand on the screen now, oldest first.
func (d *Desk) Messages() []kiosk.Text {
	var texts []kiosk.Text
	for _, o := range d.Orders() {
		if o.Do == kiosk.ShowMessage {
			texts = append(texts, o.Text)
		}
	}
	return texts
}

// paused returns the order that keeps a queue from giving numbers.
func (d *Desk) paused(q kiosk.QueueID) (kiosk.Order, bool) {
	for _, o := range d.Orders() {
		if o.Do == kiosk.PauseQueue && o.Queue == q {
			return o, true
		}
	}
	return kiosk.Order{}, false
}

// obey prints what the center wants to have printed again, each order once. What
// can't be done is told once; while a ticket is being printed its order waits for
// the next news.
func (d *Desk) obey() {
	ctx := context.Background()
	for _, o := range d.Orders() {
		if o.Do != kiosk.PrintAgain || o.Kiosk == "" || d.failed[o.ID] {
			continue
		}
		_, err := d.again(ctx, kiosk.Further{Ticket: o.Ticket, Order: o.ID, Stamp: d.o.Clock.Stamp()})
		switch kiosk.CodeOf(err) {
		case "", kiosk.EConflict, kiosk.EDisk, kiosk.EBusy:
		default:
			d.failed[o.ID] = d.o.Store.Record(ctx, kiosk.OrderDone, d.o.Clock.Stamp(), kiosk.OrderBody{Order: o.ID, Fault: kiosk.MessageOf(err)}) == nil
		}
	}
	d.o.Wake()
}

// Place tells where a ticket stands now: as the center says, or, while it doesn't
// answer, whether it was among the latest calls. EUnavailable when nobody knows.
func (d *Desk) Place(ctx context.Context, t kiosk.Ticket) (kiosk.Place, error) {
	err := error(&kiosk.Error{Code: kiosk.EUnavailable, Op: "look up a ticket", Message: "现在问不到排到哪里了。", Hint: "this kiosk has no center to ask"})
	if d.o.Places != nil {
		var p kiosk.Place
		if p, err = d.o.Places.Place(ctx, t.ID, t.Day); err == nil {
			return p, nil
		}
	}
	if t.Day == d.today() {
		if p, ok := d.called(t.Number); ok {
			return p, nil
		}
	}
	return kiosk.Place{}, err
}

// called says where a number of today was called, if it was among the latest calls.
func (d *Desk) called(n kiosk.Number) (kiosk.Place, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.news != nil {
		for _, c := range d.news.Calls {
			if c.Number == n.String() {
				return kiosk.Place{State: kiosk.Called, Queue: n.Queue, Window: c.Window}, true
			}
		}
	}
	return kiosk.Place{}, false
}

// CardKey is the key of today's marks of cards; nil while there are none.
func (d *Desk) CardKey() []byte {
	today := d.today()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.news == nil {
		return nil
	}
	return d.news.CardKeys[today]
}

// Booked returns the bookings of today that a claim fits, by slot. Four digits of
// a phone may fit several people's.
func (d *Desk) Booked(c kiosk.Claim) []kiosk.Booking {
	today := d.today()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.news == nil {
		return nil
	}
	var found []kiosk.Booking
	for _, b := range d.news.Bookings {
		if b.Day == today && (c.Card != "" && b.Card == c.Card || c.Code != "" && b.Code == c.Code || c.Phone != "" && b.Phone == c.Phone) {
			found = append(found, b)
		}
	}
	slices.SortStableFunc(found, func(a, b kiosk.Booking) int { return int(a.Slot.From - b.Slot.From) })
	return found
}

// booking fills in what r's booking says; nil when r has none.
func (d *Desk) booking(ctx context.Context, r *kiosk.Request) (*kiosk.Booking, error) {
	if r.Booking == "" {
		return nil, nil
	}
	const op = "check in"
	today := d.today()
	d.mu.Lock()
	var b kiosk.Booking
	if d.news != nil {
		i := slices.IndexFunc(d.news.Bookings, func(b kiosk.Booking) bool { return b.ID == r.Booking && b.Day == today })
		if i >= 0 {
			b = d.news.Bookings[i]
		}
	}
	d.mu.Unlock()
	if b.ID == "" {
		return nil, &kiosk.Error{Code: kiosk.ENotFound, Op: op, Message: "今天没有这个预约。", Hint: fmt.Sprintf("the center has told of no booking %q for %s", r.Booking, today)}
	}
	if b.Ticket != "" {
		if _, _, err := d.o.Store.Ticket(ctx, b.Ticket); kiosk.CodeOf(err) == kiosk.ENotFound {
			return nil, &kiosk.Error{Code: kiosk.EConflict, Op: op, Message: "这个预约已经在别的机器上取过号。", Hint: fmt.Sprintf("booking %s was checked in elsewhere, as ticket %s", b.ID, b.Ticket)}
		}
	}
	r.Items, r.Theme = b.Items, ""
	return &b, nil
}
