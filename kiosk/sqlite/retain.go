package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hallkiosk/kiosk"
)

// Trace is something that a ticket says about the person who took it.
type Trace string

// The traces that a ticket can carry, by the names of their columns.
const (
	TracePromise  Trace = "promise"  // the papers promised for later
	TraceTheme    Trace = "theme"    // the theme, such as opening a restaurant
	TraceLang     Trace = "lang"     // the language chosen
	TracePriority Trace = "priority" // why the person went ahead
	TraceBooking  Trace = "booking"  // which booking was checked in
)

// Traces are all of them.
var Traces = []Trace{TracePromise, TraceTheme, TraceLang, TracePriority, TraceBooking}

// Policy says what is kept for how long.
type Policy struct {
	DayChange time.Duration // after midnight, as everywhere in the hall
	Days      int           // business days that tickets, prints, acknowledged events and files set aside are kept; 0 keeps them
	Clear     []Trace       // what goes as soon as the business day is over
}

// Retained counts what Retain did.
type Retained struct {
	Cleared int      // tickets and events that lost their traces
	Tickets int      // deleted
	Events  int      // deleted
	Backups int      // cleared
	Aside   []string // files deleted that Open had set aside
}

// Retain clears and deletes what the policy doesn't let be kept at now, which
// is in the hall's zone and must be trusted. It works in small transactions
// between which a Take gets its turn, and can be stopped by ctx at any of
// them. Events that the center hasn't acknowledged stay as they are, whatever
// their age; so does the newest one, which the clock goes on from, and a
// ticket while an attempt to print it is open.
//
// A clock that runs ahead deletes nothing early: time goes no further than a
// day after the newest event. Deleted content is overwritten with zeros, the
// write-ahead log is emptied, and the room is used again by later rows.
func (s *Store) Retain(ctx context.Context, now time.Time, p Policy) (Retained, error) {
	var did Retained
	for _, t := range p.Clear {
		if !slices.Contains(Traces, t) {
			return did, &kiosk.Error{Code: kiosk.EInvalid, Op: "clear traces", Hint: fmt.Sprintf("%q is no trace of a ticket; they are %v", t, Traces)}
		}
	}
	last, err := s.Last(ctx)
	if err != nil {
		return did, err
	}
	if latest := last.Time().In(now.Location()).AddDate(0, 0, 1); now.After(latest) {
		now = latest
	}
	today, first := kiosk.DayAt(now, p.DayChange), kiosk.DayAt(now.AddDate(0, 0, -p.Days), p.DayChange) // today and the first day that stays
	if len(p.Clear) > 0 {
		if err := s.clear(ctx, today, p.Clear, &did); err != nil {
			return did, s.fault("clear traces", err)
		}
	}
	if p.Days > 0 {
		oldest, err := time.ParseInLocation(time.DateOnly, string(first), now.Location())
		if err != nil {
			return did, err
		}
		if err := s.expire(ctx, first, oldest.Add(p.DayChange), &did); err != nil {
			return did, s.fault("delete what is old", err)
		}
	}
	if err := s.checkpoint(ctx); err != nil {
		return did, s.fault("empty the write-ahead log", err)
	}
	if len(p.Clear) > 0 {
		err = s.clearBackups(ctx, today, p.Clear, &did)
	}
	return did, s.fault("clear backups", err)
}

// The rows of tickets and events that carry traces of days before one.
func tracedTickets(clear []Trace) string {
	return "SELECT id FROM ticket WHERE day < ? AND (" + strings.Join(each(clear, "%s <> ''"), " OR ") + ")"
}

func tracedEvents(clear []Trace) string {
	return "SELECT seq FROM event WHERE kind = 'ticket.taken' AND json_extract(body, '$.day') < ? AND seq <= ? AND (" +
		strings.Join(each(clear, "json_extract(body, '$.%s') IS NOT NULL"), " OR ") + ")"
}

func clearTicket(clear []Trace) string {
	return "UPDATE ticket SET " + strings.Join(each(clear, "%s = ''"), ", ") + " WHERE id = ?"
}

func clearEvent(clear []Trace) string {
	return "UPDATE event SET body = json_remove(body, " + strings.Join(each(clear, "'$.%s'"), ", ") + ") WHERE seq = ?"
}

func each(traces []Trace, format string) []string {
	var words []string
	for _, t := range traces {
		words = append(words, fmt.Sprintf(format, t))
	}
	return words
}

type querier interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
}

