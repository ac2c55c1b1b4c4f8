package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/control"
)

// staff is somebody with an account at the center.
type staff struct {
	c     *centerServer
	token string
}

func (c *centerServer) hire(role string) *staff {
	c.t.Helper()
	const password = "a long password for tests only"
	cmd := exec.Command(filepath.Join(bin, "center"), "account", "add", "-config", c.config, "-name", role, "-role", role, "-hall", "center")
	cmd.Stdin = strings.NewReader(password + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		c.t.Fatalf("account: %v %s", err, out)
	}
	s := &staff{c: c}
	var r struct{ Token string }
	s.do("POST", "/v1/login", map[string]any{"name": role, "password": password, "bearer": true}, &r)
	s.token = r.Token
	return s
}

func (s *staff) do(method, path string, body, answer any) {
	s.c.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		s.c.t.Fatal(err)
	}
	r, err := http.NewRequest(method, "http://"+s.c.addr+path, bytes.NewReader(text))
	if err != nil {
		s.c.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+s.token)
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		s.c.t.Fatal(err)
	}
	defer got.Body.Close()
	text, err = io.ReadAll(got.Body)
	if err != nil || got.StatusCode/100 != 2 {
		s.c.t.Fatalf("%s %s: %s %s (%v)", method, path, got.Status, text, err)
	}
	if answer != nil {
		if err := json.Unmarshal(text, answer); err != nil {
			s.c.t.Fatalf("%s: %v", text, err)
		}
	}
}

// A booked person puts the card down, touches nothing, and has the number on paper.
// Put down once more, the card shows where the number stands.
func TestBookedWithACard(t *testing.T) {
	env := xvfb(t, 1080, 1920)
	h, c := newHall(t), newCenter(t)
	m := newMachine(t, h.ports(115200)+c.link())
	m.run(env)
	m.screen("first", named("first"))
	m.device("reader", "ready")
	boss, guide := c.hire("manager"), c.hire("guide")

	from := time.Now().Truncate(time.Minute)
	var b struct {
		ID     kiosk.BookingID
		Code   string
		Ticket kiosk.TicketID
	}
	guide.do("POST", "/v1/halls/center/bookings", map[string]any{"op": "b1", "items": []string{"RS001"}, "queue": "A", "from": from, "to": from.Add(time.Hour), "phone": "0042", "card": "11010519491231002X"}, &b)
	// What is ordered later is heard later: then the booking is known too.
	boss.do("POST", "/v1/halls/center/orders", map[string]any{"op": "o1", "do": "message", "text": map[string]string{"zh": "下午四点停电检修"}}, nil)
	m.says("停电检修")

	h.do("/reader/put?card=resident")
	s := m.screen("a printed ticket", func(s control.Screen) bool {
		return s.Name == "ticket" && slices.Contains(s.Texts, "请取走您的号")
	})
	number := ticketNumber(s)
	if newest := h.newest(); number == "" || !newest.Whole || !slices.Contains(newest.Text, number) || !strings.Contains(strings.Join(newest.Text, " "), "预约时间") {
		t.Fatalf("the screen shows %q (%v), the paper %v", number, s.Texts, newest.Text)
	}
	if !strings.Contains(strings.Join(s.Texts, " "), "预约") {
		t.Errorf("the slot isn't on the screen: %v", s.Texts)
	}
	h.do("/reader/lift")
	m.home(env, "好了")
	h.do("/reader/put?card=resident")
	s = m.screen("where the number stands", func(s control.Screen) bool {
		return s.Name == "standing" && strings.Contains(strings.Join(s.Texts, " "), "下一个就是您")
	})
	if got := ticketNumber(s); got != number {
		t.Errorf("the card shows %s, not %s", got, number)
	}
	if n := len(h.papers()); n != 1 {
		t.Errorf("%d papers", n)
	}
	m.tap(env, "再印一张")
	m.screen("printed again", func(s control.Screen) bool { return slices.Contains(s.Texts, "请取走您的号") })
	if newest := h.newest(); !strings.Contains(strings.Join(newest.Text, " "), "重印") {
		t.Errorf("the second paper isn't marked: %v", newest.Text)
	}
	h.do("/reader/lift") // nothing of the visit stays
	m.screen("first", named("first"))
	var all []struct{ Ticket kiosk.TicketID }
	guide.do("GET", "/v1/halls/center/bookings?code="+b.Code, nil, &all)
	if len(all) != 1 || all[0].Ticket == "" {
		t.Errorf("the center knows %+v", all)
	}
}

