package display

import (
	"context"
	"errors"
	"image"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"hallkiosk/configs"
	"hallkiosk/display/screen"
	"hallkiosk/display/text"
	"hallkiosk/display/theme"
	"hallkiosk/display/voice"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
	"hallkiosk/kiosk/catalog"
)

// counter is a desk with nobody waiting, whose printer never ends.
type counter struct {
	Desk // what no test of this package asks for
	c    *kiosk.Catalog
}

func (d counter) Offers(_ context.Context, ids ...kiosk.ItemID) ([]kiosk.Offer, error) {
	var out []kiosk.Offer
	for _, id := range ids {
		item, _ := d.c.Item(id)
		queue, _ := d.c.Queue(item.Queue)
		zone, _ := d.c.Zone(queue.Zone)
		out = append(out, kiosk.Offer{Item: item, Queue: queue, Zone: zone, Open: true, CanTake: true})
	}
	return out, nil
}

func (counter) CheckIn(context.Context, kiosk.Request) (kiosk.Ticket, bool, error) {
	return kiosk.Ticket{}, false, errors.New("this test takes no number")
}

func (counter) Messages() []kiosk.Text { return nil }

func (counter) Await(ctx context.Context, _ kiosk.TicketID, _ kiosk.PrintState) (kiosk.PrintJob, error) {
	<-ctx.Done()
	return kiosk.PrintJob{}, ctx.Err()
}

func (counter) Leave(kiosk.TicketID) {}

// ears hear what is said, and when it is to be silent.
type ears struct{ heard []string }

func (e *ears) Say(_ kiosk.Lang, u voice.Utterance) { e.heard = append(e.heard, u.Text) }
func (e *ears) Hush()                               { e.heard = append(e.heard, "") }
func (*ears) Speaking() bool                        { return false }
func (*ears) EndVisit()                             {}
func (*ears) Louder() int                           { return 90 }
func (*ears) Softer() int                           { return 70 }

// stand is an App on Fyne's test driver, and a finger.
type stand struct {
	*App
	t      *testing.T
	canvas fyne.Canvas
	clock  time.Time
	ears
}

func newStand(t *testing.T) *stand {
	t.Helper()
	_, catalog, problems := configs.LoadKiosk("../configs/kiosk.toml")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	test.NewTempApp(t).Settings().SetTheme(theme.Fyne{})
	s := &stand{t: t, clock: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)}
	s.App = New(Opts{Desk: counter{c: catalog}, Catalog: catalog, Language: kiosk.Zh, Location: time.UTC, Now: func() time.Time { return s.clock },
		Request: func() kiosk.RequestID { return "r" }, Code: func(kiosk.Ticket) (image.Image, error) { return nil, errors.New("none") },
		IdleAsk: 30 * time.Second, IdleReturn: 15 * time.Second, Help: func(bool) {},
		Voice: &s.ears})
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	s.ctx = ctx
	s.root = newRoot(s.show, s.beside)
	w := test.NewTempWindow(t, s.root)
	w.SetPadded(false)
	w.Resize(fyne.NewSize(1080, 1920))
	s.canvas = w.Canvas()
	s.touch()
	s.stack = []*view{s.base()}
	s.show()
	return s
}

func (s *stand) tap(label string) {
	s.t.Helper()
	for _, v := range widget.Survey(s.root.content).Targets {
		if v.Label == label {
			test.TapCanvas(s.canvas, fyne.NewPos(v.X+v.Width/2, v.Y+v.Height/2))
			return
		}
	}
	s.t.Fatalf("%s has no %q", s.top().name, label)
}

func (s *stand) shows(words string) bool {
	return slices.ContainsFunc(widget.Survey(s.root.content).Paragraphs, func(p string) bool { return strings.Contains(p, words) })
}

// The modes can be switched on every screen, stay while the same person starts
// over, and are forgotten with the visit, also when nobody says goodbye.
func TestModesLastAVisit(t *testing.T) {
	s := newStand(t)
	for _, label := range []string{"大字", "低位", "黑白", "朗读"} {
		s.tap(label)
	}
	all := screen.Modes{Large: true, Low: true, Contrast: true, Aloud: true}
	if s.modes != all {
		t.Fatalf("modes %+v, want all", s.modes)
	}
	s.tap("全部事项")
	s.tap("黑白")
	if s.modes.Contrast || s.top().name != "zones" {
		t.Fatalf("contrast is %v on %s", s.modes.Contrast, s.top().name)
	}
	s.tap("黑白")
	s.tap("重新开始")
	if s.modes != all || s.top().name != "first" {
		t.Fatalf("starting over left %+v on %s", s.modes, s.top().name)
	}
	s.clock = s.clock.Add(31 * time.Second)
	s.pass(1)
	if s.modes != (screen.Modes{}) {
		t.Fatalf("who walked away left %+v", s.modes)
	}
	s.tap("大字")
	s.tap("社保卡")
	s.clock = s.clock.Add(31 * time.Second)
	s.pass(1)
	if s.top().name != "idle" || !s.modes.Large {
		t.Fatalf("%s with %+v, want the question in large text", s.top().name, s.modes)
	}
	s.tap("黑白") // is an answer too
	if s.top().name != "confirm" || !s.modes.Contrast {
		t.Fatalf("%s with %+v, want what was asked before", s.top().name, s.modes)
	}
	s.clock = s.clock.Add(31 * time.Second)
	s.pass(1)
	s.clock = s.clock.Add(16 * time.Second)
	s.pass(1)
	if s.top().name != "first" || s.modes != (screen.Modes{}) {
		t.Fatalf("%s with %+v, want the first screen as it was", s.top().name, s.modes)
	}
}

