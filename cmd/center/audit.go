package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
)

// audit tells who did what: the trail and the presses of each hall's present
// business day, the newest first; with a day, a window or a ticket the presses
// alone.
func audit(ctx context.Context, m *Main, st center.Store, a asked) error {
	var all []center.Entry
	some := max(1, a.limit)
	pressed := a.day + a.window + a.ticket
	if pressed == "" {
		var err error
		if all, err = st.Trail(ctx, kiosk.HallID(a.hall), 0, some); err != nil {
			return err
		}
	}
	halls := []kiosk.HallID{kiosk.HallID(a.hall)}
	if a.hall == "" {
		var err error
		if halls, err = st.Halls(ctx); err != nil {
			return err
		}
	}
	for _, hall := range halls {
		day := cmp.Or(kiosk.Day(a.day), kiosk.DayAt(a.now, a.change))
		presses, err := center.Presses(ctx, st, center.ChangesOf{Hall: hall, Day: day, Window: kiosk.WindowID(a.window)}, a.ticket, some)
		if a.hall == "" && kiosk.CodeOf(err) == kiosk.ENotFound {
			continue // the ticket is another hall's
		}
		if err != nil {
			return err
		}
		for _, p := range presses {
			all = append(all, center.Entry{At: p.At, Hall: hall, Account: p.Account, Action: "press." + string(p.Verb), Subject: p.Words(), From: string(p.Role)})
		}
	}
	slices.SortStableFunc(all, func(a, b center.Entry) int { return b.At.Compare(a.At) })
	for _, e := range all[:min(len(all), some)] {
		fmt.Fprintf(m.Stdout, "%s\t%s\t%s\t%s\t%s\t%s\n", e.At.In(a.now.Location()).Format(time.DateTime), e.Hall, e.Account, e.Action, e.Subject, e.From)
	}
	return nil
}
