package main_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const patient = 2 * time.Minute

// hall is `hallsim up` as make run starts it.
type hall struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines chan string
	said  bytes.Buffer
}

func up(t *testing.T, bin, data string) *hall {
	t.Helper()
	cmd := exec.Command(filepath.Join(bin, "hallsim"), "up", "-data", data, "-virtual")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	h := &hall{t: t, cmd: cmd, lines: make(chan string, 100)}
	go func() {
		for s := bufio.NewScanner(out); s.Scan(); {
			h.lines <- s.Text()
		}
		close(h.lines)
	}()
	return h
}

// wait returns the address on the line that has sign.
func (h *hall) wait(sign string) string {
	h.t.Helper()
	late := time.After(patient)
	for {
		select {
		case line, ok := <-h.lines:
			if !ok {
				h.t.Fatalf("it ended and never said %q:\n%s", sign, h.said.String())
			}
			fmt.Fprintln(&h.said, line)
			if strings.Contains(line, sign) {
				fields := strings.Fields(line)
				return fields[len(fields)-1]
			}
		case <-late:
			h.t.Fatalf("it never said %q:\n%s", sign, h.said.String())
		}
	}
}

// end presses Ctrl-C and returns the exit code.
func (h *hall) end() int {
	h.t.Helper()
	h.cmd.Process.Signal(syscall.SIGINT)
	return h.exit()
}

// exit waits for the end and returns the exit code.
func (h *hall) exit() int {
	for line := range h.lines {
		fmt.Fprintln(&h.said, line)
	}
	h.cmd.Wait()
	return h.cmd.ProcessState.ExitCode()
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v", url, resp.Status, err)
	}
	return string(body)
}

// What make run puts up: the screen in a browser, the devices' page, the
// center, all on loopback; Ctrl-C ends every process; the next run keeps the
// numbers; a second one at the same time is refused.
func TestUp(t *testing.T) {
	bin, data := t.TempDir(), t.TempDir()
	build := exec.Command("go", "build", "-o", bin+"/", "./cmd/...")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	take := func() (number, print string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), patient)
		defer cancel()
		out, err := exec.CommandContext(ctx, filepath.Join(bin, "kiosk"), "take", "-config", filepath.Join(data, "kiosk.toml"), "-item", "RS001", "-json").Output()
		var r struct{ Number, Print string }
		if err != nil || json.Unmarshal(out, &r) != nil {
			t.Fatalf("take: %v %s", err, out)
		}
		return r.Number, r.Print
	}

	h := up(t, bin, data)
	screen, devices, center := h.wait("touchscreen "), h.wait("scanner "), h.wait("中心")
	h.wait("Ctrl-C")
	if page := fetch(t, screen); !strings.Contains(page, "noVNC") {
		t.Errorf("the screen's page is %.200s", page)
	}
	if page := fetch(t, devices); !strings.Contains(page, strings.Split(screen, "?")[0]) && !strings.Contains(fetch(t, devices+"/state"), "vnc.html") {
		t.Errorf("the devices' page doesn't show the screen: %.200s", page)
	}
	if number, print := take(); number != "A001" || print != "printed" {
		t.Errorf("took %s, %s", number, print)
	}
	if page := fetch(t, devices+"/state"); !strings.Contains(page, "A001") {
		t.Errorf("no paper: %s", page)
	}
	heard := func() bool { // the number is of yesterday before the change of day, and of the queue's next opening while it is closed
		for n := -1; n <= 14; n++ {
			if strings.Contains(fetch(t, center+"/v1/halls/center/queues?day="+time.Now().AddDate(0, 0, n).Format(time.DateOnly)), "A001") {
				return true
			}
		}
		return false
	}
	for late := time.Now().Add(patient); !heard(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(late) {
			t.Fatal("the center never heard of A001")
		}
	}
	if exposed := listeners(t, h.cmd.Process.Pid); len(exposed) > 0 {
		t.Errorf("listens outside loopback: %v", exposed)
	}
	second := up(t, bin, data)
	if code := second.exit(); code != 1 || !strings.Contains(second.said.String(), "already runs") {
		t.Errorf("a second one on the same data: exit %d\n%s", code, second.said.String())
	}
	children := descendants(t, h.cmd.Process.Pid)
	if len(children) < 6 { // Xvfb, x11vnc, websockify, center, hallsim, kiosk
		t.Errorf("only %d processes", len(children))
	}
	if code := h.end(); code != 0 {
		t.Errorf("Ctrl-C: exit %d\n%s", code, h.said.String())
	}
	for _, pid := range children {
		if _, err := os.Stat(fmt.Sprintf("/proc/%d/exe", pid)); err == nil {
			line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
			t.Errorf("left behind: %s", bytes.ReplaceAll(line, []byte{0}, []byte(" ")))
		}
	}

	h = up(t, bin, data)
	h.wait("Ctrl-C")
	if number, _ := take(); number != "A002" {
		t.Errorf("the next run gives %s: the data wasn't kept", number)
	}
	if code := h.end(); code != 0 {
		t.Errorf("the second run: exit %d", code)
	}
}

// descendants returns the ids of a process's children and theirs.
func descendants(t *testing.T, pid int) []int {
	t.Helper()
	var all []int
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, name := range tasks {
		data, _ := os.ReadFile(name)
		for _, f := range strings.Fields(string(data)) {
			var child int
			fmt.Sscan(f, &child)
			all = append(append(all, child), descendants(t, child)...)
		}
	}
	return all
}

// listeners returns the addresses outside loopback on which a process or its
// descendants listen.
func listeners(t *testing.T, pid int) []string {
	t.Helper()
	mine := map[string]bool{}
	for _, p := range append(descendants(t, pid), pid) {
		fds, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", p))
		for _, fd := range fds {
			if link, err := os.Readlink(fd); err == nil && strings.HasPrefix(link, "socket:[") {
				mine[strings.Trim(link, "socket:[]")] = true
			}
		}
	}
	var out []string
	found := 0
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		data, err := os.ReadFile(table)
		if err != nil {
			continue
		}
		for _, line := range strings.Split(string(data), "\n")[1:] {
			f := strings.Fields(line)
			if len(f) < 10 || f[3] != "0A" || !mine[f[9]] { // 0A: listening
				continue
			}
			found++
			if ip := address(strings.Split(f[1], ":")[0]); !ip.IsLoopback() {
				out = append(out, ip.String())
			}
		}
	}
	if found < 4 { // the center, the devices' page, VNC, noVNC
		t.Errorf("only %d listening sockets were found", found)
	}
	return out
}

// address reads an address as the kernel writes it: 32-bit words, each with
// its bytes turned round.
func address(hex string) net.IP {
	var ip net.IP
	for i := 0; i+8 <= len(hex); i += 8 {
		var b [4]byte
		fmt.Sscanf(hex[i:i+8], "%02X%02X%02X%02X", &b[3], &b[2], &b[1], &b[0])
		ip = append(ip, b[:]...)
	}
	return ip
}
