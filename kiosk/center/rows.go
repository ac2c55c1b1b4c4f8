package center

import (
	"encoding/json"

	"hallkiosk/kiosk"
)

// Scan puts the columns of a row where the pointers say; both databases' rows
// have one. The columns below and the functions that read them are the same in
// every Store.
type Scan = func(into ...any) error

// The columns that the functions of the same name read.
const (
	KeyColumns     = "id, hall, kiosk, public, made, until, revoked, used, high"
	AccountColumns = "name, role, hall, password, made, disabled"
	SessionColumns = "s.account, s.began, s.seen, s.source, a.name, a.role, a.hall, a.password, a.made, a.disabled"
	EntryColumns   = "id, at, hall, account, action, subject, source"
	TryColumns     = "id, at, account, source, won"
	OrderColumns   = "name, doing, kiosk, queue, ticket, words, until, account, made, ended, done, fault"
	AlarmColumns   = "kind, kiosk, epoch, seq, detail, times, first, last"
	TicketColumns  = "id, hall, kiosk, day, number, queue, state, wall, count, print, attempt, cause, clash"

	// BookingsSQL asks for bookings b and the tickets t that checked them in.
	BookingsSQL = `SELECT b.id, b.hall, b.day, b.queue, b.items, b.slot_from, b.slot_to, b.code, b.phone, b.card, coalesce(t.id, '')
		FROM bookings b LEFT JOIN tickets t ON t.hall = b.hall AND t.booking = b.id AND t.booking <> ''`
)

// ScanKey reads KeyColumns.
func ScanKey(scan Scan) (k Key, err error) {
	var made, until, revoked, used int64
	var public []byte
	err = scan(&k.ID, &k.Hall, &k.Kiosk, &public, &made, &until, &revoked, &used, &k.High)
	k.Public, k.Made, k.Until, k.Revoked, k.Used = public, AtMillis(made), AtMillis(until), AtMillis(revoked), AtMillis(used)
	return k, err
}

// ScanAccount reads AccountColumns.
func ScanAccount(scan Scan) (a Account, err error) {
	var made int64
	err = scan(&a.Name, &a.Role, &a.Hall, &a.Password, &made, &a.Disabled)
	a.Made = AtMillis(made)
	return a, err
}

// SessionRow is a session and its account.
type SessionRow struct {
	Session
	Owner Account
}

// ScanSession reads SessionColumns; the hash is the caller's.
func ScanSession(scan Scan) (r SessionRow, err error) {
	var began, seen, made int64
	a := &r.Owner
	err = scan(&r.Account, &began, &seen, &r.From, &a.Name, &a.Role, &a.Hall, &a.Password, &made, &a.Disabled)
	r.Began, r.Seen, a.Made = AtMillis(began), AtMillis(seen), AtMillis(made)
	return r, err
}

// ScanEntry reads EntryColumns.
func ScanEntry(scan Scan) (e Entry, err error) {
	var when int64
	err = scan(&e.ID, &when, &e.Hall, &e.Account, &e.Action, &e.Subject, &e.From)
	e.At = AtMillis(when)
	return e, err
}

// ScanTry reads TryColumns.
func ScanTry(scan Scan) (t Try, err error) {
	var when int64
	err = scan(&t.ID, &when, &t.Account, &t.From, &t.Won)
	t.At = AtMillis(when)
	return t, err
}

// ScanOrder reads OrderColumns.
func ScanOrder(scan Scan) (o Ordered, err error) {
	var words string
	var made, ended int64
	if err := scan(&o.ID, &o.Do, &o.Kiosk, &o.Queue, &o.Ticket, &words, &o.Until, &o.By, &made, &ended, &o.Done, &o.Fault); err != nil {
		return o, err
	}
	o.Made, o.Ended = AtMillis(made), AtMillis(ended)
	return o, json.Unmarshal([]byte(words), &o.Text)
}

// ScanOrderOnly reads OrderColumns and leaves out what became of the order.
func ScanOrderOnly(scan Scan) (kiosk.Order, error) {
	o, err := ScanOrder(scan)
	return o.Order, err
}

// ScanSlot reads when a slot begins and ends.
func ScanSlot(scan Scan) (s kiosk.Slot, err error) { return s, scan(&s.From, &s.To) }

// ScanBooking reads what BookingsSQL asks for.
func ScanBooking(scan Scan) (b kiosk.Booking, err error) {
	var items string
	if err := scan(&b.ID, &b.Hall, &b.Day, &b.Queue, &items, &b.Slot.From, &b.Slot.To, &b.Code, &b.Phone, &b.Card, &b.Ticket); err != nil {
		return b, err
	}
	return b, json.Unmarshal([]byte(items), &b.Items)
}

// ScanAlarm reads AlarmColumns.
func ScanAlarm(scan Scan) (a Alarm, err error) {
	var first, last int64
	err = scan(&a.Kind, &a.Kiosk, &a.Epoch, &a.Seq, &a.Detail, &a.Times, &first, &last)
	a.First, a.Last = AtMillis(first), AtMillis(last)
	return a, err
}

// ScanTicket reads TicketColumns.
func ScanTicket(scan Scan) (t Ticket, err error) {
	return t, scan(&t.ID, &t.Hall, &t.Kiosk, &t.Day, &t.Number, &t.Queue, &t.State, &t.Taken.Wall, &t.Taken.Count,
		&t.Print, &t.Attempt, &t.Cause, &t.Clash)
}

// ScanKiosk reads kiosk, hall, epoch, acked and seen.
func ScanKiosk(scan Scan) (k Kiosk, err error) {
	var seen int64
	err = scan(&k.ID, &k.Hall, &k.Epoch, &k.Acked, &seen)
	k.Seen = AtMillis(seen)
	return k, err
}

// ScanEvent reads seq, kind, wall, count and body.
func ScanEvent(scan Scan) (e kiosk.Event, err error) {
	var body string
	err = scan(&e.Seq, &e.Kind, &e.Stamp.Wall, &e.Stamp.Count, &body)
	e.Body = []byte(body)
	return e, err
}

// ScanCall reads a number, a window, whether it is a recall, and when.
func ScanCall(scan Scan) (c kiosk.Call, err error) {
	var at int64
	err = scan(&c.Number, &c.Window, &c.Again, &at)
	c.At = AtMillis(at)
	return c, err
}

// ScanChanged reads change, actor, role and undone.
func ScanChanged(scan Scan) (c Changed, err error) {
	var text string
	if err := scan(&text, &c.Actor.ID, &c.Actor.Role, &c.Undone); err != nil {
		return c, err
	}
	return c, json.Unmarshal([]byte(text), &c.Change)
}

// ScanCallRow reads CallColumns.
func ScanCallRow(scan Scan) (r CallRow, err error) {
	if err := scan(r.fields()...); err != nil {
		return r, err
	}
	return r, r.read()
}
