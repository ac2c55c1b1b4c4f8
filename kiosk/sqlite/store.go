package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	sqlite3 "github.com/mattn/go-sqlite3"

	"hallkiosk/kiosk"
)

// writer is the one connection that writes, with its statements.
type writer struct {
	db                                     *sql.DB
	byRequest, count, ticket, print, event *sql.Stmt
	attempt, mark, ack                     *sql.Stmt
}

func (w *writer) prepare(ctx context.Context) error {
	for _, p := range []struct {
		stmt **sql.Stmt
		text string
	}{
		{&w.byRequest, "SELECT " + ticketColumns + " FROM ticket t WHERE request = ?"},
		{&w.count, "INSERT INTO counter (day, queue, series, n) VALUES (?, ?, ?, ? + 1) ON CONFLICT DO UPDATE SET n = max(n, excluded.n - 1) + 1 RETURNING n"},
		{&w.ticket, `INSERT INTO ticket (id, request, day, queue, series, n, items, state, lang, wall, count, theme, promise, priority, booking, slot_from, slot_to, wait_low, wait_high, ahead)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'waiting', ?8, ?9, ?10, ?11, ?12, ?14, ?15, ?16, ?17, ?18, ?19, CASE WHEN ?13 >= 0 THEN ?13 ELSE (SELECT count(*) FROM ticket WHERE day = ?3 AND queue = ?4 AND state = 'waiting') END) RETURNING ahead`},
		{&w.print, "INSERT INTO print (ticket, attempt, paper, state, cause) VALUES (?, ?, ?, 'queued', '')"},
		{&w.event, "INSERT INTO event (kind, wall, count, body) VALUES (?, ?, ?, ?)"},
		{&w.attempt, "SELECT state FROM print WHERE ticket = ? AND attempt = ?"},
		{&w.mark, "UPDATE print SET state = ?, cause = ? WHERE ticket = ? AND attempt = ?"},
		{&w.ack, "UPDATE life SET acked = ? WHERE acked < ?"},
	} {
		var err error
		if *p.stmt, err = w.db.PrepareContext(ctx, p.text); err != nil {
			return err
		}
	}
	return nil
}

const ticketColumns = "t.id, t.day, t.queue, t.series, t.n, t.items, t.state, t.lang, t.wall, t.count, t.ahead, t.theme, t.promise, t.priority, t.booking, t.slot_from, t.slot_to, t.wait_low, t.wait_high"

func scanTicket(row interface{ Scan(...any) error }, more ...any) (kiosk.Ticket, error) {
	var t kiosk.Ticket
	var items, promise string
	err := row.Scan(append([]any{&t.ID, &t.Day, &t.Queue, &t.Number.Series, &t.Number.N, &items, &t.State, &t.Lang,
		&t.Taken.Wall, &t.Taken.Count, &t.Ahead, &t.Theme, &promise, &t.Priority, &t.Booking, &t.Slot.From, &t.Slot.To, &t.Wait.Low, &t.Wait.High}, more...)...)
	if promise != "" && err == nil {
		err = json.Unmarshal([]byte(promise), &t.Promise)
	}
	t.Number.Queue = t.Queue
	for _, id := range strings.Fields(items) {
		t.Items = append(t.Items, kiosk.ItemID(id))
	}
	return t, err
}

func joinItems(items []kiosk.ItemID) string {
	words := make([]string, len(items))
	for i, id := range items {
		words[i] = string(id)
	}
	return strings.Join(words, " ")
}

// Take gives out a number; see kiosk.Store. It writes first and looks for an
// earlier answer only when the request id turns out to be taken, which is rare.
func (s *Store) Take(ctx context.Context, w kiosk.Wish) (kiosk.Ticket, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.take1(ctx, w)
}

