// Package theme is how the touchscreen looks: palettes with measured contrast,
// sizes that come from millimetres, the letters, and the icons. Nothing else in
// display names a colour or a font.
//
// Sizes are in pixels of the design panel, 1080 x 1920 on 27 inch with PerMM
// pixels a millimetre, and so stand for millimetres: widget.Kit turns them into
// pixels of the panel at hand by its density.
package theme

import (
	"image/color"

	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"
)

// PerMM is the design panel's pixels a millimetre.
const PerMM = 3.2

// What a hand and an eye need.
const (
	Target = 20 * PerMM     // least side of what can be touched: 64
	Apart  = 12 * PerMM     // between targets that do different things: 38.4
	Reach  = 281.25 * PerMM // above the panel's lower edge, what a wheelchair user or a child reaches: 900
	Least  = 28             // least text, 8.75 mm
	Larger = 1.5            // large text is so many times as large
)

// Sizes of text.
const (
	Title   = 68
	Heading = 42
	Body    = 34
	Second  = 28
	Primary = 72  // of the one big button
	Number  = 230 // the ticket's number
	NumberL = 200 // the same where room is scarce

	NumberXL = 300 // the same where little else is
)

// Spacing.
const (
	Margin = 48
	Gap    = 22 // between cards of one list; it is less than Apart because a finger that lands between them hits neither, and the next screen says what was chosen before anything is done
	Pad    = 28 // inside a card
)

// Density guesses a panel's pixels a millimetre from its size in pixels: the
// common panels are 27 inch for 1080 x 1920, upright or lying, and 17 inch for
// 1024 x 768.
func Density(w, h float32) float32 {
	switch {
	case h >= w:
		return PerMM * min(w/1080, h/1920)
	case w < h*1.5:
		return PerMM * h / 819.2
	}
	return PerMM * min(w/1920, h/1080)
}

// Fyne is the theme that the toolkit asks for what the house doesn't draw by
// itself: above all the letters.
type Fyne struct{}

var _ fyne.Theme = Fyne{}

// Font returns the house's letters in both weights; there is no italic and no
// monospace on the screen.
func (Fyne) Font(s fyne.TextStyle) fyne.Resource {
	if s.Bold {
		return bold.res
	}
	return regular.res
}

// Color returns the ground for the background and ink for the rest.
func (Fyne) Color(n fyne.ThemeColorName, _ fyne.ThemeVariant) color.Color {
	if n == fynetheme.ColorNameBackground {
		return Normal.Ground
	}
	return Normal.Ink
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
