package screen

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"hallkiosk/display/text"
	"hallkiosk/display/theme"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// Hit is an item that was found.
type Hit struct {
	kiosk.Offer
	From, To int        // the characters of its name that were typed; equal for none
	Also     string     // the other word that it was found by, in the citizen's language; may be empty
	Theme    kiosk.Text // the theme that it begins; empty for none
}

// Search is what was typed and what it found.
type Search struct {
	Typed  string // small letters and digits
	Total  int    // how many were found
	Hits   []Hit  // the likeliest of them
	Next   string // the letters and digits that lead on, as Typed
	Digits bool   // the digits are shown where there is no room for all keys
}

// Keys are what the keyboard of Find does.
type Keys struct {
	Press                func(letter string)
	Erase, Clear, Switch func() // the last one between letters and digits
}

// Find asks what somebody wants by its letters, and shows what they find. pick
// gets the place of a hit in f.Hits.
//
// The keyboard stands at the bottom, or in wide layouts at the right. It has all
// its keys in the order that people know where ten of them fit beside each other,
// and that of the alphabet elsewhere; keys that lead nowhere are off. The field
// is only read and may be out of reach.
func Find(p Page, now time.Time, f Search, page int, turn func(int), keys Keys, pick func(i int)) fyne.CanvasObject {
	hint := widget.Notice{Icon: "search", Head: p.Say("find_how"), Body: p.Say("find_example")}
	return keyed(p, f, keys, asking{title: "find", empty: "find_type", count: true, hint: hint, below: func(s *finder, in Area) {
		s.hits(in, s.pages, now, paging{at: page, turn: turn}, pick)
	}})
}

// asking is what a screen with a keyboard asks for: its title and what stands in
// the empty field, by their messages, what helps to type, and what to draw once
// something was typed. count tells how many were found.
type asking struct {
	title, empty string
	count        bool
	hint         widget.Notice
	below        func(s *finder, in Area)
}

// keyed draws a screen with a keyboard.
func keyed(p Page, f Search, keys Keys, ask asking) fyne.CanvasObject {
	s := &finder{sheet: sheet{Page: p}, f: f, keys: keys, ask: ask}
	m, gap, apart := s.margin(), s.Px(theme.Gap), s.Apart()
	full := s.W - 2*m
	foot := s.H - s.bottom()
	field := s.Pt(84)
	if s.Large {
		field = s.Pt(72)
	}
	y := s.Px(12)
	if s.Shape != Small {
		y = s.headed(field)
	}
	hits := Area{X: m, W: full}
	pages := Area{X: m, W: full, H: s.Px(88)}
	column := s.Large && ask.count && f.Typed != "" // the pager stands beside the hits, which need the height
	switch s.Shape {
	case Wide:
		wide := 10*max(s.Px(68), s.Target()) + 9*gap
		if s.Large {
			wide = 10*s.Target() + 9*gap
		}
		hits.Y = s.reach(y + apart)
		hits.W = full - wide - apart
		s.keyboard(Area{m + full - wide, hits.Y, wide, min(foot-hits.Y, s.Px(4*130+3*theme.Gap))}, 4)
		pages.W, pages.Y = hits.W, foot-pages.H
		hits.H = pages.Y - apart - hits.Y
	case Small:
		high := 4*s.Target() + 3*gap
		field = s.Target() + s.Px(8)
		hits.Y = y + field + apart
		wide := full
		switch {
		case column:
			y, foot, field = s.Px(4), s.H-s.Px(8), s.Px(62)
			hits.Y, hits.W = y+field+s.Px(8), full-s.Px(96)-apart
			wide = hits.W
			pages = Area{m + wide + apart, y, full - wide - apart, foot - high - apart - y}
		case f.Typed != "": // the pager stands beside the field
			wide = full * 0.42
			pages = Area{m + wide + apart, y, full - wide - apart, field}
		}
		s.field(m, y, wide, field)
		keys := max(full, 8*s.Target()+7*gap) // wide enough, and apart from the frame
		s.keyboard(Area{min(m, s.W-keys-s.Apart()+s.Px(frameSide)), foot - high, keys, high}, 4)
		hits.H = foot - high - gap - hits.Y
	default:
		rows, key := float32(4), s.Px(92)
		switch {
		case s.Low && s.Large:
			rows, key, pages.H = 3, s.Target(), s.Target()
		case s.Low:
			rows, key = 3, max(s.Px(72), s.Target())
			pages.H = key
		case s.Large:
			rows, key = 3, s.Px(100)
		}
		high := rows*key + (rows-1)*s.Px(theme.Gap)
		side := min(m, (s.W-10*s.Target()-9*gap)/2) // the keys are wide enough even so
		s.keyboard(Area{side, foot - high, s.W - 2*side, high}, int(rows))
		hits.Y = s.reach(y + gap)
		pages.Y = foot - high - apart - pages.H
		hits.H = pages.Y - apart - hits.Y
		if f.Typed == "" {
			hits.H = foot - high - gap - hits.Y
		}
		if column && s.Low {
			hits.W, hits.H = full-s.Px(120)-apart, foot-high-gap-hits.Y
			pages = Area{m + hits.W + apart, hits.Y, s.Px(120), foot - high - apart - hits.Y}
		}
	}
	if f.Typed == "" {
		s.help(hits, Area{m, s.Px(theme.Pad), full, s.parts[0].Position().Y - s.Px(theme.Pad) - gap})
		return s.done()
	}
	s.pages = pages
	ask.below(s, hits)
	return s.done()
}

