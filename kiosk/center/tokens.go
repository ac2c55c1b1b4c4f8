package center

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"hallkiosk/kiosk"
)

// Tokens knows which kiosk a token belongs to. It keeps the tokens' SHA-256
// only, and never changes once read.
type Tokens struct {
	lines []Bearer
	of    map[[sha256.Size]byte]Bearer
}

// Bearer is who has a token.
type Bearer struct {
	Kiosk kiosk.KioskID
	Hall  kiosk.HallID // the only one that it speaks for; "" for any that the center knows
}

// minToken is the length in bytes below which a token could be guessed.
const minToken = 16

// LoadTokens reads a tokens file, which nobody but its owner may read. The
// error says, one a line, everything to mend: FILE:LINE:COL: what is wrong.
func LoadTokens(path string) (*Tokens, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s: can't be read: %v. Make it with one line KIOSK TOKEN HALL for each kiosk, mode 0600. | 读不了。请建立此文件，每台终端一行：终端编号 令牌 大厅，权限 0600。", path, errors.Unwrap(err))
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: is not a plain file. Name the tokens file. | 不是普通文件，请写令牌文件的路径。", path)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("%s: mode %#o lets others read the tokens. Run: chmod 600 %s | 权限 %#o 让别人也能读令牌，请运行 chmod 600 %s", path, mode, path, mode, path)
	}
	return ReadTokens(f, path)
}

// ReadTokens reads lines of a kiosk's id, its token and its hall, with white space
// between; the hall may be left out, see Bearer. Empty lines and lines that begin
// with # are skipped. A kiosk may have several
// tokens, so that one can be changed without a break; a token has one kiosk.
// file stands in the messages, which never show a token.
func ReadTokens(r io.Reader, file string) (*Tokens, error) {
	t := &Tokens{of: map[[sha256.Size]byte]Bearer{}}
	var problems []error
	first := map[[sha256.Size]byte]int{}
	lines := bufio.NewScanner(io.LimitReader(r, 4<<20))
	n := 0
	for lines.Scan() {
		n++
		line := lines.Text()
		if n == 1 {
			line = strings.TrimPrefix(line, "\ufeff")
		}
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		problem := func(word int, en, zh string) {
			col := 1 + strings.Index(line, words[min(word, len(words)-1)])
			problems = append(problems, fmt.Errorf("%s:%d:%d: %s | %s", file, n, col, en, zh))
		}
		if len(words) < 2 || len(words) > 3 {
			problem(0, "this is not KIOSK TOKEN HALL. Write a kiosk's id, its token and its hall, with spaces between.", "应为：终端编号 令牌 大厅，用空格隔开。")
			continue
		}
		is := Bearer{Kiosk: kiosk.KioskID(words[0])}
		if len(words) == 3 {
			is.Hall = kiosk.HallID(words[2])
		}
		sum := sha256.Sum256([]byte(words[1]))
		switch {
		case !name.MatchString(words[0]):
			problem(0, "the kiosk's id has other characters than letters, digits, dots, hyphens and underscores. Write it as in kiosk.toml.", "终端编号只能用字母、数字、点、横线和下划线，请与 kiosk.toml 一致。")
		case is.Hall != "" && !name.MatchString(words[2]):
			problem(2, "the hall has other characters than letters, digits, dots, hyphens and underscores. Write it as in kiosk.toml.", "大厅编号只能用字母、数字、点、横线和下划线，请与 kiosk.toml 一致。")
		case len(words[1]) < minToken:
			problem(1, fmt.Sprintf("the token is shorter than %d characters. Make one with: openssl rand -hex 32", minToken), fmt.Sprintf("令牌少于 %d 个字符，请用 openssl rand -hex 32 生成。", minToken))
		case strings.Trim(words[1], graphic) != "":
			problem(1, "the token has characters that a header can't carry. Make one with: openssl rand -hex 32", "令牌含有不能用的字符，请用 openssl rand -hex 32 生成。")
		case first[sum] != 0:
			problem(1, fmt.Sprintf("the token stands in line %d already. Give every kiosk a token of its own.", first[sum]), fmt.Sprintf("与第 %d 行的令牌相同，每台终端请用自己的令牌。", first[sum]))
		default:
			first[sum] = n
			t.lines = append(t.lines, is)
			t.of[sum] = is
		}
	}
	if err := lines.Err(); err != nil {
		problems = append(problems, fmt.Errorf("%s:%d:1: %v. | 这一行读不了。", file, n+1, err))
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return t, nil
}

// graphic are the characters of a token: RFC 6750's b64token and a few more.
const graphic = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=!@$%^&*"

// Bearer returns whose token it is, at the same cost however many there are. How
// long it takes tells at most of a token's hash, from which nobody gets nearer to
// the token.
func (t *Tokens) Bearer(token string) (Bearer, bool) {
	b, ok := t.of[sha256.Sum256([]byte(token))]
	return b, ok
}

// name says whether a line names a hall.
func (t *Tokens) name(hall kiosk.HallID) bool {
	return slices.ContainsFunc(t.lines, func(b Bearer) bool { return b.Hall == hall })
}

// Kiosks returns every kiosk that has a token, in the order of the file.
func (t *Tokens) Kiosks() []kiosk.KioskID {
	var ids []kiosk.KioskID
	seen := map[kiosk.KioskID]bool{}
	for _, b := range t.lines {
		if !seen[b.Kiosk] {
			ids = append(ids, b.Kiosk)
		}
		seen[b.Kiosk] = true
	}
	return ids
}
