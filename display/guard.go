package display

import (
	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// guard keeps a full-screen window before all others and as large as the screen,
// until ctx is done: there may be no window manager that does it, and what comes up
// over a kiosk, be it an update's question, would stay there. It ends when the X
// server does.
func (a *App) guard(window xproto.Window) {
	x, err := xgb.NewConn()
	if err != nil {
		return
	}
	go func() {
		<-a.ctx.Done()
		x.Close()
	}()
	root := xproto.Setup(x).DefaultScreen(x).Root
	// Each client hears of what it has asked for, whoever made the window.
	xproto.ChangeWindowAttributes(x, window, xproto.CwEventMask, []uint32{xproto.EventMaskVisibilityChange})
	xproto.ChangeWindowAttributes(x, root, xproto.CwEventMask, []uint32{xproto.EventMaskStructureNotify})
	for {
		e, err := x.WaitForEvent()
		if e == nil && err == nil {
			return // the connection is closed
		}
		switch e := e.(type) {
		case xproto.VisibilityNotifyEvent:
			if e.State != xproto.VisibilityUnobscured {
				xproto.ConfigureWindow(x, window, xproto.ConfigWindowStackMode, []uint32{xproto.StackModeAbove})
			}
		case xproto.ConfigureNotifyEvent:
			if e.Window == root { // the screen was turned or changed
				xproto.ConfigureWindow(x, window, xproto.ConfigWindowX|xproto.ConfigWindowY|xproto.ConfigWindowWidth|xproto.ConfigWindowHeight,
					[]uint32{0, 0, uint32(e.Width), uint32(e.Height)})
			}
		}
	}
}
