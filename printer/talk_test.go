package printer_test

import (
	"errors"
	"testing"
	"time"

	"periph.io/x/conn/v3"

	"hallkiosk/kiosk"
	"hallkiosk/printer"
)

// talker is a line on which a broken device says the same again and again, a byte
// a millisecond of its own clock.
type talker struct {
	conn.Conn
	says  []byte
	now   time.Time
	heard int
}

func (*talker) String() string { return "talker" }

func (t *talker) Tx(_, r []byte) error {
	for i := range r {
		if t.heard > 3_600_000 {
			return errors.New("an hour of talk was listened to")
		}
		t.now = t.now.Add(time.Millisecond)
		r[i] = t.says[t.heard%len(t.says)]
		t.heard++
	}
	return nil
}

// Whole answers without end are no more a reason to hang than garbage is: no
// question is listened to for longer than its time.
func TestTalkWithoutEnd(t *testing.T) {
	for name, says := range map[string][]byte{
		"real time": {0x12}, "barriers": {0x00}, "blocks": []byte("_X\x00"), "jobs": []byte("7\"ABCD\x00"), "automatic": {0x14, 0, 0, 0x0F},
	} {
		t.Run(name, func(t *testing.T) {
			line := &talker{says: says, now: time.Unix(0, 0)}
			opts := printer.DefaultOpts()
			opts.Now = func() time.Time { return line.now }
			opts.Render = func(kiosk.PrintJob) printer.Page { return printer.Page{Bytes: []byte("ticket")} }
			dev := printer.New(line, opts)
			if end, _ := dev.Print(t.Context(), kiosk.PrintJob{}, func(kiosk.PrintState) error { return nil }); end == kiosk.Printed {
				t.Errorf("talk counts as %s", end)
			}
			dev.Examine(t.Context())
			if heard := time.Duration(line.heard) * time.Millisecond; heard > 2*time.Minute {
				t.Errorf("it was listened to for %s", heard)
			}
		})
	}
}
