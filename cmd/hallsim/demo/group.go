package demo

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// group is the processes of a hall. Each writes a log into the folder.
type group struct {
	dir   string
	out   io.Writer
	ended chan error // a part that ended by itself

	mu       sync.Mutex
	parts    []*part
	stopping bool
}

type part struct {
	name string
	cmd  *exec.Cmd
	done chan struct{}
}

// anyLine is the sign that any first line is.
const anyLine = "*"

// patience is how long a part may take to come up or to end.
const patience = time.Minute

// start starts a part and waits for the line that begins with sign, of which
// it returns the rest; an empty sign waits for nothing.
func (g *group) start(ctx context.Context, name string, env []string, sign, program string, args ...string) (string, error) {
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), env...)
	r, w, err := os.Pipe()
	if err != nil {
		return "", err
	}
	cmd.Stdout, cmd.Stderr = w, w
	return g.follow(ctx, name, cmd, r, w, sign)
}

// follow starts cmd, whose output comes out of r, into the part's log.
func (g *group) follow(ctx context.Context, name string, cmd *exec.Cmd, r, w *os.File, sign string) (string, error) {
	// A group of its own: Ctrl-C must reach us first. And no orphan, should we
	// be killed.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	logName := filepath.Join(g.dir, name+".log")
	log, err := os.Create(logName)
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		r.Close()
		w.Close()
		log.Close()
		return "", fmt.Errorf("%s: %w", name, err)
	}
	w.Close()
	p := &part{name: name, cmd: cmd, done: make(chan struct{})}
	g.mu.Lock()
	g.parts = append(g.parts, p)
	g.mu.Unlock()

	found := make(chan string, 1)
	go func() {
		defer log.Close()
		lines := bufio.NewScanner(io.TeeReader(r, log))
		for lines.Scan() {
			rest, ok := strings.CutPrefix(lines.Text(), sign)
			if sign == anyLine {
				rest, ok = lines.Text(), true
			}
			if ok {
				select {
				case found <- rest:
				default:
				}
			}
		}
		io.Copy(log, r)
		r.Close()
		err := cmd.Wait()
		close(p.done)
		g.mu.Lock()
		defer g.mu.Unlock()
		if !g.stopping {
			g.ended <- fmt.Errorf("%s 自己结束了 / ended by itself (%v), see %s", name, err, logName)
		}
	}()
	if sign == "" {
		return "", nil
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case rest := <-found:
		return rest, nil
	case err := <-g.ended:
		return "", err
	case <-late.C:
		return "", fmt.Errorf("%s 没有起来 / did not come up, see %s", name, logName)
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// xvfb starts a virtual display of a portrait panel and returns its number.
func (g *group) xvfb(ctx context.Context) (string, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return "", err
	}
	cmd := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1080x1920x24", "-nolisten", "tcp", "-noreset")
	cmd.ExtraFiles = []*os.File{w} // descriptor 3: the number is written there
	return g.follow(ctx, "xvfb", cmd, r, w, anyLine)
}

// stop ends the parts, the newest first, and waits for each.
func (g *group) stop() {
	g.mu.Lock()
	g.stopping = true
	parts := g.parts
	g.mu.Unlock()
	for i := len(parts) - 1; i >= 0; i-- {
		p := parts[i]
		p.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-p.done:
		case <-time.After(10 * time.Second):
			p.cmd.Process.Kill()
			<-p.done
		}
	}
}
