package printer_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"hallkiosk/configs"
	"hallkiosk/kiosk"
	"hallkiosk/printer"
	"hallkiosk/printer/escpos"
	"hallkiosk/printer/printertest"
)

func catalog(t testing.TB) *kiosk.Catalog {
	t.Helper()
	_, c, problems := configs.LoadKiosk("../configs/kiosk.toml")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return c
}

// printed puts a page on virtual paper and returns it.
func printed(t testing.TB, p printer.Profile, page printer.Page) *printertest.Paper {
	t.Helper()
	v := printertest.New(printertest.Opts{Width: p.Width, NoQR: !p.QR})
	if _, err := v.Write(page.Bytes); err != nil {
		t.Fatal(err)
	}
	papers := v.Papers()
	if len(papers) != 1 || !papers[0].Whole || len(v.Unknown()) > 0 || papers[0].Hazards > 0 {
		t.Fatalf("%d papers, unknown commands %v", len(papers), v.Unknown())
	}
	return papers[0]
}

// Every kind of paper, in every language, on every shipped printer: whole, with
// its number, its code and what makes it that kind.
func TestSpecimens(t *testing.T) {
	c := catalog(t)
	says := map[string][]string{
		"ticket-zh": {"您的号", "A1-023", "社保卡补办", "去 C 区 21-26 号窗口", "约 10-18 分钟", "带好：身份证原件"}, "ticket-zh-Hant": {"您的籌號", "社保卡補辦", "須帶備：身份證正本"}, "ticket-en": {"Your number", "Bring: ID card"},
		"promise-zh": {"容缺预受理", "请在 2026-11-30 前补齐", "[  ] 旧社保卡", "签名"}, "promise-zh-Hant": {"先受理後補文件", "[  ] 舊社保卡"}, "promise-en": {"To be brought by 2026-11-30", "[  ] Old card"},
		"plan-zh": {"办一家工厂", "1. 名称核准", "4. 银行开户", "先去 A 区"}, "plan-zh-Hant": {"辦一家工廠", "1. 名稱核准"}, "plan-en": {"Start a factory", "1. Name approval", "First: zone A"},
		"receipt-zh": {"取号回执", "不能排队用", "号码 A1-023", "取号 2026-11-23 10:05:32"}, "receipt-zh-Hant": {"取籌回執", "不能用作輪候"}, "receipt-en": {"Receipt", "Not a queue ticket"},
		"reprint-zh": {"重印 第 2 张", "社保卡补办", "社保卡首次申领", "然后去 C 区 27-29 号窗口：失业保险金申领"}, "reprint-zh-Hant": {"重印 第 2 張"}, "reprint-en": {"REPRINT no. 2"},
	}
	for _, model := range configs.ProfileNames() {
		shipped, err := configs.LoadProfile(model)
		if err != nil {
			t.Fatal(err)
		}
		p := printer.Profile{Width: shipped.Width, Scale: shipped.Scale, Speed: shipped.Speed, QR: shipped.QR}
		if shipped.Chinese == "gb2312" {
			p.Chinese = escpos.GB2312
		}
		for _, j := range printer.Specimens(c) {
			name := printer.SpecimenName(j)
			t.Run(model+"/"+name, func(t *testing.T) {
				page := render(c, j, p)
				paper := printed(t, p, page)
				if len(says[name]) == 0 {
					t.Fatal("nothing is known of it")
				}
				text := strings.Join(paper.Text, "\n")
				for _, want := range says[name] {
					if p.Chinese.Holds(want) && !strings.Contains(flat(text), flat(want)) { // the rest are dots
						t.Errorf("missing %q in\n%s", want, text)
					}
				}
				if marked := strings.Contains(text, "重印") || strings.Contains(text, "REPRINT"); marked != (j.Earlier > 0) && p.Chinese.Holds("張") {
					t.Errorf("marked as a reprint: %v", marked)
				}
				if p.QR && (len(paper.QR) != 1 || paper.QR[0] != string(j.Ticket.ID)) {
					t.Errorf("codes %v", paper.QR)
				}
				if strings.Contains(text, "〓") || strings.Contains(text, "{") {
					t.Errorf("unfilled:\n%s", text)
				}
				if page.Dots < paper.Height*8/10 || page.Dots > paper.Height*13/10 {
					t.Errorf("%d dots were expected, %d came out", page.Dots, paper.Height)
				}
			})
		}
	}
}

