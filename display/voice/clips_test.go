package voice_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hallkiosk/display/voice"
	"hallkiosk/display/voice/words"
	"hallkiosk/kiosk"
)

// record makes a set of recordings with an engine, one for each text, as a hall
// would with a speaker.
func record(t *testing.T, e voice.Engine, dir string, tongue words.Tongue, texts ...string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, string(tongue)), 0o700); err != nil {
		t.Fatal(err)
	}
	index := "# recorded for a test\n\n"
	for i, text := range texts {
		s, err := e.Sound(t.Context(), tongue, words.Read(tongue, text)[0])
		if err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("c%03d.wav", i)
		index += name + "   " + text + "\n"
		if err := os.WriteFile(filepath.Join(dir, string(tongue), name), s.WAV(1), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, string(tongue), "index.txt"), []byte(index), 0o600); err != nil {
		t.Fatal(err)
	}
}

// chars are the sentence's units as recordings of their own.
func chars(s string) []string { return strings.Split(s, "") }

// Recordings are joined where they cover a sentence; the others are the engine's, in
// their order.
func TestClips(t *testing.T) {
	dir := t.TempDir()
	record(t, voice.Espeak{}, dir, words.Mandarin, append(chars("零一二三四五六七八九十百A去到C区"), "您的号", "号窗口", "二十一")...)
	record(t, voice.Espeak{}, dir, words.English, "zero", "two", "three", "A", "your number")
	engine := &fake{}
	r := newRig(t, func(o *voice.Opts) { o.Engine, o.Clips = engine, dir })
	// heard says a text of one sentence and returns its sound.
	heard := func(lang kiosk.Lang, text string) voice.Sound {
		t.Helper()
		r.say(lang, text)
		<-r.told
		p := <-r.plays
		p.answer("ok")
		<-r.told
		return p.sound
	}
	number := heard(kiosk.Zh, "您的号 A023")
	window := heard(kiosk.Zh, "去 C 区 21 号窗口")
	english := heard(kiosk.En, "Your number A023")
	if engine.count() != 0 {
		t.Errorf("the engine spoke %q", engine.made)
	}
	clip := func(tongue, name string) []int16 {
		data, err := os.ReadFile(filepath.Join(dir, tongue, name))
		if err != nil {
			t.Fatal(err)
		}
		s, err := voice.ParseWAV(data)
		if err != nil {
			t.Fatal(err)
		}
		return s.Samples
	}
	want := slices.Concat(clip("cmn", "c017.wav"), clip("cmn", "c012.wav"), clip("cmn", "c000.wav"), clip("cmn", "c002.wav"), clip("cmn", "c003.wav"))
	if !slices.Equal(number.Samples, want) {
		t.Errorf("the number has %d samples, its recordings %d", len(number.Samples), len(want))
	}
	// 二十一 as a whole, not 二, 十, 一.
	want = slices.Concat(clip("cmn", "c013.wav"), clip("cmn", "c015.wav"), clip("cmn", "c016.wav"), clip("cmn", "c019.wav"), clip("cmn", "c018.wav"))
	if !slices.Equal(window.Samples, want) {
		t.Errorf("the window has %d samples, its recordings %d", len(window.Samples), len(want))
	}
	if len(english.Samples) == 0 || slices.Equal(english.Samples, number.Samples) {
		t.Error("English is not its own")
	}
	if pause := heard(kiosk.Zh, "一,二"); len(pause.Samples) != len(clip("cmn", "c001.wav"))+len(clip("cmn", "c002.wav"))+voice.Rate/5 {
		t.Errorf("with a pause it has %d samples", len(pause.Samples))
	}

	r.say(kiosk.Zh, "您的号 A023。", "请坐", "去 C 区 21 号窗口") // the second sentence is not recorded
	r.expect(voice.Begun, "您的号 A 零 二 三")
	p := <-r.plays
	if p.answer("ok"); !slices.Equal(p.sound.Samples, number.Samples) {
		t.Error("the first sentence is not its recordings")
	}
	r.expect(voice.Said, "您的号 A 零 二 三")
	r.hear("请坐")
	r.expect(voice.Begun, "去 C 区二十一号窗口")
	p = <-r.plays
	if p.answer("ok"); !slices.Equal(p.sound.Samples, window.Samples) {
		t.Error("the third sentence is not its recordings")
	}
	r.expect(voice.Said, "去 C 区二十一号窗口")
	r.say(kiosk.Hant, "零") // nobody has recorded Cantonese
	r.hear("零")
	if want := []string{"cmn 请坐", "yue 零"}; !slices.Equal(engine.made, want) {
		t.Errorf("the engine spoke %q, want %q", engine.made, want)
	}
	if !r.Status().OK() {
		t.Errorf("status %+v", r.Status())
	}
}

