package display

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"hallkiosk/display/screen"
	"hallkiosk/kiosk"
)

// office is a desk that gives numbers, and remembers how they were asked for.
type office struct {
	counter
	asked []kiosk.Request
	print kiosk.PrintState // of every paper
	gone  []kiosk.TicketID // whose holders left
	told  chan struct{}    // gets one when the screen has been told of a paper's end
}

func (d *office) CheckIn(_ context.Context, r kiosk.Request) (kiosk.Ticket, bool, error) {
	d.asked = append(d.asked, r)
	items := r.Items
	if len(items) == 0 {
		items = []kiosk.ItemID{"RS001"}
	}
	n := len(d.asked)
	return kiosk.Ticket{ID: kiosk.TicketID(fmt.Sprint("t", n)), Number: kiosk.Number{Queue: "A", N: n}, Queue: "A", Items: items, Priority: r.Priority}, false, nil
}

func (d *office) Await(ctx context.Context, id kiosk.TicketID, seen kiosk.PrintState) (kiosk.PrintJob, error) {
	print := d.print
	if seen == print {
		d.told <- struct{}{}
		<-ctx.Done()
	}
	return kiosk.PrintJob{State: print}, ctx.Err()
}

func (d *office) Leave(id kiosk.TicketID) { d.gone = append(d.gone, id) }

// guided is a stand whose desk gives numbers, with a guide before it.
type guided struct {
	*stand
	desk *office
}

func newGuided(t *testing.T) *guided {
	s := newStand(t)
	g := &guided{s, &office{counter: counter{c: s.o.Catalog}, print: kiosk.Printed, told: make(chan struct{})}}
	s.o.Desk, s.o.AssistIdle, s.o.AskFirst = g.desk, time.Minute, true
	s.listen()
	return g
}

func (g *guided) after(d time.Duration) {
	g.clock = g.clock.Add(d)
	g.pass(1)
}

// take touches what takes a number, and waits until the number and what became of
// its paper are on the screen.
func (g *guided) take(label string) {
	g.t.Helper()
	g.tap(label)
	<-g.desk.told
	g.is("ticket")
}

func (g *guided) is(name string) {
	g.t.Helper()
	if got := g.top().name; got != name {
		g.t.Fatalf("the screen is %s, want %s", got, name)
	}
}

// A guide's badge lets a touch of an item take a number at once; the number's
// screen goes with the next touch, or five seconds after its paper came; who the
// number is for counts for one; the mode ends by its button.
func TestAssisted(t *testing.T) {
	g := newGuided(t)
	g.Badge()
	if !g.shows("协助模式") || !g.shows("结束协助") {
		t.Fatal("no banner")
	}
	g.tap("老人")
	g.take("社保卡")
	if !g.shows("A001") || !g.shows("老人优先") || !g.shows("请取走您的号") {
		t.Errorf("the number's screen lacks something")
	}
	if got := g.marked(); got != kiosk.Elder {
		t.Errorf("beside the number %q is marked", got)
	}
	g.tap("下一张")
	if g.is("first"); g.marked() != "" {
		t.Errorf("the next number is for %q", g.marked())
	}
	g.take("公积金")
	g.after(4 * time.Second)
	g.is("ticket")
	g.after(time.Second)
	g.is("first")
	g.tap("全部事项") // from a list too
	g.push(g.items("some", kiosk.Text{Zh: "some"}, []kiosk.ItemID{"RS001", "GJ003"}))
	g.tap("孕妇")
	g.take("社保卡补办")
	test.TapCanvas(g.canvas, fyne.NewPos(540, 1500)) // beside everything
	g.is("first")
	g.push(g.themes())
	g.take(g.o.Catalog.Themes[0].Name.Zh)
	g.tap("重新开始")
	g.is("first")

	var who []kiosk.Priority
	ids := map[kiosk.RequestID]bool{}
	for _, r := range g.desk.asked {
		who = append(who, r.Priority)
		ids[r.ID] = true
		if !r.Here || len(r.Missing) > 0 {
			t.Errorf("asked for %+v", r)
		}
	}
	if want := []kiosk.Priority{kiosk.Elder, "", kiosk.Pregnant, ""}; !slices.Equal(who, want) {
		t.Errorf("the numbers are for %q, want %q", who, want)
	}
	if g.desk.asked[3].Theme != g.o.Catalog.Themes[0].ID {
		t.Errorf("a theme is asked for as %+v", g.desk.asked[3])
	}
	if len(g.desk.gone) > 0 {
		t.Errorf("%v have left, and the guide stands there", g.desk.gone)
	}
	g.tap("结束协助")
	if g.is("first"); g.shows("协助模式") || !g.shows("找人帮忙") {
		t.Error("the mode goes on")
	}
	if len(g.desk.gone) != 4 {
		t.Errorf("%v have left, want all four", g.desk.gone)
	}
	g.tap("社保卡")
	g.is("confirm")
}

