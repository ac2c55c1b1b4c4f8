package pgstore

import (
	"net/http"
	"testing"

	"hallkiosk/kiosk/center/centertest"
)

func TestHostile(t *testing.T) {
	s := opened(t, database(t, shared))
	defer s.Close()
	centertest.Hostile(t, s)
	http.DefaultClient.CloseIdleConnections()
}