// headed places the title, the field below it, or in wide layouts with large text at
// its right, and returns the y below. In low-reach mode both stand right above what
// can be touched.
func (s *finder) headed(h float32) float32 {
	x, w, y := s.margin(), s.W-2*s.margin(), s.title("", s.Say(s.ask.title))
	title := s.parts[0]
	if side := title.Size().Width + s.Apart(); s.Large && s.Shape == Wide && side < w/2 {
		x, w, y = x+side, w-side, s.Px(16)
		title.Move(fyne.NewPos(s.margin(), y+(h-title.Size().Height)/2))
	}
	s.field(x, y, w, h)
	y += h
	if down := s.Top - s.Px(theme.Gap) - y; down > 0 {
		for _, o := range s.parts {
			o.Move(o.Position().AddXY(0, down))
		}
		y += down
	}
	return y
}

type finder struct {
	sheet
	ask   asking
	f     Search
	keys  Keys
	pages Area // for the pager
}

// help says how to type, in an area below the field, or in one above the title where
// all of it fits only there.
func (s *finder) help(in, above Area) {
	n := s.ask.hint
	if s.NoticeHeight(n, in.W) > in.H {
		if h := s.NoticeHeight(n, above.W); h <= above.H {
			in = Area{above.X, above.Y + above.H - h, above.W, h}
		} else {
			n.Body = ""
		}
	}
	if h := s.NoticeHeight(n, in.W); h <= in.H {
		s.put(s.Notice(n, in.W, h), in.X, in.Y, in.W, h)
		return
	}
	// Little room: its words alone, as large as can be.
	pad, ink := s.Px(8), s.Ink
	if n.Tone == widget.Bad {
		ink = s.Warm
	}
	b := s.FitIn(n.Head, theme.Heading, theme.Least, in.W-2*s.Px(theme.Pad), in.H-2*pad, true)
	if h := b.Height() + 2*pad; h <= in.H {
		s.add(s.NoticeGround(n.Tone, in.X, in.Y, in.W, h), b.Left(in.X+s.Px(theme.Pad), in.Y+pad, ink))
	}
}

// field shows what was typed, its end where all has no room, and how many that
// found.
func (s *finder) field(x, y, w, h float32) {
	pad, side := s.Px(theme.Pad), s.Px(56)
	s.put(s.Box(s.Palette.Card, s.Touch, s.Strong), x, y, w, h)
	s.add(s.Icon("search", s.Touch, x+pad, y+(h-side)/2, side))
	left := x + pad + side + s.Px(20)
	room := x + w - pad - left
	if s.f.Typed == "" {
		b := s.FitIn(s.Say(s.ask.empty), 36, theme.Least, room, h-s.Px(8), false)
		s.add(b.Left(left, y+(h-b.Height())/2, s.Sub))
		return
	}
	if s.Shape != Small && s.ask.count {
		b := s.FitIn(s.found(), theme.Body, theme.Least, room*0.6, h-s.Px(8), false)
		s.add(b.Right(x+w-pad, y+(h-b.Height())/2, s.Sub))
		room -= b.Width() + pad
	}
	cursor := s.Px(4)
	room -= 3 * cursor
	typed := []rune(strings.ToUpper(s.f.Typed))
	b := s.FitIn(string(typed), 54, theme.Least, room, h-s.Px(8), true)
	for n := 1; n < len(typed) && (b.Width() > room || len(b.Lines) > 1); n++ {
		b = s.FitIn("…"+string(typed[n:]), 36, theme.Least, room, h-s.Px(8), true)
	}
	s.add(b.Left(left, y+(h-b.Height())/2, s.Ink))
	s.put(canvas.NewRectangle(s.Touch), left+b.Width()+cursor, y+h*0.22, cursor, h*0.56)
}

