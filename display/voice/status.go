package voice

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os/exec"
	"slices"
	"strings"

	"hallkiosk/display/voice/words"
)

// Status is how the voice is, for the technician. It holds nothing of what was
// said.
type Status struct {
	Engine   string    // what makes the sound
	Player   string    // what plays it; empty when none is there
	Volume   int       // percent, at this hour and for this visit
	Said     int       // utterances since the start that were heard to their end
	Cut      int       // that were replaced or hushed
	Unsaid   int       // that could not be heard, or only in part
	Troubles []Trouble // what is missing; empty when all is well
}

// Trouble is one part that doesn't work, what is so, and what to do. It doesn't
// repeat what Status.Player says.
type Trouble struct {
	Part   string // engine cmn, engine yue, engine en, player, clips (their indexes) or clip (one of them)
	Zh, En string
}

// OK says whether the kiosk can be heard, as far as is known.
func (s Status) OK() bool { return len(s.Troubles) == 0 }

// Status tells how the voice is. It returns at once.
func (v *Voice) Status() Status {
	player, _ := v.player()
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.counts
	s.Engine, s.Player, s.Volume = v.o.Engine.String(), strings.Join(player, " "), v.percent()
	for _, part := range slices.Sorted(maps.Keys(v.troubles)) {
		s.Troubles = append(s.Troubles, v.troubles[part])
	}
	return s
}

// note keeps what a part's last use has shown. A use that was broken off has
// shown nothing.
func (v *Voice) note(part string, err error, zh, en string) {
	if errors.Is(err, context.Canceled) {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if err == nil {
		delete(v.troubles, part)
		return
	}
	v.troubles[part] = Trouble{Part: part, Zh: zh, En: en}
}

func (v *Voice) troubled() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.troubles) > 0
}

func absent(err error) bool {
	return errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist)
}

func (v *Voice) noteEngine(t words.Tongue, err error) {
	name := v.o.Engine.String()
	var zh, en string
	switch {
	case absent(err):
		zh = fmt.Sprintf("没有朗读程序 %s，不出声。请运行 apt-get install espeak-ng，或改 [voice] command。", name)
		en = fmt.Sprintf("There is no %s, the kiosk is silent. Run apt-get install espeak-ng, or mend command in [voice].", name)
	case errors.Is(err, context.DeadlineExceeded):
		zh = fmt.Sprintf("朗读程序 %s 用 %s 超过 %s 没有念完，已结束它。请手动试一试，或换一个。", name, t, v.o.Patience)
		en = fmt.Sprintf("%s took longer than %s to speak %s and was ended. Try it by hand, or take another.", name, v.o.Patience, t)
	default:
		zh = fmt.Sprintf("朗读程序 %s 念不了 %s：%v。请手动试一试，或重装。", name, t, err)
		en = fmt.Sprintf("%s can't speak %s: %v. Try it by hand, or install it again.", name, t, err)
	}
	v.note("engine "+string(t), err, zh, en)
}

func (v *Voice) notePlayer(complaint string, err error) {
	if complaint == "" && err != nil {
		complaint = err.Error()
	}
	var zh, en string
	switch {
	case errors.Is(err, errNoPlayer):
		zh = "没有放声音的程序，不出声。请运行 apt-get install alsa-utils，或写 [voice] player。"
		en = "There is no player, the kiosk is silent. Run apt-get install alsa-utils, or name one as player in [voice]."
	case absent(err):
		zh = "没有这个放声音的程序，不出声。请改 [voice] player。"
		en = "There is no such player, the kiosk is silent. Mend player in [voice]."
	case errors.Is(err, context.DeadlineExceeded):
		zh = "放声音的程序停住不动，已结束它。请检查声卡。"
		en = "The player hung and was ended. Look at the sound card."
	default:
		zh = fmt.Sprintf("放不出声音：%s。请检查声卡和音箱插好没有，运行用户在不在 audio 组。", complaint)
		en = fmt.Sprintf("Nothing can be heard: %s. See that sound card and speaker are plugged in, and that the kiosk's user is in group audio.", complaint)
	}
	v.note("player", err, zh, en)
}

func (v *Voice) noteClips(part string, faults []string) {
	if len(faults) == 0 {
		v.note(part, nil, "", "")
		return
	}
	first := faults[0]
	v.note(part, errors.New(first), fmt.Sprintf("录音有 %d 处用不了，第一处：%s。那些话由朗读程序念。", len(faults), first),
		fmt.Sprintf("%d faults in the recordings, the first: %s. The engine speaks in their place.", len(faults), first))
}
