package display

import (
	"strings"
	"testing"
	"time"

	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// What somebody with a card has chosen goes as fast as their name once they have
// walked away from it, so that nobody comes upon it; who still touches the screen,
// has called for help or came without a card has the usual time.
func TestForgottenChoice(t *testing.T) {
	at := time.Date(2026, 11, 26, 10, 0, 0, 0, time.FixedZone("CST", 8*3600))
	visit := func(card bool) *machine {
		m := newMachine(t, at, func(o *Opts) { o.Help = func(bool) {} })
		m.listen()
		if card {
			m.Person("陈*", false)
		}
		m.pick("RS001")
		return m
	}
	for _, c := range []struct {
		name  string
		card  bool
		act   func(m *machine)
		after time.Duration // of no touch
		want  string
	}{
		{"Reading", true, func(m *machine) {}, 14 * time.Second, "confirm"},
		{"Gone", true, func(m *machine) {}, 15 * time.Second, "first"},
		{"Touching", true, func(m *machine) { m.after(14 * time.Second); m.touch() }, 14 * time.Second, "confirm"},
		{"Listing", true, func(m *machine) { m.again(); m.push(m.zones()) }, 15 * time.Second, "first"},
		{"Standing", true, func(m *machine) { m.stand(kiosk.Ticket{ID: "t", Queue: "A", Items: []kiosk.ItemID{"RS001"}}, true) }, 15 * time.Second, "first"},
		{"StandingWithoutCard", false, func(m *machine) { m.stand(kiosk.Ticket{ID: "t", Queue: "A", Items: []kiosk.ItemID{"RS001"}}, true) }, 29 * time.Second, "standing"},
		{"Helped", true, func(m *machine) { m.help() }, time.Minute, "help"},
		{"WithoutCard", false, func(m *machine) {}, 29 * time.Second, "confirm"},
		{"WithoutCardAsked", false, func(m *machine) {}, 30 * time.Second, "idle"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := visit(c.card)
			c.act(m)
			if m.after(c.after - time.Second); m.top().name == "first" {
				t.Fatalf("it went home %v after the last touch", c.after-time.Second)
			}
			if m.after(time.Second); m.top().name != c.want {
				t.Errorf("%v after the last touch the screen is %s, want %s", c.after, m.top().name, c.want)
			}
			if strings.Contains(m.says(), "陈*") && c.after >= personStays {
				t.Error("the name stays")
			}
		})
	}
}

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

// Who comes upon a card that an elder forgot doesn't go ahead for it: its age goes
// with its holder, once nobody has touched the screen for as long as a visit takes to
// be asked for.
func TestForgottenElder(t *testing.T) {
	at := time.Date(2026, 11, 26, 10, 0, 0, 0, time.FixedZone("CST", 8*3600))
	m := newMachine(t, at, nil)
	m.listen()
	m.Person("陈*", true)
	m.after(20 * time.Second)
	m.touch()
	m.after(29 * time.Second)
	if m.why(nil) != kiosk.Elder {
		t.Fatal("29 s after their touch the elder is none any more")
	}
	m.after(time.Second)
	m.pick("RS001")
	if got := m.why(nil); got != "" || strings.Contains(m.says(), "老人优先") {
		t.Errorf("who comes 30 s after the last touch goes ahead as %q", got)
	}
}

// With its card a number goes too, if it is on paper. One whose paper is on its way,
// or doesn't come, has its time.
func TestNumberGoesWithItsCard(t *testing.T) {
	for state, want := range map[kiosk.PrintState]string{kiosk.Printed: "first", kiosk.NotPrinted: "ticket"} {
		t.Run(string(state), func(t *testing.T) {
			g := newGuided(t)
			g.desk.print = state
			g.Person("张**", false)
			g.tap("社保卡")
			g.take("取号")
			g.Person("", false)
			g.is(want)
		})
	}
	t.Run("Printing", func(t *testing.T) {
		s := newStand(t)
		s.listen()
		s.Person("张**", false)
		offers := s.offers([]kiosk.ItemID{"RS001"})
		s.issued(kiosk.Ticket{ID: "t", Number: kiosk.Number{Queue: "A", N: 7}, Queue: "A", Items: []kiosk.ItemID{"RS001"}}, offers[0])
		s.Person("", false)
		if s.top().name != "ticket" || !s.shows("A007") || s.shows("张**") {
			t.Errorf("the card was lifted while its number prints; the screen is %s", s.top().name)
		}
	})
}

// Who waits for help is told that the number is kept only if there is one.
func TestHelpWithNumber(t *testing.T) {
	for name, want := range map[string]bool{"first": false, "items": false, "ticket": true, "standing": true} {
		s := newStand(t)
		s.push(&view{name: name, load: s.top().load})
		s.help()
		said := false
		for _, w := range widget.Survey(s.root.content).Words {
			said = said || strings.Contains(w.Text, "号不会丢")
		}
		if said != want {
			t.Errorf("%s: the number is kept: %v, want %v", name, said, want)
		}
	}
}
