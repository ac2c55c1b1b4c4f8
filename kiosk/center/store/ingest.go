package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
)

// Ingest implements center.Store.
func (s *Store) Ingest(ctx context.Context, b center.Batch) (center.Receipt, error) {
	var r center.Receipt
	var refused error // the transaction commits nevertheless, for the alarm
	var version int64 // of the hall, when the batch brought something new
	err := s.write(ctx, "take in events", func(tx *sql.Tx) error {
		// The transaction ends with ctx. Its statements are too short to watch
		// it each: go-sqlite3 would start a goroutine for every row.
		in := &intake{ctx: context.WithoutCancel(ctx), tx: tx, batch: b}
		r, refused, version = center.Receipt{}, nil, 0
		through, err := in.store()
		r.Alarms, version = in.alarms, in.version
		if errors.As(err, new(*center.Contradiction)) {
			refused = err
			return nil
		}
		r.Ack.AckedThrough = through
		return err
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		r.Ack = kiosk.Ack{}
		if refused == nil {
			r.Alarms = nil // went down with the transaction
		}
		return r, err
	}
	if version > 0 {
		s.news.Tell(b.Hall, version)
	}
	return r, nil
}

// intake is one batch on its way into the tables, within one transaction.
type intake struct {
	ctx     context.Context
	tx      *sql.Tx
	batch   center.Batch
	alarms  []center.Alarm
	version int64
}

// store writes the batch and returns through which seq everything is stored.
func (in *intake) store() (int64, error) {
	b := in.batch
	var last kiosk.Epoch
	var seen, acked int64
	err := in.tx.QueryRowContext(in.ctx, "SELECT epoch, seen FROM sources WHERE kiosk = ? ORDER BY seen DESC LIMIT 1", b.Kiosk).Scan(&last, &seen)
	if err == nil {
		err = b.After(last, seen)
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, err
	}
	err = in.tx.QueryRowContext(in.ctx, "SELECT acked FROM sources WHERE kiosk = ? AND epoch = ?", b.Kiosk, b.Epoch).Scan(&acked)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, err
	}
	if err := b.GapAfter(acked); err != nil {
		return 0, err
	}
	if len(b.Events) > 0 {
		if err := in.compare(acked); err != nil {
			return 0, err
		}
		if last := b.Events[len(b.Events)-1].Seq; last > acked {
			if err := in.insert(acked); err != nil {
				return 0, err
			}
			acked = last
		}
	}
	_, err = in.tx.ExecContext(in.ctx, `INSERT INTO sources (kiosk, epoch, hall, acked, seen) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (kiosk, epoch) DO UPDATE SET hall = excluded.hall, acked = excluded.acked, seen = max(seen, excluded.seen)`,
		b.Kiosk, b.Epoch, b.Hall, acked, b.Got.UnixMilli())
	return acked, err
}

