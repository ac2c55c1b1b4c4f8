package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/mattn/go-sqlite3"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
)

// note appends to the audit trail within a transaction.
func note(ctx context.Context, tx *sql.Tx, e center.Entry) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO audit (at, hall, account, action, subject, source) VALUES (?, ?, ?, ?, ?, ?)",
		center.Millis(e.At), e.Hall, e.Account, e.Action, e.Subject, e.From)
	return err
}

// AddAccount implements center.Store.
func (s *Store) AddAccount(ctx context.Context, a center.Account, e center.Entry) error {
	return s.write(ctx, "add account", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO accounts (name, role, hall, password, made, disabled) VALUES (?, ?, ?, ?, ?, ?)",
			a.Name, a.Role, a.Hall, a.Password, center.Millis(a.Made), a.Disabled)
		var fault sqlite3.Error
		if errors.As(err, &fault) && fault.Code == sqlite3.ErrConstraint {
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
func (s *Store) Account(ctx context.Context, name string) (a center.Account, err error) {
	a, err = center.ScanAccount(s.reader.QueryRowContext(ctx, accountsSQL+" WHERE name = ?", name).Scan)
	return a, s.found("find account", err)
}

// ListAccounts implements center.Store.
func (s *Store) ListAccounts(ctx context.Context) ([]center.Account, error) {
	return list(ctx, s, "list accounts", center.ScanAccount, accountsSQL+" ORDER BY name")
}

// SetPassword implements center.Store.
func (s *Store) SetPassword(ctx context.Context, name, password string, e center.Entry) error {
	return s.changeAccount(ctx, name, e, "UPDATE accounts SET password = ? WHERE name = ?", password)
}

// SetDisabled implements center.Store.
func (s *Store) SetDisabled(ctx context.Context, name string, disabled bool, e center.Entry) error {
	return s.changeAccount(ctx, name, e, "UPDATE accounts SET disabled = ? WHERE name = ?", disabled)
}

// changeAccount changes an account and ends its sessions.
func (s *Store) changeAccount(ctx context.Context, name string, e center.Entry, query string, value any) error {
	return s.write(ctx, "change account", func(tx *sql.Tx) error {
		n, err := execAll(ctx, tx, []any{value, name}, query)
		if err != nil {
			return err
		}
		if n == 0 {
			return &kiosk.Error{Code: kiosk.ENotFound, Op: "change account", Message: "没有这个账号。", Hint: "there is no account of that name"}
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM sessions WHERE account = ?", name); err != nil {
			return err
		}
		return note(ctx, tx, e)
	})
}

// OpenSession implements center.Store.
func (s *Store) OpenSession(ctx context.Context, v center.Session, password string, stale time.Time, e center.Entry) error {
	return s.write(ctx, "open session", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM sessions WHERE began < ?", center.Millis(stale)); err != nil {
			return err
		}
		n, err := execAll(ctx, tx, []any{v.Hash[:], v.Account, center.Millis(v.Began), center.Millis(v.Seen), v.From, password},
			`INSERT INTO sessions (hash, account, began, seen, source)
			SELECT ?1, name, ?3, ?4, ?5 FROM accounts WHERE name = ?2 AND password = ?6 AND disabled = 0`)
		if err != nil {
			return err
		}
		if n == 0 {
			return &kiosk.Error{Code: kiosk.EConflict, Op: "open session", Hint: "the account was changed at this moment"}
		}
		return note(ctx, tx, e)
	})
}

// Session implements center.Store.
func (s *Store) Session(ctx context.Context, hash center.Hash) (v center.Session, a center.Account, err error) {
	r, err := center.ScanSession(s.reader.QueryRowContext(ctx, "SELECT "+center.SessionColumns+" FROM sessions s JOIN accounts a ON a.name = s.account WHERE s.hash = ?", hash[:]).Scan)
	r.Hash = hash
	return r.Session, r.Owner, s.found("find session", err)
}

// SeeSession implements center.Store.
func (s *Store) SeeSession(ctx context.Context, hash center.Hash, when time.Time) error {
	return s.write(ctx, "see session", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE sessions SET seen = max(seen, ?) WHERE hash = ?", center.Millis(when), hash[:])
		return err
	})
}

// EndSession implements center.Store.
func (s *Store) EndSession(ctx context.Context, hash center.Hash, e center.Entry) error {
	return s.write(ctx, "end session", func(tx *sql.Tx) error {
		n, err := execAll(ctx, tx, []any{hash[:]}, "DELETE FROM sessions WHERE hash = ?")
		if err != nil || n == 0 {
			return err
		}
		return note(ctx, tx, e)
	})
}

// Note implements center.Store.
func (s *Store) Note(ctx context.Context, e center.Entry) error {
	return s.write(ctx, "note", func(tx *sql.Tx) error { return note(ctx, tx, e) })
}

// AddTry implements center.Store.
func (s *Store) AddTry(ctx context.Context, t center.Try) (id int64, err error) {
	return id, s.write(ctx, "note try", func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, "INSERT INTO login_tries (at, account, source, won) VALUES (?, ?, ?, ?) RETURNING id",
			center.Millis(t.At), t.Account, t.From, t.Won).Scan(&id)
	})
}

// Tries implements center.Store.
func (s *Store) Tries(ctx context.Context, after int64, limit int) ([]center.Try, error) {
	return list(ctx, s, "list tries", center.ScanTry, "SELECT "+center.TryColumns+" FROM login_tries WHERE id > ? ORDER BY id LIMIT ?", after, limit)
}

// Trail implements center.Store.
func (s *Store) Trail(ctx context.Context, hall kiosk.HallID, before int64, limit int) ([]center.Entry, error) {
	return list(ctx, s, "read audit trail", center.ScanEntry, "SELECT "+center.EntryColumns+` FROM audit
		WHERE (?1 = '' OR hall = ?1) AND (?2 = 0 OR id < ?2) ORDER BY id DESC LIMIT ?3`, hall, before, limit)
}
