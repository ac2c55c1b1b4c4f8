package configs_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/text/encoding/simplifiedchinese"

	"hallkiosk/configs"
	"hallkiosk/kiosk"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const least = "[kiosk]\nid = \"K1\"\nhall = \"center\"\n[store]\npath = \"kiosk.db\"\n"

func TestShippedFiles(t *testing.T) {
	k, catalog, problems := configs.LoadKiosk("kiosk.toml")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if k.Series() != "1" || k.Printer.Paper != 80 || k.Control.Socket != "/var/lib/hallkiosk/kiosk.sock" {
		t.Errorf("kiosk.toml reads %+v", k)
	}
	zones, self := map[kiosk.ZoneID]bool{}, 0
	for _, q := range catalog.Queues {
		zones[q.Zone] = true
	}
	for _, i := range catalog.Items {
		if i.Self.Zh != "" {
			self++
		}
	}
	if len(catalog.Zones) != 6 || len(zones) != 6 || len(catalog.Departments) < 20 || len(catalog.Items) < 150 || len(catalog.Wanted) != 10 || self < 25 {
		t.Errorf("%d zones (%d with queues), %d departments, %d items, %d wanted, %d self-service", len(catalog.Zones), len(zones), len(catalog.Departments), len(catalog.Items), len(catalog.Wanted), self)
	}
	if _, err := configs.LoadCenter("center.toml"); err != nil {
		t.Error(err)
	}
	for _, name := range configs.ProfileNames() {
		if _, err := configs.LoadProfile(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Every name can be printed: its characters have two bytes in GB18030.
	for _, i := range catalog.Items {
		for _, r := range i.Name.Zh + i.Name.En {
			b, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(string(r)))
			if err != nil || len(b) > 2 {
				t.Errorf("item %s: a printer has no %q", i.ID, r)
			}
		}
	}
}

func TestLeast(t *testing.T) {
	k, catalog, problems := configs.LoadKiosk(write(t, "kiosk.toml", least))
	if len(problems) > 0 || catalog == nil {
		t.Fatal(problems)
	}
	if filepath.Base(k.Store.Path) != "kiosk.db" || !filepath.IsAbs(k.Store.Path) || filepath.Dir(k.Control.Socket) != filepath.Dir(k.Store.Path) {
		t.Errorf("store %s, socket %s: not beside the config", k.Store.Path, k.Control.Socket)
	}
	if k.Series() != "" || k.Printer.ProfileName() != "generic-80" {
		t.Errorf("series %q, profile %q", k.Series(), k.Printer.ProfileName())
	}
}

func TestSeriesIsANumberOrText(t *testing.T) {
	for _, text := range []string{"series = 2", `series = "2"`} {
		k, _, problems := configs.LoadKiosk(write(t, "kiosk.toml", strings.Replace(least, "[store]", text+"\n[store]", 1)))
		if len(problems) > 0 || k.Series() != "2" {
			t.Errorf("%s: %q %v", text, k.Series(), problems)
		}
	}
}

// Every fault of a file is found at once, with its place and what to do.
func TestProblems(t *testing.T) {
	path := write(t, "kiosk.toml", `[kiosk]
id = "K 1"
hall = 5
series = 100
[stroe]
path = "x"
[printer]
port = "/dev/null"
buad = 9600
paper = 81
[reader]
port = "/dev/null"
baud = "fast"
[scanner]
port = "/dev/no-such-device"
baud = 12345
[center]
url = "center.example"
[screen]
language = "fr"
fullscreen = "yes"
width = 3
px_per_mm = nan
`)
	_, _, problems := configs.LoadKiosk(path)
	var got []string
	for _, p := range problems {
		got = append(got, strings.TrimPrefix(p.String(), path))
	}
	text := strings.Join(got, "\n")
	for _, want := range []string{
		`:2:1: [kiosk] id is "K 1"`,
		`:3:8: "kiosk.hall" has the wrong type. Write text in double quotes.`,
		`:4:1: [kiosk] series is "100"`,
		`:5:2: unknown key "stroe". Did you mean "store"?`,
		`:9:1: unknown key "buad" in [printer]. Did you mean "baud"?`,
		`:10:1: paper is 81 mm. Write 80 or 58.`,
		`:12:1: [printer] and [reader] are both on /dev/null`,
		`:13:8: "reader.baud" has the wrong type. Write a whole number without quotes.`,
		`:15:1: port /dev/no-such-device is not there`,
		`:16:1: baud 12345 is no line speed`,
		`:18:1: "center.example" is no address`,
		`:20:1: language is "fr"`,
		`:21:14: "screen.fullscreen" has the wrong type. Write true or false.`,
		`:22:1: width is 3 pixels`,
		`:23:1: px_per_mm is NaN`,
		`: [store] path is missing`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("missing: %s", want)
		}
	}
	if t.Failed() {
		t.Log("\n" + text)
	}
	last := 0
	for _, p := range problems {
		if p.Line < last {
			t.Errorf("line %d is told after line %d", p.Line, last)
		}
		last = p.Line
	}
}

