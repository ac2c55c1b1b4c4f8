package pgstore

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/calling"
	"hallkiosk/kiosk/center"
	"hallkiosk/kiosk/center/centertest"
)

func TestCalls(t *testing.T) {
	centertest.CallsSuite(t, func(t *testing.T) func() center.Store {
		url := database(t, shared)
		return func() center.Store { return opened(t, url) }
	})
}

// Tickets that were taken before there were calls can be called; and one ticket
// at a window is the database's business, whatever a program thinks.
func TestCallsMigrated(t *testing.T) {
	url := database(t, shared)
	before := slices.Index(migrations, callSchema)
	do(t, url, append(slices.Clone(migrations[:before]), "CREATE TABLE schema_version (version bigint NOT NULL)",
		fmt.Sprintf("INSERT INTO schema_version VALUES (%d)", before),
		fmt.Sprintf(`INSERT INTO tickets (id, hall, kiosk, day, number, queue, items, state, wall, count, print, attempt, cause, clash) VALUES
			('old', 'h1', 'k1', '%[1]s', 'A007', 'A', '["x","y"]', 'waiting', %[2]d, 0, '', 0, '', false),
			('new', 'h1', 'k1', '%[1]s', 'A008', 'A', '[]', 'waiting', %[2]d, 1, '', 0, '', false)`, centertest.Day, centertest.Noon.UnixMilli()))...)
	st := opened(t, url)
	defer st.Close()
	if err := st.SetWindow(t.Context(), "h1", "21", []kiosk.QueueID{"A"}); err != nil {
		t.Fatal(err)
	}
	ch, err := st.Do(t.Context(), centertest.PressOf("op", calling.Call, "21"))
	if err != nil || ch.Ticket.After.ID != "old" || len(ch.Ticket.After.Todo) != 2 || ch.Ticket.Before.Since != kiosk.InstantOf(centertest.Noon) {
		t.Fatalf("%+v, %v", ch.Ticket, err)
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), "UPDATE tickets SET at_window = '21' WHERE id = 'new'"); !overtaken(err) {
		t.Fatalf("two tickets are at window 21: %v", err)
	}
}

// A press that is repeated while the first one is still under way, as after a
// line was cut, gets the answer of the first.
func TestPressTwiceAtOnce(t *testing.T) {
	url := database(t, shared)
	one, other := opened(t, url), opened(t, url)
	defer one.Close()
	defer other.Close()
	ctx := t.Context()
	if err := one.SetWindow(ctx, "h1", "21", []kiosk.QueueID{"A"}); err != nil {
		t.Fatal(err)
	}
	if _, err := one.Ingest(ctx, center.Seal(centertest.Batch("k1", centertest.Run("k1", "1", 1, 5)...), centertest.Noon)); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	for round, verb := range []calling.Verb{calling.Call, calling.Start, calling.Finish, calling.Call} {
		if round > 0 { // the first call makes the row
			if _, err := conn.Exec(ctx, "BEGIN; SELECT FROM lines FOR UPDATE"); err != nil {
				t.Fatal(err)
			}
		}
		p := centertest.PressOf(fmt.Sprintf("op%d", round), verb, "21")
		var pressing sync.WaitGroup
		var changes [2]calling.Change
		var errs [2]error
		for i, st := range []*Store{one, other} {
			pressing.Go(func() { changes[i], errs[i] = st.Do(ctx, p) })
		}
		for waiting := 0; round > 0 && waiting < 2; {
			// In its transaction it would see the activity of its beginning for ever.
			if _, err := conn.Exec(ctx, "SELECT pg_stat_clear_snapshot()"); err != nil {
				t.Fatal(err)
			}
			err := conn.QueryRow(ctx, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&waiting)
			if err != nil {
				t.Fatal(err)
			}
		}
		if _, err := conn.Exec(ctx, "COMMIT"); err != nil {
			t.Fatal(err)
		}
		pressing.Wait()
		if errs[0] != nil || errs[1] != nil || changes[0].Ticket.After.Version != changes[1].Ticket.After.Version || changes[0].Ticket.After.ID != changes[1].Ticket.After.ID {
			t.Errorf("%s: %v, %v: %+v, %+v", verb, errs[0], errs[1], changes[0].Ticket, changes[1].Ticket)
		}
	}
}

// A center that falls silent in the middle of a press doesn't keep the others from
// its queue.
func TestPressAbandoned(t *testing.T) {
	defer func(before time.Duration) { abandoned = before }(abandoned)
	abandoned = 200 * time.Millisecond
	st := opened(t, database(t, shared))
	defer st.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := st.SetWindow(ctx, "h1", "21", []kiosk.QueueID{"A"}); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Ingest(ctx, center.Seal(centertest.Batch("k1", centertest.Run("k1", "1", 1, 5)...), centertest.Noon)); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Do(ctx, centertest.PressOf("call", calling.Call, "21")); err != nil {
		t.Fatal(err)
	}
	conn, err := st.connect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if err := (&desk{ctx: ctx, conn: conn, press: centertest.PressOf("start", calling.Start, "21")}).look(); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Do(ctx, centertest.PressOf("again", calling.Start, "21")); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(ctx, "COMMIT"); err == nil {
		t.Fatal("the server waits for ever")
	}
}

