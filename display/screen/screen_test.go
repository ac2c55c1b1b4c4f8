package screen_test

import (
	"fmt"
	"image"
	"image/color"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"hallkiosk/configs"
	_ "hallkiosk/display/locale"
	"hallkiosk/display/screen"
	"hallkiosk/display/text"
	"hallkiosk/display/theme"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

var monday = time.Date(2026, 11, 23, 10, 5, 0, 0, time.FixedZone("CST", 8*3600))

// variant is one way in which every screen must be right.
type variant struct {
	lang  kiosk.Lang
	modes screen.Modes
	w, h  float32
}

func (v variant) page() screen.Page { return screen.NewPage(text.In(v.lang), v.modes, v.w, v.h, 0) }

// layout and mode name a variant, for tests and on the sheet of pictures.
func (v variant) layout() string { return fmt.Sprintf("%.0fx%.0f", v.w, v.h) }

func (v variant) mode() string {
	for _, m := range modes {
		if m.modes == v.modes {
			return m.name
		}
	}
	return "other"
}

func (v variant) String() string { return fmt.Sprintf("%s %s %s", v.lang, v.mode(), v.layout()) }

var modes = []struct {
	name  string
	modes screen.Modes
}{
	{"normal", screen.Modes{}}, {"large", screen.Modes{Large: true}}, {"low", screen.Modes{Low: true}}, {"contrast", screen.Modes{Contrast: true}},
	{"large-low-contrast", screen.Modes{Large: true, Low: true, Contrast: true}},
}

var sizes = [][2]float32{{1080, 1920}, {1920, 1080}, {1024, 768}}

func variants() (out []variant) {
	for _, size := range sizes {
		for _, m := range modes {
			for _, lang := range kiosk.Langs {
				out = append(out, variant{lang, m.modes, size[0], size[1]})
			}
		}
	}
	return out
}

// panel is a variant on a panel of so many pixels a millimetre.
type panel struct {
	variant
	density float32
}

func (v panel) page() screen.Page {
	return screen.NewPage(text.In(v.lang), v.modes, v.w, v.h, v.density)
}

func (v panel) String() string { return fmt.Sprintf("%v at %.2f", v.variant, v.density) }

// usual says that it is the panel that the screens of this size are drawn for.
func (v panel) usual() bool { return v.density == theme.Density(v.w, v.h) }

// panels are the variants on the panels that the screens are drawn for, and on
// others that are sold with the same pixels: 21.5 inch upright and lying, 32 inch,
// and 15 inch of an older cabinet.
func panels() (out []panel) {
	for _, v := range variants() {
		out = append(out, panel{v, theme.Density(v.w, v.h)})
	}
	for _, p := range [][3]float32{{1080, 1920, 4.03}, {1920, 1080, 4.03}, {1080, 1920, 2.7}, {1024, 768, 3.37}} {
		for _, m := range modes {
			for _, lang := range kiosk.Langs {
				out = append(out, panel{variant{lang, m.modes, p[0], p[1]}, p[2]})
			}
		}
	}
	return out
}

// example is a screen in one state.
type example struct {
	name  string
	note  string
	said  kiosk.Text // a note of the hall's
	piece int        // of that
	whole bool       // it fills the window, without head and frame
	bare  bool       // there may be nothing to touch

	assist *screen.Assist // in assisted mode

	draw func(p screen.Page) fyne.CanvasObject
}

// compose puts head, screen and frame together as package display does.
func compose(p screen.Page, c *kiosk.Catalog, e example) fyne.CanvasObject {
	nop := func() {}
	put := func(o fyne.CanvasObject, a screen.Area) fyne.CanvasObject { return widget.Put(o, a.X, a.Y, a.W, a.H) }
	if e.whole {
		return put(e.draw(p), p.Window)
	}
	note := ""
	if e.note != "" {
		note = p.Say(e.note, text.Data{"Name": "陈*"})
	}
	if pieces := p.Pieces(monday, p.Of(e.said)); e.said.Zh != "" {
		note = pieces[min(e.piece, len(pieces)-1)]
	}
	bar := screen.Bar{Language: nop, Help: nop, Large: nop, Low: nop, Contrast: nop, Aloud: nop, Assist: e.assist}
	if e.name != "first" && !strings.HasPrefix(e.name, "locked") {
		bar.Back, bar.Home = nop, nop
	}
	ground := widget.Put(p.Box(p.Ground, nil, 0), 0, 0, p.Window.W, p.Window.H)
	return put(&fyne.Container{Objects: []fyne.CanvasObject{ground,
		put(screen.Head(p, c.Hall, monday, note), p.Head), put(e.draw(p), p.Body), put(screen.Frame(p, bar), p.Frame)}}, p.Window)
}

// offer is what an item would get with people ahead of one.
func offer(c *kiosk.Catalog, id kiosk.ItemID, ahead int) kiosk.Offer {
	item, _ := c.Item(id)
	queue, _ := c.Queue(item.Queue)
	zone, _ := c.Zone(queue.Zone)
	return kiosk.Offer{Item: item, Queue: queue, Zone: zone, Ahead: ahead, Wait: c.Estimate(item.Queue, ahead), Open: true, CanTake: true, Opens: monday}
}

// examples are all screens in the states that change their shape, but for those
// that depend on one item of the catalog: see ofItem.
func examples(c *kiosk.Catalog) (out []example) {
	nop, turn := func() {}, func(int) {}
	add := func(name string, draw func(p screen.Page) fyne.CanvasObject) {
		out = append(out, example{name: name, draw: draw})
	}
	say := func(name, icon, head, body string, answers ...string) {
		add(name, func(p screen.Page) fyne.CanvasObject {
			var list []screen.Answer
			for _, a := range answers {
				list = append(list, screen.Answer{Label: p.Say(a), Act: nop})
			}
			return screen.Message(p, icon, p.Say(head), p.Say(body, text.Data{"N": 15}), list...)
		})
	}
	var wanted []kiosk.Offer
	for i, w := range c.Wanted {
		o := offer(c, w.Item, i*7)
		if i == 9 {
			o.Open, o.CanTake, o.Opens = false, false, monday.Add(4*time.Hour)
		}
		wanted = append(wanted, o)
	}
	to := screen.Entries{Find: nop, All: nop, Themes: nop, Hall: nop, Mine: nop, Ways: screen.Ways{Card: true, Code: true}}
	first := func(page int, to screen.Entries) func(p screen.Page) fyne.CanvasObject {
		return func(p screen.Page) fyne.CanvasObject {
			return screen.First(p, monday, c.Wanted, wanted, c.Zones, page, turn, func(kiosk.ItemID) {}, to)
		}
	}
	add("first", first(0, to)) // what a kiosk with all its devices shows
	add("first-last", first(9, to))
	add("first-least", first(0, screen.Entries{All: nop}))
	bare := to
	bare.Find = nil
	add("first-not-find", first(0, bare))
	add("first-not-find-last", first(9, bare))
	crowd := slices.Clone(wanted)
	for i := range crowd {
		crowd[i].Ahead, crowd[i].Wait = 149, kiosk.Estimate{Low: 100, High: 120}
	}
	add("first-crowd", func(p screen.Page) fyne.CanvasObject {
		return screen.First(p, monday, c.Wanted, crowd, c.Zones, 0, turn, func(kiosk.ItemID) {}, to)
	})
	var zones []screen.ZoneChoice
	for _, z := range c.Zones {
		zones = append(zones, screen.ZoneChoice{Zone: z, Departments: 12, Items: 65})
	}
	add("zones", func(p screen.Page) fyne.CanvasObject {
		return screen.Zones(p, zones, 0, turn, func(kiosk.Zone) {}, to)
	})
	count := map[kiosk.DeptID]int{}
	for _, d := range c.Departments {
		count[d.ID] = 17
	}
	for page := range 3 {
		add(fmt.Sprint("departments-", page), func(p screen.Page) fyne.CanvasObject {
			return screen.Departments(p, c.Zones[2], c.Departments, count, page, turn, func(kiosk.DeptID) {})
		})
	}
	add("language", func(p screen.Page) fyne.CanvasObject { return screen.Languages(p, func(kiosk.Lang) {}) })
	for _, note := range []string{"hello", "note_paper", "note_printer", "note_none"} {
		add("first-"+note, first(0, to))
		out[len(out)-1].note = note
	}
	say("idle", "clock", "still_there", "still_home", "still_yes", "home")
	say("locked", "lock", "locked", "locked_why")
	out[len(out)-1].bare = true
	for _, body := range []string{"card_expired", "card_unreadable", "reader_broken", "code_unknown", "code_old", "badge_unknown"} {
		say("device-"+body, "alert-triangle", "about_"+body, body, "understood")
	}
	say("trouble", "alert-triangle", "trouble", "ask_staff", "again", "home")
	say("help", "bell", "help_called", "help_wait", "help_done")
	return slices.Concat(out, mine(c), ofThemes(c), inHall(c), finding(c), assisted(c), ahead(c), longest(c), rare(c))
}

// ofItem are the screens of the item at i of the catalog: its confirm screens,
// the list that begins with it, and its tickets.
func ofItem(c *kiosk.Catalog, i int) (out []example) {
	nop, turn := func() {}, func(int) {}
	item := c.Items[i]
	dept, _ := c.Department(item.Dept)
	o := offer(c, item.ID, 120)
	if i%3 == 0 {
		o.Open, o.Opens = false, monday.AddDate(0, 0, 1)
	}
	add := func(name string, draw func(p screen.Page) fyne.CanvasObject) {
		out = append(out, example{name: fmt.Sprintf("%s %s", name, item.ID), draw: draw})
	}
	add("confirm", func(p screen.Page) fyne.CanvasObject {
		return screen.Confirm(p, monday, o, dept, check(), precedence, nop, nop)
	})
	out = append(out, ofPapers(o, dept)...)
	var list []kiosk.Offer
	for _, other := range c.Items[i:min(i+20, len(c.Items))] {
		list = append(list, offer(c, other.ID, 33))
	}
	add("items", func(p screen.Page) fyne.CanvasObject {
		return screen.Items(p, monday, p.Of(dept.Name), list, 0, turn, func(kiosk.ItemID) {})
	})
	ticket := kiosk.Ticket{Number: kiosk.Number{Queue: item.Queue, Series: "12", N: 1023}, Queue: item.Queue, Items: []kiosk.ItemID{item.ID}, Ahead: 120}
	if i%2 == 0 {
		ticket.Number = kiosk.Number{Queue: item.Queue, N: 23}
	}
	var code image.Image = checker(29)
	for _, state := range []struct {
		name   string
		print  kiosk.PrintState
		cause  kiosk.Fault
		booked bool
	}{
		{"printing", kiosk.PrintSent, "", false}, {"printed", kiosk.Printed, "", false}, {"no-paper", kiosk.NotPrinted, kiosk.FaultPaper, false},
		{"hot", kiosk.NotPrinted, kiosk.FaultHot, false}, {"unknown", kiosk.PrintUnknown, "", false}, {"booked", kiosk.Printed, "", true},
	} {
		add("ticket-"+state.name, func(p screen.Page) fyne.CanvasObject {
			i := screen.Issued{Ticket: ticket, Offer: o, Print: state.print, Cause: state.cause, Code: code}
			if state.booked {
				i.From, i.To = "14:00", "14:30"
			}
			if state.print.Ended() {
				i.Left = 12
			}
			i.Paper, i.Steps = 5, state.booked // some, as in the middle of a move
			return screen.Ticket(p, monday, i, 0, turn, nop)
		})
		add("ticket-"+state.name+"-2", func(p screen.Page) fyne.CanvasObject {
			i := screen.Issued{Ticket: ticket, Offer: o, Print: state.print, Cause: state.cause, Code: code}
			return screen.Ticket(p, monday, i, 1, turn, nop)
		})
	}
	return out
}

// checker is a picture like a code, with a dark corner.
func checker(n int) image.Image {
	img := image.NewGray(image.Rect(0, 0, n, n))
	for y := range n {
		for x := range n {
			if (x*y+x+y)%3 != 0 {
				img.SetGray(x, y, color.Gray{Y: 0xFF})
			}
		}
	}
	return img
}

// hall starts Fyne's painter with the house's letters, and loads the catalog.
func hall(t testing.TB) *kiosk.Catalog {
	t.Helper()
	a := test.NewApp()
	t.Cleanup(a.Quit)
	a.Settings().SetTheme(theme.Fyne{})
	_, c, problems := configs.LoadKiosk("../../configs/kiosk.toml")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return c
}

// The frame has the same buttons everywhere, in the same order; what is not
// possible can't be touched. Low reach is offered where it changes something.
func TestFrame(t *testing.T) {
	hall(t)
	nop := func() {}
	for _, v := range variants() {
		p := v.page()
		labels := func(b screen.Bar) (out []string) {
			for _, t := range widget.Survey(screen.Frame(p, b)).Targets {
				out = append(out, t.Label)
			}
			return out
		}
		var want []string
		for _, id := range []string{"back", "home", "help", "language", "large", "low", "contrast", "aloud"} {
			if id != "low" || p.Shape == screen.Tall {
				want = append(want, p.Say(id))
			}
		}
		if got := labels(screen.Bar{Back: nop, Home: nop, Help: nop, Language: nop, Large: nop, Low: nop, Contrast: nop, Aloud: nop}); !slices.Equal(got, want) {
			t.Errorf("%v: %q, want %q", v, got, want)
		}
		if got := labels(screen.Bar{Home: nop}); !slices.Equal(got, want[1:2]) {
			t.Errorf("%v: %q can be touched, want %q", v, got, want[1])
		}
	}
}

// The wanted things stand on one page on every panel in every language, however many
// wait, unless large text or low reach takes the room.
func TestFirstIsOnePage(t *testing.T) {
	c := hall(t)
	for _, e := range examples(c) {
		if e.name != "first" && e.name != "first-not-find" && e.name != "first-crowd" {
			continue
		}
		for _, v := range variants() {
			if v.modes.Large || v.modes.Low {
				continue
			}
			p, found := v.page(), 0
			for _, x := range widget.Survey(e.draw(p)).Targets {
				if slices.ContainsFunc(c.Wanted, func(w kiosk.Wanted) bool { return p.Of(w.Name) == x.Label }) {
					found++
				}
			}
			if found != len(c.Wanted) {
				t.Errorf("%v %s: %d of %d wanted things stand on the first page", v, e.name, found, len(c.Wanted))
			}
		}
	}
}

// A touch reaches the one that was meant, and only what can be taken is offered.
func TestIntents(t *testing.T) {
	c := hall(t)
	p := variant{kiosk.Zh, screen.Modes{}, 1080, 1920}.page()
	o := offer(c, "RS001", 3)
	dept, _ := c.Department(o.Item.Dept)
	has := func(screen fyne.CanvasObject, label string) bool {
		for _, t := range widget.Survey(screen).Targets {
			if t.Label == label {
				return true
			}
		}
		return false
	}
	nop := func() {}
	if !has(screen.Confirm(p, monday, o, dept, check(), precedence, nop, nop), "取号") {
		t.Error("an open queue gives no number")
	}
	if has(screen.Confirm(p, monday, o, dept, check(), precedence, nop, nil), "取号") {
		t.Error("a number can be asked for twice")
	}
	o.Open, o.CanTake = false, false
	if has(screen.Confirm(p, monday, o, dept, check(), precedence, nop, nop), "取号") {
		t.Error("a closed queue gives a number")
	}
}

// Where no number can be taken nothing sends people to take one, and where the
// queue is paused nobody is told how long they would wait.
func TestNothingIsPromisedWhereNothingCanBeTaken(t *testing.T) {
	c := hall(t)
	for _, v := range variants() {
		p := v.page()
		o := offer(c, "RS001", 5)
		dept, _ := c.Department(o.Item.Dept)
		o.CanTake, o.Paused, o.Why = false, true, pausedWhy
		closed := o
		closed.Paused, closed.Open = false, false
		for name, o := range map[string]kiosk.Offer{"paused": o, "closed": closed} {
			for state, k := range lacking(o.Item) {
				for screenName, drawn := range map[string]fyne.CanvasObject{
					"confirm": screen.Confirm(p, monday, o, dept, k, precedence, func() {}, nil), "papers": screen.Papers(p, monday, o, k, 0, func(int) {}, nil),
				} {
					for _, said := range widget.Survey(drawn).Paragraphs {
						if said == p.Say("check_why") || said == p.Say("promise_do") || said == p.Say("lacks_essential_do") {
							t.Errorf("%v %s, %s, %s missing: it says %q", v, screenName, name, state, said)
						}
						if name == "paused" && (said == p.Say("wait") || said == p.Say("ahead")) {
							t.Errorf("%v %s, paused: it tells %q", v, screenName, said)
						}
					}
				}
			}
		}
	}
}

// Where the queue can't be read nobody is told that there is none, or how long it
// takes, and the number can be taken all the same.
func TestUnreadQueueIsNotEmpty(t *testing.T) {
	c := hall(t)
	for _, v := range variants() {
		p := v.page()
		o := offer(c, "RS001", 0)
		o.Unknown = true
		dept, _ := c.Department(o.Item.Dept)
		for name, drawn := range map[string]fyne.CanvasObject{
			"confirm": screen.Confirm(p, monday, o, dept, check(), precedence, func() {}, func() {}),
			"items":   screen.Items(p, monday, "", []kiosk.Offer{o}, 0, func(int) {}, func(kiosk.ItemID) {}),
			"theme":   screen.Theme(p, monday, c.Themes[0], stepsOf(c, c.Themes[0]), o, check(), 0, func(int) {}, func() {}, func() {}),
		} {
			none := []string{p.Say("waiting_none"), p.Say("no_wait"), p.Say("ahead_none"), p.Say("wait")}
			known := true
			for _, said := range widget.Survey(drawn).Paragraphs {
				if slices.Contains(none, said) || strings.Contains(said, p.Say("people", text.Data{"N": 0})) {
					t.Errorf("%v %s: it says %q", v, name, said)
				}
				known = known && !strings.Contains(said, p.Say("waiting_unknown")) && !strings.Contains(said, p.Say("ahead_unknown"))
			}
			if known {
				t.Errorf("%v %s: it doesn't say that it doesn't know", v, name)
			}
			if name == "confirm" && !slices.ContainsFunc(widget.Survey(drawn).Targets, func(x widget.Target) bool { return x.Label == p.Say("take") }) {
				t.Errorf("%v: no number can be taken", v)
			}
		}
	}
}

// What is closed is told without colour, in every mode: its edge and its letters are
// thinner than those of what is open, and it says when it opens.
func TestClosedIsSeen(t *testing.T) {
	c := hall(t)
	for _, v := range variants() {
		p := v.page()
		open, shut := offer(c, "RS001", 3), offer(c, "GJ003", 3)
		shut.Item.Self = kiosk.Text{}
		shut.Open, shut.CanTake, shut.Opens = false, false, monday.Add(4*time.Hour)
		seen := map[kiosk.ItemID]widget.Box{}
		for page := range 2 {
			drawn := widget.Survey(screen.Items(p, monday, "", []kiosk.Offer{open, shut}, page, func(int) {}, func(kiosk.ItemID) {}))
			for _, x := range drawn.Targets {
				for _, o := range []kiosk.Offer{open, shut} {
					i := slices.IndexFunc(drawn.Boxes, func(b widget.Box) bool { return b.Touch && ofBox(b) == ofTarget(x) })
					if strings.HasPrefix(x.Label, p.Of(o.Item.Name)) && i >= 0 {
						seen[o.Item.ID] = drawn.Boxes[i]
					}
				}
			}
			if _, ok := seen["GJ003"]; ok && !strings.Contains(strings.Join(drawn.Paragraphs, "|"), "14:05") {
				t.Errorf("%v: it doesn't say when it opens: %q", v, drawn.Paragraphs)
			}
			if len(seen) == 2 {
				break
			}
		}
		a, b := seen["RS001"], seen["GJ003"]
		if len(seen) != 2 || v.modes.Contrast && a.Stroke <= b.Stroke || !v.modes.Contrast && a.Fill == b.Fill {
			t.Errorf("%v: open is %v, closed is %v", v, a, b)
		}
	}
}

// What the head says stands clear of its edges.
func TestHeadHasMargins(t *testing.T) {
	c := hall(t)
	for _, v := range variants() {
		p := v.page()
		for _, id := range []string{"hello", "note_paper", "note_printer", "note_none"} {
			note := p.Say(id, text.Data{"Name": "陈*"})
			s := widget.Survey(screen.Head(p, c.Hall, monday, note))
			if !slices.Contains(s.Paragraphs, note) {
				t.Errorf("%v: %q is not said", v, note)
			}
			for _, w := range s.Words {
				if above, below := w.Y, p.Head.H-w.Y-w.Height; min(above, below) < p.Px(10) {
					t.Errorf("%v: %q stands %.0f from the upper edge, %.0f from the lower", v, w.Text, above, below)
				}
			}
		}
	}
}

// The keys for digits stay where they are, whether they can be touched or not.
func TestDigitKeysStay(t *testing.T) {
	hall(t)
	nop := func() {}
	for _, v := range variants() {
		for _, typed := range []string{"", "12345678"} {
			var said []string
			for _, w := range widget.Survey(screen.Identify(v.page(), screen.Ways{}, typed, false, func(string) {}, nop, nop)).Words {
				said = append(said, w.Text)
			}
			for _, key := range []string{"0", "1", "5", "9", v.page().Say("erase"), v.page().Say("ok")} {
				if !slices.Contains(said, key) {
					t.Errorf("%v with %q typed: %q is gone", v, typed, key)
				}
			}
		}
	}
}

// In high contrast a notice is told from a button without colour: it has no frame.
func TestNoticesHaveNoFrame(t *testing.T) {
	hall(t)
	nop := func() {}
	for _, v := range variants() {
		p, framed, ground := v.page(), 0, 0
		for _, b := range widget.Survey(screen.Message(p, "clock", p.Say("still_there"), p.Say("still_home"), screen.Answer{Label: p.Say("still_yes"), Act: nop})).Boxes {
			switch {
			case b.Picture || b.Touch:
			case b.Stroke > 0:
				framed++
			default:
				ground++
			}
		}
		if want := map[bool][2]int{false: {1, 0}, true: {0, 1}}[v.modes.Contrast]; want != [2]int{framed, ground} {
			t.Errorf("%v: %d frames and %d bars, want %v", v, framed, ground, want)
		}
	}
}

// Who goes ahead, and that one can, is said in words, however large they are.
func TestPrecedenceInWords(t *testing.T) {
	c := hall(t)
	o := offer(c, "GJ003", 120)
	dept, _ := c.Department(o.Item.Dept)
	nop := func() {}
	for _, v := range variants() {
		p := v.page()
		for why, ids := range map[kiosk.Priority][]string{kiosk.Pregnant: {"pregnant", "pregnant_first"}, "": {"priority"}} {
			for state, papers := range lacking(o.Item) {
				if why == "" && state == "essential" {
					continue // there one asks after a number that is only to ask
				}
				s := widget.Survey(screen.Confirm(p, monday, o, dept, papers, screen.Precedence{Why: why, Ask: nop}, nop, nop))
				if !slices.ContainsFunc(ids, func(id string) bool { return slices.Contains(s.Paragraphs, p.Say(id)) }) {
					t.Errorf("%v, %s missing: no word for who goes ahead in %q", v, state, s.Paragraphs)
				}
			}
		}
	}
}
