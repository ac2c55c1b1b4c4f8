package voice

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
)

// Rate is the rate of the house's own sounds and of recorded clips, in samples
// a second. Engines may have another.
const Rate = 22050

// Sound is one channel of 16-bit samples.
type Sound struct {
	Rate    int // samples a second
	Samples []int16
}

// Length is how long s takes.
func (s Sound) Length() time.Duration {
	if s.Rate <= 0 {
		return 0
	}
	return time.Duration(len(s.Samples)) * time.Second / time.Duration(s.Rate)
}

// bytes is what s takes in memory.
func (s Sound) bytes() int { return 2 * len(s.Samples) }

// WAV returns s as a RIFF WAVE file of 16-bit PCM, with all samples multiplied
// by gain, which is 0 to 1.
func (s Sound) WAV(gain float64) []byte {
	le := binary.LittleEndian
	b := make([]byte, 0, 44+s.bytes())
	b = append(b, "RIFF"...)
	b = le.AppendUint32(b, uint32(36+s.bytes()))
	b = append(b, "WAVEfmt "...)
	b = le.AppendUint32(b, 16)
	b = le.AppendUint16(b, 1) // PCM
	b = le.AppendUint16(b, 1) // channel
	b = le.AppendUint32(b, uint32(s.Rate))
	b = le.AppendUint32(b, uint32(2*s.Rate))
	b = le.AppendUint16(b, 2)
	b = le.AppendUint16(b, 16)
	b = append(b, "data"...)
	b = le.AppendUint32(b, uint32(s.bytes()))
	for _, v := range s.Samples {
		b = le.AppendUint16(b, uint16(int16(math.Round(float64(v)*gain))))
	}
	return b
}

// ParseWAV reads a RIFF WAVE file of one channel of 16-bit PCM. The lengths
// that it states may be too large, as they are when a program wrote it to a
// pipe. Errors say what the file is instead.
func ParseWAV(b []byte) (Sound, error) {
	le := binary.LittleEndian
	if len(b) < 12 || string(b[:4]) != "RIFF" || string(b[8:12]) != "WAVE" {
		return Sound{}, errors.New("no WAV")
	}
	var s Sound
	for b = b[12:]; len(b) >= 8; {
		name, size := string(b[:4]), int64(le.Uint32(b[4:]))
		body := b[8:]
		body = body[:min(size, int64(len(body)))]
		switch {
		case name == "fmt " && len(body) >= 16:
			format, channels, bits := le.Uint16(body), le.Uint16(body[2:]), le.Uint16(body[14:])
			s.Rate = int(le.Uint32(body[4:]))
			if format != 1 || channels != 1 || bits != 16 || s.Rate < 4000 || s.Rate > 192000 {
				return Sound{}, fmt.Errorf("format %d, %d channels, %d bits at %d Hz, want PCM, 1 channel, 16 bits", format, channels, bits, s.Rate)
			}
		case name == "data" && s.Rate == 0:
			return Sound{}, errors.New("sound before its format")
		case name == "data":
			s.Samples = make([]int16, len(body)/2)
			for i := range s.Samples {
				s.Samples[i] = int16(le.Uint16(body[2*i:]))
			}
			return s, nil
		}
		b = b[8+len(body):]
		if size%2 == 1 && len(b) > 0 {
			b = b[1:] // chunks are padded to even lengths
		}
	}
	return Sound{}, errors.New("WAV without sound")
}

// Tone is a short sound without words.
type Tone int

// The tones.
const (
	NoTone    Tone = iota
	Ready          // something is done, such as the printing: two notes up
	Attention      // something is asked, such as whether anybody is there: one note, twice
)

func (t Tone) String() string {
	return [...]string{"", "ready", "attention"}[t]
}

// tones are made once; half a second each, soft.
var tones = map[Tone]Sound{
	Ready:     chime(523.25, 783.99), // C5, G5
	Attention: chime(659.26, 659.26), // E5
}

// chime strikes notes, in hertz, a quarter of a second apart.
func chime(notes ...float64) Sound {
	const step, peak = Rate / 4, 9000
	s := Sound{Rate: Rate, Samples: make([]int16, step*len(notes)+step)}
	for n, hz := range notes {
		for i := n * step; i < len(s.Samples); i++ {
			at := float64(i-n*step) / Rate
			// 8 ms of rise, so that it doesn't click; then it dies away.
			swell := min(1, at/0.008) * math.Exp(-7*at)
			s.Samples[i] += int16(peak / 2 * swell * (math.Sin(2*math.Pi*hz*at) + math.Sin(4*math.Pi*hz*at)/4))
		}
	}
	for i, fade := len(s.Samples)-step/4, step/4; fade > 0; i, fade = i+1, fade-1 {
		s.Samples[i] = int16(int(s.Samples[i]) * fade / (step / 4))
	}
	return s
}
