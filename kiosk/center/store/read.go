package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
)

// Halls implements center.Store.
func (s *Store) Halls(ctx context.Context) ([]kiosk.HallID, error) {
	return list(ctx, s, "list halls", func(scan center.Scan) (h kiosk.HallID, err error) { return h, scan(&h) },
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
	return list(ctx, s, "list queues", func(scan center.Scan) (q center.Queue, err error) {
		q.Day = day
		return q, scan(&q.Queue, &q.Waiting, &q.Taken, &q.Last)
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
	return list(ctx, s, "list latest tickets", center.ScanTicket, "SELECT "+center.TicketColumns+` FROM tickets
		WHERE hall = ? AND day = ? ORDER BY wall DESC, count DESC, id DESC LIMIT ?`, hall, day, limit)
}

// Kiosks implements center.Store.
func (s *Store) Kiosks(ctx context.Context) ([]center.Kiosk, error) {
	return list(ctx, s, "list kiosks", center.ScanKiosk, "SELECT kiosk, hall, epoch, acked, max(seen) FROM sources GROUP BY kiosk ORDER BY kiosk")
}

// Kiosk implements center.Store.
func (s *Store) Kiosk(ctx context.Context, id kiosk.KioskID) (center.Kiosk, error) {
	const op = "find kiosk"
	k, err := center.ScanKiosk(s.reader.QueryRowContext(ctx, "SELECT kiosk, hall, epoch, acked, seen FROM sources WHERE kiosk = ? ORDER BY seen DESC LIMIT 1", id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return k, &kiosk.Error{Code: kiosk.ENotFound, Op: op}
	}
	return k, s.failed(op, err)
}

// Alarms implements center.Store.
func (s *Store) Alarms(ctx context.Context, limit int) ([]center.Alarm, error) {
	return list(ctx, s, "list alarms", center.ScanAlarm, "SELECT "+center.AlarmColumns+" FROM alarms ORDER BY last DESC, kiosk, seq LIMIT ?", limit)
}

// Events implements center.Store.
func (s *Store) Events(ctx context.Context, id kiosk.KioskID, epoch kiosk.Epoch, after int64, limit int) ([]kiosk.Event, error) {
	return list(ctx, s, "list events", center.ScanEvent, "SELECT seq, kind, wall, count, body FROM events WHERE kiosk = ? AND epoch = ? AND seq > ? ORDER BY seq LIMIT ?", id, epoch, after, limit)
}

// list asks the reader and collects one value a row.
func list[T any](ctx context.Context, s *Store, op string, read func(center.Scan) (T, error), query string, args ...any) ([]T, error) {
	all, err := collect(ctx, s.reader, read, query, args...)
	return all, s.failed(op, err)
}

// asker is a transaction or the reader.
type asker interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// collect asks and collects one value a row; nil when there is none.
func collect[T any](ctx context.Context, from asker, read func(center.Scan) (T, error), query string, args ...any) ([]T, error) {
	rows, err := from.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("ask: %w", err)
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		v, err := read(rows.Scan)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}
