package display

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"log"
	"time"

	"fyne.io/fyne/v2"
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
	if err := a.do(ctx, func() { window = a.window() }); err != nil {
		return nil, err
	}
	img, err := snap(window)
	if err != nil {
		return nil, &kiosk.Error{Code: kiosk.EUnavailable, Op: "take a picture of the screen", Err: err, Message: "截不了图。", Hint: "the X server doesn't give the picture"}
	}
	var out bytes.Buffer
	err = png.Encode(&out, img)
	return out.Bytes(), err
}

// window names the window for the X server; only on Fyne's goroutine.
func (a *App) window() (id xproto.Window) {
	if n, ok := a.win.(driver.NativeWindow); ok {
		n.RunNative(func(native any) {
			if x, ok := native.(driver.X11WindowContext); ok {
				id = xproto.Window(x.WindowHandle)
			}
		})
	}
	return id
}

// appear waits until the X server shows the first frame in the window's final
// size: until then a touch would fall through or hit something else.
func (a *App) appear(window xproto.Window) {
	x, err := xgb.NewConn()
	if err != nil {
		return // no X server to ask
	}
	defer x.Close()
	for {
		drawn := make(chan fyne.Size, 1)
		a.later(func() { drawn <- a.root.Size() })
		select {
		case size := <-drawn:
			g, err := xproto.GetGeometry(x, xproto.Drawable(window)).Reply()
			if err != nil || float32(g.Width) != size.Width || float32(g.Height) != size.Height || g.Width < 16 {
				break
			}
			img, err := grab(x, window, 4, 4)
			if err == nil && img.RGBAAt(2, 2) == (color.RGBA{0xFF, 0xFF, 0xFF, 0xFF}) { // the head's corner
				return
			}
		case <-a.ctx.Done():
			return
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-a.ctx.Done():
			return
		}
	}
}

func init() {
	xgb.Logger = log.New(io.Discard, "", 0) // it talks about a missing Xauthority, which a bare server doesn't need
}

// snap takes a picture of the whole window.
func snap(window xproto.Window) (image.Image, error) {
	x, err := xgb.NewConn()
	if err != nil {
		return nil, err
	}
	defer x.Close()
	g, err := xproto.GetGeometry(x, xproto.Drawable(window)).Reply()
	if err != nil {
		return nil, err
	}
	return grab(x, window, g.Width, g.Height)
}

// grab takes a picture of the window's upper left.
func grab(x *xgb.Conn, window xproto.Window, width, height uint16) (*image.RGBA, error) {
	r, err := xproto.GetImage(x, xproto.ImageFormatZPixmap, xproto.Drawable(window), 0, 0, width, height, 0xFFFFFFFF).Reply()
	if err != nil {
		return nil, err
	}
	if want := int(width) * int(height) * 4; len(r.Data) < want {
		return nil, fmt.Errorf("a screen of depth %d: %d bytes, want %d", r.Depth, len(r.Data), want)
	}
	img := image.NewRGBA(image.Rect(0, 0, int(width), int(height)))
	for i := 0; i < len(img.Pix); i += 4 { // blue, green, red, unused
		img.Pix[i], img.Pix[i+1], img.Pix[i+2], img.Pix[i+3] = r.Data[i+2], r.Data[i+1], r.Data[i], 0xFF
	}
	return img, nil
}
