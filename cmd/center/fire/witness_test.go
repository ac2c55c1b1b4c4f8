package fire

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/calling"
)

// witness has the database note what each transaction left of a ticket, and which
// change it stored. Their order is that in which they were committed, as the
// hall's version tells, which every transaction raises last and holds to its end:
// no clock says it, and clocks jump here.
const witness = `
CREATE TABLE seen_commits (xid xid8 PRIMARY KEY, n bigint NOT NULL);
CREATE TABLE seen_changes (xid xid8 NOT NULL, op text COLLATE "C" NOT NULL);
CREATE TABLE seen_tickets (xid xid8 NOT NULL, id text NOT NULL, version bigint NOT NULL, day text NOT NULL, line text NOT NULL, state text NOT NULL,
	at_window text NOT NULL, until bigint NOT NULL, priority text NOT NULL, slot_from bigint NOT NULL, slot_to bigint NOT NULL, wall bigint NOT NULL, count bigint NOT NULL);
CREATE FUNCTION see_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	INSERT INTO seen_commits VALUES (pg_current_xact_id(), NEW.version); RETURN NULL; END $$;
CREATE FUNCTION see_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	INSERT INTO seen_changes VALUES (pg_current_xact_id(), NEW.op); RETURN NULL; END $$;
CREATE FUNCTION see_ticket() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	INSERT INTO seen_tickets VALUES (pg_current_xact_id(), NEW.id, NEW.version, NEW.day, NEW.line, NEW.state, NEW.at_window, NEW.until,
		NEW.priority, NEW.slot_from, NEW.slot_to, NEW.wall, NEW.count); RETURN NULL; END $$;
CREATE TRIGGER see AFTER INSERT OR UPDATE ON versions FOR EACH ROW EXECUTE FUNCTION see_commit();
CREATE TRIGGER see AFTER INSERT ON changes FOR EACH ROW EXECUTE FUNCTION see_change();
CREATE TRIGGER come AFTER INSERT ON tickets FOR EACH ROW EXECUTE FUNCTION see_ticket();
CREATE TRIGGER see AFTER UPDATE ON tickets FOR EACH ROW WHEN (OLD.version <> NEW.version) EXECUTE FUNCTION see_ticket();
`

// seen is a ticket as a transaction left it.
type seen struct {
	id       kiosk.TicketID
	version  int64
	day      kiosk.Day
	queue    kiosk.QueueID
	state    kiosk.State
	window   kiosk.WindowID
	until    kiosk.Instant
	priority kiosk.Priority
	slot     kiosk.Slot
	taken    kiosk.Stamp
}

// is says whether a change means the same ticket.
func (s seen) is(t calling.Ticket) bool {
	return s.id == t.ID && s.version == t.Version && s.queue == t.Queue && s.state == t.State && s.window == t.Window && s.until == t.Until &&
		s.priority == t.Priority && s.slot == t.Slot && s.taken == t.Taken
}

// step is what one transaction did to a ticket or to a window.
type step struct {
	n      int64 // rises with the commits
	ticket seen  // without an id where it was a window
	change *calling.Change
}

// steps reads what the witness noted.
func (h *hall) steps(ctx context.Context, db *pgx.Conn) (all []step) {
	h.t.Helper()
	rows, err := db.Query(ctx, `SELECT c.n, coalesce(t.id, ''), coalesce(t.version, 0), coalesce(t.day, ''), coalesce(t.line, ''), coalesce(t.state, ''),
			coalesce(t.at_window, ''), coalesce(t.until, 0), coalesce(t.priority, ''), coalesce(t.slot_from, 0), coalesce(t.slot_to, 0),
			coalesce(t.wall, 0), coalesce(t.count, 0), coalesce(ch.change, '')
		FROM seen_commits c LEFT JOIN seen_tickets t USING (xid) LEFT JOIN seen_changes s USING (xid) LEFT JOIN changes ch ON ch.op = s.op
		WHERE t.id IS NOT NULL OR s.op IS NOT NULL ORDER BY c.n, t.id`)
	if err != nil {
		h.t.Fatal(err)
	}
	for rows.Next() {
		var s step
		var change string
		t := &s.ticket
		if err := rows.Scan(&s.n, &t.id, &t.version, &t.day, &t.queue, &t.state, &t.window, &t.until, &t.priority, &t.slot.From, &t.slot.To, &t.taken.Wall, &t.taken.Count, &change); err != nil {
			h.t.Fatal(err)
		}
		if change != "" {
			s.change = &calling.Change{}
			if err := json.Unmarshal([]byte(change), s.change); err != nil {
				h.t.Fatal(err)
			}
		}
		all = append(all, s)
	}
	if rows.Err() != nil {
		h.t.Fatal(rows.Err())
	}
	return all
}

