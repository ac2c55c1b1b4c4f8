package pgstore

import (
	"context"

	"github.com/jackc/pgx/v5"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/calling"
	"hallkiosk/kiosk/center"
)

// snapshot runs do on a connection for reading, all at one moment.
func (s *Store) snapshot(ctx context.Context, op string, do func(*desk) error) error {
	return s.failed(op, use(ctx, s.reader, func(conn *pgx.Conn) error {
		return pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(pgx.Tx) error {
			return do(&desk{ctx: ctx, conn: conn})
		})
	}))
}

// Line implements center.Calls.
func (s *Store) Line(ctx context.Context, hall kiosk.HallID, day kiosk.Day, queue kiosk.QueueID) (l center.Line, err error) {
	return l, s.snapshot(ctx, "read line", func(d *desk) (err error) {
		l, err = d.line(hall, day, queue)
		return err
	})
}

// line reads a whole queue within the desk's transaction.
func (d *desk) line(hall kiosk.HallID, day kiosk.Day, queue kiosk.QueueID) (l center.Line, err error) {
	var h center.HallNow
	all := &desk{ctx: d.ctx, conn: d.conn}
	q := &pgx.Batch{}
	all.lines(q, lineSQL, hall, day, []kiosk.QueueID{queue})
	all.tickets(q, &h.Waiting, waitingSQL+" AND line = $3", hall, day, queue)
	all.windows(q, hall, &h)
	if err := all.send(q); err != nil {
		return l, err
	}
	h.Rows = all.sight.Lines
	return h.Line(queue)
}

// Lines implements center.Calls.
func (s *Store) Lines(ctx context.Context, hall kiosk.HallID, day kiosk.Day) (all []center.Line, err error) {
	return all, s.snapshot(ctx, "read lines", func(d *desk) (err error) {
		var h center.HallNow
		q := &pgx.Batch{}
		d.lines(q, "SELECT day, queue, priority, aged, measured FROM lines WHERE hall = $1 AND day = $2", hall, day)
		d.tickets(q, &h.Waiting, waitingSQL, hall, day)
		d.windows(q, hall, &h)
		if err := d.send(q); err != nil {
			return err
		}
		h.Rows = d.sight.Lines
		all, err = h.Lines()
		return err
	})
}

// windows asks for the windows of a hall, and who is at them.
func (d *desk) windows(q *pgx.Batch, hall kiosk.HallID, h *center.HallNow) {
	q.Queue(windowsSQL+" ORDER BY id", hall).Query(func(rows pgx.Rows) (err error) {
		h.Windows, err = pgx.CollectRows(rows, scanWindow)
		return err
	})
	d.tickets(q, &h.Busy, "SELECT "+center.CallColumns+" FROM tickets WHERE hall = $1 AND at_window <> ''", hall)
}

// Windows implements center.Calls.
func (s *Store) Windows(ctx context.Context, hall kiosk.HallID) (all []center.WindowNow, err error) {
	return all, s.snapshot(ctx, "list windows", func(d *desk) error {
		var h center.HallNow
		q := &pgx.Batch{}
		d.windows(q, hall, &h)
		err := d.send(q)
		all = h.Now()
		return err
	})
}

// CallTicket implements center.Calls.
func (s *Store) CallTicket(ctx context.Context, hall kiosk.HallID, id kiosk.TicketID) (calling.Ticket, error) {
	const op = "read ticket"
	some, err := list(ctx, s, op, center.ScanCallRow, namedSQL, id, hall)
	return center.OneTicket(op, string(id), some, err)
}

// Numbered implements center.Calls.
func (s *Store) Numbered(ctx context.Context, hall kiosk.HallID, day kiosk.Day, n kiosk.Number) (calling.Ticket, error) {
	const op = "look a number up"
	some, err := list(ctx, s, op, center.ScanCallRow, numberedSQL, hall, day, n.String())
	return center.OneTicket(op, n.String(), some, err)
}

// Recent implements center.Calls.
func (s *Store) Recent(ctx context.Context, hall kiosk.HallID, day kiosk.Day, limit int) ([]kiosk.Call, error) {
	return list(ctx, s, "list calls", center.ScanCall, `SELECT t.number, c.at_window, c.verb = 'recall', c.at FROM changes c JOIN tickets t ON t.id = c.ticket
		WHERE c.hall = $1 AND c.day = $2 AND c.verb IN ('call', 'recall') AND c.undone = '' ORDER BY c.at DESC, c.op DESC LIMIT $3`, hall, day, limit)
}

// Changes implements center.Calls.
func (s *Store) Changes(ctx context.Context, of center.ChangesOf, limit int) ([]center.Changed, error) {
	return list(ctx, s, "list changes", center.ScanChanged, `SELECT change, actor, role, undone FROM changes WHERE hall = $1 AND day = $2
		AND ($3 = '' OR at_window = $3) AND ($4 = '' OR ticket = $4) ORDER BY at DESC, op DESC LIMIT $5`, string(of.Hall), string(of.Day), string(of.Window), string(of.Ticket), limit)
}
