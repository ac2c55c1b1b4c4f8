package main_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"

	"hallkiosk/configs"
	"hallkiosk/kiosk"
	"hallkiosk/kiosk/control"
)

// The main job, end to end: a finger picks a thing, the paper carries the
// number, SQLite keeps it, the center knows it, also when the center is away.
func TestCitizenTakesANumber(t *testing.T) {
	env := xvfb(t, 1080, 1920)
	h, c := newHall(t), newCenter(t)
	m := newMachine(t, h.ports(115200)+c.link())
	kioskProcess := m.run(env)

	var numbers []string
	visit := func(label string) {
		t.Helper()
		m.tap(env, label)
		m.screen("confirm", named("confirm"))
		m.tap(env, "取号")
		s := m.screen("a printed ticket", func(s control.Screen) bool {
			return s.Name == "ticket" && slices.Contains(s.Texts, "请取走您的号")
		})
		number := ticketNumber(s)
		newest := h.newest()
		if number == "" || !newest.Whole || !slices.Contains(newest.Text, number) {
			t.Fatalf("the screen shows %q (%v), the paper %v", number, s.Texts, newest.Text)
		}
		numbers = append(numbers, number)
		m.home(env, "好了")
	}
	visit("社保卡")
	if shot, err := m.Shot(context.Background()); err != nil || !colourful(t, shot, 1080, 1920) {
		t.Fatalf("the picture of the screen is not one (%v)", err)
	}
	unsent := func(n int) {
		t.Helper()
		for late := time.Now().Add(patient); ; time.Sleep(20 * time.Millisecond) {
			s, err := m.Status(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 && s.Unsent == 0 || n > 0 && s.Unsent >= n {
				return
			}
			if time.Now().After(late) {
				t.Fatalf("unsent stays %d: %+v", s.Unsent, s.Center)
			}
		}
	}
	unsent(0)

	if code := c.proc.stop(); code != 0 {
		t.Fatalf("the center ended with %d", code)
	}
	visit("公积金")
	visit("医保")
	visit("社保卡")
	unsent(9) // taken, started, ended: three each
	c.start()
	unsent(0)

	// The shared series while the center answers, the own one while it doesn't.
	if want := []string{"A001", "", "", "A1-001"}; numbers[0] != want[0] || numbers[3] != want[3] {
		t.Errorf("numbers %v, want the first and the last to be %s and %s", numbers, want[0], want[3])
	}
	if code := kioskProcess.stop(); code != 0 {
		t.Errorf("the kiosk ended with %d", code)
	}
	c.proc.stop()
	if got := column(t, filepath.Join(m.dir, "kiosk.db"), "SELECT queue || series || CASE series WHEN '' THEN '' ELSE '-' END || printf('%03d', n) FROM ticket ORDER BY wall, count"); !slices.Equal(got, numbers) {
		t.Errorf("SQLite has %v, citizens %v", got, numbers)
	}
	if got := column(t, filepath.Join(m.dir, "kiosk.db"), "SELECT DISTINCT state FROM print"); !slices.Equal(got, []string{"printed"}) {
		t.Errorf("the journal of papers says %v", got)
	}
	got := column(t, filepath.Join(c.dir, "center.db"), "SELECT number FROM tickets ORDER BY number")
	want := slices.Clone(numbers)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the center has %v, citizens %v", got, want)
	}
}

// ticketNumber finds the number among a ticket screen's texts.
func ticketNumber(s control.Screen) string {
	for _, text := range s.Texts {
		if _, err := kiosk.ParseNumber(text); err == nil {
			return text
		}
	}
	return ""
}

func column(t *testing.T, path, query string) []string {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	return out
}

// colourful says whether a PNG has that size and more than a few colours.
func colourful(t *testing.T, data []byte, width, height int) bool {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil || img.Bounds() != image.Rect(0, 0, width, height) {
		return false
	}
	seen := map[any]bool{}
	for y := 0; y < height; y += 3 {
		for x := 0; x < width; x += 3 {
			seen[img.At(x, y)] = true
		}
	}
	return len(seen) > 50
}

// Two taps from the first screen to a number, for each of the ten wanted
// things, in portrait and Chinese, and in landscape and English.
func TestTwoTaps(t *testing.T) {
	_, catalog, problems := configs.LoadKiosk("../../configs/kiosk.toml")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, c := range []struct {
		lang          kiosk.Lang
		width, height int
		take, done    string
	}{{kiosk.Zh, 1080, 1920, "取号", "好了"}, {kiosk.En, 1920, 1080, "Take a number", "Done"}} {
		t.Run(string(c.lang), func(t *testing.T) {
			env := xvfb(t, c.width, c.height)
			m := newMachine(t, fmt.Sprintf("[screen]\nlanguage = %q\n", c.lang))
			m.run(env)
			seen := map[string]bool{}
			for _, w := range catalog.Wanted {
				m.screen("first", named("first"))
				began := m.taps
				m.tap(env, w.Name.In(c.lang))
				m.tap(env, c.take)
				s := m.screen("ticket", named("ticket"))
				number := ticketNumber(s)
				if number == "" || seen[number] || m.taps-began != 2 {
					t.Fatalf("%s: number %q after %d taps", w.Name.Zh, number, m.taps-began)
				}
				seen[number] = true
				if s.Width != c.width || s.Height != c.height {
					t.Fatalf("the screen is %d x %d", s.Width, s.Height)
				}
				m.home(env, c.done)
			}
			if len(seen) != 10 {
				t.Fatalf("%d numbers, want 10", len(seen))
			}
		})
	}
}

