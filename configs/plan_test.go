package configs_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"hallkiosk/configs"
	"hallkiosk/kiosk"
)

const hallPlan = `[map]
size = [8, 6]
[[map.zone]]
id = "A"
at = [0, 0, 4, 3]
[[map.mark]]
kind = "entrance"
at = [5, 5]
[[service]]
id = "water"
name = { zh = "水", hant = "水", en = "Water" }
place = { zh = "台", hant = "枱", en = "Desk" }
zone = "A"
at = [5, 4]
hours = "day"
`

func planned(text string) fstest.MapFS {
	fsys := catalog()
	fsys["hall.toml"] = &fstest.MapFile{Data: append(fsys["hall.toml"].Data, text...)}
	return fsys
}

func TestPlanAndServices(t *testing.T) {
	c, problems := configs.LoadCatalog(planned(hallPlan), "catalog")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if a, ok := c.Plan.Zone("A"); !ok || a != (kiosk.Area{W: 4, H: 3}) || len(c.Plan.Marks) != 1 || c.Plan.W != 8 || c.Plan.H != 6 {
		t.Errorf("the plan is %+v", c.Plan)
	}
	if len(c.Services) != 1 || *c.Services[0].At != (kiosk.Point{X: 5, Y: 4}) || c.Services[0].Zone != "A" || c.Services[0].Hours.String() != "Mo-Fr 09:00-17:00" {
		t.Errorf("the services are %+v", c.Services)
	}
	if c, problems = configs.LoadCatalog(catalog(), "catalog"); len(problems) > 0 || c.Plan != nil || len(c.Services) != 0 {
		t.Errorf("without a map: %+v (%v)", c.Plan, problems)
	}
	for _, v := range []struct{ name, old, new, want string }{
		{"Size", "size = [8, 6]", "size = [8]", ":13:1: the map's size is [8]"},
		{"SizeTooLarge", "size = [8, 6]", "size = [8, 600]", ":13:1: the map's size is [8 600]"},
		{"ZoneUnknown", `id = "A"`, `id = "Q"`, `:15:1: no zone "Q"`},
		{"ZoneOutside", "[0, 0, 4, 3]", "[6, 0, 4, 3]", ":16:1: zone A lies at [6 0 4 3]"},
		{"ZoneEmpty", "[0, 0, 4, 3]", "[0, 0, 2, 3]", ":16:1: zone A lies at"},
		{"ZoneHuge", "[0, 0, 4, 3]", "[1, 0, 9223372036854775807, 3]", ":16:1: zone A lies at"},
		{"ZoneTwice", "[[map.mark]]", "[[map.zone]]\nid = \"A\"\nat = [5, 0, 2, 2]\n[[map.mark]]", "zone of the map A is defined twice"},
		{"NoZone", "[[map.zone]]\nid = \"A\"\nat = [0, 0, 4, 3]\n", "", ":12:2: the map shows no zone"},
		{"MarkKind", `"entrance"`, `"exit"`, `:18:1: no kind of mark "exit"`},
		{"MarkInAZone", "at = [5, 5]", "at = [1, 1]", ":19:1: the mark is at [1 1]"},
		{"NotTranslated", `, en = "Water"`, "", ":20:3: a service needs an id, and its name and place in all three languages"},
		{"NoteNotTranslated", `zone = "A"` + "\nat = [5, 4]", `note = { zh = "热" }`, ":24:1: service water: its note is not in all three"},
		{"ServiceZone", `zone = "A"`, `zone = "Q"`, `:24:1: no zone "Q"`},
		{"ServiceInAZone", "at = [5, 4]", "at = [2, 2]", ":25:1: service water is at [2 2]"},
		{"ServiceHours", `hours = "day"`, `hours = "night"`, `:26:1: no hours "night"`},
		{"UnknownKey", "place =", "plcae =", `Did you mean "place"?`},
	} {
		t.Run(v.name, func(t *testing.T) {
			if !strings.Contains(hallPlan, v.old) {
				t.Fatalf("nothing to break: %q", v.old)
			}
			_, problems := configs.LoadCatalog(planned(strings.Replace(hallPlan, v.old, v.new, 1)), "catalog")
			if !strings.Contains(problems.Error(), v.want) {
				t.Fatalf("got %v, want %q", problems, v.want)
			}
		})
	}
}

// A kiosk knows its place by a square or by its zone, and without a map by none.
func TestKioskPlace(t *testing.T) {
	with := func(text string) string { return strings.Replace(least, "[store]", text+"\n[store]", 1) }
	load := func(text string) (configs.Kiosk, configs.Problems) {
		k, _, problems := configs.LoadKiosk(write(t, "kiosk.toml", with(text)))
		return k, problems
	}
	if k, problems := load("at = [9, 12]\nnext = { zh = \"右边\" }"); len(problems) > 0 || k.Here() == nil || *k.Here() != (kiosk.Point{X: 9, Y: 12}) || k.Kiosk.Next.Zh != "右边" {
		t.Errorf("by a square: %v, %v", k.Here(), problems)
	}
	_, c, _ := configs.LoadKiosk("kiosk.toml")
	area, _ := c.Plan.Zone("C")
	if k, problems := load(`at = "C"`); len(problems) > 0 || k.Here() == nil || !c.Plan.Free(*k.Here()) || len(c.Plan.Route(*k.Here(), area)) != 1 {
		t.Errorf("beside zone C: %v, %v", k.Here(), problems)
	}
	for _, text := range []string{"", `at = ""`} {
		if k, problems := load(text); len(problems) > 0 || k.Here() != nil {
			t.Errorf("%q: %v, %v", text, k.Here(), problems)
		}
	}
	for _, text := range []string{`at = "Q"`, "at = [0, 0]", "at = [9, 8]", "at = [99, 0]", "at = [-1, 6]", "at = [9]", "at = [9, 12, 1]", "at = 5", `at = ["9", "12"]`} {
		if k, problems := load(text); len(problems.Fatal()) != 1 || k.Here() != nil || !strings.Contains(problems.Error(), ":4:1: [kiosk] at is ") {
			t.Errorf("%s: %v, %v", text, k.Here(), problems)
		}
	}
}
