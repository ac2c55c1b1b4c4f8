package pgstore

import (
	"cmp"
	"context"
	"errors"
	"hash/fnv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
)

// Ingest implements center.Store.
func (s *Store) Ingest(ctx context.Context, b center.Batch) (center.Receipt, error) {
	const tries = 5
	var in *intake
	var err error
	for range tries {
		if len(b.Events) > 0 {
			if err = s.prepare(ctx, monthOf(b.Got)); err != nil {
				break
			}
		}
		in = &intake{ctx: ctx, batch: b}
		err = use(ctx, s.writer, in.run)
		if err == nil || !again(err) && !s.dropped(err) {
			break
		}
	}
	if err != nil {
		var refused *center.Contradiction
		if !errors.As(err, &refused) {
			return center.Receipt{}, s.failed("take in events", err)
		}
		return center.Receipt{Alarms: in.alarms}, err // stored
	}
	if in.version > 0 {
		s.news.Tell(b.Hall, in.version)
	}
	return center.Receipt{Ack: kiosk.Ack{AckedThrough: in.acked}, Alarms: in.alarms}, nil
}

// intake is one batch on its way into the tables, within one transaction.
type intake struct {
	ctx     context.Context
	conn    *pgx.Conn
	batch   center.Batch
	double  error          // why this life of the kiosk may not speak
	acked   int64          // before, then after
	alarms  []center.Alarm // stored
	version int64          // of the hall, when the batch brought something new
}

// run takes in the batch from BEGIN to COMMIT. When it fails between, the pool
// drops the connection, and the server rolls back.
func (in *intake) run(conn *pgx.Conn) error {
	in.conn = conn
	b := in.batch
	against, err := in.look()
	if err != nil {
		return err
	}
	if err := cmp.Or(in.double, b.GapAfter(in.acked)); err != nil {
		_, bad := conn.Exec(in.ctx, "ROLLBACK")
		return errors.Join(bad, err)
	}
	if alarm, refused := b.Against(against); refused != nil {
		if err := in.finish(&center.Told{Alarms: []center.Alarm{*alarm}}, false); err != nil {
			return err
		}
		return refused
	}
	told, err := center.Tell(b, in.acked)
	if err != nil {
		return err
	}
	isNew := len(b.Events) > 0 && b.Events[len(b.Events)-1].Seq > in.acked
	if isNew {
		if err := in.insert(told); err != nil {
			return err
		}
	}
	return in.finish(told, true)
}

