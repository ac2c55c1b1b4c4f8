package centertest

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"math"
	"reflect"
	"sync"
	"time"

	"pgregory.net/rapid"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
)

// evil is what must arrive as text in every field.
const evil = `'; DROP TABLE kiosk_keys; -- "$1 ?1 \`

// PrivateKey returns the key of a kiosk for tests; the same number is the same
// key.
func PrivateKey(n byte) ed25519.PrivateKey {
	seed := make([]byte, ed25519.SeedSize)
	seed[0] = n
	return ed25519.NewKeyFromSeed(seed)
}

// newKey is key n of a kiosk as it asks to be enrolled.
func newKey(n byte, id kiosk.KioskID, at time.Time) center.Key {
	public := PrivateKey(n).Public().(ed25519.PublicKey)
	return center.Key{ID: kiosk.KeyIDOf(public), Hall: "h1", Kiosk: id, Public: public, Made: at}
}

func entry(action, subject string) center.Entry {
	return center.Entry{At: Noon, Hall: "h1", Account: "root", Action: action, Subject: subject, From: "console"}
}

// code stores a code for a kiosk and returns its hash.
func (s *suite) code(text string, id kiosk.KioskID, keyUntil time.Time) center.Hash {
	s.Helper()
	c := center.Code{Hash: center.CodeHash(text), Hall: "h1", Kiosk: id, Until: Noon.Add(center.CodeLife), KeyUntil: keyUntil}
	s.ok(s.AddCode(s.Context(), c, entry("code.made", string(id))))
	return c.Hash
}

// enrolled gives a kiosk key n.
func (s *suite) enrolled(n byte, id kiosk.KioskID) center.Key {
	s.Helper()
	k, err := s.Enrol(s.Context(), s.code(fmt.Sprint("code", n), id, time.Time{}), newKey(n, id, Noon), entry("enrolled", string(id)))
	s.ok(err)
	return k
}

// kind compares what a refusal is about.
func (s *suite) kind(err error, want string) {
	s.Helper()
	var r *center.Refused
	if !errors.As(err, &r) || r.Kind != want || kiosk.CodeOf(err) != kiosk.EInvalid {
		s.Fatalf("err = %v, want a refusal %q", err, want)
	}
}

func (s *suite) same(got, want any) {
	s.Helper()
	if !reflect.DeepEqual(got, want) {
		s.Fatalf("got  %+v\nwant %+v", got, want)
	}
}

func enrol(s *suite) {
	ctx := s.Context()
	k := newKey(1, "k1", Noon.Add(9*time.Minute))
	if _, err := s.Key(ctx, k.ID); kiosk.CodeOf(err) != kiosk.ENotFound {
		s.Fatalf("err = %v", err)
	}
	has, err := s.HasKey(ctx, "k1")
	s.ok(err)
	_, err = s.Enrol(ctx, center.CodeHash("no such code"), k, entry("enrolled", "k1"))
	s.kind(err, center.RefusedCode)
	code := s.code("c1", "k1", Noon.Add(time.Hour))
	late := k
	late.Made = Noon.Add(center.CodeLife)
	_, err = s.Enrol(ctx, code, late, entry("enrolled", "k1"))
	s.kind(err, center.RefusedExpired)
	other := newKey(1, "k2", Noon)
	_, err = s.Enrol(ctx, code, other, entry("enrolled", "k2"))
	s.kind(err, center.RefusedCode)
	other = newKey(1, "k1", Noon)
	other.Hall = "h2"
	_, err = s.Enrol(ctx, code, other, entry("enrolled", "k1"))
	s.kind(err, center.RefusedCode)
	if left, err := s.ListKeys(ctx); err != nil || len(left) != 0 || has {
		s.Fatalf("%+v, %v, %v", left, err, has)
	}

	want := k
	want.Until = Noon.Add(time.Hour)
	for range 2 { // an answer may be lost
		got, err := s.Enrol(ctx, code, k, entry("enrolled", "k1"))
		s.ok(err)
		s.instants(&got)
		s.same(got, want)
	}
	_, err = s.Enrol(ctx, code, newKey(2, "k1", Noon), entry("enrolled", "k1"))
	s.kind(err, center.RefusedUsed)
	if has, err = s.HasKey(ctx, "k1"); err != nil || !has {
		s.Fatalf("%v, %v", has, err)
	}

	// A newer code makes the one before worthless, and a newer key the old one.
	older, newer := s.code("c2", "k1", time.Time{}), s.code("c3", "k1", time.Time{})
	_, err = s.Enrol(ctx, older, newKey(2, "k1", Noon), entry("enrolled", "k1"))
	s.kind(err, center.RefusedCode)
	_, err = s.Enrol(ctx, newer, k, entry("enrolled", "k1"))
	s.kind(err, center.RefusedUsed) // a key that was enrolled before
	_, err = s.Enrol(ctx, newer, newKey(2, "k1", Noon.Add(time.Minute)), entry("enrolled", "k1"))
	s.ok(err)
	s.kind(s.Use(ctx, center.KeyUse{Key: k.ID, N: 1, At: Noon}), center.RefusedRevoked)
	all, err := s.ListKeys(ctx)
	if err != nil || len(all) != 2 || !all[0].Revoked.IsZero() || all[1].Revoked.IsZero() {
		s.Fatalf("%+v, %v", all, err)
	}
	s.code("c4", "k1", time.Time{})
	s.ok(s.Revoke(ctx, "k1", entry("key.revoked", "k1")))
	_, err = s.Enrol(ctx, center.CodeHash("c4"), newKey(4, "k1", Noon), entry("enrolled", "k1"))
	s.kind(err, center.RefusedCode)
	if err := s.Revoke(ctx, "k1", entry("key.revoked", "k1")); kiosk.CodeOf(err) != kiosk.ENotFound {
		s.Fatalf("err = %v", err)
	}
	if has, err = s.HasKey(ctx, "k1"); err != nil || !has {
		s.Fatalf("%v, %v; a token must not revive", has, err)
	}
	s.trail("key.revoked", "code.made", "enrolled", "code.made", "code.made", "enrolled", "code.made")
}

// instants brings times into one form.
func (s *suite) instants(k *center.Key) {
	for _, t := range []*time.Time{&k.Made, &k.Until, &k.Revoked, &k.Used} {
		if !t.IsZero() {
			*t = t.UTC()
		}
	}
}

// trail compares the actions in the audit trail, newest first.
func (s *suite) trail(want ...string) {
	s.Helper()
	all, err := s.Store.Trail(s.Context(), "", 0, 100)
	s.ok(err)
	var got []string
	for _, e := range all {
		got = append(got, e.Action)
	}
	s.same(got, want)
}

func enrolTogether(s *suite) {
	code := s.code("c1", "k1", time.Time{})
	results := make(chan error, 8)
	for n := range 8 {
		go func() {
			_, err := s.Enrol(s.Context(), code, newKey(byte(n+1), "k1", Noon), entry("enrolled", "k1"))
			results <- err
		}()
	}
	won := 0
	for range 8 {
		if err := <-results; err == nil {
			won++
		} else {
			s.kind(err, center.RefusedUsed)
		}
	}
	if won != 1 {
		s.Fatalf("%d kiosks got a key for one code", won)
	}
}

func keyUse(s *suite) {
	k := s.enrolled(1, "k1")
	use := func(n int64) error { return s.Use(s.Context(), center.KeyUse{Key: k.ID, N: n, At: Noon}) }
	s.ok(use(5))
	err := use(5)
	s.kind(err, center.RefusedReplayed)
	var r *center.Refused
	if errors.As(err, &r); r.Counted != 5 {
		s.Fatalf("counted %d, want 5", r.Counted)
	}
	s.ok(use(4)) // overtaken
	s.kind(use(4), center.RefusedReplayed)
	s.ok(use(1000))
	s.kind(use(1000-center.KeyWindow), center.RefusedReplayed) // too far behind to know
	s.ok(use(1000 - center.KeyWindow + 1))
	s.kind(use(1000-center.KeyWindow+1), center.RefusedReplayed)
	s.ok(use(kiosk.MaxNumber))
	s.ok(use(kiosk.MaxNumber - 1))
	s.kind(use(kiosk.MaxNumber), center.RefusedReplayed)
	s.kind(use(1), center.RefusedReplayed)
	s.kind(s.Use(s.Context(), center.KeyUse{Key: "nobody", N: 1, At: Noon}), center.RefusedForged)

	got, err := s.Key(s.Context(), k.ID)
	s.ok(err)
	if got.High != kiosk.MaxNumber || !got.Used.Equal(Noon) {
		s.Fatalf("%+v", got)
	}
	// Time is over for the key, not for its numbers.
	until := Noon.Add(time.Hour)
	short, err := s.Enrol(s.Context(), s.code("short", "k2", until), newKey(2, "k2", Noon), entry("enrolled", "k2"))
	s.ok(err)
	s.ok(s.Use(s.Context(), center.KeyUse{Key: short.ID, N: 1, At: until.Add(-time.Millisecond)}))
	s.kind(s.Use(s.Context(), center.KeyUse{Key: short.ID, N: 2, At: until}), center.RefusedExpired)

	again := s.open() // after a restart
	defer again.Close()
	s.kind(again.Use(s.Context(), center.KeyUse{Key: k.ID, N: kiosk.MaxNumber, At: Noon}), center.RefusedReplayed)
}

// keyWindow compares the window with a set of all numbers ever seen.
func keyWindow(s *suite) {
	n := byte(0)
	rapid.Check(s.T, func(t *rapid.T) {
		n++
		id := kiosk.KioskID(fmt.Sprint("w", n))
		k := s.enrolled(n, id)
		seen, high := map[int64]bool{}, int64(0)
		for range rapid.IntRange(1, 12).Draw(t, "uses") {
			at := max(1, high+rapid.Int64Range(-70, 70).Draw(t, "step"))
			if rapid.IntRange(0, 9).Draw(t, "leap") == 0 {
				at = rapid.Int64Range(1, math.MaxInt64/4).Draw(t, "far")
			}
			good := !seen[at] && at > high-center.KeyWindow
			err := s.Use(s.Context(), center.KeyUse{Key: k.ID, N: at, At: Noon})
			if good != (err == nil) {
				t.Fatalf("number %d after %d: %v, want good=%v", at, high, err, good)
			}
			seen[at] = true
			high = max(high, at)
		}
		if n == 250 {
			n = 0
			t.Skip("no more keys")
		}
	})
}

// keyTogether spends the same numbers from many goroutines at once.
func keyTogether(s *suite) {
	k := s.enrolled(1, "k1")
	spend(s, k, s.Store, s.Store)
}

// keyTwoStores does so through two processes on one database.
func keyTwoStores(s *suite) {
	k := s.enrolled(1, "k1")
	other := s.open()
	defer other.Close()
	spend(s, k, s.Store, other)
	s.ok(other.Revoke(s.Context(), "k1", entry("key.revoked", "k1")))
	s.kind(s.Use(s.Context(), center.KeyUse{Key: k.ID, N: 1000, At: Noon}), center.RefusedRevoked)
}

// spend has every number spent by each of both, and only once.
func spend(s *suite, k center.Key, both ...center.Store) {
	s.Helper()
	var mu sync.Mutex
	good := map[int64]int{}
	var wg sync.WaitGroup
	for _, st := range both {
		for n := int64(1); n <= center.KeyWindow; n++ {
			wg.Go(func() {
				err := st.Use(s.Context(), center.KeyUse{Key: k.ID, N: n, At: Noon})
				var r *center.Refused
				if err != nil && (!errors.As(err, &r) || r.Kind != center.RefusedReplayed) {
					s.Error(err)
				}
				if err == nil {
					mu.Lock()
					defer mu.Unlock()
					good[n]++
				}
			})
		}
	}
	wg.Wait()
	for n := int64(1); n <= center.KeyWindow; n++ {
		if good[n] != 1 {
			s.Fatalf("number %d was good %d times", n, good[n])
		}
	}
}

func keysSQL(s *suite) {
	ctx := s.Context()
	c := center.Code{Hash: center.CodeHash(evil), Hall: evil, Kiosk: evil, Until: Noon.Add(time.Hour)}
	e := center.Entry{At: Noon, Hall: evil, Account: evil, Action: evil, Subject: evil, From: evil}
	s.ok(s.AddCode(ctx, c, e))
	k := newKey(1, evil, Noon)
	k.ID, k.Hall = evil, evil
	_, err := s.Enrol(ctx, c.Hash, k, e)
	s.ok(err)
	s.ok(s.Use(ctx, center.KeyUse{Key: evil, N: 1, At: Noon}))
	got, err := s.Key(ctx, evil)
	s.ok(err)
	if got.Hall != evil || got.Kiosk != evil || got.High != 1 {
		s.Fatalf("%+v", got)
	}
	s.ok(s.Revoke(ctx, evil, e))
	lines, err := s.Trail(ctx, evil, 0, 10)
	if err != nil || len(lines) != 3 || lines[0].Subject != evil || lines[0].From != evil || lines[0].Account != evil {
		s.Fatalf("%+v, %v", lines, err)
	}
}
