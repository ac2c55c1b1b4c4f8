package pgstore

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
)

// oldest is the first PostgreSQL that this schema was proved on, as its
// server_version_num. Tests change it.
var oldest = 150000

// How many connections one Store uses at most, beside the listener's. What
// waits for one kind doesn't keep the others waiting: numbers are granted while
// a thousand kiosks come back with a day's backlog.
const (
	writers  = 4
	readers  = 6
	granters = 1 // see center.NewGranter
	markers  = 1 // see center.NewTurns
)

// Store is a center.Store on PostgreSQL. Make it with Open.
type Store struct {
	config  *pgx.ConnConfig
	place   string // host and database, for hints
	writer  *pool
	reader  *pool
	counter *pool    // for grants
	marker  *pool    // for the numbers of signed requests
	caller  *pool    // for presses of clerks
	months  sync.Map // time.Time: partitions known to be there
	news    center.News
	granter *center.Granter
	uses    *center.Turns[center.KeyUse, error]
	disk    *center.Disk

	life  context.Context
	end   context.CancelFunc
	work  sync.WaitGroup // the listener
	waits waits
}

// waits are how long the listener and the disk's try wait.
type waits struct {
	backoff   func(attempt int) time.Duration // between attempts to listen, from 0
	heartbeat time.Duration                   // for news, before it looks whether the line still stands
	again     time.Duration                   // before it tries a disk that refuses; see center.NewDisk
}

var _ center.Store = (*Store)(nil)

// Open connects to the database at url, such as
// postgres://hallkiosk:secret@db.city/hallkiosk, and brings its schema up to
// date. Other centers may do the same at the same moment.
//
// EInvalid says that a person must mend something first: the url, the
// password, the rights, a server that is too old or that wouldn't keep what it
// has acknowledged. EConflict: the database was written by a newer center.
// EUnavailable: it doesn't answer now. The error never shows the password.
func Open(ctx context.Context, url string) (*Store, error) {
	return open(ctx, url, waits{backoff: patience, heartbeat: 30 * time.Second})
}

func open(ctx context.Context, url string, w waits) (*Store, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		// pgx's own words hold the url, and the url may hold a password.
		return nil, &kiosk.Error{Code: kiosk.EInvalid, Op: "open store",
			Hint: "[store] url 读不懂，请写成下面的样子 / can't be read. Write it like postgres://USER:PASSWORD@127.0.0.1:5432/DATABASE"}
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 10 * time.Second
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "hallkiosk center"
	}
	s := &Store{config: config, place: net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port))) + "/" + config.Database, waits: w}
	s.writer, s.reader, s.counter = newPool(writers, s.connect), newPool(readers, s.connect), newPool(granters, s.connect)
	s.caller = newPool(callers, s.connect)
	s.marker = newPool(markers, s.connect)
	s.granter, s.uses = center.NewGranter(s.grant), center.NewTurns(s.use)
	s.disk = center.NewDisk(w.again, s.try)
	s.life, s.end = context.WithCancel(context.Background())
	for _, step := range []func(context.Context) error{s.Check, s.migrate} {
		if err := step(ctx); err != nil {
			var e *kiosk.Error
			if mendable(err) && errors.As(err, &e) {
				e.Code = kiosk.EInvalid
			}
			return nil, errors.Join(err, s.Close())
		}
	}
	s.work.Go(s.listener)
	return s, nil
}

// connect makes a connection and refuses it when its server can't be trusted.
func (s *Store) connect(ctx context.Context) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, s.config)
	if err != nil {
		return nil, err
	}
	if err := trust(ctx, conn); err != nil {
		return nil, errors.Join(err, conn.Close(ctx))
	}
	return conn, nil
}

// byKey are settings to turn off in every session, so that each statement is
// planned once, and finds its rows by their keys. A plan made while a table
// was small would read all of it, and live on while it grows.
var byKey = []string{"enable_seqscan", "enable_hashjoin", "enable_mergejoin", "jit"}

// abandoned is after how long the server ends a transaction in which nothing was
// said: a center that freezes or is cut off in the middle of one would keep every
// other from the queue that it held, for as long as the network takes to notice.
// Tests change it.
var abandoned = 10 * time.Second

