package calling_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/calling"
)

// With one window and cases that take exactly as long as measured, the forecast
// is what Next then does, ticket by ticket and to the second.
func TestForecastFollowsNext(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyRules(t)
		l := hall()
		count := rapid.IntRange(1, 25).Draw(t, "tickets")
		for n := 1; n <= count; n++ {
			if err := l.Add(anyTicket(t, n, rapid.IntRange(0, 40).Draw(t, "taken"))); err != nil {
				t.Fatal(err)
			}
		}
		const minutes = 7
		pace := calling.NewPace(minutes * time.Minute)
		minute := 60
		all := calling.Forecast(l.State("A"), r, pace, nine+60*min_)
		if len(all) != count {
			t.Fatalf("%d forecasts of %d tickets", len(all), count)
		}
		for i, o := range all {
			n := 0
			for n == 0 {
				if n, _ = callOver(t, l, r, minute); n == 0 {
					minute++ // until the next booking is due
				}
			}
			if want := nine + kiosk.Instant(minute)*min_; o.Ticket != kiosk.TicketID(fmt.Sprintf("t%04d", n)) || o.At != want || o.Ahead != i {
				t.Fatalf("call %d: forecast %+v, but t%04d was called at %d", i, o, n, want)
			}
			minute += minutes
		}
	})
}

func TestForecastWithoutWindows(t *testing.T) {
	l := hall(ticket(1, 0))
	do(t, l, "A", calling.Command{Verb: calling.Pause, Window: "21", Reason: "午餐", At: nine})
	if got := calling.Forecast(l.State("A"), rules, calling.NewPace(time.Minute), nine); got != nil {
		t.Fatalf("forecast without a window: %v", got)
	}
}

func TestPace(t *testing.T) {
	p := calling.NewPace(10 * time.Minute)
	if got := p.Quantile(0.5); got != 10*time.Minute {
		t.Fatalf("nothing measured: %v", got)
	}
	first := p.Add(time.Minute)
	for i := range 200 {
		p = p.Add(time.Duration(i%10+1) * time.Minute)
	}
	p = p.Add(0).Add(-time.Hour)
	if len(p.Recent) != 80 || p.Quantile(0.5) != 6*time.Minute || p.Quantile(1) != 10*time.Minute || len(first.Recent) != 1 {
		t.Fatalf("%d kept, median %v, longest %v", len(p.Recent), p.Quantile(0.5), p.Quantile(1))
	}
	// A case left open over lunch moves the forecast by less than a minute.
	l := hall(ticket(1, 0), ticket(2, 0))
	at := func(p calling.Pace) kiosk.Instant { return calling.Forecast(l.State("A"), rules, p, nine)[1].At }
	if d := at(p.Add(3 * time.Hour)).Sub(at(p)); d < 0 || d > time.Minute {
		t.Fatalf("an outlier moved the second call by %v", d)
	}
}

// A model that is wrong by half and knows nothing of it still ends up covering
// more than eight in ten: the range learns.
func TestScoreLearns(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	s := calling.NewScore()
	at := nine
	untaught := calling.NewScore()
	for i := range 2000 {
		o := calling.Outlook{At: at.Add(40 * time.Minute), Spread: 5 * time.Minute}
		called := at.Add(time.Duration((60 + random.NormFloat64()*10) * float64(time.Minute)))
		s = s.Add(s.Quote(o, at), called)
		untaught = untaught.Add(calling.NewScore().Quote(o, at), called)
		if i == 100 {
			s.Quotes, s.Hits, s.Sooner, s.Later, s.AbsError = 0, 0, 0, 0, 0
		}
	}
	late := s
	if c := late.Coverage(); c < 0.82 || c > 0.92 || late.MeanAbsError() > 9 || untaught.Coverage() > 0.3 {
		t.Fatalf("coverage %.2f, untaught %.2f, error %.1f min", c, untaught.Coverage(), late.MeanAbsError())
	}
	if late.Sooner+late.Later+late.Hits != late.Quotes {
		t.Fatalf("%+v doesn't add up", late)
	}
}

func waiting(n int) calling.State {
	s := calling.State{Queue: "A", Windows: []calling.Window{{ID: "21"}, {ID: "22"}, {ID: "23"}, {ID: "24"}}}
	for i := range n {
		t := ticket(i, i%80)
		switch i % 10 {
		case 0, 1:
			t = elder(t)
		case 2:
			t = slot(t, i%100, i%100+30)
		}
		s.Tickets = append(s.Tickets, t)
	}
	return s
}

func BenchmarkNext1000(b *testing.B) {
	s := waiting(1000)
	for b.Loop() {
		if _, ok, err := calling.Next(s, rules, nine+90*min_, "21"); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}

func BenchmarkForecast1000(b *testing.B) {
	s, pace := waiting(1000), calling.NewPace(8*time.Minute)
	for b.Loop() {
		if got := len(calling.Forecast(s, rules, pace, nine+90*min_)); got != 1000 {
			b.Fatal(got)
		}
	}
}

// What is taken back counts as if it had never been, also when older ones had
// made room for it.
func TestTakenBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pace, never := calling.NewPace(time.Minute), calling.NewPace(time.Minute)
		score, unsaid := calling.NewScore(), calling.NewScore()
		n := rapid.IntRange(1, 120).Draw(t, "calls")
		undone := map[int]bool{}
		for range rapid.IntRange(1, 16).Draw(t, "undone") {
			undone[n-1-rapid.IntRange(0, min(n-1, 15)).Draw(t, "ago")] = true
		}
		type call struct {
			took  time.Duration
			quote calling.Quote
			at    kiosk.Instant
		}
		var back []call
		for i := range n {
			c := call{took: time.Duration(rapid.IntRange(0, 900_000).Draw(t, "took")) * time.Millisecond, at: nine + kiosk.Instant(rapid.IntRange(0, 90).Draw(t, "wait"))*min_}
			c.quote = calling.Quote{At: nine, Wait: 20 * time.Minute, Spread: 7 * time.Minute, Middle: 22 * time.Minute, Range: kiosk.Estimate{Low: 10, High: 40}}
			pace, score = pace.Add(c.took), score.Add(c.quote, c.at)
			if undone[i] {
				back = append(back, c)
				continue
			}
			never, unsaid = never.Add(c.took), unsaid.Add(c.quote, c.at)
		}
		for _, i := range rapid.Permutation(back).Draw(t, "order") {
			pace, score = pace.Without(i.took), score.Without(i.quote, i.at)
		}
		for q := 0.0; q <= 1; q += 1. / 64 {
			if pace.Quantile(q) != never.Quantile(q) {
				t.Fatalf("quantile %v is %v, want %v", q, pace.Quantile(q), never.Quantile(q))
			}
		}
		o := calling.Outlook{At: nine + 30*min_, Spread: 11 * time.Minute}
		if score.Quote(o, nine) != unsaid.Quote(o, nine) {
			t.Fatalf("says %+v, want %+v", score.Quote(o, nine), unsaid.Quote(o, nine))
		}
		if score.Quotes != unsaid.Quotes || score.Hits != unsaid.Hits || score.Sooner != unsaid.Sooner || score.Later != unsaid.Later ||
			score.Width != unsaid.Width || math.Abs(score.AbsError-unsaid.AbsError) > 1e-6 {
			t.Fatalf("scored %+v, want %+v", score, unsaid)
		}
	})
}
