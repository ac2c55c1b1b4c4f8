package terminal

import (
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"hallkiosk/configs"
	"hallkiosk/kiosk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

// patient bounds every wait for an event; it is no measure of speed.
const patient = 2 * time.Minute

// monday is ten o'clock in the hall on a working day.
var monday = time.Date(2026, 11, 23, 10, 0, 0, 0, time.FixedZone("hall", 8*3600))

// place is where a kiosk stands: its folder and its clock, which stay when it is
// switched off.
type place struct {
	*testing.T
	dir string
	id  string

	mu     sync.Mutex
	now    time.Time
	synced bool
}

func newPlace(t *testing.T) *place { return &place{T: t, dir: t.TempDir(), id: "k1", now: monday} }

func (p *place) set(at time.Time, synced bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now, p.synced = at, synced
}

func (p *place) clock() time.Time { p.mu.Lock(); defer p.mu.Unlock(); return p.now }

func (p *place) kept() bool { p.mu.Lock(); defer p.mu.Unlock(); return p.synced }

// on switches the kiosk on, without a screen; nothing of it runs yet. more is of
// its config.
func (p *place) on(more string) *terminal {
	p.Helper()
	config := filepath.Join(p.dir, "kiosk.toml")
	text := "[kiosk]\nid = \"" + p.id + "\"\nhall = \"h1\"\nseries = 1\n[store]\npath = \"kiosk.db\"\ndays = 3\n" + more
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		p.Fatal(err)
	}
	cfg, catalog, problems := configs.LoadKiosk(config)
	for _, problem := range problems {
		p.Fatal(problem)
	}
	k, err := open(p.Context(), Opts{Config: cfg, Catalog: catalog, Headless: true, Out: io.Discard, Now: p.clock, Synced: p.kept})
	if err != nil {
		p.Fatal(err)
	}
	return k
}

// take takes a number as the technician does.
func (p *place) take(k *terminal, r kiosk.Request) kiosk.Ticket {
	p.Helper()
	r.Items = []kiosk.ItemID{"RS001"}
	t, err := k.desk.Take(p.Context(), r)
	if err != nil {
		p.Fatal(err)
	}
	return t
}

// until waits for something that happens by itself.
func (p *place) until(what string, is func() bool) {
	p.Helper()
	for late := time.Now().Add(patient); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(late) {
			p.Fatalf("never: %s", what)
		}
	}
}
