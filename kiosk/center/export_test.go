package center

import (
	"context"
	"net"
	"net/http"

	"hallkiosk/kiosk"
)

// Newest returns the news of hall as of version for its own kiosks, as they go
// over a line, without a pause after the ones before.
func (s *Server) Newest(ctx context.Context, hall kiosk.HallID, version int64) (text, packed []byte, err error) {
	s.feed.mu.Lock()
	if e := s.feed.halls[hall]; e != nil {
		e.pace = 0
	}
	s.feed.mu.Unlock()
	i, err := s.newest(ctx, hall, version, true)
	if err != nil {
		return nil, nil, err
	}
	return i.text, i.packed, nil
}

// Crowd returns the http.Server.ConnState of a Server that lets so many
// connections be open.
func Crowd(most int) func(net.Conn, http.ConnState) { return newCrowd(most).watch }
