package display

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"image"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"text/tabwriter"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"hallkiosk/configs"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
	"hallkiosk/kiosk/catalog"
	"hallkiosk/kiosk/desk"
	"hallkiosk/kiosk/kiosktest"
	"hallkiosk/kiosk/sqlite"
)

// walk is the whole App in Fyne's test window, with a real desk behind it, and
// a finger. Only drawing and the X server are not there.
type walk struct {
	testing.TB
	*App
	catalog *kiosk.Catalog
	told    chan struct{} // gets one when a number and its paper are on the screen
	touches int           // that were sent
}

// ended is a desk that says when the screen has been told of a paper's end. However
// many numbers a walk takes, nobody waits: how many stand on a page would depend on it.
type ended struct {
	Desk
	told chan struct{}
}

func (d ended) Offers(ctx context.Context, ids ...kiosk.ItemID) ([]kiosk.Offer, error) {
	list, err := d.Desk.Offers(ctx, ids...)
	for i := range list {
		list[i].Ahead, list[i].Wait = 0, kiosk.Estimate{}
	}
	return list, err
}

func (d ended) Await(ctx context.Context, id kiosk.TicketID, seen kiosk.PrintState) (kiosk.PrintJob, error) {
	if seen.Ended() {
		d.told <- struct{}{}
		<-ctx.Done()
	}
	return kiosk.PrintJob{State: kiosk.Printed}, ctx.Err()
}

// newWalk opens the shipped catalog, or with city one as large as the city's, on a
// panel of w by h pixels, at an hour when all windows are open.
func newWalk(t testing.TB, city bool, w, h float32) *walk {
	t.Helper()
	config, items, problems := configs.LoadKiosk("../configs/kiosk.toml")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if city {
		items = kiosktest.City(items)
	}
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "kiosk.db"), sqlite.DefaultOpts())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	monday := func() time.Time { return time.Date(2026, 11, 23, 10, 0, 0, 0, config.Location()) }
	d, err := desk.New(t.Context(), desk.Opts{Catalog: items, Store: store, Clock: &kiosk.Clock{Now: monday}, Random: rand.Reader,
		Location: config.Location(), Early: true})
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan struct{})
	a := New(Opts{Desk: ended{d, told}, Catalog: items, Index: catalog.New(items), Language: kiosk.Zh, Location: config.Location(), Now: monday,
		Request: func() kiosk.RequestID { return kiosk.RequestID(rand.Text()) },
		Code:    func(kiosk.Ticket) (image.Image, error) { return nil, errors.New("no code") },
		IdleAsk: time.Minute, IdleReturn: time.Minute, Width: int(w), Height: int(h)})
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	a.open(ctx, test.NewTempApp(t))
	t.Cleanup(a.win.Close)
	a.show()
	return &walk{TB: t, App: a, catalog: items, told: told}
}

func (w *walk) targets() []widget.Target { return widget.Survey(w.root.content).Targets }

// can says whether something of that name can be touched.
func (w *walk) can(label string) bool {
	return slices.ContainsFunc(w.targets(), func(t widget.Target) bool { return t.Label == label })
}

// tap touches what has that name, where it stands.
func (w *walk) tap(label string) {
	w.Helper()
	for _, t := range w.targets() {
		if t.Label == label {
			w.touches++
			test.TapCanvas(w.win.Canvas(), fyne.NewPos(t.X+t.Width/2, t.Y+t.Height/2))
			return
		}
	}
	w.Fatalf("there is no %q on the screen %s", label, w.top().name)
}

// page is one page of a list: what can be chosen on it, and how often one has to
// turn to it.
type page struct {
	turns   int
	choices []string
}

// pages turns through the list on top, and leaves it on its first page.
func (w *walk) pages() (list []page) {
	w.Helper()
	for turns := 0; ; turns++ {
		var choices []string
		frame := widget.Survey(w.frame.made[len(w.frame.made)-1].o).Targets
		for _, t := range w.targets() {
			of := func(f widget.Target) bool { return f.Label == t.Label }
			if t.Label != w.loc.Say("next") && t.Label != w.loc.Say("prev") && !slices.ContainsFunc(frame, of) {
				choices = append(choices, t.Label)
			}
		}
		list = append(list, page{turns, choices})
		if !w.can(w.loc.Say("next")) {
			break
		}
		w.tap(w.loc.Say("next"))
	}
	for w.can(w.loc.Say("prev")) {
		w.tap(w.loc.Say("prev"))
	}
	return list
}

