package fire

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/uplink"
)

// TestWeek gives a center the visitors of seven days, one day after the other as
// fast as they come: numbers, batches, calls at 40 windows, clerks who log in,
// lines of news that open and close. From the evening of the second day on, when
// all is warm, its memory and its descriptors don't grow with what it has done.
// KIOSK_WEEK_VISITORS is how many come a day; a hall's real 7,000 take minutes.
func TestWeek(t *testing.T) {
	const days, kiosks, windows = 7, 8, 40
	visitors, lines, logins := 56, 5, 2 // lines: of each kiosk, beside the one it holds
	slack := 24                         // MiB: a collection may fall into a password's check, which takes 19
	if s := os.Getenv("KIOSK_WEEK_VISITORS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		visitors, lines, logins, slack = n, 100, windows, 4 // there are collections enough
	}
	h := newCenters(t, allDay(t), kiosks, 1, "GODEBUG=gctrace=1")
	c := h.centers[0]
	o := newOffice(h, windows, inTurn(h.queues))
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	var senders []*sender
	for i := range kiosks {
		s := newSender(t, h, i)
		senders = append(senders, s)
		running.Go(func() { s.pump.Run(ctx) })
		running.Go(func() { s.feed.Run(ctx, s.tell) })
	}
	for w := range windows {
		running.Go(func() { o.work(ctx, w+1) })
	}
	var evenings []footprint
	today := time.Now().UTC()
	for d := range days {
		day := kiosk.Day(today.AddDate(0, 0, d-days).Format(time.DateOnly))
		var come sync.WaitGroup
		for i, s := range senders {
			come.Go(func() { s.citizens(ctx, day, h.queues[i%len(h.queues)], visitors/kiosks) })
			come.Go(func() {
				for range lines {
					s.listen(ctx)
				}
			})
		}
		come.Go(func() {
			for range logins {
				o.login(ctx, 1, clerk, o.token(clerk))
			}
		})
		come.Wait()
		for _, s := range senders {
			s.sent()
		}
		h.served(o)
		evenings = append(evenings, c.footprint())
	}
	cancel()
	running.Wait()
	for _, s := range senders {
		s.stored(h)
	}
	first, last := evenings[1], evenings[days-1]
	t.Logf("%d visitors a day; the first evening %v, the second %v, the last %v", visitors, evenings[0], first, last)
	// A leak of a hundred bytes an event would be 10 MiB in the five days of a real
	// week that lie between. RSS also has what is left between two collections.
	if last.heap > first.heap+slack || last.rss > first.rss*5/4+(slack+24)<<20 {
		t.Errorf("memory grows: %v", evenings)
	}
	if last.files > first.files+8 { // the pools of the database
		t.Errorf("descriptors leak: %v", evenings)
	}
}

// listen holds a line of news of its own until the first news has come.
func (s *sender) listen(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	f := uplink.DefaultFeedOpts()
	f.Hall, f.RetryMin, f.RetryMax = "center", 10*time.Millisecond, 20*time.Millisecond
	uplink.NewFeed(s.client, f).Run(ctx, func(*kiosk.News) { cancel() })
}

// footprint is what a process holds.
type footprint struct {
	rss   int // bytes
	heap  int // MiB that lived after a collection, the least of the day's
	files int // descriptors
}

func (f footprint) String() string {
	return fmt.Sprintf("RSS %d MiB, live heap %d MiB, %d descriptors", f.rss>>20, f.heap, f.files)
}

var (
	rssLine = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)
	gcLine  = regexp.MustCompile(`->(\d+) MB, `) // of GODEBUG=gctrace=1
)

// footprint reads what the center holds; of its collections, those since it was
// asked last.
func (c *centerServer) footprint() footprint {
	c.t.Helper()
	proc := fmt.Sprintf("/proc/%d/", c.proc.cmd.Process.Pid)
	status, err := os.ReadFile(proc + "status")
	if err != nil {
		c.t.Fatal(err)
	}
	files, err := os.ReadDir(proc + "fd")
	if err != nil {
		c.t.Fatal(err)
	}
	number := func(text string, of *regexp.Regexp) int {
		m := of.FindStringSubmatch(text)
		if m == nil {
			return -1
		}
		n, err := strconv.Atoi(m[1])
		if err != nil {
			c.t.Fatal(err)
		}
		return n
	}
	f := footprint{rss: number(string(status), rssLine) << 10, heap: -1, files: len(files)}
	c.proc.mu.Lock()
	defer c.proc.mu.Unlock()
	for _, l := range c.proc.lines[c.read:] {
		if lived := number(l, gcLine); lived >= 0 && (f.heap < 0 || lived < f.heap) {
			f.heap = lived
		}
	}
	c.read = len(c.proc.lines)
	if f.heap < 0 {
		f.heap = c.lived // nothing was collected since
	}
	c.lived = f.heap
	if f.rss <= 0 || f.heap < 0 {
		c.t.Fatalf("the center doesn't say what it holds: %+v", f)
	}
	return f
}
