package voice_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"hallkiosk/display/voice"
	"hallkiosk/display/voice/words"
	"hallkiosk/kiosk"
)

// What is said is told word for word, sentence by sentence, in the order in
// which it is heard.
func TestSay(t *testing.T) {
	engine := &fake{}
	r := newRig(t, func(o *voice.Opts) { o.Engine = engine })
	r.say(kiosk.Zh, "您的号 A023。去 C 区 21–26 号窗口")
	r.hear("您的号 A 零 二 三")
	r.hear("去 C 区二十一到二十六号窗口")
	r.say(kiosk.Hant, "約 10–20 分鐘")
	r.hear("約十至二十分鐘")
	r.say(kiosk.En, "Window 21")
	r.hear("Window twenty one")
	r.say("pt", "您好")
	r.hear("您好")
	want := []string{"cmn 您的号 A 零 二 三", "cmn 去 C 区二十一到二十六号窗口", "yue 約十至二十分鐘", "en Window twenty one", "cmn 您好"}
	if !slices.Equal(engine.made, want) {
		t.Errorf("made %q", engine.made)
	}
	r.Close()
	if s := r.Status(); s.Said != 4 || s.Cut != 0 || s.Unsaid != 0 || !s.OK() {
		t.Errorf("status %+v", s)
	}
}

// A language may be set to another tongue.
func TestTongues(t *testing.T) {
	engine := &fake{}
	r := newRig(t, func(o *voice.Opts) {
		o.Engine = engine
		o.Tongues = map[kiosk.Lang]words.Tongue{kiosk.Zh: words.Cantonese, kiosk.Hant: words.Mandarin}
	})
	r.say(kiosk.Zh, "2:00")
	r.hear("兩點")
	r.say(kiosk.Hant, "2:00")
	r.hear("两点")
	r.say(kiosk.En, "2:00")
	r.hear("two A M")
}

// The person has moved on: the new utterance is heard at once, and the old one
// no more.
func TestReplaced(t *testing.T) {
	r := newRig(t, nil)
	r.say(kiosk.Zh, "一", "二", "三")
	r.hear("一")
	r.expect(voice.Begun, "二")
	p := <-r.plays
	r.say(kiosk.Zh, "四")
	p.gone()
	r.expect(voice.Cut, "二")
	r.hear("四")
	r.say(kiosk.Zh, "五", "六")
	r.expect(voice.Begun, "五")
	p = <-r.plays
	r.Hush()
	p.gone()
	r.expect(voice.Cut, "五")
	r.say(kiosk.Zh, "七")
	r.hear("七")
	r.say(kiosk.Zh, "八")
	r.expect(voice.Begun, "八")
	p = <-r.plays
	r.say(kiosk.Zh, " · ") // nothing to say
	p.gone()
	r.expect(voice.Cut, "八")
	r.Close()
	r.say(kiosk.Zh, "九")
	if s := r.Status(); s.Said != 2 || s.Cut != 3 || len(r.told) > 0 {
		t.Errorf("status %+v, %d told", s, len(r.told))
	}
}

// While an engine is at work it can be replaced too.
func TestReplacedWhileMade(t *testing.T) {
	begun := make(chan string, 1)
	engine := &fake{sick: func(ctx context.Context, s string) error {
		if s != "慢" {
			return nil
		}
		begun <- s
		<-ctx.Done()
		return ctx.Err()
	}}
	r := newRig(t, func(o *voice.Opts) { o.Engine = engine })
	r.say(kiosk.Zh, "慢")
	<-begun
	r.say(kiosk.Zh, "快", "慢")
	r.expect(voice.Begun, "快")
	<-begun // the next sentence is made while this one is heard
	p := <-r.plays
	r.say(kiosk.Zh, "完")
	p.gone()
	r.expect(voice.Cut, "快")
	r.hear("完")
	if !r.Status().OK() {
		t.Errorf("status %+v", r.Status())
	}
}

func TestThousandInARow(t *testing.T) {
	r := newRig(t, nil)
	r.say(kiosk.Zh, "零")
	r.expect(voice.Begun, "零")
	held := <-r.plays
	before := runtime.NumGoroutine()
	most := before
	for i := range 1000 {
		r.say(kiosk.Zh, fmt.Sprintf("%d 人", i))
		most = max(most, runtime.NumGoroutine())
	}
	r.say(kiosk.Zh, "最后")
	held.gone()
	r.expect(voice.Cut, "零")
	for last := false; !last; {
		s := <-r.told
		switch s.State {
		case voice.Begun:
			last = s.Sentence == "最后"
		case voice.Cut:
		default:
			t.Fatalf("told %+v", s)
		}
	}
	for { // those that were cut are gone already
		p := <-r.plays
		p.answer("ok")
		if p.sound.Samples[100] == soundOf("最后").Samples[100] {
			break
		}
	}
	r.expect(voice.Said, "最后")
	if most > before+10 {
		t.Errorf("%d goroutines, %d before", most, before)
	}
}

