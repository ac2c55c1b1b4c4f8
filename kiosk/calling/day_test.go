package calling_test

import (
	"container/heap"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/calling"
)

// day is a Monday in the hall: 7,000 visitors, of whom those with a case take a
// number, 3,300 cases in all; a third come in the first two hours. The rest go
// to the machines or come along. The windows halve over lunch.
type day struct {
	testing.TB
	*rand.Rand
	l       *calling.Ledger
	at      kiosk.Instant
	events  agenda
	seq     int
	lines   map[kiosk.QueueID]*line
	home    map[kiosk.WindowID]kiosk.QueueID
	quoted  map[kiosk.TicketID]calling.Quote
	cases   int
	longest time.Duration

	// What a hall without all this says: the catalog's minutes over the windows.
	naive     map[kiosk.TicketID]kiosk.Estimate
	naiveHits int
}

// line is what the center keeps of a queue beside its state.
type line struct {
	minutes float64 // the truth, which the catalog misses by a fifth
	windows int
	pace    calling.Pace
	score   calling.Score
}

type event struct {
	at  kiosk.Instant
	seq int
	do  func()
}
type agenda []event

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	return a[i].at < a[j].at || a[i].at == a[j].at && a[i].seq < a[j].seq
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(v any)   { *a = append(*a, v.(event)) }
func (a *agenda) Pop() any     { v := (*a)[len(*a)-1]; *a = (*a)[:len(*a)-1]; return v }

func (d *day) after(wait time.Duration, do func()) {
	d.seq++
	heap.Push(&d.events, event{d.at.Add(wait), d.seq, do})
}

func (d *day) command(q kiosk.QueueID, c calling.Command) (calling.Change, error) {
	ops++
	c.Op, c.At = kiosk.OpID(fmt.Sprint("op", ops)), d.at
	ch, err := d.l.Do(q, rules, c)
	if err != nil {
		return ch, err
	}
	if took, ok := ch.Occupied(); ok {
		d.lines[q].pace = d.lines[q].pace.Add(took)
	}
	return ch, nil
}

func (d *day) must(q kiosk.QueueID, c calling.Command) calling.Change {
	ch, err := d.command(q, c)
	if err != nil {
		d.Fatal(err)
	}
	return ch
}

// work is one window: it calls, waits for the person, serves, and calls again.
func (d *day) work(w kiosk.WindowID) {
	q := d.home[w]
	if s := d.l.State(q); s.Window(w).Paused || s.At(w) != nil {
		return
	}
	ch, err := d.command(q, calling.Command{Verb: calling.Call, Window: w})
	if kiosk.CodeOf(err) == kiosk.ENotFound {
		d.after(20*time.Second, func() { d.work(w) })
		return
	} else if err != nil {
		d.Fatal(err)
	}
	k := ch.Ticket.After
	if quote, ok := d.quoted[k.ID]; ok {
		d.lines[q].score = d.lines[q].score.Add(quote, d.at)
		d.longest = max(d.longest, d.at.Sub(quote.At))
		delete(d.quoted, k.ID)
		if m, e := d.at.Sub(quote.At).Minutes(), d.naive[k.ID]; m >= float64(e.Low) && m <= float64(e.High) {
			d.naiveHits++
		}
	}
	if d.Float64() < 0.06 {
		d.after(90*time.Second, func() {
			d.must(q, calling.Command{Verb: calling.NoShow, Window: w, Ticket: k.ID})
			d.work(w)
		})
		return
	}
	d.after(time.Duration(10+d.IntN(50))*time.Second, func() {
		d.must(q, calling.Command{Verb: calling.Start, Window: w, Ticket: k.ID})
		// Lognormal with a coefficient of variation of 0.7.
		const sigma = 0.63
		took := d.lines[q].minutes * math.Exp(sigma*d.NormFloat64()-sigma*sigma/2)
		d.after(time.Duration(took*float64(time.Minute)), func() {
			verb := calling.Finish
			if d.Float64() < 0.03 {
				verb = calling.Park
			}
			d.must(q, calling.Command{Verb: verb, Window: w, Ticket: k.ID, Until: d.at.Add(8 * time.Minute)})
			d.work(w)
		})
	})
}

// arrive is one visitor with errands.
func (d *day) arrive(n int, queues []kiosk.QueueID) {
	var todo []kiosk.Errand
	for {
		todo = append(todo, kiosk.Errand{Item: "x", Queue: queues[int(float64(len(queues))*d.Float64())]})
		d.cases++
		if d.Float64() > 0.18 {
			break
		}
	}
	q := todo[0].Queue
	k := calling.NewTicket(kiosk.TicketID(fmt.Sprintf("t%04d", n)), kiosk.Number{Queue: q, N: n}, kiosk.Stamp{Wall: int64(d.at)}, todo...)
	switch p := d.Float64(); {
	case p < 0.12:
		k.Priority = kiosk.Priorities[d.IntN(4)]
	case p < 0.27:
		from := d.at.Add(time.Duration(d.IntN(20)-5) * time.Minute)
		k.Slot = kiosk.Slot{From: from, To: from.Add(30 * time.Minute)}
	}
	if err := d.l.Add(k); err != nil {
		d.Fatal(err)
	}
	for _, o := range calling.Forecast(d.l.State(q), rules, d.lines[q].pace, d.at) {
		if o.Ticket == k.ID {
			d.quoted[k.ID] = d.lines[q].score.Quote(o, d.at)
			mean := float64(o.Ahead*d.lines[q].pace.Prior) / 60 / float64(d.lines[q].windows)
			d.naive[k.ID] = kiosk.Estimate{Low: int(mean * 0.8), High: int(math.Ceil(mean*4/3)) + 1}
		}
	}
}

