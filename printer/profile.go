package printer

import (
	"time"

	"hallkiosk/printer/escpos"
)

// Profile is what the printer can do.
type Profile struct {
	Width   int               // printable dots, a multiple of 8
	Scale   int               // the largest magnification, 1 to 8
	Speed   int               // millimetres a second
	Chinese escpos.Repertoire // the characters it holds
	QR      bool              // has GS ( k
	JobID   bool              // answers GS ( H
	Clear   []byte            // empties its buffers; nil when it can't
	Eject   Presenter         // what it does with a paper that is cut
	Retract time.Duration     // until a ticket that nobody takes is drawn in; 0 is never
}

// holds says whether the printer has every character of text.
func (p Profile) holds(text string) bool { return p.Chinese.Holds(text) }
