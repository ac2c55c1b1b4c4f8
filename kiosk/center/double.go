package center

import (
	"fmt"
	"time"

	"hallkiosk/kiosk"
)

// silence is how long a kiosk must have said nothing before another life of its
// store may speak under its id. Kiosks say that they are there every minute.
const silence = 10 * time.Minute

// Double is the cause of a refusal: another life of the kiosk's store spoke a moment
// ago, so two machines use one id and would give the same numbers of their own
// series. Whoever spoke first goes on; the other may after a silence, or when it was
// restored from the first.
type Double struct{ Epoch kiosk.Epoch } // who spoke

func (d *Double) Error() string { return "another machine speaks under this kiosk's id" }

// After is the refusal of a batch of another life than the one that spoke last, at
// seen in Unix milliseconds; nil when it may speak. A Store asks within the
// transaction that stores the batch, in which no other batch of the kiosk is
// stored.
func (b Batch) After(last kiosk.Epoch, seen int64) error {
	if b.Silence <= 0 || last == b.Epoch || last == b.Prior || b.Got.Sub(time.UnixMilli(seen)) >= b.Silence {
		return nil
	}
	return &kiosk.Error{Code: kiosk.EConflict, Op: "take in events", Err: &Double{Epoch: last},
		Hint: fmt.Sprintf("another machine speaks as kiosk %s. Give one of them an id and a series of its own; if its store was replaced, wait ten minutes", b.Kiosk)}
}
