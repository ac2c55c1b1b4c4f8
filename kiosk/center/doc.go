// Package center is the server of a city's halls: it takes in the events of
// the kiosks, each exactly once, and shows how long the queues are.
//
// A kiosk posts runs of consecutive events to /v1/events and is told through
// which one everything is stored. Events are known by (kiosk, epoch, seq) and
// by the hash of what they say; the same key with other contents raises an
// Alarm and never overwrites. Order is by seq, never by clock.
//
// A kiosk is known by a key of its own, with which it signs each request (see
// Keys), or, where it wasn't enrolled, by a token (see Tokens). People have
// accounts with a role (see Permit). What they do stands in an audit trail, and what
// they press at windows beside the tickets (see Presses).
//
// People book visits (see Bookings), and a hall's staff give its kiosks orders
// (see Orders). What a kiosk may know of its hall it is told over a line that it
// holds open: an edition of News is drawn up once for all lines of a hall. A
// Hall is what the center knows beforehand, such as its catalog; it is told anew
// with SetHalls while it works. What is past is forgotten, see Keep.
//
// Server is the HTTP side, Store what lies under it; center/store keeps it in
// SQLite, center/pgstore in PostgreSQL, and center/centertest holds the
// contract that both meet. What they have in common and needs no SQL of its own
// is here: Tell reads a batch, Granter and Turns let wishes share a transaction,
// News wakes who watches a hall, Disk tells what the disk refuses, Press decides
// what a clerk's press changes in what a Store saw, HallNow puts together what it
// read, and the Scan functions read rows.
// The API describes itself at /openapi.json. Refusals are RFC 9457 problems;
// see Problem. Neither logs, nor alarms, nor problems carry event bodies,
// tokens or the numbers of cards.
package center