// The mode ends by the badge, which may be held there for long, with time, and
// with the door; and nothing of it stays.
func TestAssistedEnds(t *testing.T) {
	for name, end := range map[string]func(g *guided){
		"Badge": func(g *guided) { g.after(badgeHeld); g.Badge() },
		"Idle": func(g *guided) {
			g.after(59 * time.Second)
			if !g.assist.on {
				g.t.Fatal("it ended early")
			}
			g.after(time.Second)
		},
		"Door": func(g *guided) { g.Lock(true); g.Lock(false) },
	} {
		t.Run(name, func(t *testing.T) {
			g := newGuided(t)
			g.tap("大字")
			g.tap("朗读")
			g.Badge()
			if said := g.heard[len(g.heard)-1]; !strings.Contains(said, "协助模式，开") {
				t.Errorf("it says %q", said)
			}
			for range 3 { // it is held there
				g.after(badgeHeld / 2)
				g.Badge()
			}
			if !g.assist.on || !g.modes.Large {
				t.Fatal("the mode, or the guide's large text, is gone")
			}
			g.touch()
			g.tap("军人")
			if said := g.heard[len(g.heard)-1]; said != "军人" {
				t.Errorf("it says %q of a choice", said)
			}
			g.tap("全部事项")
			end(g)
			if g.is("first"); g.assist.on || g.modes != (screen.Modes{}) || g.why(nil) != "" || g.shows("协助模式") {
				t.Errorf("something stays: %+v", g.assist)
			}
		})
	}
}

// A number on the screen is its holder's: the badge changes nothing about it. A
// locked machine knows no guide.
func TestBadgeWaits(t *testing.T) {
	g := newGuided(t)
	g.tap("社保卡")
	g.take("取号")
	g.Badge()
	if g.is("ticket"); !g.assist.on || !g.shows("好了") {
		t.Error("the citizen's number has changed")
	}
	g.tap("好了")
	if g.is("first"); !g.shows("协助模式") {
		t.Error("the guide waits in vain")
	}
	g.tap("结束协助")
	g.Lock(true)
	g.after(badgeHeld)
	g.Badge()
	if g.is("locked"); g.assist.on {
		t.Error("a locked machine serves a guide")
	}
}

// A touch while a number is being taken counts for nothing, one that can't be had
// is told and asked for again, and without paper there is time to write it down.
func TestAssistedTrouble(t *testing.T) {
	g := newGuided(t)
	g.Badge()
	g.tap("军人")
	g.assist.busy = true
	g.show()
	if !g.shows("正在取号") {
		t.Error("it doesn't say what it is doing")
	}
	g.tap("社保卡")
	if g.is("first"); len(g.desk.asked) > 0 {
		t.Fatalf("asked for %+v", g.desk.asked)
	}
	w := &wish{item: "RS001", req: kiosk.Request{ID: "r1", Items: []kiosk.ItemID{"RS001"}}, said: true, first: kiosk.Serviceman}
	g.assist.busy = false
	g.trouble(w, errors.New("no number"))
	g.take("再试一次")
	if r := g.desk.asked[0]; r.ID != "r1" || r.Priority != kiosk.Serviceman {
		t.Errorf("asked for %+v", r)
	}
	g.tap("下一张")
	g.desk.print = kiosk.NotPrinted
	g.take("社保卡")
	g.after(30 * time.Second)
	g.is("ticket")
	g.Tell(BadgeUnknown, nil)
	g.is("ticket")
	g.tap("下一张")
	g.Tell(BadgeUnknown, nil)
	if g.is("device"); !g.shows("没有在本机登记") {
		t.Error("it doesn't say what is wrong with the badge")
	}
	g.tap("知道了")
	g.is("first")
}

// Who goes ahead can say why, and take it back; a card says it by itself, and that
// goes with the card.
func TestPriority(t *testing.T) {
	g := newGuided(t)
	take := func() kiosk.Priority {
		t.Helper()
		g.take("取号")
		g.tap("好了")
		return g.desk.asked[len(g.desk.asked)-1].Priority
	}
	g.tap("社保卡")
	g.tap("优先")
	if g.is("priorities"); !g.shows("会核对证件或证明") {
		t.Error("nobody is told of the proof")
	}
	g.tap("残障人士")
	if g.is("confirm"); !g.shows("残障优先") {
		t.Error("the choice isn't shown")
	}
	if got := take(); got != kiosk.Disabled {
		t.Errorf("the number is for %q", got)
	}
	g.tap("社保卡")
	if got := take(); got != "" {
		t.Errorf("the next one's number is for %q", got)
	}

	g.Person("张**", true)
	g.after(personStays) // the name goes, the card lies there
	g.tap("社保卡")
	if !g.shows("老人优先") {
		t.Error("the card's age isn't told")
	}
	if got := take(); got != kiosk.Elder {
		t.Errorf("an elder's number is for %q", got)
	}
	g.Person("", false)
	g.Person("张**", true)
	g.tap("社保卡")
	g.tap("老人优先")
	g.tap("都不是，按顺序来")
	if got := take(); got != "" {
		t.Errorf("who wants nothing special gets %q", got)
	}
	g.Person("", false)
	g.Person("张**", true)
	g.Person("", false)
	g.tap("社保卡")
	if g.shows("老人优先") {
		t.Error("the card has gone, and its age stays")
	}
	g.tap("返回")

	g.o.AskFirst = false
	g.Person("张**", true)
	g.tap("社保卡")
	if !g.shows("老人优先") {
		t.Error("it isn't said where nothing can be chosen")
	}
	g.CheckIn([]kiosk.Booking{{ID: "b1", Items: []kiosk.ItemID{"RS001"}}})
	<-g.desk.told
	g.is("ticket")
	if r := g.desk.asked[len(g.desk.asked)-1]; r.Booking != "b1" || r.Priority != kiosk.Elder {
		t.Errorf("an elder's booking is asked for as %+v", r)
	}
}

// A card that wakes the screen greets its holder all the same.
func TestCardWakesTheScreen(t *testing.T) {
	g := newGuided(t)
	g.rest()
	g.Person("张**", true)
	if g.is("first"); !g.shows("张**") || !g.elder {
		t.Error("who woke the screen isn't greeted")
	}
}
