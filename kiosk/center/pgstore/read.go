package pgstore

import (
	"context"

	"github.com/jackc/pgx/v5"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
)

// Halls implements center.Store.
func (s *Store) Halls(ctx context.Context) ([]kiosk.HallID, error) {
	return list(ctx, s, "list halls", one[kiosk.HallID],
		"SELECT DISTINCT hall FROM sources ORDER BY hall")
}

// LatestDay implements center.Store.
func (s *Store) LatestDay(ctx context.Context, hall kiosk.HallID) (kiosk.Day, error) {
	days, err := list(ctx, s, "find latest day", one[kiosk.Day],
		"SELECT day FROM tickets WHERE hall = $1 ORDER BY day DESC LIMIT 1", hall)
	if err != nil || len(days) == 0 {
		return "", err
	}
	return days[0], nil
}

// Queues implements center.Store. Who waits may do so in another queue than
// the number's.
func (s *Store) Queues(ctx context.Context, hall kiosk.HallID, day kiosk.Day) ([]center.Queue, error) {
	return list(ctx, s, "list queues", func(scan center.Scan) (q center.Queue, err error) {
		q.Day = day
		return q, scan(&q.Queue, &q.Waiting, &q.Taken, &q.Last)
	}, `SELECT queue, sum(waiting)::bigint, sum(taken)::bigint, max(last) FROM (
			(SELECT DISTINCT ON (queue) queue, 0 AS waiting, count(*) OVER (PARTITION BY queue) AS taken, number AS last FROM tickets t
				WHERE hall = $1 AND day = $2 ORDER BY queue, wall DESC, t.count DESC, id DESC)
			UNION ALL
			SELECT line, count(*), 0, '' FROM tickets
				WHERE hall = $1 AND day = $2 AND state IN ('waiting', 'parked') AND state = 'waiting' GROUP BY line
		) one GROUP BY queue ORDER BY queue`, hall, day)
}

// Latest implements center.Store.
func (s *Store) Latest(ctx context.Context, hall kiosk.HallID, day kiosk.Day, limit int) ([]center.Ticket, error) {
	return list(ctx, s, "list latest tickets", center.ScanTicket, "SELECT "+center.TicketColumns+` FROM tickets
		WHERE hall = $1 AND day = $2 ORDER BY wall DESC, count DESC, id DESC LIMIT $3`, hall, day, limit)
}

// Kiosks implements center.Store.
func (s *Store) Kiosks(ctx context.Context) ([]center.Kiosk, error) {
	return list(ctx, s, "list kiosks", center.ScanKiosk, "SELECT DISTINCT ON (kiosk) kiosk, hall, epoch, acked, seen FROM sources ORDER BY kiosk, seen DESC")
}

// Kiosk implements center.Store.
func (s *Store) Kiosk(ctx context.Context, id kiosk.KioskID) (center.Kiosk, error) {
	return single(ctx, s, "find kiosk", center.ScanKiosk, "SELECT kiosk, hall, epoch, acked, seen FROM sources WHERE kiosk = $1 ORDER BY seen DESC LIMIT 1", id)
}

// Alarms implements center.Store.
func (s *Store) Alarms(ctx context.Context, limit int) ([]center.Alarm, error) {
	return list(ctx, s, "list alarms", center.ScanAlarm,
		"SELECT "+center.AlarmColumns+" FROM alarms ORDER BY last DESC, kiosk, seq LIMIT $1", limit)
}

// Events implements center.Store.
func (s *Store) Events(ctx context.Context, id kiosk.KioskID, epoch kiosk.Epoch, after int64, limit int) ([]kiosk.Event, error) {
	return list(ctx, s, "list events", center.ScanEvent, "SELECT seq, kind, wall, count, body FROM events WHERE kiosk = $1 AND epoch = $2 AND seq > $3 ORDER BY seq LIMIT $4", id, epoch, after, limit)
}

// list asks and collects one value a row; nil when there is none.
func list[T any](ctx context.Context, s *Store, op string, read func(center.Scan) (T, error), query string, args ...any) ([]T, error) {
	return listOn(ctx, s, s.reader, op, read, query, args...)
}

// by lets pgx read rows.
func by[T any](read func(center.Scan) (T, error)) pgx.RowToFunc[T] {
	return func(row pgx.CollectableRow) (T, error) { return read(row.Scan) }
}

// one reads a row of a single column.
func one[T any](scan center.Scan) (v T, err error) { return v, scan(&v) }

// listOn is list on a connection of p.
func listOn[T any](ctx context.Context, s *Store, p *pool, op string, read func(center.Scan) (T, error), query string, args ...any) (all []T, err error) {
	err = use(ctx, p, func(conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, query, args...)
		if err != nil {
			return err
		}
		all, err = pgx.AppendRows([]T(nil), rows, by(read))
		return err
	})
	return all, s.failed(op, err)
}
