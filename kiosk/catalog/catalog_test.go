package catalog_test

import (
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"hallkiosk/configs"
	"hallkiosk/kiosk"
	"hallkiosk/kiosk/catalog"
)

// shipped is the catalog that comes with the programs, and its index.
var shipped = sync.OnceValues(func() (*kiosk.Catalog, *catalog.Index) {
	sub, err := fs.Sub(configs.Shipped(), "catalog")
	if err != nil {
		panic(err)
	}
	c, problems := configs.LoadCatalog(sub, "catalog")
	if len(problems) > 0 {
		panic(problems)
	}
	return c, catalog.New(c)
})

func ids(f catalog.Found) []kiosk.ItemID {
	var out []kiosk.ItemID
	for _, h := range f.Hits {
		out = append(out, h.Item)
	}
	return out
}

// rank says where an item stands among what text finds, -1 for nowhere.
func rank(x *catalog.Index, text string, id kiosk.ItemID) int {
	return slices.Index(ids(x.Find(text)), id)
}

// small is a catalog of a few items, with the first one wanted.
func small(items ...kiosk.Item) (*kiosk.Catalog, *catalog.Index) {
	c := &kiosk.Catalog{Departments: []kiosk.Department{{ID: "gov", Name: kiosk.Text{Zh: "行政局", En: "Administration Bureau"}, Words: []string{"衙门"}}},
		Queues: []kiosk.Queue{{ID: "A"}}, Wanted: []kiosk.Wanted{{Item: items[0].ID, Name: items[0].Name}}}
	for _, i := range items {
		i.Dept, i.Queue = "gov", "A"
		c.Items = append(c.Items, i)
	}
	c.Index()
	return c, catalog.New(c)
}

// Each way to ask brings what is meant to the first place.
func TestWays(t *testing.T) {
	_, x := shipped()
	for _, c := range []struct {
		text string
		want kiosk.ItemID
	}{
		{"社保卡补办", "RS001"}, {"社保卡補辦", "RS001"}, {"shebaokabuban", "RS001"}, {"shebk", "RS001"}, {"sbk", "RS001"}, {"SBK", "RS001"}, {"sbk", "RS001"}, {"社保ka", "RS001"},
		{"she bao ka", "RS001"}, {"RS004", "RS004"}, {"rs004", "RS004"}, {"social security card", "RS001"}, {"tax", "SW001"}, {"divorce reg", "MZ002"},
		{"gjj", "GJ001"}, {"住房公積金貸款", "GJ006"}, {"入学·学籍", "JY001"}, {"结婚", "MZ001"}, {"jiehun", "MZ001"}, {"社保變更", "RS006"}, {"社保 变更", "RS006"},
		{"五险", "RS011"}, {"驾照", "JJ004"}, {"jiaz", "JJ004"}, {"身份证", "GA001"}, {"身份证补办", "GA002"}, {"港澳通行证", "CR002"}, {"房產證", "BD002"}, {"结婚证", "MZ001"},
		{"营业执照", "SC001"}, {"违章", "JJ001"}, {"护照", "CR004"}, {"派出所", "GA001"},
	} {
		if f := x.Find(c.text); len(f.Hits) == 0 || f.Hits[0].Item != c.want {
			t.Errorf("%q finds %v, want %s first", c.text, ids(f)[:min(3, len(f.Hits))], c.want)
		}
	}
}

// Whatever reading of a character a person has in mind, it is found.
func TestReadings(t *testing.T) {
	_, x := small(kiosk.Item{ID: "1", Name: kiosk.Text{Zh: "银行行长"}}, kiosk.Item{ID: "2", Name: kiosk.Text{Zh: "重庆音乐"}}, kiosk.Item{ID: "3", Name: kiosk.Text{Zh: "绿化女工"}})
	for text, want := range map[string]kiosk.ItemID{
		"yinhang": "1", "yinxing": "1", "hangzhang": "1", "xingchang": "1", "yhhz": "1", "chongqing": "2", "zhongqing": "2", "yinyue": "2", "yinle": "2",
		"lvhua": "3", "luhua": "3", "lühua": "3", "nvgong": "3", "nugong": "3",
		"yingang": "", "qingchong": "",
		"chongqin": "2", "congqing": "2", "luhuanugong": "3", // as it is said in the south
	} {
		f := x.Find(text)
		if want == "" && len(f.Hits) > 0 || want != "" && (len(f.Hits) == 0 || f.Hits[0].Item != want) {
			t.Errorf("%s finds %v, want %s", text, ids(f), want)
		}
	}
}

