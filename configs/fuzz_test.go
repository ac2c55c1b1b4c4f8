package configs

import (
	"os"
	"path/filepath"
	"testing"
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
