package center

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"hallkiosk/kiosk"
)

// Bookings is the part of a Store that keeps what people have booked from home.
// Which ticket a booking was checked in for follows from the tickets. Every
// change raises the hall's version. Errors as of Store.
type Bookings interface {
	// Book stores a booking, and who made it, unless more than places bookings of
	// its hall, day and queue would share a moment of its slot then, whoever else
	// books in the same instant. The same op again does nothing and returns the
	// booking that it made. EInvalid: it can't be right. EConflict: there is no
	// place, its code is another one's of that hall and day, or op was used for
	// another booking.
	Book(ctx context.Context, op kiosk.OpID, b kiosk.Booking, places int, e Entry) (kiosk.Booking, error)

	// Unbook takes a booking back. ENotFound when there is none in hall,
	// EConflict when it was checked in.
	Unbook(ctx context.Context, hall kiosk.HallID, id kiosk.BookingID, e Entry) error

	// Bookings returns the bookings of hall that q asks for, by day, slot and
	// code.
	Bookings(ctx context.Context, hall kiosk.HallID, q BookingQuery) ([]kiosk.Booking, error)

	// CardKey returns the key that card marks of hall and day are made with,
	// the same in every process: 32 random bytes that are made when they are
	// first asked for. See kiosk.CardMark.
	CardKey(ctx context.Context, hall kiosk.HallID, day kiosk.Day) ([]byte, error)
}

// Unbounded is Book's places where a queue takes all who book.
const Unbounded = math.MaxInt

// Fits returns the refusal when more than places of slots share a moment of the
// slot one. Slots end before the moment that they end at.
func Fits(one kiosk.Slot, slots []kiosk.Slot, places int) error {
	// The most are there at the moment when some slot begins.
	for _, at := range append([]kiosk.Slot{one}, slots...) {
		moment, there := max(at.From, one.From), 0
		if moment >= one.To {
			continue
		}
		for _, s := range slots {
			if s.From <= moment && moment < s.To {
				there++
			}
		}
		if there > places {
			return &kiosk.Error{Code: kiosk.EConflict, Op: "book", Err: errFull, Message: "这个时段已经约满，请选别的时段。",
				Hint: fmt.Sprintf("all %d places of the queue are booked in that slot; choose another one, or raise slot_capacity in center.toml", places)}
		}
	}
	return nil
}

var errFull = errors.New("the slot is full")

// BookingQuery says which bookings; zero values are no condition.
type BookingQuery struct {
	From, To kiosk.Day // these days and those between
	ID       kiosk.BookingID
	Code     string
	Phone    string
	Card     string // a card's mark
}

// CardKeySize is the length of a card key in bytes.
const CardKeySize = 32

// NewCardKey makes a key for a Store to keep.
func NewCardKey() []byte {
	key := make([]byte, CardKeySize)
	rand.Read(key) // never fails
	return key
}

// CheckBooking refuses what can't be right about a booking, whatever the hall's
// hours and time zone are, and returns its items as a JSON list.
func CheckBooking(op kiosk.OpID, b kiosk.Booking) (items string, err error) {
	refuse := func(zh, en string) (string, error) {
		return "", &kiosk.Error{Code: kiosk.EInvalid, Op: "book", Message: zh, Hint: en}
	}
	first := kiosk.Number{Queue: b.Queue, N: 1}
	back, bad := kiosk.ParseNumber(first.String())
	day, err := time.Parse(time.DateOnly, string(b.Day))
	mark, unmarked := hex.DecodeString(b.Card)
	switch {
	case op == "" || !text(string(op)) || b.ID == "" || !text(string(b.ID)) || !name.MatchString(string(b.Hall)):
		return refuse("预约的内容不对。", "op, id and hall must be 1 to 64 bytes of text")
	case err != nil:
		return refuse("预约的日期不对。", "the day is not written 2006-01-02")
	case bad != nil || back != first || !text(string(b.Queue)):
		return refuse("预约的队列不对。", "the queue must be letters from A to Z")
	case len(b.Items) == 0 || len(b.Items) > maxItems || slices.ContainsFunc(b.Items, func(i kiosk.ItemID) bool { return i == "" || !text(string(i)) }):
		return refuse("请选择要办的事项，最多 20 项。", "a booking needs 1 to 20 items, each a code of 1 to 64 bytes")
	case !goodSlot(b.Slot, day):
		return refuse("预约的时段不对。", "the slot ends before it begins, or is not of that day")
	case !digits(b.Code, 8):
		return refuse("预约码不对。", "the code must be eight digits")
	case b.Phone != "" && !digits(b.Phone, 4):
		return refuse("请只填手机号的后四位。", "phone must be the last four digits")
	case b.Card != "" && (unmarked != nil || len(mark) != 32):
		return refuse("证件的内容不对。", "card must be a mark of 64 hexadecimal digits")
	case b.Ticket != "":
		return refuse("新的预约还没有号。", "a new booking has no ticket")
	}
	list, err := json.Marshal(b.Items)
	return string(list), err
}

// maxItems are how many items a booking may have.
const maxItems = 20

// digits says whether s is n digits.
func digits(s string, n int) bool {
	return len(s) == n && !slices.ContainsFunc([]byte(s), func(c byte) bool { return c < '0' || c > '9' })
}

// SameBooking returns the booking that an op has made, or the refusal when it
// was another one that is asked for.
func SameBooking(made, asked kiosk.Booking) (kiosk.Booking, error) {
	if made.Day != asked.Day || made.Queue != asked.Queue || made.Slot != asked.Slot || made.Phone != asked.Phone || made.Card != asked.Card || !slices.Equal(made.Items, asked.Items) {
		return kiosk.Booking{}, &kiosk.Error{Code: kiosk.EConflict, Op: "book", Message: "这个操作编号已经用过，请重新操作。", Hint: "the op was used for another booking"}
	}
	return made, nil
}

// CodeTaken is the error of a Store where another booking has the code.
func CodeTaken() error {
	return &kiosk.Error{Code: kiosk.EConflict, Op: "book", Err: errCode, Message: "预约码重复，请再试。", Hint: "another booking of that hall and day has this code; book again with another"}
}

var errCode = errors.New("the code is taken")

// NoBooking is the error of a Store that has no such booking.
func NoBooking(op string) error {
	return &kiosk.Error{Code: kiosk.ENotFound, Op: op, Message: "找不到这个预约。", Hint: "no such booking in this hall"}
}
