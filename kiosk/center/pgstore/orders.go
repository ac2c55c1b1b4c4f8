package pgstore

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
)

const ordersSQL = "SELECT " + center.OrderColumns + " FROM orders"

const inForce = " WHERE hall = $1 AND ended = 0 AND (until = 0 OR until > $2)"

// Order implements center.Orders.
func (s *Store) Order(ctx context.Context, op kiosk.OpID, hall kiosk.HallID, o kiosk.Order, e center.Entry) (kiosk.Order, error) {
	words, err := center.CheckOrder(op, hall, o)
	if err != nil {
		return kiosk.Order{}, err
	}
	err = s.changeHall(ctx, hall, "order", func(tx pgx.Tx) error {
		// One at a time in a hall, so that they can be counted.
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1, hashtext($2))", int32(orderLock), string(hall)); err != nil {
			return err
		}
		made, err := row(ctx, tx, center.ScanOrder, ordersSQL+" WHERE hall = $1 AND op = $2", hall, op)
		if err == nil {
			if o, err = center.SameOrder(made.Order, o); err == nil {
				err = errAgain
			}
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		n := 0
		if err := tx.QueryRow(ctx, "SELECT count(*) FROM orders"+inForce, hall, center.Millis(e.At)).Scan(&n); err != nil {
			return err
		}
		if n >= center.MaxOrders {
			return center.TooManyOrders()
		}
		if _, err := tx.Exec(ctx, `INSERT INTO orders (name, hall, op, doing, kiosk, queue, ticket, words, until, account, made) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			o.ID, hall, op, o.Do, o.Kiosk, o.Queue, o.Ticket, words, o.Until, e.Account, center.Millis(e.At)); err != nil {
			return err
		}
		return note(ctx, tx, e)
	})
	if errors.Is(err, errAgain) {
		err = nil
	}
	if err != nil {
		return kiosk.Order{}, err
	}
	return o, nil
}

// TakeBack implements center.Orders.
func (s *Store) TakeBack(ctx context.Context, hall kiosk.HallID, id kiosk.OrderID, e center.Entry) error {
	return s.changeHall(ctx, hall, "take back order", func(tx pgx.Tx) error {
		done, err := tx.Exec(ctx, "UPDATE orders SET ended = $1 WHERE hall = $2 AND name = $3 AND ended = 0", center.Millis(e.At), hall, id)
		if err != nil {
			return err
		}
		if done.RowsAffected() == 0 {
			ended := false
			if err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM orders WHERE hall = $1 AND name = $2)", hall, id).Scan(&ended); err != nil {
				return err
			}
			return center.NoOrder(ended)
		}
		return note(ctx, tx, e)
	})
}

// Orders implements center.Orders.
func (s *Store) Orders(ctx context.Context, hall kiosk.HallID, limit int) ([]center.Ordered, error) {
	return list(ctx, s, "list orders", center.ScanOrder, ordersSQL+" WHERE hall = $1 ORDER BY id DESC LIMIT $2", hall, limit)
}

// InForce implements center.Orders.
func (s *Store) InForce(ctx context.Context, hall kiosk.HallID, now kiosk.Instant) ([]kiosk.Order, error) {
	return list(ctx, s, "list orders in force", center.ScanOrderOnly, ordersSQL+inForce+" ORDER BY id", hall, now)
}
