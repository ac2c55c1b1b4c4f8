package catalog

import (
	_ "embed"
	"slices"
	"strings"
	"unicode"
)

// The tables hold what GB 2312 can write, 47 kB, so that a hall may add items
// of its own; the whole of go-pinyin has 789 kB. See gen.
var (
	//go:embed pinyin.txt
	pinyinTable string
	//go:embed simple.txt
	simpleTable string
)

// What typing a unit in a way that is not the plainest costs in the ranking.
const (
	costBegun = 2  // the syllable is only begun
	costHalf  = 8  // by more than its initial: sh is rather two characters than one
	costOther = 4  // another reading of the character
	costOnce  = 24 // a reading that it once had
	costSound = 20 // a syllable that sounds alike in the south
)

// spellings returns how characters are typed: every reading of each, then what
// sounds alike.
func spellings() map[rune][]spelling {
	all := map[rune][]spelling{}
	add := func(r rune, text string, cost int) {
		for _, s := range all[r] {
			if s.text == text {
				return
			}
		}
		all[r] = append(all[r], spelling{text, cost})
	}
	for _, alike := range []bool{false, true} {
		for line := range strings.Lines(pinyinTable) {
			fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
			for i, chars := range fields[1:] {
				cost := []int{0, costOther, costOnce}[i]
				if alike {
					cost += costSound
				}
				for _, way := range ways(fields[0], alike) {
					for _, r := range chars {
						add(r, way, cost)
					}
				}
			}
		}
	}
	return all
}

// ways returns how a syllable is typed, or what sounds alike: people of the
// south don't part zh from z, nor ang from an. ü is v on Chinese keyboards, and
// u to those who don't know that.
func ways(syllable string, alike bool) []string {
	if !alike {
		if strings.Contains(syllable, "v") {
			return []string{syllable, strings.Replace(syllable, "v", "u", 1)}
		}
		return []string{syllable}
	}
	bases := []string{syllable}
	begin, end := syllable[:1], syllable[1:]
	if strings.Contains("zcs", begin) {
		if rest, ok := strings.CutPrefix(end, "h"); ok {
			bases = append(bases, begin+rest)
		} else {
			bases = append(bases, begin+"h"+end)
		}
	}
	out := slices.Clone(bases[1:])
	for _, s := range bases {
		for _, nasal := range []string{"an", "en", "in"} {
			if strings.HasSuffix(s, nasal) {
				out = append(out, s+"g")
			} else if strings.HasSuffix(s, nasal+"g") {
				out = append(out, s[:len(s)-1])
			}
		}
	}
	return out
}

// simple returns the simplified character of each traditional one.
func simple() map[rune]rune {
	all := map[rune]rune{}
	for line := range strings.Lines(simpleTable) {
		var to rune
		for _, r := range strings.TrimSuffix(line, "\n") {
			if to == 0 {
				to = r
				continue
			}
			all[r] = to
		}
	}
	return all
}

// gap stands for everything that is neither letter, digit nor character.
const gap = ' '

// plain returns a character as the index has it: small letters, no full-width
// forms, ü as v, and a gap for what parts words.
func plain(r rune) rune {
	switch {
	case r >= 0xFF01 && r <= 0xFF5E: // full-width
		r -= 0xFF01 - '!'
	case r == 'ü' || r == 'Ü':
		r = 'v'
	}
	if r >= 'A' && r <= 'Z' {
		r += 'a' - 'A'
	}
	if r == unicode.ReplacementChar || !unicode.IsLetter(r) && !unicode.IsNumber(r) {
		return gap
	}
	return r
}

func isLetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' }

// plain returns a text as the index has it, character by character.
func (x *Index) plain(text string) []rune {
	runes := []rune(text)
	for i, r := range runes {
		r = plain(r)
		if to, ok := x.simple[r]; ok {
			r = to
		}
		runes[i] = r
	}
	return runes
}
