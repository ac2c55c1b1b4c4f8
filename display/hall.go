package display

import (
	"fmt"
	"slices"
	"time"

	"fyne.io/fyne/v2"

	"hallkiosk/display/screen"
	"hallkiosk/kiosk"
)

// services lists what the hall has beside its windows. A hall that names none
// needs no way to it: see kiosk.Catalog.Services.
func (a *App) services() *view {
	return a.keep("services", "", func() func(screen.Page, int) (any, func() fyne.CanvasObject) {
		pick := func(v kiosk.Service) { a.touch(); a.push(a.service(v)) }
		var plan func()
		if a.o.Catalog.Plan != nil {
			plan = a.on(func() { a.push(a.hallMap()) })
		}
		return func(p screen.Page, page int) (any, func() fyne.CanvasObject) {
			return page, func() fyne.CanvasObject {
				return screen.Services(p, a.o.Catalog.Services, page, a.turn, pick, plan)
			}
		}
	})
}

func (a *App) service(v kiosk.Service) *view {
	return a.keep("service", string(v.ID), func() func(screen.Page, int) (any, func() fyne.CanvasObject) {
		zone, _ := a.o.Catalog.Zone(v.Zone)
		return func(p screen.Page, page int) (any, func() fyne.CanvasObject) {
			now, state := a.now(), ""
			if v.Hours != nil {
				next, _ := v.Hours.Next(now)
				state = fmt.Sprint(now.Format(time.DateOnly), next.Equal(now), next.Unix()/60)
				if next.Equal(now) {
					state = "open"
				}
			}
			return state, func() fyne.CanvasObject { return screen.ServicePlace(p, now, v, zone, a.plan()) }
		}
	})
}

// plan is the hall's plan with this kiosk on it.
func (a *App) plan() screen.Plan {
	return screen.Plan{Plan: a.o.Catalog.Plan, Names: a.o.Catalog.Zones, Here: a.o.Here}
}

// hallMap shows the hall's plan. It must not be asked for where the catalog has
// none.
func (a *App) hallMap() *view {
	return a.keep("map", "", func() func(screen.Page, int) (any, func() fyne.CanvasObject) {
		pick := func(z kiosk.Zone) { a.touch(); a.push(a.zone(z)) }
		return func(p screen.Page, page int) (any, func() fyne.CanvasObject) {
			return nil, func() fyne.CanvasObject { return screen.HallMap(p, a.plan(), pick) }
		}
	})
}

// zone shows what is in a zone of the map.
func (a *App) zone(z kiosk.Zone) *view {
	return a.keep("zone", string(z.ID), func() func(screen.Page, int) (any, func() fyne.CanvasObject) {
		v := screen.ZoneView{Zone: z, Count: len(a.inZone(z.ID))}
		for _, s := range a.o.Catalog.Services {
			if s.Zone == z.ID {
				v.Services = append(v.Services, s)
			}
		}
		see := a.on(func() { a.push(a.departments(z.ID)) })
		if z.Self {
			items := a.selfService(z.ID)
			v.Count = len(items)
			see = a.on(func() { a.push(a.items("zone "+string(z.ID), z.Name, items)) })
		}
		if v.Count == 0 {
			see = nil
		}
		return func(p screen.Page, page int) (any, func() fyne.CanvasObject) {
			return nil, func() fyne.CanvasObject { return screen.ZonePlace(p, v, a.plan(), see) }
		}
	})
}

// turnAfter is how long the screen at rest speaks one language, in seconds.
const turnAfter = 10

// rest shows the screen for nobody.
func (a *App) rest() {
	a.stack = []*view{{name: "rest", load: func(p screen.Page, page int) (any, func() fyne.CanvasObject) {
		now, w := a.now(), a.windows()
		first := slices.Index(kiosk.Langs, a.o.Language.Known())
		lang := kiosk.Langs[(first+int(now.Unix()/turnAfter))%len(kiosk.Langs)]
		return fmt.Sprint(lang, now.Format("2006-01-02 15:04"), w), func() fyne.CanvasObject {
			return screen.Attract(p.In(lang), now, a.o.Catalog.Hall, w, a.on(a.home))
		}
	}}}
	a.show()
}

// windows asks the desk how the hall's windows stand, without those of the
// machines' zone, which never closes.
func (a *App) windows() (w screen.Windows) {
	var ids []kiosk.ItemID
	asked := map[kiosk.QueueID]bool{}
	for _, i := range a.o.Catalog.Items {
		q, _ := a.o.Catalog.Queue(i.Queue)
		zone, _ := a.o.Catalog.Zone(q.Zone)
		if !asked[q.ID] && !zone.Self {
			ids = append(ids, i.ID)
			asked[q.ID] = true
		}
	}
	for _, z := range a.o.Catalog.Zones {
		if z.Self {
			w.Self = z.ID
		}
	}
	for _, o := range a.offers(ids) {
		w.Open = w.Open || o.Open
		w.Booked = w.Booked || o.Booked
		w.Early = w.Early || o.CanTake
		if !o.Opens.IsZero() && (w.Opens.IsZero() || o.Opens.Before(w.Opens)) {
			w.Opens = o.Opens
		}
	}
	if w.Open { // nothing else is said then, and Opens is the time of asking
		w.Opens, w.Early = time.Time{}, false
	}
	return w
}
