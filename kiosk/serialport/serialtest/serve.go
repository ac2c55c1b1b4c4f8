package serialtest

import (
	"context"
	"io"
	"time"
)

// Serve works a virtual device at the end of a line until ctx ends (nil), the line
// breaks, or beside returns an error, such as that somebody pulled the cable; that
// one is then the answer. take gets what the driver has sent, whenever something
// comes; beside runs meanwhile, until its ctx is done, and may return nil before.
//
// rw should have SetDeadline, as files and sockets have; if it hasn't and is an
// io.Closer, Serve closes it at the end.
func Serve(ctx context.Context, rw io.ReadWriter, beside func(context.Context) error, take func(context.Context, []byte) error) error {
	end := ctx
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ended, freed := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		if err := beside(ctx); err != nil {
			cancel(err)
		}
	}()
	context.AfterFunc(ctx, func() { unblock(rw); close(freed) })
	b := make([]byte, 4096)
	for ctx.Err() == nil {
		n, err := rw.Read(b)
		if n > 0 {
			if failed := take(ctx, b[:n]); err == nil {
				err = failed
			}
		}
		if err != nil {
			cancel(err) // ctx may have ended before, with a better reason
		}
	}
	<-ended
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

// unblock frees a Read or Write that waits.
func unblock(rw io.ReadWriter) {
	if d, ok := rw.(deadliner); ok && d.SetDeadline(time.Unix(1, 0)) == nil {
		return
	}
	if c, ok := rw.(io.Closer); ok {
		_ = c.Close()
	}
}
