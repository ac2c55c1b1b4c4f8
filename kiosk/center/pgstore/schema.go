package pgstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"hallkiosk/kiosk"
)

// Keys of advisory locks, in this database: one for changes of the schema, and
// classes of them for the lives of kiosks and the orders and bookings of halls.
const (
	schemaLock  = 0x6861_6c6c_0001
	sourceLock  = 0x6861_6c6c
	orderLock   = 0x6861_6c6d
	bookingLock = 0x6861_6c6e
)

// migrations are the steps from an empty database to today's schema;
// schema_version counts how many it has taken. A step that was released is
// never changed: mend it with a further one. Texts compare by their bytes
// whatever the database's locale is, as in SQLite.
var migrations = []string{`
-- One row for every life of a kiosk's database that was ever heard of.
CREATE TABLE sources (
	kiosk text   COLLATE "C" NOT NULL,
	epoch text   COLLATE "C" NOT NULL,
	hall  text   COLLATE "C" NOT NULL, -- as of the last batch
	acked bigint NOT NULL CHECK (acked >= 0), -- every event through this seq is stored
	seen  bigint NOT NULL, -- center's clock, Unix ms
	PRIMARY KEY (kiosk, epoch)
) WITH (fillfactor = 70);

-- The ledger: what the kiosks said, as they said it. Its partitions are made
-- when the first event of a month comes in.
CREATE TABLE events (
	kiosk text   COLLATE "C" NOT NULL,
	epoch text   COLLATE "C" NOT NULL,
	seq   bigint NOT NULL CHECK (seq > 0),
	month date   NOT NULL, -- first day of the month of got, UTC
	hall  text   NOT NULL,
	kind  text   NOT NULL,
	wall  bigint NOT NULL, -- stamp, Unix ms
	count bigint NOT NULL, -- stamp
	body  text   NOT NULL, -- JSON
	hash  bytea  NOT NULL CHECK (length(hash) = 32),
	got   bigint NOT NULL, -- center's clock, Unix ms
	PRIMARY KEY (kiosk, epoch, seq, month)
) PARTITION BY LIST (month);

-- What the ledger says of each ticket.
CREATE TABLE tickets (
	id      text    COLLATE "C" NOT NULL PRIMARY KEY,
	hall    text    COLLATE "C" NOT NULL,
	kiosk   text    NOT NULL,
	day     text    COLLATE "C" NOT NULL,
	number  text    COLLATE "C" NOT NULL,
	queue   text    COLLATE "C" NOT NULL,
	items   text    NOT NULL, -- JSON list of codes
	state   text    NOT NULL,
	wall    bigint  NOT NULL, -- when it was taken: stamp, Unix ms
	count   bigint  NOT NULL,
	print   text    NOT NULL, -- state of the newest attempt
	attempt bigint  NOT NULL,
	cause   text    NOT NULL,
	clash   boolean NOT NULL -- the label was given before; see alarms
);
-- A label is one ticket's, but a person whose label clashes still waits.
CREATE UNIQUE INDEX tickets_label ON tickets (hall, day, number) WHERE NOT clash;
CREATE INDEX tickets_taken ON tickets (hall, day, wall, count);

CREATE TABLE alarms (
	kind   text   COLLATE "C" NOT NULL,
	kiosk  text   COLLATE "C" NOT NULL,
	epoch  text   COLLATE "C" NOT NULL,
	seq    bigint NOT NULL,
	detail text   NOT NULL,
	times  bigint NOT NULL,
	first  bigint NOT NULL, -- center's clock, Unix ms
	last   bigint NOT NULL,
	PRIMARY KEY (kind, kiosk, epoch, seq)
);
CREATE INDEX alarms_last ON alarms (last);

-- How often something new was stored of a hall: see center.Store.Watch.
CREATE TABLE versions (
	hall    text   COLLATE "C" NOT NULL PRIMARY KEY,
	version bigint NOT NULL
) WITH (fillfactor = 50);

-- The shared series: the number given or told of last.
CREATE TABLE counters (
	hall  text   COLLATE "C" NOT NULL,
	day   text   COLLATE "C" NOT NULL,
	queue text   COLLATE "C" NOT NULL,
	last  bigint NOT NULL CHECK (last > 0),
	PRIMARY KEY (hall, day, queue)
) WITH (fillfactor = 50);

-- Who was given which number of a shared series. That none is given twice is
-- the table's business, not only the counter's.
CREATE TABLE grants (
	request text   COLLATE "C" NOT NULL PRIMARY KEY,
	kiosk   text   NOT NULL,
	hall    text   COLLATE "C" NOT NULL,
	day     text   COLLATE "C" NOT NULL,
	queue   text   COLLATE "C" NOT NULL,
	n       bigint NOT NULL CHECK (n > 0),
	UNIQUE (hall, day, queue, n)
);
`,
	callSchema,
	whoTables,
	bookingSchema,
	forgetSchema,
}

