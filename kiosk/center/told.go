package center

import (
	"encoding/json"
	"fmt"
	"slices"

	"hallkiosk/kiosk"
)

// GapAfter is the refusal of a batch that begins after the next event that is
// expected, nil when it doesn't. acked is the seq through which everything of
// its source is stored.
func (b Batch) GapAfter(acked int64) error {
	if len(b.Events) == 0 || b.Events[0].Seq <= acked+1 {
		return nil
	}
	return &kiosk.Error{Code: kiosk.EConflict, Op: "take in events", Err: &Gap{AckedThrough: acked},
		Hint: fmt.Sprintf("the batch begins at %d, but only events through %d are stored; go back", b.Events[0].Seq, acked)}
}

// Against says that events with these seqs are stored with other hashes, in
// order: the refusal and the alarm to store with it. Both are nil when there
// are none.
func (b Batch) Against(seqs []int64) (*Alarm, error) {
	if len(seqs) == 0 {
		return nil, nil
	}
	// The first is enough to stop the kiosk; the others would flood the list.
	seq := seqs[0]
	alarm := b.alarm(AlarmContradiction, seq, fmt.Sprintf("%d of %d events differ from what is stored", len(seqs), len(b.Events)))
	return &alarm, &kiosk.Error{Code: kiosk.EConflict, Op: "take in events", Err: &Contradiction{Seq: seq},
		Hint: fmt.Sprintf("event %d of kiosk %s was stored before with other contents. Are two kiosks using one id, or was a database copied?", seq, b.Kiosk)}
}

func (b Batch) alarm(kind AlarmKind, seq int64, detail string) Alarm {
	return Alarm{Kind: kind, Kiosk: b.Kiosk, Epoch: b.Epoch, Seq: seq, Detail: detail}
}

// Told is what the new events of a batch tell of tickets, put together so that
// a Store writes it in few statements. The outcome is that of one event after
// the other. In a Store's transaction:
//
//  1. Early are noted on tickets that are there already;
//  2. Tickets are put, each unless its id, its label or its booking is taken;
//  3. Settle is asked about those that weren't put, and about Again;
//  4. Late and Done are noted, Raise is heeded and Alarms are stored.
type Told struct {
	Early   []kiosk.PrintBody // said of tickets before the batch tells that they were taken
	Tickets []NewTicket       // each id once, in order of seq
	Again   []NewTicket       // ids of Tickets told once more, in order of seq
	Late    []kiosk.PrintBody // said of tickets taken earlier; at most one for each
	Done    []kiosk.OrderBody // orders that the kiosk has carried out, or couldn't
	Raise   []Granted         // the highest number told of each shared series; Request is empty
	Alarms  []Alarm           // events that can't be read; then those of Settle

	batch Batch
}

// NewTicket is a ticket as a batch tells of it.
type NewTicket struct {
	Ticket
	Seq   int64  // of the event that tells of it
	Items string // JSON list of codes
	Todo  string // JSON list of errands; empty when all are for Queue

	Priority kiosk.Priority
	Booking  kiosk.BookingID // that it checks in, unless another ticket has
	Slot     kiosk.Slot
}

// Class sorts the ticket among those that wait.
func (n NewTicket) Class() Class { return ClassOf(n.Priority, n.Slot) }

// Held is a ticket that may be in the way of a new one: it has the same id, or
// in the same hall the same label or booking.
type Held struct {
	ID      kiosk.TicketID
	Kiosk   kiosk.KioskID
	Day     kiosk.Day
	Number  string
	Clash   bool
	Booking kiosk.BookingID
}

// highest is the greatest number that moves a shared series on. No hall gives
// as many in a day; a kiosk that tells of a greater one is mistaken, and its
// ticket alone has to bear it.
const highest = 999_999

// Tell reads those events of b that come after acked.
func Tell(b Batch, acked int64) (*Told, error) {
	t := &Told{batch: b, Alarms: b.early(acked)}
	taken := map[kiosk.TicketID]int{}               // index into t.Tickets
	papers := map[kiosk.TicketID]*kiosk.PrintBody{} // of tickets not told of in b so far
	raise := map[Grant]int{}
	for _, e := range b.Events {
		if e.Seq <= acked {
			continue
		}
		switch e.Kind {
		case kiosk.TicketTaken:
			body, bad := ReadTaken(e)
			if bad != nil {
				t.Alarms = append(t.Alarms, b.alarm(AlarmUnreadable, e.Seq, bad.Error()))
				continue
			}
			if wrong := sift(&body); wrong != "" {
				t.Alarms = append(t.Alarms, b.alarm(AlarmUnreadable, e.Seq, fmt.Sprintf("number %s counts, but %s", body.Number, wrong)))
			}
			n, err := b.newTicket(e, body)
			if err != nil {
				return nil, err
			}
			if number, err := kiosk.ParseNumber(body.Number); err == nil && number.Series == "" && number.N <= highest {
				series := Grant{Hall: b.Hall, Day: body.Day, Queue: body.Queue}
				raise[series] = max(raise[series], number.N)
			}
			if _, again := taken[n.ID]; again {
				t.Again = append(t.Again, n)
				continue
			}
			if p := papers[n.ID]; p != nil {
				t.Early = append(t.Early, *p)
				delete(papers, n.ID)
			}
			taken[n.ID] = len(t.Tickets)
			t.Tickets = append(t.Tickets, n)
		case kiosk.PrintStarted, kiosk.PrintEnded:
			p, bad := ReadPrint(e)
			if bad != nil {
				t.Alarms = append(t.Alarms, b.alarm(AlarmUnreadable, e.Seq, bad.Error()))
				continue
			}
			if i, ok := taken[p.Ticket]; ok {
				if n := &t.Tickets[i]; supersedes(p, n.Attempt, n.Print) {
					n.Attempt, n.Print, n.Cause = p.Attempt, p.State, p.Cause
				}
			} else if before := papers[p.Ticket]; before == nil || supersedes(p, before.Attempt, before.State) {
				papers[p.Ticket] = &p
			}
		case kiosk.OrderDone:
			done, bad := ReadDone(e)
			if bad != nil {
				t.Alarms = append(t.Alarms, b.alarm(AlarmUnreadable, e.Seq, bad.Error()))
				continue
			}
			t.Done = append(t.Done, done)
		}
	}
	for _, p := range papers {
		t.Late = append(t.Late, *p)
	}
	for series, n := range raise {
		t.Raise = append(t.Raise, Granted{Grant: series, N: n})
	}
	// Always in the same order, or two batches could wait for each other.
	slices.SortFunc(t.Late, func(a, b kiosk.PrintBody) int { return compare(a.Ticket, b.Ticket) })
	slices.SortFunc(t.Raise, func(a, b Granted) int { return compare(a.Day+kiosk.Day(a.Queue), b.Day+kiosk.Day(b.Queue)) })
	return t, nil
}