func TestCloseWhileSpeaking(t *testing.T) {
	r := newRig(t, nil)
	r.say(kiosk.Zh, "一", "二")
	r.expect(voice.Begun, "一")
	p := <-r.plays
	r.say(kiosk.Zh, "三")
	r.Close()
	noProcesses(t)
	p.gone()
	r.expect(voice.Cut, "一")
	r.Close()
	before := len(r.told)
	r.say(kiosk.Zh, "四")
	r.Hush()
	r.EndVisit()
	if len(r.told) > before {
		t.Error("spoke after Close")
	}
}

// A tone is part of what is said, and of the same rule.
func TestTones(t *testing.T) {
	r := newRig(t, nil)
	r.Say(kiosk.En, voice.Utterance{Tone: voice.Ready, Text: "Done"})
	r.expect(voice.Begun, "ready")
	p := <-r.plays
	if d := p.sound.Length(); d < 400*time.Millisecond || d > time.Second || slices.Max(p.sound.Samples) < 2000 || p.sound.Samples[0] != 0 {
		t.Errorf("the tone is %s long, %d loud", d, slices.Max(p.sound.Samples))
	}
	p.answer("ok")
	r.expect(voice.Said, "ready")
	r.hear("Done")
	r.Say(kiosk.En, voice.Utterance{Tone: voice.Attention})
	r.expect(voice.Begun, "attention")
	other := <-r.plays
	r.say(kiosk.En, "Still there?")
	other.gone()
	r.expect(voice.Cut, "attention")
	r.hear("Still there")
	if slices.Equal(p.sound.Samples, other.sound.Samples) {
		t.Error("the tones are the same")
	}
}

func TestVolume(t *testing.T) {
	at := make(chan time.Time, 1)
	at <- time.Time{}
	now := func() time.Time { n := <-at; at <- n; return n }
	clock := func(hour, minute int) { <-at; at <- time.Date(2026, 11, 23, hour, minute, 0, 0, time.UTC) }
	loud := &fake{}
	r := newRig(t, func(o *voice.Opts) {
		o.Engine, o.Now = loud, now
		o.Levels = []voice.Level{{From: 7 * time.Hour, Percent: 80}, {From: 22 * time.Hour, Percent: 40}, {From: 23 * time.Hour, Percent: 0}}
	})
	peak := func() int {
		r.say(kiosk.Zh, "一")
		r.expect(voice.Begun, "一")
		p := <-r.plays
		p.answer("ok")
		r.expect(voice.Said, "一")
		return int(slices.Max(p.sound.Samples))
	}
	full := float64(slices.Max(soundOf("一").Samples))
	for _, c := range []struct {
		hour, minute, percent int
	}{{7, 0, 80}, {21, 59, 80}, {22, 0, 40}} {
		clock(c.hour, c.minute)
		want := full * float64(c.percent*c.percent) / 10000
		if got := peak(); r.Status().Volume != c.percent || float64(got) < want-1 || float64(got) > want+1 {
			t.Errorf("%02d:%02d: %d percent, peak %d, want %.0f", c.hour, c.minute, r.Status().Volume, got, want)
		}
	}
	clock(6, 59) // still the night's
	r.say(kiosk.Zh, "一")
	r.expect(voice.Unsaid, "一")
	if got := []int{r.Softer(), r.Louder(), r.Louder(), r.Softer()}; !slices.Equal(got, []int{0, 15, 30, 15}) {
		t.Errorf("at night: %v", got)
	}
	r.EndVisit()
	if v := r.Status().Volume; v != 0 {
		t.Errorf("after the visit: %d", v)
	}
	clock(12, 0)
	if got := []int{r.Louder(), r.Louder(), r.Louder(), r.Softer(), r.Softer(), r.Softer(), r.Softer(), r.Softer(), r.Softer(), r.Softer(), r.Softer(), r.Louder()}; !slices.Equal(got,
		[]int{95, 100, 100, 95, 80, 65, 50, 35, 20, 15, 15, 20}) {
		t.Errorf("at noon: %v", got)
	}
}

