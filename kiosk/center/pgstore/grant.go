package pgstore

import (
	"context"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
)

// Grant implements center.Store.
func (s *Store) Grant(ctx context.Context, g center.Grant) (kiosk.Number, error) {
	return s.granter.Grant(ctx, g)
}

// grantSQL is a whole transaction: it moves on each series by as many numbers
// as there are new wishes for it, hands them out in order and returns them. A
// wish that another process stores in the same instant is not returned, and
// the number counted for it is left out. Series are locked in one order, so
// that two processes can't wait for each other.
const grantSQL = `
	WITH fresh AS (
		SELECT w.*, row_number() OVER series AS nth, count(*) OVER (PARTITION BY hall, day, queue) AS many
		FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) WITH ORDINALITY AS w (request, kiosk, hall, day, queue, place)
		WHERE (SELECT g.n FROM grants g WHERE g.request = w.request) IS NULL
		WINDOW series AS (PARTITION BY hall, day, queue ORDER BY place)
	), counted AS (
		INSERT INTO counters (hall, day, queue, last)
		SELECT hall, day, queue, many FROM fresh WHERE nth = 1 ORDER BY hall COLLATE "C", day COLLATE "C", queue COLLATE "C"
		ON CONFLICT (hall, day, queue) DO UPDATE SET last = counters.last + excluded.last
		RETURNING hall, day, queue, last
	)
	INSERT INTO grants (request, kiosk, hall, day, queue, n)
	SELECT f.request, f.kiosk, f.hall, f.day, f.queue, c.last - f.many + f.nth
	FROM fresh f JOIN counted c ON c.hall = f.hall AND c.day = f.day AND c.queue = f.queue
	ON CONFLICT (request) DO NOTHING
	RETURNING request, kiosk, hall, day, queue, n`

// grant stores wishes in one transaction; see center.NewGranter.
func (s *Store) grant(ctx context.Context, wishes []center.Grant) (all []center.Granted, err error) {
	requests := make([]string, len(wishes))
	var kiosks, halls, days, queues []string
	for i, w := range wishes {
		requests[i] = string(w.Request)
		kiosks, halls = append(kiosks, string(w.Kiosk)), append(halls, string(w.Hall))
		days, queues = append(days, string(w.Day)), append(queues, string(w.Queue))
	}
	const tries = 5
	for range tries {
		all, err = listOn(ctx, s, s.counter, "grant number", scanGranted, grantSQL, requests, kiosks, halls, days, queues)
		if err == nil || !again(err) {
			break
		}
	}
	if err != nil || len(all) == len(wishes) {
		return all, err
	}
	return listOn(ctx, s, s.counter, "grant number", scanGranted, "SELECT request, kiosk, hall, day, queue, n FROM grants WHERE request = ANY ($1)", requests)
}

func scanGranted(scan center.Scan) (g center.Granted, err error) {
	return g, scan(&g.Request, &g.Kiosk, &g.Hall, &g.Day, &g.Queue, &g.N)
}
