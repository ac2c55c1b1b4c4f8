package sqlite

import (
	"context"
	"fmt"
	"maps"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"hallkiosk/kiosk"
)

// op is one transaction of a workload: one of its parts is set.
type op struct {
	take   *kiosk.Wish
	mark   *kiosk.PrintMark
	again  kiosk.TicketID
	record int64 // the stamp
	ack    int64

	begin, end int    // how many steps the disk had seen before and after
	number     string // of take: what was shown
	err        error
}

// String names it in a failure.
func (o op) String() string {
	switch {
	case o.take != nil:
		return fmt.Sprintf("take %s → %s", o.take.Ticket, o.number)
	case o.mark != nil:
		return fmt.Sprintf("mark %s/%d %s", o.mark.Ticket, o.mark.Attempt, o.mark.State)
	case o.again != "":
		return "again " + string(o.again)
	case o.record != 0:
		return "record"
	}
	return fmt.Sprintf("ack %d", o.ack)
}

// run does it to a store.
func (o *op) run(ctx context.Context, s *Store) {
	switch {
	case o.take != nil:
		var t kiosk.Ticket
		t, _, o.err = s.Take(ctx, *o.take)
		o.number = t.Number.String()
	case o.mark != nil:
		o.err = s.Mark(ctx, *o.mark)
	case o.again != "":
		_, o.err = s.Again(ctx, kiosk.Further{Ticket: o.again})
	case o.record != 0:
		o.err = s.Record(ctx, kiosk.Tampered, kiosk.Stamp{Wall: o.record}, kiosk.CabinetBody{Open: true})
	default:
		o.err = s.Ack(ctx, o.ack)
	}
}

// workload makes the ops of a number of takes with what becomes of their
// paper, by seed.
func workload(takes int, r *rand.Rand) []op {
	var ops []op
	wall, events := int64(1_000_000), int64(0)
	mark := func(id kiosk.TicketID, attempt int, states ...kiosk.PrintState) {
		for _, s := range states {
			wall++
			ops = append(ops, op{mark: &kiosk.PrintMark{Ticket: id, Attempt: attempt, State: s, Stamp: kiosk.Stamp{Wall: wall}}})
			if s != kiosk.PrintSent {
				events++
			}
		}
	}
	for n := range takes {
		wall++
		w := &kiosk.Wish{Request: kiosk.Request{ID: kiosk.RequestID(fmt.Sprintf("request-%04d", n)), Items: []kiosk.ItemID{"RS001"}, Lang: kiosk.Zh},
			Ticket: kiosk.TicketID(fmt.Sprintf("ticket-%04d", n)), Day: "2026-11-23", Queue: kiosk.QueueID("AAAAABBC"[r.Intn(8):][:1]), Stamp: kiosk.Stamp{Wall: wall}, Print: r.Intn(20) > 0}
		if r.Intn(10) == 0 {
			w.Series = "7"
		}
		ops = append(ops, op{take: w})
		events++
		switch d := r.Intn(20); {
		case !w.Print:
		case d == 0: // the paper never ends
			mark(w.Ticket, 1, kiosk.PrintBegun)
		case d == 1:
			mark(w.Ticket, 1, kiosk.PrintBegun, kiosk.PrintDamaged)
			ops = append(ops, op{again: w.Ticket})
			mark(w.Ticket, 2, kiosk.PrintBegun, kiosk.PrintSent, kiosk.Printed)
		case d == 2:
			mark(w.Ticket, 1, kiosk.NotPrinted)
		default:
			mark(w.Ticket, 1, kiosk.PrintBegun, kiosk.PrintSent, kiosk.Printed)
		}
		if r.Intn(6) == 0 {
			ops = append(ops, op{ack: 1 + r.Int63n(events)})
		}
		if r.Intn(30) == 0 {
			wall++
			ops = append(ops, op{record: wall})
			events++
		}
	}
	return ops
}

// model is what a store must hold after some ops.
type model struct {
	counters map[string]int
	tickets  map[kiosk.TicketID]string
	prints   map[string]kiosk.PrintState
	attempts map[kiosk.TicketID]int
	events   []string
	acked    int64
}

