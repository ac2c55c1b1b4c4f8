package pgstore

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/calling"
	"hallkiosk/kiosk/center"
)

// callSchema lets tickets be called. The indexes hold only who waits and who is
// at a window, so that a call costs the same however many days lie behind it.
const callSchema = `
ALTER TABLE tickets
	ADD COLUMN line      text   COLLATE "C" NOT NULL DEFAULT '', -- the queue where it waits or is called
	ADD COLUMN class     bigint NOT NULL DEFAULT 0, -- center.Class
	ADD COLUMN priority  text   NOT NULL DEFAULT '',
	ADD COLUMN slot_from bigint NOT NULL DEFAULT 0, -- this and the next: center's clock, Unix ms
	ADD COLUMN slot_to   bigint NOT NULL DEFAULT 0,
	ADD COLUMN at_window text   COLLATE "C" NOT NULL DEFAULT '',
	ADD COLUMN called    bigint NOT NULL DEFAULT 0,
	ADD COLUMN since     bigint NOT NULL DEFAULT 0,
	ADD COLUMN until     bigint NOT NULL DEFAULT 0,
	ADD COLUMN calls     bigint NOT NULL DEFAULT 0,
	ADD COLUMN misses    bigint NOT NULL DEFAULT 0,
	ADD COLUMN origin    text   NOT NULL DEFAULT '', -- the queue it was transferred from
	ADD COLUMN todo      text   NOT NULL DEFAULT '', -- JSON list of errands; '': all items, in queue
	ADD COLUMN version   bigint NOT NULL DEFAULT 1;
UPDATE tickets SET line = queue, since = wall;
CREATE INDEX tickets_waiting ON tickets (hall, day, line, class, wall, count, id) WHERE state IN ('waiting', 'parked');
-- A number is at one window, and a window has one number.
CREATE UNIQUE INDEX tickets_window ON tickets (hall, at_window) WHERE at_window <> '';

CREATE TABLE windows (
	hall    text    COLLATE "C" NOT NULL,
	id      text    COLLATE "C" NOT NULL,
	queues  text[]  COLLATE "C" NOT NULL,
	paused  boolean NOT NULL,
	reason  text    NOT NULL,
	since   bigint  NOT NULL,
	version bigint  NOT NULL,
	PRIMARY KEY (hall, id)
);

-- The balance of each queue's ratios, and what it has measured. Who changes a
-- ticket of the queue holds its row, so that windows that press together don't
-- decide for nothing.
CREATE TABLE lines (
	hall     text   COLLATE "C" NOT NULL,
	day      text   COLLATE "C" NOT NULL,
	queue    text   COLLATE "C" NOT NULL,
	priority bigint NOT NULL,
	aged     bigint NOT NULL,
	measured text   NOT NULL, -- JSON; '' for nothing
	PRIMARY KEY (hall, day, queue)
) WITH (fillfactor = 50);

-- Who did what. undone is the operation that took it back.
CREATE TABLE changes (
	hall      text   COLLATE "C" NOT NULL,
	op        text   COLLATE "C" NOT NULL,
	day       text   COLLATE "C" NOT NULL,
	at        bigint NOT NULL,
	verb      text   NOT NULL,
	at_window text   NOT NULL,
	ticket    text   COLLATE "C" NOT NULL,
	actor     text   NOT NULL,
	role      text   NOT NULL,
	undone    text   NOT NULL DEFAULT '',
	change    text   NOT NULL, -- JSON
	PRIMARY KEY (hall, op)
);
CREATE INDEX changes_day ON changes (hall, day, at, op);
`

// callers are the connections for presses. Of one queue only one can be at work
// at a time, and all commits wait for each other; see the package's comment.
const callers = 4

