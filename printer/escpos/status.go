package escpos

// Reply is one whole answer of a printer.
type Reply struct {
	Kind Kind
	Data []byte // the bytes as they came; for Block without head and end
}

// Kind says which question a reply answers.
type Kind byte

// The kinds of reply.
const (
	RealTime  Kind = 'R' // one byte, to DLE EOT
	Automatic Kind = 'A' // four bytes, sent unasked on a change
	Queued    Kind = 'Q' // one byte, to GS r: all before it is done
	JobDone   Kind = 'J' // four bytes, to GS ( H: the job's id
	Block     Kind = 'B' // any other block, such as GS I's
)

// maxBlock bounds a block that never ends, in bytes.
const maxBlock = 128

// Sorter splits what a printer sends into replies. Bits 0, 1, 4 and 7 tell
// them apart (Epson, "Status transmission"). The zero value is ready.
type Sorter struct {
	auto  []byte
	block []byte
}

// Byte takes one received byte and returns a reply when it completes one.
// Bytes that fit nowhere are noise and are dropped.
func (s *Sorter) Byte(c byte) (Reply, bool) {
	switch {
	case s.block != nil:
		if c != 0 {
			if s.block = append(s.block, c); len(s.block) > maxBlock {
				s.block = nil
			}
			return Reply{}, false
		}
		b := s.block
		s.block = nil
		if len(b) == 6 && b[0] == 0x37 && b[1] == 0x22 {
			return Reply{JobDone, b[2:]}, true
		}
		return Reply{Block, b}, true
	case s.auto != nil && c&0x90 == 0:
		if s.auto = append(s.auto, c); len(s.auto) < 4 {
			return Reply{}, false
		}
		a := s.auto
		s.auto = nil
		return Reply{Automatic, a}, true
	case c&0x93 == 0x12:
		return Reply{RealTime, []byte{c}}, true // may come between the bytes of an automatic status
	case c&0x93 == 0x10:
		s.auto = []byte{c}
	case c == 0x37 || c == 0x5F:
		s.auto, s.block = nil, []byte{c}
	case c&0x90 == 0:
		s.auto = nil
		return Reply{Queued, []byte{c}}, true
	}
	return Reply{}, false
}

// Fault of a printer, as bits; several may be seen at once.
type Fault uint16

// The faults.
const (
	Offline Fault = 1 << iota
	Cover
	PaperOut
	NearEnd // advice, not a fault
	Jam
	Cutter
	Hot // recovers by itself
	Fatal
)

// Serious leaves out what is only advice.
func (f Fault) Serious() Fault { return f &^ NearEnd }

// RealTimeFault reads the answer c to DLE EOT n, n from 1 to 4.
func RealTimeFault(n int, c byte) Fault {
	switch n {
	case 1:
		return bits(c, 0x08, Offline)
	case 2:
		return bits(c, 0x04, Cover) | bits(c, 0x20, PaperOut)
	case 3:
		return bits(c, 0x04, Jam) | bits(c, 0x08, Cutter) | bits(c, 0x20, Fatal) | bits(c, 0x40, Hot)
	case 4:
		return bits(c, 0x0C, NearEnd) | bits(c, 0x60, PaperOut)
	}
	return 0
}

// AutomaticFault reads an automatic status of four bytes.
func AutomaticFault(a []byte) Fault {
	return bits(a[0], 0x08, Offline) | bits(a[0], 0x20, Cover) |
		bits(a[1], 0x04, Jam) | bits(a[1], 0x08, Cutter) | bits(a[1], 0x20, Fatal) | bits(a[1], 0x40, Hot) |
		bits(a[2], 0x03, NearEnd) | bits(a[2], 0x0C, PaperOut)
}

func bits(c, mask byte, f Fault) Fault {
	if c&mask != 0 {
		return f
	}
	return 0
}
