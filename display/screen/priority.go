package screen

import (
	"fyne.io/fyne/v2"

	"hallkiosk/display/theme"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// Precedence is why a citizen goes ahead of others, as the confirm screen shows
// it. The zero value shows nothing.
type Precedence struct {
	Why kiosk.Priority // empty is nobody special
	Ask func()         // leads to the choice, see Priorities; nil is not offered
}

// The words for who goes ahead: what is said of them, what they answer, and the
// short ones.
var (
	firstWords  = map[kiosk.Priority]string{kiosk.Elder: "elder_first", kiosk.Disabled: "disabled_first", kiosk.Pregnant: "pregnant_first", kiosk.Serviceman: "serviceman_first"}
	answerWords = map[kiosk.Priority]string{kiosk.Elder: "elder_am", kiosk.Disabled: "disabled_am", kiosk.Pregnant: "pregnant_am", kiosk.Serviceman: "serviceman_am"}
	whoWords    = map[kiosk.Priority]string{"": "ordinary", kiosk.Elder: "elder", kiosk.Disabled: "disabled", kiosk.Pregnant: "pregnant", kiosk.Serviceman: "serviceman"}
)

// Who is the message that names who goes ahead, or anybody.
func Who(why kiosk.Priority) string { return whoWords[why] }

func (v Precedence) shown() bool { return v.Why != "" || v.Ask != nil }

// shortest is the shortest that is said of it.
func (v Precedence) shortest(p Page) string {
	if v.Why == "" {
		return p.Say("priority")
	}
	return p.Say(whoWords[v.Why])
}

// precedence draws a quiet button that tells why somebody goes ahead and leads to
// the choice. Where there is none to make it is only read. A word that has no room
// is an icon.
func (s *sheet) precedence(v Precedence, x, y, w, h float32) {
	style := widget.Choice
	if v.Why != "" {
		style = widget.Plain
	}
	label, b, ok := s.precedenceWord(v, w, h)
	switch {
	case !ok:
	case v.Ask != nil:
		s.put(s.Button(style, "", label, b.size, w, h, v.Ask), x, y, w, h)
		return
	default:
		s.put(s.Box(s.OKGround, s.OKLine, s.Edge), x, y, w, h)
		s.add(b.Center(x, y+(h-b.Height())/2, w, s.Ink))
		return
	}
	side := min(s.Pt(44), w-s.Px(40))
	switch icon := precedenceIcons[v.Why]; {
	case v.Ask != nil:
		s.put(s.IconButton(style, icon, label, w, h, v.Ask), x, y, w, h)
	default:
		s.put(s.Box(s.OKGround, s.OKLine, s.Edge), x, y, w, h)
		s.add(s.Icon(icon, s.OK, x+(w-side)/2, y+(h-side)/2, side))
	}
}

// precedenceWord is what a precedence says in w by h pixels, how large, and whether
// that has room; where it has none the whole of it is returned.
func (s *sheet) precedenceWord(v Precedence, w, h float32) (label string, fit sized, ok bool) {
	labels := []string{v.shortest(s.Page)}
	if v.Why != "" {
		labels = []string{s.Say(firstWords[v.Why]), labels[0]}
	}
	in, high := w-s.Px(36), h-s.Px(12)
	for _, label := range labels {
		size := float32(36)
		for one := size; one >= theme.Least; one -= 2 { // one line, if it can be
			if len(s.Fit(label, one, one, in, 1, true).Lines) == 1 {
				size = one
				break
			}
		}
		if b := s.FitIn(label, size, theme.Least, in, high, true); b.Width() <= in && b.Height() <= high {
			return label, sized{b, size}, true
		}
	}
	return labels[0], sized{}, false
}

// sized is a block with the size that its letters have at most.
type sized struct {
	widget.Block
	size float32
}

// precedenceIcons are those of who goes ahead, and of anybody.
var precedenceIcons = map[kiosk.Priority]string{"": "users", kiosk.Elder: "user-heart", kiosk.Disabled: "disabled", kiosk.Pregnant: "baby-carriage", kiosk.Serviceman: "star"}

// Priorities asks why a citizen goes ahead of others, if at all. chosen is what
// counts so far.
func Priorities(p Page, chosen kiosk.Priority, page int, turn func(int), pick func(kiosk.Priority)) fyne.CanvasObject {
	s := &sheet{Page: p}
	above, question := s.Say("priority_proof"), s.Say("priority_which")
	if s.Shape == Small && s.Large { // room for one line: the cards say what is asked
		above, question = "", above
	}
	_, y := s.ask(above, question)
	var cards []widget.Card
	for _, why := range append(kiosk.Priorities[:len(kiosk.Priorities):len(kiosk.Priorities)], "") {
		c := widget.Card{Icon: precedenceIcons[why], Title: s.Say("priority_none"), Act: func() { pick(why) }}
		if why != "" {
			c.Title = s.Say(answerWords[why])
		}
		if why == chosen {
			c.Icon, c.Style = "circle-check", widget.Plain
		}
		cards = append(cards, c)
	}
	columns := 1
	if s.Shape != Tall {
		columns = 2
	}
	s.choose(y, columns, cards, nil, true, paging{at: page, turn: turn})
	return s.done()
}
