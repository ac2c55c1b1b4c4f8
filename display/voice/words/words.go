// Package words turns what stands on the screen into what people say: A023
// becomes "A 零 二 三" and "A zero two three", 21-26 号窗口 becomes
// 二十一到二十六号窗口, 14:30 becomes 十四点半 and "two thirty P M".
//
// What comes out is plain: Han characters, Latin letters, spaces, apostrophes
// inside words, and commas for short pauses. No digit, sign, control character
// or mark-up passes, so that no engine can take a text for a command of its
// own. All functions are pure and may be called from any goroutine.
package words

import (
	"regexp"
	"strings"
	"unicode"
)

// Tongue is a spoken language, by its ISO 639-3 or 639-1 code.
type Tongue string

// The tongues of the hall.
const (
	Mandarin  Tongue = "cmn"
	Cantonese Tongue = "yue"
	English   Tongue = "en"
)

// Tongues are all of them.
var Tongues = []Tongue{Mandarin, Cantonese, English}

// Longest is how much of a text is read, in characters: some four minutes.
// Nobody listens longer, and a text that long is a mistake.
const Longest = 1000

// Read returns what is said for a text, one string a sentence. The text may
// hold anything; a text without words gives nothing. In Chinese a number that
// is read digit by digit has spaces between its digits, and one that is read
// as a quantity has none. A single capital is a letter's name: "A" is the
// letter and "a" the article.
func Read(t Tongue, text string) []string {
	text = fold(text)
	for _, r := range rules[t.known()] {
		text = r.apply(text)
	}
	return sentences(text)
}

// known returns t, or Mandarin for a tongue that nobody has heard of.
func (t Tongue) known() Tongue {
	if t == Cantonese || t == English {
		return t
	}
	return Mandarin
}

// rule says the passages that re finds. The rules are applied in their order
// and leave no digit.
type rule struct {
	re  *regexp.Regexp
	say func(m []string) string // m[0] is all, as regexp's submatches
}

func (r rule) apply(text string) string {
	var b strings.Builder
	at := 0
	for _, loc := range r.re.FindAllStringSubmatchIndex(text, -1) {
		m := make([]string, len(loc)/2)
		for i := range m {
			if loc[2*i] >= 0 {
				m[i] = text[loc[2*i]:loc[2*i+1]]
			}
		}
		b.WriteString(text[at:loc[0]])
		b.WriteString(r.say(m))
		at = loc[1]
	}
	b.WriteString(text[at:])
	return b.String()
}

// fold makes one form of what is written in several: full-width letters and
// signs, dashes, spaces. It cuts at Longest.
func fold(text string) string {
	var b strings.Builder
	n := 0
	for _, r := range text {
		if n++; n > Longest {
			break
		}
		switch {
		case r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029':
			r = '\n'
		case r >= 0xFF01 && r <= 0xFF5E:
			r -= 0xFF01 - '!'
		case r == '–' || r == '—' || r == '−' || r == '‐' || r == '‑' || r == '〜':
			r = '-'
		case r == '’':
			r = '\''
		case unicode.IsSpace(r):
			r = ' '
		case r == unicode.ReplacementChar || !unicode.IsPrint(r):
			r = ' '
		}
		b.WriteRune(r)
	}
	return b.String()
}

// What separates sentences, and what is a short pause. The rest that is no
// letter is silent.
const (
	stops  = "。!?;\n"
	pauses = ",、:()[]{}·•›»→/|…-<>="
)

// sentences divides a text that has no digits any more.
func sentences(text string) []string {
	var out []string
	var b strings.Builder
	flush := func() {
		if s := strings.Trim(b.String(), " ,"); s != "" {
			out = append(out, s)
		}
		b.Reset()
	}
	rs := []rune(text)
	at := func(i int) rune {
		if i < 0 || i >= len(rs) {
			return ' '
		}
		return rs[i]
	}
	last := ' ' // what was written last
	put := func(r rune) {
		// One space or one comma, and a comma rather than a space.
		if r == ' ' && (last == ' ' || last == ',') || r == ',' && last == ',' {
			return
		}
		if r == ',' && last == ' ' {
			s := strings.TrimRight(b.String(), " ,")
			b.Reset()
			b.WriteString(s)
		}
		b.WriteRune(r)
		if last = r; r == ',' {
			b.WriteRune(' ')
		}
	}
	for i, r := range rs {
		switch {
		case unicode.IsLetter(r) || unicode.IsMark(r):
			put(r)
		case r == '\'' && unicode.IsLetter(at(i-1)) && unicode.IsLetter(at(i+1)):
			put(r)
		case r == '*' && unicode.Is(unicode.Han, at(i-1)):
			put('某') // a masked name
		case strings.ContainsRune(stops, r), r == '.' && unicode.IsSpace(at(i+1)):
			flush()
			last = ' '
		case r == '-' && unicode.IsLetter(at(i-1)) && unicode.IsLetter(at(i+1)):
			put(' ') // self-service
		case strings.ContainsRune(pauses, r):
			put(',')
		default:
			put(' ')
		}
	}
	flush()
	return out
}

// Units divides a sentence into what a recording can stand for: a Han
// character, a word, a letter's name, or "," for a pause. Words are in small
// letters, letters' names are capitals.
func Units(sentence string) []string {
	var out []string
	word := ""
	end := func() {
		if word != "" {
			if len(word) > 1 {
				word = strings.ToLower(word)
			}
			out = append(out, word)
			word = ""
		}
	}
	for _, r := range sentence {
		switch {
		case unicode.Is(unicode.Han, r):
			end()
			out = append(out, string(r))
		case r == ',':
			end()
			out = append(out, ",")
		case r == ' ':
			end()
		default:
			word += string(r)
		}
	}
	end()
	return out
}
