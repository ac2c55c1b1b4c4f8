package screen_test

import (
	"testing"

	"hallkiosk/display/theme"
	"hallkiosk/display/widget"
)

// The ring lies around its target, nearer than anything else, and its two bands
// can be told from each other and from what may be around.
func TestRing(t *testing.T) {
	for _, palette := range []theme.Palette{theme.Normal, theme.HighContrast} {
		k := widget.Kit{Palette: palette, U: 1, T: 1}
		boxes := widget.Survey(k.Ring(100, 200, 300, 90)).Boxes
		if len(boxes) != 2 {
			t.Fatalf("%d bands", len(boxes))
		}
		for _, b := range boxes {
			inner := rect{b.X + b.Stroke, b.Y + b.Stroke, b.Width - 2*b.Stroke, b.Height - 2*b.Stroke}
			if target := (rect{100, 200, 300, 90}); !target.inside(inner) || b.X <= 100-theme.Gap {
				t.Errorf("a band at %v of %.0f", ofBox(b), b.Stroke)
			}
		}
		dark, light := boxes[0].Edge, boxes[1].Edge
		if ratio(dark, light) < 3 || ratio(dark, palette.Ground) < 3 || ratio(light, palette.Touch) < 3 {
			t.Errorf("bands %v and %v", dark, light)
		}
	}
}
