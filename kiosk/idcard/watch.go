package idcard

import "context"

// What says what happened at a reader.
type What string

// What can happen. CardPut is followed by CardRead, CardFailed or ReaderLost.
// CardLifted follows CardRead only: of a card that couldn't be read most readers
// don't tell whether it still lies there.
const (
	ReaderReady What = "reader_ready" // it answers: at the start, and after ReaderLost
	ReaderLost  What = "reader_lost"  // it is silent, gone or broken: Err
	CardPut     What = "card_put"     // a card was found; its 1,295 bytes take 0.1 s, or 1.4 s at 9600 baud
	CardRead    What = "card_read"    // Card
	CardFailed  What = "card_failed"  // Err; the card must be lifted and put back
	CardLifted  What = "card_lifted"  // the card that was read has been taken away
)

// Event is one thing that happened at a reader.
type Event struct {
	What What
	Card Card  // of CardRead
	Err  error // of ReaderLost and CardFailed: a kiosk.Error, as from Dev.Read
}

func lost(err error) Event { return Event{What: ReaderLost, Err: err} }

// Watch tells what happens at the reader until ctx ends. It tells of a reader's
// loss once, until it is back. tell is called by the goroutine that runs Watch, and
// the reader waits meanwhile: it must not call d.
func (d *Dev) Watch(ctx context.Context, tell func(Event)) {
	var reader What // what was told of it last
	say := func(e Event) {
		if e.What == ReaderLost {
			if reader != ReaderLost {
				reader = ReaderLost
				tell(e)
			}
			return
		}
		if reader != ReaderReady {
			reader = ReaderReady
			tell(Event{What: ReaderReady})
		}
		if e.What != "" {
			tell(e)
		}
	}
	for ctx.Err() == nil {
		e := d.look(ctx, func() { say(Event{What: CardPut}) })
		if e.Err == nil || ctx.Err() == nil {
			say(e)
		}
	}
}
