package display

import (
	"math"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"hallkiosk/display/screen"
	"hallkiosk/display/text"
	"hallkiosk/display/theme"
	"hallkiosk/display/voice"
	"hallkiosk/display/voice/script"
	"hallkiosk/display/widget"
)

// An audio keypad is a keyboard with a few keys and a socket for headphones. It
// moves a focus through everything that can be touched, and each step is spoken.
// The first key of a visit, which may be the one that a keypad sends when
// headphones are plugged in, only begins it: the person hears what this is.

// keypad is what a visit's keypad has done, and what it walks through.
type keypad struct {
	on       bool // used in this visit
	focused  bool
	at       widget.Target // with the focus
	ringed   ringed
	pressing bool // a target is being pressed by a key

	page        screen.Page
	body, frame fyne.CanvasObject // frame is nil where there is none
}

// ringed is where the ring was drawn.
type ringed struct {
	at      widget.Target
	palette theme.Palette
}

type command int

const (
	nothing command = iota
	forward
	backward
	choose
	back
	home
	repeat
	louder
	softer
)

var commands = map[fyne.KeyName]command{
	fyne.KeyDown: forward, fyne.KeyRight: forward, fyne.KeyUp: backward, fyne.KeyLeft: backward,
	fyne.KeyReturn: choose, fyne.KeyEnter: choose, fyne.KeySpace: choose,
	fyne.KeyEscape: back, fyne.KeyBackspace: back, fyne.KeyHome: home,
	fyne.KeyF1: repeat, fyne.KeyR: repeat, fyne.KeyPlus: louder, fyne.KeyEqual: louder, fyne.KeyMinus: softer,
}

// codes are keys that Fyne has no name for, by X's key codes, which are those of
// Linux (input-event-codes.h) and 8.
var codes = map[int]command{
	115 + 8: louder, 114 + 8: softer, // KEY_VOLUMEUP, KEY_VOLUMEDOWN
	78 + 8: louder, 74 + 8: softer, // KEY_KPPLUS, KEY_KPMINUS
}

// shifts change what other keys mean and are no keys of a keypad.
var shifts = []fyne.KeyName{desktop.KeyShiftLeft, desktop.KeyShiftRight, desktop.KeyControlLeft, desktop.KeyControlRight,
	desktop.KeyAltLeft, desktop.KeyAltRight, desktop.KeySuperLeft, desktop.KeySuperRight, desktop.KeyMenu, desktop.KeyCapsLock}

// listenToKeys reads the keypad. A key that is held down counts once.
func (a *App) listenToKeys() {
	if c, ok := a.win.Canvas().(desktop.Canvas); ok {
		c.SetOnKeyDown(func(e *fyne.KeyEvent) {
			d, ok := a.fyne.Driver().(desktop.Driver)
			if ok && d.CurrentKeyModifiers()&^fyne.KeyModifierShift != 0 || slices.Contains(shifts, e.Name) || a.ctx.Err() != nil {
				return
			}
			what, known := commands[e.Name]
			if !known {
				what = codes[e.Physical.ScanCode]
			}
			a.key(what)
		})
	}
}

func (a *App) key(what command) {
	a.touched = a.o.Now()
	if !a.pad.on {
		a.wake()
		a.begin()
		return
	}
	switch what {
	case forward:
		a.move(1)
	case backward:
		a.move(-1)
	case choose:
		a.press()
	case back:
		b := a.bar().Back
		if a.top().name == "idle" {
			b = a.there
		}
		a.act(b)
	case home:
		a.act(a.bar().Home)
	case repeat:
		a.repeat()
	case louder, softer:
		a.volume(what == louder)
	}
}

// begin switches the voice on and says what this is.
func (a *App) begin() {
	if a.o.Voice != nil {
		a.modes.Aloud = true
	}
	a.pad.on, a.said.on = true, false // read it out in any case
	a.aside(a.loc.Say("keypad"))
	a.show()
}

// act does something that a key stands for; what is not possible here only says
// where one is.
func (a *App) act(f func()) {
	if f == nil {
		a.repeat()
		return
	}
	a.pad.pressing = true
	f()
	a.pad.pressing = false
}

// repeat says the whole screen once more.
func (a *App) repeat() {
	if a.o.Voice != nil && a.modes.Aloud {
		a.said.whole = true
		a.say(voice.NoTone, "", a.lines()...)
	}
}

// volume turns it, says how loud it is, and goes on with what it interrupted.
func (a *App) volume(up bool) {
	if a.o.Voice == nil {
		return
	}
	cut := a.o.Voice.Speaking()
	percent := 0
	if up {
		percent = a.o.Voice.Louder()
	} else {
		percent = a.o.Voice.Softer()
	}
	last := a.said.last
	lines := []string{a.loc.Say("volume", text.Data{"Percent": percent})}
	if cut {
		lines = append(lines, last...)
	}
	a.say(voice.NoTone, "", lines...)
	a.said.last = last
}

// way is what the focus walks through: the screen's targets, then the frame's,
// and all words that stand on them.
func (a *App) way() (targets []widget.Target, words []widget.Word) {
	for _, part := range []fyne.CanvasObject{a.pad.body, a.pad.frame} {
		if part != nil {
			s := widget.Survey(part)
			targets = append(targets, script.Order(s.Targets)...)
			words = append(words, s.Words...)
		}
	}
	return targets, words
}

// focus finds the target that has the focus, which may have been drawn anew; -1
// when there is none any more.
func (a *App) focus(targets []widget.Target) int {
	found, nearest := -1, math.Inf(1)
	for i, t := range targets {
		far := math.Hypot(float64(t.X-a.pad.at.X), float64(t.Y-a.pad.at.Y))
		if a.pad.focused && t.Label == a.pad.at.Label && far < nearest {
			found, nearest = i, far
		}
	}
	return found
}

// move goes to the next target, or the one before.
func (a *App) move(by int) {
	targets, words := a.way()
	n := len(targets)
	if n == 0 {
		a.repeat()
		return
	}
	i := a.focus(targets)
	if i < 0 && by < 0 {
		i = 0
	}
	i = (i + by + n) % n
	a.pad.at, a.pad.focused = targets[i], true
	a.ring()
	if a.o.Voice != nil {
		a.said.whole = false
		a.say(voice.NoTone, "", sentences(script.Focus(a.loc.Lang, words, targets, i))...)
	}
}

// press does what the target with the focus does; without one it finds the first.
func (a *App) press() {
	targets, _ := a.way()
	i := a.focus(targets)
	if i < 0 {
		a.move(1)
		return
	}
	a.act(targets[i].Press)
}

// ring draws the ring where the focus is.
func (a *App) ring() {
	i, targets := -1, []widget.Target(nil)
	if a.pad.focused {
		targets, _ = a.way()
		i = a.focus(targets)
	}
	if i < 0 {
		a.unring()
		return
	}
	t := targets[i]
	a.pad.at = t
	r := ringed{t, a.pad.page.Palette}
	if r == a.pad.ringed {
		return
	}
	a.pad.ringed = r
	a.root.mark(a.pad.page.Ring(t.X, t.Y, t.Width, t.Height))
}

// unring takes focus and ring away.
func (a *App) unring() {
	a.pad.focused, a.pad.ringed = false, ringed{}
	a.root.mark(nil)
}
