package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"hallkiosk/kiosk/center"
)

// forgetSchema lets old entries of the audit trail go, and those alone.
var forgetSchema = fmt.Sprintf(`
DROP TRIGGER audit_kept;
CREATE TRIGGER audit_kept BEFORE DELETE ON audit WHEN OLD.at > (unixepoch() - %d * 86400) * 1000
	BEGIN SELECT RAISE(ABORT, 'the audit trail is kept for %[1]d days'); END;
CREATE INDEX bookings_traces ON bookings (day) WHERE phone <> '' OR card <> '';

-- Tries to log in, for all processes; rows are only added, so that nobody who
-- guesses makes others wait.
CREATE TABLE login_tries (
	id      INTEGER PRIMARY KEY AUTOINCREMENT,
	at      INTEGER NOT NULL,
	account TEXT    NOT NULL,
	source  TEXT    NOT NULL,
	won     INTEGER NOT NULL CHECK (won IN (0, 1))
) STRICT;
`, center.AuditDays)

// byDay are the tables that are forgotten day by day, with their keys. All have
// an index by hall and day.
var byDay = []struct{ table, key string }{
	{"tickets", "id"}, {"changes", "hall, op"}, {"lines", "hall, day, queue"}, {"bookings", "id"},
	{"grants", "request"}, {"counters", "hall, day, queue"},
	{"card_keys", "hall, day"},
}

// Forget implements center.Store. Each question is answered by an index, or
// reads no more than it will delete.
func (s *Store) Forget(ctx context.Context, p center.Past) (more bool, err error) {
	const op = "forget"
	step := func(query string, args ...any) bool {
		if err != nil {
			return false
		}
		rows := int64(0)
		err = s.write(ctx, op, func(tx *sql.Tx) error {
			rows, err = execAll(ctx, tx, args, query)
			return err
		})
		more = more || rows > 0
		return more
	}
	if step(fmt.Sprintf("UPDATE bookings SET phone = '', card = '' WHERE id IN (SELECT id FROM bookings WHERE day < ? AND (phone <> '' OR card <> '') LIMIT %d)", center.ForgetAtOnce), p.Traces) {
		return true, err
	}
	for _, t := range byDay {
		before := p.Tickets
		switch t.table {
		case "grants", "counters":
			before = p.Numbers
		case "card_keys":
			before = p.Traces
		}
		// From hall to hall by the index, whatever lies between.
		var hall string
		err := s.reader.QueryRowContext(ctx, fmt.Sprintf(`WITH RECURSIVE halls (hall) AS (SELECT min(hall) FROM %[1]s
				UNION ALL SELECT (SELECT min(hall) FROM %[1]s t WHERE t.hall > halls.hall) FROM halls WHERE halls.hall IS NOT NULL)
			SELECT hall FROM halls WHERE EXISTS (SELECT 1 FROM %[1]s t WHERE t.hall = halls.hall AND t.day < ?) LIMIT 1`, t.table), before).Scan(&hall)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return false, s.failed(op, err)
		}
		if step(fmt.Sprintf("DELETE FROM %[1]s WHERE (%[2]s) IN (SELECT %[2]s FROM %[1]s WHERE hall = ? AND day < ? LIMIT %[3]d)", t.table, t.key, center.ForgetAtOnce), hall, before) {
			return true, err
		}
	}
	var id, epoch string
	found := s.reader.QueryRowContext(ctx, `SELECT kiosk, epoch FROM sources s
		WHERE (SELECT got FROM events e WHERE e.kiosk = s.kiosk AND e.epoch = s.epoch ORDER BY seq LIMIT 1) < ? LIMIT 1`, center.Millis(p.Events)).Scan(&id, &epoch)
	if found == nil {
		step(fmt.Sprintf(`DELETE FROM events WHERE kiosk = ?1 AND epoch = ?2 AND seq IN
			(SELECT seq FROM (SELECT seq, got FROM events WHERE kiosk = ?1 AND epoch = ?2 ORDER BY seq LIMIT %d) WHERE got < ?3)`, center.ForgetAtOnce), id, epoch, center.Millis(p.Events))
		return more, err
	}
	if !errors.Is(found, sql.ErrNoRows) {
		return false, s.failed(op, found)
	}
	if step(fmt.Sprintf("DELETE FROM alarms WHERE (kind, kiosk, epoch, seq) IN (SELECT kind, kiosk, epoch, seq FROM alarms WHERE last < ? ORDER BY last LIMIT %d)", center.ForgetAtOnce), center.Millis(p.Alarms)) ||
		step(fmt.Sprintf("DELETE FROM orders WHERE id IN (SELECT id FROM orders WHERE made < ?1 AND (ended <> 0 OR until <> 0 AND until < ?1) LIMIT %d)", center.ForgetAtOnce), center.Millis(p.Orders)) {
		return true, err
	}
	if step(fmt.Sprintf("DELETE FROM login_tries WHERE id IN (SELECT id FROM (SELECT id, at FROM login_tries ORDER BY id LIMIT %d) WHERE at < ?)", center.ForgetAtOnce), center.Millis(p.Tries)) {
		return true, err
	}
	step(fmt.Sprintf("DELETE FROM audit WHERE id IN (SELECT id FROM (SELECT id, at FROM audit ORDER BY id LIMIT %d) WHERE at < ?)", center.ForgetAtOnce), center.Millis(p.Audit))
	return more, err
}
