package display

import (
	"context"
	"fmt"
	"strings"

	"fyne.io/fyne/v2"

	"hallkiosk/display/screen"
)

// mostDigits is how many figures a ticket's number may have, with those of the
// kiosk's series.
const mostDigits = 6

// number looks a ticket up by its number, for who has lost the paper or finds no
// scanner.
func (a *App) number() *view {
	typed, digits, wrong := "", false, false
	set := func(text string, switched, none bool) {
		a.touch()
		typed, digits, wrong = text, switched, none
		if next := a.leadsOn(typed); !strings.ContainsAny(next, "abcdefghijklmnopqrstuvwxyz") && next != "" {
			digits = true // there is no other key
		}
		a.show()
	}
	keys := screen.Keys{
		Press:  func(letter string) { set(typed+letter, digits, false) },
		Erase:  func() { set(typed[:max(0, len(typed)-1)], false, false) },
		Clear:  func() { set("", false, false) },
		Switch: func() { set(typed, !digits, wrong) },
	}
	look := a.on(func() {
		ctx, cancel := context.WithTimeout(a.ctx, quick)
		defer cancel()
		t, err := a.o.Desk.Numbered(ctx, strings.ToUpper(typed))
		if err != nil {
			set("", false, true)
			return
		}
		a.standing(t, false)
	})
	return &view{name: "number", load: func(p screen.Page, page int) (any, func() fyne.CanvasObject) {
		f := screen.Search{Typed: typed, Next: a.leadsOn(typed), Digits: digits}
		return fmt.Sprint(f, wrong), func() fyne.CanvasObject { return screen.Number(p, f, wrong, keys, look) }
	}}
}

// leadsOn are the letters and figures that can follow typed in a ticket's number.
func (a *App) leadsOn(typed string) string {
	letters := strings.TrimRight(typed, "0123456789")
	next := ""
	for _, q := range a.o.Catalog.Queues {
		rest, ok := strings.CutPrefix(strings.ToLower(string(q.ID)), letters)
		switch {
		case !ok:
		case rest == "" && len(typed)-len(letters) < mostDigits && !strings.Contains(next, "0"):
			next += "0123456789"
		case rest != "" && letters == typed && !strings.Contains(next, rest[:1]):
			next += rest[:1]
		}
	}
	return next
}
