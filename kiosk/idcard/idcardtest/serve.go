package idcardtest

import (
	"context"
	"errors"
	"io"

	"hallkiosk/kiosk/serialport/serialtest"
)

// ErrUnplugged is what Serve ends with when the cable comes out: the host's port
// hangs up.
var ErrUnplugged = errors.New("reader's cable is out")

// Serve works the reader at the end of a line until ctx ends (nil), the cable
// comes out (ErrUnplugged) or the line breaks; see serialtest.Serve.
func (r *Reader) Serve(ctx context.Context, rw io.ReadWriter) error {
	return serialtest.Serve(ctx, rw, func(ctx context.Context) error {
		if r.Wait(ctx, func(s State) bool { return s.Unplugged }) != nil {
			return nil
		}
		return ErrUnplugged
	}, func(ctx context.Context, b []byte) error {
		for _, a := range r.take(b) {
			if err := a.send(ctx, rw); err != nil {
				return err
			}
		}
		return nil
	})
}
