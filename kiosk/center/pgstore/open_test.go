package pgstore

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
	"hallkiosk/kiosk/center/centertest"
)

// do runs statements beside the store.
func do(t testing.TB, url string, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, s := range statements {
		if _, err := conn.Exec(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// name is the database that a url names.
func name(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(u.Path, "/")
}

// refused opens what must not open.
func refused(t *testing.T, url string, code kiosk.Code, hint string) {
	t.Helper()
	s, err := Open(t.Context(), url)
	if err == nil {
		s.Close()
	}
	if kiosk.CodeOf(err) != code || !strings.Contains(kiosk.HintOf(err), hint) {
		t.Fatalf("code=%q, hint=%q, want %q, %q; %v", kiosk.CodeOf(err), kiosk.HintOf(err), code, hint, err)
	}
	if strings.Contains(err.Error(), "secret") {
		t.Fatalf("the password is in %q", err)
	}
}

func TestOpen(t *testing.T) {
	t.Run("Together", func(t *testing.T) {
		// Processes that start at once on an empty database.
		url := database(t, shared)
		var wg sync.WaitGroup
		for k := range 5 {
			wg.Go(func() {
				s, err := Open(t.Context(), url)
				if err != nil {
					t.Error(err)
					return
				}
				defer s.Close()
				id := kiosk.KioskID(fmt.Sprint("k", k))
				if _, err := s.Ingest(t.Context(), center.Seal(centertest.Batch(id, centertest.Event(1, "door.opened", nil)), centertest.Noon)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		s := opened(t, url)
		defer s.Close()
		if all, err := s.Kiosks(t.Context()); err != nil || len(all) != 5 {
			t.Fatalf("%d kiosks, %v", len(all), err)
		}
	})
	t.Run("Newer", func(t *testing.T) {
		url := database(t, shared)
		opened(t, url).Close()
		do(t, url, "INSERT INTO schema_version VALUES (99)")
		refused(t, url, kiosk.EConflict, "newer center")
	})
	t.Run("TooOld", func(t *testing.T) {
		defer func(was int) { oldest = was }(oldest)
		oldest = 990000
		refused(t, database(t, shared), kiosk.EInvalid, "too old. Install 99 or newer")
	})
	t.Run("BadURL", func(t *testing.T) {
		refused(t, "postgres://hallkiosk:secret@host:port:/", kiosk.EInvalid, "[store] url")
	})
	t.Run("WrongPassword", func(t *testing.T) {
		refused(t, shared.URL("postgres", "hallkiosk", "secret"), kiosk.EInvalid, "password")
	})
	t.Run("NoDatabase", func(t *testing.T) {
		u := database(t, shared)
		do(t, u, "CREATE ROLE clerk LOGIN PASSWORD 'secret'")
		refused(t, shared.URL("nowhere", "clerk", "secret"), kiosk.EInvalid, "createdb")
	})
	t.Run("NoRights", func(t *testing.T) {
		u := database(t, shared)
		do(t, u, "CREATE ROLE guest LOGIN PASSWORD 'secret'")
		refused(t, shared.URL(name(t, u), "guest", "secret"), kiosk.EInvalid, "OWNER")
	})
	t.Run("NotUTF8", func(t *testing.T) {
		do(t, database(t, shared), "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'")
		u := database(t, shared)
		refused(t, strings.Replace(u, "/"+name(t, u)+"?", "/latin?", 1), kiosk.EInvalid, "UTF8")
	})
	t.Run("Weakened", func(t *testing.T) {
		u := database(t, shared)
		do(t, u, "ALTER DATABASE "+name(t, u)+" SET synchronous_commit = off")
		refused(t, u, kiosk.EInvalid, "synchronous_commit is off")
	})
	t.Run("ReadOnly", func(t *testing.T) {
		u := database(t, shared)
		opened(t, u).Close()
		do(t, u, "ALTER DATABASE "+name(t, u)+" SET default_transaction_read_only = on")
		refused(t, u, kiosk.EDisk, "read-only")
	})
	t.Run("Away", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		l.Close() // nobody listens there now
		refused(t, "postgres://hallkiosk:secret@"+l.Addr().String()+"/x", kiosk.EUnavailable, l.Addr().String()+"/x: 不回答，请启动 PostgreSQL，或改 [store] url / doesn't answer")
	})
	t.Run("Silent", func(t *testing.T) {
		// A server that takes the connection and says nothing.
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := Open(ctx, "postgres://hallkiosk:secret@"+l.Addr().String()+"/x?sslmode=disable"); kiosk.CodeOf(err) != kiosk.EUnavailable {
			t.Fatalf("err = %v", err)
		}
	})
}

// TestTrust has a server that changes for the worse while the center runs.
func TestTrust(t *testing.T) {
	server := started(t)
	url := database(t, server)
	s := opened(t, url)
	defer s.Close()
	batch := func(seq int64) center.Batch {
		return center.Seal(centertest.Batch("k1", centertest.Event(seq, "door.opened", nil)), centertest.Noon)
	}
	for _, weak := range []string{"fsync", "full_page_writes", "synchronous_commit"} {
		if err := server.Down(); err != nil {
			t.Fatal(err)
		}
		if err := server.Up(weak + "=off"); err != nil {
			t.Fatal(err)
		}
		refused(t, url, kiosk.EInvalid, weak+" is off")
		for what, err := range map[string]error{
			"Check":  s.Check(t.Context()),
			"Ingest": func() error { _, err := s.Ingest(t.Context(), batch(1)); return err }(),
			"Grant":  func() error { _, err := s.Grant(t.Context(), centertest.Wish("r1")); return err }(),
		} {
			// The kiosks are not to blame: they keep their events.
			if kiosk.CodeOf(err) != kiosk.EUnavailable || !strings.Contains(kiosk.HintOf(err), weak+" is off") {
				t.Errorf("%s: %s with %s off: %v", what, kiosk.CodeOf(err), weak, err)
			}
		}
	}
	if err := server.Down(); err != nil {
		t.Fatal(err)
	}
	if err := s.Check(t.Context()); kiosk.CodeOf(err) != kiosk.EUnavailable || !strings.Contains(kiosk.HintOf(err), "Start PostgreSQL") {
		t.Fatalf("err = %v", err)
	}
	if err := server.Up(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Ingest(t.Context(), batch(1)); err != nil {
		t.Fatal(err)
	}
	// Each connection keeps the setting that it was trusted for.
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var source string
	err = use(t.Context(), s.writer, func(conn *pgx.Conn) error {
		return conn.QueryRow(t.Context(), "SELECT setting || ' by ' || source FROM pg_settings WHERE name = 'synchronous_commit'").Scan(&source)
	})
	if err != nil || source != "on by session" {
		t.Fatalf("synchronous_commit is %s, %v", source, err)
	}
}

// TestMonths lets a batch come in over the turn of a month, and a month be
// dropped.
func TestMonths(t *testing.T) {
	url := database(t, shared)
	s := opened(t, url)
	defer s.Close()
	all := centertest.Run("k1", "1", 1, 30)
	last := time.Date(2024, 11, 30, 23, 59, 59, 0, time.UTC)
	for i, got := range []time.Time{last, last.Add(time.Second), last.In(time.FixedZone("", 8*3600)), last.Add(48 * time.Hour)} {
		to := 5 * (i + 1)
		r, err := s.Ingest(t.Context(), center.Seal(centertest.Batch("k1", all[max(0, to-8):to]...), got))
		if err != nil || r.Ack.AckedThrough != int64(to) {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	for table, want := range map[string]int{"events_2024_11": 10, "events_2024_12": 10, "events": 20} {
		var n int
		err := use(t.Context(), s.writer, func(conn *pgx.Conn) error {
			return conn.QueryRow(t.Context(), "SELECT count(*) FROM "+pgx.Identifier{table}.Sanitize()).Scan(&n)
		})
		if err != nil || n != want {
			t.Errorf("%s has %d events, %v; want %d", table, n, err, want)
		}
	}
	if got, err := s.Events(t.Context(), "k1", "e1", 3, 9); err != nil || len(got) != 9 || got[0].Seq != 4 || got[8].Seq != 12 {
		t.Fatalf("%+v, %v", got, err)
	}
	do(t, url, "DROP TABLE events_2024_11")
	r, err := s.Ingest(t.Context(), center.Seal(centertest.Batch("k1", all...), last))
	if err != nil || r.Ack.AckedThrough != 30 {
		t.Fatalf("%+v, %v", r, err)
	}
}

// TestFull has a server whose disk is full at an insert and at the commit: the
// batch is refused whole, and stored once there is room again.
func TestFull(t *testing.T) {
	for name, when := range map[string]string{
		"Insert": "CREATE TRIGGER full_disk BEFORE INSERT ON tickets",
		"Commit": "CREATE CONSTRAINT TRIGGER full_disk AFTER INSERT ON tickets DEFERRABLE INITIALLY DEFERRED",
	} {
		t.Run(name, func(t *testing.T) {
			url := database(t, shared)
			s := opened(t, url)
			defer s.Close()
			do(t, url, `CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'disk_full'; END $$`,
				when+" FOR EACH ROW EXECUTE FUNCTION fail()")
			batch := center.Seal(centertest.Batch("k1", centertest.Run("k1", "1", 1, 500)...), centertest.Noon)
			r, err := s.Ingest(t.Context(), batch)
			if kiosk.CodeOf(err) != kiosk.EDisk || !strings.Contains(kiosk.HintOf(err), "Make room") || r.Ack.AckedThrough != 0 {
				t.Fatalf("%+v, %v", r, err)
			}
			if got, err := s.Events(t.Context(), "k1", "e1", 0, 10); err != nil || len(got) != 0 {
				t.Fatalf("%d events, %v; want none", len(got), err)
			}
			do(t, url, "DROP TRIGGER full_disk ON tickets")
			if r, err := s.Ingest(t.Context(), batch); err != nil || r.Ack.AckedThrough != 500 {
				t.Fatalf("%+v, %v", r, err)
			}
		})
	}
}

// TestTrouble has a server that takes no writes any more, such as one that became
// a standby: that is told until it takes them again.
func TestTrouble(t *testing.T) {
	url := database(t, shared)
	s, err := open(t.Context(), url, waits{backoff: patience, heartbeat: time.Minute, again: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if since, err := s.Trouble(); err != nil || !since.IsZero() {
		t.Fatal(since, err)
	}
	batch := center.Seal(centertest.Batch("k1", centertest.Run("k1", "1", 1, 5)...), centertest.Noon)
	set := func(what string) {
		t.Helper()
		do(t, url, "SET default_transaction_read_only = off", "ALTER DATABASE "+name(t, url)+" SET default_transaction_read_only = "+what,
			"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
	}
	set("on")
	for { // until the lines that were ended are found so
		if _, err := s.Ingest(t.Context(), batch); kiosk.CodeOf(err) == kiosk.EDisk {
			break
		} else if err == nil {
			t.Fatal("a server that is read-only took a batch")
		}
	}
	since, trouble := s.Trouble()
	for range 3 { // it is tried, and stays
		for _, before := s.Trouble(); trouble == before; _, trouble = s.Trouble() {
			runtime.Gosched()
		}
		if kiosk.CodeOf(trouble) != kiosk.EDisk || !centertest.InBoth(kiosk.HintOf(trouble)) {
			t.Fatal(trouble)
		}
	}
	if again, _ := s.Trouble(); !again.Equal(since) {
		t.Fatalf("since %v, then %v", since, again)
	}
	set("off")
	for ; trouble != nil; _, trouble = s.Trouble() {
		runtime.Gosched()
	}
	if _, err := s.Ingest(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
}

// TestJudge has what a server says that tests can't easily bring about.
func TestJudge(t *testing.T) {
	for code, want := range map[string]kiosk.Code{
		"53100": kiosk.EDisk, "58030": kiosk.EDisk, "XX001": kiosk.EDisk, "25006": kiosk.EDisk, "40001": kiosk.EBusy, "55P03": kiosk.EBusy,
		"53300": kiosk.EUnavailable, "57P01": kiosk.EUnavailable, "57P03": kiosk.EUnavailable, "08006": kiosk.EUnavailable, "42P01": kiosk.EInternal,
	} {
		err := failed("try", "db:5432/hall", fmt.Errorf("deep: %w", &pgconn.PgError{Code: code}))
		if hint := kiosk.HintOf(err); kiosk.CodeOf(err) != want || want != kiosk.EInternal && (!strings.HasPrefix(hint, "db:5432/hall: ") || !centertest.InBoth(hint)) {
			t.Errorf("%s: code=%q, want %q; %v", code, kiosk.CodeOf(err), want, err)
		}
	}
	if err := failed("try", "", errors.New("unexpected EOF")); kiosk.CodeOf(err) != kiosk.EUnavailable {
		t.Errorf("err = %v", err)
	}
	if err := failed("try", "", &errMend{"is too old"}); kiosk.HintOf(err) != ": is too old" {
		t.Errorf("hint = %q", kiosk.HintOf(err))
	}
	for attempt := range 100 {
		if d := patience(attempt); d < 50*time.Millisecond || d > 10*time.Second {
			t.Errorf("attempt %d waits %v", attempt, d)
		}
	}
}
