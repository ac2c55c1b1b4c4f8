package main_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hallkiosk/configs"
	"hallkiosk/kiosk/control"
)

// printed takes what is on the screen to a ticket, and returns the screen and the
// text of its paper without spaces.
func printed(m *machine, h *hall) (control.Screen, string) {
	m.t.Helper()
	s := m.screen("a printed ticket", func(s control.Screen) bool {
		return s.Name == "ticket" && slices.Contains(s.Texts, "请取走您的号")
	})
	newest := h.newest()
	if number := ticketNumber(s); number == "" || !newest.Whole || !slices.Contains(newest.Text, number) {
		m.t.Fatalf("the screen shows %q (%v), the paper %v", number, s.Texts, newest.Text)
	}
	return s, strings.Join(strings.Fields(strings.Join(newest.Text, "")), "")
}

// said is all that a screen says, without spaces, for lines end at some.
func said(s control.Screen) string {
	return strings.Join(strings.Fields(strings.Join(s.Texts, "")), "")
}

// One thing that takes several windows: its steps on the screen, one number, and
// the plan with every step on the paper.
func TestTheme(t *testing.T) {
	_, catalog, problems := configs.LoadKiosk("../../configs/kiosk.toml")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	env := xvfb(t, 1080, 1920)
	h := newHall(t)
	m := newMachine(t, h.ports(115200))
	m.run(env)
	theme, _ := catalog.Theme("restaurant")
	m.tap(env, "一件事")
	m.screen("themes", named("themes"))
	m.tap(env, theme.Name.Zh)
	s := m.screen("theme", named("theme"))
	for _, step := range theme.Steps {
		if !strings.Contains(said(s), step.Name.Zh) {
			t.Errorf("the screen doesn't tell %s: %v", step.Name.Zh, s.Texts)
		}
	}
	m.tap(env, "取号")
	_, paper := printed(m, h)
	item, _ := catalog.Item(theme.Item)
	queue, _ := catalog.Queue(item.Queue)
	want := []string{theme.Name.Zh, fmt.Sprintf("先去%s区%s号窗口", queue.Zone, queue.Windows)}
	for i, step := range theme.Steps {
		item, _ := catalog.Item(step.Item)
		queue, _ := catalog.Queue(item.Queue)
		want = append(want, fmt.Sprintf("%d.%s%s区%s号窗口", i+1, step.Name.Zh, queue.Zone, queue.Windows))
	}
	for _, w := range want {
		if !strings.Contains(paper, w) {
			t.Errorf("the paper doesn't say %q: %s", w, paper)
		}
	}
}

// A paper that may follow later is promised; without an essential one the number
// is only to ask, and promises nothing. Each mark can be taken back.
func TestPromise(t *testing.T) {
	env := xvfb(t, 1080, 1920)
	h := newHall(t)
	m := newMachine(t, h.ports(115200))
	m.run(env)
	shows := func(what string, labels ...string) control.Screen {
		t.Helper()
		return m.screen(what, func(s control.Screen) bool {
			for _, l := range labels {
				if find(s, l) == nil {
					return false
				}
			}
			return true
		})
	}
	m.tap(env, "社保卡")
	m.tap(env, "身份证原件")
	if s := shows("an essential paper missing", "带齐再来", "取号咨询"); !strings.Contains(said(s), "缺必须的材料") || find(s, "取号") != nil {
		t.Errorf("without an ID card the screen says %v", s.Texts)
	}
	m.tap(env, "身份证原件")
	shows("nothing missing", "取号")
	m.tap(env, "旧社保卡")
	s := shows("a promise", "承诺后补，取号")
	m.tap(env, "承诺后补，取号")
	_, paper := printed(m, h)
	day := regexp.MustCompile(`请在(.*)前补齐：\[\]旧社保卡`).FindStringSubmatch(paper)
	if day == nil || !strings.Contains(paper, "容缺预受理") || !strings.Contains(paper, "承诺人签名") || strings.Contains(paper, "工本费") {
		t.Fatalf("the promise slip says %s", paper)
	}
	by, err := time.Parse(time.DateOnly, day[1])
	if err != nil || !strings.Contains(said(s), by.Format("最迟1月2日")) {
		t.Errorf("the paper says %s, the screen %v (%v)", day[1], s.Texts, err)
	}
	m.home(env, "好了")

	// In large text the check has a screen of its own.
	m.tap(env, "大字")
	m.tap(env, "社保卡")
	m.screen("confirm", named("confirm"))
	m.tap(env, "材料和说明")
	m.screen("papers", named("papers"))
	m.tap(env, "身份证原件")
	m.tap(env, "取号咨询")
	if _, paper := printed(m, h); strings.Contains(paper, "容缺") || strings.Contains(paper, "补齐") {
		t.Errorf("a number to ask promises something: %s", paper)
	}
	m.home(env, "好了")

	// Low reach: the papers stand where the hand gets.
	m.tap(env, "低位")
	m.tap(env, "社保卡")
	s = m.screen("the papers", func(s control.Screen) bool { return s.Name == "confirm" && find(s, "身份证原件") != nil })
	if p := find(s, "身份证原件"); p.Y < s.Height-900 {
		t.Errorf("a paper stands at %d", p.Y)
	}
	m.tap(env, "身份证原件")
	m.tap(env, "带齐再来")
	m.screen("first", named("first"))
	if papers := h.papers(); len(papers) != 2 {
		t.Errorf("%d papers, want 2", len(papers))
	}
}
