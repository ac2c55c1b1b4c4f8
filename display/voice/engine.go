package voice

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"hallkiosk/display/voice/words"
)

// Engine makes sound of text.
type Engine interface {
	// Sound speaks a sentence as package words reads it. It returns soon after
	// ctx has ended and leaves nothing behind then. Voice calls it from one
	// goroutine at a time. An error never carries the text.
	Sound(ctx context.Context, t words.Tongue, sentence string) (Sound, error)
	// String names the engine and, after a change of its settings, differs.
	String() string
}

// most is the longest sound of a sentence, in bytes of a WAV file: four minutes
// of the usual rate.
const most = 4 * 60 * 2 * Rate

// Espeak is espeak-ng, which needs no network and starts a process of a few
// hundredths of a second for each sentence.
type Espeak struct {
	Path  string // empty: espeak-ng on the PATH
	Speed int    // percent of 150 words a minute; 0 is 100
}

// espeakVoices are espeak-ng's names. Its plain "cmn" reads the pinyin that
// its dictionary gives for most characters as if it were English (1.51), so
// the voice that reads pinyin is the one to take.
var espeakVoices = map[words.Tongue]string{words.Mandarin: "cmn-latn-pinyin", words.Cantonese: "yue", words.English: "en"}

func (e Espeak) String() string { return cmp.Or(e.Path, "espeak-ng") + e.speed() }

func (e Espeak) speed() string {
	if e.Speed == 0 || e.Speed == 100 {
		return ""
	}
	return fmt.Sprintf(" %d%%", e.Speed)
}

// The letter A is an article to espeak-ng unless it is told the phonemes. What
// is in double brackets are phonemes to it.
var (
	phonemes = strings.NewReplacer("[", " ", "]", " ")
	letterA  = regexp.MustCompile(`\bA\b`)
)

// Sound runs espeak-ng once.
func (e Espeak) Sound(ctx context.Context, t words.Tongue, sentence string) (Sound, error) {
	sentence = phonemes.Replace(sentence)
	if t == words.English {
		sentence = letterA.ReplaceAllString(sentence, "[['eI]]")
	}
	speed := 150 * cmp.Or(e.Speed, 100) / 100
	argv := []string{cmp.Or(e.Path, "espeak-ng"), "-v", espeakVoices[t], "-s", strconv.Itoa(speed), "-b", "1", "-z", "--stdin", "--stdout"}
	return speak(ctx, argv, sentence)
}

// Command is a program that reads a sentence from its standard input, UTF-8 and
// a line end, and writes a WAV file to its standard output: PCM, one channel, 16
// bits. In its arguments {lang} stands for the tongue: cmn, yue or en. It is
// started for each sentence, without a shell. The text is never an argument,
// which every user of the machine could see, nor in a file.
type Command struct {
	Args []string // the program and its arguments
}

func (c Command) String() string { return strings.Join(c.Args, " ") }

// Sound runs the program once.
func (c Command) Sound(ctx context.Context, t words.Tongue, sentence string) (Sound, error) {
	argv := make([]string, len(c.Args))
	for i, a := range c.Args {
		argv[i] = strings.ReplaceAll(a, "{lang}", string(t))
	}
	return speak(ctx, argv, sentence)
}

// speak runs an engine. What it complains of may hold the text, and is not
// passed on.
func speak(ctx context.Context, argv []string, sentence string) (Sound, error) {
	if len(argv) == 0 {
		return Sound{}, exec.ErrNotFound
	}
	sentence = strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, sentence)
	out, _, err := run(ctx, argv, []byte(sentence+"\n"), most)
	if err != nil {
		return Sound{}, err
	}
	s, err := ParseWAV(out)
	if err != nil {
		return Sound{}, err
	}
	return s.trim(), nil
}

// trim shortens the silence at both ends to a twentieth of a second.
func (s Sound) trim() Sound {
	const quiet = 100
	loud := func(v int16) bool { return v > quiet || v < -quiet }
	first, last := 0, len(s.Samples)
	for first < last && !loud(s.Samples[first]) {
		first++
	}
	for last > first && !loud(s.Samples[last-1]) {
		last--
	}
	if first == last {
		return Sound{Rate: s.Rate}
	}
	rest := s.Rate / 20
	s.Samples = s.Samples[max(0, first-rest):min(len(s.Samples), last+rest)]
	return s
}

// limited gives an engine only so long.
func limited(ctx context.Context, e Engine, t words.Tongue, sentence string, patience time.Duration) (Sound, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	s, err := e.Sound(ctx, t, sentence)
	if err == nil && len(s.Samples) == 0 {
		return Sound{}, errors.New("it made no sound")
	}
	return s, err
}
