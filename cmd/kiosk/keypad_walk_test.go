package main_test

import (
	"database/sql"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hallkiosk/display/voice/words"
	"hallkiosk/kiosk/control"
)

// listener is somebody with a keypad and headphones, who goes by what is heard.
type listener struct {
	*ear
	env []string
}

// placed is what ends what is said of a choice.
var placed = regexp.MustCompile("^第.+个, 共.+个$")

// to goes forward until the choice of that name is heard, and returns what is said
// of it. Nothing else may be said meanwhile.
func (l *listener) to(name string) (said []string) {
	l.t.Helper()
	for first := ""; ; {
		keys(l.t, l.env, "Down")
		until(l.t, "a choice is heard after "+first, func() bool {
			said = l.heard()[l.at:]
			return len(said) > 0 && placed.MatchString(said[len(said)-1])
		})
		l.at += len(said)
		switch here := said[0] + said[len(said)-1]; {
		case said[0] == name:
			return said
		case here == first:
			l.t.Fatalf("%q is not among the choices", name)
		case first == "":
			first = here
		}
	}
}

// choose goes to a choice and takes it.
func (l *listener) choose(name string) {
	l.t.Helper()
	l.to(name)
	keys(l.t, l.env, "Return")
}

// begin is the first key of a visit, and what is said then: the head's note before
// the screen.
func (l *listener) begin(note string) {
	l.t.Helper()
	keys(l.t, l.env, "F12")
	l.hear(keypadSays...)
	l.hear(note)
	l.hear(firstScreen...)
}

// unprinted is the head's note of a machine without a printer.
const unprinted = "这台机器不印纸, 号码会留在屏幕上, 请拍照"

// Somebody who sees nothing finds an item by its letters: each choice is said with
// what else is written on it and its place, and the finds come before the keys.
func TestBlindPersonFindsAnItem(t *testing.T) {
	env := xvfb(t, 1080, 1920)
	e, config := newEar(t)
	m := newMachine(t, "[screen]\nidle_ask = 600\n"+config)
	m.run(env)
	m.screen("first", named("first"))
	l := &listener{e, env}
	l.begin(unprinted)
	l.choose("找事项")
	l.hear("找事项", "请按拼音首字母")
	before := l.hearAtLast("P", "A", "S", "D", "F", "G", "H", "J", "K", "L", "Z", "X", "C", "V", "B")
	if !slices.Contains(before, "比如社保卡按 S B K, 公积金按 G J J") {
		t.Errorf("it doesn't say how: %q", before)
	}
	typed := func(text string) {
		t.Helper()
		m.screen("showing that "+text+" was typed", func(s control.Screen) bool { return s.Name == "find" && slices.Contains(s.Texts, text) })
	}
	for i, letter := range []string{"S", "B", "K"} {
		l.choose(letter)
		typed("SBK"[:i+1])
	}
	if said := l.to("社保卡补办"); !slices.Equal(said, []string{"社保卡补办", "不用等", "第一个, 共三十个"}) {
		t.Errorf("of the first find %q is said", said)
	}
	keys(t, env, "Return")
	m.screen("confirm", named("confirm"))
	l.hearAtLast("取号", "优先")
	l.choose("取号")
	if s := m.screen("ticket", named("ticket")); ticketNumber(s) == "" {
		t.Errorf("no number on %v", s.Texts)
	}
}

