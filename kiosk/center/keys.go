package center

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"time"

	"hallkiosk/kiosk"
)

// Keys is the part of a Store that knows kiosks by keys of their own.
//
// Every signed request carries a number that only rises, and the center keeps
// for each key the highest number it has seen and which of the 62 up to it
// (see Use). Numbers instead of times, because a kiosk's clock may be wrong by
// hours and must cost it nothing; a window instead of a single mark, because a
// kiosk has several requests under way, which may overtake one another. A
// kiosk that lost count, as after a restart, is told the highest number in the
// refusal and goes on after it: that helps nobody who lacks the key.
//
// The mark is committed before a request is acted upon, in a transaction of
// its own that all requests of the moment share (Turns). It doesn't need
// ingest's: what ingest and grants do twice has no effect (events and wishes
// have ids), so a number spent on a request that then failed costs nothing but
// the number, while a mark that waited for a large batch would hold up the
// same kiosk's wish for a number. Being committed, it holds in every process
// on the database and after every restart.
//
// Enrol and Revoke raise the version of EveryKey: whoever holds a line open looks
// then whether its key is still good.
type Keys interface {
	// AddCode stores a code that a kiosk may exchange for a key, and forgets
	// the kiosk's codes from before.
	AddCode(ctx context.Context, c Code, e Entry) error

	// Enrol exchanges a code for a key, which becomes the kiosk's only one: the
	// ones before are revoked. Hall, Kiosk and Until are the code's. Exchanging
	// it again for the same key is fine: an answer may have been lost.
	//
	// EInvalid wrapping a *Refused: the code is unknown or another kiosk's
	// (RefusedCode), used (RefusedUsed) or too old at k.Made (RefusedExpired).
	Enrol(ctx context.Context, code Hash, k Key, e Entry) (Key, error)

	// Key returns one key. ENotFound when there is none.
	Key(ctx context.Context, id kiosk.KeyID) (Key, error)

	// ListKeys returns all keys ever, by kiosk and then by age.
	ListKeys(ctx context.Context) ([]Key, error)

	// HasKey says whether a kiosk ever had a key: its token then counts no more.
	HasKey(ctx context.Context, id kiosk.KioskID) (bool, error)

	// Revoke ends a kiosk's key and forgets its codes. ENotFound when it has
	// neither.
	Revoke(ctx context.Context, id kiosk.KioskID, e Entry) error

	// Use spends a number of a key. EInvalid wrapping a *Refused: the key is
	// unknown (RefusedForged), revoked or expired, or the number is spent or
	// too far behind (RefusedReplayed).
	Use(ctx context.Context, u KeyUse) error
}

// Code is what a kiosk exchanges for a key. The code itself is stored nowhere.
type Code struct {
	Hash     Hash
	Hall     kiosk.HallID
	Kiosk    kiosk.KioskID
	Until    time.Time // until when it may be exchanged
	KeyUntil time.Time // until when the key will be good; zero for ever
}

// CodeLife is how long a code may be exchanged.
const CodeLife = 10 * time.Minute

// Key is how the center knows a kiosk.
type Key struct {
	ID      kiosk.KeyID
	Hall    kiosk.HallID // the key speaks for this hall alone
	Kiosk   kiosk.KioskID
	Public  ed25519.PublicKey
	Made    time.Time
	Until   time.Time // zero: for ever
	Revoked time.Time // zero: it isn't
	Used    time.Time // last; zero: never
	High    int64     // the highest number seen
}

// KeyUse is one request's number.
type KeyUse struct {
	Key kiosk.KeyID
	N   int64
	At  time.Time // by the center's clock
}

// KeyWindow is how far a number may be behind the highest.
const KeyWindow = 62

// UseSQL spends $2 of key $1 at $3 in SQLite and PostgreSQL alike: bit d of
// seen is the number high-d. No row comes back when the number isn't good.
const UseSQL = `UPDATE kiosk_keys SET used = $3,
		seen = CASE WHEN $2 - high >= 62 THEN 1
			WHEN $2 > high THEN ((seen << CAST($2 - high AS integer)) | 1) & 4611686018427387903
			ELSE seen | (CAST(1 AS bigint) << CAST(high - $2 AS integer)) END,
		high = CASE WHEN $2 > high THEN $2 ELSE high END
	WHERE id = $1 AND revoked = 0 AND (until = 0 OR until > $3)
		AND ($2 > high OR high - $2 < 62 AND ((seen >> CAST(CASE WHEN high - $2 BETWEEN 0 AND 61 THEN high - $2 ELSE 0 END AS integer)) & 1) = 0)
	RETURNING high`

// Why says why UseSQL spent nothing, from what is stored of the key; found is
// false when nothing is.
func (u KeyUse) Why(k Key, found bool) error {
	switch {
	case !found:
		return refuse(RefusedForged, "the key is not known here; enroll the kiosk")
	case !k.Revoked.IsZero():
		return refuse(RefusedRevoked, "the key was revoked; enroll the kiosk again")
	case !k.Until.IsZero() && !u.At.Before(k.Until):
		return refuse(RefusedExpired, "the key's time is over; enroll the kiosk again")
	}
	err := refuse(RefusedReplayed, "the request's number was used before, or is too far behind; go on after counted")
	err.Err.(*Refused).Counted = k.High
	return err
}

