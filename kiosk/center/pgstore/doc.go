// Package pgstore keeps the center's ledger in PostgreSQL, which several
// center processes may share.
//
// What was acknowledged survives a power cut: every connection is asked when
// it is made, and Check asks again, whether the server syncs its log before it
// answers; one that doesn't is refused.
//
// A batch takes three round trips: one locks the kiosk's life and looks what
// is stored of it; one puts events and tickets, as arrays, with INSERT ...
// SELECT ... ON CONFLICT DO NOTHING; one raises the hall's version, notifies
// the other processes and commits. Values travel as parameters only.
//
// Only events are partitioned, by the month in which they came in: of all
// tables they alone grow without end, and a month is got rid of by dropping
// its partition, where DELETE would leave it to vacuum. A key of a
// partitioned table must contain the month, so that (kiosk, epoch, seq) is
// unique within a month by the table and across months by the lock and the
// seq through which all is stored. Tickets are not partitioned: their id and
// their label (hall, day, number) are unique each, by the database, and no
// partition key is part of both; the index by hall and day grows at its right
// end, so a day costs the same however many lie behind it. Versions, counters
// and sources have one row for each hall, series or kiosk.
//
// A commit that notifies holds a lock of the whole server until its log is
// synced (async.c, PreCommit_Notify), so ingest of all halls commits one by
// one; grants don't notify and share their commits instead.
//
// A press takes three round trips too: one locks the rows of the window's queues
// and reads whom they could call, by an index of those who wait; one writes; one
// raises the version and commits. The version of each ticket and the unique
// window are what keeps a number at one window; the lock only saves windows that
// press together from deciding for nothing.
//
// Forget drops a month of events when it gets the lock at once, and deletes the
// rest in steps of few rows that nobody else touches.
//
// Connections keep prepared statements, a setting and LISTEN: a pooler between
// must keep sessions, not transactions.
package pgstore
