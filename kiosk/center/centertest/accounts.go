package centertest

import (
	"fmt"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
)

// clerk is an account of hall h1.
func clerk(name string) center.Account {
	return center.Account{Name: name, Role: center.Clerk, Hall: "h1", Password: "hash of " + name, Made: Noon}
}

// session opens a session of an account whose password is that of clerk.
func (s *suite) session(n byte, name string, began time.Time) (center.Session, error) {
	v := center.Session{Hash: center.Hash{n}, Account: name, Began: began, Seen: began, From: "192.0.2.1"}
	return v, s.OpenSession(s.Context(), v, "hash of "+name, began.Add(-12*time.Hour), entry("login", name))
}

func (s *suite) ended(n byte) {
	s.Helper()
	if _, _, err := s.Session(s.Context(), center.Hash{n}); kiosk.CodeOf(err) != kiosk.ENotFound {
		s.Fatalf("session %d: %v, want none", n, err)
	}
}

func accounts(s *suite) {
	ctx := s.Context()
	if all, err := s.ListAccounts(ctx); err != nil || len(all) != 0 {
		s.Fatalf("%+v, %v", all, err)
	}
	for _, name := range []string{"王小明", "anna"} {
		s.ok(s.AddAccount(ctx, clerk(name), entry("account.added", name)))
	}
	if err := s.AddAccount(ctx, clerk("anna"), entry("account.added", "anna")); kiosk.CodeOf(err) != kiosk.EConflict {
		s.Fatalf("err = %v", err)
	}
	got, err := s.Account(ctx, "王小明")
	s.ok(err)
	got.Made = got.Made.UTC()
	s.same(got, clerk("王小明"))
	for _, name := range []string{"nobody", "Anna", ""} {
		if _, err := s.Account(ctx, name); kiosk.CodeOf(err) != kiosk.ENotFound {
			s.Fatalf("%q: %v", name, err)
		}
		for what, err := range map[string]error{
			"password": s.SetPassword(ctx, name, "x", entry("account.password", name)),
			"disable":  s.SetDisabled(ctx, name, true, entry("account.disabled", name)),
		} {
			if kiosk.CodeOf(err) != kiosk.ENotFound {
				s.Fatalf("%s of %q: %v", what, name, err)
			}
		}
	}
	if all, err := s.ListAccounts(ctx); err != nil || len(all) != 2 || all[0].Name != "anna" {
		s.Fatalf("%+v, %v", all, err)
	}
	s.trail("account.added", "account.added") // nothing of what was refused
}

func sessions(s *suite) {
	ctx := s.Context()
	s.ok(s.AddAccount(ctx, clerk("anna"), entry("account.added", "anna")))
	s.ok(s.AddAccount(ctx, clerk("bob"), entry("account.added", "bob")))
	s.ended(1)
	want, err := s.session(1, "anna", Noon)
	s.ok(err)
	got, account, err := s.Session(ctx, center.Hash{1})
	s.ok(err)
	got.Began, got.Seen, account.Made = got.Began.UTC(), got.Seen.UTC(), account.Made.UTC()
	s.same(got, want)
	s.same(account, clerk("anna"))

	s.ok(s.SeeSession(ctx, center.Hash{1}, Noon.Add(time.Minute)))
	s.ok(s.SeeSession(ctx, center.Hash{1}, Noon)) // another process, a little behind
	if got, _, err = s.Session(ctx, center.Hash{1}); err != nil || !got.Seen.Equal(Noon.Add(time.Minute)) {
		s.Fatalf("%+v, %v", got, err)
	}
	for range 2 {
		s.ok(s.EndSession(ctx, center.Hash{1}, entry("logout", "anna")))
	}
	s.ended(1)

	// All sessions of an account end when it is disabled or its password changes.
	for n := byte(2); n < 6; n++ {
		_, err := s.session(n, map[bool]string{true: "anna", false: "bob"}[n < 5], Noon)
		s.ok(err)
	}
	s.ok(s.SetDisabled(ctx, "anna", true, entry("account.disabled", "anna")))
	for n := byte(2); n < 5; n++ {
		s.ended(n)
	}
	if _, _, err := s.Session(ctx, center.Hash{5}); err != nil {
		s.Fatal(err)
	}
	if _, err := s.session(6, "anna", Noon); kiosk.CodeOf(err) != kiosk.EConflict {
		s.Fatalf("err = %v", err)
	}
	s.ok(s.SetDisabled(ctx, "anna", false, entry("account.enabled", "anna")))
	_, err = s.session(6, "anna", Noon)
	s.ok(err)
	s.ok(s.SetPassword(ctx, "anna", "another hash", entry("account.password", "anna")))
	s.ended(6)
	if _, err := s.session(7, "anna", Noon); kiosk.CodeOf(err) != kiosk.EConflict {
		s.Fatalf("a login with the old password, under way: %v", err)
	}
	if _, err := s.session(7, "nobody", Noon); kiosk.CodeOf(err) != kiosk.EConflict {
		s.Fatalf("err = %v", err)
	}
	// What is long over is forgotten.
	_, err = s.session(8, "bob", Noon.Add(24*time.Hour))
	s.ok(err)
	s.ended(5)
	s.trail("login", "account.password", "login", "account.enabled", "account.disabled", "login", "login", "login", "login",
		"logout", "login", "account.added", "account.added")
}

