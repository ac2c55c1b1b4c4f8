package cabinet_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/gpio/gpiotest"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/cabinet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const ms = time.Millisecond

// bench is a cabinet at work in a synctest bubble, where time passes only while
// everybody waits.
type bench struct {
	*testing.T
	dev   *cabinet.Dev
	stop  func() // ends Run and waits for it
	began time.Time

	mu   sync.Mutex
	told []string // "event at"
}

func work(t *testing.T, o cabinet.Opts) *bench {
	b := &bench{T: t, dev: cabinet.New(o), began: time.Now()}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.dev.Run(ctx, func(e cabinet.Event) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.told = append(b.told, fmt.Sprint(e, " ", time.Since(b.began)))
		})
	}()
	b.stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(b.stop)
	synctest.Wait()
	return b
}

// after lets time pass until d after the beginning.
func (b *bench) after(d time.Duration) {
	time.Sleep(time.Until(b.began.Add(d))) // the bubble's time
	synctest.Wait()
}

func (b *bench) expect(want ...string) {
	b.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.Equal(b.told, want) {
		b.Errorf("told %q, want %q", b.told, want)
	}
}

// input is a pin with edges.
func input(l gpio.Level) *gpiotest.Pin {
	return &gpiotest.Pin{N: "IN", L: l, EdgesChan: make(chan gpio.Level, 16)}
}

// contact is an Input on pin with 50 ms of debounce.
func contact(pin gpio.PinIn) cabinet.Input { return cabinet.Input{Pin: pin, Debounce: 50 * ms} }

// output is a pin that remembers its changes.
type output struct {
	gpiotest.Pin
	began time.Time
	err   error

	mu   sync.Mutex
	seen []string // "level at"
	last gpio.Level
}

func newOutput() *output { return &output{Pin: gpiotest.Pin{N: "OUT"}, began: time.Now()} }

func (p *output) Out(l gpio.Level) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return p.err
	}
	if len(p.seen) == 0 || l != p.last {
		p.seen = append(p.seen, fmt.Sprint(l, " ", time.Since(p.began)))
	}
	p.last = l
	return nil
}

func (p *output) breaks(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = err
}

func (p *output) expect(t *testing.T, want ...string) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.Equal(p.seen, want) {
		t.Errorf("output %q, want %q", p.seen, want)
	}
}

func TestEvents(t *testing.T) {
	for _, c := range []struct {
		name   string
		fit    func(o *cabinet.Opts, in cabinet.Input)
		events [2]string // become active after 1 s, inactive after 2 s
	}{
		{"Presence", func(o *cabinet.Opts, in cabinet.Input) { o.Presence = in }, [2]string{"presence.on 1.05s", "presence.off 2.05s"}},
		{"Door", func(o *cabinet.Opts, in cabinet.Input) { o.Door = in }, [2]string{"door.opened 1.05s", "door.closed 2.05s"}},
		{"Tamper", func(o *cabinet.Opts, in cabinet.Input) { o.Tamper = in }, [2]string{"tampered 1.05s"}},
		{"Paper", func(o *cabinet.Opts, in cabinet.Input) { o.Paper = in }, [2]string{"paper.low 1.05s", "paper.good 2.05s"}},
	} {
		for _, low := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/ActiveLow=%t", c.name, low), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					on, off := gpio.Level(!low), gpio.Level(low)
					pin := input(off)
					o := cabinet.DefaultOpts()
					in := contact(pin)
					in.ActiveLow = low
					c.fit(&o, in)
					b := work(t, o)
					b.after(time.Second)
					b.expect()
					pin.EdgesChan <- on
					b.after(2 * time.Second)
					b.expect(c.events[0])
					pin.EdgesChan <- off
					b.after(3 * time.Second)
					b.expect(slices.DeleteFunc(c.events[:], func(e string) bool { return e == "" })...)
				})
			})
		}
	}
}

