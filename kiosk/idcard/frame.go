package idcard

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"
)

// A frame is the preamble, a length as u16BE, the body and a checksum. The
// length counts body and checksum; the checksum is the XOR of everything
// between the preamble and itself. The host's body is a command and its
// parameter, the reader's SW1, SW2, SW3 and data.
var preamble = [5]byte{0xAA, 0xAA, 0xAA, 0x96, 0x69}

const (
	maxLength = 4096 // the longest frame we believe; a read is 1288
	maxNoise  = 64   // bytes before a preamble; more is not an answer
	overhead  = 4    // SW1, SW2, SW3 and the checksum: what a length counts beside data
)

// The commands. 30 10 (fingerprint) and the makers' own codes are never sent.
var (
	cmdStatus  = command(0x11, 0xFF)
	cmdSAM     = command(0x12, 0xFF)
	cmdFind    = command(0x20, 0x01)
	cmdSelect  = command(0x20, 0x02)
	cmdRead    = command(0x30, 0x01)
	cmdAddress = command(0x30, 0x03)
)

func command(cmd, para byte) []byte {
	const length = 3
	return append(preamble[:len(preamble):len(preamble)], 0, length, cmd, para, length^cmd^para)
}

// errBroken is an answer that can't be believed.
var errBroken = errors.New("broken frame")

// exchange sends one command and receives its answer: SW3, the size of the
// data after it, and of that data what fits into data. The reader has base to
// begin with the answer, beyond what the line takes for it. Errors:
// os.ErrDeadlineExceeded when nothing came, errBroken, the context's, and the
// port's own when the line is gone.
func (d *Dev) exchange(ctx context.Context, cmd []byte, base time.Duration, data []byte) (sw SW3, size int, err error) {
	if d.late {
		if err := d.drain(ctx); err != nil {
			return 0, 0, err
		}
	}
	d.late = true
	if err := d.c.Tx(cmd, nil); err != nil {
		return 0, 0, err
	}
	r := reply{d: d, until: d.o.Now().Add(base + d.line(len(cmd)+len(preamble)+2))}
	sw, size, err = r.receive(ctx, data)
	d.late = err != nil
	return sw, size, err
}

// line is how long n bytes take on the line.
func (d *Dev) line(n int) time.Duration {
	return time.Duration(n) * 10 * time.Second / time.Duration(d.o.Baud)
}

// drain waits for an answer that is still owed to arrive and be forgotten.
func (d *Dev) drain(ctx context.Context) error {
	b := d.scratch[:1]
	defer clear(b)
	for until := d.o.Now().Add(time.Second + d.line(maxLength)); d.o.Now().Before(until); {
		err := d.c.Tx(nil, b)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return ctx.Err()
		}
		if err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: it never stops talking", errBroken)
}

// reply is one answer on its way in.
type reply struct {
	d     *Dev
	until time.Time // when we stop waiting for more
	begun bool      // something came
	sum   byte      // XOR of what came, since it was last set to 0
}

// receive reads one frame; see exchange. Its end is where its length says: a
// preamble inside a photo is a part of the photo. At most 256 bytes of what is
// dropped are held at a time.
func (r *reply) receive(ctx context.Context, data []byte) (sw SW3, size int, err error) {
	scratch := r.d.scratch[:]
	defer clear(scratch)
	if err := r.hunt(ctx); err != nil {
		return 0, 0, err
	}
	r.sum = 0
	if err := r.fill(ctx, scratch[:2]); err != nil {
		return 0, 0, err
	}
	length := int(binary.BigEndian.Uint16(scratch))
	if length < overhead || length > maxLength {
		return 0, 0, fmt.Errorf("%w: length %d", errBroken, length)
	}
	r.until = r.until.Add(r.d.line(length))
	if err := r.fill(ctx, scratch[:3]); err != nil {
		return 0, 0, err
	}
	sw = SW3(scratch[2])
	size = length - overhead
	kept := min(size, len(data))
	if err := r.fill(ctx, data[:kept]); err != nil {
		return 0, 0, err
	}
	for rest := size - kept; rest > 0; {
		n := min(rest, len(scratch))
		if err := r.fill(ctx, scratch[:n]); err != nil {
			return 0, 0, err
		}
		rest -= n
	}
	if err := r.fill(ctx, scratch[:1]); err != nil {
		return 0, 0, err
	}
	if r.sum != 0 {
		return 0, 0, fmt.Errorf("%w: checksum", errBroken)
	}
	return sw, size, nil
}

// hunt reads up to the end of a preamble. Noise before it and more AA than
// belong to it are passed over, up to maxNoise bytes.
func (r *reply) hunt(ctx context.Context) error {
	var window [len(preamble)]byte
	b := r.d.scratch[:1]
	for range maxNoise + len(preamble) {
		if err := r.fill(ctx, b); err != nil {
			return err
		}
		copy(window[:], window[1:])
		window[len(window)-1] = b[0]
		if window == preamble {
			return nil
		}
	}
	return fmt.Errorf("%w: noise in place of an answer", errBroken)
}

// fill reads len(b) bytes and adds them to the sum.
func (r *reply) fill(ctx context.Context, b []byte) error {
	if len(b) == 0 {
		return nil
	}
	for {
		err := r.d.c.Tx(nil, b)
		switch {
		case err == nil:
			r.begun = true
			for _, c := range b {
				r.sum ^= c
			}
			return nil
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case r.d.o.Now().Before(r.until):
			continue
		case r.begun:
			return fmt.Errorf("%w: it ends in the middle", errBroken)
		}
		return err
	}
}
