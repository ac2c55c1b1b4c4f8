package idcard

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"hallkiosk/kiosk"
)

// Kind is a kind of card.
type Kind string

// The kinds of card that a SAM opens.
const (
	Resident    Kind = "resident"    // 居民身份证
	HMT         Kind = "hmt"         // 港澳台居民居住证
	Foreign2017 Kind = "foreign2017" // 外国人永久居留身份证, edition of 2017
	Foreign2023 Kind = "foreign2023" // the same, edition of 2023
)

// Forever stands for the last day of a card that has none.
const Forever = "长期"

// Card is what leaves the driver of a card. Whatever prints it (fmt, json,
// slog) prints the masked forms only; name and number come out by Name and
// Number and nowhere else. Copies of a Card share name and number. Safe for use
// from several goroutines.
type Card struct {
	Kind    Kind
	Expires string // its last day, as 2029-06-01, or Forever

	// who is a function, for fmt looks into everything else: a Card in an
	// unexported field of another struct is printed without its methods. nil in
	// the zero Card.
	who func() *person
}

var (
	_ fmt.Formatter  = Card{}
	_ fmt.Stringer   = Card{}
	_ json.Marshaler = Card{}
	_ slog.LogValuer = Card{}
)

// person is who a card belongs to, in UTF-8.
type person struct {
	mu           sync.Mutex
	name, number []byte
}

// Name is the person's name as the card has it: Chinese, or Latin on a
// foreigner's card. It is empty after Forget.
func (c Card) Name() (name string) {
	c.open(func(p *person) { name = string(p.name) })
	return name
}

// Number is the number of the person: 18 characters, or 15 on a foreigner's card
// of 2017. It is empty after Forget. It stays in memory and goes nowhere but into
// the day's HMAC.
func (c Card) Number() (number string) {
	c.open(func(p *person) { number = string(p.number) })
	return number
}

// Mark is kiosk.CardMark of the number, which doesn't leave the card for it. It is
// empty after Forget.
func (c Card) Mark(key []byte) (mark string) {
	c.open(func(p *person) {
		if len(p.number) > 0 {
			mark = kiosk.CardMark(key, p.number)
		}
	})
	return mark
}

// open lets f alone with the person, if there is one.
func (c Card) open(f func(*person)) {
	if c.who == nil {
		return
	}
	p := c.who()
	p.mu.Lock()
	defer p.mu.Unlock()
	f(p)
}

// Elder says whether the person is years old or older on a day, by the number. That
// alone of the day of birth leaves the card. It is false after Forget, and for no
// years.
func (c Card) Elder(years int, on kiosk.Day) (elder bool) {
	day, err := time.Parse(time.DateOnly, string(on))
	if err != nil || years <= 0 {
		return false
	}
	c.open(func(p *person) {
		elder = born(p.number, day.Year()) <= (day.Year()-years)*10000+int(day.Month())*100+day.Day()
	})
	return elder
}

// Forget zeroes name and number, in all copies of the card. Strings that Name
// and Number returned before stay as they are, until they are collected.
func (c Card) Forget() {
	c.open(func(p *person) {
		clear(p.name[:cap(p.name)])
		clear(p.number[:cap(p.number)])
		p.name, p.number = nil, nil
	})
}

// NameMasked is the first character of the name and two asterisks: 张** or
// S**.
func (c Card) NameMasked() (masked string) {
	c.open(func(p *person) {
		_, n := utf8.DecodeRune(p.name)
		masked = string(p.name[:n])
	})
	return masked + "**"
}

// NumberMasked is the number with its first three and last two characters; in
// between are the place, the day of birth and the most of what tells people of
// one day apart.
func (c Card) NumberMasked() (masked string) {
	c.open(func(p *person) {
		if n := len(p.number); n > 5 {
			masked = string(p.number[:3]) + strings.Repeat("*", n-5) + string(p.number[n-2:])
		}
	})
	return masked
}

// Valid says whether the card hasn't expired on the day that on falls in, in
// on's own location. The last day counts.
func (c Card) Valid(on time.Time) bool {
	return c.Expires == Forever || on.Format(time.DateOnly) <= c.Expires
}

// String is the card with name and number masked.
func (c Card) String() string {
	if c.who == nil {
		return "no card"
	}
	return fmt.Sprintf("%s %s %s until %s", c.Kind, c.NameMasked(), c.NumberMasked(), c.Expires)
}

// Format prints String, whatever the verb.
func (c Card) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// LogValue is String.
func (c Card) LogValue() slog.Value { return slog.StringValue(c.String()) }

// MarshalJSON gives kind and expiry, and name and number masked. There is no
// way back.
func (c Card) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Kind         Kind   `json:"kind"`
		NameMasked   string `json:"name_masked"`
		NumberMasked string `json:"number_masked"`
		Expires      string `json:"expires"`
	}{c.Kind, c.NameMasked(), c.NumberMasked(), c.Expires})
}

// Report is what the technician's verb prints of a card.
type Report struct {
	Kind         string `json:"kind"` // resident, hmt or foreign
	NameMasked   string `json:"name_masked"`
	NumberMasked string `json:"number_masked"`
	Expires      string `json:"expires"` // as 2029-06-01, or 长期
	Valid        bool   `json:"valid"`   // not expired on the day of the report
}

// NewReport makes the report of a card on the day that on falls in.
func NewReport(c Card, on time.Time) Report {
	kind := c.Kind
	if kind == Foreign2017 || kind == Foreign2023 {
		kind = "foreign"
	}
	return Report{Kind: string(kind), NameMasked: c.NameMasked(), NumberMasked: c.NumberMasked(), Expires: c.Expires, Valid: c.Valid(on)}
}