func TestDebounce(t *testing.T) {
	type change struct {
		at   time.Duration
		to   gpio.Level
		lost bool // the level changes, the edge is lost
	}
	for _, c := range []struct {
		name    string
		from    gpio.Level
		changes []change
		want    []string
	}{
		{"Steady", gpio.Low, nil, nil},
		{"ActiveAtStart", gpio.High, nil, []string{"door.opened 50ms"}},
		{"ActiveForAMomentAtStart", gpio.High, []change{{at: 49 * ms, to: gpio.Low}}, nil},
		{"Glitch", gpio.Low, []change{{at: 200 * ms, to: gpio.High}, {at: 249 * ms, to: gpio.Low}}, nil},
		{"Bounces", gpio.Low, []change{{at: 200 * ms, to: gpio.High}, {at: 210 * ms, to: gpio.Low}, {at: 220 * ms, to: gpio.High}}, []string{"door.opened 270ms"}},
		{"BouncesWithoutTheWayBack", gpio.Low, []change{{at: 200 * ms, to: gpio.High}, {at: 240 * ms, to: gpio.High}}, []string{"door.opened 290ms"}},
		{"LostEdge", gpio.Low, []change{{at: 210 * ms, to: gpio.High, lost: true}}, []string{"door.opened 350ms"}}, // read at 300
		{"LostWayBack", gpio.Low, []change{{at: 210 * ms, to: gpio.High}, {at: 250 * ms, to: gpio.Low, lost: true}}, nil},
		{"ThereAndBack", gpio.Low, []change{{at: 200 * ms, to: gpio.High}, {at: 260 * ms, to: gpio.Low}}, []string{"door.opened 250ms", "door.closed 310ms"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pin := input(c.from)
				o := cabinet.DefaultOpts()
				o.Door = contact(pin)
				b := work(t, o)
				for _, change := range c.changes {
					b.after(change.at)
					if change.lost {
						pin.Out(change.to)
					} else {
						pin.EdgesChan <- change.to
					}
				}
				b.after(time.Second)
				b.expect(c.want...)
			})
		})
	}
}

// A debounce longer than the wait for an edge, and none at all.
func TestDebounceTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := cabinet.DefaultOpts()
		o.Paper = cabinet.Input{Pin: input(gpio.High), Debounce: 2 * time.Second}
		o.Presence = cabinet.Input{Pin: input(gpio.High)}
		b := work(t, o)
		b.after(5 * time.Second)
		b.expect("presence.on 1ms", "paper.low 2s")
	})
}

// hasty is a pin that gives up at once, as one does whose device went away.
type hasty struct {
	gpiotest.Pin
	mu    sync.Mutex
	waits int
}

func (p *hasty) WaitForEdge(timeout time.Duration) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waits++; timeout <= 0 {
		panic("a timeout that means something else with every pin")
	}
	return false
}

// Nobody spins on a pin that doesn't wait, and what it reads still counts.
func TestNoEdges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pin := &hasty{Pin: gpiotest.Pin{L: gpio.High, EdgesChan: make(chan gpio.Level)}}
		o := cabinet.DefaultOpts()
		o.Door = contact(pin)
		b := work(t, o)
		b.after(10 * time.Second)
		b.expect("door.opened 50ms")
		if pin.mu.Lock(); pin.waits > 110 {
			t.Errorf("waited %d times in 10 s", pin.waits)
		}
		pin.mu.Unlock()
	})
}

