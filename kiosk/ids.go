package kiosk

import (
	"encoding/binary"
	"encoding/hex"
	"io"
	"time"
)

// The stable names of things. All are short ASCII strings chosen by people,
// except TicketID, RequestID and Epoch, which are made by NewID.
type (
	KioskID   string // one terminal, unique in the city
	HallID    string // one hall
	ZoneID    string // a zone of the hall, such as C
	DeptID    string // a department
	QueueID   string // a queue; also the letter its numbers begin with
	ItemID    string // a service item's code
	ThemeID   string // a theme, such as restaurant
	ServiceID string // a convenience of the hall, such as reading
	TicketID  string // UUIDv7 of a ticket; hidden from people, used by every operation

	// RequestID names one wish for a number. Asking again with the same id
	// gives the same ticket. Any non-empty text of at most 64 bytes.
	RequestID string

	// Epoch names one life of a kiosk's database file. It is made when the
	// file is created or restored, so that (kiosk, epoch, seq) never repeats.
	Epoch string
)

// NewID returns a UUIDv7 (RFC 9562) in its canonical 36-character form: 48 bits
// of Unix milliseconds followed by 74 random bits from random. It panics when
// random fails, as crypto/rand never does.
func NewID(now time.Time, random io.Reader) string {
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		panic("kiosk: no randomness for an id: " + err.Error())
	}
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(now.UnixMilli()))
	copy(b[:6], ms[2:])
	b[6] = b[6]&0x0F | 0x70
	b[8] = b[8]&0x3F | 0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