// path is where a verb may lead a ticket. At a window it must be the one that
// pressed; away is without a window.
type path struct{ here, away, to []kiosk.State }

var paths = map[calling.Verb]path{
	calling.Call:     {away: []kiosk.State{kiosk.Waiting, kiosk.Parked, kiosk.Missed}, to: []kiosk.State{kiosk.Called}},
	calling.Recall:   {here: []kiosk.State{kiosk.Called}, to: []kiosk.State{kiosk.Called}},
	calling.Start:    {here: []kiosk.State{kiosk.Called}, to: []kiosk.State{kiosk.Serving}},
	calling.Finish:   {here: []kiosk.State{kiosk.Serving}, to: []kiosk.State{kiosk.Waiting, kiosk.Done}},
	calling.NoShow:   {here: []kiosk.State{kiosk.Called}, to: []kiosk.State{kiosk.Waiting, kiosk.Missed}},
	calling.Park:     {here: []kiosk.State{kiosk.Called, kiosk.Serving}, to: []kiosk.State{kiosk.Parked}},
	calling.PutBack:  {here: []kiosk.State{kiosk.Called, kiosk.Serving}, away: []kiosk.State{kiosk.Waiting, kiosk.Parked, kiosk.Missed, kiosk.Left}, to: []kiosk.State{kiosk.Waiting}},
	calling.Transfer: {here: []kiosk.State{kiosk.Called, kiosk.Serving}, away: []kiosk.State{kiosk.Waiting, kiosk.Parked}, to: []kiosk.State{kiosk.Waiting}},
	calling.Leave:    {away: []kiosk.State{kiosk.Waiting, kiosk.Parked}, to: []kiosk.State{kiosk.Left}},
}

// history replays steps: who is where after each of them.
type history struct {
	tickets map[kiosk.TicketID]seen
	at      map[kiosk.WindowID]kiosk.TicketID
	paused  map[kiosk.WindowID]bool
	done    map[kiosk.OpID]*calling.Change
	verbs   map[calling.Verb]int
	onward  int // tickets that went on to their next queue
	bad     []string
}

// replay finds whatever no hall may do: a window with two tickets, a change of
// what wasn't so, a way that no verb leads.
func replay(steps []step, rules kiosk.CallRules) *history {
	h := &history{tickets: map[kiosk.TicketID]seen{}, at: map[kiosk.WindowID]kiosk.TicketID{}, paused: map[kiosk.WindowID]bool{},
		done: map[kiosk.OpID]*calling.Change{}, verbs: map[calling.Verb]int{}}
	for _, s := range steps {
		if why := h.take(s, rules); why != "" {
			h.bad = append(h.bad, fmt.Sprintf("commit %d, ticket %s: %s (%+v)", s.n, s.ticket.id, why, s.change))
		}
	}
	return h
}

func (h *history) take(s step, rules kiosk.CallRules) (wrong string) {
	c, t := s.change, s.ticket
	if c != nil {
		h.verbs[c.Verb]++
		if h.done[c.Op] != nil {
			return "an op was stored twice"
		}
		h.done[c.Op] = c
	}
	if t.id == "" {
		return h.pause(c)
	}
	before, known := h.tickets[t.id]
	h.tickets[t.id] = t
	if before.window != t.window {
		if other := h.at[t.window]; t.window != "" && other != "" {
			wrong = fmt.Sprintf("window %s has %s", t.window, other)
		}
		delete(h.at, before.window)
		if t.window != "" {
			h.at[t.window] = t.id
		}
	}
	switch {
	case wrong != "":
		return wrong
	case !known && (c != nil || t.version != 1 || t.state != kiosk.Waiting || t.window != ""):
		return "it didn't come to wait"
	case !known:
		return ""
	case t.version != before.version+1 || t.day != before.day || t.taken != before.taken:
		return "it was another one before"
	case c == nil: // somebody goes ahead, or has a booking
		before.version, before.priority, before.slot = t.version, t.priority, t.slot
		if before != t || t.window != "" {
			return "it was changed and nobody did it"
		}
		return ""
	case c.Ticket == nil || !before.is(c.Ticket.Before) || !t.is(c.Ticket.After):
		return fmt.Sprintf("the change is of another state than %+v", before)
	}
	return h.lawful(c, rules)
}

