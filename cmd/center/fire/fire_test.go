package fire

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	_ "github.com/mattn/go-sqlite3"

	"hallkiosk/kiosk"
)

// The hall under fire: 8 kiosks, 2 centers on one PostgreSQL, citizens who take
// numbers all the while. Kiosks, centers and the database are killed, the lines
// between are cut and stalled, clocks jump by two hours both ways. Afterwards,
// with all of it healed, the center's ledger is exactly the union of the kiosks',
// everybody who was told a number has it, and no number was given twice.
//
// KIOSK_FIRE_SECONDS sets how long it burns.
func TestHallUnderFire(t *testing.T) {
	burns := time.Minute
	if s := os.Getenv("KIOSK_FIRE_SECONDS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		burns = time.Duration(n) * time.Second
	}
	seed := rand.Uint64()
	if s := os.Getenv("KIOSK_FIRE_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		seed = n
	}
	t.Logf("KIOSK_FIRE_SEED=%d", seed)
	h := newHall(t, 8, 2)
	ctx, cancel := context.WithTimeout(t.Context(), burns)
	defer cancel()

	o := newOffice(h, 40, h.queues)
	open, close := context.WithCancel(t.Context())
	defer close()
	var clerks, citizens sync.WaitGroup
	for w := range 40 {
		clerks.Go(func() { o.work(open, w+1) })
	}
	for i, k := range h.kiosks {
		for c := range 2 {
			citizens.Go(func() { k.citizens(ctx, rand.New(rand.NewPCG(seed, uint64(100*i+c))), fmt.Sprintf("%d-%d", i, c)) })
		}
	}
	did := h.burn(ctx, rand.New(rand.NewPCG(seed, 1)))
	citizens.Wait()
	t.Logf("the fire: %v", did)

	h.heal()
	var settling sync.WaitGroup
	for _, k := range h.kiosks {
		settling.Go(k.settle)
	}
	settling.Wait()
	told := 0
	for _, k := range h.kiosks {
		told += len(k.told)
	}
	h.compare(told)
	h.served(o)
	close()
	clerks.Wait()
	t.Logf("40 windows called %d tickets; %d presses were repeated", o.calls, o.again)
	for _, action := range []string{"kiosk killed", "center killed", "database killed", "line cut", "line stalled", "clock jumped"} {
		if did[action] == 0 {
			t.Errorf("no %s: the fire was too small", action)
		}
	}
}

