package center

import (
	"context"

	"hallkiosk/kiosk"
)

// Newest returns the news of hall as of version for its own kiosks, as they go
// over a line.
func (s *Server) Newest(ctx context.Context, hall kiosk.HallID, version int64) (text, packed []byte, err error) {
	i, err := s.newest(ctx, hall, version, true)
	if err != nil {
		return nil, nil, err
	}
	return i.text, i.packed, nil
}
