package words_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"hallkiosk/configs"
	"hallkiosk/display/voice/words"
	"hallkiosk/kiosk"
)

func TestRead(t *testing.T) {
	const cmn, yue, en = words.Mandarin, words.Cantonese, words.English
	for _, c := range []struct {
		tongue     words.Tongue
		text, want string // sentences are joined by |
	}{
		// Ticket numbers, letter by letter and digit by digit.
		{cmn, "A023", "A 零 二 三"},
		{yue, "A023", "A 零 二 三"},
		{en, "A023", "A zero two three"},
		{cmn, "您的号 A1-007", "您的号 A 一 杠 零 零 七"},
		{yue, "您的籌號 A1-007", "您的籌號 A 一 橫 零 零 七"},
		{en, "Your number A1-007.", "Your number A one dash zero zero seven"},
		{cmn, "AB1000", "A B 一 零 零 零"},
		{en, "AB12-1023", "A B one two dash one zero two three"},
		{cmn, "请A023号到窗口", "请A 零 二 三号到窗口"},
		{cmn, "自助机 Z01", "自助机 Z 零 一"},
		{en, "Self-service machine Z18", "Self service machine Z one eight"},
		{cmn, "\uff21\uff10\uff12\uff13\uff0c\uffe5\uff15\uff10\uff01", "A 零 二 三, 五十元"}, // full width

		// Windows and ranges of them.
		{cmn, "21 号窗口", "二十一号窗口"},
		{cmn, "去 C 区 21–26 号窗口", "去 C 区二十一到二十六号窗口"},
		{yue, "去 C 區 21–26 號窗口", "去 C 區二十一至二十六號窗口"},
		{en, "Go to zone C, window 21–26", "Go to zone C, window twenty one to twenty six"},
		{cmn, "101-103 号窗口", "一百零一到一百零三号窗口"},
		{cmn, "10 号", "十号"},
		{cmn, "2 号窗口", "二号窗口"},
		{cmn, "112 号窗口", "一百一十二号窗口"},
		{en, "Window 112", "Window one hundred and twelve"},
		{cmn, "1,3,5-7 号窗口", "一, 三, 五到七号窗口"},

		// Waiting: ranges, and 2 before what is counted.
		{cmn, "10–20 分钟", "十到二十分钟"},
		{cmn, "10 到 20 分钟", "十到二十分钟"},
		{yue, "10–20 分鐘", "十至二十分鐘"},
		{en, "10–20 min", "ten to twenty minutes"},
		{cmn, "等 7 人 · 约 10–20 分", "等七人, 约十到二十分钟"},
		{yue, "等 7 人 · 約 10–20 分", "等七人, 約十至二十分鐘"},
		{en, "7 waiting · 10–20 min", "seven waiting, ten to twenty minutes"},
		{cmn, "等 2 人", "等两人"},
		{yue, "等 2 人", "等兩人"},
		{cmn, "2–4 分钟", "两到四分钟"},
		{cmn, "1–2 分钟", "一到两分钟"},
		{cmn, "12 人,22 件事,20 个", "十二人, 二十二件事, 二十个"},
		{cmn, "2 个部门,2 样材料", "两个部门, 两样材料"},
		{en, "1 person ahead", "one person ahead"},
		{en, "1 min", "one minute"},
		{en, "Back to the start in 15 s", "Back to the start in fifteen seconds"},
		{cmn, "15 秒后回到首页", "十五秒后回到首页"},
		{cmn, "0 人", "零人"},
		{cmn, "1038 件事", "一千零三十八件事"},
		{cmn, "1,038 件事", "一千零三十八件事"},
		{en, "1,038 services", "one thousand and thirty eight services"},
		{cmn, "2010、2200、20000、100,010", "两千零一十, 两千二百, 二 零 零 零 零, 十万零一十"},
		{yue, "2200", "二千二百"},
		{en, "20,000,000", "twenty million"},
		{cmn, "120,000,000", "一 二 零 零 零 零 零 零 零"},

		// Hours.
		{cmn, "今天 9:00 开", "今天九点开"},
		{cmn, "明天 09:05 开", "明天九点零五分开"},
		{yue, "明天 14:30 開", "明天十四點半開"},
		{cmn, "02:00", "两点"},
		{cmn, "12:15", "十二点十五分"},
		{cmn, "00:00", "零点"},
		{yue, "2:45", "兩點四十五分"},
		{cmn, "9:00–17:00", "九点到十七点"},
		{yue, "9:00-17:30", "九點至十七點半"},
		{en, "Opens 9:00", "Opens nine A M"},
		{en, "Opens tomorrow, 09:05", "Opens tomorrow, nine oh five A M"},
		{en, "9:00–17:30", "nine A M to five thirty P M"},
		{en, "12:00", "noon"},
		{en, "24:00", "midnight"},
		{en, "00:10", "twelve ten A M"},
		{cmn, "25:99", "二十五, 九十九"}, // no time

		// Dates.
		{cmn, "11 月 23 日 星期一", "十一月二十三日 星期一"},
		{yue, "2 月 2 日", "二月二日"},
		{en, "Mon 23 Nov", "Monday the twenty third of November"},
		{en, "Opens 1 May, 9:00", "Opens the first of May, nine A M"},
		{en, "12 Aug", "the twelfth of August"},
		{en, "the 20th floor, 2nd door", "the twentieth floor, second door"},
		{cmn, "2026 年 11 月 3 日", "二 零 二 六年十一月三日"},
		{cmn, "2026-11-03", "二 零 二 六年十一月三日"},
		{en, "2026-11-03", "the third of November twenty twenty six"},
		{en, "2005-01-30", "the thirtieth of January two thousand and five"},

		// Other numbers.
		{cmn, "请拨 12345", "请拨一 二 三 四 五"},
		{en, "Call 12345", "Call one two three four five"},
		{cmn, "电话 0760-88310000", "电话 零 七 六 零, 八 八 三 一 零 零 零 零"},
		{cmn, "007", "零 零 七"},
		{cmn, "工本费 20 元,可手机付", "工本费二十元, 可手机付"},
		{cmn, "¥2", "两元"},
		{en, "¥20", "twenty yuan"},
		{cmn, "满意 98%", "满意 百分之九十八"},
		{en, "98%", "ninety eight percent"},
		{cmn, "1.5 米", "一点五 米"},
		{en, "1.5 m", "one point five m"},
		{en, "20 m ahead, on your left", "twenty metres ahead, on your left"},
		{cmn, "24 小时自助服务区", "二十四小时自助服务区"},
		{en, "24-Hour Self-Service", "twenty four Hour Self Service"},
		{cmn, "2 / 10", "第二页, 共十页"},
		{yue, "2 / 10", "第二頁, 共十頁"},
		{cmn, "第 2 个,共 10 个", "第二个, 共十个"},
		{yue, "第 3 個,共 2 個", "第三個, 共兩個"},
		{en, "3 of 10", "three of ten"},
		{en, "and 5 more", "and five more"},
		{en, "2 / 10", "page two of ten"},

		// Letters and marks.
		{en, "A number taken now. A ticket", "a number taken now|a ticket"},
		{en, "Zone A", "Zone A"},
		{en, "HK/Macao endorsement, ID card (original)", "H K, Macao endorsement, I D card, original"},
		{cmn, "VIP 窗口", "V I P 窗口"},
		{cmn, "您要办什么?", "您要办什么"},
		{cmn, "没有纸了:号码会留在屏幕上,请拍照。谢谢!", "没有纸了, 号码会留在屏幕上, 请拍照|谢谢"},
		{cmn, "C 区 · 社会管理服务区 › 人社局", "C 区, 社会管理服务区, 人社局"},
		{en, "The printer's cover is open", "The printer's cover is open"},
		{en, "Yes, it’s “here”…", "Yes, it's here"},
		{cmn, "张*,您好", "张某, 您好"},
		{cmn, "手机 138****0000", "手机 一 三 八, 零 零 零 零"},

		// Hostile texts.
		{en, "", ""},
		{cmn, "。,!?\n··--", ""},
		{en, "-w /etc/passwd", "w, etc, passwd"},
		{en, "--stdin \x00\x1b[31m \"$(reboot)\" `x` 'y'", "stdin, thirty one metres, reboot, x y"},
		{en, "[[h@l'oU]] <speak>", "h l'oU, speak"},
		{en, "one\ntwo\r\nthree\u2028four", "one|two|three|four"},
		{en, "\xff\xfe bad \xc3", "bad"},
		{cmn, "①②³Ⅳ٣", ""},
		{en, "a👍b", "a b"},
	} {
		if got := strings.Join(words.Read(c.tongue, c.text), "|"); got != c.want {
			t.Errorf("%s %q\n got %q\nwant %q", c.tongue, c.text, got, c.want)
		}
	}
}