// compare refuses the batch when an event of it is stored with another hash.
func (in *intake) compare(acked int64) error {
	b := in.batch
	first := b.Events[0].Seq
	if first > acked {
		return nil
	}
	rows, err := in.tx.QueryContext(in.ctx, "SELECT seq, hash FROM events WHERE kiosk = ? AND epoch = ? AND seq BETWEEN ? AND ? ORDER BY seq",
		b.Kiosk, b.Epoch, first, b.Events[len(b.Events)-1].Seq)
	if err != nil {
		return err
	}
	defer rows.Close()
	var against []int64
	for rows.Next() {
		var seq int64
		var hash []byte
		if err := rows.Scan(&seq, &hash); err != nil {
			return err
		}
		if center.Hash(hash) != b.Hashes[seq-first] {
			against = append(against, seq)
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	alarm, refused := b.Against(against)
	if refused == nil {
		return nil
	}
	if err := in.alarm(*alarm); err != nil {
		return err
	}
	return refused
}

// insert stores the events after acked, what they tell, and the hall's next
// version.
func (in *intake) insert(acked int64) error {
	b := in.batch
	// Bodies are read while SQLite writes: that is another core's work.
	type reading struct {
		told *center.Told
		err  error
	}
	read := make(chan reading, 1)
	go func() {
		told, err := center.Tell(b, acked)
		read <- reading{told, err}
	}()
	for i, e := range b.Events {
		if e.Seq <= acked {
			continue
		}
		if _, err := in.tx.ExecContext(in.ctx, `INSERT INTO events (kiosk, epoch, seq, hall, kind, wall, count, body, hash, got)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (kiosk, epoch, seq) DO NOTHING`, b.Kiosk, b.Epoch, e.Seq, b.Hall, e.Kind, e.Stamp.Wall, e.Stamp.Count,
			string(e.Body), b.Hashes[i][:], b.Got.UnixMilli()); err != nil {
			return err
		}
	}
	r := <-read
	if err := r.err; err != nil {
		return err
	}
	if err := in.tell(r.told); err != nil {
		return err
	}
	return in.tx.QueryRowContext(in.ctx, raiseSQL, b.Hall).Scan(&in.version)
}

// tell writes what a batch tells of tickets.
func (in *intake) tell(told *center.Told) error {
	if err := in.print(told.Early); err != nil {
		return err
	}
	refused, err := in.put(told.Tickets)
	if err != nil {
		return err
	}
	var held []center.Held
	for _, some := range [][]center.NewTicket{refused, told.Again} {
		for _, n := range some {
			some, err := collect(in.ctx, in.tx, func(scan center.Scan) (h center.Held, err error) {
				return h, scan(&h.ID, &h.Kiosk, &h.Day, &h.Number, &h.Clash, &h.Booking)
			}, inWayOf+"id = ?4 UNION "+inWayOf+"hall = ?1 AND day = ?2 AND number = ?3 AND clash = 0 UNION "+inWayOf+"hall = ?1 AND booking = ?5 AND booking <> ''",
				n.Hall, n.Day, n.Number, n.ID, n.Booking)
			if err != nil {
				return err
			}
			held = append(held, some...)
		}
	}
	if _, err := in.put(told.Settle(refused, held)); err != nil {
		return err
	}
	if err := in.print(told.Late); err != nil {
		return err
	}
	for _, o := range told.Done {
		if _, err := in.tx.ExecContext(in.ctx, "UPDATE orders SET ended = ?, done = 1, fault = ? WHERE hall = ? AND name = ? AND kiosk = ? AND doing = ? AND ended = 0",
			in.batch.Got.UnixMilli(), o.Fault, in.batch.Hall, o.Order, in.batch.Kiosk, kiosk.PrintAgain); err != nil {
			return err
		}
	}
	for _, r := range told.Raise {
		if _, err := in.tx.ExecContext(in.ctx, `INSERT INTO counters (hall, day, queue, last) VALUES (?, ?, ?, ?)
			ON CONFLICT (hall, day, queue) DO UPDATE SET last = excluded.last WHERE last < excluded.last`, r.Hall, r.Day, r.Queue, r.N); err != nil {
			return err
		}
	}
	for _, a := range told.Alarms {
		if err := in.alarm(a); err != nil {
			return err
		}
	}
	return nil
}

const inWayOf = "SELECT id, kiosk, day, number, clash, booking FROM tickets WHERE "

// put puts tickets in their queues and returns those whose id, label or booking
// is taken.
func (in *intake) put(tickets []center.NewTicket) (refused []center.NewTicket, err error) {
	for _, n := range tickets {
		done, err := in.tx.ExecContext(in.ctx, `INSERT INTO tickets (id, hall, kiosk, day, number, queue, items, state, wall, count, print, attempt, cause, clash, line, since,
				priority, booking, slot_from, slot_to, class, todo)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?6, ?9, ?15, ?16, ?17, ?18, ?19, ?20) ON CONFLICT DO NOTHING`, n.ID, n.Hall, n.Kiosk, n.Day, n.Number, n.Queue, n.Items, n.State,
			n.Taken.Wall, n.Taken.Count, n.Print, n.Attempt, n.Cause, n.Clash, n.Priority, n.Booking, n.Slot.From, n.Slot.To, n.Class(), n.Todo)
		if err != nil {
			return nil, err
		}
		if put, err := done.RowsAffected(); err != nil {
			return nil, err
		} else if put == 0 {
			refused = append(refused, n)
		}
	}
	return refused, nil
}

// print notes how far the newest attempts to print tickets got.
func (in *intake) print(papers []kiosk.PrintBody) error {
	for _, p := range papers {
		if _, err := in.tx.ExecContext(in.ctx, `UPDATE tickets SET print = ?1, attempt = ?2, cause = ?3
			WHERE id = ?4 AND kiosk = ?5 AND (attempt < ?2 OR attempt = ?2 AND print NOT IN ('printed', 'damaged', 'unknown', 'not_printed'))`, p.State, p.Attempt, p.Cause, p.Ticket, in.batch.Kiosk); err != nil {
			return err
		}
	}
	return nil
}

// alarm records that a person must look at an event.
func (in *intake) alarm(a center.Alarm) error {
	var first, last int64
	err := in.tx.QueryRowContext(in.ctx, `INSERT INTO alarms (kind, kiosk, epoch, seq, detail, times, first, last) VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?6)
		ON CONFLICT (kind, kiosk, epoch, seq) DO UPDATE SET times = times + 1, last = excluded.last, detail = excluded.detail
		RETURNING times, first, last`, a.Kind, a.Kiosk, a.Epoch, a.Seq, a.Detail, in.batch.Got.UnixMilli()).Scan(&a.Times, &first, &last)
	if err != nil {
		return err
	}
	a.First, a.Last = time.UnixMilli(first), time.UnixMilli(last)
	in.alarms = append(in.alarms, a)
	return nil
}