// found says how many were found, and when not all of them are shown.
func (s *finder) found() string {
	if n := len(s.f.Hits); n < s.f.Total {
		return s.Say("find_first", text.Data{"N": s.f.Total, "First": n})
	}
	return s.Say("find_count", text.Data{"N": s.f.Total})
}

// hits places what was found, and the pager: as many on a page as their words
// leave room for. Icons stand where all have room for them and for large letters.
func (s *finder) hits(in, pages Area, now time.Time, p paging, pick func(i int)) {
	columns := 2
	if s.Large || s.Shape == Wide {
		columns = 1
	}
	var cards []widget.Card
	for i, hit := range s.f.Hits {
		cards = append(cards, s.card(hit, now, func() { pick(i) }))
	}
	if s.Shape == Small && len(cards) < s.f.Total { // the field has no room to say so
		cards = append(cards, widget.Card{Style: widget.Shut, Title: s.found()})
	}
	var v packed
	if s.Large {
		all := in
		if pages.X > in.X && len(cards) < 4 { // what stands on one page needs no pager at its side
			all.W = pages.X + pages.W - in.X
		}
		if v = s.large(cards, all); len(v.starts) > 1 && all != in {
			v = s.large(cards, in)
		}
	} else {
		v = s.normal(cards, columns, now, in)
	}
	page, _ := s.pagerAt(p, 1, len(v.starts), pages)
	s.rows(v, page, in)
}

// normal packs cards for normal text.
func (s *finder) normal(cards []widget.Card, columns int, now time.Time, in Area) packed {
	pack := func(columns int) packed { return s.pack(cards, columns, theme.Least, in, len(cards)) }
	good := float32(0)
	for row := range slices.Chunk(cards, columns) {
		_, high := s.heights(row, (in.W-s.Px(theme.Gap)*float32(columns-1))/float32(columns))
		good += high + s.Px(theme.Gap)
	}
	if good-s.Px(theme.Gap) > in.H {
		for i := range cards {
			cards[i].Icon = ""
		}
	}
	v := pack(columns)
	if !v.fits { // the words need the room
		v = pack(1)
	}
	if !v.fits {
		for i, hit := range s.f.Hits {
			cards[i].Second = s.brief(hit, now)
		}
		v = pack(1)
	}
	return v
}

// large packs cards for large text. A page holds a few: for that icons go first, then
// second lines, of which a few words stay beside the titles, and at last titles
// become smaller.
func (s *finder) large(cards []widget.Card, in Area) (v packed) {
	few := 3
	if s.Shape == Small {
		few = 2
	}
	plain, beside := slices.Clone(cards), slices.Clone(cards)
	for i := range cards {
		plain[i].Icon, beside[i].Icon, beside[i].Beside = "", "", true
	}
	most := (len(cards) + few - 1) / few // pages
	for _, forms := range [][][]widget.Card{{cards, plain, beside}, {s.wordless(beside, in.W)}} {
		for _, size := range []float32{theme.Heading, 40, 38, 34, 30, theme.Least} {
			for _, form := range forms {
				if v = s.pack(form, 1, size, in, most); v.fits {
					return v
				}
			}
		}
	}
	return s.pack(s.wordless(beside, in.W), 1, theme.Least, in, len(cards))
}

// wordless returns cards of which those say nothing beside their titles that would be
// higher for it; the next screen tells it.
func (s *finder) wordless(cards []widget.Card, w float32) []widget.Card {
	out := slices.Clone(cards)
	for i, c := range cards {
		c.Short = ""
		if s.CardHeightAt(c, w, theme.Least) < s.CardHeightAt(cards[i], w, theme.Least) {
			out[i] = c
		}
	}
	return out
}

