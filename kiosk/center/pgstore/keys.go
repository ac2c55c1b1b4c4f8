package pgstore

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
)

// whoTables are the kiosks' keys, the accounts and the audit trail.
const whoTables = `
-- What a kiosk may exchange for a key, by its SHA-256.
CREATE TABLE enrol_codes (
	hash      bytea NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
	hall      text COLLATE "C" NOT NULL,
	kiosk     text COLLATE "C" NOT NULL,
	until     bigint NOT NULL, -- center's clock, Unix ms
	key_until bigint NOT NULL, -- 0: the key is good for ever
	used      text COLLATE "C" NOT NULL DEFAULT '' -- the key it was exchanged for
);

CREATE TABLE kiosk_keys (
	id      text COLLATE "C" NOT NULL PRIMARY KEY,
	hall    text COLLATE "C" NOT NULL,
	kiosk   text COLLATE "C" NOT NULL,
	public  bytea NOT NULL CHECK (length(public) = 32),
	made    bigint NOT NULL,
	until   bigint NOT NULL,
	revoked bigint NOT NULL DEFAULT 0,
	used    bigint NOT NULL DEFAULT 0,
	high    bigint NOT NULL DEFAULT 0, -- the highest number seen,
	seen    bigint NOT NULL DEFAULT 0  -- and which up to it: bit d is high-d
);
-- A kiosk has one key.
CREATE UNIQUE INDEX kiosk_keys_one ON kiosk_keys (kiosk) WHERE revoked = 0;
CREATE INDEX kiosk_keys_kiosk ON kiosk_keys (kiosk, made);

CREATE TABLE accounts (
	name     text COLLATE "C" NOT NULL PRIMARY KEY,
	role     text COLLATE "C" NOT NULL,
	hall     text COLLATE "C" NOT NULL, -- '' for all
	password text COLLATE "C" NOT NULL, -- argon2id with its parameters
	made     bigint NOT NULL,
	disabled boolean NOT NULL DEFAULT false
);

CREATE TABLE sessions (
	hash    bytea NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
	account text COLLATE "C" NOT NULL REFERENCES accounts (name),
	began   bigint NOT NULL,
	seen    bigint NOT NULL,
	source  text COLLATE "C" NOT NULL
);
CREATE INDEX sessions_account ON sessions (account);
CREATE INDEX sessions_began ON sessions (began);

CREATE TABLE audit (
	id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	at      bigint NOT NULL,
	hall    text COLLATE "C" NOT NULL,
	account text COLLATE "C" NOT NULL,
	action  text COLLATE "C" NOT NULL,
	subject text COLLATE "C" NOT NULL,
	source  text COLLATE "C" NOT NULL
);
CREATE INDEX audit_hall ON audit (hall, id);
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the audit trail is never changed or shortened'; END $$;
CREATE TRIGGER audit_fixed BEFORE UPDATE OR DELETE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
`

const keysSQL = "SELECT " + center.KeyColumns + " FROM kiosk_keys"

// single is list for a query of one row; ENotFound when there is none.
func single[T any](ctx context.Context, s *Store, op string, read func(center.Scan) (T, error), query string, args ...any) (v T, err error) {
	all, err := list(ctx, s, op, read, query, args...)
	if err != nil {
		return v, err
	}
	if len(all) == 0 {
		return v, &kiosk.Error{Code: kiosk.ENotFound, Op: op}
	}
	return all[0], nil
}

// AddCode implements center.Store.
func (s *Store) AddCode(ctx context.Context, c center.Code, e center.Entry) error {
	return s.write(ctx, "add code", func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "DELETE FROM enrol_codes WHERE kiosk = $1 OR until < $2", c.Kiosk, center.Millis(e.At)-int64(24*time.Hour/time.Millisecond)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "INSERT INTO enrol_codes (hash, hall, kiosk, until, key_until) VALUES ($1, $2, $3, $4, $5)",
			c.Hash[:], c.Hall, c.Kiosk, center.Millis(c.Until), center.Millis(c.KeyUntil)); err != nil {
			return err
		}
		return note(ctx, tx, e)
	})
}

