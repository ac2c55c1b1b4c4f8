package store

import (
	"context"
	"database/sql"
	"time"

	"hallkiosk/kiosk"
)

// lookEvery is how often the Store looks whether another process has written,
// such as an operator's command beside the server.
const lookEvery = 500 * time.Millisecond

// Watch implements center.Store.
func (s *Store) Watch(ctx context.Context, hall kiosk.HallID) (<-chan int64, error) {
	return s.news.Watch(ctx, hall, func(ctx context.Context) (now int64, err error) {
		err = s.reader.QueryRowContext(ctx, "SELECT coalesce(max(version), 0) FROM versions WHERE hall = ?", hall).Scan(&now)
		return now, s.failed("watch hall", err)
	})
}

// listen tells what other processes have changed, until the Store is closed.
// SQLite notifies nobody, but data_version of a connection says cheaply whether
// any other one has committed (pragma.html#pragma_data_version).
func (s *Store) listen() {
	every := time.NewTicker(lookEvery)
	defer every.Stop()
	var conn *sql.Conn
	last := int64(-1)
	for {
		select {
		case <-s.life.Done():
			if conn != nil {
				conn.Close() //nolint:errcheck // it only read
			}
			return
		case <-every.C:
		}
		if len(s.news.Halls()) == 0 {
			continue
		}
		if conn == nil {
			var err error
			if conn, err = s.reader.Conn(s.life); err != nil {
				continue
			}
			last = -1
		}
		if err := s.look(conn, &last); err != nil {
			conn.Close() //nolint:errcheck // it is given up
			conn = nil
		}
	}
}

// look tells all versions if anything was committed since last.
func (s *Store) look(conn *sql.Conn, last *int64) error {
	var now int64
	if err := conn.QueryRowContext(s.life, "PRAGMA data_version").Scan(&now); err != nil || now == *last {
		return err
	}
	rows, err := conn.QueryContext(s.life, "SELECT hall, version FROM versions")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var hall kiosk.HallID
		var version int64
		if err := rows.Scan(&hall, &version); err != nil {
			return err
		}
		s.news.Tell(hall, version)
	}
	*last = now
	return rows.Err()
}
