package configs_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hallkiosk/configs"
	"hallkiosk/kiosk"
)

func TestVoice(t *testing.T) {
	k, _, problems := configs.LoadKiosk(write(t, "kiosk.toml", least))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	shipped, _, _ := configs.LoadKiosk("kiosk.toml")
	for _, v := range []configs.Voice{k.Voice, shipped.Voice} {
		want := []configs.VoiceLevel{{From: 7 * time.Hour, Percent: 80}, {From: 22 * time.Hour, Percent: 40}}
		if !v.On || v.Cantonese(kiosk.Zh) || !v.Cantonese(kiosk.Hant) || v.Speed != 100 || len(v.Command)+len(v.Player) > 0 || !slices.Equal(v.Levels(), want) {
			t.Errorf("%+v", v)
		}
	}
	dir := t.TempDir()
	for _, name := range []string{"say", "clips/x"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "kiosk.toml")
	text := least + "[voice]\nzh = \"cantonese\"\nzh_hant = \"mandarin\"\ncommand = [\"./say\", \"-l{lang}\"]\nclips = \"clips\"\nplayer = [\"sh\", \"-c\", \"cat >/dev/null\"]\nvolume = [\"00:00 0\", \"23:59 100\"]\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	k, _, problems = configs.LoadKiosk(path)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if v := k.Voice; !v.Cantonese(kiosk.Zh) || v.Cantonese(kiosk.Hant) || v.Command[0] != filepath.Join(dir, "say") || v.Clips != filepath.Join(dir, "clips") || v.Player[0] != "sh" ||
		v.Levels()[1] != (configs.VoiceLevel{From: 23*time.Hour + 59*time.Minute, Percent: 100}) {
		t.Errorf("%+v", v)
	}
}

func TestVoiceProblems(t *testing.T) {
	for _, c := range []struct {
		name, text, want string
		mild             bool
	}{
		{"Tongue", "zh = \"english\"", `:7:1: zh is "english"`, false},
		{"Hant", "zh_hant = \"\"", `:7:1: zh_hant is ""`, false},
		{"Speed", "speed = 20", ":7:1: speed is 20 percent", false},
		{"NoVolume", "volume = []", ":7:1: volume is empty", false},
		{"NumberAlone", "volume = 80", `"voice.volume" has the wrong type. Write a list in square brackets`, false},
		{"Level", "volume = [\"7:00 80\"]", `:7:1: "7:00 80" is no volume`, false},
		{"Percent", "volume = [\"07:00 101\"]", `:7:1: "07:00 101" is no volume`, false},
		{"Order", "volume = [\"22:00 40\", \"07:00 80\"]", `:7:1: "07:00 80" comes after a later or equal time`, false},
		{"Twice", "volume = [\"07:00 40\", \"07:00 80\"]", "Write the times in order", false},
		{"UnknownKey", "volumes = []", `unknown key "volumes" in [voice]. Did you mean "volume"?`, false},
		{"Words", "command = \"espeak-ng -v cmn\"", "Write a list in square brackets", false},
		{"Gap", "command = [\"sh\", \"{text-file}\"]", "command knows no {text-file}. The text comes on standard input.", false},
		{"PlayerGap", "player = [\"sh\", \"{lang}\"]", "player knows no {lang}", false},
		{"NoEngine", "command = [\"/no/such/engine\"]", ":7:1: /no/such/engine can't be run", true},
		{"NoPlayer", "player = [\"no-such-player\"]", ":7:1: no-such-player can't be run", true},
		{"NoClips", "clips = \"/no/such/folder\"", ":7:1: /no/such/folder is not a folder", true},
		{"Off", "on = false\ncommand = [\"/no/such/engine\"]", "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, problems := configs.LoadKiosk(write(t, "kiosk.toml", least+"[voice]\n"+c.text+"\n"))
			if c.want == "" {
				if len(problems) > 0 {
					t.Fatal(problems)
				}
				return
			}
			if !strings.Contains(problems.Error(), c.want) || (len(problems.Fatal()) == 0) != c.mild {
				t.Errorf("got %v, want %q", problems, c.want)
			}
			for _, p := range problems {
				if p.Zh == "" || strings.Contains(p.Zh+p.En, "%!") {
					t.Errorf("words: %s", p)
				}
			}
		})
	}
}
