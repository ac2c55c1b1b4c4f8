package voice_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"hallkiosk/display/voice"
)

func TestWAV(t *testing.T) {
	s := voice.Sound{Rate: 16000, Samples: []int16{0, 100, -100, 32767, -32768}}
	got, err := voice.ParseWAV(s.WAV(1))
	if err != nil || got.Rate != 16000 || !slices.Equal(got.Samples, s.Samples) {
		t.Fatalf("%+v, %v", got, err)
	}
	if got, _ = voice.ParseWAV(s.WAV(0.5)); !slices.Equal(got.Samples, []int16{0, 50, -50, 16384, -16384}) {
		t.Errorf("half as loud: %v", got.Samples)
	}
	if d := (voice.Sound{Rate: 16000, Samples: make([]int16, 4000)}).Length(); d != 250*time.Millisecond {
		t.Errorf("%s long", d)
	}
	data := s.WAV(1)
	piped := slices.Clone(data) // lengths of a program that can't go back
	copy(piped[4:], "\x24\xf0\xff\x7f")
	copy(piped[40:], "\x00\xf0\xff\x7f")
	if got, err := voice.ParseWAV(piped); err != nil || !slices.Equal(got.Samples, s.Samples) {
		t.Errorf("piped: %+v, %v", got, err)
	}
	listed := slices.Concat(data[:36], []byte("LIST\x03\x00\x00\x00abc\x00"), data[36:])
	if got, err := voice.ParseWAV(listed); err != nil || !slices.Equal(got.Samples, s.Samples) {
		t.Errorf("with a chunk of odd length: %+v, %v", got, err)
	}
	stereo, bytes8, float := slices.Clone(data), slices.Clone(data), slices.Clone(data)
	stereo[22], bytes8[34], float[20] = 2, 8, 3
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"Empty", nil, "no WAV"}, {"Text", []byte("Traceback (most recent call last)"), "no WAV"}, {"HeadOnly", data[:36], "without sound"},
		{"Cut", data[:20], "without sound"}, {"Stereo", stereo, "2 channels"}, {"Bytes", bytes8, "8 bits"}, {"Float", float, "format 3"},
		{"NoFormat", slices.Concat(data[:12], data[36:]), "before its format"},
	} {
		if _, err := voice.ParseWAV(c.data); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func FuzzParseWAV(f *testing.F) {
	data := voice.Sound{Rate: 22050, Samples: []int16{1, 2, 3}}.WAV(1)
	f.Add(data)
	f.Add(data[:40])
	f.Add(slices.Concat(data[:36], []byte("LIST\xff\xff\xff\xffabc"), data[36:]))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := voice.ParseWAV(b)
		if err == nil && (s.Rate < 4000 || len(s.Samples) > len(b)/2) {
			t.Errorf("%d Hz, %d samples of %d bytes", s.Rate, len(s.Samples), len(b))
		}
	})
}
