package calling

import (
	"cmp"

	"hallkiosk/kiosk"
)

// Lane says why a ticket was called.
type Lane string

// The lanes, in the words of the package's order.
const (
	LaneAged     Lane = "aged"     // it waited longest, and over the limit
	LaneBooked   Lane = "booked"   // its booking was due
	LanePriority Lane = "priority" // it goes ahead
	LaneLine     Lane = "line"     // its turn
	LaneHand     Lane = "hand"     // a clerk called it by its number, out of order
)

// Pick is the ticket to call next, why, and what that adds to whose balance.
type Pick struct {
	Ticket kiosk.TicketID
	Lane   Lane
	Turn   Balance
	Queue  kiosk.QueueID // whose Balance; without a Turn the ticket's
}

// Next says which ticket window should call at now, by the package's order: of s
// and of beside, the other queues that it calls. ok is false when there is none.
// ENotFound for a window that isn't in s, EConflict when it is paused or has a
// ticket. The rules must be ones in which Check finds nothing.
func Next(s State, r kiosk.CallRules, now kiosk.Instant, window kiosk.WindowID, beside ...State) (p Pick, ok bool, err error) {
	if err := s.free(window); err != nil {
		return Pick{}, false, err
	}
	var h heads
	h.of(&s, &r, now)
	for i := range beside {
		h.of(&beside[i], &r, now)
	}
	p, ok = h.choose(func(q kiosk.QueueID) Balance {
		for i := range beside {
			if beside[i].Queue == q {
				return beside[i].Balance
			}
		}
		return s.Balance
	}, &r, now)
	return p, ok, nil
}

// of adds those of a queue who can be called at now.
func (h *heads) of(s *State, r *kiosk.CallRules, now kiosk.Instant) {
	for i := range s.Tickets {
		t := &s.Tickets[i]
		if from, ok := t.ready(r); ok && from <= now && t.Queue == s.Queue {
			h.add(t, r)
		}
	}
}

// heads are the first ones of the lines, nil where a line is empty.
type heads struct {
	booked, priority, line, oldest *Ticket
}

func (h *heads) add(t *Ticket, r *kiosk.CallRules) {
	switch {
	case t.booked(r):
		first(&h.booked, t, compareSlots)
	case t.Priority != "":
		first(&h.priority, t, comparePlaces)
	default:
		first(&h.line, t, comparePlaces)
	}
	first(&h.oldest, t, func(a, b *Ticket) int { return compareWaits(a, b, r) })
}

func first(head **Ticket, t *Ticket, compare func(a, b *Ticket) int) {
	if *head == nil || compare(t, *head) < 0 {
		*head = t
	}
}

// choose is the order's rules 1 to 3; of returns a queue's balance.
func (h *heads) choose(of func(kiosk.QueueID) Balance, r *kiosk.CallRules, now kiosk.Instant) (Pick, bool) {
	if h.oldest == nil {
		return Pick{}, false
	}
	ahead, lane := h.booked, LaneBooked
	if ahead == nil {
		ahead, lane = h.priority, LanePriority
	}
	switch {
	case now.Sub(h.oldest.since(r)) >= r.AgeLimit:
		q := h.oldest.Queue
		switch {
		case ahead == nil || ahead == h.oldest:
			return Pick{h.oldest.ID, LaneAged, Balance{}, q}, true
		case of(q).Aged >= 0:
			return Pick{h.oldest.ID, LaneAged, Balance{Aged: -r.Aged.Rest}, q}, true
		}
		return Pick{ahead.ID, lane, Balance{Aged: r.Aged.Ahead}, q}, true
	case h.booked != nil:
		return Pick{h.booked.ID, LaneBooked, Balance{}, h.booked.Queue}, true
	case h.priority == nil:
		return Pick{h.line.ID, LaneLine, Balance{}, h.line.Queue}, true
	case h.line == nil || comparePlaces(h.priority, h.line) < 0:
		return Pick{h.priority.ID, LanePriority, Balance{}, h.priority.Queue}, true // whoever came first overtakes nobody
	case of(h.line.Queue).Priority >= 0:
		return Pick{h.priority.ID, LanePriority, Balance{Priority: -r.Priority.Rest}, h.line.Queue}, true
	}
	return Pick{h.line.ID, LaneLine, Balance{Priority: r.Priority.Ahead}, h.line.Queue}, true
}

func comparePlaces(a, b *Ticket) int {
	if a.Taken != b.Taken {
		if a.Taken.Before(b.Taken) {
			return -1
		}
		return 1
	}
	return cmp.Compare(a.ID, b.ID)
}

func compareSlots(a, b *Ticket) int {
	return cmp.Or(cmp.Compare(a.Slot.To, b.Slot.To), cmp.Compare(a.Slot.From, b.Slot.From), comparePlaces(a, b))
}

func compareWaits(a, b *Ticket, r *kiosk.CallRules) int {
	return cmp.Or(cmp.Compare(a.since(r), b.since(r)), comparePlaces(a, b))
}
