package desk_test

import (
	"slices"
	"testing"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/desk"
)

// A promise that a number is taken with lasts as long as the offer told before:
// opening days of the queue, from the day of the number.
func TestPromise(t *testing.T) {
	r := open(t, path(t), func(o *desk.Opts) {
		o.Catalog.PromiseDays = 5
		o.Catalog.Items[0].Materials = []kiosk.Material{{Name: kiosk.Text{Zh: "身份证"}, Essential: true}, {Name: kiosk.Text{Zh: "照片"}}}
	})
	for _, c := range []struct {
		days int // after Monday
		due  kiosk.Day
	}{{0, "2026-11-30"}, {2, "2026-12-02"}, {5, "2026-12-07"}} { // on Saturday the number is for Monday
		r.set(monday.AddDate(0, 0, c.days))
		offers, err := r.Offers(t.Context(), "a1")
		if err != nil || offers[0].Due != c.due {
			t.Fatalf("%d days later the offer says %q (%v), want %s", c.days, offers[0].Due, err, c.due)
		}
		got, err := r.Take(t.Context(), kiosk.Request{Items: []kiosk.ItemID{"a1"}, Missing: []string{"照片"}})
		if err != nil || got.Promise.By != c.due || !slices.Equal(got.Promise.Papers, []string{"照片"}) || got.Paper() != kiosk.PaperPromise {
			t.Fatalf("%d days later the number promises %+v (%v), want by %s", c.days, got.Promise, err, c.due)
		}
	}
	if _, err := r.Take(t.Context(), kiosk.Request{Items: []kiosk.ItemID{"a1"}, Missing: []string{"身份证"}}); kiosk.CodeOf(err) != kiosk.EInvalid {
		t.Errorf("an essential paper was promised: %v", err)
	}
}
