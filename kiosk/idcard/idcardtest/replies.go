package idcardtest

import (
	"context"
	"io"
	"slices"
	"time"
)

// Command is a command that can be made to fail.
type Command string

// The commands.
const (
	Status  Command = "status"
	Find    Command = "find"
	Select  Command = "select"
	Read    Command = "read"
	Address Command = "address" // the latest address, 30 03
)

// Commands lists all of them.
var Commands = []Command{Status, Find, Select, Read, Address}

// Failures lists the SW3 that say no.
var Failures = []byte{BadChecksum, BadLength, BadCommand, Forbidden, Unknown, AuthSAM, AuthCard, BadVerify, BadInfoLength,
	BadCardType, NotRead, RandomFailed, SelfTest, NotAuthorised, NotFound, NotSelected, NoContent}

// Failing is how a command is made to fail.
type Failing struct {
	Next   []byte // SW3 of the next ones
	Always byte   // SW3 of those after; 0 is none
}

// Spoil is what happens to a reply's bytes. Positions count the five of the
// preamble from 1; 0 is none of them.
type Spoil struct {
	XOR     bool // the checksum is wrong
	Wrong   int  // this byte of the preamble has a flipped bit
	Missing int  // this byte of the preamble isn't sent
}

// Fail makes the next commands of a kind fail with these SW3, in turn. A failed
// Read also means that the card must be lifted and put back.
func (r *Reader) Fail(c Command, sw3 ...byte) {
	r.set(func() { r.fails[c] = Failing{Next: slices.Clone(sw3), Always: r.fails[c].Always} })
}

// FailAlways makes all commands of a kind fail with sw3, after those that Fail
// names; 0 ends it.
func (r *Reader) FailAlways(c Command, sw3 byte) {
	r.set(func() { r.fails[c] = Failing{Next: r.fails[c].Next, Always: sw3} })
}

// FailReads is Fail for Read.
func (r *Reader) FailReads(sw3 ...byte) { r.Fail(Read, sw3...) }

// SpoilReplies spoils the next n replies, -1 all of them.
func (r *Reader) SpoilReplies(n int, s Spoil) { r.set(func() { r.spoiled, r.spoil = n, s }) }

// LiftAtByte has the card lifted during the next read, when n bytes of the reply
// are sent: the rest never comes. 0 takes that back.
func (r *Reader) LiftAtByte(n int) { r.set(func() { r.liftAt = n }) }

// failure takes the SW3 that a command must fail with; 0 is none.
func (r *Reader) failure(c Command) (sw3 byte) {
	f := r.fails[c]
	if len(f.Next) == 0 {
		return f.Always
	}
	sw3, f.Next = f.Next[0], f.Next[1:]
	r.fails[c] = f
	r.change()
	return sw3
}

// mangle spoils a frame if its turn has come.
func (r *Reader) mangle(frame []byte) []byte {
	if r.spoiled == 0 {
		return frame
	}
	if r.spoiled > 0 {
		r.spoiled--
		r.change()
	}
	s := r.spoil
	if s.XOR {
		frame[len(frame)-1] ^= 0x01
	}
	if s.Wrong > 0 {
		frame[s.Wrong-1] ^= 0x10
	}
	if s.Missing > 0 {
		frame = slices.Delete(frame, s.Missing-1, s.Missing)
	}
	return frame
}

// reply is one answer with the pace at which it goes out.
type reply struct {
	b            []byte
	delay, pause time.Duration
	piece        int // bytes at a time; 0 is all
}

func (a reply) send(ctx context.Context, w io.Writer) error {
	wait := a.delay
	for b := a.b; len(b) > 0; {
		if err := sleep(ctx, wait); err != nil {
			return err
		}
		n := len(b)
		if a.piece > 0 {
			n = min(n, a.piece)
		}
		if _, err := w.Write(b[:n]); err != nil {
			return err
		}
		b, wait = b[n:], a.pause
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