// Departments, codes and other words find, after what is called so itself.
func TestOrder(t *testing.T) {
	c, x := small(
		kiosk.Item{ID: "W1", Name: kiosk.Text{Zh: "办理户口", En: "Household"}},
		kiosk.Item{ID: "E1", Name: kiosk.Text{Zh: "户口"}},
		kiosk.Item{ID: "P1", Name: kiosk.Text{Zh: "户口迁移"}},
		kiosk.Item{ID: "I1", Name: kiosk.Text{Zh: "查询户口"}},
		kiosk.Item{ID: "A1", Name: kiosk.Text{Zh: "迁入"}, Words: []string{"户口簿变更"}},
		kiosk.Item{ID: "N1", Name: kiosk.Text{Zh: "行政复议"}},
	)
	for text, want := range map[string]string{
		"户口": "[E1 P1 A1 W1 I1]", "hk": "[E1 P1 A1 W1 I1]", "行政": "[N1 W1 E1 P1 I1 A1]", "衙门": "[W1 E1 P1 I1 A1 N1]", "e1": "[E1]", "admin": "[W1 E1 P1 I1 A1 N1]",
		"局": "[W1 E1 P1 I1 A1 N1]", "j": "[]", "": "[W1 E1 P1 I1 A1 N1]", "·": "[W1 E1 P1 I1 A1 N1]", "house": "[W1]", "hold": "[]",
	} {
		if got := fmt.Sprint(ids(x.Find(text))); got != want {
			t.Errorf("%q finds %s, want %s", text, got, want)
		}
	}
	hits := x.Find("户口").Hits
	name := func(id kiosk.ItemID) []rune { i, _ := c.Item(id); return []rune(i.Name.Zh) }
	for _, h := range hits {
		marked, by := string(name(h.Item)[h.From:h.To]), ""
		if h.Item == "A1" {
			marked, by = "", "户口簿变更"
			if h.From != h.To {
				t.Errorf("A1 is marked from %d to %d", h.From, h.To)
			}
		} else if marked != "户口" {
			t.Errorf("%s: %q is marked", h.Item, marked)
		}
		if h.By != by {
			t.Errorf("%s was found by %q, want %q", h.Item, h.By, by)
		}
	}
	_, x2 := small(kiosk.Item{ID: "W1", Name: kiosk.Text{Zh: "户口"}}, kiosk.Item{ID: "S1", Name: kiosk.Text{Zh: "驾驶证"}}, kiosk.Item{ID: "H1", Name: kiosk.Text{Zh: "技术合同认定登记"}})
	if got := fmt.Sprint(ids(x2.Find("jsh"))); got != "[H1 S1]" { // each letter an initial, before a syllable of two letters
		t.Errorf("jsh finds %s", got)
	}
	if g, ok := x.Find("hukouqian").Guess(); !ok || g.Item != "P1" {
		t.Errorf("hukouqian is guessed as %v (%v), want P1", g.Item, ok)
	}
	if g, ok := x.Find("hu").Guess(); ok {
		t.Errorf("two letters are guessed as %v", g.Item)
	}
}

// A theme's name leads to the item that starts it, and says which theme.
func TestThemes(t *testing.T) {
	_, x := shipped()
	f := x.Find("kaiyaod")
	if len(f.Hits) == 0 || f.Hits[0].Theme != "pharmacy" || f.Hits[0].Item != "SC001" || f.Hits[0].By != "开药店" {
		t.Fatalf("kaiyaod finds %+v, want the theme pharmacy", f.Hits)
	}
}

