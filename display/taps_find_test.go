package display

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"

	"hallkiosk/kiosk"
)

// What an item may take by the initials of its pinyin, from the first screen to
// its number: the search, three letters, the item, the number.
const bySearch = 6

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
	taps  int // until its number
}

// inLetters is how a name is typed by the initials of its pinyin.
func inLetters(name string, initials map[rune]string) (text string) {
	for _, r := range strings.ToLower(name) {
		if letter := initials[r]; letter != "" {
			text += letter
		} else if r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			text += string(r)
		}
	}
	return text
}

// searches are the ways of a person who knows the things' names: letter by letter
// until the card is on the first page, and on to other pages only when there are no
// letters left. Every letter and page is touched, once for all things that share
// it; the card and the number are counted.
func (w *walk) searches(items []kiosk.ItemID, initials map[rune]string) map[kiosk.ItemID]found {
	w.Helper()
	all, texts, names := map[kiosk.ItemID]found{}, map[kiosk.ItemID]string{}, map[kiosk.ItemID]string{}
	for _, id := range items {
		item, _ := w.catalog.Item(id)
		names[id] = w.loc.Of(item.Name)
		texts[id] = inLetters(item.Name.Zh, initials)
	}
	var look func(typed string, ids []kiosk.ItemID, taps int)
	look = func(typed string, ids []kiosk.ItemID, taps int) {
		longer := map[string][]kiosk.ItemID{}
		for _, id := range ids {
			switch rest := texts[id][len(typed):]; {
			case typed != "" && w.can(names[id]):
				all[id] = found{typed, taps + 2}
			case rest != "":
				longer[rest[:1]] = append(longer[rest[:1]], id)
			default:
				turns := 0
				for ; !w.can(names[id]); turns++ {
					if !w.can(w.loc.Say("next")) {
						w.Fatalf("%s: its initials %q don't find it", id, typed)
					}
					w.tap(w.loc.Say("next"))
				}
				all[id] = found{typed, taps + turns + 2}
				for range turns {
					w.tap(w.loc.Say("prev"))
				}
			}
		}
		for _, letter := range slices.Sorted(maps.Keys(longer)) {
			digits := w.can("abc")
			look(typed+letter, longer[letter], taps+w.press(letter))
			w.tap(w.loc.Say("erase"))
			if !digits && w.can("abc") { // who types anew begins with the letters
				w.tap("abc")
			}
		}
	}
	w.tap(w.loc.Say("find"))
	look("", items, 1)
	w.tap(w.loc.Say("home"))
	return all
}

// press types a letter or a digit, and returns how many touches that took: the
// other keys may have to be shown first.
func (w *walk) press(letter string) (taps int) {
	w.Helper()
	label, began := strings.ToUpper(letter), w.touches
	for _, other := range []string{"123", "abc"} {
		if w.touches == began && !w.can(label) && w.can(other) {
			w.tap(other)
		}
	}
	w.tap(label)
	return w.touches - began
}

// search goes a way that was found to the number.
func (w *walk) search(id kiosk.ItemID, f found) {
	w.Helper()
	began := w.touches
	w.tap(w.loc.Say("find"))
	for _, letter := range strings.Split(f.typed, "") {
		w.press(letter)
	}
	item, _ := w.catalog.Item(id)
	for !w.can(w.loc.Of(item.Name)) {
		w.tap(w.loc.Say("next"))
	}
	w.tap(w.loc.Of(item.Name))
	w.take()
	if taps := w.touches - began; taps != f.taps {
		w.Fatalf("%s: %d touches, %d were counted", id, taps, f.taps)
	}
}

// all are the items of the catalog.
func (w *walk) all() (ids []kiosk.ItemID) {
	for _, item := range w.catalog.Items {
		ids = append(ids, item.ID)
	}
	return ids
}

// tapsOf are the touches of ways.
func tapsOf(ways map[kiosk.ItemID]found) (taps []int) {
	for _, f := range ways {
		taps = append(taps, f.taps)
	}
	return taps
}

// By the initials of its pinyin every item of the shipped catalog is at most six
// touches from a number on the panel that most halls have, and half of them five; among
// the city's items, many of whose names begin alike, it is one touch more. The lower a
// panel the fewer finds stand on it, and the more letters it takes; there one in five
// items is looked for. What was counted is walked to the number for the wanted things
// and one in a hundred items.
func TestTapsBySearch(t *testing.T) {
	initials := readInitials(t)
	for _, v := range []struct {
		city           bool
		w, h           float32
		step           int // one in so many items
		p50, p99, most int // touches
	}{{false, 1080, 1920, 1, 5, bySearch, bySearch}, {true, 1080, 1920, 1, 5, bySearch + 1, bySearch + 1}, {true, 1920, 1080, 5, 5, 9, 10}, {true, 1024, 768, 5, 6, 14, 15}} {
		t.Run(fmt.Sprintf("%v-%.0fx%.0f", v.city, v.w, v.h), func(t *testing.T) {
			if race && v.city {
				t.Skip("the race detector makes it slow, and the shipped catalog goes the same ways")
			}
			w := newWalk(t, v.city, v.w, v.h)
			var items []kiosk.ItemID
			for i, id := range w.all() {
				if i%v.step == 0 {
					items = append(items, id)
				}
			}
			ways := w.searches(items, initials)
			for i, id := range items {
				if i%100 == 0 || slices.ContainsFunc(w.catalog.Wanted, func(v kiosk.Wanted) bool { return v.Item == id }) {
					w.search(id, ways[id])
				}
			}
			if p50, p99, most := spread(tapsOf(ways)); len(ways) != len(items) || p50 > v.p50 || p99 > v.p99 || most > v.most {
				t.Errorf("half of %d items are within %d touches, 99 of 100 within %d, all within %d, want %d, %d, %d", len(ways), p50, p99, most, v.p50, v.p99, v.most)
			}
		})
	}
}
