package calling_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/calling"
)

const (
	nine = kiosk.Instant(1795395600000) // 2026-11-23 09:00 in Zhongshan
	min_ = kiosk.Instant(60_000)
)

var rules = kiosk.DefaultCallRules()

// ticket returns one of queue A, taken so many minutes after nine.
func ticket(n, minute int) calling.Ticket {
	return calling.NewTicket(kiosk.TicketID(fmt.Sprintf("t%04d", n)), kiosk.Number{Queue: "A", N: n},
		kiosk.Stamp{Wall: int64(nine + kiosk.Instant(minute)*min_)}, kiosk.Errand{Item: "a1", Queue: "A"})
}

func elder(t calling.Ticket) calling.Ticket { t.Priority = kiosk.Elder; return t }

func slot(t calling.Ticket, from, to int) calling.Ticket {
	t.Slot = kiosk.Slot{From: nine + kiosk.Instant(from)*min_, To: nine + kiosk.Instant(to)*min_}
	return t
}

func hall(tickets ...calling.Ticket) *calling.Ledger {
	l := calling.NewLedger()
	l.Open("21", "A")
	for _, t := range tickets {
		if err := l.Add(t); err != nil {
			panic(err)
		}
	}
	return l
}

// callOver calls at minute and sends the person off; it returns the number, 0 for
// nobody, and why.
func callOver(t rapid.TB, l *calling.Ledger, r kiosk.CallRules, minute int) (int, calling.Lane) {
	t.Helper()
	at := nine + kiosk.Instant(minute)*min_
	op := func(verb calling.Verb, id kiosk.TicketID) (calling.Change, error) {
		ops++
		return l.Do("A", r, calling.Command{Op: kiosk.OpID(fmt.Sprint("op", ops)), Verb: verb, Window: "21", Ticket: id, At: at})
	}
	ch, err := op(calling.Call, "")
	if kiosk.CodeOf(err) == kiosk.ENotFound {
		return 0, ""
	}
	if err != nil {
		t.Fatal(err)
	}
	id := ch.Ticket.After.ID
	for _, verb := range []calling.Verb{calling.Start, calling.Finish} {
		if _, err := op(verb, id); err != nil {
			t.Fatal(err)
		}
	}
	return ch.Ticket.After.Number.N, ch.Lane
}

var ops int // makes operation ids unique

// The order of doc.go, case by case, at ten o'clock unless said otherwise.
func TestOrder(t *testing.T) {
	for _, c := range []struct {
		name    string
		minute  int
		tickets []calling.Ticket
		want    []int
	}{
		{"Place", 60, []calling.Ticket{ticket(2, 31), ticket(1, 30), ticket(3, 32)}, []int{1, 2, 3}},
		{"SameStampByID", 60, []calling.Ticket{ticket(2, 30), ticket(1, 30)}, []int{1, 2}},
		{"PriorityByRatio", 60, []calling.Ticket{ticket(1, 30), ticket(2, 31), ticket(3, 32), ticket(4, 33), elder(ticket(5, 40)), elder(ticket(6, 41))}, []int{5, 1, 2, 6, 3, 4}},
		{"PriorityThatCameFirst", 60, []calling.Ticket{elder(ticket(1, 29)), elder(ticket(2, 30)), elder(ticket(3, 31)), ticket(4, 32)}, []int{1, 2, 3, 4}},
		{"BookingNotYetDue", 60, []calling.Ticket{slot(ticket(1, 10), 66, 90), ticket(2, 50)}, []int{2, 0}},
		{"BookingDueAhead", 60, []calling.Ticket{slot(ticket(1, 50), 65, 90), ticket(2, 30), elder(ticket(3, 30))}, []int{1, 3, 2}},
		{"EarlierSlotFirst", 60, []calling.Ticket{slot(ticket(1, 30), 60, 90), slot(ticket(2, 40), 30, 60)}, []int{2, 1}},
		{"LateForSlotWithinGrace", 60, []calling.Ticket{slot(ticket(1, 40), 0, 30), ticket(2, 35)}, []int{1, 2}},
		{"TooLateForSlot", 60, []calling.Ticket{slot(ticket(1, 41), 0, 30), ticket(2, 35)}, []int{2, 1}},
		{"AgedFirst", 60, []calling.Ticket{ticket(1, 0), elder(ticket(2, 30)), ticket(3, 31)}, []int{1, 2, 3}},
		{"NotQuiteAged", 59, []calling.Ticket{ticket(1, 0), elder(ticket(2, 30)), ticket(3, 31)}, []int{2, 1, 3}},
		{"AgedByRatio", 100, []calling.Ticket{ticket(1, 1), ticket(2, 2), ticket(3, 3), ticket(4, 4), slot(ticket(5, 80), 90, 120), elder(ticket(6, 50))}, []int{1, 5, 2, 3, 6, 4}},
		{"BookingAgesFromItsSlot", 89, []calling.Ticket{slot(ticket(1, 0), 35, 50), ticket(2, 29)}, []int{2, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := hall(c.tickets...)
			var got []int
			for range c.want {
				n, _ := callOver(t, l, rules, c.minute)
				got = append(got, n)
			}
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Fatalf("called %v, want %v", got, c.want)
			}
		})
	}
}

