package screen_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"hallkiosk/display/screen"
	"hallkiosk/display/text"
	"hallkiosk/display/theme"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

const allLetters = "abcdefghijklmnopqrstuvwxyz0123456789"

// alsoCalled is another word that something was found by.
var alsoCalled = kiosk.Text{Zh: "交通违章罚款", Hant: "交通違例罰款", En: "Traffic fines"}

// finding are the screens that find by letters, and those that tell of a holiday.
func finding(c *kiosk.Catalog) (out []example) {
	nop := func() {}
	keys := screen.Keys{Press: func(string) {}, Erase: nop, Clear: nop, Switch: nop}
	add := func(name string, f screen.Search, page int) {
		out = append(out, example{name: "find-" + name, draw: func(p screen.Page) fyne.CanvasObject {
			f.Hits = slices.Clone(f.Hits)
			for i := range f.Hits {
				if f.Hits[i].Also != "" {
					f.Hits[i].Also = p.Of(alsoCalled)
				}
			}
			return screen.Find(p, monday, f, page, func(int) {}, keys, func(int) {})
		}})
	}
	hits := func(from, n int) (list []screen.Hit) {
		for i := range n {
			h := screen.Hit{Offer: offer(c, c.Items[(from+i*7)%len(c.Items)].ID, 120)}
			switch i % 4 {
			case 0:
				h.From, h.To = 0, 3
			case 1:
				h.Also = alsoCalled.Zh
			case 2:
				h.Theme = c.Themes[i%len(c.Themes)].Name
			case 3:
				h.Open, h.CanTake, h.Opens, h.Holiday = false, false, monday.AddDate(0, 0, 7), dragonBoat
			}
			list = append(list, h)
		}
		return list
	}
	add("begin", screen.Search{Total: 441, Next: allLetters}, 0)
	add("digits", screen.Search{Total: 441, Next: allLetters, Digits: true}, 0)
	add("few", screen.Search{Typed: "sbk", Total: 1, Hits: hits(0, 1), Next: "abdghjmswxyz"}, 0)
	for page := range 2 {
		for from := range 6 {
			add(fmt.Sprint("many-", page, "-", from), screen.Search{Typed: "s", Total: 354, Hits: hits(from*5, 30), Next: allLetters}, page)
		}
	}
	add("many-last", screen.Search{Typed: "s", Total: 354, Hits: hits(0, 30), Next: allLetters}, 99)
	add("long", screen.Search{Typed: "applyforafirstsocialsecuritycard", Total: 2, Hits: hits(3, 2)}, 0)
	o := offer(c, c.Items[0].ID, 5)
	dept, _ := c.Department(o.Item.Dept)
	o.Open, o.Opens, o.Holiday = false, monday.AddDate(0, 0, 7), dragonBoat
	confirm := func(name string, o kiosk.Offer) {
		out = append(out, example{name: "confirm-" + name, draw: func(p screen.Page) fyne.CanvasObject {
			return screen.Confirm(p, monday, o, dept, check(), precedence, nop, nop)
		}})
	}
	confirm("holiday", o)
	o.CanTake = false
	confirm("holiday-closed", o)
	out[len(out)-1].bare = true
	return out
}

var dragonBoat = kiosk.Text{Zh: "中秋节、国庆节", Hant: "中秋節、國慶節", En: "Mid-Autumn Festival and National Day"}

