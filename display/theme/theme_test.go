package theme

import (
	"image/color"
	"io/fs"
	"math"
	"reflect"
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

// Text has 7:1 on everything it stands on, edges and icons 3:1, in both palettes.
func TestContrast(t *testing.T) {
	for name, p := range map[string]Palette{"normal": Normal, "high": HighContrast} {
		for _, c := range []struct {
			name     string
			on, what color.NRGBA
			least    float64
		}{
			{"ink on ground", p.Ground, p.Ink, 7}, {"ink on a card", p.Card, p.Ink, 7}, {"second on a card", p.Card, p.Sub, 7}, {"second on ground", p.Ground, p.Sub, 7},
			{"touch on a card", p.Card, p.Touch, 7}, {"main", p.Touch, p.MainText, 7}, {"main under the finger", p.MainDown, p.MainText, 7}, {"main in progress", p.Busy, p.BusyText, 7},
			{"warm on a card", p.Card, p.Warm, 7}, {"warm on its ground", p.WarmGround, p.Warm, 7}, {"ink on warm", p.WarmGround, p.Ink, 7},
			{"ok on its ground", p.OKGround, p.OK, 7}, {"ink on ok", p.OKGround, p.Ink, 7},
			{"shut on its ground", p.ShutGround, p.Shut, 7}, {"shut on a card", p.Card, p.Shut, 7}, {"shut icon", p.ShutIcon, p.Shut, 3}, {"second on a label", p.TouchGround, p.Sub, 7},
			{"dim at night", p.Night, p.Dim, 7}, {"ink under the finger", p.TouchDown, p.Ink, 7}, {"second under the finger", p.TouchDown, p.Sub, 7},
			{"edge on a card", p.Card, p.Line, 3}, {"edge on ground", p.Ground, p.Line, 3}, {"warm edge", p.WarmGround, p.WarmLine, 3}, {"ok edge", p.OKGround, p.OKLine, 3},
			{"icon on its ground", p.TouchGround, p.Touch, 3}, {"main on ground", p.Ground, p.Touch, 3},
		} {
			if got := contrast(c.on, c.what); got < c.least {
				t.Errorf("%s, %s: %.2f, want %v", name, c.name, got, c.least)
			}
		}
	}
	if got := contrast(white, black); math.Abs(got-21) > 0.01 {
		t.Errorf("black on white is %.2f, want 21: the measure is wrong", got)
	}
}

// Both palettes have every colour: a forgotten one would be drawn as nothing.
func TestPalettesAreWhole(t *testing.T) {
	for _, p := range []Palette{Normal, HighContrast} {
		for v, i := reflect.ValueOf(p), 0; i < v.NumField(); i++ {
			if c, ok := v.Field(i).Interface().(color.NRGBA); ok && c.A != 0xFF {
				t.Errorf("%s is %v", v.Type().Field(i).Name, c)
			}
		}
	}
}

// The panels that the config names by nothing have the density that they have.
func TestDensity(t *testing.T) {
	for _, c := range []struct{ w, h, diagonal float32 }{{1080, 1920, 27}, {1920, 1080, 27}, {1024, 768, 17}, {2160, 3840, 27}} {
		mm := c.diagonal * 25.4
		real := float32(math.Hypot(float64(c.w), float64(c.h))) / mm
		if got := Density(c.w, c.h); math.Abs(float64(got/real-1)) > 0.02 {
			t.Errorf("%v x %v of %v inch: %.2f px/mm, want %.2f", c.w, c.h, c.diagonal, got, real)
		}
	}
}

// The widths that lines are broken by are those of the letters.
func TestAdvance(t *testing.T) {
	if w := Advance('国', false); w != 1 {
		t.Errorf("a Chinese character is %v wide, want 1", w)
	}
	if w, v := Advance('i', false), Advance('W', true); w <= 0.1 || w > 0.35 || v < 0.7 || v > 1 {
		t.Errorf("i is %v, W is %v", w, v)
	}
	if w := Advance('\uE000', false); w != 1 {
		t.Errorf("an unknown character is %v wide, want 1", w)
	}
	for heavy, pair := range map[bool][2]*letters{false: {regular, regularHK}, true: {bold, boldHK}} {
		for _, r := range "籌讀Aa09 ·–," {
			if a, b := pair[0].advance(r), pair[1].advance(r); a == 0 || a != b {
				t.Errorf("%q, bold %v, is %v wide and %v in Hong Kong", r, heavy, a, b)
			}
		}
	}
}

// Traditional text is drawn in the forms of Hong Kong, and a text with a
// character that this font lacks by the other font alone.
func TestHongKong(t *testing.T) {
	if r := HongKong("您的籌號", true); r == nil || r.Name() != "NotoSansHK-Bold.otf" {
		t.Errorf("the words are drawn by %v", r)
	}
	if r := HongKong("您的籌號", false); r == nil || r.Name() != "NotoSansHK-Regular.otf" {
		t.Errorf("the words are drawn by %v", r)
	}
	if r := HongKong("籌\uE000", false); r != nil {
		t.Errorf("a character that the font lacks is drawn by %v", r.Name())
	}
}

func TestIcons(t *testing.T) {
	names, err := fs.Glob(icons, "icons/*.svg")
	if err != nil || len(names) < 20 {
		t.Fatalf("%d icons (%v)", len(names), err)
	}
	for _, name := range names {
		name = strings.TrimSuffix(strings.TrimPrefix(name, "icons/"), ".svg")
		img, inked := Icon(name, Normal.Warm, 60), 0
		for y := range 60 {
			for x := range 60 {
				c := color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
				if c.A < 0xFF {
					continue // an edge
				}
				if inked++; contrast(c, Normal.Warm) > 1.02 {
					t.Fatalf("%s has the colour %v", name, c)
				}
			}
		}
		if inked < 150 { // a line of 5 pixels across half the icon
			t.Errorf("%s has only %d dots", name, inked)
		}
	}
	if Icon("id", Normal.Touch, -2).Bounds().Dx() != 1 {
		t.Error("an icon without room is no dot")
	}
	if Icon("no such icon", Normal.Touch, 24).Bounds().Dx() != 24 {
		t.Error("an unknown icon draws nothing")
	}
}