// Without a player, or with one that can't play, the kiosk is silent, says what
// to do, and speaks again when the card is there.
func TestNoSound(t *testing.T) {
	t.Run("CardGoneAndBack", func(t *testing.T) {
		r := newRig(t, nil)
		r.Say(kiosk.Zh, voice.Utterance{Tone: voice.Ready, Text: "一。二"})
		r.expect(voice.Begun, "ready")
		(<-r.plays).answer("ALSA lib confmisc.c:855:(parse_card) cannot find card '0'\naplay: main:831: audio open error: No such file or directory")
		r.expect(voice.Unsaid, "ready")
		r.expect(voice.Unsaid, "一")
		r.expect(voice.Unsaid, "二")
		r.say(kiosk.Zh, "三")
		r.expect(voice.Begun, "三")
		p := <-r.plays
		s := r.Status()
		if s.OK() || s.Unsaid != 1 || s.Troubles[0].Part != "player" || !strings.Contains(s.Troubles[0].En, "audio open error: No such file or directory. See") || !strings.Contains(s.Troubles[0].Zh, "请检查声卡") ||
			strings.Contains(s.Troubles[0].Zh+s.Troubles[0].En, s.Player) { // it is said beside them
			t.Errorf("status %+v", s)
		}
		p.answer("ok")
		r.expect(voice.Said, "三")
		if !r.Status().OK() {
			t.Errorf("status %+v", r.Status())
		}
	})
	t.Run("NoneInstalled", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		r := newRig(t, func(o *voice.Opts) { o.Player = nil })
		r.say(kiosk.Zh, "一")
		r.expect(voice.Unsaid, "一")
		r.Close()
		if s := r.Status(); s.OK() || s.Player != "" || !strings.Contains(s.Troubles[0].Zh, "apt-get install alsa-utils") {
			t.Errorf("status %+v", s)
		}
	})
	t.Run("Misnamed", func(t *testing.T) {
		r := newRig(t, func(o *voice.Opts) { o.Player = []string{"/no/such/player"} })
		r.say(kiosk.Zh, "一")
		r.expect(voice.Begun, "一")
		r.expect(voice.Unsaid, "一")
		r.Close()
		if s := r.Status(); s.OK() || s.Player != "/no/such/player" || !strings.Contains(s.Troubles[0].En, "There is no such player") {
			t.Errorf("status %+v", s)
		}
	})
	t.Run("Hangs", func(t *testing.T) {
		r := newRig(t, func(o *voice.Opts) { o.Grace = time.Millisecond })
		r.say(kiosk.Zh, "一")
		r.expect(voice.Begun, "一")
		r.expect(voice.Unsaid, "一")
		r.Close()
		if s := r.Status(); s.OK() || !strings.Contains(s.Troubles[0].En, "hung") {
			t.Errorf("status %+v", s)
		}
	})
}

// By itself the voice tries at the start, and again while there is trouble,
// without being heard.
func TestTries(t *testing.T) {
	tick, waits := make(chan time.Time), make(chan time.Duration, 100)
	r := newRig(t, func(o *voice.Opts) {
		o.Retry = time.Minute
		o.After = func(d time.Duration) <-chan time.Time { waits <- d; return tick }
	})
	p := <-r.plays
	if slices.Max(p.sound.Samples) > 0 || p.sound.Length() > 50*time.Millisecond {
		t.Error("it is heard")
	}
	p.answer("no card")
	<-waits
	if r.Status().OK() {
		t.Error("nothing noticed")
	}
	tick <- time.Time{}
	p = <-r.plays
	r.say(kiosk.Zh, "一") // never waits for it
	p.gone()
	r.hear("一")
	if !r.Status().OK() {
		t.Errorf("status %+v", r.Status())
	}
}

// The same phrase is made once; what is of a person is not kept, and the memory
// is bounded.
func TestCache(t *testing.T) {
	engine := &fake{}
	r := newRig(t, func(o *voice.Opts) { o.Engine, o.Cache = engine, 2*2*101 })
	for range 2 {
		r.say(kiosk.Zh, "一")
		r.hear("一")
	}
	if engine.count() != 1 {
		t.Errorf("made %q", engine.made)
	}
	for range 2 {
		r.Say(kiosk.Zh, voice.Utterance{Text: "王*,您好", Private: true})
		r.hear("王某, 您好")
	}
	if engine.count() != 3 {
		t.Errorf("made %q", engine.made)
	}
	for _, s := range []string{"二", "三", "二", "三", "一"} {
		r.say(kiosk.Zh, s)
		r.hear(s)
	}
	if engine.count() != 6 {
		t.Errorf("made %q", engine.made)
	}
}

