package widget

import (
	"strings"
	"testing"
)

// A Chinese character is as wide as two letters here.
func letters(s string) (w float32) {
	for _, r := range s {
		w++
		if r >= 0x2E80 {
			w++
		}
	}
	return w
}

// A number stays with its word where that takes no more lines.
func TestBreakLines(t *testing.T) {
	for _, c := range []struct {
		room float32
		want string // lines are between bars
	}{
		{24, "Go to zone C,|window 21-26"},
		{12, "Self-service|in zone A"},
		{18, "2 waiting ·|about 25–44 min"},
		{16, "Opens|29 Nov, 08:30"},
		{16, "Opens|tomorrow, 06:05"},
		{20, "Accepted; the rest|by Mon 30 Nov"},
		{16, "11 月 30 日|星期一"},
		{14, "12 月 1 日|星期日"},
		{20, "请到 A 区|21-26 号窗口"},
		{18, "去 C 区|21-26 号窗口"},
		{14, "前面 3 人 ·|约 5–10 分钟"},
		{12, "11 月 30 日|08:30 开"},
		{20, "中秋节放假，|11 月 30 日 08:30 开"},
		{9, "附证明|（如簿）"},
		{6, "window|21-26"}, // there is no room for both
		{7, "about|25–44|min"},
		{26, "A name of words and words|and nothing else"}, // as before
	} {
		text := strings.NewReplacer("，|", "，", "|（", "（", "|", " ").Replace(c.want)
		if got := strings.Join(breakLines(text, c.room, letters), "|"); got != c.want {
			t.Errorf("%q in %v is %q, want %q", text, c.room, got, c.want)
		}
	}
}
