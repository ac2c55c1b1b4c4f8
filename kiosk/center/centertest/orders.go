package centertest

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
)

func ordered(id kiosk.OrderID) center.Entry {
	e := entry("order.made", string(id))
	return e
}

// OrderOf returns an order to print a ticket again at kiosk k1.
func OrderOf(id kiosk.OrderID) kiosk.Order {
	return kiosk.Order{ID: id, Do: kiosk.PrintAgain, Kiosk: "k1", Ticket: TicketID("k1", "A001")}
}

// told returns the ids of the orders in force so many minutes after Noon.
func (s *suite) told(minutes int) string {
	s.Helper()
	all, err := s.InForce(s.Context(), "h1", afterNoon(minutes))
	s.ok(err)
	var ids []string
	for _, o := range all {
		ids = append(ids, string(o.ID))
	}
	return strings.Join(ids, " ")
}

func orders(s *suite) {
	ctx := s.Context()
	h1 := s.watch(s.Store, "h1")
	h1.until(0)
	order := func(o kiosk.Order) kiosk.Order {
		s.Helper()
		got, err := s.Order(ctx, kiosk.OpID("op-"+o.ID), "h1", o, ordered(o.ID))
		s.ok(err)
		return got
	}
	text := kiosk.Text{Zh: "系统维护", En: "Maintenance"}
	pause := order(kiosk.Order{ID: "1", Do: kiosk.PauseQueue, Queue: "A", Text: text})
	message := order(kiosk.Order{ID: "2", Do: kiosk.ShowMessage, Text: text, Until: afterNoon(30), Kiosk: "k1"})
	again := order(OrderOf("3"))
	h1.until(3)
	all, err := s.InForce(ctx, "h1", afterNoon(29))
	s.ok(err)
	s.same(all, []kiosk.Order{pause, message, again})
	s.same(s.told(30), "1 3")
	if got, err := s.InForce(ctx, "h2", afterNoon(1)); err != nil || len(got) != 0 {
		s.Fatalf("%+v, %v", got, err)
	}

	// The same op again.
	twice := OrderOf("9")
	got, err := s.Order(ctx, "op-3", "h1", twice, ordered("9"))
	s.ok(err)
	s.same(got, again)
	twice.Ticket = "another"
	_, err = s.Order(ctx, "op-3", "h1", twice, ordered("9"))
	s.refusedWith(err, kiosk.EConflict)

	// Only the kiosk that an order names can say that it is done, and only one
	// that is done once.
	done := func(id kiosk.KioskID, seq int64, o kiosk.OrderID, fault string) {
		s.Helper()
		if r := s.take(Batch(id, Event(seq, kiosk.OrderDone, kiosk.OrderBody{Order: o, Fault: fault})), seq); len(r.Alarms) != 0 {
			s.Fatalf("%+v", r.Alarms)
		}
	}
	done("k2", 1, "3", "")
	done("k1", 1, "1", "")
	done("k1", 2, "2", "")
	done("k1", 3, "none", "")
	s.same(s.told(1), "1 2 3")
	done("k1", 4, "3", "没有纸")
	done("k1", 5, "3", "")
	s.same(s.told(1), "1 2")

	s.ok(s.TakeBack(ctx, "h1", "1", entry("order.taken-back", "1")))
	s.refusedWith(s.TakeBack(ctx, "h1", "1", entry("order.taken-back", "1")), kiosk.EConflict)
	s.refusedWith(s.TakeBack(ctx, "h1", "3", entry("order.taken-back", "3")), kiosk.EConflict)
	s.refusedWith(s.TakeBack(ctx, "h1", "none", entry("order.taken-back", "none")), kiosk.ENotFound)
	s.refusedWith(s.TakeBack(ctx, "h2", "2", entry("order.taken-back", "2")), kiosk.ENotFound)
	s.same(s.told(1), "2")

	list, err := s.Orders(ctx, "h1", 10)
	s.ok(err)
	if len(list) != 3 || list[0].ID != "3" || !list[0].Done || list[0].Fault != "没有纸" || !list[0].Ended.Equal(Noon) || list[0].By != "root" || !list[0].Made.Equal(Noon) ||
		list[1].Order != message || list[1].Done || !list[1].Ended.IsZero() || !list[1].InForce(afterNoon(29)) || list[1].InForce(afterNoon(30)) ||
		list[2].Done || list[2].Ended.IsZero() || list[2].InForce(0) {
		s.Fatalf("%+v", list)
	}
	if one, err := s.Orders(ctx, "h1", 1); err != nil || len(one) != 1 || one[0].ID != "3" {
		s.Fatalf("%+v, %v", one, err)
	}
	s.trail("order.taken-back", "order.made", "order.made", "order.made")

	r := s.take(Batch("k1", Event(6, kiosk.OrderDone, 7), Event(7, kiosk.OrderDone, kiosk.OrderBody{}),
		Event(8, kiosk.OrderDone, kiosk.OrderBody{Order: "2", Fault: strings.Repeat("x", 301)}), Event(9, kiosk.OrderDone, kiosk.OrderBody{Order: evil, Fault: evil})), 9)
	if len(r.Alarms) != 3 || r.Alarms[0].Kind != center.AlarmUnreadable {
		s.Fatalf("%+v", r.Alarms)
	}
}

