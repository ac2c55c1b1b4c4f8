package main_test

import (
	"slices"
	"strings"
	"testing"

	"hallkiosk/kiosk/control"
)

// A number from one kiosk is typed at another of the hall, which asks the center;
// cut off from it, a kiosk knows its own.
func TestNumberOfAnotherKiosk(t *testing.T) {
	env := xvfb(t, 1080, 1920)
	c := newCenter(t)
	link := strings.Replace(c.link(), "number_budget = 2000", "number_budget = 0", 1) // own series
	first, second := newMachine(t, link), c.second(newMachine(t, link))
	first.run(nil, "-headless")
	if r := first.takeVerb("-item", "RS001"); r.Number != "A1-001" {
		t.Fatalf("the first gives %+v", r)
	}
	first.takeVerb("-item", "RS001")
	sent := func(m *machine) func() bool {
		return func() bool {
			s, err := m.Status(t.Context())
			return err == nil && s.Unsent == 0 && s.Center.State == "ok"
		}
	}
	second.run(env)
	until(t, "the center has the first's numbers", sent(first))
	until(t, "the center knows the second", sent(second))
	search := func(number string) {
		t.Helper()
		for _, key := range strings.Split(number, "") {
			second.tap(env, key)
		}
		second.tap(env, "查 "+number)
	}
	says := func(words ...string) func(control.Screen) bool {
		return func(s control.Screen) bool {
			return !slices.ContainsFunc(words, func(w string) bool { return !slices.Contains(s.Texts, w) })
		}
	}
	begin := func() {
		t.Helper()
		second.screen("first", named("first"))
		second.tap(env, "已预约，或查我的号")
		second.tap(env, "查我的号")
	}
	begin()
	search("A1009")
	second.screen("that nobody has it", says("大厅今天没有这个号"))
	search("A1002")
	s := second.screen("the first's number", says("A1-002", "前面还有 1 人"))
	if s.Name != "standing" || find(s, "再印一张") != nil || strings.Contains(strings.Join(s.Texts, " "), "社保卡") {
		t.Errorf("who only knows the number is shown %s: %v", s.Name, s.Texts)
	}
	second.tap(env, "好了")
	c.proc.stop()
	if r := second.takeVerb("-item", "RS001"); r.Number != "A2-001" {
		t.Fatalf("the second gives %+v", r)
	}
	begin()
	search("A1002")
	second.screen("that it is cut off", says("现在只查得到本机的号", "在别的机器取的号，请看叫号屏。"))
	search("A2001")
	second.screen("its own number", func(s control.Screen) bool { return s.Name == "standing" && says("A2-001")(s) })
}
