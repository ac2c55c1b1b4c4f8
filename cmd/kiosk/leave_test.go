package main_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/randr"
	"github.com/jezek/xgb/xproto"

	"hallkiosk/kiosk/control"
)

// Nothing that a citizen can do with fingers or a keyboard, and nothing that comes
// up over it, takes the kiosk away: after each attempt it shows the first screen,
// alone, and gives a number.
func TestCantBeLeft(t *testing.T) {
	env := xvfb(t, 1920, 1920) // room to turn
	x, err := xgb.NewConnDisplay(strings.TrimPrefix(env[0], "DISPLAY="))
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	root := xproto.Setup(x).DefaultScreen(x).Root
	turn(t, x, root, 1080, 1920)
	m := newMachine(t, "")
	p := m.run(env)
	do := func(args ...string) {
		t.Helper()
		cmd := exec.Command("xdotool", args...)
		cmd.Env = append(os.Environ(), env...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("xdotool %q: %v %s", args, err, out)
		}
	}
	window := largest(t, x, root)
	// Not Ctrl-Alt-F1: consoles are the X server's own matter, kept away by its option
	// DontVTSwitch, and a virtual one has none.
	keys := []string{"alt+F4", "ctrl+alt+BackSpace", "ctrl+alt+Delete", "ctrl+q", "ctrl+w", "alt+Tab", "super", "Escape", "F11", "ctrl+c", "alt+space", "Print", "ctrl+shift+Escape", "Menu"}
	for _, c := range []struct {
		name string
		try  func(t *testing.T)
	}{
		{"Keys", func(t *testing.T) {
			for _, k := range keys {
				do("key", k)
			}
		}},
		{"CloseRequest", func(t *testing.T) { deleteWindow(t, x, window) }},
		{"LongPress", func(t *testing.T) {
			do("mousemove", "1050", "30", "mousedown", "1")
			time.Sleep(2 * time.Second) // that is the press
			do("mouseup", "1")
		}},
		{"LongPressOnTarget", func(t *testing.T) { // is a touch, and brings no menu
			card := find(m.screen("showing a card", func(s control.Screen) bool { return find(s, "社保卡") != nil }), "社保卡")
			do("mousemove", strconv.Itoa(card.X+card.Width/2), strconv.Itoa(card.Y+card.Height/2), "mousedown", "1")
			time.Sleep(2 * time.Second) // that is the press
			do("mouseup", "1")
			m.screen("confirm", named("confirm"))
		}},
		{"Corners", func(t *testing.T) {
			for range 5 {
				for _, at := range [][2]string{{"0", "0"}, {"1079", "0"}, {"0", "1919"}, {"1079", "1919"}} {
					do("mousemove", at[0], at[1], "click", "1", "click", "2", "click", "3")
				}
			}
		}},
		// Two fingers as a panel without multi-touch sends them: buttons that overlap, and
		// a drag between targets. A virtual X server has no touch device and takes none
		// from the kernel, and XTEST knows no touches, so there are no real ones here.
		{"TwoFingers", func(t *testing.T) {
			do("mousemove", "300", "600", "mousedown", "1", "mousemove", "800", "600", "mousedown", "3", "mousedown", "2", "mouseup", "1", "mouseup", "3", "mouseup", "2")
			do("mousemove", "300", "600", "mousedown", "1", "mousemove", "800", "1200", "mouseup", "1", "click", "4", "click", "5")
		}},
		{"SecondWindow", func(t *testing.T) {
			other, err := xproto.NewWindowId(x)
			if err != nil {
				t.Fatal(err)
			}
			if err := xproto.CreateWindowChecked(x, 0, other, root, 0, 0, 1080, 1920, 0, xproto.WindowClassInputOutput, xproto.Setup(x).DefaultScreen(x).RootVisual,
				xproto.CwBackPixel|xproto.CwOverrideRedirect, []uint32{0, 1}).Check(); err != nil {
				t.Fatal(err)
			}
			if err := xproto.MapWindowChecked(x, other).Check(); err != nil {
				t.Fatal(err)
			}
			if err := xproto.SetInputFocusChecked(x, xproto.InputFocusParent, other, xproto.TimeCurrentTime).Check(); err != nil {
				t.Fatal(err)
			}
			until(t, "the kiosk is before the other window", func() bool { return top(t, x, root) == window })
			until(t, "the kiosk has the keyboard again", func() bool {
				focus, err := xproto.GetInputFocus(x).Reply()
				return err == nil && focus.Focus == window
			})
			do("key", "Down", "key", "Down", "key", "Return") // of the audio keypad: the first begins
			m.screen("find", named("find"))
			m.device("window", "ready")
		}},
		// A virtual X server can't rotate: what is left of it is the other size, in which
		// the kiosk gives a number too.
		{"Rotation", func(t *testing.T) {
			for _, size := range [][2]int{{1920, 1080}, {1024, 768}, {1080, 1920}} {
				turn(t, x, root, uint16(size[0]), uint16(size[1]))
				until(t, fmt.Sprint("the window is ", size), func() bool {
					s, err := m.Screen(context.Background())
					return err == nil && s.Width == size[0] && s.Height == size[1]
				})
				m.tap(env, "社保卡")
				m.tap(env, "取号")
				m.screen("ticket", func(s control.Screen) bool { return s.Name == "ticket" && ticketNumber(s) != "" })
				m.home(env, "好了")
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.try(t)
			if s := m.screen("any", func(control.Screen) bool { return true }); s.Name != "first" { // some of the touches were wishes
				m.tap(env, "重新开始")
			}
			m.screen("first", named("first"))
			if got := top(t, x, root); got != window {
				t.Fatalf("window %d is before the kiosk's %d", got, window)
			}
			g, err := xproto.GetGeometry(x, xproto.Drawable(window)).Reply()
			if err != nil || g.X != 0 || g.Y != 0 || g.Width != 1080 || g.Height != 1920 {
				t.Fatalf("the window is %+v (%v)", g, err)
			}
			m.tap(env, "社保卡")
			m.screen("confirm", named("confirm"))
			m.tap(env, "取号")
			m.screen("ticket", func(s control.Screen) bool { return s.Name == "ticket" && ticketNumber(s) != "" })
			m.home(env, "好了")
		})
	}
	if code := p.stop(); code != 0 {
		t.Errorf("exit %d", code)
	}
}

func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for late := time.Now().Add(patient); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(late) {
			t.Fatalf("it never came about that %s", what)
		}
	}
}