// trust asks a server whether it keeps what it acknowledges. It pins the
// session's synchronous_commit at what it found, so that a later change of the
// server's file can't weaken it, and sets byKey and abandoned.
func trust(ctx context.Context, conn *pgx.Conn) error {
	var number int
	var encoding string
	var readOnly bool
	var off []string
	err := conn.QueryRow(ctx, `SELECT current_setting('server_version_num')::int, current_setting('server_encoding'),
		pg_is_in_recovery() OR current_setting('transaction_read_only')::bool,
		array(SELECT s FROM unnest(ARRAY['fsync', 'full_page_writes', 'synchronous_commit']) s WHERE current_setting(s) = 'off'),
		set_config('synchronous_commit', current_setting('synchronous_commit'), false),
		array(SELECT set_config(s, 'off', false) FROM unnest($1::text[]) s), set_config('plan_cache_mode', 'force_generic_plan', false),
		set_config('idle_in_transaction_session_timeout', $2, false)`, byKey, strconv.FormatInt(abandoned.Milliseconds(), 10)).
		Scan(&number, &encoding, &readOnly, &off, nil, nil, nil, nil)
	switch {
	case err != nil:
		return err
	case number < oldest:
		return &errMend{fmt.Sprintf("PostgreSQL %d.%d 太旧，请装 %d 或更新的 / is too old. Install %[3]d or newer", number/10000, number%10000, oldest/10000)}
	case encoding != "UTF8":
		return &errMend{fmt.Sprintf("数据库的编码是 %s，请重建 / its encoding is %[1]s. Make it anew: createdb -T template0 -E UTF8", encoding)}
	case readOnly:
		return &pgconn.PgError{Severity: "ERROR", Code: "25006", Message: "the server takes no writes"}
	case len(off) > 0:
		return &errMend{fmt.Sprintf("%s 关着，断电后号可能重发，请打开 / %[1]s is off: numbers could be given twice after a power cut. Set it to on", strings.Join(off, ", "))}
	}
	return nil
}

// write runs do in one transaction, again when it gave way to another. After a
// fault its connection is dropped: nobody knows what it holds.
func (s *Store) write(ctx context.Context, op string, do func(pgx.Tx) error) error {
	const tries = 5
	var err error
	for range tries {
		if err = s.once(ctx, do); err == nil || !again(err) {
			break
		}
	}
	return s.failed(op, err)
}

func (s *Store) once(ctx context.Context, do func(pgx.Tx) error) error {
	return use(ctx, s.writer, func(conn *pgx.Conn) error {
		return pgx.BeginFunc(ctx, conn, do)
	})
}

// use lends a connection of p.
func use(ctx context.Context, p *pool, do func(*pgx.Conn) error) error {
	conn, err := p.get(ctx)
	if err != nil {
		return err
	}
	defer p.put(conn)
	err = do(conn)
	if err != nil && ctx.Err() != nil {
		return errors.Join(ctx.Err(), err)
	}
	return err
}

// Check implements center.Store.
func (s *Store) Check(ctx context.Context) error {
	return s.failed("check store", use(ctx, s.reader, func(conn *pgx.Conn) error { return trust(ctx, conn) }))
}

// try has the server make room for a table, which a full disk refuses where it
// would still change a row, and that tells nothing.
func (s *Store) try(ctx context.Context) error {
	return s.write(ctx, "try the disk", func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "CREATE TEMP TABLE room ON COMMIT DROP AS SELECT repeat('x', 1000) FROM generate_series(1, 1000)")
		return err
	})
}

// Trouble implements center.Store.
func (s *Store) Trouble() (since time.Time, err error) { return s.disk.Trouble() }

// Close implements center.Store.
func (s *Store) Close() error {
	s.news.Close()
	s.disk.Close()
	s.granter.Close()
	s.uses.Close()
	s.end()
	s.work.Wait()
	for _, p := range []*pool{s.writer, s.reader, s.counter, s.caller, s.marker} {
		p.close()
	}
	return nil
}
