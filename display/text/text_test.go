package text

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
	"golang.org/x/image/font/sfnt"

	"hallkiosk/configs/fonts"
	"hallkiosk/kiosk"
)

func messages(t *testing.T, lang string) map[string]any {
	t.Helper()
	all := map[string]any{}
	for _, kind := range []string{"active.", "spoken."} {
		data, err := files.ReadFile(kind + lang + ".toml")
		if err != nil {
			t.Fatal(err)
		}
		var m map[string]any
		if err := toml.Unmarshal(data, &m); err != nil {
			t.Fatal(err)
		}
		for id, v := range m {
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

// Hong Kong and Macao say these things in words of their own, and no simplified
// character slips in.
func TestHongKong(t *testing.T) {
	var raw string
	for _, name := range []string{"active.zh-Hant.toml", "spoken.zh-Hant.toml"} {
		data, err := files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		raw += string(data)
	}
	for _, line := range strings.Split(raw, "\n") {
		for _, bad := range []string{"取號", "排隊", "屏幕", "什麼", "打印機没", "排队", "号", "个", "这", "辦公", "視窗", "印表機", "為什", "裡"} {
			if strings.Contains(line, bad) {
				t.Errorf("%q in %s", bad, line)
			}
		}
	}
	hk := In(kiosk.Hant)
	for id, want := range map[string]string{"take": "取籌", "your_number": "您的籌號", "waiting_none": "毋須輪候", "own_name": "繁體中文"} {
		if got := hk.Say(id); got != want {
			t.Errorf("%s is %q, want %q", id, got, want)
		}
	}
}

func TestSay(t *testing.T) {
	zh, en := In(kiosk.Zh), In(kiosk.En)
	for _, c := range []struct{ got, want string }{
		{zh.Say("people", Data{"N": 1}), "1 人"}, {en.Say("people", Data{"N": 1}), "1 person"}, {en.Say("people", Data{"N": 5}), "5 people"},
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

// The house's letters have every character of the texts and of the catalog, so
// that none is drawn by whatever font the machine happens to have.
func TestLettersAreThere(t *testing.T) {
	names, err := filepath.Glob("../../configs/catalog/*.toml")
	if err != nil || len(names) < 20 {
		t.Fatal(names, err)
	}
	wanted := map[rune]string{}
	for _, name := range append(names, "active.zh.toml", "active.zh-Hant.toml", "active.en.toml") {
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
	for weight, data := range map[string][]byte{"regular": fonts.Regular, "bold": fonts.Bold, "regular of Hong Kong": fonts.RegularHK, "bold of Hong Kong": fonts.BoldHK} {
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