func orderRefused(s *suite) {
	text := kiosk.Text{Zh: "请稍候"}
	for i, o := range []kiosk.Order{
		{},
		{ID: "1"},
		{ID: "1", Do: "restart", Kiosk: "k1"},
		{ID: "1", Do: kiosk.PauseQueue, Text: text},
		{ID: "1", Do: kiosk.PauseQueue, Queue: "a", Text: text},
		{ID: "1", Do: kiosk.PauseQueue, Queue: "A"},
		{ID: "1", Do: kiosk.PauseQueue, Queue: "A", Text: text, Ticket: "t"},
		{ID: "1", Do: kiosk.ShowMessage},
		{ID: "1", Do: kiosk.ShowMessage, Queue: "A", Text: text},
		{ID: "1", Do: kiosk.ShowMessage, Text: kiosk.Text{Zh: strings.Repeat("长", 101)}},
		{ID: "1", Do: kiosk.ShowMessage, Text: kiosk.Text{Zh: "a\x00"}},
		{ID: "1", Do: kiosk.ShowMessage, Text: text, Kiosk: evil},
		{ID: "1", Do: kiosk.ShowMessage, Text: text, Until: -1},
		{ID: "1", Do: kiosk.PrintAgain, Kiosk: "k1"},
		{ID: "1", Do: kiosk.PrintAgain, Ticket: "t"},
		{ID: "1", Do: kiosk.PrintAgain, Ticket: kiosk.TicketID(make([]byte, 65)), Kiosk: "k1"},
	} {
		_, err := s.Order(s.Context(), "op", "h1", o, ordered("1"))
		if kiosk.CodeOf(err) != kiosk.EInvalid || kiosk.MessageOf(err) == "" {
			s.Fatalf("%d: %v", i, err)
		}
	}
	s.trail()
	o := kiosk.Order{ID: evil, Do: kiosk.ShowMessage, Text: kiosk.Text{Zh: evil, Hant: evil, En: evil}}
	got, err := s.Order(s.Context(), evil, "h1", o, ordered(evil))
	s.ok(err)
	s.same(got, o)
	all, err := s.InForce(s.Context(), "h1", 1)
	s.ok(err)
	s.same(all, []kiosk.Order{o})
	s.ok(s.TakeBack(s.Context(), "h1", evil, ordered(evil)))
}

// ordersBounded makes orders through two stores at once until there are too
// many: each is part of every news.
func ordersBounded(s *suite) {
	other := s.open()
	defer func() { s.ok(other.Close()) }()
	var wg sync.WaitGroup
	var mu sync.Mutex
	stored := 0
	for k, st := range []center.Store{s.Store, other} {
		wg.Go(func() {
			for i := range center.MaxOrders {
				o := OrderOf(kiosk.OrderID(fmt.Sprint(k, "-", i)))
				_, err := st.Order(s.Context(), kiosk.OpID(o.ID), "h1", o, ordered(o.ID))
				if err != nil && kiosk.CodeOf(err) != kiosk.EConflict {
					s.Error(err)
				}
				if err == nil {
					mu.Lock()
					stored++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	all, err := s.InForce(s.Context(), "h1", kiosk.InstantOf(Noon.Add(time.Hour)))
	s.ok(err)
	if stored != center.MaxOrders || len(all) != center.MaxOrders {
		s.Fatalf("%d were stored, %d are in force", stored, len(all))
	}
}