// Somebody who sees nothing types the last four digits of their phone, hears each of
// them and that a wrong one fits nothing, chooses one of two bookings and has its
// number on paper.
func TestBlindPersonHasBooked(t *testing.T) {
	env := xvfb(t, 1080, 1920)
	h, c := newHall(t), newCenter(t)
	e, config := newEar(t)
	m := newMachine(t, h.ports(115200)+c.link()+"[screen]\nidle_ask = 600\n"+config)
	m.run(env)
	m.screen("first", named("first"))
	boss, guide := c.hire("manager"), c.hire("guide")
	from := time.Now().Truncate(time.Minute)
	for _, item := range []string{"RS001", "RS002"} {
		guide.do("POST", "/v1/halls/center/bookings", map[string]any{"op": item, "items": []string{item}, "queue": "A", "from": from, "to": from.Add(time.Hour), "phone": "0042"}, nil)
	}
	// What is ordered later is heard later: then the bookings are known too.
	boss.do("POST", "/v1/halls/center/orders", map[string]any{"op": "o1", "do": "message", "text": map[string]string{"zh": "下午四点停电检修"}}, nil)
	m.says("停电检修")

	l := &listener{e, env}
	l.begin("下午四点停电检修")
	l.choose("已预约, 或查我的号")
	l.hear("已预约, 或查我的号", "我有预约", "查我的号")
	l.choose("我有预约")
	l.hearAtLast("八", "九", "零")
	digits := func(typed ...string) {
		t.Helper()
		for i, digit := range typed {
			l.choose(digit)
			want := []string{strings.Join(typed[:i+1], "")}
			if i == len(typed)-1 {
				want = append(want, "查找") // it can be touched now
			}
			l.hearAtLast(want...) // after a wrong one, how to type comes first again
		}
		l.choose("查找")
	}
	digits("零", "零", "四", "一")
	l.hear("今天没有这个预约", "请再看一下号码, 或直接在首页取号")
	m.screen("as at the beginning", func(s control.Screen) bool { return s.Name == "who" && find(s, "查找") == nil })
	digits("零", "零", "四", "二")
	s := m.screen("two bookings", named("bookings"))
	item := s.Targets[0].Label
	if said := l.hearAtLast(item, s.Targets[1].Label); !slices.Equal(said, []string{"您来办哪一件"}) {
		t.Errorf("it asks %q", said)
	}
	l.choose(item)
	s = m.screen("a printed ticket", func(s control.Screen) bool {
		return s.Name == "ticket" && slices.Contains(s.Texts, "请取走您的号")
	})
	number := ticketNumber(s)
	spoken := strings.Join(words.Read(words.Mandarin, number), "")
	until(t, spoken+" is heard", func() bool { return slices.Contains(e.heard()[e.at:], spoken) })
	if newest := h.newest(); number == "" || !newest.Whole || !slices.Contains(newest.Text, number) || !strings.Contains(strings.Join(newest.Text, " "), "预约时间") {
		t.Errorf("%s is said, the paper has %q", spoken, newest.Text)
	}
}

// Somebody who sees nothing hears that there is no number now, and tries again; and
// hears the question whether anybody is there, and answers it.
func TestBlindPersonInTrouble(t *testing.T) {
	env := xvfb(t, 1080, 1920)
	e, config := newEar(t)
	m := newMachine(t, "[screen]\nidle_ask = 300\nidle_return = 600\n"+config)
	at := time.Now().UTC().Truncate(time.Hour).Add(15 * time.Minute)
	m.clock(at)
	m.runWired(env)
	m.screen("first", named("first"))
	l := &listener{e, env}
	l.begin(unprinted)
	l.choose("社保卡")
	l.hearAtLast("取号", "优先")
	for s := m.screen("confirm", named("confirm")); s.Name != "idle"; s = m.screen("later", func(s control.Screen) bool {
		return slices.ContainsFunc(s.Texts, func(text string) bool { return strings.HasSuffix(text, at.Format(":04")) })
	}) {
		if at = at.Add(5 * time.Minute); at.Minute() >= 45 {
			t.Fatal("nobody is asked whether they are there")
		}
		m.clock(at) // what is still being said keeps the screen
	}
	l.hear(tone, "您还在吗")
	l.hearAtLast("我还在", "重新开始")
	keys(t, env, "BackSpace")
	l.hearAtLast("取号", "优先")

	db, err := sql.Open("sqlite3", "file:"+filepath.Join(m.dir, "kiosk.db")+"?_txlock=immediate&_busy_timeout=5000")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	hold, err := db.Begin() // the disk takes no number
	if err != nil {
		t.Fatal(err)
	}
	defer hold.Rollback()
	l.choose("取号")
	if said := l.hearAtLast("再试一次", "重新开始"); !slices.Contains(said, "现在取不了号") {
		t.Errorf("it says %q", said)
	}
	m.screen("trouble", named("trouble"))
	if err := hold.Rollback(); err != nil {
		t.Fatal(err)
	}
	l.choose("再试一次")
	number := ticketNumber(m.screen("ticket", named("ticket")))
	spoken := strings.Join(words.Read(words.Mandarin, number), "")
	until(t, spoken+" is heard", func() bool { return slices.Contains(e.heard()[e.at:], spoken) })
}
