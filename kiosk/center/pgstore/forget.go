package pgstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"hallkiosk/kiosk/center"
)

// forgetSchema lets old entries of the audit trail go, and those alone.
var forgetSchema = fmt.Sprintf(`
DROP TRIGGER audit_fixed ON audit;
CREATE TRIGGER audit_fixed BEFORE UPDATE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE FUNCTION audit_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	IF OLD.at > (extract(epoch FROM now()) - %d * 86400) * 1000 THEN RAISE EXCEPTION 'the audit trail is kept for %[1]d days'; END IF;
	RETURN OLD;
END $$;
CREATE TRIGGER audit_kept BEFORE DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_keep();
CREATE INDEX bookings_traces ON bookings (day) WHERE phone <> '' OR card <> '';

-- Tries to log in, for all processes; rows are only added, so that nobody who
-- guesses makes others wait.
CREATE TABLE login_tries (
	id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	at      bigint NOT NULL,
	account text COLLATE "C" NOT NULL,
	source  text COLLATE "C" NOT NULL,
	won     boolean NOT NULL
);
`, center.AuditDays)

// byDay are the tables that are forgotten day by day. All have an index by hall
// and day.
var byDay = []string{"tickets", "changes", "lines", "bookings", "grants", "counters", "card_keys"}

// Forget implements center.Store. Each question is answered by an index, or
// reads no more than it will delete, and only rows that nobody needs are locked.
func (s *Store) Forget(ctx context.Context, p center.Past) (more bool, err error) {
	const op = "forget"
	step := func(query string, args ...any) bool {
		if err != nil {
			return false
		}
		rows := int64(0)
		err = s.write(ctx, op, func(tx pgx.Tx) error {
			done, err := tx.Exec(ctx, query, args...)
			rows = done.RowsAffected()
			return err
		})
		more = more || rows > 0
		return more
	}
	if step(fmt.Sprintf("UPDATE bookings SET phone = '', card = '' WHERE ctid = ANY (ARRAY(SELECT ctid FROM bookings WHERE day < $1 AND (phone <> '' OR card <> '') LIMIT %d))", center.ForgetAtOnce), p.Traces) {
		return true, err
	}
	for _, table := range byDay {
		before := p.Tickets
		switch table {
		case "grants", "counters":
			before = p.Numbers
		case "card_keys":
			before = p.Traces
		}
		// From hall to hall by the index, whatever lies between.
		halls, err := list(ctx, s, op, one[string], fmt.Sprintf(`WITH RECURSIVE halls (hall) AS ((SELECT hall FROM %[1]s ORDER BY hall LIMIT 1)
				UNION ALL SELECT (SELECT t.hall FROM %[1]s t WHERE t.hall > halls.hall ORDER BY t.hall LIMIT 1) FROM halls WHERE halls.hall IS NOT NULL)
			SELECT hall FROM halls WHERE hall IS NOT NULL AND EXISTS (SELECT FROM %[1]s t WHERE t.hall = halls.hall AND t.day < $1) LIMIT 1`, table), before)
		if err != nil {
			return false, err
		}
		for _, hall := range halls {
			if step(fmt.Sprintf("DELETE FROM %[1]s WHERE ctid = ANY (ARRAY(SELECT ctid FROM %[1]s WHERE hall = $1 AND day < $2 LIMIT %[2]d))", table, center.ForgetAtOnce), hall, before) {
				return true, err
			}
		}
	}
	if more, err := s.dropMonth(ctx, p.Events); more || err != nil {
		return more, err
	}
	if step(fmt.Sprintf("DELETE FROM alarms WHERE ctid = ANY (ARRAY(SELECT ctid FROM alarms WHERE last < $1 ORDER BY last LIMIT %d))", center.ForgetAtOnce), center.Millis(p.Alarms)) ||
		step(fmt.Sprintf("DELETE FROM orders WHERE ctid = ANY (ARRAY(SELECT ctid FROM orders WHERE made < $1 AND (ended <> 0 OR until <> 0 AND until < $1) LIMIT %d))", center.ForgetAtOnce), center.Millis(p.Orders)) {
		return true, err
	}
	if step(fmt.Sprintf("DELETE FROM login_tries WHERE id IN (SELECT id FROM (SELECT id, at FROM login_tries ORDER BY id LIMIT %d) first WHERE at < $1)", center.ForgetAtOnce), center.Millis(p.Tries)) {
		return true, err
	}
	step(fmt.Sprintf("DELETE FROM audit WHERE id IN (SELECT id FROM (SELECT id, at FROM audit ORDER BY id LIMIT %d) first WHERE at < $1)", center.ForgetAtOnce), center.Millis(p.Audit))
	return more, err
}

// patient is how long a month that is to be dropped waits for those who read or
// write events, who then wait behind it.
const patient = 30 * time.Millisecond

// dropMonth drops the oldest partition of events when all of it came in before a
// time.
func (s *Store) dropMonth(ctx context.Context, before time.Time) (dropped bool, err error) {
	const op = "forget"
	names, err := list(ctx, s, op, one[string], `SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
		WHERE i.inhparent = 'events'::regclass ORDER BY 1 LIMIT 1`)
	if err != nil || len(names) == 0 {
		return false, err
	}
	month, bad := time.Parse("events_2006_01", names[0])
	if bad != nil || month.AddDate(0, 1, 0).After(before) {
		return false, nil
	}
	err = s.write(ctx, op, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, fmt.Sprintf("SET LOCAL lock_timeout = %d", patient.Milliseconds())); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "DROP TABLE IF EXISTS "+pgx.Identifier{names[0]}.Sanitize())
		return err
	})
	var server *pgconn.PgError
	if errors.As(err, &server) && server.Code == "55P03" {
		return true, nil // another time
	}
	s.months.Delete(month)
	return err == nil, err
}