// migrate brings the schema up to date. Of several processes that start at
// once one does it, and the others wait.
func (s *Store) migrate(ctx context.Context) error {
	return s.write(ctx, "migrate store", func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", int64(schemaLock)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "CREATE TABLE IF NOT EXISTS schema_version (version bigint NOT NULL)"); err != nil {
			return err
		}
		var version int
		err := tx.QueryRow(ctx, "SELECT coalesce(max(version), 0) FROM schema_version").Scan(&version)
		if err != nil {
			return err
		}
		if version > len(migrations) {
			return &kiosk.Error{Code: kiosk.EConflict, Op: "open store",
				Hint: fmt.Sprintf("%s 是新版中心写的（结构 %d，本程序只到 %d），请安装新版中心 / was written by a newer center (schema %[2]d, this one knows %[3]d). Install the newer center", s.place, version, len(migrations))}
		}
		for ; version < len(migrations); version++ {
			if _, err := tx.Exec(ctx, migrations[version]); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, "INSERT INTO schema_version VALUES ($1)", version+1); err != nil {
				return err
			}
		}
		return nil
	})
}

// monthOf is the partition of events for what came in at got.
func monthOf(got time.Time) time.Time {
	got = got.UTC()
	return time.Date(got.Year(), got.Month(), 1, 0, 0, 0, 0, time.UTC)
}

// prepare makes the partition of a month when this process hasn't seen it yet.
// ATTACH lets readers and writers of the other months go on, which CREATE ...
// PARTITION OF would not.
func (s *Store) prepare(ctx context.Context, month time.Time) error {
	if _, ready := s.months.Load(month); ready {
		return nil
	}
	// Made of digits alone, so it needs no quotes.
	name, value := "events_"+month.Format("2006_01"), month.Format(time.DateOnly)
	err := s.write(ctx, "prepare month", func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", int64(schemaLock)); err != nil {
			return err
		}
		var there bool
		if err := tx.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", name).Scan(&there); err != nil || there {
			return err
		}
		_, err := tx.Exec(ctx, fmt.Sprintf(`CREATE TABLE %[1]s (LIKE events INCLUDING ALL, CHECK (month = DATE '%[2]s'));
			ALTER TABLE events ATTACH PARTITION %[1]s FOR VALUES IN ('%[2]s')`, name, value), pgx.QueryExecModeSimpleProtocol)
		return err
	})
	if err == nil {
		s.months.Store(month, true)
	}
	return err
}

// dropped says that a partition known to this process is gone: an operator has
// thrown a month away, and a clock has gone back to it.
func (s *Store) dropped(err error) bool {
	var pe *pgconn.PgError
	if !errors.As(err, &pe) || pe.Code != "23514" || pe.TableName != "events" || pe.ConstraintName != "" {
		return false
	}
	s.months.Clear()
	return true
}
