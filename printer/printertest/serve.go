package printertest

import (
	"context"
	"io"
	"time"

	"hallkiosk/kiosk/serialport/serialtest"
)

// Serve works the printer at the end of a line, such as the master of a
// pseudo-terminal, until ctx ends (nil), the power goes (ErrOff), the cable comes
// out (ErrUnplugged) or the line breaks; see serialtest.Serve. With baud > 0 bytes
// go over the line at its pace, ten bits a byte, both ways; with 0 as fast as they
// come.
func (p *Printer) Serve(ctx context.Context, rw io.ReadWriter, baud int) error {
	out, in := pace{bit: bit(baud)}, pace{bit: bit(baud)}
	return serialtest.Serve(ctx, rw, func(ctx context.Context) error {
		b := make([]byte, 64)
		for {
			n, err := p.read(ctx, b)
			if err == nil {
				err = out.each(ctx, b[:n], func(c []byte) error { _, err := rw.Write(c); return err })
			}
			if err != nil {
				return err
			}
		}
	}, func(ctx context.Context, b []byte) error {
		return in.each(ctx, b, func(c []byte) error { _, err := p.write(ctx, c); return err })
	})
}

// bit is how long ten bits take.
func bit(baud int) time.Duration {
	if baud <= 0 {
		return 0
	}
	return 10 * time.Second / time.Duration(baud)
}

// pace lets bytes through no faster than a line does.
type pace struct {
	bit time.Duration // a byte; 0 is no limit
	due time.Time
}

// each hands b to f, byte by byte when there is a pace to keep.
func (l *pace) each(ctx context.Context, b []byte, f func([]byte) error) error {
	if l.bit == 0 {
		return f(b)
	}
	for i := range b {
		// A timer that comes late is made up for, an idle line is not.
		if now := time.Now(); now.Sub(l.due) > 5*time.Millisecond {
			l.due = now
		}
		l.due = l.due.Add(l.bit)
		if wait := time.Until(l.due); wait > 0 {
			t := time.NewTimer(wait)
			select {
			case <-t.C:
			case <-ctx.Done():
				t.Stop()
				return ctx.Err()
			}
		}
		if err := f(b[i : i+1]); err != nil {
			return err
		}
	}
	return nil
}