func trail(s *suite) {
	ctx := s.Context()
	for i := range 5 {
		e := entry("call", fmt.Sprint("A00", i))
		if i == 3 {
			e.Hall = "h2"
		}
		e.At = Noon.Add(time.Duration(i) * time.Second)
		s.ok(s.Note(ctx, e))
	}
	subjects := func(hall kiosk.HallID, before int64, limit int) (all []string, last int64) {
		s.Helper()
		lines, err := s.Trail(ctx, hall, before, limit)
		s.ok(err)
		for _, e := range lines {
			all, last = append(all, e.Subject), e.ID
		}
		return all, last
	}
	got, last := subjects("h1", 0, 2)
	s.same(got, []string{"A004", "A002"})
	got, _ = subjects("h1", last, 10)
	s.same(got, []string{"A001", "A000"})
	got, _ = subjects("h2", 0, 10)
	s.same(got, []string{"A003"})
	got, _ = subjects("", 0, 10)
	s.same(got, []string{"A004", "A003", "A002", "A001", "A000"})
	got, _ = subjects("h3", 0, 10)
	s.same(got, []string(nil))
	lines, err := s.Trail(ctx, "h2", 0, 1)
	s.ok(err)
	if e := lines[0]; !e.At.Equal(Noon.Add(3*time.Second)) || e.Account != "root" || e.Action != "call" || e.From != "console" || e.Hall != "h2" {
		s.Fatalf("%+v", e)
	}
}

func tries(s *suite) {
	ctx := s.Context()
	all := []center.Try{{At: Noon, Account: "anna", From: "192.0.2.7", Won: true}, {At: Noon.Add(time.Minute), From: "192.0.2.8"}, {At: Noon.Add(time.Hour), Account: evil, From: evil}}
	for i := range all {
		id, err := s.AddTry(ctx, all[i])
		s.ok(err)
		if all[i].ID = id; i > 0 && id <= all[i-1].ID {
			s.Fatalf("number %d after %d", id, all[i-1].ID)
		}
	}
	some := func(after int64, limit int, want ...center.Try) {
		s.Helper()
		got, err := s.Tries(ctx, after, limit)
		s.ok(err)
		for i := range got {
			got[i].At = got[i].At.UTC()
		}
		if len(got)+len(want) > 0 {
			s.same(got, want)
		}
	}
	some(0, 10, all...)
	some(all[0].ID, 1, all[1])
	some(all[2].ID, 10)
	s.forgotten(center.Past{Tries: Noon.Add(time.Hour)})
	some(0, 10, all[2])
}

func accountsSQL(s *suite) {
	ctx := s.Context()
	e := center.Entry{At: Noon, Hall: evil, Account: evil, Action: evil, Subject: evil, From: evil}
	a := center.Account{Name: evil, Role: evil, Hall: evil, Password: evil, Made: Noon}
	s.ok(s.AddAccount(ctx, a, e))
	got, err := s.Account(ctx, evil)
	s.ok(err)
	got.Made = got.Made.UTC()
	s.same(got, a)
	v := center.Session{Hash: center.Hash{1}, Account: evil, Began: Noon, Seen: Noon, From: evil}
	s.ok(s.OpenSession(ctx, v, evil, Noon, e))
	if got, _, err := s.Session(ctx, v.Hash); err != nil || got.From != evil || got.Account != evil {
		s.Fatalf("%+v, %v", got, err)
	}
	s.ok(s.SetPassword(ctx, evil, evil, e))
	s.ok(s.SetDisabled(ctx, evil, true, e))
	s.ended(1)
}
