package main_test

import (
	"bytes"
	"encoding/json"
	"html/template"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"hallkiosk/configs"
	"hallkiosk/configs/fonts"
	"hallkiosk/display/text"
	"hallkiosk/kiosk"
	finding "hallkiosk/kiosk/catalog"
	"hallkiosk/kiosk/control"
)

// browserPage is what a browser is measured with: the kiosk's first screen and
// those behind it, of the shipped catalog, in the same words, icons, letters,
// sizes and colours. It is one page without a framework, whose screens are all
// there from the beginning.
type browserPage struct {
	url  string              // with #tell the page tells what it shows
	told chan control.Screen // as it told
}

func newBrowserPage(t testing.TB) browserPage {
	t.Helper()
	page := drawBrowserPage(t)
	told := make(chan control.Screen, 100)
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) { w.Write(page) })
	mux.HandleFunc("POST /shown", func(w http.ResponseWriter, r *http.Request) {
		var s control.Screen
		if err := json.NewDecoder(r.Body).Decode(&s); err != nil {
			t.Errorf("the page told no screen: %v", err)
			return
		}
		told <- s
	})
	for name, data := range map[string][]byte{"NotoSansSC-Regular.otf": fonts.Regular, "NotoSansSC-Bold.otf": fonts.Bold} {
		mux.HandleFunc("/fonts/"+name, func(w http.ResponseWriter, _ *http.Request) { w.Write(data) })
	}
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return browserPage{s.URL, told}
}

// screen waits until the page tells of a screen, which must be that one.
func (p browserPage) screen(t testing.TB, name string) control.Screen {
	t.Helper()
	select {
	case s := <-p.told:
		if s.Name != name {
			t.Fatalf("the page shows %s, want %s", s.Name, name)
		}
		return s
	case <-time.After(patient):
		t.Fatalf("the page never told of %s", name)
	}
	return control.Screen{}
}

func drawBrowserPage(t testing.TB) []byte {
	t.Helper()
	_, catalog, problems := configs.LoadKiosk("../../configs/kiosk.toml")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	loc, err := time.LoadLocation(noon())
	if err != nil {
		t.Fatal(err)
	}
	now, zh := time.Now().In(loc), text.In(kiosk.Zh)
	type material struct {
		Name, Tag string
		Essential bool
	}
	type notice struct{ Icon, Body string }
	type thing struct {
		Icon, Name, State, Item, Place, Zone, Windows string
		Notices                                       []notice
		Materials                                     []material
	}
	type zone struct{ Icon, Name, Holds string }
	type key struct {
		Label string
		Off   bool
	}
	type button struct {
		Icon, Label string
		Alert       bool
	}
	data := struct {
		Hall, Date, TimeZone string
		Things               []thing
		Zones                []zone
		Keys                 []key
		Bar                  []button
	}{Hall: zh.Of(catalog.Hall), TimeZone: noon(),
		Date: zh.Say("date", text.Data{"Month": int(now.Month()), "Day": now.Day(), "Weekday": string([]rune(zh.Say("weekdays"))[now.Weekday()])})}
	named := func(z kiosk.Zone) string {
		return zh.Say("zone", text.Data{"Zone": z.ID}) + " · " + zh.Of(z.Name)
	}
	for _, w := range catalog.Wanted {
		item, _ := catalog.Item(w.Item)
		queue, _ := catalog.Queue(item.Queue)
		zone, _ := catalog.Zone(queue.Zone)
		dept, _ := catalog.Department(item.Dept)
		v := thing{Icon: w.Icon, Name: zh.Of(w.Name), State: zh.Say("waiting_none"), Item: zh.Of(item.Name), Place: named(zone) + " › " + zh.Of(dept.Name),
			Zone: zh.Say("zone", text.Data{"Zone": zone.ID}), Windows: zh.Say("windows", text.Data{"Windows": queue.Windows})}
		if item.Self.Zh != "" {
			v.State = zh.Say("self_short")
			v.Notices = append(v.Notices, notice{"device-desktop", zh.Say("can_self", text.Data{"Machine": zh.Of(item.Self)})})
		}
		if item.Online {
			v.Notices = append(v.Notices, notice{"world", zh.Say("can_online")})
		}
		for _, m := range item.Materials {
			tag := "later"
			if m.Essential {
				tag = "essential"
			}
			v.Materials = append(v.Materials, material{zh.Of(m.Name), zh.Say(tag), m.Essential})
		}
		data.Things = append(data.Things, v)
	}
	for _, z := range catalog.Zones {
		departments, items := 0, 0
		for _, d := range catalog.Departments {
			if d.Zone == z.ID {
				departments++
			}
		}
		for _, i := range catalog.Items {
			if q, _ := catalog.Queue(i.Queue); i.Self.Zh != "" || q.Zone == z.ID {
				items++
			}
		}
		v := zone{"map-pin", named(z), zh.Say("departments", text.Data{"N": departments})}
		if z.Self {
			v.Icon, v.Holds = "device-desktop", zh.Say("items", text.Data{"N": items})
		}
		data.Zones = append(data.Zones, v)
	}
	next := finding.New(catalog).Find("").Next.String()
	for _, k := range "1234567890qwertyuiopasdfghjklzxcvbnm" {
		data.Keys = append(data.Keys, key{strings.ToUpper(string(k)), !strings.ContainsRune(next, k)})
	}
	for _, b := range [][2]string{{"help", "help"}, {"language", "language"}, {"letter-case", "large"}, {"wheelchair", "low"}, {"contrast-2", "contrast"}, {"volume", "aloud"}} {
		data.Bar = append(data.Bar, button{b[0], zh.Say(b[1]), b[1] == "help"})
	}
	page, err := template.New("screens.html").Funcs(template.FuncMap{
		"say":    func(id string) string { return zh.Say(id) },
		"people": func() string { return zh.Say("people", text.Data{"N": 0}) },
		"icon": func(name string) (template.HTML, error) {
			svg, err := os.ReadFile("../../display/theme/icons/" + name + ".svg")
			return template.HTML(strings.NewReplacer("#000000", "currentColor", "\n", "").Replace(string(svg))), err
		},
	}).ParseFiles("testdata/screens.html")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := page.Execute(&out, data); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
