package main_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/gpio/gpiotest"

	"hallkiosk/cmd/kiosk/terminal"
	"hallkiosk/configs"
	"hallkiosk/kiosk"
	"hallkiosk/kiosk/control"
)

// runWired is the kiosk with a cabinet whose lines are files beside its config:
// no build machine has GPIO. A file that holds 1 is a line that is high.
func runWired(config string) int {
	cfg, catalog, problems := configs.LoadKiosk(config)
	if len(problems.Fatal()) > 0 {
		fmt.Println(problems)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	line := func(name string) (gpio.PinIO, error) {
		if name == "GPIO99" {
			return nil, &kiosk.Error{Code: kiosk.EUnavailable, Hint: "no GPIO line \"GPIO99\""}
		}
		return filePin{&gpiotest.Pin{N: name}, filepath.Join(filepath.Dir(config), name)}, nil
	}
	o := terminal.Opts{Config: cfg, Catalog: catalog, Out: os.Stdout, Line: line}
	if clock := filepath.Join(filepath.Dir(config), clockFile); fileClock(clock)().Unix() > 0 {
		o.Now = fileClock(clock)
	}
	if err := terminal.Run(ctx, o); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// clockFile, beside the config, is a clock that stands still: it holds the time,
// by RFC 3339. A kiosk without the file has the machine's own.
const clockFile = "clock"

func fileClock(file string) func() time.Time {
	return func() time.Time {
		b, err := os.ReadFile(file)
		if err != nil {
			return time.Unix(0, 0)
		}
		at, err := time.Parse(time.RFC3339, string(b))
		if err != nil {
			panic(err)
		}
		return at
	}
}

// clock sets the clock of a wired kiosk, which stands still until it is set again.
func (m *machine) clock(at time.Time) {
	m.t.Helper()
	file := filepath.Join(m.dir, clockFile)
	if err := os.WriteFile(file+".new", []byte(at.Format(time.RFC3339)), 0o600); err != nil {
		m.t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil { // at once: the kiosk reads it all the time
		m.t.Fatal(err)
	}
}

// runWired starts a kiosk whose cabinet and clock are files, and waits until it
// is ready.
func (m *machine) runWired(env []string) *process {
	m.t.Helper()
	p := start(m.t, append(env, "KIOSK_TEST_WIRED="+m.config), os.Args[0])
	p.wait("kiosk: ready")
	return p
}

// filePin is a line whose level is in a file.
type filePin struct {
	*gpiotest.Pin
	file string
}

func (p filePin) In(gpio.Pull, gpio.Edge) error { return nil }

func (p filePin) Read() gpio.Level {
	b, err := os.ReadFile(p.file)
	return err == nil && string(b) == "1"
}

func (p filePin) WaitForEdge(timeout time.Duration) bool {
	was := p.Read()
	for end := time.Now().Add(timeout); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if p.Read() != was {
			return true
		}
	}
	return false
}

// wire sets a line of the cabinet.
func (m *machine) wire(name, level string) {
	m.t.Helper()
	if err := os.WriteFile(filepath.Join(m.dir, name), []byte(level), 0o600); err != nil {
		m.t.Fatal(err)
	}
}

// says waits until the screen shows a text.
func (m *machine) says(text string) control.Screen {
	m.t.Helper()
	return m.screen("saying "+text, func(s control.Screen) bool {
		return slices.ContainsFunc(s.Texts, func(line string) bool { return strings.Contains(line, text) })
	})
}

func (m *machine) saysNot(text string) {
	m.t.Helper()
	m.screen("free of "+text, func(s control.Screen) bool {
		return !slices.ContainsFunc(s.Texts, func(line string) bool { return strings.Contains(line, text) })
	})
}

// device waits until status tells a device's state.
func (m *machine) device(name, state string) control.Device {
	m.t.Helper()
	var last control.Device
	for late := time.Now().Add(patient); time.Now().Before(late); time.Sleep(20 * time.Millisecond) {
		s, err := m.Status(context.Background())
		if err != nil {
			m.t.Fatal(err)
		}
		for _, d := range s.Devices {
			if d.Name == name {
				last = d
			}
		}
		if last.State == state {
			return last
		}
	}
	m.t.Fatalf("%s never was %s: %+v", name, state, last)
	return last
}

// A card that can't be read is told; a ticket's code shows its number; a printer in
// trouble is told in the head. What a good card does, TestWalksAwayFromACard has.
func TestDevicesOnTheScreen(t *testing.T) {
	env := xvfb(t, 1080, 1920)
	h := newHall(t)
	m := newMachine(t, h.ports(115200))
	p := m.run(env)
	m.screen("first", named("first"))
	m.device("reader", "ready")
	m.device("scanner", "ready")

	h.do("/reader/fail?command=read&sw3=41&times=1")
	h.do("/reader/put?card=resident")
	m.screen("telling", named("device"))
	m.tap(env, "知道了")
	h.do("/reader/lift")
	m.screen("first", named("first"))

	r := m.takeVerb("-item", "RS001")
	h.scan(string(r.ID))
	s := m.says("再印一张")
	if s.Name != "standing" || ticketNumber(s) != r.Number {
		t.Errorf("the code of %s shows %s: %v", r.Number, s.Name, s.Texts)
	}
	m.home(env, "好了")
	h.scan("https://example.com/something-else")
	m.screen("telling", named("device"))
	m.tap(env, "知道了")

	h.do("/printer/paper-out")
	m.says("没有纸了")
	// A number without paper stays, whatever happens around it.
	m.tap(env, "公积金")
	m.tap(env, "取号")
	s = m.screen("a ticket without paper", func(s control.Screen) bool {
		return s.Name == "ticket" && slices.Contains(s.Texts, "打印机没有纸了")
	})
	number := ticketNumber(s)
	h.scan(string(r.ID))
	h.do("/reader/put?card=hmt")
	m.tap(env, "找人帮忙")
	m.screen("calling", named("help"))
	h.do("/reader/lift")
	m.tap(env, "不用了")
	if s := m.screen("the ticket again", named("ticket")); ticketNumber(s) != number {
		t.Errorf("the screen shows %s, not %s", ticketNumber(s), number)
	}
	h.do("/printer/paper-new")
	m.says("请取走您的号") // paper after all
	if text := strings.Join(h.newest().Text, " "); !strings.Contains(text, number) {
		t.Errorf("the paper says %s", text)
	}
	m.home(env, "好了")
	m.saysNot("没有纸了")
	// A number of another day is not shown as if it counted.
	db, err := sql.Open("sqlite3", filepath.Join(m.dir, "kiosk.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("UPDATE ticket SET day = '2020-01-01' WHERE id = ?", r.ID); err != nil {
		t.Fatal(err)
	}
	db.Close()
	h.scan(string(r.ID))
	m.says("重新取号")
	m.tap(env, "知道了")
	h.do("/reader/unplug")
	m.device("reader", "gone")
	h.do("/reader/plug")
	m.device("reader", "ready")
	if code := p.stop(); code != 0 {
		t.Errorf("exit %d", code)
	}
	// Whatever was read, nothing of it is left in a file or a log.
	files, err := filepath.Glob(filepath.Join(m.dir, "*"))
	if err != nil || len(files) < 3 {
		t.Fatalf("files %v (%v)", files, err)
	}
	for _, secret := range []string{"11010519491231002X", "张三", "样本路", "810000199408230021", "李四"} {
		if strings.Contains(p.said(), secret) {
			t.Errorf("the kiosk said %s", secret)
		}
		for _, name := range files {
			if data, err := os.ReadFile(name); err == nil && bytes.Contains(data, []byte(secret)) {
				t.Errorf("%s holds %s", name, secret)
			}
		}
	}
}

// The cabinet: door and tampering lock the screen and are told to the center, a
// contact warns of the roll's end, presence wakes the screen.
func TestCabinet(t *testing.T) {
	env := xvfb(t, 1080, 1920)
	h := newHall(t)
	m := newMachine(t, h.ports(115200)+`[cabinet]
lamp = "GPIO4"
buzzer = "GPIO5"
presence = "GPIO6"
door = "GPIO7"
tamper = "GPIO8"
paper_low = "GPIO9"
[screen]
rest_after = 1
`)
	m.wire("GPIO9", "1") // closes to ground near the end
	p := m.runWired(env)
	m.screen("resting", named("rest"))
	m.wire("GPIO6", "1")
	m.screen("first", named("first"))

	m.wire("GPIO7", "1")
	s := m.screen("locked", named("locked"))
	if find(s, "重新开始") != nil || find(s, "社保卡") != nil {
		t.Errorf("a locked screen offers %v", s.Targets)
	}
	if d := m.device("cabinet", "door_open"); d.Hint == "" {
		t.Error("no hint")
	}
	m.wire("GPIO7", "0")
	m.screen("first", named("first"))

	m.wire("GPIO8", "1")
	m.screen("locked", named("locked"))
	m.wire("GPIO8", "0")
	m.device("cabinet", "tampered")
	p.stop() // a restart doesn't forget it
	p = m.runWired(env)
	m.screen("still locked", named("locked"))
	if out, errOut, code := m.verb("unlock"); code != 0 {
		t.Fatalf("unlock: exit %d %s%s", code, out, errOut)
	}
	m.screen("first", named("first"))

	m.tap(env, "找人帮忙")
	m.screen("calling", named("help"))
	m.tap(env, "不用了")
	m.screen("first", named("first"))

	m.device("printer", "ready")
	m.wire("GPIO9", "0")
	m.device("printer", "near_end")

	want := []string{"cabinet.door true", "cabinet.door false", "cabinet.tamper true", "cabinet.tamper false"}
	got := column(t, filepath.Join(m.dir, "kiosk.db"), "SELECT kind || ' ' || CASE json_extract(body, '$.open') WHEN 1 THEN 'true' ELSE 'false' END FROM event WHERE kind LIKE 'cabinet.%' ORDER BY seq")
	if !slices.Equal(got, want) {
		t.Errorf("events %v, want %v", got, want)
	}
	if got := column(t, filepath.Join(m.dir, "kiosk.db"), "SELECT json_extract(body, '$.called') FROM event WHERE kind = 'help.called' ORDER BY seq"); !slices.Equal(got, []string{"1", "0"}) {
		t.Errorf("staff was called %v", got)
	}
	m.wire("GPIO6", "0")
	m.screen("resting again", named("rest"))
	cmd := exec.Command("xdotool", "mousemove", "500", "900", "click", "1")
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	m.screen("first", named("first"))
	if code := p.stop(); code != 0 {
		t.Errorf("exit %d", code)
	}
}

// A line that the machine lacks is told, and the rest works.
func TestCabinetWithoutLines(t *testing.T) {
	m := newMachine(t, "[cabinet]\ndoor = \"GPIO99\"\n")
	m.run(nil, "-headless")
	if d := m.device("cabinet", "gone"); !strings.Contains(d.Hint, "GPIO99") {
		t.Errorf("hint %q", d.Hint)
	}
	if r := m.takeVerb("-item", "RS001"); r.Number == "" {
		t.Error("no number")
	}
}

// Every state of the printer is told by status, with a hint, and goes again.
func TestPrinterStates(t *testing.T) {
	h := newHall(t)
	m := newMachine(t, h.ports(115200))
	p := m.run(nil, "-headless")
	m.device("printer", "ready")
	for _, c := range []struct{ verb, state, mend string }{
		{"paper-near", "near_end", "paper-new"}, {"paper-out", "paper_out", "paper-new"}, {"cover-open", "cover_open", "cover-close"}, {"jam", "jam", "clear"},
		{"cutter", "cutter", "clear"}, {"hot", "hot", "clear"}, {"fatal", "fatal", "clear"}, {"offline", "offline", "clear"}, {"silent", "silent", "clear"}, {"off", "gone", "on"},
	} {
		h.do("/printer/" + c.verb)
		if d := m.device("printer", c.state); d.Hint == "" {
			t.Errorf("%s: no hint", c.state)
		}
		h.do("/printer/" + c.mend)
		m.device("printer", "ready")
	}
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", p.cmd.Process.Pid))
	if err != nil || !regexp.MustCompile(`Max core file size +0 `).Match(limits) {
		t.Errorf("core dumps are possible: %v\n%s", err, limits)
	}
}