// What a manager orders is done at the kiosk: a queue gives no numbers, a paper is
// printed again, and status tells.
func TestOrders(t *testing.T) {
	env := xvfb(t, 1080, 1920)
	h, c := newHall(t), newCenter(t)
	m := newMachine(t, h.ports(115200)+c.link())
	m.run(env)
	m.screen("first", named("first"))
	boss, guide := c.hire("manager"), c.hire("guide")
	r := m.takeVerb("-item", "RS001")

	var o struct{ ID string }
	boss.do("POST", "/v1/halls/center/orders", map[string]any{"op": "o1", "do": "pause", "queue": "A", "text": map[string]string{"zh": "系统升级"}}, &o)
	m.says("暂停取号")
	if out, errOut, code := m.verb("take", "-item", "RS001"); code == 0 || !strings.Contains(out+errOut, "系统升级") {
		t.Errorf("a paused queue: exit %d %s%s", code, out, errOut)
	}
	m.tap(env, "社保卡")
	m.screen("confirm without a button", func(s control.Screen) bool {
		return s.Name == "confirm" && find(s, "取号") == nil && strings.Contains(strings.Join(s.Texts, " "), "系统升级")
	})
	m.tap(env, "返回")
	if out, _, _ := m.verb("status"); !strings.Contains(out, "pause A") {
		t.Errorf("status says %s", out)
	}
	boss.do("DELETE", "/v1/halls/center/orders/"+o.ID, nil, nil)
	m.saysNot("暂停取号")

	guide.do("POST", "/v1/halls/center/orders", map[string]any{"op": "o2", "do": "reprint", "kiosk": "K1", "ticket": r.ID}, nil)
	until(t, "it is printed again", func() bool { return len(h.papers()) == 2 })
	if newest := h.newest(); !strings.Contains(fmt.Sprint(newest.Text), "重印") || !slices.Contains(newest.Text, r.Number) {
		t.Errorf("the paper says %v", newest.Text)
	}
}

// One number goes through the windows of two queues, because the center calls by
// the kiosk's catalog; status tells when it doesn't.
func TestOneNumberThroughTwoQueues(t *testing.T) {
	c := newCenter(t)
	m := newMachine(t, c.link())
	again := func(catalog string) {
		t.Helper()
		c.proc.stop()
		c.more = fmt.Sprintf("[[hall]]\nid = \"center\"\ncatalog = %q\n[hall.windows]\n\"21\" = [\"A\"]\n\"35\" = [\"C\"]\n", catalog)
		c.write(c.addr)
		c.start()
	}
	shipped, err := filepath.Abs("../../configs/catalog") // with other hours than the kiosk's
	if err != nil {
		t.Fatal(err)
	}
	again(shipped)
	m.run(nil, "-headless")
	m.device("catalog", "differs")
	if out, errOut, code := m.verb("take", "-item", "RS001", "-item", "YB001"); code == 0 {
		t.Errorf("two queues, with another catalog: %s%s", out, errOut)
	}
	again(filepath.Join(m.dir, "catalog"))
	m.device("catalog", "ready")
	r := m.takeVerb("-item", "RS001", "-item", "YB001")
	clerk := c.hire("clerk")
	press := func(window, verb, op string) (ticket struct {
		Number string
		State  kiosk.State
		Queue  kiosk.QueueID
	}) {
		t.Helper()
		var p struct{ Ticket any }
		p.Ticket = &ticket
		clerk.do("POST", "/v1/halls/center/windows/"+window+"/"+verb, map[string]string{"op": op}, &p)
		return ticket
	}
	until(t, "the center has the number", func() bool { s, err := m.Status(t.Context()); return err == nil && s.Unsent == 0 })
	for i, verb := range []string{"call", "start"} {
		if got := press("21", verb, fmt.Sprint("a", i)); got.Number != r.Number || got.Queue != "A" {
			t.Fatalf("%s: %+v", verb, got)
		}
	}
	if got := press("21", "finish", "a2"); got.State != kiosk.Waiting || got.Queue != "C" {
		t.Fatalf("after its first queue: %+v", got)
	}
	for i, verb := range []string{"call", "start", "finish"} {
		if got := press("35", verb, fmt.Sprint("c", i)); got.Number != r.Number || verb == "finish" && got.State != kiosk.Done {
			t.Fatalf("%s: %+v", verb, got)
		}
	}
}
