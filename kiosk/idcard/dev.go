package idcard

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"

	"periph.io/x/conn/v3"

	"hallkiosk/kiosk"
)

// MinPoll is the shortest time between two questions for a card.
const MinPoll = 300 * time.Millisecond

// How long the reader may think about a command, beyond what its bytes take
// on the line.
const (
	thinking = time.Second     // find, select and all others
	reading  = 3 * time.Second // read
)

// Opts are what a Dev needs besides its line.
type Opts struct {
	Baud  int           // the line's speed, for the deadlines; 0 is 115200
	Poll  time.Duration // the time between two questions for a card; less than MinPoll is MinPoll
	Now   func() time.Time
	After func(time.Duration) <-chan time.Time
}

// DefaultOpts are those of the standard reader.
func DefaultOpts() Opts {
	return Opts{Baud: 115200, Poll: MinPoll, Now: time.Now, After: time.After}
}

// Dev is a card reader on a line. One goroutine at a time may be in Read, Gone
// or Watch; Status and String may be called from any other meanwhile.
type Dev struct {
	c    conn.Conn
	o    Opts
	turn chan struct{} // holds one token while somebody talks with the reader

	// What follows belongs to whoever has the turn.
	late    bool // an answer may still be owed: wait for silence before asking again
	lies    place
	next    time.Time                 // no question for a card before this
	text    [headSize + textSize]byte // of a card; zeroed before the turn ends
	scratch [256]byte                 // what is dropped; zeroed after every answer
}

// place is what we know of the place where cards lie.
type place int

const (
	empty  place = iota // no card that we know of
	known               // the card that was read
	spoilt              // a card that couldn't be read: only lifting it helps
)

// New returns a reader on c; see the package for what c's Tx must do. It
// doesn't touch the line yet. What o leaves zero is as in DefaultOpts.
func New(c conn.Conn, o Opts) *Dev {
	def := DefaultOpts()
	if o.Baud == 0 {
		o.Baud = def.Baud
	}
	if o.Now == nil {
		o.Now = def.Now
	}
	if o.After == nil {
		o.After = def.After
	}
	o.Poll = max(o.Poll, MinPoll)
	return &Dev{c: c, o: o, turn: make(chan struct{}, 1)}
}

// String names the line.
func (d *Dev) String() string { return d.c.String() }

// Read waits for a card and returns it. A card that Read has returned is not
// returned again while it lies there: Read first waits for it to be lifted.
// The errors are kiosk.Errors with a message for the citizen: EInvalid when
// the card as it lies there can't be read or isn't of a kind we know, and must
// be lifted first; EUnavailable or EBusy when the reader doesn't answer, is gone
// or is broken; EUnavailable around ctx's error when ctx ends.
func (d *Dev) Read(ctx context.Context) (Card, error) {
	for {
		if e := d.look(ctx, func() {}); e.What == CardRead || e.Err != nil {
			return e.Card, e.Err
		}
	}
}

// Gone waits until the card that Read returned has been lifted; nil at once
// when none lies there. After a card that couldn't be read it waits until the
// reader doesn't find it, which with most readers is so even before it is
// lifted. An error of the reader or of ctx is as in Read; whoever has a
// person's data on a screen should then clear it too.
func (d *Dev) Gone(ctx context.Context) error {
	for {
		there, err := d.lying(ctx)
		if !there || err != nil {
			return err
		}
	}
}

// Status asks the reader how it is and for the number of its SAM, which is
// written on its label, such as 05.03-20240601-0000000001-0000000002. The
// errors are those of Read. A Status may wait for the read of a card that has begun.
func (d *Dev) Status(ctx context.Context) (sam string, err error) {
	const op = "ask card reader"
	if err := d.begin(ctx); err != nil {
		return "", d.fault(op, err)
	}
	defer d.end()
	if sw, _, err := d.ask(ctx, cmdStatus, nil); err != nil {
		return "", d.fault(op, err)
	} else if sw != swOK {
		return "", d.fault(op, sw)
	}
	var id [16]byte
	sw, size, err := d.ask(ctx, cmdSAM, id[:])
	switch {
	case err != nil:
		return "", d.fault(op, err)
	case sw != swOK:
		return "", d.fault(op, sw)
	case size != len(id):
		return "", d.fault(op, fmt.Errorf("%w: SAM number of %d bytes", errBroken, size))
	}
	le := binary.LittleEndian
	return fmt.Sprintf("%02d.%02d-%08d-%010d-%010d", le.Uint16(id[0:]), le.Uint16(id[2:]), le.Uint32(id[4:]), le.Uint32(id[8:]), le.Uint32(id[12:])), nil
}

