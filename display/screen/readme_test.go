package screen_test

import (
	"crypto/sha256"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"testing"

	"hallkiosk/display/screen"
	"hallkiosk/kiosk"
)

// pictured are the screens of README's picture, from left to right.
var pictured = []struct {
	screen string
	variant
}{
	{"first", zhTall},
	{"find-few", zhTall},
	{"confirm-elder RS001", zhTall},
	{"ticket-printed RS001", zhTall},
	{"papers-later-0 RS001", variant{kiosk.Hant, screen.Modes{Large: true}, 1080, 1920}},
	{"map", variant{kiosk.En, screen.Modes{Contrast: true}, 1080, 1920}},
}

const (
	readmePicture = "../pictures/screens.png"
	readmeSum     = "../pictures/screens.sum" // SHA-256 of what the picture's screens were
)

// README's picture shows the screens as they are: what they were when it was drawn
// is kept beside it as a sum. `make picture`, which sets KIOSK_README, draws it anew.
func TestReadmePicture(t *testing.T) {
	c := hall(t)
	all := map[string]example{}
	for _, e := range shown(c) {
		all[e.name] = e
	}
	sum := sha256.New()
	for _, v := range pictured {
		if all[v.screen].draw == nil {
			t.Fatalf("there is no %q", v.screen)
		}
		fmt.Fprintln(sum, v.screen, v.variant, describe(compose(v.page(), c, all[v.screen])))
	}
	now := fmt.Sprintf("%x\n", sum.Sum(nil))
	const side, gap = 400, 12 // width of a screen, and what is between them
	size := image.Rect(0, 0, gap+len(pictured)*(side+gap), side*1920/1080+2*gap)
	if os.Getenv("KIOSK_README") != "" {
		sheet := image.NewNRGBA(size)
		draw.Draw(sheet, size, image.NewUniform(color.NRGBA{0x7C, 0x8A, 0xA3, 0xFF}), image.Point{}, draw.Src)
		for i, v := range pictured {
			at := image.Rect(0, 0, side, size.Dy()-2*gap).Add(image.Pt(gap+i*(side+gap), gap))
			draw.Draw(sheet, at, paint(v.variant, c, all[v.screen], side/1080.0), image.Point{}, draw.Src)
		}
		f, err := os.Create(readmePicture)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(f, sheet); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(readmeSum, []byte(now), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if was, err := os.ReadFile(readmeSum); err != nil || string(was) != now {
		t.Errorf("the screens have changed since README's picture was drawn: make picture (%v)", err)
	}
	f, err := os.Open(readmePicture)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, err := png.DecodeConfig(f); err != nil || image.Rect(0, 0, got.Width, got.Height) != size {
		t.Errorf("the picture is %dx%d (%v), want %v", got.Width, got.Height, err, size)
	}
}