func TestUnits(t *testing.T) {
	for _, c := range []struct {
		tongue words.Tongue
		text   string
		want   []string
	}{
		{words.Mandarin, "A023 到 21 号窗口,请", []string{"A", "零", "二", "三", "到", "二", "十", "一", "号", "窗", "口", ",", "请"}},
		{words.English, "A023 to Window 2", []string{"A", "zero", "two", "three", "to", "window", "two"}},
	} {
		if got := words.Units(words.Read(c.tongue, c.text)[0]); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
}

// Of all that the hall shows, in every language, nothing is left that a voice
// can't say, and no word gets lost.
func TestCatalogIsReadable(t *testing.T) {
	_, c, problems := configs.LoadKiosk("../../../configs/kiosk.toml")
	if len(problems.Fatal()) > 0 {
		t.Fatal(problems)
	}
	var texts []kiosk.Text
	for _, v := range c.Items {
		texts = append(texts, v.Name, v.Self)
		for _, m := range v.Materials {
			texts = append(texts, m.Name)
		}
	}
	for _, v := range c.Zones {
		texts = append(texts, v.Name, v.Way)
	}
	for _, v := range c.Departments {
		texts = append(texts, v.Name)
	}
	tongues := map[kiosk.Lang]words.Tongue{kiosk.Zh: words.Mandarin, kiosk.Hant: words.Cantonese, kiosk.En: words.English}
	said := 0
	for _, text := range texts {
		for lang, tongue := range tongues {
			shown := text.In(lang)
			got := words.Read(tongue, shown)
			if shown == "" {
				continue
			}
			said++
			all := strings.Join(got, "")
			if strings.ContainsFunc(all, func(r rune) bool {
				return !unicode.IsLetter(r) && !strings.ContainsRune(" ,'", r)
			}) {
				t.Errorf("%s %q: %q", tongue, shown, got)
			}
			for _, r := range shown {
				if unicode.Is(unicode.Han, r) && !strings.ContainsRune(all, r) {
					t.Errorf("%s %q lost %c: %q", tongue, shown, r, got)
				}
			}
		}
	}
	if said < 1000 {
		t.Fatalf("only %d texts", said)
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{"A1-007 9:00–17:00 1,038 2 / 10", "张* 138****0000 2026-13-99", "٣\x00[[x]]", "¥99999999999999999999%", "9:99:99-1.2.3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, tongue := range words.Tongues {
			for _, s := range words.Read(tongue, text) {
				bad := strings.ContainsFunc(s, func(r rune) bool {
					return !unicode.IsLetter(r) && !unicode.IsMark(r) && r != ' ' && r != ',' && r != '\''
				})
				if bad || s == "" || strings.Contains(s, "  ") || strings.Contains(s, ",,") || strings.Trim(s, " ,") != s || len(words.Units(s)) == 0 {
					t.Errorf("%s %q: %q", tongue, text, s)
				}
			}
		}
	})
}
