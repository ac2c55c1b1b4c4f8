package calling

import (
	"math"
	"slices"
	"time"

	"hallkiosk/kiosk"
)

const (
	paceKeep  = 64 // newest durations that count: about two hours of a busy queue
	paceTrust = 4  // how many measured durations the catalog's minutes are worth
	spare     = 16 // older ones kept behind, to count again when newer ones are taken back
)

// Pace is how long one call keeps a window of a queue, measured: from the call
// until the window is free again, as Change.Occupied tells. No-shows count, for
// they take the window's time too. A plain value; may be kept as JSON.
type Pace struct {
	Prior  int   // seconds, what the catalog says; at least 1
	Recent []int // seconds each, the newest last; see spare
}

// NewPace returns a Pace with nothing measured yet; prior is what a case takes by
// the catalog.
func NewPace(prior time.Duration) Pace { return Pace{Prior: max(1, int(prior.Seconds()))} }

// Add returns p with one more duration. What is under a second is none.
func (p Pace) Add(d time.Duration) Pace {
	if d >= time.Second {
		p.Recent = with(p.Recent, int(d.Seconds()), paceKeep)
	}
	return p
}

// Without returns p as if that duration had not been added.
func (p Pace) Without(d time.Duration) Pace {
	if d >= time.Second {
		p.Recent = without(p.Recent, int(d.Seconds()))
	}
	return p
}

// with returns a copy of all with v behind it, of which as many as count and the
// spare ones are kept.
func with[T any](all []T, v T, count int) []T {
	drop := max(0, len(all)+1-count-spare)
	return append(slices.Clone(all[drop:]), v)
}

// without returns a copy of all without the last v.
func without[T comparable](all []T, v T) []T {
	for i := len(all) - 1; i >= 0; i-- {
		if all[i] == v {
			return append(append([]T(nil), all[:i]...), all[i+1:]...)
		}
	}
	return all
}

// newest are those of all that count.
func newest[T any](all []T, count int) []T { return all[max(0, len(all)-count):] }

// Quantile returns the duration that a share q, 0 to 1, of the measured ones
// doesn't exceed; the catalog's if none was measured.
func (p Pace) Quantile(q float64) time.Duration {
	if len(p.Recent) == 0 {
		return time.Duration(p.Prior) * time.Second
	}
	return time.Duration(quantile(p.sorted(), q)) * time.Second
}

func (p Pace) sorted() []int { return slices.Sorted(slices.Values(newest(p.Recent, paceKeep))) }

// quantile of a sorted list; 0 of an empty one.
func quantile[T int | float64](sorted []T, q float64) T {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, max(0, int(math.Ceil(q*float64(len(sorted))))-1))]
}

// summary is a Pace worked out for a forecast, all in seconds.
type summary struct {
	sorted []int // clamped at fence
	mean   float64
	sd     float64
	doubt  float64 // standard error of the mean, as a share of it
}

// summarize holds outliers at three interquartile ranges over the third quartile:
// a clerk who forgets to press "finish" over lunch mustn't spoil the afternoon.
func (p Pace) summarize() summary {
	s := summary{sorted: p.sorted()}
	prior := float64(max(1, p.Prior))
	sum, n := prior*paceTrust, float64(paceTrust+len(s.sorted))
	if len(s.sorted) > 0 {
		low, high := quantile(s.sorted, 0.25), quantile(s.sorted, 0.75)
		fence := high + 3*(high-low)
		for i, v := range s.sorted {
			s.sorted[i] = min(v, fence)
			sum += float64(s.sorted[i])
		}
	}
	s.mean = sum / n
	// The prior's part in the variance: a spread of half its length is usual.
	square := paceTrust * (prior*prior/4 + (prior-s.mean)*(prior-s.mean))
	for _, v := range s.sorted {
		square += (float64(v) - s.mean) * (float64(v) - s.mean)
	}
	s.sd = math.Sqrt(square / n)
	s.doubt = s.sd / s.mean / math.Sqrt(n)
	return s
}