func TestNextRefuses(t *testing.T) {
	s := calling.State{Queue: "A", Tickets: []calling.Ticket{ticket(1, 0)}, Windows: []calling.Window{{ID: "21"}, {ID: "22", Paused: true, Reason: "午餐"}}}
	if p, ok, err := calling.Next(s, rules, nine, "21"); err != nil || !ok || p.Ticket != "t0001" || p.Lane != calling.LaneLine {
		t.Fatalf("picked %+v %v %v", p, ok, err)
	}
	if _, _, err := calling.Next(s, rules, nine, "22"); kiosk.CodeOf(err) != kiosk.EConflict || kiosk.MessageOf(err) != "22号窗口已暂停（午餐），请先恢复再叫号。" {
		t.Fatalf("a paused window: %v", err)
	}
	if _, _, err := calling.Next(s, rules, nine, "23"); kiosk.CodeOf(err) != kiosk.ENotFound {
		t.Fatalf("an unknown window: %v", err)
	}
	s.Tickets[0].State, s.Tickets[0].Window = kiosk.Serving, "21"
	if _, _, err := calling.Next(s, rules, nine, "21"); kiosk.CodeOf(err) != kiosk.EConflict {
		t.Fatalf("a window with a ticket: %v", err)
	}
	s.Tickets[0].Window = "22"
	if _, ok, err := calling.Next(s, rules, nine, "21"); ok || err != nil {
		t.Fatalf("nobody waits: %v %v", ok, err)
	}
}

func anyRules(t *rapid.T) kiosk.CallRules {
	r := rules
	ratio := func(name string) kiosk.Ratio {
		return kiosk.Ratio{Ahead: rapid.IntRange(1, 4).Draw(t, name+" ahead"), Rest: rapid.IntRange(1, 4).Draw(t, name+" rest")}
	}
	r.Priority, r.Aged = ratio("priority"), ratio("aged")
	r.AgeLimit = time.Duration(rapid.IntRange(10, 90).Draw(t, "age limit")) * time.Minute
	return r
}

func anyTicket(t *rapid.T, n, minute int) calling.Ticket {
	k := ticket(n, minute)
	switch rapid.IntRange(0, 4).Draw(t, "kind") {
	case 0, 1:
		k = elder(k)
	case 2:
		from := minute + rapid.IntRange(-30, 30).Draw(t, "from")
		k = slot(k, from, from+rapid.IntRange(5, 60).Draw(t, "length"))
	}
	return k
}