// Enrol implements center.Store.
func (s *Store) Enrol(ctx context.Context, code center.Hash, asked center.Key, e center.Entry) (center.Key, error) {
	k := asked
	err := s.changeHall(ctx, center.EveryKey, "enroll", func(tx pgx.Tx) error {
		k = asked
		var c center.Code
		var until, keyUntil int64
		var used kiosk.KeyID
		err := tx.QueryRow(ctx, "SELECT hall, kiosk, until, key_until, used FROM enrol_codes WHERE hash = $1 FOR UPDATE", code[:]).
			Scan(&c.Hall, &c.Kiosk, &until, &keyUntil, &used)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		c.Until = center.AtMillis(until)
		if err := c.Good(k, used, err == nil); err != nil {
			return err
		}
		if used != "" {
			k, err = row(ctx, tx, center.ScanKey, keysSQL+" WHERE id = $1", used)
			return err
		}
		var taken bool
		if err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM kiosk_keys WHERE id = $1)", k.ID).Scan(&taken); err != nil {
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
			{"UPDATE kiosk_keys SET revoked = $1 WHERE kiosk = $2 AND revoked = 0", []any{center.Millis(k.Made), k.Kiosk}},
			{"INSERT INTO kiosk_keys (id, hall, kiosk, public, made, until) VALUES ($1, $2, $3, $4, $5, $6)", []any{k.ID, k.Hall, k.Kiosk, []byte(k.Public), center.Millis(k.Made), keyUntil}},
			{"UPDATE enrol_codes SET used = $1 WHERE hash = $2", []any{k.ID, code[:]}},
		} {
			if _, err := tx.Exec(ctx, do.query, do.args...); err != nil {
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
func (s *Store) Key(ctx context.Context, id kiosk.KeyID) (center.Key, error) {
	return single(ctx, s, "find key", center.ScanKey, keysSQL+" WHERE id = $1", id)
}

// ListKeys implements center.Store.
func (s *Store) ListKeys(ctx context.Context) ([]center.Key, error) {
	return list(ctx, s, "list keys", center.ScanKey, keysSQL+" ORDER BY kiosk, made, id")
}

// HasKey implements center.Store.
func (s *Store) HasKey(ctx context.Context, id kiosk.KioskID) (bool, error) {
	return single(ctx, s, "find key", one[bool], "SELECT EXISTS (SELECT 1 FROM kiosk_keys WHERE kiosk = $1)", id)
}

// Revoke implements center.Store.
func (s *Store) Revoke(ctx context.Context, id kiosk.KioskID, e center.Entry) error {
	return s.changeHall(ctx, center.EveryKey, "revoke key", func(tx pgx.Tx) error {
		codes, err := tx.Exec(ctx, "DELETE FROM enrol_codes WHERE kiosk = $1 AND used = ''", id)
		if err != nil {
			return err
		}
		keys, err := tx.Exec(ctx, "UPDATE kiosk_keys SET revoked = $1 WHERE kiosk = $2 AND revoked = 0", center.Millis(e.At), id)
		if err != nil {
			return err
		}
		if codes.RowsAffected()+keys.RowsAffected() == 0 {
			return &kiosk.Error{Code: kiosk.ENotFound, Op: "revoke key", Message: "这台终端没有有效的密钥。", Hint: "that kiosk has no key that is good, and no code"}
		}
		return note(ctx, tx, e)
	})
}

// Use implements center.Store.
func (s *Store) Use(ctx context.Context, u center.KeyUse) error {
	refused, err := s.uses.Ask(ctx, u)
	if err == nil {
		err = refused
	}
	return err
}

// use spends numbers in one transaction; see center.NewTurns. Keys are locked
// in one order, so that two processes can't wait for each other.
func (s *Store) use(ctx context.Context, all []center.KeyUse) ([]error, error) {
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch x, y := all[a].Key, all[b].Key; {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	answers := make([]error, len(all))
	var refused []int
	var err error
	const tries = 5
	for range tries {
		refused = nil
		q := &pgx.Batch{} // without BEGIN, the whole of it is one transaction
		for _, i := range order {
			u := all[i]
			q.Queue(center.UseSQL, u.Key, u.N, center.Millis(u.At)).QueryRow(func(row pgx.Row) error {
				var high int64
				err := row.Scan(&high)
				if errors.Is(err, pgx.ErrNoRows) {
					refused, err = append(refused, i), nil
				}
				return err
			})
		}
		err = use(ctx, s.marker, func(conn *pgx.Conn) error { return conn.SendBatch(ctx, q).Close() })
		if err == nil || !again(err) {
			break
		}
	}
	if err != nil {
		return nil, s.failed("use key", err)
	}
	for _, i := range refused {
		k, err := s.Key(ctx, all[i].Key)
		if found := err == nil; found || kiosk.CodeOf(err) == kiosk.ENotFound {
			answers[i] = all[i].Why(k, found)
		} else {
			answers[i] = err
		}
	}
	return answers, nil
}
