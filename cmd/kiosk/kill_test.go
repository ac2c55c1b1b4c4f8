package main_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/control"
)

// The kiosk is killed with SIGKILL in the middle of 200 takes, and restarted,
// 20 times over: no number twice, none lost that take had answered, and the
// same request gets the same ticket on both sides of the kill. One hall has no
// printer; the other prints on a virtual one meanwhile.
func TestKill(t *testing.T) {
	rounds := 20
	if os.Getenv("KIOSK_SOAK") != "" {
		rounds = 200
	}
	t.Run("WithoutPrinter", func(t *testing.T) { kills(t, newMachine(t, ""), rounds, nil) })
	t.Run("Printing", func(t *testing.T) {
		h := newHall(t)
		h.torn = true
		kills(t, newMachine(t, h.ports(115200)), rounds/4, h)
	})
}

func kills(t *testing.T, m *machine, rounds int, h *hall) {
	told := map[kiosk.RequestID]control.TakeReply{} // what take answered
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(1, 2))
	killed := 0
	takes := int64(200)
	if h != nil {
		takes = 40 // paper takes its time
	}
	for round := range rounds {
		p := m.run(nil, "-headless")
		ctx, cancel := context.WithTimeout(context.Background(), patient)
		var next, answered atomic.Int64
		killAfter := (1 + random.Int64N(takes-1))
		dead := make(chan struct{})
		once := sync.OnceFunc(func() {
			p.kill()
			close(dead)
		})
		var citizens sync.WaitGroup
		for range 4 {
			citizens.Go(func() {
				for {
					n := next.Add(1)
					select {
					case <-dead:
						return
					default:
					}
					if n > takes {
						return
					}
					id := kiosk.RequestID(fmt.Sprintf("%d-%d", round, n))
					r, err := m.ask(ctx, id)
					if err != nil {
						continue // cut off in the middle: asked again below
					}
					mu.Lock()
					told[id] = r
					mu.Unlock()
					if answered.Add(1) == killAfter {
						once()
					}
				}
			})
		}
		citizens.Wait()
		cancel()
		if answered.Load() < takes {
			killed++
		}
		once()
	}
	if killed < rounds/2 {
		t.Errorf("only %d of %d kills fell into the middle of the takes", killed, rounds)
	}

	// Afterwards every citizen asks again: the same ticket, or a fresh one for
	// those who never got an answer.
	p := m.run(nil, "-headless")
	numbers := map[string]kiosk.RequestID{}
	for id, before := range told {
		r, err := m.ask(context.Background(), id)
		if err != nil {
			t.Fatal(err)
		}
		if r.ID != before.ID || r.Number != before.Number {
			t.Errorf("%s was told %s (%s), now %s (%s)", id, before.Number, before.ID, r.Number, r.ID)
		}
		if other, twice := numbers[r.Number]; twice {
			t.Errorf("%s was given to %s and to %s", r.Number, id, other)
		}
		numbers[r.Number] = id
	}
	if code := p.stop(); code != 0 {
		t.Errorf("the kiosk ended with %d", code)
	}
	db := filepath.Join(m.dir, "kiosk.db")
	stored := column(t, db, "SELECT queue || printf('%03d', n) FROM ticket ORDER BY n")
	for i, number := range stored {
		if want := fmt.Sprintf("A%03d", i+1); number != want {
			t.Fatalf("the store has %s in place %d, want %s", number, i, want)
		}
	}
	if got := column(t, db, "SELECT count(*) FROM event WHERE kind = 'ticket.taken'"); got[0] != fmt.Sprint(len(stored)) {
		t.Errorf("%s events of %d tickets", got[0], len(stored))
	}
	if got := column(t, db, "SELECT max(seq) - count(*) FROM event"); got[0] != "0" {
		t.Errorf("%s events are missing in the row", got[0])
	}
	if open := column(t, db, "SELECT ticket FROM print WHERE state IN ('started', 'sent')"); len(open) != 0 && h == nil {
		t.Errorf("%d attempts never ended", len(open))
	}
	t.Logf("%d kills, %d in the middle; %d answered, %d stored", rounds, killed, len(told), len(stored))
	if h == nil {
		return
	}
	// On paper: never the same number twice without a mark.
	seen := map[string]bool{}
	for _, p := range h.papers() {
		for _, line := range p.Text {
			if _, err := kiosk.ParseNumber(line); err == nil {
				if seen[line] && p.Whole {
					t.Errorf("two papers of %s", line)
				}
				seen[line] = seen[line] || p.Whole
			}
		}
	}
	if len(seen) == 0 {
		t.Error("no paper came out")
	}
}

// ask takes a number for social security.
func (m *machine) ask(ctx context.Context, id kiosk.RequestID) (control.TakeReply, error) {
	return m.Take(ctx, kiosk.Request{ID: id, Items: []kiosk.ItemID{"RS001"}})
}

