package center_test

import (
	"io"
	"net"
	"testing"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// refusesNew waits until nobody listens at addr any more.
func refusesNew(t *testing.T, addr string) {
	t.Helper()
	for {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			return
		}
		c.Close()
	}
}

// halves is a request body whose second half comes when wait is closed. sent
// is closed once the first half is on the line.
type halves struct {
	first, second []byte
	sent, wait    chan struct{}
	asked         int
}

func (h *halves) Read(p []byte) (int, error) {
	h.asked++
	switch h.asked {
	case 1:
		return copy(p, h.first), nil
	case 2:
		close(h.sent)
		<-h.wait
		return copy(p, h.second), nil
	}
	return 0, io.EOF
}
