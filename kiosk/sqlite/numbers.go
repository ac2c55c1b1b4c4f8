package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"hash/crc32"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hallkiosk/kiosk"
)

// reserve is how many numbers a series is allowed at a time: the most that are
// skipped when the database is lost, and how rarely a Take pays for a second
// fsync.
const reserve = 128

// series is what numbers are counted in.
type series struct {
	Day   kiosk.Day
	Queue kiosk.QueueID
	Own   string // kiosk.Number's Series
}

// marks remember beside the database how far its numbers can have gone, so
// that a database that is lost or restored never gives one of them again. A
// number is given only below its series' limit, and a limit is durable before
// it is used: after a loss, counting goes on above the limit. The caller holds
// the store's mutex.
type marks struct {
	files files
	path  string
	copy  string // a second place, written as it can be; may be empty

	found bool // path or copy was there and sound
	own   bool // path was
	limit map[series]int
	used  map[series]int // the last number, where known
}

func newMarks(path, copy string, f files) *marks {
	m := &marks{files: f, path: path, copy: copy, used: map[series]int{}, limit: map[series]int{}}
	if m.limit, m.found = readMarks(path); m.found {
		m.own = true
	} else if copy != "" {
		m.limit, m.found = readMarks(copy)
	}
	return m
}

// reserve makes sure that number n of k may be given.
func (m *marks) reserve(k series, n int) error {
	m.used[k] = n
	if n <= m.limit[k] {
		return nil
	}
	next := maps.Clone(m.limit)
	next[k] = n + reserve
	for other, used := range m.used { // who would come soon is served with it
		if other.Day == k.Day && next[other]-used < reserve/2 {
			next[other] = used + reserve
		}
	}
	return m.write(next)
}

// write makes next the limits. The second place may be on a disk that is
// unplugged now; that must not keep a citizen from a number.
func (m *marks) write(next map[series]int) error {
	data := formatMarks(next)
	if err := m.files.Replace(m.path, data); err != nil {
		e := pathError(m.path, err)
		e.Code, e.Op = kiosk.EDisk, "reserve numbers"
		return e
	}
	if m.copy != "" {
		if _, err := os.Stat(filepath.Dir(m.copy)); err == nil {
			m.files.Replace(m.copy, data)
		}
	}
	m.limit, m.found, m.own = next, true, true
	return nil
}

// leapt returns the limits with a leap among them: that of every series through
// its day. It is kept as that of a queue without a name.
func (m *marks) leapt(above int, until kiosk.Day) map[series]int {
	next := maps.Clone(m.limit)
	next[series{Day: until}] = max(next[series{Day: until}], above)
	return next
}

// forget drops the limits of days before day.
func (m *marks) forget(day kiosk.Day) error {
	next := maps.Clone(m.limit)
	maps.DeleteFunc(next, func(k series, _ int) bool { return k.Day < day })
	maps.DeleteFunc(m.used, func(k series, _ int) bool { return k.Day < day })
	if len(next) == len(m.limit) {
		return nil
	}
	return m.write(next)
}

// learn takes over the counters of a sound database and says whether it is
// older than the marks, because somebody put an old copy in its place. Of a
// series, at most reserve numbers are ahead of its counter, and one whose
// commit failed.
func (m *marks) learn(ctx context.Context, db *sql.DB) (old bool, err error) {
	rows, err := db.QueryContext(ctx, "SELECT day, queue, series, n FROM counter")
	if err != nil {
		return false, err
	}
	defer rows.Close()
	for rows.Next() {
		var k series
		var n int
		if err := rows.Scan(&k.Day, &k.Queue, &k.Own, &n); err != nil {
			return false, err
		}
		m.used[k] = n
	}
	if m.own {
		for k, limit := range m.limit {
			old = old || k.Queue != "" && limit > m.used[k]+reserve+1
		}
	}
	for k, n := range m.used {
		m.limit[k] = max(m.limit[k], n)
	}
	return old, rows.Err()
}

// Their file is text: a line for each series, in tabs, and a checksum.
const marksHead = "hallkiosk numbers 1\n"