// A machine without printer, reader and center starts, says what is missing,
// and gives numbers, with a screen and without.
func TestBareMachine(t *testing.T) {
	t.Run("Headless", func(t *testing.T) {
		m := newMachine(t, "")
		p := m.run(nil, "-headless")
		for _, part := range []string{"打印机 / printer", "读卡器 / reader", "扫码器 / scanner", "中心 / center"} {
			p.wait("kiosk: " + part + ": 没有 / none")
		}
		r := m.takeVerb("-item", "RS001")
		again := m.takeVerb("-item", "RS001", "-request", "x")
		same := m.takeVerb("-item", "RS001", "-request", "x")
		if r.Number != "A001" || r.Queue != "A" || r.Ahead != 0 || r.Print != kiosk.NotPrinted || again.Number != "A002" || again != same {
			t.Errorf("took %+v, %+v and %+v", r, again, same)
		}
		if info, err := os.Stat(m.Path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the socket's mode is %v (%v)", info.Mode(), err)
		}
		if _, errOut, code := m.verb("screen"); code != 1 || errOut == "" {
			t.Errorf("screen without a window: exit %d, %s", code, errOut)
		}
	})
	t.Run("PortsThatAreNotThere", func(t *testing.T) {
		m := newMachine(t, "[printer]\nport = \"/dev/no-such-printer\"\n[reader]\nport = \"/dev/no-such-reader\"\n[center]\nurl = \"http://127.0.0.1:9\"\ntoken_file = \"/etc/hostname\"\n")
		p := m.run(nil, "-headless")
		if said := p.said(); !contains(said, "port /dev/no-such-printer is not there", "port /dev/no-such-reader is not there") {
			t.Errorf("it said %s", said)
		}
		// Nobody can say whether this kiosk had another store: numbers go on far above.
		if r := m.takeVerb("-item", "RS001"); !regexp.MustCompile(`^A1-[0-9]{4,}$`).MatchString(r.Number) || r.Print != kiosk.NotPrinted || r.Cause != kiosk.FaultGone {
			t.Errorf("took %+v", r)
		}
		s, err := m.Status(context.Background())
		if err != nil || s.Devices[0].State != "gone" || s.Devices[1].State != "gone" || s.Devices[2].State != "not_fitted" || s.Unsent == 0 || s.Queues["A"] != 1 || s.Version == "" {
			t.Errorf("status %+v (%v)", s, err)
		}
		if _, errOut, code := m.verb("check"); code != 2 || !contains(errOut, "/dev/no-such-printer is not there") {
			t.Errorf("check: exit %d, %s", code, errOut)
		}
	})
	t.Run("PrinterComesLater", func(t *testing.T) {
		h := newHall(t)
		port := filepath.Join(t.TempDir(), "printer")
		m := newMachine(t, fmt.Sprintf("[printer]\nport = %q\nbaud = 115200\n", port))
		m.run(nil, "-headless")
		if r := m.takeVerb("-item", "RS001"); r.Cause != kiosk.FaultGone {
			t.Fatalf("took %+v", r)
		}
		if err := os.Symlink(filepath.Join(h.dir, "printer"), port); err != nil {
			t.Fatal(err)
		}
		for late := time.Now().Add(patient); ; time.Sleep(50 * time.Millisecond) {
			s, err := m.Status(context.Background())
			if err == nil && s.Devices[0].State == "ready" {
				break
			}
			if time.Now().After(late) {
				t.Fatalf("the printer is never found: %+v (%v)", s.Devices, err)
			}
		}
		if r := m.takeVerb("-item", "RS001"); r.Print != kiosk.Printed || len(h.papers()) != 1 {
			t.Fatalf("took %+v, %d papers", r, len(h.papers()))
		}
	})
}

// A restart after trouble, as technicians do: what hangs in the printer is cut
// off and doesn't stand on the next ticket.
func TestRestartAfterTrouble(t *testing.T) {
	h := newHall(t)
	h.torn = true
	m := newMachine(t, h.ports(115200))
	p := m.run(nil, "-headless")
	h.do("/printer/silent?byte=150")
	if r := m.takeVerb("-item", "RS001"); r.Print != kiosk.PrintUnknown {
		t.Fatalf("took %+v", r)
	}
	p.stop()
	h.do("/printer/clear")
	m.run(nil, "-headless")
	if r := m.takeVerb("-item", "RS001"); r.Number != "A002" || r.Print != kiosk.Printed {
		t.Fatalf("took %+v", r)
	}
	if newest := h.newest(); !newest.Whole || strings.Contains(strings.Join(newest.Text, " "), "A001") {
		t.Errorf("on one paper: %v", newest.Text)
	}
}

// A stop in the middle of a take answers it: the number stands, the paper is
// still on its way.
func TestStopDuringTake(t *testing.T) {
	h := newHall(t, "-baud", "1200")
	m := newMachine(t, h.ports(1200))
	p := m.run(nil, "-headless")
	type answer struct {
		r   control.TakeReply
		err error
	}
	got := make(chan answer, 1)
	go func() {
		r, err := m.ask(context.Background(), "x")
		got <- answer{r, err}
	}()
	for s, err := m.Status(context.Background()); s.Queues["A"] == 0; s, err = m.Status(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
	}
	code := p.stop()
	a := <-got
	if a.err != nil || a.r.Number != "A001" || code != 0 {
		t.Fatalf("answer %+v %v, exit %d", a.r, a.err, code)
	}
}
