package widget

import (
	"image/color"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"hallkiosk/display/theme"
)

// Block is text laid out in lines of one size.
type Block struct {
	Lines []string
	text  string
	size  float32
	bold  bool
	font  fyne.Resource // nil is the theme's
	width float32
	pitch float32 // from line to line
	lift  float32 // how far the letters' box stands above its line
	box   float32 // height of the letters' box
	mark  mark
}

// mark is the part of a block's text that stands out, in characters.
type mark struct {
	from, to int
	color    color.Color
	thin     bool // the rest has thinner letters
}

// Mark returns the block with the characters of its text from from to to in a
// colour of their own, and where that tells nothing with thinner letters around
// them.
func (b Block) Mark(from, to int, c color.Color, thin bool) Block {
	b.mark = mark{from, to, c, thin}
	return b
}

// Fit lays text out in at most most lines of room pixels, as large as size and
// no smaller than least, both in pixels of the design at normal text. Text that
// is too long even so gets the smallest size and as many lines as it needs:
// nothing is cut.
func (k Kit) Fit(text string, size, least, room float32, most int, bold bool) Block {
	for {
		b := k.lay(text, size, room, bold)
		if len(b.Lines) <= most && b.width <= room || size <= least {
			return b
		}
		size = max(least, size-2)
	}
}

// FitIn is Fit for a room of w by h pixels, in as many lines as that holds.
func (k Kit) FitIn(text string, size, least, w, h float32, bold bool) Block {
	for {
		b := k.lay(text, size, w, bold)
		if b.Height() <= h && b.width <= w || size <= least {
			return b
		}
		size = max(least, size-2)
	}
}

// Noto's letters stand in a box of 1.45 times their size, with the middle of
// Chinese characters at 0.78; lines nearer than that still keep a good distance.
const (
	pitch  = 1.28
	middle = 0.78
)

func (k Kit) lay(text string, size, room float32, bold bool) Block {
	b := Block{text: text, size: whole(k.Pt(size)), bold: bold}
	if k.HongKong {
		b.font = theme.HongKong(text, bold)
	}
	b.box = fyne.MeasureText("国", b.size, fyne.TextStyle{Bold: bold}).Height
	b.pitch, b.lift = b.size*pitch, b.size*(middle-pitch/2)
	measure := func(s string) float32 {
		w := float32(0)
		for _, r := range s {
			w += theme.Advance(r, bold)
		}
		return w*b.size + 1 // Fyne rounds
	}
	for _, line := range breakLines(text, room, measure) {
		b.Lines = append(b.Lines, line)
		b.width = max(b.width, measure(line))
	}
	return b
}

// whole rounds a size of letters up: Fyne's letters have whole sizes, and never
// less than was asked for.
func whole(size float32) float32 { return float32(math.Ceil(float64(size) - 0.01)) }

// breakLines breaks English between words and Chinese between characters, but
// never before a mark that can't begin a line, and a number stays with its word
// where that takes no more lines. A line feed ends a line.
func breakLines(text string, room float32, measure func(string) float32) []string {
	if first, rest, two := strings.Cut(text, "\n"); two {
		return append(breakLines(first, room, measure), breakLines(rest, room, measure)...)
	}
	b := breaking{words: words(text), room: room}
	for _, word := range b.words {
		full := measure(word)
		b.full = append(b.full, full)
		if end := strings.TrimRight(word, " "); end != word {
			full = measure(end)
		}
		b.bare = append(b.bare, full)
	}
	ends := b.filled()
	for _, end := range ends[:len(ends)-1] {
		if bond(b.words[end-1], b.words[end]) > 0 {
			ends = b.gentle(len(ends))
			break
		}
	}
	var lines []string
	from := 0
	for _, end := range ends {
		lines = append(lines, strings.TrimRight(strings.Join(b.words[from:end], ""), " "))
		from = end
	}
	return lines
}

// breaking is a text that is broken into lines: its words, their widths, and
// those without the spaces after them, which may hang over at the end of a line.
type breaking struct {
	words      []string
	full, bare []float32
	room       float32
}

// most returns how many words from from on have room in one line; one always has.
func (b *breaking) most(from int) int {
	n, wide := 1, b.full[from]
	for from+n < len(b.words) && wide+b.bare[from+n] <= b.room {
		wide += b.full[from+n]
		n++
	}
	return n
}

// filled ends each line as late as it can: with fewer lines there is no way. It
// returns the word after each line.
func (b *breaking) filled() (ends []int) {
	for at := 0; at < len(b.words); {
		at += b.most(at)
		ends = append(ends, at)
	}
	return ends
}

// gentle is filled in the same number of lines that tear the least apart, and
// among those as late as it can.
func (b *breaking) gentle(lines int) []int {
	type way struct{ torn, end int } // from a word on, in so many lines
	const never = math.MaxInt32
	n := len(b.words)
	ways := make([][]way, lines+1)
	for left := range ways {
		ways[left] = make([]way, n+1)
		for at := range ways[left] {
			best := way{never, n}
			switch {
			case at == n && left == 0:
				best.torn = 0
			case at < n && left > 0:
				for end := at + b.most(at); end > at; end-- {
					torn := ways[left-1][end].torn
					if end < n {
						torn += bond(b.words[end-1], b.words[end])
					}
					if torn < best.torn {
						best = way{torn, end}
					}
				}
			}
			ways[left][at] = best
		}
	}
	var ends []int
	for at, left := 0, lines; left > 0; left-- {
		at = ways[left][at].end
		ends = append(ends, at)
	}
	return ends
}