func TestLamp(t *testing.T) {
	show := func(t *testing.T, fit func(o *cabinet.Opts)) {
		t.Helper()
		o := cabinet.DefaultOpts()
		fit(&o)
		b := work(t, o)
		for _, v := range []struct {
			at time.Duration
			cabinet.Signal
		}{{1000 * ms, cabinet.Ready}, {2000 * ms, cabinet.Help}, {3500 * ms, cabinet.Fault}, {4600 * ms, cabinet.Dark}} {
			b.after(v.at)
			b.dev.Show(v.Signal)
			b.after(v.at + 600*ms)
			b.dev.Show(v.Signal) // breaks nothing off
		}
		b.after(time.Minute)
	}
	t.Run("Three", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ready, help, fault := newOutput(), newOutput(), newOutput()
			show(t, func(o *cabinet.Opts) {
				o.Lamp = cabinet.Lamp{Ready: cabinet.Output{Pin: ready}, Help: cabinet.Output{Pin: help, ActiveLow: true}, Fault: cabinet.Output{Pin: fault}}
			})
			ready.expect(t, "Low 0s", "High 1s", "Low 2s")
			help.expect(t, "High 0s", "Low 2s", "High 3.5s")
			fault.expect(t, "Low 0s", "High 3.5s", "Low 4.6s")
		})
	})
	t.Run("One", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			lamp := newOutput()
			show(t, func(o *cabinet.Opts) { o.Lamp.Single.Pin = lamp })
			lamp.expect(t, "Low 0s", "High 1s", "Low 3s", "High 3.5s", "Low 3.75s", "High 4s", "Low 4.25s", "High 4.5s", "Low 4.6s")
		})
	})
	t.Run("Two", func(t *testing.T) { // one of its own, one for the rest
		synctest.Test(t, func(t *testing.T) {
			own, rest := newOutput(), newOutput()
			o := cabinet.DefaultOpts()
			o.Lamp = cabinet.Lamp{Fault: cabinet.Output{Pin: own}, Single: cabinet.Output{Pin: rest}}
			b := work(t, o)
			b.dev.Show(cabinet.Help)
			b.after(4500 * ms)
			b.dev.Show(cabinet.Fault)
			b.after(10 * time.Second)
			b.dev.Show("nonsense")
			b.after(11 * time.Second)
			own.expect(t, "Low 0s", "High 4.5s", "Low 10s")
			rest.expect(t, "Low 0s", "High 0s", "Low 1s", "High 2s", "Low 3s", "High 4s", "Low 4.5s")
		})
	})
}

func TestBuzzer(t *testing.T) {
	for _, c := range []struct {
		name  string
		sound cabinet.Sound
		want  []string
	}{
		{"Done", cabinet.Done, []string{"High 1s", "Low 1.08s"}},
		{"Attention", cabinet.Attention, []string{"High 1s", "Low 1.15s", "High 1.25s", "Low 1.4s"}},
		{"Alarm", cabinet.Alarm, []string{"High 1s", "Low 1.4s", "High 1.6s", "Low 2s", "High 2.2s", "Low 2.6s"}},
		{"Nonsense", "nonsense", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pin := newOutput()
				o := cabinet.DefaultOpts()
				o.Buzzer.Pin = pin
				b := work(t, o)
				b.after(time.Second)
				b.dev.Buzz(c.sound)
				b.after(time.Minute)
				pin.expect(t, append([]string{"Low 0s"}, c.want...)...)
			})
		})
	}
	t.Run("Newest", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			pin := newOutput()
			o := cabinet.DefaultOpts()
			o.Buzzer.Pin = pin
			b := work(t, o)
			b.dev.Buzz(cabinet.Alarm)
			b.after(500 * ms)
			b.dev.Buzz(cabinet.Alarm)
			b.dev.Buzz(cabinet.Done)
			b.after(time.Minute)
			pin.expect(t, "Low 0s", "High 0s", "Low 400ms", "High 500ms", "Low 580ms")
		})
	})
}

// Whatever was on, after Run it is off.
func TestShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lamp, buzzer := newOutput(), newOutput()
		o := cabinet.DefaultOpts()
		o.Lamp.Ready = cabinet.Output{Pin: lamp, ActiveLow: true}
		o.Buzzer.Pin = buzzer
		o.Door = contact(input(gpio.Low))
		b := work(t, o)
		b.dev.Show(cabinet.Ready)
		b.dev.Buzz(cabinet.Alarm)
		b.after(150 * ms)
		b.stop()
		lamp.expect(t, "High 0s", "Low 0s", "High 150ms")
		buzzer.expect(t, "Low 0s", "High 0s", "Low 150ms")
		if took := time.Since(b.began) - 150*ms; took > 100*ms {
			t.Errorf("Run took %s to end", took)
		}
		b.dev.Show(cabinet.Fault)
		b.dev.Buzz(cabinet.Done)
		synctest.Wait()
		lamp.expect(t, "High 0s", "Low 0s", "High 150ms")
	})
}

