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
