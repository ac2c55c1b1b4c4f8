package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
)

// process is the program as one of its own.
type process struct {
	*testing.T
	url string
	cmd *exec.Cmd
	log *bufio.Scanner // of its standard error
}

func (p *place) process() *process {
	p.Helper()
	cmd := exec.Command(os.Args[0], "run", "-config", p.config)
	cmd.Env = append(os.Environ(), "HALLKIOSK_CENTER_MAIN=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		p.Fatal(err)
	}
	errs, err := cmd.StderrPipe()
	if err != nil {
		p.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		p.Fatal(err)
	}
	p.Cleanup(func() { cmd.Process.Kill() })
	url, ok := ready(out)
	if !ok {
		p.Fatal("the center didn't start")
	}
	return &process{T: p.T, url: url, cmd: cmd, log: bufio.NewScanner(errs)}
}

// logs reads the log until a line has all of what.
func (c *process) logs(what ...string) {
	c.Helper()
	for c.log.Scan() {
		if !slices.ContainsFunc(what, func(s string) bool { return !strings.Contains(c.log.Text(), s) }) {
			return
		}
	}
	c.Fatalf("the log ended without %q", what)
}

func (c *process) signal(s os.Signal) {
	c.Helper()
	if err := c.cmd.Process.Signal(s); err != nil {
		c.Fatal(err)
	}
}

// ask sends a request with a bearer token.
func (c *process) ask(method, path, token, body string) *http.Response {
	c.Helper()
	r, err := http.NewRequestWithContext(c.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		c.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil || got.StatusCode != http.StatusOK {
		c.Fatalf("%s: %v, %v", path, got, err)
	}
	c.Cleanup(func() { got.Body.Close() })
	return got
}

func (c *process) read(from io.Reader, into any) {
	c.Helper()
	if err := json.NewDecoder(from).Decode(into); err != nil {
		c.Fatal(err)
	}
}

// TestReload changes the catalog of a center at work, rightly and wrongly.
func TestReload(t *testing.T) {
	p := newPlace(t)
	p.catalog()
	part := filepath.Join("catalog", "40-tobacco.toml")
	text, err := os.ReadFile(filepath.Join(p.dir, part))
	if err != nil {
		t.Fatal(err)
	}
	minutes := func(n string) string { return strings.Replace(string(text), "minutes = 12", "minutes = "+n, 1) }
	config := "listen = \"127.0.0.1:0\"\ntokens_file = \"center.tokens\"\n[store]\npath = \"center.db\"\n[[hall]]\nid = \"center\"\ncatalog = \"catalog\"\n[hall.windows]\n"
	p.write("center.toml", config+"\"21\" = [\"A\"]\n")
	p.write("center.tokens", "k1 "+token+"\n") // for any hall of the config
	const word = "a long word for tests only"
	if code, _, stderr := p.typed(word+"\n", "account", "add", "-config", p.config, "-name", "wang", "-role", "technician", "-hall", "center"); code != exitStop {
		t.Fatal(stderr)
	}

	c := p.process()
	var in struct{ Token string }
	c.read(c.ask("POST", "/v1/login", "", `{"name":"wang","password":"`+word+`","bearer":true}`).Body, &in)
	type status struct {
		Halls   []center.HallStatus
		Refused *center.RefusedHalls
	}
	now := func() (s status) {
		c.Helper()
		c.read(c.ask("GET", "/v1/status", in.Token, "").Body, &s)
		if len(s.Halls) != 1 || s.Halls[0].Hall != "center" {
			c.Fatalf("status = %+v", s)
		}
		return s
	}
	line := bufio.NewScanner(c.ask("GET", "/v1/news?hall=center", token, "").Body)
	line.Buffer(nil, 1<<20)
	told := func() (n kiosk.News) { // the next news
		c.Helper()
		for line.Scan() {
			if data, ok := strings.CutPrefix(line.Text(), "data: "); ok {
				c.read(strings.NewReader(data), &n)
				return n
			}
		}
		c.Fatalf("the line ended: %v", line.Err())
		return n
	}
	first := now()
	if n := told(); n.Catalog == "" || n.Catalog != first.Halls[0].Catalog || first.Refused != nil {
		t.Fatalf("news of catalog %q, status %+v", n.Catalog, first)
	}
	p.write(part, minutes("14")) // and nobody says so
	c.logs("hall read again", "hall=center")
	second := told()
	if second.Catalog == first.Halls[0].Catalog || now().Halls[0].Catalog != second.Catalog {
		t.Fatalf("news of catalog %q, status %+v", second.Catalog, now())
	}

	p.write(part, minutes("\"long\""))
	c.signal(syscall.SIGHUP)
	c.logs("refused", "40-tobacco.toml:")
	s := now()
	if s.Halls[0].Catalog != second.Catalog || s.Refused == nil || len(s.Refused.Problems) == 0 || !strings.Contains(s.Refused.Problems[0], "40-tobacco.toml:") {
		t.Fatalf("status = %+v, refused %+v", s, s.Refused)
	}
	if code, _, stderr := p.try("check", "-config", p.config); code != exitMend || !strings.Contains(stderr, s.Refused.Problems[0]) {
		t.Fatalf("check: exit %d, %s", code, stderr)
	}

	p.write(part, minutes("16"))
	p.write("center.toml", strings.Replace(config, "[store]", "timezone = \"Asia/Urumqi\"\n[store]", 1)+"\"22\" = [\"A\", \"B\"]\n")
	c.signal(syscall.SIGHUP)
	c.logs("restart the center")
	var third kiosk.News
	for third = told(); third.Catalog == second.Catalog; third = told() { // of the window
	}
	if s := now(); third.Catalog == first.Halls[0].Catalog || s.Halls[0].Catalog != third.Catalog || s.Refused != nil {
		t.Fatalf("news of catalog %q, status %+v", third.Catalog, s)
	}
	var windows []center.WindowView
	c.read(c.ask("GET", "/v1/halls/center/windows", "", "").Body, &windows)
	if len(windows) != 2 || windows[0].ID != "21" || windows[1].ID != "22" || len(windows[1].Queues) != 2 {
		t.Fatalf("windows = %+v", windows)
	}

	c.signal(syscall.SIGTERM)
	for c.log.Scan() {
	}
	if err := c.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
}
