package screen_test

import (
	"fmt"
	"image"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"hallkiosk/display/screen"
	"hallkiosk/display/theme"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

var (
	zhTall = variant{kiosk.Zh, screen.Modes{}, 1080, 1920}
	golden = []struct {
		screen string
		variant
	}{
		{"first", zhTall},
		{"first", variant{kiosk.Zh, screen.Modes{Large: true}, 1080, 1920}},
		{"first", variant{kiosk.Hant, screen.Modes{Low: true}, 1080, 1920}},
		{"first", variant{kiosk.En, screen.Modes{Contrast: true}, 1920, 1080}},
		{"first", variant{kiosk.Zh, screen.Modes{}, 1024, 768}},
		{"zones", variant{kiosk.En, screen.Modes{}, 1080, 1920}},
		{"language", zhTall},
		{"idle", variant{kiosk.Hant, screen.Modes{}, 1920, 1080}},
		{"confirm RS001", zhTall},
		{"confirm GJ003", variant{kiosk.En, screen.Modes{Large: true}, 1024, 768}},
		{"papers-all-0 RS001", variant{kiosk.Zh, screen.Modes{Large: true}, 1080, 1920}},
		{"items RS001", variant{kiosk.Hant, screen.Modes{}, 1080, 1920}},
		{"ticket-printed RS001", zhTall},
		{"ticket-no-paper RS001", variant{kiosk.En, screen.Modes{}, 1920, 1080}},
		{"confirm-elder RS001", zhTall},
		{"priorities-pregnant", variant{kiosk.Hant, screen.Modes{}, 1920, 1080}},
		{"assist-first-pregnant", zhTall},
		{"assist-first-ordinary", variant{kiosk.En, screen.Modes{Large: true}, 1024, 768}},
		{"assist-taken-printed", zhTall},
		{"find-begin", variant{kiosk.En, screen.Modes{}, 1024, 768}},
		{"find-few", zhTall},
		{"who-3", zhTall},
		{"number-1", variant{kiosk.Hant, screen.Modes{Low: true}, 1080, 1920}},
		{"standing-ahead", zhTall},
		{"standing-called", variant{kiosk.En, screen.Modes{}, 1920, 1080}},
		{"bookings-2", zhTall},
		{"services-0", zhTall},
		{"map", variant{kiosk.En, screen.Modes{Contrast: true}, 1080, 1920}},
		{"zone-C", variant{kiosk.Zh, screen.Modes{}, 1920, 1080}},
		{"attract-night-0", zhTall},
		{"themes-0", zhTall},
		{"theme-0-0 long", variant{kiosk.Hant, screen.Modes{}, 1080, 1920}},
		{"device-card_expired", zhTall},
	}
)

// The structure of telling screens is that of testdata/*.txt, a line for each
// thing that is drawn. KIOSK_GOLDEN=1 writes the files anew; then look at the
// screens.
func TestGolden(t *testing.T) {
	c := hall(t)
	all := map[string]example{}
	for _, e := range shown(c) {
		all[e.name] = e
	}
	for _, g := range golden {
		if all[g.screen].draw == nil {
			t.Fatalf("there is no %q", g.screen)
		}
		name := strings.ReplaceAll(fmt.Sprint(g.screen, " ", g.variant), " ", "_")
		t.Run(name, func(t *testing.T) {
			got := describe(compose(g.page(), c, all[g.screen]))
			file := filepath.Join("testdata", name+".txt")
			if os.Getenv("KIOSK_GOLDEN") != "" {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			have, should := strings.Split(got, "\n"), strings.Split(string(want), "\n")
			for i := range max(len(have), len(should)) {
				var a, b string
				if i < len(have) {
					a = have[i]
				}
				if i < len(should) {
					b = should[i]
				}
				if a != b {
					t.Fatalf("line %d of %s:\n got %s\nwant %s", i+1, file, a, b)
				}
			}
		})
	}
}

// describe tells what is drawn, in its order: place and size, colours, words.
func describe(o fyne.CanvasObject) string {
	s := widget.Survey(o)
	var out strings.Builder
	words := s.Words
	for i := 0; i <= len(s.Boxes); i++ {
		for ; len(words) > 0 && words[0].Over == i; words = words[1:] {
			w := words[0]
			fmt.Fprintf(&out, "    text %4.0f,%-4.0f size %-3.0f %s %q\n", w.X, w.Y, w.Height, hex(w.Color), w.Text)
		}
		if i == len(s.Boxes) {
			break
		}
		b := s.Boxes[i]
		kind := "box"
		switch {
		case b.Picture:
			kind = "    icon"
		case b.Touch:
			kind = "touch"
		}
		fmt.Fprintf(&out, "%s %4.0f,%-4.0f %.0fx%.0f %s", kind, b.X, b.Y, b.Width, b.Height, hex(b.Fill))
		if b.Stroke > 0 {
			fmt.Fprintf(&out, " edge %.0f %s", b.Stroke, hex(b.Edge))
		}
		out.WriteString("\n")
	}
	return out.String()
}

func hex(c color.Color) string {
	if c == nil {
		return "none"
	}
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02X%02X%02X", r>>8, g>>8, b>>8)
}

// What is described is painted: a few dots, and ink where there are letters.
func TestPixels(t *testing.T) {
	c := hall(t)
	var first example
	for _, e := range examples(c) {
		if e.name == "first" {
			first = e
		}
	}
	for _, m := range []struct {
		modes   screen.Modes
		palette theme.Palette
	}{{screen.Modes{}, theme.Normal}, {screen.Modes{Contrast: true}, theme.HighContrast}} {
		v := variant{kiosk.Zh, m.modes, 1024, 768}
		img := paint(v, c, first, 1)
		if img.Bounds() != image.Rect(0, 0, 1024, 768) {
			t.Fatalf("the picture is %v", img.Bounds())
		}
		scene := widget.Survey(compose(v.page(), c, first))
		near := func(x, y float32, want color.Color) bool {
			return ratio(img.At(int(x), int(y)), want) < 1.05
		}
		if !near(2, 2, m.palette.Card) {
			t.Errorf("%s: the head is %v", v, img.At(2, 2))
		}
		cards := 0
		for _, b := range scene.Boxes {
			if !b.Touch || b.Stroke == 0 {
				continue
			}
			cards++
			edge := false // edges fall between dots
			for y := b.Y - 1; y <= b.Y+b.Stroke; y++ {
				edge = edge || near(b.X+b.Width/2, y, b.Edge)
			}
			if !edge || !near(b.X+b.Width/2, b.Y+b.Stroke+3, b.Fill) {
				t.Errorf("%s: the card at %v has no edge", v, ofBox(b))
			}
		}
		if cards < 10 {
			t.Errorf("%s: only %d cards", v, cards)
		}
		for _, w := range scene.Words {
			inked := 0
			for y := w.Y; y < w.Y+w.Height; y++ {
				for x := w.X; x < w.X+w.Width; x++ {
					if ratio(img.At(int(x), int(y)), w.Color) < 1.3 {
						inked++
					}
				}
			}
			if inked < int(w.Height) {
				t.Errorf("%s: %q has only %d dots", v, w.Text, inked)
			}
		}
	}
}
