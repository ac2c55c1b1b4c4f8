package uplink

import "time"

// backoff spreads out tries at a center that is away.
type backoff struct {
	min, max time.Duration
	rand     func() float64 // from [0, 1)
}

// after returns how long to wait after that many failures before this one:
// anything from min to a bound that doubles up to max. All kiosks of a city lose
// the center at the same instant; they must not come back so.
func (b backoff) after(failures int) time.Duration {
	bound := b.min
	for range failures + 1 {
		bound = min(2*bound, b.max)
	}
	return b.min + time.Duration(b.rand()*float64(bound-b.min))
}