func TestAbsentDeviceIsNotFatal(t *testing.T) {
	_, catalog, problems := configs.LoadKiosk(write(t, "kiosk.toml", least+"[printer]\nport = \"/dev/no-such-device\"\n"))
	if len(problems) != 1 || len(problems.Fatal()) != 0 || catalog == nil {
		t.Fatalf("problems %v, fatal %v", problems, problems.Fatal())
	}
	_, _, problems = configs.LoadKiosk(write(t, "kiosk.toml", least+"[printer]\nport = \"/etc/hostname\"\n"))
	if len(problems.Fatal()) != 1 || !strings.Contains(problems.Error(), "is not a serial device") {
		t.Fatalf("a text file as a port: %v", problems)
	}
}

func latinFile(t *testing.T) string {
	return write(t, "latin.toml", "[kiosk]\nid = \"K\xE91\"\n")
}

func TestUnreadable(t *testing.T) {
	big := write(t, "big.toml", strings.Repeat("# filler\n", 1200000))
	latin := latinFile(t)
	for _, c := range []struct{ path, want string }{
		{t.TempDir(), "is a directory"},
		{filepath.Join(t.TempDir(), "none.toml"), "no such file"},
		{big, "bytes, more than"},
		{latin, ":2:8: is not UTF-8"},
		{write(t, "syntax.toml", "[kiosk]\nid = \n"), ":2:"},
		{write(t, "width.toml", least+"[printer]\npaper = 58\nprofile = \"epson-80\"\n"), ":8:1: profile \"epson-80\" is for 80 mm paper, paper is 58"},
		{write(t, "url.toml", least+"[center]\nurl = \"http://\"\n"), ":7:1: \"http://\" is no address"},
		{write(t, "socket.toml", least+"[control]\nsocket = \"/tmp/"+strings.Repeat("x", 110)+"\"\n"), ":7:1: the socket's path has 115 bytes"},
		{write(t, "store.toml", strings.Replace(least, "kiosk.db", "/etc/hostname/kiosk.db", 1)), ":5:1: /etc/hostname is a file"},
		{write(t, "empty.toml", ""), "id is \"\""},
	} {
		_, _, problems := configs.LoadKiosk(c.path)
		if len(problems.Fatal()) == 0 || !strings.Contains(problems.Error(), c.want) {
			t.Errorf("%s: %v, want %q", filepath.Base(c.path), problems, c.want)
		}
	}
}

func TestTokenFile(t *testing.T) {
	with := strings.Replace(least, "[store]", "series = 1\n[store]", 1) + "[center]\nurl = \"http://127.0.0.1:1\"\ntoken_file = \"none\"\n"
	if _, _, problems := configs.LoadKiosk(write(t, "kiosk.toml", with)); !strings.Contains(problems.Error(), ":9:1: the token file can't be read") {
		t.Errorf("missing token file: %v", problems)
	}
	for _, path := range []string{latinFile(t), write(t, "syntax.toml", "[kiosk]\nid = \n")} {
		if _, _, problems := configs.LoadKiosk(path); len(problems) != 1 {
			t.Errorf("one fault is told as %v", problems)
		}
	}
	without := least + "[center]\nurl = \"http://127.0.0.1:1\"\n"
	if _, _, problems := configs.LoadKiosk(write(t, "kiosk.toml", without)); !strings.Contains(problems.Error(), "series is missing") || !strings.Contains(problems.Error(), "token_file is missing") {
		t.Errorf("a center without a series: %v", problems)
	}
}