// Only keys that lead on can be touched, each types what it says, and a hit gives
// its place among all.
func TestFindIntents(t *testing.T) {
	c := hall(t)
	var pressed, picked string
	keys := screen.Keys{Press: func(l string) { pressed += l }, Erase: func() { pressed += "<" }, Clear: func() { pressed += "-" }, Switch: func() { pressed += "#" }}
	search := screen.Search{Typed: "sbk", Total: 30, Next: "ab1"}
	for i := range 30 {
		search.Hits = append(search.Hits, screen.Hit{Offer: offer(c, c.Items[i].ID, 3)})
	}
	labels := func(v variant, f screen.Search, page int) (list []string) {
		o := screen.Find(v.page(), monday, f, page, func(int) {}, keys, func(i int) { picked = fmt.Sprint(i) })
		for _, x := range widget.Survey(o).Targets {
			list = append(list, x.Label)
		}
		tapAll(o)
		return list
	}
	for _, v := range variants() {
		pressed = ""
		got := labels(v, search, 1)
		for _, want := range []string{"A", "B", v.page().Say("erase"), v.page().Say("find_clear"), v.page().Say("prev")} {
			if !strings.Contains(" "+strings.Join(got, " ")+" ", " "+want+" ") {
				t.Errorf("%v: %q can't be touched: %v", v, want, got)
			}
		}
		if !strings.Contains(pressed, "a") || !strings.Contains(pressed, "b") || strings.ContainsAny(pressed, "cdz2") || !strings.ContainsAny(pressed, "1#") {
			t.Errorf("%v: all keys type %q", v, pressed)
		}
		if picked == "" || picked == "0" {
			t.Errorf("%v: the second page's last hit is %q", v, picked)
		}
		search.Digits = true
		pressed = ""
		if labels(v, search, 0); !strings.Contains(pressed, "1") || strings.ContainsAny(pressed, "23") {
			t.Errorf("%v: the digits type %q", v, pressed)
		}
		search.Digits = false
		if got := labels(v, screen.Search{Next: "s"}, 0); strings.Contains(strings.Join(got, " "), v.page().Say("erase")) {
			t.Errorf("%v: nothing can be deleted: %v", v, got)
		}
	}
}

// Where more is found than can be paged through, the screen says so and what helps.
func TestFoundSaysHowManyAreShown(t *testing.T) {
	c := hall(t)
	for _, v := range variants() {
		p := v.page()
		f := screen.Search{Typed: "s", Total: 354, Next: allLetters}
		for i := range 30 {
			f.Hits = append(f.Hits, screen.Hit{Offer: offer(c, c.Items[i].ID, 3)})
		}
		page := 0
		if p.Shape == screen.Small { // at the end
			page = 99
		}
		told := func() bool {
			return slices.Contains(widget.Survey(screen.Find(p, monday, f, page, func(int) {}, screen.Keys{}, func(int) {})).Paragraphs, p.Say("find_first", text.Data{"N": f.Total, "First": 30}))
		}
		if !told() {
			t.Errorf("%v: 354 are found, and nothing says that 30 are shown", v)
		}
		if f.Total = 30; told() {
			t.Errorf("%v: all are shown, and more letters are asked for", v)
		}
	}
}

// Keys that lead nowhere keep their places: in every palette all keys are drawn, and
// in high contrast those that can be touched are bolder.
func TestKeysKeepTheirPlaces(t *testing.T) {
	hall(t)
	nop := func() {}
	keys := screen.Keys{Press: func(string) {}, Erase: nop, Clear: nop, Switch: nop}
	for _, v := range variants() {
		p := v.page()
		keyboard := func(next string) (places []string, strokes map[float32]int, letters []string) {
			s := widget.Survey(screen.Find(p, monday, screen.Search{Next: next}, 0, func(int) {}, keys, func(int) {}))
			strokes = map[float32]int{}
			for _, b := range s.Boxes {
				if !b.Picture && b.Stroke > 0 && b.Width < p.Px(200) {
					places = append(places, ofBox(b).String())
					strokes[b.Stroke]++
				}
			}
			for _, w := range s.Words {
				if len(w.Text) == 1 {
					letters = append(letters, w.Text)
				}
			}
			return places, strokes, letters
		}
		all, _, names := keyboard(allLetters)
		some, strokes, seen := keyboard("sh")
		if len(all) < 26 || !slices.Equal(all, some) || !slices.Equal(names, seen) {
			t.Errorf("%v: of %d keys %d are left, %q", v, len(all), len(some), seen)
		}
		if v.modes.Contrast && (strokes[p.Px(theme.HighContrast.Strong)] != 2 || strokes[p.Px(theme.HighContrast.Edge)] != len(some)-2) {
			t.Errorf("%v: the edges are %v, want two strong ones", v, strokes)
		}
	}
}

