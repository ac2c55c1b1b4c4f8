package script_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"hallkiosk/display/voice/script"
	"hallkiosk/display/voice/words"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

func line(text string, x, y, w, h float32) widget.Word {
	return widget.Word{Text: text, X: x, Y: y, Width: w, Height: h}
}

func target(label string, x, y, w, h float32) widget.Target {
	return widget.Target{Label: label, X: x, Y: y, Width: w, Height: h}
}

// screen is what Survey finds on one.
type screen struct {
	words   []widget.Word
	targets []widget.Target
}

// The places are those of the portrait screens.
var (
	first = screen{
		[]widget.Word{
			line("您要办什么?", 48, 44, 375, 98),
			line("社保卡", 204, 222, 126, 61), line("不用等", 204, 287, 84, 41),
			line("公积金", 707, 222, 126, 61), line("等 2 人 · 约 15–26 分", 707, 287, 270, 41),
			line("交通违法处理", 204, 460, 252, 61), line("自助机可办 · 不用排队", 204, 525, 293, 41),
			line("全部事项", 204, 1435, 168, 61),
		},
		[]widget.Target{target("社保卡", 48, 166, 481, 216), target("公积金", 551, 166, 481, 216), target("交通违法处理", 48, 405, 481, 216), target("全部事项", 48, 1358, 984, 216)},
	}
	zones = screen{
		[]widget.Word{
			line("全部事项", 48, 44, 136, 49), line("在哪个区办?", 48, 97, 375, 98),
			line("F 区 · 24 小时自助服务区", 204, 273, 490, 61), line("2 件事", 204, 337, 93, 41),
		},
		[]widget.Target{target("F 区 · 24 小时自助服务区", 48, 220, 984, 211)},
	}
	// On the last of two pages; the pager is drawn first.
	items = screen{
		[]widget.Word{
			line("人力资源和社会保障局", 48, 44, 340, 49), line("办哪件事?", 48, 97, 307, 98),
			line("上一页", 145, 1510, 126, 61), line("下一页", 809, 1510, 126, 61), line("2 / 2", 368, 1512, 344, 55),
			line("社保卡银行功能", 204, 436, 294, 61), line("激活", 204, 497, 84, 61), line("自助机可办 · 不用排队", 204, 562, 293, 41),
			line("社保卡补办", 707, 467, 210, 61), line("现在不办", 707, 531, 120, 41),
		},
		[]widget.Target{target("上一页", 48, 1486, 320, 108), target("社保卡银行功能激活", 48, 427, 481, 185), target("社保卡补办", 551, 427, 481, 185)},
	}
	confirm = screen{
		[]widget.Word{
			line("C 区 · 社会管理服务区 › 人力资源和社会保障局", 48, 44, 716, 49), line("社保卡补办", 48, 97, 340, 98),
			line("前面等候", 126, 246, 120, 43), line("12 人", 76, 306, 180, 87), line("预计等", 461, 246, 90, 43), line("20–35 分钟", 411, 306, 246, 58),
			line("地点", 797, 246, 60, 43), line("C 区", 747, 306, 113, 87), line("21-26 号窗口", 747, 393, 185, 46),
			line("要带的材料", 84, 508, 200, 58), line("必须", 908, 586, 56, 41), line("身份证原件", 150, 581, 180, 52),
			line("窗口现在没开。现在取的号,明天 10:05 开后按顺序", 196, 880, 756, 49), line("叫。", 196, 930, 68, 49),
			line("取号", 526, 1214, 144, 104),
		},
		[]widget.Target{target("取号", 48, 1172, 984, 190)},
	}
	ticket = screen{
		[]widget.Word{
			line("您的號", 48, 36, 204, 98), line("A12-1023", 110, 124, 860, 252), line("社保卡補辦", 110, 350, 220, 64),
			line("去 C 區 21-26 號窗口", 196, 768, 409, 64), line("向前 20 米,右轉,左手第三排", 196, 831, 436, 52), line("好", 496, 976, 88, 64),
		},
		[]widget.Target{target("好", 48, 947, 984, 120)},
	}
	english = screen{
		[]widget.Word{
			line("Are you still", 196, 271, 190, 61), line("there?", 196, 332, 90, 61), line("Back to the start in 15 s; the screen", 196, 420, 599, 49),
			line("will be cleared.", 196, 469, 300, 49), line("Yes, I am", 456, 628, 168, 81), line("Start", 452, 809, 176, 40), line("over", 452, 850, 176, 40),
		},
		[]widget.Target{target("Yes, I am", 48, 584, 984, 170), target("", 48, 776, 984, 130)},
	}
)