// Recordings and engine are played at the same volume.
func TestClipsVolume(t *testing.T) {
	dir := t.TempDir()
	record(t, &loudFake{}, dir, words.Mandarin, "一")
	r := newRig(t, func(o *voice.Opts) { o.Clips, o.Levels = dir, []voice.Level{{Percent: 50}} })
	r.say(kiosk.Zh, "一", "二")
	for _, c := range []struct {
		sentence string
		full     int16
	}{{"一", 9000}, {"二", slices.Max(soundOf("二").Samples)}} {
		r.expect(voice.Begun, c.sentence)
		p := <-r.plays
		p.answer("ok")
		if got, want := slices.Max(p.sound.Samples), float64(c.full)/4; float64(got) < want-1 || float64(got) > want+1 {
			t.Errorf("%q has a peak of %d, want %.0f", c.sentence, got, want)
		}
		r.expect(voice.Said, c.sentence)
	}
}

// Faults of the recordings are told, and the engine speaks instead.
func TestBadClips(t *testing.T) {
	good := voice.Sound{Rate: voice.Rate, Samples: []int16{5000, -5000, 5000}}.WAV(1)
	for _, c := range []struct {
		name, index string
		wav         []byte
		want        string
	}{
		{"NoFile", "b.wav 一\n", good, "b.wav"},
		{"NoWAV", "a.wav 一\n", []byte("ID3"), "a.wav: no WAV"},
		{"Rate", "a.wav 一\n", voice.Sound{Rate: 44100, Samples: []int16{1}}.WAV(1), "a.wav: 44100 Hz, want 22050"},
		{"NoText", "a.wav\n", good, "index.txt:1: not a file's name and one sentence"},
		{"TwoSentences", "# one\na.wav 一。一\n", good, "index.txt:2: not a file's"},
		{"OtherFolder", "../a.wav 一\n", good, "index.txt:1: not a file's"},
		{"NoIndex", "", nil, "are not there"},
		{"Endless", strings.Repeat("#", 1<<20+1), good, "more than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if c.wav != nil {
				if err := os.Mkdir(filepath.Join(dir, "cmn"), 0o700); err != nil {
					t.Fatal(err)
				}
				for name, data := range map[string][]byte{"index.txt": []byte(c.index), "a.wav": c.wav} {
					if err := os.WriteFile(filepath.Join(dir, "cmn", name), data, 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
			r := newRig(t, func(o *voice.Opts) { o.Clips = dir })
			r.say(kiosk.Zh, "一")
			r.hear("一")
			s := r.Status()
			if s.OK() || !strings.HasPrefix(s.Troubles[0].Part, "clip") || !strings.Contains(s.Troubles[0].En, c.want) || !strings.Contains(s.Troubles[0].Zh, c.want) {
				t.Errorf("status %+v, want %q", s, c.want)
			}
		})
	}
}

// A recording that comes back is used again, and nothing is said of it.
func TestClipsComeBack(t *testing.T) {
	dir := t.TempDir()
	record(t, &loudFake{}, dir, words.Mandarin, "一")
	path := filepath.Join(dir, "cmn", "c000.wav")
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	engine := &fake{}
	r := newRig(t, func(o *voice.Opts) { o.Engine, o.Clips = engine, dir })
	r.say(kiosk.Zh, "一")
	r.hear("一")
	if r.Status().OK() || engine.count() != 1 {
		t.Errorf("status %+v, the engine spoke %q", r.Status(), engine.made)
	}
	if err := os.Rename(path+".away", path); err != nil {
		t.Fatal(err)
	}
	r.say(kiosk.Zh, "一")
	r.expect(voice.Begun, "一")
	(<-r.plays).answer("ok")
	r.expect(voice.Said, "一")
	if !r.Status().OK() || engine.count() != 1 {
		t.Errorf("status %+v, the engine spoke %q", r.Status(), engine.made)
	}
}

// loudFake makes sounds without silence.
type loudFake struct{ fake }

func (l *loudFake) Sound(ctx context.Context, t words.Tongue, s string) (voice.Sound, error) {
	return voice.Sound{Rate: voice.Rate, Samples: []int16{9000, -9000, 9000}}, nil
}
