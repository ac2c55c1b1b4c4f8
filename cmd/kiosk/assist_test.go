package main_test

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hallkiosk/configs"
	"hallkiosk/kiosk/control"
)

// scan holds a code before the scanner.
func (h *hall) scan(code string) {
	h.t.Helper()
	resp, err := http.Post(h.url+"/scanner/scan", "", strings.NewReader(code))
	if err != nil || resp.StatusCode != http.StatusOK {
		h.t.Fatalf("scan: %v %v", resp, err)
	}
	resp.Body.Close()
}

// sent waits until the center has all that the kiosk has to tell.
func (m *machine) sent() {
	m.t.Helper()
	until(m.t, "the center has it all", func() bool {
		s, err := m.Status(context.Background())
		return err == nil && s.Unsent == 0
	})
}

// A guide's badge: three people get their numbers by at most two touches each, the
// elder of them goes ahead, and nobody's badge is written down.
func TestGuide(t *testing.T) {
	env := xvfb(t, 1080, 1920)
	h, c := newHall(t), newCenter(t)
	badge, stranger := configs.NewBadge(), configs.NewBadge()
	m := newMachine(t, h.ports(115200)+c.link()+fmt.Sprintf("[assist]\nbadges = [%q]\n", configs.BadgeHash(badge)))
	p := m.run(env)
	m.screen("first", named("first"))
	m.device("scanner", "ready")

	h.scan(stranger)
	if s := m.screen("telling", named("device")); !strings.Contains(said(s), "没有在本机登记") {
		t.Errorf("of another badge it says %v", s.Texts)
	}
	m.tap(env, "知道了")
	m.screen("first, without a banner", func(s control.Screen) bool { return s.Name == "first" && find(s, "结束协助") == nil })

	h.scan(badge)
	m.says("协助模式")
	var numbers []string
	for _, person := range []struct {
		touches []string
		says    string
	}{{[]string{"社保卡"}, "前面没有人"}, {[]string{"老人", "社保卡"}, "老人优先"}, {[]string{"社保卡"}, "前面 2 人"}} {
		for _, label := range person.touches {
			m.tap(env, label)
		}
		s, _ := printed(m, h)
		if numbers = append(numbers, ticketNumber(s)); len(person.touches) > 2 || !strings.Contains(strings.Join(s.Texts, " "), person.says) {
			t.Errorf("the screen doesn't say %q: %v", person.says, s.Texts)
		}
		m.home(env, "下一张")
	}
	m.tap(env, "结束协助")
	m.screen("the citizens' own", func(s control.Screen) bool { return s.Name == "first" && find(s, "找人帮忙") != nil })
	m.tap(env, "社保卡")
	m.screen("confirm", named("confirm"))

	m.sent()
	if code := p.stop(); code != 0 {
		t.Errorf("exit %d", code)
	}
	c.proc.stop()
	if len(h.papers()) != 3 {
		t.Errorf("%d papers", len(h.papers()))
	}
	want := []string{numbers[0] + " ", numbers[1] + " elder", numbers[2] + " "}
	if got := column(t, filepath.Join(c.dir, "center.db"), "SELECT number || ' ' || priority FROM tickets ORDER BY number"); !slices.Equal(got, want) {
		t.Errorf("the center has %q, want %q", got, want)
	}
	files, err := filepath.Glob(filepath.Join(m.dir, "*"))
	if err != nil || len(files) < 3 {
		t.Fatalf("files %v (%v)", files, err)
	}
	for _, code := range []string{badge, stranger} {
		if strings.Contains(p.said(), code) {
			t.Error("the kiosk said a badge's code")
		}
		for _, name := range files {
			if data, err := os.ReadFile(name); err == nil && bytes.Contains(data, []byte(code)) {
				t.Errorf("%s holds a badge's code", name)
			}
		}
	}
}