// Every item is found by its full name in each language, by its code, and by
// each of its other words, always on the first page.
func TestEveryItem(t *testing.T) {
	c, x := shipped()
	for _, i := range c.Items {
		for _, text := range append([]string{i.Name.Zh, i.Name.Hant, string(i.ID)}, i.Words...) {
			if n := rank(x, text, i.ID); text != "" && (n < 0 || n >= 10) {
				t.Errorf("%s stands at %d for %q", i.ID, n, text)
			}
		}
		if n := rank(x, i.Name.En, i.ID); n != 0 {
			t.Errorf("%s stands at %d for %q", i.ID, n, i.Name.En)
		}
	}
}

// readings are the syllables of the characters in the tables, plainest first,
// read here anew from the file.
var readings = sync.OnceValue(func() map[rune][]string {
	table, err := os.ReadFile("pinyin.txt")
	if err != nil {
		panic(err)
	}
	first, other := map[rune][]string{}, map[rune][]string{}
	for _, line := range strings.Split(strings.TrimSpace(string(table)), "\n") {
		fields := strings.Split(line, "\t")
		for _, r := range fields[1] {
			first[r] = append(first[r], fields[0])
		}
		for _, r := range strings.Join(fields[2:], "") {
			other[r] = append(other[r], fields[0])
		}
	}
	for r, more := range other {
		first[r] = append(first[r], more...)
	}
	return first
})

// typed writes a name with f for each character; what is none stays.
func typed(name string, f func(r rune) string) string {
	var b strings.Builder
	for _, r := range name {
		if len(readings()[r]) > 0 {
			b.WriteString(f(r))
		} else if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(r)
		}
	}
	return strings.ToLower(b.String())
}

// Every item is on the first page for its pinyin, and for its initials unless
// ten others share them.
func TestPinyinAndInitials(t *testing.T) {
	c, x := shipped()
	share := map[string]int{}
	initials := func(i kiosk.Item) string {
		return typed(i.Name.Zh, func(r rune) string { return readings()[r][0][:1] })
	}
	for _, i := range c.Items {
		share[initials(i)]++
	}
	for _, i := range c.Items {
		if n := rank(x, typed(i.Name.Zh, func(r rune) string { return readings()[r][0] }), i.ID); n != 0 {
			t.Errorf("%s %s stands at %d for its pinyin", i.ID, i.Name.Zh, n)
		}
		if n := rank(x, initials(i), i.ID); n < 0 || n >= 10 && share[initials(i)] < 10 {
			t.Errorf("%s %s stands at %d for %s, which %d share", i.ID, i.Name.Zh, n, initials(i), share[initials(i)])
		}
	}
}

// However each character of a name is typed, as itself or by the beginning of
// any of its readings, the item is found, from its first letter to its last.
func TestMixed(t *testing.T) {
	c, x := shipped()
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.SampledFrom(c.Items).Draw(t, "item")
		text := typed(i.Name.Zh, func(r rune) string {
			all := readings()[r]
			n := rapid.IntRange(-1, len(all)-1).Draw(t, "reading")
			if n < 0 {
				return string(r)
			}
			return all[n][:rapid.IntRange(1, len(all[n])).Draw(t, "letters")]
		})
		for to := range text {
			if !strings.Contains(text[to:], "\uFFFD") && rank(x, text[:to], i.ID) < 0 {
				t.Fatalf("%s %s is not found by %q of %q", i.ID, i.Name.Zh, text[:to], text)
			}
		}
		if rank(x, text, i.ID) < 0 {
			t.Fatalf("%s %s is not found by %q", i.ID, i.Name.Zh, text)
		}
	})
}

