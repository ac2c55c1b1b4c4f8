package cabinet

import (
	"context"
	"time"

	"periph.io/x/conn/v3/gpio"
)

// Event is something that happened in or before the cabinet.
type Event string

// The events.
const (
	PresenceOn  Event = "presence.on" // somebody came: wake the screen
	PresenceOff Event = "presence.off"
	DoorOpened  Event = "door.opened" // lock the screen, tell the center
	DoorClosed  Event = "door.closed"
	Tampered    Event = "tampered"   // lock the screen, tell the center; that it is over is for people to say
	PaperLow    Event = "paper.low"  // advice only
	PaperGood   Event = "paper.good" // a new roll was put in
)

// input is an Input that is fitted, with the events of its two states.
type input struct {
	part string
	Input
	on, off Event // off may be empty
}

func (in input) active() bool { return bool(in.Pin.Read()) != in.ActiveLow }

// look is how long at most an edge is waited for. Then the level is read all
// the same, so an edge that got lost is only late, and the context is asked.
const look = 100 * time.Millisecond

// watch tells of the input's changes until ctx ends.
func (d *Dev) watch(ctx context.Context, in input, events chan<- Event) {
	if err := in.Pin.In(in.Pull, gpio.BothEdges); err != nil {
		d.note(in.part, in.Pin.Name(), err)
		return
	}
	var (
		state bool      // as last told
		since time.Time // when it was last seen to become otherwise; zero while it isn't
		edge  bool
	)
	for ctx.Err() == nil {
		wait := look
		now := d.o.Now()
		switch steady := now.Sub(since); {
		case in.active() == state:
			since = time.Time{}
		case since.IsZero() || edge: // it just changed, or still bounces
			since, wait = now, in.Debounce
		case steady < in.Debounce:
			wait = in.Debounce - steady
		default:
			state, since = !state, time.Time{}
			event := in.off
			if state {
				event = in.on
			}
			if event == "" {
				break
			}
			select {
			case events <- event:
			case <-ctx.Done():
			}
		}
		edge = d.edge(ctx, in.Pin, min(max(wait, time.Millisecond), look))
	}
}

// edge waits for an edge, and says whether one came. The timeout must be more
// than 0: what 0 and -1 mean differs between the pins of periph. A pin that
// gives up at once, such as one whose device went away, is waited for here, so
// that nobody spins on it.
func (d *Dev) edge(ctx context.Context, pin gpio.PinIn, timeout time.Duration) bool {
	began := d.o.Now()
	if pin.WaitForEdge(timeout) {
		return true
	}
	if left := timeout - d.o.Now().Sub(began); left > timeout/2 {
		select {
		case <-ctx.Done():
		case <-d.o.After(left):
		}
	}
	return false
}
