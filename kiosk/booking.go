package kiosk

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
)

// BookingID names a booking; the center makes it with NewID.
type BookingID string

// Booking is a visit that a person has booked from home. It holds nothing by which
// the person could be found: a card is known by its CardMark, a phone by its last
// four digits.
type Booking struct {
	ID    BookingID `json:"id"`
	Hall  HallID    `json:"hall"`
	Day   Day       `json:"day"`
	Queue QueueID   `json:"queue"` // of all its items
	Items []ItemID  `json:"items"`
	Slot  Slot      `json:"slot"`

	Code  string `json:"code,omitempty"`  // eight digits that the phone shows, unique in a hall and day
	Phone string `json:"phone,omitempty"` // the last four digits
	Card  string `json:"card,omitempty"`  // see CardMark

	Ticket TicketID `json:"ticket,omitempty"` // the number it was checked in for
}

// Claim is how somebody says which booking is theirs; one of its fields is set.
type Claim struct {
	Card  string // the CardMark of the card
	Code  string // that the phone shows
	Phone string // the last four digits
}

// CardMark is how a booking knows the card of its holder, without the number on
// the card: HMAC-SHA256 (RFC 2104) of the number, in hexadecimal digits. Each hall
// and day has a key of its own, which only the center and that hall's kiosks have
// and which is forgotten with the day, so that marks can't be compared between
// days nor counted through later. The number is written as on the card, a final x
// as X.
func CardMark[T string | []byte](key []byte, number T) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("hallkiosk-card-1\n"))
	mac.Write([]byte(number))
	return hex.EncodeToString(mac.Sum(nil))
}
