package kiosk

import (
	"fmt"
	"strconv"
	"strings"
)

// Number is the label of a ticket: what is printed, shown and called. It is
// unique within one hall and business day, but it is only a label; operations
// use the TicketID.
//
// Two series exist and can never collide. The shared series is counted by the
// center, or by a kiosk that stands alone, and reads A023. A kiosk's own
// series carries the kiosk's series digits and a hyphen, and reads A1-007.
// Neither wraps: after 999 comes 1000.
type Number struct {
	Queue  QueueID // the leading letters
	Series string  // the kiosk's own digits, empty in the shared series
	N      int     // counts from 1
}

// String returns the label as people read it.
func (n Number) String() string {
	if n.Series == "" {
		return fmt.Sprintf("%s%03d", n.Queue, n.N)
	}
	return fmt.Sprintf("%s%s-%03d", n.Queue, n.Series, n.N)
}

// ParseNumber reads a label back. It accepts exactly what String returns.
func ParseNumber(s string) (Number, error) {
	rest := strings.TrimLeft(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	n := Number{Queue: QueueID(s[:len(s)-len(rest)])}
	digits := rest
	if series, after, ok := strings.Cut(rest, "-"); ok {
		n.Series, digits = series, after
	}
	v, err := strconv.Atoi(digits)
	n.N = v
	if err != nil || n.Queue == "" || v < 1 || n.String() != s || strings.Trim(n.Series, "0123456789") != "" {
		return Number{}, &Error{Code: EInvalid, Op: "parse number",
			Message: "这不是一个号码：" + s, Hint: fmt.Sprintf("%q is not a ticket number such as A023 or A1-007", s)}
	}
	return n, nil
}
