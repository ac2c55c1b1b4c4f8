package configs

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"hallkiosk/kiosk"
)

// Voice is what reads the screen aloud.
type Voice struct {
	On      bool     `toml:"on"`
	Zh      string   `toml:"zh"`      // mandarin or cantonese
	Hant    string   `toml:"zh_hant"` // the same
	Speed   int      `toml:"speed"`   // percent, of espeak-ng
	Command []string `toml:"command"` // empty is espeak-ng
	Clips   string   `toml:"clips"`   // folder; empty is none
	Player  []string `toml:"player"`  // empty is what is installed
	Volume  []string `toml:"volume"`  // such as "22:00 40"
}

// VoiceLevel is a volume from a time of day on.
type VoiceLevel struct {
	From    time.Duration // since midnight
	Percent int
}

var levelPattern = regexp.MustCompile(`^([01][0-9]|2[0-3]):([0-5][0-9]) (0|[1-9][0-9]?|100)$`)

// Cantonese says whether a Chinese language of the screen is read in Cantonese,
// or else in Mandarin.
func (v Voice) Cantonese(lang kiosk.Lang) bool {
	if lang == kiosk.Hant {
		return v.Hant == "cantonese"
	}
	return v.Zh == "cantonese"
}

// Levels returns the volumes, ascending by time. Only for a checked config.
func (v Voice) Levels() []VoiceLevel {
	levels := make([]VoiceLevel, 0, len(v.Volume))
	for _, s := range v.Volume {
		if l, ok := level(s); ok {
			levels = append(levels, l)
		}
	}
	return levels
}

func level(s string) (VoiceLevel, bool) {
	m := levelPattern.FindStringSubmatch(s)
	if m == nil {
		return VoiceLevel{}, false
	}
	hour, _ := strconv.Atoi(m[1])
	minute, _ := strconv.Atoi(m[2])
	percent, _ := strconv.Atoi(m[3])
	return VoiceLevel{time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute, percent}, true
}

// resolve makes paths absolute or relative to the working directory. A program
// without a slash is looked for on the PATH.
func (v *Voice) resolve(dir string) {
	for _, p := range []*string{&v.Clips, first(v.Command), first(v.Player)} {
		if *p != "" && !filepath.IsAbs(*p) && (p == &v.Clips || strings.Contains(*p, "/")) {
			*p = filepath.Join(dir, *p)
		}
	}
}

func first(argv []string) *string {
	if len(argv) == 0 {
		return new(string)
	}
	return &argv[0]
}

func (v *Voice) check(f *file) {
	for _, l := range []struct{ key, value string }{{"zh", v.Zh}, {"zh_hant", v.Hant}} {
		if l.value != "mandarin" && l.value != "cantonese" {
			f.addf("voice."+l.key, "%s is %q. Write \"mandarin\" or \"cantonese\".", "%s 是 %q，只能写 \"mandarin\" 或 \"cantonese\"。", l.key, l.value)
		}
	}
	if v.Speed < 50 || v.Speed > 200 {
		f.addf("voice.speed", "speed is %d percent. Write 50 to 200.", "speed 是百分之 %d，请写 50 到 200。", v.Speed)
	}
	if len(v.Volume) == 0 {
		f.add("voice.volume", "volume is empty. Write a list such as [\"07:00 80\", \"22:00 40\"]; to be silent write on = false.",
			"volume 是空的，请写 [\"07:00 80\", \"22:00 40\"] 这样的列表；不要声音就写 on = false。")
	}
	last := time.Duration(-1)
	for _, s := range v.Volume {
		l, ok := level(s)
		switch {
		case !ok:
			f.addf("voice.volume", "%q is no volume. Write a time and 0 to 100 percent, such as \"22:00 40\".", "%q 不是音量，请写时间和 0 到 100，例如 \"22:00 40\"。", s)
		case l.From <= last:
			f.addf("voice.volume", "%q comes after a later or equal time. Write the times in order.", "%q 的时间不比前一个晚，请按时间先后写。", s)
		}
		last = max(last, l.From)
	}
	if !v.On {
		return
	}
	v.checkProgram(f, "command", v.Command)
	v.checkProgram(f, "player", v.Player)
	if info, err := os.Stat(v.Clips); v.Clips != "" && (err != nil || !info.IsDir()) {
		f.mild("voice.clips", fmt.Sprintf("%s is not a folder. Name the folder of the recordings, or leave it empty.", v.Clips),
			fmt.Sprintf("%s 不是文件夹。请写录音的文件夹，或留空。", v.Clips))
	}
}

var gap = regexp.MustCompile(`\{[^{}]*\}`)

// checkProgram finds arguments that can't be filled, and a program that isn't
// there, which may come later.
func (v *Voice) checkProgram(f *file, key string, argv []string) {
	if len(argv) == 0 {
		return
	}
	for _, a := range argv {
		for _, g := range gap.FindAllString(a, -1) {
			if g != "{lang}" || key != "command" {
				f.addf("voice."+key, "%s knows no %s. The text comes on standard input.", "%s 里不能用 %s，文字从标准输入来。", key, g)
			}
		}
	}
	if _, err := exec.LookPath(argv[0]); err != nil {
		f.mild("voice."+key, fmt.Sprintf("%s can't be run. Install it, or mend %s.", argv[0], key),
			fmt.Sprintf("%s 运行不了，请装好它，或改 %s。", argv[0], key))
	}
}
