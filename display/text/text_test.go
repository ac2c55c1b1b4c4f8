package text

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
	"golang.org/x/image/font/sfnt"

	"hallkiosk/configs/fonts"
	"hallkiosk/kiosk"
)

func messages(t *testing.T, lang string) map[string]any {
	t.Helper()
	data, err := files.ReadFile("active." + lang + ".toml")
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := toml.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// Both languages say the same things, the screens say all of them, and nothing
// else.
func TestComplete(t *testing.T) {
	zh, en := messages(t, "zh"), messages(t, "en")
	for id := range zh {
		if en[id] == nil {
			t.Errorf("%s is missing in English", id)
		}
	}
	for id := range en {
		if zh[id] == nil {
			t.Errorf("%s is missing in Chinese", id)
		}
	}
	source := ""
	for _, pattern := range []string{"../*.go", "../screen/*.go"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatal(pattern, err)
		}
		for _, name := range names {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			source += string(data)
		}
	}
	for id := range zh {
		if !strings.Contains(source, `"`+id+`"`) {
			t.Errorf("%s is never said", id)
		}
	}
	for _, said := range regexp.MustCompile(`\.Say\("([a-z_]+)"`).FindAllStringSubmatch(source, -1) {
		if zh[said[1]] == nil {
			t.Errorf("%s is said but written nowhere", said[1])
		}
	}
}

func TestSay(t *testing.T) {
	zh, en := In(kiosk.Zh), In(kiosk.En)
	for _, c := range []struct{ got, want string }{
		{zh.Say("people", Data{"N": 1}), "1 人"}, {en.Say("people", Data{"N": 1}), "1 person"}, {en.Say("people", Data{"N": 5}), "5 people"},
		{zh.Say("minutes", Data{"Low": 12, "High": 20}), "12–20 分钟"}, {en.Say("take"), "Take a number"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("an unknown message is said")
		}
	}()
	zh.Say("no such message")
}

// The house's letters have every character of the texts and of the catalog, so
// that none is drawn by whatever font the machine happens to have.
func TestLettersAreThere(t *testing.T) {
	names, err := filepath.Glob("../../configs/catalog/*.toml")
	if err != nil || len(names) < 20 {
		t.Fatal(names, err)
	}
	wanted := map[rune]string{}
	for _, name := range append(names, "active.zh.toml", "active.en.toml") {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range string(data) {
			if r >= ' ' {
				wanted[r] = name
			}
		}
	}
	for weight, data := range map[string][]byte{"regular": fonts.Regular, "bold": fonts.Bold} {
		f, err := sfnt.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		var b sfnt.Buffer
		for r, name := range wanted {
			if i, err := f.GlyphIndex(&b, r); err != nil || i == 0 {
				t.Errorf("%s has no %q of %s; run make fonts", weight, r, name)
			}
		}
	}
}