// The language switches at once wherever one is, and the way back stays.
func TestLanguageAnywhere(t *testing.T) {
	s := newStand(t)
	s.tap("社保卡")
	for _, c := range []struct{ own, take, item string }{{"English", "Take a number", "Replace a social security card"}, {"繁體中文", "取籌", "社保卡補辦"}, {"简体中文", "取号", "社保卡补办"}} {
		s.tap("中 / En")
		s.tap(c.own)
		if s.top().name != "confirm" || !s.shows(c.take) || !s.shows(c.item) {
			t.Fatalf("%s shows %q", s.top().name, widget.Survey(s.root.content).Paragraphs)
		}
	}
	offers := s.offers([]kiosk.ItemID{"RS001"})
	s.issued(kiosk.Ticket{ID: "t", Number: kiosk.Number{Queue: "A", N: 7}, Queue: "A", Items: []kiosk.ItemID{"RS001"}}, offers[0])
	s.tap("中 / En")
	if !s.holding() {
		t.Error("the number is given up for a choice of language")
	}
	s.tap("English")
	if s.top().name != "ticket" || !s.shows("A007") || !s.shows("Go to zone C") {
		t.Fatalf("%s shows %q", s.top().name, widget.Survey(s.root.content).Paragraphs)
	}
}

// views is every screen that has the frame, by its name, and how it comes up.
func (s *stand) views() map[string]func() {
	w := &wish{item: "RS001", req: kiosk.Request{ID: "r", Items: []kiosk.ItemID{"RS001"}}}
	c := s.o.Catalog
	ticket := kiosk.Ticket{ID: "t", Number: kiosk.Number{Queue: "A", N: 7}, Queue: "A", Items: []kiosk.ItemID{"RS001"}}
	push := func(v func() *view) func() { return func() { s.push(v()) } }
	return map[string]func(){
		"first": func() {}, "zones": push(s.zones), "find": push(s.find), "themes": push(s.themes), "services": push(s.services), "map": push(s.hallMap),
		"mine": push(s.which), "who": push(s.mine), "number": push(s.number), "help": s.help, "language": s.language,
		"departments": push(func() *view { return s.departments("C") }),
		"items":       push(func() *view { return s.items("some", kiosk.Text{Zh: "some"}, []kiosk.ItemID{"RS001", "GJ003"}) }),
		"theme":       push(func() *view { return s.theme(c.Themes[0].ID) }),
		"service":     push(func() *view { return s.service(c.Services[0]) }),
		"zone":        push(func() *view { return s.zone(c.Zones[0]) }),
		"confirm":     func() { s.pick("RS001") },
		"papers":      push(func() *view { return s.papers(w) }),
		"priorities":  push(func() *view { return s.priorities(w) }),
		"bookings":    func() { s.choose([]kiosk.Booking{{Items: w.req.Items}, {Items: w.req.Items}}) },
		"taking":      push(func() *view { return s.underway(s.item(w.req.Items)) }),
		"trouble":     func() { s.trouble(w, errors.New("none")) },
		"device":      func() { s.Tell(CardExpired, nil) },
		"locked":      func() { s.Lock(true) },
		"standing":    func() { s.standing(ticket, true); s.left() },
		"ticket":      func() { s.issued(ticket, s.offers(w.req.Items)[0]); s.left() },
	}
}

// On every screen that has the frame each mode can be switched on and off, and the
// language, and the screen stays.
func TestSwitchedOnEveryScreen(t *testing.T) {
	s := newStand(t)
	s.o.Index, s.o.AskFirst, s.o.Prints, s.o.Desk = catalog.New(s.o.Catalog), true, true, silent{s.o.Desk, t.Context()}
	s.listen()
	views := s.views()
	for _, name := range named(t) {
		if name == "rest" || name == "idle" { // one has no frame, the other takes a switch for an answer
			continue
		}
		if views[name] == nil {
			t.Errorf("nobody has looked at %q", name)
			continue
		}
		views[name]()
		is := func(what string) {
			t.Helper()
			if s.top().name != name {
				t.Fatalf("%s: %s leads to %s", name, what, s.top().name)
			}
		}
		is("nothing")
		for _, v := range []struct {
			label string
			is    *bool
			looks bool // different, whatever the screen
		}{{"大字", &s.modes.Large, true}, {"低位", &s.modes.Low, false}, {"黑白", &s.modes.Contrast, true}, {"朗读", &s.modes.Aloud, false}} {
			before := widget.Survey(s.root.content)
			s.tap(v.label)
			is(v.label)
			if after := widget.Survey(s.root.content); !*v.is || v.looks && (slices.Equal(after.Words, before.Words) || slices.Equal(after.Boxes, before.Boxes)) {
				t.Errorf("%s: %s changes nothing", name, v.label)
			}
			s.tap(v.label)
			if is(v.label); s.modes != (screen.Modes{}) {
				t.Errorf("%s: %s stays on: %+v", name, v.label, s.modes)
			}
		}
		for _, own := range []string{"English", "繁體中文", "简体中文"} {
			if name == "language" {
				break
			}
			s.tap("中 / En")
			s.tap(own)
			is(own)
			if got := s.loc.Say("own_name"); got != own {
				t.Errorf("%s speaks %s, want %s", name, got, own)
			}
		}
		s.Lock(false)
		s.home()
	}
}

