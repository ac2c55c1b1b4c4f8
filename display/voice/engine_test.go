package voice_test

import (
	"context"
	"math"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"hallkiosk/configs"
	"hallkiosk/display/voice"
	"hallkiosk/display/voice/words"
	"hallkiosk/kiosk"
)

// espeak renders with the real espeak-ng.
func espeak(t *testing.T, e voice.Espeak, tongue words.Tongue, sentence string) voice.Sound {
	t.Helper()
	s, err := e.Sound(t.Context(), tongue, sentence)
	if err != nil {
		t.Fatalf("%s %q: %v. Debian package espeak-ng is needed", tongue, sentence, err)
	}
	return s
}

// loudness is the root of the mean square, of 32767.
func loudness(s voice.Sound) float64 {
	sum := 0.0
	for _, v := range s.Samples {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum / float64(len(s.Samples)))
}

// In each tongue there is sound, about as long as people take for it, and it
// isn't the same sound.
func TestEspeak(t *testing.T) {
	said := map[words.Tongue]voice.Sound{}
	for _, c := range []struct {
		tongue         words.Tongue
		text           string
		shortest, most time.Duration
	}{
		{words.Mandarin, "您的号 A023", 1200 * time.Millisecond, 4 * time.Second},
		{words.Cantonese, "您的號 A023", 1200 * time.Millisecond, 4 * time.Second},
		{words.English, "Your number A023", 1200 * time.Millisecond, 4 * time.Second},
	} {
		s := espeak(t, voice.Espeak{}, c.tongue, words.Read(c.tongue, c.text)[0])
		if d := s.Length(); d < c.shortest || d > c.most || loudness(s) < 500 || s.Rate != voice.Rate {
			t.Errorf("%s: %s long, loudness %.0f, %d Hz", c.tongue, d, loudness(s), s.Rate)
		}
		t.Logf("%s: %s, loudness %.0f", c.tongue, s.Length().Round(10*time.Millisecond), loudness(s))
		said[c.tongue] = s
	}
	if slices.Equal(said[words.Mandarin].Samples, said[words.Cantonese].Samples) || slices.Equal(said[words.Mandarin].Samples, said[words.English].Samples) {
		t.Error("two tongues sound the same")
	}
	slow, fast := espeak(t, voice.Espeak{Speed: 60}, words.Mandarin, "请取走您的号"), espeak(t, voice.Espeak{Speed: 150}, words.Mandarin, "请取走您的号")
	if slow.Length() < fast.Length()*3/2 {
		t.Errorf("slow takes %s, fast %s", slow.Length(), fast.Length())
	}
	long := espeak(t, voice.Espeak{}, words.Mandarin, strings.Repeat("请取走您的号, ", 8))
	if short := espeak(t, voice.Espeak{}, words.Mandarin, "请取走您的号"); long.Length() < 5*short.Length() {
		t.Errorf("eight times takes %s, once %s", long.Length(), short.Length())
	}
}

// The letter's name is not the article, and no text is taken for phonemes.
func TestEspeakLetters(t *testing.T) {
	letter, article := espeak(t, voice.Espeak{}, words.English, "A zero"), espeak(t, voice.Espeak{}, words.English, "a zero")
	if letter.Length() <= article.Length() {
		t.Errorf("the letter takes %s, the article %s", letter.Length(), article.Length())
	}
	if bracket, plain := espeak(t, voice.Espeak{}, words.English, "[[zero]]"), espeak(t, voice.Espeak{}, words.English, "zero"); bracket.Length() != plain.Length() {
		t.Errorf("in brackets %s, without %s", bracket.Length(), plain.Length())
	}
}

