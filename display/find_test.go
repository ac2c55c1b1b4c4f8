package display

import (
	"strings"
	"testing"
	"unicode"

	"hallkiosk/display/screen"
	"hallkiosk/display/text"
	"hallkiosk/kiosk"
)

// The word that a hit was found by is told in the letters of who reads it: a
// catalog's words are all written in both scripts, and none is told in English that
// isn't in Latin letters.
func TestAlsoInTheirLetters(t *testing.T) {
	s := newStand(t)
	pages := map[kiosk.Lang]screen.Page{}
	for _, lang := range kiosk.Langs {
		pages[lang] = screen.Page{Loc: text.In(lang)}
	}
	differ := 0
	for _, item := range s.o.Catalog.Items {
		dept, _ := s.o.Catalog.Department(item.Dept)
		for _, w := range [][2][]string{{item.Words, item.WordsHant}, {dept.Words, dept.WordsHant}} {
			if len(w[0]) != len(w[1]) {
				t.Fatalf("%s: %v are %v in traditional characters", item.ID, w[0], w[1])
			}
			for i, word := range w[0] {
				want, latin := w[1][i], !strings.ContainsFunc(word, func(r rune) bool { return unicode.Is(unicode.Han, r) })
				if want != word {
					differ++
				}
				if want == item.Name.Hant || latin {
					want = ""
				}
				if got := s.also(pages[kiosk.Hant], word, item); got != want {
					t.Errorf("%s: %s is %q, want %q", item.ID, word, got, want)
				}
				if got := s.also(pages[kiosk.En], word, item); got == word != latin {
					t.Errorf("%s: %s is %q in English", item.ID, word, got)
				}
			}
		}
	}
	if differ < 100 {
		t.Errorf("only %d words differ", differ)
	}
	item, _ := s.o.Catalog.Item("RS001")
	if got := s.also(pages[kiosk.Zh], "社保卡丢了", item); got != "社保卡丢了" {
		t.Errorf("in Chinese it is %q", got)
	}
	item.WordsHant = nil
	if got := s.also(pages[kiosk.Hant], "社保卡丢了", item); got != "" {
		t.Errorf("a word that nobody has written in traditional characters is %q", got)
	}
}
