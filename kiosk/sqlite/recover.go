package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hallkiosk/kiosk"
)

// Recovery tells of a file that was damaged or gone and what was put in its
// place. It is the body of kiosk.StoreRecovered, the first event of an epoch that
// began so. The events that the last epoch still owed follow it, and then those
// that end the attempts to print of which nobody knows.
type Recovery struct {
	Cause string    `json:"cause"`           // what was wrong, in SQLite's words
	Aside string    `json:"aside,omitempty"` // what the file is called now; empty when there was none
	From  string    `json:"from,omitempty"`  // the backup that was restored; empty when it had to begin empty
	Bad   []string  `json:"bad,omitempty"`   // newer backups that didn't pass their own check, and why
	At    time.Time `json:"at"`

	// Epoch is the backup's. The center may have more of it than the kiosk:
	// its events through Had, but of the first Acked ones and those that are
	// repeated. Event n of the new epoch is event Acked+n-1 of the old one, for n
	// from 2 to Owed+1.
	Epoch kiosk.Epoch `json:"epoch,omitempty"`
	Acked int64       `json:"acked"`
	Owed  int64       `json:"owed"`

	// Unknown are the numbers that may have been given and of which nothing is
	// known here. They are never given again.
	Unknown []Span `json:"unknown,omitempty"`

	// Leap is set when it is not even known how far they went: numbers go on
	// above it. See Leap.
	Leap int `json:"leap,omitempty"`
}

// Span is a run of numbers of one day and series.
type Span struct {
	Day     kiosk.Day     `json:"day"`
	Queue   kiosk.QueueID `json:"queue"`
	Series  string        `json:"series,omitempty"`
	After   int           `json:"after"` // the first is After+1
	Through int           `json:"through"`
}

// String says it in a line for the technician.
func (r Recovery) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the local queue was damaged or lost (%s)", r.Cause)
	if r.Aside != "" {
		fmt.Fprintf(&b, "; it is kept as %s", r.Aside)
	}
	if r.From != "" {
		fmt.Fprintf(&b, "; %s was put in its place", r.From)
	} else {
		b.WriteString("; no sound backup was there, so it begins empty")
	}
	for _, bad := range r.Bad {
		fmt.Fprintf(&b, "; bad backup %s", bad)
	}
	for _, u := range r.Unknown {
		first, last := kiosk.Number{Queue: u.Queue, Series: u.Series, N: u.After + 1}, kiosk.Number{Queue: u.Queue, Series: u.Series, N: u.Through}
		fmt.Fprintf(&b, "; tickets %s to %s of %s may have been given and are not known", first, last, u.Day)
	}
	if r.Leap > 0 {
		fmt.Fprintf(&b, "; nobody knows which numbers were given, new ones are above %d", r.Leap)
	}
	return b.String()
}

// Recovered tells whether Open had to replace the file, and how.
func (s *Store) Recovered() (Recovery, bool) {
	if s.lost == nil {
		return Recovery{}, false
	}
	return *s.lost, true
}

// Fresh says whether Open made the store with nothing there that tells of an
// earlier one. If the kiosk has given numbers today all the same, its disk was
// lost, and Leap must be called before the first Take.
func (s *Store) Fresh() bool { return s.fresh }

// recover puts another database in place of the file. Whatever cuts it short,
// the next Open finds the file gone or damaged and does it again: nothing lies
// at path that isn't whole, of a new epoch and past every number given.
func (s *Store) recover(ctx context.Context, cause string) error {
	now := s.o.Now()
	rec := Recovery{Cause: cause, At: now}
	var err error
	if rec.Aside, err = setAside(s.path, now); err != nil {
		return err
	}
	temp := s.path + ".restoring"
	defer removeDatabase(temp)
	for _, backup := range backups(s.o.Backups, s.path) {
		removeDatabase(temp)
		bad, err := copyFile(backup, temp)
		if err != nil {
			return pathError(temp, err)
		}
		if bad == nil {
			bad = s.renew(ctx, temp, &rec)
		}
		if bad == nil {
			rec.From = backup
			break
		}
		if d := (damage{}); !errors.As(damaged(bad), &d) && !errors.Is(bad, fs.ErrNotExist) {
			return bad
		}
		rec.Bad = append(rec.Bad, fmt.Sprintf("%s (%v)", backup, bad))
	}
	if rec.From == "" {
		removeDatabase(temp)
		if err := s.renew(ctx, temp, &rec); err != nil {
			return err
		}
	}
	if err := syncFile(temp); err != nil {
		return pathError(temp, err)
	}
	if err := rename(temp, s.path); err != nil {
		return pathError(s.path, err)
	}
	s.lost, s.fresh = &rec, false
	return nil
}

// setAside moves the file and what SQLite keeps beside it to one name that
// SQLite can open. The file goes first: what is left when that is all is
// "gone", never an older truth.
func setAside(path string, now time.Time) (string, error) {
	aside := path + ".damaged-" + now.UTC().Format(stampFormat)
	for n := 2; exists(aside) || exists(aside+"-wal"); n++ {
		aside = fmt.Sprintf("%s.damaged-%s-%d", path, now.UTC().Format(stampFormat), n)
	}
	moved := false
	for _, end := range []string{"", "-wal", "-shm"} {
		err := os.Rename(path+end, aside+end)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", pathError(path+end, err)
		}
		moved = true
	}
	if !moved {
		return "", nil
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return "", pathError(path, err)
	}
	return aside, nil
}

