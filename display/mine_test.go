package display

import (
	"context"
	"strings"
	"testing"

	"hallkiosk/display/voice"
	"hallkiosk/kiosk"
)

// slow is an office that gives a number when it is let.
type slow struct {
	*office
	let chan struct{}
}

func (d slow) CheckIn(ctx context.Context, r kiosk.Request) (kiosk.Ticket, bool, error) {
	<-d.let
	return d.office.CheckIn(ctx, r)
}

// However often bookings are touched while the number of one is on its way, it is one
// number, and meanwhile the screen says what it does; so it does for a card's only
// booking.
func TestCheckInOnce(t *testing.T) {
	list := []kiosk.Booking{{ID: "b1", Items: []kiosk.ItemID{"RS001"}}, {ID: "b2", Items: []kiosk.ItemID{"GJ003"}}}
	for name, begin := range map[string]func(g *guided){
		"Touched": func(g *guided) {
			g.choose(list)
			one, other := g.target("社保卡补办"), g.target(g.item(list[1].Items).Name.Zh)
			one.Tapped(nil)
			one.Tapped(nil)
			other.Tapped(nil)
		},
		"Card": func(g *guided) { g.CheckIn(list[:1]); g.CheckIn(list[:1]) },
	} {
		t.Run(name, func(t *testing.T) {
			g := newGuided(t)
			let := make(chan struct{})
			g.o.Desk = slow{g.desk, let}
			begin(g)
			if g.is("taking"); !g.shows("正在取号") || !g.shows("社保卡补办") {
				t.Error("it doesn't say what it is doing")
			}
			close(let)
			<-g.desk.told
			g.is("ticket")
			if len(g.desk.asked) != 1 || g.desk.asked[0].Booking != "b1" {
				t.Errorf("asked for %+v", g.desk.asked)
			}
		})
	}
}

// A card that is lifted and put down again while its number is on its way isn't
// checked in twice.
func TestCardPutDownAgain(t *testing.T) {
	g := newGuided(t)
	let := make(chan struct{})
	g.o.Desk = slow{g.desk, let}
	list := []kiosk.Booking{{ID: "b1", Items: []kiosk.ItemID{"RS001"}}}
	g.CheckIn(list)
	g.is("taking")
	g.home()
	g.CheckIn(list)
	close(let)
	<-g.desk.told
	g.is("ticket")
	if len(g.desk.asked) != 1 {
		t.Errorf("asked for %+v", g.desk.asked)
	}
}

// told is a voice that hands on what it says, after all else that a screen does.
type told struct {
	ears
	said chan string
}

func (v *told) Say(_ kiosk.Lang, u voice.Utterance) { v.said <- u.Text }

// A booking whose number can't be had is told of, and can be touched again.
func TestCheckInTrouble(t *testing.T) {
	s := newStand(t) // whose desk gives no number
	v := &told{said: make(chan string, 10)}
	s.o.Voice = v
	s.tap("朗读")
	s.choose([]kiosk.Booking{{ID: "b1", Items: []kiosk.ItemID{"RS001"}}, {ID: "b2", Items: []kiosk.ItemID{"GJ003"}}})
	s.target("社保卡补办").Tapped(nil)
	for !strings.Contains(<-v.said, "再试一次") {
	}
	s.back()
	if s.top().name != "bookings" || s.booking.busy {
		t.Errorf("back from the trouble is %s", s.top().name)
	}
}
