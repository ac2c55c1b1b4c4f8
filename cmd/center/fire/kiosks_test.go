package fire

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/control"
	"hallkiosk/kiosk/uplink"
)

// answer is what a citizen was told.
type answer struct {
	id     kiosk.TicketID
	number string
}

// terminal is one kiosk, its line to the centers and its citizens.
type terminal struct {
	t    *testing.T
	id   string
	dir  string
	line *proxy
	proc *process

	mu     sync.Mutex
	client control.Client
	wishes map[kiosk.RequestID]kiosk.Request
	told   map[kiosk.RequestID]answer
	newest []kiosk.TicketID // some that were told last
}

func newTerminal(t *testing.T, h *hall, i int, catalog string) *terminal {
	t.Helper()
	dir := shortDir(t)
	k := &terminal{t: t, id: fmt.Sprintf("K%d", i+1), dir: dir, line: toCenters(t, h, i), client: control.Client{Path: filepath.Join(dir, "kiosk.sock")},
		wishes: map[kiosk.RequestID]kiosk.Request{}, told: map[kiosk.RequestID]answer{}}
	who := `token_file = "token"`
	if i%2 == 0 {
		write(t, filepath.Join(dir, "token"), tokenOf(i)+"\n")
	} else {
		who = `key_file = "key"`
		code, _, _ := strings.Cut(h.centers[0].operate("", "enroll", "-hall", "center", "-kiosk", k.id), "\n")
		o := uplink.ClientOpts{URL: "http://" + k.line.l.Addr().String(), Hall: "center"}
		if _, err := uplink.Enroll(t.Context(), o, kiosk.KioskID(k.id), code, filepath.Join(dir, "key")); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(dir, "kiosk.toml"), fmt.Sprintf(`[kiosk]
id = %q
hall = "center"
series = %d
timezone = %q
[store]
path = "kiosk.db"
[catalog]
path = %q
[center]
url = "http://%s"
%s
`, k.id, i+1, h.zone, catalog, k.line.l.Addr(), who))
	k.start()
	t.Cleanup(func() { k.proc.kill() })
	return k
}

func (k *terminal) start() {
	k.t.Helper()
	k.proc = start(k.t, []string{asKiosk + "=" + filepath.Join(k.dir, "kiosk.toml")}, os.Args[0])
	if _, ok := k.proc.wait(k.t, "kiosk: ready"); !ok {
		k.t.Fatalf("%s doesn't start:\n%s", k.id, k.proc.said())
	}
}

func (k *terminal) restart() {
	k.t.Helper()
	k.proc.kill()
	k.start()
}

// citizens come to one kiosk, one every so often, until ctx ends. Who finds others
// before him takes his number when they have theirs. A wish without an answer is
// asked again, by settle at the latest.
func (k *terminal) citizens(ctx context.Context, every time.Duration, random *rand.Rand, name string) {
	began := time.Now()
	for n := 0; ; n++ {
		comes := began.Add(time.Duration((float64(n) + random.Float64()) * float64(every)))
		select {
		case <-time.After(time.Until(comes)):
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			return
		}
		first := random.IntN(len(wanted))
		w := kiosk.Request{ID: kiosk.RequestID(fmt.Sprintf("%s-%d", name, n)), Items: wanted[first : first+1]}
		switch random.IntN(12) {
		case 0:
			w.Priority = kiosk.Priorities[random.IntN(len(kiosk.Priorities))]
		case 1: // and goes on to the next queue
			w.Items = []kiosk.ItemID{wanted[first], wanted[(first+1)%len(wanted)]}
		}
		k.mu.Lock()
		k.wishes[w.ID] = w
		k.mu.Unlock()
		k.ask(ctx, w)
	}
}

// wanted are the items that citizens come for.
var wanted = []kiosk.ItemID{"RS001", "GJ001", "SW001", "SC001", "BD001"}

// ask asks for a number and notes the answer, if there is one. A kiosk that hasn't
// heard yet that the center sends people on gives a number for one thing only.
func (k *terminal) ask(ctx context.Context, w kiosk.Request) bool {
	k.mu.Lock()
	path := k.client
	k.mu.Unlock()
	r, err := path.Take(ctx, w)
	if len(w.Items) > 1 && kiosk.CodeOf(err) == kiosk.EInvalid {
		w.Items = w.Items[:1]
		k.mu.Lock()
		k.wishes[w.ID] = w
		k.mu.Unlock()
		return k.ask(ctx, w)
	}
	if err != nil {
		return false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if before, known := k.told[w.ID]; known && before != (answer{r.ID, r.Number}) {
		k.t.Errorf("%s was told %s, then %s", w.ID, before.number, r.Number)
	}
	k.told[w.ID] = answer{r.ID, r.Number}
	k.newest = append(k.newest[max(0, len(k.newest)-9):], r.ID)
	return true
}

// someone is one of those who took a number last; "" when there is nobody yet.
func (k *terminal) someone(random *rand.Rand) kiosk.TicketID {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.newest) == 0 {
		return ""
	}
	return k.newest[random.IntN(len(k.newest))]
}

// settle has every wish answered and every event acknowledged. Of the wishes that
// have their answer some are asked again: it must be the same.
func (k *terminal) settle() {
	k.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*patient)
	defer cancel()
	again := 0
	for _, w := range k.wishes {
		if _, known := k.told[w.ID]; known {
			if again++; again > 50 {
				continue
			}
		}
		for !k.ask(ctx, w) {
			if ctx.Err() != nil {
				k.t.Errorf("%s: wish %s is never answered:\n%s", k.id, w.ID, k.proc.said())
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
	for {
		s, err := k.client.Status(ctx)
		if err == nil && s.Unsent == 0 {
			return
		}
		if ctx.Err() != nil {
			k.t.Errorf("%s: %d events stay unsent, center %+v (%v)\n%s", k.id, s.Unsent, s.Center, err, k.proc.said())
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// ledger reads a kiosk's tickets.
func (k *terminal) ledger() []row {
	k.t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(k.dir, "kiosk.db")+"?mode=ro")
	if err != nil {
		k.t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query("SELECT id, day, queue, series, n FROM ticket")
	if err != nil {
		k.t.Fatal(err)
	}
	defer rows.Close()
	var out []row
	for rows.Next() {
		r := row{kiosk: k.id}
		var n kiosk.Number
		if err := rows.Scan(&r.id, &r.day, &n.Queue, &n.Series, &n.N); err != nil {
			k.t.Fatal(err)
		}
		r.number = n.String()
		out = append(out, r)
	}
	if rows.Err() != nil {
		k.t.Fatal(rows.Err())
	}
	return out
}