// keys reads one column.
func keys[T any](ctx context.Context, db querier, query string, args ...any) ([]T, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		var one T
		if err := rows.Scan(&one); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

func (s *Store) clear(ctx context.Context, today kiosk.Day, traces []Trace, did *Retained) error {
	acked, _, err := s.Pending(ctx)
	if err != nil {
		return err
	}
	tickets, err := keys[string](ctx, s.reader(), tracedTickets(traces), today)
	if err != nil {
		return err
	}
	events, err := keys[int64](ctx, s.reader(), tracedEvents(traces), today, acked)
	if err != nil {
		return err
	}
	if err := inTurns(ctx, s, tickets, &did.Cleared, clearTicket(traces)); err != nil {
		return err
	}
	return inTurns(ctx, s, events, &did.Cleared, clearEvent(traces))
}

// inTurns runs statements for every key, a few keys at a time.
func inTurns[T any](ctx context.Context, s *Store, all []T, done *int, statements ...string) error {
	return s.turns(ctx, done, func(ctx context.Context, tx *sql.Tx, limit int) (int, error) {
		n := min(limit, len(all))
		for _, text := range statements {
			stmt, err := tx.PrepareContext(ctx, text)
			if err != nil {
				return 0, err
			}
			defer stmt.Close()
			for _, key := range all[:n] {
				if _, err := stmt.ExecContext(ctx, key); err != nil {
					return 0, err
				}
			}
		}
		all = all[n:]
		return n, nil
	})
}

const (
	firstTurn, longestTurn = 16, 64 // rows of one transaction

	// A transaction that was quick may be followed by one of more rows, one that
	// was slow by one of less.
	quick, slow = 3 * time.Millisecond, 8 * time.Millisecond
)

// turns runs step in transactions of their own until it does less than it may.
// Their length follows the disk, so that a Take waits for a commit or two.
func (s *Store) turns(ctx context.Context, done *int, step func(ctx context.Context, tx *sql.Tx, limit int) (int, error)) error {
	for limit := firstTurn; ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		var n int
		s.mu.Lock()
		began := s.o.Now()
		err := s.write(ctx, "delete what is old", func(ctx context.Context, tx *sql.Tx) error {
			var err error
			n, err = step(ctx, tx, limit)
			return err
		}, func(context.Context) bool { return false })
		took := s.o.Now().Sub(began)
		s.mu.Unlock()
		if err != nil {
			return err
		}
		*done += n
		if n < limit {
			return nil
		}
		switch {
		case took < quick:
			limit = min(2*limit, longestTurn)
		case took > slow:
			limit = max(limit/2, 1)
		}
	}
}

// expire deletes what is of days before day, and events before oldest.
func (s *Store) expire(ctx context.Context, day kiosk.Day, oldest time.Time, did *Retained) error {
	tickets, err := keys[string](ctx, s.reader(), `SELECT id FROM ticket t WHERE day < ?
		AND NOT EXISTS (SELECT 1 FROM print p WHERE p.ticket = t.id AND p.state IN ('queued', 'started', 'sent'))`, day)
	if err != nil {
		return err
	}
	// An attempt to print may be begun meanwhile: then the ticket stays after all.
	if err := inTurns(ctx, s, tickets, &did.Tickets,
		"DELETE FROM print WHERE ticket = ?1 AND NOT EXISTS (SELECT 1 FROM print p WHERE p.ticket = ?1 AND p.state IN ('queued', 'started', 'sent'))",
		"DELETE FROM ticket WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM print p WHERE p.ticket = ?1)"); err != nil {
		return err
	}
	// Order is by seq: the first event that is young enough keeps all after it.
	acked, _, err := s.Pending(ctx)
	if err != nil {
		return err
	}
	events, err := keys[int64](ctx, s.reader(), `SELECT seq FROM event WHERE seq <= ? AND seq < (SELECT max(seq) FROM event)
		AND seq < coalesce((SELECT min(seq) FROM event WHERE wall >= ?), 9223372036854775807) ORDER BY seq`, acked, oldest.UnixMilli())
	if err != nil {
		return err
	}
	if err := inTurns(ctx, s, events, &did.Events, "DELETE FROM event WHERE seq = ?"); err != nil {
		return err
	}
	// By how much a clock was wrong nobody knows: the series of the newest days stay
	// whatever it says, or a day that comes again would begin at 1 again.
	day, err = s.firstSeries(ctx, day)
	if err != nil {
		return err
	}
	// The limits go first: one without a counter looks like a file that is too old.
	s.mu.Lock()
	err = s.marks.forget(day)
	if err == nil {
		err = s.write(ctx, "delete what is old", func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, "DELETE FROM counter WHERE day < ?", day)
			return err
		}, func(context.Context) bool { return false })
	}
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return s.expireAside(oldest, did)
}

