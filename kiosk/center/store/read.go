package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
)

// Halls implements center.Store.
func (s *Store) Halls(ctx context.Context) ([]kiosk.HallID, error) {
	return list(ctx, s, "list halls", func(rows *sql.Rows, h *kiosk.HallID) error { return rows.Scan(h) },
		"SELECT DISTINCT hall FROM sources ORDER BY hall")
}

// LatestDay implements center.Store.
func (s *Store) LatestDay(ctx context.Context, hall kiosk.HallID) (kiosk.Day, error) {
	var day kiosk.Day
	err := s.reader.QueryRowContext(ctx, "SELECT coalesce(max(day), '') FROM tickets WHERE hall = ?", hall).Scan(&day)
	return day, s.failed("find latest day", err)
}

// Queues implements center.Store. SQLite takes the number from the row that
// holds the maximum of the group (lang_select.html, "bare columns"). Who waits
// may do so in another queue than the number's.
func (s *Store) Queues(ctx context.Context, hall kiosk.HallID, day kiosk.Day) ([]center.Queue, error) {
	return list(ctx, s, "list queues", func(rows *sql.Rows, q *center.Queue) error {
		q.Day = day
		return rows.Scan(&q.Queue, &q.Waiting, &q.Taken, &q.Last)
	}, `SELECT queue, sum(waiting), sum(taken), max(last) FROM (
			SELECT queue, 0 AS waiting, count(*) AS taken, number AS last, max(wall * 1000 + min(count, 999)) FROM tickets
				WHERE hall = ?1 AND day = ?2 GROUP BY queue
			UNION ALL
			SELECT line, count(*), 0, '', 0 FROM tickets
				WHERE hall = ?1 AND day = ?2 AND state IN ('waiting', 'parked') AND state = 'waiting' GROUP BY line
		) GROUP BY queue ORDER BY queue`, hall, day)
}

// Latest implements center.Store.
func (s *Store) Latest(ctx context.Context, hall kiosk.HallID, day kiosk.Day, limit int) ([]center.Ticket, error) {
	return list(ctx, s, "list latest tickets", func(rows *sql.Rows, t *center.Ticket) error {
		return rows.Scan(&t.ID, &t.Hall, &t.Kiosk, &t.Day, &t.Number, &t.Queue, &t.State, &t.Taken.Wall, &t.Taken.Count,
			&t.Print, &t.Attempt, &t.Cause, &t.Clash)
	}, `SELECT id, hall, kiosk, day, number, queue, state, wall, count, print, attempt, cause, clash FROM tickets
		WHERE hall = ? AND day = ? ORDER BY wall DESC, count DESC, id DESC LIMIT ?`, hall, day, limit)
}

// Kiosks implements center.Store.
func (s *Store) Kiosks(ctx context.Context) ([]center.Kiosk, error) {
	return list(ctx, s, "list kiosks", func(rows *sql.Rows, k *center.Kiosk) error {
		var seen int64
		err := rows.Scan(&k.ID, &k.Hall, &k.Epoch, &k.Acked, &seen)
		k.Seen = time.UnixMilli(seen)
		return err
	}, "SELECT kiosk, hall, epoch, acked, max(seen) FROM sources GROUP BY kiosk ORDER BY kiosk")
}

// Alarms implements center.Store.
func (s *Store) Alarms(ctx context.Context, limit int) ([]center.Alarm, error) {
	return list(ctx, s, "list alarms", func(rows *sql.Rows, a *center.Alarm) error {
		var first, last int64
		err := rows.Scan(&a.Kind, &a.Kiosk, &a.Epoch, &a.Seq, &a.Detail, &a.Times, &first, &last)
		a.First, a.Last = time.UnixMilli(first), time.UnixMilli(last)
		return err
	}, "SELECT kind, kiosk, epoch, seq, detail, times, first, last FROM alarms ORDER BY last DESC, kiosk, seq LIMIT ?", limit)
}

// Events implements center.Store.
func (s *Store) Events(ctx context.Context, id kiosk.KioskID, epoch kiosk.Epoch, after int64, limit int) ([]kiosk.Event, error) {
	return list(ctx, s, "list events", func(rows *sql.Rows, e *kiosk.Event) error {
		var body string
		err := rows.Scan(&e.Seq, &e.Kind, &e.Stamp.Wall, &e.Stamp.Count, &body)
		e.Body = json.RawMessage(body)
		return err
	}, "SELECT seq, kind, wall, count, body FROM events WHERE kiosk = ? AND epoch = ? AND seq > ? ORDER BY seq LIMIT ?", id, epoch, after, limit)
}

// list asks the reader and collects one value a row.
func list[T any](ctx context.Context, s *Store, op string, scan func(*sql.Rows, *T) error, query string, args ...any) ([]T, error) {
	rows, err := s.reader.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, s.failed(op, err)
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		var v T
		if err := scan(rows, &v); err != nil {
			return nil, s.failed(op, err)
		}
		all = append(all, v)
	}
	return all, s.failed(op, rows.Err())
}