// children are the windows on the screen, the one before all others last.
func children(t *testing.T, x *xgb.Conn, root xproto.Window) []xproto.Window {
	t.Helper()
	tree, err := xproto.QueryTree(x, root).Reply()
	if err != nil {
		t.Fatal(err)
	}
	var shown []xproto.Window
	for _, w := range tree.Children {
		if a, err := xproto.GetWindowAttributes(x, w).Reply(); err == nil && a.MapState == xproto.MapStateViewable {
			shown = append(shown, w)
		}
	}
	return shown
}

func top(t *testing.T, x *xgb.Conn, root xproto.Window) xproto.Window {
	t.Helper()
	all := children(t, x, root)
	return all[len(all)-1]
}

func largest(t *testing.T, x *xgb.Conn, root xproto.Window) (found xproto.Window) {
	t.Helper()
	for _, w := range children(t, x, root) {
		if g, err := xproto.GetGeometry(x, xproto.Drawable(w)).Reply(); err == nil && g.Width == 1080 && g.Height == 1920 {
			found = w
		}
	}
	if found == 0 {
		t.Fatal("there is no window as large as the screen")
	}
	return found
}

// deleteWindow asks a window to close, as a window manager's cross does.
func deleteWindow(t *testing.T, x *xgb.Conn, w xproto.Window) {
	t.Helper()
	atom := func(name string) xproto.Atom {
		r, err := xproto.InternAtom(x, false, uint16(len(name)), name).Reply()
		if err != nil {
			t.Fatal(err)
		}
		return r.Atom
	}
	e := xproto.ClientMessageEvent{Format: 32, Window: w, Type: atom("WM_PROTOCOLS"), Data: xproto.ClientMessageDataUnionData32New([]uint32{uint32(atom("WM_DELETE_WINDOW")), 0, 0, 0, 0})}
	if err := xproto.SendEventChecked(x, false, w, xproto.EventMaskNoEvent, string(e.Bytes())).Check(); err != nil {
		t.Fatal(err)
	}
}

// turn gives the screen another size, as turning the panel does.
func turn(t *testing.T, x *xgb.Conn, root xproto.Window, width, height uint16) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(randr.Init(x))
	_, err := randr.QueryVersion(x, 1, 3).Reply()
	must(err)
	now, err := randr.GetScreenResources(x, root).Reply()
	must(err)
	name := fmt.Sprintf("%dx%d", width, height)
	var mode randr.Mode
	for _, m := range now.Modes {
		if m.Width == width && m.Height == height {
			mode = randr.Mode(m.Id)
		}
	}
	if mode == 0 {
		made, err := randr.CreateMode(x, root, randr.ModeInfo{Width: width, Height: height, NameLen: uint16(len(name))}, name).Reply()
		must(err)
		mode = made.Mode
		must(randr.AddOutputModeChecked(x, now.Outputs[0], mode).Check())
	}
	set := func(mode randr.Mode, outputs ...randr.Output) {
		r, err := randr.SetCrtcConfig(x, now.Crtcs[0], 0, now.ConfigTimestamp, 0, 0, mode, randr.RotationRotate0, outputs).Reply()
		must(err)
		if r.Status != 0 {
			t.Fatalf("the screen can't be %s: %d", name, r.Status)
		}
	}
	set(0)
	must(randr.SetScreenSizeChecked(x, root, width, height, uint32(width)/4, uint32(height)/4).Check())
	set(mode, now.Outputs[0])
}