// A queue that the center pauses between a guide's look and touch gives no number:
// the guide reads why, the mode goes on, who the number was for still counts when
// it can be had, and another queue gives its numbers.
func TestGuideRefused(t *testing.T) {
	env := xvfb(t, 1080, 1920)
	h, c := newHall(t), newCenter(t)
	badge := configs.NewBadge()
	m := newMachine(t, h.ports(115200)+c.link()+fmt.Sprintf("[assist]\nbadges = [%q]\nidle = 600\n", configs.BadgeHash(badge)))
	p := m.run(env)
	m.screen("first", named("first"))
	m.device("scanner", "ready")
	boss := c.hire("manager")
	paused := func(on bool) {
		t.Helper()
		until(t, fmt.Sprintf("the kiosk hears of the pause: %v", on), func() bool {
			out, _, _ := m.verb("status")
			return strings.Contains(out, "pause A") == on
		})
	}
	refuse := func(op string) (order string) {
		t.Helper()
		var o struct{ ID string }
		boss.do("POST", "/v1/halls/center/orders", map[string]any{"op": op, "do": "pause", "queue": "A", "text": map[string]string{"zh": "系统升级"}}, &o)
		paused(true)
		m.tap(env, "社保卡")
		if s := m.screen("told why", named("trouble")); !strings.Contains(said(s), "这里暂停取号。系统升级") || find(s, "结束协助") == nil {
			t.Errorf("the guide doesn't read why, or the mode is over: %v", s.Texts)
		}
		return o.ID
	}
	var numbers []string
	taken := func() control.Screen {
		t.Helper()
		s, _ := printed(m, h)
		numbers = append(numbers, ticketNumber(s))
		m.home(env, "下一张")
		return s
	}

	h.scan(badge)
	m.says("协助模式")
	m.tap(env, "老人")
	order := refuse("o1")
	if n := len(h.papers()); n != 0 {
		t.Errorf("%d papers for a number that wasn't given", n)
	}
	boss.do("DELETE", "/v1/halls/center/orders/"+order, nil, nil)
	paused(false)
	m.tap(env, "再试一次")
	if s := taken(); !strings.Contains(said(s), "老人优先") {
		t.Errorf("who it was for is lost: %v", s.Texts)
	}
	refuse("o2")
	m.tap(env, "重新开始")
	m.screen("first, with the banner", func(s control.Screen) bool { return s.Name == "first" && find(s, "结束协助") != nil })
	m.tap(env, "公积金") // another queue
	taken()

	m.sent()
	if code := p.stop(); code != 0 {
		t.Errorf("exit %d", code)
	}
	c.proc.stop()
	if n := len(h.papers()); n != 2 {
		t.Errorf("%d papers, want 2", n)
	}
	slices.Sort(numbers)
	if got := column(t, filepath.Join(c.dir, "center.db"), "SELECT number FROM tickets ORDER BY number"); !slices.Equal(got, numbers) {
		t.Errorf("the center has %q, want %q", got, numbers)
	}
	if got := column(t, filepath.Join(c.dir, "center.db"), "SELECT DISTINCT priority FROM tickets ORDER BY priority"); !slices.Equal(got, []string{"", "elder"}) {
		t.Errorf("they are for %q", got)
	}
}

// The card of an elder makes the number one that goes ahead, and confirm says so;
// that of a younger person doesn't; and who goes ahead for another reason can say it.
func TestElderWithACard(t *testing.T) {
	env := xvfb(t, 1080, 1920)
	h, c := newHall(t), newCenter(t)
	m := newMachine(t, h.ports(115200)+c.link())
	p := m.run(env)
	m.screen("first", named("first"))
	m.device("reader", "ready")
	var numbers []string
	take := func(says string, touches ...string) {
		t.Helper()
		for _, label := range append([]string{"社保卡"}, touches...) {
			m.tap(env, label)
		}
		s := m.screen("confirm", named("confirm"))
		if find(s, says) == nil {
			t.Errorf("it offers no %q: %v", says, s.Targets)
		}
		m.tap(env, "取号")
		s, _ = printed(m, h)
		numbers = append(numbers, ticketNumber(s))
		m.home(env, "好了")
	}
	take("孕妇优先", "优先", "孕妇")
	h.do("/reader/put?card=hmt") // of 1994
	m.says("李**，您好")
	take("优先")
	h.do("/reader/lift")
	h.do("/reader/put?card=resident") // of 1949; who is greeted comes after who has gone
	m.says("张**，您好")
	take("老人优先")

	m.sent()
	p.stop()
	c.proc.stop()
	want := []string{numbers[0] + " pregnant", numbers[1] + " ", numbers[2] + " elder"}
	if got := column(t, filepath.Join(c.dir, "center.db"), "SELECT number || ' ' || priority FROM tickets ORDER BY number"); !slices.Equal(got, want) {
		t.Errorf("the center has %q, want %q", got, want)
	}
}

// The verb makes a badge whose line the config takes, and never overwrites one.
func TestBadgeVerb(t *testing.T) {
	before := configs.BadgeHash("before")
	m := newMachine(t, fmt.Sprintf("[assist]\nbadges = [%q]\n", before))
	name := filepath.Join(m.dir, "badge.png")
	out, errOut, code := m.verb("badge", "-o", name)
	line := regexp.MustCompile(`(?m)^badges = \["([0-9a-f]{64})", "([0-9a-f]{64})"\]$`).FindStringSubmatch(out)
	if code != 0 || line == nil || line[1] != before {
		t.Fatalf("exit %d %s%s", code, out, errOut)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if picture, err := png.Decode(bytes.NewReader(data)); err != nil || picture.Bounds().Dx() < 300 {
		t.Errorf("the picture: %v", err)
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read it: %v %v", info.Mode(), err)
	}
	text, err := os.ReadFile(m.config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(m.config, []byte(strings.Replace(string(text), fmt.Sprintf("badges = [%q]", before), line[0], 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, problems, code := m.verb("check"); code != 2 || strings.Count(problems, "\n") != 1 || !strings.Contains(problems, "no scanner") {
		t.Errorf("check: exit %d %s", code, problems)
	}
	if _, errOut, code := m.verb("badge", "-o", name); code != 2 || !strings.Contains(errOut, "已经有了") {
		t.Errorf("over another badge: exit %d %s", code, errOut)
	}
	if again, err := os.ReadFile(name); err != nil || !bytes.Equal(again, data) {
		t.Error("the badge was overwritten")
	}
	// The picture is read back by other people's software.
	read, err := exec.Command("zbarimg", "-q", "--raw", name).Output()
	if got := configs.BadgeHash(strings.TrimSpace(string(read))); err != nil || got != line[2] {
		t.Errorf("the picture's code has the hash %s, want %s (%v)", got, line[2], err)
	}
}