const stampFormat = "20060102T150405Z"

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// renew makes of the database at path, which may be empty, one that a kiosk can
// go on with: checked, of a new epoch, its counters past every number that can
// have been given. It fills in what rec tells of it.
func (s *Store) renew(ctx context.Context, path string, rec *Recovery) error {
	db, err := sql.Open("sqlite3", dsn(path, "_journal_mode=DELETE&_synchronous=EXTRA&_txlock=immediate&_foreign_keys=on"))
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if err := sound(ctx, db, true); err != nil {
		return err
	}
	empty, err := migrate(ctx, db, s.o, false)
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	r := *rec
	if err := tx.QueryRowContext(ctx, "SELECT epoch, acked, (SELECT count(*) FROM event WHERE seq > acked) FROM life").Scan(&r.Epoch, &r.Acked, &r.Owed); errors.Is(err, sql.ErrNoRows) {
		return damage{"it has no epoch"}
	} else if err != nil {
		return err
	}
	if empty == 0 {
		r.Epoch = ""
	}
	if err := s.skip(ctx, tx, &r); err != nil {
		return err
	}
	if err := s.restart(ctx, tx, r); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	*rec = r
	return db.Close()
}

// skip raises the counters past what can have been given.
func (s *Store) skip(ctx context.Context, tx *sql.Tx, r *Recovery) error {
	r.Unknown, r.Leap = nil, 0
	for k, limit := range s.marks.limit {
		if k.Queue == "" {
			r.Leap = max(r.Leap, limit)
			if err := leap(ctx, tx, limit, k.Day); err != nil {
				return err
			}
			continue
		}
		var known int
		if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(n), 0) FROM counter WHERE day = ? AND queue = ? AND series = ?", k.Day, k.Queue, k.Own).Scan(&known); err != nil {
			return err
		}
		if known >= limit {
			continue
		}
		if err := raise(ctx, tx, k, limit); err != nil {
			return err
		}
		r.Unknown = append(r.Unknown, Span{k.Day, k.Queue, k.Own, known, limit})
	}
	slices.SortFunc(r.Unknown, func(a, b Span) int {
		return strings.Compare(string(a.Day)+string(a.Queue)+"-"+a.Series, string(b.Day)+string(b.Queue)+"-"+b.Series)
	})
	if s.marks.found {
		return nil
	}
	above, until := leapAt(r.At)
	r.Leap = above
	return leap(ctx, tx, above, until)
}

// restart begins the new epoch: what the old one owed is told again behind the
// news of the loss, and no attempt to print stays open, for it may have gone on
// after the backup.
func (s *Store) restart(ctx context.Context, tx *sql.Tx, r Recovery) error {
	for _, text := range []string{
		"DELETE FROM event WHERE seq <= (SELECT acked FROM life)",
		"UPDATE event SET seq = -(seq - (SELECT acked FROM life) + 1)", // by way of numbers that are free
		"UPDATE event SET seq = -seq",
	} {
		if _, err := tx.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	// Stamps of an epoch never decrease, so the first has that of the second.
	first, last := kiosk.Stamp{Wall: r.At.UnixMilli()}, kiosk.Stamp{Wall: r.At.UnixMilli()}
	if r.Owed > 0 {
		if err := tx.QueryRowContext(ctx, "SELECT wall, count FROM event ORDER BY seq LIMIT 1").Scan(&first.Wall, &first.Count); err != nil {
			return err
		}
		var newest kiosk.Stamp
		if err := tx.QueryRowContext(ctx, "SELECT wall, count FROM event ORDER BY seq DESC LIMIT 1").Scan(&newest.Wall, &newest.Count); err != nil {
			return err
		}
		if last.Before(newest) {
			last = newest
		}
	}
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO event (seq, kind, wall, count, body) VALUES (1, ?, ?, ?, ?)", kiosk.StoreRecovered, first.Wall, first.Count, string(body)); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "UPDATE sqlite_sequence SET seq = (SELECT max(seq) FROM event) WHERE name = 'event'"); err != nil {
		return err
	}
	open, err := column[kiosk.PrintBody](ctx, tx, "SELECT json_object('ticket', ticket, 'attempt', attempt) FROM print WHERE state IN ('queued', 'started', 'sent') ORDER BY ticket, attempt")
	if err != nil {
		return err
	}
	for _, p := range open {
		p.State = kiosk.PrintUnknown
		body, err := json.Marshal(p)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE print SET state = ? WHERE ticket = ? AND attempt = ?", p.State, p.Ticket, p.Attempt); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO event (kind, wall, count, body) VALUES (?, ?, ?, ?)", kiosk.PrintEnded, last.Wall, last.Count, string(body)); err != nil {
			return err
		}
	}
	_, err = tx.ExecContext(ctx, "UPDATE life SET epoch = ?, acked = 0", kiosk.NewID(s.o.Now(), s.o.Random))
	return err
}

// column reads a column of JSON.
func column[T any](ctx context.Context, tx *sql.Tx, query string, args ...any) ([]T, error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		var text []byte
		var one T
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(text, &one); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}
