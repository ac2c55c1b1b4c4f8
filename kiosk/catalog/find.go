package catalog

import (
	"slices"

	"hallkiosk/kiosk"
)

// Found is what a text finds.
type Found struct {
	Hits []Hit   // the likeliest first
	Next Letters // the letters and digits that, typed next, leave any

	sure bool
}

// Hit is an item that was found.
type Hit struct {
	Item kiosk.ItemID
	// From and To are the stretch of the item's Chinese name that was typed, in
	// characters. They are equal when the item was found by something else.
	From, To int
	// By is the text that the item was found by when that isn't its Chinese
	// name: another word for it, its English name, the department or the code.
	By string
	// Theme is the theme that By names, empty for none.
	Theme kiosk.ThemeID
}

// Guess returns the item that is most likely meant, once three letters or two
// characters were typed and it stands clearly before the next.
func (f Found) Guess() (Hit, bool) {
	if !f.sure {
		return Hit{}, false
	}
	return f.Hits[0], true
}

// What bounds a lookup: texts beyond find nothing.
const (
	mostBytes = 1024
	mostWords = 8
)

const (
	costApart = 30 // words that are found, but not one after the other
	costClear = 60 // how far the first stands before the next to be a guess
)

// tally is how one item was found.
type tally struct {
	ok     bool
	cost   int32
	by     int32 // the phrase
	marked match // in the name
	next   Letters
}

// Find returns the items that text finds. A text without letters, digits and
// characters finds all. Of several words each must be found, in any order; what
// follows without a gap in the catalog may be typed with one, as in "she bao ka".
func (x *Index) Find(text string) Found {
	if len(text) > mostBytes {
		return Found{}
	}
	runes := x.plain(text)
	words := split(runes)
	if len(words) > mostWords {
		return Found{}
	}
	if len(words) == 0 {
		return x.rank(x.everything(), newQuery(nil))
	}
	var found []tally
	for i, w := range words {
		if i == 0 {
			found = x.sweep(newQuery(w))
		} else {
			both(found, x.sweep(newQuery(w)))
		}
	}
	apart := runes[len(runes)-1] == gap
	if apart { // the next letter begins a word
		for i := range found {
			if found[i].ok {
				found[i].next = x.reach[i]
			}
		}
	}
	joined := newQuery(slices.Concat(words...))
	if len(words) > 1 || apart {
		either(found, x.sweep(joined))
	}
	f := x.rank(found, joined)
	if len(text) == mostBytes || len(words) == mostWords && apart {
		f.Next = 0
	}
	return f
}

// split returns the words between the gaps.
func split(runes []rune) [][]rune {
	var words [][]rune
	for from := 0; from < len(runes); {
		to := from
		for to < len(runes) && runes[to] != gap {
			to++
		}
		if to > from {
			words = append(words, runes[from:to])
		}
		from = to + 1
	}
	return words
}

// everything is what no text finds.
func (x *Index) everything() []tally {
	all := make([]tally, len(x.reach))
	for i := range all {
		all[i] = tally{ok: true, by: none, next: x.reach[i]}
	}
	return all
}

// none is no phrase.
const none = -1

// sweep finds one run of letters and characters, item by item.
func (x *Index) sweep(q *query) []tally {
	found := make([]tally, len(x.reach))
	if len(q.runes) > x.longest {
		return found
	}
	var starts []int32
	if r := q.runes[0]; isLetter(r) {
		starts = x.starts[place(byte(r))]
	} else {
		starts = x.han[r]
	}
	for _, i := range starts {
		p := &x.phrases[x.parts[i].phrase]
		if !x.mayBegin(q, p, int(i)) {
			continue
		}
		m := x.match(q, p, int(i))
		if !m.ok {
			continue
		}
		t := &found[p.item]
		t.next |= m.next
		if !t.ok || m.cost < t.cost {
			t.ok, t.cost, t.by = true, m.cost, x.parts[i].phrase
		}
		if p.kind == ofName && (!t.marked.ok || m.cost < t.marked.cost) {
			t.marked = m
		}
	}
	return found
}

// mayBegin says, at a glance at its second letter or character, whether q can
// be read from a part on.
func (x *Index) mayBegin(q *query, p *phrase, i int) bool {
	if len(q.runes) == 1 {
		return true
	}
	var second Letters
	if i+1 < p.to {
		after := &x.units[x.parts[i+1].unit]
		if second = after.first; q.runes[1] == after.han {
			return true
		}
	}
	if isLetter(q.runes[0]) {
		second |= x.units[x.parts[i].unit].second
	}
	return isLetter(q.runes[1]) && second&(1<<place(byte(q.runes[1]))) != 0
}

// both leaves in all what more has too; the next letter goes on with more.
func both(all, more []tally) {
	for i := range all {
		t, m := &all[i], &more[i]
		if !t.ok || !m.ok {
			*t = tally{}
			continue
		}
		t.next = m.next
		if m.cost > t.cost {
			t.by = m.by
		}
		t.cost = max(t.cost, m.cost+costApart)
		if !t.marked.ok {
			t.marked = m.marked
		}
	}
}

// either adds to all what more has.
func either(all, more []tally) {
	for i := range all {
		t, m := &all[i], &more[i]
		if !m.ok {
			continue
		}
		next := t.next | m.next
		if !t.ok || m.cost <= t.cost {
			*t = *m
		}
		t.next = next
	}
}

// rank puts what was found in order: the better match, the wanted first, then
// as the catalog has it.
func (x *Index) rank(found []tally, q *query) Found {
	order := make([]int64, 0, len(found)) // cost above item
	f := Found{}
	for i := range found {
		if t := &found[i]; t.ok {
			order = append(order, int64(int(t.cost)+x.wanted[i])<<32+int64(i))
			f.Next |= t.next
		}
	}
	slices.Sort(order)
	f.Hits = make([]Hit, len(order))
	for n, o := range order {
		i := int(uint32(o))
		h, t := &f.Hits[n], &found[i]
		h.Item = x.catalog.Items[i].ID
		switch {
		case t.marked.ok:
			last := x.parts[t.marked.to-1]
			h.From, h.To = int(x.parts[t.marked.from].at), int(last.at)+x.units[last.unit].width()
		case t.by != none:
			h.By, h.Theme = x.phrases[t.by].text, x.phrases[t.by].theme
		}
	}
	f.sure = q.weight[len(q.runes)] >= 3 && (len(order) == 1 || len(order) > 1 && order[1]>>32-order[0]>>32 >= costClear)
	return f
}
