package pgstore

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
)

// note appends to the audit trail within a transaction.
func note(ctx context.Context, tx pgx.Tx, e center.Entry) error {
	_, err := tx.Exec(ctx, "INSERT INTO audit (at, hall, account, action, subject, source) VALUES ($1, $2, $3, $4, $5, $6)",
		center.Millis(e.At), e.Hall, e.Account, e.Action, e.Subject, e.From)
	return err
}

// AddAccount implements center.Store.
func (s *Store) AddAccount(ctx context.Context, a center.Account, e center.Entry) error {
	return s.write(ctx, "add account", func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO accounts (name, role, hall, password, made, disabled) VALUES ($1, $2, $3, $4, $5, $6)",
			a.Name, a.Role, a.Hall, a.Password, center.Millis(a.Made), a.Disabled)
		var fault *pgconn.PgError
		if errors.As(err, &fault) && fault.Code == "23505" {
			return &kiosk.Error{Code: kiosk.EConflict, Op: "add account", Message: "已有同名账号。", Hint: "there is an account of that name already"}
		}
		if err != nil {
			return err
		}
		return note(ctx, tx, e)
	})
}

const accountsSQL = "SELECT " + center.AccountColumns + " FROM accounts"

// Account implements center.Store.
func (s *Store) Account(ctx context.Context, name string) (center.Account, error) {
	return single(ctx, s, "find account", center.ScanAccount, accountsSQL+" WHERE name = $1", name)
}

// ListAccounts implements center.Store.
func (s *Store) ListAccounts(ctx context.Context) ([]center.Account, error) {
	return list(ctx, s, "list accounts", center.ScanAccount, accountsSQL+" ORDER BY name")
}

// SetPassword implements center.Store.
func (s *Store) SetPassword(ctx context.Context, name, password string, e center.Entry) error {
	return s.changeAccount(ctx, name, e, "UPDATE accounts SET password = $1 WHERE name = $2", password)
}

// SetDisabled implements center.Store.
func (s *Store) SetDisabled(ctx context.Context, name string, disabled bool, e center.Entry) error {
	return s.changeAccount(ctx, name, e, "UPDATE accounts SET disabled = $1 WHERE name = $2", disabled)
}

// changeAccount changes an account and ends its sessions.
func (s *Store) changeAccount(ctx context.Context, name string, e center.Entry, query string, value any) error {
	return s.write(ctx, "change account", func(tx pgx.Tx) error {
		done, err := tx.Exec(ctx, query, value, name)
		if err != nil {
			return err
		}
		if done.RowsAffected() == 0 {
			return &kiosk.Error{Code: kiosk.ENotFound, Op: "change account", Message: "没有这个账号。", Hint: "there is no account of that name"}
		}
		if _, err := tx.Exec(ctx, "DELETE FROM sessions WHERE account = $1", name); err != nil {
			return err
		}
		return note(ctx, tx, e)
	})
}

// OpenSession implements center.Store.
func (s *Store) OpenSession(ctx context.Context, v center.Session, password string, stale time.Time, e center.Entry) error {
	return s.write(ctx, "open session", func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "DELETE FROM sessions WHERE began < $1", center.Millis(stale)); err != nil {
			return err
		}
		done, err := tx.Exec(ctx, `INSERT INTO sessions (hash, account, began, seen, source)
			SELECT $1, name, $3, $4, $5 FROM accounts WHERE name = $2 AND password = $6 AND NOT disabled FOR UPDATE`,
			v.Hash[:], v.Account, center.Millis(v.Began), center.Millis(v.Seen), v.From, password)
		if err != nil {
			return err
		}
		if done.RowsAffected() == 0 {
			return &kiosk.Error{Code: kiosk.EConflict, Op: "open session", Hint: "the account was changed at this moment"}
		}
		return note(ctx, tx, e)
	})
}

// Session implements center.Store.
func (s *Store) Session(ctx context.Context, hash center.Hash) (center.Session, center.Account, error) {
	r, err := single(ctx, s, "find session", center.ScanSession,
		"SELECT "+center.SessionColumns+" FROM sessions s JOIN accounts a ON a.name = s.account WHERE s.hash = $1", hash[:])
	r.Hash = hash
	return r.Session, r.Owner, err
}

// SeeSession implements center.Store.
func (s *Store) SeeSession(ctx context.Context, hash center.Hash, when time.Time) error {
	return s.write(ctx, "see session", func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE sessions SET seen = greatest(seen, $1) WHERE hash = $2", center.Millis(when), hash[:])
		return err
	})
}

// EndSession implements center.Store.
func (s *Store) EndSession(ctx context.Context, hash center.Hash, e center.Entry) error {
	return s.write(ctx, "end session", func(tx pgx.Tx) error {
		done, err := tx.Exec(ctx, "DELETE FROM sessions WHERE hash = $1", hash[:])
		if err != nil || done.RowsAffected() == 0 {
			return err
		}
		return note(ctx, tx, e)
	})
}

// Note implements center.Store.
func (s *Store) Note(ctx context.Context, e center.Entry) error {
	return s.write(ctx, "note", func(tx pgx.Tx) error { return note(ctx, tx, e) })
}

// AddTry implements center.Store.
func (s *Store) AddTry(ctx context.Context, t center.Try) (id int64, err error) {
	return id, s.write(ctx, "note try", func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, "INSERT INTO login_tries (at, account, source, won) VALUES ($1, $2, $3, $4) RETURNING id",
			center.Millis(t.At), t.Account, t.From, t.Won).Scan(&id)
	})
}

// Tries implements center.Store.
func (s *Store) Tries(ctx context.Context, after int64, limit int) ([]center.Try, error) {
	return list(ctx, s, "list tries", center.ScanTry, "SELECT "+center.TryColumns+" FROM login_tries WHERE id > $1 ORDER BY id LIMIT $2", after, limit)
}

// Trail implements center.Store.
func (s *Store) Trail(ctx context.Context, hall kiosk.HallID, before int64, limit int) ([]center.Entry, error) {
	return list(ctx, s, "read audit trail", center.ScanEntry, "SELECT "+center.EntryColumns+` FROM audit
		WHERE ($1 = '' OR hall = $1) AND ($2::bigint = 0 OR id < $2) ORDER BY id DESC LIMIT $3`, string(hall), before, limit)
}
