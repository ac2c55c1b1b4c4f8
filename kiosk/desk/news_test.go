package desk_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/desk"
)

const today = kiosk.Day("2026-11-23")

// done returns what the outbox tells of orders.
func (r *rig) done(t *testing.T) (orders []kiosk.OrderBody) {
	t.Helper()
	events, err := r.store.Events(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if e.Kind == kiosk.OrderDone {
			var b kiosk.OrderBody
			if err := json.Unmarshal(e.Body, &b); err != nil {
				t.Fatal(err)
			}
			orders = append(orders, b)
		}
	}
	return orders
}

func TestMeasuredWait(t *testing.T) {
	r := open(t, path(t), nil)
	r.News(&kiosk.News{Lengths: []kiosk.Length{{Day: today, Queue: "A", Waiting: 40, Estimate: &kiosk.Estimate{Low: 7, High: 9}}}})
	offers, err := r.Offers(t.Context(), "a1", "b1")
	if err != nil || offers[0].Wait != (kiosk.Estimate{Low: 7, High: 9}) || offers[1].Wait != (kiosk.Estimate{}) {
		t.Fatalf("%+v %v", offers, err)
	}
}

// The paper and the screen tell the wait that the center measured.
func TestWaitStaysAsTold(t *testing.T) {
	r := open(t, path(t), nil)
	news := &kiosk.News{Lengths: []kiosk.Length{{Day: today, Queue: "A", Waiting: 40, Estimate: &kiosk.Estimate{Low: 7, High: 9}}}}
	r.News(news)
	ticket := r.take(t, "", "a1")
	kept, _, err := r.store.Ticket(t.Context(), ticket.ID)
	if err != nil || kept.Wait != (kiosk.Estimate{Low: 7, High: 9}) || r.opts.Catalog.Wait(kept) != kept.Wait {
		t.Fatalf("%+v %v", kept, err)
	}
	if own := r.take(t, "", "b1"); r.opts.Catalog.Wait(own) != r.opts.Catalog.Estimate("B", own.Ahead) {
		t.Fatalf("%+v", own)
	}
}