// The questions of a press; see center.Press.Next for candidatesSQL.
const (
	changeSQL   = "SELECT change, day FROM changes WHERE hall = $1 AND op = $2"
	windowsSQL  = "SELECT id, queues, paused, reason, since, version FROM windows WHERE hall = $1"
	heldSQL     = "SELECT " + center.CallColumns + " FROM tickets WHERE hall = $1 AND at_window = $2 AND at_window <> ''"
	namedSQL    = "SELECT " + center.CallColumns + " FROM tickets WHERE id = $1 AND hall = $2"
	numberedSQL = "SELECT " + center.CallColumns + " FROM tickets WHERE hall = $1 AND day = $2 AND number = $3 AND NOT clash"
	lineSQL     = "SELECT day, queue, priority, aged, measured FROM lines WHERE hall = $1 AND day = $2 AND queue = ANY ($3) ORDER BY queue"

	waitingSQL    = "SELECT " + center.CallColumns + " FROM tickets WHERE hall = $1 AND day = $2 AND state IN ('waiting', 'parked')"
	candidatesSQL = "SELECT t.* FROM (SELECT unnest(queues) AS line FROM windows WHERE hall = $1 AND id = $3) q CROSS JOIN LATERAL (" +
		"(" + candidatesOf + " = 0 " + firstOfThem + " LIMIT 1) UNION ALL (" + candidatesOf + " = 1 " + firstOfThem + " LIMIT 1) UNION ALL (" +
		candidatesOf + " = 2 " + firstOfThem + ")) t"
	candidatesOf = "SELECT " + center.CallColumns + " FROM tickets t WHERE t.hall = $1 AND t.day = $2 AND t.line = q.line AND t.since >= $5 AND t.class"
	firstOfThem  = "AND t.state IN ('waiting', 'parked') AND t.until <= $4 AND (t.state = 'waiting' OR t.until > 0) ORDER BY t.wall, t.count, t.id"
)

// Do implements center.Calls.
func (s *Store) Do(ctx context.Context, p center.Press) (calling.Change, error) {
	if err := p.Check(); err != nil {
		return calling.Change{}, err
	}
	const tries = 10
	for range tries {
		d := &desk{ctx: ctx, press: p}
		err := use(ctx, s.caller, d.run)
		switch {
		case err == nil:
			if d.version > 0 {
				s.news.Tell(p.Hall, d.version)
			}
			return d.outcome.Change, nil
		case !again(err) && !overtaken(err):
			return calling.Change{}, s.failed("call", err)
		}
	}
	return calling.Change{}, p.Moved()
}

// overtaken says that the database refused what would have put two tickets at
// one window, or one op twice: another press was first.
func overtaken(err error) bool {
	var server *pgconn.PgError
	return errors.As(err, &server) && server.Code == "23505"
}

// desk is one press within a transaction, or some questions.
type desk struct {
	ctx     context.Context
	conn    *pgx.Conn
	press   center.Press
	sight   center.Sight
	outcome center.Outcome
	version int64
}

// run takes a press from BEGIN to COMMIT. When it fails between, the pool drops
// the connection, unless it was the rules that refused.
func (d *desk) run(conn *pgx.Conn) error {
	d.conn = conn
	if err := d.look(); err != nil {
		return err
	}
	o, err := d.press.Decide(d.sight)
	if err != nil || o.Again {
		q := &pgx.Batch{}
		if err != nil {
			d.change(q, d.press.Op, &d.sight.Done, new(kiosk.Day))
		}
		q.Queue("ROLLBACK")
		bad := d.send(q)
		if err != nil && d.sight.Done != nil {
			// What was in the way is this very press: it came twice, and the other
			// was stored after its op had been looked for.
			o, err = d.press.Decide(d.sight)
		}
		d.outcome = o
		return errors.Join(bad, err)
	}
	if o.Survey {
		line, err := d.line(d.press.Hall, o.Day, o.Queue)
		if err == nil {
			err = o.Quote(line, d.press.Rules)
		}
		if err != nil {
			return err
		}
	}
	d.outcome = o
	return d.store()
}

