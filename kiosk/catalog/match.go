package catalog

// query is what is looked for: a run of letters and characters without gaps.
type query struct {
	runes []rune
	// weight tells how much the first so many runes say: a letter 1, a character 2.
	weight []int
	// enough is how many runes say enough to leave characters out after them.
	enough int
}

func newQuery(runes []rune) *query {
	q := &query{runes: runes, weight: make([]int, len(runes)+1), enough: len(runes) + 1}
	for i, r := range runes {
		q.weight[i+1] = q.weight[i] + 1
		if !isLetter(r) {
			q.weight[i+1]++
		}
		if q.enough > len(runes) && q.weight[i+1] >= 4 {
			q.enough = i + 1
		}
	}
	return q
}

// step is a way on which the first at runes of a query have been typed.
type step struct{ at, cost int32 }

// add adds a way to steps, which hold the best for each number of runes.
func add(steps []step, at, cost int32) []step {
	for i := range steps {
		if steps[i].at == at {
			steps[i].cost = min(steps[i].cost, cost)
			return steps
		}
	}
	return append(steps, step{at, cost})
}

// What a match costs in the ranking for how it stands in its phrase, and for
// what the phrase is. A wanted item's cost is negative.
const (
	costPrefix  = 40 // the phrase goes on
	costInside  = 80
	costSkip    = 160 // characters were left out
	costFar     = 200 // the department, or a code that is only begun
	costTheme   = 30
	costWord    = 3
	costForeign = 15
	costWanted  = -30
	mostRest    = 20 // parts left over that count, 1 each
)

// match is the best way to read a query in a phrase.
type match struct {
	ok       bool
	cost     int32
	from, to int32   // the first part, and after the last of the first stretch
	next     Letters // that any way can go on with
}

// reader reads a query in a phrase from a part on.
type reader struct {
	*Index
	q     *query
	p     *phrase
	first int
	match
}

func (x *Index) match(q *query, p *phrase, first int) match {
	r := reader{Index: x, q: q, p: p, first: first}
	r.from = int32(first)
	cost := int32(0)
	if first > p.from {
		cost = costInside
	}
	r.read(first, step{0, cost}, 0)
	return r.match
}

// read goes on from a part with the runes after begin, and notes every way to
// the query's end. stretch is where characters were left out, 0 for nowhere:
// that may be once, after two that were typed and say enough.
func (r *reader) read(from int, begin step, stretch int) {
	var room, room2 [6]step // on the stack, and seldom too small
	now, then := append(room[:0], begin), room2[:0]
	for i := from; i < r.p.to && len(now) > 0; i++ {
		then = then[:0]
		u := &r.units[r.parts[i].unit]
		for _, s := range now {
			rest := r.q.runes[s.at:]
			if rest[0] == u.han {
				if len(rest) == 1 {
					r.end(i, s.cost, true, stretch)
				} else {
					then = add(then, s.at+1, s.cost)
				}
			}
			for k := range u.spellings {
				sp := &u.spellings[k]
				n := common(sp.text, rest)
				least := 1
				if u.han == 0 {
					least = max(1, n) // a word goes on only when it is whole
				}
				for l := least; l <= n; l++ {
					whole, cost := l == len(sp.text), s.cost+int32(sp.cost)
					if !whole {
						cost += costBegun
						if l > 1 {
							cost += costHalf
						}
						if l == len(rest) {
							r.next = r.next.with(sp.text[l])
						}
					}
					if l == len(rest) {
						r.end(i, cost, whole || u.han != 0, stretch)
					} else if whole || u.han != 0 {
						then = add(then, s.at+int32(l), cost)
					}
				}
			}
		}
		if r.mayLeave(i, stretch) {
			for _, s := range then {
				if int(s.at) >= r.q.enough {
					for to := i + 2; to < r.p.to; to++ {
						r.read(to, step{s.at, s.cost + costSkip}, i+1)
					}
				}
			}
		}
		now, then = then, now
	}
}

// mayLeave says whether characters may be left out after part i.
func (r *reader) mayLeave(i, stretch int) bool {
	return stretch == 0 && i > r.first && r.p.kind < ofEnglish
}

// end notes a way that ends in part i.
func (r *reader) end(i int, cost int32, whole bool, stretch int) {
	rest := r.p.to - i
	if whole {
		rest--
		last := min(i+2, r.p.to)
		if r.mayLeave(i, stretch) && len(r.q.runes) >= r.q.enough {
			last = r.p.to
		}
		for _, next := range r.parts[i+1 : last] {
			r.next |= r.units[next.unit].first
		}
	}
	if rest > 0 && r.first == r.p.from {
		cost += costPrefix
	}
	switch r.p.kind {
	case ofWord:
		cost += costWord
	case ofEnglish:
		cost += costForeign
	case ofTheme:
		cost += costTheme
	case ofDept:
		cost += costFar
	case ofCode:
		if rest > 0 {
			cost += costFar
		}
	}
	cost += int32(min(rest, mostRest))
	if !r.ok || cost < r.cost {
		if stretch == 0 {
			stretch = i + 1
		}
		r.ok, r.cost, r.to = true, cost, int32(stretch)
	}
}

// common returns how many letters text and runes begin with alike.
func common(text string, runes []rune) int {
	n := 0
	for n < len(text) && n < len(runes) && rune(text[n]) == runes[n] {
		n++
	}
	return n
}
