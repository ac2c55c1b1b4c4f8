package main_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/control"
)

// bin is where TestMain built the programs.
var bin string

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && strings.HasPrefix(os.Args[1], "ear-") { // also of a wired kiosk
		os.Exit(runEar(os.Args[1:]))
	}
	if config := os.Getenv("KIOSK_TEST_WIRED"); config != "" {
		os.Exit(runWired(config))
	}
	dir, err := os.MkdirTemp("", "hallkiosk")
	if err != nil {
		panic(err)
	}
	build := exec.Command("go", "build", "-o", dir+"/", "./cmd/...")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%s", out)
		os.Exit(1)
	}
	bin = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// patient bounds every wait for an event; it is no measure of speed.
const patient = 2 * time.Minute

// process is a program under test, followed by its output.
type process struct {
	t    testing.TB
	name string
	cmd  *exec.Cmd
	done chan struct{} // closed when it ended
	err  error         // of Wait, after done

	mu    sync.Mutex
	lines []string
	grown chan struct{}
}

// start starts a program. It is killed at the end of the test at the latest.
func start(t testing.TB, env []string, program string, args ...string) *process {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), env...)
	return follow(t, cmd)
}

func follow(t testing.TB, cmd *exec.Cmd) *process {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, name: filepath.Base(cmd.Path), cmd: cmd, done: make(chan struct{}), grown: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = w, w
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	go func() {
		for s := bufio.NewScanner(r); s.Scan(); {
			p.mu.Lock()
			p.lines = append(p.lines, s.Text())
			close(p.grown)
			p.grown = make(chan struct{})
			p.mu.Unlock()
		}
		p.err = cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s said:\n%s", p.name, p.said())
		}
	})
	return p
}

func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.lines, "\n")
}

// wait waits for a line that begins with sign and returns its rest.
func (p *process) wait(sign string) string {
	p.t.Helper()
	late := time.After(patient)
	for {
		p.mu.Lock()
		for _, l := range p.lines {
			if rest, ok := strings.CutPrefix(l, sign); ok {
				p.mu.Unlock()
				return rest
			}
		}
		grown := p.grown
		p.mu.Unlock()
		select {
		case <-grown:
		case <-p.done:
			p.t.Fatalf("%s ended (%v) and never said %q:\n%s", p.name, p.err, sign, p.said())
		case <-late:
			p.t.Fatalf("%s never said %q:\n%s", p.name, sign, p.said())
		}
	}
}

func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.done
}

// stop asks the program to end and returns its exit code.
func (p *process) stop() int {
	p.t.Helper()
	p.cmd.Process.Signal(syscall.SIGTERM)
	return p.exit()
}

// exit waits for the end and returns the exit code.
func (p *process) exit() int {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(patient):
		p.cmd.Process.Signal(syscall.SIGQUIT) // it tells where each goroutine stands
		<-p.done
		p.t.Fatalf("%s doesn't end:\n%s", p.name, p.said())
	}
	return p.cmd.ProcessState.ExitCode()
}

// machine is one kiosk with its folder and config.
type machine struct {
	t      testing.TB
	dir    string
	config string
	taps   int // that were sent
	control.Client
}

