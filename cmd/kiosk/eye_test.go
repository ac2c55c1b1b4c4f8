package main_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/damage"
	"github.com/jezek/xgb/xproto"
	"github.com/jezek/xgb/xtest"

	"hallkiosk/kiosk/control"
)

// strip is where an eye looks: the upper left of pixels that are four high.
type strip struct{ x, y, width int16 }

// eye touches by the X server's own test extension, and looks at pixels whenever
// the server says that something was drawn. Asking again and again would take
// the processors from those who draw.
type eye struct {
	t     testing.TB
	x     *xgb.Conn
	root  xproto.Window
	hurt  damage.Damage
	drawn chan struct{} // something was drawn since the last look
	strip strip
	looks []time.Duration // how long it took to ask for pixels
}

func newEye(t testing.TB, env []string, at strip) *eye {
	x, err := xgb.NewConnDisplay(strings.TrimPrefix(env[0], "DISPLAY="))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(x.Close)
	e := &eye{t: t, x: x, root: xproto.Setup(x).DefaultScreen(x).Root, drawn: make(chan struct{}, 1), strip: at}
	for _, init := range []func(*xgb.Conn) error{xtest.Init, damage.Init} {
		if err := init(x); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := damage.QueryVersion(x, 1, 1).Reply(); err != nil {
		t.Fatal(err)
	}
	if e.hurt, err = damage.NewDamageId(x); err != nil {
		t.Fatal(err)
	}
	if err := damage.CreateChecked(x, e.hurt, xproto.Drawable(e.root), damage.ReportLevelNonEmpty).Check(); err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			ev, err := x.WaitForEvent()
			if ev == nil && err == nil {
				return // closed
			}
			if _, ok := ev.(damage.NotifyEvent); ok {
				damage.Subtract(x, e.hurt, 0, 0) // or no other comes
				select {
				case e.drawn <- struct{}{}:
				default:
				}
			}
		}
	}()
	return e
}

// look returns the strip's pixels.
func (e *eye) look() string {
	e.t.Helper()
	began := time.Now()
	r, err := xproto.GetImage(e.x, xproto.ImageFormatZPixmap, xproto.Drawable(e.root), e.strip.x, e.strip.y, uint16(e.strip.width), 4, 0xFFFFFFFF).Reply()
	if err != nil {
		e.t.Fatal(err)
	}
	e.looks = append(e.looks, time.Since(began))
	return string(r.Data)
}

// until looks until the strip is as wanted.
func (e *eye) until(what string, want func(pixels string) bool) {
	e.t.Helper()
	for late := time.After(patient); !want(e.look()); {
		select {
		case <-e.drawn:
		case <-late:
			e.t.Fatalf("%s never came", what)
		}
	}
}

// touch touches and returns how long it took until the strip changed.
func (e *eye) touch(at [2]int16, what string) time.Duration {
	e.t.Helper()
	xtest.FakeInput(e.x, xproto.MotionNotify, 0, 0, e.root, at[0], at[1], 0)
	before := e.look()
	began := time.Now()
	xtest.FakeInput(e.x, xproto.ButtonPress, 1, 0, e.root, at[0], at[1], 0)
	xtest.FakeInput(e.x, xproto.ButtonRelease, 1, 0, e.root, at[0], at[1], 0)
	e.until(what, func(pixels string) bool { return pixels != before })
	return time.Since(began)
}

// finger is an eye that knows where our targets are.
type finger struct {
	*eye
	m      *machine
	places map[string][2]int16
	took   []time.Duration
}

// newFinger looks through the screen's title.
func newFinger(t testing.TB, env []string, m *machine) *finger {
	return &finger{eye: newEye(t, env, strip{40, 190, 400}), m: m, places: map[string][2]int16{}}
}

// there touches a target and waits for the frame to change and to settle.
func (f *finger) there(label string) {
	at, known := f.places[label]
	if !known {
		s := f.m.screen("showing "+label, func(s control.Screen) bool { return find(s, label) != nil })
		t := find(s, label)
		at = [2]int16{int16(t.X + t.Width/2), int16(t.Y + t.Height/2)}
		f.places[label] = at
	}
	f.took = append(f.took, f.touch(at, "what follows "+label))
	time.Sleep(30 * time.Millisecond) // a person doesn't touch faster
}