// citizens take numbers at one kiosk until ctx ends. A wish without an answer is
// asked again, by settle at the latest.
func (k *terminal) citizens(ctx context.Context, random *rand.Rand, name string) {
	for n := 0; ctx.Err() == nil; n++ {
		w := kiosk.Request{ID: kiosk.RequestID(fmt.Sprintf("%s-%d", name, n)), Items: []kiosk.ItemID{wanted[random.IntN(len(wanted))]}}
		k.mu.Lock()
		k.wishes[w.ID] = w
		k.mu.Unlock()
		k.ask(ctx, w)
		select { // people don't come all at once
		case <-time.After(time.Duration(random.IntN(900)) * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// wanted are the items that citizens come for.
var wanted = []kiosk.ItemID{"RS001", "GJ001", "SW001", "SC001", "BD001"}

// served waits until nobody is left waiting: none was starved.
func (h *hall) served(o *office) {
	t := h.t
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*patient)
	defer cancel()
	db, err := pgx.Connect(ctx, h.url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(context.Background())
	for {
		var left, all int
		if err := db.QueryRow(ctx, "SELECT count(*) FILTER (WHERE state <> 'done'), count(*) FROM tickets").Scan(&left, &all); err != nil {
			t.Fatal(err)
		}
		o.mu.Lock()
		calls := o.calls
		o.mu.Unlock()
		if left == 0 {
			if calls != all {
				t.Errorf("%d calls for %d tickets", calls, all)
			}
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("%d of %d tickets are never served", left, all)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// ask asks for a number and notes the answer, if there is one.
func (k *terminal) ask(ctx context.Context, w kiosk.Request) bool {
	k.mu.Lock()
	path := k.client
	k.mu.Unlock()
	r, err := path.Take(ctx, w)
	if err != nil {
		return false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if before, known := k.told[w.ID]; known && before != (answer{r.ID, r.Number}) {
		k.t.Errorf("%s was told %s, then %s", w.ID, before.number, r.Number)
	}
	k.told[w.ID] = answer{r.ID, r.Number}
	return true
}

// burn does harm until ctx ends and says what it did.
func (h *hall) burn(ctx context.Context, random *rand.Rand) map[string]int {
	did := map[string]int{}
	for ctx.Err() == nil {
		select {
		case <-time.After(time.Duration(100+random.IntN(500)) * time.Millisecond):
		case <-ctx.Done():
			return did
		}
		k := h.kiosks[random.IntN(len(h.kiosks))]
		n := random.IntN(100)
		if first := len(did); first < 6 { // each once at least
			n = []int{0, 20, 32, 37, 60, 85}[first]
		}
		switch {
		case n < 20:
			k.restart()
			did["kiosk killed"]++
		case n < 32:
			h.centers[random.IntN(len(h.centers))].restart()
			did["center killed"]++
		case n < 37:
			h.killDatabase()
			did["database killed"]++
		case n < 60:
			k.line.set(cut)
			did["line cut"]++
		case n < 70:
			k.line.set(stalled)
			did["line stalled"]++
		case n < 85:
			k.line.set(open)
			did["line healed"]++
		default:
			hours := []int{-2, 0, 2}[random.IntN(3)]
			k.clock(time.Duration(hours) * time.Hour)
			did["clock jumped"]++
		}
	}
	return did
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

// row is a ticket as both ledgers have it.
type row struct{ kiosk, id, day, number string }

// compare holds the center's ledger against the kiosks'.
func (h *hall) compare(told int) {
	t := h.t
	t.Helper()
	ours := map[row]bool{}
	for _, k := range h.kiosks {
		stored := k.ledger()
		byID := map[string]string{}
		for _, r := range stored {
			ours[r] = true
			byID[r.id] = r.number
		}
		for id, a := range k.told {
			if byID[string(a.id)] != a.number {
				t.Errorf("%s: %s was told %s, stored is %q", k.id, id, a.number, byID[string(a.id)])
			}
		}
	}
	labels := map[string]row{}
	for r := range ours {
		if other, twice := labels[r.day+" "+r.number]; twice {
			t.Errorf("%s on %s was given by %s and by %s", r.number, r.day, r.kiosk, other.kiosk)
		}
		labels[r.day+" "+r.number] = r
	}
	db, err := pgx.Connect(t.Context(), h.url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(context.Background())
	rows, err := db.Query(t.Context(), "SELECT kiosk, id, day::text, number FROM tickets")
	if err != nil {
		t.Fatal(err)
	}
	theirs := map[row]bool{}
	for rows.Next() {
		var r row
		if err := rows.Scan(&r.kiosk, &r.id, &r.day, &r.number); err != nil {
			t.Fatal(err)
		}
		theirs[r] = true
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	for r := range ours {
		if !theirs[r] {
			t.Errorf("the center lacks %+v", r)
		}
	}
	for r := range theirs {
		if !ours[r] {
			t.Errorf("the center made up %+v", r)
		}
	}
	var alarms int
	if err := db.QueryRow(t.Context(), "SELECT count(*) FROM alarms").Scan(&alarms); err != nil || alarms != 0 {
		t.Errorf("%d alarms (%v)", alarms, err)
	}
	shared := 0
	for r := range ours {
		if !strings.Contains(r.number, "-") {
			shared++
		}
	}
	if len(ours) < told || shared == 0 || shared == len(ours) {
		t.Errorf("%d tickets, %d told, %d of the shared series", len(ours), told, shared)
	}
	t.Logf("%d tickets on %d kiosks, %d of the shared series", len(ours), len(h.kiosks), shared)
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