// Any item within four taps, by zone and department, and back again; the
// language can be switched on the way.
func TestBrowse(t *testing.T) {
	env := xvfb(t, 1080, 1920)
	m := newMachine(t, "")
	m.run(env)
	m.screen("first", named("first"))
	for _, step := range []struct{ label, screen string }{
		{"全部事项", "zones"}, {"C 区 · 社会管理服务区", "departments"}, {"下一页", "departments"}, {"上一页", "departments"}, {"公安局", "items"},
		{"返回", "departments"}, {"人力资源和社会保障局", "items"}, {"社保卡补办", "confirm"}, {"中 / En", "language"}, {"English", "confirm"},
	} {
		m.tap(env, step.label)
		m.screen(step.screen, named(step.screen))
	}
	m.tap(env, "Take a number")
	s := m.screen("an English ticket", func(s control.Screen) bool { return s.Name == "ticket" && slices.Contains(s.Texts, "Your number") })
	if !strings.Contains(strings.Join(s.Texts, " "), "Go to zone C") {
		t.Errorf("the ticket doesn't say where to go: %v", s.Texts)
	}
	m.tap(env, "Start over")
	m.screen("first, still in English", func(s control.Screen) bool { return s.Name == "first" && find(s, "All services") != nil })
	m.tap(env, "All services")
	m.tap(env, "Zone F · 24-Hour Self-Service")
	m.screen("what the machines do", named("items"))
}

// People walk away: the screen asks, and goes back by itself, to the hall's
// own language.
func TestIdle(t *testing.T) {
	env := xvfb(t, 540, 960)
	m := newMachine(t, "[screen]\nfullscreen = true\nidle_ask = 8\nidle_return = 20\n")
	m.run(env)
	m.tap(env, "中 / En")
	m.tap(env, "English")
	m.tap(env, "All services")
	s := m.screen("the question", named("idle"))
	if !strings.Contains(strings.Join(s.Texts, " "), "Are you still there?") {
		t.Fatalf("it asks %v", s.Texts)
	}
	m.tap(env, "Yes, I am")
	m.screen("where they were", named("zones"))
	m.screen("the question", named("idle"))
	m.screen("the first screen in Chinese", func(s control.Screen) bool { return s.Name == "first" && find(s, "全部事项") != nil })
}

// A fault never ends the visit: without paper the number is on the screen with
// a code, and the next one prints again.
func TestNoPaper(t *testing.T) {
	env := xvfb(t, 1080, 1920)
	h := newHall(t)
	m := newMachine(t, h.ports(115200))
	m.run(env)
	h.do("/printer/paper-out")
	m.tap(env, "社保卡")
	m.tap(env, "取号")
	s := m.screen("the ticket without paper", func(s control.Screen) bool {
		return s.Name == "ticket" && slices.Contains(s.Texts, "打印机没有纸了")
	})
	if ticketNumber(s) != "A001" {
		t.Fatalf("no number on %v", s.Texts)
	}
	if st, err := m.Status(context.Background()); err != nil || st.Devices[0].State != "paper_out" || st.Devices[0].Hint == "" {
		t.Fatalf("status %+v (%v)", st.Devices, err)
	}
	if name := os.Getenv("KIOSK_PICTURES"); name != "" {
		shot, _ := m.Shot(context.Background())
		os.WriteFile(filepath.Join(name, "no-paper.png"), shot, 0o644)
	}
	m.home(env, "好了")
	m.tap(env, "社保卡")
	m.tap(env, "取号")
	m.screen("the ticket without paper", func(s control.Screen) bool { return slices.Contains(s.Texts, "打印机没有纸了") })
	// Somebody loads a roll while this citizen stands there: the paper comes
	// after all, and unmarked, for it is the only one. The one who left gets none.
	h.do("/printer/paper-new")
	m.screen("a printed ticket", func(s control.Screen) bool { return slices.Contains(s.Texts, "请取走您的号") })
	if papers := h.papers(); len(papers) != 1 || !slices.Contains(papers[0].Text, "A002") || strings.Contains(strings.Join(papers[0].Text, " "), "重印") {
		t.Fatalf("papers %+v", papers)
	}
}

// Fyne forgets in which window an object is when it hasn't been asked for some
// time, looking every ten seconds. Here it forgets all of them then, as it does
// when the machine stalls: whatever is touched is drawn all the same.
func TestStaysDrawn(t *testing.T) {
	env := append(xvfb(t, 540, 960), "FYNE_CACHE=1ms")
	m := newMachine(t, "")
	m.run(env)
	f := newFinger(t, env, m)
	f.strip = strip{20, 95, 200}
	for began := time.Now(); time.Since(began) < 13*time.Second; {
		f.there("全部事项")
		f.there("返回")
	}
}
