package idcard

import (
	"context"
	"errors"
	"io"
	"os"

	"periph.io/x/conn/v3"

	"hallkiosk/kiosk"
)

// bauds are the speeds a reader can be set to, the likeliest first.
var bauds = []int{115200, 57600, 38400, 19200, 9600}

// Search finds the speed at which a reader answers. It opens the line at one
// speed after the other and asks for the reader's status, twice at each, which
// takes 2 s where nothing answers. What open returns is closed again, if it is
// an io.Closer, before the next is opened and before Search returns. A reader
// that reports itself broken has been found. The errors are those of Dev.Read.
func Search(ctx context.Context, open func(baud int) conn.Conn) (int, error) {
	const op = "search card reader"
	var name string
	for _, baud := range bauds {
		c := open(baud)
		d := New(c, Opts{Baud: baud})
		name = d.String()
		_, _, err := d.ask(ctx, cmdStatus, nil)
		if closer, ok := c.(io.Closer); ok {
			_ = closer.Close()
		}
		switch {
		case err == nil:
			return baud, nil
		case ctx.Err() != nil, !errors.Is(err, errBroken) && !errors.Is(err, os.ErrDeadlineExceeded):
			return 0, d.fault(op, err)
		}
	}
	return 0, &kiosk.Error{Code: kiosk.EUnavailable, Op: op, Message: sayBroken, Err: os.ErrDeadlineExceeded,
		Hint: name + ": nothing answers at any speed from 115200 to 9600: check power and cable, and that it is an SDT reader"}
}
