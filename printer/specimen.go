package printer

import (
	"fmt"
	"time"

	"hallkiosk/kiosk"
)

// Specimen is a made-up job for previews and checks: a number that was never
// given, of items and a theme that catalog really has.
func Specimen(c *kiosk.Catalog, paper kiosk.PaperKind, lang kiosk.Lang) kiosk.PrintJob {
	t := kiosk.Ticket{ID: "01a2061f-3593-767b-82e3-336d26cacaea", Day: "2026-11-23", State: kiosk.Waiting, Lang: lang, Ahead: 5,
		Taken: kiosk.Stamp{Wall: time.Date(2026, 11, 23, 2, 5, 32, 0, time.UTC).UnixMilli()}}
	item := c.Items[0]
	switch {
	case paper == kiosk.PaperPlan && len(c.Themes) > 0:
		t.Theme = c.Themes[0].ID
		item, _ = c.Item(c.Themes[0].Item)
	case paper == kiosk.PaperPromise:
		item, t.Promise = promised(c)
	}
	t.Items, t.Queue = []kiosk.ItemID{item.ID}, item.Queue
	t.Number = kiosk.Number{Queue: item.Queue, Series: "1", N: 23}
	return kiosk.PrintJob{Ticket: t, Paper: paper, Attempt: 1, State: kiosk.PrintQueued}
}

// promised finds an item of which papers may be brought later.
func promised(c *kiosk.Catalog) (kiosk.Item, kiosk.Promise) {
	p := kiosk.Promise{By: "2026-11-30"}
	for _, item := range c.Items {
		for _, m := range item.Materials {
			if !m.Essential && len(p.Papers) < 2 {
				p.Papers = append(p.Papers, m.Name.Zh)
			}
		}
		if len(p.Papers) > 0 {
			return item, p
		}
	}
	return c.Items[0], kiosk.Promise{}
}

// Specimens are one of every kind of paper in every language, and a reprint of
// many items that go through two queues.
func Specimens(c *kiosk.Catalog) []kiosk.PrintJob {
	var jobs []kiosk.PrintJob
	for _, lang := range kiosk.Langs {
		for _, paper := range kiosk.PaperKinds {
			jobs = append(jobs, Specimen(c, paper, lang))
		}
		again := Specimen(c, kiosk.PaperTicket, lang)
		again.Attempt, again.Earlier = 2, 1
		for _, item := range c.Items[1:] {
			if item.Queue == again.Ticket.Queue && len(again.Ticket.Items) < 3 {
				again.Ticket.Items = append(again.Ticket.Items, item.ID)
			}
		}
		for _, item := range c.Items {
			if item.Queue != again.Ticket.Queue {
				again.Ticket.Items = append(again.Ticket.Items, item.ID)
				break
			}
		}
		jobs = append(jobs, again)
	}
	return jobs
}

// SpecimenName names a specimen in pictures and tests, such as ticket-zh or
// reprint-en.
func SpecimenName(j kiosk.PrintJob) string {
	name := string(j.Kind())
	if j.Earlier > 0 {
		name = "reprint"
	}
	return fmt.Sprintf("%s-%s", name, j.Ticket.Lang)
}