func TestSeveralQueues(t *testing.T) {
	r := open(t, path(t), func(o *desk.Opts) { o.Version = "v1" })
	wish := func() kiosk.Request { return kiosk.Request{Items: []kiosk.ItemID{"a1", "b1", "a2"}} }
	for name, news := range map[string]*kiosk.News{"NoNews": nil, "NoCatalog": {}, "Another": {Catalog: "v2"}} {
		r.News(news)
		if _, err := r.Take(t.Context(), wish()); kiosk.CodeOf(err) != kiosk.EInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	r.News(&kiosk.News{Catalog: "v1"})
	got, err := r.Take(t.Context(), wish())
	if err != nil || got.Queue != "A" || len(got.Items) != 3 || got.Items[0] != "a1" || got.Items[1] != "a2" || got.Items[2] != "b1" {
		t.Fatalf("%+v %v", got, err)
	}
	if _, err := r.Take(t.Context(), kiosk.Request{Items: []kiosk.ItemID{"b1", "c1"}}); kiosk.CodeOf(err) != kiosk.EInvalid {
		t.Errorf("through a queue that is closed today: %v", err)
	}
}

func TestPausedQueue(t *testing.T) {
	r := open(t, path(t), func(o *desk.Opts) { o.Kiosk = "K1" })
	why := kiosk.Text{Zh: "系统升级，请到 B 区。"}
	pause := kiosk.Order{ID: "o1", Do: kiosk.PauseQueue, Queue: "A", Text: why, Until: kiosk.InstantOf(monday.Add(time.Hour))}
	r.News(&kiosk.News{Orders: []kiosk.Order{pause, {ID: "o2", Do: kiosk.PauseQueue, Kiosk: "K2", Queue: "B"}}})
	offers, err := r.Offers(t.Context(), "a1", "b1")
	if err != nil || offers[0].CanTake || !offers[0].Paused || offers[0].Why != why || offers[1].Paused || !offers[1].CanTake {
		t.Fatalf("%+v %v", offers, err)
	}
	if _, err := r.Take(t.Context(), kiosk.Request{Items: []kiosk.ItemID{"a1"}}); kiosk.CodeOf(err) != kiosk.EClosed || !strings.Contains(kiosk.MessageOf(err), why.Zh) {
		t.Fatalf("took a number of a paused queue: %v", err)
	}
	r.News(nil) // the line is lost: the order stands
	if _, err := r.Take(t.Context(), kiosk.Request{Items: []kiosk.ItemID{"a1"}}); kiosk.CodeOf(err) != kiosk.EClosed {
		t.Fatalf("cut off: %v", err)
	}
	r.set(monday.Add(time.Hour))
	r.take(t, "", "a1") // its time is over
}

func TestMessages(t *testing.T) {
	r := open(t, path(t), func(o *desk.Opts) { o.Kiosk = "K1" })
	if got := r.Messages(); got != nil {
		t.Fatalf("before any news: %v", got)
	}
	r.News(&kiosk.News{Orders: []kiosk.Order{{ID: "o1", Do: kiosk.ShowMessage, Text: kiosk.Text{Zh: "一"}}, {ID: "o2", Do: kiosk.ShowMessage, Kiosk: "K2", Text: kiosk.Text{Zh: "二"}},
		{ID: "o3", Do: kiosk.ShowMessage, Kiosk: "K1", Text: kiosk.Text{Zh: "三"}}, {ID: "o4", Do: kiosk.ShowMessage, Text: kiosk.Text{Zh: "四"}, Until: kiosk.InstantOf(monday)}}})
	if got := r.Messages(); len(got) != 2 || got[0].Zh != "一" || got[1].Zh != "三" {
		t.Fatalf("%v", got)
	}
}

// An order to print is carried out once, however often the news tells of it and
// whatever restarts between.
func TestPrintAgainOrder(t *testing.T) {
	mine := func(o *desk.Opts) { o.Kiosk = "K1" }
	r := open(t, path(t), mine)
	ticket := r.take(t, "", "b1")
	r.fate(t, ticket.ID)
	news := &kiosk.News{Orders: []kiosk.Order{{ID: "o1", Do: kiosk.PrintAgain, Kiosk: "K1", Ticket: ticket.ID}, {ID: "o2", Do: kiosk.PrintAgain, Kiosk: "K2", Ticket: ticket.ID},
		{ID: "o3", Do: kiosk.PrintAgain, Kiosk: "K1", Ticket: "nobody"}}}
	r.News(news)
	r.News(news)
	r.fate(t, ticket.ID)
	r.stop()
	r = open(t, r.path, mine)
	r.News(news)
	_, job, err := r.store.Ticket(t.Context(), ticket.ID)
	if err != nil || job.Attempt != 2 {
		t.Fatalf("attempt %d (%v), want the second", job.Attempt, err)
	}
	got := r.done(t)
	if len(got) != 3 || got[0] != (kiosk.OrderBody{Order: "o1"}) || got[1].Order != "o3" || got[1].Fault == "" || got[2] != got[1] { // the fault is told once more after a restart
		t.Fatalf("told %+v", got)
	}
}

func TestCheckIn(t *testing.T) {
	r := open(t, path(t), nil)
	key := []byte("the key of the day")
	slot := kiosk.Slot{From: kiosk.InstantOf(monday.Add(time.Hour)), To: kiosk.InstantOf(monday.Add(2 * time.Hour))}
	later := kiosk.Slot{From: slot.To, To: slot.To + 1}
	const number = "11010519491231002X" // the specimen of GB 11643
	news := &kiosk.News{CardKeys: map[kiosk.Day][]byte{today: key}, Bookings: []kiosk.Booking{
		{ID: "later", Day: today, Queue: "B", Items: []kiosk.ItemID{"b1"}, Slot: later, Phone: "0042"},
		{ID: "mine", Day: today, Queue: "C", Items: []kiosk.ItemID{"c1"}, Slot: slot, Code: "12345678", Phone: "0042", Card: kiosk.CardMark(key, number)},
		{ID: "tomorrow", Day: "2026-11-24", Queue: "B", Items: []kiosk.ItemID{"b1"}, Slot: slot, Code: "12345678", Card: kiosk.CardMark(key, number)},
		{ID: "elsewhere", Day: today, Queue: "B", Items: []kiosk.ItemID{"b1"}, Slot: slot, Ticket: "of another kiosk"},
	}}
	if got := r.Booked(kiosk.Claim{Code: "12345678"}); got != nil {
		t.Fatalf("before any news: %v", got)
	}
	r.News(news)
	for _, c := range []struct {
		claim kiosk.Claim
		want  string
	}{
		{kiosk.Claim{Card: kiosk.CardMark(key, number)}, "mine"}, {kiosk.Claim{Code: "12345678"}, "mine"}, {kiosk.Claim{Phone: "0042"}, "mine later"},
		{kiosk.Claim{}, ""}, {kiosk.Claim{Card: kiosk.CardMark(key, "110105194912310038")}, ""}, {kiosk.Claim{Code: "1234567"}, ""},
	} {
		var got []string
		for _, b := range r.Booked(c.claim) {
			got = append(got, string(b.ID))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%+v found %q, want %q", c.claim, got, c.want)
		}
	}
	if got := r.CardKey(); string(got) != string(key) {
		t.Errorf("the key of the day is %q", got)
	}
	// Queue C is closed on Mondays, for bookings only on Tuesdays: a booking stands.
	first, err := r.Take(t.Context(), kiosk.Request{ID: "r1", Booking: "mine"})
	if err != nil || first.Queue != "C" || first.Slot != slot || first.Booking != "mine" || first.Day != today || first.Items[0] != "c1" {
		t.Fatalf("%+v %v", first, err)
	}
	if second, again, err := r.CheckIn(t.Context(), kiosk.Request{ID: "r2", Booking: "mine"}); err != nil || !again || second.ID != first.ID {
		t.Fatalf("a second time: %+v again=%v %v", second, again, err)
	}
	for id, want := range map[kiosk.BookingID]kiosk.Code{"tomorrow": kiosk.ENotFound, "invented": kiosk.ENotFound, "elsewhere": kiosk.EConflict} {
		if _, err := r.Take(t.Context(), kiosk.Request{Booking: id}); kiosk.CodeOf(err) != want {
			t.Errorf("%s: %v, want %s", id, err, want)
		}
	}
	news.Bookings[1].Ticket = first.ID // the center has heard of it
	r.News(news)
	if again, err := r.Take(t.Context(), kiosk.Request{Booking: "mine"}); err != nil || again.ID != first.ID {
		t.Fatalf("when the center knows: %+v %v", again, err)
	}
	if _, err := r.Take(t.Context(), kiosk.Request{Items: []kiosk.ItemID{"b1"}, Priority: "boss"}); kiosk.CodeOf(err) != kiosk.EInvalid {
		t.Errorf("an invented priority: %v", err)
	}
	if got, err := r.Take(t.Context(), kiosk.Request{Items: []kiosk.ItemID{"b1"}, Priority: kiosk.Pregnant}); err != nil || got.Priority != kiosk.Pregnant {
		t.Errorf("%+v %v", got, err)
	}
}

// asked is a center that knows where tickets stand, or doesn't answer.
type asked struct {
	err     error
	knows   string   // the only number
	numbers []string // that it was asked for
}

func (a *asked) Place(context.Context, kiosk.TicketID, kiosk.Day) (kiosk.Place, error) {
	return kiosk.Place{State: kiosk.Waiting, Queue: "B", Ahead: 3}, a.err
}

func (a *asked) Numbered(_ context.Context, n kiosk.Number, day kiosk.Day) (kiosk.Place, error) {
	a.numbers = append(a.numbers, n.String()+" "+string(day))
	switch {
	case a.err != nil:
		return kiosk.Place{}, a.err
	case n.String() == a.knows:
		return kiosk.Place{State: kiosk.Waiting, Queue: "C", Ahead: 3}, nil
	}
	return kiosk.Place{}, &kiosk.Error{Code: kiosk.ENotFound}
}

func TestPlace(t *testing.T) {
	center := &asked{}
	r := open(t, path(t), func(o *desk.Opts) { o.Places = center })
	ticket := r.take(t, "", "b1")
	if p, err := r.Place(t.Context(), ticket); err != nil || p.Ahead != 3 {
		t.Fatalf("%+v %v", p, err)
	}
	center.err = &kiosk.Error{Code: kiosk.EUnavailable}
	if _, err := r.Place(t.Context(), ticket); kiosk.CodeOf(err) != kiosk.EUnavailable {
		t.Fatalf("nobody knows: %v", err)
	}
	r.News(&kiosk.News{Calls: []kiosk.Call{{Number: "B009", Window: "1"}, {Number: ticket.Number.String(), Window: "21"}}})
	if p, err := r.Place(t.Context(), ticket); err != nil || p.State != kiosk.Called || p.Window != "21" {
		t.Fatalf("called as the news told: %+v %v", p, err)
	}
	r.set(monday.AddDate(0, 0, 1)) // the same number of another day
	if _, err := r.Place(t.Context(), ticket); err == nil {
		t.Fatal("a call of another day counts")
	}
	alone := open(t, path(t), nil)
	if _, err := alone.Place(t.Context(), ticket); kiosk.CodeOf(err) != kiosk.EUnavailable {
		t.Fatalf("without a center: %v", err)
	}
}

// Who types a number leaves out what is hard to type; a number of another day, or
// of nobody, is none.
func TestNumbered(t *testing.T) {
	r := open(t, path(t), func(o *desk.Opts) { o.Series = "7" })
	ticket := r.take(t, "", "b1")
	queue := string(ticket.Queue)
	for _, typed := range []string{ticket.Number.String(), queue + "7001", queue + "71", queue + "7-1"} {
		if got, err := r.Numbered(t.Context(), typed); err != nil || got.ID != ticket.ID {
			t.Errorf("%q finds %+v (%v)", typed, got, err)
		}
	}
	for _, typed := range []string{"", "7001", queue, queue + "0", queue + "002", queue + "8-001", "Z7001", queue + "7-", "-"} {
		if got, err := r.Numbered(t.Context(), typed); kiosk.CodeOf(err) != kiosk.ENotFound {
			t.Errorf("%q finds %+v (%v)", typed, got, err)
		}
	}
	r.set(monday.AddDate(0, 0, 1))
	if _, err := r.Numbered(t.Context(), queue+"7001"); kiosk.CodeOf(err) != kiosk.ENotFound {
		t.Errorf("a number of yesterday: %v", err)
	}
}

// A number of another kiosk is asked for by all that it can be, as printed; when
// the center is away, only the latest calls are known.
func TestElsewhere(t *testing.T) {
	center := &asked{}
	r := open(t, path(t), func(o *desk.Opts) { o.Series, o.Places = "7", center })
	for _, c := range []struct {
		typed, knows string
		tries        string
	}{
		{"A023", "A023", "A023"},
		{"A23", "A023", "A023"},
		{"A2007", "A2-007", "A2007 A2-007"},
		{"A2007", "A2007", "A2007"},
		{"A7001", "", "A7001 A7-001"}, // its own, which it has lost
		{"A20007", "A20-007", "A20007 A20-007"},
		{"A21234", "", "A21234 A2-1234 A21-234"},
		{"A2-7", "A2-007", "A2-007"},
		{"A0123", "A123", "A123"},
		{"A200", "", "A200"},
	} {
		center.knows, center.numbers = c.knows, nil
		got, p, err := r.Elsewhere(c.typed)(t.Context())
		tries := ""
		for _, n := range strings.Fields(c.tries) {
			tries += n + " 2026-11-23 "
		}
		if asked := strings.Join(center.numbers, " ") + " "; asked != tries {
			t.Errorf("%s: asked for %s, want %s", c.typed, asked, tries)
		}
		if c.knows == "" {
			if kiosk.CodeOf(err) != kiosk.ENotFound {
				t.Errorf("%s: %+v %v", c.typed, got, err)
			}
			continue
		}
		if err != nil || got.Number.String() != c.knows || got.ID != "" || got.Day != "2026-11-23" || got.Queue != "A" || p.Ahead != 3 || p.Queue != "C" {
			t.Errorf("%s: %+v %+v %v", c.typed, got, p, err)
		}
	}
	for _, typed := range []string{"", "A", "2007", "A0", "A000", "A-", "A2-"} {
		if r.Elsewhere(typed) != nil {
			t.Errorf("%q is asked for", typed)
		}
	}
	center.err = &kiosk.Error{Code: kiosk.EUnavailable, Hint: "the center doesn't answer"}
	if _, _, err := r.Elsewhere("A2007")(t.Context()); kiosk.CodeOf(err) != kiosk.EUnavailable || kiosk.HintOf(err) != "the center doesn't answer" {
		t.Errorf("cut off: %v", err)
	}
	r.News(&kiosk.News{Calls: []kiosk.Call{{Number: "A2-007", Window: "21"}}})
	if got, p, err := r.Elsewhere("A2007")(t.Context()); err != nil || got.Number.String() != "A2-007" || p.State != kiosk.Called || p.Window != "21" {
		t.Errorf("called before it was cut off: %+v %+v %v", got, p, err)
	}
	if open(t, path(t), nil).Elsewhere("A2007") != nil {
		t.Error("a kiosk of its own asks")
	}
}
