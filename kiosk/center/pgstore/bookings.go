package pgstore

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
)

// bookingSchema is what people book from home, and what is wanted of kiosks.
const bookingSchema = `
ALTER TABLE tickets ADD COLUMN booking text COLLATE "C" NOT NULL DEFAULT ''; -- that it checks in
-- A booking is checked in by one ticket.
CREATE UNIQUE INDEX tickets_booking ON tickets (hall, booking) WHERE booking <> '';

CREATE TABLE bookings (
	id        text COLLATE "C" NOT NULL PRIMARY KEY,
	hall      text COLLATE "C" NOT NULL,
	day       text COLLATE "C" NOT NULL,
	queue     text COLLATE "C" NOT NULL,
	items     text COLLATE "C" NOT NULL, -- JSON list of codes
	slot_from bigint NOT NULL, -- this and the next: center's clock, Unix ms
	slot_to   bigint NOT NULL,
	code      text COLLATE "C" NOT NULL,
	phone     text COLLATE "C" NOT NULL, -- last four digits; '' when the day is over
	card      text COLLATE "C" NOT NULL, -- kiosk.CardMark; '' when the day is over
	op        text COLLATE "C" NOT NULL,
	UNIQUE (hall, day, code),
	UNIQUE (hall, op)
);

-- What the card marks of a day are made with; gone when the day is over.
CREATE TABLE card_keys (
	hall text COLLATE "C" NOT NULL,
	day  text COLLATE "C" NOT NULL,
	key  bytea NOT NULL CHECK (length(key) = 32),
	PRIMARY KEY (hall, day)
);

CREATE TABLE orders (
	id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- the order in which they were made
	name     text COLLATE "C" NOT NULL UNIQUE,
	hall     text COLLATE "C" NOT NULL,
	op       text COLLATE "C" NOT NULL,
	doing    text COLLATE "C" NOT NULL,
	kiosk    text COLLATE "C" NOT NULL,
	queue    text COLLATE "C" NOT NULL,
	ticket   text COLLATE "C" NOT NULL,
	words    text COLLATE "C" NOT NULL, -- JSON
	until    bigint NOT NULL,
	account  text COLLATE "C" NOT NULL, -- who made it
	made     bigint NOT NULL,
	ended    bigint NOT NULL DEFAULT 0, -- taken back or done
	done     boolean NOT NULL DEFAULT false,
	fault    text COLLATE "C" NOT NULL DEFAULT '',
	UNIQUE (hall, op)
);
CREATE INDEX orders_open ON orders (hall, id) WHERE ended = 0;
`

// Book implements center.Bookings.
func (s *Store) Book(ctx context.Context, op kiosk.OpID, b kiosk.Booking, places int, e center.Entry) (kiosk.Booking, error) {
	items, err := center.CheckBooking(op, b)
	if err != nil {
		return kiosk.Booking{}, err
	}
	err = s.changeHall(ctx, b.Hall, "book", func(tx pgx.Tx) error {
		if places != center.Unbounded { // one after the other, or each would see room for itself
			if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1, hashtext($2))", int32(bookingLock), string(b.Hall)); err != nil {
				return err
			}
		}
		done, err := tx.Exec(ctx, `INSERT INTO bookings (id, hall, day, queue, items, slot_from, slot_to, code, phone, card, op)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING`,
			b.ID, b.Hall, b.Day, b.Queue, items, b.Slot.From, b.Slot.To, b.Code, b.Phone, b.Card, op)
		if err != nil {
			return err
		}
		if done.RowsAffected() == 1 {
			if places != center.Unbounded {
				rows, err := tx.Query(ctx, "SELECT slot_from, slot_to FROM bookings WHERE hall = $1 AND day = $2 AND queue = $3 AND slot_from < $4 AND slot_to > $5",
					b.Hall, b.Day, b.Queue, b.Slot.To, b.Slot.From)
				if err != nil {
					return err
				}
				slots, err := pgx.CollectRows(rows, by(center.ScanSlot))
				if err == nil {
					err = center.Fits(b.Slot, slots, places)
				}
				if err != nil {
					return err
				}
			}
			return note(ctx, tx, e)
		}
		made, err := row(ctx, tx, center.ScanBooking, center.BookingsSQL+" WHERE b.hall = $1 AND b.op = $2", b.Hall, op)
		if errors.Is(err, pgx.ErrNoRows) {
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

// errAgain ends a change that an earlier one with the same op has made.
var errAgain = errors.New("it was done before")

// row asks for one row within a transaction.
func row[T any](ctx context.Context, tx pgx.Tx, read func(center.Scan) (T, error), query string, args ...any) (v T, err error) {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return v, err
	}
	return pgx.CollectExactlyOneRow(rows, by(read))
}

// Unbook implements center.Bookings.
func (s *Store) Unbook(ctx context.Context, hall kiosk.HallID, id kiosk.BookingID, e center.Entry) error {
	const op = "cancel booking"
	return s.changeHall(ctx, hall, op, func(tx pgx.Tx) error {
		b, err := row(ctx, tx, center.ScanBooking, center.BookingsSQL+" WHERE b.hall = $1 AND b.id = $2 FOR UPDATE OF b", hall, id)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return center.NoBooking(op)
		case err != nil:
			return err
		case b.Ticket != "":
			return center.CheckedIn(op)
		}
		if _, err := tx.Exec(ctx, "DELETE FROM bookings WHERE id = $1", id); err != nil {
			return err
		}
		return note(ctx, tx, e)
	})
}

// Bookings implements center.Bookings.
func (s *Store) Bookings(ctx context.Context, hall kiosk.HallID, q center.BookingQuery) ([]kiosk.Booking, error) {
	return list(ctx, s, "list bookings", center.ScanBooking,
		center.BookingsSQL+` WHERE b.hall = $1 AND b.day >= $2 AND ($3::text = '' OR b.day <= $3) AND ($4::text = '' OR b.id = $4) AND ($5::text = '' OR b.code = $5)
			AND ($6::text = '' OR b.phone = $6) AND ($7::text = '' OR b.card = $7) ORDER BY b.day, b.slot_from, b.slot_to, b.code`,
		hall, q.From, q.To, q.ID, q.Code, q.Phone, q.Card)
}

// CardKey implements center.Bookings.
func (s *Store) CardKey(ctx context.Context, hall kiosk.HallID, day kiosk.Day) ([]byte, error) {
	const op, look = "get card key", "SELECT key FROM card_keys WHERE hall = $1 AND day = $2"
	key, err := single(ctx, s, op, one[[]byte], look, hall, day)
	if kiosk.CodeOf(err) != kiosk.ENotFound {
		return key, err
	}
	err = s.write(ctx, op, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO card_keys (hall, day, key) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", hall, day, center.NewCardKey())
		return err
	})
	if err != nil {
		return nil, err
	}
	return single(ctx, s, op, one[[]byte], look, hall, day)
}