// flat leaves out what breaking lines changes.
func flat(s string) string { return strings.Join(strings.Fields(s), "") }

// layout reads one ticket.toml.
func layout(t testing.TB, text string) kiosk.Layout {
	t.Helper()
	l, problems := configs.LoadLayouts(fstest.MapFS{"ticket.toml": {Data: []byte(text)}}, "papers")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return l[kiosk.PaperTicket]
}

const must = "[[block]]\ntext = \"{number}\"\n[[block]]\nqr = \"{id}\"\n[[block]]\ntext = \"R{attempt}\"\n"

func TestLayout(t *testing.T) {
	c := catalog(t)
	setting := printer.Setting{Catalog: c, Profile: profile(80), Kiosk: "K1", Location: shanghai}
	j := printer.Specimen(c, kiosk.PaperTicket, kiosk.Zh)
	for _, v := range []struct {
		name, text string
		change     func(*kiosk.Ticket)
		want       string // the lines above the number
	}{
		{"Plain", "[[block]]\ntext = \"你好\"\n", nil, "你好"},
		{"Languages", "[[block]]\nzh = \"简\"\nhant = \"繁\"\nen = \"English\"\n", func(t *kiosk.Ticket) { t.Lang = kiosk.Hant }, "繁"},
		{"FallsBack", "[[block]]\nzh = \"简\"\n", func(t *kiosk.Ticket) { t.Lang = kiosk.En }, "简"},
		{"EmptyValueLeavesTheBlockOut", "[[block]]\ntext = \"{due} x\"\n[[block]]\ntext = \"y\"\n", nil, "y"},
		{"When", "[[block]]\ntext = \"a\"\nwhen = \"due\"\n[[block]]\ntext = \"b\"\nwhen = \"way\"\n", nil, "b"},
		{"Unless", "[[block]]\ntext = \"a\"\nunless = \"way\"\n[[block]]\ntext = \"b\"\nunless = \"due\"\n", nil, "b"},
		{"WhenAList", "[[block]]\ntext = \"a\"\nwhen = \"step.name\"\n[[block]]\ntext = \"b\"\nwhen = \"item.name\"\n", nil, "b"},
		{"NeighboursRepeatTogether", "[[block]]\ntext = \"{step.n}\"\n[[block]]\ntext = \"{step.zone}\"\n", func(t *kiosk.Ticket) { t.Theme = "snackbar" }, "1\nA\n2\nA\n3\nA"},
		{"Joined", "[[block]]\ntext = \"<{materials}>\"\n", nil, "<身份证原件>"},
		{"JoinedTooLong", "[[block]]\ntext = \"<{items}>\"\n", func(t *kiosk.Ticket) { t.Items = []kiosk.ItemID{"RS001", "RS002", "RS003", "RS004", "RS005"} }, "<社保卡补办、社保卡首次申领 等>"},
		{"RareCharactersAreDots", "[[block]]\ntext = \"100 ¥\"\n[[block]]\ntext = \"below\"\n", nil, "below"},
	} {
		t.Run(v.name, func(t *testing.T) {
			j := j
			if v.change != nil {
				v.change(&j.Ticket)
			}
			paper := printed(t, profile(80), printer.Render(layout(t, v.text+must), printer.NewSlip(setting, j, time.Time{})))
			above, _, _ := strings.Cut(strings.Join(paper.Text, "\n"), j.Ticket.Number.String())
			if flat(above) != flat(v.want) {
				t.Errorf("got %q, want %q", above, v.want)
			}
		})
	}
}

