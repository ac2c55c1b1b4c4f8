package idcard_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/idcard"
	"hallkiosk/kiosk/idcard/idcardtest"
)

// leaks says which of a person's secrets stands in text, in any form that
// somebody could read it back from: as it is, in UTF-16LE, in hexadecimal, or as
// numbers byte by byte. The day of birth is a secret of its own.
func leaks(text []byte, name, number string) string {
	for _, secret := range []string{name, name[len(name)/2:], number, number[6:14]} {
		wide := make([]byte, 0, 2*len(secret))
		for _, u := range utf16.Encode([]rune(secret)) {
			wide = append(wide, byte(u), byte(u>>8))
		}
		for _, form := range []string{secret, string(wide), hex.EncodeToString([]byte(secret)), fmt.Sprintf("%X", secret),
			strings.Trim(fmt.Sprint([]byte(secret)), "[]"), strings.Trim(fmt.Sprintf("%#x", []byte(secret)), "[]"), hex.EncodeToString(wide)} {
			if bytes.Contains(text, []byte(form)) {
				return fmt.Sprintf("%q as %q", secret, form)
			}
		}
		var list []string
		for _, c := range []byte(secret) {
			list = append(list, fmt.Sprintf("0x%x", c))
		}
		if bytes.Contains(text, []byte(strings.Join(list, ", "))) {
			return fmt.Sprintf("%q byte by byte", secret)
		}
	}
	return ""
}

// cardOf reads a card through the driver.
func cardOf(t *testing.T, c *idcardtest.Card) idcard.Card {
	t.Helper()
	k := newDesk(idcardtest.Opts{})
	k.Put(c)
	card, err := idcard.New(k, idcard.DefaultOpts()).Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return card
}

// Whatever prints a card, or something that holds one, prints it masked.
func TestNothingPrintsACard(t *testing.T) {
	type session struct { // as somebody will write it
		card  idcard.Card
		Shown *idcard.Card
		list  []idcard.Card
		any   any
	}
	for _, specimen := range idcardtest.Cards() {
		t.Run(specimen.Kind, func(t *testing.T) {
			card := cardOf(t, specimen)
			name, number := card.Name(), card.Number()
			event := idcard.Event{What: idcard.CardRead, Card: card}
			things := []any{card, &card, []idcard.Card{card}, map[string]idcard.Card{"k": card}, event, &event,
				idcard.NewReport(card, time.Now()), session{card, &card, []idcard.Card{card}, card}, &session{any: &card}, errors.Join(fmt.Errorf("%v", card))}
			var out bytes.Buffer
			for _, thing := range things {
				for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%T", "%p", "%20v", "%!"} {
					fmt.Fprintf(&out, verb+"\n", thing)
				}
				fmt.Fprintln(&out, thing)
				b, err := json.Marshal(thing)
				if err != nil {
					t.Errorf("%T: %v", thing, err)
				}
				out.Write(b)
				for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
					slog.New(h).With("with", thing).Info("card", "card", thing, slog.Group("group", "card", thing))
				}
			}
			if l := leaks(out.Bytes(), name, number); l != "" {
				t.Errorf("printed: %s", l)
			}
			for _, masked := range []string{card.NameMasked(), card.NumberMasked()} {
				if n := strings.Count(out.String(), masked); n < 100 {
					t.Errorf("%s printed %d times only", masked, n)
				}
			}

			card.Forget()
			if card.Name() != "" || event.Card.Number() != "" || card.NameMasked() != "**" || card.NumberMasked() != "" {
				t.Errorf("forgotten: %v", card)
			}
		})
	}
	if got := fmt.Sprint(idcard.Card{}); got != "no card" {
		t.Errorf("no card prints as %q", got)
	}
}

// The grep finds what it should.
func TestLeaks(t *testing.T) {
	card := cardOf(t, idcardtest.Resident())
	n := card.Number()
	for _, text := range []string{"number=" + n, fmt.Sprintf("%x", n), fmt.Sprintf("%X", n), fmt.Sprint([]byte(n)), fmt.Sprintf("%#v", []byte(n)), "born 19491231", card.Name()} {
		if leaks([]byte(text), card.Name(), n) == "" {
			t.Errorf("%q passes", text)
		}
	}
	if l := leaks([]byte(card.String()), card.Name(), n); l != "" {
		t.Errorf("%s: %s", card, l)
	}
}

// The errors of a card that was refused say nothing of it.
func TestErrorsNameNobody(t *testing.T) {
	for name, c := range map[string]*idcardtest.Card{
		"kind":   idcardtest.Resident().Set(248, 2, "Q"),
		"number": idcardtest.Resident().Set(122, 36, "110105194912310021"),
		"expiry": idcardtest.Resident().Set(204, 16, "19491231"[:7]),
	} {
		k := newDesk(idcardtest.Opts{})
		k.Put(c)
		_, err := idcard.New(k, idcard.DefaultOpts()).Read(t.Context())
		if err == nil {
			t.Fatalf("%s: read", name)
		}
		for _, number := range []string{"11010519491231002X", "110105194912310021"} {
			if l := leaks(fmt.Appendf(nil, "%v %+v %#v %s", err, err, err, errors.Unwrap(err)), "张三(样本)", number); l != "" {
				t.Errorf("%s: %s", name, l)
			}
		}
	}
}

