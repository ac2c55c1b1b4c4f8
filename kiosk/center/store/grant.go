package store

import (
	"context"
	"database/sql"
	"errors"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
)

// Grant implements center.Store.
func (s *Store) Grant(ctx context.Context, g center.Grant) (kiosk.Number, error) {
	return s.granter.Grant(ctx, g)
}

// grant stores wishes in one transaction; see center.NewGranter.
func (s *Store) grant(ctx context.Context, wishes []center.Grant) (all []center.Granted, err error) {
	err = s.write(ctx, "grant number", func(tx *sql.Tx) error {
		ctx := context.WithoutCancel(ctx) // as in Ingest
		all = nil
		for _, w := range wishes {
			var h center.Granted
			err := tx.QueryRowContext(ctx, "SELECT request, kiosk, hall, day, queue, n FROM grants WHERE request = ?", w.Request).Scan(&h.Request, &h.Kiosk, &h.Hall, &h.Day, &h.Queue, &h.N)
			if errors.Is(err, sql.ErrNoRows) {
				h.Grant = w
				err = tx.QueryRowContext(ctx, `INSERT INTO counters (hall, day, queue, last) VALUES (?, ?, ?, 1)
					ON CONFLICT (hall, day, queue) DO UPDATE SET last = last + 1 RETURNING last`, w.Hall, w.Day, w.Queue).Scan(&h.N)
				if err == nil {
					_, err = tx.ExecContext(ctx, "INSERT INTO grants (request, kiosk, hall, day, queue, n) VALUES (?, ?, ?, ?, ?, ?)", w.Request, w.Kiosk, w.Hall, w.Day, w.Queue, h.N)
				}
			}
			if err != nil {
				return err
			}
			all = append(all, h)
		}
		return nil
	})
	return all, err
}
