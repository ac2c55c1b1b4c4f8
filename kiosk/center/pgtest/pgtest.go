// Package pgtest runs Debian's PostgreSQL for tests: a cluster of its own in a
// temporary folder, on a socket there and on no network. fsync stays on, for
// durability is what the tests are about.
package pgtest

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Server is a PostgreSQL cluster. Make it with Start. Safe for use from
// several goroutines.
type Server struct {
	bin, dir, password string
	as                 *syscall.Credential // nil: as this user

	mu        sync.Mutex
	run       *running // nil while it is down
	databases int
}

// running is a postmaster at work.
type running struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	err  error         // how; only after done
}

// The longest that a start or a stop may take before it counts as failed.
const patience = 60 * time.Second

// Start makes a cluster and starts it. The caller must Stop it; should the
// test die first, the kernel stops it. The error says what to install where
// PostgreSQL is missing.
func Start() (*Server, error) {
	s := &Server{password: rand.Text()}
	initdbs, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(initdbs) == 0 {
		return nil, errors.New("PostgreSQL isn't installed: no /usr/lib/postgresql/*/bin/initdb. Install it: apt-get install postgresql | 没有安装 PostgreSQL，请运行 apt-get install postgresql")
	}
	s.bin = filepath.Dir(initdbs[len(initdbs)-1])
	var err error
	if s.dir, err = os.MkdirTemp("", "hallkiosk-pg"); err != nil {
		return nil, err
	}
	if err := errors.Join(s.unroot(), s.init()); err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.dir))
	}
	if err := s.Up(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.dir))
	}
	return s, nil
}

// unroot chooses another user where we are root: PostgreSQL won't run as root.
func (s *Server) unroot() error {
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return err
		}
	}
	uid, bad := strconv.ParseUint(u.Uid, 10, 32)
	gid, worse := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(bad, worse); err != nil {
		return err
	}
	s.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return os.Chown(s.dir, int(uid), int(gid))
}

// init makes the cluster's files. Its locale is not the one of bytes: a schema
// must say itself in which order it wants its texts.
func (s *Server) init() error {
	password := filepath.Join(s.dir, "password")
	if err := os.WriteFile(password, []byte(s.password), 0o600); err != nil {
		return err
	}
	if s.as != nil {
		if err := os.Chown(password, int(s.as.Uid), int(s.as.Gid)); err != nil {
			return err
		}
	}
	cmd := s.command("initdb", "-D", s.data(), "-U", "hallkiosk", "--auth=scram-sha-256", "--pwfile="+password, "-E", "UTF8",
		"--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=zh", "--no-sync")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return os.Remove(password)
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "TZ=UTC"}
	// SIGQUIT ends PostgreSQL at once, with its children and shared memory.
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.as, Setpgid: true, Pdeathsig: syscall.SIGQUIT}
	return cmd
}

// Up starts a server that is down, with more settings such as "fsync=off". It
// returns when connections are welcome, after recovery if need be.
func (s *Server) Up(settings ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run != nil {
		return errors.New("PostgreSQL runs already")
	}
	args := []string{"-D", s.data(), "-k", s.dir, "-c", "listen_addresses=", "-c", "fsync=on", "-c", "synchronous_commit=on",
		"-c", "lc_messages=C", "-c", "logging_collector=off", "-c", "log_destination=stderr", "-c", "max_connections=150"}
	for _, set := range settings {
		args = append(args, "-c", set)
	}
	r := &running{cmd: s.command("postgres", args...), done: make(chan struct{})}
	log, err := r.cmd.StderrPipe()
	if err != nil {
		return err
	}
	started, ready := make(chan error, 1), make(chan bool, 1)
	go func() {
		// The kernel's signal at our death is bound to the thread that started
		// the child, which therefore must live as long.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := r.cmd.Start()
		started <- err
		if err != nil {
			return
		}
		last := read(log, ready)
		if r.err = r.cmd.Wait(); r.err != nil {
			r.err = fmt.Errorf("postgres: %w; its last words:\n%s", r.err, last)
		}
		close(r.done)
	}()
	if err := <-started; err != nil {
		return err
	}
	select {
	case <-ready:
		s.run = r
		return nil
	case <-r.done:
		return errors.Join(errors.New("postgres ended before it was ready"), r.err)
	case <-time.After(patience):
		err := r.cmd.Process.Signal(syscall.SIGQUIT)
		<-r.done
		return errors.Join(errors.New("postgres isn't ready after a minute"), err)
	}
}

// read follows the log, says when connections are welcome, and returns the
// last lines.
func read(log io.Reader, ready chan<- bool) string {
	var last []string
	for lines := bufio.NewScanner(log); lines.Scan(); {
		if strings.HasSuffix(lines.Text(), "database system is ready to accept connections") {
			select {
			case ready <- true:
			default: // again, after a child crashed
			}
		}
		last = append(last[max(0, len(last)-9):], lines.Text())
	}
	return strings.Join(last, "\n")
}

// Down stops the server as an operator does, dropping its clients and writing
// all to disk. A server that is down already stays down.
func (s *Server) Down() error { return s.down(syscall.SIGINT) }

func (s *Server) down(how syscall.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.run
	if r == nil {
		return nil
	}
	s.run = nil
	if err := r.cmd.Process.Signal(how); err != nil {
		return err
	}
	select {
	case <-r.done:
		return r.err
	case <-time.After(patience):
		err := r.cmd.Process.Kill()
		<-r.done
		return errors.Join(errors.New("postgres didn't stop within a minute"), err)
	}
}

// Stop ends the server for good, without a last write of what nobody will
// read, and removes its folder.
func (s *Server) Stop() error {
	return errors.Join(s.down(syscall.SIGQUIT), os.RemoveAll(s.dir))
}

// NewDatabase makes an empty database and returns its URL.
func (s *Server) NewDatabase(ctx context.Context) (string, error) {
	s.mu.Lock()
	s.databases++
	name := fmt.Sprintf("hall%d", s.databases)
	s.mu.Unlock()
	conn, err := pgx.Connect(ctx, s.URL("postgres", "hallkiosk", s.password))
	if err != nil {
		return "", err
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+name)
	return s.URL(name, "hallkiosk", s.password), errors.Join(err, conn.Close(ctx))
}

// URL returns the address of a database for a user with a password, as pgx and
// psql know it. Nobody checks that there is such a database.
func (s *Server) URL(database, name, password string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(name, password), Path: "/" + database,
		RawQuery: url.Values{"host": {s.dir}}.Encode()}
	return u.String()
}
