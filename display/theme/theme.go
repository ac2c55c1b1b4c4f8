// Package theme is how the touchscreen looks: named colours with measured
// contrast, sizes for a panel of 3.2 pixels a millimetre, the letters, and the
// icons. Nothing else in display names a colour or a font.
package theme

import (
	"embed"
	"fmt"
	"image"
	"image/color"
	"strings"
	"sync"

	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"
	"github.com/fyne-io/oksvg"
	"github.com/srwiley/rasterx"

	"hallkiosk/configs/fonts"
)

// The colours. Text on its ground has a contrast of 7:1 or more, edges of what
// can be touched 3:1; a test measures it.
var (
	Ink        = rgb(0x14213D) // text
	Sub        = rgb(0x43506B) // second text
	Blue       = rgb(0x0B4EA2) // what can be touched
	BlueDown   = rgb(0x083A7A) // the same under the finger
	BlueGround = rgb(0xE8F0FB) // behind icons
	Warm       = rgb(0x8A2D0F) // the number, essential papers, trouble
	WarmGround = rgb(0xFFF3E8)
	WarmLine   = rgb(0xB5651D)
	OK         = rgb(0x0F5C2E) // good news
	OKGround   = rgb(0xE7F5EC)
	OKLine     = rgb(0x3E8E5E)
	Closed     = rgb(0x3F4A5A) // closed things
	ClosedBack = rgb(0xECEFF4)
	Line       = rgb(0x7C8AA3) // edges of what can be touched
	Rule       = rgb(0xE4E9F1) // mere separators
	Ground     = rgb(0xF4F6FA) // behind everything
	White      = rgb(0xFFFFFF)
	Night      = rgb(0x0A1B3D) // the screen at rest
	Dim        = rgb(0xB8C4DA) // text on it
)

func rgb(v uint32) color.NRGBA {
	return color.NRGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: 0xFF}
}

// Sizes in pixels of the 1080 x 1920 panel; a screen multiplies them by its
// own unit.
const (
	Title   = 68
	Heading = 42
	Body    = 34
	Second  = 28
	Primary = 72  // text of the one big button
	Number  = 230 // the ticket's number
	Corner  = 24
	Edge    = 2
	Margin  = 48
	Gap     = 22
	Head    = 130 // the strip with hall and time
	Frame   = 172 // the bar with back and start over
)

// Fyne is the theme that the toolkit asks for what the house doesn't draw by
// itself: above all the letters.
type Fyne struct{}

var _ fyne.Theme = Fyne{}

var (
	regular = fyne.NewStaticResource("NotoSansSC-Regular.otf", fonts.Regular)
	bold    = fyne.NewStaticResource("NotoSansSC-Bold.otf", fonts.Bold)
)

// Font returns the house's letters in both weights; there is no italic and no
// monospace on the screen.
func (Fyne) Font(s fyne.TextStyle) fyne.Resource {
	if s.Bold {
		return bold
	}
	return regular
}

// Color returns the ground for the background and ink for the rest.
func (Fyne) Color(n fyne.ThemeColorName, _ fyne.ThemeVariant) color.Color {
	if n == fynetheme.ColorNameBackground {
		return Ground
	}
	return Ink
}

// Icon returns Fyne's own icons, which the house doesn't show.
func (Fyne) Icon(n fyne.ThemeIconName) fyne.Resource { return fynetheme.DefaultTheme().Icon(n) }

// Size returns no padding: screens place things by themselves.
func (Fyne) Size(n fyne.ThemeSizeName) float32 {
	if n == fynetheme.SizeNamePadding || n == fynetheme.SizeNameInnerPadding {
		return 0
	}
	return fynetheme.DefaultTheme().Size(n)
}

// icons are from Tabler Icons 3.51.0, outline, MIT; each stroke's attributes
// stand on its path, where oksvg looks for them.
//
//go:embed icons/*.svg
var icons embed.FS

// look names one drawing of an icon.
type look struct {
	name string
	c    color.NRGBA
	side int
}

var (
	drawn   = map[look]image.Image{}
	drawnMu sync.Mutex
)

// Icon returns a line icon in a colour, side by side pixels. It is drawn once:
// Fyne would draw an SVG anew for every object that shows it. An unknown name
// gives the ticket, so that a catalog with a newer icon still shows something.
func Icon(name string, c color.NRGBA, side int) image.Image {
	drawnMu.Lock()
	defer drawnMu.Unlock()
	l := look{name, c, side}
	img, ok := drawn[l]
	if !ok {
		img = l.draw()
		drawn[l] = img
	}
	return img
}

func (l look) draw() image.Image {
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