// look begins the transaction, keeps others off the kiosk, and returns which of the batch's events are stored with another hash.
func (in *intake) look() (against []int64, err error) {
	b := in.batch
	h := fnv.New32a()
	h.Write([]byte(b.Kiosk))
	q := &pgx.Batch{}
	q.Queue("BEGIN")
	// Two kiosks that share a hash wait for each other, which does no harm. The
	// question comes after, as a statement of its own: it must see what the one
	// before has committed.
	q.Queue("SELECT pg_advisory_xact_lock($1::int, $2::int)", int32(sourceLock), int32(h.Sum32()))
	q.Queue("SELECT epoch, seen FROM sources WHERE kiosk = $1 ORDER BY seen DESC LIMIT 1", b.Kiosk).QueryRow(func(row pgx.Row) error {
		var last kiosk.Epoch
		var seen int64
		err := row.Scan(&last, &seen)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		in.double = b.After(last, seen)
		return err
	})
	q.Queue("SELECT acked FROM sources WHERE kiosk = $1 AND epoch = $2", b.Kiosk, b.Epoch).QueryRow(func(row pgx.Row) error {
		err := row.Scan(&in.acked)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	if len(b.Events) > 0 {
		first := b.Events[0].Seq
		q.Queue("SELECT seq, hash FROM events WHERE kiosk = $1 AND epoch = $2 AND seq BETWEEN $3 AND $4 ORDER BY seq",
			b.Kiosk, b.Epoch, first, b.Events[len(b.Events)-1].Seq).Query(func(rows pgx.Rows) error {
			var seq int64
			var hash []byte
			_, err := pgx.ForEachRow(rows, []any{&seq, &hash}, func() error {
				if center.Hash(hash) != b.Hashes[seq-first] {
					against = append(against, seq)
				}
				return nil
			})
			return err
		})
	}
	return against, in.conn.SendBatch(in.ctx, q).Close()
}

// insert stores the events after acked and the tickets they tell of.
func (in *intake) insert(told *center.Told) error {
	q := &pgx.Batch{}
	in.print(q, told.Early)
	in.events(q)
	put := map[kiosk.TicketID]bool{}
	in.put(q, told.Tickets, put)
	if err := in.conn.SendBatch(in.ctx, q).Close(); err != nil {
		return err
	}
	var refused []center.NewTicket
	for _, n := range told.Tickets {
		if !put[n.ID] {
			refused = append(refused, n)
		}
	}
	if len(refused)+len(told.Again) == 0 {
		return nil
	}
	return in.settle(told, refused)
}

// events puts the events after acked in the ledger.
func (in *intake) events(q *pgx.Batch) {
	b := in.batch
	var seqs, walls, counts []int64
	var kinds, bodies []string
	var hashes [][]byte
	for i, e := range b.Events {
		if e.Seq <= in.acked {
			continue
		}
		seqs, walls, counts = append(seqs, e.Seq), append(walls, e.Stamp.Wall), append(counts, e.Stamp.Count)
		kinds, bodies, hashes = append(kinds, string(e.Kind)), append(bodies, string(e.Body)), append(hashes, b.Hashes[i][:])
	}
	q.Queue(`INSERT INTO events (kiosk, epoch, seq, month, hall, kind, wall, count, body, hash, got)
		SELECT $1, $2, e.seq, $3, $4, e.kind, e.wall, e.count, e.body, e.hash, $5
		FROM unnest($6::bigint[], $7::text[], $8::bigint[], $9::bigint[], $10::text[], $11::bytea[]) AS e (seq, kind, wall, count, body, hash)
		ON CONFLICT DO NOTHING`,
		b.Kiosk, b.Epoch, monthOf(b.Got), b.Hall, b.Got.UnixMilli(), seqs, kinds, walls, counts, bodies, hashes).
		Exec(func(done pgconn.CommandTag) error {
			if done.RowsAffected() != int64(len(seqs)) {
				return errRaced // somebody wrote past the lock
			}
			return nil
		})
}

// settle sees to tickets whose id or label is taken.
func (in *intake) settle(told *center.Told, refused []center.NewTicket) error {
	var ids, days, numbers, booked []string
	for _, some := range [][]center.NewTicket{refused, told.Again} {
		for _, n := range some {
			ids, days, numbers, booked = append(ids, string(n.ID)), append(days, string(n.Day)), append(numbers, n.Number), append(booked, string(n.Booking))
		}
	}
	rows, err := in.conn.Query(in.ctx, inWaySQL, in.batch.Hall, ids, days, numbers, booked)
	if err != nil {
		return err
	}
	held, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (h center.Held, err error) {
		return h, row.Scan(&h.ID, &h.Kiosk, &h.Day, &h.Number, &h.Clash, &h.Booking)
	})
	if err != nil {
		return err
	}
	rest := told.Settle(refused, held)
	q := &pgx.Batch{}
	put := map[kiosk.TicketID]bool{}
	in.put(q, rest, put)
	if err := in.conn.SendBatch(in.ctx, q).Close(); err != nil {
		return err
	}
	if len(put) != len(rest) {
		return errRaced // an id came in from elsewhere since it was looked for
	}
	return nil
}

// The question for the tickets that may be in the way of new ones.
const (
	inWaySQL = inWayOf + "id = ANY ($2) UNION " +
		inWayOf + "hall = $1 AND booking = ANY ($5) AND booking <> '' UNION " +
		"SELECT t.id, t.kiosk, t.day, t.number, t.clash, t.booking FROM unnest($3::text[], $4::text[]) AS n (day, number) " +
		"JOIN tickets t ON t.hall = $1 AND t.day = n.day AND t.number = n.number AND NOT t.clash"
	inWayOf = "SELECT id, kiosk, day, number, clash, booking FROM tickets WHERE "
)

// put puts tickets in their queues, and in done the ids of those whose id,
// label and booking were free.
func (in *intake) put(q *pgx.Batch, tickets []center.NewTicket, done map[kiosk.TicketID]bool) {
	if len(tickets) == 0 {
		return
	}
	var ids, days, numbers, queues, items, states, prints, causes, priorities, booked, todos []string
	var walls, counts, attempts, froms, tos, classes []int64
	var clashes []bool
	for _, n := range tickets {
		ids, days, numbers = append(ids, string(n.ID)), append(days, string(n.Day)), append(numbers, n.Number)
		queues, items, states = append(queues, string(n.Queue)), append(items, n.Items), append(states, string(n.State))
		walls, counts = append(walls, n.Taken.Wall), append(counts, n.Taken.Count)
		prints, attempts, causes = append(prints, string(n.Print)), append(attempts, int64(n.Attempt)), append(causes, n.Cause)
		clashes, priorities, booked = append(clashes, n.Clash), append(priorities, string(n.Priority)), append(booked, string(n.Booking))
		froms, tos, classes = append(froms, int64(n.Slot.From)), append(tos, int64(n.Slot.To)), append(classes, int64(n.Class()))
		todos = append(todos, n.Todo)
	}
	q.Queue(`INSERT INTO tickets (id, hall, kiosk, day, number, queue, items, state, wall, count, print, attempt, cause, clash, line, since,
			priority, booking, slot_from, slot_to, class, todo)
		SELECT t.id, $1, $2, t.day, t.number, t.queue, t.items, t.state, t.wall, t.count, t.print, t.attempt, t.cause, t.clash, t.queue, t.wall,
			t.priority, t.booking, t.slot_from, t.slot_to, t.class, t.todo
		FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[], $10::bigint[], $11::text[], $12::bigint[], $13::text[],
				$14::bool[], $15::text[], $16::text[], $17::bigint[], $18::bigint[], $19::bigint[], $20::text[])
			AS t (id, day, number, queue, items, state, wall, count, print, attempt, cause, clash, priority, booking, slot_from, slot_to, class, todo)
		ON CONFLICT DO NOTHING RETURNING id`,
		in.batch.Hall, in.batch.Kiosk, ids, days, numbers, queues, items, states, walls, counts, prints, attempts, causes,
		clashes, priorities, booked, froms, tos, classes, todos).
		Query(func(rows pgx.Rows) error {
			var id kiosk.TicketID
			_, err := pgx.ForEachRow(rows, []any{&id}, func() error { done[id] = true; return nil })
			return err
		})
}

// print notes how far the newest attempts to print tickets got.
func (in *intake) print(q *pgx.Batch, papers []kiosk.PrintBody) {
	if len(papers) == 0 {
		return
	}
	var ids, states, causes []string
	var attempts []int64
	for _, p := range papers {
		ids, states, causes, attempts = append(ids, string(p.Ticket)), append(states, string(p.State)), append(causes, p.Cause), append(attempts, int64(p.Attempt))
	}
	q.Queue(`UPDATE tickets t SET print = p.print, attempt = p.attempt, cause = p.cause
		FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[]) AS p (id, print, attempt, cause)
		WHERE t.id = p.id AND t.kiosk = $5
			AND (t.attempt < p.attempt OR t.attempt = p.attempt AND t.print NOT IN ('printed', 'damaged', 'unknown', 'not_printed'))`,
		ids, states, attempts, causes, in.batch.Kiosk)
}

// finish writes the rest and commits; accepted says that the batch is.
func (in *intake) finish(told *center.Told, accepted bool) error {
	b := in.batch
	q := &pgx.Batch{}
	in.print(q, told.Late)
	in.done(q, told.Done)
	in.raise(q, told.Raise)
	in.alarm(q, told.Alarms)
	if accepted {
		before := in.acked
		if n := len(b.Events); n > 0 {
			in.acked = max(in.acked, b.Events[n-1].Seq)
		}
		q.Queue(`INSERT INTO sources (kiosk, epoch, hall, acked, seen) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (kiosk, epoch) DO UPDATE SET hall = excluded.hall, acked = excluded.acked, seen = greatest(sources.seen, excluded.seen)`,
			b.Kiosk, b.Epoch, b.Hall, in.acked, b.Got.UnixMilli())
		if in.acked > before {
			// Last, for every other batch of the hall waits for this row.
			q.Queue(raiseSQL, b.Hall, channel).QueryRow(func(row pgx.Row) error { return row.Scan(&in.version, nil) })
		}
	}
	q.Queue("COMMIT")
	return in.conn.SendBatch(in.ctx, q).Close()
}

// done ends the orders that the kiosk has carried out. A second word of one
// changes nothing.
func (in *intake) done(q *pgx.Batch, told []kiosk.OrderBody) {
	for _, o := range told {
		q.Queue("UPDATE orders SET ended = $1, done = true, fault = $2 WHERE hall = $3 AND name = $4 AND kiosk = $5 AND doing = $6 AND ended = 0",
			in.batch.Got.UnixMilli(), o.Fault, in.batch.Hall, o.Order, in.batch.Kiosk, kiosk.PrintAgain)
	}
}

// raise moves shared series on to the numbers that were told. The usual case,
// a number that was granted here, touches no row.
func (in *intake) raise(q *pgx.Batch, told []center.Granted) {
	if len(told) == 0 {
		return
	}
	var days, queues []string
	var ns []int64
	for _, r := range told {
		days, queues, ns = append(days, string(r.Day)), append(queues, string(r.Queue)), append(ns, int64(r.N))
	}
	q.Queue(`INSERT INTO counters (hall, day, queue, last)
		SELECT $1, r.day, r.queue, r.n FROM unnest($2::text[], $3::text[], $4::bigint[]) AS r (day, queue, n)
		WHERE NOT EXISTS (SELECT FROM counters c WHERE c.hall = $1 AND c.day = r.day AND c.queue = r.queue AND c.last >= r.n)
		ON CONFLICT (hall, day, queue) DO UPDATE SET last = greatest(counters.last, excluded.last)`, in.batch.Hall, days, queues, ns)
}

// alarm records that a person must look at events.
func (in *intake) alarm(q *pgx.Batch, alarms []center.Alarm) {
	if len(alarms) == 0 {
		return
	}
	b := in.batch
	var kinds, details []string
	var seqs []int64
	for _, a := range alarms {
		kinds, seqs, details = append(kinds, string(a.Kind)), append(seqs, a.Seq), append(details, a.Detail)
	}
	q.Queue(`INSERT INTO alarms (kind, kiosk, epoch, seq, detail, times, first, last)
		SELECT a.kind, $1, $2, a.seq, a.detail, 1, $3, $3 FROM unnest($4::text[], $5::bigint[], $6::text[]) AS a (kind, seq, detail)
		ON CONFLICT (kind, kiosk, epoch, seq) DO UPDATE SET times = alarms.times + 1, last = excluded.last, detail = excluded.detail
		RETURNING `+center.AlarmColumns,
		b.Kiosk, b.Epoch, b.Got.UnixMilli(), kinds, seqs, details).
		Query(func(rows pgx.Rows) (err error) {
			in.alarms, err = pgx.CollectRows(rows, by(center.ScanAlarm))
			return err
		})
}
