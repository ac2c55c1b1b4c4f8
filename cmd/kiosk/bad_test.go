package main_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/serialport/serialtest"
)

func contains(text string, all ...string) bool {
	for _, s := range all {
		if !strings.Contains(text, s) {
			return false
		}
	}
	return true
}

// What is wrong is said in words to act on, with the right exit code.
func TestBadConfig(t *testing.T) {
	write := func(t *testing.T, text string) string {
		path := filepath.Join(t.TempDir(), "kiosk.toml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	least := "[kiosk]\nid = \"K1\"\nhall = \"h\"\n[store]\npath = \"kiosk.db\"\n"
	catalog := func(t *testing.T, dept string) string {
		dir := t.TempDir()
		files := map[string]string{"hall.toml": "[hall]\nzh = \"厅\"\n[hours]\nday = \"24/7\"\n[[zone]]\nid = \"A\"\nname = { zh = \"甲\" }\n", "one.toml": dept}
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return write(t, least+fmt.Sprintf("[catalog]\npath = %q\n", dir))
	}
	dept := "[department]\nid = \"x\"\nname = { zh = \"局\" }\nzone = \"A\"\n[[queue]]\nid = \"A\"\nname = { zh = \"队\" }\nzone = \"A\"\nwindows = \"1\"\ncount = 1\nhours = \"day\"\n"
	item := "[[item]]\ncode = \"X001\"\nname = { zh = \"事\" }\nqueue = \"A\"\nminutes = 5\n"
	for _, c := range []struct {
		name, config string
		want         []string
	}{
		{"Missing", filepath.Join(t.TempDir(), "none.toml"), []string{"no such file", "没有这个文件"}},
		{"Directory", t.TempDir(), []string{"is a directory", "文件夹"}},
		{"TenMegabytes", write(t, strings.Repeat("# filling\n", 1<<20)), []string{"bytes, more than", "文件太大"}},
		{"NotUTF8", write(t, "[kiosk]\nid = \"\xC4\xE3\"\n"), []string{":2:7: is not UTF-8", "另存为 UTF-8"}},
		{"Typo", write(t, least+"[printer]\nbuad = 9600\n"), []string{`:7:1: unknown key "buad" in [printer]. Did you mean "baud"?`}},
		{"Paper", write(t, least+"[printer]\npaper = 81\n"), []string{":7:1: paper is 81 mm"}},
		{"ItemTwice", catalog(t, dept+item+item), []string{"one.toml:18:1: item X001 is defined twice", "重复"}},
		{"UnknownQueue", catalog(t, dept+strings.Replace(item, "\"A\"", "\"Q\"", 1)), []string{"one.toml:15:1: item X001 is in queue \"Q\", which no file defines"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &machine{t: t, config: c.config}
			for _, verb := range []string{"check", "run", "items"} {
				_, errOut, code := m.verb(verb)
				if code != 2 || !contains(errOut, c.want...) {
					t.Errorf("%s: exit %d, want 2 and %q:\n%s", verb, code, c.want, errOut)
				}
			}
		})
	}
	t.Run("Sound", func(t *testing.T) {
		m := &machine{t: t, config: catalog(t, dept+item)}
		if out, errOut, code := m.verb("check"); code != 0 || !contains(out, "没有问题") {
			t.Errorf("check: exit %d %s%s", code, out, errOut)
		}
		for size, small := range map[string]bool{"4.03\nwidth = 1080\nheight = 1920": false, "3.37\nwidth = 1024\nheight = 768": false, "4.92\nwidth = 1024\nheight = 768": true} {
			config, err := os.ReadFile(m.config)
			if err != nil {
				t.Fatal(err)
			}
			m := &machine{t: t, config: write(t, string(config)+"[screen]\npx_per_mm = "+size+"\n")}
			out, _, code := m.verb("check")
			if code != 0 || small != contains(out, "按钮最小只有", "the least side of a button is") {
				t.Errorf("check of a panel of %q: exit %d %s", size, code, out)
			}
		}
		if out, _, code := m.verb("items"); code != 0 || out != "X001\t事\n" {
			t.Errorf("items: exit %d %q", code, out)
		}
		if out, _, code := m.verb("items", "-find", "SHI"); code != 0 || out != "X001\t事\t\n" {
			t.Errorf("items -find SHI: exit %d %q", code, out)
		}
		if out, errOut, code := m.verb("items", "-find", "zzz"); code != 1 || out != "" || !contains(errOut, "没有找到") {
			t.Errorf("items -find zzz: exit %d %q %q", code, out, errOut)
		}
	})
	t.Run("Verbs", func(t *testing.T) {
		m := newMachine(t, "")
		for _, c := range []struct {
			args []string
			code int
			want string
		}{
			{[]string{"dance"}, 2, "dance"},
			{[]string{"take", "-item", "RS001"}, 1, "start it with `kiosk run`"},
			{[]string{"status"}, 1, "没有运行"},
			{[]string{"shot"}, 2, "OUT.png"},
			{[]string{"take", "-colour", "red"}, 2, "-colour"},
		} {
			if _, errOut, code := m.verb(c.args...); code != c.code || !strings.Contains(errOut, c.want) && c.want != "OUT.png" {
				t.Errorf("%v: exit %d, %s; want %d and %q", c.args, code, errOut, c.code, c.want)
			}
		}
	})
}

// A request that can't be right gives nothing and says why.
func TestBadRequests(t *testing.T) {
	m := newMachine(t, "")
	m.run(nil, "-headless")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-item", "NOTHING"}, "没有这个事项：NOTHING"},
		{nil, "请选一到二十件事"},
		{[]string{"-item", "RS001", "-item", "BD001"}, "不在同一个队列"},
		{[]string{"-item", "RS001", "-request", strings.Repeat("x", 65)}, "太长"},
	} {
		if _, errOut, code := m.verb(append([]string{"take"}, c.args...)...); code != 2 || !strings.Contains(errOut, c.want) {
			t.Errorf("%v: exit %d, %s; want 2 and %q", c.args, code, errOut, c.want)
		}
	}
	if r := m.takeVerb("-item", "RS001"); r.Number != "A001" {
		t.Errorf("bad requests used numbers up: %s", r.Number)
	}
}

// Only one kiosk works on a store and a socket; what is in the way is named.
func TestSecondKiosk(t *testing.T) {
	refused := func(t *testing.T, m *machine, code int, want ...string) {
		t.Helper()
		p := start(t, nil, filepath.Join(bin, "kiosk"), "run", "-headless", "-config", m.config)
		if got := p.exit(); got != code || !contains(p.said(), want...) {
			t.Errorf("exit %d, want %d and %q:\n%s", got, code, want, p.said())
		}
	}
	t.Run("SameStore", func(t *testing.T) {
		m := newMachine(t, "")
		p := m.run(nil, "-headless")
		refused(t, m, 125, fmt.Sprintf("process %d", p.cmd.Process.Pid), "另一个取号程序")
		if r := m.takeVerb("-item", "RS001"); r.Number != "A001" {
			t.Errorf("the first one was hurt: %+v", r)
		}
	})
	t.Run("SameSocket", func(t *testing.T) {
		first := newMachine(t, "")
		first.run(nil, "-headless")
		refused(t, newMachine(t, fmt.Sprintf("[control]\nsocket = %q\n", first.Path)), 125, "another kiosk answers on "+first.Path)
	})
	t.Run("LeftoverSocket", func(t *testing.T) {
		m := newMachine(t, "")
		l, err := net.Listen("unix", m.Path)
		if err != nil {
			t.Fatal(err)
		}
		l.(*net.UnixListener).SetUnlinkOnClose(false)
		l.Close()
		m.run(nil, "-headless")
		if r := m.takeVerb("-item", "RS001"); r.Number != "A001" {
			t.Errorf("took %+v", r)
		}
	})
	t.Run("FileInTheWay", func(t *testing.T) {
		m := newMachine(t, "")
		if err := os.WriteFile(m.Path, []byte("precious"), 0o600); err != nil {
			t.Fatal(err)
		}
		refused(t, m, 2, m.Path+" is there and is no socket")
		if data, err := os.ReadFile(m.Path); err != nil || string(data) != "precious" {
			t.Errorf("the file was hurt: %q %v", data, err)
		}
	})
}

// inNamespace runs the kiosk with a small disk of its own mounted at dir.
func inNamespace(t *testing.T, m *machine, dir, mount string) *process {
	t.Helper()
	flags := "-m"
	if os.Getuid() != 0 {
		flags = "-rm"
	}
	return start(t, nil, "unshare", flags, "sh", "-c", mount+` && exec "$0" run -headless -config "$1"`, filepath.Join(bin, "kiosk"), m.config)
}

// A disk that is full gives no number and says so; one that is read-only keeps
// the kiosk from starting.
func TestBadDisk(t *testing.T) {
	t.Run("Full", func(t *testing.T) {
		disk := t.TempDir()
		m := newMachine(t, fmt.Sprintf("[store]\npath = %q\n[control]\nsocket = %q\n", filepath.Join(disk, "kiosk.db"), filepath.Join(t.TempDir(), "k.sock")))
		m.Path = strings.TrimSuffix(strings.Split(readFile(t, m.config), "socket = \"")[1], "\"\n")
		// What fills it lies there from the start.
		p := inNamespace(t, m, disk, "mount -t tmpfs -o size=1400k tmpfs "+disk+" && head -c 1000k /dev/zero >"+disk+"/others")
		p.wait("kiosk: ready")
		m.device("store", "ready")
		given := 0
		var refusal error
		for n := 1; n <= 2000; n++ {
			r, err := m.Take(context.Background(), kiosk.Request{ID: kiosk.RequestID(fmt.Sprint(n)), Items: []kiosk.ItemID{"RS001"}})
			if err != nil {
				refusal = err
				break
			}
			given++
			if want := fmt.Sprintf("A%03d", given); r.Number != want {
				t.Fatalf("number %s, want %s", r.Number, want)
			}
		}
		if kiosk.CodeOf(refusal) != kiosk.EDisk || !strings.Contains(kiosk.HintOf(refusal), "full") || given == 0 {
			t.Fatalf("after %d numbers: %v", given, refusal)
		}
		said := []string{"磁盘满了", "请腾出空间", "is full", "free some space", disk}
		if out, _, code := m.verb("status"); code != 0 || !contains(out, append(said, "store    disk ")...) || strings.Count(out, disk) != 1 {
			t.Errorf("status: exit %d\n%s", code, out)
		}
		if _, errOut, _ := m.verb("doctor", "printer"); !contains(errOut, append(said, "store disk")...) {
			t.Errorf("doctor: %s", errOut)
		}
		if _, errOut, code := m.verb("take", "-item", "RS001"); code != 1 || !contains(errOut, said...) {
			t.Errorf("take: exit %d, %s", code, errOut)
		}
		// Nothing that was given is lost, and nothing else is there.
		s, err := m.Status(context.Background())
		if err != nil || s.Queues["A"] != given {
			t.Errorf("%d given, status %+v (%v)", given, s.Queues, err)
		}
		t.Logf("%d numbers on 400 kB", given)
		if err := os.Remove(fmt.Sprintf("/proc/%d/root%s/others", p.cmd.Process.Pid, disk)); err != nil {
			t.Fatal(err)
		}
		if d := m.device("store", "ready"); d.Hint != "" {
			t.Errorf("room again: %+v", d)
		}
		if _, errOut, _ := m.verb("doctor", "printer"); contains(errOut, "store") {
			t.Errorf("room again: %s", errOut)
		}
		if r := m.takeVerb("-item", "RS001"); r.Number != fmt.Sprintf("A%03d", given+1) {
			t.Errorf("room again: %s after %d", r.Number, given)
		}
	})
	t.Run("ReadOnly", func(t *testing.T) {
		disk := t.TempDir()
		m := newMachine(t, fmt.Sprintf("[store]\npath = %q\n[control]\nsocket = %q\n", filepath.Join(disk, "kiosk.db"), filepath.Join(t.TempDir(), "k.sock")))
		p := inNamespace(t, m, disk, "mount -t tmpfs -o ro tmpfs "+disk)
		if code := p.exit(); code != 1 || !contains(p.said(), "read-only") {
			t.Errorf("exit %d:\n%s", code, p.said())
		}
	})
}

func readFile(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// Garbage on every line at once: the kiosk goes on and tells the truth.
func TestGarbageOnTheLines(t *testing.T) {
	ports := ""
	for _, name := range []string{"printer", "reader", "scanner"} {
		l, err := serialtest.Open()
		if err != nil {
			t.Fatal(err)
		}
		ports += fmt.Sprintf("[%s]\nport = %q\n", name, l.Path())
		done := make(chan struct{}, 2)
		go func() { io.Copy(io.Discard, l); done <- struct{}{} }()
		go func() {
			noise := make([]byte, 97)
			for i := range noise {
				noise[i] = byte(i*i*31 + i)
			}
			for {
				if _, err := l.Write(noise); err != nil {
					if errors.Is(err, os.ErrDeadlineExceeded) {
						continue
					}
					break
				}
			}
			done <- struct{}{}
		}()
		t.Cleanup(func() {
			l.Close()
			<-done
			<-done
		})
	}
	m := newMachine(t, ports)
	p := m.run(nil, "-headless")
	r := m.takeVerb("-item", "RS001")
	if r.Number != "A001" || r.Print == kiosk.Printed {
		t.Errorf("took %+v", r)
	}
	if s, err := m.Status(context.Background()); err != nil || s.Devices[0].State == "ready" {
		t.Errorf("status %+v (%v)", s.Devices, err)
	}
	if code := p.stop(); code != 0 {
		t.Errorf("ended with %d", code)
	}
}

// Without a display the window can't come up; the message says what to do.
func TestNoDisplay(t *testing.T) {
	m := newMachine(t, "")
	cmd := exec.Command(filepath.Join(bin, "kiosk"), "run", "-config", m.config)
	cmd.Env = append(os.Environ(), "DISPLAY=:9999")
	p := follow(t, cmd)
	if code := p.exit(); code != 1 || !contains(p.said(), "no X server on DISPLAY=\":9999\"", "-headless") {
		t.Errorf("exit %d:\n%s", code, p.said())
	}
}

// A store that was damaged is set aside, its backup restored, and no number of the
// day given twice; a store that is lost altogether makes the numbers leap.
func TestStoreIsRestored(t *testing.T) {
	m := newMachine(t, "")
	p := m.run(nil, "-headless")
	given := map[string]bool{}
	take := func() string {
		t.Helper()
		n := m.takeVerb("-item", "RS001").Number
		if given[n] {
			t.Errorf("%s is given twice", n)
		}
		given[n] = true
		return n
	}
	for range 5 {
		take()
	}
	p.stop() // backs up
	p = m.run(nil, "-headless")
	for range 3 {
		take() // these are not in the backup
	}
	p.kill()
	db := filepath.Join(m.dir, "kiosk.db")
	if err := os.WriteFile(db, []byte(strings.Repeat("no database ", 2000)), 0o600); err != nil {
		t.Fatal(err)
	}
	p = m.run(nil, "-headless")
	if d := m.device("store", "recovered"); d.Hint == "" {
		t.Error("nobody is told")
	}
	take()
	if got := column(t, db, "SELECT count(*) FROM ticket WHERE n <= 5"); got[0] != "5" {
		t.Errorf("%s of the five tickets came back", got[0])
	}
	p.stop()
	aside, err := filepath.Glob(filepath.Join(m.dir, "kiosk.db*"))
	if err != nil || len(aside) < 3 {
		t.Errorf("files: %v (%v)", aside, err)
	}
	for _, name := range []string{"kiosk.db", "kiosk.db-wal", "kiosk.db-shm"} {
		os.Remove(filepath.Join(m.dir, name))
	}
	os.RemoveAll(filepath.Join(m.dir, "backups"))
	m.run(nil, "-headless")
	for range 3 {
		take()
	}
}