// take1 is Take with s.mu held.
func (s *Store) take1(ctx context.Context, w kiosk.Wish) (kiosk.Ticket, bool, error) {
	var t kiosk.Ticket
	err := s.write(ctx, "take a number", func(ctx context.Context, tx *sql.Tx) error {
		var err error
		t, err = s.take(ctx, tx, w)
		return err
	}, func(ctx context.Context) bool {
		found, err := scanTicket(s.w.byRequest.QueryRowContext(ctx, w.ID))
		if err == nil {
			t = found
		}
		return err == nil
	})
	var lite sqlite3.Error
	if errors.As(err, &lite) && lite.ExtendedCode == sqlite3.ErrConstraintUnique {
		return s.repeat(ctx, w)
	}
	if err != nil {
		return kiosk.Ticket{}, false, err
	}
	return t, false, nil
}

// repeat answers a request id that was used before.
func (s *Store) repeat(ctx context.Context, w kiosk.Wish) (kiosk.Ticket, bool, error) {
	t, err := scanTicket(s.w.byRequest.QueryRowContext(ctx, w.ID))
	if errors.Is(err, sql.ErrNoRows) && w.Booking != "" {
		if t, err = scanTicket(s.w.db.QueryRowContext(ctx, "SELECT "+ticketColumns+" FROM ticket t WHERE booking = ?", w.Booking)); err == nil {
			return t, true, nil
		}
	}
	if errors.Is(err, sql.ErrNoRows) && w.Shared > 0 {
		// The number itself is there: given while this kiosk was on its own, or by a
		// center that has lost something. The own series has a fresh one.
		w.Shared = 0
		return s.take1(ctx, w)
	}
	if err != nil {
		return kiosk.Ticket{}, false, s.fault("look up a request", err)
	}
	if joinItems(t.Items) != joinItems(w.Items) || t.Theme != w.Theme {
		return kiosk.Ticket{}, false, &kiosk.Error{Code: kiosk.EConflict, Op: "take a number", Message: "这次取号的编号已经用过了，请重新取号。",
			Hint: fmt.Sprintf("request %q already took %s for other items", w.ID, t.Number)}
	}
	return t, true, nil
}

func (s *Store) take(ctx context.Context, tx *sql.Tx, wish kiosk.Wish) (kiosk.Ticket, error) {
	w, above := s.w, 0
	if wish.Day <= s.leapUntil {
		above = s.leap
	}
	t := kiosk.Ticket{ID: wish.Ticket, Day: wish.Day, Queue: wish.Queue, Items: wish.Items, State: kiosk.Waiting, Lang: wish.Lang, Taken: wish.Stamp, Theme: wish.Theme, Promise: wish.Promise,
		Priority: wish.Priority, Booking: wish.Booking, Slot: wish.Slot, Wait: wish.Wait,
		Number: kiosk.Number{Queue: wish.Queue, Series: wish.Series}}
	if wish.Shared > 0 { // counted by the center
		t.Number = kiosk.Number{Queue: wish.Queue, N: wish.Shared}
	}
	body := kiosk.TakenBody{Ticket: t.ID, Day: t.Day, Queue: t.Queue, Items: t.Items, Theme: t.Theme, Priority: t.Priority, Booking: t.Booking}
	if t.Booking != "" {
		body.Slot = &t.Slot
	}
	promise := ""
	if len(t.Promise.Papers) > 0 {
		text, err := json.Marshal(t.Promise)
		if err != nil {
			return t, err
		}
		promise, body.Promise = string(text), &t.Promise
	}
	if wish.Shared == 0 {
		if err := tx.StmtContext(ctx, w.count).QueryRowContext(ctx, t.Day, t.Queue, wish.Series, above).Scan(&t.Number.N); err != nil {
			return t, err
		}
		if err := s.marks.reserve(series{t.Day, t.Queue, wish.Series}, t.Number.N); err != nil {
			return t, err
		}
	}
	if err := tx.StmtContext(ctx, w.ticket).QueryRowContext(ctx, t.ID, wish.ID, t.Day, t.Queue, t.Number.Series, t.Number.N, joinItems(wish.Items), t.Lang,
		t.Taken.Wall, t.Taken.Count, t.Theme, promise, wish.Ahead, t.Priority, t.Booking, t.Slot.From, t.Slot.To, t.Wait.Low, t.Wait.High).Scan(&t.Ahead); err != nil {
		return t, err
	}
	if wish.Print {
		if _, err := tx.StmtContext(ctx, w.print).ExecContext(ctx, t.ID, 1, ""); err != nil {
			return t, err
		}
	}
	body.Number = t.Number.String()
	return t, w.record(ctx, tx, kiosk.TicketTaken, t.Taken, body)
}

