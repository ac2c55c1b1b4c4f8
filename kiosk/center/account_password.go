package center

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"sync"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"hallkiosk/kiosk"
)

// Cost is what a password's hash takes to make: about 50 ms and 19 MiB, as
// OWASP's cheat sheet has it. It stands in each hash, so that it can rise
// without anybody's password being lost.
type Cost struct {
	Time    uint32
	Memory  uint32 // KiB
	Threads uint8
}

// DefaultCost is for people's passwords.
var DefaultCost = Cost{Time: 2, Memory: 19 << 10, Threads: 1}

// maxCost bounds what a stored hash may ask for.
var maxCost = Cost{Time: 16, Memory: 256 << 10, Threads: 8}

// The bounds of a password, in bytes.
const (
	MinPassword = 10
	MaxPassword = 256
)

// CheckPassword returns EInvalid, with a hint, when a password is too short,
// too long or no text.
func CheckPassword(password string) error {
	if len(password) < MinPassword || len(password) > MaxPassword || !utf8.ValidString(password) {
		return &kiosk.Error{Code: kiosk.EInvalid, Op: "check password", Message: fmt.Sprintf("密码要 %d 到 %d 个字节。", MinPassword, MaxPassword),
			Hint: fmt.Sprintf("a password has %d to %d bytes", MinPassword, MaxPassword)}
	}
	return nil
}

// HashPassword returns argon2id of a password with a salt of its own, in the
// PHC form: $argon2id$v=19$m=19456,t=2,p=1$SALT$HASH.
func HashPassword(password string, c Cost) string {
	salt := make([]byte, 16)
	rand.Read(salt) // never fails
	hash := argon2.IDKey([]byte(password), salt, c.Time, c.Memory, c.Threads, 32)
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.Memory, c.Time, c.Threads, enc.EncodeToString(salt), enc.EncodeToString(hash))
}

// passwords checks passwords, few at a time: each takes memory and a core.
type passwords struct {
	places chan struct{} // one for each that is computed
	queue  chan struct{} // one for each that is computed or waits
	nobody func() string // the hash that unknown names are checked against
}

// The most password checks at a time, and the most that wait for their turn.
const (
	hashesAtOnce  = 2
	hashesWaiting = 32
)

func newPasswords(c Cost) *passwords {
	return &passwords{places: make(chan struct{}, hashesAtOnce), queue: make(chan struct{}, hashesAtOnce+hashesWaiting), nobody: sync.OnceValue(func() string { return HashPassword(rand.Text(), c) })}
}

// match says whether a password is the one of a stored hash; with an empty
// hash it takes as long and says no. EUnavailable when too many wait already or
// ctx ends first.
func (p *passwords) match(ctx context.Context, password, stored string) (bool, error) {
	select {
	case p.queue <- struct{}{}:
		defer func() { <-p.queue }()
	default:
		return false, &kiosk.Error{Code: kiosk.EUnavailable, Op: "check password", Message: "登录的人太多，请稍后再试。", Hint: "too many logins wait; try again"}
	}
	select {
	case p.places <- struct{}{}:
		defer func() { <-p.places }()
	case <-ctx.Done():
		return false, &kiosk.Error{Code: kiosk.EUnavailable, Op: "check password", Err: ctx.Err()}
	}
	known := stored != ""
	if !known {
		stored = p.nobody()
	}
	c, salt, hash, ok := readHash(stored)
	if !ok {
		return false, &kiosk.Error{Code: kiosk.EInternal, Op: "check password", Hint: "the stored hash can't be read; set the password anew: center account password"}
	}
	got := argon2.IDKey([]byte(password), salt, c.Time, c.Memory, c.Threads, uint32(len(hash)))
	return subtle.ConstantTimeCompare(got, hash) == 1 && known, nil
}

// readHash reads what HashPassword wrote.
func readHash(stored string) (c Cost, salt, hash []byte, ok bool) {
	var version int
	var rest string
	n, err := fmt.Sscanf(stored, "$argon2id$v=%d$m=%d,t=%d,p=%d$%s", &version, &c.Memory, &c.Time, &c.Threads, &rest)
	if err != nil || n != 5 || version != argon2.Version || c.Time < 1 || c.Threads < 1 || c.Memory < 8 ||
		c.Time > maxCost.Time || c.Memory > maxCost.Memory || c.Threads > maxCost.Threads {
		return c, nil, nil, false
	}
	for i := range rest {
		if rest[i] == '$' {
			var bad, worse error
			salt, bad = base64.RawStdEncoding.DecodeString(rest[:i])
			hash, worse = base64.RawStdEncoding.DecodeString(rest[i+1:])
			return c, salt, hash, bad == nil && worse == nil && len(salt) >= 8 && len(hash) >= 16
		}
	}
	return c, nil, nil, false
}
