// Package display is the touchscreen: it decides which screen is shown, keeps
// the visit's state, watches for people who walked away, and passes wishes to
// the desk. Package screen draws, widget and theme are what it draws with,
// text is what it says.
//
// All state of an App belongs to Fyne's goroutine; what other goroutines learn
// comes in through fyne.Do, in App.later and nowhere else.
package display