// record puts an event into the outbox.
func (w *writer) record(ctx context.Context, tx *sql.Tx, kind kiosk.Kind, at kiosk.Stamp, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	_, err = tx.StmtContext(ctx, w.event).ExecContext(ctx, kind, at.Wall, at.Count, string(text))
	return err
}

// write runs fn in one transaction, with a context that nobody can cancel: a
// citizen who walks away must not cut a commit in half. When the disk fails nobody knows whether
// the commit happened, so the file is opened anew and landed looks; nothing is
// ever tried twice. The caller holds s.mu.
func (s *Store) write(ctx context.Context, op string, fn func(context.Context, *sql.Tx) error, landed func(context.Context) bool) (err error) {
	defer func() { s.wrote(err) }()
	ctx = context.WithoutCancel(ctx)
	if s.broken {
		if err := s.reopen(ctx); err != nil {
			return s.fault(op, err)
		}
	}
	tx, err := s.w.db.BeginTx(ctx, nil)
	if err == nil {
		if err = fn(ctx, tx); err == nil {
			err = tx.Commit()
		} else {
			tx.Rollback()
		}
	}
	if err == nil {
		return nil
	}
	var lite sqlite3.Error
	if errors.As(err, &lite) && (lite.Code == sqlite3.ErrIoErr || lite.Code == sqlite3.ErrFull) {
		if lite.Code == sqlite3.ErrIoErr {
			s.doubt = true
		}
		if again := s.reopen(ctx); again != nil {
			return s.fault(op, errors.Join(err, again))
		}
		if landed(ctx) {
			return nil
		}
	}
	return s.fault(op, err)
}

// rank orders the states of an attempt; it only ever climbs.
var rank = map[kiosk.PrintState]int{kiosk.PrintQueued: 0, kiosk.PrintBegun: 1, kiosk.PrintSent: 2,
	kiosk.Printed: 3, kiosk.PrintDamaged: 3, kiosk.PrintUnknown: 3, kiosk.NotPrinted: 3}

// Mark records the state of a print attempt; see kiosk.Store. The start and
// the end are events too.
func (s *Store) Mark(ctx context.Context, m kiosk.PrintMark) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.write(ctx, "journal a print attempt", func(ctx context.Context, tx *sql.Tx) error {
		var now kiosk.PrintState
		err := tx.StmtContext(ctx, s.w.attempt).QueryRowContext(ctx, m.Ticket, m.Attempt).Scan(&now)
		if errors.Is(err, sql.ErrNoRows) {
			return &kiosk.Error{Code: kiosk.ENotFound, Op: "journal a print attempt", Hint: fmt.Sprintf("ticket %s has no attempt %d", m.Ticket, m.Attempt)}
		}
		if err != nil {
			return err
		}
		if rank[m.State] <= rank[now] {
			return &kiosk.Error{Code: kiosk.EConflict, Op: "journal a print attempt", Hint: fmt.Sprintf("attempt %d of %s is %s, can't become %s", m.Attempt, m.Ticket, now, m.State)}
		}
		if _, err := tx.StmtContext(ctx, s.w.mark).ExecContext(ctx, m.State, m.Cause, m.Ticket, m.Attempt); err != nil {
			return err
		}
		kind := kiosk.PrintEnded
		switch {
		case m.State == kiosk.PrintBegun:
			kind = kiosk.PrintStarted
		case !m.State.Ended():
			return nil
		}
		return s.w.record(ctx, tx, kind, m.Stamp, kiosk.PrintBody{Ticket: m.Ticket, Attempt: m.Attempt, State: m.State, Cause: string(m.Cause)})
	}, func(ctx context.Context) bool {
		var now kiosk.PrintState
		return s.w.attempt.QueryRowContext(ctx, m.Ticket, m.Attempt).Scan(&now) == nil && now == m.State
	})
}

