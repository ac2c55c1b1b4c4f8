package fire

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/calling"
)

// The hall under fire: 8 kiosks, 2 centers on one PostgreSQL, citizens who take
// numbers all the while, 40 clerks who use every button. Kiosks, centers and the
// database are killed; the lines between kiosks and centers, windows and centers,
// centers and database are cut and stalled; clocks of kiosks and centers jump by
// two hours both ways, over the change of the business day. Afterwards, with all of
// it healed,
//
//   - the center's ledger is exactly the union of the kiosks', everybody who was
//     told a number has it, and no number was given twice;
//   - every press that was answered is stored, each ticket's history is a lawful
//     one, and none was at two windows;
//   - everybody was called, and nobody was passed over but by the rules.
//
// A kiosk whose clock has leapt ahead stamps its tickets so, and place is by stamp:
// its people stand behind those who come later elsewhere, and that is no fault here.
//
// KIOSK_FIRE_SECONDS sets how long it burns. 300 and more are the long form, in
// which 10,000 tickets must be taken while it does.
func TestHallUnderFire(t *testing.T) {
	burns, rate := time.Minute, 28.0 // of tickets a second
	if s := os.Getenv("KIOSK_FIRE_SECONDS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		burns = time.Duration(n) * time.Second
	}
	long := burns >= 5*time.Minute
	if long {
		rate = 42
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
	random := func(stream int) *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(stream))) }
	const windows, citizensEach = 40, 4
	began := time.Now()
	h := newHall(t, 8, 2)
	o := newOffice(h, windows, func(i int) []kiosk.QueueID {
		one := i % len(h.queues)
		switch {
		case i == windows-1:
			return h.queues
		case i%4 == 3:
			return []kiosk.QueueID{h.queues[one], h.queues[(one+1)%len(h.queues)]}
		}
		return h.queues[one : one+1]
	})
	t.Logf("it stands after %v", time.Since(began).Round(time.Second))
	ctx, cancel := context.WithTimeout(t.Context(), burns)
	defer cancel()
	open, close := context.WithCancel(t.Context())
	defer close()
	var clerks, citizens sync.WaitGroup
	for w := range windows {
		d := &desk{o: o, window: w + 1, random: random(1000 + w), days: h.days()}
		clerks.Go(func() { d.work(open) })
	}
	for g := range 3 {
		citizens.Go(func() { o.guide(ctx, fmt.Sprintf("guide%d", g), random(2000+g)) })
	}
	every := time.Duration(float64(len(h.kiosks)*citizensEach) / rate * float64(time.Second))
	for i, k := range h.kiosks {
		for c := range citizensEach {
			citizens.Go(func() { k.citizens(ctx, every, random(100*i+c+2), fmt.Sprintf("%d-%d", i, c)) })
		}
	}
	did := h.burn(ctx, random(1))
	citizens.Wait()
	taken := h.told()
	t.Logf("the fire: %v; %d tickets were taken in it", did, taken)
	if long && taken < 10_000 {
		t.Errorf("%d tickets were taken while it burned, want 10000", taken)
	}

	healed := time.Now()
	h.heal()
	o.rest()
	var settling sync.WaitGroup
	for _, k := range h.kiosks {
		settling.Go(k.settle)
	}
	settling.Wait()
	if all := h.told(); taken < all/10 {
		t.Errorf("only %d of %d tickets were taken while it burned", taken, all)
	}
	settled := time.Now()
	h.over(o)
	close()
	clerks.Wait()
	t.Logf("%v until all was told to the center, %v until all were served", settled.Sub(healed).Round(time.Second), time.Since(settled).Round(time.Second))
	h.compare(h.told())
	h.judge(o)
	for _, harm := range harms {
		if did[harm.name] == 0 && harm.first >= 0 {
			t.Errorf("no %s: the fire was too small", harm.name)
		}
	}
}

// told is how many know their number.
func (h *hall) told() (n int) {
	for _, k := range h.kiosks {
		k.mu.Lock()
		n += len(k.told)
		k.mu.Unlock()
	}
	return n
}

// rest has clerks do no more than call and serve.
func (o *office) rest() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.calm = true
}