// turn turns the list on top by so many pages.
func (w *walk) turn(pages int) {
	for range pages {
		w.tap(w.loc.Say("next"))
	}
}

// take touches what takes a number, until one is on the screen, and starts over.
func (w *walk) take() {
	w.Helper()
	for w.top().name != "ticket" {
		w.tap(w.loc.Say("take"))
		select {
		case <-w.told:
		case <-time.After(time.Minute):
			w.Fatalf("no number comes; the screen is %s", w.top().name)
		}
	}
	w.home()
}

// route is the way to an item by browsing: what is touched until its confirm
// screen is there, and how many of these only turn pages.
type route struct {
	touched []string
	turns   int
}

func (r route) taps() int { return len(r.touched) }

// further goes so many pages and one touch further.
func (w *walk) further(r route, turns int, label string) route {
	touched := slices.Clone(r.touched)
	for range turns {
		touched = append(touched, w.loc.Say("next"))
	}
	return route{append(touched, label), r.turns + turns}
}

// follow goes a route that was found to the number, and fails unless it takes as
// many touches as were counted.
func (w *walk) follow(id kiosk.ItemID, r route) {
	w.Helper()
	began := w.touches
	for _, label := range r.touched {
		w.tap(label)
	}
	if item, _ := w.catalog.Item(id); w.top().name != "confirm" || !slices.Contains(widget.Survey(w.root.content).Paragraphs, w.loc.Of(item.Name)) {
		w.Fatalf("%s: %q leads to %s", id, r.touched, w.top().name)
	}
	w.take()
	if n := w.touches - began; n != r.taps()+1 {
		w.Fatalf("%s: %d touches to its number, %d were counted", id, n, r.taps()+1)
	}
}

// browse goes through all zones and departments and returns the shortest way to
// each item.
func (w *walk) browse() map[kiosk.ItemID]route {
	w.Helper()
	found := map[kiosk.ItemID]route{}
	// list notes the items of the list on top, which are ids in this order.
	list := func(ids []kiosk.ItemID, to route) {
		for _, p := range w.pages() {
			for _, label := range p.choices {
				if len(ids) == 0 {
					w.Fatalf("%q is one too many", label)
				}
				item, _ := w.catalog.Item(ids[0])
				if w.loc.Of(item.Name) != label {
					w.Fatalf("the list has %q where %q should be", label, w.loc.Of(item.Name))
				}
				r := w.further(to, p.turns, label)
				if old, ok := found[ids[0]]; !ok || r.taps() < old.taps() {
					found[ids[0]] = r
				}
				ids = ids[1:]
			}
		}
		if len(ids) > 0 {
			w.Fatalf("%d items are not on the list, the first is %s", len(ids), ids[0])
		}
	}
	back := func() {
		w.tap(w.loc.Say("back"))
		for w.can(w.loc.Say("prev")) {
			w.tap(w.loc.Say("prev"))
		}
	}
	all := route{touched: []string{w.loc.Say("all_items")}}
	w.tap(all.touched[0])
	zones := w.catalog.Zones
	for _, zp := range w.pages() {
		for _, zone := range zp.choices {
			if len(zones) == 0 {
				break // what follows the zones is no zone
			}
			w.turn(zp.turns)
			w.tap(zone)
			z, there := zones[0], w.further(all, zp.turns, zone)
			if zones = zones[1:]; z.Self {
				list(w.selfService(z.ID), there)
				back()
				continue
			}
			departments := w.inZone(z.ID)
			for _, dp := range w.pages() {
				for _, dept := range dp.choices {
					w.turn(dp.turns)
					w.tap(dept)
					list(w.ofDepartment(departments[0].ID), w.further(there, dp.turns, dept))
					departments = departments[1:]
					back()
				}
			}
			back()
		}
	}
	if len(zones) > 0 {
		w.Fatalf("zone %s isn't on the list", zones[0].ID)
	}
	w.tap(w.loc.Say("home"))
	return found
}

// wanted returns the touches to a number of a thing on the first screen.
func (w *walk) wanted(thing kiosk.Wanted) int {
	w.Helper()
	began := w.touches
	w.tap(w.loc.Of(thing.Name))
	w.take()
	return w.touches - began
}

// spread is how many touches ways take: half of them, 99 in 100, and the longest,
// at most.
func spread(taps []int) (p50, p99, most int) {
	slices.Sort(taps)
	return taps[len(taps)/2], taps[len(taps)*99/100], taps[len(taps)-1]
}

