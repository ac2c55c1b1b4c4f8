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
	xdraw "golang.org/x/image/draw"

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

// paint draws an example as a citizen would see it.
func paint(p variant, c *kiosk.Catalog, e example) image.Image {
	o := compose(p.page(), c, e)
	w := test.NewWindow(o)
	defer w.Close()
	w.SetPadded(false)
	w.Resize(fyne.NewSize(p.w, p.h))
	return software.RenderCanvas(w.Canvas(), theme.Fyne{})
}

// picture is one of the sheet.
type picture struct {
	File, Screen, Lang, Mode, Layout string
}

// TestSheet draws every screen in every language, mode and layout onto one HTML
// page in the folder that KIOSK_SCREENS names: `make screens`. KIOSK_ONLY keeps
// the variants and screens whose names contain all of its words.
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
			if !wanted(fmt.Sprint(v, " ", e.name)) {
				continue
			}
			p := picture{Screen: e.name, Lang: string(v.lang), Mode: v.mode(), Layout: v.layout()}
			p.File = strings.ReplaceAll(fmt.Sprintf("%s_%s_%s_%s.png", p.Screen, p.Lang, p.Mode, p.Layout), " ", "-")
			list = append(list, p)
			img := paint(v, c, e)
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
	page, err := os.ReadFile("testdata/sheet.html")
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "index.html")
	if err := os.WriteFile(name, []byte(strings.Replace(string(page), "[/*pictures*/]", string(data), 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d pictures on %s", len(list), name)
}

func wanted(name string) bool {
	for _, word := range strings.Fields(os.Getenv("KIOSK_ONLY")) {
		if !strings.Contains(name, word) {
			return false
		}
	}
	return true
}

// save writes a picture at half its size: thousands stand on the sheet.
func save(name string, img image.Image) error {
	b := img.Bounds()
	small := image.NewRGBA(image.Rect(0, 0, b.Dx()/2, b.Dy()/2))
	xdraw.ApproxBiLinear.Scale(small, small.Bounds(), img, b, xdraw.Src, nil)
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	enc := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := enc.Encode(f, small); err != nil {
		return err
	}
	return f.Close()
}
