package main_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hallkiosk/display/voice"
)

// ear is a person who hears every word: the kiosk's engine writes the text of a
// sentence into its samples, and its player writes down what it plays. So what
// is read is what was played, in order.
type ear struct {
	t   testing.TB
	log string
	at  int // lines that were heard before
}

// mark is the sample that begins the sound of a text, by which a player knows
// the volume; its bytes follow, a step apart so that they survive it.
const mark, base, step = 30000, 2000, 100

// newEar returns an ear and the config of a kiosk that speaks to it.
func newEar(t testing.TB) (*ear, string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	e := &ear{t: t, log: filepath.Join(t.TempDir(), "heard")}
	return e, fmt.Sprintf("[voice]\ncommand = [%q, \"ear-engine\"]\nplayer = [%q, \"ear-player\", %q]\nvolume = [\"00:00 100\"]\n", self, self, e.log)
}

// runEar is the engine or the player, as a process of the kiosk.
func runEar(args []string) int {
	in, err := io.ReadAll(os.Stdin)
	if err != nil {
		return 1
	}
	if args[0] == "ear-engine" {
		s := voice.Sound{Rate: voice.Rate, Samples: []int16{mark}}
		for _, b := range bytes.TrimSuffix(in, []byte("\n")) {
			s.Samples = append(s.Samples, base+step*int16(b))
		}
		if _, err := os.Stdout.Write(s.WAV(1)); err != nil {
			return 1
		}
		return 0
	}
	s, err := voice.ParseWAV(in)
	if err != nil {
		return 1
	}
	text := tone
	switch {
	case !slices.ContainsFunc(s.Samples, func(v int16) bool { return v != 0 }):
		return 0 // the kiosk tries whether it could be heard
	case s.Samples[0] > 0: // a tone begins with 0
		gain := float64(s.Samples[0]) / mark
		var b []byte
		for _, v := range s.Samples[1:] {
			b = append(b, byte((float64(v)/gain-base)/step+0.5))
		}
		text = string(b)
	}
	f, err := os.OpenFile(args[1], os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return 1
	}
	defer f.Close()
	if _, err := f.WriteString(text + "\n"); err != nil {
		return 1
	}
	return 0
}

// tone stands for a sound without words.
const tone = "♪"

// countdown is the only sentence that depends on when it is said.
var countdown = regexp.MustCompile(`(?m)^.*秒后回到首页$`)

// heard is all that was played so far.
func (e *ear) heard() []string {
	e.t.Helper()
	data, err := os.ReadFile(e.log)
	if err != nil && !os.IsNotExist(err) {
		e.t.Fatal(err)
	}
	lines := strings.Split(countdown.ReplaceAllString(string(data), "几秒后回到首页"), "\n")
	return lines[:len(lines)-1]
}

// hear waits for the next sentences, which must be these and no others.
func (e *ear) hear(want ...string) {
	e.t.Helper()
	var got []string
	until(e.t, fmt.Sprintf("%q is heard", want), func() bool {
		got = e.heard()[e.at:]
		n := min(len(got), len(want))
		if !slices.Equal(got[:n], want[:n]) {
			e.t.Fatalf("heard\n%q, want\n%q", got, want)
		}
		return len(got) >= len(want)
	})
	e.at += len(want)
}

// hearAtLast waits until what is heard ends with these sentences, and returns
// what came before them, which the next utterance may have cut off.
func (e *ear) hearAtLast(want ...string) (before []string) {
	e.t.Helper()
	var got []string
	late := time.Now().Add(patient)
	for n := -1; n < 0 || !slices.Equal(got[n:], want); time.Sleep(20 * time.Millisecond) {
		got = e.heard()[e.at:]
		if n = len(got) - len(want); time.Now().After(late) {
			e.t.Fatalf("heard\n%q, want\n%q", got, want)
		}
	}
	e.at += len(got)
	return got[:len(got)-len(want)]
}

// keys presses keys of the keypad, one after the other.
func keys(t testing.TB, env []string, names ...string) {
	t.Helper()
	for _, name := range names {
		cmd := exec.Command("xdotool", "key", name)
		cmd.Env = append(os.Environ(), env...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("xdotool: %v %s", err, out)
		}
	}
}
