package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"hallkiosk/kiosk/control"
)

// Who presses slowly, as elders do, is felt: while the finger lies there the seconds
// run and the people who wait change, and the lifted finger does what it pressed.
// The kiosk's clock stands still unless it is set, so no screen goes by itself.
func TestSlowPress(t *testing.T) {
	env := xvfb(t, 1080, 1920)
	m := newMachine(t, "[screen]\nidle_ask = 30\nidle_return = 600\n")
	minute := time.Now().UTC().Truncate(time.Hour).Add(30 * time.Minute)
	m.clock(minute)
	p := m.runWired(env)
	m.screen("first", named("first"))
	do := func(args ...string) {
		t.Helper()
		cmd := exec.Command("xdotool", args...)
		cmd.Env = append(os.Environ(), env...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("xdotool %q: %v %s", args, err, out)
		}
	}
	// soon sets the clock to the last seconds of the minute.
	soon := func() { t.Helper(); m.clock(minute.Add(57 * time.Second)) }
	// press holds a finger on something until the next minute has come, which the
	// head shows as soon as the screen was drawn anew.
	press := func(label string, meanwhile func()) {
		t.Helper()
		at := find(m.screen("showing "+label, func(s control.Screen) bool { return find(s, label) != nil }), label)
		do("mousemove", strconv.Itoa(at.X+at.Width/2), strconv.Itoa(at.Y+at.Height/2), "mousedown", "1")
		meanwhile()
		minute = minute.Add(time.Minute)
		m.clock(minute.Add(2 * time.Second))
		m.says(fmt.Sprintf(":%02d", minute.Minute()))
		do("mouseup", "1")
	}
	soon()
	press("公积金", func() { m.takeVerb("-item", "RS001") }) // in a list, whose counts change
	m.screen("confirm", named("confirm"))
	soon()
	m.screen("the question", named("idle"))
	press("我还在", func() {})
	m.screen("confirm", named("confirm"))
	m.tap(env, "取号")
	m.says("秒后回到首页")
	soon()
	press("好了", func() {})
	m.screen("first", named("first"))
	if code := p.stop(); code != 0 {
		t.Errorf("exit %d", code)
	}
}