// Again records a further attempt; see kiosk.Store.
func (s *Store) Again(ctx context.Context, f kiosk.Further) (kiosk.PrintJob, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, job, err := s.Ticket(ctx, f.Ticket)
	if err != nil {
		return kiosk.PrintJob{}, err
	}
	if job.State != "" && !job.State.Ended() {
		return kiosk.PrintJob{}, &kiosk.Error{Code: kiosk.EConflict, Op: "print again", Message: "这张号正在打印，请稍等。",
			Hint: fmt.Sprintf("attempt %d of %s is still %s", job.Attempt, t.Number, job.State)}
	}
	if f.Paper == t.Paper() {
		f.Paper = ""
	}
	next := kiosk.PrintJob{Ticket: t, Paper: f.Paper, Attempt: job.Attempt + 1, State: kiosk.PrintQueued}
	if err := s.reader().QueryRowContext(ctx, "SELECT count(*) FROM print WHERE ticket = ? AND (paper = 'receipt') = (? = 'receipt') AND state <> 'not_printed'", f.Ticket, f.Paper).Scan(&next.Earlier); err != nil {
		return kiosk.PrintJob{}, s.fault("print again", err)
	}
	return next, s.write(ctx, "print again", func(ctx context.Context, tx *sql.Tx) error {
		if err := s.once(ctx, tx, f); err != nil {
			return err
		}
		_, err := tx.StmtContext(ctx, s.w.print).ExecContext(ctx, f.Ticket, next.Attempt, f.Paper)
		return err
	}, func(ctx context.Context) bool {
		var now kiosk.PrintState
		return s.w.attempt.QueryRowContext(ctx, f.Ticket, next.Attempt).Scan(&now) == nil
	})
}

// once records that f's order, if any, was done. The outbox tells whether it was
// done before: orders don't outlive the days that events are kept.
func (s *Store) once(ctx context.Context, tx *sql.Tx, f kiosk.Further) error {
	if f.Order == "" {
		return nil
	}
	var n int
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM event WHERE kind = ? AND json_extract(body, '$.order') = ?", kiosk.OrderDone, f.Order).Scan(&n); err != nil {
		return err
	}
	if n > 0 {
		return &kiosk.Error{Code: kiosk.EConflict, Op: "print again", Message: "这个要求已经做过了。", Hint: fmt.Sprintf("order %s was done before", f.Order)}
	}
	return s.w.record(ctx, tx, kiosk.OrderDone, f.Stamp, kiosk.OrderBody{Order: f.Order})
}

// Record puts an event into the outbox; see kiosk.Store.
func (s *Store) Record(ctx context.Context, kind kiosk.Kind, at kiosk.Stamp, body any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.write(ctx, "record an event", func(ctx context.Context, tx *sql.Tx) error {
		return s.w.record(ctx, tx, kind, at, body)
	}, func(ctx context.Context) bool { // no two events have one stamp
		var n int
		return s.w.db.QueryRowContext(ctx, "SELECT 1 FROM (SELECT * FROM event ORDER BY seq DESC LIMIT 1) WHERE kind = ? AND wall = ? AND count = ?", kind, at.Wall, at.Count).Scan(&n) == nil
	})
}

// Ack records what the center has; see kiosk.Outbox.
func (s *Store) Ack(ctx context.Context, through int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.write(ctx, "record an acknowledgement", func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.StmtContext(ctx, s.w.ack).ExecContext(ctx, through, through)
		return err
	}, func(ctx context.Context) bool {
		var acked int64
		return s.w.db.QueryRowContext(ctx, "SELECT acked FROM life").Scan(&acked) == nil && acked >= through
	})
}
