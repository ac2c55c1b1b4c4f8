package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// The ring around a target with the focus, in pixels of the design: a dark band
// and a light one inside it, so that it can be told from whatever is around. The
// light one begins at the target's edge.
const (
	ringDark  = 8
	ringLight = 4
)

// Ring marks a target of w by h pixels at x, y. It lies around it and takes no
// touch; what is beside a target is further off than the ring is wide.
func (k Kit) Ring(x, y, w, h float32) fyne.CanvasObject {
	band := func(out, width float32) fyne.CanvasObject {
		out, width = k.Px(out), k.Px(width)
		r := canvas.NewRectangle(nil)
		r.StrokeColor, r.StrokeWidth = k.Ink, width
		return Put(r, x-out, y-out, w+2*out, h+2*out)
	}
	light := band(ringLight, ringLight)
	light.(*canvas.Rectangle).StrokeColor = k.Palette.Card
	return &fyne.Container{Objects: []fyne.CanvasObject{band(ringDark+ringLight, ringDark), light}}
}
