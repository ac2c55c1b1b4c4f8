// Package kiosk is the domain of a government service hall's queue: tickets and
// their numbers, queues, items, opening hours, events, and the interfaces that
// the rest of the house meets at (Store, Printer, Uplink).
//
// It knows no database, no device, no screen and no network, and imports only
// the standard library. Everything here is a plain value unless it says
// otherwise; values may be copied freely and used from any goroutine.
//
// Terms are the field's own: a ticket is one place in a queue; its number is
// the label that is printed and called; a queue is served by one or more
// windows; the outbox holds events that the center has not acknowledged yet.
package kiosk