func compare[T ~string](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// supersedes says whether p replaces what is known of a ticket's paper: the
// newest attempt counts, and an end is an end.
func supersedes(p kiosk.PrintBody, attempt int, state kiosk.PrintState) bool {
	return attempt < p.Attempt || attempt == p.Attempt && !state.Ended()
}

// newTicket makes the ticket that an event tells of.
func (b Batch) newTicket(e kiosk.Event, body kiosk.TakenBody) (NewTicket, error) {
	n := NewTicket{Seq: e.Seq, Priority: body.Priority, Booking: body.Booking, Ticket: Ticket{ID: body.Ticket, Hall: b.Hall, Kiosk: b.Kiosk,
		Day: body.Day, Number: body.Number, Queue: body.Queue, State: kiosk.Waiting, Taken: e.Stamp}}
	if body.Slot != nil {
		n.Slot = *body.Slot
	}
	items, err := json.Marshal(append([]kiosk.ItemID{}, body.Items...))
	if err != nil {
		return n, err
	}
	n.Items = string(items)
	if b.Way == nil {
		return n, nil
	}
	way := b.Way(body.Queue, body.Items)
	if !slices.ContainsFunc(way, func(e kiosk.Errand) bool { return e.Queue != body.Queue }) {
		return n, nil
	}
	todo, err := json.Marshal(way)
	n.Todo = string(todo)
	return n, err
}

// Settle decides about the tickets that the database didn't take when they
// were put, and about Again. held are those in their way now. Settle returns
// those to store nevertheless: with Clash set when their label was given
// before, and as walk-ins when their booking was checked in before, for the
// people wait. It appends to Late and Alarms.
func (t *Told) Settle(refused []NewTicket, held []Held) (rest []NewTicket) {
	type label struct {
		day    kiosk.Day
		number string
	}
	ids, labels, booked := map[kiosk.TicketID]Held{}, map[label]bool{}, map[kiosk.BookingID]bool{}
	note := func(h Held) {
		ids[h.ID] = h
		if !h.Clash {
			labels[label{h.Day, h.Number}] = true
		}
		if h.Booking != "" {
			booked[h.Booking] = true
		}
	}
	for _, h := range held {
		note(h)
	}
	all := slices.Concat(refused, t.Again)
	slices.SortFunc(all, func(a, b NewTicket) int { return int(a.Seq - b.Seq) })
	for _, n := range all {
		is, known := ids[n.ID]
		switch {
		case !known:
			if n.Clash = labels[label{n.Day, n.Number}]; n.Clash {
				t.Alarms = append(t.Alarms, t.batch.alarm(AlarmClash, n.Seq, fmt.Sprintf("number %s was given twice on %s in hall %s", n.Number, n.Day, n.Hall)))
			}
			if booked[n.Booking] {
				t.Alarms = append(t.Alarms, t.batch.alarm(AlarmBooking, n.Seq, fmt.Sprintf("booking %s was checked in before; number %s on %s waits as a walk-in", n.Booking, n.Number, n.Day)))
				n.Booking, n.Slot = "", kiosk.Slot{}
			}
			note(Held{n.ID, n.Kiosk, n.Day, n.Number, n.Clash, n.Booking})
			rest = append(rest, n)
			continue
		case is.Kiosk != n.Kiosk || is.Day != n.Day || is.Number != n.Number:
			t.Alarms = append(t.Alarms, t.batch.alarm(AlarmClash, n.Seq, fmt.Sprintf("the id of ticket %s on %s was used for another ticket", n.Number, n.Day)))
		}
		// Told again, by a database that was restored: its paper may be news.
		if n.Attempt > 0 {
			t.Late = append(t.Late, kiosk.PrintBody{Ticket: n.ID, Attempt: n.Attempt, State: n.Print, Cause: n.Cause})
		}
	}
	slices.SortStableFunc(t.Alarms, func(a, b Alarm) int { return int(a.Seq - b.Seq) })
	return rest
}
