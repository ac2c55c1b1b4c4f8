package serialport

import "time"

// SetNow gives p a clock of the test's. It must not be in use yet.
func SetNow(p *Port, now func() time.Time) { p.now = now }

// Lockers makes the parser of /proc/locks known to the tests.
var Lockers = lockers
