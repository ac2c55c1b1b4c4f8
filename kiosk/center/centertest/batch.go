// Package centertest holds the contract that every center.Store meets, and
// the batches to try it with.
package centertest

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"

	"hallkiosk/kiosk"
)

// Noon is when the batches of this package happen: in the past, for a center
// with a real clock.
var Noon = time.Date(2024, 11, 23, 12, 0, 0, 0, time.UTC)

// Day is the business day of Noon.
const Day = kiosk.Day("2024-11-23")

// Event returns event seq of a kind with body as JSON, seq seconds after Noon.
func Event(seq int64, kind kiosk.Kind, body any) kiosk.Event {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return kiosk.Event{Seq: seq, Kind: kind, Stamp: kiosk.Stamp{Wall: Noon.UnixMilli() + seq*1000}, Body: text}
}

// Taken returns event seq, which tells of a ticket called number, such as
// A023. Its id is the kiosk's id and the number.
func Taken(seq int64, id kiosk.KioskID, number string) kiosk.Event {
	n, err := kiosk.ParseNumber(number)
	if err != nil {
		panic(err)
	}
	return Event(seq, kiosk.TicketTaken, kiosk.TakenBody{Ticket: TicketID(id, number), Day: Day, Number: number,
		Queue: n.Queue, Items: []kiosk.ItemID{"社保卡补办"}})
}

// TicketID is what Taken calls a ticket.
func TicketID(id kiosk.KioskID, number string) kiosk.TicketID {
	return kiosk.TicketID(fmt.Sprintf("%s/%s", id, number))
}

// Paper returns event seq, which tells how the first attempt to print a
// ticket of Taken stands.
func Paper(seq int64, id kiosk.KioskID, number string, s kiosk.PrintState) kiosk.Event {
	kind := kiosk.PrintStarted
	if s.Ended() {
		kind = kiosk.PrintEnded
	}
	return Event(seq, kind, kiosk.PrintBody{Ticket: TicketID(id, number), Attempt: 1, State: s})
}

// Batch puts events of a kiosk in hall "h1" and epoch "e1" together.
func Batch(id kiosk.KioskID, events ...kiosk.Event) kiosk.Batch {
	return kiosk.Batch{Hall: "h1", Kiosk: id, Epoch: "e1", Events: events}
}

// Run returns events first to last of a kiosk whose own series is series: one
// ticket of queue A each.
func Run(id kiosk.KioskID, series string, first, last int64) []kiosk.Event {
	var events []kiosk.Event
	for seq := first; seq <= last; seq++ {
		events = append(events, Taken(seq, id, kiosk.Number{Queue: "A", Series: series, N: int(seq)}.String()))
	}
	return events
}

// InBoth says whether a hint stands in Chinese and English, in this order.
func InBoth(hint string) bool {
	zh, en, both := strings.Cut(hint, " / ")
	han := func(s string) bool {
		return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
	}
	return both && han(zh) && strings.TrimSpace(en) != "" && !han(en)
}
