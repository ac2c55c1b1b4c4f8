package display

import (
	"strings"
	"testing"
	"time"

	"hallkiosk/kiosk"
)

// Who walks away with a card on the reader leaves neither a name nor bookings
// behind for longer than 15 s; who is choosing among them has the time to.
func TestForgottenCard(t *testing.T) {
	at := time.Date(2026, 11, 26, 10, 0, 0, 0, time.FixedZone("CST", 8*3600))
	bookings := []kiosk.Booking{{ID: "b1", Items: []kiosk.ItemID{"RS001"}}, {ID: "b2", Items: []kiosk.ItemID{"GJ003"}}}
	m := newMachine(t, at, nil)
	m.listen()
	m.after(time.Hour) // nobody was there
	m.Person("陈*", false)
	m.CheckIn(bookings)
	m.after(14 * time.Second)
	if m.top().name != "bookings" || !strings.Contains(m.says(), "陈*") {
		t.Fatalf("after 14 s the screen is %s: %s", m.top().name, m.says())
	}
	m.touch()
	m.after(time.Second)
	if m.top().name != "bookings" || strings.Contains(m.says(), "陈*") {
		t.Errorf("15 s after the card came, 1 s after a touch, the screen is %s: %s", m.top().name, m.says())
	}
	m.after(13 * time.Second)
	if m.top().name != "bookings" {
		t.Errorf("14 s after a touch the screen is %s", m.top().name)
	}
	m.after(time.Second)
	if m.top().name != "first" {
		t.Errorf("15 s after a touch the screen is %s", m.top().name)
	}
}