// tapAll touches all that can be touched.
func tapAll(o fyne.CanvasObject) {
	switch v := o.(type) {
	case *fyne.Container:
		for _, part := range v.Objects {
			tapAll(part)
		}
	case *widget.Tap:
		v.Tapped(nil)
	}
}

// The part of a name that was typed stands out, in whichever line it is.
func TestFoundStandsOut(t *testing.T) {
	c := hall(t)
	for _, e := range []struct {
		lang     kiosk.Lang
		typed    string
		from, to int
		want     string
	}{{kiosk.Zh, "sbk", 0, 3, "社保卡"}, {kiosk.Hant, "sbk", 0, 3, "社保卡"}, {kiosk.Zh, "bb", 3, 5, "补办"}, {kiosk.En, "social", 0, 0, "social"}, {kiosk.En, "xyz", 0, 0, ""}} {
		for _, m := range modes {
			p := variant{e.lang, m.modes, 1080, 1920}.page()
			f := screen.Search{Typed: e.typed, Total: 1, Hits: []screen.Hit{{Offer: offer(c, "RS001", 3), From: e.from, To: e.to}}}
			whole, marked := "", false
			for _, w := range widget.Survey(screen.Find(p, monday, f, 0, func(int) {}, screen.Keys{}, func(int) {})).Words {
				whole += w.Text
				marked = marked || w.Text == e.want
			}
			if marked != (e.want != "") {
				t.Errorf("%s %s: %q doesn't stand out: %s", e.lang, m.name, e.want, whole)
			}
		}
	}
}

// A list and the confirm screen say which holiday keeps the windows closed.
func TestHolidayIsNamed(t *testing.T) {
	c := hall(t)
	o := offer(c, "RS001", 0)
	o.Open, o.Opens, o.Holiday = false, monday.AddDate(0, 0, 7), kiosk.Text{Zh: "国庆节", Hant: "國慶節", En: "National Day"}
	dept, _ := c.Department(o.Item.Dept)
	p := variant{kiosk.Zh, screen.Modes{}, 1080, 1920}.page()
	for _, s := range []struct {
		drawn fyne.CanvasObject
		want  string
	}{
		{screen.Items(p, monday, "", []kiosk.Offer{o}, 0, func(int) {}, func(kiosk.ItemID) {}), "国庆节放假，11 月 30 日 10:05 开"},
		{screen.Confirm(p, monday, o, dept, check(), precedence, func() {}, func() {}), "国庆节放假。窗口现在没开。现在取的号，11 月 30 日 10:05 开后按顺序叫。"},
	} {
		if said := strings.Join(widget.Survey(s.drawn).Paragraphs, "\n"); !strings.Contains(said, s.want) {
			t.Errorf("%q is not among\n%s", s.want, said)
		}
	}
}

// The keys of a keyboard have letters of one size and words of one size, whatever
// they do, and nothing touches a key's edge.
func TestKeysAlike(t *testing.T) {
	c := hall(t)
	nop := func() {}
	keys := screen.Keys{Press: func(string) {}, Erase: nop, Clear: nop, Switch: nop}
	for _, v := range variants() {
		hits := []screen.Hit{{Offer: offer(c, c.Items[0].ID, 3)}}
		for _, digits := range []bool{false, true} {
			s := widget.Survey(screen.Find(v.page(), monday, screen.Search{Typed: "sb", Total: 1, Hits: hits, Next: "wy1", Digits: digits}, 0, nil, keys, nil))
			letters, words := map[float32]int{}, map[float32]int{}
			for _, w := range s.Words {
				switch {
				case len(w.Text) == 1:
					letters[w.Height]++
				case slices.Contains([]string{"123", "abc", v.page().Say("erase"), v.page().Say("find_clear")}, w.Text):
					words[w.Height]++
				default:
					continue
				}
				box := s.Boxes[w.Over-1]
				if white := (box.Width-w.Width)/2 - box.Stroke; white < v.page().Px(2) {
					t.Errorf("%v: %q leaves %.1f to the edge of its key", v, w.Text, white)
				}
			}
			if len(letters) != 1 || len(words) != 1 {
				t.Errorf("%v: sizes of letters %v, of words %v", v, letters, words)
			}
		}
	}
}
