package store

import (
	"context"
	"database/sql"
	"errors"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
)

// bookingSchema is what people book from home, and what is wanted of kiosks.
const bookingSchema = `
ALTER TABLE tickets ADD COLUMN booking TEXT NOT NULL DEFAULT ''; -- that it checks in
-- A booking is checked in by one ticket.
CREATE UNIQUE INDEX tickets_booking ON tickets (hall, booking) WHERE booking <> '';

CREATE TABLE bookings (
	id        TEXT    NOT NULL PRIMARY KEY,
	hall      TEXT    NOT NULL,
	day       TEXT    NOT NULL,
	queue     TEXT    NOT NULL,
	items     TEXT    NOT NULL, -- JSON list of codes
	slot_from INTEGER NOT NULL, -- this and the next: center's clock, Unix ms
	slot_to   INTEGER NOT NULL,
	code      TEXT    NOT NULL,
	phone     TEXT    NOT NULL, -- last four digits; '' when the day is over
	card      TEXT    NOT NULL, -- kiosk.CardMark; '' when the day is over
	op        TEXT    NOT NULL,
	UNIQUE (hall, day, code),
	UNIQUE (hall, op)
) STRICT, WITHOUT ROWID;

-- What the card marks of a day are made with; gone when the day is over.
CREATE TABLE card_keys (
	hall TEXT NOT NULL,
	day  TEXT NOT NULL,
	key  BLOB NOT NULL CHECK (length(key) = 32),
	PRIMARY KEY (hall, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE orders (
	id       INTEGER PRIMARY KEY AUTOINCREMENT, -- the order in which they were made
	name     TEXT    NOT NULL UNIQUE,
	hall     TEXT    NOT NULL,
	op       TEXT    NOT NULL,
	doing    TEXT    NOT NULL,
	kiosk    TEXT    NOT NULL,
	queue    TEXT    NOT NULL,
	ticket   TEXT    NOT NULL,
	words    TEXT    NOT NULL, -- JSON
	until    INTEGER NOT NULL,
	account  TEXT    NOT NULL, -- who made it
	made     INTEGER NOT NULL,
	ended    INTEGER NOT NULL DEFAULT 0, -- taken back or done
	done     INTEGER NOT NULL DEFAULT 0 CHECK (done IN (0, 1)),
	fault    TEXT    NOT NULL DEFAULT '',
	UNIQUE (hall, op)
) STRICT;
CREATE INDEX orders_open ON orders (hall, id) WHERE ended = 0;
`

// Book implements center.Bookings.
func (s *Store) Book(ctx context.Context, op kiosk.OpID, b kiosk.Booking, places int, e center.Entry) (kiosk.Booking, error) {
	items, err := center.CheckBooking(op, b)
	if err != nil {
		return kiosk.Booking{}, err
	}
	err = s.changeHall(ctx, b.Hall, "book", func(d *desk) error {
		n, err := execAll(d.ctx, d.tx, []any{b.ID, b.Hall, b.Day, b.Queue, items, b.Slot.From, b.Slot.To, b.Code, b.Phone, b.Card, op},
			`INSERT INTO bookings (id, hall, day, queue, items, slot_from, slot_to, code, phone, card, op)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`)
		if err != nil {
			return err
		}
		if n == 1 {
			if places != center.Unbounded {
				slots, err := collect(d.ctx, d.tx, center.ScanSlot, "SELECT slot_from, slot_to FROM bookings WHERE hall = ? AND day = ? AND queue = ? AND slot_from < ? AND slot_to > ?",
					b.Hall, b.Day, b.Queue, b.Slot.To, b.Slot.From)
				if err == nil {
					err = center.Fits(b.Slot, slots, places)
				}
				if err != nil {
					return err
				}
			}
			return note(d.ctx, d.tx, e)
		}
		made, err := center.ScanBooking(d.tx.QueryRowContext(d.ctx, center.BookingsSQL+" WHERE b.hall = ? AND b.op = ?", b.Hall, op).Scan)
		if errors.Is(err, sql.ErrNoRows) {
			return center.CodeTaken()
		}
		if err == nil {
			b, err = center.SameBooking(made, b)
		}
		if err == nil {
			err = errAgain
		}
		return err
	})
	if errors.Is(err, errAgain) {
		err = nil
	}
	if err != nil {
		return kiosk.Booking{}, err
	}
	return b, nil
}

// Unbook implements center.Bookings.
func (s *Store) Unbook(ctx context.Context, hall kiosk.HallID, id kiosk.BookingID, e center.Entry) error {
	const op = "cancel booking"
	return s.changeHall(ctx, hall, op, func(d *desk) error {
		b, err := center.ScanBooking(d.tx.QueryRowContext(d.ctx, center.BookingsSQL+" WHERE b.hall = ? AND b.id = ?", hall, id).Scan)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return center.NoBooking(op)
		case err != nil:
			return err
		case b.Ticket != "":
			return center.CheckedIn(op)
		}
		if err := d.one("DELETE FROM bookings WHERE id = ?", id); err != nil {
			return err
		}
		return note(d.ctx, d.tx, e)
	})
}

// Bookings implements center.Bookings.
func (s *Store) Bookings(ctx context.Context, hall kiosk.HallID, q center.BookingQuery) ([]kiosk.Booking, error) {
	return list(ctx, s, "list bookings", center.ScanBooking,
		center.BookingsSQL+` WHERE b.hall = ?1 AND b.day >= ?2 AND (?3 = '' OR b.day <= ?3) AND (?4 = '' OR b.id = ?4) AND (?5 = '' OR b.code = ?5)
			AND (?6 = '' OR b.phone = ?6) AND (?7 = '' OR b.card = ?7) ORDER BY b.day, b.slot_from, b.slot_to, b.code`,
		hall, q.From, q.To, q.ID, q.Code, q.Phone, q.Card)
}

// CardKey implements center.Bookings.
func (s *Store) CardKey(ctx context.Context, hall kiosk.HallID, day kiosk.Day) (key []byte, err error) {
	const op, look = "get card key", "SELECT key FROM card_keys WHERE hall = ? AND day = ?"
	err = s.reader.QueryRowContext(ctx, look, hall, day).Scan(&key)
	if !errors.Is(err, sql.ErrNoRows) {
		return key, s.failed(op, err)
	}
	err = s.write(ctx, op, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "INSERT INTO card_keys (hall, day, key) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", hall, day, center.NewCardKey()); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, look, hall, day).Scan(&key)
	})
	return key, err
}