func formatMarks(limits map[series]int) []byte {
	var b bytes.Buffer
	b.WriteString(marksHead)
	keys := slices.SortedFunc(maps.Keys(limits), func(a, b series) int {
		return strings.Compare(string(a.Day)+"\t"+string(a.Queue)+"\t"+a.Own, string(b.Day)+"\t"+string(b.Queue)+"\t"+b.Own)
	})
	for _, k := range keys {
		fmt.Fprintf(&b, "%s\t%s\t%s\t%d\n", k.Day, k.Queue, k.Own, limits[k])
	}
	return fmt.Appendf(b.Bytes(), "sum %08x\n", crc32.ChecksumIEEE(b.Bytes()))
}

func readMarks(path string) (map[series]int, bool) {
	limits := map[series]int{}
	data, err := os.ReadFile(path)
	if err != nil {
		return limits, false
	}
	at := bytes.LastIndex(data, []byte("sum "))
	if at < 0 || !bytes.HasPrefix(data, []byte(marksHead)) || string(data[at:]) != fmt.Sprintf("sum %08x\n", crc32.ChecksumIEEE(data[:at])) {
		return limits, false
	}
	for _, line := range strings.Split(strings.TrimSuffix(string(data[len(marksHead):at]), "\n"), "\n") {
		f := strings.Split(line, "\t")
		if len(f) != 4 {
			continue
		}
		var n int
		if _, err := fmt.Sscan(f[3], &n); err != nil {
			return map[series]int{}, false
		}
		limits[series{kiosk.Day(f[0]), kiosk.QueueID(f[1]), f[2]}] = n
	}
	return limits, true
}

// leapAt is above every number that can have been given by now, for when
// nothing is left that says how far they went: a person needs more than ten
// seconds at a kiosk, so no counter that started with the business day has
// overtaken a tenth of its seconds. Before six it is taken for the night after.
func leapAt(now time.Time) (above int, until kiosk.Day) {
	hour, minute, second := now.Clock()
	if hour < 6 {
		hour += 24
	}
	above = (hour*3600 + minute*60 + second) / 10
	// A closed queue gives numbers for its next opening, within a week.
	return (above + 99) / 100 * 100, kiosk.Day(now.AddDate(0, 0, 8).Format(time.DateOnly))
}

// Leap makes the numbers of today, and of the days for which some may have been
// given, start above all that this kiosk can have given. It is for a store that
// is Fresh in a kiosk that isn't, such as after its disk was replaced: nothing
// here can know. It returns the number above which counting starts. It rests on
// the clock; call it only when that is trusted.
func (s *Store) Leap(ctx context.Context) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	above, until := leapAt(s.o.Now())
	if err := s.marks.write(s.marks.leapt(above, until)); err != nil {
		return 0, err
	}
	err := s.write(ctx, "leap over lost numbers", func(ctx context.Context, tx *sql.Tx) error {
		return leap(ctx, tx, above, until)
	}, func(context.Context) bool { return false })
	if err == nil {
		s.leap, s.leapUntil = max(s.leap, above), max(s.leapUntil, until)
	}
	return s.leap, err
}

// leap never lowers anything. Counters of days that are over stay.
func leap(ctx context.Context, tx *sql.Tx, above int, until kiosk.Day) error {
	_, err := tx.ExecContext(ctx, "UPDATE life SET leap = max(leap, ?), leap_until = max(leap_until, ?)", above, until)
	return err
}

// Raise makes the counter of n's series on day go on after n, if it isn't
// there yet, such as after the center said that it knows n of this kiosk.
func (s *Store) Raise(ctx context.Context, day kiosk.Day, n kiosk.Number) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.write(ctx, "go on after a number", func(ctx context.Context, tx *sql.Tx) error {
		k := series{day, n.Queue, n.Series}
		if n.N > s.marks.used[k] {
			if err := s.marks.reserve(k, n.N); err != nil {
				return err
			}
		}
		return raise(ctx, tx, k, n.N)
	}, func(context.Context) bool { return false })
}

func raise(ctx context.Context, tx *sql.Tx, k series, n int) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO counter (day, queue, series, n) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = max(n, excluded.n)", k.Day, k.Queue, k.Own, n)
	return err
}
