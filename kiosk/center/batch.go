package center

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"hallkiosk/kiosk"
)

// The bounds of one batch.
const (
	MaxEvents = 1000    // events
	MaxBytes  = 4 << 20 // bytes of JSON, on the line as well as unpacked
)

// Hash is the SHA-256 of what an event says; see Seal.
type Hash [sha256.Size]byte

// Batch is a checked batch on its way into the Store.
type Batch struct {
	kiosk.Batch
	Hashes []Hash    // Hashes[i] belongs to Events[i]
	Got    time.Time // when it came in, by the center's clock
	Latest time.Time // stamps after it raise an alarm; zero raises none

	// Silence is how long another life of the kiosk's store must have said nothing;
	// see Double. 0 lets any speak.
	Silence time.Duration

	// Way says which errands the items of a ticket are, in turn, for a number of
	// a queue, where the first ones are. Nil: all items are for that queue.
	Way func(queue kiosk.QueueID, items []kiosk.ItemID) []kiosk.Errand
}

// Seal makes the form that a Store takes: bodies without insignificant white
// space, and for each event the hash of its kind, stamp and body. The hall is
// left out, so a kiosk that was moved may repeat what it said before. b must
// have passed check, or come from a test.
func Seal(b kiosk.Batch, got time.Time) Batch {
	s := Batch{Batch: b, Hashes: make([]Hash, len(b.Events)), Got: got}
	s.Events = make([]kiosk.Event, len(b.Events))
	var said []byte
	for i, e := range b.Events {
		body := bytes.NewBuffer(make([]byte, 0, len(e.Body)))
		if len(e.Body) == 0 || json.Compact(body, e.Body) != nil {
			body.Reset()
			body.WriteString("null")
		}
		e.Body = body.Bytes()
		s.Events[i] = e
		said = append(append(said[:0], e.Kind...), '\n')
		said = append(strconv.AppendInt(said, e.Stamp.Wall, 10), ' ')
		said = append(strconv.AppendInt(said, e.Stamp.Count, 10), '\n')
		said = append(said, e.Body...)
		s.Hashes[i] = sha256.Sum256(said)
	}
	return s
}

// name is what halls, kiosks, epochs and kinds are called.
var name = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// check refuses what can't be right about a batch whatever is stored already.
// A kiosk whose clock is more than ahead after now, or that doesn't say, may not have
// stamped by it. One whose clock was mended can't take back what it stamped before: that
// comes in as it is, for order is by seq.
func check(b kiosk.Batch, now time.Time, ahead time.Duration) error {
	refuse := func(format string, args ...any) error {
		return &kiosk.Error{Code: kiosk.EInvalid, Op: "take in events", Hint: fmt.Sprintf(format, args...)}
	}
	for _, n := range []struct{ what, is string }{
		{"hall", string(b.Hall)}, {"kiosk", string(b.Kiosk)}, {"epoch", string(b.Epoch)},
	} {
		if !name.MatchString(n.is) {
			return refuse("%s must be 1 to 64 letters, digits, dots, hyphens or underscores", n.what)
		}
	}
	if len(b.Events) > MaxEvents {
		return refuse("%d events in one batch; send at most %d", len(b.Events), MaxEvents)
	}
	latest := now.Add(ahead).UnixMilli()
	mended := b.Sent > 0 && int64(b.Sent) <= latest
	for i, e := range b.Events {
		switch {
		case e.Seq < 1 || e.Seq != b.Events[0].Seq+int64(i):
			return refuse("events[%d] has seq %d; events must follow one another from 1 without gaps", i, e.Seq)
		case !name.MatchString(string(e.Kind)):
			return refuse("event %d: kind must be 1 to 64 letters, digits, dots, hyphens or underscores", e.Seq)
		case e.Stamp.Wall < 0 || e.Stamp.Count < 0:
			return refuse("event %d: the stamp is negative", e.Seq)
		case e.Stamp.Wall > latest && !mended:
			return refuse("event %d is stamped more than %v ahead of the center's clock; set the kiosk's clock", e.Seq, ahead)
		case !utf8.Valid(e.Body):
			return refuse("event %d: the body is not UTF-8", e.Seq)
		}
	}
	return nil
}

// early are the alarms of stamps after Latest, of the events after acked: one, or a day
// of them would flood the list.
func (b Batch) early(acked int64) []Alarm {
	if b.Latest.IsZero() {
		return nil
	}
	first, n := int64(0), 0
	for _, e := range b.Events {
		if e.Seq > acked && e.Stamp.Time().After(b.Latest) {
			if n++; first == 0 {
				first = e.Seq
			}
		}
	}
	if n == 0 {
		return nil
	}
	return []Alarm{b.alarm(AlarmEarly, first, fmt.Sprintf("%d of %d events are stamped ahead of the center's clock, by a clock that has been set since", n, len(b.Events)))}
}