func newDay(t testing.TB, seed uint64, load float64) *day {
	d := &day{TB: t, Rand: rand.New(rand.NewPCG(seed, 20180718)), l: calling.NewLedger(), at: nine, lines: map[kiosk.QueueID]*line{},
		home: map[kiosk.WindowID]kiosk.QueueID{}, quoted: map[kiosk.TicketID]calling.Quote{},
		naive: map[kiosk.TicketID]kiosk.Estimate{}}
	var queues []kiosk.QueueID
	for i := range 14 {
		q := kiosk.QueueID(string(rune('A' + i)))
		queues = append(queues, q)
		minutes := 5 + float64(i)*1.2
		off := 0.8 + 0.4*d.Float64()
		ln := &line{minutes: minutes, pace: calling.NewPace(time.Duration(minutes * off * float64(time.Minute))), score: calling.NewScore()}
		ln.windows = max(2, int(math.Ceil(3300.0/14/480*(minutes+0.8)/load)))
		for w := range ln.windows {
			id := kiosk.WindowID(fmt.Sprintf("%s%d", q, w+1))
			d.home[id] = q
			d.l.Open(id, q)
			d.after(time.Duration(w)*time.Second, func() { d.work(id) })
			if w%2 == 1 { // lunch
				d.after(180*time.Minute, func() { d.must(q, calling.Command{Verb: calling.Pause, Window: id, Reason: "午餐"}) })
				d.after(240*time.Minute, func() { d.must(q, calling.Command{Verb: calling.Resume, Window: id}); d.work(id) })
			}
		}
		d.lines[q] = ln
	}
	n := 0
	for range 7000 {
		minute := d.Float64() * 440
		if d.Float64() < 0.2 {
			minute = d.Float64() * 120
		}
		if d.Float64() > 2700.0/7000 {
			continue // to the machines, or along with somebody
		}
		n++
		me := n
		d.after(time.Duration(minute*float64(time.Minute)), func() { d.arrive(me, queues) })
	}
	return d
}

func (d *day) run() (all calling.Score) {
	end := nine.Add(12 * time.Hour) // until everybody has gone home
	for len(d.events) > 0 && d.events[0].at < end {
		e := heap.Pop(&d.events).(event)
		d.at = e.at
		e.do()
	}
	for _, ln := range d.lines {
		all.Quotes += ln.score.Quotes
		all.Hits += ln.score.Hits
		all.Sooner += ln.score.Sooner
		all.Later += ln.score.Later
		all.Width += ln.score.Width
		all.AbsError += ln.score.AbsError
	}
	return all
}

// A day of 3,300 cases: eight in ten people are called within the range that
// they were told when they took their number, and nobody is left over.
func TestSimulatedDay(t *testing.T) {
	for _, c := range []struct {
		name string
		load float64
	}{{"Usual", 0.80}, {"Monday", 0.95}} {
		t.Run(c.name, func(t *testing.T) {
			for seed := uint64(1); seed <= 2; seed++ {
				d := newDay(t, seed, c.load)
				all := d.run()
				ended := map[kiosk.State]int{}
				for _, k := range d.l.Tickets() {
					ended[k.State]++
				}
				t.Logf("%d cases, %d tickets, %d windows: coverage %.1f %% (%.1f %% sooner, %.1f %% later; catalog's minutes: %.1f %%), mean width %.1f min, mean absolute error %.1f min, longest wait %.0f min; %v",
					d.cases, len(d.l.Tickets()), len(d.home), 100*all.Coverage(), 100*float64(all.Sooner)/float64(all.Quotes), 100*float64(all.Later)/float64(all.Quotes),
					100*float64(d.naiveHits)/float64(all.Quotes), float64(all.Width)/float64(all.Quotes), all.MeanAbsError(), d.longest.Minutes(), ended)
				if d.cases < 3000 || all.Quotes < len(d.l.Tickets())*95/100 {
					t.Errorf("%d cases, %d quotes scored: not a day", d.cases, all.Quotes)
				}
				if all.Coverage() < 0.75 {
					t.Errorf("only %.2f of the waits were in the range that was told", all.Coverage())
				}
				if ended[kiosk.Done]+ended[kiosk.Missed] != len(d.l.Tickets()) {
					t.Errorf("left over: %v", ended)
				}
			}
		})
	}
}
