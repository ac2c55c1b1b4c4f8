package theme

import (
	"embed"
	"fmt"
	"image"
	"image/color"
	"strings"
	"sync"

	"github.com/fyne-io/oksvg"
	"github.com/srwiley/rasterx"
)

// icons are from Tabler Icons 3.51.0, outline, MIT; each stroke's attributes
// stand on its path, where oksvg looks for them. The carets are filled, and
// their box is cut close.
//
//go:embed icons/*.svg
var icons embed.FS

// iconLook names one drawing of an icon.
type iconLook struct {
	name string
	c    color.NRGBA
	side int
}

var (
	drawn   = map[iconLook]image.Image{}
	drawnMu sync.Mutex
)

// Icon returns a line icon in a colour, side by side pixels. It is drawn once:
// Fyne would draw an SVG anew for every object that shows it. An unknown name
// gives the ticket, so that a catalog with a newer icon still shows something.
func Icon(name string, c color.NRGBA, side int) image.Image {
	drawnMu.Lock()
	defer drawnMu.Unlock()
	l := iconLook{name, c, max(1, side)} // a window that is only growing has no room yet
	img, ok := drawn[l]
	if !ok {
		img = l.draw()
		drawn[l] = img
	}
	return img
}

func (l iconLook) draw() image.Image {
	data, err := icons.ReadFile("icons/" + l.name + ".svg")
	if err != nil {
		data, _ = icons.ReadFile("icons/ticket.svg")
	}
	// The library scales paths but not the width of their strokes: Tabler draws
	// 2 in a box of 24.
	svg := strings.NewReplacer("#000000", fmt.Sprintf("#%02x%02x%02x", l.c.R, l.c.G, l.c.B),
		`stroke-width="2"`, fmt.Sprintf(`stroke-width="%.1f"`, float64(l.side)*2/24)).Replace(string(data))
	img := image.NewRGBA(image.Rect(0, 0, l.side, l.side))
	icon, err := oksvg.ReadIconStream(strings.NewReader(svg))
	if err != nil {
		panic("theme: icon " + l.name + ": " + err.Error()) // embedded, and a test draws each
	}
	icon.SetTarget(0, 0, float64(l.side), float64(l.side))
	icon.Draw(rasterx.NewDasher(l.side, l.side, rasterx.NewScannerGV(l.side, l.side, img, img.Bounds())), 1)
	return img
}
