package display

import (
	"fyne.io/fyne/v2"

	"hallkiosk/display/screen"
)

// view is one screen on the way from the first one. load gathers what the
// screen shows, and tells how to draw it.
//
// Drawing a screen takes tens of milliseconds and its pictures some megabytes,
// so a view keeps what it drew for as long as load tells the same data. A view
// whose intents belong to one visit must therefore be a fresh one each visit.
type view struct {
	name string
	page int // of a list, from 0
	load func(p screen.Page, page int) (data any, draw func() fyne.CanvasObject)
	made []made // the newest last
}

type made struct {
	key string
	o   fyne.CanvasObject
}

// most is how many drawings a view keeps, such as its pages.
const most = 6

// get returns the drawing for key, drawing it when there is none.
func (v *view) get(key string, draw func() fyne.CanvasObject) fyne.CanvasObject {
	for _, m := range v.made {
		if m.key == key {
			return m.o
		}
	}
	if len(v.made) == most {
		v.made = append(v.made[:0], v.made[1:]...)
	}
	v.made = append(v.made, made{key, draw()})
	return v.made[len(v.made)-1].o
}

// keep returns the view of that name and subject, made once, on its first page:
// for screens that are the same in every visit.
func (a *App) keep(name, subject string, load func() func(p screen.Page, page int) (any, func() fyne.CanvasObject)) *view {
	id := name + " " + subject
	if a.kept[id] == nil {
		a.kept[id] = &view{name: name, load: load()}
	}
	a.kept[id].page = 0
	return a.kept[id]
}
