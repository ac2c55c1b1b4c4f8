package kiosk_test

import (
	"testing"
	"time"

	"hallkiosk/kiosk"
)

// Hours that are read at all are read the same again, and Next keeps its word.
func FuzzHours(f *testing.F) {
	f.Add("Mo-Fr 08:30-12:00,14:30-17:30; Tu,Th 17:30-18:30 booked", int64(1795399200))
	f.Add("24/7", int64(0))
	f.Add("Mo-Fr 09:00-17:00; PH,Fr off; PH 09:00-12:00 booked", int64(1790812800))
	f.Add("PH 10:00-11:00", int64(1790812800))
	f.Add("Sa-Mo 00:00-24:00", int64(1795399200))
	f.Fuzz(func(t *testing.T, text string, unix int64) {
		h, err := kiosk.ParseHours(text)
		if err != nil {
			return
		}
		if _, err := kiosk.ParseHours(h.String()); err != nil {
			t.Fatalf("%q is printed as %q: %v", text, h, err)
		}
		at := time.Unix(unix%4e9, 0).UTC()
		next, ok := h.Next(at)
		if ok && (!h.Open(next) || next.Before(at) || next.After(at.AddDate(0, 0, 8))) {
			t.Fatalf("%q at %s: next is %s, open %v", text, at, next, h.Open(next))
		}
		kept := h.On(october())
		if next, ok := kept.Next(at); ok && (!kept.Open(next) || next.Before(at)) {
			t.Fatalf("%q at %s: next after the holidays is %s, open %v", text, at, next, kept.Open(next))
		}
		if h.Open(at) && h.BookedOnly(at) {
			t.Fatalf("%q at %s is open and for bookings only", text, at)
		}
	})
}
