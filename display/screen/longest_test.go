package screen_test

import (
	"fmt"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"hallkiosk/display/screen"
	"hallkiosk/display/text"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// longText is as long as the center lets a message or a reason be: 100 Chinese
// characters, 300 bytes.
var longText = kiosk.Text{
	Zh:   fill("因为电力检修，今天下午三点以后二楼的窗口不办理业务，已经取号的群众请到一楼大厅的综合窗口办理，", 100),
	Hant: fill("因電力檢修，今天下午三時後二樓的櫃枱暫停辦理業務，已取籌的市民請到一樓大堂的綜合櫃枱辦理，", 100),
	En:   fill("Because of work on the power supply the windows on the second floor are closed after three today; please go to the general windows on the first floor. ", 300),
}

// someText is longer than what the program says of trouble, and than places are
// named.
var someText = kiosk.Text{Zh: fill(longText.Zh, 40), Hant: fill(longText.Hant, 40), En: fill(longText.En, 100)}

// fill repeats words up to n characters.
func fill(words string, n int) string {
	all := []rune(strings.Repeat(words, 1+n/len([]rune(words))))
	return strings.TrimSpace(string(all[:n]))
}

// longest are the screens with what somebody has written, as long as it can be.
func longest(c *kiosk.Catalog) (out []example) {
	nop := func() {}
	add := func(name string, bare bool, draw func(p screen.Page) fyne.CanvasObject) {
		out = append(out, example{name: "longest-" + name, bare: bare, draw: draw})
	}
	o := offer(c, c.Items[0].ID, 5)
	o.CanTake, o.Paused, o.Why = false, true, longText
	dept, _ := c.Department(o.Item.Dept)
	add("paused", true, func(p screen.Page) fyne.CanvasObject {
		return screen.Confirm(p, monday, o, dept, check(), precedence, nop, nil)
	})
	for page := range 3 {
		add(fmt.Sprint("papers-", page), true, func(p screen.Page) fyne.CanvasObject {
			return screen.Papers(p, monday, o, check(), page, func(int) {}, nil)
		})
		add(fmt.Sprint("theme-", page), true, func(p screen.Page) fyne.CanvasObject {
			return screen.Theme(p, monday, c.Themes[0], stepsOf(c, c.Themes[0]), o, check(), page, func(int) {}, nop, nil)
		})
	}
	add("trouble", false, func(p screen.Page) fyne.CanvasObject {
		return screen.Message(p, "alert-triangle", p.Say("trouble"), p.Of(someText), screen.Answer{Label: p.Say("again"), Act: nop}, screen.Answer{Label: p.Say("home"), Act: nop})
	})
	add("locked", true, func(p screen.Page) fyne.CanvasObject {
		return screen.Message(p, "lock", p.Say("locked"), p.Say("locked_next", text.Data{"Place": p.Of(someText)}))
	})
	for piece := range 3 {
		out = append(out, example{name: fmt.Sprint("longest-note-", piece), said: longText, piece: piece,
			draw: func(p screen.Page) fyne.CanvasObject { return screen.Languages(p, func(kiosk.Lang) {}) }})
	}
	return out
}

// A note of any length is told whole, in pieces that the head has room for.
func TestNoteInPieces(t *testing.T) {
	c := hall(t)
	turned := 0
	for _, v := range panels() {
		p := v.page()
		for _, note := range []string{p.Say("note_paper"), p.Of(longText)} {
			var told strings.Builder
			pieces := p.Pieces(monday, note)
			turned += len(pieces) - 1
			for i, piece := range pieces {
				s := widget.Survey(screen.Head(p, c.Hall, monday, piece))
				for _, w := range s.Words {
					if !ofWord(w).inside(rect{p.Head.X, p.Head.Y, p.Head.W, p.Head.H}) || w.Width > w.Room+slack {
						t.Errorf("%v: %q of piece %d leaves the head", v, w.Text, i)
					}
				}
				if i < len(pieces)-1 {
					piece = strings.TrimSuffix(piece, "…")
				}
				told.WriteString(piece)
			}
			if bare := strings.NewReplacer(" ", "").Replace; bare(told.String()) != bare(note) {
				t.Errorf("%v: of %q the pieces %q are told", v, note, pieces)
			}
		}
	}
	if turned == 0 {
		t.Error("no note has more than one piece")
	}
}
