package calling

import (
	"cmp"
	"math"
	"slices"
	"time"

	"hallkiosk/kiosk"
)

// Outlook is when one ticket will be called, as far as can be seen now.
type Outlook struct {
	Ticket kiosk.TicketID
	Ahead  int           // how many will be called before it
	At     kiosk.Instant // when it is called
	Spread time.Duration // one standard deviation of At
}

// Forecast says when every ticket that can be called, now or later, will be, if
// nobody else comes: the order of calling itself, played forward with the mean
// of pace at every open window. In the order of calling; parked tickets without
// a moment are left out. Nil when no window is open. To ask for somebody who has
// no ticket yet, put one into s. Takes n·log n of the tickets; the State is only
// read. Windows that serve other queues too are counted whole, which Score
// corrects in the long run.
func Forecast(s State, r kiosk.CallRules, pace Pace, now kiosk.Instant) []Outlook {
	sum := pace.summarize()
	free := s.windowsFree(sum, now)
	if len(free) == 0 {
		return nil
	}
	w := &lines{rules: &r}
	for i := range s.Tickets {
		t := &s.Tickets[i]
		if from, ok := t.ready(&r); ok && t.Queue == s.Queue {
			w.coming = append(w.coming, coming{from, t})
		}
	}
	slices.SortFunc(w.coming, func(a, b coming) int { return cmp.Or(cmp.Compare(a.from, b.from), comparePlaces(a.t, b.t)) })
	w.called = make(map[*Ticket]bool, len(w.coming))
	out := make([]Outlook, 0, len(w.coming))
	windows, balance := float64(len(free)), s.Balance
	for ahead := range len(w.coming) {
		next := 0 // the window that is free first; there are only a few
		for i := range free {
			if free[i] < free[next] {
				next = i
			}
		}
		at := free[next]
		t, turn := w.next(&at, balance)
		balance = balance.Plus(turn)
		free[next] = at.Add(seconds(sum.mean))

		wait := at.Sub(now).Seconds()
		spread := math.Sqrt(float64(ahead+1)*sum.sd*sum.sd/windows/windows + wait*wait*(sum.doubt*sum.doubt+drift*drift) + 15*15)
		out = append(out, Outlook{Ticket: t.ID, Ahead: ahead, At: at, Spread: seconds(spread)})
	}
	return out
}

// drift is how far, as a share of the wait, things go otherwise than the queue
// and its measured pace tell: who comes, who pauses.
const drift = 0.25

// windowsFree is when each open window can call next.
func (s *State) windowsFree(sum summary, now kiosk.Instant) []kiosk.Instant {
	var free []kiosk.Instant
	for i := range s.Windows {
		if s.Windows[i].Paused {
			continue
		}
		at := now
		if t := s.At(s.Windows[i].ID); t != nil {
			at = now.Add(sum.left(now.Sub(t.Called)))
		}
		free = append(free, at)
	}
	return free
}

// lines are the three lines and the one by wait, as heaps that are filled when a
// ticket can be called and lose it lazily.
type lines struct {
	rules                          *kiosk.CallRules
	coming                         []coming // sorted; those before in are in the heaps
	in                             int
	called                         map[*Ticket]bool
	booked, priority, line, oldest heap
}

type coming struct {
	from kiosk.Instant
	t    *Ticket
}

// next takes the ticket that is called at a moment, or, if none can be then, at
// the first moment after it, to which at is moved. There must be one left.
func (l *lines) next(at *kiosk.Instant, b Balance) (*Ticket, Balance) {
	for {
		for ; l.in < len(l.coming) && l.coming[l.in].from <= *at; l.in++ {
			l.add(l.coming[l.in].t)
		}
		h := heads{l.top(&l.booked), l.top(&l.priority), l.top(&l.line), l.top(&l.oldest)}
		if p, ok := h.choose(func(kiosk.QueueID) Balance { return b }, l.rules, *at); ok {
			for _, t := range []*Ticket{h.booked, h.priority, h.line, h.oldest} {
				if t != nil && t.ID == p.Ticket {
					l.called[t] = true
					return t, p.Turn
				}
			}
		}
		*at = l.coming[l.in].from
	}
}

func (l *lines) add(t *Ticket) {
	switch {
	case t.booked(l.rules):
		l.booked.push(t, compareSlots)
	case t.Priority != "":
		l.priority.push(t, comparePlaces)
	default:
		l.line.push(t, comparePlaces)
	}
	l.oldest.push(t, l.byWait)
}

func (l *lines) byWait(a, b *Ticket) int { return compareWaits(a, b, l.rules) }

// top is the first ticket of h that has not been called yet.
func (l *lines) top(h *heap) *Ticket {
	for len(h.t) > 0 && l.called[h.t[0]] {
		h.pop()
	}
	if len(h.t) == 0 {
		return nil
	}
	return h.t[0]
}

// heap is a binary heap of tickets; its order is that of the first push.
type heap struct {
	t       []*Ticket
	compare func(a, b *Ticket) int
}

func (h *heap) push(t *Ticket, compare func(a, b *Ticket) int) {
	h.compare = compare
	h.t = append(h.t, t)
	for i := len(h.t) - 1; i > 0 && compare(h.t[i], h.t[(i-1)/2]) < 0; i = (i - 1) / 2 {
		h.t[i], h.t[(i-1)/2] = h.t[(i-1)/2], h.t[i]
	}
}

func (h *heap) pop() {
	last := len(h.t) - 1
	h.t[0] = h.t[last]
	h.t = h.t[:last]
	for i := 0; ; {
		least := i
		for _, c := range []int{2*i + 1, 2*i + 2} {
			if c < last && h.compare(h.t[c], h.t[least]) < 0 {
				least = c
			}
		}
		if least == i {
			return
		}
		h.t[i], h.t[least] = h.t[least], h.t[i]
		i = least
	}
}
