package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/mattn/go-sqlite3"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/calling"
	"hallkiosk/kiosk/center"
)

// callSchema lets tickets be called. The indexes hold only who waits and who is
// at a window, so that a call costs the same however many days lie behind it.
const callSchema = `
ALTER TABLE tickets ADD COLUMN line      TEXT    NOT NULL DEFAULT ''; -- the queue where it waits or is called
ALTER TABLE tickets ADD COLUMN class     INTEGER NOT NULL DEFAULT 0;  -- center.Class
ALTER TABLE tickets ADD COLUMN priority  TEXT    NOT NULL DEFAULT '';
ALTER TABLE tickets ADD COLUMN slot_from INTEGER NOT NULL DEFAULT 0;  -- this and the next: center's clock, Unix ms
ALTER TABLE tickets ADD COLUMN slot_to   INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN at_window TEXT    NOT NULL DEFAULT '';
ALTER TABLE tickets ADD COLUMN called    INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN since     INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN until     INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN calls     INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN misses    INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN origin    TEXT    NOT NULL DEFAULT ''; -- the queue it was transferred from
ALTER TABLE tickets ADD COLUMN todo      TEXT    NOT NULL DEFAULT ''; -- JSON list of errands; '': all items, in queue
ALTER TABLE tickets ADD COLUMN version   INTEGER NOT NULL DEFAULT 1;
UPDATE tickets SET line = queue, since = wall;
CREATE INDEX tickets_waiting ON tickets (hall, day, line, class, wall, count, id) WHERE state IN ('waiting', 'parked');
-- A number is at one window, and a window has one number.
CREATE UNIQUE INDEX tickets_window ON tickets (hall, at_window) WHERE at_window <> '';

CREATE TABLE windows (
	hall    TEXT    NOT NULL,
	id      TEXT    NOT NULL,
	queues  TEXT    NOT NULL, -- JSON list
	paused  INTEGER NOT NULL CHECK (paused IN (0, 1)),
	reason  TEXT    NOT NULL,
	since   INTEGER NOT NULL,
	version INTEGER NOT NULL,
	PRIMARY KEY (hall, id)
) STRICT, WITHOUT ROWID;

-- The balance of each queue's ratios, and what it has measured.
CREATE TABLE lines (
	hall     TEXT    NOT NULL,
	day      TEXT    NOT NULL,
	queue    TEXT    NOT NULL,
	priority INTEGER NOT NULL,
	aged     INTEGER NOT NULL,
	measured TEXT    NOT NULL, -- JSON; '' for nothing
	PRIMARY KEY (hall, day, queue)
) STRICT, WITHOUT ROWID;

-- Who did what. undone is the operation that took it back.
CREATE TABLE changes (
	hall   TEXT    NOT NULL,
	op     TEXT    NOT NULL,
	day    TEXT    NOT NULL,
	at     INTEGER NOT NULL,
	verb   TEXT    NOT NULL,
	actor  TEXT    NOT NULL,
	role   TEXT    NOT NULL,
	undone TEXT    NOT NULL DEFAULT '',
	change TEXT    NOT NULL, -- JSON
	PRIMARY KEY (hall, op)
) STRICT, WITHOUT ROWID;
CREATE INDEX changes_day ON changes (hall, day, at);
`

// Do implements center.Calls.
func (s *Store) Do(ctx context.Context, p center.Press) (calling.Change, error) {
	if err := p.Check(); err != nil {
		return calling.Change{}, err
	}
	var o center.Outcome
	var version int64
	err := s.write(ctx, "call", func(tx *sql.Tx) error {
		d := &desk{ctx: context.WithoutCancel(ctx), tx: tx, press: p} // as in Ingest
		sight, err := d.look()
		if err != nil {
			return err
		}
		if o, err = p.Decide(sight); err != nil || o.Again {
			return err
		}
		if o.Survey {
			line, err := d.line(p.Hall, o.Day, o.Queue)
			if err == nil {
				err = o.Quote(line, p.Rules)
			}
			if err != nil {
				return err
			}
		}
		if err := d.store(o); err != nil {
			return err
		}
		version, err = d.raise(p.Hall)
		return err
	})
	var fault sqlite3.Error
	switch {
	case errors.As(err, &fault) && fault.ExtendedCode == sqlite3.ErrConstraintUnique, errors.Is(err, errMoved):
		// Can't be: nobody writes between our look and our commit.
		return calling.Change{}, p.Moved()
	case err != nil:
		return calling.Change{}, err
	}
	if version > 0 {
		s.news.Tell(p.Hall, version)
	}
	return o.Change, nil
}

var errMoved = errors.New("what a press was decided from has changed")

