package center

import (
	"context"
	"fmt"
	"time"

	"hallkiosk/kiosk"
)

// Grant is one wish for the next number of a shared series, which is counted
// for each hall, business day and queue.
type Grant struct {
	Request kiosk.RequestID // names the wish; the same id gets the same number
	Kiosk   kiosk.KioskID   // who asks
	Hall    kiosk.HallID
	Day     kiosk.Day
	Queue   kiosk.QueueID // the letters that the number begins with
}

// Granted is a wish and what was given for it.
type Granted struct {
	Grant
	N int // counts from 1
}

// check refuses what can't be right about a wish whatever is stored already.
func (g Grant) check() error {
	refuse := func(hint string) error {
		return &kiosk.Error{Code: kiosk.EInvalid, Op: "grant number", Hint: hint}
	}
	first := kiosk.Number{Queue: g.Queue, N: 1}
	back, err := kiosk.ParseNumber(first.String())
	_, bad := time.Parse(time.DateOnly, string(g.Day))
	switch {
	case g.Request == "" || !text(string(g.Request)):
		return refuse("the request's id must be 1 to 64 bytes of text")
	case g.Kiosk == "" || !text(string(g.Kiosk)) || g.Hall == "" || !text(string(g.Hall)):
		return refuse("hall and kiosk must be 1 to 64 bytes of text")
	case bad != nil:
		return refuse("the day is not written 2006-01-02")
	case err != nil || back != first || !text(string(g.Queue)):
		return refuse("the queue must be letters from A to Z")
	}
	return nil
}

// Granter lets the wishes that come in while a transaction is under way share
// the next one: sixteen clients wait for one sync of the disk, not for
// sixteen. It is the Grant of every Store; make it with NewGranter.
type Granter struct{ turns *Turns[Grant, Granted] }

// NewGranter makes a Granter over put, which stores wishes with different ids
// in one transaction and returns what is stored under each id, older wishes
// included, in any order. Calls of put never overlap.
func NewGranter(put func(context.Context, []Grant) ([]Granted, error)) *Granter {
	return &Granter{NewTurns(func(ctx context.Context, wishes []Grant) ([]Granted, error) {
		held := make(map[kiosk.RequestID]Granted, len(wishes))
		var asked []Grant
		for _, w := range wishes {
			if _, twice := held[w.Request]; !twice {
				held[w.Request] = Granted{}
				asked = append(asked, w)
			}
		}
		all, err := put(ctx, asked)
		for _, h := range all {
			held[h.Request] = h
		}
		answers := make([]Granted, len(wishes))
		for i, w := range wishes {
			answers[i] = held[w.Request]
		}
		return answers, err
	})}
}

// Grant does what Store.Grant promises.
func (g *Granter) Grant(ctx context.Context, grant Grant) (kiosk.Number, error) {
	if err := grant.check(); err != nil {
		return kiosk.Number{}, err
	}
	held, err := g.turns.Ask(ctx, grant)
	if err != nil {
		return kiosk.Number{}, err
	}
	if held.Grant != grant {
		return kiosk.Number{}, &kiosk.Error{Code: kiosk.EConflict, Op: "grant number",
			Hint: fmt.Sprintf("the id of kiosk %s's request was used for another hall, day, queue or kiosk", grant.Kiosk)}
	}
	return kiosk.Number{Queue: held.Queue, N: held.N}, nil
}

// Close answers the wishes that wait and takes no more.
func (g *Granter) Close() { g.turns.Close() }
