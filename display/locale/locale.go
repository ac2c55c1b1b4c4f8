// Package locale gives the process a locale before Fyne looks for one, and says
// how long Fyne keeps what is not shown any more.
//
// Fyne reads the environment when its packages are initialised, that is before
// main, and complains about the locale C or none. Go initialises packages whose
// imports are ready in the order of their paths (Go specification, "Program
// initialization"), so this one, which needs only os, comes before Fyne's lang,
// which needs text/template. The citizen's language is not touched by it.
package locale

import (
	"os"
	"strings"
)

func init() {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(name); v == "POSIX" || v == "C" || strings.HasPrefix(v, "C.") {
			os.Unsetenv(name)
		}
	}
	if os.Getenv("LC_ALL") == "" && os.Getenv("LC_MESSAGES") == "" && os.Getenv("LANG") == "" {
		os.Setenv("LANG", "zh_CN.UTF-8")
	}
	// Letters and parts of screens that have gone: a minute of them, which is
	// Fyne's own, is some 80 MB when hands are quick.
	if os.Getenv("FYNE_CACHE") == "" {
		os.Setenv("FYNE_CACHE", "20s")
	}
}
