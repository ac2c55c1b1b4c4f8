package pgtest

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sys/unix"
)

// TestMain lets the test binary stand in for a test that dies.
func TestMain(m *testing.M) {
	if os.Getenv("HALLKIOSK_PGTEST_DIES") == "1" {
		s, err := Start()
		if err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		fmt.Println(s.run.cmd.Process.Pid, s.dir)
		os.Stdin.Read(make([]byte, 1)) //nolint:errcheck // until the parent has looked
		panic("a test went wrong")
	}
	os.Exit(m.Run())
}

func start(t *testing.T) *Server {
	t.Helper()
	s, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(s.dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is left: %v", s.dir, err)
		}
	})
	return s
}

func ask(t *testing.T, url, query string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var answer string
	if err := conn.QueryRow(t.Context(), query).Scan(&answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestServer(t *testing.T) {
	s := start(t)
	url, err := s.NewDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for setting, want := range map[string]string{"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "listen_addresses": ""} {
		if got := ask(t, url, "SELECT current_setting('"+setting+"')"); got != want {
			t.Errorf("%s is %q, want %q", setting, got, want)
		}
	}
	ask(t, url, "WITH made AS (SELECT 1) SELECT set_config('application_name', 'x', false)")

	backends, err := childrenOf(s.run.cmd.Process.Pid)
	if err != nil || len(backends) < 3 {
		t.Fatalf("%d children, %v", len(backends), err)
	}
	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
	for _, fd := range backends {
		if gone, err := ended(fd, 0); !gone || err != nil {
			t.Errorf("a child outlived Kill: %v", err)
		}
		unix.Close(fd)
	}
	if _, err := pgx.Connect(t.Context(), url); err == nil {
		t.Fatal("somebody answers after Kill")
	}
	if err := s.Kill(); err == nil {
		t.Fatal("killed twice")
	}
	if err := s.Up("synchronous_commit=off"); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, url, "SELECT current_setting('synchronous_commit')"); got != "off" {
		t.Errorf("synchronous_commit is %q", got)
	}
	if err := s.Up(); err == nil {
		t.Error("started twice")
	}
	if err := s.Down(); err != nil {
		t.Fatal(err)
	}
	if err := s.Up("no_such_setting=1"); err == nil || !strings.Contains(err.Error(), "no_such_setting") {
		t.Fatalf("err = %v", err)
	}
}

// TestDies lets a test panic while its server runs: the server ends too.
func TestDies(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "HALLKIOSK_PGTEST_DIES=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	pid, dir, _ := strings.Cut(strings.TrimSpace(line), " ")
	id, bad := strconv.Atoi(pid)
	if err != nil || bad != nil {
		t.Fatalf("%q, %v", line, err)
	}
	defer os.RemoveAll(dir)
	server, err := unix.PidfdOpen(id, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(server)
	children, err := childrenOf(id)
	if err != nil || len(children) == 0 {
		t.Fatalf("%d children, %v", len(children), err)
	}
	in.Close()
	if err := cmd.Wait(); err == nil {
		t.Fatal("it didn't panic")
	}
	for _, fd := range append(children, server) {
		if gone, err := ended(fd, 60_000); !gone || err != nil {
			t.Errorf("a process outlived the test: %v", err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".s.PGSQL.*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