// A line with a character that the printer lacks is a picture of that line,
// where the line would be.
func TestRareCharacters(t *testing.T) {
	c := catalog(t)
	setting := printer.Setting{Catalog: c, Profile: profile(58), Kiosk: "K1", Location: shanghai}
	j := printer.Specimen(c, kiosk.PaperTicket, kiosk.Zh)
	ink := func(text string) int {
		page := printer.Render(layout(t, must+"[[block]]\ntext = \""+text+"\"\nsize = 2\n"), printer.NewSlip(setting, j, time.Time{}))
		img := printed(t, profile(58), page).Dots()
		dark := 0
		for _, v := range img.Pix {
			if v < 128 {
				dark++
			}
		}
		return dark
	}
	none, yen, letters := ink(" ."), ink("¥¥¥¥¥¥"), ink("YYYYYY")
	if yen < none+200 || yen > 3*letters {
		t.Errorf("six yen signs have %d dots, six Y %d, a full stop %d", yen, letters, none)
	}
	// A character that no font of ours has is a printers' 〓, never nothing.
	if unknown := ink("\U0002A6D6"); unknown < none+100 {
		t.Errorf("an unknown character has %d dots, a full stop %d", unknown, none)
	}
}

// Whatever a technician writes: problems, or a paper that ends.
func FuzzLayout(f *testing.F) {
	for _, kind := range kiosk.PaperKinds {
		text, err := configs.Shipped().Open("papers/" + string(kind) + ".toml")
		if err != nil {
			f.Fatal(err)
		}
		var b bytes.Buffer
		b.ReadFrom(text)
		f.Add(b.String())
	}
	f.Add("[[block]]\ntext = \"{number}{id}{attempt}{step.n}{items}\"\nsize = 8\n[[block]]\nqr = \"{number}{number}\"\nsize = 12\n")
	f.Add("[[block]]\ntext = \"{\"\n[[block]]\nspace = 400\nrule = true\n")
	c := catalog(f)
	specimens := printer.Specimens(c)
	n := 0
	f.Fuzz(func(t *testing.T, text string) {
		layouts, problems := configs.LoadLayouts(fstest.MapFS{"ticket.toml": {Data: []byte(text)}}, "papers")
		if len(problems) > 0 {
			if strings.TrimSpace(problems.Error()) == "" {
				t.Fatal("a problem without words")
			}
			return
		}
		n++
		j, p := specimens[n%len(specimens)], profile(80)
		if n%2 == 0 {
			p = profile(58)
			p.QR = false
		}
		page := printer.Render(layouts[kiosk.PaperTicket], printer.NewSlip(printer.Setting{Catalog: c, Profile: p, Kiosk: "K1", Location: shanghai}, j, time.Time{}))
		if len(page.Bytes) > 1<<21 || !bytes.HasSuffix(page.Bytes, []byte{0x1D, 'V', 'B', 24}) {
			t.Fatalf("%d bytes, cut at the end: %v", len(page.Bytes), bytes.HasSuffix(page.Bytes, []byte{0x1D, 'V', 'B', 24}))
		}
		v := printertest.New(printertest.Opts{Width: p.Width})
		v.Write(page.Bytes)
		if got := v.Unknown(); len(got) > 0 {
			t.Fatalf("unknown commands %v from\n%s", got, text)
		}
	})
}

func TestTestPage(t *testing.T) {
	for _, paper := range []int{80, 58} {
		t.Run(fmt.Sprint(paper), func(t *testing.T) {
			p := profile(paper)
			got := printed(t, p, printer.TestPage(p))
			text := strings.Join(got.Text, "\n")
			for _, want := range []string{"一级 啊阿埃", "二级 亍丌兀", "8号", fmt.Sprintf("%d dots", p.Width)} {
				if !strings.Contains(text, want) {
					t.Errorf("missing %q in\n%s", want, text)
				}
			}
			if len(got.QR) != 3 {
				t.Errorf("codes %v", got.QR)
			}
			img := got.Dots()
			reach := 0
			for x := range p.Width {
				for y := range 120 {
					if img.GrayAt(x, y).Y < 128 {
						reach = x
					}
				}
			}
			if reach != p.Width-1 {
				t.Errorf("the ruler ends at dot %d of %d", reach+1, p.Width)
			}
		})
	}
}
