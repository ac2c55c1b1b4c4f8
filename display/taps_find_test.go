package display

import (
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"

	"hallkiosk/kiosk"
)

// What an item may take by the initials of its pinyin, from the first screen to
// its number: the search, three letters, the item, the number.
const (
	bySearch = 6
	farthest = 7 // a few, whose names begin as many others do, need a letter more
)

// readInitials reads the letter that each character's pinyin begins with from the
// index's own table, its most usual reading first.
func readInitials(t testing.TB) map[rune]string {
	t.Helper()
	data, err := os.ReadFile("../kiosk/catalog/pinyin.txt")
	if err != nil {
		t.Fatal(err)
	}
	initials := map[rune]string{}
	for column := 1; column <= 2; column++ {
		for line := range strings.Lines(string(data)) {
			fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
			if len(fields) <= column {
				continue
			}
			for _, r := range fields[column] {
				if initials[r] == "" {
					initials[r] = fields[0][:1]
				}
			}
		}
	}
	return initials
}

// found is the way to an item by search.
type found struct {
	typed string
	turns int // of pages
	taps  int // until its number
}

// way is how a person searches who knows a thing's name: letter by letter until
// it is on the first page, and on to other pages only when there are no letters
// left.
func (w *walk) way(id kiosk.ItemID, initials map[rune]string) (f found) {
	item, _ := w.catalog.Item(id)
	text := ""
	for _, r := range strings.ToLower(item.Name.Zh) {
		if letter := initials[r]; letter != "" {
			text += letter
		} else if r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			text += string(r)
		}
	}
	const perPage = 6
	for n := range len(text) {
		hits := w.o.Index.Find(text[:n+1]).Hits
		for i, h := range hits[:min(mostFound, len(hits))] {
			if h.Item == id && (i < perPage || n+1 == len(text)) {
				turns := i / perPage
				return found{text[:n+1], turns, 1 + n + 1 + turns + 1 + 1}
			}
		}
	}
	w.Fatalf("%s: its initials %q don't find it", id, text)
	return f
}

// search goes that way by touches.
func (w *walk) search(id kiosk.ItemID, initials map[rune]string) found {
	w.Helper()
	f := w.way(id, initials)
	taps := 0
	tap := func(label string) {
		w.Helper()
		w.tap(label)
		taps++
	}
	tap(w.loc.Say("find"))
	for _, letter := range strings.Split(strings.ToUpper(f.typed), "") {
		if !w.can(letter) { // a digit
			w.Fatalf("%s: %q can't be typed after %q", id, letter, f.typed)
		}
		tap(letter)
	}
	for range f.turns {
		tap(w.loc.Say("next"))
	}
	item, _ := w.catalog.Item(id)
	tap(w.loc.Of(item.Name))
	if !w.can(w.loc.Say("take")) {
		w.Fatalf("%s: %q leads to no number; the screen is %s", id, f.typed, w.top().name)
	}
	if taps++; taps != f.taps {
		w.Fatalf("%s: %d touches, %d were counted", id, taps, f.taps)
	}
	w.tap(w.loc.Say("home"))
	return f
}

// searches are the touches to every item's number, the fewest first.
func (w *walk) searches(initials map[rune]string) (all []int) {
	for _, item := range w.catalog.Items {
		all = append(all, w.way(item.ID, initials).taps)
	}
	slices.Sort(all)
	return all
}

// The wanted things are at most six touches from a number by the initials of their
// pinyin, and so are 97 of 100 items; no item is more than one further. What was
// counted is walked for the wanted things and one in forty items.
func TestTapsBySearch(t *testing.T) {
	w, initials := newWalk(t, 1080, 1920), readInitials(t)
	for _, thing := range w.catalog.Wanted {
		if f := w.search(thing.Item, initials); f.taps > bySearch {
			t.Errorf("%s: %d touches with %q, want %d at most", thing.Item, f.taps, f.typed, bySearch)
		}
	}
	for i := 0; i < len(w.catalog.Items); i += 40 {
		w.search(w.catalog.Items[i].ID, initials)
	}
	all := w.searches(initials)
	if p97, last := all[len(all)*97/100], all[len(all)-1]; p97 > bySearch || last > farthest {
		t.Errorf("97 of 100 items are within %d touches, want %d; the farthest takes %d, want %d", p97, bySearch, last, farthest)
	}
}
