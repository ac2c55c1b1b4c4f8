package main_test

import (
	"strings"
	"testing"
	"time"
)

// Two machines with one id would give the same numbers. The center lets the one
// go on that spoke first; the other says so and gives none.
func TestTwoMachinesOneID(t *testing.T) {
	env := xvfb(t, 1080, 1920)
	c := newCenter(t)
	first, second := newMachine(t, c.link()), newMachine(t, c.link())
	first.run(nil, "-headless")
	given := first.takeVerb("-item", "RS001").Number
	for late := time.Now().Add(patient); ; time.Sleep(20 * time.Millisecond) {
		s, err := first.Status(t.Context())
		if err == nil && s.Unsent == 0 {
			break
		}
		if time.Now().After(late) {
			t.Fatalf("the first never reached the center: %+v (%v)", s, err)
		}
	}
	second.run(env)
	second.screen("locked", named("locked"))
	if d := second.device("cabinet", "double"); !strings.Contains(d.Hint, "[kiosk] id") {
		t.Errorf("hint %q", d.Hint)
	}
	out, errOut, code := second.verb("take", "-item", "RS001")
	if code != 2 || !strings.Contains(errOut, "编号") {
		t.Errorf("the second gives numbers: exit %d %s%s", code, out, errOut)
	}
	if again := first.takeVerb("-item", "RS001").Number; again == given {
		t.Errorf("%s twice", again)
	}
}
