package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"hallkiosk/kiosk"
)

func (s *Store) reader() *sql.DB { return s.r.Load() }

// earlier counts the attempts before p of which paper may exist. A receipt is no
// paper of the number, so it counts among receipts only; all others carry it.
const earlier = "(SELECT count(*) FROM print q WHERE q.ticket = p.ticket AND (q.paper = 'receipt') = (p.paper = 'receipt') AND q.attempt < p.attempt AND q.state <> 'not_printed')"

// Ticket returns a ticket with its newest print attempt; see kiosk.Store.
func (s *Store) Ticket(ctx context.Context, id kiosk.TicketID) (kiosk.Ticket, kiosk.PrintJob, error) {
	var job kiosk.PrintJob
	t, err := scanTicket(s.reader().QueryRowContext(ctx, "SELECT "+ticketColumns+`,
		coalesce(p.paper, ''), coalesce(attempt, 0), coalesce(p.state, ''), coalesce(cause, ''), coalesce(`+earlier+`, 0)
		FROM ticket t LEFT JOIN print p ON p.ticket = t.id WHERE t.id = ? ORDER BY attempt DESC LIMIT 1`, id), &job.Paper, &job.Attempt, &job.State, &job.Cause, &job.Earlier)
	if errors.Is(err, sql.ErrNoRows) {
		return t, job, &kiosk.Error{Code: kiosk.ENotFound, Op: "look up a ticket", Message: "没有这个号。", Hint: fmt.Sprintf("no ticket %s here", id)}
	}
	job.Ticket = t
	return t, job, s.fault("look up a ticket", err)
}

// Waiting counts who waits; see kiosk.Store.
func (s *Store) Waiting(ctx context.Context, day kiosk.Day) (map[kiosk.QueueID]int, error) {
	rows, err := s.reader().QueryContext(ctx, "SELECT queue, count(*) FROM ticket WHERE day = ? AND state = 'waiting' GROUP BY queue", day)
	if err != nil {
		return nil, s.fault("count who waits", err)
	}
	defer rows.Close()
	lengths := map[kiosk.QueueID]int{}
	for rows.Next() {
		var q kiosk.QueueID
		var n int
		if err := rows.Scan(&q, &n); err != nil {
			return nil, s.fault("count who waits", err)
		}
		lengths[q] = n
	}
	return lengths, s.fault("count who waits", rows.Err())
}

// Unfinished returns the attempts that have not ended; see kiosk.Store.
func (s *Store) Unfinished(ctx context.Context) ([]kiosk.PrintJob, error) {
	rows, err := s.reader().QueryContext(ctx, "SELECT "+ticketColumns+", p.paper, attempt, p.state, cause, "+earlier+`
		FROM print p JOIN ticket t ON t.id = p.ticket WHERE p.state IN ('queued', 'started', 'sent') ORDER BY t.wall, t.count, t.n, attempt`)
	if err != nil {
		return nil, s.fault("look for unfinished prints", err)
	}
	defer rows.Close()
	var jobs []kiosk.PrintJob
	for rows.Next() {
		var job kiosk.PrintJob
		if job.Ticket, err = scanTicket(rows, &job.Paper, &job.Attempt, &job.State, &job.Cause, &job.Earlier); err != nil {
			return nil, s.fault("look for unfinished prints", err)
		}
		jobs = append(jobs, job)
	}
	return jobs, s.fault("look for unfinished prints", rows.Err())
}

// Request returns the ticket that a request got; see kiosk.Store.
func (s *Store) Request(ctx context.Context, id kiosk.RequestID) (kiosk.Ticket, error) {
	t, err := scanTicket(s.reader().QueryRowContext(ctx, "SELECT "+ticketColumns+" FROM ticket t WHERE request = ?", id))
	if errors.Is(err, sql.ErrNoRows) {
		return t, &kiosk.Error{Code: kiosk.ENotFound, Op: "look up a request", Message: "没有这个号。", Hint: fmt.Sprintf("request %q took nothing", id)}
	}
	return t, s.fault("look up a request", err)
}

// Find returns the newest ticket with a number; see kiosk.Store.
func (s *Store) Find(ctx context.Context, n kiosk.Number) (kiosk.Ticket, error) {
	t, err := scanTicket(s.reader().QueryRowContext(ctx, "SELECT "+ticketColumns+" FROM ticket t WHERE queue = ? AND series = ? AND n = ? ORDER BY day DESC LIMIT 1",
		n.Queue, n.Series, n.N))
	if errors.Is(err, sql.ErrNoRows) {
		return t, &kiosk.Error{Code: kiosk.ENotFound, Op: "look up a number", Message: "本机没有给过这个号：" + n.String(), Hint: fmt.Sprintf("no ticket with the number %s here", n)}
	}
	return t, s.fault("look up a number", err)
}

// Unconfirmed says whether the newest paper that was begun was never confirmed,
// so that a part of it may hang in the printer.
func (s *Store) Unconfirmed(ctx context.Context) (bool, error) {
	var state kiosk.PrintState
	err := s.reader().QueryRowContext(ctx, `SELECT state FROM (
		SELECT state, 9223372036854775807 AS seq FROM print WHERE state IN ('started', 'sent')
		UNION ALL
		SELECT * FROM (SELECT json_extract(body, '$.state') AS state, seq FROM event
			WHERE kind = 'print.ended' AND json_extract(body, '$.state') <> 'not_printed' ORDER BY seq DESC LIMIT 1)
		) ORDER BY seq DESC LIMIT 1`).Scan(&state)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return state != kiosk.Printed, s.fault("look for unfinished prints", err)
}

// Last returns the newest stamp in the outbox, for the clock to go on from.
func (s *Store) Last(ctx context.Context) (kiosk.Stamp, error) {
	var at kiosk.Stamp
	err := s.reader().QueryRowContext(ctx, "SELECT wall, count FROM event ORDER BY seq DESC LIMIT 1").Scan(&at.Wall, &at.Count)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return at, s.fault("read the newest stamp", err)
}

// Events returns a run of the outbox; see kiosk.Outbox.
func (s *Store) Events(ctx context.Context, after int64, limit int) ([]kiosk.Event, error) {
	rows, err := s.reader().QueryContext(ctx, "SELECT seq, kind, wall, count, body FROM event WHERE seq > ? ORDER BY seq LIMIT ?", after, limit)
	if err != nil {
		return nil, s.fault("read the outbox", err)
	}
	defer rows.Close()
	var events []kiosk.Event
	for rows.Next() {
		var e kiosk.Event
		var body string
		if err := rows.Scan(&e.Seq, &e.Kind, &e.Stamp.Wall, &e.Stamp.Count, &body); err != nil {
			return nil, s.fault("read the outbox", err)
		}
		e.Body = []byte(body)
		events = append(events, e)
	}
	return events, s.fault("read the outbox", rows.Err())
}

// Pending tells how far the center is; see kiosk.Outbox.
func (s *Store) Pending(ctx context.Context) (acked int64, unsent int, err error) {
	err = s.reader().QueryRowContext(ctx, "SELECT acked, (SELECT count(*) FROM event WHERE seq > acked) FROM life").Scan(&acked, &unsent)
	return acked, unsent, s.fault("read the outbox", err)
}