// text draws what people and machines may type: letters that go on, letters
// that don't, characters, gaps and noise.
func text(t *rapid.T, c *kiosk.Catalog) string {
	i := rapid.SampledFrom(c.Items).Draw(t, "item")
	name := []rune(i.Name.Zh)
	from := rapid.IntRange(0, len(name)-1).Draw(t, "from")
	s := typed(string(name[from:]), func(r rune) string {
		all := append([]string{string(r)}, readings()[r]...)
		s := rapid.SampledFrom(all).Draw(t, "typed")
		if s[0] < 0x80 {
			s = s[:rapid.IntRange(1, len(s)).Draw(t, "letters")]
		}
		return s + rapid.SampledFrom([]string{"", "", "", "", " ", "·"}).Draw(t, "gap")
	})
	runes := []rune(s)
	runes = runes[:rapid.IntRange(0, len(runes)).Draw(t, "to")]
	return string(runes) + rapid.SampledFrom([]string{"", "", "x", "q ", "1", "證", "\x00", "e", " tax"}).Draw(t, "tail")
}

// One more letter never brings back an item that was gone, and Next holds
// exactly the letters that leave any.
func TestOneMoreLetter(t *testing.T) {
	c, x := shipped()
	rapid.Check(t, func(t *rapid.T) { oneMore(t, x, text(t, c)) })
}

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func oneMore(t failer, x *catalog.Index, text string) {
	t.Helper()
	before := x.Find(text)
	had := map[kiosk.ItemID]bool{}
	for _, h := range before.Hits {
		if had[h.Item] {
			t.Fatalf("%q finds %s twice", text, h.Item)
		}
		had[h.Item] = true
	}
	for _, r := range "abcdefghijklmnopqrstuvwxyz0123456789证社 " {
		after := x.Find(text + string(r))
		for _, h := range after.Hits {
			if !had[h.Item] {
				t.Fatalf("%s is not found by %q, but by %q", h.Item, text, text+string(r))
			}
		}
		if r < 0x80 && r != ' ' && before.Next.Has(r) != (len(after.Hits) > 0) {
			t.Fatalf("after %q the letter %c finds %d items, next is %s", text, r, len(after.Hits), before.Next)
		}
	}
}

func TestHostile(t *testing.T) {
	_, x := shipped()
	for _, text := range []string{strings.Repeat("a", 10000), strings.Repeat("a ", 5000), strings.Repeat("社", 10000), strings.Repeat("she", 300), strings.Repeat("证 ", 9)} {
		if f := x.Find(text); len(f.Hits) > 0 || f.Next != 0 {
			t.Errorf("%d letters find %d items, next %s", len(text), len(f.Hits), f.Next)
		}
	}
	all := len(x.Find("").Hits)
	for _, text := range []string{"\x00\x01\x1b[", "\xff\xfe", "\u200b\u202e", "!@#$%", "   "} {
		if f := x.Find(text); len(f.Hits) != all {
			t.Errorf("%q finds %d items, want all %d: it says nothing", text, len(f.Hits), all)
		}
	}
	if a, b := x.Find("s\x00b\xffk"), x.Find("s b k"); !slices.Equal(ids(a), ids(b)) {
		t.Errorf("noise between letters finds %v, gaps find %v", ids(a), ids(b))
	}
	empty := &kiosk.Catalog{}
	empty.Index()
	if f := catalog.New(empty).Find("a"); len(f.Hits) > 0 || f.Next != 0 {
		t.Errorf("an empty catalog has %v", ids(f))
	}
}

// Many may ask at once; the race detector looks on.
func TestManyAtOnce(t *testing.T) {
	_, x := shipped()
	want := ids(x.Find("shebk"))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				if got := ids(x.Find("shebk")); !slices.Equal(got, want) {
					t.Errorf("found %v, want %v", got, want)
				}
			}
		})
	}
	all.Wait()
}

// Whatever is typed, one more letter finds no more, and Next is true.
func FuzzFind(f *testing.F) {
	_, x := shipped()
	for _, text := range []string{"", "sbk", "社保ka", "she bao ka ", "RS001", "social sec", "sbkb", "\xff\x00", "證", "zhuang", "a b c d e f g h", "nvlv", "shebaobiangeng", "j jdai\x00"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) { oneMore(t, x, text) })
}
