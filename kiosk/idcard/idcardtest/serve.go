package idcardtest

import (
	"context"
	"errors"
	"io"
	"time"
)

// ErrUnplugged is what Serve ends with when the cable comes out: the host's port
// hangs up.
var ErrUnplugged = errors.New("reader's cable is out")

// Serve works the reader at the end of a line until ctx ends (nil), the cable
// comes out (ErrUnplugged) or the line breaks. rw should have SetDeadline, as files
// and sockets have; if it hasn't and is an io.Closer, Serve closes it at the end.
func (r *Reader) Serve(ctx context.Context, rw io.ReadWriter) error {
	end := ctx
	ctx, cancel := context.WithCancelCause(ctx)
	pulled, freed := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(pulled)
		if r.Wait(ctx, func(s State) bool { return s.Unplugged }) == nil {
			cancel(ErrUnplugged)
		}
	}()
	context.AfterFunc(ctx, func() {
		defer close(freed)
		if d, ok := rw.(deadliner); ok && d.SetDeadline(time.Unix(1, 0)) == nil {
			return
		}
		if c, ok := rw.(io.Closer); ok {
			_ = c.Close()
		}
	})
	b := make([]byte, 4096)
	for ctx.Err() == nil {
		n, err := rw.Read(b)
		for _, a := range r.take(b[:n]) {
			if err == nil {
				err = a.send(ctx, rw)
			}
		}
		if err != nil {
			cancel(err) // ctx may have ended before, with a better reason
		}
	}
	<-pulled
	<-freed
	if d, ok := rw.(deadliner); ok {
		_ = d.SetDeadline(time.Time{})
	}
	if end.Err() != nil {
		return nil
	}
	return context.Cause(ctx)
}

type deadliner interface{ SetDeadline(time.Time) error }
