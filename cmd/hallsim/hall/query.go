package hall

import (
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// query reads a request's parameters. The first mistake is kept, and so is a
// parameter that nobody asked for: a misspelt one must not pass for a default.
type query struct {
	values url.Values
	asked  []string
	err    error
}

func ask(r *http.Request) *query { return &query{values: r.URL.Query()} }

func (q *query) get(key string) (string, bool) {
	q.asked = append(q.asked, key)
	return q.values.Get(key), q.values.Has(key)
}

func (q *query) fail(format string, args ...any) {
	if q.err == nil {
		q.err = bad(format, args...)
	}
}

// number sets v if key is there: a number from least on.
func (q *query) number(key string, least int, v *int) {
	s, ok := q.get(key)
	if !ok {
		return
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < least {
		q.fail("%s=%q is not a number from %d on", key, s, least)
		return
	}
	*v = n
}

// millis sets v if key is there: milliseconds.
func (q *query) millis(key string, v *time.Duration) {
	n := int(v.Milliseconds())
	q.number(key, 0, &n)
	*v = time.Duration(n) * time.Millisecond
}

// flag sets v if key is there: 1 or 0.
func (q *query) flag(key string, v *bool) {
	switch s, ok := q.get(key); {
	case !ok:
	case s == "1" || s == "0":
		*v = s == "1"
	default:
		q.fail("%s=%q is neither 1 nor 0", key, s)
	}
}

// lacks is flag for an option that says what isn't there.
func (q *query) lacks(key string, v *bool) {
	has := !*v
	q.flag(key, &has)
	*v = !has
}

// hex sets v if key is there: bytes such as 80FF.
func (q *query) hex(key string, v *[]byte) {
	s, ok := q.get(key)
	if !ok {
		return
	}
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil || len(b) > 256 {
		q.fail("%s=%q is not at most 256 bytes in hexadecimal", key, s)
		return
	}
	*v = b
}

// text sets v if key is there and not longer than an id block may be.
func (q *query) text(key string, v *string) {
	if s, ok := q.get(key); ok {
		if len(s) > 80 || strings.ContainsRune(s, 0) {
			q.fail("%s is longer than 80 bytes, or has a zero in it", key)
			return
		}
		*v = s
	}
}

// word sets v if key is there: one of the words.
func word[T ~string](q *query, key string, v *T, words ...T) {
	s, ok := q.get(key)
	if !ok {
		return
	}
	if !slices.Contains(words, T(s)) {
		q.fail("%s=%q is none of %q", key, s, words)
		return
	}
	*v = T(s)
}

// end returns what was wrong.
func (q *query) end() error {
	for key := range q.values {
		if !slices.Contains(q.asked, key) {
			q.fail("there is no %s here; known are: %s", key, strings.Join(q.asked, ", "))
		}
	}
	return q.err
}