// The kinds of refusal, as they stand in problems and are counted in /healthz.
const (
	RefusedForged   = "forged"   // no key, no signature of it, or another body
	RefusedReplayed = "replayed" // the number was there before
	RefusedRevoked  = "revoked"  // the key was taken back
	RefusedExpired  = "expired"  // the key's or the code's time is over
	RefusedCode     = "code"     // no such enrolment code for that kiosk
	RefusedUsed     = "used"     // the enrolment code was exchanged already
	RefusedToken    = "token"    // no such token, or the kiosk has a key
	RefusedHall     = "hall"     // the key speaks for another hall
	RefusedLogin    = "login"    // wrong name or password, or too many tries
	RefusedSession  = "session"  // no session, or one that ended
	RefusedRole     = "role"     // the account's role doesn't allow it
	RefusedCrowd    = "crowd"    // one kiosk asks too much at once, or all together do
)

// problemBase is what the types of refusals begin with.
const problemBase = "urn:hallkiosk:problem:"

// Refused is the cause of a refusal of who asks.
type Refused struct {
	Kind    string
	Counted int64 // with RefusedReplayed: the highest number seen
}

func (r *Refused) Error() string { return "refused: " + r.Kind }

func refuse(kind, hint string) *kiosk.Error {
	return &kiosk.Error{Code: kiosk.EInvalid, Op: "admit", Hint: hint, Err: &Refused{Kind: kind}}
}

// Good says whether a code may be exchanged for the key k, and returns nil or
// what Enrol returns. used is the key it was exchanged for already, if any.
func (c Code) Good(k Key, used kiosk.KeyID, found bool) error {
	switch {
	case !found, c.Hall != k.Hall, c.Kiosk != k.Kiosk:
		return refuse(RefusedCode, "no such code for this kiosk and hall. Run on the center: center enroll -hall HALL -kiosk KIOSK")
	case used == k.ID:
		return nil
	case used != "":
		return refuse(RefusedUsed, "the code was used already. Get another: center enroll")
	case !k.Made.Before(c.Until):
		return refuse(RefusedExpired, "the code is older than ten minutes. Get another: center enroll")
	}
	return nil
}

// KeyTaken refuses a key that was enrolled before, by another code.
func KeyTaken() error {
	return refuse(RefusedUsed, "this key was enrolled before; let the kiosk make a new one")
}

// CodeHash is how a Store knows a code.
func CodeHash(code string) Hash { return sha256.Sum256([]byte("hallkiosk-code-1\n" + code)) }

// NewCode makes a code for a kiosk and stores it. keyLife is how long the key
// is good, 0 for ever. by says who makes it. EInvalid when hall or kiosk can't
// be ids. For the operator, at the center itself.
func NewCode(ctx context.Context, keys Keys, hall kiosk.HallID, id kiosk.KioskID, keyLife time.Duration, now time.Time, by string) (code string, err error) {
	return newCode(ctx, keys, id, keyLife, Entry{At: now, Hall: hall, Account: by, From: "console"})
}

// newCode is NewCode with an entry that says who, when, from where and in which
// hall.
func newCode(ctx context.Context, keys Keys, id kiosk.KioskID, keyLife time.Duration, by Entry) (code string, err error) {
	hall, now := by.Hall, by.At
	if !name.MatchString(string(hall)) || !name.MatchString(string(id)) {
		return "", &kiosk.Error{Code: kiosk.EInvalid, Op: "make code", Message: "大厅和终端编号要用字母、数字、点、横线或下划线。",
			Hint: "hall and kiosk must be 1 to 64 letters, digits, dots, hyphens or underscores"}
	}
	var random [12]byte
	rand.Read(random[:]) // never fails
	code = kiosk.FormatCode(random)
	c := Code{Hash: CodeHash(code), Hall: hall, Kiosk: id, Until: now.Add(CodeLife)}
	if keyLife > 0 {
		c.KeyUntil = now.Add(keyLife)
	}
	by.Action, by.Subject = "code.made", string(id)
	if err := keys.AddCode(ctx, c, by); err != nil {
		return "", fmt.Errorf("make code: %w", err)
	}
	return code, nil
}

// HallOfKey returns the hall of a kiosk's newest key, "" when it has none.
func HallOfKey(ctx context.Context, keys Keys, id kiosk.KioskID) (hall kiosk.HallID, err error) {
	all, err := keys.ListKeys(ctx)
	for _, k := range all {
		if k.Kiosk == id {
			hall = k.Hall
		}
	}
	return hall, err
}

// RevokeKey ends a kiosk's key and forgets its codes; by says who does it, when
// and from where. ENotFound when it has neither.
func RevokeKey(ctx context.Context, keys Keys, id kiosk.KioskID, by Entry) (err error) {
	if by.Hall, err = HallOfKey(ctx, keys, id); err != nil {
		return err
	}
	by.Action, by.Subject = "key.revoked", string(id)
	return keys.Revoke(ctx, id, by)
}
