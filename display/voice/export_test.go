package voice

import "hallkiosk/display/voice/words"

// EspeakVoice is espeak-ng's name for a tongue.
func EspeakVoice(t words.Tongue) string { return espeakVoices[t] }
