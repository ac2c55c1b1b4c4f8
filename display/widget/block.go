package widget

import (
	"image/color"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// Block is text laid out in lines of one size.
type Block struct {
	Lines []string
	size  float32
	bold  bool
	width float32
	high  float32 // of one line
	lift  float32 // how far lines stand above their place, see Tight
}

// Fit lays text out in at most most lines of room pixels, as large as size and
// no smaller than least, both in pixels of the design. Text that is too long
// even so gets the smallest size and as many lines as it needs: nothing is cut.
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

func (k Kit) lay(text string, size, room float32, bold bool) Block {
	b := Block{size: k.Px(size), bold: bold}
	style := fyne.TextStyle{Bold: bold}
	b.high = fyne.MeasureText("国", b.size, style).Height
	measure := func(s string) float32 { return fyne.MeasureText(s, b.size, style).Width }
	for _, line := range breakLines(text, room, measure) {
		b.Lines = append(b.Lines, line)
		b.width = max(b.width, measure(line))
	}
	return b
}

// breakLines breaks English between words and Chinese between characters, but
// never before a mark that can't begin a line.
func breakLines(text string, room float32, measure func(string) float32) []string {
	var lines []string
	line := ""
	for _, word := range words(text) {
		if line != "" && measure(strings.TrimRight(line+word, " ")) > room {
			lines = append(lines, strings.TrimRight(line, " "))
			line = ""
		}
		line += word
	}
	return append(lines, strings.TrimRight(line, " "))
}

const closing = ",。、;:?!)」』》”’,.;:?!)"

// words splits text where a line may end.
func words(text string) []string {
	var out []string
	word := ""
	breakable := true // a line may end before the next rune
	for _, r := range text {
		wide := r >= 0x2E80
		if word != "" && (wide || breakable) && !strings.ContainsRune(closing, r) && r != ' ' {
			out = append(out, word)
			word = ""
		}
		word += string(r)
		breakable = wide || r == ' ' || strings.ContainsRune(",、。", r)
	}
	return append(out, word)
}

// Width is that of the longest line.
func (b Block) Width() float32 { return b.width }

// Height is that of all lines.
func (b Block) Height() float32 { return b.high * float32(len(b.Lines)) }

// Tight returns the block with the white above and below its figures taken
// away, for a number that stands alone: Noto's lines are half again as high as
// its figures. It has one line.
func (b Block) Tight() Block {
	b.lift = b.high * 0.2
	b.high -= 2 * b.lift
	return b
}

// Left places the lines at x, y and below.
func (b Block) Left(x, y float32, c color.Color) []fyne.CanvasObject {
	return b.place(x, y, b.width, c, fyne.TextAlignLeading)
}

// Center places the lines in the middle of w.
func (b Block) Center(x, y, w float32, c color.Color) []fyne.CanvasObject {
	return b.place(x, y, w, c, fyne.TextAlignCenter)
}

// Right places the lines so that they end at x.
func (b Block) Right(x, y float32, c color.Color) []fyne.CanvasObject {
	return b.place(x-b.width, y, b.width, c, fyne.TextAlignTrailing)
}

func (b Block) place(x, y, w float32, c color.Color, align fyne.TextAlign) []fyne.CanvasObject {
	var out []fyne.CanvasObject
	for i, line := range b.Lines {
		t := canvas.NewText(line, c)
		t.TextSize, t.TextStyle, t.Alignment = b.size, fyne.TextStyle{Bold: b.bold}, align
		out = append(out, Put(t, x, y+float32(i)*b.high-b.lift, w, b.high+2*b.lift))
	}
	return out
}
