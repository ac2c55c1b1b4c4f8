package display

import (
	"context"
	"crypto/rand"
	"image"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"hallkiosk/configs"
	"hallkiosk/display/theme"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
	"hallkiosk/kiosk/desk"
	"hallkiosk/kiosk/sqlite"
)

// machine is an App before a real desk, on Fyne's painter without a window
// system, with a clock that the test moves.
type machine struct {
	*App
	now  time.Time
	desk *desk.Desk
}

func newMachine(t *testing.T, at time.Time, change func(*Opts)) *machine {
	t.Helper()
	_, c, problems := configs.LoadKiosk("../configs/kiosk.toml")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	m := &machine{now: at}
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "kiosk.db"), sqlite.DefaultOpts())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	now := func() time.Time { return m.now }
	m.desk, err = desk.New(t.Context(), desk.Opts{Catalog: c, Store: store, Clock: &kiosk.Clock{Now: now}, Random: rand.Reader, Location: at.Location(), DayChange: 4 * time.Hour, Early: true, Kiosk: "K1"})
	if err != nil {
		t.Fatal(err)
	}
	o := Opts{Desk: m.desk, Catalog: c, Here: &kiosk.Point{X: 9, Y: 13}, Language: kiosk.Zh, Location: at.Location(), Now: now,
		Request: func() kiosk.RequestID { return kiosk.RequestID(kiosk.NewID(m.now, rand.Reader)) },
		Code:    func(kiosk.Ticket) (image.Image, error) { return image.NewGray(image.Rect(0, 0, 21, 21)), nil },
		IdleAsk: 30 * time.Second, IdleReturn: 15 * time.Second, RestAfter: 10 * time.Minute}
	if change != nil {
		change(&o)
	}
	a := New(o)
	m.App, a.ctx, a.fyne = a, t.Context(), test.NewApp()
	t.Cleanup(a.fyne.Quit)
	a.fyne.Settings().SetTheme(theme.Fyne{})
	a.root = newRoot(a.show, a.beside)
	a.touch()
	a.stack = []*view{a.base()}
	a.win = test.NewWindow(a.root)
	t.Cleanup(a.win.Close)
	a.win.SetPadded(false)
	a.win.Resize(fyne.NewSize(1080, 1920))
	a.show()
	return m
}

// after lets time pass, as one second that the clock jumped.
func (m *machine) after(d time.Duration) {
	m.now = m.now.Add(d)
	m.pass(fresh)
}

// says is all that the screen says.
func (m *machine) says() string { return strings.Join(widget.Survey(m.root.content).Paragraphs, "\n") }

// tells fails unless the screen says each of the words.
func (m *machine) tells(t *testing.T, words ...string) {
	t.Helper()
	for _, w := range words {
		if said := m.says(); !strings.Contains(said, w) {
			t.Errorf("%s: no %q on %s:\n%s", m.now.Format("Jan 2 15:04"), w, m.top().name, said)
		}
	}
}

// A kiosk that runs through nights: date, open and closed, and the day of what
// it offers follow the clock, on the first screen and on the one for nobody.
func TestNightsPass(t *testing.T) {
	hour := func(h, min int) time.Time {
		return time.Date(2026, 11, 26, h, min, 0, 0, time.FixedZone("CST", 8*3600)) // a Thursday
	}
	m := newMachine(t, hour(17, 29), func(o *Opts) { o.RestAfter = 0 })
	m.tells(t, "11 月 26 日 星期四", "17:29", "不用等")
	m.after(time.Minute)
	m.tells(t, "17:30", "现在只办预约")
	m.after(time.Hour)
	m.tells(t, "18:30", "明天 08:30 开")
	offer := func() kiosk.Offer {
		list, err := m.desk.Offers(context.Background(), "RS001")
		if err != nil {
			t.Fatal(err)
		}
		return list[0]
	}
	if o := offer(); o.Open || o.Day != "2026-11-27" {
		t.Errorf("in the evening: %+v", o)
	}
	m.after(5*time.Hour + 29*time.Minute)
	m.tells(t, "11 月 26 日 星期四", "23:59", "明天 08:30 开")
	m.after(time.Minute)
	m.tells(t, "11 月 27 日 星期五", "00:00", "今天 08:30 开")
	m.after(8*time.Hour + 30*time.Minute)
	m.tells(t, "08:30", "不用等")
	if o := offer(); !o.Open || o.Day != "2026-11-27" {
		t.Errorf("in the morning: %+v", o)
	}
	// On Friday evening the windows are closed until Monday.
	m.after(9*time.Hour + 30*time.Minute)
	m.tells(t, "18:00", "11 月 30 日 08:30 开")
}

