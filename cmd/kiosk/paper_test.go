package main_test

import (
	"bytes"
	"encoding/json"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/control"
)

// Promise, plan, receipt and reprint by the technician's verbs, on paper.
func TestOtherPapers(t *testing.T) {
	h := newHall(t)
	m := newMachine(t, h.ports(115200))
	m.run(nil, "-headless")
	text := func() string { return strings.Join(h.newest().Text, "\n") }

	promised := m.takeVerb("-item", "RS001", "-missing", "旧社保卡")
	if got := text(); !strings.Contains(got, "容缺预受理") || !strings.Contains(got, "[  ] 旧社保卡") || !strings.Contains(got, promised.Number) {
		t.Errorf("promise slip:\n%s", got)
	}
	if _, errOut, code := m.verb("take", "-item", "RS001", "-missing", "身份证原件"); code != 2 || !strings.Contains(errOut, "必备") {
		t.Errorf("an essential paper was promised: exit %d %s", code, errOut)
	}
	if _, errOut, code := m.verb("take", "-item", "RS001", "-missing", "月球证"); code != 2 || !strings.Contains(errOut, "不需要") {
		t.Errorf("an unknown paper was promised: exit %d %s", code, errOut)
	}
	if _, errOut, code := m.verb("take", "-theme", "spaceport"); code != 2 || !strings.Contains(errOut, "spaceport") {
		t.Errorf("an unknown theme: exit %d %s", code, errOut)
	}
	plan := m.takeVerb("-theme", "restaurant", "-lang", "zh-Hant")
	if got := text(); !strings.Contains(got, "開餐飲店") || !strings.Contains(got, "1. 營業執照") || !strings.Contains(got, plan.Number) {
		t.Errorf("plan:\n%s", got)
	}
	again := func(args ...string) (r control.TakeReply) {
		t.Helper()
		out, errOut, code := m.verb(append([]string{"reprint", "-json"}, args...)...)
		if err := json.Unmarshal([]byte(out), &r); err != nil || code != 0 || r.Print != kiosk.Printed {
			t.Fatalf("reprint %v: exit %d %s%s", args, code, out, errOut)
		}
		return r
	}
	if r := again(plan.Number); r.ID != plan.ID || !strings.Contains(text(), "重印 第 2 張") {
		t.Errorf("reprint of %s is %s:\n%s", plan.Number, r.Number, text())
	}
	if again(promised.Number, "-paper", "ticket"); !strings.Contains(text(), "重印 第 2 张") {
		t.Errorf("another paper of the same number:\n%s", text())
	}
	if again(string(plan.ID), "-paper", "receipt"); !strings.Contains(text(), "取籌回執") || strings.Contains(text(), "重印") {
		t.Errorf("receipt:\n%s", text())
	}
	for _, c := range []struct {
		args []string
		want string
	}{{[]string{"A9-999"}, "A9-999"}, {[]string{"nonsense"}, "不是一个号码"}, {[]string{"-paper", "hat", plan.Number}, "hat"}, {[]string{promised.Number, "-paper", "plan"}, "没有主题"}} {
		if _, errOut, code := m.verb(append([]string{"reprint"}, c.args...)...); code != 2 || !strings.Contains(errOut, c.want) {
			t.Errorf("reprint %v: exit %d %s", c.args, code, errOut)
		}
	}
}

func TestDoctorPrinter(t *testing.T) {
	h := newHall(t)
	m := newMachine(t, strings.Replace(h.ports(115200), "[reader]", "profile = \"epson-80\"\n[reader]", 1))
	look := func(what string, exit int) string {
		t.Helper()
		out, errOut, code := m.verb("doctor", "printer")
		if code != exit {
			t.Errorf("%s: exit %d\n%s%s", what, code, out, errOut)
		}
		return out + errOut
	}
	t.Run("ByItself", func(t *testing.T) {
		if got := look("alone", 0); !strings.Contains(got, "HALL") || strings.Contains(got, "✗") || strings.Count(got, "✓") < 5 {
			t.Error(got)
		}
		if text := strings.Join(h.newest().Text, "\n"); !strings.Contains(text, "二级") {
			t.Errorf("test page:\n%s", text)
		}
	})
	p := m.run(nil, "-headless")
	t.Run("ThroughTheKiosk", func(t *testing.T) {
		if got := look("through the kiosk", 0); !strings.Contains(got, "HALL") {
			t.Error(got)
		}
		h.do("/printer/model?jobid=0&clear=0")
		if got := look("less than promised", 1); strings.Count(got, "✗") != 3 { // the page waits for its job id too
			t.Error(got)
		}
		h.do("/printer/paper-out")
		if got := look("no paper", 1); !strings.Contains(got, "没有纸") {
			t.Error(got)
		}
		h.do("/printer/off")
		if got := look("off", 1); !strings.Contains(got, "没有应答") {
			t.Error(got)
		}
	})
	if code := p.stop(); code != 0 {
		t.Errorf("exit %d", code)
	}
	if out, errOut, code := newMachine(t, "").verb("doctor", "printer"); code != 2 || !strings.Contains(errOut, "没有装") {
		t.Errorf("not fitted: exit %d %s%s", code, out, errOut)
	}
}

func TestPreview(t *testing.T) {
	m := newMachine(t, "[printer]\npapers = \"papers\"\n")
	dir := filepath.Join(m.dir, "papers")
	if err := os.CopyFS(dir, os.DirFS("../../configs/papers")); err != nil {
		t.Fatal(err)
	}
	size := func(args ...string) (w, h int) {
		t.Helper()
		name := filepath.Join(t.TempDir(), "out.png")
		if out, errOut, code := m.verb(append(append([]string{"preview"}, args...), name)...); code != 0 {
			t.Fatalf("preview %v: exit %d %s%s", args, code, out, errOut)
		}
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		c, err := png.DecodeConfig(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		return c.Width, c.Height
	}
	w, before := size()
	if w != 640 || before < 400 {
		t.Errorf("a ticket is %d by %d", w, before)
	}
	if w, h := size("-all"); w < 5000 || h < 3*before {
		t.Errorf("the sheet is %d by %d", w, h)
	}
	if _, other := size("-paper", "plan", "-lang", "en"); other <= before {
		t.Errorf("a plan is only %d high", other)
	}
	// A technician's change shows, and a mistake is told with its place.
	name := filepath.Join(dir, "ticket.toml")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, append(text, "[[block]]\ntext = \"请保管好\"\nsize = 2\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, after := size(); after <= before {
		t.Errorf("one more line: %d, before %d", after, before)
	}
	if err := os.WriteFile(name, []byte("[[block]]\ntext = \"{numbr}\"\n[[block]]\nqr = \"{id}\"\nsize = 40\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"check", "preview"} {
		args := []string{verb}
		if verb == "preview" {
			args = append(args, filepath.Join(m.dir, "x.png"))
		}
		if _, errOut, code := m.verb(args...); code != 2 || !strings.Contains(errOut, "ticket.toml:2:1: no value {numbr}") || !strings.Contains(errOut, "ticket.toml:5:1: size is 40") {
			t.Errorf("%s: exit %d %s", verb, code, errOut)
		}
	}
	if out, _, code := m.verb("preview", "-values"); code != 0 || !strings.Contains(out, "{number}") {
		t.Errorf("values: exit %d %s", code, out)
	}
	if _, errOut, code := m.verb("preview", "-lang", "xx", filepath.Join(m.dir, "x.png")); code != 2 {
		t.Errorf("unknown language: exit %d %s", code, errOut)
	}
}
