package text

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/pelletier/go-toml/v2"

	"hallkiosk/kiosk"
)

// told is something that is written or said in a language of the hall.
type told struct {
	file string
	lang kiosk.Lang
	text string
}

// every is all that is told: the messages, and the texts of the shipped configs.
// A text without a traditional form is told as it is.
func every(t *testing.T) (out []told) {
	t.Helper()
	for _, lang := range kiosk.Langs {
		for _, kind := range []string{"active.", "spoken."} {
			name := kind + string(lang) + ".toml"
			out = append(out, leaves(name, lang, message(t, name))...)
		}
	}
	var names []string
	for _, pattern := range []string{"*.toml", "catalog/*.toml", "calendar/*.toml", "papers/*.toml"} {
		found, err := filepath.Glob("../../configs/" + pattern)
		if err != nil || len(found) == 0 {
			t.Fatal(pattern, err)
		}
		names = append(names, found...)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var v map[string]any
		if err := toml.Unmarshal(data, &v); err != nil {
			t.Fatal(name, err)
		}
		out = append(out, texts(filepath.Base(name), v)...)
	}
	if len(out) < 3000 {
		t.Fatalf("only %d texts", len(out))
	}
	return out
}

// leaves are the strings of a message.
func leaves(file string, lang kiosk.Lang, v any) (out []told) {
	switch v := v.(type) {
	case string:
		out = append(out, told{file, lang, v})
	case map[string]any:
		for _, v := range v {
			out = append(out, leaves(file, lang, v)...)
		}
	}
	return out
}

// texts are what stands in a config in a language.
func texts(file string, v any) (out []told) {
	switch v := v.(type) {
	case []any:
		for _, v := range v {
			out = append(out, texts(file, v)...)
		}
	case map[string]any:
		if zh, ok := v["zh"].(string); ok {
			hant, en := zh, zh
			if s, ok := v["hant"].(string); ok {
				hant = s
			}
			if s, ok := v["en"].(string); ok {
				en = s
			}
			return []told{{file, kiosk.Zh, zh}, {file, kiosk.Hant, hant}, {file, kiosk.En, en}}
		}
		for key, v := range v {
			if key == "words_hant" {
				for _, word := range v.([]any) {
					out = append(out, told{file, kiosk.Hant, word.(string)})
				}
				continue
			}
			out = append(out, texts(file, v)...)
		}
	}
	return out
}

// mainland are words that Hong Kong and Macao have others for, and none of them is
// part of a name.
var mainland = strings.Fields("取號 排隊 屏幕 什麼 小票 激活 信息 打印 複印 原件 材料 身份證件 視頻 掃碼 寬帶 報裝 通信 重置 掛失 母嬰 導辦 " +
	"辦公 視窗 印表機 為什 裡 櫃位 櫃檯 櫃枱")

// names hold such words all the same.
var names = strings.NewReplacer("工業和信息化", "", "打印機", "", "人民防空辦公室", "")

// Hong Kong and Macao say things in words of their own, on every screen, on paper
// and aloud, and no simplified character slips in.
func TestHongKong(t *testing.T) {
	for _, v := range every(t) {
		if v.lang != kiosk.Hant {
			continue
		}
		for _, bad := range append(mainland, "户", "号", "个", "这", "办", "证", "区", "请", "没") {
			if strings.Contains(names.Replace(v.text), bad) {
				t.Errorf("%s: %q in %q", v.file, bad, v.text)
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

// halfMark finds a half-width mark of a Chinese sentence, and a space that a
// full-width one needs no more. Times and what is only Latin keep theirs.
var halfMark = regexp.MustCompile(`[\p{Han}}][,:;?!(]|[\p{Latin}\d}\])][,:;?!]\s*\p{Han}|\(\p{Han}|\p{Han}\)|[,:;?!]\s*$|[，。、：；？！（）] | [，。、：；？！（）]`)

// Chinese sentences have the marks of Chinese.
func TestMarks(t *testing.T) {
	for _, v := range every(t) {
		if !strings.ContainsFunc(v.text, func(r rune) bool { return unicode.Is(unicode.Han, r) }) || v.lang == kiosk.En {
			continue
		}
		if m := halfMark.FindString(v.text); m != "" {
			t.Errorf("%s: %q in %q", v.file, m, v.text)
		}
	}
}
