package display

import (
	"context"
	"errors"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// guard keeps a full-screen window before all others, as large as the screen, and
// with the keyboard, which the audio keypad is: there may be no window manager that
// does it, and what comes up over a kiosk, be it an update's question, would stay
// there.
type guard struct {
	dial  func() (*xgb.Conn, error)
	again time.Duration // between tries
	tell  func(error)   // nil when the guard stands; it must not wait
}

// errGuardCut is a connection that the X server has closed.
var errGuardCut = errors.New("the X server has closed the connection")

// keep guards a window until ctx is done. Without a connection to the X server it
// tries again.
func (g guard) keep(ctx context.Context, window xproto.Window) {
	for {
		x, err := g.dial()
		if err == nil {
			err = g.stand(ctx, x, window)
		}
		if ctx.Err() != nil {
			return
		}
		g.tell(err)
		select {
		case <-time.After(g.again):
		case <-ctx.Done():
			return
		}
	}
}

// stand guards a window until the connection ends, which it does with ctx.
func (g guard) stand(ctx context.Context, x *xgb.Conn, window xproto.Window) error {
	defer context.AfterFunc(ctx, x.Close)()
	root := xproto.Setup(x).DefaultScreen(x).Root
	// Each client hears of what it has asked for, whoever made the window.
	for w, events := range map[xproto.Window]uint32{window: xproto.EventMaskVisibilityChange | xproto.EventMaskFocusChange, root: xproto.EventMaskStructureNotify} {
		if err := xproto.ChangeWindowAttributesChecked(x, w, xproto.CwEventMask, []uint32{events}).Check(); err != nil {
			x.Close()
			return err
		}
	}
	raise := func() {
		xproto.ConfigureWindow(x, window, xproto.ConfigWindowStackMode, []uint32{xproto.StackModeAbove})
	}
	// What came up before anybody listened isn't told of.
	raise()
	takeKeys(x, window)
	g.tell(nil)
	for {
		e, err := x.WaitForEvent()
		if e == nil && err == nil {
			return errGuardCut
		}
		switch e := e.(type) {
		case xproto.VisibilityNotifyEvent:
			if e.State != xproto.VisibilityUnobscured {
				raise()
			}
			takeKeys(x, window) // refused before it could be seen
		case xproto.FocusOutEvent:
			if e.Mode == xproto.NotifyModeNormal || e.Mode == xproto.NotifyModeWhileGrabbed { // not a grab, which ends by itself
				takeKeys(x, window)
			}
		case xproto.ConfigureNotifyEvent:
			if e.Window == root { // the screen was turned or changed
				xproto.ConfigureWindow(x, window, xproto.ConfigWindowX|xproto.ConfigWindowY|xproto.ConfigWindowWidth|xproto.ConfigWindowHeight,
					[]uint32{0, 0, uint32(e.Width), uint32(e.Height)})
			}
		}
	}
}

// takeKeys lets the keyboard write to a window.
func takeKeys(x *xgb.Conn, window xproto.Window) {
	xproto.SetInputFocus(x, xproto.InputFocusPointerRoot, window, xproto.TimeCurrentTime)
}

// guard guards the window of a kiosk that fills the screen.
func (a *App) guard(window xproto.Window) {
	guard{dial: xgb.NewConn, again: 5 * beat, tell: func(err error) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.unguarded = err
	}}.keep(a.ctx, window)
}

// Unguarded says why other windows may cover the kiosk's or take its keyboard; nil
// when they can't, or when it is no kiosk but a window among others.
func (a *App) Unguarded() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.unguarded
}
