package configs

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"hallkiosk/kiosk"
)

// Whatever a config holds, it is read or refused with a place, never a panic.
func FuzzKiosk(f *testing.F) {
	shipped, err := os.ReadFile("kiosk.toml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(shipped)
	f.Add([]byte("[kiosk]\nid = \"K1\"\nhall = \"h\"\n[store]\npath = \"k.db\"\n"))
	f.Add([]byte("[printer]\npaper = \"80\"\nbuad = [1, 2\n"))
	f.Add([]byte("kiosk = 5\n[[store]]\npath = {a = 1}\n"))
	f.Add([]byte("[kiosk]\nid.x = 1\n"))
	path := filepath.Join(f.TempDir(), "kiosk.toml")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		k, read, _ := readKiosk(path)
		problems := read.problems
		if len(problems.Fatal()) == 0 && (k.Kiosk.ID == "" || k.Store.Path == "" || k.Printer.Paper != 80 && k.Printer.Paper != 58) {
			t.Fatalf("%q passed as %+v", data, k)
		}
		for _, p := range problems {
			if p.En == "" || p.Zh == "" || p.Line < 0 {
				t.Fatalf("%q: a problem without words: %+v", data, p)
			}
		}
	})
}

// Whatever a year's file holds, it is read or refused with a place; what is read
// can be asked of every day.
func FuzzCalendar(f *testing.F) {
	shipped, err := os.ReadFile("calendar/2026.toml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(shipped)
	f.Add([]byte("year = 2026\n[[off]]\nfirst = \"2025-12-31\"\nlast = \"2026-01-02\"\nname = { zh = \"元旦\" }\n"))
	f.Add([]byte("year = 2026\n[[work]]\ndate = \"2026-02-30\"\nas = 3\n"))
	f.Add([]byte("year = \"2026\"\noff = 5\n"))
	hours, err := kiosk.ParseHours("Mo-Fr 09:00-12:00; PH 10:00-11:00")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, problems := LoadCalendar(fstest.MapFS{"y.toml": {Data: data}}, "calendar")
		if (c == nil) != (len(problems) > 0) {
			t.Fatalf("%q: calendar %v, problems %v", data, c, problems)
		}
		for _, p := range problems {
			if p.En == "" || p.Zh == "" || p.Line < 0 || p.Mild {
				t.Fatalf("%q: a problem without words: %+v", data, p)
			}
		}
		at := time.Date(2026, 9, 30, 20, 0, 0, 0, time.UTC)
		if next, ok := hours.On(c).Next(at); ok && (next.Before(at) || !hours.On(c).Open(next)) {
			t.Fatalf("%q: next is %s", data, next)
		}
	})
}
