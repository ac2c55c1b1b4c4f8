package screen

import (
	"time"

	"fyne.io/fyne/v2"

	"hallkiosk/display/text"
	"hallkiosk/display/theme"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// Windows is how the hall's windows stand together.
type Windows struct {
	Open   bool         // at least one serves
	Booked bool         // none serves but for people with a booking
	Opens  time.Time    // when the first serves next; zero when nobody knows
	Early  bool         // numbers for then are given out
	Self   kiosk.ZoneID // where the self-service machines stand; empty when there are none
}

// Attract is the dark screen while nobody is near: what this machine does, the
// time, and how the hall stands. It fills the window; a touch anywhere wakes it.
// All stands somewhere else every minute, so that nothing burns in.
func Attract(p Page, now time.Time, hall kiosk.Text, w Windows, wake func()) fyne.CanvasObject {
	s := &sheet{Page: p.Whole()}
	rest := s.Say("rest")
	if !w.Open && !w.Early { // no number is given out
		rest = s.Say("rest_closed")
	}
	s.put(s.Kit.Whole(rest, s.Night, s.W, s.H, wake), 0, 0, s.W, s.H)
	room, free := (s.W-2*s.margin())*0.86, s.H-2*s.Px(theme.Margin)
	type line struct {
		words       string
		size, least float32
		bold        bool
	}
	call := line{rest, theme.Title, 40, true}
	list := []line{
		{now.Format("15:04"), 150 / s.T, 80, true}, {s.date(now), 44, theme.Least, false}, {s.Of(hall), 44, theme.Least, false},
		call, {s.Say("attract_does"), 40, theme.Least, false},
	}
	for _, v := range s.windows(w, now) {
		list = append(list, line{v, 40, theme.Least, false})
	}
	var lines []widget.Block
	var wide, high float32
	fit := func(scale float32) bool {
		lines, wide, high = nil, 0, 0
		for _, l := range list {
			b := s.Fit(l.words, max(l.least, l.size*scale), l.least, room, 2, l.bold)
			lines = append(lines, b)
			wide, high = max(wide, b.Width()), high+b.Height()
		}
		return high <= free*0.9 // and somewhere to go
	}
	if !fit(1) && !fit(0.7) { // large text on an older cabinet: what stands on the machine anyway
		list = append([]line{list[0]}, list[3:]...)
		fit(0.5)
	}
	gap := min(s.Px(40), (free-high)/2/float32(len(lines)))
	high += gap * float32(len(lines)-1)
	x, y := drift(now, s.W-wide-2*s.margin(), free-high)
	y += s.Px(theme.Margin)
	for i, b := range lines {
		color := s.Dim
		if list[i] == call {
			color = s.Ground
		}
		s.add(b.Center(s.margin()+x, y, wide, color))
		y += b.Height() + gap
	}
	return s.done()
}

// drift is a place within w by h that is another one in each of the next 35
// minutes.
func drift(now time.Time, w, h float32) (x, y float32) {
	minute := now.Hour()*60 + now.Minute()
	return max(0, w) * float32(minute*2%5) / 4, max(0, h) * float32(minute*3%7) / 6
}

// windows are the lines that say whether the windows serve, and if they don't,
// what can be done now.
func (s *sheet) windows(w Windows, now time.Time) []string {
	switch {
	case w.Open:
		return []string{s.Say("attract_open")}
	case w.Booked && w.Early:
		return []string{s.Say("booked_only"), s.Say("night_early")}
	case w.Booked:
		return []string{s.Say("booked_only")}
	}
	out := []string{s.Say("attract_closed", text.Data{"Opens": s.opening(kiosk.Offer{Opens: w.Opens}, now)})}
	if w.Opens.IsZero() {
		out[0] = s.Say("closed")
	}
	if w.Self != "" {
		out = append(out, s.Say("night_self", text.Data{"Zone": w.Self}))
	}
	if w.Early {
		out = append(out, s.Say("night_early"))
	}
	return out
}

// In returns the page with the words of another language.
func (p Page) In(lang kiosk.Lang) Page {
	p.Loc = text.In(lang)
	p.HongKong = p.Lang == kiosk.Hant
	return p
}
