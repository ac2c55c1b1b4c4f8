package center

import (
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// crowded is a listener at which somebody always waits.
type crowded struct{ net.Listener }

func (crowded) Accept() (net.Conn, error) { return &net.TCPConn{}, nil }

// TestPaced lets a hall's connections in at once and a city's one after the
// other, and does so again after a rest.
func TestPaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := paced{Listener: crowded{}}
		for range 2 {
			began := time.Now()
			for _, step := range []struct {
				come int
				took time.Duration // since the first
			}{{newcomers, 0}, {1000, 1000 * newcomerEvery}, {1, 1001 * newcomerEvery}} {
				for range step.come {
					if _, err := l.Accept(); err != nil {
						t.Fatal(err)
					}
				}
				if took := time.Since(began); took != step.took {
					t.Errorf("%d more were in after %v, want %v", step.come, took, step.took)
				}
			}
			time.Sleep(time.Minute)
		}
	})
}
