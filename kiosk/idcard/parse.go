package idcard

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"

	"hallkiosk/kiosk"
)

// What a card gives after SW3: the sizes of text and photo as u16BE, then both.
// The text is 256 bytes UTF-16LE, padded with blanks.
const (
	textSize = 256
	headSize = 4
)

// field is a stretch of the text: where it begins and how long it is, in bytes.
type field struct{ at, size int }

// layout says where on a kind of card stand what leaves the driver.
type layout struct {
	kind   Kind
	names  [][]field // the first that isn't blank counts; its fields are joined
	number field
	check  func([]byte) []byte
}

// layouts are known by their type character, which stands at 248.
var layouts = map[uint16]layout{
	' ': {Resident, [][]field{{{0, 30}}}, field{122, 36}, number18},
	'J': {HMT, [][]field{{{0, 30}}}, field{122, 36}, number18},
	'I': {Foreign2017, [][]field{{{0, 120}}, {{158, 30}}}, field{122, 30}, number2017},
	'Y': {Foreign2023, [][]field{{{52, 70}, {220, 22}}, {{0, 30}}}, field{122, 36}, number18},
}

var (
	typeAt = 248
	expiry = field{204, 16} // on every kind of card
)

// parse makes a card of the first bytes of a read: head and text. size is how
// long the whole answer was. data keeps its content; whoever calls zeroes it.
func parse(data []byte, size int) (Card, error) {
	refuse := func(message, hint string) (Card, error) {
		return Card{}, &kiosk.Error{Code: kiosk.EInvalid, Message: message, Hint: hint}
	}
	if size < headSize+textSize || binary.BigEndian.Uint16(data) != textSize {
		return refuse(sayAgain, "what the card gave has not the size of a card's text")
	}
	text := data[headSize:]
	l, ok := layouts[binary.LittleEndian.Uint16(text[typeAt:])]
	if !ok {
		return refuse(sayOther, "a kind of card that we don't know: its type character is none of blank, J, I, Y")
	}
	until, ok := date(decode(text, expiry))
	if !ok {
		return refuse(sayNumber, "the card's last day is neither a date nor 长期")
	}
	raw := decode(text, l.number)
	defer clear(raw)
	number := l.check(raw)
	if number == nil {
		return refuse(sayNumber, "the card's number fails its check")
	}
	for _, fields := range l.names {
		if name := decode(text, fields...); len(name) > 0 {
			p := &person{name: name, number: number}
			return Card{Kind: l.kind, Expires: until, who: func() *person { return p }}, nil
		}
	}
	clear(number)
	return refuse(sayNumber, "the card has no name")
}

// decode joins fields and returns them in UTF-8, in one piece of memory of its
// own, without blanks at the ends.
func decode(text []byte, fields ...field) []byte {
	units := 0
	for _, f := range fields {
		units += f.size / 2
	}
	out := make([]byte, 0, units*utf8.UTFMax)
	var high rune // the first half of a rune that has two
	for _, f := range fields {
		for i := f.at; i < f.at+f.size; i += 2 {
			r := rune(binary.LittleEndian.Uint16(text[i:]))
			switch {
			case high != 0:
				out = utf8.AppendRune(out, utf16.DecodeRune(high, r))
				high = 0
			case r >= 0xD800 && r < 0xDC00:
				high = r
			default:
				out = utf8.AppendRune(out, r)
			}
		}
	}
	return bytes.Trim(out, " \x00")
}

// date makes 2029-06-01 of 20290601 and leaves 长期 as it is. As with births,
// a 29th of February is believed in every year.
func date(b []byte) (string, bool) {
	if string(b) == Forever {
		return Forever, true
	}
	if len(b) != len("20060102") {
		return "", false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return "", false
		}
	}
	return string(b[:4]) + "-" + string(b[4:6]) + "-" + string(b[6:]), monthDay(b[4:])
}
