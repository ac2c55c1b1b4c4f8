package store

import (
	"context"
	"encoding/json"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/calling"
	"hallkiosk/kiosk/center"
)

// snapshot runs do on the reader, all at one moment.
func (s *Store) snapshot(ctx context.Context, op string, do func(*desk) error) error {
	tx, err := s.reader.BeginTx(ctx, nil)
	if err != nil {
		return s.failed(op, err)
	}
	defer tx.Rollback() //nolint:errcheck // it only read
	return s.failed(op, do(&desk{ctx: ctx, tx: tx}))
}

// Line implements center.Calls.
func (s *Store) Line(ctx context.Context, hall kiosk.HallID, day kiosk.Day, queue kiosk.QueueID) (l center.Line, err error) {
	return l, s.snapshot(ctx, "read line", func(d *desk) (err error) {
		l, err = d.line(hall, day, queue)
		return err
	})
}

func (d *desk) line(hall kiosk.HallID, day kiosk.Day, queue kiosk.QueueID) (l center.Line, err error) {
	d.press.Hall = hall
	var row center.Sight
	if err := d.row(&row, day, queue); err != nil {
		return l, err
	}
	h := center.HallNow{Rows: row.Lines}
	if h.Waiting, err = readTickets(d.ctx, d.tx, waitingSQL+" AND line = ?", hall, day, queue); err != nil {
		return l, err
	}
	if err := d.windows(hall, &h); err != nil {
		return l, err
	}
	return h.Line(queue)
}

const waitingSQL = "SELECT " + center.CallColumns + " FROM tickets WHERE hall = ? AND day = ? AND state IN ('waiting', 'parked')"

// Lines implements center.Calls.
func (s *Store) Lines(ctx context.Context, hall kiosk.HallID, day kiosk.Day) (all []center.Line, err error) {
	return all, s.snapshot(ctx, "read lines", func(d *desk) (err error) {
		var h center.HallNow
		if h.Waiting, err = readTickets(ctx, d.tx, waitingSQL, hall, day); err != nil {
			return err
		}
		if err := d.windows(hall, &h); err != nil {
			return err
		}
		h.Rows, err = collect(ctx, d.tx, func(scan center.Scan) (l center.LineRow, err error) {
			l.Day = day
			return l, scan(&l.Queue, &l.Balance.Priority, &l.Balance.Aged, &l.Measured)
		}, "SELECT queue, priority, aged, measured FROM lines WHERE hall = ? AND day = ?", hall, day)
		if err == nil {
			all, err = h.Lines()
		}
		return err
	})
}

// windows reads the windows of a hall, and who is at them.
func (d *desk) windows(hall kiosk.HallID, h *center.HallNow) (err error) {
	h.Windows, err = readWindows(d.ctx, d.tx, "SELECT id, queues, paused, reason, since, version FROM windows WHERE hall = ? ORDER BY id", hall)
	if err == nil {
		h.Busy, err = readTickets(d.ctx, d.tx, "SELECT "+center.CallColumns+" FROM tickets WHERE hall = ? AND at_window <> ''", hall)
	}
	return err
}

// Windows implements center.Calls.
func (s *Store) Windows(ctx context.Context, hall kiosk.HallID) (all []center.WindowNow, err error) {
	return all, s.snapshot(ctx, "list windows", func(d *desk) error {
		var h center.HallNow
		err := d.windows(hall, &h)
		all = h.Now()
		return err
	})
}

// CallTicket implements center.Calls.
func (s *Store) CallTicket(ctx context.Context, hall kiosk.HallID, id kiosk.TicketID) (calling.Ticket, error) {
	const op = "read ticket"
	some, err := readTickets(ctx, s.reader, "SELECT "+center.CallColumns+" FROM tickets WHERE id = ? AND hall = ?", id, hall)
	return center.OneTicket(op, string(id), some, s.failed(op, err))
}

const numberedSQL = "SELECT " + center.CallColumns + " FROM tickets WHERE hall = ? AND day = ? AND number = ? AND clash = 0"

// Numbered implements center.Calls.
func (s *Store) Numbered(ctx context.Context, hall kiosk.HallID, day kiosk.Day, n kiosk.Number) (calling.Ticket, error) {
	const op = "look a number up"
	some, err := readTickets(ctx, s.reader, numberedSQL, hall, day, n.String())
	return center.OneTicket(op, n.String(), some, s.failed(op, err))
}

// Recent implements center.Calls.
func (s *Store) Recent(ctx context.Context, hall kiosk.HallID, day kiosk.Day, limit int) ([]kiosk.Call, error) {
	return list(ctx, s, "list calls", center.ScanCall, `SELECT t.number, c.change ->> '$.By', c.verb = 'recall', c.at FROM changes c JOIN tickets t ON t.id = c.change ->> '$.Ticket.After.ID'
		WHERE c.hall = ? AND c.day = ? AND c.verb IN ('call', 'recall') AND c.undone = '' ORDER BY c.at DESC, c.op DESC LIMIT ?`, hall, day, limit)
}

// Changes implements center.Calls.
func (s *Store) Changes(ctx context.Context, of center.ChangesOf, limit int) ([]center.Changed, error) {
	return list(ctx, s, "list changes", center.ScanChanged, `SELECT change, actor, role, undone FROM changes WHERE hall = ?1 AND day = ?2
		AND (?3 = '' OR change ->> '$.By' = ?3) AND (?4 = '' OR change ->> '$.Ticket.After.ID' = ?4) ORDER BY at DESC, op DESC LIMIT ?5`, of.Hall, of.Day, of.Window, of.Ticket, limit)
}

func readTickets(ctx context.Context, from asker, query string, args ...any) ([]center.CallRow, error) {
	return collect(ctx, from, center.ScanCallRow, query, args...)
}

func readWindows(ctx context.Context, from asker, query string, args ...any) ([]center.Window, error) {
	return collect(ctx, from, func(scan center.Scan) (w center.Window, err error) {
		var queues string
		if err := scan(&w.ID, &queues, &w.Paused, &w.Reason, &w.Since, &w.Version); err != nil {
			return w, err
		}
		return w, json.Unmarshal([]byte(queues), &w.Queues)
	}, query, args...)
}