func newModel() *model {
	return &model{map[string]int{}, map[kiosk.TicketID]string{}, map[string]kiosk.PrintState{}, map[kiosk.TicketID]int{}, nil, 0}
}

func (m *model) clone() *model {
	return &model{maps.Clone(m.counters), maps.Clone(m.tickets), maps.Clone(m.prints), maps.Clone(m.attempts), slices.Clone(m.events), m.acked}
}

func (m *model) event(kind kiosk.Kind, format string, args ...any) {
	m.events = append(m.events, fmt.Sprintf("%d %s %s", len(m.events)+1, kind, fmt.Sprintf(format, args...)))
}

func (m *model) apply(o op) {
	switch {
	case o.take != nil:
		key := string(o.take.Queue) + "/" + o.take.Series
		m.counters[key]++
		n := kiosk.Number{Queue: o.take.Queue, Series: o.take.Series, N: m.counters[key]}
		m.tickets[o.take.Ticket] = fmt.Sprintf("%s %s %s/%s %d", o.take.Ticket, o.take.ID, n.Queue, n.Series, n.N)
		if o.take.Print {
			m.prints[string(o.take.Ticket)+" 1"] = kiosk.PrintQueued
			m.attempts[o.take.Ticket] = 1
		}
		m.event(kiosk.TicketTaken, "%s %s", o.take.Ticket, n)
	case o.mark != nil:
		m.prints[fmt.Sprintf("%s %d", o.mark.Ticket, o.mark.Attempt)] = o.mark.State
		if o.mark.State == kiosk.PrintBegun {
			m.event(kiosk.PrintStarted, "%s %d%s", o.mark.Ticket, o.mark.Attempt, o.mark.State)
		} else if o.mark.State.Ended() {
			m.event(kiosk.PrintEnded, "%s %d%s", o.mark.Ticket, o.mark.Attempt, o.mark.State)
		}
	case o.again != "":
		m.attempts[o.again]++
		m.prints[fmt.Sprintf("%s %d", o.again, m.attempts[o.again])] = kiosk.PrintQueued
	case o.record != 0:
		m.event(kiosk.Tampered, "")
	default:
		m.acked = max(m.acked, o.ack)
	}
}

// text is everything in one text, as stored reads it from a store.
func (m *model) text() string {
	var tickets, prints, counters []string
	for _, line := range m.tickets {
		tickets = append(tickets, line)
	}
	for key, state := range m.prints {
		prints = append(prints, key+" "+string(state))
	}
	for key, n := range m.counters {
		counters = append(counters, fmt.Sprintf("%s %d", key, n))
	}
	slices.Sort(tickets)
	slices.Sort(prints)
	slices.Sort(counters)
	return strings.Join([]string{strings.Join(tickets, "\n"), strings.Join(prints, "\n"), strings.Join(m.events, "\n"), strings.Join(counters, "\n"), fmt.Sprint(m.acked)}, "\n--\n")
}

// stored is what a store holds, as model.text says it.
func stored(t *testing.T, s *Store) string {
	t.Helper()
	var parts []string
	for _, query := range []string{
		"SELECT id || ' ' || request || ' ' || queue || '/' || series || ' ' || n AS l FROM ticket ORDER BY l",
		"SELECT ticket || ' ' || attempt || ' ' || state AS l FROM print ORDER BY l",
		`SELECT seq || ' ' || kind || ' ' || CASE kind WHEN 'ticket.taken' THEN json_extract(body, '$.ticket') || ' ' || json_extract(body, '$.number')
			WHEN 'cabinet.tamper' THEN '' ELSE json_extract(body, '$.ticket') || ' ' || json_extract(body, '$.attempt') || json_extract(body, '$.state') END AS l FROM event ORDER BY seq`,
		"SELECT queue || '/' || series || ' ' || n AS l FROM counter ORDER BY l",
		"SELECT acked AS l FROM life",
	} {
		var text string
		if err := s.w.db.QueryRow("SELECT coalesce(group_concat(l, char(10)), '') FROM (" + query + ")").Scan(&text); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "\n--\n")
}

// difference shows the first lines where two texts part.
func difference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			return fmt.Sprintf("line %d: got %q, want %q", i, a[min(i, len(a)):min(i+2, len(a))], b[min(i, len(b)):min(i+2, len(b))])
		}
	}
	return "none"
}
