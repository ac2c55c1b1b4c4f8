package main_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"hallkiosk/kiosk/control"
)

// Somebody who can't read small letters switches large text on, and is two taps
// from a number on paper.
func TestLargeText(t *testing.T) {
	env := xvfb(t, 1080, 1920)
	h := newHall(t)
	m := newMachine(t, h.ports(115200))
	m.run(env)
	button := func(s control.Screen) int { return find(s, "大字").Height } // it grows with its word
	small := button(m.screen("first", named("first")))
	m.tap(env, "大字")
	m.screen("first, in large text", func(s control.Screen) bool { return s.Name == "first" && button(s) > small })
	began := m.taps
	m.tap(env, "社保卡")
	m.tap(env, "取号")
	s := m.screen("a printed ticket", func(s control.Screen) bool {
		return s.Name == "ticket" && slices.Contains(s.Texts, "请取走您的号")
	})
	number, newest := ticketNumber(s), h.newest()
	if taps := m.taps - began; taps > 2 || number == "" || !newest.Whole || !slices.Contains(newest.Text, number) {
		t.Errorf("after %d taps the screen shows %q (%v), the paper %v", taps, number, s.Texts, newest.Text)
	}
	if button(s) <= small {
		t.Errorf("the ticket is in small text")
	}
}

// A card greets its holder by a masked name. Who walks away leaves nothing on the
// screen: the name goes within 15 s by the kiosk's own clock, which stands still
// here unless it is set, though the card lies there; all of it goes at once with
// the card.
func TestWalksAwayFromACard(t *testing.T) {
	env := xvfb(t, 1080, 1920)
	h := newHall(t)
	m := newMachine(t, h.ports(115200)+"[screen]\nidle_ask = 600\n")
	put := time.Now().UTC().Truncate(time.Hour).Add(30*time.Minute + 46*time.Second)
	m.clock(put)
	p := m.runWired(env)
	m.screen("first", named("first"))
	m.device("reader", "ready")

	const greeting = "，您好"
	greeted := func(s control.Screen) (name string) {
		for _, text := range s.Texts {
			if before, ok := strings.CutSuffix(text, greeting); ok {
				name = before
			}
		}
		return name
	}
	h.do("/reader/put?card=resident")
	name := greeted(m.says(greeting))
	if !strings.HasSuffix(name, "*") {
		t.Fatalf("the name %q isn't masked", name)
	}
	gone := func(s control.Screen) bool {
		return !slices.ContainsFunc(s.Texts, func(text string) bool { return strings.Contains(text, name) || strings.Contains(text, greeting) })
	}
	m.tap(env, "社保卡")
	m.screen("confirm", named("confirm"))
	m.clock(put.Add(14 * time.Second))
	s := m.says(":31") // the head's clock: the kiosk has seen that the time passed
	if greeted(s) != name {
		t.Errorf("after 14 s the name is gone: %v", s.Texts)
	}
	m.clock(put.Add(15 * time.Second)) // and no further
	first := func(s control.Screen) bool { return s.Name == "first" && gone(s) }
	m.screen("first, without a name", first)
	h.do("/reader/lift")

	// With the card all goes at once: the clock does not move.
	h.do("/reader/put?card=hmt")
	name = greeted(m.says(greeting))
	m.tap(env, "社保卡")
	m.screen("confirm", named("confirm"))
	h.do("/reader/lift")
	m.screen("first, without a name", first)
	if code := p.stop(); code != 0 {
		t.Errorf("exit %d", code)
	}
}