func TestScreen(t *testing.T) {
	for _, c := range []struct {
		name string
		lang kiosk.Lang
		screen
		want []string // as it is spoken
	}{
		{"First", kiosk.Zh, first, []string{"您要办什么", "社保卡", "公积金", "交通违法处理", "全部事项"}},
		{"Zones", kiosk.Zh, zones, []string{"在哪个区办", "F 区, 二十四小时自助服务区"}},
		{"Items", kiosk.Zh, items, []string{"办哪件事", "第二页, 共二页", "社保卡银行功能激活", "社保卡补办", "上一页"}},
		{"Confirm", kiosk.Zh, confirm, []string{"社保卡补办", "前面等候", "十二人", "预计等", "二十到三十五分钟", "地点", "C 区", "二十一到二十六号窗口",
			"要带的材料", "必须", "身份证原件", "窗口现在没开", "现在取的号, 明天十点零五分开后按顺序叫", "取号"}},
		{"Ticket", kiosk.Hant, ticket, []string{"您的號", "A 一 二 橫 一 零 二 三", "社保卡補辦", "去 C 區二十一至二十六號窗口", "向前二十米, 右轉, 左手第三排", "好"}},
		{"English", kiosk.En, english, []string{"Are you still there", "Back to the start in fifteen seconds", "the screen will be cleared", "Yes, I am", "Start", "over"}},
		{"Empty", kiosk.Zh, screen{}, nil},
		{"Heed", kiosk.Hant, screen{targets: []widget.Target{{Label: "身份證", Heed: "必須", Width: 90, Height: 90}}}, []string{"身份證, 必須"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tongue := map[kiosk.Lang]words.Tongue{kiosk.Zh: words.Mandarin, kiosk.Hant: words.Cantonese, kiosk.En: words.English}[c.lang]
			got := words.Read(tongue, script.Screen(c.lang, c.words, c.targets))
			if !slices.Equal(got, c.want) {
				t.Errorf("\n got %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestFocus(t *testing.T) {
	for _, c := range []struct {
		name string
		lang kiosk.Lang
		screen
		at   int
		want []string
	}{
		{"Nobody", kiosk.Zh, first, 0, []string{"社保卡", "不用等", "第一个, 共四个"}},
		{"Waiting", kiosk.Zh, first, 1, []string{"公积金", "等两人, 约十五到二十六分钟", "第二个, 共四个"}},
		{"Last", kiosk.Zh, first, 3, []string{"全部事项", "第四个, 共四个"}},
		{"Zone", kiosk.Zh, zones, 0, []string{"F 区, 二十四小时自助服务区", "两件事", "第一个, 共一个"}},
		{"TwoLines", kiosk.Zh, items, 0, []string{"社保卡银行功能激活", "自助机可办, 不用排队", "第一个, 共三个"}},
		{"Closed", kiosk.Zh, items, 1, []string{"社保卡补办", "现在不办", "第二个, 共三个"}},
		{"Pager", kiosk.Zh, items, 2, []string{"上一页", "第三个, 共三个"}},
		{"Hant", kiosk.Hant, ticket, 0, []string{"好", "第一個, 共一個"}},
		{"English", kiosk.En, english, 0, []string{"Yes, I am", "one of two"}},
		{"NoLabel", kiosk.En, english, 1, []string{"Start", "over", "two of two"}},
		{"None", kiosk.Zh, first, 4, nil},
		{"Before", kiosk.Zh, first, -1, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			tongue := map[kiosk.Lang]words.Tongue{kiosk.Zh: words.Mandarin, kiosk.Hant: words.Cantonese, kiosk.En: words.English}[c.lang]
			got := words.Read(tongue, script.Focus(c.lang, c.words, script.Order(c.targets), c.at))
			if !slices.Equal(got, c.want) {
				t.Errorf("\n got %q\nwant %q", got, c.want)
			}
		})
	}
}

// A screen that is full is cut short, and says so.
func TestScreenIsShort(t *testing.T) {
	s := screen{words: []widget.Word{line("办哪件事?", 48, 97, 307, 98)}}
	for i := range 40 {
		s.words = append(s.words, line(fmt.Sprintf("说明第 %d 条,请您仔细看一看", i), 48, 200+float32(i)*100, 300, 40))
		s.targets = append(s.targets, target(fmt.Sprintf("第 %d 件要办的事情", i), 600, 200+float32(i)*100, 300, 90))
	}
	lines := strings.Split(script.Screen(kiosk.Zh, s.words, s.targets), "\n")
	if last := lines[len(lines)-1]; lines[0] != "办哪件事?" || len(lines) > 24 || last != "还有 30 个" {
		t.Errorf("%d lines, the last is %q:\n%s", len(lines), last, strings.Join(lines, "\n"))
	}
	s.targets = s.targets[:5]
	if all := script.Screen(kiosk.Zh, s.words, s.targets); strings.Contains(all, "还有") || !strings.Contains(all, "第 4 件") {
		t.Errorf("five choices are cut: %s", all)
	}
	if en := script.Screen(kiosk.En, nil, append(s.targets, target(strings.Repeat("long ", 100), 0, 5000, 90, 90))); !strings.HasSuffix(en, "and 1 more") {
		t.Errorf("English: %s", en)
	}
}

func TestOrder(t *testing.T) {
	grid := []widget.Target{target("下一页", 712, 1486, 320, 108), target("二", 551, 166, 481, 216), target("一", 48, 170, 481, 216), target("三", 48, 405, 481, 216), target("上一页", 48, 1486, 320, 108)}
	var got []string
	for _, o := range script.Order(grid) {
		got = append(got, o.Label)
	}
	if !slices.Equal(got, []string{"一", "二", "三", "上一页", "下一页"}) || grid[0].Label != "下一页" {
		t.Errorf("order %v of %v", got, grid)
	}
	if got := script.Order(nil); len(got) != 0 {
		t.Errorf("order of nothing %v", got)
	}
}
