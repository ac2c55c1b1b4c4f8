// Package xserver tells whether there is an X server to show a window on, for
// programs that want to say so plainly before a toolkit fails.
package xserver

import (
	"net"
	"strings"
)

// Answers says whether an X server is reachable under a name as in $DISPLAY. A
// server on another machine, such as over ssh, is taken at its word.
func Answers(name string) bool {
	number, local := strings.CutPrefix(name, ":")
	if !local {
		return name != ""
	}
	number, _, _ = strings.Cut(number, ".")
	for _, socket := range []string{"/tmp/.X11-unix/X", "@/tmp/.X11-unix/X"} {
		if c, err := net.Dial("unix", socket+number); err == nil {
			c.Close()
			return true
		}
	}
	return false
}
