// Package script decides what is spoken of a screen: of the whole, when it
// comes up and the person has asked to be read to, and of one target, when the
// keypad's focus comes to it.
//
// It knows no screen: it looks at the words and the targets that
// display/widget's Survey finds, and where they stand. What it returns is text
// as people write it, one line a sentence, for Voice.Say. All functions are
// pure.
package script

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"hallkiosk/display/voice/words"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// People listen about this long, in seconds: to what a screen says, and to the
// choices that follow. What is left out is on the screen, and each choice is
// said when the focus comes to it.
const (
	textSeconds   = 30
	choiceSeconds = 25
)

// seconds estimates how long a text takes: in Chinese three and a half
// characters a second, in English two and a half words.
func seconds(lang kiosk.Lang, text string) float64 {
	tongue, rate := words.Mandarin, 3.5
	if lang == kiosk.En {
		tongue, rate = words.English, 2.5
	}
	n := 0
	for _, s := range words.Read(tongue, text) {
		n += len(words.Units(s))
	}
	return float64(n) / rate
}

// Screen returns what is said of a whole screen: the question first, which is
// what is written largest, then the rest that is no target, then the targets'
// labels in reading order, with what is to heed of them. A few words above the question come before it, such
// as "your number"; more than that tells where one is, and is left out.
func Screen(lang kiosk.Lang, ws []widget.Word, targets []widget.Target) string {
	blocks := loose(lang, ws, targets)
	question := 0
	for i, b := range blocks {
		if b.height > blocks[question].height+1 {
			question = i
		}
	}
	var out []string
	spent := 0.0
	for i, b := range blocks {
		long := seconds(lang, b.text)
		if i < question && (asks(blocks[question].text) || long > 1.5) {
			continue
		}
		if spent += long; spent > textSeconds && i > question {
			break
		}
		out = append(out, b.text)
	}
	spent = 0
	order := Order(targets)
	for n, t := range order {
		label := labelOf(lang, t, ws)
		if t.Heed != "" {
			label += phrase(lang).comma + t.Heed
		}
		if spent += seconds(lang, label); spent > choiceSeconds && n > 0 {
			out = append(out, phrase(lang).more(len(order)-n))
			break
		}
		out = append(out, label)
	}
	return strings.Join(slices.DeleteFunc(out, func(s string) bool { return s == "" }), "\n")
}

// Focus returns what is said when the focus comes to targets[at]: its label,
// what else is written on it, and which of how many it is. The targets are in
// the order in which the keypad walks. Empty when there is no such target.
func Focus(lang kiosk.Lang, ws []widget.Word, targets []widget.Target, at int) string {
	if at < 0 || at >= len(targets) {
		return ""
	}
	t := targets[at]
	out := []string{labelOf(lang, t, ws)}
	out = append(out, second(lang, t, ws)...)
	out = append(out, phrase(lang).position(at+1, len(targets)))
	return strings.Join(slices.DeleteFunc(out, func(s string) bool { return s == "" }), "\n")
}

// Order returns the targets in the order in which people read: row by row, and
// from left to right. A keypad walks in it through each part of the window.
func Order(targets []widget.Target) []widget.Target {
	order := slices.Clone(targets)
	slices.SortStableFunc(order, func(a, b widget.Target) int { return cmp.Compare(a.Y, b.Y) })
	// Whose middle is above the bottom of a row's first target stands in its row.
	for from := 0; from < len(order); {
		first := order[from]
		to := from + 1
		for to < len(order) && order[to].Y+order[to].Height/2 < first.Y+first.Height {
			to++
		}
		slices.SortStableFunc(order[from:to], func(a, b widget.Target) int { return cmp.Compare(a.X, b.X) })
		from = to
	}
	return order
}

// block is one or more lines that belong together.
type block struct {
	text   string
	height float32 // of a line
	last   widget.Word
}