// catalog is a small sound one, for tests to break.
func catalog() fstest.MapFS {
	return fstest.MapFS{
		"hall.toml": {Data: []byte("[hall]\nzh = \"厅\"\n[hours]\nday = \"Mo-Fr 09:00-17:00\"\n[[zone]]\nid = \"A\"\nname = { zh = \"甲\" }\n[[wanted]]\nitem = \"X001\"\nname = { zh = \"事\" }\nicon = \"id\"\n")},
		"one.toml": {Data: []byte("[department]\nid = \"x\"\nname = { zh = \"局\" }\nzone = \"A\"\n[[queue]]\nid = \"A\"\nname = { zh = \"队\" }\nzone = \"A\"\nwindows = \"1-2\"\ncount = 1\nhours = \"day\"\n" +
			"[[item]]\ncode = \"X001\"\nname = { zh = \"事\" }\nqueue = \"A\"\nminutes = 5\n")},
	}
}

func TestCatalogProblems(t *testing.T) {
	if _, problems := configs.LoadCatalog(catalog(), "catalog"); len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, c := range []struct{ name, file, old, new, want string }{
		{"SameCodeTwice", "one.toml", "minutes = 5\n", "minutes = 5\n[[item]]\ncode = \"X001\"\nname = { zh = \"又\" }\nqueue = \"A\"\nminutes = 5\n", "catalog/one.toml:18:1: item X001 is defined twice, first at catalog/one.toml:13:1"},
		{"UnknownQueue", "one.toml", "queue = \"A\"", "queue = \"B\"", "catalog/one.toml:15:1: item X001 is in queue \"B\", which no file defines"},
		{"UnknownHours", "one.toml", "hours = \"day\"", "hours = \"night\"", "catalog/one.toml:11:1: no hours \"night\""},
		{"UnknownZone", "one.toml", "zone = \"A\"\n[[queue]]", "zone = \"Q\"\n[[queue]]", "catalog/one.toml:4:1: no zone \"Q\""},
		{"BadQueueLetter", "one.toml", "[[queue]]\nid = \"A\"", "[[queue]]\nid = \"a1\"", "catalog/one.toml:6:1: queue \"a1\""},
		{"BadMinutes", "one.toml", "minutes = 5", "minutes = 0", "catalog/one.toml:16:1: item X001 takes 0 minutes"},
		{"BadHours", "hall.toml", "Mo-Fr 09:00-17:00", "always", "catalog/hall.toml:4:1: hours"},
		{"WantedUnknown", "hall.toml", "item = \"X001\"", "item = \"X009\"", "catalog/hall.toml:9:1: no item \"X009\""},
		{"WordIsTheName", "one.toml", "queue = \"A\"\nminutes", "words = [\"别名\", \"事\"]\nqueue = \"A\"\nminutes", "catalog/one.toml:15:1: the word \"事\" of X001 is its name"},
		{"WordTwice", "one.toml", "zone = \"A\"\n[[queue]]", "words = [\"办\", \"办\"]\nzone = \"A\"\n[[queue]]", "catalog/one.toml:4:1: the word \"办\" of x is its name, or is written twice"},
		{"WordNobodyCanType", "one.toml", "queue = \"A\"\nminutes", "words = [\"··\"]\nqueue = \"A\"\nminutes", "catalog/one.toml:15:1: the word \"··\" of X001 can't be typed"},
		{"WordTooLong", "one.toml", "queue = \"A\"\nminutes", "words = [\"一二三四五六七八九十一二三四五六七八九十一\"]\nqueue = \"A\"\nminutes", "can't be typed. Write 1 to 20 characters"},
		{"WordNotInTraditional", "one.toml", "queue = \"A\"\nminutes", "words = [\"别名\", \"又名\"]\nwords_hant = [\"別名\"]\nqueue = \"A\"\nminutes", "catalog/one.toml:16:1: X001 has 2 words and 1 in traditional characters"},
		{"UnknownKey", "one.toml", "minutes", "minuets", "Did you mean \"minutes\"?"},
		{"WrongType", "one.toml", "minutes = 5", "minutes = \"5\"", "catalog/one.toml:16:11: \"item.minutes\" has the wrong type"},
	} {
		t.Run(c.name, func(t *testing.T) {
			fsys := catalog()
			text := string(fsys[c.file].Data)
			if !strings.Contains(text, c.old) {
				t.Fatalf("nothing to break: %q", c.old)
			}
			fsys[c.file] = &fstest.MapFile{Data: []byte(strings.Replace(text, c.old, c.new, 1))}
			got, problems := configs.LoadCatalog(fsys, "catalog")
			if got != nil || !strings.Contains(problems.Error(), c.want) {
				t.Fatalf("got %v, want %q", problems, c.want)
			}
		})
	}
	t.Run("NoHallFile", func(t *testing.T) {
		fsys := catalog()
		delete(fsys, "hall.toml")
		if _, problems := configs.LoadCatalog(fsys, "catalog"); !strings.Contains(problems.Error(), "catalog/hall.toml: no such file") {
			t.Fatal(problems)
		}
	})
}

