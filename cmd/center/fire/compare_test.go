package fire

import (
	"context"
	"maps"
	"slices"
	"strings"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/calling"
)

// row is a ticket as both ledgers have it.
type row struct{ kiosk, id, day, number string }

// compare holds the center's ledger against the kiosks'.
func (h *hall) compare(told int) {
	t := h.t
	t.Helper()
	ours := map[row]bool{}
	for _, k := range h.kiosks {
		stored := k.ledger()
		byID := map[string]string{}
		for _, r := range stored {
			ours[r] = true
			byID[r.id] = r.number
		}
		for id, a := range k.told {
			if byID[string(a.id)] != a.number {
				t.Errorf("%s: %s was told %s, stored is %q", k.id, id, a.number, byID[string(a.id)])
			}
		}
	}
	labels := map[string]row{}
	for r := range ours {
		if other, twice := labels[r.day+" "+r.number]; twice {
			t.Errorf("%s on %s was given by %s and by %s", r.number, r.day, r.kiosk, other.kiosk)
		}
		labels[r.day+" "+r.number] = r
	}
	db := h.open(t.Context())
	defer db.Close(context.Background())
	rows, err := db.Query(t.Context(), "SELECT kiosk, id, day::text, number FROM tickets")
	if err != nil {
		t.Fatal(err)
	}
	theirs := map[row]bool{}
	for rows.Next() {
		var r row
		if err := rows.Scan(&r.kiosk, &r.id, &r.day, &r.number); err != nil {
			t.Fatal(err)
		}
		theirs[r] = true
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	for r := range ours {
		if !theirs[r] {
			t.Errorf("the center lacks %+v", r)
		}
	}
	for r := range theirs {
		if !ours[r] {
			t.Errorf("the center made up %+v", r)
		}
	}
	var alarms int
	if err := db.QueryRow(t.Context(), "SELECT count(*) FROM alarms").Scan(&alarms); err != nil || alarms != 0 {
		t.Errorf("%d alarms (%v)", alarms, err)
	}
	shared := 0
	for r := range ours {
		if !strings.Contains(r.number, "-") {
			shared++
		}
	}
	if len(ours) < told || shared == 0 || shared == len(ours) {
		t.Errorf("%d tickets, %d told, %d of the shared series", len(ours), told, shared)
	}
	t.Logf("%d tickets on %d kiosks, %d of the shared series", len(ours), len(h.kiosks), shared)
}

// judge holds what was done with the tickets against what was answered and
// against the rules.
func (h *hall) judge(o *office) {
	t := h.t
	t.Helper()
	ctx := t.Context()
	db := h.open(ctx)
	defer db.Close(context.Background())
	steps := h.steps(ctx, db)
	rules := kiosk.DefaultCallRules()
	rules.OfferAgain = 0
	past := replay(steps, rules)
	few(t.Errorf, past.bad)
	rows, err := db.Query(ctx, "SELECT id, version, line, state, at_window FROM tickets")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for rows.Next() {
		var is seen
		if err := rows.Scan(&is.id, &is.version, &is.queue, &is.state, &is.window); err != nil {
			t.Fatal(err)
		}
		was := past.tickets[is.id]
		if is.version != was.version || is.queue != was.queue || is.state != was.state || is.window != was.window {
			t.Errorf("ticket %s is %+v, and came to %+v", is.id, is, was)
		}
		count++
	}
	if rows.Err() != nil || count != len(past.tickets) {
		t.Errorf("%d tickets are stored, %d have a history (%v)", count, len(past.tickets), rows.Err())
	}
	var ops int
	if err := db.QueryRow(ctx, "SELECT count(*) FROM changes").Scan(&ops); err != nil || ops != len(past.done) {
		t.Errorf("%d changes are stored, the witness saw %d (%v)", ops, len(past.done), err)
	}
	for op, told := range o.did {
		c := past.done[op]
		if c == nil || c.Verb != told.verb || told.ticket != "" && (c.Ticket == nil || c.Ticket.After.ID != told.ticket) {
			t.Errorf("%s, a %s of %s, was answered, stored is %+v", op, told.verb, told.ticket, c)
		}
	}
	order := unfair(steps, rules)
	few(t.Errorf, order.bad)
	calls := 0
	for _, q := range order.queues {
		calls += q.calls
	}
	t.Logf("what was done: %v; %d went on to their next queue, %d bookings were checked in, %d logins", past.verbs, past.onward, o.booked, o.logins)
	t.Logf("%d calls of the next one in %d lines of a day, none out of order; at most %d who go ahead were called before one who came earlier; %d presses were repeated",
		calls, len(order.queues), order.ahead, o.again)
	if calls <= 500 {
		return // the machine was too slow for all of it to be sure
	}
	if len(order.queues) <= len(h.queues) || order.ahead == 0 || past.onward == 0 {
		t.Errorf("%d lines of a day, %d who went ahead, %d who went on: the order was hardly tried", len(order.queues), order.ahead, past.onward)
	}
	verbs := []calling.Verb{calling.Undone, calling.Pause, calling.Resume}
	for _, verb := range slices.AppendSeq(verbs, maps.Keys(paths)) {
		if past.verbs[verb] == 0 {
			t.Errorf("no %s was done", verb)
		}
	}
}

// few tells of the first of many faults.
func few(tell func(string, ...any), all []string) {
	for i, s := range all {
		if i == 10 {
			tell("and %d more", len(all)-i)
			return
		}
		tell("%s", s)
	}
}
