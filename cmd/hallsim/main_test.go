package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestFlags(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"", 2, "-dir must name"},
		{"-dir " + file, 2, "not a directory"},
		{"-dir " + filepath.Join(file, "below"), 2, "not a directory"},
		{"-dir " + dir + " -http 0.0.0.0:0", 2, "not a loopback address"},
		{"-dir " + dir + " -http 127.0.0.1", 2, "missing port"},
		{"-dir " + dir + " -paper 76", 2, "80 and 58"},
		{"-dir " + dir + " -baud -1", 2, "negative"},
		{"-dir " + dir + " -baud fast", 2, "fast"},
		{"-dir " + dir + " -screen kiosk", 2, "http"},
		{"-dir " + dir + " extra", 2, "extra"},
		{"-buad 9600", 2, "-buad"},
		{"-h", 0, "-paper"},
	} {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), strings.Fields(c.args), &stdout, &stderr)
		if code != c.code || !strings.Contains(stderr.String(), c.says) || stdout.Len() != 0 {
			t.Errorf("hallsim %s: exit %d, %q, %q; want %d, %q", c.args, code, stdout.String(), stderr.String(), c.code, c.says)
		}
	}
}

// TestRun opens a hall and ends it, as SIGTERM does, with a page being watched.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	out, stdout := io.Pipe()
	code := make(chan int)
	go func() {
		code <- run(ctx, []string{"-dir", dir, "-paper", "58", "-baud", "115200"}, stdout, os.Stderr)
		_ = stdout.Close()
	}()
	var lines []string
	s := bufio.NewScanner(out)
	for s.Scan() {
		lines = append(lines, s.Text())
		if strings.Contains(s.Text(), "http://") {
			break
		}
	}
	want := []string{"hallsim: " + dir + "/printer", "hallsim: " + dir + "/reader", "hallsim: " + dir + "/scanner"}
	if len(lines) != 4 || strings.Join(lines[:3], " ") != strings.Join(want, " ") {
		t.Fatalf("said %q", lines)
	}
	note, err := os.ReadFile(filepath.Join(dir, "hallsim.url"))
	if err != nil || "hallsim: "+string(note) != lines[3]+"\n" {
		t.Errorf("hallsim.url: %q, %v; said %q", note, err, lines[3])
	}
	resp, err := http.Get(strings.TrimSpace(string(note)) + "/events")
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 6)
	if _, err := io.ReadFull(resp.Body, b); err != nil || string(b) != "data: " {
		t.Errorf("event begins %q, %v", b, err)
	}

	cancel()
	if got := <-code; got != 0 {
		t.Errorf("exit %d", got)
	}
	_ = resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}