// packed is cards in rows, and the rows on pages.
type packed struct {
	cards   []widget.Card
	columns int
	w       float32   // of a card
	high    []float32 // of each row at least
	starts  []int     // the first row of each page
	fits    bool      // no row is higher than a page, and there are no more pages than asked for
}

// pack puts cards in rows as high as their words need with titles of a size, and the
// rows on pages, if that is possible on most pages.
func (s *finder) pack(cards []widget.Card, columns int, size float32, in Area, most int) packed {
	gap := s.Px(theme.Gap)
	v := packed{cards: cards, columns: columns, w: (in.W - gap*float32(columns-1)) / float32(columns), fits: true}
	y := float32(0)
	for row := range slices.Chunk(cards, columns) {
		least := float32(0)
		for _, c := range row {
			least = max(least, s.CardHeightAt(c, v.w, size))
		}
		if v.starts == nil || y+least > in.H {
			v.starts, y = append(v.starts, len(v.high)), 0
		}
		v.high, v.fits = append(v.high, least), v.fits && least <= in.H && len(v.starts) <= most
		if !v.fits && most < len(cards) {
			break
		}
		y += least + gap
	}
	return v
}

// rows draws a page of cards with letters of one size. The rows share what room is
// left, so that few are large.
func (s *finder) rows(v packed, page int, in Area) {
	from, end := v.starts[page], len(v.high)
	if page+1 < len(v.starts) {
		end = v.starts[page+1]
	}
	gap, room := s.Px(theme.Gap), in.H+s.Px(theme.Gap)
	for _, h := range v.high[from:end] {
		room -= h + gap
	}
	cards, high := v.cards[from*v.columns:min(end*v.columns, len(v.cards))], slices.Clone(v.high[from:end])
	size := float32(theme.Heading)
	for i := range high {
		share := room / float32(len(high)-i)
		more := min(share, max(0, s.Pt(170)-high[i]))
		high[i] += more
		room -= more
		size = min(size, s.letters(cards[i*v.columns:min((i+1)*v.columns, len(cards))], v.w, high[i]))
	}
	y := in.Y
	for i, c := range cards {
		c.Size = size
		s.put(s.Card(c, v.w, high[i/v.columns]), in.X+float32(i%v.columns)*(v.w+gap), y, v.w, high[i/v.columns])
		if i%v.columns == v.columns-1 {
			y += high[i/v.columns] + gap
		}
	}
}

func (s *finder) card(hit Hit, now time.Time, act func()) widget.Card {
	c := s.queued(widget.Card{Icon: "file-text", Title: s.Of(hit.Item.Name), Act: act}, hit.Offer, now)
	switch {
	case hit.Theme.Zh != "":
		c.Icon, c.Second, c.Short = "list-details", s.Say("find_theme", text.Data{"Name": s.Of(hit.Theme)}), s.Say("themes_short")
	case hit.Also != "":
		c.Second = s.Say("find_also", text.Data{"Name": hit.Also}) + " · " + c.Second
	}
	if s.Lang != kiosk.En && len([]rune(c.Title)) == len([]rune(hit.Item.Name.Zh)) { // one character stands for one
		c.Mark = [2]int{hit.From, hit.To}
	} else if at := strings.Index(" "+strings.ToLower(c.Title), " "+s.f.Typed); at >= 0 {
		c.Mark = [2]int{at, at + len(s.f.Typed)}
	}
	return c
}

// brief is the second line of a card for which there is room for one only.
func (s *finder) brief(hit Hit, now time.Time) string {
	switch {
	case hit.Theme.Zh != "":
		return s.Say("find_theme", text.Data{"Name": s.Of(hit.Theme)})
	case !hit.Open:
		return s.Say("closed")
	default:
		return s.queued(widget.Card{}, hit.Offer, now).Second
	}
}

// String tells searches apart that look different, but for the state of the
// queues.
func (f Search) String() string {
	key := fmt.Sprint(f.Typed, f.Digits, f.Total, " ", f.Next)
	for _, h := range f.Hits {
		key += fmt.Sprint(" ", h.Item.ID)
	}
	return key
}
