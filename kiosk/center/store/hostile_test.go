package store

import (
	"path/filepath"
	"testing"

	"hallkiosk/kiosk/center/centertest"
)

func TestHostile(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "center.db"))
	defer s.Close()
	centertest.Hostile(t, s)
}
