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
}

// newWalk opens the shipped catalog on a panel of w by h pixels, at an hour when
// all windows are open.
func newWalk(t testing.TB, w, h float32) *walk {
	t.Helper()
	config, shipped, problems := configs.LoadKiosk("../configs/kiosk.toml")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "kiosk.db"), sqlite.DefaultOpts())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	monday := func() time.Time { return time.Date(2026, 11, 23, 10, 0, 0, 0, config.Location()) }
	d, err := desk.New(t.Context(), desk.Opts{Catalog: shipped, Store: store, Printer: &kiosktest.Printer{}, Clock: &kiosk.Clock{Now: monday}, Random: rand.Reader,
		Location: config.Location(), Early: true})
	if err != nil {
		t.Fatal(err)
	}
	a := New(Opts{Desk: d, Catalog: shipped, Index: catalog.New(shipped), Language: kiosk.Zh, Location: config.Location(), Now: monday,
		Request: func() kiosk.RequestID { return kiosk.RequestID(rand.Text()) },
		Code:    func(kiosk.Ticket) (image.Image, error) { return nil, errors.New("no code") },
		IdleAsk: time.Minute, IdleReturn: time.Minute, Width: int(w), Height: int(h)})
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	a.open(ctx, test.NewTempApp(t))
	t.Cleanup(a.win.Close)
	a.show()
	return &walk{t, a, shipped}
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

// route is the way to an item by browsing: the touches until its confirm screen
// is there, and how many of them only turned pages.
type route struct{ taps, turns int }

// browse goes through all zones and departments and returns the shortest way to
// each item.
func (w *walk) browse() map[kiosk.ItemID]route {
	w.Helper()
	found := map[kiosk.ItemID]route{}
	// list notes the items of the list on top, which are ids in this order.
	list := func(ids []kiosk.ItemID, taps, turns int) {
		for _, p := range w.pages() {
			for _, label := range p.choices {
				if len(ids) == 0 {
					w.Fatalf("%q is one too many", label)
				}
				item, _ := w.catalog.Item(ids[0])
				if w.loc.Of(item.Name) != label {
					w.Fatalf("the list has %q where %q should be", label, w.loc.Of(item.Name))
				}
				r := route{taps + p.turns + 1, turns + p.turns}
				if old, ok := found[ids[0]]; !ok || r.taps < old.taps {
					found[ids[0]] = r
				}
				ids = ids[1:]
			}
		}
		if len(ids) > 0 {
			w.Fatalf("%d items are not on the list, the first is %s", len(ids), ids[0])
		}
	}
	w.tap(w.loc.Say("all_items"))
	zones := w.catalog.Zones
	for _, zp := range w.pages() {
		for _, zone := range zp.choices {
			if len(zones) == 0 {
				break // what follows the zones is no zone
			}
			w.turn(zp.turns)
			w.tap(zone)
			z := zones[0]
			if zones = zones[1:]; z.Self {
				list(w.selfService(z.ID), 2+zp.turns, zp.turns)
				w.tap(w.loc.Say("back"))
				continue
			}
			departments := w.inZone(z.ID)
			for _, dp := range w.pages() {
				for _, dept := range dp.choices {
					w.turn(dp.turns)
					w.tap(dept)
					list(w.ofDepartment(departments[0].ID), 3+zp.turns+dp.turns, zp.turns+dp.turns)
					departments = departments[1:]
					w.tap(w.loc.Say("back"))
					for w.can(w.loc.Say("prev")) {
						w.tap(w.loc.Say("prev"))
					}
				}
			}
			w.tap(w.loc.Say("back"))
			for w.can(w.loc.Say("prev")) {
				w.tap(w.loc.Say("prev"))
			}
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
	w.tap(w.loc.Of(thing.Name))
	if !w.can(w.loc.Say("take")) {
		w.Fatalf("%s: the second touch takes no number; the screen is %s", thing.Item, w.top().name)
	}
	w.tap(w.loc.Say("home"))
	return 2
}

// The ten wanted things are two touches from a number, and browsing leads to
// every item: within four touches, and two more where a list has more pages.
func TestTaps(t *testing.T) {
	w := newWalk(t, 1080, 1920)
	for _, thing := range w.catalog.Wanted {
		if n := w.wanted(thing); n != 2 {
			t.Errorf("%s: %d touches to a number, want 2", thing.Item, n)
		}
	}
	routes := w.browse()
	if len(routes) != len(w.catalog.Items) {
		t.Errorf("browsing leads to %d of %d items", len(routes), len(w.catalog.Items))
	}
	for _, item := range w.catalog.Items {
		if r := routes[item.ID]; r.taps-r.turns > 4 || r.turns > 2 {
			t.Errorf("%s: %d touches and %d pages, want 4 and 2 at most", item.ID, r.taps-r.turns, r.turns)
		}
	}
}

// BenchmarkTaps prints how many touches lead to a number: for the wanted things,
// and for 50 items drawn at random by browsing and by search.
func BenchmarkTaps(b *testing.B) {
	w := newWalk(b, 1080, 1920)
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
		fmt.Fprintf(out, "%s\t%d\t%d\t%d\t%s\t%s\n", item.ID, r.taps+1, r.turns, found.taps, found.typed, w.loc.Of(item.Name))
	}
	fmt.Fprintf(out, "by search %d of %d items are within %d touches\n", within, len(drawn), bySearch)
	var all []int
	over := 0
	for _, r := range routes {
		all = append(all, r.taps)
		if r.taps > 4 {
			over++
		}
	}
	slices.Sort(all)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(all[len(all)/2]), "taps-to-item-p50")
	b.ReportMetric(float64(all[len(all)*99/100]), "taps-to-item-p99")
	b.ReportMetric(float64(all[len(all)-1]), "taps-to-item-max")
	b.ReportMetric(float64(over), "items-over-4")
	searched := sortedTaps(ways)
	b.ReportMetric(float64(searched[len(searched)/2]), "taps-by-search-p50")
	b.ReportMetric(float64(searched[len(searched)*99/100]), "taps-by-search-p99")
	b.ReportMetric(float64(searched[len(searched)-1]), "taps-by-search-max")
}