// Once somebody is over the limit, only so many calls can come before theirs as
// doc.go says, whoever else arrives: nobody waits for ever.
func TestNobodyWaitsForEver(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyRules(t)
		l, n := hall(), 0
		arrive := func(minute, most int) {
			for range rapid.IntRange(0, most).Draw(t, "arrive") {
				n++
				if err := l.Add(anyTicket(t, n, minute)); err != nil {
					t.Fatal(err)
				}
			}
		}
		arrive(0, 12)
		n++
		if err := l.Add(ticket(n, 1)); err != nil {
			t.Fatal(err)
		}
		x := n
		limit := int(r.AgeLimit.Minutes()) + 1
		for minute := 2; minute < limit; minute++ { // one call a minute, about as many come
			arrive(minute, 2)
			if got, _ := callOver(t, l, r, minute); got == x {
				return
			}
		}
		k := 0
		for _, o := range l.Tickets() { // all whose wait may count as longer
			if o.State != kiosk.Done && o.Number.N != x && (o.Taken.Wall <= int64(nine+min_) || o.Slot.To != 0 && o.Slot.From.Add(-r.LookAhead) <= nine+min_) {
				k++
			}
		}
		bound := k + (r.Aged.Rest*k+r.Aged.Ahead+r.Aged.Rest-1)/r.Aged.Ahead
		for before := 0; ; before++ {
			minute := limit + before
			arrive(minute, 3) // and all of them elders, bookings and the like
			if got, lane := callOver(t, l, r, minute); got == x {
				return
			} else if before >= bound {
				t.Fatalf("%d waited a %d. call (%d, %s) over the limit, bound is %d with %d before it", x, before+1, got, lane, bound, k)
			}
		}
	})
}

// While later priority people wait with earlier others, calls are shared exactly
// by the ratio; a ticket of the line is overtaken by no more than its share.
func TestRatioHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyRules(t)
		r.AgeLimit = 24 * time.Hour
		l := hall()
		const each = 40
		for n := 1; n <= each; n++ {
			for _, k := range []calling.Ticket{ticket(n, n), elder(ticket(n+each, n+each))} {
				if err := l.Add(k); err != nil {
					t.Fatal(err)
				}
			}
		}
		elders := 0
		a, b := r.Priority.Ahead, r.Priority.Rest
		for calls := 1; calls < each; calls++ {
			if _, lane := callOver(t, l, r, 200); lane == calling.LanePriority {
				elders++
			}
			// From the start, within one round of the exact share, elders first.
			if d := elders*(a+b) - calls*a; d <= -(a+b) || d >= a+b {
				t.Fatalf("%d elders in %d calls at %d:%d", elders, calls, a, b)
			}
			if calls%(a+b) == 0 && elders != calls/(a+b)*a {
				t.Fatalf("%d elders after %d whole rounds of %d:%d", elders, calls/(a+b), a, b)
			}
		}
	})
}

// An undone call takes back its part of the ratio, whatever was called meanwhile:
// the balance is that of the calls that stand.
func TestRatioAfterUndo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := calling.NewLedger()
		for n := 1; n <= 30; n++ {
			l.Open(kiosk.WindowID(fmt.Sprint(n)), "A")
			for _, k := range []calling.Ticket{ticket(n, n), elder(ticket(n+30, n+30))} {
				if err := l.Add(k); err != nil {
					t.Fatal(err)
				}
			}
		}
		at := nine + 59*min_
		stand := map[int]calling.Change{}
		for w := 1; w <= 30; w++ {
			ch, err := l.Do("A", rules, calling.Command{Op: kiosk.OpID(fmt.Sprint("call", w)), Verb: calling.Call, Window: kiosk.WindowID(fmt.Sprint(w)), At: at})
			if err != nil {
				t.Fatal(err)
			}
			stand[w] = ch
			if undo := rapid.IntRange(1, 60).Draw(t, "undo"); stand[undo].Op != "" {
				if _, err := l.Undo(stand[undo].Op, kiosk.OpID(fmt.Sprint("undo", undo)), "", at); err != nil {
					t.Fatal(err)
				}
				delete(stand, undo)
			}
			want := 0
			for _, ch := range stand {
				if want++; ch.Lane == calling.LanePriority {
					want -= 1 + rules.Priority.Rest
				}
			}
			if got := l.State("A").Balance.Priority; got != want {
				t.Fatalf("balance is %d, the calls that stand make %d", got, want)
			}
		}
	})
}