// look begins the transaction and reads what the press is decided from. The
// queue's row is locked first, and each question after it sees what the one
// before had committed.
func (d *desk) look() error {
	p, s := d.press, &d.sight
	q := &pgx.Batch{}
	q.Queue("BEGIN")
	d.change(q, p.Op, &s.Done, new(kiosk.Day))
	if p.Undoes != "" {
		d.change(q, p.Undoes, &s.Old, &s.OldDay)
		if err := d.send(q); err != nil || s.Done != nil || s.Old == nil {
			return err
		}
		q = &pgx.Batch{}
	}
	window, id := p.Window, p.Ticket
	if s.Old != nil {
		window = s.Old.By
		if s.Old.Ticket != nil {
			id = s.Old.Ticket.After.ID
		}
	}
	const lock = "SELECT day, queue, priority, aged, measured FROM lines WHERE hall = $1 AND day = $2 AND queue "
	switch {
	case p.Next():
		// ORDER BY, so that two presses can't wait for each other.
		d.lines(q, lock+`= ANY (ARRAY(SELECT unnest(queues) FROM windows WHERE hall = $1 AND id = $3)) ORDER BY queue FOR UPDATE`, p.Hall, p.Day, window)
	case s.Old != nil && s.Old.Ticket != nil:
		d.lines(q, lock+`= ANY ($3) ORDER BY queue FOR UPDATE`, p.Hall, s.OldDay, []kiosk.QueueID{s.Old.Queue, s.Old.Ticket.Before.Queue})
	case id != "":
		d.lines(q, lock+`= (SELECT line FROM tickets WHERE id = $3) FOR UPDATE`, p.Hall, p.Day, id)
	case window != "":
		d.lines(q, lock+`= (SELECT line FROM tickets WHERE hall = $1 AND at_window = $3 AND at_window <> '') FOR UPDATE`, p.Hall, p.Day, window)
	}
	q.Queue(windowsSQL+" AND id = $2", p.Hall, window).Query(func(rows pgx.Rows) error {
		all, err := pgx.CollectRows(rows, scanWindow)
		if len(all) == 1 {
			s.Window = &all[0]
		}
		return err
	})
	if id != "" {
		d.tickets(q, &s.Tickets, namedSQL, id, p.Hall)
	}
	if window != "" {
		d.tickets(q, &s.Tickets, heldSQL, p.Hall, window)
	}
	if p.Next() {
		for _, of := range p.Spans() {
			d.tickets(q, &s.Next, candidatesSQL, p.Hall, of.Day, window, p.At, of.Since)
		}
	}
	if err := d.send(q); err != nil {
		return err
	}
	if n := len(s.Tickets); n == 2 && s.Tickets[0].ID == s.Tickets[1].ID {
		s.Tickets = s.Tickets[1:] // the later look
	}
	return nil
}

func (d *desk) send(q *pgx.Batch) error { return d.conn.SendBatch(d.ctx, q).Close() }

// change reads what is stored under an op and for which day.
func (d *desk) change(q *pgx.Batch, op kiosk.OpID, into **calling.Change, day *kiosk.Day) {
	q.Queue(changeSQL, d.press.Hall, op).QueryRow(func(row pgx.Row) error {
		var text string
		err := row.Scan(&text, day)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err == nil {
			*into = &calling.Change{}
			err = json.Unmarshal([]byte(text), *into)
		}
		return err
	})
}

func (d *desk) lines(q *pgx.Batch, query string, args ...any) {
	q.Queue(query, args...).Query(func(rows pgx.Rows) (err error) {
		d.sight.Lines, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (l center.LineRow, err error) {
			return l, row.Scan(&l.Day, &l.Queue, &l.Balance.Priority, &l.Balance.Aged, &l.Measured)
		})
		return err
	})
}

func (d *desk) tickets(q *pgx.Batch, into *[]center.CallRow, query string, args ...any) {
	q.Queue(query, args...).Query(func(rows pgx.Rows) (err error) {
		*into, err = pgx.AppendRows(*into, rows, by(center.ScanCallRow))
		return err
	})
}

func scanWindow(row pgx.CollectableRow) (w center.Window, err error) {
	return w, row.Scan(&w.ID, &w.Queues, &w.Paused, &w.Reason, &w.Since, &w.Version)
}

// store writes what the press changes, looks whether every row was still as it
// had been read, and commits.
func (d *desk) store() error {
	p, o := d.press, d.outcome
	ch := o.Change
	text, err := json.Marshal(ch)
	if err != nil {
		return err
	}
	var ticket kiosk.TicketID
	q := &pgx.Batch{}
	if e := ch.Ticket; e != nil {
		todo, err := json.Marshal(e.After.Todo)
		if err != nil {
			return err
		}
		a := e.After
		ticket = a.ID
		touchOne(q, `UPDATE tickets SET line = $1, state = $2, at_window = $3, called = $4, since = $5, until = $6, calls = $7, misses = $8, origin = $9, todo = $10, version = $11
			WHERE id = $12 AND version = $13`, a.Queue, a.State, a.Window, a.Called, a.Since, a.Until, a.Calls, a.Misses, a.From, string(todo), a.Version, a.ID, e.Before.Version)
	}
	if e := ch.Window; e != nil {
		touchOne(q, "UPDATE windows SET paused = $1, reason = $2, since = $3, version = $4 WHERE hall = $5 AND id = $6 AND version = $7",
			e.After.Paused, e.After.Reason, e.After.Since, e.After.Version, p.Hall, e.After.ID, e.Before.Version)
	}
	for _, r := range o.Rows() {
		touchOne(q, `INSERT INTO lines (hall, day, queue, priority, aged, measured) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (hall, day, queue) DO UPDATE SET priority = lines.priority + excluded.priority, aged = lines.aged + excluded.aged,
				measured = CASE excluded.measured WHEN '' THEN lines.measured ELSE excluded.measured END`, p.Hall, r.Day, r.Queue, r.Balance.Priority, r.Balance.Aged, r.Measured)
	}
	if ch.Undoes != "" {
		touchOne(q, "UPDATE changes SET undone = $1 WHERE hall = $2 AND op = $3", ch.Op, p.Hall, ch.Undoes)
	}
	touchOne(q, "INSERT INTO changes (hall, op, day, at, verb, at_window, ticket, actor, role, change) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
		p.Hall, ch.Op, p.Day, ch.At, ch.Verb, ch.By, ticket, p.Actor.ID, p.Actor.Role, string(text))
	if err := d.send(q); err != nil {
		return err
	}
	return d.commit(p.Hall)
}

