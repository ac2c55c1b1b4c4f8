package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
)

// Ingest implements center.Store.
func (s *Store) Ingest(ctx context.Context, b center.Batch) (center.Receipt, error) {
	var r center.Receipt
	var refused error // the transaction commits nevertheless, for the alarm
	err := s.write(ctx, "take in events", func(tx *sql.Tx) error {
		// The transaction ends with ctx. Its statements are too short to watch
		// it each: go-sqlite3 would start a goroutine for every row.
		in := &intake{ctx: context.WithoutCancel(ctx), tx: tx, batch: b}
		defer in.close()
		r, refused = center.Receipt{}, nil
		through, err := in.store()
		r.Alarms = in.alarms
		var gap *center.Gap
		if c := kiosk.CodeOf(err); c == kiosk.EConflict && !errors.As(err, &gap) {
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
	}
	return r, err
}

// intake is one batch on its way into the tables, within one transaction.
type intake struct {
	ctx    context.Context
	tx     *sql.Tx
	batch  center.Batch
	event  *sql.Stmt
	ticket *sql.Stmt
	paper  *sql.Stmt
	alarms []center.Alarm
}

// store writes the batch and returns through which seq everything is stored.
func (in *intake) store() (int64, error) {
	b := in.batch
	var acked int64
	err := in.tx.QueryRowContext(in.ctx, "SELECT acked FROM sources WHERE kiosk = ? AND epoch = ?", b.Kiosk, b.Epoch).Scan(&acked)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, err
	}
	if len(b.Events) > 0 {
		if first := b.Events[0].Seq; first > acked+1 {
			return 0, &kiosk.Error{Code: kiosk.EConflict, Op: "take in events", Err: &center.Gap{AckedThrough: acked},
				Hint: fmt.Sprintf("the batch begins at %d, but only events through %d are stored; go back", first, acked)}
		}
		known, err := in.compare(acked)
		if err != nil {
			return 0, err
		}
		if err := in.insert(known); err != nil {
			return 0, err
		}
		acked = max(acked, b.Events[len(b.Events)-1].Seq)
	}
	_, err = in.tx.ExecContext(in.ctx, `INSERT INTO sources (kiosk, epoch, hall, acked, seen) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (kiosk, epoch) DO UPDATE SET hall = excluded.hall, acked = excluded.acked, seen = max(seen, excluded.seen)`,
		b.Kiosk, b.Epoch, b.Hall, acked, b.Got.UnixMilli())
	return acked, err
}

// compare returns which of the batch's events are stored already. One that is
// stored with another hash is a contradiction.
func (in *intake) compare(acked int64) (known map[int64]bool, err error) {
	b := in.batch
	first := b.Events[0].Seq
	if first > acked {
		return nil, nil
	}
	rows, err := in.tx.QueryContext(in.ctx, "SELECT seq, hash FROM events WHERE kiosk = ? AND epoch = ? AND seq BETWEEN ? AND ? ORDER BY seq",
		b.Kiosk, b.Epoch, first, b.Events[len(b.Events)-1].Seq)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	known = map[int64]bool{}
	var against []int64
	for rows.Next() {
		var seq int64
		var hash []byte
		if err := rows.Scan(&seq, &hash); err != nil {
			return nil, err
		}
		if center.Hash(hash) != b.Hashes[seq-first] {
			against = append(against, seq)
		}
		known[seq] = true
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil || len(against) == 0 {
		return known, err
	}
	// The first is enough to stop the kiosk; the others would flood the list.
	seq := against[0]
	if err := in.alarm(center.AlarmContradiction, seq, fmt.Sprintf("%d of %d events differ from what is stored", len(against), len(b.Events))); err != nil {
		return nil, err
	}
	return nil, &kiosk.Error{Code: kiosk.EConflict, Op: "take in events", Err: &center.Contradiction{Seq: seq},
		Hint: fmt.Sprintf("event %d of kiosk %s was stored before with other contents. Are two kiosks using one id, or was a database copied?", seq, b.Kiosk)}
}

// insert stores the events that are not known yet, and what they tell.
func (in *intake) insert(known map[int64]bool) (err error) {
	b := in.batch
	for i, e := range b.Events {
		if known[e.Seq] {
			continue
		}
		if in.event == nil {
			in.event, err = in.tx.PrepareContext(in.ctx, `INSERT INTO events (kiosk, epoch, seq, hall, kind, wall, count, body, hash, got)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (kiosk, epoch, seq) DO NOTHING`)
			if err != nil {
				return err
			}
		}
		if _, err := in.event.ExecContext(in.ctx, b.Kiosk, b.Epoch, e.Seq, b.Hall, e.Kind, e.Stamp.Wall, e.Stamp.Count,
			string(e.Body), b.Hashes[i][:], b.Got.UnixMilli()); err != nil {
			return err
		}
		switch e.Kind {
		case kiosk.TicketTaken:
			err = in.taken(e)
		case kiosk.PrintStarted, kiosk.PrintEnded:
			err = in.printed(e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// taken puts a ticket in its queue. A ticket whose label was given before
// waits like any other, and raises an alarm.
func (in *intake) taken(e kiosk.Event) (err error) {
	b := in.batch
	t, bad := center.ReadTaken(e)
	if bad != nil {
		return in.alarm(center.AlarmUnreadable, e.Seq, bad.Error())
	}
	items, err := json.Marshal(append([]kiosk.ItemID{}, t.Items...))
	if err != nil {
		return err
	}
	if in.ticket == nil {
		in.ticket, err = in.tx.PrepareContext(in.ctx, `INSERT INTO tickets (id, hall, kiosk, day, number, queue, items, state, wall, count, clash)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`)
		if err != nil {
			return err
		}
	}
	put := func(clash int) (bool, error) {
		done, err := in.ticket.ExecContext(in.ctx, t.Ticket, b.Hall, b.Kiosk, t.Day, t.Number, t.Queue, string(items),
			kiosk.Waiting, e.Stamp.Wall, e.Stamp.Count, clash)
		if err != nil {
			return false, err
		}
		n, err := done.RowsAffected()
		return n > 0, err
	}
	if ok, err := put(0); ok || err != nil {
		return err
	}
	var same bool
	err = in.tx.QueryRowContext(in.ctx, "SELECT kiosk = ? AND day = ? AND number = ? FROM tickets WHERE id = ?",
		b.Kiosk, t.Day, t.Number, t.Ticket).Scan(&same)
	switch {
	case err == nil && same: // told again, by a database that was restored
		return nil
	case err == nil:
		return in.alarm(center.AlarmClash, e.Seq, fmt.Sprintf("the id of ticket %s on %s was used for another ticket", t.Number, t.Day))
	case !errors.Is(err, sql.ErrNoRows):
		return err
	}
	if _, err := put(1); err != nil {
		return err
	}
	return in.alarm(center.AlarmClash, e.Seq, fmt.Sprintf("number %s was given twice on %s in hall %s", t.Number, t.Day, b.Hall))
}

// printed notes how far the newest attempt to print a ticket got.
func (in *intake) printed(e kiosk.Event) (err error) {
	p, bad := center.ReadPrint(e)
	if bad != nil {
		return in.alarm(center.AlarmUnreadable, e.Seq, bad.Error())
	}
	if in.paper == nil {
		in.paper, err = in.tx.PrepareContext(in.ctx, `UPDATE tickets SET print = ?1, attempt = ?2, cause = ?3
			WHERE id = ?4 AND kiosk = ?5 AND (attempt < ?2 OR attempt = ?2 AND print NOT IN ('printed', 'damaged', 'unknown', 'not_printed'))`)
		if err != nil {
			return err
		}
	}
	_, err = in.paper.ExecContext(in.ctx, p.State, p.Attempt, p.Cause, p.Ticket, in.batch.Kiosk)
	return err
}

// alarm records that a person must look at an event.
func (in *intake) alarm(kind center.AlarmKind, seq int64, detail string) error {
	b := in.batch
	a := center.Alarm{Kind: kind, Kiosk: b.Kiosk, Epoch: b.Epoch, Seq: seq, Detail: detail}
	var first, last int64
	err := in.tx.QueryRowContext(in.ctx, `INSERT INTO alarms (kind, kiosk, epoch, seq, detail, times, first, last) VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?6)
		ON CONFLICT (kind, kiosk, epoch, seq) DO UPDATE SET times = times + 1, last = excluded.last, detail = excluded.detail
		RETURNING times, first, last`, kind, b.Kiosk, b.Epoch, seq, detail, b.Got.UnixMilli()).Scan(&a.Times, &first, &last)
	if err != nil {
		return err
	}
	a.First, a.Last = time.UnixMilli(first), time.UnixMilli(last)
	in.alarms = append(in.alarms, a)
	return nil
}

// close gives back the prepared statements.
func (in *intake) close() {
	for _, st := range []*sql.Stmt{in.event, in.ticket, in.paper} {
		if st != nil {
			st.Close()
		}
	}
}
