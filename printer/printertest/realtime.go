package printertest

// realtime recognises real-time commands in the raw line, blind to what they
// stand in: that is how a status poll inside raster data is answered, and how a
// picture with an unlucky pair of bytes kicks the cash drawer.
type realtime struct {
	code []byte // from the 10 on
	acts int    // how many acted
}

// clearBuffers is the tail of DLE DC4 8, which must match to the last byte.
var clearBuffers = []byte{0x08, 0x01, 0x03, 0x14, 0x01, 0x06, 0x02, 0x08}

// liveSize returns how many bytes the real-time command in code has, as far as
// code tells; 0 is none.
func liveSize(code []byte) int {
	switch {
	case code[0] != 0x10:
		return 0
	case len(code) == 1:
		return 2
	case code[1] == 0x04 || code[1] == 0x05:
		return 3
	case code[1] != 0x14:
		return 0
	case len(code) == 2:
		return 3
	}
	switch code[2] {
	case 0x01, 0x02: // pulse, power-off sequence
		return 5
	case 0x03: // buzzer
		return 8
	case 0x07: // status of ink and the like
		return 4
	case 0x08:
		return 10
	}
	return 0
}

// hear gives one byte off the line to the recogniser.
func (p *Printer) hear(c byte) {
	l := &p.live
	l.code = append(l.code, c)
	n := liveSize(l.code)
	if len(l.code) > 2 && l.code[1] == 0x14 && l.code[2] == 0x08 && c != clearBuffers[len(l.code)-3] {
		n = 0
	}
	switch {
	case n == 0 && c == 0x10 && len(l.code) > 1:
		l.code = []byte{c}
	case n == 0:
		l.code = nil
	case len(l.code) == n:
		code := l.code
		l.code = nil
		l.acts++
		p.act(code)
	}
}

// act carries out a real-time command.
func (p *Printer) act(code []byte) {
	switch n := code[2]; code[1] {
	case 0x04:
		switch {
		case n >= 1 && n <= 4:
			p.answer(Live, p.status(n))
		case n == 0x14 && p.o.Exit == Custom:
			p.answer(Live, p.full()...)
		default:
			p.note(code)
		}
	case 0x05:
		switch {
		case n == 0: // the feed button
		case n > 2 || p.o.NoReset:
			p.note(code)
		case !p.failed(): // it recovers from errors only
		case n == 2:
			p.forget()
			p.set(Cutter, false)
		default:
			p.set(Cutter, false)
		}
	case 0x14:
		if n == 0x08 && !p.o.NoClear {
			p.forget()
			p.answer(Other, 0x37, 0x25, 0x00)
			return
		}
		if n != 0x01 && n != 0x03 {
			p.note(code)
		}
	}
}