// begin takes the turn; every begin without an error needs an end.
func (d *Dev) begin(ctx context.Context) error {
	select {
	case d.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d *Dev) end() { <-d.turn }

// pace takes the turn and waits until the reader may be asked for a card.
func (d *Dev) pace(ctx context.Context) error {
	if err := d.begin(ctx); err != nil {
		return err
	}
	err := d.wait(ctx, d.next.Sub(d.o.Now()))
	if err != nil {
		d.end()
	}
	return err
}

func (d *Dev) wait(ctx context.Context, t time.Duration) error {
	if t > 0 {
		select {
		case <-d.o.After(t):
		case <-ctx.Done():
		}
	}
	return ctx.Err()
}

// rest gives the turn back after a question for a card.
func (d *Dev) rest() {
	d.next = d.o.Now().Add(d.o.Poll)
	d.end()
}

// look asks once what lies on the reader, and reads it when it is new. put is
// called before that. An event without What is: nothing new.
func (d *Dev) look(ctx context.Context, put func()) Event {
	const op = "read card"
	if err := d.pace(ctx); err != nil {
		return lost(d.fault(op, err))
	}
	defer d.rest()
	if was := d.lies; was != empty {
		there, err := d.still(ctx)
		switch {
		case err != nil:
			return lost(d.fault(op, err))
		case !there && was == known:
			return Event{What: CardLifted}
		}
		return Event{}
	}
	found, err := d.find(ctx)
	if err != nil {
		return lost(d.fault(op, err))
	}
	if !found {
		return Event{}
	}
	put()
	card, err := d.take(ctx)
	switch {
	case err == nil:
		d.lies = known
		return Event{What: CardRead, Card: card}
	case cardsFault(err):
		d.lies = spoilt
		return Event{What: CardFailed, Err: err}
	}
	return lost(err)
}

// lying asks once whether the card that is known or spoilt is there.
func (d *Dev) lying(ctx context.Context) (bool, error) {
	const op = "wait for card to be lifted"
	if err := d.begin(ctx); err != nil {
		return false, d.fault(op, err)
	}
	lies := d.lies
	d.end()
	if lies == empty {
		return false, nil
	}
	if err := d.pace(ctx); err != nil {
		return false, d.fault(op, err)
	}
	defer d.rest()
	there, err := d.still(ctx)
	if err != nil {
		return false, d.fault(op, err)
	}
	return there, nil
}

// still says whether the card that is known or spoilt lies there, and forgets
// it when it doesn't. Find can't tell of a card that was read: most readers
// answer that there is none, others find it again; the new address, which we
// don't want, tells with both.
func (d *Dev) still(ctx context.Context) (there bool, err error) {
	if d.lies == known {
		var sw SW3
		sw, _, err = d.ask(ctx, cmdAddress, nil)
		switch {
		case err != nil:
			return false, err
		case sw == swOK, sw == swNoContent:
			there = true
		case sw == swUnknown, sw == swForbidden: // a reader without that command
			there, err = d.find(ctx)
		case sw == swBadSum, sw == swBadLength, sw == swSelfTest, sw == swNotAuthorised:
			err = sw // not about the card
		}
	} else {
		there, err = d.find(ctx)
	}
	if !there && err == nil {
		d.lies = empty
	}
	return there, err
}

// find asks for a card.
func (d *Dev) find(ctx context.Context) (bool, error) {
	sw, _, err := d.ask(ctx, cmdFind, nil)
	switch {
	case err != nil:
		return false, err
	case sw == swFound:
		return true, nil
	case sw == swNotFound:
		return false, nil
	}
	d.late = true // perhaps the answer to another question
	return false, sw
}

// take selects and reads the card that was found. Nothing is tried twice: what
// a card does after a failed read is not known, and lifting it mends that.
func (d *Dev) take(ctx context.Context) (Card, error) {
	defer clear(d.text[:])
	sw, _, err := d.exchange(ctx, cmdSelect, thinking, nil)
	if err == nil && sw != swOK {
		err = sw
	}
	if err != nil {
		return Card{}, d.refused("select card", err)
	}
	sw, size, err := d.exchange(ctx, cmdRead, reading, d.text[:])
	if err == nil && sw != swOK {
		err = sw
	}
	if err != nil {
		return Card{}, d.refused("read card", err)
	}
	card, err := parse(d.text[:], size)
	if err != nil {
		return Card{}, d.refused("read card", err)
	}
	return card, nil
}

// refused is fault for a card on the reader: an answer that broke on its way
// is mended by putting the card on again.
func (d *Dev) refused(op string, err error) error {
	var e *kiosk.Error
	switch {
	case errors.Is(err, errBroken):
		broken := d.fault(op, err).(*kiosk.Error)
		broken.Code, broken.Message = kiosk.EInvalid, sayAgain
		return broken
	case errors.As(err, &e) && e.Code == kiosk.EInvalid: // what parse said
		e.Op, e.Hint = op, d.String()+": "+e.Hint
		return e
	}
	return d.fault(op, err)
}

// ask is exchange for a command that may be sent twice, which it is when the
// answer is lost or broken, at the pace of the questions for a card.
func (d *Dev) ask(ctx context.Context, cmd, data []byte) (sw SW3, size int, err error) {
	sw, size, err = d.exchange(ctx, cmd, thinking, data)
	if errors.Is(err, errBroken) || errors.Is(err, os.ErrDeadlineExceeded) {
		if err := d.wait(ctx, d.o.Poll); err != nil {
			return 0, 0, err
		}
		sw, size, err = d.exchange(ctx, cmd, thinking, data)
	}
	return sw, size, err
}
