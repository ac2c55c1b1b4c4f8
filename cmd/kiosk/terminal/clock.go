package terminal

import (
	"time"

	"golang.org/x/sys/unix"
)

// synced says whether a time server keeps this machine's clock, as the kernel
// knows it (adjtimex(2)).
func synced() bool {
	state, err := unix.Adjtimex(&unix.Timex{})
	return err == nil && state != unix.TIME_ERROR
}

// agrees is how far a clock that somebody has set may be from the center's.
const agrees = 2 * time.Minute

// clockRight says whether this machine's clock is right: by the word of a time server,
// or, in a network that has none, of the center.
func (k *terminal) clockRight() bool {
	if k.o.Synced() {
		return true
	}
	if k.link.pump == nil {
		return false
	}
	now, told := k.link.pump.Now()
	return told && now.Sub(k.o.Now()).Abs() < agrees
}