// over waits until nobody is left: everybody was served, has left, or missed all
// calls. Who is parked, or was to be offered again at a time by a clock that was
// ahead, is put back by the guide.
func (h *hall) over(o *office) {
	t := h.t
	t.Helper()
	ctx := t.Context()
	db := h.open(ctx)
	defer db.Close(context.Background())
	least, late := -1, time.Now().Add(patient)
	for n := 0; ; n++ {
		var left int
		if err := db.QueryRow(ctx, "SELECT count(*) FROM tickets WHERE state NOT IN ('done', 'left', 'missed')").Scan(&left); err != nil {
			t.Fatal(err)
		}
		if left == 0 {
			return
		}
		if left < least || least < 0 {
			least, late = left, time.Now().Add(patient)
		}
		if time.Now().After(late) {
			t.Fatalf("%d tickets are never served", left)
		}
		rows, err := db.Query(ctx, "SELECT id FROM tickets WHERE state = 'parked' AND (until = 0 OR until > $1) OR state = 'waiting' AND until > $1 LIMIT 20",
			time.Now().Add(2*time.Second).UnixMilli())
		if err != nil {
			t.Fatal(err)
		}
		stuck, err := pgx.CollectRows(rows, pgx.RowTo[kiosk.TicketID])
		if err != nil {
			t.Fatal(err)
		}
		for i, id := range stuck {
			o.walk(ctx, i, id, calling.PutBack, press{Op: kiosk.OpID(fmt.Sprintf("over-%d-%d", n, i))})
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// harm is something that burn does.
type harm struct {
	name   string
	weight int
	first  int // when it is done first; -1 leaves that to chance
	do     func(h *hall, random *rand.Rand)
}

var harms = []harm{
	{"kiosk killed", 18, 0, func(h *hall, r *rand.Rand) { one(h.kiosks, r).restart() }},
	{"center killed", 11, 1, func(h *hall, r *rand.Rand) { one(h.centers, r).restart() }},
	{"database killed", 5, 2, func(h *hall, _ *rand.Rand) { h.killDatabase() }},
	{"kiosk's line cut", 16, 3, func(h *hall, r *rand.Rand) { one(h.kiosks, r).line.set(cut) }},
	{"kiosk's line stalled", 8, 4, func(h *hall, r *rand.Rand) { one(h.kiosks, r).line.set(stalled) }},
	{"kiosk's line healed", 14, -1, func(h *hall, r *rand.Rand) { one(h.kiosks, r).line.set(open) }},
	{"kiosk's clock ahead", 6, 5, func(h *hall, r *rand.Rand) { jump(h.t, one(h.kiosks, r).dir, 2*time.Hour) }},
	{"kiosk's clock behind", 4, 6, func(h *hall, r *rand.Rand) { jump(h.t, one(h.kiosks, r).dir, -2*time.Hour) }},
	{"kiosk's clock right", 4, -1, func(h *hall, r *rand.Rand) { jump(h.t, one(h.kiosks, r).dir, 0) }},
	{"center's clock ahead", 2, 7, func(h *hall, r *rand.Rand) { jump(h.t, one(h.centers, r).dir, 2*time.Hour) }},
	{"center's clock behind", 2, 8, func(h *hall, r *rand.Rand) { jump(h.t, one(h.centers, r).dir, -2*time.Hour) }},
	{"center's clock right", 2, -1, func(h *hall, r *rand.Rand) { jump(h.t, one(h.centers, r).dir, 0) }},
	{"database's line cut", 3, 9, func(h *hall, r *rand.Rand) { one(h.centers, r).o.line.hurt(cut, moment(r)) }},
	{"database's line stalled", 3, 10, func(h *hall, r *rand.Rand) { one(h.centers, r).o.line.hurt(stalled, moment(r)) }},
	{"windows' line cut", 4, 11, func(h *hall, r *rand.Rand) { one(h.windows, r).hurt(cut, moment(r)) }},
	{"windows' line stalled", 4, 12, func(h *hall, r *rand.Rand) { one(h.windows, r).hurt(stalled, moment(r)) }},
}

func one[T any](of []T, random *rand.Rand) T { return of[random.IntN(len(of))] }

// moment is how long a line on which a whole hall waits is hurt.
func moment(random *rand.Rand) time.Duration {
	return time.Duration(200+random.IntN(2000)) * time.Millisecond
}

// burn does harm until ctx ends and says what it did.
func (h *hall) burn(ctx context.Context, random *rand.Rand) map[string]int {
	did := map[string]int{}
	all := 0
	for _, m := range harms {
		all += m.weight
	}
	for n := 0; ; n++ {
		select {
		case <-time.After(time.Duration(100+random.IntN(500)) * time.Millisecond):
		case <-ctx.Done():
			return did
		}
		m := choose(n, random.IntN(all))
		m.do(h, random)
		did[m.name]++
	}
}

// choose is the n-th harm: each in its turn at first, then by weight.
func choose(n, pick int) harm {
	for _, m := range harms {
		if m.first == n {
			return m
		}
	}
	for _, m := range harms {
		if pick -= m.weight; pick < 0 {
			return m
		}
	}
	panic("no harm has that weight")
}