// allDay copies the shipped catalog into dir with every queue open around the
// clock, so that no test depends on when it runs.
func allDay(t testing.TB, dir string) string {
	t.Helper()
	dir = filepath.Join(dir, "catalog")
	if err := os.CopyFS(dir, os.DirFS("../../configs/catalog")); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "hall.toml")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := strings.Cut(string(data), "[hours]")
	hours, rest, _ := strings.Cut(rest, "[[zone]]")
	hours = regexp.MustCompile(`(?m)^([a-z]+) = ".*"`).ReplaceAllString(hours, `$1 = "24/7"`)
	if err := os.WriteFile(name, []byte(head+"[hours]"+hours+"[[zone]]"+rest), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// noon names a time zone in which it is between eleven and one o'clock now, far
// from any change of day.
func noon() string {
	if offset := 12 - time.Now().UTC().Hour(); offset != 0 {
		return fmt.Sprintf("Etc/GMT%+d", -offset) // POSIX counts westward
	}
	return "Etc/GMT"
}

// newMachine writes a config: the least there is, and more lines in TOML. It is
// about noon there, and every queue is open.
func newMachine(t testing.TB, more string) *machine {
	t.Helper()
	m := &machine{t: t, dir: t.TempDir()}
	m.config = filepath.Join(m.dir, "kiosk.toml")
	m.Path = filepath.Join(m.dir, "kiosk.sock")
	text := "[kiosk]\nid = \"K1\"\nhall = \"center\"\nseries = 1\ntimezone = \"" + noon() + "\"\n"
	if !strings.Contains(more, "[catalog]") {
		text += fmt.Sprintf("[catalog]\npath = %q\n", allDay(t, m.dir))
	}
	if !strings.Contains(more, "[store]") {
		text += "[store]\npath = \"kiosk.db\"\n"
	}
	if err := os.WriteFile(m.config, []byte(text+more), 0o600); err != nil {
		t.Fatal(err)
	}
	return m
}

// run starts the kiosk and waits until it is ready.
func (m *machine) run(env []string, flags ...string) *process {
	m.t.Helper()
	p := start(m.t, env, filepath.Join(bin, "kiosk"), append([]string{"run", "-config", m.config}, flags...)...)
	p.wait("kiosk: ready")
	return p
}

// verb runs one of the technician's verbs.
func (m *machine) verb(args ...string) (stdout, stderr string, code int) {
	m.t.Helper()
	var out, errOut bytes.Buffer
	n := 1 // the verb, and what it looks into
	if args[0] == "doctor" {
		n = 2
	}
	cmd := exec.Command(filepath.Join(bin, "kiosk"), slices.Concat(args[:n], []string{"-config", m.config}, args[n:])...)
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		m.t.Fatal(err)
	}
	return out.String(), errOut.String(), cmd.ProcessState.ExitCode()
}

// takeVerb takes a number as a technician would.
func (m *machine) takeVerb(args ...string) control.TakeReply {
	m.t.Helper()
	out, errOut, code := m.verb(append([]string{"take", "-json"}, args...)...)
	var r control.TakeReply
	if err := json.Unmarshal([]byte(out), &r); err != nil || code != 0 {
		m.t.Fatalf("take %v: exit %d, %s%s", args, code, out, errOut)
	}
	return r
}

// xvfb starts a virtual display and returns its environment.
func xvfb(t testing.TB, width, height int) []string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", fmt.Sprintf("%dx%dx24", width, height), "-nolisten", "tcp", "-noreset")
	cmd.ExtraFiles = []*os.File{w}
	follow(t, cmd)
	w.Close()
	number, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return []string{"DISPLAY=:" + strings.TrimSpace(number)}
}

// screen waits until the screen is as wanted.
func (m *machine) screen(what string, want func(control.Screen) bool) control.Screen {
	m.t.Helper()
	var last control.Screen
	for late := time.Now().Add(patient); time.Now().Before(late); {
		s, err := m.Screen(context.Background())
		if kiosk.CodeOf(err) == kiosk.EUnavailable {
			continue // a slow machine: it was busy drawing
		}
		if err != nil {
			m.t.Fatal(err)
		}
		if want(s) {
			return s
		}
		last = s
		time.Sleep(20 * time.Millisecond)
	}
	m.t.Fatalf("the screen never was %s; it is %s: %v", what, last.Name, last.Texts)
	return last
}

func named(name string) func(control.Screen) bool {
	return func(s control.Screen) bool { return s.Name == name }
}

// tap touches the target with that label, as a finger would.
func (m *machine) tap(env []string, label string) {
	m.t.Helper()
	s := m.screen("showing "+label, func(s control.Screen) bool { return find(s, label) != nil })
	t := find(s, label)
	cmd := exec.Command("xdotool", "mousemove", strconv.Itoa(t.X+t.Width/2), strconv.Itoa(t.Y+t.Height/2), "click", "1")
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		m.t.Fatalf("xdotool: %v %s", err, out)
	}
	m.taps++
}

// home leaves the ticket screen by its button, unless the machine was so slow
// that it went by itself.
func (m *machine) home(env []string, done string) {
	m.t.Helper()
	s := m.screen("first, or the ticket", func(s control.Screen) bool { return s.Name == "first" || find(s, done) != nil })
	if s.Name != "first" {
		m.tap(env, done)
	}
	m.screen("first", named("first"))
}