// An event that takes long holds up other events, but neither lamp nor buzzer.
func TestSlowListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		buzzer := newOutput()
		o := cabinet.DefaultOpts()
		o.Buzzer.Pin = buzzer
		o.Door, o.Tamper = contact(input(gpio.High)), contact(input(gpio.High))
		dev := cabinet.New(o)
		ctx, cancel := context.WithCancel(t.Context())
		var told []cabinet.Event
		dev.Run(ctx, func(e cabinet.Event) {
			told = append(told, e)
			dev.Buzz(cabinet.Done)
			time.Sleep(time.Minute)
			if len(told) == 2 {
				cancel()
			}
		})
		slices.Sort(told)
		if !slices.Equal(told, []cabinet.Event{cabinet.DoorOpened, cabinet.Tampered}) {
			t.Errorf("told %q", told)
		}
		buzzer.expect(t, "Low 0s", "High 50ms", "Low 130ms", "High 1m0.05s", "Low 1m0.13s")
	})
}

func TestNothingFitted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := work(t, cabinet.DefaultOpts())
		b.dev.Show(cabinet.Fault)
		b.dev.Buzz(cabinet.Alarm)
		b.after(time.Minute)
		b.expect()
		if err := b.dev.Err(); err != nil {
			t.Error(err)
		}
		if got := b.dev.String(); got != "no parts" {
			t.Errorf("it is called %q", got)
		}
	})
}

// Parts that don't work are told of, and the others work.
func TestBroken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lamp := newOutput()
		o := cabinet.DefaultOpts()
		o.Door = contact(&gpiotest.Pin{N: "GPIO4", EdgesChan: nil}) // has no edges, so In refuses
		o.Tamper = contact(input(gpio.High))
		o.Buzzer.Pin = gpio.INVALID
		o.Lamp.Ready.Pin = lamp
		b := work(t, o)
		b.after(time.Second)
		b.expect("tampered 50ms")
		var broken interface{ Unwrap() []error }
		if err := b.dev.Err(); !errors.As(err, &broken) || len(broken.Unwrap()) != 2 {
			t.Fatalf("broken: %v", err)
		}
		for i, op := range []string{"buzzer", "door switch"} {
			var e *kiosk.Error
			if err := broken.Unwrap()[i]; !errors.As(err, &e) || e.Code != kiosk.EUnavailable || e.Op != op || e.Hint == "" {
				t.Errorf("broken: %v", err)
			}
		}
		if got := b.dev.String(); got != "buzzer INVALID, lamp ready OUT, door switch GPIO4, tamper switch IN" {
			t.Errorf("it is called %q", got)
		}

		lamp.breaks(errors.New("no such line"))
		b.dev.Show(cabinet.Ready)
		synctest.Wait()
		if err := b.dev.Err(); !errors.As(err, &broken) || len(broken.Unwrap()) != 3 {
			t.Errorf("broken: %v", err)
		}
		lamp.breaks(nil)
		b.dev.Show(cabinet.Dark)
		synctest.Wait()
		if err := b.dev.Err(); !errors.As(err, &broken) || len(broken.Unwrap()) != 2 {
			t.Errorf("mended: %v", err)
		}
	})
}

// All at once, in real time, for the race detector and goleak.
func TestFromAnywhere(t *testing.T) {
	door := input(gpio.High)
	o := cabinet.DefaultOpts()
	o.Lamp = cabinet.Lamp{Ready: cabinet.Output{Pin: &gpiotest.Pin{}}, Single: cabinet.Output{Pin: &gpiotest.Pin{}}}
	o.Buzzer.Pin = &gpiotest.Pin{}
	o.Door = cabinet.Input{Pin: door, Debounce: ms}
	dev := cabinet.New(o)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for ctx.Err() == nil {
				for _, s := range []cabinet.Signal{cabinet.Ready, cabinet.Help, cabinet.Fault, cabinet.Dark} {
					dev.Show(s)
					dev.Buzz(cabinet.Done)
					_ = dev.Err()
					runtime.Gosched()
				}
			}
		})
	}
	dev.Run(ctx, func(e cabinet.Event) {
		switch e {
		case cabinet.DoorOpened:
			door.EdgesChan <- gpio.Low
		case cabinet.DoorClosed:
			cancel()
		}
	})
	callers.Wait()
}
