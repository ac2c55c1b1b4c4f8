// Package display is the touchscreen: it decides which screen is shown, keeps
// the visit's state, watches for people who walked away, and passes wishes to
// the desk. Package screen draws, widget and theme are what it draws with,
// text is what it says, and voice is what it says it by.
//
// Who doesn't see works it by an audio keypad, which is a keyboard to it: a
// focus walks through all targets, first the screen's and then the frame's, and
// each step is spoken, while every new screen is read out by its question.
//
// A visit's state is the way of views from the first screen, the language, and
// the modes that the frame switches: large text, low reach, contrast, read
// aloud. It ends with App.home, which forgets all of it. A guide's badge begins a
// mode of its own, which lasts over numbers: see App.Badge.
//
// A new screen is a view (see App.papers for a small one): a name, and a load
// that tells what the screen shows now and how package screen draws that. It
// comes up by App.push and goes by App.back.
//
// All state of an App belongs to Fyne's goroutine; what other goroutines learn
// comes in through fyne.Do, in App.later and nowhere else.
package display
