package main_test

import (
	"bytes"
	"html/template"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"hallkiosk/configs"
	"hallkiosk/configs/fonts"
	"hallkiosk/display/text"
	"hallkiosk/kiosk"
)

// browserPage serves what a browser is measured with: the kiosk's first screen
// and the confirm screens behind its cards, of the shipped catalog, in the same
// words, icons, letters and sizes. It is one page without a framework, whose
// screens are all there from the beginning.
func browserPage(t testing.TB) (url string) {
	t.Helper()
	page := drawBrowserPage(t)
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) { w.Write(page) })
	for name, data := range map[string][]byte{"NotoSansSC-Regular.otf": fonts.Regular, "NotoSansSC-Bold.otf": fonts.Bold} {
		mux.HandleFunc("/fonts/"+name, func(w http.ResponseWriter, _ *http.Request) { w.Write(data) })
	}
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

func drawBrowserPage(t testing.TB) []byte {
	t.Helper()
	_, catalog, problems := configs.LoadKiosk("../../configs/kiosk.toml")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	loc := text.In(kiosk.Zh)
	type material struct{ Name, Tag string }
	type thing struct {
		Icon, Name, Item, Place, Zone, Windows string
		Materials                              []material
	}
	type button struct{ Icon, Label string }
	data := struct {
		Hall, Date string
		Things     []thing
		Bar        []button
	}{Hall: loc.Of(catalog.Hall), Date: loc.Say("date", text.Data{"Month": "11", "Day": 23, "Weekday": "一"})}
	for _, w := range catalog.Wanted {
		item, _ := catalog.Item(w.Item)
		queue, _ := catalog.Queue(item.Queue)
		zone, _ := catalog.Zone(queue.Zone)
		dept, _ := catalog.Department(item.Dept)
		v := thing{Icon: w.Icon, Name: loc.Of(w.Name), Item: loc.Of(item.Name), Zone: loc.Say("zone", text.Data{"Zone": zone.ID}), Windows: loc.Say("windows", text.Data{"Windows": queue.Windows})}
		v.Place = v.Zone + " · " + loc.Of(zone.Name) + " › " + loc.Of(dept.Name)
		for _, m := range item.Materials {
			tag := loc.Say("later")
			if m.Essential {
				tag = loc.Say("essential")
			}
			v.Materials = append(v.Materials, material{loc.Of(m.Name), tag})
		}
		data.Things = append(data.Things, v)
	}
	for _, b := range [][2]string{{"smart-home", "home"}, {"help", "help"}, {"language", "language"}, {"letter-case", "large"}, {"wheelchair", "low"}, {"contrast-2", "contrast"}, {"volume", "aloud"}} {
		data.Bar = append(data.Bar, button{b[0], loc.Say(b[1])})
	}
	page, err := template.New("screens.html").Funcs(template.FuncMap{
		"say":    func(id string) string { return loc.Say(id) },
		"people": func() string { return loc.Say("people", text.Data{"N": 0}) },
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
