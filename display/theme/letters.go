package theme

import (
	"sync"

	"fyne.io/fyne/v2"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"hallkiosk/configs/fonts"
)

// letters is one weight of one font. It is parsed when it is first needed, for
// most visits are in one language.
type letters struct {
	res   fyne.Resource
	mu    sync.Mutex
	font  *sfnt.Font
	buf   sfnt.Buffer
	known map[rune]float32 // advances; 0 is a character that the font lacks
}

func load(name string, data []byte) *letters {
	return &letters{res: fyne.NewStaticResource(name, data), known: map[rune]float32{}}
}

var (
	regular   = load("NotoSansSC-Regular.otf", fonts.Regular)
	bold      = load("NotoSansSC-Bold.otf", fonts.Bold)
	regularHK = load("NotoSansHK-Regular.otf", fonts.RegularHK)
	boldHK    = load("NotoSansHK-Bold.otf", fonts.BoldHK)
)

// HongKong is the font that draws text in the forms of Hong Kong, and nil when
// it lacks one of text's characters, such as of a person's name: then the
// house's own draws all of it. Safe from any goroutine.
func HongKong(text string, heavy bool) fyne.Resource {
	l := regularHK
	if heavy {
		l = boldHK
	}
	for _, r := range text {
		if l.advance(r) == 0 {
			return nil
		}
	}
	return l.res
}

// Advance is the width of r in parts of the text's size. Fyne can measure too,
// but shapes a whole line for it, which took most of the time that a screen
// needs. Safe from any goroutine.
func Advance(r rune, heavy bool) float32 {
	l := regular
	if heavy {
		l = bold
	}
	if w := l.advance(r); w > 0 {
		return w
	}
	return 1 // whatever font draws it
}

func (l *letters) advance(r rune) float32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	w, ok := l.known[r]
	if !ok {
		w = l.measure(r)
		l.known[r] = w
	}
	return w
}

func (l *letters) measure(r rune) float32 {
	if l.font == nil {
		f, err := sfnt.Parse(l.res.Content())
		if err != nil {
			panic("theme: " + l.res.Name() + ": " + err.Error()) // embedded, and a test parses each
		}
		l.font = f
	}
	const units = 1000
	i, err := l.font.GlyphIndex(&l.buf, r)
	if err != nil || i == 0 {
		return 0
	}
	a, err := l.font.GlyphAdvance(&l.buf, i, fixed.I(units), 0)
	if err != nil {
		return 0
	}
	return float32(a) / 64 / units
}