// loose returns what stands on no target, in the order of drawing. The label of
// a button that is off now is left out: it stands beside one that isn't, in the
// same size.
func loose(lang kiosk.Lang, ws []widget.Word, targets []widget.Target) []block {
	var out []block
	for i, w := range ws {
		if w.Mute || slices.ContainsFunc(targets, func(t widget.Target) bool { return on(t, w) }) {
			continue
		}
		if w.Aloud != "" {
			out = append(out, block{w.Aloud, w.Height, w})
			continue
		}
		off := func(v widget.Word) bool {
			return near(w.Height, v.Height, 1) && near(w.Y, v.Y, 2) && slices.ContainsFunc(targets, func(t widget.Target) bool {
				return on(t, v) && v.Text == t.Label
			})
		}
		if slices.ContainsFunc(ws, off) {
			continue
		}
		if n := len(out) - 1; n >= 0 && i > 0 && out[n].last == ws[i-1] && continues(out[n].last, w) {
			out[n].text = join(lang, out[n].text, w.Text)
			out[n].last = w
			continue
		}
		out = append(out, block{w.Text, w.Height, w})
	}
	return out
}

// continues says whether a line is the next one of the same paragraph: below
// it, in the same size, and not far off.
func continues(above, w widget.Word) bool {
	down := w.Y - above.Y
	return near(w.Height, above.Height, 1) && down > above.Height/2 && down < above.Height*1.8 && w.X < above.X+above.Width && above.X < w.X+w.Width
}

func near(a, b, by float32) bool { return a-b <= by && b-a <= by }

// on says whether a line stands on a target.
func on(t widget.Target, w widget.Word) bool {
	x, y := w.X+1, w.Y+w.Height/2
	return x >= t.X && x < t.X+t.Width && y >= t.Y && y < t.Y+t.Height
}

// labelOf is a target's name, or what is written on it when it has none.
func labelOf(lang kiosk.Lang, t widget.Target, ws []widget.Word) string {
	if t.Label != "" {
		return t.Label
	}
	var lines []string
	for _, w := range ws {
		if on(t, w) {
			lines = append(lines, w.Text)
		}
	}
	return strings.Join(lines, "\n")
}

// second is what is written on a target besides its label, which may be broken
// into lines.
func second(lang kiosk.Lang, t widget.Target, ws []widget.Word) []string {
	if t.Label == "" {
		return nil
	}
	var out []string
	label := closed(t.Label)
	var above widget.Word
	for _, w := range ws {
		if !on(t, w) {
			continue
		}
		if rest, ok := strings.CutPrefix(label, closed(w.Text)); ok {
			label = rest
			continue
		}
		if n := len(out) - 1; n >= 0 && continues(above, w) {
			out[n] = join(lang, out[n], w.Text)
		} else {
			out = append(out, w.Text)
		}
		above = w
	}
	return out
}

// closed is a text without its spaces.
func closed(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}

// join puts two lines of a paragraph together: Chinese needs no space.
func join(lang kiosk.Lang, a, b string) string {
	if lang == kiosk.En {
		return a + " " + b
	}
	return a + b
}

// asks says whether a text is a question.
func asks(s string) bool {
	s = strings.TrimSpace(s)
	return strings.HasSuffix(s, "?") || strings.HasSuffix(s, "\uFF1F")
}

// phrases are the few words that stand on no screen.
type phrases struct{ nth, left, comma string }

func phrase(lang kiosk.Lang) phrases {
	switch lang {
	case kiosk.Hant:
		return phrases{"第 %d 個，共 %d 個", "還有 %d 個", "，"}
	case kiosk.En:
		return phrases{"%d of %d", "and %d more", ", "}
	}
	return phrases{"第 %d 个，共 %d 个", "还有 %d 个", "，"}
}

func (p phrases) position(n, of int) string { return fmt.Sprintf(p.nth, n, of) }

func (p phrases) more(n int) string { return fmt.Sprintf(p.left, n) }