// named are the names of all views, as they stand in the package's source.
func named(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, m := range regexp.MustCompile(`(?:\{name: |\.keep\()"([a-z]+)"`).FindAllStringSubmatch(string(data), -1) {
			names = append(names, m[1])
		}
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) < 20 {
		t.Fatalf("only %d views are in the source: %q", len(names), names)
	}
	return names
}

// A screen is read out once, in whole sentences, until the mode is switched off.
func TestSpeak(t *testing.T) {
	s := newStand(t)
	s.tap("社保卡")
	if len(s.heard) != 0 {
		t.Fatalf("it said %q unasked", s.heard)
	}
	s.tap("朗读")
	s.pass(5) // draws anew
	if len(s.heard) != 1 || !strings.Contains(s.heard[0], "社保卡补办") || !strings.Contains(s.heard[0], "取号") {
		t.Fatalf("it said %q, want the confirm screen once", s.heard)
	}
	s.clock = s.clock.Add(31 * time.Second)
	s.pass(1)
	for range 3 { // seconds that run are not read out
		s.clock = s.clock.Add(time.Second)
		s.pass(1)
	}
	if len(s.heard) != 2 || !strings.Contains(s.heard[1], "您还在吗？") {
		t.Fatalf("it said %q, want the question once", s.heard)
	}
	s.tap("我还在")
	s.tap("朗读")
	if n := len(s.heard); n != 4 || s.heard[2] == "" || s.heard[3] != "" {
		t.Fatalf("it said %q, want the confirm screen and then to be silent", s.heard)
	}
}

// Which papers a case can't be taken in without is said with them, and so is what
// comes of marking one as missing.
func TestSpeakPapers(t *testing.T) {
	s := newStand(t)
	s.tap("朗读")
	s.tap("社保卡")
	item, _ := s.o.Catalog.Item("RS001")
	said := s.heard[len(s.heard)-1]
	for _, m := range item.Materials {
		if heed := strings.Contains(said, m.Name.Zh+"，必须"); heed != m.Essential {
			t.Errorf("%s is essential: %v; it said %q", m.Name.Zh, m.Essential, said)
		}
	}
	paper := item.Materials[0].Name.Zh
	s.tap(paper)
	if said = s.heard[len(s.heard)-1]; !strings.Contains(said, paper+"，没带") || !strings.Contains(said, "缺必须的材料") {
		t.Errorf("of the missing paper it said %q", said)
	}
}

// What doesn't work and what the hall has to say goes before all else, once for as
// long as it stands in the head, and without the screen that was read before.
func TestSpeakNotes(t *testing.T) {
	s := newStand(t)
	s.listen()
	s.tap("全部事项")
	s.tap("朗读")
	said := func() string {
		t.Helper()
		if len(s.heard) != 1 {
			t.Fatalf("it said %q, want one thing", s.heard)
		}
		was := s.heard[0]
		s.heard = nil
		return was
	}
	said()
	s.Printer(kiosk.FaultPaper)
	note := s.loc.Say("note_paper")
	if got := said(); got != note {
		t.Errorf("it said %q, want %q", got, note)
	}
	for range 20 { // of several notes, each is in the head for some time
		s.clock = s.clock.Add(time.Second)
		s.touch()
		s.pass(fresh)
	}
	if len(s.heard) > 0 {
		t.Errorf("it said %q again", s.heard)
	}
	s.tap("返回")
	if got := said(); strings.Contains(got, note) || !strings.Contains(got, "您要办什么") {
		t.Errorf("of the next screen it said %q", got)
	}
	s.Printer(kiosk.FaultNone)
	s.Printer(kiosk.FaultPaper)
	if got := said(); got != note {
		t.Errorf("of paper that ran out again it said %q", got)
	}
	s.tap("朗读")
	s.heard = nil
	s.tap("朗读")
	if got := said(); !strings.HasPrefix(got, s.loc.Say("mode_on", text.Data{"Mode": "朗读"})+"\n"+note+"\n您要办什么") {
		t.Errorf("switched on, it said %q", got)
	}
}
