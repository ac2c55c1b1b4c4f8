package sqlite

import (
	"context"
	"database/sql"

	"hallkiosk/kiosk"
)

// Tended returns the business day that Tend named last, "" for none. A store that
// was restored may name an earlier one.
func (s *Store) Tended(ctx context.Context) (kiosk.Day, error) {
	return life[kiosk.Day](ctx, s, "tended")
}

// Tend records on which business day the store was checked and cleared of what
// needn't be kept.
func (s *Store) Tend(ctx context.Context, day kiosk.Day) error {
	return setLife(ctx, s, "tended", day)
}

// Double returns the id that the center heard another machine by, "" for none.
func (s *Store) Double(ctx context.Context) (kiosk.KioskID, error) {
	return life[kiosk.KioskID](ctx, s, "double")
}

// SetDouble records it, so that it outlasts a restart while the center is away.
func (s *Store) SetDouble(ctx context.Context, id kiosk.KioskID) error {
	return setLife(ctx, s, "double", id)
}

// life reads a column of this life of the database.
func life[T ~string](ctx context.Context, s *Store, column string) (v T, err error) {
	err = s.reader().QueryRowContext(ctx, "SELECT "+column+" FROM life").Scan(&v)
	return v, s.fault("read "+column, err)
}

func setLife[T ~string](ctx context.Context, s *Store, column string, v T) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.write(ctx, "record "+column, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE life SET "+column+" = ?", v)
		return err
	}, func(ctx context.Context) bool {
		now, err := life[T](ctx, s, column)
		return err == nil && now == v
	})
}
