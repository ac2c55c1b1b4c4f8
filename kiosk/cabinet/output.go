package cabinet

import (
	"context"
	"time"

	"periph.io/x/conn/v3/gpio"
)

// Signal is what the lamp tells.
type Signal string

// The signals. Any other is Dark.
const (
	Dark  Signal = ""
	Ready Signal = "ready"
	Help  Signal = "help" // somebody asked for a member of staff
	Fault Signal = "fault"
)

// Sound is what the buzzer plays.
type Sound string

// The sounds, all shorter than 2 s. Any other is silence.
const (
	Done      Sound = "done"      // it worked: one short beep
	Attention Sound = "attention" // look here: two beeps
	Alarm     Sound = "alarm"     // something is wrong with the cabinet: three long beeps
)

// pattern is how an output goes on and off.
type pattern struct {
	steps []time.Duration // on for the first, off for the second, and so on
	again bool            // from the beginning; then the steps are even in number
}

// forever is a step that doesn't end.
const forever time.Duration = 0

const ms = time.Millisecond

var (
	off    = pattern{}
	steady = pattern{steps: []time.Duration{forever}}

	// Slow and normal flashing as IEC 60073 has them: 24 to 48 and 84 to 168
	// times a minute. The faster is still below the three flashes a second
	// that can harm people (WCAG 2.3.1).
	blinks = map[Signal]pattern{
		Ready: steady,
		Help:  {steps: []time.Duration{1000 * ms, 1000 * ms}, again: true},
		Fault: {steps: []time.Duration{250 * ms, 250 * ms}, again: true},
	}

	beeps = map[Sound]pattern{
		Done:      {steps: []time.Duration{80 * ms}},
		Attention: {steps: []time.Duration{150 * ms, 100 * ms, 150 * ms}},
		Alarm:     {steps: []time.Duration{400 * ms, 200 * ms, 400 * ms, 200 * ms, 400 * ms}},
	}
)

// at returns step i.
func (p pattern) at(i int) (on bool, wait time.Duration) {
	if p.again {
		i %= len(p.steps)
	}
	if i >= len(p.steps) {
		return false, forever
	}
	return i%2 == 0, p.steps[i]
}

// Show makes the lamp tell s from now on, or from the beginning of Run. To show
// what is shown already changes nothing, so a pattern isn't broken off.
func (d *Dev) Show(s Signal) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s == d.shown {
		return
	}
	d.shown = s
	for of, lamp := range d.lamps {
		if of == s {
			lamp.order(steady)
		} else {
			lamp.order(off)
		}
	}
	if d.single == nil {
		return
	}
	if d.lamps[s] != nil {
		d.single.order(off)
	} else {
		d.single.order(blinks[s])
	}
}

// Buzz plays s once. It breaks off a sound that is still playing. One that was
// asked for before Run plays when Run begins.
func (d *Dev) Buzz(s Sound) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.buzzer != nil {
		d.buzzer.order(beeps[s])
	}
}

// player plays patterns on one output.
type player struct {
	part string
	out  Output
	next chan pattern // holds the newest order, until run takes it
}

func newPlayer(part string, out Output) *player {
	return &player{part: part, out: out, next: make(chan pattern, 1)}
}

// order makes p play pt next, at once. One caller at a time.
func (p *player) order(pt pattern) {
	select {
	case <-p.next:
	default:
	}
	p.next <- pt
}

// run plays what is ordered until ctx ends, and is off before and after. It
// calls note with how the pin fared, each time it is set.
func (p *player) run(ctx context.Context, after func(time.Duration) <-chan time.Time, note func(error)) {
	set := func(on bool) { note(p.out.Pin.Out(gpio.Level(on != p.out.ActiveLow))) }
	defer set(false)
	playing := off
	for i := 0; ; i++ {
		on, wait := playing.at(i)
		set(on)
		var over <-chan time.Time
		if wait != forever {
			over = after(wait)
		}
		select {
		case <-ctx.Done():
			return
		case playing = <-p.next:
			i = -1
		case <-over:
		}
	}
}