// ReadTaken returns the body of a TicketTaken event, or says why it tells of
// no ticket. A day more than one after the stamp's own date is refused: it
// would hide the days between from everybody who asks for the latest.
func ReadTaken(e kiosk.Event) (kiosk.TakenBody, error) {
	var b kiosk.TakenBody
	if err := json.Unmarshal(e.Body, &b); err != nil {
		return b, fmt.Errorf("the body is no ticket")
	}
	day, err := time.Parse(time.DateOnly, string(b.Day))
	number, bad := kiosk.ParseNumber(b.Number)
	switch {
	case !text(string(b.Ticket)) || b.Ticket == "":
		return b, fmt.Errorf("the ticket's id is missing or longer than 64 bytes")
	case err != nil:
		return b, fmt.Errorf("the day is not written 2006-01-02")
	case day.After(e.Stamp.Time().Add(24 * time.Hour)):
		return b, fmt.Errorf("the day %s lies ahead of the stamp", b.Day)
	case bad != nil || !text(b.Number):
		return b, fmt.Errorf("the number is not one such as A023 or A1-007")
	case number.Queue != b.Queue:
		return b, fmt.Errorf("number %s is not of queue %q", b.Number, clip(string(b.Queue)))
	}
	for _, item := range b.Items {
		if !text(string(item)) {
			return b, fmt.Errorf("an item's code is longer than 64 bytes")
		}
	}
	return b, nil
}

// sift takes out of a ticket what can't be right about why its person goes
// ahead, and says what that was. The number counts all the same: somebody holds
// it.
func sift(b *kiosk.TakenBody) (wrong string) {
	var found []string
	if b.Priority != "" && !slices.Contains(kiosk.Priorities, b.Priority) {
		found = append(found, "its priority is not known here")
		b.Priority = ""
	}
	if !text(string(b.Booking)) {
		found = append(found, "its booking's id is longer than 64 bytes")
		b.Booking, b.Slot = "", nil
	}
	day, _ := time.Parse(time.DateOnly, string(b.Day)) // ReadTaken has looked
	switch {
	case b.Booking == "" && b.Slot == nil, b.Booking != "" && b.Slot != nil && goodSlot(*b.Slot, day):
	case b.Booking == "":
		found = append(found, "it has a slot without a booking")
		b.Slot = nil
	default:
		found = append(found, "its slot is missing, or not one of its day")
		b.Slot = nil
	}
	return strings.Join(found, ", and ")
}

// goodSlot says whether a slot can lie within a business day, wherever on earth
// its hall is.
func goodSlot(s kiosk.Slot, day time.Time) bool {
	return s.To > s.From && s.To.Sub(s.From) <= 24*time.Hour &&
		!s.From.Time().Before(day.Add(-24*time.Hour)) && s.From.Time().Before(day.Add(48*time.Hour))
}

// ReadDone returns the body of an OrderDone event, or says why it tells of no
// order.
func ReadDone(e kiosk.Event) (kiosk.OrderBody, error) {
	var b kiosk.OrderBody
	if err := json.Unmarshal(e.Body, &b); err != nil {
		return b, fmt.Errorf("the body is no order")
	}
	if b.Order == "" || !text(string(b.Order)) || len(b.Fault) > maxWords || strings.ContainsRune(b.Fault, 0) {
		return b, fmt.Errorf("the order's id or the fault is not as it must be")
	}
	return b, nil
}

// maxWords bounds what people and machines say in words, in bytes.
const maxWords = 300

// ReadPrint returns the body of a PrintStarted or PrintEnded event, or says
// why it tells of no attempt.
func ReadPrint(e kiosk.Event) (kiosk.PrintBody, error) {
	var b kiosk.PrintBody
	if err := json.Unmarshal(e.Body, &b); err != nil {
		return b, fmt.Errorf("the body is no print attempt")
	}
	switch b.State {
	case kiosk.PrintQueued, kiosk.PrintBegun, kiosk.PrintSent:
	default:
		if !b.State.Ended() {
			return b, fmt.Errorf("unknown state of a print attempt")
		}
	}
	if !text(string(b.Ticket)) || b.Ticket == "" || b.Attempt < 1 || !text(b.Cause) {
		return b, fmt.Errorf("the ticket's id, the attempt or the cause is not as it must be")
	}
	return b, nil
}

// text says whether every database can keep s as a short text: PostgreSQL
// refuses NUL.
func text(s string) bool {
	return len(s) <= 64 && utf8.ValidString(s) && !strings.ContainsRune(s, 0)
}

func clip(s string) string {
	if len(s) > 8 {
		return "..."
	}
	return s
}
