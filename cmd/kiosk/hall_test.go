package main_test

import (
	"slices"
	"strings"
	"testing"

	"hallkiosk/kiosk/control"
)

// What the hall has beside its windows: from the first screen to one of the
// services and back, to the map, to a zone on it and to its departments.
func TestServicesAndMap(t *testing.T) {
	env := xvfb(t, 1080, 1920)
	m := newMachine(t, "")
	m.run(env)
	m.screen("first", named("first"))
	for _, step := range []struct{ label, screen, says string }{
		{"大厅和地图", "services", "大厅里还有什么？"}, {"母婴室", "service", "有护理台、热水和哺乳间。"}, {"返回", "services", "阅读角"},
		{"大厅地图", "map", "要看哪个区？"}, {"C 区 · 社会管理服务区", "zone", "向前 20 米，右转，左手第三排"},
	} {
		m.tap(env, step.label)
		m.screen(step.screen+" saying "+step.says, func(s control.Screen) bool {
			return s.Name == step.screen && slices.Contains(s.Texts, step.says)
		})
	}
	s := m.screen("zone", named("zone"))
	at := slices.IndexFunc(s.Targets, func(v control.Target) bool { return strings.HasPrefix(v.Label, "看这里的") })
	if at < 0 {
		t.Fatalf("the zone leads to no departments: %+v", s.Targets)
	}
	m.tap(env, s.Targets[at].Label)
	m.screen("departments", named("departments"))
	m.tap(env, "重新开始")
	m.screen("first", named("first"))
}
