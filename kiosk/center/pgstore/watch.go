package pgstore

import (
	"context"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"hallkiosk/kiosk"
)

// channel is where the processes tell each other of versions: the version, a
// space and the hall. Channels belong to one database.
const channel = "hallkiosk_versions"

// Watch implements center.Store.
func (s *Store) Watch(ctx context.Context, hall kiosk.HallID) (<-chan int64, error) {
	return s.news.Watch(ctx, hall, func(ctx context.Context) (now int64, err error) {
		return now, s.failed("watch hall", use(ctx, s.reader, func(conn *pgx.Conn) error {
			return conn.QueryRow(ctx, "SELECT coalesce(max(version), 0) FROM versions WHERE hall = $1", hall).Scan(&now)
		}))
	})
}

// listener follows the channel until the Store is closed. When the line breaks
// it waits and begins anew; nothing is missed, for it asks for the versions
// again whenever it has begun to listen.
func (s *Store) listener() {
	for attempt := 0; ; attempt++ {
		if s.follow(s.life) {
			attempt = 0
		}
		select {
		case <-s.life.Done():
			return
		case <-time.After(s.waits.backoff(attempt)):
		}
	}
}

// patience doubles from a tenth of a second to ten seconds, less up to a half
// by chance: every center lost its line in the same instant.
func patience(attempt int) time.Duration {
	wait := min(100*time.Millisecond<<min(attempt, 10), 10*time.Second)
	return wait - time.Duration(rand.Int64N(int64(wait)/2))
}

// follow tells the news until the line breaks, and says whether it stood.
func (s *Store) follow(ctx context.Context) (stood bool) {
	conn, err := s.connect(ctx)
	if err != nil {
		return false
	}
	defer end(conn)
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return false
	}
	for ctx.Err() == nil {
		if s.catchUp(ctx, conn) != nil {
			return stood
		}
		stood = true
		if s.wait(ctx, conn) != nil {
			return stood
		}
	}
	return stood
}

// catchUp tells the versions of all watched halls as they are.
func (s *Store) catchUp(ctx context.Context, conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	halls := []string{}
	for _, h := range s.news.Halls() {
		halls = append(halls, string(h))
	}
	rows, err := conn.Query(ctx, "SELECT hall, version FROM versions WHERE hall = ANY ($1)", halls)
	if err != nil {
		return err
	}
	var hall kiosk.HallID
	var version int64
	_, err = pgx.ForEachRow(rows, []any{&hall, &version}, func() error {
		s.news.Tell(hall, version)
		return nil
	})
	return err
}

// wait tells what comes in, and returns nil when nothing came for a heartbeat:
// the line may be broken without a sign.
func (s *Store) wait(ctx context.Context, conn *pgx.Conn) error {
	for {
		quiet, cancel := context.WithTimeout(ctx, s.waits.heartbeat)
		n, err := conn.WaitForNotification(quiet)
		cancel()
		switch {
		case err != nil && ctx.Err() == nil && quiet.Err() != nil && !conn.IsClosed():
			return nil
		case err != nil:
			return err
		}
		text, hall, _ := strings.Cut(n.Payload, " ")
		if version, err := strconv.ParseInt(text, 10, 64); err == nil {
			s.news.Tell(kiosk.HallID(hall), version)
		}
	}
}