func TestValid(t *testing.T) {
	card := cardOf(t, idcardtest.HMT()) // until 2029-06-01
	forever := cardOf(t, idcardtest.Resident())
	cst := time.FixedZone("CST", 8*3600)
	for _, c := range []struct {
		on   time.Time
		want bool
	}{
		{time.Date(2024, 6, 1, 0, 0, 0, 0, cst), true},
		{time.Date(2029, 6, 1, 23, 59, 59, 0, cst), true}, // the last day counts
		{time.Date(2029, 6, 2, 0, 0, 0, 0, cst), false},   // in the hall, though not in Greenwich
		{time.Date(2029, 6, 1, 16, 0, 0, 0, time.UTC).In(cst), false},
		{time.Date(2030, 1, 1, 0, 0, 0, 0, cst), false},
	} {
		if got := card.Valid(c.on); got != c.want || idcard.NewReport(card, c.on).Valid != c.want || !forever.Valid(c.on) {
			t.Errorf("on %v: %v, want %v", c.on, got, c.want)
		}
	}
	b, err := json.Marshal(idcard.NewReport(card, time.Date(2030, 1, 1, 0, 0, 0, 0, cst)))
	if want := `{"kind":"hmt","name_masked":"李**","number_masked":"810*************21","expires":"2029-06-01","valid":false}`; string(b) != want || err != nil {
		t.Errorf("got %s, %v; want %s", b, err, want)
	}
}

// What old cards and rare names have.
func TestNamesAndNumbers(t *testing.T) {
	for _, c := range []struct {
		card                       *idcardtest.Card
		name, masked, number, date string
	}{
		{idcardtest.Resident().Set(122, 36, "110105491231002"), "张三(样本)", "张**", "11010519491231002X", "长期"},
		{idcardtest.Resident().Set(0, 30, "𠮷野样本"), "𠮷野样本", "𠮷**", "11010519491231002X", "长期"},
		{idcardtest.Resident().Set(0, 30, "样"), "样", "样**", "11010519491231002X", "长期"},
		{idcardtest.Resident().Set(0, 30, "阿布都样本·阿布都样本买买提样本"), "阿布都样本·阿布都样本买买提样", "阿**", "11010519491231002X", "长期"},
		{idcardtest.Resident().Set(122, 36, "11010519491231002x").Set(204, 16, "20300229"), "张三(样本)", "张**", "11010519491231002X", "2030-02-29"},
		{idcardtest.Foreign2017().Set(0, 120, ""), "样本约翰", "样**", "UTO110080010101", "2032-06-01"},
		{idcardtest.Foreign2023().Set(52, 70, "").Set(220, 22, ""), "样本简", "样**", "911124198108030024", "2034-06-01"},
	} {
		got := cardOf(t, c.card)
		if got.Name() != c.name || got.NameMasked() != c.masked || got.Number() != c.number || got.Expires != c.date {
			t.Errorf("%q %q %q until %s, want %q %q %q until %s", got.Name(), got.NameMasked(), got.Number(), got.Expires, c.name, c.masked, c.number, c.date)
		}
	}
}

// Who is how old is told by yes or no, on the birthday for the first time.
func TestElder(t *testing.T) {
	resident, hmt := cardOf(t, idcardtest.Resident()), cardOf(t, idcardtest.HMT()) // of 1949-12-31 and 1994-08-23
	foreign, old := cardOf(t, idcardtest.Foreign2017()), cardOf(t, idcardtest.Foreign2017().Set(122, 30, "UTO110040022901"))
	for _, c := range []struct {
		card  idcard.Card
		years int
		on    kiosk.Day
		want  bool
	}{
		{resident, 65, "2014-12-30", false}, {resident, 65, "2014-12-31", true}, {resident, 65, "2026-11-23", true}, {resident, 77, "2026-11-23", false}, {resident, 76, "2026-11-23", true},
		{resident, 0, "2026-11-23", false}, {resident, 65, "", false}, {resident, 65, "today", false},
		{hmt, 65, "2059-08-22", false}, {hmt, 65, "2059-08-23", true}, {hmt, 40, "2026-11-23", false},
		{foreign, 40, "2026-11-23", true}, {foreign, 47, "2026-11-23", false}, // of 1980
		{old, 65, "2005-02-28", false}, {old, 65, "2005-03-01", true}, {old, 65, "2026-11-23", true}, // of 1940, a leap year
		{idcard.Card{}, 1, "2026-11-23", false},
	} {
		if got := c.card.Elder(c.years, c.on); got != c.want {
			t.Errorf("%v is %d on %q: %v", c.card, c.years, c.on, got)
		}
	}
	resident.Forget()
	if resident.Elder(65, "2026-11-23") {
		t.Error("a forgotten card tells an age")
	}
}
