package center_test

import (
	"crypto/sha256"
	"encoding/json"
	"testing"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
	. "hallkiosk/kiosk/center/centertest"
)

// The hashes of what is stored were made by older centers: they must not
// change.
func TestSealHash(t *testing.T) {
	b := Batch("k1", kiosk.Event{Seq: 1, Kind: "a.b", Stamp: kiosk.Stamp{Wall: 1732363200000, Count: 7}, Body: json.RawMessage("{ \"x\": \"号\" }\n")},
		kiosk.Event{Seq: 2, Kind: "c", Body: nil})
	s := center.Seal(b, Noon)
	for i, said := range []string{"a.b\n1732363200000 7\n{\"x\":\"号\"}", "c\n0 0\nnull"} {
		if want := center.Hash(sha256.Sum256([]byte(said))); s.Hashes[i] != want {
			t.Errorf("hash %d is %x, want that of %q", i, s.Hashes[i], said)
		}
	}
}
