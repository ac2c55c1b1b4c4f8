package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// BenchmarkChromium holds the screen against the same two screens as a page in
// Debian's Chromium in kiosk mode: the same X server, software drawing, letters
// and icons. A ratio is ours by Chromium's, so that less than 1 is in our favour.
//
// Aims: at most half of its start and memory; a changed frame within 50 ms of the
// touch at the 99th percentile; memory that grows by at most 5 % over 10,000
// screens.
func BenchmarkChromium(b *testing.B) {
	if _, err := exec.LookPath("chromium"); err != nil {
		b.Skip("no Chromium: .ci/deps bench")
	}
	url := browserPage(b)
	env := xvfb(b, 1080, 1920)
	w := watcher{newEye(b, env, strip{48, 210, 300})}
	m := newMachine(b, "")
	profile := b.TempDir()
	ours := contender{func(n int) *process { return start(b, env, filepath.Join(bin, "kiosk"), "run", "-config", m.config) }}
	theirs := contender{func(n int) *process {
		return start(b, env, "chromium", "--kiosk", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
			"--disable-component-update", "--disable-sync", "--disable-features=Translate", "--window-position=0,0", "--window-size=1080,1920", "--user-data-dir="+filepath.Join(profile, strconv.Itoa(n)), url)
	}}
	both := func(b *testing.B, unit string, measure func(c contender) float64) {
		a, z := measure(ours), measure(theirs)
		b.ReportMetric(a, unit)
		b.ReportMetric(z, "chromium-"+unit)
		b.ReportMetric(a/z, unit+"-ratio")
	}
	b.Run("Start", func(b *testing.B) {
		b.ReportMetric(0, "ns/op")
		both(b, "first-frame-ms", func(c contender) float64 {
			var took []time.Duration
			for i := range 7 {
				began := time.Now()
				p := c.start(i)
				w.first()
				took = append(took, time.Since(began))
				w.end(p)
			}
			return ms(quantile(took, .5))
		})
	})
	b.Run("Touch", func(b *testing.B) {
		b.ReportMetric(0, "ns/op")
		const rest = 200 * time.Millisecond // a person touches no faster
		var all [2][]time.Duration
		for i, c := range []contender{ours, theirs} {
			p := c.start(0)
			w.first()
			w.visits(10, time.Hour, rest)
			all[i] = w.visits(100, time.Hour, rest)
			w.end(p)
		}
		for _, q := range []struct {
			unit string
			at   float64
		}{{"p50-ms", .5}, {"p99-ms", .99}} {
			b.ReportMetric(ms(quantile(all[0], q.at)), q.unit)
			b.ReportMetric(ms(quantile(all[1], q.at)), "chromium-"+q.unit)
			b.ReportMetric(ms(quantile(all[0], q.at))/ms(quantile(all[1], q.at)), q.unit+"-ratio")
		}
		b.ReportMetric(ms(quantile(w.looks, .5)), "floor-look-ms")
	})
	b.Run("Idle", func(b *testing.B) {
		b.ReportMetric(0, "ns/op")
		both(b, "cpu-percent", func(c contender) float64 {
			p := c.start(0)
			w.first()
			time.Sleep(5 * time.Second) // what starts up, settles
			const span = 30 * time.Second
			before := jiffies(b, p)
			time.Sleep(span)
			used := jiffies(b, p) - before
			w.end(p)
			return 100 * float64(used) / 100 / span.Seconds() // USER_HZ is 100 on Linux
		})
	})
	b.Run("Memory", func(b *testing.B) {
		b.ReportMetric(0, "ns/op")
		for i, c := range []contender{ours, theirs} {
			name := []string{"", "chromium-"}[i]
			p := c.start(0)
			w.first()
			time.Sleep(2 * time.Second)
			at := pss(b, family(b, p)...)
			w.visits(100, time.Hour, 0)
			warm := pss(b, family(b, p)...)
			screens := 200 + len(w.visits(4900, 6*time.Minute, 0))
			late := pss(b, family(b, p)...)
			w.end(p)
			b.ReportMetric(at, name+"MB")
			b.ReportMetric(warm, name+"MB-after-200")
			b.ReportMetric(late, name+"MB-at-end")
			b.ReportMetric(float64(screens), name+"screens")
			b.ReportMetric(100*(late-at)/at, name+"growth-%")
		}
	})
}

// contender starts the n-th run of a program that shows the two screens.
type contender struct {
	start func(n int) *process
}

// watcher looks through the screen's question, of ours and of the page.
type watcher struct{ *eye }

// first waits for the first screen: dark letters on the light ground. A bare X
// server is all dark, and a browser's window is all light before its page comes.
func (w watcher) first() {
	w.until("the first screen", func(pixels string) bool {
		dark, light := 0, 0
		for i := 1; i < len(pixels); i += 4 { // green
			if pixels[i] < 0x40 {
				dark++
			} else if pixels[i] > 0xF0 {
				light++
			}
		}
		return dark > 40 && light > 200
	})
}

// end ends the program and waits until the X server shows nothing of it.
func (w watcher) end(p *process) {
	p.stop()
	w.until("the bare screen", func(pixels string) bool { return strings.Trim(pixels, "\x00") == "" })
}

// visits goes to the first card's confirm screen and back, n times or as long as
// limit allows, resting after each touch, and returns how long each took.
func (w watcher) visits(n int, limit, rest time.Duration) (took []time.Duration) {
	for end := time.Now().Add(limit); n > 0 && time.Now().Before(end); n-- {
		for _, at := range [][2]int16{{300, 400}, {140, 1740}} { // the first card; back
			took = append(took, w.touch(at, "another screen"))
			time.Sleep(rest)
		}
	}
	return took
}

// family is a process and all that descend from it.
func family(b *testing.B, p *process) []int {
	parents := map[int]int{}
	names, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range names {
		if data, err := os.ReadFile(name); err == nil { // it may have ended
			var pid, parent int
			_, rest, _ := strings.Cut(string(data), ") ")
			if _, err := fmt.Sscanf(filepath.Base(filepath.Dir(name))+" "+strings.Fields(rest)[1], "%d %d", &pid, &parent); err != nil {
				b.Fatal(err)
			}
			parents[pid] = parent
		}
	}
	var members []int
	for pid := range parents {
		for up := pid; up != 0; up = parents[up] {
			if up == p.cmd.Process.Pid {
				members = append(members, pid)
				break
			}
		}
	}
	return members
}

// jiffies is the processor time that the family has used.
func jiffies(b *testing.B, p *process) (sum int) {
	for _, pid := range family(b, p) {
		data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if _, rest, ok := strings.Cut(string(data), ") "); ok {
			f := strings.Fields(rest) // from field 3 of proc(5) on
			for _, v := range f[11:13] {
				n, err := strconv.Atoi(v)
				if err != nil {
					b.Fatal(err)
				}
				sum += n
			}
		}
	}
	return sum
}
