package screen

import (
	"image"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"hallkiosk/display/text"
	"hallkiosk/display/theme"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// fact is one of the three cards above the question: how many, how long, where.
func (s *sheet) fact(icon, name, value, second string, x, y, w, h float32) {
	pad := s.Px(28)
	s.put(s.Box(theme.White, theme.Line, theme.Edge), x, y, w, h)
	s.add(s.Icon(icon, theme.Sub, x+pad, y+pad, s.Px(40)))
	b := s.Fit(name, 30, 24, w-2*pad-s.Px(50), 1, false)
	s.add(b.Left(x+pad+s.Px(50), y+pad+(s.Px(40)-b.Height())/2, theme.Sub)...)
	at := y + pad + s.Px(40) + s.Px(18)
	v := s.FitIn(value, 60, 26, w-2*pad, min(y+h-s.Px(14)-at, s.Px(100)), true)
	s.add(v.Left(x+pad, at, theme.Ink)...)
	if second != "" {
		s.add(s.Fit(second, 32, 24, w-2*pad, 1, false).Left(x+pad, at+v.Height(), theme.Sub)...)
	}
}

// Confirm tells what to know before taking a number, and asks for it. take nil
// means that a number is being taken.
func Confirm(p Page, now time.Time, o kiosk.Offer, dept kiosk.Department, take func()) fyne.CanvasObject {
	s := &sheet{Page: p}
	m, gap := s.Px(theme.Margin), s.Px(theme.Gap)
	y := s.title(s.Say("zone", text.Data{"Zone": o.Zone.ID})+" · "+s.Of(o.Zone.Name)+" › "+s.Of(dept.Name), s.Of(o.Item.Name))

	full := s.W - 2*m
	left, right := full, full
	if s.Wide {
		left = (full - gap) * 0.56
		right = full - gap - left
	}
	factH := s.Px(236)
	w := (left - 2*gap) / 3
	s.fact("users", s.Say("ahead"), s.Say("people", text.Data{"N": o.Ahead}), "", m, y, w, factH)
	wait := s.Say("no_wait")
	if !o.Open {
		wait = s.opening(o, now)
	} else if o.Ahead > 0 {
		wait = s.Say("minutes", text.Data{"Low": o.Wait.Low, "High": o.Wait.High})
	}
	s.fact("clock", s.Say("wait"), wait, "", m+w+gap, y, w, factH)
	s.fact("map-pin", s.Say("place"), s.Say("zone", text.Data{"Zone": o.Queue.Zone}), s.Say("windows", text.Data{"Windows": o.Queue.Windows}), m+2*(w+gap), y, w, factH)

	below := y + factH + s.Px(28)
	notices := s.notices(o, now)
	x := m
	if s.Wide { // materials and the button stand at the right
		s.stack(notices, m, below, left)
		x, below = m+left+gap, y
	}
	buttonH := s.Px(190)
	room := s.H - below - buttonH - s.Px(48)
	if !s.Wide {
		room -= float32(len(notices)) * (s.Px(132) + gap)
	}
	below = s.materials(o.Item.Materials, x, below, right, room) + s.Px(28)
	if !s.Wide {
		below = s.stack(notices, m, below, right)
	}
	switch {
	case !o.CanTake:
	case take == nil:
		look := widget.Main
		look.Fill, look.Edge = theme.BlueDown, theme.BlueDown
		s.put(s.Button(look, "ticket", s.Say("taking"), theme.Primary, right, buttonH, nil), x, below, right, buttonH)
	default:
		s.put(s.Button(widget.Main, "ticket", s.Say("take"), theme.Primary, right, buttonH, take), x, below, right, buttonH)
	}
	return s.done()
}

type notice struct {
	icon, text string
	warm       bool
}

func (s *sheet) notices(o kiosk.Offer, now time.Time) []notice {
	var out []notice
	opens := text.Data{"Opens": s.opening(o, now)}
	switch {
	case o.Open:
	case !o.CanTake:
		out = append(out, notice{"clock", s.Say("closed_now", opens), true})
	case o.Booked:
		out = append(out, notice{"clock", s.Say("early_booked", opens), true})
	default:
		out = append(out, notice{"clock", s.Say("early", opens), true})
	}
	if o.Item.Self.Zh != "" {
		out = append(out, notice{"device-desktop", s.Say("can_self", text.Data{"Machine": s.Of(o.Item.Self)}), false})
	}
	if o.Item.Online {
		out = append(out, notice{"world", s.Say("can_online"), false})
	}
	return out
}

func (s *sheet) stack(notices []notice, x, y, w float32) float32 {
	h := s.Px(132)
	if n := float32(len(notices)); s.Wide {
		h = min(h, (s.H-y)/max(1, n)-s.Px(theme.Gap))
	}
	for _, n := range notices {
		fill, edge, c := theme.OKGround, theme.OKLine, theme.OK
		if n.warm {
			fill, edge, c = theme.WarmGround, theme.WarmLine, theme.Warm
		}
		s.put(s.Notice(fill, edge, c, n.icon, "", n.text, w, h), x, y, w, h)
		y += h + s.Px(theme.Gap)
	}
	return y
}

// materials lists the papers to bring in at most room, and returns the y below.
func (s *sheet) materials(list []kiosk.Material, x, y, w, room float32) float32 {
	pad := s.Px(36)
	head := s.Fit(s.Say("bring"), 40, 30, w-2*pad, 1, true)
	row := s.Px(82)
	fits := int((room - head.Height() - 2*s.Px(24)) / row)
	shown := list
	if len(list) > fits {
		shown = list[:max(0, fits-1)]
	}
	rows := len(shown)
	if rows < len(list) || rows == 0 {
		rows++
	}
	h := head.Height() + 2*s.Px(24) + float32(rows)*row
	s.put(s.Box(theme.White, theme.Line, theme.Edge), x, y, w, h)
	s.add(head.Left(x+pad, y+s.Px(24), theme.Ink)...)
	at := y + s.Px(24) + head.Height()
	for _, v := range shown {
		s.put(canvas.NewRectangle(theme.Rule), x+pad, at, w-2*pad, s.Px(2))
		label, c, ground := s.Say("later"), theme.Sub, theme.BlueGround
		if v.Essential {
			label, c, ground = s.Say("essential"), theme.Warm, theme.WarmGround
		}
		tag := s.Fit(label, theme.Second, 24, w/2, 1, false)
		tagW, tagH := tag.Width()+s.Px(32), tag.Height()+s.Px(10)
		back := canvas.NewRectangle(ground)
		back.CornerRadius = s.Px(10)
		s.put(back, x+w-pad-tagW, at+(row-tagH)/2, tagW, tagH)
		s.add(tag.Center(x+w-pad-tagW, at+(row-tag.Height())/2, tagW, c)...)
		s.add(s.Icon("file-text", theme.Blue, x+pad, at+(row-s.Px(44))/2, s.Px(44)))
		name := s.FitIn(s.Of(v.Name), 36, 24, w-2*pad-tagW-s.Px(90), row, false)
		s.add(name.Left(x+pad+s.Px(66), at+(row-name.Height())/2, theme.Ink)...)
		at += row
	}
	if rest := len(list) - len(shown); rest > 0 || len(list) == 0 {
		line := s.Say("bring_none")
		if rest > 0 {
			line = s.Say("more_materials", text.Data{"N": rest})
		}
		b := s.Fit(line, 36, 24, w-2*pad, 1, false)
		s.add(b.Left(x+pad, at+(row-b.Height())/2, theme.Sub)...)
	}
	return y + h
}

// Issued is what the ticket screen shows.
type Issued struct {
	Ticket kiosk.Ticket
	Offer  kiosk.Offer // of the first item, as it was when the number was taken
	Print  kiosk.PrintState
	Cause  kiosk.Fault
	Code   image.Image // the ticket's QR code, a pixel a module
	Left   int         // seconds until the first screen; 0 while nothing runs

	Recalled bool // it was taken before, and is only looked at
}

// Ticket shows the number, what becomes of the paper, and where to go.
func Ticket(p Page, now time.Time, i Issued, done func()) fyne.CanvasObject {
	s := &sheet{Page: p}
	m, gap := s.Px(theme.Margin), s.Px(theme.Gap)
	full := s.W - 2*m
	colW := full
	if s.Wide {
		colW = (full - gap) / 2
	}
	// The number.
	y := s.Px(36)
	title := s.Fit(s.Say("your_number"), theme.Title, 44, colW, 1, true)
	s.add(title.Center(m, y, colW, theme.Ink)...)
	y += title.Height() + s.Px(16)
	cardW := min(colW, s.Px(860))
	cardX := m + (colW-cardW)/2
	size := float32(theme.Number)
	if i.unpaid() { // the code needs the room
		size = 200
	}
	num := s.Fit(i.Ticket.Number.String(), size, 120, cardW-s.Px(64), 1, true).Tight()
	name := s.Fit(s.Of(i.Offer.Item.Name), 44, 30, cardW-s.Px(64), 2, true)
	line := s.Fit(s.ahead(i, now), 36, 24, cardW-s.Px(64), 2, false)
	cardH := num.Height() + name.Height() + line.Height() + s.Px(84)
	s.put(s.Box(theme.White, theme.Warm, 4), cardX, y, cardW, cardH)
	s.add(num.Center(cardX, y+s.Px(24), cardW, theme.Warm)...)
	s.add(name.Center(cardX, y+num.Height()+s.Px(48), cardW, theme.Ink)...)
	s.add(line.Center(cardX, y+num.Height()+name.Height()+s.Px(56), cardW, theme.Sub)...)
	y += cardH + s.Px(32)

	x := m
	if s.Wide {
		s.foot(i, m, s.H-s.Px(24)-s.Px(120), colW, done)
		x, y = m+colW+gap, s.Px(36)
	}
	y = s.paper(i, x, y, colW)
	h := s.Px(180)
	s.put(s.Box(theme.White, theme.Line, theme.Edge), x, y, colW, h)
	s.add(s.Icon("map-pin", theme.Blue, x+s.Px(40), y+s.Px(54), s.Px(72)))
	room := colW - s.Px(180)
	goTo := s.Fit(s.Say("go_to", text.Data{"Zone": i.Offer.Queue.Zone, "Windows": i.Offer.Queue.Windows}), 44, 30, room, 2, true)
	way := s.Fit(s.Of(i.Offer.Zone.Way), 36, 26, room, 2, false)
	at := y + (h-goTo.Height()-way.Height())/2
	s.add(goTo.Left(x+s.Px(148), at, theme.Ink)...)
	s.add(way.Left(x+s.Px(148), at+goTo.Height(), theme.Sub)...)
	y += h + gap
	if !s.Wide {
		s.foot(i, x, min(y+s.Px(10), s.H-s.Px(210)), colW, done)
	}
	return s.done()
}

func (s *sheet) ahead(i Issued, now time.Time) string {
	if !i.Offer.Open {
		return s.opening(i.Offer, now)
	}
	if i.Recalled { // how many were ahead then says nothing now
		return s.Say("windows", text.Data{"Windows": i.Offer.Queue.Windows})
	}
	if i.Ticket.Ahead == 0 {
		return s.Say("ahead_none")
	}
	return s.Say("ahead_line", text.Data{"N": i.Ticket.Ahead}) + " · " + s.Say("about_minutes", text.Data{"Low": i.Offer.Wait.Low, "High": i.Offer.Wait.High})
}

// unpaid says that the paper failed.
func (i Issued) unpaid() bool { return !i.Recalled && i.Print.Ended() && i.Print != kiosk.Printed }

// paper tells what becomes of the paper; when it fails, the number is kept by
// a code on the screen.
func (s *sheet) paper(i Issued, x, y, w float32) float32 {
	gap := s.Px(theme.Gap)
	if i.Recalled {
		h := s.Px(180)
		s.put(s.Notice(theme.OKGround, theme.OKLine, theme.OK, "ticket", s.Say("recalled"), "", w, h), x, y, w, h)
		return y + h + gap
	}
	if !i.Print.Ended() {
		h := s.Px(180)
		s.put(s.Notice(theme.White, theme.Line, theme.Blue, "printer", s.Say("printing"), "", w, h), x, y, w, h)
		return y + h + gap
	}
	if i.Print == kiosk.Printed {
		h := s.Px(180)
		s.put(s.Notice(theme.OKGround, theme.OKLine, theme.OK, "circle-check", s.Say("printed"), "", w, h), x, y, w, h)
		return y + h + gap
	}
	h := s.Px(216)
	s.put(s.Notice(theme.WarmGround, theme.WarmLine, theme.Warm, "printer-off", s.Say(faultWords(i)), s.Say("kept"), w, h), x, y, w, h)
	y += h + gap
	if i.Code == nil {
		return y
	}
	side := s.Px(270)
	code := canvas.NewImageFromImage(i.Code)
	code.ScaleMode = canvas.ImageScalePixels
	code.FillMode = canvas.ImageFillContain
	box := side + s.Px(48)
	s.put(s.Box(theme.White, theme.Line, theme.Edge), x, y, w, box)
	s.put(code, x+s.Px(24), y+s.Px(24), side, side)
	b := s.Fit(s.Say("show_code"), 38, 28, w-box-s.Px(40), 5, false)
	s.add(b.Left(x+box+s.Px(16), y+(box-b.Height())/2, theme.Ink)...)
	return y + box + gap
}

func faultWords(i Issued) string {
	switch {
	case i.Print == kiosk.PrintDamaged:
		return "fault_damaged"
	case i.Print == kiosk.PrintUnknown:
		return "fault_unknown"
	case i.Cause == kiosk.FaultPaper:
		return "fault_paper"
	case i.Cause == kiosk.FaultCover:
		return "fault_cover"
	case i.Cause == kiosk.FaultUnfitted:
		return "fault_none"
	case i.Cause == kiosk.FaultJam, i.Cause == kiosk.FaultCutter:
		return "fault_jam"
	case i.Cause == kiosk.FaultHot:
		return "fault_hot"
	case i.Cause == kiosk.FaultGone, i.Cause == kiosk.FaultSilent, i.Cause == kiosk.FaultOffline:
		return "fault_silent"
	}
	return "fault_printer"
}

func (s *sheet) foot(i Issued, x, y, w float32, done func()) {
	h := s.Px(120)
	if i.Left > 0 {
		b := s.Fit(s.Say("return_in", text.Data{"N": i.Left}), 30, 24, w, 1, false)
		s.add(b.Center(x, y+h+s.Px(10), w, theme.Sub)...)
		if s.Wide {
			y -= b.Height() + s.Px(16)
			s.parts[len(s.parts)-1].Move(fyne.NewPos(x, y+h+s.Px(10)))
		}
	}
	s.put(s.Button(widget.Plain, "", s.Say("done"), 44, w, h, done), x, y, w, h)
}

// Message is a screen that says one thing and offers two answers, one or none.
func Message(p Page, icon, head, body, yes string, act func(), second string, other func()) fyne.CanvasObject {
	s := &sheet{Page: p}
	m, gap := s.Px(theme.Margin), s.Px(theme.Gap)
	w := min(s.W-2*m, s.Px(984))
	x := (s.W - w) / 2
	h := s.Px(420)
	if s.Wide {
		h = s.Px(300)
	}
	y := s.Px(120)
	if s.Wide {
		y = s.Px(60)
	}
	s.put(s.Notice(theme.WarmGround, theme.WarmLine, theme.Warm, icon, head, body, w, h), x, y, w, h)
	y += h + 2*gap
	if act == nil && yes == "" {
		return s.done()
	}
	s.put(s.Button(widget.Main, "", yes, 56, w, s.Px(170), act), x, y, w, s.Px(170))
	if other != nil {
		y += s.Px(170) + gap
		s.put(s.Button(widget.Plain, "", second, 44, w, s.Px(130), other), x, y, w, s.Px(130))
	}
	return s.done()
}

// Rest is the dark screen while nobody is there. It fills the window; a touch
// anywhere wakes it.
func Rest(p Page, at string, wake func()) fyne.CanvasObject {
	s := &sheet{Page: p}
	s.put(canvas.NewRectangle(theme.Night), 0, 0, s.W, s.H) // behind the button's round corners
	s.put(s.Button(widget.Dark, "", "", 60, s.W, s.H, wake), 0, 0, s.W, s.H)
	b := s.Fit(s.Say("rest"), 60, 40, s.W, 2, true)
	s.add(b.Center(0, (s.H-b.Height())/2, s.W, theme.Dim)...)
	c := s.Fit(at, 120, 80, s.W, 1, true)
	s.add(c.Center(0, (s.H-b.Height())/2-c.Height()-s.Px(40), s.W, theme.Dim)...)
	return s.done()
}