// commit raises the hall's version last, for every other change of the hall
// waits for that row.
func (d *desk) commit(hall kiosk.HallID) error {
	q := &pgx.Batch{}
	q.Queue(raiseSQL, hall, channel).QueryRow(func(row pgx.Row) error { return row.Scan(&d.version, nil) })
	q.Queue("COMMIT")
	return d.send(q)
}

// touchOne queues a statement that must touch one row.
func touchOne(q *pgx.Batch, query string, args ...any) {
	q.Queue(query, args...).Exec(func(done pgconn.CommandTag) error {
		if done.RowsAffected() != 1 {
			return errRaced
		}
		return nil
	})
}

// SetWindow implements center.Calls.
func (s *Store) SetWindow(ctx context.Context, hall kiosk.HallID, id kiosk.WindowID, queues []kiosk.QueueID, told ...center.Entry) error {
	if _, err := center.CheckWindow(hall, id, queues); err != nil {
		return err
	}
	return s.changeHall(ctx, hall, "set window", func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO windows (hall, id, queues, paused, reason, since, version) VALUES ($1, $2, $3, false, '', 0, 1)
			ON CONFLICT (hall, id) DO UPDATE SET queues = excluded.queues`, hall, id, append([]kiosk.QueueID{}, queues...))
		for _, e := range told {
			if err == nil {
				err = note(ctx, tx, e)
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
	err := s.changeHall(ctx, hall, op, func(tx pgx.Tx) error {
		var why kiosk.Priority
		var b center.CheckIn
		err := tx.QueryRow(ctx, "SELECT priority, booking, slot_from, slot_to FROM tickets WHERE id = $1 AND hall = $2 AND state IN ('waiting', 'parked') FOR UPDATE", id, hall).
			Scan(&why, &b.Booking, &b.Slot.From, &b.Slot.To)
		if errors.Is(err, pgx.ErrNoRows) {
			return center.NoTicket(op, string(id))
		}
		if err != nil {
			return err
		}
		why, b = p.Over(why, b)
		if _, err := tx.Exec(ctx, "UPDATE tickets SET priority = $1, booking = $2, slot_from = $3, slot_to = $4, class = $5, version = version + 1 WHERE id = $6",
			why, b.Booking, b.Slot.From, b.Slot.To, center.ClassOf(why, b.Slot), id); err != nil {
			return err
		}
		return note(ctx, tx, e)
	})
	if overtaken(err) {
		return center.CheckedIn(op)
	}
	return err
}

// changeHall runs do in a transaction and raises the hall's version.
func (s *Store) changeHall(ctx context.Context, hall kiosk.HallID, op string, do func(pgx.Tx) error) error {
	const tries = 5
	var version int64
	var err error
	for range tries {
		err = use(ctx, s.caller, func(conn *pgx.Conn) error {
			return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
				if err := do(tx); err != nil {
					return err
				}
				return tx.QueryRow(ctx, raiseSQL, hall, channel).Scan(&version, nil)
			})
		})
		if err == nil || !again(err) {
			break
		}
	}
	if err == nil {
		s.news.Tell(hall, version)
	}
	return s.failed(op, err)
}

// raiseSQL raises a hall's version and tells the other processes.
const raiseSQL = `WITH next AS (INSERT INTO versions (hall, version) VALUES ($1, 1)
		ON CONFLICT (hall) DO UPDATE SET version = versions.version + 1 RETURNING version)
	SELECT version, pg_notify($2, version || ' ' || $1::text) FROM next`
