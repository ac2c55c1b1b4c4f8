package display

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// A guard that finds no X server says so and tries again, and one whose connection
// is cut comes back. Whatever window takes the keyboard then, or covers the guarded
// one, loses.
func TestGuard(t *testing.T) {
	display := xvfb(t)
	connect := func() *xgb.Conn {
		t.Helper()
		x, err := xgb.NewConnDisplay(display)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(x.Close)
		return x
	}
	x := connect()
	window, other := open(t, x), open(t, x)

	none := errors.New("no X server")
	told, dials := make(chan error, 100), 0
	conns := make(chan *xgb.Conn, 100)
	g := guard{again: time.Millisecond, tell: func(err error) { told <- err }, dial: func() (*xgb.Conn, error) {
		if dials++; dials == 1 {
			return nil, none
		}
		c, err := xgb.NewConnDisplay(display)
		conns <- c
		return c, err
	}}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		g.keep(ctx, window)
		close(done)
	}()
	if err := <-told; !errors.Is(err, none) {
		t.Fatalf("it told %v", err)
	}
	for range 2 {
		if err := <-told; err != nil {
			t.Fatalf("it told %v, want that it stands", err)
		}
		has(t, x, window) // other came up before
		show(t, x, other)
		has(t, x, window)
		(<-conns).Close()
		if err := <-told; !errors.Is(err, errGuardCut) {
			t.Fatalf("it told %v of a cut connection", err)
		}
	}
	stop()
	<-done
}

// open makes a window, as large as the screen and before all others.
func open(t *testing.T, x *xgb.Conn) xproto.Window {
	t.Helper()
	w, err := xproto.NewWindowId(x)
	if err != nil {
		t.Fatal(err)
	}
	s := xproto.Setup(x).DefaultScreen(x)
	if err := xproto.CreateWindowChecked(x, 0, w, s.Root, 0, 0, s.WidthInPixels, s.HeightInPixels, 0, xproto.WindowClassInputOutput, s.RootVisual, xproto.CwOverrideRedirect, []uint32{1}).Check(); err != nil {
		t.Fatal(err)
	}
	if err := xproto.MapWindowChecked(x, w).Check(); err != nil {
		t.Fatal(err)
	}
	show(t, x, w)
	return w
}

// show lets a window cover the others and take the keyboard.
func show(t *testing.T, x *xgb.Conn, w xproto.Window) {
	t.Helper()
	if err := xproto.ConfigureWindowChecked(x, w, xproto.ConfigWindowStackMode, []uint32{xproto.StackModeAbove}).Check(); err != nil {
		t.Fatal(err)
	}
	if err := xproto.SetInputFocusChecked(x, xproto.InputFocusParent, w, xproto.TimeCurrentTime).Check(); err != nil {
		t.Fatal(err)
	}
}

// has waits until a window is before all others and has the keyboard.
func has(t *testing.T, x *xgb.Conn, w xproto.Window) {
	t.Helper()
	for late := time.Now().Add(2 * time.Minute); ; time.Sleep(5 * time.Millisecond) {
		focus, err := xproto.GetInputFocus(x).Reply()
		if err != nil {
			t.Fatal(err)
		}
		tree, err := xproto.QueryTree(x, xproto.Setup(x).DefaultScreen(x).Root).Reply()
		if err != nil {
			t.Fatal(err)
		}
		first := tree.Children[len(tree.Children)-1]
		if focus.Focus == w && first == w {
			return
		}
		if time.Now().After(late) {
			t.Fatalf("window %d has the keyboard and %d is before all others, want %d", focus.Focus, first, w)
		}
	}
}

// xvfb starts a virtual screen and returns its name.
func xvfb(t *testing.T) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cmd := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "300x300x24", "-nolisten", "tcp", "-noreset")
	cmd.ExtraFiles = []*os.File{w}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	w.Close()
	number, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return ":" + strings.TrimSpace(number)
}
