package display

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"fyne.io/fyne/v2"

	"hallkiosk/display/screen"
	"hallkiosk/kiosk"
)

// mostDigits is how many figures a ticket's number may have, with those of the
// kiosk's series.
const mostDigits = 6

// number looks a ticket up by its number, for who has lost the paper or finds no
// scanner.
func (a *App) number() *view {
	typed, digits, sought := "", false, screen.NotSought
	over := func() {} // ends the question that is under way
	set := func(text string, switched bool, now screen.Sought) {
		a.touch()
		over()
		typed, digits, sought = text, switched, now
		if next := a.leadsOn(typed); !strings.ContainsAny(next, "abcdefghijklmnopqrstuvwxyz") && next != "" {
			digits = true // there is no other key
		}
		a.show()
	}
	keys := screen.Keys{
		Press:  func(letter string) { set(typed+letter, digits, screen.NotSought) },
		Erase:  func() { set(typed[:max(0, len(typed)-1)], false, screen.NotSought) },
		Clear:  func() { set("", false, screen.NotSought) },
		Switch: func() { set(typed, !digits, sought) },
	}
	var shown *view
	look := a.on(func() {
		ctx, cancel := context.WithTimeout(a.ctx, quick)
		defer cancel()
		t, err := a.o.Desk.Numbered(ctx, strings.ToUpper(typed))
		if err == nil {
			a.standing(t, false)
			return
		}
		ask := a.o.Desk.Elsewhere(strings.ToUpper(typed))
		if ask == nil {
			set("", false, screen.NotHere)
			return
		}
		set(typed, digits, screen.Seeking)
		asking, end := context.WithTimeout(a.ctx, placeAnswers)
		over = end
		go func() {
			defer end()
			t, p, err := ask(asking)
			late := errors.Is(asking.Err(), context.Canceled) // another was typed
			a.later(func() {
				switch {
				case late || a.top() != shown || sought != screen.Seeking:
				case err == nil:
					_, told := a.stand(t, false)
					told(p, true)
				case kiosk.CodeOf(err) == kiosk.ENotFound:
					set("", false, screen.Nowhere)
				default:
					set("", false, screen.CutOff)
				}
			})
		}()
	})
	shown = &view{name: "number", load: func(p screen.Page, page int) (any, func() fyne.CanvasObject) {
		f := screen.Search{Typed: typed, Next: a.leadsOn(typed), Digits: digits}
		return fmt.Sprint(f, sought), func() fyne.CanvasObject { return screen.Number(p, f, sought, keys, look) }
	}}
	return shown
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
