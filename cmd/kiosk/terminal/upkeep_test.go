package terminal

import (
	"context"
	"database/sql"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hallkiosk/kiosk"
)

// kept is a running upkeep whose hours the test counts.
type kept struct {
	*terminal
	p     *place
	every chan time.Time
	ended chan error
	stop  context.CancelFunc
}

func (p *place) upkeep(k *terminal) *kept {
	ctx, cancel := context.WithCancel(context.Background())
	u := &kept{k, p, make(chan time.Time), make(chan error, 1), cancel}
	go func() { u.ended <- k.upkeep(ctx, u.every) }()
	return u
}

// hour lets an hour's work be done, which ends with a backup.
func (u *kept) hour() {
	u.p.Helper()
	before := u.p.backup()
	select {
	case u.every <- time.Time{}:
	case err := <-u.ended:
		u.p.Fatalf("the upkeep ended: %v", err)
	case <-time.After(patient):
		u.p.Fatal("the upkeep hears no hour")
	}
	u.p.until("backed up", func() bool { return u.p.backup() != before })
}

// off switches the kiosk off.
func (u *kept) off() {
	u.p.Helper()
	u.stop()
	if err := <-u.ended; err != nil {
		u.p.Fatal(err)
	}
	u.close()
}

func (u *kept) tended() kiosk.Day {
	u.p.Helper()
	day, err := u.store.Tended(u.p.Context())
	if err != nil {
		u.p.Fatal(err)
	}
	return day
}

// backup names the newest one; "" for none.
func (p *place) backup() string {
	p.Helper()
	all, err := filepath.Glob(filepath.Join(p.dir, "backups", "*.db"))
	if err != nil {
		p.Fatal(err)
	}
	if len(all) == 0 {
		return ""
	}
	return slices.Max(all)
}

// leaks names the files of the kiosk that hold text.
func (p *place) leaks(text string) (found []string) {
	p.Helper()
	if err := filepath.WalkDir(p.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if strings.Contains(string(data), text) {
			found = append(found, path)
		}
		return err
	}); err != nil {
		p.Fatal(err)
	}
	return found
}

// A kiosk that is switched off every evening keeps no longer what people said of
// themselves than one that runs through the night.
func TestOffAtNight(t *testing.T) {
	p := newPlace(t)
	u := p.upkeep(p.on(""))
	old := p.take(u.terminal, kiosk.Request{Priority: kiosk.Elder, Lang: kiosk.En})
	u.link.kept.Path = filepath.Join(p.dir, "kiosk.db.news")
	if err := u.link.kept.Save(&kiosk.News{Bookings: []kiosk.Booking{{ID: "of-monday", Day: old.Day}}}, old.Day); err != nil {
		t.Fatal(err)
	}
	u.off()
	if len(p.leaks(string(kiosk.Elder))) == 0 || len(p.leaks("of-monday")) == 0 || p.backup() == "" {
		t.Fatal("there is nothing to clear")
	}

	for _, day := range []time.Duration{1, 3, 4} {
		p.set(monday.Add(day*24*time.Hour), false)
		u = p.upkeep(p.on(""))
		u.link.kept.Path = filepath.Join(p.dir, "kiosk.db.news")
		p.until("looked after at start", func() bool { return u.tended() == u.today() })
		got, _, err := u.store.Ticket(t.Context(), old.ID)
		switch {
		case day == 1 && (err != nil || got.Priority != "" || got.Lang != ""):
			t.Errorf("the day after: %+v %v", got, err)
		case day == 4 && kiosk.CodeOf(err) != kiosk.ENotFound:
			t.Errorf("after the days that tickets are kept: %+v %v", got, err)
		}
		for _, trace := range []string{string(kiosk.Elder), "of-monday"} {
			if found := p.leaks(trace); len(found) > 0 {
				t.Errorf("day %d: %s can be read in %q", day, trace, found)
			}
		}
		p.take(u.terminal, kiosk.Request{}) // the day that the next look goes on from
		u.off()
	}
}

// A kiosk that is never switched off is looked after in the first hour of the new
// business day, and not by a clock that isn't trusted.
func TestThroughTheNight(t *testing.T) {
	p := newPlace(t)
	u := p.upkeep(p.on(""))
	defer u.off()
	old := p.take(u.terminal, kiosk.Request{Priority: kiosk.Elder})
	for _, c := range []struct {
		at     time.Duration
		tended kiosk.Day
		trace  kiosk.Priority
	}{
		{13*time.Hour + 59*time.Minute, "2026-11-23", kiosk.Elder}, // 23:59
		{17*time.Hour + 59*time.Minute, "2026-11-23", kiosk.Elder}, // 3:59
		{-48 * time.Hour, "2026-11-23", kiosk.Elder},
		{18 * time.Hour, "2026-11-24", ""},
		{19 * time.Hour, "2026-11-24", ""},
	} {
		p.set(monday.Add(c.at), false)
		u.hour()
		got, _, err := u.store.Ticket(t.Context(), old.ID)
		if day := u.tended(); err != nil || day != c.tended || got.Priority != c.trace {
			t.Errorf("%v later: looked after %s, priority %q (%v); want %s, %q", c.at, day, got.Priority, err, c.tended, c.trace)
		}
	}
}

// What only the thorough check of the night finds makes the next start restore a
// backup; without the night's mark it would find nothing.
func TestDamageFoundAtNight(t *testing.T) {
	p := newPlace(t)
	u := p.upkeep(p.on(""))
	first := p.take(u.terminal, kiosk.Request{})
	u.hour() // a backup that has it
	db, err := sql.Open("sqlite3", u.cfg.Store.Path)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	for _, text := range []string{"PRAGMA writable_schema = ON", "UPDATE sqlite_schema SET sql = 'CREATE INDEX ticket_number ON ticket (queue, state)' WHERE name = 'ticket_number'"} {
		if _, err := db.Exec(text); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	p.set(monday.Add(24*time.Hour), false)
	select {
	case u.every <- time.Time{}:
	case <-time.After(patient):
		t.Fatal("the upkeep hears no hour")
	}
	if err := <-u.ended; kiosk.CodeOf(err) != kiosk.EDisk {
		t.Fatalf("the night found %v", err)
	}
	u.close()
	mark := u.doubted()
	if err := os.Rename(mark, mark+".away"); err != nil {
		t.Fatal(err)
	}
	k := p.on("")
	if r, recovered := k.store.Recovered(); recovered {
		t.Fatalf("a quick check finds it too: %s", r)
	}
	k.close()
	if err := os.Rename(mark+".away", mark); err != nil {
		t.Fatal(err)
	}

	u = p.upkeep(p.on(""))
	defer u.off()
	if r, recovered := u.store.Recovered(); !recovered || r.From == "" || !strings.Contains(r.Cause, "ticket_number") {
		t.Fatalf("%+v", r)
	}
	if _, err := os.Stat(mark); !os.IsNotExist(err) {
		t.Errorf("the mark stays: %v", err)
	}
	p.until("looked after at start", func() bool { return u.tended() == "2026-11-24" })
	if got, _, err := u.store.Ticket(t.Context(), first.ID); err != nil || got.Number != first.Number {
		t.Errorf("%+v %v", got, err)
	}
}