// browsed are the touches to the items of routes, without and with those that turn
// pages.
func browsed(routes map[kiosk.ItemID]route) (choices, taps []int) {
	for _, r := range routes {
		choices, taps = append(choices, r.taps()-r.turns), append(taps, r.taps())
	}
	return choices, taps
}

// The ten wanted things are two touches from a number. Browsing leads to each item by
// four choices, on every panel; how many pages are turned besides depends on how much
// stands on one and how many items a department has. What was counted is walked to the
// number for one in a hundred items.
func TestTaps(t *testing.T) {
	for _, v := range []struct {
		city           bool
		w, h           float32
		p50, p99, most int // touches
	}{{false, 1080, 1920, 4, 6, 6}, {true, 1080, 1920, 5, 9, 10}, {true, 1920, 1080, 5, 11, 12}, {true, 1024, 768, 6, 15, 17}} {
		t.Run(fmt.Sprintf("%v-%.0fx%.0f", v.city, v.w, v.h), func(t *testing.T) {
			if race && v.city {
				t.Skip("the race detector makes it slow, and the shipped catalog goes the same ways")
			}
			w := newWalk(t, v.city, v.w, v.h)
			for _, thing := range w.catalog.Wanted {
				if n := w.wanted(thing); n != 2 {
					t.Errorf("%s: %d touches to a number, want 2", thing.Item, n)
				}
			}
			routes := w.browse()
			if len(routes) != len(w.catalog.Items) {
				t.Errorf("browsing leads to %d of %d items", len(routes), len(w.catalog.Items))
			}
			choices, taps := browsed(routes)
			p50, p99, most := spread(taps)
			if _, _, chosen := spread(choices); chosen > 4 || p50 > v.p50 || p99 > v.p99 || most > v.most {
				t.Errorf("%d choices at most; half of %d items are within %d touches, 99 of 100 within %d, all within %d, want 4 and %d, %d, %d",
					chosen, len(taps), p50, p99, most, v.p50, v.p99, v.most)
			}
			for i, item := range w.catalog.Items {
				if i%100 == 0 {
					w.follow(item.ID, routes[item.ID])
				}
			}
		})
	}
}

// BenchmarkTaps prints how many touches lead to a number among the city's items: for
// the wanted things, and for 50 items drawn at random by browsing and by search.
func BenchmarkTaps(b *testing.B) {
	w := newWalk(b, true, 1080, 1920)
	seed := uint64(time.Now().UnixNano())
	random := mathrand.New(mathrand.NewPCG(seed, 0))
	out := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	defer out.Flush()
	ways := w.searches(w.all(), readInitials(b))
	fmt.Fprintf(out, "\nitem\ttouches to a number (seed %d)\tof them pages\tby search\ttyped\tname\n", seed)
	for _, thing := range w.catalog.Wanted {
		found := ways[thing.Item]
		w.search(thing.Item, found)
		fmt.Fprintf(out, "%s\t%d\t0\t%d\t%s\t%s\n", thing.Item, w.wanted(thing), found.taps, found.typed, w.loc.Of(thing.Name))
	}
	routes := w.browse()
	drawn := random.Perm(len(w.catalog.Items))[:50]
	within := 0
	for _, i := range drawn {
		item := w.catalog.Items[i]
		r, found := routes[item.ID], ways[item.ID]
		w.search(item.ID, found)
		if found.taps <= bySearch {
			within++
		}
		w.follow(item.ID, r)
		fmt.Fprintf(out, "%s\t%d\t%d\t%d\t%s\t%s\n", item.ID, r.taps()+1, r.turns, found.taps, found.typed, w.loc.Of(item.Name))
	}
	near := 0
	for _, n := range tapsOf(ways) {
		if n <= bySearch {
			near++
		}
	}
	fmt.Fprintf(out, "by search %d of these %d items, and %d of all %d, are within %d touches\n", within, len(drawn), near, len(ways), bySearch)
	b.ReportMetric(0, "ns/op")
	report := func(name string, taps []int) {
		p50, p99, most := spread(taps)
		b.ReportMetric(float64(p50), name+"-p50")
		b.ReportMetric(float64(p99), name+"-p99")
		b.ReportMetric(float64(most), name+"-max")
	}
	_, taps := browsed(routes)
	report("taps-to-item", taps)
	report("taps-by-search", tapsOf(ways))
	for _, size := range [][2]float32{{1920, 1080}, {1024, 768}} {
		_, taps := browsed(newWalk(b, true, size[0], size[1]).browse())
		report(fmt.Sprintf("taps-to-item-%.0fx%.0f", size[0], size[1]), taps)
	}
}
