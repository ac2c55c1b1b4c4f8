package fire

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	kioskrun "hallkiosk/cmd/kiosk/terminal"
	"hallkiosk/configs"
	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center/pgtest"
	"hallkiosk/kiosk/control"
)

// patient bounds every wait for an event; it is no measure of speed.
const patient = 3 * time.Minute

// asKiosk names the config of a kiosk that this program is to be.
const asKiosk = "KIOSK_FIRE_CONFIG"

var bin string // where TestMain built the center

func TestMain(m *testing.M) {
	if config := os.Getenv(asKiosk); config != "" {
		os.Exit(runKiosk(config))
	}
	dir, err := os.MkdirTemp("", "hallkiosk-fire")
	if err != nil {
		panic(err)
	}
	build := exec.Command("go", "build", "-o", dir+"/", "hallkiosk/cmd/center")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%s", out)
		os.Exit(1)
	}
	bin = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// runKiosk is a kiosk whose clock is off by what the file clock beside its config
// says.
func runKiosk(config string) int {
	cfg, catalog, problems := configs.LoadKiosk(config)
	if len(problems.Fatal()) > 0 {
		fmt.Println(problems)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	file := filepath.Join(filepath.Dir(config), "clock")
	now := func() time.Time {
		text, err := os.ReadFile(file)
		off, bad := time.ParseDuration(string(text))
		if err != nil || bad != nil {
			off = 0
		}
		return time.Now().Add(off)
	}
	if err := kioskrun.Run(ctx, kioskrun.Opts{Config: cfg, Catalog: catalog, Headless: true, Out: os.Stdout, Now: now}); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// process is a program under fire.
type process struct {
	cmd  *exec.Cmd
	done chan struct{}

	mu    sync.Mutex
	lines []string
	grown chan struct{}
}

func start(t *testing.T, env []string, program string, args ...string) *process {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = w, w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	p := &process{cmd: cmd, done: make(chan struct{}), grown: make(chan struct{})}
	go func() {
		for s := bufio.NewScanner(r); s.Scan(); {
			p.mu.Lock()
			p.lines = append(p.lines, s.Text())
			close(p.grown)
			p.grown = make(chan struct{})
			p.mu.Unlock()
		}
		cmd.Wait()
		close(p.done)
	}()
	return p
}

func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.lines[max(0, len(p.lines)-20):], "\n")
}

// wait waits for a line that begins with sign and returns its rest; ok is false
// when the program ended before.
func (p *process) wait(t *testing.T, sign string) (rest string, ok bool) {
	t.Helper()
	late := time.After(patient)
	for {
		p.mu.Lock()
		for _, l := range p.lines {
			if rest, ok := strings.CutPrefix(l, sign); ok {
				p.mu.Unlock()
				return rest, true
			}
		}
		grown := p.grown
		p.mu.Unlock()
		select {
		case <-grown:
		case <-p.done:
			return "", false
		case <-late:
			t.Fatalf("it never said %q:\n%s", sign, p.said())
		}
	}
}

func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.done
}

// hall is everything that burns.
type hall struct {
	t       *testing.T
	pg      *pgtest.Server
	url     string
	centers []*centerServer
	kiosks  []*terminal
	queues  []kiosk.QueueID // of the items that are wanted
}

func newHall(t *testing.T, kiosks, centers int) *hall {
	t.Helper()
	catalog := allDay(t)
	h := newCenters(t, catalog, kiosks, centers)
	for i := range kiosks {
		h.kiosks = append(h.kiosks, newTerminal(t, h, i, catalog))
	}
	return h
}

// newCenters is a hall whose kiosks aren't there yet. The centers have env beside
// the test's own environment.
func newCenters(t *testing.T, catalog string, kiosks, centers int, env ...string) *hall {
	t.Helper()
	h := &hall{t: t}
	var err error
	if h.pg, err = pgtest.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.pg.Stop(); err != nil {
			t.Error(err)
		}
	})
	if h.url, err = h.pg.NewDatabase(t.Context()); err != nil {
		t.Fatal(err)
	}
	offered, problems := configs.LoadCatalog(os.DirFS(catalog), "catalog")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, id := range wanted {
		item, _ := offered.Item(id)
		h.queues = append(h.queues, item.Queue)
	}
	tokens := ""
	for i := range kiosks {
		tokens += fmt.Sprintf("K%d %s\n", i+1, tokenOf(i))
	}
	for range centers {
		h.centers = append(h.centers, newCenter(t, h.url, tokens, env))
	}
	return h
}

// tokenOf is the token of kiosk i, from 0.
func tokenOf(i int) string { return fmt.Sprintf("a-token-of-kiosk-%d-for-tests", i+1) }

// allDay is the shipped catalog with every queue open around the clock.
func allDay(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "catalog")
	if err := os.CopyFS(dir, os.DirFS("../../../configs/catalog")); err != nil {
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
	write(t, name, head+"[hours]"+hours+"[[zone]]"+rest)
	return dir
}

