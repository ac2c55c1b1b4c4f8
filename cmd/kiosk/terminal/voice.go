package terminal

import (
	"strings"
	"time"

	"hallkiosk/display/voice"
	"hallkiosk/display/voice/words"
	"hallkiosk/kiosk"
	"hallkiosk/kiosk/control"
)

// fitVoice starts what reads the screen out, unless the config switches it off.
func (k *terminal) fitVoice() {
	c := k.cfg.Voice
	if !c.On {
		return
	}
	o := voice.DefaultOpts()
	o.Clips, o.Player = c.Clips, c.Player
	o.Engine = voice.Espeak{Speed: c.Speed}
	if len(c.Command) > 0 {
		o.Engine = voice.Command{Args: c.Command}
	}
	for _, lang := range []kiosk.Lang{kiosk.Zh, kiosk.Hant} {
		o.Tongues[lang] = words.Mandarin
		if c.Cantonese(lang) {
			o.Tongues[lang] = words.Cantonese
		}
	}
	o.Levels = nil
	for _, l := range c.Levels() {
		o.Levels = append(o.Levels, voice.Level(l))
	}
	o.Now = func() time.Time { return k.o.Now().In(k.cfg.Location()) }
	k.voice = voice.New(o)
}

// voiceState tells the technician whether the kiosk can be heard.
func (k *terminal) voiceState() control.Device {
	d := control.Device{Name: "voice", State: string(kiosk.FaultUnfitted)}
	if k.voice == nil {
		return d
	}
	s := k.voice.Status()
	d.State, d.Port = "ready", s.Player
	var hints []string
	for _, t := range s.Troubles {
		d.State = string(kiosk.FaultSilent)
		hints = append(hints, t.Zh+" / "+t.En)
	}
	d.Hint = strings.Join(hints, "; ")
	return d
}