// past puts n tickets of hall h1 in the tables as if they had been served on
// earlier days, 1,000 on each, with their changes.
func past(t testing.TB, url string, n int) {
	t.Helper()
	do(t, url, fmt.Sprintf(`INSERT INTO tickets (id, hall, kiosk, day, number, queue, items, state, wall, count, print, attempt, cause, clash, line, since, version, todo)
		SELECT 'past' || i, 'h1', 'k1', to_char(DATE '2024-11-22' - (i / 1000), 'YYYY-MM-DD'), 'A' || (1000 + i %% 1000), 'A', '["社保卡补办"]', 'done',
			%d - i, 0, 'printed', 1, '', false, 'A', 0, 4, '[]' FROM generate_series(0, %d) i`, centertest.Noon.UnixMilli()-86_400_000, n-1))
	do(t, url, fmt.Sprintf(`INSERT INTO changes (hall, op, day, at, verb, at_window, ticket, actor, role, change)
		SELECT 'h1', 'past' || i, to_char(DATE '2024-11-22' - (i / 1000), 'YYYY-MM-DD'), i, 'call', '1', 'past' || i, 'wang', 'clerk', repeat('{"about":"the size of one"}', 8) FROM generate_series(0, %d) i`, n-1))
	do(t, url, "VACUUM ANALYZE")
}

// TestCallPlans asks the server how it answers a press's questions while much
// history lies about, with its own usual settings: by an index, and with few
// rows read.
func TestCallPlans(t *testing.T) {
	url := database(t, shared)
	st := opened(t, url)
	defer st.Close()
	past(t, url, 30_000)
	if err := st.SetWindow(t.Context(), "h1", "21", []kiosk.QueueID{"A", "B"}); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Ingest(t.Context(), center.Seal(centertest.Batch("k1", centertest.Run("k1", "1", 1, 500)...), centertest.Noon)); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Do(t.Context(), centertest.PressOf("op", calling.Call, "21")); err != nil {
		t.Fatal(err)
	}
	do(t, url, "ANALYZE")
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for name, q := range map[string]struct {
		sql   string
		args  []any
		index string
		most  float64
	}{
		"Candidates": {candidatesSQL, []any{"h1", centertest.Day, "21", int64(centertest.Noon.UnixMilli() + 600_000), int64(0)}, "tickets_waiting", 10},
		"Held":       {heldSQL, []any{"h1", "21"}, "tickets_window", 1},
		"Named":      {namedSQL, []any{"past7", "h1"}, "tickets_pkey", 1},
		"Numbered":   {numberedSQL, []any{"h1", centertest.Day, "A1-007"}, "tickets_label", 1},
		"Line":       {waitingSQL + " AND line = $3", []any{"h1", centertest.Day, "A"}, "tickets_waiting", 500},
		"Lines":      {waitingSQL, []any{"h1", centertest.Day}, "tickets_waiting", 500},
		"CheckIn":    {inWaySQL, []any{"h1", []string{"past7"}, []string{string(centertest.Day)}, []string{"A1-007"}, []string{"none"}}, "tickets_booking tickets_label tickets_pkey", 3},
		"Op":         {changeSQL, []any{"h1", "past7"}, "changes_pkey", 1},
		"Update":     {"UPDATE tickets SET since = 1 WHERE id = $1 AND version = $2", []any{"past7", int64(4)}, "tickets_pkey", 2},
		"Control":    {"SELECT count(*) FROM tickets WHERE calls = $1", []any{int64(9)}, "", 0}, // negative: a scan is seen
	} {
		t.Run(name, func(t *testing.T) {
			var text []byte
			if err := conn.QueryRow(t.Context(), "EXPLAIN (ANALYZE, FORMAT JSON) "+q.sql, q.args...).Scan(&text); err != nil {
				t.Fatal(err)
			}
			var plans []struct{ Plan node }
			if err := json.Unmarshal(text, &plans); err != nil {
				t.Fatal(err)
			}
			scanned, by, rows := plans[0].Plan.reads()
			if name == "Control" {
				if !scanned {
					t.Fatalf("no scan seen in %s", text)
				}
				return
			}
			if scanned || strings.Join(slices.Sorted(maps.Keys(by)), " ") != q.index || rows > q.most {
				t.Fatalf("scanned %v, by %v, %v rows; want by %s and at most %v rows:\n%s", scanned, by, rows, q.index, q.most, text)
			}
		})
	}
}

