package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hallkiosk/configs"
	"hallkiosk/kiosk/center"
	"hallkiosk/kiosk/center/centertest"
	"hallkiosk/kiosk/center/store"
)

const token = "token-of-kiosk-1-0123456789"

// TestMain lets the test binary stand in for the program; with a clock that is
// off by what a file says, if one is named.
func TestMain(m *testing.M) {
	if os.Getenv("HALLKIOSK_CENTER_MAIN") == "1" {
		now := time.Now
		if file := os.Getenv("HALLKIOSK_CENTER_CLOCK"); file != "" {
			now = func() time.Time {
				text, err := os.ReadFile(file)
				off, bad := time.ParseDuration(string(text))
				if err != nil || bad != nil {
					off = 0
				}
				return time.Now().Add(off)
			}
		}
		os.Exit(run(now))
	}
	os.Exit(m.Run())
}

// place is a folder with a good config, and what to change in it.
type place struct {
	*testing.T
	dir, config string
	now         func() time.Time // nil is the machine's
}

func newPlace(t *testing.T) *place {
	t.Helper()
	p := &place{T: t, dir: t.TempDir()}
	p.config = filepath.Join(p.dir, "center.toml")
	p.listen("127.0.0.1:0")
	p.write("center.tokens", "# 终端 令牌 大厅\nk1 "+token+" h1\n")
	return p
}

func (p *place) listen(addr string) {
	p.write("center.toml", fmt.Sprintf("listen = %q\ntokens_file = \"center.tokens\"\n[store]\npath = \"center.db\"\n[retention]\nevents = 0\ntickets = 0\nnumbers = 0\nalarms = 0\n", addr)) // the events of tests are old
}

func (p *place) write(name, text string) {
	p.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
		p.Fatal(err)
	}
}

// catalog puts the shipped one into the folder.
func (p *place) catalog() {
	p.Helper()
	shipped, err := fs.Sub(configs.Shipped(), "catalog")
	if err == nil {
		err = os.CopyFS(filepath.Join(p.dir, "catalog"), shipped)
	}
	if err != nil {
		p.Fatal(err)
	}
}

// try runs the program to its end.
func (p *place) try(args ...string) (code int, stdout, stderr string) {
	p.Helper()
	var out, errs bytes.Buffer
	code = (&Main{Stdout: &out, Stderr: &errs, Now: p.now}).Run(p.Context(), args)
	return code, out.String(), errs.String()
}

// running is a center at work.
type running struct {
	url  string
	stop func() int // ends it and returns the exit code
}

// start runs the center within this process until it listens.
func (p *place) start() running {
	p.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	var errs bytes.Buffer
	code := make(chan int, 1)
	go func() {
		c := (&Main{Stdout: w, Stderr: &errs}).Run(ctx, []string{"run", "-config", p.config})
		w.Close()
		code <- c
	}()
	url, ok := ready(r)
	if !ok {
		cancel()
		p.Fatalf("the center didn't start: exit %d, %s", <-code, &errs)
	}
	return running{url: url, stop: func() int { cancel(); return <-code }}
}

// ready reads the line that says where the center listens.
func ready(r io.Reader) (url string, ok bool) {
	line, _ := bufio.NewReader(r).ReadString('\n')
	return strings.CutPrefix(strings.TrimSpace(line), "center: listening on ")
}

// ledger returns what is stored of kiosk k1, which must not be running.
func (p *place) ledger() []string {
	p.Helper()
	st, err := store.Open(p.Context(), filepath.Join(p.dir, "center.db"))
	if err != nil {
		p.Fatal(err)
	}
	defer st.Close()
	events, err := st.Events(p.Context(), "k1", "e1", 0, 100_000)
	if err != nil {
		p.Fatal(err)
	}
	var all []string
	for _, e := range events {
		all = append(all, fmt.Sprintf("%d %s", e.Seq, e.Body))
	}
	return all
}

