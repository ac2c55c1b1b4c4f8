package printer

import (
	"fmt"
	"image/color"
	"strings"
	"time"

	"github.com/boombuler/barcode/qr"

	"hallkiosk/kiosk"
	"hallkiosk/printer/escpos"
)

// Slip is what a ticket says, in the citizen's language.
type Slip struct {
	Lang      kiosk.Lang
	Hall      string
	Number    string
	Items     []string
	Go        string // where to go, such as 去 C 区 21-26 号窗口
	Way       string // how to walk there; may be empty
	Line      string // people ahead and how long
	Bring     string // essential papers; may be empty
	QR        string // what the code carries
	Foot      string // time and kiosk
	Earlier   int    // papers that may exist already: if any, this one is marked
	Profile   Profile
	EarlyNote string // when the queue opens, for a number taken before; may be empty
}

// Profile is what the printer can do.
type Profile struct {
	Width int  // printable dots
	Scale int  // the largest magnification
	Speed int  // millimetres a second
	QR    bool // has GS ( k
	JobID bool // answers GS ( H
}

// words of the paper. The screen has its own; paper is shorter.
var words = map[kiosk.Lang]struct {
	your, goTo, ahead, none, minutes, bring, comma, more, opens, reprint string
}{
	kiosk.Zh: {"您的号", "去 %s 区 %s 号窗口", "前面 %d 人", "前面没有人", " · 约 %d-%d 分钟", "带好:", "、", " 等", "%s 开始叫号", "重印 第 %d 张"},
	kiosk.En: {"Your number", "Zone %s, window %s", "%d ahead of you", "Nobody ahead", ", about %d-%d min", "Bring: ", ", ", " ...", "Calling starts %s", "REPRINT no. %d"},
}

// NewSlip gathers what t's paper says from the catalog. earlier counts the
// papers that may exist of t already. opens is when the queue opens next; zero
// when it is open.
func NewSlip(c *kiosk.Catalog, t kiosk.Ticket, earlier int, p Profile, kioskID kiosk.KioskID, loc *time.Location, opens time.Time) Slip {
	w := words[t.Lang]
	if t.Lang != kiosk.En {
		w = words[kiosk.Zh]
	}
	q, _ := c.Queue(t.Queue)
	zone, _ := c.Zone(q.Zone)
	s := Slip{Lang: t.Lang, Hall: c.Hall.In(t.Lang), Number: t.Number.String(), QR: string(t.ID), Earlier: earlier, Profile: p,
		Go: fmt.Sprintf(w.goTo, q.Zone, q.Windows), Way: zone.Way.In(t.Lang),
		Foot: t.Taken.Time().In(loc).Format("2006-01-02 15:04:05") + " " + string(kioskID)}
	var essential []string
	for _, id := range t.Items {
		item, _ := c.Item(id)
		s.Items = append(s.Items, item.Name.In(t.Lang))
		for _, m := range item.Materials {
			if m.Essential {
				essential = append(essential, m.Name.In(t.Lang))
			}
		}
	}
	s.Bring = bring(w.bring, w.comma, w.more, essential, p.Width/12)
	s.Line = w.none
	if t.Ahead > 0 {
		s.Line = fmt.Sprintf(w.ahead, t.Ahead)
	}
	if e := c.Estimate(t.Queue, t.Ahead); t.Ahead > 0 && opens.IsZero() {
		s.Line += fmt.Sprintf(w.minutes, e.Low, e.High)
	}
	if !opens.IsZero() { // how long is for whoever is here then
		s.EarlyNote = fmt.Sprintf(w.opens, opens.In(loc).Format("01-02 15:04"))
	}
	return s
}

// bring lists papers in one line of columns, as many as it holds; the screen has
// all of them.
func bring(head, comma, more string, papers []string, columns int) string {
	line := head
	for i, p := range papers {
		next := line + p
		if i > 0 {
			next = line + comma + p
		}
		rest := 0
		if i < len(papers)-1 {
			rest = escpos.Cells(more)
		}
		if escpos.Cells(next)+rest > columns {
			if i == 0 {
				return ""
			}
			return line + more
		}
		line = next
	}
	if len(papers) == 0 {
		return ""
	}
	return line
}

