package store

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hallkiosk/kiosk/center"
)

// TestTrailKept tries to change the audit trail as somebody with the file would.
func TestTrailKept(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "center.db"))
	defer s.Close()
	if err := s.Note(t.Context(), center.Entry{At: time.Now(), Account: "anna", Action: "call"}); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{"DELETE FROM audit", "UPDATE audit SET account = 'bob'", "INSERT OR REPLACE INTO audit (id, at, hall, account, action, subject, source) VALUES (1, 1, '', 'bob', '', '', '')"} {
		if _, err := s.writer.Exec("PRAGMA recursive_triggers = on"); err != nil { // REPLACE deletes
			t.Fatal(err)
		}
		if _, err := s.writer.Exec(statement); err == nil || !strings.Contains(err.Error(), "audit trail") {
			t.Errorf("%s: %v", statement, err)
		}
	}
	if all, err := s.Trail(t.Context(), "", 0, 10); err != nil || len(all) != 1 || all[0].Account != "anna" {
		t.Fatalf("%+v, %v", all, err)
	}
}
