package text

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/pelletier/go-toml/v2"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"

	"hallkiosk/configs/fonts"
	"hallkiosk/kiosk"
)

func message(t *testing.T, name string) (m map[string]any) {
	t.Helper()
	data, err := files.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := toml.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func messages(t *testing.T, lang string) map[string]any {
	t.Helper()
	all := map[string]any{}
	for _, kind := range []string{"active.", "spoken."} {
		for id, v := range message(t, kind+lang+".toml") {
			if all[id] != nil {
				t.Errorf("%s is there twice in %s", id, lang)
			}
			all[id] = v
		}
	}
	return all
}

// All languages say the same things, the screens say all of them, and nothing
// else: the ids are the constants of the program that stand where an id may
// stand.
func TestComplete(t *testing.T) {
	said := map[string]bool{}
	for _, room := range []string{"..", "../screen"} {
		for _, id := range constants(t, room) {
			said[id] = true
		}
	}
	zh := messages(t, "zh")
	for _, lang := range kiosk.Langs {
		m := messages(t, string(lang))
		for id := range zh {
			if m[id] == nil {
				t.Errorf("%s is missing in %s", id, lang)
			}
		}
		for id := range m {
			if zh[id] == nil {
				t.Errorf("%s is in %s and not in Chinese", id, lang)
			}
			if !said[id] {
				t.Errorf("%s of %s is never said", id, lang)
			}
		}
	}
	for _, room := range []string{"..", "../screen"} {
		for _, id := range asked(t, room) {
			if zh[id] == nil {
				t.Errorf("%s is said in %s but written nowhere", id, room)
			}
		}
	}
}

// parse reads a package's source, without its tests.
func parse(t *testing.T, room string) (out []*ast.File) {
	t.Helper()
	names, err := filepath.Glob(room + "/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, f)
	}
	return out
}

func word(n ast.Node) string {
	if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
		s, _ := strconv.Unquote(l.Value)
		return s
	}
	return ""
}

// constants are all string constants of a package.
func constants(t *testing.T, room string) (out []string) {
	for _, f := range parse(t, room) {
		ast.Inspect(f, func(n ast.Node) bool {
			if s := word(n); s != "" {
				out = append(out, s)
			}
			return true
		})
	}
	return out
}

// asked are the constants that Say is called with.
func asked(t *testing.T, room string) (out []string) {
	for _, f := range parse(t, room) {
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			if sel, ok := call.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "Say" && word(call.Args[0]) != "" {
				out = append(out, word(call.Args[0]))
			}
			return true
		})
	}
	if len(out) < 10 {
		t.Fatalf("%s says only %v", room, out)
	}
	return out
}

func TestSay(t *testing.T) {
	zh, en := In(kiosk.Zh), In(kiosk.En)
	for _, c := range []struct{ got, want string }{
		{zh.Say("people", Data{"N": 1}), "1 人"}, {en.Say("people", Data{"N": 1}), "1 person"}, {en.Say("people", Data{"N": 5}), "5 people"},
		{zh.Say("about_hours", Data{"Hours": 2, "Half": false}), "约 2 小时"}, {en.Say("about_minutes_hours", Data{"Hours": 2, "Half": true}), "about 2 h 30 min"},
		{zh.Say("minutes", Data{"Low": 12, "High": 20}), "12–20 分钟"}, {en.Say("take"), "Take a number"},
		{en.Say("windows", Data{"Windows": "21-26"}), "Windows 21–26"}, {en.Say("windows", Data{"Windows": "17"}), "Window 17"}, {zh.Say("windows", Data{"Windows": "21-26"}), "21–26 号窗口"},
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

// The house's letters have every character of the texts and of the configs, so
// that none is drawn by whatever font the machine happens to have, and none that is
// missing sets a whole line in the forms of the mainland. Names and notices come
// from elsewhere: those of Hong Kong have the common characters of both scripts.
func TestLettersAreThere(t *testing.T) {
	wanted := map[rune]string{}
	for _, v := range every(t) {
		for _, r := range v.text {
			if !strings.HasPrefix(v.file, "spoken.") {
				wanted[r] = v.file
			}
		}
	}
	names, err := filepath.Glob("../../configs/catalog/*.toml")
	if err != nil || len(names) < 20 {
		t.Fatal(names, err)
	}
	for _, name := range append(names, "active.zh.toml", "active.zh-Hant.toml", "active.en.toml") {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range string(data) { // with the words to find things by
			wanted[r] = name
		}
	}
	common := maps.Clone(wanted)
	for high := byte(0xA4); high <= 0xC6; high++ { // level 1 of Big5
		for low := byte(0x40); low <= 0xFE && (high < 0xC6 || low < 0x7F); low++ {
			if r, ok := letter(traditionalchinese.Big5, high, low); ok && unicode.Is(unicode.Han, r) {
				common[r] = "Big5"
			}
		}
	}
	for high := byte(0xB0); high <= 0xF7; high++ {
		for low := byte(0xA1); low <= 0xFE; low++ {
			if r, ok := letter(simplifiedchinese.GBK, high, low); ok && unicode.Is(unicode.Han, r) {
				common[r] = "GB 2312"
			}
		}
	}
	if len(common) < 8000 {
		t.Fatalf("only %d characters", len(common))
	}
	for _, w := range []struct {
		weight string
		data   []byte
		wanted map[rune]string
	}{{"regular", fonts.Regular, wanted}, {"bold", fonts.Bold, wanted}, {"regular of Hong Kong", fonts.RegularHK, common}, {"bold of Hong Kong", fonts.BoldHK, common}} {
		f, err := sfnt.Parse(w.data)
		if err != nil {
			t.Fatal(err)
		}
		var b sfnt.Buffer
		for r, name := range w.wanted {
			if i, err := f.GlyphIndex(&b, r); r >= ' ' && (err != nil || i == 0) {
				t.Errorf("%s has no %q of %s; run make fonts", w.weight, r, name)
			}
		}
	}
}

// letter is the character of a code of two bytes.
func letter(e encoding.Encoding, high, low byte) (rune, bool) {
	text, err := e.NewDecoder().Bytes([]byte{high, low})
	r := []rune(string(text))
	if err != nil || len(r) != 1 || r[0] == unicode.ReplacementChar {
		return 0, false
	}
	return r[0], true
}