// node is a part of EXPLAIN's plan.
type node struct {
	Type    string  `json:"Node Type"`
	Table   string  `json:"Relation Name"`
	Index   string  `json:"Index Name"`
	Rows    float64 `json:"Actual Rows"`
	Loops   float64 `json:"Actual Loops"`
	Removed float64 `json:"Rows Removed by Filter"`
	Plans   []node
}

// reads says whether history is scanned, and otherwise by which indexes tickets
// and changes are read, and how many rows.
func (n node) reads() (scanned bool, by map[string]bool, rows float64) {
	by = map[string]bool{}
	if n.Table == "tickets" || n.Table == "changes" {
		scanned = n.Type == "Seq Scan"
		rows = (n.Rows + n.Removed) * n.Loops
	}
	if n.Index != "" && (n.Table == "tickets" || n.Table == "changes" || n.Type == "Bitmap Index Scan") {
		by[n.Index] = true
	}
	for _, p := range n.Plans {
		s, b, r := p.reads()
		scanned, rows = scanned || s, rows+r
		for name := range b {
			by[name] = name != "windows_pkey"
			if !by[name] {
				delete(by, name)
			}
		}
	}
	return scanned, by, rows
}

// TestCallsKilled kills PostgreSQL while windows press: what was answered is
// stored, and what wasn't can be pressed again.
func TestCallsKilled(t *testing.T) {
	const rounds, desks, people, answers = 3, 8, 900, 60
	server := started(t)
	st := opened(t, database(t, server))
	defer st.Close()
	for w := range desks {
		if err := st.SetWindow(t.Context(), "h1", kiosk.WindowID(fmt.Sprint(w)), []kiosk.QueueID{"A"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := st.Ingest(t.Context(), center.Seal(centertest.Batch("k1", centertest.Run("k1", "1", 1, people)...), centertest.Noon)); err != nil {
		t.Fatal(err)
	}
	// Each desk calls, starts and finishes; next is its press to make, which is
	// made again after a fault.
	next := make([]int, desks)
	told := make([]map[int]calling.Change, desks)
	press := func(w, n int) center.Press {
		verb := []calling.Verb{calling.Call, calling.Start, calling.Finish}[n%3]
		return centertest.PressOf(fmt.Sprintf("%d-%d", w, n), verb, kiosk.WindowID(fmt.Sprint(w)))
	}
	for w := range told {
		told[w] = map[int]calling.Change{}
	}
	unanswered := 0
	for round := range rounds {
		answered := make(chan struct{})
		var wg sync.WaitGroup
		for w := range desks {
			wg.Go(func() {
				for {
					ch, err := st.Do(t.Context(), press(w, next[w]))
					if err != nil {
						if kiosk.CodeOf(err) != kiosk.EUnavailable {
							t.Errorf("window %d: %v", w, err)
						}
						return
					}
					told[w][next[w]] = ch
					next[w]++
					answered <- struct{}{}
				}
			})
		}
		for range answers + 7*round {
			<-answered
		}
		dead := make(chan error, 1)
		go func() { dead <- server.Kill() }()
		go func() { wg.Wait(); close(answered) }()
		for range answered { // until all have failed
		}
		if err := <-dead; err != nil {
			t.Fatal(err)
		}
		if err := server.Up(); err != nil {
			t.Fatal(err)
		}
		all, err := st.Changes(t.Context(), center.ChangesOf{Hall: "h1", Day: centertest.Day}, 10*people)
		if err != nil {
			t.Fatal(err)
		}
		stored := map[kiosk.OpID]calling.Change{}
		calls := map[kiosk.TicketID]kiosk.OpID{}
		for _, c := range all {
			stored[c.Op] = c.Change
			if c.Verb == calling.Call {
				if other, twice := calls[c.Ticket.After.ID]; twice {
					t.Fatalf("%s was called by %s and %s", c.Ticket.After.ID, other, c.Op)
				}
				calls[c.Ticket.After.ID] = c.Op
			}
		}
		answeredAll := 0
		for w := range told {
			for n, ch := range told[w] {
				answeredAll++
				op := press(w, n).Op
				got, kept := stored[op]
				if !kept || got.Ticket.After.ID != ch.Ticket.After.ID || got.Ticket.After.Version != ch.Ticket.After.Version {
					t.Fatalf("round %d: %s was answered %+v, stored is %+v", round, op, ch.Ticket, got.Ticket)
				}
			}
		}
		unanswered += len(stored) - answeredAll
		if extra := len(stored) - answeredAll; extra < 0 || extra > desks {
			t.Fatalf("%d changes stored, %d answered", len(stored), answeredAll)
		}
	}
	t.Logf("%d changes were stored whose answer was lost", unanswered)
	// The presses under way go on where they were.
	for w := range desks {
		for last := next[w] + 3; next[w] < last; next[w]++ {
			if _, err := st.Do(t.Context(), press(w, next[w])); err != nil {
				t.Fatalf("window %d after the last fault: %v", w, err)
			}
		}
	}
}