// The shipped example explains every key that exists.
func TestEveryKeyIsCommented(t *testing.T) {
	for _, name := range []string{"kiosk.toml", "center.toml"} {
		data, err := fs.ReadFile(configs.Shipped(), name)
		if err != nil {
			t.Fatal(err)
		}
		comment := ""
		for n, line := range strings.Split(string(data), "\n") {
			switch {
			case strings.HasPrefix(line, "#"):
				comment += line
			case strings.Contains(line, " = "):
				han := strings.ContainsFunc(comment, func(r rune) bool { return r >= 0x4E00 && r < 0xA000 })
				if english := regexp.MustCompile(`[a-z]{4}`).MatchString(comment); !han || !english {
					t.Errorf("%s:%d: %s has no comment in both languages", name, n+1, line)
				}
				comment = ""
			case strings.TrimSpace(line) == "":
				comment = ""
			}
		}
	}
}

func ExampleProblem() {
	fmt.Println(configs.Problem{File: "kiosk.toml", Line: 5, Col: 1, En: `unknown key "buad" in [printer]. Did you mean "baud"?`, Zh: `[printer] 里没有 "buad" 这个键。`})
	// Output: kiosk.toml:5:1: unknown key "buad" in [printer]. Did you mean "baud"? | [printer] 里没有 "buad" 这个键。
}

// Every line of a profile says whether it is from a manual or assumed.
func TestProfilesNameTheirSources(t *testing.T) {
	for _, name := range configs.ProfileNames() {
		data, err := fs.ReadFile(configs.Shipped(), "printers/"+name+".toml")
		if err != nil {
			t.Fatal(err)
		}
		keys := 0
		for n, line := range strings.Split(string(data), "\n") {
			if line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "model") {
				continue
			}
			if keys++; strings.Contains(line, "厂家手册 / from the manual") == strings.Contains(line, "假定 / assumed") {
				t.Errorf("%s:%d: %s", name, n+1, line)
			}
		}
		if keys != 10 {
			t.Errorf("%s has %d keys, want all 10", name, keys)
		}
	}
}

