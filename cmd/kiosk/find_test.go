package main_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"hallkiosk/kiosk/control"
)

// An item is found by the initials of its pinyin, six taps from the first screen to
// its number; what is typed can be taken back, and nothing of it stays for the next.
func TestFindByInitials(t *testing.T) {
	env := xvfb(t, 1080, 1920)
	m := newMachine(t, "")
	m.run(env)
	typed := func(text string) control.Screen {
		t.Helper()
		return m.screen("showing that "+text+" was typed", func(s control.Screen) bool { return s.Name == "find" && slices.Contains(s.Texts, text) })
	}
	for _, step := range [][2]string{{"找事项", ""}, {"S", "S"}, {"B", "SB"}, {"K", "SBK"}} {
		if m.tap(env, step[0]); step[1] != "" {
			typed(step[1])
		}
	}
	m.tap(env, "社保卡补办")
	m.screen("confirm", named("confirm"))
	m.tap(env, "返回")
	typed("SBK")
	m.tap(env, "删除")
	typed("SB")
	m.tap(env, "清空")
	m.tap(env, "G")
	typed("G")
	m.tap(env, "重新开始")
	m.screen("first", named("first"))

	began := m.taps
	m.tap(env, "找事项")
	if s := m.screen("find", named("find")); slices.Contains(s.Texts, "G") && find(s, "清空") != nil {
		t.Errorf("what was typed stays: %v", s.Texts)
	}
	for i, letter := range []string{"S", "B", "K"} {
		m.tap(env, letter)
		typed("SBK"[:i+1])
	}
	if s := typed("SBK"); find(s, "V") != nil || find(s, "M") == nil {
		t.Errorf("keys that lead nowhere are on, or others off: %v", s.Targets)
	}
	m.tap(env, "社保卡补办")
	m.tap(env, "取号")
	s := m.screen("ticket", named("ticket"))
	if taps := m.taps - began; ticketNumber(s) == "" || taps > 6 {
		t.Errorf("number %q after %d taps, want 6 at most", ticketNumber(s), taps)
	}
}

// Somebody who reads no Chinese finds the tax office by typing, on the panel of
// an older cabinet.
func TestFindInEnglish(t *testing.T) {
	env := xvfb(t, 1024, 768)
	m := newMachine(t, "")
	m.run(env)
	for _, label := range []string{"中 / En", "English", "Find a service", "T", "A", "X", "General tax services"} {
		m.tap(env, label)
	}
	m.screen("confirm", named("confirm"))
	m.tap(env, "Take a number")
	if s := m.screen("ticket", named("ticket")); ticketNumber(s) == "" {
		t.Errorf("no number on %v", s.Texts)
	}
}

// BenchmarkType is the time from touching a letter to the first frame that shows
// it, with what it found: each letter is drawn for the first time.
func BenchmarkType(b *testing.B) {
	env := xvfb(b, 1080, 1920)
	m := newMachine(b, "")
	m.run(env)
	f := newFinger(b, env, m)
	f.there("找事项")
	m.screen("find", named("find"))
	f.strip = strip{150, 328, 400} // through the typed letters
	var took []time.Duration
	for range 2 {
		for _, letter := range strings.Split("ABCDEFGHJKLMNPQRSTWXYZ", "") {
			f.took = f.took[:0]
			f.there(letter)
			took = append(took, f.took...)
			f.there("清空")
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(ms(quantile(took, .5)), "p50-ms")
	b.ReportMetric(ms(quantile(took, .99)), "p99-ms")
}
