package display

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"fyne.io/fyne/v2"

	"hallkiosk/display/screen"
	"hallkiosk/kiosk"
	"hallkiosk/kiosk/catalog"
)

// mostFound is how many hits can be looked through: who doesn't see theirs among
// so many types another letter.
const mostFound = 30

// find looks for an item by letters. What was typed belongs to the visit.
func (a *App) find() *view {
	typed, digits, found := "", false, a.o.Index.Find("")
	v := &view{name: "find"}
	set := func(text string, switched bool) {
		a.touch()
		typed, digits, v.page = text, switched, 0
		found = a.o.Index.Find(typed)
		a.show()
	}
	keys := screen.Keys{
		Press:  func(letter string) { set(typed+letter, digits) },
		Erase:  func() { set(typed[:max(0, len(typed)-1)], digits) },
		Clear:  func() { set("", false) },
		Switch: func() { set(typed, !digits) },
	}
	v.load = func(p screen.Page, page int) (any, func() fyne.CanvasObject) {
		now := a.now()
		f := screen.Search{Typed: typed, Total: len(found.Hits), Next: found.Next.String(), Digits: digits}
		var hits []catalog.Hit
		if typed != "" {
			hits = found.Hits[:min(mostFound, len(found.Hits))]
		}
		ids := make([]kiosk.ItemID, len(hits))
		for i, h := range hits {
			ids[i] = h.Item
		}
		offers := a.offers(ids)
		for i, h := range hits {
			f.Hits = append(f.Hits, a.hit(p, h, offers[i]))
		}
		return fmt.Sprint(page, f, seen(offers, now)), func() fyne.CanvasObject {
			return screen.Find(p, now, f, page, a.turn, keys, func(i int) {
				a.touch()
				if hits[i].Theme != "" {
					a.pickTheme(hits[i].Theme)
					return
				}
				a.pick(hits[i].Item)
			})
		}
	}
	return v
}

// hit is what to show of a hit.
func (a *App) hit(p screen.Page, h catalog.Hit, o kiosk.Offer) screen.Hit {
	v := screen.Hit{Offer: o, From: h.From, To: h.To}
	for _, t := range a.o.Catalog.Themes {
		if h.Theme != "" && t.ID == h.Theme {
			v.Theme = t.Name
		}
	}
	if h.By != string(h.Item) {
		v.Also = a.also(p, h.By, o.Item)
	}
	return v
}

// also is the word that an item was found by, as its readers write it; empty when
// it is the item's name or in letters that they don't read.
func (a *App) also(p screen.Page, by string, item kiosk.Item) string {
	chinese := strings.ContainsFunc(by, func(r rune) bool { return unicode.Is(unicode.Han, r) })
	if chinese == (p.Lang == kiosk.En) {
		return ""
	}
	dept, _ := a.o.Catalog.Department(item.Dept)
	names := []kiosk.Text{item.Name, dept.Name}
	for _, w := range a.o.Catalog.Wanted {
		names = append(names, w.Name)
	}
	for _, t := range names {
		if (t.Zh == by || t.Hant == by) && p.Lang != kiosk.En {
			by = p.Of(t)
		}
	}
	if p.Lang == kiosk.Hant {
		for _, w := range [][2][]string{{item.Words, item.WordsHant}, {dept.Words, dept.WordsHant}} {
			if i := slices.Index(w[0], by); i >= 0 && i < len(w[1]) {
				by = w[1][i]
			} else if i >= 0 {
				return "" // nobody has written it in their characters
			}
		}
	}
	if by == p.Of(item.Name) {
		return ""
	}
	return by
}
