package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
)

// whoTables are the kiosks' keys, the accounts and the audit trail.
const whoTables = `
-- What a kiosk may exchange for a key, by its SHA-256.
CREATE TABLE enrol_codes (
	hash      BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
	hall      TEXT    NOT NULL,
	kiosk     TEXT    NOT NULL,
	until     INTEGER NOT NULL, -- center's clock, Unix ms
	key_until INTEGER NOT NULL, -- 0: the key is good for ever
	used      TEXT    NOT NULL DEFAULT '' -- the key it was exchanged for
) STRICT, WITHOUT ROWID;

CREATE TABLE kiosk_keys (
	id      TEXT    NOT NULL PRIMARY KEY,
	hall    TEXT    NOT NULL,
	kiosk   TEXT    NOT NULL,
	public  BLOB    NOT NULL CHECK (length(public) = 32),
	made    INTEGER NOT NULL,
	until   INTEGER NOT NULL,
	revoked INTEGER NOT NULL DEFAULT 0,
	used    INTEGER NOT NULL DEFAULT 0,
	high    INTEGER NOT NULL DEFAULT 0, -- the highest number seen,
	seen    INTEGER NOT NULL DEFAULT 0  -- and which up to it: bit d is high-d
) STRICT, WITHOUT ROWID;
-- A kiosk has one key.
CREATE UNIQUE INDEX kiosk_keys_one ON kiosk_keys (kiosk) WHERE revoked = 0;
CREATE INDEX kiosk_keys_kiosk ON kiosk_keys (kiosk, made);

CREATE TABLE accounts (
	name     TEXT    NOT NULL PRIMARY KEY,
	role     TEXT    NOT NULL,
	hall     TEXT    NOT NULL, -- '' for all
	password TEXT    NOT NULL, -- argon2id with its parameters
	made     INTEGER NOT NULL,
	disabled INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
	hash    BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
	account TEXT    NOT NULL REFERENCES accounts (name),
	began   INTEGER NOT NULL,
	seen    INTEGER NOT NULL,
	source  TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_account ON sessions (account);
CREATE INDEX sessions_began ON sessions (began);

CREATE TABLE audit (
	id      INTEGER PRIMARY KEY AUTOINCREMENT,
	at      INTEGER NOT NULL,
	hall    TEXT    NOT NULL,
	account TEXT    NOT NULL,
	action  TEXT    NOT NULL,
	subject TEXT    NOT NULL,
	source  TEXT    NOT NULL
) STRICT;
CREATE INDEX audit_hall ON audit (hall, id);
CREATE TRIGGER audit_kept BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is never shortened'); END;
CREATE TRIGGER audit_fixed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is never changed'); END;
`

const keysSQL = "SELECT " + center.KeyColumns + " FROM kiosk_keys"

// AddCode implements center.Store.
func (s *Store) AddCode(ctx context.Context, c center.Code, e center.Entry) error {
	return s.write(ctx, "add code", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM enrol_codes WHERE kiosk = ? OR until < ?", c.Kiosk, center.Millis(e.At)-int64(24*time.Hour/time.Millisecond)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO enrol_codes (hash, hall, kiosk, until, key_until) VALUES (?, ?, ?, ?, ?)",
			c.Hash[:], c.Hall, c.Kiosk, center.Millis(c.Until), center.Millis(c.KeyUntil))
		return errors.Join(err, note(ctx, tx, e))
	})
}

// Enrol implements center.Store.
func (s *Store) Enrol(ctx context.Context, code center.Hash, k center.Key, e center.Entry) (center.Key, error) {
	err := s.changeHall(ctx, center.EveryKey, "enroll", func(d *desk) error {
		tx := d.tx
		var c center.Code
		var until, keyUntil int64
		var used kiosk.KeyID
		err := tx.QueryRowContext(ctx, "SELECT hall, kiosk, until, key_until, used FROM enrol_codes WHERE hash = ?", code[:]).
			Scan(&c.Hall, &c.Kiosk, &until, &keyUntil, &used)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		c.Until = center.AtMillis(until)
		if err := c.Good(k, used, err == nil); err != nil {
			return err
		}
		if used != "" {
			k, err = center.ScanKey(tx.QueryRowContext(ctx, keysSQL+" WHERE id = ?", used).Scan)
			return err
		}
		var taken bool
		if err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM kiosk_keys WHERE id = ?)", k.ID).Scan(&taken); err != nil {
			return err
		}
		if taken {
			return center.KeyTaken()
		}
		k.Until = center.AtMillis(keyUntil)
		for _, do := range []struct {
			query string
			args  []any
		}{
			{"UPDATE kiosk_keys SET revoked = ? WHERE kiosk = ? AND revoked = 0", []any{center.Millis(k.Made), k.Kiosk}},
			{"INSERT INTO kiosk_keys (id, hall, kiosk, public, made, until) VALUES (?, ?, ?, ?, ?, ?)", []any{k.ID, k.Hall, k.Kiosk, []byte(k.Public), center.Millis(k.Made), keyUntil}},
			{"UPDATE enrol_codes SET used = ? WHERE hash = ?", []any{k.ID, code[:]}},
		} {
			if _, err := tx.ExecContext(ctx, do.query, do.args...); err != nil {
				return err
			}
		}
		return note(ctx, tx, e)
	})
	if err != nil {
		return center.Key{}, err
	}
	return k, nil
}

