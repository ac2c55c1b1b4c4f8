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
		look, err := tx.PrepareContext(ctx, "SELECT request, kiosk, hall, day, queue, n FROM grants WHERE request = ?")
		if err != nil {
			return err
		}
		defer look.Close()
		count, err := tx.PrepareContext(ctx, `INSERT INTO counters (hall, day, queue, last) VALUES (?, ?, ?, 1)
			ON CONFLICT (hall, day, queue) DO UPDATE SET last = last + 1 RETURNING last`)
		if err != nil {
			return err
		}
		defer count.Close()
		put, err := tx.PrepareContext(ctx, "INSERT INTO grants (request, kiosk, hall, day, queue, n) VALUES (?, ?, ?, ?, ?, ?)")
		if err != nil {
			return err
		}
		defer put.Close()
		for _, w := range wishes {
			var h center.Granted
			err := look.QueryRowContext(ctx, w.Request).Scan(&h.Request, &h.Kiosk, &h.Hall, &h.Day, &h.Queue, &h.N)
			if errors.Is(err, sql.ErrNoRows) {
				h.Grant = w
				if err = count.QueryRowContext(ctx, w.Hall, w.Day, w.Queue).Scan(&h.N); err == nil {
					_, err = put.ExecContext(ctx, w.Request, w.Kiosk, w.Hall, w.Day, w.Queue, h.N)
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