func find(s control.Screen, label string) *control.Target {
	for i := range s.Targets {
		if s.Targets[i].Label == label {
			return &s.Targets[i]
		}
	}
	return nil
}

// hall is a running hallsim.
type hall struct {
	t   testing.TB
	dir string
	url string

	torn bool // commands were broken off in the middle, so not all can be known
}

func newHall(t testing.TB, flags ...string) *hall {
	t.Helper()
	h := &hall{t: t, dir: t.TempDir()}
	p := start(t, nil, filepath.Join(bin, "hallsim"), append([]string{"-dir", h.dir, "-speed", "400"}, flags...)...)
	h.url = "http://" + p.wait("hallsim: http://")
	return h
}

// ports is the config of a kiosk with all of the hall's devices.
func (h *hall) ports(baud int) string {
	return fmt.Sprintf("[printer]\nport = %q\nbaud = %d\n[reader]\nport = %q\n[scanner]\nport = %q\n",
		filepath.Join(h.dir, "printer"), baud, filepath.Join(h.dir, "reader"), filepath.Join(h.dir, "scanner"))
}

// paper is one piece of paper that came out.
type paper struct {
	ID    int       `json:"id"`
	Text  []string  `json:"text"`
	QR    []string  `json:"qr"`
	Whole bool      `json:"whole"`
	Bytes int       `json:"bytes"`
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
}

func (h *hall) papers() []paper {
	h.t.Helper()
	var s struct {
		Papers  []paper  `json:"papers"`
		Unknown []string `json:"unknown"`
	}
	get(h.t, h.url+"/state", &s)
	if len(s.Unknown) > 0 && !h.torn {
		h.t.Fatalf("the printer didn't know %v", s.Unknown)
	}
	return s.Papers
}

// do works a button of the hall's page.
func (h *hall) do(path string) {
	h.t.Helper()
	resp, err := http.Post(h.url+path, "", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		body, _ := io.ReadAll(resp.Body)
		h.t.Fatalf("%s: %s %s", path, resp.Status, body)
	}
}

func get(t testing.TB, url string, v any) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(v); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v", url, resp.Status, err)
	}
}

// centerServer is a center on a port that it keeps over restarts.
type centerServer struct {
	t      testing.TB
	dir    string
	config string
	addr   string
	more   string // of the config
	proc   *process
}

func newCenter(t testing.TB) *centerServer {
	t.Helper()
	c := &centerServer{t: t, dir: t.TempDir()}
	c.config = filepath.Join(c.dir, "center.toml")
	c.write("127.0.0.1:0")
	for name, text := range map[string]string{"center.tokens": "K1 a-token-for-tests-only center\nK2 another-token-for-tests center\n",
		"kiosk.token": "a-token-for-tests-only\n", "second.token": "another-token-for-tests\n"} {
		if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c.start()
	c.write(c.addr)
	return c
}

func (c *centerServer) write(listen string) {
	text := fmt.Sprintf("listen = %q\ntokens_file = \"center.tokens\"\ntimezone = %q\n[store]\npath = \"center.db\"\n", listen, noon()) + c.more
	if err := os.WriteFile(c.config, []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

func (c *centerServer) start() {
	c.t.Helper()
	c.proc = start(c.t, nil, filepath.Join(bin, "center"), "run", "-config", c.config)
	c.addr = c.proc.wait("center: listening on http://")
}

// link is the config of a kiosk that belongs to this center.
func (c *centerServer) link() string {
	return fmt.Sprintf("[center]\nnumber_budget = 2000\nurl = %q\ntoken_file = %q\n", "http://"+c.addr, filepath.Join(c.dir, "kiosk.token"))
}

// second makes a machine of this center a kiosk beside the first, with a series of
// its own.
func (c *centerServer) second(m *machine) *machine {
	c.t.Helper()
	text := strings.NewReplacer("id = \"K1\"", "id = \"K2\"", "series = 1\n", "series = 2\n", "kiosk.token", "second.token").Replace(readFile(c.t, m.config))
	if err := os.WriteFile(m.config, []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
	return m
}

// newest returns the paper that came out last.
func (h *hall) newest() paper {
	h.t.Helper()
	papers := h.papers()
	if len(papers) == 0 {
		h.t.Fatal("no paper")
	}
	return slices.MaxFunc(papers, func(a, b paper) int { return a.ID - b.ID })
}
