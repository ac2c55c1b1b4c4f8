package configs_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hallkiosk/configs"
	"hallkiosk/kiosk"
)

// Every fault of a center.toml is found at once, in both languages.
func TestCenterProblems(t *testing.T) {
	path := write(t, "center.toml", `listen = "8080"
day_change = "noon"
[store]
path = "center.db"
[calls]
priority = [0, 2]
aged = [1]
age_limit = 0
look_ahead = 121
grace = -1
offer_again = 99999999999
misses = 21
[retention]
audit = 30
events = 1
alarm = 5
[[hall]]
id = "center"
catalog = "catalog"
[hall.windows]
"21" = ["QQ"]
[[hall]]
id = "h 2"
[hall.windows]
"1" = ["A", "b", "A"]
[hall.slot_capacity]
"b" = 1
"A" = 1001
"*" = -1
[[hall]]
id = "center"
catalog = "none"
[hall.windows]
"x" = "A"
`)
	if err := os.CopyFS(filepath.Join(filepath.Dir(path), "catalog"), must(fs.Sub(configs.Shipped(), "catalog"))); err != nil {
		t.Fatal(err)
	}
	_, err := configs.LoadCenter(path)
	text := fmt.Sprint(err)
	for _, want := range []string{
		`:1:1: listen is "8080"`,
		`:2:1: day_change is "noon"`,
		`:7:1: aged is [1]. Write two numbers`,
		`:14:1: audit is 30 days. Write 180 to 36500`,
		`:15:1: events is 1 days`,
		`:16:1: unknown key "alarm" in [retention]. Did you mean "alarms"?`,
		`:21:1: window 21: no queue "QQ"`,
		`:23:1: [[hall]] id is "h 2"`,
		`:25:1: window 1: no queue "b"`,
		`:25:1: window 1: queue A stands there twice`,
		`:27:1: slot_capacity: no queue "b"`,
		`:28:1: slot_capacity: queue A has 1001 places. Write 0 to 1000`,
		`:29:1: slot_capacity: queue * has -1 places`,
		`:31:1: hall center stands here twice`,
		`hall.toml: no such file`,
		`:34:7: "hall.windows.x" has the wrong type. Write a list in square brackets.`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("missing: %s", want)
		}
	}
	path = write(t, "center.toml", `[store]
path = "center.db"
[calls]
priority = [0, 2]
aged = [1, 101]
age_limit = 0
look_ahead = 121
grace = -1
offer_again = 99999999999
misses = 21
`)
	_, err = configs.LoadCenter(path)
	text += fmt.Sprint(err)
	for _, want := range []string{":4:1: priority: the ratio is 0:2; both sides", "两边都必须是 1 到 100", ":5:1: aged: ", ":6:1: age_limit: it is 0s", ":7:1: look_ahead: ", ":8:1: grace: ", ":9:1: offer_again: ", ":10:1: misses: it is 21", "次数是 21"} {
		if !strings.Contains(text, want) {
			t.Errorf("missing: %s", want)
		}
	}
	if t.Failed() {
		t.Log("\n" + text)
	}
}

// A center.toml with halls has their catalogs, and the version of each is that
// of its contents.
func TestCenterHalls(t *testing.T) {
	path := write(t, "center.toml", `[store]
path = "center.db"
[[hall]]
id = "h1"
catalog = "catalog"
[hall.windows]
"21" = ["A"]
[[hall]]
id = "h2"
catalog = "catalog"
calendar = "calendar"
[hall.slot_capacity]
"A" = 10
"*" = 0
[[hall]]
id = "h3"
`)
	folder := filepath.Join(filepath.Dir(path), "catalog")
	if err := os.CopyFS(folder, must(fs.Sub(configs.Shipped(), "catalog"))); err != nil {
		t.Fatal(err)
	}
	days := filepath.Join(filepath.Dir(path), "calendar")
	if err := os.CopyFS(days, must(fs.Sub(configs.Shipped(), "calendar"))); err != nil {
		t.Fatal(err)
	}
	c, err := configs.LoadCenter(path)
	if err != nil {
		t.Fatal(err)
	}
	if shipped, bad := configs.LoadCalendar(os.DirFS(days), days); len(bad) > 0 || c.Halls[0].Calendar != "" || c.Halls[1].Calendar == "" || c.Halls[1].Calendar != shipped.Version() {
		t.Fatalf("calendars %q and %q (%v)", c.Halls[0].Calendar, c.Halls[1].Calendar, bad)
	}
	if len(c.Halls) != 3 || c.Halls[0].Catalog == nil || c.Halls[0].Catalog != c.Halls[1].Catalog || c.Halls[2].Catalog != nil || c.Halls[2].Version != "" ||
		len(c.Halls[0].Windows["21"]) != 1 || len(c.Halls[1].Slots) != 2 || c.Halls[1].Slots["A"] != 10 || c.Rules() != kiosk.DefaultCallRules() || c.Change() != 4*time.Hour {
		t.Fatalf("%+v", c.Halls)
	}
	was := c.Halls[0].Version
	if was == "" || was != c.Halls[1].Version || was != c.Halls[0].Catalog.Version() {
		t.Fatalf("version %q", was)
	}
	if err := os.WriteFile(filepath.Join(folder, "themes.toml"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err = configs.LoadCenter(path); err != nil || c.Halls[0].Version == was {
		t.Fatalf("another catalog has version %q, %v", c.Halls[0].Version, err)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
