// Package cmd holds the programs. This test keeps the directions in which the
// house's packages may know each other.
package cmd

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// may says which of the house's packages a room may import, by prefix; the
// first row that fits a package counts.
var may = []struct {
	room  string
	allow []string
}{
	{"cmd", []string{"*"}},
	{"kiosk", nil}, // exactly the domain: see TestImports
	{"kiosk/center", []string{"kiosk", "kiosk/center", "kiosk/calling"}},
	{"kiosk/idcard/idcardtest", []string{"kiosk", "kiosk/idcard", "kiosk/serialport/serialtest"}},
	{"kiosk/scanner/scannertest", []string{"kiosk", "kiosk/scanner", "kiosk/serialport/serialtest"}},
	{"kiosk/*", []string{"kiosk"}},
	{"printer/escpos", nil},
	{"printer/printertest", []string{"configs/fonts", "kiosk/serialport/serialtest"}}, // draws with the house's letters
	{"printer", []string{"kiosk", "printer/escpos", "configs/fonts"}},                 // draws what a printer lacks,
	{"display/theme", []string{"configs/fonts"}},
	{"display/text", []string{"kiosk"}},
	{"display/widget", []string{"display/theme"}},
	{"display/screen", []string{"kiosk", "display/widget", "display/theme", "display/text"}},
	{"display", []string{"kiosk", "kiosk/catalog", "display/"}},
	{"configs", []string{"kiosk"}},
}

// only names the one room that may import an outside package.
var only = map[string]string{
	"github.com/tarm/serial":       "kiosk/serialport",
	"github.com/mattn/go-sqlite3":  "kiosk/sqlite kiosk/center/store cmd/center",
	"github.com/jackc/pgx":         "kiosk/center/pgstore kiosk/center/pgtest",
	"fyne.io/fyne":                 "display",
	"github.com/pelletier/go-toml": "configs display/text",
}

const module = "hallkiosk/"

func TestImports(t *testing.T) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,Standard", "hallkiosk/...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		seen++
		room := strings.TrimPrefix(p.ImportPath, module)
		for _, path := range p.Imports {
			if reason := forbidden(room, path); reason != "" {
				t.Errorf("%s imports %s: %s", room, path, reason)
			}
		}
	}
	if seen < 15 {
		t.Fatalf("only %d packages were looked at", seen)
	}
}

// The check can fail: each of these is a mistake.
func TestImportsCanFail(t *testing.T) {
	for _, c := range [][2]string{
		{"kiosk", "hallkiosk/configs"}, {"kiosk", "golang.org/x/sys/unix"}, {"kiosk/desk", "hallkiosk/kiosk/sqlite"}, {"display/screen", "hallkiosk/kiosk/desk"},
		{"display/screen", "hallkiosk/kiosk/sqlite"}, {"printer/escpos", "hallkiosk/kiosk"}, {"printer", "hallkiosk/kiosk/serialport"}, {"printer", "github.com/tarm/serial"},
		{"configs", "hallkiosk/printer"}, {"kiosk/center/store", "hallkiosk/kiosk/uplink"}, {"kiosk/desk", "fyne.io/fyne/v2"}, {"somewhere", "hallkiosk/kiosk"},
	} {
		if forbidden(c[0], c[1]) == "" {
			t.Errorf("%s may import %s", c[0], c[1])
		}
	}
}

// forbidden says why room may not import path, or nothing.
func forbidden(room, path string) string {
	for outside, rooms := range only {
		if strings.HasPrefix(path, outside) && !within(room, rooms) {
			return "only " + rooms + " may"
		}
	}
	if room == "kiosk" && strings.Contains(path, ".") {
		return "the domain has the standard library only"
	}
	inside, ok := strings.CutPrefix(path, module)
	if !ok {
		return ""
	}
	for _, r := range may {
		if !fits(room, r.room) {
			continue
		}
		for _, a := range r.allow {
			if a == "*" || inside == a || strings.HasSuffix(a, "/") && strings.HasPrefix(inside, a) || a == r.room && strings.HasPrefix(inside, a+"/") {
				return ""
			}
		}
		if inside == room || strings.HasPrefix(inside, room+"/") && room != "kiosk" {
			return "" // its own parts
		}
		return "not one of the rooms it may know"
	}
	return "no row says what this room may know"
}

func within(room, rooms string) bool {
	for _, r := range strings.Fields(rooms) {
		if room == r || strings.HasPrefix(room, r+"/") {
			return true
		}
	}
	return false
}

func fits(room, pattern string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "/*"); ok {
		return strings.HasPrefix(room, prefix+"/")
	}
	return room == pattern || pattern != "kiosk" && strings.HasPrefix(room, pattern+"/")
}
