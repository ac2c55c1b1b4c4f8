package screen_test

import (
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/software"
	"fyne.io/fyne/v2/test"

	"hallkiosk/display/theme"
	"hallkiosk/kiosk"
)

// shown are the examples that the sheet shows: every screen, with a few items
// that tell.
func shown(c *kiosk.Catalog) []example {
	out := examples(c)
	for _, id := range []kiosk.ItemID{"RS001", "GJ003"} {
		for i, item := range c.Items {
			if item.ID == id {
				out = append(out, ofItem(c, i)...)
			}
		}
	}
	return out
}

// paint draws an example as a citizen would see it, scale times as large.
func paint(v variant, c *kiosk.Catalog, e example, scale float32) image.Image {
	w := test.NewWindow(compose(v.page(), c, e))
	defer w.Close()
	w.SetPadded(false)
	w.Resize(fyne.NewSize(v.w, v.h))
	w.Canvas().(test.WindowlessCanvas).SetScale(scale)
	return software.RenderCanvas(w.Canvas(), theme.Fyne{})
}

// picture is one of the sheet.
type picture struct {
	File, Screen, Lang, Mode, Layout string
}

// TestSheet draws the parts that screens are made of, and every screen in every language, mode and layout onto one HTML
// page in the folder that KIOSK_SCREENS names: `make screens`. KIOSK_ONLY keeps
// some, by words such as "zh large 1080x1920 first".
func TestSheet(t *testing.T) {
	dir := os.Getenv("KIOSK_SCREENS")
	if dir == "" {
		t.Skip("KIOSK_SCREENS names no folder")
	}
	c := hall(t)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	var list []picture
	var files sync.WaitGroup
	for _, v := range variants() {
		for _, e := range shown(c) {
			p := picture{Screen: e.name, Lang: string(v.lang), Mode: v.mode(), Layout: v.layout()}
			if !p.among(os.Getenv("KIOSK_ONLY")) {
				continue
			}
			p.File = strings.ReplaceAll(fmt.Sprintf("%s_%s_%s_%s.png", p.Screen, p.Lang, p.Mode, p.Layout), " ", "-")
			list = append(list, p)
			img := paint(v, c, e, 0.5) // thousands stand on the sheet
			files.Go(func() {
				if err := save(filepath.Join(dir, p.File), img); err != nil {
					t.Error(err)
				}
			})
		}
	}
	files.Wait()
	data, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	parts, err := json.Marshal(saveParts(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("testdata/sheet.html")
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "index.html")
	filled := strings.NewReplacer("[/*pictures*/]", string(data), "[/*parts*/]", string(parts)).Replace(string(page))
	if err := os.WriteFile(name, []byte(filled), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d pictures on %s", len(list), name)
}

func (p picture) among(words string) bool {
	for _, word := range strings.Fields(words) {
		if word != p.Lang && word != p.Mode && word != p.Layout && !strings.HasPrefix(p.Screen, word) {
			return false
		}
	}
	return true
}

func save(name string, img image.Image) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	enc := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := enc.Encode(f, img); err != nil {
		return err
	}
	return f.Close()
}