// desk is one press within a transaction, or some questions to the reader.
type desk struct {
	ctx   context.Context
	tx    *sql.Tx
	press center.Press
}

// look reads what the press is decided from.
func (d *desk) look() (s center.Sight, err error) {
	p := d.press
	if s.Done, _, err = d.change(p.Op); err != nil || s.Done != nil {
		return s, err
	}
	window, id := p.Window, p.Ticket
	if p.Undoes != "" {
		if s.Old, s.OldDay, err = d.change(p.Undoes); err != nil || s.Old == nil {
			return s, err
		}
		window = s.Old.By
		if s.Old.Ticket != nil {
			id = s.Old.Ticket.After.ID
		}
	}
	windows, err := readWindows(d.ctx, d.tx, "SELECT id, queues, paused, reason, since, version FROM windows WHERE hall = ? AND id = ?", p.Hall, window)
	if err != nil {
		return s, err
	}
	if len(windows) == 1 {
		s.Window = &windows[0]
	}
	s.Tickets, err = readTickets(d.ctx, d.tx, "SELECT "+center.CallColumns+" FROM tickets WHERE id = ?1 AND hall = ?2 UNION SELECT "+
		center.CallColumns+" FROM tickets WHERE hall = ?2 AND at_window = ?3 AND at_window <> ''", id, p.Hall, window)
	if err != nil {
		return s, err
	}
	if !p.Next() {
		for _, t := range s.Tickets {
			if t.ID == id || id == "" && s.Old == nil {
				day, queue := p.Day, t.Queue
				if s.Old != nil {
					day, queue = s.OldDay, s.Old.Ticket.Before.Queue
				}
				return s, d.row(&s, day, queue)
			}
		}
		return s, nil
	}
	if s.Window == nil {
		return s, nil
	}
	for _, q := range s.Window.Queues {
		if err := d.row(&s, p.Day, q); err != nil {
			return s, err
		}
		for _, of := range p.Spans() {
			if err := d.candidates(&s, q, of); err != nil {
				return s, err
			}
		}
	}
	return s, nil
}

const candidatesSQL = "SELECT " + center.CallColumns + ` FROM tickets WHERE hall = ? AND day = ? AND line = ? AND class = ?
	AND since >= ? AND state IN ('waiting', 'parked') AND until <= ? AND (state = 'waiting' OR until > 0) ORDER BY wall, count, id`

// candidates finds whom a queue can call next of a span.
func (d *desk) candidates(s *center.Sight, q kiosk.QueueID, of center.Span) error {
	p := d.press
	for _, c := range []struct {
		class center.Class
		query string
	}{{center.Plain, candidatesSQL + " LIMIT 1"}, {center.Ahead, candidatesSQL + " LIMIT 1"}, {center.Booked, candidatesSQL}} {
		some, err := readTickets(d.ctx, d.tx, c.query, p.Hall, of.Day, q, c.class, of.Since, p.At)
		if err != nil {
			return err
		}
		s.Next = append(s.Next, some...)
	}
	return nil
}

// change returns what is stored under an op and for which day, nil if nothing is.
func (d *desk) change(op kiosk.OpID) (ch *calling.Change, day kiosk.Day, err error) {
	var text string
	err = d.tx.QueryRowContext(d.ctx, "SELECT change, day FROM changes WHERE hall = ? AND op = ?", d.press.Hall, op).Scan(&text, &day)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, "", nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &ch)
	}
	return ch, day, err
}

// row adds a queue's row, if there is one.
func (d *desk) row(s *center.Sight, day kiosk.Day, q kiosk.QueueID) error {
	l := center.LineRow{Day: day, Queue: q}
	err := d.tx.QueryRowContext(d.ctx, "SELECT priority, aged, measured FROM lines WHERE hall = ? AND day = ? AND queue = ?", d.press.Hall, day, q).
		Scan(&l.Balance.Priority, &l.Balance.Aged, &l.Measured)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	s.Lines = append(s.Lines, l)
	return err
}

