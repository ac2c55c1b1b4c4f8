package store

// migrations are the steps from an empty file to today's schema; the file's
// user_version counts how many it has taken. A step that was released is never
// changed: mend it with a further one.
var migrations = []string{`
-- One row for every life of a kiosk's database that was ever heard of.
CREATE TABLE sources (
	kiosk TEXT    NOT NULL,
	epoch TEXT    NOT NULL,
	hall  TEXT    NOT NULL, -- as of the last batch
	acked INTEGER NOT NULL CHECK (acked >= 0), -- every event through this seq is stored
	seen  INTEGER NOT NULL, -- center's clock, Unix ms
	PRIMARY KEY (kiosk, epoch)
) STRICT, WITHOUT ROWID;

-- The ledger: what the kiosks said, as they said it.
CREATE TABLE events (
	kiosk TEXT    NOT NULL,
	epoch TEXT    NOT NULL,
	seq   INTEGER NOT NULL CHECK (seq > 0),
	hall  TEXT    NOT NULL,
	kind  TEXT    NOT NULL,
	wall  INTEGER NOT NULL, -- stamp, Unix ms
	count INTEGER NOT NULL, -- stamp
	body  TEXT    NOT NULL, -- JSON
	hash  BLOB    NOT NULL CHECK (length(hash) = 32),
	got   INTEGER NOT NULL, -- center's clock, Unix ms
	PRIMARY KEY (kiosk, epoch, seq)
) STRICT, WITHOUT ROWID;

-- What the ledger says of each ticket.
CREATE TABLE tickets (
	id      TEXT    NOT NULL PRIMARY KEY,
	hall    TEXT    NOT NULL,
	kiosk   TEXT    NOT NULL,
	day     TEXT    NOT NULL,
	number  TEXT    NOT NULL,
	queue   TEXT    NOT NULL,
	items   TEXT    NOT NULL, -- JSON list of codes
	state   TEXT    NOT NULL,
	wall    INTEGER NOT NULL, -- when it was taken: stamp, Unix ms
	count   INTEGER NOT NULL,
	print   TEXT    NOT NULL DEFAULT '', -- state of the newest attempt
	attempt INTEGER NOT NULL DEFAULT 0,
	cause   TEXT    NOT NULL DEFAULT '',
	clash   INTEGER NOT NULL CHECK (clash IN (0, 1)) -- 1: the label was given before; see alarms
) STRICT, WITHOUT ROWID;
-- A label is one ticket's, but a person whose label clashes still waits.
CREATE UNIQUE INDEX tickets_label ON tickets (hall, day, number) WHERE clash = 0;
CREATE INDEX tickets_taken ON tickets (hall, day, wall, count);

CREATE TABLE alarms (
	kind   TEXT    NOT NULL,
	kiosk  TEXT    NOT NULL,
	epoch  TEXT    NOT NULL,
	seq    INTEGER NOT NULL,
	detail TEXT    NOT NULL,
	times  INTEGER NOT NULL,
	first  INTEGER NOT NULL, -- center's clock, Unix ms
	last   INTEGER NOT NULL,
	PRIMARY KEY (kind, kiosk, epoch, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX alarms_last ON alarms (last);
`, `
-- How often something new was stored of a hall: see center.Store.Watch.
CREATE TABLE versions (
	hall    TEXT    NOT NULL PRIMARY KEY,
	version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The shared series: the number given or told of last.
CREATE TABLE counters (
	hall  TEXT    NOT NULL,
	day   TEXT    NOT NULL,
	queue TEXT    NOT NULL,
	last  INTEGER NOT NULL CHECK (last > 0),
	PRIMARY KEY (hall, day, queue)
) STRICT, WITHOUT ROWID;

-- Who was given which number of a shared series. That none is given twice is
-- the table's business, not only the counter's.
CREATE TABLE grants (
	request TEXT    NOT NULL PRIMARY KEY,
	kiosk   TEXT    NOT NULL,
	hall    TEXT    NOT NULL,
	day     TEXT    NOT NULL,
	queue   TEXT    NOT NULL,
	n       INTEGER NOT NULL CHECK (n > 0),
	UNIQUE (hall, day, queue, n)
) STRICT, WITHOUT ROWID;

-- The numbers told of before there were counters: letters, then three digits
-- or more, and no kiosk's own series.
INSERT INTO counters (hall, day, queue, last)
	SELECT hall, day, queue, max(CAST(substr(number, length(queue) + 1) AS INTEGER)) FROM tickets
	WHERE instr(number, '-') = 0 AND length(number) <= length(queue) + 6 GROUP BY hall, day, queue;
`,
	callSchema,
	whoTables,
	bookingSchema,
	forgetSchema,
}
