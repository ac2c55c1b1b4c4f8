// Package voice says things to the person in front of the kiosk, in Mandarin,
// Cantonese and English, without a network: the screen read aloud, what a
// keypad's focus is on, the number and where to go.
//
// A Voice never says two things at once: a new utterance replaces what is being
// said, because the person has moved on, and the two short tones keep to the
// same rule. Numbers, hours and dates become words in package words. A sentence's
// sound comes from recordings if they cover all of it, or else from an Engine;
// both engine and player are processes of their own, so that one that hangs or
// crashes is killed and the next sentence works. At most one of each runs at any
// time. Without a sound card or an engine the kiosk is silent, which is never an
// error for the citizen: Status tells the technician what is missing, and it
// works again when that is there.
//
// What is said may hold a masked name. It is in memory alone, in no log, no
// file and no argument of a process.
//
// # Recorded clips
//
// A hall may record its own voice. The clips' folder has one folder for each
// tongue, cmn, yue and en; each holds WAV files (22,050 Hz, one channel, 16 bit)
// and index.txt, UTF-8, with one line a recording: the file's name, a space, and
// what is heard in it, as people would write it. Empty lines and lines that
// begin with # are left out.
//
//	# numbers
//	n0.wav   零
//	n10.wav  十
//	n21.wav  二十一
//	a.wav    A
//	# phrases
//	take.wav   请取走您的号
//	window.wav 号窗口
//
// Needed are the digits 零 to 九, 十 and 百 (zero to ninety, hundred and "and"
// in English), the letters A to Z, 点 半 分 月 日, 到 or 至, and the phrases and
// names of things that the screen says; whatever is missing is no fault, the
// engine speaks that sentence instead, so that a screen may have both voices, one
// after the other and equally loud if the recordings are as loud as the engine. A
// sentence is joined from the fewest recordings that cover it: one of 二十一 as a
// whole sounds better than 二, 十, 一. Speak evenly, without raising the voice at the end; silence before and
// after is cut.
package voice