// Key implements center.Store.
func (s *Store) Key(ctx context.Context, id kiosk.KeyID) (k center.Key, err error) {
	k, err = center.ScanKey(s.reader.QueryRowContext(ctx, keysSQL+" WHERE id = ?", id).Scan)
	return k, s.found("find key", err)
}

// found is failed, where a missing row is ENotFound.
func (s *Store) found(op string, err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return &kiosk.Error{Code: kiosk.ENotFound, Op: op}
	}
	return s.failed(op, err)
}

// ListKeys implements center.Store.
func (s *Store) ListKeys(ctx context.Context) ([]center.Key, error) {
	return list(ctx, s, "list keys", center.ScanKey, keysSQL+" ORDER BY kiosk, made, id")
}

// HasKey implements center.Store.
func (s *Store) HasKey(ctx context.Context, id kiosk.KioskID) (has bool, err error) {
	err = s.reader.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM kiosk_keys WHERE kiosk = ?)", id).Scan(&has)
	return has, s.failed("find key", err)
}

// Revoke implements center.Store.
func (s *Store) Revoke(ctx context.Context, id kiosk.KioskID, e center.Entry) error {
	return s.changeHall(ctx, center.EveryKey, "revoke key", func(d *desk) error {
		tx := d.tx
		hit, err := execAll(ctx, tx, []any{id}, "DELETE FROM enrol_codes WHERE kiosk = ? AND used = ''")
		if err != nil {
			return err
		}
		more, err := execAll(ctx, tx, []any{center.Millis(e.At), id}, "UPDATE kiosk_keys SET revoked = ? WHERE kiosk = ? AND revoked = 0")
		if err != nil {
			return err
		}
		if hit+more == 0 {
			return &kiosk.Error{Code: kiosk.ENotFound, Op: "revoke key", Message: "这台终端没有有效的密钥。", Hint: "that kiosk has no key that is good, and no code"}
		}
		return note(ctx, tx, e)
	})
}

// execAll runs statements with the same arguments and counts the rows they
// changed.
func execAll(ctx context.Context, tx *sql.Tx, args []any, statements ...string) (rows int64, err error) {
	for _, statement := range statements {
		done, err := tx.ExecContext(ctx, statement, args...)
		if err != nil {
			return 0, err
		}
		n, err := done.RowsAffected()
		if err != nil {
			return 0, err
		}
		rows += n
	}
	return rows, nil
}

// Use implements center.Store.
func (s *Store) Use(ctx context.Context, u center.KeyUse) error {
	refused, err := s.uses.Ask(ctx, u)
	if err == nil {
		err = refused
	}
	return err
}

// use spends numbers in one transaction; see center.NewTurns. A number that
// isn't good is an answer, and doesn't undo the others.
func (s *Store) use(ctx context.Context, all []center.KeyUse) (answers []error, err error) {
	err = s.write(ctx, "use key", func(tx *sql.Tx) error {
		ctx := context.WithoutCancel(ctx) // as in Ingest
		answers = make([]error, len(all))
		spend := strings.ReplaceAll(center.UseSQL, "$", "?")
		for i, u := range all {
			var high int64
			err := tx.QueryRowContext(ctx, spend, u.Key, u.N, center.Millis(u.At)).Scan(&high)
			if errors.Is(err, sql.ErrNoRows) {
				var k center.Key
				k, err = center.ScanKey(tx.QueryRowContext(ctx, keysSQL+" WHERE id = ?", u.Key).Scan)
				if found := err == nil; found || errors.Is(err, sql.ErrNoRows) {
					answers[i], err = u.Why(k, found), nil
				}
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	return answers, err
}
