package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/calling"
	"hallkiosk/kiosk/center"
	"hallkiosk/kiosk/center/centertest"
	"hallkiosk/kiosk/center/store"
)

// TestAudit asks who called, and who set up a window, at the console.
func TestAudit(t *testing.T) {
	p := newPlace(t)
	p.now = func() time.Time { return centertest.Noon.Add(time.Hour) }
	st, err := store.Open(t.Context(), filepath.Join(p.dir, "center.db"))
	if err != nil {
		t.Fatal(err)
	}
	told := center.Entry{At: centertest.Noon, Hall: "h1", Account: "li", Action: "window.set", Subject: "21 [A]"}
	if err := st.SetWindow(t.Context(), "h1", "21", []kiosk.QueueID{"A"}, told); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Ingest(t.Context(), center.Seal(centertest.Batch("k1", centertest.Run("k1", "1", 1, 2)...), centertest.Noon)); err != nil {
		t.Fatal(err)
	}
	for i, verb := range []calling.Verb{calling.Call, calling.Start, calling.Finish} {
		press := centertest.PressOf(string(verb), verb, "21")
		press.At = kiosk.InstantOf(centertest.Noon.Add(time.Duration(i+1) * time.Second))
		if _, err := st.Do(t.Context(), press); err != nil {
			t.Fatal(err)
		}
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args  []string
		lines int
		first string
	}{
		{nil, 4, "press.finish\tA1-001 serving>done A window=21 op=finish\tclerk"},
		{[]string{"-limit", "2"}, 2, "press.finish"},
		{[]string{"-hall", "h1", "-day", string(centertest.Day)}, 3, "press.finish"},
		{[]string{"-window", "21"}, 3, "press.finish"},
		{[]string{"-window", "22"}, 0, ""},
		{[]string{"-hall", "h1", "-ticket", "A1-001"}, 3, "wang"},
		{[]string{"-ticket", "A1-002"}, 0, ""},
		{[]string{"-hall", "h2"}, 0, ""},
	} {
		out := p.must(c.first, append([]string{"audit", "-config", p.config}, c.args...)...)
		first, _, _ := strings.Cut(out, "\n")
		if strings.Count(out, "\n") != c.lines || !strings.Contains(first, c.first) {
			t.Errorf("%v:\n%s", c.args, out)
		}
	}
	p.must("li\twindow.set\t21 [A]", "audit", "-config", p.config)
	if code, _, stderr := p.try("audit", "-config", p.config, "-hall", "h1", "-day", "today"); code != exitMend || !strings.Contains(stderr, "日期") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}
