package display

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// silent is a desk whose center tells of no place until ctx is done.
type silent struct {
	Desk
	ctx context.Context
}

func (d silent) Place(context.Context, kiosk.Ticket) (kiosk.Place, error) {
	<-d.ctx.Done()
	return kiosk.Place{}, d.ctx.Err()
}

// asker is a desk whose center doesn't answer until ctx is done.
type asker struct {
	Desk
	ctx context.Context
}

func (d asker) Elsewhere(string) func(context.Context) (kiosk.Ticket, kiosk.Place, error) {
	return func(context.Context) (kiosk.Ticket, kiosk.Place, error) {
		<-d.ctx.Done()
		return kiosk.Ticket{}, kiosk.Place{}, d.ctx.Err()
	}
}

// A number that is typed shows where it stands, but not what it is for, and can't
// be printed; one that nobody has is told.
func TestNumberTyped(t *testing.T) {
	at := time.Date(2026, 11, 26, 10, 0, 0, 0, time.FixedZone("CST", 8*3600))
	m := newMachine(t, at, func(o *Opts) { o.Prints, o.Desk = true, silent{o.Desk, t.Context()} })
	ticket, _, err := m.desk.CheckIn(t.Context(), kiosk.Request{ID: "r1", Items: []kiosk.ItemID{"RS001"}, Here: true})
	if err != nil {
		t.Fatal(err)
	}
	tap := func(label string) {
		t.Helper()
		for _, v := range taps(m.root.content) {
			if widget.Survey(v).Targets[0].Label == label {
				v.Tapped(nil)
				return
			}
		}
		t.Fatalf("there is no %q:\n%s", label, m.says())
	}
	number := ticket.Number.String()
	search := func(number string) {
		t.Helper()
		tap("已预约，或查我的号")
		tap("查我的号")
		for _, key := range strings.Split(number, "") {
			tap(key)
		}
		tap("查 " + number)
	}
	search(number[:1] + "999")
	if m.top().name != "number" || !strings.Contains(m.says(), "本机今天没有这个号") {
		t.Fatalf("of a number that nobody has, %s says %s", m.top().name, m.says())
	}
	m.home()
	m.o.Desk = asker{m.o.Desk, t.Context()}
	search("A2007")
	if said := m.says(); m.top().name != "number" || !strings.Contains(said, "正在查") || strings.Contains(said, "查 A2007") {
		t.Errorf("while the center is asked, %s says %s", m.top().name, said)
	}
	tap("8") // another: the first is no longer waited for
	if said := m.says(); strings.Contains(said, "正在查") || !strings.Contains(said, "查 A20078") {
		t.Errorf("after another figure: %s", said)
	}
	m.home()
	search(number)
	item, _ := m.o.Catalog.Item("RS001")
	if said := m.says(); m.top().name != "standing" || !strings.Contains(said, number) || strings.Contains(said, m.loc.Of(item.Name)) || strings.Contains(said, "再印一张") {
		t.Errorf("of %s, %s says %s", number, m.top().name, said)
	}
	m.home()
	m.standing(ticket, true) // its holder
	if said := m.says(); !strings.Contains(said, m.loc.Of(item.Name)) || !strings.Contains(said, "再印一张") {
		t.Errorf("its holder is told %s", said)
	}
	_, told := m.stand(ticket, true)
	told(kiosk.Place{State: kiosk.Missed}, true)
	tap("重新取号")
	if said := m.says(); m.top().name != "confirm" || !strings.Contains(said, m.loc.Of(item.Name)) {
		t.Errorf("for a new number in the place of a missed one, %s says %s", m.top().name, said)
	}
}

// Paper moves out of its slot frame by frame, in place, and stops when it is out.
func TestPaperMoves(t *testing.T) {
	s := newStand(t)
	boxes := func() (out []widget.Box) { return widget.Survey(s.root.content).Boxes }
	s.issued(kiosk.Ticket{ID: "t", Number: kiosk.Number{Queue: "A", N: 23}, Queue: "A", Items: []kiosk.ItemID{"RS001"}}, kiosk.Offer{})
	defer func() { s.left() }()
	s.left() // no frames but those of this test
	drawn := s.root.content.Objects[1]
	widget.MovePapers(s.root.content, 0)
	last := boxes()
	for frame := 1; frame <= widget.PaperOut; frame++ {
		widget.MovePapers(s.root.content, frame)
		if now := boxes(); slices.Equal(now, last) {
			t.Errorf("nothing moves in frame %d", frame)
		} else {
			last = now
		}
	}
	widget.MovePapers(s.root.content, widget.PaperOut+1)
	if !slices.Equal(boxes(), last) || s.root.content.Objects[1] != drawn {
		t.Error("the paper moves on, or the screen was drawn anew")
	}
}
