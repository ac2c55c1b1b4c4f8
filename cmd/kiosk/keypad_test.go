package main_test

import (
	"bytes"
	"context"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hallkiosk/display/voice/words"
	"hallkiosk/kiosk/control"
)

// keypadSays is what a visit by keypad begins with.
var keypadSays = []string{"自助取号, 语音键盘", "上下键选择, 确定键办理, 返回键退回, 主页键重新开始, 重复键再听一次"}

// firstScreen is what is said of it.
var firstScreen = []string{"您要办什么", "找事项", "社保卡", "公积金", "二手房过户", "开办企业", "办税", "交通违法处理", "港澳签注", "入学, 学籍", "医保", "法院立案", "全部事项", "一件事", "大厅和地图", "已预约, 或查我的号"}

func picture(t *testing.T, m *machine, name string) {
	t.Helper()
	if dir := os.Getenv("KIOSK_PICTURES"); dir != "" {
		shot, err := m.Shot(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".png"), shot, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// Somebody who sees nothing, with the keypad alone, from the greeting to the
// number for 社保卡: every word that is played, in order, and the paper's number
// is the spoken one.
func TestBlindPersonTakesANumber(t *testing.T) {
	env := xvfb(t, 1080, 1920)
	h := newHall(t)
	e, config := newEar(t)
	m := newMachine(t, h.ports(115200)+"[screen]\nidle_ask = 600\n"+config)
	m.run(env)
	m.screen("first", named("first"))

	keys(t, env, "F12") // as a keypad may send when headphones are plugged in
	e.hear(keypadSays...)
	e.hear(firstScreen...)
	keys(t, env, "Down")
	e.hear("找事项", "按拼音首字母或英文找", "第一个, 共二十一个")
	keys(t, env, "Down")
	e.hear("社保卡", "不用等", "第二个, 共二十一个")
	picture(t, m, "keypad-first")
	keys(t, env, "Right")
	e.hear("公积金", "不用等", "第三个, 共二十一个")
	for _, c := range [][2]string{{"XF86AudioLowerVolume", "音量 百分之八十五"}, {"minus", "音量 百分之七十"}, {"plus", "音量 百分之八十五"}} {
		keys(t, env, c[0])
		e.hearAtLast(c[1])
	}
	keys(t, env, "Left")
	e.hearAtLast("社保卡", "不用等", "第二个, 共二十一个")
	keys(t, env, "Up", "Up") // the frame, from its end
	e.hearAtLast("朗读", "第二十一个, 共二十一个")
	keys(t, env, "Up", "Up", "Up")
	e.hearAtLast("大字", "第十八个, 共二十一个")
	keys(t, env, "space")
	m.screen("larger", func(s control.Screen) bool { return find(s, "下一页") != nil })
	e.hear("大字, 开")
	picture(t, m, "keypad-large")
	keys(t, env, "space")
	m.screen("as before", func(s control.Screen) bool { return find(s, "下一页") == nil })
	e.hear("大字, 关")
	keys(t, env, "Escape") // there is nothing to go back to
	e.hear(firstScreen...)
	for _, next := range [][]string{{"低位", "第十九个, 共二十一个"}, {"黑白", "第二十个, 共二十一个"}, {"朗读", "第二十一个, 共二十一个"}, {"找事项", "按拼音首字母或英文找", "第一个, 共二十一个"}, {"社保卡", "不用等", "第二个, 共二十一个"}} {
		keys(t, env, "Down")
		e.hear(next...)
	}
	keys(t, env, "Return")
	e.hear("社保卡补办", "前面等候", "零人", "预计等", "随到随办", "地点", "C 区", "二十一到二十六号窗口", "这件事也能在网上办, 不用排队",
		"要带的材料", "没带哪样, 点一下哪样", "先看能不能办", "都带了就直接取号", "身份证原件, 必须", "旧社保卡", "工本费二十元, 可手机付", "取号", "优先")
	keys(t, env, "BackSpace")
	e.hear(firstScreen...)
	keys(t, env, "Down", "Down", "Return")
	m.screen("confirm", named("confirm"))
	keys(t, env, "Down", "Down", "Down", "Down") // past the three papers
	e.hearAtLast("取号", "第四个, 共十三个")
	picture(t, m, "keypad-confirm")
	keys(t, env, "Return")
	s := m.screen("a printed ticket", func(s control.Screen) bool {
		return s.Name == "ticket" && slices.Contains(s.Texts, "请取走您的号")
	})
	number := ticketNumber(s)
	spoken := strings.Join(words.Read(words.Mandarin, number), "")
	ticket := []string{"您的号", spoken, "社保卡补办", "前面没有人", "请取走您的号", "去 C 区二十一到二十六号窗口", "向前二十米, 右转, 左手第三排", "几秒后回到首页", "好了"}
	picture(t, m, "keypad-ticket")
	until(t, "the tone of the paper is heard", func() bool { return slices.Contains(e.heard()[e.at:], tone) })
	keys(t, env, "r")
	before := e.hearAtLast(ticket...)
	tones := 0
	for _, sentence := range before { // cut off by the paper, and by the key
		if sentence == tone {
			tones++
		} else if !slices.Contains(ticket, sentence) && sentence != "正在取号" && sentence != "正在打印, 请在出票口取纸" {
			t.Errorf("%q is heard: %q", sentence, before)
		}
	}
	if spoken != "A 零 零 一" || tones != 1 {
		t.Errorf("the number is spoken as %q, and there are %d tones in %q", spoken, tones, before)
	}
	if paper := h.newest(); !paper.Whole || !slices.Contains(paper.Text, number) {
		t.Errorf("%s is said, the paper has %q", spoken, paper.Text)
	}
	keys(t, env, "Down", "Return") // 好了: the visit is over
	if s := m.screen("first", named("first")); find(s, "社保卡") == nil {
		t.Errorf("it shows %v", s.Texts)
	}
	e.at = len(e.heard())
	keys(t, env, "Up")
	e.hearAtLast(slices.Concat(keypadSays, firstScreen)...)
}

// By finger: read-aloud switches the screen's own voice on, in every language, with
// the head's note once in each, and a finger takes the keypad's ring away.
func TestReadAloudByTouch(t *testing.T) {
	env := xvfb(t, 1080, 1920)
	e, config := newEar(t)
	m := newMachine(t, "[screen]\nidle_ask = 600\n"+config)
	m.run(env)
	m.tap(env, "朗读")
	e.hear("朗读, 开", "这台机器不印纸, 号码会留在屏幕上, 请拍照")
	e.hear(firstScreen...)
	m.tap(env, "中 / En")
	e.hear("用哪种语言", "简体中文", "繁體中文", "English")
	m.tap(env, "English")
	e.hear("No printing here, photograph your number", "What would you like to do", "Find a service", "Social security card", "Housing fund", "Resale home transfer", "Start a business", "Taxes", "Traffic violations",
		"H K, Macao endorsement", "School enrolment", "Medical insurance", "Court filing", "All services", "Life events", "Hall and map", "Booked, or my number")
	m.tap(env, "Social security card")
	e.hear("Replace a social security card", "Ahead of you", "zero people", "Wait", "No wait", "Where", "Zone C", "Windows twenty one to twenty six",
		"You can also do this online, without a queue", "What to bring", "Touch what you don't have", "It shows whether that is all right", "If you have everything, just take a number",
		"I D card, original, Required", "Old card", "Fee twenty yuan, mobile payment accepted", "Take a number", "Priority")
	m.tap(env, "中 / En")
	e.hear("Which language", "简体中文", "繁體中文", "English")
	m.tap(env, "繁體中文")
	m.screen("confirm", named("confirm"))
	m.tap(env, "返回")
	e.hearAtLast("您想辦理甚麼", "搜尋事項", "社保卡", "公積金", "二手房過戶", "開辦企業", "辦税", "交通違例處理", "港澳簽註", "入學, 學籍", "醫保", "法院立案", "全部服務", "一件事", "大堂和地圖", "已預約, 或查我的籌")

	keys(t, env, "Down") // begins the keypad's part of the visit
	e.hearAtLast("法院立案", "全部服務", "一件事", "大堂和地圖", "已預約, 或查我的籌")
	card := find(m.screen("first", named("first")), "搜尋事項")
	ring := func() bool {
		shot, err := m.Shot(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(shot))
		if err != nil {
			t.Fatal(err)
		}
		r, g, b, _ := img.At(card.X-8, card.Y+card.Height/2).RGBA()
		return r>>8 == 0x14 && g>>8 == 0x21 && b>>8 == 0x3D
	}
	if ring() {
		t.Error("there is a ring before the focus has moved")
	}
	keys(t, env, "Down")
	until(t, "the ring is drawn", ring)
	click := exec.Command("xdotool", "mousemove", "540", "60", "click", "1") // the head, where nothing can be touched
	click.Env = append(os.Environ(), env...)
	if out, err := click.CombinedOutput(); err != nil {
		t.Fatalf("xdotool: %v %s", err, out)
	}
	until(t, "the ring is gone", func() bool { return !ring() })
	m.tap(env, "讀出")
	m.tap(env, "社保卡")
	m.screen("confirm", named("confirm"))
	e.at = len(e.heard())
	keys(t, env, "Down") // begins anew, and nothing was said in between
	e.hear("自助取籌, 語音鍵盤")
}

// A card's owner is greeted by a masked name, which is spoken once and is
// nowhere when the card is gone.
func TestGreetingIsNotKept(t *testing.T) {
	env := xvfb(t, 1080, 1920)
	h := newHall(t)
	e, config := newEar(t)
	m := newMachine(t, h.ports(115200)+"[screen]\nidle_ask = 600\n"+config)
	m.run(env)
	keys(t, env, "Down")
	e.hear(keypadSays...)
	e.hear(firstScreen...)
	h.do("/reader/put?card=resident")
	until(t, "the greeting is heard", func() bool {
		got := e.heard()
		return len(got) > e.at && strings.HasSuffix(got[e.at], "某, 您好")
	})
	name := e.heard()[e.at]
	h.do("/reader/lift")
	m.screen("first, without a name", func(s control.Screen) bool {
		return s.Name == "first" && !strings.Contains(strings.Join(s.Texts, ""), "您好")
	})
	e.at = len(e.heard())
	keys(t, env, "r") // a new visit
	e.hearAtLast(slices.Concat(keypadSays, firstScreen)...)
	keys(t, env, "plus", "r", "Up")
	e.hearAtLast("朗读", "第二十一个, 共二十一个")
	count := 0
	for _, sentence := range e.heard() {
		if sentence == name {
			count++
		}
	}
	if count != 1 {
		t.Errorf("%d greetings in %q", count, e.heard())
	}
}

// Without a sound card the citizen gets a number in silence, and the technician
// is told what is missing.
func TestNoSoundCard(t *testing.T) {
	env := xvfb(t, 1080, 1920)
	m := newMachine(t, "[voice]\nplayer = [\"sh\", \"-c\", \"echo aplay: no soundcards found >&2; exit 1\"]\n")
	m.run(env)
	var d control.Device
	until(t, "status tells of the voice", func() bool {
		s, err := m.Status(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(s.Devices, func(d control.Device) bool { return d.Name == "voice" })
		if i < 0 {
			t.Fatalf("no voice in %+v", s.Devices)
		}
		d = s.Devices[i]
		return d.State == "silent"
	})
	if out, _, code := m.verb("status"); code != 0 || !strings.Contains(out, "voice") || !strings.Contains(out, d.Hint) || !strings.Contains(d.Hint, "no soundcards found") || strings.Count(out, d.Port) != 1 {
		t.Errorf("exit %d, hint %q:\n%s", code, d.Hint, out)
	}
	m.tap(env, "朗读")
	m.tap(env, "社保卡")
	m.screen("confirm", named("confirm"))
	keys(t, env, "Down", "Down", "Down", "Down", "Down", "Return") // the first only begins; then three papers
	if s := m.screen("ticket", named("ticket")); ticketNumber(s) == "" {
		t.Errorf("no number on %v", s.Texts)
	}
}