// keptSeries are the newest days with numbers whose series always stay: more than
// a clock is wrong on before somebody mends it.
const keptSeries = 14

// firstSeries returns the first day whose series stay when tickets of the days
// before day go.
func (s *Store) firstSeries(ctx context.Context, day kiosk.Day) (kiosk.Day, error) {
	newest, err := keys[kiosk.Day](ctx, s.reader(), "SELECT DISTINCT day FROM counter ORDER BY day DESC LIMIT ?", keptSeries)
	switch {
	case err != nil:
		return "", err
	case len(newest) < keptSeries:
		return "", nil
	}
	return min(day, newest[keptSeries-1]), nil
}

// expireAside deletes files that Open set aside before oldest.
func (s *Store) expireAside(oldest time.Time, did *Retained) error {
	prefix := filepath.Base(s.path) + ".damaged-"
	entries, err := os.ReadDir(filepath.Dir(s.path))
	if err != nil {
		return pathError(s.path, err)
	}
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), prefix)
		if !ok || len(rest) < len(stampFormat) {
			continue
		}
		at, err := time.Parse(stampFormat, rest[:len(stampFormat)])
		if err != nil || !at.Before(oldest) {
			continue
		}
		name := filepath.Join(filepath.Dir(s.path), e.Name())
		if err := os.Remove(name); err != nil {
			return pathError(name, err)
		}
		did.Aside = append(did.Aside, name)
	}
	return nil
}

// checkpoint moves the write-ahead log into the file and empties it. The long
// part is done by a connection of its own, beside the writer.
func (s *Store) checkpoint(ctx context.Context) error {
	db, err := sql.Open("sqlite3", dsn(s.path, s.o.settings))
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	_, err = db.ExecContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)")
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken {
		return nil // what is in the log is looked at by the next write
	}
	// Busy, because of a reader, is no error: the next commits overwrite it.
	_, err = s.w.db.ExecContext(ctx, "PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE)")
	_, again := s.w.db.ExecContext(context.WithoutCancel(ctx), "PRAGMA busy_timeout = 5000")
	return errors.Join(err, again)
}

// clearBackups clears the traces in the backups too, each in a copy that then
// takes its place.
func (s *Store) clearBackups(ctx context.Context, today kiosk.Day, traces []Trace, did *Retained) error {
	s.backing.Lock()
	defer s.backing.Unlock()
	acked, _, err := s.Pending(ctx)
	if err != nil {
		return err
	}
	temp := filepath.Join(s.o.Backups, backupPrefix(s.path)+"making")
	defer removeDatabase(temp)
	for _, path := range backups(s.o.Backups, s.path) {
		removeDatabase(temp)
		if readErr, writeErr := copyFile(path, temp); readErr != nil || writeErr != nil {
			return pathError(path, errors.Join(readErr, writeErr))
		}
		changed, err := clearFile(ctx, temp, today, traces, s.epoch, acked)
		if d := (damage{}); errors.As(damaged(err), &d) {
			// It can neither be restored nor cleared.
			if err := os.Remove(path); err != nil {
				return pathError(path, err)
			}
			continue
		}
		if err != nil {
			return err
		}
		if !changed {
			continue
		}
		if err := rename(temp, path); err != nil {
			return pathError(path, err)
		}
		did.Backups++
	}
	return nil
}

// clearFile clears a database that nobody else has open and leaves it synced.
func clearFile(ctx context.Context, path string, today kiosk.Day, traces []Trace, epoch kiosk.Epoch, acked int64) (changed bool, err error) {
	db, err := sql.Open("sqlite3", dsn(path, "_journal_mode=DELETE&_synchronous=FULL&_txlock=immediate&_secure_delete=on"))
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	var its kiosk.Epoch
	var through int64
	if err := db.QueryRowContext(ctx, "SELECT epoch, acked FROM life").Scan(&its, &through); err != nil {
		return false, err
	}
	if its == epoch {
		through = max(through, acked)
	}
	tickets, err := keys[string](ctx, db, tracedTickets(traces), today)
	if err != nil {
		return false, err
	}
	events, err := keys[int64](ctx, db, tracedEvents(traces), today, through)
	if err != nil || len(tickets)+len(events) == 0 {
		return false, err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer tx.Rollback()
	for _, id := range tickets {
		if _, err := tx.ExecContext(ctx, clearTicket(traces), id); err != nil {
			return false, err
		}
	}
	for _, seq := range events {
		if _, err := tx.ExecContext(ctx, clearEvent(traces), seq); err != nil {
			return false, err
		}
	}
	if err := tx.Commit(); err != nil {
		return false, err
	}
	if err := sound(ctx, db, false); err != nil {
		return false, err
	}
	return true, nil
}
