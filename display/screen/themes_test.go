package screen_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"hallkiosk/display/screen"
	"hallkiosk/display/text"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// stepsOf are a theme's steps with their queues.
func stepsOf(c *kiosk.Catalog, t kiosk.Theme) (out []screen.Step) {
	for _, s := range t.Steps {
		item, _ := c.Item(s.Item)
		queue, _ := c.Queue(item.Queue)
		out = append(out, screen.Step{Step: s, At: queue})
	}
	return out
}

// longTheme has as many steps as a catalog may have, with notes.
func longTheme(c *kiosk.Catalog) kiosk.Theme {
	t := c.Themes[0]
	t.ID = "long"
	t.Steps = nil
	for i := range 12 {
		t.Steps = append(t.Steps, kiosk.Step{Name: c.Items[i*20].Name, Item: c.Items[i*20].ID,
			Note: kiosk.Text{Zh: "窗口受理后约需十个工作日，领取时请带受理回执和身份证原件。", Hant: "窗口受理後約需十個工作日，領取時請帶備受理回執及身份證原件。", En: "Takes about ten working days; bring the receipt and your ID card when you collect it."}})
	}
	t.Steps[3].Item = ""
	return t
}

// ofThemes are the screens of the themes.
func ofThemes(c *kiosk.Catalog) (out []example) {
	nop, turn := func() {}, func(int) {}
	add := func(name string, draw func(p screen.Page) fyne.CanvasObject) {
		out = append(out, example{name: name, draw: draw})
	}
	for page := range 2 {
		add(fmt.Sprint("themes-", page), func(p screen.Page) fyne.CanvasObject {
			return screen.Themes(p, c.Themes, page, turn, func(kiosk.ThemeID) {})
		})
	}
	paused := offer(c, c.Themes[0].Item, 12)
	paused.Paused, paused.CanTake, paused.Why = true, false, pausedWhy
	for page := range 2 {
		add(fmt.Sprint("theme-paused-", page), func(p screen.Page) fyne.CanvasObject {
			return screen.Theme(p, monday, c.Themes[0], stepsOf(c, c.Themes[0]), paused, check(), page, turn, nop, nil)
		})
	}
	for i, t := range append([]kiosk.Theme{longTheme(c)}, c.Themes...) {
		o := offer(c, t.Item, 12)
		states := []screen.Check{check()}
		switch i % 4 {
		case 1:
			o.Open, o.Opens = false, monday.Add(20*time.Hour)
		case 2:
			states = append(states, lacking(o.Item)["later"], lacking(o.Item)["essential"])
		case 3:
			o.Open, o.CanTake, o.Opens = false, false, monday.Add(20*time.Hour)
		}
		for n, k := range states {
			for page := range 2 {
				add(fmt.Sprintf("theme-%d-%d %s", n, page, t.ID), func(p screen.Page) fyne.CanvasObject {
					return screen.Theme(p, monday, t, stepsOf(c, t), o, k, page, turn, nop, nop)
				})
			}
		}
	}
	return out
}

// Each theme's pages tell all of its steps, each once, in order and with their
// windows, in every variant; the number can be taken on every page.
func TestThemeTellsItsSteps(t *testing.T) {
	c := hall(t)
	for i, v := range variants() {
		themes := []kiosk.Theme{longTheme(c), c.Themes[i%len(c.Themes)]}
		for _, th := range themes {
			p := v.page()
			var told []string
			for page := 0; ; page++ {
				more, took := false, false
				o := screen.Theme(p, monday, th, stepsOf(c, th), offer(c, th.Item, 12), check(), page, func(to int) { more = more || to > page }, func() {}, func() { took = true })
				told = append(told, widget.Survey(o).Paragraphs...)
				for _, x := range taps(o) {
					x.Tapped(nil)
				}
				if !took {
					t.Errorf("%s, %s: no number on page %d", v, th.ID, page)
				}
				if !more || page > 50 {
					break
				}
			}
			rest := told
			for n, s := range stepsOf(c, th) {
				for _, want := range []string{fmt.Sprint(n + 1), p.Of(s.Name), strings.ReplaceAll(s.At.Windows, "-", "–"), p.Of(s.Note)} {
					for len(rest) > 0 && !strings.Contains(rest[0], want) {
						rest = rest[1:]
					}
				}
				if len(rest) == 0 {
					t.Fatalf("%s, %s: step %d, %s, isn't told in its order: %q", v, th.ID, n+1, p.Of(s.Name), told)
				}
			}
		}
	}
}

// Who lacks a paper is told on a theme's first page what comes of it, and has every
// answer on all of them.
func TestThemeTellsWhatIsLacking(t *testing.T) {
	c := hall(t)
	for i, v := range variants() {
		p, th := v.page(), c.Themes[i%len(c.Themes)]
		o := offer(c, th.Item, 12)
		o.Due = "2026-11-30"
		for state, k := range lacking(o.Item) {
			want := map[string][]string{"all": {"take"}, "later": {"take_promising"}, "essential": {"take_asking", "come_back"}}[state]
			for page := range 2 {
				s := widget.Survey(screen.Theme(p, monday, th, stepsOf(c, th), o, k, page, func(int) {}, func() {}, func() {}))
				for _, id := range want {
					if !slices.ContainsFunc(s.Targets, func(x widget.Target) bool { return x.Label == p.Say(id) }) {
						t.Errorf("%v %s, %s missing: no %q on page %d", v, th.ID, state, p.Say(id), page)
					}
				}
				said := map[string]string{"later": "30", "essential": p.Say("lacks_essential")}[state]
				if page == 0 && !strings.Contains(strings.Join(s.Paragraphs, "|"), said) {
					t.Errorf("%v %s, %s missing: %q isn't said in %q", v, th.ID, state, said, s.Paragraphs)
				}
			}
		}
	}
}

// Each theme has an icon of its own, which is there.
func TestThemeIcons(t *testing.T) {
	of := map[string]kiosk.ThemeID{}
	for _, v := range hall(t).Themes {
		if _, err := os.Stat("../theme/icons/" + v.Icon + ".svg"); v.Icon == "" || err != nil {
			t.Errorf("%s has the icon %q: %v", v.ID, v.Icon, err)
		}
		if other, twice := of[v.Icon]; twice {
			t.Errorf("%s has the icon of %s", v.ID, other)
		}
		of[v.Icon] = v.ID
	}
}

// A long wait is told to half an hour: from an hour and a half on minutes promise
// what nobody knows.
func TestLongWaits(t *testing.T) {
	for _, c := range []struct {
		low, high int
		want      string
	}{{53, 89, "约 53–89 分"}, {54, 90, "约 1 小时"}, {60, 100, "约 1 小时 30 分钟"}, {112, 145, "约 2 小时"}, {136, 164, "约 2 小时 30 分钟"}, {400, 500, "约 8 小时"}} {
		if got := screen.Long(screen.Page{Loc: text.In(kiosk.Zh)}, kiosk.Estimate{Low: c.low, High: c.high}); got != c.want {
			t.Errorf("%d to %d is %q, want %q", c.low, c.high, got, c.want)
		}
	}
}
