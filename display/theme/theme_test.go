package theme

import (
	"image/color"
	"io/fs"
	"math"
	"strings"
	"testing"
)

// luminance is WCAG 2's relative luminance.
func luminance(c color.NRGBA) float64 {
	part := func(v uint8) float64 {
		s := float64(v) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*part(c.R) + 0.7152*part(c.G) + 0.0722*part(c.B)
}

func contrast(a, b color.NRGBA) float64 {
	l, d := luminance(a), luminance(b)
	if l < d {
		l, d = d, l
	}
	return (l + 0.05) / (d + 0.05)
}

// Text has 7:1 on everything it stands on, edges and icons 3:1.
func TestContrast(t *testing.T) {
	for _, c := range []struct {
		name     string
		on, what color.NRGBA
		least    float64
	}{
		{"ink on ground", Ground, Ink, 7}, {"ink on white", White, Ink, 7}, {"second on white", White, Sub, 7}, {"second on ground", Ground, Sub, 7},
		{"blue on white", White, Blue, 7}, {"white on blue", Blue, White, 7}, {"white on pressed blue", BlueDown, White, 7},
		{"warm on white", White, Warm, 7}, {"warm on its ground", WarmGround, Warm, 7}, {"ink on warm", WarmGround, Ink, 7},
		{"ok on its ground", OKGround, OK, 7}, {"ink on ok", OKGround, Ink, 7},
		{"closed on its ground", ClosedBack, Closed, 7}, {"closed on white", White, Closed, 7}, {"second on blue ground", BlueGround, Sub, 7},
		{"dim at night", Night, Dim, 7}, {"ink under the finger", BlueGround, Ink, 7},
		{"edge on white", White, Line, 3}, {"edge on ground", Ground, Line, 3}, {"warm edge", WarmGround, WarmLine, 3}, {"ok edge", OKGround, OKLine, 3},
		{"icon on its ground", BlueGround, Blue, 3}, {"closed icon", Rule, Closed, 3},
	} {
		if got := contrast(c.on, c.what); got < c.least {
			t.Errorf("%s: %.2f, want %v", c.name, got, c.least)
		}
	}
	if got := contrast(White, rgb(0)); math.Abs(got-21) > 0.01 {
		t.Errorf("black on white is %.2f, want 21: the measure is wrong", got)
	}
}

func TestIcons(t *testing.T) {
	names, err := fs.Glob(icons, "icons/*.svg")
	if err != nil || len(names) < 20 {
		t.Fatalf("%d icons (%v)", len(names), err)
	}
	for _, name := range names {
		name = strings.TrimSuffix(strings.TrimPrefix(name, "icons/"), ".svg")
		img, inked := Icon(name, Warm, 60), 0
		for y := range 60 {
			for x := range 60 {
				c := color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
				if c.A < 0xFF {
					continue // an edge
				}
				if inked++; contrast(c, Warm) > 1.02 {
					t.Fatalf("%s has the colour %v", name, c)
				}
			}
		}
		if inked < 150 { // a line of 5 pixels across half the icon
			t.Errorf("%s has only %d dots", name, inked)
		}
	}
	if Icon("no such icon", Blue, 24).Bounds().Dx() != 24 {
		t.Error("an unknown icon draws nothing")
	}
}
