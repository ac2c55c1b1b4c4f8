package store

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/calling"
	"hallkiosk/kiosk/center"
	"hallkiosk/kiosk/center/centertest"
)

func TestCalls(t *testing.T) {
	centertest.CallsSuite(t, func(t *testing.T) func() center.Store {
		path := filepath.Join(t.TempDir(), "center.db")
		return func() center.Store { return open(t, path) }
	})
}

// Tickets that were taken before there were calls can be called.
func TestCallsMigrated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "center.db")
	db, err := sql.Open("sqlite3", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	before := slices.Index(migrations, callSchema)
	for _, q := range append(slices.Clone(migrations[:before]), fmt.Sprintf("PRAGMA user_version = %d", before),
		fmt.Sprintf(`INSERT INTO tickets (id, hall, kiosk, day, number, queue, items, state, wall, count, clash)
			VALUES ('old', 'h1', 'k1', '%s', 'A007', 'A', '["x","y"]', 'waiting', %d, 0, 0)`, centertest.Day, centertest.Noon.UnixMilli())) {
		if _, err := db.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, path)
	defer s.Close()
	if err := s.SetWindow(t.Context(), "h1", "21", []kiosk.QueueID{"A"}); err != nil {
		t.Fatal(err)
	}
	ch, err := s.Do(t.Context(), centertest.PressOf("op", calling.Call, "21"))
	if err != nil || ch.Ticket.After.ID != "old" || len(ch.Ticket.After.Todo) != 2 || ch.Ticket.Before.Since != kiosk.InstantOf(centertest.Noon) {
		t.Fatalf("%+v, %v", ch.Ticket, err)
	}
}

// One ticket at a window and one window a ticket is the database's business,
// whatever a program thinks.
func TestWindowUnique(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "center.db"))
	defer s.Close()
	if _, err := s.Ingest(t.Context(), center.Seal(centertest.Batch("k1", centertest.Run("k1", "1", 1, 2)...), centertest.Noon)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.writer.Exec("UPDATE tickets SET at_window = '21'"); err == nil {
		t.Fatal("two tickets are at window 21")
	}
	if _, err := s.writer.Exec("UPDATE tickets SET at_window = '21' WHERE id = 'k1/A1-001'"); err != nil {
		t.Fatal(err)
	}
}

// The next one is found by the index of who waits, in its order: nothing is
// scanned or sorted.
func TestCallPlan(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "center.db"))
	defer s.Close()
	for query, want := range map[string]string{
		numberedSQL + " AND ? IS NOT NULL AND ? IS NOT NULL AND ? IS NOT NULL": "SEARCH tickets USING INDEX tickets_label (hall=? AND day=? AND number=?)",
		candidatesSQL + " LIMIT 1": "SEARCH tickets USING INDEX tickets_waiting (hall=? AND day=? AND line=? AND class=?)",
		"SELECT sum(calls) FROM tickets WHERE hall = ? AND day = ? AND line = ? AND class = ? AND wall >= ? AND until <= ?": "SEARCH tickets USING INDEX tickets_taken (hall=? AND day=? AND wall>?)", // control
	} {
		rows, err := s.reader.Query("EXPLAIN QUERY PLAN "+query, "h1", centertest.Day, "A", 0, 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		var plan []string
		for rows.Next() {
			var detail string
			if err := rows.Scan(new(int), new(int), new(int), &detail); err != nil {
				t.Fatal(err)
			}
			plan = append(plan, detail)
		}
		if err := rows.Err(); err != nil || !slices.Equal(plan, []string{want}) {
			t.Errorf("plan = %q, %v; want %q", plan, err, want)
		}
	}
}
