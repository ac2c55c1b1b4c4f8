package sqlite

// migrations bring a database from version i to i+1; PRAGMA user_version
// counts them. They are never edited once a kiosk has run them.
var migrations = []string{`
CREATE TABLE life (            -- one row
	one   INTEGER PRIMARY KEY CHECK (one = 1),
	epoch TEXT NOT NULL,       -- kiosk.Epoch, made with the file
	acked INTEGER NOT NULL     -- the center has every event through this seq
) STRICT;

CREATE TABLE counter (         -- the last number given
	day    TEXT NOT NULL,
	queue  TEXT NOT NULL,
	series TEXT NOT NULL,
	n      INTEGER NOT NULL,
	PRIMARY KEY (day, queue, series)
) STRICT, WITHOUT ROWID;

CREATE TABLE ticket (
	id      TEXT NOT NULL PRIMARY KEY,
	request TEXT NOT NULL UNIQUE,
	day     TEXT NOT NULL,
	queue   TEXT NOT NULL,
	series  TEXT NOT NULL,
	n       INTEGER NOT NULL,
	items   TEXT NOT NULL,     -- codes, joined by a space
	state   TEXT NOT NULL,
	lang    TEXT NOT NULL,
	wall    INTEGER NOT NULL,  -- Unix milliseconds, see kiosk.Stamp
	count   INTEGER NOT NULL,
	ahead   INTEGER NOT NULL,
	UNIQUE (day, queue, series, n)
) STRICT;
CREATE INDEX ticket_waiting ON ticket (day, queue) WHERE state = 'waiting';

CREATE TABLE print (           -- the journal of attempts to print a ticket
	ticket  TEXT NOT NULL REFERENCES ticket (id),
	attempt INTEGER NOT NULL,  -- 1 is the first paper
	state   TEXT NOT NULL,
	cause   TEXT NOT NULL,
	PRIMARY KEY (ticket, attempt)
) STRICT, WITHOUT ROWID;
CREATE INDEX print_open ON print (ticket) WHERE state IN ('queued', 'started', 'sent');

CREATE TABLE event (           -- the outbox; AUTOINCREMENT: a seq is never used twice
	seq   INTEGER PRIMARY KEY AUTOINCREMENT,
	kind  TEXT NOT NULL,
	wall  INTEGER NOT NULL,
	count INTEGER NOT NULL,
	body  TEXT NOT NULL        -- JSON
) STRICT;
`, `
ALTER TABLE ticket ADD COLUMN theme TEXT NOT NULL DEFAULT '';
ALTER TABLE ticket ADD COLUMN promise TEXT NOT NULL DEFAULT ''; -- JSON of kiosk.Promise, or nothing
ALTER TABLE print ADD COLUMN paper TEXT NOT NULL DEFAULT '';    -- kiosk.PaperKind, or nothing for the ticket's own
CREATE INDEX ticket_number ON ticket (queue, n);
`, `
ALTER TABLE life ADD COLUMN leap INTEGER NOT NULL DEFAULT 0;      -- numbers of days through leap_until are above it; see leapAt
ALTER TABLE life ADD COLUMN leap_until TEXT NOT NULL DEFAULT '';
ALTER TABLE life ADD COLUMN probes INTEGER NOT NULL DEFAULT 0;    -- commits that only tried the disk
`, `
ALTER TABLE ticket ADD COLUMN priority TEXT NOT NULL DEFAULT '';       -- kiosk.Priority, or nothing
ALTER TABLE ticket ADD COLUMN booking TEXT NOT NULL DEFAULT '';        -- kiosk.BookingID, or nothing
ALTER TABLE ticket ADD COLUMN slot_from INTEGER NOT NULL DEFAULT 0;    -- of the booking, kiosk.Instant
ALTER TABLE ticket ADD COLUMN slot_to INTEGER NOT NULL DEFAULT 0;
ALTER TABLE ticket ADD COLUMN wait_low INTEGER NOT NULL DEFAULT 0;     -- minutes that the person was told; 0 for the catalog's
ALTER TABLE ticket ADD COLUMN wait_high INTEGER NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX ticket_booking ON ticket (booking) WHERE booking <> '';
`, `
ALTER TABLE life ADD COLUMN tended TEXT NOT NULL DEFAULT '';           -- kiosk.Day that the store was looked after last
ALTER TABLE life ADD COLUMN double TEXT NOT NULL DEFAULT '';           -- kiosk.KioskID that the center heard another machine by
`}