func TestRun(t *testing.T) {
	t.Run("ServesAndStops", func(t *testing.T) {
		p := newPlace(t)
		c := p.start()
		if !strings.HasPrefix(c.url, "http://127.0.0.1:") || strings.HasSuffix(c.url, ":0") {
			t.Fatalf("listening on %s", c.url)
		}
		answer, err := http.Get(c.url + "/healthz")
		if err != nil || answer.StatusCode != 200 {
			t.Fatalf("%v, %v", answer, err)
		}
		answer.Body.Close()
		if code := c.stop(); code != exitStop {
			t.Fatalf("exit %d", code)
		}
	})
	t.Run("Halls", func(t *testing.T) {
		p := newPlace(t)
		p.catalog()
		p.write("center.toml", "listen = \"127.0.0.1:0\"\n[store]\npath = \"center.db\"\n[calls]\nage_limit = 30\n[[hall]]\nid = \"center\"\ncatalog = \"catalog\"\n[hall.windows]\n\"21\" = [\"A\", \"B\"]\n")
		for range 2 { // and again, when the windows are there
			c := p.start()
			answer, err := http.Get(c.url + "/v1/halls/center/windows")
			if err != nil {
				t.Fatal(err)
			}
			var windows []center.WindowView
			if err := json.NewDecoder(answer.Body).Decode(&windows); err != nil || len(windows) != 1 || windows[0].ID != "21" || len(windows[0].Queues) != 2 {
				t.Fatalf("%+v, %v", windows, err)
			}
			answer.Body.Close()
			if code := c.stop(); code != exitStop {
				t.Fatalf("exit %d", code)
			}
		}
	})
	t.Run("Signals", func(t *testing.T) {
		for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
			p := newPlace(t)
			c := p.process()
			c.signal(sig)
			if err := c.cmd.Wait(); err != nil {
				t.Fatalf("%v: %v", sig, err)
			}
		}
	})
	t.Run("PortTaken", func(t *testing.T) {
		p := newPlace(t)
		c := p.start()
		defer c.stop()
		p.listen(strings.TrimPrefix(c.url, "http://"))
		if code, _, stderr := p.try("run", "-config", p.config); code != exitRestart || !strings.Contains(stderr, "[listen]") {
			t.Fatalf("exit %d, %s", code, stderr)
		}
	})
	t.Run("NotOurAddress", func(t *testing.T) {
		p := newPlace(t)
		p.listen("192.0.2.1:8080") // RFC 5737: nobody's
		if code, _, stderr := p.try("run", "-config", p.config); code != exitMend || !strings.Contains(stderr, "[listen]") {
			t.Fatalf("exit %d, %s", code, stderr)
		}
	})
	t.Run("StoreIsFolder", func(t *testing.T) {
		p := newPlace(t)
		if err := os.Mkdir(filepath.Join(p.dir, "center.db"), 0o700); err != nil {
			t.Fatal(err)
		}
		if code, _, stderr := p.try("run", "-config", p.config); code != exitMend || !strings.Contains(stderr, "center.db") {
			t.Fatalf("exit %d, %s", code, stderr)
		}
	})
	t.Run("StoreDamaged", func(t *testing.T) {
		p := newPlace(t)
		p.write("center.db", strings.Repeat("garbage ", 1000))
		if code, _, stderr := p.try("run", "-config", p.config); code != exitStay || !strings.Contains(stderr, "backup") {
			t.Fatalf("exit %d, %s", code, stderr)
		}
	})
}

func TestCheck(t *testing.T) {
	t.Run("OK", func(t *testing.T) {
		p := newPlace(t)
		if code, stdout, stderr := p.try("check", "-config", p.config); code != exitStop || stderr != "" || !strings.Contains(stdout, "1 kiosks") {
			t.Fatalf("exit %d, %s, %s", code, stdout, stderr)
		}
		if _, err := os.Stat(filepath.Join(p.dir, "center.db")); err == nil {
			t.Fatal("check made a database")
		}
	})
	t.Run("Shipped", func(t *testing.T) {
		p := newPlace(t)
		text, err := os.ReadFile("../../configs/center.toml")
		if err != nil {
			t.Fatal(err)
		}
		p.write("center.toml", string(text))
		if code, _, stderr := p.try("check", "-config", p.config); code != exitStop {
			t.Fatalf("exit %d, %s", code, stderr)
		}
	})
	t.Run("Everything", func(t *testing.T) {
		p := newPlace(t)
		p.write("center.toml", "listen = \"8080\"\ntokens_file = \"center.tokens\"\n[store]\npaht = \"center.db\"\n")
		p.write("center.tokens", "k1 short\nk2\n")
		code, _, stderr := p.try("check", "-config", p.config)
		if code != exitMend {
			t.Fatalf("exit %d", code)
		}
		for _, want := range []string{"center.toml:1:", "center.toml:4:", "center.tokens:1:4: ", "center.tokens:2:1: "} {
			if !strings.Contains(stderr, want) {
				t.Errorf("no %q in\n%s", want, stderr)
			}
		}
		if again, _, _ := p.try("run", "-config", p.config); again != exitMend {
			t.Errorf("run exits %d", again)
		}
	})
	t.Run("Missing", func(t *testing.T) {
		p := newPlace(t)
		if code, _, stderr := p.try("check", "-config", filepath.Join(p.dir, "none.toml")); code != exitMend || !strings.Contains(stderr, "none.toml") {
			t.Fatalf("exit %d, %s", code, stderr)
		}
		if err := os.Chmod(filepath.Join(p.dir, "center.tokens"), 0o640); err != nil {
			t.Fatal(err)
		}
		if code, _, stderr := p.try("check", "-config", p.config); code != exitMend || !strings.Contains(stderr, "chmod 600") {
			t.Fatalf("exit %d, %s", code, stderr)
		}
	})
	t.Run("Usage", func(t *testing.T) {
		p := newPlace(t)
		for _, args := range [][]string{{}, {"walk"}, {"run", "-confg", "x"}, {"check", "-config", p.config, "more"}} {
			if code, _, stderr := p.try(args...); code != exitMend || !strings.Contains(stderr, "usage") {
				t.Errorf("%v: exit %d, %s", args, code, stderr)
			}
		}
		if code, _, stderr := p.try("run", "-h"); code != exitStop || !strings.Contains(stderr, "usage") {
			t.Errorf("exit %d, %s", code, stderr)
		}
	})
}

// queues asks a center for the queues of hall h1 on the day of the suite.
func queues(t *testing.T, url string) []center.Queue {
	t.Helper()
	answer, err := http.Get(url + "/v1/halls/h1/queues?day=" + string(centertest.Day))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var all []center.Queue
	if err := json.NewDecoder(answer.Body).Decode(&all); err != nil {
		t.Fatal(err)
	}
	return all
}