// store writes what a press changes.
func (d *desk) store(o center.Outcome) error {
	p, ch := d.press, o.Change
	text, err := json.Marshal(ch)
	if err != nil {
		return err
	}
	if e := ch.Ticket; e != nil {
		todo, err := json.Marshal(e.After.Todo)
		if err != nil {
			return err
		}
		a := e.After
		if err := d.one(`UPDATE tickets SET line = ?, state = ?, at_window = ?, called = ?, since = ?, until = ?, calls = ?, misses = ?, origin = ?, todo = ?, version = ?
			WHERE id = ? AND version = ?`, a.Queue, a.State, a.Window, a.Called, a.Since, a.Until, a.Calls, a.Misses, a.From, string(todo), a.Version, a.ID, e.Before.Version); err != nil {
			return err
		}
	}
	if e := ch.Window; e != nil {
		if err := d.one("UPDATE windows SET paused = ?, reason = ?, since = ?, version = ? WHERE hall = ? AND id = ? AND version = ?",
			e.After.Paused, e.After.Reason, e.After.Since, e.After.Version, p.Hall, e.After.ID, e.Before.Version); err != nil {
			return err
		}
	}
	for _, r := range o.Rows() {
		if err := d.one(`INSERT INTO lines (hall, day, queue, priority, aged, measured) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (hall, day, queue) DO UPDATE SET priority = priority + excluded.priority, aged = aged + excluded.aged,
				measured = iif(excluded.measured = '', measured, excluded.measured)`, p.Hall, r.Day, r.Queue, r.Balance.Priority, r.Balance.Aged, r.Measured); err != nil {
			return err
		}
	}
	if ch.Undoes != "" {
		if err := d.one("UPDATE changes SET undone = ? WHERE hall = ? AND op = ?", ch.Op, p.Hall, ch.Undoes); err != nil {
			return err
		}
	}
	return d.one("INSERT INTO changes (hall, op, day, at, verb, actor, role, change) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		p.Hall, ch.Op, p.Day, ch.At, ch.Verb, p.Actor.ID, p.Actor.Role, string(text))
}

// one runs a statement that must touch one row.
func (d *desk) one(query string, args ...any) error {
	done, err := d.tx.ExecContext(d.ctx, query, args...)
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n == 1 {
		return err
	}
	return errMoved
}

// raise returns the hall's next version.
func (d *desk) raise(hall kiosk.HallID) (version int64, err error) {
	return version, d.tx.QueryRowContext(d.ctx, raiseSQL, hall).Scan(&version)
}

const raiseSQL = `INSERT INTO versions (hall, version) VALUES (?, 1)
	ON CONFLICT (hall) DO UPDATE SET version = version + 1 RETURNING version`

// SetWindow implements center.Calls.
func (s *Store) SetWindow(ctx context.Context, hall kiosk.HallID, id kiosk.WindowID, queues []kiosk.QueueID, told ...center.Entry) error {
	text, err := center.CheckWindow(hall, id, queues)
	if err != nil {
		return err
	}
	return s.changeHall(ctx, hall, "set window", func(d *desk) error {
		err := d.one(`INSERT INTO windows (hall, id, queues, paused, reason, since, version) VALUES (?, ?, ?, 0, '', 0, 1)
			ON CONFLICT (hall, id) DO UPDATE SET queues = excluded.queues`, hall, id, text)
		for _, e := range told {
			if err == nil {
				err = note(d.ctx, d.tx, e)
			}
		}
		return err
	})
}

// Prefer implements center.Calls.
func (s *Store) Prefer(ctx context.Context, hall kiosk.HallID, id kiosk.TicketID, p center.Preference, e center.Entry) error {
	if err := p.Check(); err != nil {
		return err
	}
	const op = "prefer ticket"
	return s.changeHall(ctx, hall, op, func(d *desk) error {
		var why kiosk.Priority
		var b center.CheckIn
		err := d.tx.QueryRowContext(d.ctx, "SELECT priority, booking, slot_from, slot_to FROM tickets WHERE id = ? AND hall = ? AND state IN ('waiting', 'parked')", id, hall).
			Scan(&why, &b.Booking, &b.Slot.From, &b.Slot.To)
		if errors.Is(err, sql.ErrNoRows) {
			return center.NoTicket(op, string(id))
		}
		if err != nil {
			return err
		}
		why, b = p.Over(why, b)
		n, err := execAll(d.ctx, d.tx, []any{why, b.Booking, b.Slot.From, b.Slot.To, center.ClassOf(why, b.Slot), id},
			"UPDATE OR IGNORE tickets SET priority = ?, booking = ?, slot_from = ?, slot_to = ?, class = ?, version = version + 1 WHERE id = ?")
		if err != nil {
			return err
		}
		if n == 0 {
			return center.CheckedIn(op)
		}
		return note(d.ctx, d.tx, e)
	})
}

// changeHall runs do and raises the hall's version.
func (s *Store) changeHall(ctx context.Context, hall kiosk.HallID, op string, do func(*desk) error) error {
	var version int64
	err := s.write(ctx, op, func(tx *sql.Tx) (err error) {
		d := &desk{ctx: context.WithoutCancel(ctx), tx: tx}
		if err = do(d); err == nil {
			version, err = d.raise(hall)
		}
		return err
	})
	if err == nil {
		s.news.Tell(hall, version)
	}
	return err
}

// errAgain ends a change that an earlier one with the same op has made.
var errAgain = errors.New("it was done before")
