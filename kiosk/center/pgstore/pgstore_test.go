package pgstore

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"hallkiosk/kiosk/center"
	"hallkiosk/kiosk/center/centertest"
	"hallkiosk/kiosk/center/pgtest"
)

// shared is the server of every test that doesn't harm it.
var shared *pgtest.Server

func TestMain(m *testing.M) {
	var err error
	if os.Getenv(asKiosks) != "" {
		if err = beKiosks(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if shared, err = pgtest.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := shared.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func TestSuite(t *testing.T) {
	centertest.StoreSuite(t, func(t *testing.T) func() center.Store {
		url := database(t, shared)
		return func() center.Store { return opened(t, url) }
	})
}

// database makes an empty one.
func database(t testing.TB, s *pgtest.Server) (url string) {
	t.Helper()
	url, err := s.NewDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return url
}

func opened(t testing.TB, url string) *Store {
	t.Helper()
	s, err := Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