func (h *history) lawful(c *calling.Change, rules kiosk.CallRules) string {
	b, a := c.Ticket.Before, c.Ticket.After
	if c.Verb == calling.Undone {
		old := h.done[c.Undoes]
		if old == nil || old.Ticket == nil || !old.Ticket.After.Equal(b) || !old.Ticket.Before.Equal(a) {
			return "the undo doesn't restore what was"
		}
		return ""
	}
	p, known := paths[c.Verb]
	from := p.away
	if b.Window != "" {
		from = p.here
	}
	window := kiosk.WindowID("")
	if a.State == kiosk.Called || a.State == kiosk.Serving {
		window = c.By
	}
	moves := a.Queue != b.Queue
	if c.Verb == calling.Finish && moves {
		h.onward++
	}
	switch {
	case !known || !slices.Contains(from, b.State) || !slices.Contains(p.to, a.State):
		return "no verb leads there"
	case b.Window != "" && b.Window != c.By || a.Window != window:
		return "it was done at another window"
	case c.Verb == calling.Call && h.paused[c.By]:
		return "the window is paused"
	case (a.State == kiosk.Done) != (len(a.Todo) == 0), moves != (c.Verb == calling.Transfer || c.Verb == calling.Finish && a.State == kiosk.Waiting):
		return "it is sent to a wrong queue"
	case c.Verb == calling.NoShow && (a.Misses != b.Misses+1 || (a.State == kiosk.Missed) != (a.Misses >= rules.Misses)):
		return "the missed calls are counted wrong"
	}
	return ""
}

func (h *history) pause(c *calling.Change) string {
	if c == nil || c.Window == nil || c.Window.Before.Paused == c.Window.After.Paused || h.paused[c.By] != c.Window.Before.Paused {
		return "no pause and no end of one"
	}
	h.paused[c.By] = c.Window.After.Paused
	return ""
}

// The check of histories fails where it must.
func TestHistoryIsSeen(t *testing.T) {
	rules := kiosk.DefaultCallRules()
	good := func() []step {
		p := newPeople(t, 3)
		p.call("1", 0)
		p.call("2", 1)
		return p.steps
	}
	if bad := replay(good(), rules).bad; len(bad) > 0 {
		t.Fatalf("a lawful history: %v", bad)
	}
	for name, spoil := range map[string]func([]step) []step{
		"TwoAtOneWindow": func(s []step) []step {
			c := s[4].change
			s[4].ticket.window, c.By, c.Ticket.After.Window = "1", "1", "1"
			return s
		},
		"OneAtTwoWindows": func(s []step) []step {
			again, c := s[3], *s[3].change
			edit := *c.Ticket
			edit.After.Window, c.Op, c.By, c.Ticket = "9", "again", "9", &edit
			again.ticket.window, again.change = "9", &c
			return append(s, again)
		},
		"OfWhatWasNotSo": func(s []step) []step { s[4].change.Ticket.Before.State = kiosk.Parked; return s },
		"OpTwice":        func(s []step) []step { s[4].change.Op = s[3].change.Op; return s },
		"NobodyDidIt":    func(s []step) []step { s[4].change = nil; return s },
		"NoSuchWay": func(s []step) []step {
			s[4].ticket.state, s[4].change.Ticket.After.State = kiosk.Done, kiosk.Done
			return s
		},
		"FromNowhere": func(s []step) []step { return s[1:] },
	} {
		if bad := replay(spoil(good()), rules).bad; len(bad) == 0 {
			t.Errorf("%s isn't found", name)
		}
	}
}
