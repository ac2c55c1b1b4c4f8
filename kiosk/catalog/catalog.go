// Package catalog finds what a citizen wants among all that a hall offers, by
// whatever letters come: Chinese characters, simplified or traditional, pinyin
// in full or begun (shebaoka, shebk, sbk, 社保ka), English words, the item's
// code, the department's name, and other words for the same thing.
//
// New reads the catalog once; an Index is then only read, so any goroutine may
// use it. There is no clock, no file and no network here, and no query can make
// it fail: what can't be found is not found.
//
// Typing one more letter only ever takes items away, and Found.Next tells
// which letters leave any, so that a keyboard can grey the others.
package catalog

import (
	"slices"
	"strings"

	"hallkiosk/kiosk"
)

// Index is a catalog made ready for finding.
type Index struct {
	catalog *kiosk.Catalog
	units   []unit
	parts   []part           // of all phrases, one phrase after the other
	phrases []phrase         // of all items, one item after the other
	starts  [letters][]int32 // the parts that a letter can begin
	han     map[rune][]int32 // and those that a character can
	simple  map[rune]rune    // by traditional character
	reach   []Letters        // by item: the letters that begin any part of it
	wanted  []int            // by item: what it costs in the ranking
	longest int              // letters of the longest phrase, written out
}

// unit is what is typed as one: a Chinese character, or a word of letters and
// digits. The same unit serves everywhere it occurs.
type unit struct {
	han       rune // 0 for a word
	spellings []spelling
	first     Letters // that begin it
	second    Letters // that may come after its first letter
}

// spelling is one way to type a unit in letters.
type spelling struct {
	text string
	cost int
}

// part is one unit of a phrase.
type part struct {
	unit   int32
	phrase int32
	at     int32 // where it stands in the phrase's text, in characters
}

// phrase is one text by which an item is found.
type phrase struct {
	item     int
	kind     kind
	from, to int // its parts
	text     string
	theme    kiosk.ThemeID
}

// kind is what a phrase is of its item.
type kind int

const (
	ofName   kind = iota
	ofWanted      // what the first screen calls it
	ofWord        // another word for it
	ofTheme       // a theme that begins with it
	ofEnglish
	ofDept
	ofCode
)

// New makes a catalog findable. The catalog must have been indexed and must
// not change afterwards.
func New(c *kiosk.Catalog) *Index {
	x := &Index{catalog: c, han: map[rune][]int32{}, reach: make([]Letters, len(c.Items)), wanted: make([]int, len(c.Items))}
	b := builder{Index: x, units: map[string]int{}, spellings: spellings()}
	x.simple = simple()
	wanted := map[kiosk.ItemID]int{}
	for i, w := range c.Wanted {
		wanted[w.Item] = i
	}
	themes := map[kiosk.ItemID][]kiosk.Theme{}
	for _, t := range c.Themes {
		themes[t.Item] = append(themes[t.Item], t)
	}
	for i, v := range c.Items {
		b.texts(i, ofName, v.Name, "")
		if n, ok := wanted[v.ID]; ok {
			x.wanted[i] = costWanted + min(n, 9)
			b.texts(i, ofWanted, c.Wanted[n].Name, "")
		}
		for _, word := range v.Words {
			b.phrase(i, ofWord, word, "")
		}
		for _, t := range themes[v.ID] {
			b.texts(i, ofTheme, t.Name, t.ID)
		}
		dept, _ := c.Department(v.Dept)
		b.texts(i, ofDept, dept.Name, "")
		for _, word := range dept.Words {
			b.phrase(i, ofDept, word, "")
		}
		b.phrase(i, ofCode, string(v.ID), "")
	}
	b.finish()
	return x
}

type builder struct {
	*Index
	units     map[string]int
	spellings map[rune][]spelling
}

// texts adds a text in all languages. What differs in the script only is one.
func (b *builder) texts(item int, k kind, t kiosk.Text, theme kiosk.ThemeID) {
	b.phrase(item, k, t.Zh, theme)
	if !slices.Equal(b.plain(t.Hant), b.plain(t.Zh)) {
		b.phrase(item, max(k, ofWanted), t.Hant, theme) // only the Chinese name is marked in a Hit
	}
	if k != ofDept {
		k = max(k, ofEnglish)
	}
	b.phrase(item, k, t.En, theme)
}

func (b *builder) phrase(item int, k kind, text string, theme kiosk.ThemeID) {
	p := phrase{item: item, kind: k, from: len(b.parts), text: text, theme: theme}
	runes := b.plain(text)
	length := 0
	for i := 0; i < len(runes); {
		r := runes[i]
		end := i + 1
		if isLetter(r) {
			for end < len(runes) && isLetter(runes[end]) {
				end++
			}
		}
		if r != gap {
			u := b.unit(string(runes[i:end]))
			b.parts = append(b.parts, part{unit: int32(u), phrase: int32(len(b.phrases)), at: int32(i)})
			length += b.Index.units[u].length()
		}
		i = end
	}
	if p.to = len(b.parts); p.to == p.from {
		return
	}
	b.longest = max(b.longest, length)
	b.phrases = append(b.phrases, p)
}

// unit returns the place of the unit that is written so.
func (b *builder) unit(text string) int {
	if i, ok := b.units[text]; ok {
		return i
	}
	u := unit{}
	if r := []rune(text); isLetter(r[0]) {
		u.spellings = []spelling{{text: text}}
	} else {
		u.han, u.spellings = r[0], b.spellings[r[0]]
	}
	for _, s := range u.spellings {
		u.first = u.first.with(s.text[0])
		if len(s.text) > 1 {
			u.second = u.second.with(s.text[1])
		}
	}
	i := len(b.Index.units)
	b.units[text] = i
	b.Index.units = append(b.Index.units, u)
	return i
}

// finish lists the parts by what can begin them.
func (b *builder) finish() {
	for i, pt := range b.parts {
		p, u := b.phrases[pt.phrase], b.Index.units[pt.unit]
		if u.han != 0 {
			b.han[u.han] = append(b.han[u.han], int32(i))
		}
		if (p.kind == ofDept || p.kind == ofCode) && i != p.from {
			continue // letters from the middle of a department's name would bring all its items
		}
		b.reach[p.item] |= u.first
		for l := range b.starts {
			if u.first&(1<<l) != 0 {
				b.starts[l] = append(b.starts[l], int32(i))
			}
		}
	}
}

// length is how many letters write a unit out, at most.
func (u unit) length() int {
	n := 1
	for _, s := range u.spellings {
		n = max(n, len(s.text))
	}
	return n
}

// width is how many characters of the text a unit is.
func (u unit) width() int {
	if u.han != 0 {
		return 1
	}
	return len(u.spellings[0].text)
}

// letters are a to z and 0 to 9.
const letters = 36

// Letters is a set of the letters a to z and the digits.
type Letters uint64

func place(b byte) int {
	if b <= '9' {
		return int(b-'0') + 26
	}
	return int(b - 'a')
}

func (l Letters) with(b byte) Letters { return l | 1<<place(b) }

// Has says whether a letter, small or capital, or a digit is in the set.
func (l Letters) Has(r rune) bool {
	r = plain(r)
	return isLetter(r) && l&(1<<place(byte(r))) != 0
}

// String returns the letters in order, then the digits.
func (l Letters) String() string {
	var s strings.Builder
	for _, r := range "abcdefghijklmnopqrstuvwxyz0123456789" {
		if l.Has(r) {
			s.WriteRune(r)
		}
	}
	return s.String()
}
