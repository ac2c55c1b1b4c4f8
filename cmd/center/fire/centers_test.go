package fire

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// centerServer is a center that keeps its port over restarts.
type centerServer struct {
	t    *testing.T
	dir  string // of its config, and of its clock
	o    centerOpts
	proc *process

	read, lived int // by footprint: lines, and MiB

	mu   sync.Mutex
	addr string
}

// centerOpts are what one center is told.
type centerOpts struct {
	program  string
	env      []string
	database string
	line     *proxy // to the database; nil is none that could be cut
	tokens   string // the file
	top      string // what else stands in its config, before the tables
	tables   string // and after them
}

func newCenter(t *testing.T, o centerOpts) *centerServer {
	t.Helper()
	c := &centerServer{t: t, o: o, dir: t.TempDir()}
	write(t, filepath.Join(c.dir, "tokens"), o.tokens)
	c.write("127.0.0.1:0")
	c.start()
	c.write(c.addr)
	t.Cleanup(func() { c.proc.kill() })
	return c
}

func (c *centerServer) config() string { return filepath.Join(c.dir, "center.toml") }

func (c *centerServer) write(listen string) {
	const all = "[retention]\nevents = 0\ntickets = 0\nnumbers = 0\nalarms = 0\n" // the day of the tests is long ago
	write(c.t, c.config(), fmt.Sprintf("listen = %q\ntokens_file = \"tokens\"\n%s[store]\nurl = %q\n%s%s", listen, c.o.top, c.o.database, all, c.o.tables))
}

// operate runs a verb of the operator, with what is typed, and returns what it
// prints.
func (c *centerServer) operate(typed string, words ...string) string {
	c.t.Helper()
	cmd := exec.Command(filepath.Join(bin, "center"), append(words, "-config", c.config())...)
	cmd.Stdin = strings.NewReader(typed)
	out, err := cmd.CombinedOutput()
	if err != nil {
		c.t.Fatalf("center %v: %v %s", words, err, out)
	}
	return string(out)
}

// start starts the center; a database that is away makes it end, and systemd
// would start it again.
func (c *centerServer) start() {
	c.t.Helper()
	for late := time.Now().Add(patient); ; {
		c.proc = start(c.t, append(c.o.env, asCenter, clockOf+filepath.Join(c.dir, clockFile)), c.o.program, "run", "-config", c.config())
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

// restart kills the center and starts it again, on a line to the database that
// is well: it wouldn't say that it listens on another.
func (c *centerServer) restart() {
	c.t.Helper()
	c.proc.kill()
	if c.o.line != nil {
		c.o.line.set(open)
	}
	c.start()
}
