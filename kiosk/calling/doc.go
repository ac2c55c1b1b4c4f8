// Package calling decides whom a window calls next and what every press of a
// clerk does to a ticket. It is pure: states go in, changes come out, and now is
// an argument. It knows no database and no clock; a store applies its Changes
// (see Change for what that takes) and Ledger is such a store in memory.
//
// # The order of calling
//
// A ticket can be called when it waits, or is parked until a moment, in this
// queue and that moment (Until) has come; and, if it has a booking, from
// LookAhead before its slot. A ticket taken (checked in) more than Grace after
// the end of its slot counts as a walk-in. Those that can be called stand in
// three lines, for a window that calls several queues those of all of them:
//
//   - booked: with a booking, by the end of the slot, then its beginning, then place;
//   - priority: without a booking and with a Priority, by place;
//   - the line: all others, by place.
//
// Place is the original taken stamp (wall, then count), then the ticket id, so
// the order is total; it stays with the ticket through misses, parking,
// transfers and several windows. A ticket's wait counts from its taken stamp,
// for a booking not before LookAhead ahead of the slot. The next call is
//
//  1. if the ticket with the longest wait (ties by place), the oldest, has
//     waited AgeLimit or longer: the oldest, or the first of booked, else of
//     priority. If there is no such first, or it is the oldest itself: the
//     oldest. Else by the ratio Aged: the oldest while the Balance.Aged of its
//     queue is >= 0.
//  2. else the first of booked, if any.
//  3. else the first of priority or of the line, whichever has the earlier
//     place if that is priority's; if the line's is earlier, by the ratio
//     Priority: priority while the Balance.Priority of the line's queue is >= 0.
//
// Only calls that a ratio decides count in its Balance, that of the queue of the
// oldest or of the line: minus Rest when the side that is to go ahead was called,
// plus Ahead when the other was, of whatever queue. A balance so
// stays in [-Rest, Ahead-1] and starts with the side ahead. It is a sum, so the
// undo of a call takes its own part back, whatever was called meanwhile.
//
// What follows, each proved by a test: once a ticket is over the limit and k
// tickets with a longer wait are before it, at most
// k + (Rest·k + q·(Ahead + Rest − 1)) / Ahead calls (Ratio Aged) of a window of q
// queues come before its own;
// a priority ticket never waits behind a later one of the line; bookings have
// the whole of the windows while nobody is over the limit, and
// Rest/(Ahead+Rest) of them (Ratio Aged) always.
package calling
