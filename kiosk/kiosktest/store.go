// Package kiosktest holds what every implementation of kiosk's interfaces must
// do, as suites for their tests, stand-ins for the devices, and a catalog as large
// as the city's.
package kiosktest

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"

	"hallkiosk/kiosk"
)

// Wish returns a wish for a number in queue A, the n-th of its test.
func Wish(n int) kiosk.Wish {
	return kiosk.Wish{Request: kiosk.Request{ID: kiosk.RequestID(fmt.Sprintf("request-%d", n)), Items: []kiosk.ItemID{"RS001"}, Lang: kiosk.Zh},
		Ticket: kiosk.TicketID(fmt.Sprintf("ticket-%d", n)), Day: "2026-11-23", Queue: "A", Stamp: kiosk.Stamp{Wall: 1000 + int64(n)}, Ahead: -1, Print: true}
}

// StoreSuite checks what kiosk.Store promises. open returns a fresh, empty
// store; reopen closes it and opens the same data again.
func StoreSuite(t *testing.T, open func(t *testing.T) (s kiosk.Store, reopen func() kiosk.Store)) {
	ctx := t.Context()
	take := func(t *testing.T, s kiosk.Store, w kiosk.Wish) kiosk.Ticket {
		t.Helper()
		got, again, err := s.Take(ctx, w)
		if err != nil || again {
			t.Fatalf("Take: again=%v err=%v", again, err)
		}
		return got
	}
	mark := func(s kiosk.Store, id kiosk.TicketID, state kiosk.PrintState) error {
		return s.Mark(ctx, kiosk.PrintMark{Ticket: id, Attempt: 1, State: state, Stamp: kiosk.Stamp{Wall: 5000}})
	}

	t.Run("CountsFromOne", func(t *testing.T) {
		s, reopen := open(t)
		for n := 1; n <= 3; n++ {
			got := take(t, s, Wish(n))
			if want := fmt.Sprintf("A%03d", n); got.Number.String() != want || got.Ahead != n-1 {
				t.Fatalf("number=%s ahead=%d, want %s and %d", got.Number, got.Ahead, want, n-1)
			}
		}
		s = reopen()
		if got := take(t, s, Wish(4)); got.Number.String() != "A004" {
			t.Fatalf("after reopening number=%s, want A004", got.Number)
		}
	})
	t.Run("NeverWraps", func(t *testing.T) {
		s, _ := open(t)
		var last kiosk.Ticket
		for n := 1; n <= 1001; n++ {
			last = take(t, s, Wish(n))
		}
		if last.Number.String() != "A1001" {
			t.Fatalf("number 1001 reads %s", last.Number)
		}
	})
	t.Run("SeriesQueuesAndDaysAreApart", func(t *testing.T) {
		s, _ := open(t)
		take(t, s, Wish(1))
		own, other, next := Wish(2), Wish(3), Wish(4)
		own.Series, other.Queue, next.Day = "1", "B", "2026-11-24"
		for _, c := range []struct {
			wish kiosk.Wish
			want string
		}{{own, "A1-001"}, {other, "B001"}, {next, "A001"}} {
			if got := take(t, s, c.wish); got.Number.String() != c.want {
				t.Errorf("number=%s, want %s", got.Number, c.want)
			}
		}
	})
	t.Run("SameRequestSameTicket", func(t *testing.T) {
		s, reopen := open(t)
		first := take(t, s, Wish(1))
		s = reopen()
		retry := Wish(1)
		retry.Ticket, retry.Stamp = "another", kiosk.Stamp{Wall: 9999}
		got, again, err := s.Take(ctx, retry)
		if err != nil || !again || got.ID != first.ID || got.Number != first.Number || got.Taken != first.Taken {
			t.Fatalf("retry got %+v again=%v err=%v, want %+v", got, again, err, first)
		}
		retry.Items = []kiosk.ItemID{"RS002"}
		if _, _, err := s.Take(ctx, retry); kiosk.CodeOf(err) != kiosk.EConflict {
			t.Fatalf("same id for other items: %v, want EConflict", err)
		}
		if found, err := s.Request(ctx, retry.ID); err != nil || found.ID != first.ID {
			t.Fatalf("looked up %+v (%v)", found, err)
		}
		if _, err := s.Request(ctx, "never asked"); kiosk.CodeOf(err) != kiosk.ENotFound {
			t.Fatalf("unknown request: %v, want ENotFound", err)
		}
		if events, err := s.Events(ctx, 0, 10); err != nil || len(events) != 1 {
			t.Fatalf("%d events (%v), want 1", len(events), err)
		}
	})
	t.Run("ManyAtOnce", func(t *testing.T) {
		s, _ := open(t)
		const n = 64
		numbers := make(chan string, n)
		var all sync.WaitGroup
		for i := range n {
			all.Go(func() {
				got, _, err := s.Take(ctx, Wish(i+1))
				if err != nil {
					t.Error(err)
				}
				numbers <- got.Number.String()
			})
		}
		all.Wait()
		close(numbers)
		seen := map[string]bool{}
		for number := range numbers {
			if seen[number] {
				t.Fatalf("%s was given twice", number)
			}
			seen[number] = true
		}
		if len(seen) != n || !seen["A064"] {
			t.Fatalf("%d numbers, want %d up to A064", len(seen), n)
		}
	})
	t.Run("TicketPrintAndEventTogether", func(t *testing.T) {
		s, reopen := open(t)
		want := take(t, s, Wish(1))
		s = reopen()
		got, job, err := s.Ticket(ctx, want.ID)
		if err != nil || got.Number != want.Number || got.Items[0] != "RS001" || got.State != kiosk.Waiting || got.Lang != kiosk.Zh || got.Taken != want.Taken {
			t.Fatalf("ticket %+v (%v), want %+v", got, err, want)
		}
		if job.Attempt != 1 || job.State != kiosk.PrintQueued {
			t.Fatalf("attempt %+v, want the first, queued", job)
		}
		events, err := s.Events(ctx, 0, 10)
		if err != nil || len(events) != 1 || events[0].Seq != 1 || events[0].Kind != kiosk.TicketTaken || events[0].Stamp != want.Taken {
			t.Fatalf("events %+v (%v)", events, err)
		}
		var body kiosk.TakenBody
		if err := json.Unmarshal(events[0].Body, &body); err != nil || body.Ticket != want.ID || body.Number != "A001" || body.Day != want.Day {
			t.Fatalf("body %+v (%v)", body, err)
		}
		if _, _, err := s.Ticket(ctx, "nobody"); kiosk.CodeOf(err) != kiosk.ENotFound {
			t.Fatalf("unknown ticket: %v, want ENotFound", err)
		}
	})
	t.Run("WithoutPrinter", func(t *testing.T) {
		s, _ := open(t)
		w := Wish(1)
		w.Print = false
		got := take(t, s, w)
		if _, job, err := s.Ticket(ctx, got.ID); err != nil || job.State != "" {
			t.Fatalf("attempt %+v (%v), want none", job, err)
		}
	})
	t.Run("PrintOnlyClimbs", func(t *testing.T) {
		s, reopen := open(t)
		id := take(t, s, Wish(1)).ID
		for _, state := range []kiosk.PrintState{kiosk.PrintBegun, kiosk.PrintSent} {
			if err := mark(s, id, state); err != nil {
				t.Fatal(err)
			}
			if jobs, err := s.Unfinished(ctx); err != nil || len(jobs) != 1 || jobs[0].State != state || jobs[0].Ticket.ID != id {
				t.Fatalf("unfinished %+v (%v)", jobs, err)
			}
		}
		if err := mark(s, id, kiosk.PrintBegun); kiosk.CodeOf(err) != kiosk.EConflict {
			t.Fatalf("going back: %v, want EConflict", err)
		}
		if err := mark(s, id, kiosk.Printed); err != nil {
			t.Fatal(err)
		}
		for _, state := range []kiosk.PrintState{kiosk.Printed, kiosk.PrintUnknown, kiosk.PrintSent} {
			if err := mark(s, id, state); kiosk.CodeOf(err) != kiosk.EConflict {
				t.Fatalf("%s after the end: %v, want EConflict", state, err)
			}
		}
		if err := mark(s, "nobody", kiosk.Printed); kiosk.CodeOf(err) != kiosk.ENotFound {
			t.Fatalf("unknown attempt: %v, want ENotFound", err)
		}
		s = reopen()
		if jobs, err := s.Unfinished(ctx); err != nil || len(jobs) != 0 {
			t.Fatalf("unfinished %+v (%v), want none", jobs, err)
		}
		events, err := s.Events(ctx, 0, 10)
		if err != nil || len(events) != 3 || events[1].Kind != kiosk.PrintStarted || events[2].Kind != kiosk.PrintEnded {
			t.Fatalf("events %+v (%v), want taken, started, ended", events, err)
		}
	})
	t.Run("PrintAgain", func(t *testing.T) {
		s, reopen := open(t)
		id := take(t, s, Wish(1)).ID
		if _, err := s.Again(ctx, kiosk.Further{Ticket: id}); kiosk.CodeOf(err) != kiosk.EConflict {
			t.Fatalf("again before the end: %v, want EConflict", err)
		}
		if err := mark(s, id, kiosk.NotPrinted); err != nil {
			t.Fatal(err)
		}
		job, err := s.Again(ctx, kiosk.Further{Ticket: id})
		if err != nil || job.Attempt != 2 || job.Earlier != 0 || job.State != kiosk.PrintQueued || job.Ticket.Number.String() != "A001" {
			t.Fatalf("again: %+v %v", job, err)
		}
		second := kiosk.PrintMark{Ticket: id, Attempt: 2, State: kiosk.PrintUnknown}
		if err := s.Mark(ctx, second); err != nil {
			t.Fatal(err)
		}
		if job, err = s.Again(ctx, kiosk.Further{Ticket: id}); err != nil || job.Attempt != 3 || job.Earlier != 1 {
			t.Fatalf("after an unknown one: %+v %v", job, err)
		}
		s = reopen()
		if jobs, err := s.Unfinished(ctx); err != nil || len(jobs) != 1 || jobs[0].Attempt != 3 || jobs[0].Earlier != 1 {
			t.Fatalf("unfinished %+v (%v)", jobs, err)
		}
		if _, newest, err := s.Ticket(ctx, id); err != nil || newest.Attempt != 3 || newest.Earlier != 1 {
			t.Fatalf("newest %+v (%v)", newest, err)
		}
		if _, err := s.Again(ctx, kiosk.Further{Ticket: "nobody"}); kiosk.CodeOf(err) != kiosk.ENotFound {
			t.Fatalf("unknown ticket: %v, want ENotFound", err)
		}
	})
	t.Run("OrdersAreDoneOnce", func(t *testing.T) {
		s, reopen := open(t)
		id := take(t, s, Wish(1)).ID
		f := kiosk.Further{Ticket: id, Order: "order-1", Stamp: kiosk.Stamp{Wall: 6000}}
		if _, err := s.Again(ctx, f); kiosk.CodeOf(err) != kiosk.EConflict {
			t.Fatalf("while it is printing: %v, want EConflict", err)
		}
		if err := mark(s, id, kiosk.Printed); err != nil {
			t.Fatal(err)
		}
		if job, err := s.Again(ctx, f); err != nil || job.Attempt != 2 {
			t.Fatalf("%+v %v", job, err)
		}
		s = reopen()
		if err := s.Mark(ctx, kiosk.PrintMark{Ticket: id, Attempt: 2, State: kiosk.Printed}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Again(ctx, f); kiosk.CodeOf(err) != kiosk.EConflict {
			t.Fatalf("the same order again: %v, want EConflict", err)
		}
		events, err := s.Events(ctx, 0, 10)
		var told []string
		for _, e := range events {
			if e.Kind == kiosk.OrderDone {
				told = append(told, string(e.Body))
			}
		}
		if err != nil || !reflect.DeepEqual(told, []string{`{"order":"order-1"}`}) {
			t.Fatalf("told %q (%v)", told, err)
		}
	})
	t.Run("ABookingIsOneTicket", func(t *testing.T) {
		s, reopen := open(t)
		w := Wish(1)
		w.Booking, w.Slot, w.Priority = "booking-1", kiosk.Slot{From: 10_000, To: 20_000}, kiosk.Elder
		want := take(t, s, w)
		if want.Booking != "booking-1" || want.Slot != w.Slot || want.Priority != kiosk.Elder {
			t.Fatalf("%+v", want)
		}
		s = reopen()
		w.ID, w.Ticket = "request-2", "ticket-2"
		got, again, err := s.Take(ctx, w)
		if err != nil || !again || !reflect.DeepEqual(got, want) {
			t.Fatalf("checked in twice: %+v again=%v %v, want %+v", got, again, err, want)
		}
		w.ID, w.Ticket, w.Shared = "request-3", "ticket-3", 7 // a number of the center's makes no difference
		if got, again, err = s.Take(ctx, w); err != nil || !again || got.ID != want.ID {
			t.Fatalf("checked in again: %+v again=%v %v", got, again, err)
		}
		take(t, s, Wish(4)) // walk-ins have no booking in common
		take(t, s, Wish(5))
		events, err := s.Events(ctx, 0, 1)
		if err != nil || !strings.Contains(string(events[0].Body), `"priority":"elder","booking":"booking-1","slot":{"from":10000,"to":20000}`) {
			t.Fatalf("event %s (%v)", events[0].Body, err)
		}
	})
	t.Run("OtherPapers", func(t *testing.T) {
		s, reopen := open(t)
		w := Wish(1)
		w.Theme, w.Promise = "restaurant", kiosk.Promise{Papers: []string{"旧社保卡", "照片"}, By: "2026-11-30"}
		want := take(t, s, w)
		if err := mark(s, want.ID, kiosk.Printed); err != nil {
			t.Fatal(err)
		}
		// A receipt is no second paper of the number; a second receipt is a reprint.
		for n := range 2 {
			job, err := s.Again(ctx, kiosk.Further{Ticket: want.ID, Paper: kiosk.PaperReceipt})
			if err != nil || job.Attempt != n+2 || job.Earlier != n || job.Kind() != kiosk.PaperReceipt {
				t.Fatalf("receipt: %+v %v", job, err)
			}
			if err := s.Mark(ctx, kiosk.PrintMark{Ticket: want.ID, Attempt: n + 2, State: kiosk.Printed}); err != nil {
				t.Fatal(err)
			}
		}
		if job, err := s.Again(ctx, kiosk.Further{Ticket: want.ID, Paper: kiosk.PaperTicket}); err != nil || job.Earlier != 1 {
			t.Fatalf("the number on another kind of paper: %+v %v", job, err)
		} else if err := s.Mark(ctx, kiosk.PrintMark{Ticket: want.ID, Attempt: job.Attempt, State: kiosk.Printed}); err != nil {
			t.Fatal(err)
		}
		if job, err := s.Again(ctx, kiosk.Further{Ticket: want.ID, Paper: kiosk.PaperPlan}); err != nil || job.Paper != "" || job.Earlier != 2 || job.Kind() != kiosk.PaperPlan {
			t.Fatalf("its own paper once more: %+v %v", job, err)
		}
		s = reopen()
		if jobs, err := s.Unfinished(ctx); err != nil || len(jobs) != 1 || jobs[0].Earlier != 2 || jobs[0].Attempt != 5 {
			t.Fatalf("unfinished %+v (%v)", jobs, err)
		}
		got, job, err := s.Ticket(ctx, want.ID)
		if err != nil || !reflect.DeepEqual(got, want) || got.Promise.By != "2026-11-30" || len(got.Promise.Papers) != 2 || got.Theme != "restaurant" || job.Earlier != 2 {
			t.Fatalf("got %+v, want %+v (%v)", got, want, err)
		}
		events, err := s.Events(ctx, 0, 1)
		if err != nil || !strings.Contains(string(events[0].Body), `"theme":"restaurant","promise":{"papers":["旧社保卡","照片"],"by":"2026-11-30"}`) {
			t.Fatalf("event %s (%v)", events[0].Body, err)
		}
	})
	t.Run("Shared", func(t *testing.T) {
		s, reopen := open(t)
		w := Wish(1)
		w.Series, w.Shared, w.Ahead = "1", 23, 17
		got := take(t, s, w)
		if got.Number.String() != "A023" || got.Ahead != 17 {
			t.Fatalf("number %s with %d ahead", got.Number, got.Ahead)
		}
		if again, same, err := s.Take(ctx, w); err != nil || !same || again.Number != got.Number {
			t.Fatalf("again %s %v (%v)", again.Number, same, err)
		}
		// The own series counts for itself, and serves when a shared number is taken.
		own := Wish(2)
		own.Series = "1"
		if n := take(t, s, own).Number.String(); n != "A1-001" {
			t.Fatalf("own series %s", n)
		}
		double := Wish(3)
		double.Series, double.Shared = "1", 23
		if n := take(t, s, double).Number.String(); n != "A1-002" {
			t.Fatalf("a shared number that is taken became %s", n)
		}
		s = reopen()
		next := Wish(4)
		next.Series = "1"
		if got := take(t, s, next); got.Number.String() != "A1-003" || got.Ahead != 3 {
			t.Fatalf("then %s with %d ahead", got.Number, got.Ahead)
		}
	})
	t.Run("Find", func(t *testing.T) {
		s, _ := open(t)
		old := Wish(1)
		old.Day = "2026-11-22"
		take(t, s, old)
		want := take(t, s, Wish(2))
		if got, err := s.Find(ctx, want.Number); err != nil || got.ID != want.ID {
			t.Fatalf("found %+v (%v), want the newer %s", got, err, want.ID)
		}
		if _, err := s.Find(ctx, kiosk.Number{Queue: "A", N: 7}); kiosk.CodeOf(err) != kiosk.ENotFound {
			t.Fatalf("unknown number: %v, want ENotFound", err)
		}
	})
	t.Run("Record", func(t *testing.T) {
		s, reopen := open(t)
		if err := s.Record(ctx, kiosk.Tampered, kiosk.Stamp{Wall: 5}, kiosk.CabinetBody{Open: true}); err != nil {
			t.Fatal(err)
		}
		events, err := reopen().Events(ctx, 0, 10)
		if err != nil || len(events) != 1 || events[0].Kind != kiosk.Tampered || string(events[0].Body) != `{"open":true}` || events[0].Stamp.Wall != 5 {
			t.Fatalf("events %+v (%v)", events, err)
		}
	})
	t.Run("Waiting", func(t *testing.T) {
		s, _ := open(t)
		take(t, s, Wish(1))
		take(t, s, Wish(2))
		b := Wish(3)
		b.Queue = "B"
		take(t, s, b)
		got, err := s.Waiting(ctx, "2026-11-23")
		if err != nil || len(got) != 2 || got["A"] != 2 || got["B"] != 1 {
			t.Fatalf("waiting %v (%v)", got, err)
		}
		if got, err := s.Waiting(ctx, "2026-11-24"); err != nil || len(got) != 0 {
			t.Fatalf("tomorrow %v (%v), want nobody", got, err)
		}
	})
	t.Run("Outbox", func(t *testing.T) {
		s, reopen := open(t)
		epoch := s.Epoch()
		for n := 1; n <= 5; n++ {
			take(t, s, Wish(n))
		}
		if err := s.Ack(ctx, 3); err != nil {
			t.Fatal(err)
		}
		if err := s.Ack(ctx, 2); err != nil {
			t.Fatal(err)
		}
		s = reopen()
		if s.Epoch() != epoch || epoch == "" {
			t.Fatalf("epoch %q became %q", epoch, s.Epoch())
		}
		if acked, unsent, err := s.Pending(ctx); err != nil || acked != 3 || unsent != 2 {
			t.Fatalf("acked=%d unsent=%d (%v), want 3 and 2", acked, unsent, err)
		}
		events, err := s.Events(ctx, 3, 1)
		if err != nil || len(events) != 1 || events[0].Seq != 4 {
			t.Fatalf("events %+v (%v), want number 4 alone", events, err)
		}
	})
	t.Run("WalkingAwayCancelsNothing", func(t *testing.T) {
		s, _ := open(t)
		gone, cancel := context.WithCancel(ctx)
		cancel()
		got, _, err := s.Take(gone, Wish(1))
		if err != nil {
			return // refusing is as good, if nothing was given
		}
		if again, _, err := s.Ticket(ctx, got.ID); err != nil || again.Number != got.Number {
			t.Fatalf("a number was told but not kept: %v", err)
		}
	})
}
