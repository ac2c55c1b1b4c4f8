package main_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
	"github.com/jezek/xgb/xtest"

	"hallkiosk/configs"
	"hallkiosk/display/text"
	"hallkiosk/kiosk"
	"hallkiosk/kiosk/control"
)

// A monkey touches at random, half on targets and half anywhere, long and short,
// dragging, and presses the keypad's keys, while cards come and go, codes and a guide's
// badge are scanned, the paper ends and the door opens. The kiosk never panics; every
// screen leads home, and home is reached and drawn; every number taken is on paper or
// was on the screen. In a soak every screen that can come has come. KIOSK_MONKEY_SEED
// runs a seed again; the seconds that devices take are not repeated by it.
func TestMonkey(t *testing.T) {
	touches := 500
	if os.Getenv("KIOSK_SOAK") != "" {
		touches = 100_000
	}
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("KIOSK_MONKEY_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Printf("monkey: seed %d, %d touches\n", seed, touches)

	env := xvfb(t, 540, 960) // a quarter of the pixels: four times the touches
	h := newHall(t, "-speed", "0")
	badge := configs.NewBadge()
	m := newMachine(t, h.ports(115200)+fmt.Sprintf("[cabinet]\npresence = \"GPIO6\"\ndoor = \"GPIO7\"\n[assist]\nbadges = [%q]\n", configs.BadgeHash(badge)))
	p := start(t, append(env, "KIOSK_TEST_WIRED="+m.config), os.Args[0])
	p.wait("kiosk: ready")
	m.device("reader", "ready")
	k := newMonkey(t, env, h, m, rand.New(rand.NewPCG(seed, 0)))
	k.badge = badge
	var sizes []int
	for i := range touches {
		k.step = i
		k.touch()
		switch {
		case i%50 == 49:
			k.home()
		case k.random.IntN(40) == 0:
			k.device()
		}
		if i%(touches/10) == touches/10-1 {
			sizes = append(sizes, int(pss(t, p.cmd.Process.Pid)))
			if touches > 5000 {
				fmt.Printf("monkey: %d touches, %d numbers, %d MB\n", i+1, k.taken(), sizes[len(sizes)-1])
			}
		}
	}
	k.mend()
	k.home()
	k.account()
	for _, name := range slices.Sorted(maps.Keys(k.screens)) {
		t.Logf("%6d times on %s", k.screens[name], name)
	}
	for _, name := range monkeySees {
		if touches >= 100_000 && k.screens[name] == 0 {
			t.Errorf("it was never on %s", name)
		}
	}
	if k.guided == 0 && touches >= 100_000 {
		t.Error("it was never in assisted mode")
	}
	t.Logf("memory in MB, in tenths of the way: %v", sizes)
	if mid, end := sizes[4], sizes[9]; touches > 5000 && end > mid+mid/10 {
		t.Errorf("the memory grew from %d to %d MB over the second half", mid, end)
	}
	if code := p.stop(); code != 0 {
		t.Errorf("exit %d", code)
	}
	if strings.Contains(p.said(), "panic") {
		t.Errorf("it said %s", p.said())
	}
}

// monkeySees are the screens that it must come upon. The others need bookings, a
// center, or somebody who touches nothing for half a minute.
var monkeySees = []string{"first", "find", "zones", "departments", "items", "confirm", "papers", "priorities", "themes", "theme", "services", "service",
	"map", "zone", "mine", "who", "number", "standing", "ticket", "device", "help", "language", "locked"}

// monkey is one finger without sense, one on a keypad, and hands that work the
// devices.
type monkey struct {
	t      *testing.T
	x      *xgb.Conn
	root   xproto.Window
	window xproto.Window
	ping   xproto.ClientMessageEvent
	m      *machine
	h      *hall
	random *rand.Rand
	step   int
	keys   []xproto.Keycode // of the keypad
	badge  string

	door    bool
	screens map[string]int
	guided  int             // how often it saw assisted mode
	seen    map[string]bool // numbers that were on the screen
	papers  map[string]bool // numbers that are on paper
	codes   []string        // what is on the papers
}

func newMonkey(t *testing.T, env []string, h *hall, m *machine, random *rand.Rand) *monkey {
	t.Helper()
	x, err := xgb.NewConnDisplay(strings.TrimPrefix(env[0], "DISPLAY="))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(x.Close)
	if err := xtest.Init(x); err != nil {
		t.Fatal(err)
	}
	k := &monkey{t: t, x: x, m: m, h: h, random: random, screens: map[string]int{}, seen: map[string]bool{}, papers: map[string]bool{}}
	k.root = xproto.Setup(x).DefaultScreen(x).Root
	k.window = top(t, x, k.root)
	if err := xproto.ChangeWindowAttributesChecked(x, k.root, xproto.CwEventMask, []uint32{xproto.EventMaskSubstructureNotify}).Check(); err != nil {
		t.Fatal(err)
	}
	atom := func(name string) xproto.Atom {
		r, err := xproto.InternAtom(x, false, uint16(len(name)), name).Reply()
		if err != nil {
			t.Fatal(err)
		}
		return r.Atom
	}
	k.ping = xproto.ClientMessageEvent{Format: 32, Window: k.window, Type: atom("WM_PROTOCOLS"),
		Data: xproto.ClientMessageDataUnionData32New([]uint32{uint32(atom("_NET_WM_PING")), 0, uint32(k.window), 0, 0})}
	// Down, Up, Left, Right, Return, Escape, BackSpace, Home, F1, r, plus, minus
	symbols := []xproto.Keysym{0xFF54, 0xFF52, 0xFF51, 0xFF53, 0xFF0D, 0xFF1B, 0xFF08, 0xFF50, 0xFFBE, 'r', '=', '-'}
	setup := xproto.Setup(x)
	table, err := xproto.GetKeyboardMapping(x, setup.MinKeycode, byte(setup.MaxKeycode-setup.MinKeycode+1)).Reply()
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(table.Keysyms); i += int(table.KeysymsPerKeycode) {
		if slices.Contains(symbols, table.Keysyms[i]) {
			k.keys = append(k.keys, setup.MinKeycode+xproto.Keycode(i/int(table.KeysymsPerKeycode)))
		}
	}
	if len(k.keys) < len(symbols) {
		t.Fatalf("of the keypad the X server has only the keys %v", k.keys)
	}
	return k
}

func (k *monkey) fatalf(format string, args ...any) {
	k.t.Helper()
	k.t.Fatalf("after %d touches: %s", k.step, fmt.Sprintf(format, args...))
}

func (k *monkey) fake(kind, detail byte, x, y int) {
	xtest.FakeInput(k.x, kind, detail, 0, k.root, int16(x), int16(y), 0)
}

// felt waits until the kiosk has worked off every touch: it answers a window
// manager's question whether it is alive in the order in which things came.
func (k *monkey) felt() {
	k.t.Helper()
	if err := xproto.SendEventChecked(k.x, false, k.window, xproto.EventMaskNoEvent, string(k.ping.Bytes())).Check(); err != nil {
		k.t.Fatal(err)
	}
	answered := make(chan error, 1)
	go func() {
		for {
			e, err := k.x.WaitForEvent()
			if e == nil && err == nil {
				answered <- fmt.Errorf("the X server is gone")
				return
			}
			if e, ok := e.(xproto.ClientMessageEvent); ok && e.Window == k.root && e.Type == k.ping.Type {
				answered <- nil
				return
			}
		}
	}()
	select {
	case err := <-answered:
		if err != nil {
			k.fatalf("%v", err)
		}
	case <-time.After(patient):
		k.fatalf("the window doesn't answer any more")
	}
}

// say returns a word in each of the languages.
func say(word string) (all []string) {
	for _, lang := range kiosk.Langs {
		all = append(all, text.In(lang).Say(word))
	}
	return all
}

func has(s control.Screen, labels []string) *control.Target {
	for i := range s.Targets {
		if slices.Contains(labels, s.Targets[i].Label) {
			return &s.Targets[i]
		}
	}
	return nil
}

var (
	homeWords   = say("home")
	takingWords = say("taking")
	assistWords = say("assist_end")
)

// look returns what is on the screen, when no number is being taken, and
// notes a number. A screen without a way home fails.
func (k *monkey) look() control.Screen {
	k.t.Helper()
	s := k.m.screen("done with taking a number", func(s control.Screen) bool {
		return !slices.ContainsFunc(s.Texts, func(line string) bool { return slices.Contains(takingWords, line) })
	})
	k.screens[s.Name]++
	if has(s, assistWords) != nil {
		k.guided++
	}
	if n := ticketNumber(s); s.Name == "ticket" {
		k.seen[n] = true
	}
	switch {
	case s.Name == "first" && len(s.Targets) > 0:
	case s.Name == "rest" && len(s.Targets) == 1:
	case s.Name == "locked": // a door that was shut may not be noticed yet
	case has(s, homeWords) == nil:
		k.fatalf("no way home from %s: %v", s.Name, s.Targets)
	}
	return s
}

// touch touches once, somehow.
func (k *monkey) touch() {
	k.t.Helper()
	s := k.look()
	x, y := k.random.IntN(max(1, s.Width)), k.random.IntN(max(1, s.Height))
	if n := len(s.Targets); n > 0 && k.random.IntN(2) == 0 {
		t := s.Targets[k.random.IntN(n)]
		x, y = t.X+t.Width/2, t.Y+t.Height/2
	}
	k.fake(xproto.MotionNotify, 0, x, y)
	switch k.random.IntN(60) {
	case 0: // long
		k.fake(xproto.ButtonPress, 1, 0, 0)
		k.felt()
		time.Sleep(time.Duration(k.random.IntN(400)) * time.Millisecond) // that is the press
		k.fake(xproto.ButtonRelease, 1, 0, 0)
	case 1, 2, 3, 4: // a drag
		k.fake(xproto.ButtonPress, 1, 0, 0)
		for range 3 {
			x, y = k.random.IntN(max(1, s.Width)), k.random.IntN(max(1, s.Height))
			k.fake(xproto.MotionNotify, 0, x, y)
		}
		k.fake(xproto.ButtonRelease, 1, 0, 0)
	case 5, 6, 7, 8: // twice
		for range 2 {
			k.fake(xproto.ButtonPress, 1, 0, 0)
			k.fake(xproto.ButtonRelease, 1, 0, 0)
		}
	case 11, 12, 13, 14, 15, 16: // a few keys
		for range 1 + k.random.IntN(4) {
			key := byte(k.keys[k.random.IntN(len(k.keys))])
			k.fake(xproto.KeyPress, key, 0, 0)
			k.fake(xproto.KeyRelease, key, 0, 0)
		}
	case 9, 10: // what a touch panel may send besides
		b := byte(2 + k.random.IntN(6))
		k.fake(xproto.ButtonPress, b, 0, 0)
		k.fake(xproto.ButtonRelease, b, 0, 0)
	default:
		k.fake(xproto.ButtonPress, 1, 0, 0)
		k.fake(xproto.ButtonRelease, 1, 0, 0)
	}
	k.felt()
}

// pixels is what the X server shows.
func (k *monkey) pixels() []byte {
	k.t.Helper()
	screen := xproto.Setup(k.x).DefaultScreen(k.x)
	r, err := xproto.GetImage(k.x, xproto.ImageFormatZPixmap, xproto.Drawable(k.root), 0, 0, screen.WidthInPixels, screen.HeightInPixels, 0xFFFFFFFF).Reply()
	if err != nil {
		k.t.Fatal(err)
	}
	return r.Data
}

// device lets something happen to one of the devices.
func (k *monkey) device() {
	k.t.Helper()
	pick := func(list ...string) string { return list[k.random.IntN(len(list))] }
	switch k.random.IntN(11) {
	case 0, 1:
		k.h.do("/reader/put?card=" + pick("resident", "hmt", "foreign2017", "foreign2023"))
	case 2, 3:
		k.h.do("/reader/lift")
	case 4:
		k.h.do("/printer/" + pick("paper-out", "cover-open", "paper-near"))
	case 5, 6:
		k.h.do("/printer/" + pick("paper-new", "cover-close", "clear"))
	case 7:
		k.collect()
		code := "https://example.org/nothing"
		if len(k.codes) > 0 && k.random.IntN(4) > 0 {
			code = k.codes[k.random.IntN(len(k.codes))]
		}
		k.scan(code)
	case 8:
		k.door = !k.door
		k.m.wire("GPIO7", map[bool]string{true: "1", false: "0"}[k.door])
	case 9:
		k.m.wire("GPIO6", pick("0", "1"))
	case 10:
		k.scan(k.badge)
	}
}

func (k *monkey) scan(code string) {
	k.t.Helper()
	resp, err := http.Post(k.h.url+"/scanner/scan", "text/plain", strings.NewReader(code))
	if err != nil {
		k.t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		k.fatalf("scan: %s", resp.Status)
	}
}

// collect notes what is on the papers that came out.
func (k *monkey) collect() {
	k.t.Helper()
	for _, p := range k.h.papers() {
		for _, line := range p.Text {
			if _, err := kiosk.ParseNumber(strings.TrimSpace(line)); err == nil {
				k.papers[strings.TrimSpace(line)] = true
			}
		}
		for _, code := range p.QR {
			if !slices.Contains(k.codes, code) && len(k.codes) < 100 {
				k.codes = append(k.codes, code)
			}
		}
	}
}

// home goes to the first screen by what the screen offers.
func (k *monkey) home() {
	k.t.Helper()
	if k.door {
		k.door = false
		k.m.wire("GPIO7", "0")
	}
	for range 10 { // a device's message may come up on the way, or the news of a door
		k.m.screen("unlocked", func(s control.Screen) bool { return s.Name != "locked" })
		s := k.look()
		switch s.Name {
		case "first":
			k.collect()
			return
		case "locked":
			continue
		}
		t := has(s, homeWords)
		if s.Name == "rest" {
			t = &s.Targets[0]
		}
		if t == nil {
			k.fatalf("no way home from %s", s.Name)
		}
		before := k.pixels()
		k.fake(xproto.MotionNotify, 0, t.X+t.Width/2, t.Y+t.Height/2)
		k.fake(xproto.ButtonPress, 1, 0, 0)
		k.fake(xproto.ButtonRelease, 1, 0, 0)
		k.felt()
		if now := k.look(); now.Name != s.Name {
			until(k.t, now.Name+" is drawn after "+s.Name, func() bool { return !bytes.Equal(k.pixels(), before) })
		}
	}
	k.fatalf("home is not reached: %s", k.look().Name)
}

// mend makes all devices work.
func (k *monkey) mend() {
	k.t.Helper()
	for _, verb := range []string{"/printer/cover-close", "/printer/paper-new", "/printer/clear", "/reader/lift"} {
		k.h.do(verb)
	}
	k.m.device("printer", "ready")
}

func (k *monkey) taken() int {
	return len(column(k.t, filepath.Join(k.m.dir, "kiosk.db"), "SELECT id FROM ticket"))
}

// account finds every number that was taken on paper or among what was seen on
// the screen.
func (k *monkey) account() {
	k.t.Helper()
	db := filepath.Join(k.m.dir, "kiosk.db")
	until(k.t, "the journal of papers is closed", func() bool {
		return len(column(k.t, db, "SELECT ticket FROM print WHERE state IN ('queued', 'started', 'sent')")) == 0
	})
	k.collect()
	const number = "queue || series || CASE series WHEN '' THEN '' ELSE '-' END || printf('%03d', n)"
	all := column(k.t, db, "SELECT "+number+" FROM ticket")
	if len(all) == 0 {
		k.fatalf("no number was taken")
	}
	unseen, onPaper := 0, 0
	for _, n := range all {
		if k.papers[n] {
			onPaper++
		}
		if !k.seen[n] {
			unseen++
		}
		if !k.seen[n] && !k.papers[n] {
			k.t.Errorf("%s was taken, and neither printed nor shown", n)
		}
	}
	k.t.Logf("%d numbers, %d of them on paper, %d not seen on the screen", len(all), onPaper, unseen)
	if _, err := k.m.Status(context.Background()); err != nil {
		k.fatalf("%v", err)
	}
}
