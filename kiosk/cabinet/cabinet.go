// Package cabinet works what the kiosk's cabinet has on single wires: a lamp, a
// buzzer, a sensor for somebody standing there, the door's and the tamper
// switch, and the contact that feels the paper roll get thin.
//
// The wires are periph gpio pins that are handed in. A cabinet has some of them
// or none: what isn't fitted is silent, never an error.
package cabinet

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"periph.io/x/conn/v3/gpio"

	"hallkiosk/kiosk"
)

// Output is something that is on or off.
type Output struct {
	Pin       gpio.PinOut // nil: not fitted
	ActiveLow bool        // the pin is low while it is on
}

// Input is a contact or a sensor.
type Input struct {
	Pin       gpio.PinIn    // nil: not fitted
	ActiveLow bool          // the pin is low while what it watches for is so
	Pull      gpio.Pull     // the resistor to set in the pin
	Debounce  time.Duration // a change counts when it has been steady for so long
}

// Lamp is what tells from afar how the kiosk is. A signal lights its own output,
// if that is fitted, or else shows as a pattern on Single, if that is.
type Lamp struct {
	Ready, Help, Fault Output
	Single             Output // the only lamp; ready is steady, help blinks slowly, a fault fast
}

// Opts say what is fitted, and where. DefaultOpts fills all but the pins.
type Opts struct {
	Lamp   Lamp
	Buzzer Output // with an oscillator of its own: it sounds while it is on

	Presence Input // active while somebody stands before the kiosk
	Door     Input // active while the door is open
	Tamper   Input // active when somebody breaks in
	Paper    Input // active while the paper roll is near its end

	Now   func() time.Time
	After func(d time.Duration) <-chan time.Time // as time.After
}

// DefaultOpts have nothing fitted and suit the usual wiring. The switches of
// door and tamper are closed to ground while all is well, so that a cut wire
// reads as open; the paper contact closes to ground near the end, and gets 2 s
// because a roll wobbles; the presence sensor drives its wire high.
func DefaultOpts() Opts {
	return Opts{
		Presence: Input{Pull: gpio.Float, Debounce: 100 * time.Millisecond},
		Door:     Input{Pull: gpio.PullUp, Debounce: 50 * time.Millisecond},
		Tamper:   Input{Pull: gpio.PullUp, Debounce: 20 * time.Millisecond},
		Paper:    Input{Pull: gpio.PullUp, ActiveLow: true, Debounce: 2 * time.Second},
		Now:      time.Now, After: time.After,
	}
}

// Dev is a cabinet. Start Run once; the other methods may be called from any
// goroutine, also before Run and after it, and never wait.
type Dev struct {
	o      Opts
	inputs []input
	lamps  map[Signal]*player // by whose own it is; only what is fitted
	single *player            // nil when not fitted
	buzzer *player            // nil when not fitted

	mu    sync.Mutex
	shown Signal
	errs  map[string]error // by part
}

// New returns a cabinet, of which it touches nothing yet.
func New(o Opts) *Dev {
	d := &Dev{o: o, lamps: map[Signal]*player{}, errs: map[string]error{}}
	for _, in := range []input{
		{"presence sensor", o.Presence, PresenceOn, PresenceOff},
		{"door switch", o.Door, DoorOpened, DoorClosed},
		{"tamper switch", o.Tamper, Tampered, ""},
		{"paper contact", o.Paper, PaperLow, PaperGood},
	} {
		if in.Pin != nil {
			d.inputs = append(d.inputs, in)
		}
	}
	for of, out := range map[Signal]Output{Ready: o.Lamp.Ready, Help: o.Lamp.Help, Fault: o.Lamp.Fault} {
		if out.Pin != nil {
			d.lamps[of] = newPlayer("lamp "+string(of), out)
		}
	}
	if o.Lamp.Single.Pin != nil {
		d.single = newPlayer("lamp", o.Lamp.Single)
	}
	if o.Buzzer.Pin != nil {
		d.buzzer = newPlayer("buzzer", o.Buzzer)
	}
	return d
}

// String names the parts that are fitted and their pins.
func (d *Dev) String() string {
	var parts []string
	for _, p := range d.players() {
		parts = append(parts, p.part+" "+p.out.Pin.Name())
	}
	for _, in := range d.inputs {
		parts = append(parts, in.part+" "+in.Pin.Name())
	}
	return cmp.Or(strings.Join(parts, ", "), "no parts")
}

// players are the outputs that are fitted, in the order of their names.
func (d *Dev) players() []*player {
	all := slices.Collect(maps.Values(d.lamps))
	for _, p := range []*player{d.single, d.buzzer} {
		if p != nil {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b *player) int { return cmp.Compare(a.part, b.part) })
	return all
}

// Err returns what is fitted and doesn't work, one EUnavailable for each part,
// or nil. Whatever works goes on meanwhile.
func (d *Dev) Err() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []error
	for _, part := range slices.Sorted(maps.Keys(d.errs)) {
		all = append(all, d.errs[part])
	}
	return errors.Join(all...)
}

// note keeps how a part's pin fared for Err.
func (d *Dev) note(part, pin string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err == nil {
		delete(d.errs, part)
		return
	}
	d.errs[part] = &kiosk.Error{Code: kiosk.EUnavailable, Op: part, Err: err, Message: "设备没有接好。",
		Hint: "pin " + pin + " can't be used: check the line's name in the config, the wiring, and who else has it"}
}

// Run works the cabinet until ctx ends; it returns within 100 ms of that and
// leaves lamp and buzzer off: a lamp that says ready while nothing runs would
// lie. It calls tell with every event, one at a time. While tell runs, lamp and
// buzzer go on.
//
// Run takes it that nobody is there, the door is closed and the paper is good,
// and tells of what is otherwise as soon as its debounce time is over.
func (d *Dev) Run(ctx context.Context, tell func(Event)) {
	var parts sync.WaitGroup
	defer parts.Wait()
	for _, p := range d.players() {
		parts.Go(func() {
			p.run(ctx, d.o.After, func(err error) { d.note(p.part, p.out.Pin.Name(), err) })
		})
	}
	events := make(chan Event)
	for _, in := range d.inputs {
		parts.Go(func() { d.watch(ctx, in, events) })
	}
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-events:
			tell(e)
		}
	}
}
