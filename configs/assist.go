package configs

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"
)

// Assist is the mode in which a guide takes numbers for several people.
type Assist struct {
	Badges []string `toml:"badges"` // SHA-256 of the guides' codes, in hexadecimal digits
	Idle   int      `toml:"idle"`   // seconds without a touch, until the mode ends
}

// Precedence says who is offered to go ahead of others.
type Precedence struct {
	ElderAge int  `toml:"elder_age"` // in years, by the card on the reader; 0 is never
	Ask      bool `toml:"ask"`       // citizens may say why they go ahead
}

// badgePrefix tells a guide's code from a booking's or a ticket's. Its letters and
// digits are those that every scanner and Code 128 know.
const badgePrefix = "HALLBADGE-"

// NewBadge makes a guide's code with at least 128 random bits.
func NewBadge() string { return badgePrefix + rand.Text() }

// BadgeHash is what the config keeps of a guide's code.
func BadgeHash(code string) string {
	sum := sha256.Sum256([]byte(code))
	return hex.EncodeToString(sum[:])
}

// Badge says whether a scanned code is a guide's, and whether it is one of this
// kiosk's. The codes of badges that the hall had before may look like anything.
func (a Assist) Badge(code string) (badge, known bool) {
	hash := BadgeHash(code)
	known = slices.ContainsFunc(a.Badges, func(b string) bool { return strings.EqualFold(b, hash) })
	return known || strings.HasPrefix(code, badgePrefix), known
}

// IdleTime returns how long the mode lasts without a touch.
func (a Assist) IdleTime() time.Duration { return time.Duration(a.Idle) * time.Second }

func (k *Kiosk) checkAssist(f *file) {
	for i, b := range k.Assist.Badges {
		raw, err := hex.DecodeString(b)
		switch {
		case strings.HasPrefix(b, badgePrefix):
			f.addf("assist.badges", "entry %d of badges is a badge's code itself. Write its SHA-256; kiosk badge prints it for a new one.", "badges 的第 %d 项是工作牌的码本身，请改写它的 SHA-256；kiosk badge 做新牌时会给出。", i+1)
		case err != nil && !errors.Is(err, hex.ErrLength):
			f.addf("assist.badges", "entry %d of badges is not hexadecimal. Write the line that kiosk badge prints.", "badges 的第 %d 项不是十六进制，请照 kiosk badge 给出的那一行写。", i+1)
		case len(raw) != sha256.Size || err != nil:
			f.addf("assist.badges", "entry %d of badges has %d digits, a SHA-256 has 64. Write the line that kiosk badge prints.", "badges 的第 %d 项有 %d 位，SHA-256 是 64 位，请照 kiosk badge 给出的那一行写。", i+1, len(b))
		}
	}
	if len(k.Assist.Badges) > 0 && k.Scanner.Port == "" {
		f.mild("assist.badges", "badges are named, but no scanner reads them. Name the scanner's port in [scanner].", "写了工作牌，却没有扫码器来读，请在 [scanner] 写端口。")
	}
	if n := k.Assist.Idle; n < 10 || n > 3600 {
		f.addf("assist.idle", "idle is %d seconds. Write 10 to 3600.", "idle 是 %d 秒，请写 10 到 3600。", n)
	}
	if n := k.Priority.ElderAge; n != 0 && (n < 40 || n > 120) {
		f.addf("priority.elder_age", "elder_age is %d years. Write 40 to 120, or 0 to look at nobody's age.", "elder_age 是 %d 岁，请写 40 到 120，或 0（不看年龄）。", n)
	}
}
