package display

import (
	"context"
	"fmt"
	"image"
	"slices"
	"time"

	"fyne.io/fyne/v2"

	"hallkiosk/display/screen"
	"hallkiosk/display/text"
	"hallkiosk/display/voice"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// quick bounds a look into the local queue, which takes well under a
// millisecond unless the disk hangs.
const quick = 300 * time.Millisecond

// offers asks the desk. When the queue can't be read now, nobody knows how many wait;
// its hours are those that were last known, and the take itself will tell.
func (a *App) offers(ids []kiosk.ItemID) []kiosk.Offer {
	ctx, cancel := context.WithTimeout(a.ctx, quick)
	defer cancel()
	list, err := a.o.Desk.Offers(ctx, ids...)
	if err == nil {
		for _, o := range list {
			a.known[o.Item.ID] = o
		}
		return list
	}
	list = make([]kiosk.Offer, len(ids))
	for i, id := range ids {
		o, ok := a.known[id]
		if !ok {
			item, _ := a.o.Catalog.Item(id)
			queue, _ := a.o.Catalog.Queue(item.Queue)
			zone, _ := a.o.Catalog.Zone(queue.Zone)
			o = kiosk.Offer{Item: item, Queue: queue, Zone: zone, Open: true, CanTake: true}
		}
		o.Unknown = true
		list[i] = o
	}
	return list
}

func (a *App) now() time.Time { return a.o.Now().In(a.o.Location) }

// seen is the part of an offer that a list shows.
func seen(offers []kiosk.Offer, now time.Time) string {
	key := now.Format(time.DateOnly)
	for _, o := range offers {
		if o.Open {
			o.Opens = time.Time{} // the time of asking
		}
		key += fmt.Sprint(" ", o.Item.ID, o.Ahead, o.Unknown, o.Open, o.Booked, o.CanTake, o.Paused, o.Why.Zh, o.Opens.Unix(), o.Holiday.Zh)
	}
	return key
}

func (a *App) first() *view {
	return a.keep("first", "", func() func(screen.Page, int) (any, func() fyne.CanvasObject) {
		ids := make([]kiosk.ItemID, len(a.o.Catalog.Wanted))
		for i, w := range a.o.Catalog.Wanted {
			ids[i] = w.Item
		}
		to := a.entries()
		return func(p screen.Page, page int) (any, func() fyne.CanvasObject) {
			now, offers := a.now(), a.offers(ids)
			return fmt.Sprint(page, seen(offers, now)), func() fyne.CanvasObject {
				return screen.First(p, now, a.o.Catalog.Wanted, offers, a.o.Catalog.Zones, page, a.turn,
					a.pick, to)
			}
		}
	})
}

// entries are the ways from the first screen that this hall has.
func (a *App) entries() screen.Entries {
	to := screen.Entries{All: a.on(func() { a.push(a.zones()) }), Mine: a.on(func() { a.push(a.which()) }), Ways: a.o.Ways}
	if a.o.Index != nil {
		to.Find = a.on(func() { a.push(a.find()) })
	}
	if len(a.o.Catalog.Themes) > 0 {
		to.Themes = a.on(func() { a.push(a.themes()) })
	}
	switch {
	case len(a.o.Catalog.Services) > 0:
		to.Hall = a.on(func() { a.push(a.services()) })
	case a.o.Catalog.Plan != nil:
		to.Hall = a.on(func() { a.push(a.hallMap()) })
	}
	return to
}

func (a *App) zones() *view {
	return a.keep("zones", "", func() func(screen.Page, int) (any, func() fyne.CanvasObject) {
		var list []screen.ZoneChoice
		for _, z := range a.o.Catalog.Zones {
			c := screen.ZoneChoice{Zone: z}
			if z.Self {
				c.Items = len(a.selfService(z.ID))
			} else {
				c.Departments = len(a.inZone(z.ID))
			}
			if c.Items+c.Departments > 0 {
				list = append(list, c)
			}
		}
		pick := func(z kiosk.Zone) {
			a.touch()
			if z.Self {
				a.push(a.items("zone "+string(z.ID), z.Name, a.selfService(z.ID)))
				return
			}
			a.push(a.departments(z.ID))
		}
		to := a.entries()
		return func(p screen.Page, page int) (any, func() fyne.CanvasObject) {
			return page, func() fyne.CanvasObject { return screen.Zones(p, list, page, a.turn, pick, to) }
		}
	})
}

// selfService lists what the zone of the machines offers: all that a machine
// does, and what the windows beside them do.
func (a *App) selfService(zone kiosk.ZoneID) []kiosk.ItemID {
	var ids []kiosk.ItemID
	for _, i := range a.o.Catalog.Items {
		if q, _ := a.o.Catalog.Queue(i.Queue); i.Self.Zh != "" || q.Zone == zone {
			ids = append(ids, i.ID)
		}
	}
	return ids
}

func (a *App) inZone(id kiosk.ZoneID) []kiosk.Department {
	var list []kiosk.Department
	for _, d := range a.o.Catalog.Departments {
		if d.Zone == id {
			list = append(list, d)
		}
	}
	return list
}

func (a *App) departments(id kiosk.ZoneID) *view {
	return a.keep("departments", string(id), func() func(screen.Page, int) (any, func() fyne.CanvasObject) {
		zone, _ := a.o.Catalog.Zone(id)
		list := a.inZone(id)
		count := map[kiosk.DeptID]int{}
		for _, i := range a.o.Catalog.Items {
			count[i.Dept]++
		}
		pick := func(id kiosk.DeptID) {
			a.touch()
			dept, _ := a.o.Catalog.Department(id)
			a.push(a.items("department "+string(id), dept.Name, a.ofDepartment(id)))
		}
		return func(p screen.Page, page int) (any, func() fyne.CanvasObject) {
			return page, func() fyne.CanvasObject { return screen.Departments(p, zone, list, count, page, a.turn, pick) }
		}
	})
}

// turn shows another page of the list on top.
func (a *App) turn(to int) {
	a.touch()
	a.top().page = to
	a.show()
}

func (a *App) ofDepartment(id kiosk.DeptID) []kiosk.ItemID {
	var ids []kiosk.ItemID
	for _, i := range a.o.Catalog.Items {
		if i.Dept == id {
			ids = append(ids, i.ID)
		}
	}
	return ids
}

func (a *App) items(subject string, of kiosk.Text, ids []kiosk.ItemID) *view {
	return a.keep("items", subject, func() func(screen.Page, int) (any, func() fyne.CanvasObject) {
		return func(p screen.Page, page int) (any, func() fyne.CanvasObject) {
			now, offers := a.now(), a.offers(ids)
			return fmt.Sprint(page, seen(offers, now)), func() fyne.CanvasObject {
				return screen.Items(p, now, p.Of(of), offers, page, a.turn, a.pick)
			}
		}
	})
}

// wish is one number on its way: its request id stays the same however often
// the button is pressed.
type wish struct {
	item    kiosk.ItemID
	req     kiosk.Request
	missing []string // papers that the citizen doesn't have, by their Chinese names
	busy    bool

	said  bool           // the citizen chose first
	first kiosk.Priority // why the citizen goes ahead; see App.why
}

// pick is the intent of touching an item in a list.
func (a *App) pick(id kiosk.ItemID) {
	a.touch()
	if a.assist.on {
		a.takeFor(&wish{item: id, req: kiosk.Request{ID: a.o.Request(), Items: []kiosk.ItemID{id}}})
		return
	}
	a.push(a.confirm(id))
}

func (a *App) confirm(id kiosk.ItemID) *view {
	item, _ := a.o.Catalog.Item(id)
	dept, _ := a.o.Catalog.Department(item.Dept)
	w := &wish{item: id, req: kiosk.Request{ID: a.o.Request(), Items: []kiosk.ItemID{id}}}
	return &view{name: "confirm", load: func(p screen.Page, page int) (any, func() fyne.CanvasObject) {
		now, offers := a.now(), a.offers([]kiosk.ItemID{id})
		return fmt.Sprint(w.busy, w.missing, a.why(w), seen(offers, now)), func() fyne.CanvasObject {
			return screen.Confirm(p, now, offers[0], dept, a.check(w), a.precedence(w), a.on(func() { a.push(a.papers(w)) }), a.taking(w))
		}
	}}
}

// taking is the intent to take a number; nil while one is being taken.
func (a *App) taking(w *wish) func() {
	if w.busy {
		return nil
	}
	return a.on(func() { a.take(w) })
}

// take asks the desk for the number, away from the screen's goroutine.
func (a *App) take(w *wish) {
	if w.busy {
		return
	}
	w.busy = true
	w.req.Lang, w.req.Here, w.req.Missing, w.req.Priority = a.loc.Lang, true, a.promised(w), a.why(w)
	offer := a.offers([]kiosk.ItemID{w.item})[0]
	a.show()
	go func() {
		t, again, err := a.o.Desk.CheckIn(a.ctx, w.req)
		a.later(func() {
			w.busy = false
			a.assist.busy = false
			a.stack = slices.DeleteFunc(a.stack, func(v *view) bool { return v.name == "taking" })
			switch {
			case err != nil:
				a.trouble(w, err)
			case again && w.req.Booking != "": // the card was put down once more
				a.standing(t, true)
			default:
				a.issued(t, offer)
			}
		})
	}()
}

// trouble tells why there was no number and offers to try again.
func (a *App) trouble(w *wish, err error) {
	if a.top().name == "trouble" {
		a.stack = a.stack[:len(a.stack)-1]
	}
	a.push(&view{name: "trouble", load: func(p screen.Page, page int) (any, func() fyne.CanvasObject) {
		return w.busy, func() fyne.CanvasObject {
			again, act := p.Say("again"), a.on(func() { a.take(w) })
			if w.busy {
				again, act = p.Say("taking"), nil
			}
			return screen.Message(p, "alert-triangle", p.Say("trouble"), a.reason(err), screen.Answer{Label: again, Act: act}, screen.Answer{Label: p.Say("home"), Act: a.on(a.again)})
		}
	}})
}

// reason is err in the citizen's words. Errors carry theirs in Chinese.
func (a *App) reason(err error) string {
	if a.loc.Lang == kiosk.Zh {
		return kiosk.MessageOf(err)
	}
	switch kiosk.CodeOf(err) {
	case kiosk.EClosed:
		return a.loc.Say("closed")
	case kiosk.EConflict:
		return a.loc.Say("elsewhere")
	}
	return a.loc.Say("ask_staff")
}

// How long the ticket stays on the screen after the paper's fate is known.
const (
	stayPrinted = 15 * time.Second
	stayUnpaid  = 60 * time.Second // without paper there is a code to photograph
)

// issued shows the number from the first moment it is safe, and follows the
// paper.
func (a *App) issued(t kiosk.Ticket, offer kiosk.Offer) {
	offer.Ahead, offer.Day, offer.Wait = t.Ahead, t.Day, a.o.Catalog.Wait(t)
	i := screen.Issued{Ticket: t, Offer: offer, Print: kiosk.PrintQueued, Steps: t.Theme != ""}
	if t.Booking != "" {
		i.From, i.To = a.hour(t.Slot.From), a.hour(t.Slot.To)
	}
	var code image.Image
	if img, err := a.o.Code(t); err == nil {
		code = img
	}
	i.Code = code
	guides := a.assist.on
	visit := &view{name: "ticket", load: func(p screen.Page, page int) (any, func() fyne.CanvasObject) {
		i.Left = 0
		if !a.leave.IsZero() {
			i.Left = max(1, int(a.leave.Sub(a.o.Now()).Round(time.Second).Seconds()))
		}
		return fmt.Sprint(page, i.Print, i.Cause, i.Left), func() fyne.CanvasObject {
			if guides {
				return screen.Taken(p, a.now(), i, a.on(a.again))
			}
			return screen.Ticket(p, a.now(), i, page, a.turn, a.on(a.home))
		}
	}}
	a.left()
	ctx, cancel := context.WithCancel(a.ctx)
	if guides {
		a.left = cancel
		a.given(t, visit)
	} else {
		a.left = func() {
			cancel()
			a.o.Desk.Leave(t.ID)
		}
	}
	a.asking, a.onPaper = time.Time{}, false
	a.stack = []*view{a.ground(), visit}
	a.show()
	moving, still := context.WithCancel(ctx)
	go a.feed(moving, func() {
		i.Paper++
		widget.MovePapers(a.root.content, i.Paper)
	})
	go a.follow(ctx, t.ID, func(job kiosk.PrintJob) {
		if job.State.Ended() {
			still()
		}
		i.Print, i.Cause = job.State, job.Cause
		a.leave = time.Time{}
		if a.onPaper = i.Print == kiosk.Printed; a.onPaper {
			a.tone(voice.Ready)
		}
		if i.Print.Ended() {
			stay := stayPrinted
			if guides {
				stay = stayAssisted
			}
			if i.Print != kiosk.Printed {
				stay = stayUnpaid
			}
			a.leave = a.o.Now().Add(stay)
		}
		a.show()
	})
}

// frame is how long the paper on the ticket screen stands between its moves. Each
// one draws the window anew, which a kiosk without a graphics card takes tens of
// milliseconds for.
const frame = 250 * time.Millisecond

// feed moves a paper out of its slot, on Fyne's goroutine, until it is out or ctx
// is done.
func (a *App) feed(ctx context.Context, move func()) {
	t := time.NewTicker(frame)
	defer t.Stop()
	for range widget.PaperOut {
		select {
		case <-t.C:
			a.later(func() {
				if ctx.Err() == nil {
					move()
				}
			})
		case <-ctx.Done():
			return
		}
	}
}

// follow tells every step of a ticket's paper, on Fyne's goroutine, until ctx
// is done.
func (a *App) follow(ctx context.Context, id kiosk.TicketID, tell func(kiosk.PrintJob)) {
	for seen := kiosk.PrintQueued; ; {
		job, err := a.o.Desk.Await(ctx, id, seen)
		if ctx.Err() != nil {
			return
		}
		if err != nil { // the journal can't be read: nobody knows
			job = kiosk.PrintJob{State: kiosk.PrintUnknown}
		}
		a.later(func() {
			if ctx.Err() == nil {
				tell(job)
			}
		})
		if seen = job.State; err != nil {
			return
		}
	}
}

// ask brings up the question whether anybody is still there.
func (a *App) ask() {
	a.asking = a.o.Now()
	a.tone(voice.Attention)
	a.push(&view{name: "idle", load: func(p screen.Page, page int) (any, func() fyne.CanvasObject) {
		left := max(1, int((a.o.IdleReturn - a.o.Now().Sub(a.asking)).Round(time.Second).Seconds()))
		return left, func() fyne.CanvasObject {
			return screen.Message(p, "clock", p.Say("still_there"), p.Say("still_home", text.Data{"N": left}),
				screen.Answer{Label: p.Say("still_yes"), Act: a.on(a.back)}, screen.Answer{Label: p.Say("home"), Act: a.on(a.home)})
		}
	}})
}