// What can be wrong with a layout is told with its place and a remedy.
func TestBadLayouts(t *testing.T) {
	good := "[[block]]\ntext = \"{number}\"\n[[block]]\ntext = \"R{attempt}\"\n[[block]]\nqr = \"{id}\"\n"
	for _, c := range []struct{ name, text, want string }{
		{"NoNumber", "[[block]]\ntext = \"x\"\n", "lacks {number}"},
		{"NoMark", "[[block]]\ntext = \"{number}\"\n[[block]]\nqr = \"{id}\"\n", "lacks {attempt}"},
		{"IdOnlyAsText", "[[block]]\ntext = \"{number} {id} {attempt}\"\n", "lacks {id}"},
		{"NumberWithOthers", "[[block]]\ntext = \"{number} {ahead} {attempt}\"\n[[block]]\nqr = \"{id}\"\n", "lacks {number}"},
		{"NotInEnglish", "[[block]]\nzh = \"{number}\"\nen = \"COPY\"\n[[block]]\ntext = \"{attempt}\"\n[[block]]\nqr = \"{id}\"\n", "lacks {number} in language en"},
		{"CodeOnCondition", "[[block]]\ntext = \"{number}\"\n[[block]]\ntext = \"{attempt}\"\n[[block]]\nqr = \"{id}\"\nwhen = \"due\"\n", "lacks {id}"},
		{"TwoJoined", "[[block]]\ntext = \"{items} {materials}\"\n", "twice in one block"},
		{"UnknownValue", good + "[[block]]\ntext = \"{nmber}\"\n", "ticket.toml:8:1: no value {nmber}"},
		{"OpenBrace", good + "[[block]]\nzh = \"{hall\"\n", "8:1: { without }"},
		{"CloseBrace", good + "[[block]]\nzh = \"hall}\"\n", "8:1: } without {"},
		{"TwoLists", good + "[[block]]\ntext = \"{item.name} {step.name}\"\n", "8:1: values of two lists"},
		{"Nothing", good + "[[block]]\nbold = true\n", "7:3: a block is one of"},
		{"TwoKinds", good + "[[block]]\ntext = \"x\"\nrule = true\n", "7:3: a block is one of"},
		{"TextAndZh", good + "[[block]]\ntext = \"x\"\nzh = \"y\"\n", "8:1: text and zh"},
		{"NoChinese", good + "[[block]]\nen = \"x\"\n", "zh is missing"},
		{"Size", good + "[[block]]\ntext = \"x\"\nsize = 9\n", "9:1: size is 9"},
		{"Space", good + "[[block]]\nspace = 4000\n", "8:1: space is 4000"},
		{"Align", good + "[[block]]\ntext = \"x\"\nalign = \"middle\"\n", "9:1: align is \"middle\""},
		{"When", good + "[[block]]\ntext = \"x\"\nwhen = \"rain\"\n", "9:1: no value \"rain\""},
		{"UnknownKey", good + "[[block]]\ntext = \"x\"\ncolour = 3\n", "unknown key \"colour\""},
		{"WrongType", good + "[[block]]\ntext = 7\n", "wrong type"},
		{"Long", good + "[[block]]\ntext = \"" + strings.Repeat("x", 201) + "\"\n", "201 bytes of text"},
		{"Control", good + "[[block]]\ntext = \"a\\u001B@\"\n", "control character"},
		{"Many", good + strings.Repeat("[[block]]\nrule = true\n", 98), "101 blocks"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, problems := configs.LoadLayouts(fstest.MapFS{"ticket.toml": {Data: []byte(c.text)}}, "papers")
			if !strings.Contains(problems.Error(), c.want) {
				t.Errorf("got %v, want %q", problems, c.want)
			}
			for _, p := range problems {
				if p.Zh == "" || strings.Contains(p.Zh+p.En, "%!") {
					t.Errorf("words: %s", p)
				}
			}
		})
	}
	if _, problems := configs.LoadLayouts(fstest.MapFS{"tiket.toml": {Data: []byte(good)}}, "papers"); !strings.Contains(problems.Error(), "papers/tiket.toml: nothing is printed by this file") {
		t.Errorf("a misspelt file: %v", problems)
	}
	if l, problems := configs.LoadLayouts(fstest.MapFS{"ticket.toml": {Data: []byte(good)}}, "papers"); len(problems) != 0 || len(l[kiosk.PaperTicket].Blocks) != 3 || len(l[kiosk.PaperPlan].Blocks) < 10 {
		t.Errorf("the kinds that are not there must look as shipped: %v", problems)
	}
}

func TestThemes(t *testing.T) {
	_, catalog, problems := configs.LoadKiosk("kiosk.toml")
	if len(problems) > 0 || len(catalog.Themes) != 22 || catalog.PromiseDays != 5 {
		t.Fatalf("%d themes, %d days (%v)", len(catalog.Themes), catalog.PromiseDays, problems)
	}
	for _, theme := range catalog.Themes {
		if theme.Name.Hant == "" && theme.Name.En == "" || len(theme.Steps) < 3 {
			t.Errorf("%s: %+v", theme.ID, theme)
			continue
		}
		item, _ := catalog.Item(theme.Item)
		if first, ok := catalog.Item(theme.Steps[0].Item); ok && first.Queue != item.Queue {
			t.Errorf("%s: the number is for queue %s, the first step at %s", theme.ID, item.Queue, first.Queue)
		}
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("catalog")); err != nil {
		t.Fatal(err)
	}
	bad := "[[theme]]\nid = \"a\"\nname = { zh = \"甲\" }\nitem = \"NO1\"\nsteps = [{ name = { zh = \"一\" }, item = \"NO2\" }]\n[[theme]]\nid = \"b\"\nname = { zh = \"乙\" }\nitem = \"RS001\"\nsteps = []\n"
	if err := os.WriteFile(filepath.Join(dir, "themes.toml"), []byte(bad), 0o600); err != nil {
		t.Fatal(err)
	}
	_, problems = configs.LoadCatalog(os.DirFS(dir), "catalog")
	for _, want := range []string{"themes.toml:4:1: no item \"NO1\"", "no item \"NO2\"", "themes.toml:6:3: a theme needs"} {
		if !strings.Contains(problems.Error(), want) {
			t.Errorf("missing %q in %v", want, problems)
		}
	}
}