// gap is the white between the blocks of a ticket, in dots.
const gap = 16

// Render lays the slip out: the number as large as the paper allows, text by
// the printer's own letters, the code by its own command.
func Render(s Slip) []byte {
	var b escpos.Builder
	columns := s.Profile.Width / 12 // half-width cells of 12 dots at size 1
	fit := func(text string, most int) int {
		return max(1, min(most, s.Profile.Scale, columns/max(1, escpos.Cells(text))))
	}
	line := func(text string, w, h int) {
		w = fit(text, w)
		b.Size(w, min(h, s.Profile.Scale))
		for _, part := range wrap(text, columns/w) {
			b.Line(part)
		}
	}
	title := func(text string) {
		b.Bold(true)
		line(text, fit(text, 2), 2)
		b.Bold(false)
	}
	rule := func() {
		b.Feed(gap)
		w := min(6, s.Profile.Scale) // long dashes take fewer bytes
		b.Size(w, 1)
		b.Line(strings.Repeat("-", columns/w))
	}

	b.Init()
	b.Align(escpos.Center)
	title(s.Hall)
	b.Feed(gap / 2)
	if s.Earlier > 0 {
		line(fmt.Sprintf(words[langOf(s.Lang)].reprint, s.Earlier+1), 2, 2)
	}
	line(words[langOf(s.Lang)].your, 1, 1)
	b.Feed(gap)
	b.Bold(true)
	n := fit(s.Number, 8)
	line(s.Number, n, n)
	b.Bold(false)
	b.Feed(gap)
	for _, item := range s.Items {
		title(item)
	}
	rule()
	title(s.Go)
	b.Feed(gap / 2)
	if s.Way != "" {
		line(s.Way, 1, 1)
	}
	if s.EarlyNote != "" {
		line(s.EarlyNote, 1, 1)
	}
	rule()
	line(s.Line, 1, 1)
	if s.Bring != "" {
		line(s.Bring, 1, 1)
	}
	b.Feed(gap)
	if s.Profile.QR {
		b.QR(s.QR, 6)
	} else if width, rows := codeDots(s.QR, 4); width > 0 {
		b.Raster(width, rows)
	}
	b.Feed(gap)
	line(s.Foot, 1, 1)
	b.Cut()
	return b.Bytes()
}

// codeDots draws a QR code as rows of dots, for printers that have no command
// for it, each module dots wide. width is 0 when data is too long for a code.
func codeDots(data string, dots int) (width int, rows []byte) {
	code, err := qr.Encode(data, qr.M, qr.Auto)
	if err != nil {
		return 0, nil
	}
	side := code.Bounds().Dx() * dots
	width = (side + 7) / 8 * 8
	rows = make([]byte, width/8*side)
	for y := range side {
		for x := range side {
			if code.At(x/dots, y/dots) == color.Black {
				rows[y*width/8+x/8] |= 0x80 >> (x % 8)
			}
		}
	}
	return width, rows
}

func langOf(l kiosk.Lang) kiosk.Lang {
	if l == kiosk.En {
		return kiosk.En
	}
	return kiosk.Zh
}

// wrap breaks text into lines of at most columns half-width cells: English
// between words, Chinese anywhere.
func wrap(text string, columns int) []string {
	var lines []string
	line, width, space := "", 0, -1 // space: where the line may break, in bytes
	for _, r := range text {
		w := escpos.Cells(string(r))
		if width+w > columns && line != "" {
			rest := ""
			if space > 0 && r < 0x80 && r != ' ' {
				line, rest = line[:space], line[space+1:]
			}
			lines = append(lines, strings.TrimRight(line, " "))
			line, width, space = rest, escpos.Cells(rest), -1
			if r == ' ' {
				continue
			}
		}
		if r == ' ' {
			space = len(line)
		}
		if r >= 0x80 {
			space = -1
		}
		line += string(r)
		width += w
	}
	return append(lines, line)
}