// left is how much longer a call takes that has taken elapsed so far: the mean of
// what longer ones took beyond that.
func (s summary) left(elapsed time.Duration) time.Duration {
	e := max(0, int(elapsed.Seconds()))
	sum, n := 0, 0
	for _, v := range s.sorted {
		if v > e {
			sum += v - e
			n++
		}
	}
	if n < paceTrust { // too few to go by
		return seconds(max(s.mean-float64(e), s.mean/3))
	}
	return time.Duration(sum) * time.Second / time.Duration(n)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// Quote is what was said about a wait, kept to be scored when the wait is over.
type Quote struct {
	At     kiosk.Instant // when it was said
	Wait   time.Duration // what the model forecast
	Spread time.Duration // one standard deviation, as the model sees it
	Middle time.Duration // the wait that was expected, by the model and how it did before
	Range  kiosk.Estimate
}

const (
	scoreKeep = 64   // newest errors that count
	scoreMiss = 0.06 // share of them outside the range at either end; the day moves on, so more of the next are
)

// Score makes ranges out of the forecasts of one queue, and keeps how well they
// did. The range is where most of the newest real waits were, seen from their
// forecasts; so it corrects itself for what the model leaves out: no-shows,
// priority people and bookings still to come, lunch. A plain value; may be kept
// as JSON.
type Score struct {
	Errors []float64 // real minus forecast wait in spreads, the newest last; see spare

	Quotes   int     // scored
	Hits     int     // real waits within the range that was said
	Sooner   int     // shorter than the range
	Later    int     // longer than the range
	AbsError float64 // minutes, sum over all of middle against real
	Width    int     // minutes, sum over all of the range's
}

// NewScore returns a Score that trusts the model, as if it had erred a few times
// as a normal distribution does.
func NewScore() Score {
	return Score{Errors: []float64{-1.65, -1.05, -0.67, -0.39, -0.13, 0.13, 0.39, 0.67, 1.05, 1.65}}
}

// Quote says how long a forecast's wait is, as a range in whole minutes.
func (s Score) Quote(o Outlook, now kiosk.Instant) Quote {
	errors := slices.Sorted(slices.Values(newest(s.Errors, scoreKeep)))
	wait, spread := max(0, o.At.Sub(now)), max(o.Spread, time.Second)
	at := func(q float64) time.Duration {
		return max(0, wait+time.Duration(quantile(errors, q)*float64(spread)))
	}
	e := kiosk.Estimate{Low: int(math.Floor(at(scoreMiss).Minutes()))}
	e.High = max(e.Low+1, int(math.Ceil(at(1-scoreMiss).Minutes())))
	return Quote{At: now, Wait: wait, Spread: spread, Middle: at(0.5), Range: e}
}

// Add returns s with one more quote scored: called is when its ticket was called
// for the first time after it. Tickets that were never called are not scored.
func (s Score) Add(q Quote, called kiosk.Instant) Score {
	s.Errors = with(s.Errors, q.miss(called), scoreKeep)
	return s.count(q, called, 1)
}

// Without returns s as if that quote had not been scored.
func (s Score) Without(q Quote, called kiosk.Instant) Score {
	s.Errors = without(s.Errors, q.miss(called))
	return s.count(q, called, -1)
}

// count adds a quote to the sums so many times.
func (s Score) count(q Quote, called kiosk.Instant, times int) Score {
	real := max(0, called.Sub(q.At))
	s.Quotes += times
	switch m := real.Minutes(); {
	case m < float64(q.Range.Low):
		s.Sooner += times
	case m > float64(q.Range.High):
		s.Later += times
	default:
		s.Hits += times
	}
	s.AbsError = max(0, s.AbsError+float64(times)*math.Abs((real-q.Middle).Minutes()))
	s.Width += times * (q.Range.High - q.Range.Low)
	return s
}

// miss is how far the real wait was from what the model forecast, in spreads.
func (q Quote) miss(called kiosk.Instant) float64 {
	return float64(max(0, called.Sub(q.At))-q.Wait) / float64(max(q.Spread, time.Second))
}

// Coverage is the share of real waits, 0 to 1, that fell in the range that was
// said; 0 when none was scored.
func (s Score) Coverage() float64 { return float64(s.Hits) / float64(max(1, s.Quotes)) }

// MeanAbsError is the mean absolute error of the middle, in minutes.
func (s Score) MeanAbsError() float64 { return s.AbsError / float64(max(1, s.Quotes)) }
