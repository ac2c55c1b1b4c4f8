package configs_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hallkiosk/configs"
)

// A badge is known by its hash, in either case; one of this house's make that the
// config doesn't name is told from any other code.
func TestBadges(t *testing.T) {
	code, other := configs.NewBadge(), configs.NewBadge()
	if code == other || len(code) < len("HALLBADGE-")+26 || !strings.HasPrefix(code, "HALLBADGE-") {
		t.Fatalf("new badges %q and %q", code, other)
	}
	hash := configs.BadgeHash(code)
	for _, text := range []string{hash, strings.ToUpper(hash)} {
		k, _, problems := configs.LoadKiosk(write(t, "kiosk.toml", least+fmt.Sprintf("[scanner]\nport = \"/dev/null\"\n[assist]\nbadges = [%q, %q]\nidle = 90\n", configs.BadgeHash("4006381333931"), text)))
		if len(problems.Fatal()) > 0 {
			t.Fatal(problems)
		}
		if k.Assist.IdleTime() != 90*time.Second {
			t.Errorf("idle %v", k.Assist.IdleTime())
		}
		for code, want := range map[string][2]bool{code: {true, true}, other: {true, false}, "4006381333931": {true, true}, hash: {false, false}, "12345678": {false, false}} {
			if badge, known := k.Assist.Badge(code); badge != want[0] || known != want[1] {
				t.Errorf("%.10s…: badge %v, known %v; want %v", code, badge, known, want)
			}
		}
	}
}

func TestAssistDefaults(t *testing.T) {
	k, _, problems := configs.LoadKiosk(write(t, "kiosk.toml", least))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	shipped, _, _ := configs.LoadKiosk("kiosk.toml")
	for _, k := range []configs.Kiosk{k, shipped} {
		if k.Assist.Idle != 60 || len(k.Assist.Badges) > 0 || k.Priority != (configs.Precedence{ElderAge: 65, Ask: true}) {
			t.Errorf("%+v %+v", k.Assist, k.Priority)
		}
	}
}

func TestAssistProblems(t *testing.T) {
	hash := configs.BadgeHash("x")
	for _, c := range []struct{ name, text, en, zh string }{
		{"NotHex", fmt.Sprintf("[assist]\nbadges = [%q, \"z%s\"]", hash, hash[1:]), ":7:1: entry 2 of badges is not hexadecimal", "第 2 项不是十六进制"},
		{"Short", fmt.Sprintf("[assist]\nbadges = [%q]", hash[2:]), ":7:1: entry 1 of badges has 62 digits, a SHA-256 has 64", "有 62 位"},
		{"Odd", fmt.Sprintf("[assist]\nbadges = [%q]", hash+"0"), ":7:1: entry 1 of badges has 65 digits, a SHA-256 has 64", "有 65 位"},
		{"Empty", "[assist]\nbadges = [\"\"]", ":7:1: entry 1 of badges has 0 digits", "有 0 位"},
		{"TheCode", "[assist]\nbadges = [\"HALLBADGE-ABC\"]", ":7:1: entry 1 of badges is a badge's code itself", "工作牌的码本身"},
		{"NoList", "[assist]\nbadges = \"x\"", `"assist.badges" has the wrong type. Write a list in square brackets`, "方括号里的列表"},
		{"Idle", "[assist]\nidle = 5", ":7:1: idle is 5 seconds. Write 10 to 3600.", "idle 是 5 秒"},
		{"Age", "[priority]\nelder_age = 6", ":7:1: elder_age is 6 years. Write 40 to 120, or 0", "elder_age 是 6 岁"},
		{"Ask", "[priority]\nask = 1", ":7:7: \"priority.ask\" has the wrong type. Write true or false.", "类型不对"},
		{"Unknown", "[assist]\nbadge = []", `:7:1: unknown key "badge" in [assist]. Did you mean "badges"?`, "是不是要写"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, problems := configs.LoadKiosk(write(t, "kiosk.toml", least+c.text+"\n"))
			if said := problems.Fatal().Error(); !strings.Contains(said, c.en) || !strings.Contains(said, c.zh) || strings.Contains(said, hash[1:50]) {
				t.Errorf("it says %q, want %q and %q", said, c.en, c.zh)
			}
		})
	}
	_, _, problems := configs.LoadKiosk(write(t, "kiosk.toml", least+fmt.Sprintf("[assist]\nbadges = [%q]\n", hash)))
	if len(problems) != 1 || !problems[0].Mild || !strings.Contains(problems[0].En, "no scanner") {
		t.Errorf("badges without a scanner: %v", problems)
	}
}
