package pgstore

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// OfDatabase says whether PostgreSQL itself refused: what its operator has to
// mend, and a center may be started again for.
func OfDatabase(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e)
}