// noon names a time zone in which it is about noon now, far from any change of day
// for a clock that is two hours off.
func noon() string {
	if offset := 12 - time.Now().UTC().Hour(); offset != 0 {
		return fmt.Sprintf("Etc/GMT%+d", -offset) // POSIX counts westward
	}
	return "Etc/GMT"
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// centerServer is a center that keeps its port over restarts.
type centerServer struct {
	t      *testing.T
	config string
	env    []string
	proc   *process

	read, lived int // by footprint: lines, and MiB

	mu   sync.Mutex
	addr string
}

func newCenter(t *testing.T, database, tokens string, env []string) *centerServer {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "tokens"), tokens)
	c := &centerServer{t: t, env: env, config: filepath.Join(dir, "center.toml")}
	c.write(database, "127.0.0.1:0")
	c.start()
	c.write(database, c.addr)
	t.Cleanup(func() { c.proc.kill() })
	return c
}

func (c *centerServer) write(database, listen string) {
	const all = "[retention]\nevents = 0\ntickets = 0\nnumbers = 0\nalarms = 0\n" // the day of the tests is long ago
	write(c.t, c.config, fmt.Sprintf("listen = %q\ntokens_file = \"tokens\"\n[store]\nurl = %q\n%s", listen, database, all))
}

// start starts the center; a database that is away makes it end, and systemd
// would start it again.
func (c *centerServer) start() {
	c.t.Helper()
	for late := time.Now().Add(patient); ; {
		c.proc = start(c.t, c.env, filepath.Join(bin, "center"), "run", "-config", c.config)
		addr, ok := c.proc.wait(c.t, "center: listening on http://")
		if ok {
			c.mu.Lock()
			c.addr = addr
			c.mu.Unlock()
			return
		}
		if time.Now().After(late) {
			c.t.Fatalf("the center doesn't start:\n%s", c.proc.said())
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// stop ends the center as systemd does, and returns how long that took.
func (c *centerServer) stop() time.Duration {
	c.t.Helper()
	began := time.Now()
	if err := c.proc.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		c.t.Fatal(err)
	}
	select {
	case <-c.proc.done:
	case <-time.After(patient):
		c.t.Fatalf("the center doesn't stop:\n%s", c.proc.said())
	}
	took := time.Since(began)
	if code := c.proc.cmd.ProcessState.ExitCode(); code != 0 {
		c.t.Errorf("a stopped center exits %d:\n%s", code, c.proc.said())
	}
	return took
}

func (c *centerServer) restart() {
	c.t.Helper()
	c.proc.kill()
	c.start()
}

func (h *hall) killDatabase() {
	h.t.Helper()
	if err := h.pg.Kill(); err != nil {
		h.t.Fatal(err)
	}
	if err := h.pg.Up(); err != nil {
		h.t.Fatal(err)
	}
}

// heal makes everything well again.
func (h *hall) heal() {
	for _, k := range h.kiosks {
		k.line.set(open)
		k.clock(0)
	}
}

// answer is what a citizen was told.
type answer struct {
	id     kiosk.TicketID
	number string
}

// terminal is one kiosk, its line to the centers and its citizens.
type terminal struct {
	t    *testing.T
	id   string
	dir  string
	line *proxy
	proc *process

	mu     sync.Mutex
	client control.Client
	wishes map[kiosk.RequestID]kiosk.Request
	told   map[kiosk.RequestID]answer
}

func newTerminal(t *testing.T, h *hall, i int, catalog string) *terminal {
	t.Helper()
	dir, err := os.MkdirTemp("", "fire") // short: a socket's path is at most 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	k := &terminal{t: t, id: fmt.Sprintf("K%d", i+1), dir: dir, line: newProxy(t, h, i), client: control.Client{Path: filepath.Join(dir, "kiosk.sock")},
		wishes: map[kiosk.RequestID]kiosk.Request{}, told: map[kiosk.RequestID]answer{}}
	write(t, filepath.Join(dir, "token"), tokenOf(i)+"\n")
	write(t, filepath.Join(dir, "kiosk.toml"), fmt.Sprintf(`[kiosk]
id = %q
hall = "center"
series = %d
timezone = %q
[store]
path = "kiosk.db"
[catalog]
path = %q
[center]
url = "http://%s"
token_file = "token"
`, k.id, i+1, noon(), catalog, k.line.l.Addr()))
	k.start()
	t.Cleanup(func() { k.proc.kill() })
	return k
}

func (k *terminal) start() {
	k.t.Helper()
	k.proc = start(k.t, []string{asKiosk + "=" + filepath.Join(k.dir, "kiosk.toml")}, os.Args[0])
	if _, ok := k.proc.wait(k.t, "kiosk: ready"); !ok {
		k.t.Fatalf("%s doesn't start:\n%s", k.id, k.proc.said())
	}
}

func (k *terminal) restart() {
	k.t.Helper()
	k.proc.kill()
	k.start()
}

// clock sets how far the kiosk's clock is off.
func (k *terminal) clock(off time.Duration) {
	k.t.Helper()
	name := filepath.Join(k.dir, "clock")
	write(k.t, name+".new", off.String())
	if err := os.Rename(name+".new", name); err != nil {
		k.t.Fatal(err)
	}
}
