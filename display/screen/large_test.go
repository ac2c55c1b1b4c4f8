package screen_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"hallkiosk/display/screen"
	"hallkiosk/display/text"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// on returns what is written on a target.
func on(s widget.Scene, x widget.Target) (said string, largest float32) {
	for _, w := range s.Words {
		if ofWord(w).inside(ofTarget(x)) {
			said += w.Text + " "
			largest = max(largest, w.Height)
		}
	}
	return said, largest
}

// pagesOf draws a screen page by page, until none leads on.
func pagesOf(draw func(page int, turn func(int)) widget.Scene) (out []widget.Scene) {
	for page := 0; page < 50; page++ {
		more := false
		s := draw(page, func(to int) { more = more || to > page })
		out = append(out, s)
		for _, x := range s.Targets {
			x.Press()
		}
		if !more {
			break
		}
	}
	return out
}

// What tells bookings apart is on each, however large the letters.
func TestBookingsTellTheirTimes(t *testing.T) {
	c := hall(t)
	var list []screen.Booked
	for i := range 7 {
		list = append(list, screen.Booked{Item: c.Items[i*9], From: fmt.Sprintf("%02d:30", 8+i), To: fmt.Sprintf("%02d:00", 9+i)})
	}
	for _, v := range variants() {
		p, told := v.page(), 0
		for _, s := range pagesOf(func(page int, turn func(int)) widget.Scene {
			return widget.Survey(screen.Bookings(p, list, page, turn, func(int) {}))
		}) {
			for _, x := range s.Targets {
				i := slices.IndexFunc(list, func(b screen.Booked) bool { return p.Of(b.Item.Name) == x.Label })
				if said, _ := on(s, x); i >= 0 && strings.Contains(said, list[i].From) {
					told++
				}
			}
		}
		if told != len(list) {
			t.Errorf("%v: %d of %d bookings tell their times", v, told, len(list))
		}
	}
}

// Every wanted thing tells how long one waits, or when it opens.
func TestFirstTellsTheWaits(t *testing.T) {
	c := hall(t)
	var offers []kiosk.Offer
	for i, w := range c.Wanted {
		o := offer(c, w.Item, 5+i)
		o.Item.Self, o.Wait = kiosk.Text{}, kiosk.Estimate{Low: 11 + i, High: 31 + i}
		offers = append(offers, o)
	}
	nop := func() {}
	to := screen.Entries{Find: nop, All: nop, Themes: nop, Hall: nop, Mine: nop}
	for _, v := range variants() {
		p, told := v.page(), 0
		for page, s := range pagesOf(func(page int, turn func(int)) widget.Scene {
			return widget.Survey(screen.First(p, monday, c.Wanted, offers, c.Zones, page, turn, func(kiosk.ItemID) {}, to))
		}) {
			for _, x := range s.Targets {
				i := slices.IndexFunc(c.Wanted, func(w kiosk.Wanted) bool { return p.Of(w.Name) == x.Label })
				if i < 0 {
					continue
				}
				if said, _ := on(s, x); strings.Contains(said, fmt.Sprintf("%d–%d", offers[i].Wait.Low, offers[i].Wait.High)) {
					told++
				}
			}
			for _, id := range []string{"all_items", "mine", "themes_short", "hall"} {
				if away := p.Shape == screen.Small || p.Low && (p.Shape == screen.Tall || !p.Large); away && (id == "themes_short" || id == "hall") {
					continue // they are on the screen with all items
				}
				if !slices.ContainsFunc(s.Targets, func(x widget.Target) bool { return x.Label == p.Say(id) }) {
					t.Errorf("%v: page %d doesn't lead to %q", v, page, p.Say(id))
				}
			}
		}
		if told != len(c.Wanted) {
			t.Errorf("%v: %d of %d wanted things tell the wait", v, told, len(c.Wanted))
		}
	}
}

// A search shows several hits a page in large text, two on a small panel and three
// elsewhere, and their titles are larger than in normal text.
func TestLargeHits(t *testing.T) {
	c := hall(t)
	nop := func() {}
	keys := screen.Keys{Press: func(string) {}, Erase: nop, Clear: nop, Switch: nop}
	find := func(p screen.Page, f screen.Search) (pages int, letters float32) {
		s := widget.Survey(screen.Find(p, monday, f, 0, func(int) {}, keys, func(int) {}))
		for _, x := range s.Targets {
			if x.Label == p.Of(f.Hits[0].Item.Name) {
				_, letters = on(s, x)
			}
		}
		for _, said := range s.Paragraphs {
			fmt.Sscanf(said, "1 / %d", &pages)
		}
		return pages, letters
	}
	for _, v := range variants() {
		if !v.modes.Large {
			continue
		}
		p := v.page()
		normal := screen.NewPage(text.In(v.lang), screen.Modes{}, v.w, v.h, 0)
		few, larger := 3, float32(1.1)
		if p.Shape == screen.Small { // there normal text has one hit a page where its letters are large
			few, larger = 2, 1
		}
		for from := range 6 {
			f := screen.Search{Typed: "s", Total: 30, Next: allLetters}
			for i := range 30 {
				f.Hits = append(f.Hits, screen.Hit{Offer: offer(c, c.Items[(from*5+i*7)%len(c.Items)].ID, 120)})
			}
			pages, letters := find(p, f)
			_, before := find(normal, f)
			if pages < 2 || (pages-2)*few > len(f.Hits) { // names of three lines have a page for two
				t.Errorf("%v: %d hits stand on %d pages", v, len(f.Hits), pages)
			}
			if letters < before*larger {
				t.Errorf("%v: the letters of %q are %.0f, in normal text %.0f", v, f.Hits[0].Item.ID, letters, before)
			}
		}
	}
}
