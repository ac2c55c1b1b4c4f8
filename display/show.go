package display

import (
	"fmt"

	"fyne.io/fyne/v2"

	"hallkiosk/display/screen"
	"hallkiosk/display/text"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// smallest is the side in pixels below which a window is no panel, and nothing
// can be drawn in it.
const smallest = 200

// show draws the screen on top.
func (a *App) show() {
	size := a.root.Size()
	if min(size.Width, size.Height) < smallest || len(a.stack) == 0 {
		return // the window has not its size yet: on a busy machine Fyne's first is a few pixels
	}
	now := a.o.Now().In(a.o.Location)
	a.minute = now.Minute()
	page := screen.NewPage(a.loc, a.modes, size.Width, size.Height, a.o.Density)
	modes := a.modes
	modes.Aloud = false // looks the same
	look := fmt.Sprint(a.loc.Lang, modes, size)
	name := a.top().name
	if name == "rest" {
		a.root.set(a.draw(page.Whole(), look))
		a.arrive(page, nil, nil)
		return
	}
	note := a.note(page, now)
	body := a.draw(page, look)
	frame := a.frame.get(fmt.Sprint(look, a.modes.Aloud, len(a.stack) == 1, name, a.assist.look(a.marked())), func() fyne.CanvasObject {
		return place(screen.Frame(page, a.bar()), page.Frame)
	})
	a.root.set(
		a.head.get(fmt.Sprint(look, note, now.Format("2006-01-02 15:04")), func() fyne.CanvasObject {
			return place(screen.Head(page, a.o.Catalog.Hall, now, note), page.Head)
		}),
		body,
		frame,
	)
	a.arrive(page, body, frame)
}

func place(o fyne.CanvasObject, at screen.Area) fyne.CanvasObject {
	return widget.Put(o, at.X, at.Y, at.W, at.H)
}

// draw returns the drawing of the view on top, at its place in the window. One that
// a finger lies on stays as it is until that is lifted.
func (a *App) draw(p screen.Page, look string) fyne.CanvasObject {
	v := a.top()
	same := v == a.drawn.view && v.page == a.drawn.page && look == a.drawn.look
	if a.late = same && a.pressed(); a.late {
		return a.drawn.body
	}
	data, draw := v.load(p, v.page)
	body := v.get(look+fmt.Sprint(data), func() fyne.CanvasObject { return place(draw(), p.Body) })
	a.drawn = drawn{v, v.page, look, body}
	return body
}

// bar is what the frame can do on the screen on top.
func (a *App) bar() screen.Bar {
	name, first := a.top().name, len(a.stack) == 1
	bar := screen.Bar{
		Large:    a.mode("large", func(m *screen.Modes) *bool { return &m.Large }),
		Low:      a.mode("low", func(m *screen.Modes) *bool { return &m.Low }),
		Contrast: a.mode("contrast", func(m *screen.Modes) *bool { return &m.Contrast }),
	}
	if a.o.Voice != nil {
		bar.Aloud = a.mode("aloud", func(m *screen.Modes) *bool { return &m.Aloud })
	}
	if name != "language" {
		bar.Language = a.on(a.language)
	}
	if a.o.Help != nil && name != "help" {
		bar.Help = a.on(a.help)
	}
	if !first {
		bar.Home = a.on(a.again)
	}
	if !first && name != "ticket" && name != "idle" {
		bar.Back = a.on(a.back)
	}
	if a.assist.on {
		bar.Assist = &screen.Assist{Who: a.marked(), Busy: a.assist.busy, Choose: a.chooseNext, End: a.on(a.leaveAssist)}
	}
	return bar
}

// mode switches one of the modes on or off. Lists begin anew, for their pages
// hold more or less then.
func (a *App) mode(name string, which func(*screen.Modes) *bool) func() {
	return a.on(func() {
		a.there()
		on := which(&a.modes)
		*on = !*on
		for _, v := range a.stack {
			v.page = 0
		}
		a.aside(a.switched(a.loc.Say(name), *on))
		a.show()
	})
}

// there ends the idle question: somebody touched something else.
func (a *App) there() {
	if a.top().name == "idle" {
		a.back()
	}
}

// language asks for the language, and then shows what was shown before in it.
func (a *App) language() {
	a.there()
	a.push(a.keep("language", "", func() func(screen.Page, int) (any, func() fyne.CanvasObject) {
		pick := func(lang kiosk.Lang) {
			a.touch()
			a.loc = text.In(lang)
			a.back()
		}
		return func(p screen.Page, page int) (any, func() fyne.CanvasObject) {
			return nil, func() fyne.CanvasObject { return screen.Languages(p, pick) }
		}
	}))
}