// Every character that the hall shows has a sound of its own in both Chinese
// tongues: espeak-ng says "Chinese letter" in English for one that it lacks.
// Its voice "cmn" fails this, for nearly all of them.
func TestEspeakKnowsEveryCharacter(t *testing.T) {
	_, c, problems := configs.LoadKiosk("../../configs/kiosk.toml")
	if len(problems.Fatal()) > 0 {
		t.Fatal(problems)
	}
	seen := map[rune]bool{}
	note := func(texts ...kiosk.Text) {
		for _, v := range texts {
			for _, r := range v.Zh + v.Hant {
				if r >= 0x4E00 && r < 0xA000 {
					seen[r] = true
				}
			}
		}
	}
	for _, v := range c.Items {
		note(v.Name, v.Self)
		for _, m := range v.Materials {
			note(m.Name)
		}
	}
	for _, v := range c.Departments {
		note(v.Name)
	}
	for _, v := range c.Zones {
		note(v.Name, v.Way)
	}
	var all strings.Builder
	for r := range seen {
		all.WriteString(string(r) + "。\n")
	}
	foreign := func(name string) int {
		cmd := exec.CommandContext(t.Context(), "espeak-ng", "-v", name, "-x", "-q", "--stdin")
		cmd.Stdin = strings.NewReader(all.String())
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(out), "(en)")
	}
	if len(seen) < 700 {
		t.Fatalf("only %d characters", len(seen))
	}
	for _, tongue := range []words.Tongue{words.Mandarin, words.Cantonese} {
		if n := foreign(voice.EspeakVoice(tongue)); n > 0 {
			t.Errorf("%s: %d of %d characters are read as English", tongue, n, len(seen))
		}
	}
	if n := foreign("cmn"); n == 0 {
		t.Error("the voice cmn would do; the check can't fail")
	}
}

// An engine takes any text: it is no option, no markup and no end of input.
func TestHostileTexts(t *testing.T) {
	const plain = "zero"
	for _, text := range []string{
		"-w /tmp/hallkiosk-voice-test.wav", "--help", "--version zero", "'; touch x; '", "$(touch x) `touch x`", "\"", "zero\nzero\r\n", "zero\x00zero",
		"[[", "]]", "[[h@l'oU]] zero", "<speak>zero</speak>", "\\", "%s%n", "\xff\xfezero", strings.Repeat("z", 10000), strings.Repeat("zero ", 200),
	} {
		for _, tongue := range words.Tongues {
			s, err := voice.Espeak{}.Sound(t.Context(), tongue, text+" "+plain)
			if err != nil || len(s.Samples) == 0 {
				t.Errorf("%s %.20q: %v", tongue, text, err)
			}
		}
	}
	// The same through the voice, as the screen would say it.
	r := newRig(t, func(o *voice.Opts) { o.Engine = voice.Espeak{} })
	r.say(kiosk.En, "--version \x00 $(reboot) "+plain)
	r.expect(voice.Begun, "version, reboot, zero")
	(<-r.plays).answer("ok")
	r.expect(voice.Said, "version, reboot, zero")
	r.say(kiosk.En, strings.Repeat("z", 10000))
	r.expect(voice.Begun, strings.Repeat("z", words.Longest))
	(<-r.plays).answer("ok")
	r.expect(voice.Said, strings.Repeat("z", words.Longest))
}

// A command gets the text on standard input alone, as one line, and the tongue
// where {lang} stands.
func TestCommand(t *testing.T) {
	e := voice.Command{Args: as("as-engine", "letters", "<{lang}>")}
	s, err := e.Sound(t.Context(), words.Cantonese, "請\n{lang} -x\x00")
	if err != nil {
		t.Fatal(err)
	}
	var got []byte
	for _, v := range s.Samples {
		got = append(got, byte(v-1000))
	}
	if want := "請 {lang} -x \n<yue>"; string(got) != want || s.Rate != 16000 {
		t.Errorf("it got %q at %d Hz, want %q", got, s.Rate, want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Sound(ctx, words.English, "x"); err == nil {
		t.Error("spoke after its end")
	}
	noProcesses(t)
}

// BenchmarkEspeak is what a person waits for the first word of a screen.
func BenchmarkEspeak(b *testing.B) {
	for b.Loop() {
		if _, err := (voice.Espeak{}).Sound(b.Context(), words.Mandarin, "您要办什么"); err != nil {
			b.Fatal(err)
		}
	}
}
