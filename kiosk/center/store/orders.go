package store

import (
	"context"
	"database/sql"
	"errors"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
)

const ordersSQL = "SELECT " + center.OrderColumns + " FROM orders"

const inForce = " WHERE hall = ? AND ended = 0 AND (until = 0 OR until > ?)"

// Order implements center.Orders.
func (s *Store) Order(ctx context.Context, op kiosk.OpID, hall kiosk.HallID, o kiosk.Order, e center.Entry) (kiosk.Order, error) {
	words, err := center.CheckOrder(op, hall, o)
	if err != nil {
		return kiosk.Order{}, err
	}
	err = s.changeHall(ctx, hall, "order", func(d *desk) error {
		made, err := center.ScanOrder(d.tx.QueryRowContext(d.ctx, ordersSQL+" WHERE hall = ? AND op = ?", hall, op).Scan)
		if err == nil {
			if o, err = center.SameOrder(made.Order, o); err == nil {
				err = errAgain
			}
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		n := 0
		if err := d.tx.QueryRowContext(d.ctx, "SELECT count(*) FROM orders"+inForce, hall, center.Millis(e.At)).Scan(&n); err != nil {
			return err
		}
		if n >= center.MaxOrders {
			return center.TooManyOrders()
		}
		if err := d.one(`INSERT INTO orders (name, hall, op, doing, kiosk, queue, ticket, words, until, account, made) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			o.ID, hall, op, o.Do, o.Kiosk, o.Queue, o.Ticket, words, o.Until, e.Account, center.Millis(e.At)); err != nil {
			return err
		}
		return note(d.ctx, d.tx, e)
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
	return s.changeHall(ctx, hall, "take back order", func(d *desk) error {
		n, err := execAll(d.ctx, d.tx, []any{center.Millis(e.At), hall, id}, "UPDATE orders SET ended = ? WHERE hall = ? AND name = ? AND ended = 0")
		if err != nil {
			return err
		}
		if n == 0 {
			ended := false
			if err := d.tx.QueryRowContext(d.ctx, "SELECT EXISTS (SELECT 1 FROM orders WHERE hall = ? AND name = ?)", hall, id).Scan(&ended); err != nil {
				return err
			}
			return center.NoOrder(ended)
		}
		return note(d.ctx, d.tx, e)
	})
}

// Orders implements center.Orders.
func (s *Store) Orders(ctx context.Context, hall kiosk.HallID, limit int) ([]center.Ordered, error) {
	return list(ctx, s, "list orders", center.ScanOrder,
		ordersSQL+" WHERE hall = ? ORDER BY id DESC LIMIT ?", hall, limit)
}

// InForce implements center.Orders.
func (s *Store) InForce(ctx context.Context, hall kiosk.HallID, now kiosk.Instant) ([]kiosk.Order, error) {
	return list(ctx, s, "list orders in force", center.ScanOrderOnly, ordersSQL+inForce+" ORDER BY id", hall, now)
}
