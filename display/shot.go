package display

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"io"
	"log"

	"fyne.io/fyne/v2/driver"
	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"

	"hallkiosk/kiosk"
)

// Shot returns a picture of the window as PNG, taken from the X server: it is
// what the citizen really sees. Fyne's own Capture reads the front buffer,
// which software OpenGL leaves black.
func (a *App) Shot(ctx context.Context) ([]byte, error) {
	var window xproto.Window
	err := a.do(ctx, func() {
		if n, ok := a.win.(driver.NativeWindow); ok {
			n.RunNative(func(native any) {
				if x, ok := native.(driver.X11WindowContext); ok {
					window = xproto.Window(x.WindowHandle)
				}
			})
		}
	})
	if err != nil {
		return nil, err
	}
	img, err := grab(window)
	if err != nil {
		return nil, &kiosk.Error{Code: kiosk.EUnavailable, Op: "take a picture of the screen", Err: err, Message: "截不了图。", Hint: "the X server doesn't give the picture"}
	}
	var out bytes.Buffer
	err = png.Encode(&out, img)
	return out.Bytes(), err
}

func init() {
	xgb.Logger = log.New(io.Discard, "", 0) // it talks about a missing Xauthority, which a bare server doesn't need
}

func grab(window xproto.Window) (image.Image, error) {
	x, err := xgb.NewConn()
	if err != nil {
		return nil, err
	}
	defer x.Close()
	g, err := xproto.GetGeometry(x, xproto.Drawable(window)).Reply()
	if err != nil {
		return nil, err
	}
	r, err := xproto.GetImage(x, xproto.ImageFormatZPixmap, xproto.Drawable(window), 0, 0, g.Width, g.Height, 0xFFFFFFFF).Reply()
	if err != nil {
		return nil, err
	}
	if want := int(g.Width) * int(g.Height) * 4; len(r.Data) < want {
		return nil, fmt.Errorf("a screen of depth %d: %d bytes, want %d", r.Depth, len(r.Data), want)
	}
	img := image.NewRGBA(image.Rect(0, 0, int(g.Width), int(g.Height)))
	for i := 0; i < len(img.Pix); i += 4 { // blue, green, red, unused
		img.Pix[i], img.Pix[i+1], img.Pix[i+2], img.Pix[i+3] = r.Data[i+2], r.Data[i+1], r.Data[i], 0xFF
	}
	return img, nil
}