// A screen is drawn anew when what it shows has changed, and only then: a finger that
// lies on it meanwhile keeps its target.
func TestDrawnAnewOnlyWhenChanged(t *testing.T) {
	m := newMachine(t, time.Date(2026, 11, 26, 10, 0, 0, 0, time.FixedZone("CST", 8*3600)), nil)
	take := func() {
		t.Helper()
		if _, err := m.desk.Take(t.Context(), kiosk.Request{ID: m.o.Request(), Items: []kiosk.ItemID{"RS001"}}); err != nil {
			t.Fatal(err)
		}
	}
	for name, show := range map[string]func(){
		"first": func() {}, "confirm": func() { m.pick("RS001") },
		"items": func() { m.push(m.items("some", kiosk.Text{Zh: "some"}, []kiosk.ItemID{"RS001", "GJ003"})) },
	} {
		show()
		drawn := m.root.content.Objects[1]
		m.after(fresh * beat)
		if m.root.content.Objects[1] != drawn {
			t.Errorf("%s is drawn anew though nothing has changed", name)
		}
		take()
		m.after(fresh * beat)
		if m.root.content.Objects[1] == drawn {
			t.Errorf("%s doesn't tell that one more waits", name)
		}
		m.home()
	}
}

// The numbers of a business day end with it: in the night they count from one
// again without a restart.
func TestBusinessDayChanges(t *testing.T) {
	at := time.Date(2026, 11, 26, 10, 0, 0, 0, time.FixedZone("CST", 8*3600))
	m := newMachine(t, at, func(o *Opts) { o.RestAfter = 0 })
	take := func() kiosk.Ticket {
		got, err := m.desk.Take(t.Context(), kiosk.Request{ID: m.o.Request(), Items: []kiosk.ItemID{"RS001"}})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	take()
	take()
	m.after(time.Minute)
	m.tells(t, "等 2 人")
	m.after(23 * time.Hour)
	if strings.Contains(m.says(), "等 2 人") {
		t.Errorf("yesterday's people still wait:\n%s", m.says())
	}
	if n := take(); n.Number.N != 1 || n.Day != "2026-11-27" {
		t.Errorf("the first number is %v of %s", n.Number, n.Day)
	}
}

// The screen for nobody speaks three languages in turn, moves, and says what can
// be done in the night; a touch wakes it.
func TestAttract(t *testing.T) {
	at := time.Date(2026, 11, 26, 10, 0, 0, 0, time.FixedZone("CST", 8*3600))
	m := newMachine(t, at, nil)
	m.after(9 * time.Minute)
	if m.top().name != "first" {
		t.Fatalf("after 9 minutes it shows %s", m.top().name)
	}
	m.after(time.Minute)
	if m.top().name != "rest" {
		t.Fatalf("after 10 minutes it shows %s", m.top().name)
	}
	seen := map[string]bool{}
	for range 3 {
		for lang, words := range map[string]string{"zh": "窗口现在办理中", "hant": "窗口現正服務", "en": "The windows are open"} {
			if strings.Contains(m.says(), words) {
				seen[lang] = true
			}
		}
		m.after(turnAfter * time.Second)
	}
	if len(seen) != 3 {
		t.Errorf("in %d seconds it spoke %v", 3*turnAfter, seen)
	}
	m.after(12 * time.Hour)
	for !strings.Contains(m.says(), "窗口现在没开") && m.now.Before(at.Add(24*time.Hour)) {
		m.after(turnAfter * time.Second)
	}
	m.tells(t, "明天 08:30 开", "在 F 区用自助机", "先取下次开门的号")
	m.Present(true) // heard only once the window is up
	m.listen()
	targets := widget.Survey(m.root.content).Targets
	if len(targets) < 5 || m.top().name != "first" {
		t.Errorf("woken, it shows %s with %d targets", m.top().name, len(targets))
	}
}

// A locked machine says where the next one is, where somebody has written it down.
func TestLockedSaysWhere(t *testing.T) {
	at := time.Date(2026, 11, 26, 10, 0, 0, 0, time.FixedZone("CST", 8*3600))
	for _, c := range []struct {
		next kiosk.Text
		want string
	}{{kiosk.Text{}, "请用旁边的机器"}, {kiosk.Text{Zh: "服务台右边"}, "下一台机器：服务台右边。"}} {
		m := newMachine(t, at, func(o *Opts) { o.Next = c.next })
		m.locked = true
		m.home()
		m.tells(t, "这台机器暂停使用", c.want)
	}
}

// From the services one gets to one of them, to the map and to a zone's
// departments, and back again.
func TestServicesAndMap(t *testing.T) {
	at := time.Date(2026, 11, 26, 10, 0, 0, 0, time.FixedZone("CST", 8*3600))
	m := newMachine(t, at, nil)
	m.push(m.services())
	m.tells(t, "大厅里还有什么？", "母婴室", "大厅地图")
	for _, s := range m.o.Catalog.Services {
		m.push(m.service(s))
		m.tells(t, s.Name.Zh, s.Place.Zh, s.Note.Zh)
		m.back()
	}
	m.push(m.hallMap())
	for _, z := range m.o.Catalog.Zones {
		m.push(m.zone(z))
		m.tells(t, z.Name.Zh, z.Way.Zh)
		m.back()
	}
	if m.back(); m.top().name != "services" {
		t.Errorf("back leads to %s", m.top().name)
	}
}
