package display

import (
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"hallkiosk/display/screen"
	"hallkiosk/display/text"
	"hallkiosk/display/voice"
	"hallkiosk/display/voice/script"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// spot is one screen as a person who only listens knows it: what changes
// without leaving it is no new screen.
type spot struct {
	view *view
	page int
	lang kiosk.Lang
}

// said is what the voice has told, and has to tell. It holds no name.
type said struct {
	on      bool     // the screen was read out
	lines   []string // of it
	last    []string // what was said last, a line a sentence
	whole   bool     // that was the whole screen
	greeted bool     // the person was greeted by name
	notes   []string // of the head, as they were last told

	next []string // what goes before the screen's words
	tone voice.Tone
}

// tone sounds with the next show, also for those who don't listen to the screen.
func (a *App) tone(t voice.Tone) { a.said.tone = t }

// aside is said with the next show, before the screen's words.
func (a *App) aside(lines ...string) {
	if a.modes.Aloud {
		a.said.next = append(a.said.next, lines...)
	}
}

// switched says that a mode is on or off.
func (a *App) switched(mode string, on bool) string {
	if on {
		return a.loc.Say("mode_on", text.Data{"Mode": mode})
	}
	return a.loc.Say("mode_off", text.Data{"Mode": mode})
}

// silence ends the visit for the ears.
func (a *App) silence() {
	a.said, a.pad = said{}, keypad{}
	if a.o.Voice != nil {
		a.o.Voice.EndVisit()
	}
}

// arrive is told what was drawn: a new screen has no focus, and is read out.
func (a *App) arrive(p screen.Page, body, frame fyne.CanvasObject) {
	here := spot{a.top(), a.top().page, a.loc.Lang}
	moved := here != a.here
	a.here = here
	if moved {
		a.pad.focused = false
	}
	if a.o.Voice != nil && !a.modes.Aloud {
		a.pad = keypad{} // it was switched off
	}
	a.pad.page, a.pad.body, a.pad.frame = p, body, frame
	a.ring()
	if a.o.Voice != nil {
		a.speak(moved)
	}
}

// speak reads the screen out when it is a new one. Of one that has changed, it
// says what is new, where that is more than a number of people or seconds. A note of
// the head goes before all that, once in each language: those that take turns are told
// together.
func (a *App) speak(moved bool) {
	tone := a.said.tone
	a.said.tone = voice.NoTone
	if !a.modes.Aloud {
		if a.said.on {
			a.o.Voice.Hush()
		}
		a.said = said{}
		if tone != voice.NoTone {
			a.o.Voice.Say(a.loc.Lang, voice.Utterance{Tone: tone})
		}
		return
	}
	before, lines := a.said, a.lines()
	a.said.on, a.said.lines, a.said.next, a.said.notes = true, lines, nil, a.notes()
	for _, n := range a.said.notes {
		if !slices.Contains(before.notes, n) {
			before.next = append(before.next, n)
		}
	}
	news := before.next
	hello := ""
	switch {
	case a.person == "":
		a.said.greeted = false
	case !before.greeted:
		a.said.greeted, hello = true, a.loc.Say("hello", text.Data{"Name": a.person})
	}
	whole := moved || !before.on
	if !whole {
		fresh := a.fresh(before.lines, lines)
		// What is cut off is begun anew.
		whole = len(fresh)+len(news)+len(hello) > 0 && before.whole && a.o.Voice.Speaking()
		news = slices.Concat(news, fresh)
	}
	if whole {
		news = slices.Concat(before.next, lines)
	}
	if len(news)+len(hello) == 0 && tone == voice.NoTone {
		return
	}
	a.said.whole = whole
	a.say(tone, hello, news...)
}

// lines are what is said of the screen.
func (a *App) lines() []string {
	if a.pad.body == nil {
		return nil
	}
	s := widget.Survey(a.pad.body)
	return sentences(script.Screen(a.loc.Lang, s.Words, s.Targets))
}

func sentences(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}

// fresh returns what of a screen that stays is worth saying. Lists of choices
// change with the people who wait, which is said with each choice; seconds run.
func (a *App) fresh(before, now []string) (out []string) {
	digits := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return -1
			}
			return r
		}, s)
	}
	switch a.top().name {
	case "who", "number": // the digits that were typed
		digits = func(s string) string { return s }
	case "ticket", "standing", "idle", "confirm", "papers", "trouble":
	default:
		return nil
	}
	for _, line := range now {
		if !slices.ContainsFunc(before, func(b string) bool { return digits(b) == digits(line) }) {
			out = append(out, line)
		}
	}
	return out
}

// say speaks lines. private goes before them and isn't kept.
func (a *App) say(tone voice.Tone, private string, lines ...string) {
	a.said.last = lines
	if private != "" {
		lines = slices.Concat([]string{private}, lines)
	}
	name := a.top().name
	a.o.Voice.Say(a.loc.Lang, voice.Utterance{Tone: tone, Text: strings.Join(lines, "\n"), Private: private != "" || name == "who" || name == "number" || name == "bookings"})
}

// hearOut keeps the screen while it is read out: nobody is sent away in the
// middle of a sentence. The time to act begins when it has been said.
func (a *App) hearOut(now time.Time) {
	if a.o.Voice != nil && a.modes.Aloud && a.o.Voice.Speaking() {
		a.linger(now)
	}
}