// Bookings that the windows have room for are called within their slot, however
// many others wait: the whole of the windows while nobody is over the limit, and
// their share of the ratio when everybody is.
func TestBookingsWithinSlot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyRules(t)
		r.LookAhead = 0
		aged := rapid.Bool().Draw(t, "backlog over the limit")
		if !aged {
			r.AgeLimit = 24 * time.Hour
		}
		windows := rapid.IntRange(1, 4).Draw(t, "windows")
		service := rapid.IntRange(2, 10).Draw(t, "minutes of a case")
		length := rapid.IntRange(20, 60).Draw(t, "minutes of a slot")
		room := windows * (length / service)
		if aged {
			room = max(0, room-1) * r.Aged.Rest / (r.Aged.Ahead + r.Aged.Rest)
		}
		l := calling.NewLedger()
		busy := make([]int, windows+1)
		for w := 1; w <= windows; w++ {
			l.Open(kiosk.WindowID(fmt.Sprint(w)), "A")
			busy[w] = rapid.IntRange(100, 100+service-1).Draw(t, "starts")
		}
		n := 0
		add := func(k calling.Ticket) {
			if err := l.Add(k); err != nil {
				t.Fatal(err)
			}
		}
		const slots = 3
		for range windows * (slots*length/service + 2) { // more than can be called
			n++
			add(anyWalkIn(t, n))
		}
		for s := range slots {
			for range rapid.IntRange(0, room).Draw(t, "booked") {
				n++
				from := 100 + s*length
				add(slot(ticket(n, from-rapid.IntRange(0, 30).Draw(t, "early")), from, from+length))
			}
		}
		for minute := 100; minute < 100+slots*length; minute++ {
			for w := 1; w <= windows; w++ {
				if minute < busy[w] {
					continue
				}
				id, at := kiosk.WindowID(fmt.Sprint(w)), nine+kiosk.Instant(minute)*min_
				s := l.State("A")
				do := func(verb calling.Verb, k kiosk.TicketID) {
					ops++
					if _, err := l.Do("A", r, calling.Command{Op: kiosk.OpID(fmt.Sprint("op", ops)), Verb: verb, Window: id, Ticket: k, At: at}); err != nil {
						t.Fatal(err)
					}
				}
				if k := s.At(id); k != nil {
					do(calling.Start, k.ID)
					do(calling.Finish, k.ID)
				}
				do(calling.Call, "")
				busy[w] = minute + service
			}
		}
		for _, k := range l.Tickets() {
			called := k.Called
			if k.Slot.To == 0 {
				continue
			}
			if k.State == kiosk.Waiting || called >= k.Slot.To || called != 0 && called < k.Slot.From {
				t.Fatalf("%s, booked %v, is %s, called %v; room for %d a slot", k.Number, k.Slot, k.State, called, room)
			}
			if k.State == kiosk.Done && k.Since.Add(-time.Duration(service)*time.Minute) >= k.Slot.To {
				t.Fatalf("%s, booked %v, was done at %v", k.Number, k.Slot, k.Since)
			}
		}
	})
}

func anyWalkIn(t *rapid.T, n int) calling.Ticket {
	k := ticket(n, n%9)
	if n%5 == 0 {
		k = elder(k)
	}
	return k
}

func TestRulesCheck(t *testing.T) {
	if bad := rules.Check(); bad != nil {
		t.Fatalf("the default rules: %v", bad)
	}
	for field, spoil := range map[string]func(*kiosk.CallRules){
		"Priority":   func(r *kiosk.CallRules) { r.Priority.Rest = 0 },
		"Aged":       func(r *kiosk.CallRules) { r.Aged.Ahead = 101 },
		"AgeLimit":   func(r *kiosk.CallRules) { r.AgeLimit = 0 },
		"LookAhead":  func(r *kiosk.CallRules) { r.LookAhead = -1 },
		"Grace":      func(r *kiosk.CallRules) { r.Grace = 5 * time.Hour },
		"OfferAgain": func(r *kiosk.CallRules) { r.OfferAgain = -time.Minute },
		"Misses":     func(r *kiosk.CallRules) { r.Misses = 0 },
	} {
		r := rules
		spoil(&r)
		bad := r.Check()
		if len(bad) != 1 || bad[0].Op != field || bad[0].Code != kiosk.EInvalid || bad[0].Message == "" || bad[0].Hint == "" {
			t.Errorf("%s: found %v", field, bad)
		}
	}
	if bad := (kiosk.CallRules{}).Check(); len(bad) != 4 {
		t.Errorf("empty rules: found %v", bad)
	}
}
