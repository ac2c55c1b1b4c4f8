package voice

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"hallkiosk/display/voice/words"
)

// clips are the recordings of a hall, by tongue.
type clips map[words.Tongue]clipSet

// clipSet knows which file says what: the units of package words, joined by
// spaces.
type clipSet struct {
	files   map[string]string
	longest int // units of the longest recording
}

// The longest index and recording that are read, in bytes.
const (
	maxIndex = 1 << 20
	maxClip  = 60 * 2 * Rate
)

// loadClips reads the indexes of a folder. A tongue without one has no clips;
// faults are told by index line, and the rest is used.
func loadClips(dir string) (clips, []string) {
	c := clips{}
	var faults []string
	for _, t := range words.Tongues {
		path := filepath.Join(dir, string(t), "index.txt")
		data, err := readFile(path, maxIndex)
		if os.IsNotExist(err) {
			continue
		} else if err != nil {
			faults = append(faults, err.Error())
			continue
		}
		set := clipSet{files: map[string]string{}}
		for n, line := range strings.Split(string(data), "\n") {
			line = strings.TrimSpace(line)
			if line == "" || line[0] == '#' {
				continue
			}
			name, text, _ := strings.Cut(line, " ")
			said := words.Read(t, text)
			if len(said) != 1 || name != filepath.Base(name) {
				faults = append(faults, fmt.Sprintf("%s:%d: not a file's name and one sentence", path, n+1))
				continue
			}
			units := words.Units(said[0])
			set.files[strings.Join(units, " ")] = filepath.Join(dir, string(t), name)
			set.longest = max(set.longest, len(units))
		}
		c[t] = set
	}
	if len(c) == 0 && len(faults) == 0 {
		faults = append(faults, filepath.Join(dir, "cmn", "index.txt")+" and its like are not there")
	}
	return c, faults
}

// readFile reads at most limit bytes; a longer file is an error.
func readFile(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var b bytes.Buffer
	if _, err := io.Copy(&b, io.LimitReader(f, limit+1)); err != nil {
		return nil, err
	}
	if int64(b.Len()) > limit {
		return nil, fmt.Errorf("%s: more than %d bytes", path, limit)
	}
	return b.Bytes(), nil
}

// cover finds the fewest recordings that say a sentence. "" among them is a
// pause. False when something of it is not recorded.
func (s clipSet) cover(sentence string) ([]string, bool) {
	units := words.Units(sentence)
	type best struct {
		count int // recordings up to here; -1 is out of reach
		from  int
		file  string
	}
	at := make([]best, len(units)+1)
	for i := range at[1:] {
		at[i+1].count = -1
	}
	for i := range units {
		if at[i].count < 0 {
			continue
		}
		reach := func(to, cost int, file string) {
			if n := at[i].count + cost; at[to].count < 0 || n < at[to].count {
				at[to] = best{n, i, file}
			}
		}
		if units[i] == "," {
			reach(i+1, 0, "")
		}
		for n := 1; n <= s.longest && i+n <= len(units); n++ {
			if file, ok := s.files[strings.Join(units[i:i+n], " ")]; ok {
				reach(i+n, 1, file)
			}
		}
	}
	if at[len(units)].count < 0 {
		return nil, false
	}
	var files []string
	for i := len(units); i > 0; i = at[i].from {
		files = append([]string{at[i].file}, files...)
	}
	return files, true
}

// join plays recordings one after the other into one sound; load fetches one.
func join(files []string, load func(path string) (Sound, error)) (Sound, error) {
	out := Sound{Rate: Rate}
	for _, file := range files {
		if file == "" {
			out.Samples = append(out.Samples, make([]int16, Rate/5)...)
			continue
		}
		s, err := load(file)
		if err != nil {
			return Sound{}, err
		}
		out.Samples = append(out.Samples, s.Samples...)
	}
	return out, nil
}

// loadClip reads one recording. Errors name the file.
func loadClip(path string) (Sound, error) {
	data, err := readFile(path, maxClip)
	if err != nil {
		return Sound{}, err
	}
	s, err := ParseWAV(data)
	if err == nil && s.Rate != Rate {
		err = fmt.Errorf("%d Hz, want %d", s.Rate, Rate)
	}
	if err != nil {
		return Sound{}, fmt.Errorf("%s: %w", path, err)
	}
	return s.trim(), nil
}
