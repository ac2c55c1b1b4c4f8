package display

import (
	"fmt"
	"slices"

	"fyne.io/fyne/v2"

	"hallkiosk/display/screen"
	"hallkiosk/kiosk"
)

// themes lists what takes several windows.
func (a *App) themes() *view {
	return a.keep("themes", "", func() func(screen.Page, int) (any, func() fyne.CanvasObject) {
		return func(p screen.Page, page int) (any, func() fyne.CanvasObject) {
			return page, func() fyne.CanvasObject { return screen.Themes(p, a.o.Catalog.Themes, page, a.turn, a.pickTheme) }
		}
	})
}

// pickTheme is the intent of touching a theme in a list.
func (a *App) pickTheme(id kiosk.ThemeID) {
	a.touch()
	if a.assist.on {
		t, _ := a.o.Catalog.Theme(id)
		a.takeFor(&wish{item: t.Item, req: kiosk.Request{ID: a.o.Request(), Theme: id}})
		return
	}
	a.push(a.theme(id))
}

// theme shows the steps of one of them and gives the number that starts them.
func (a *App) theme(id kiosk.ThemeID) *view {
	t, _ := a.o.Catalog.Theme(id)
	var steps []screen.Step
	for _, v := range t.Steps {
		item, _ := a.o.Catalog.Item(v.Item)
		queue, _ := a.o.Catalog.Queue(item.Queue)
		steps = append(steps, screen.Step{Step: v, At: queue})
	}
	w := &wish{item: t.Item, req: kiosk.Request{ID: a.o.Request(), Theme: id}}
	return &view{name: "theme", load: func(p screen.Page, page int) (any, func() fyne.CanvasObject) {
		now, offers := a.now(), a.offers([]kiosk.ItemID{t.Item})
		return fmt.Sprint(page, w.busy, w.missing, seen(offers, now)), func() fyne.CanvasObject {
			return screen.Theme(p, now, t, steps, offers[0], a.check(w), page, a.turn, a.on(func() { a.push(a.papers(w)) }), a.taking(w))
		}
	}}
}

// papers is the check of what to bring, on a screen of its own.
func (a *App) papers(w *wish) *view {
	return &view{name: "papers", load: func(p screen.Page, page int) (any, func() fyne.CanvasObject) {
		now, offers := a.now(), a.offers([]kiosk.ItemID{w.item})
		return fmt.Sprint(page, w.busy, w.missing, seen(offers, now)), func() fyne.CanvasObject {
			return screen.Papers(p, now, offers[0], a.check(w), page, a.turn, a.taking(w))
		}
	}}
}

// check is what w's citizen told of the papers. Nothing can be marked while the
// number is being taken.
func (a *App) check(w *wish) screen.Check {
	return screen.Check{Missing: slices.Clone(w.missing), Leave: a.on(a.home), Mark: func(name string) {
		a.touch()
		if w.busy {
			return
		}
		if i := slices.Index(w.missing, name); i >= 0 {
			w.missing = slices.Delete(w.missing, i, i+1)
		} else {
			w.missing = append(w.missing, name)
		}
		a.show()
	}}
}

// promised are the papers that w promises for later. Where an essential one is
// missing nothing can be promised: the number is only to ask.
func (a *App) promised(w *wish) []string {
	item, _ := a.o.Catalog.Item(w.item)
	if a.check(w).Essential(item.Materials) {
		return nil
	}
	return slices.Clone(w.missing)
}
