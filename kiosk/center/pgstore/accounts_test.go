package pgstore

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hallkiosk/kiosk/center"
)

// TestTrailKept tries to change the audit trail as the center's own user.
func TestTrailKept(t *testing.T) {
	url := database(t, shared)
	s := opened(t, url)
	defer s.Close()
	if err := s.Note(t.Context(), center.Entry{At: time.Now(), Account: "anna", Action: "call"}); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, statement := range []string{"DELETE FROM audit", "UPDATE audit SET account = 'bob'", "TRUNCATE audit"} {
		if _, err := conn.Exec(t.Context(), statement); err == nil || !strings.Contains(err.Error(), "audit trail") {
			t.Errorf("%s: %v", statement, err)
		}
	}
	if all, err := s.Trail(t.Context(), "", 0, 10); err != nil || len(all) != 1 || all[0].Account != "anna" {
		t.Fatalf("%+v, %v", all, err)
	}
}