// A sentence that an engine fails at is left out, and the next one is heard. What
// the status says of it has nothing of the text.
func TestBrokenEngine(t *testing.T) {
	noProgram := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(noProgram, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		engine voice.Engine
		want   string
	}{
		{"Crash", voice.Command{Args: as("as-engine", "crash")}, "signal: killed"},
		{"Missing", voice.Espeak{Path: filepath.Join(t.TempDir(), "espeak-ng")}, "apt-get install espeak-ng"},
		{"NotExecutable", voice.Command{Args: []string{noProgram}}, "permission denied"},
		{"Nothing", voice.Command{}, "There is no"},
		{"Garbage", voice.Command{Args: as("as-engine", "garbage")}, "no WAV"},
		{"Silent", voice.Command{Args: as("as-engine", "silent")}, "no sound"},
		{"Flood", voice.Command{Args: as("as-engine", "flood")}, "too much"},
	} {
		t.Run(c.name, func(t *testing.T) {
			broken := &fake{sick: func(ctx context.Context, sentence string) error {
				if sentence != "秘密" {
					return nil
				}
				s, err := c.engine.Sound(ctx, words.Mandarin, sentence)
				if err == nil && len(s.Samples) == 0 {
					err = errors.New("it made no sound")
				}
				return err
			}}
			r := newRig(t, func(o *voice.Opts) { o.Engine = broken })
			r.say(kiosk.Zh, "好", "秘密", "后面")
			r.hear("好")
			r.expect(voice.Unsaid, "秘密")
			r.hear("后面")
			r.say(kiosk.Zh, "秘密")
			r.expect(voice.Unsaid, "秘密")
			s := r.Status()
			if s.OK() || s.Troubles[0].Part != "engine cmn" || !strings.Contains(s.Troubles[0].En, c.want) || s.Troubles[0].Zh == "" {
				t.Errorf("status %+v, want %q", s, c.want)
			}
			if text := fmt.Sprintf("%+v", s); strings.Contains(text, "秘密") {
				t.Errorf("the status tells what was said: %s", text)
			}
			r.say(kiosk.Zh, "下一句")
			r.hear("下一句")
			if !r.Status().OK() {
				t.Errorf("status %+v", r.Status())
			}
		})
	}
}

// A hung engine is ended with all that it started, when its time is over or
// when the person has moved on.
func TestHungEngine(t *testing.T) {
	t.Run("TimeIsOver", func(t *testing.T) {
		r := newRig(t, func(o *voice.Opts) {
			o.Engine, o.Patience = voice.Command{Args: as("as-engine", "hang", filepath.Join(t.TempDir(), "none"))}, time.Millisecond
		})
		r.say(kiosk.Zh, "一", "二")
		r.expect(voice.Unsaid, "一")
		r.expect(voice.Unsaid, "二")
		r.Close()
		if s := r.Status(); s.OK() || !strings.Contains(s.Troubles[0].En, "took longer than 1ms") {
			t.Errorf("status %+v", s)
		}
	})
	t.Run("MovedOn", func(t *testing.T) {
		hung := listenHung(t)
		stuck := voice.Command{Args: as("as-engine", "hang-child", hung.path)}
		r := newRig(t, func(o *voice.Opts) {
			o.Engine = &fake{sick: func(ctx context.Context, s string) error {
				if s != "停" {
					return nil
				}
				_, err := stuck.Sound(ctx, words.Mandarin, s)
				return err
			}}
		})
		r.say(kiosk.Zh, "停")
		one, other := <-hung.conns, <-hung.conns
		r.say(kiosk.Zh, "走")
		gone(one)
		gone(other) // the engine's own child
		r.hear("走")
	})
}

// When the kiosk is killed, what it started dies with it.
func TestKilledKiosk(t *testing.T) {
	plays, player := listen(t)
	argv := as(append([]string{"as-kiosk"}, player...)...)
	kiosk, err := os.StartProcess(argv[0], argv, &os.ProcAttr{Files: []*os.File{nil, os.Stderr, os.Stderr}})
	if err != nil {
		t.Fatal(err)
	}
	p := <-plays
	if err := kiosk.Kill(); err != nil {
		t.Fatal(err)
	}
	p.gone()
	if _, err := kiosk.Wait(); err != nil {
		t.Fatal(err)
	}
}

// asKiosk speaks until it is killed.
func asKiosk(player []string) {
	o := voice.DefaultOpts()
	o.Engine, o.Player, o.Retry = &fake{}, player, 0
	voice.New(o).Say(kiosk.Zh, voice.Utterance{Text: "一"})
	select {}
}

func TestNoFilesAreLeft(t *testing.T) {
	r := newRig(t, nil)
	files := func() int {
		r.say(kiosk.Zh, "一")
		r.hear("一")
		names, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(names)
	}
	before, after := files(), 0
	for range 20 {
		after = files()
	}
	if after > before+2 { // a pidfd may be on its way out
		t.Errorf("%d files are open, %d before", after, before)
	}
}