// bond is how much a line that ends between two neighbouring words tears apart: 0
// is nothing.
func bond(left, right string) int {
	before := strings.TrimRight(left, " ")
	a, _ := utf8.DecodeLastRuneInString(before)
	b, _ := utf8.DecodeRuneInString(right)
	number := unicode.IsDigit(b) || zoned(strings.TrimRight(right, " ,.:;)，；）"))
	switch {
	case strings.Contains(pairs, string([]rune{a, b})),
		unicode.IsDigit(a) && unicode.IsLetter(b), zoned(before) && b >= 0x2E80, // 20 min, C 区
		strings.HasSuffix(left, ", ") && unicode.IsDigit(b): // 29 Nov, 08:30
		return 3
	case number && (strings.ContainsRune("月第约約", a) || a < 0x2E80 && unicode.IsLetter(a)): // window 7, zone C
		return 2
	}
	return 0
}

// zoned says that a word is a zone's letter.
func zoned(word string) bool {
	return len(word) == 1 && word != "I" && word[0] >= 'A' && word[0] <= 'Z'
}

// pairs are characters that belong together like a word with its number.
const pairs = "星期一 期二 期三 期四 期五 期六 期日 分钟 分鐘 小时 小時 窗口 号窗 號窗"

// A line doesn't begin with what closes, nor end with what opens.
const closing = "，。、；：？！）」』》”’,.;:?!)"
const opening = "（「『《“‘"

// words splits text where a line may end.
func words(text string) []string {
	var out []string
	word, opened := "", false
	breakable := true // a line may end before the next rune
	for _, r := range text {
		wide := r >= 0x2E80
		if word != "" && (wide || breakable) && !opened && !strings.ContainsRune(closing, r) && r != ' ' {
			out = append(out, word)
			word = ""
		}
		word += string(r)
		opened = strings.ContainsRune(opening, r)
		breakable = wide || r == ' ' || strings.ContainsRune(",、。", r)
	}
	return append(out, word)
}

// Width is that of the longest line.
func (b Block) Width() float32 { return b.width }

// Height is that of all lines.
func (b Block) Height() float32 { return b.pitch * float32(len(b.Lines)) }

// Tight returns the block with little white above and below its figures, for a
// number that stands alone. It has one line.
func (b Block) Tight() Block {
	b.pitch = b.size * 0.84
	b.lift = b.size * (0.795 - 0.84/2) // the middle of figures
	return b
}

// Left places the lines at x, y and below.
func (b Block) Left(x, y float32, c color.Color) fyne.CanvasObject {
	return b.place(x, y, b.width, c, fyne.TextAlignLeading)
}

// Center places the lines in the middle of w.
func (b Block) Center(x, y, w float32, c color.Color) fyne.CanvasObject {
	return b.place(x, y, w, c, fyne.TextAlignCenter)
}

// Right places the lines so that they end at x.
func (b Block) Right(x, y float32, c color.Color) fyne.CanvasObject {
	return b.place(x-b.width, y, b.width, c, fyne.TextAlignTrailing)
}

func (b Block) place(x, y, w float32, c color.Color, align fyne.TextAlign) fyne.CanvasObject {
	o := &fyne.Container{Layout: paragraph(b.text)}
	letters := func(s string, c color.Color, bold bool) *canvas.Text {
		t := canvas.NewText(s, c)
		t.TextSize, t.TextStyle, t.Alignment, t.FontSource = b.size, fyne.TextStyle{Bold: bold}, align, b.font
		return t
	}
	at := 0 // in the text, in characters
	for i, line := range b.Lines {
		top := float32(i)*b.pitch - b.lift
		runes, text := []rune(line), []rune(b.text)
		for at < len(text) && text[at] == ' ' && len(runes) > 0 && runes[0] != ' ' { // where the line before ended
			at++
		}
		from, to := min(max(b.mark.from-at, 0), len(runes)), min(max(b.mark.to-at, 0), len(runes))
		at += len(runes)
		if from >= to {
			o.Objects = append(o.Objects, Put(letters(line, c, b.bold && !b.mark.thin), 0, top, w, b.box))
			continue
		}
		left := float32(0)
		for n, s := range [3]string{string(runes[:from]), string(runes[from:to]), string(runes[to:])} {
			if s == "" {
				continue
			}
			t := letters(s, c, b.bold && !b.mark.thin)
			if n == 1 {
				t = letters(s, b.mark.color, b.bold)
			}
			wide := t.MinSize().Width
			o.Objects = append(o.Objects, Put(t, left, top, wide, b.box))
			left += wide
		}
	}
	return Put(o, x, y, w, b.Height())
}

// paragraph is the layout of a block's container: it moves nothing, and keeps
// the text that was broken into lines, for the voice.
type paragraph string

// Layout is for Fyne.
func (paragraph) Layout([]fyne.CanvasObject, fyne.Size) {}

// MinSize is for Fyne.
func (paragraph) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(1, 1) }
