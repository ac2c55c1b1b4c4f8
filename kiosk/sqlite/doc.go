// Package sqlite keeps the kiosk's local queue in one SQLite file, so that a
// number that was given survives a power cut in the next instant.
//
// The durability rests on WAL with synchronous=FULL, which mattn/go-sqlite3
// does not choose by itself: the settings go in by the DSN, the only way that
// reaches every connection, and are read back before anything is written. All
// writing goes through one connection; reading has a handle of its own that
// can't write. See https://www.sqlite.org/wal.html and pragma.html#pragma_synchronous.
//
// One process at a time: a lock file beside the database keeps a second kiosk
// out, for two of them would print on one printer.
//
// A file that is damaged or gone is replaced at Open by the newest backup that
// passes its own check, as a new epoch whose numbers go on after the last that
// can have been given; see Recovery and DESIGN.md. Package powercut, below, is
// what the tests cut the power with.
package sqlite
