package idcard_test

import (
	"strings"
	"testing"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/idcard"
)

// The good numbers are the examples of GB 11643 and of the specimens, and ones
// made up by the same rule; the first three and the first bad one stand in
// devices.md.
func TestNumber18(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"GB 11643", "11010519491231002X", "11010519491231002X"},
		{"GB 11643 woman", "440524188001010014", "440524188001010014"},
		{"HMT permit", "810000199408230021", "810000199408230021"},
		{"foreigner 2023", "911124198108030024", "911124198108030024"},
		{"small x", "11010519491231002x", "11010519491231002X"},
		{"15 digits", "110105491231002", "11010519491231002X"},
		{"30th of February", "110105195202300010", "110105195202300010"},
		{"check digit", "911124198108030028", ""},
		{"one digit changed", "11010519491231003X", ""},
		{"two digits swapped", "11010519491321002X", ""},
		{"month 13", "110105194913010019", ""},
		{"day 00", "110105194912000015", ""},
		{"day 32", "110105194912320018", ""},
		{"15 digits with month 00", "110105490031002", ""},
		{"region 0", "010105194912310022", ""},
		{"X amid", "1101051949123100X2", ""},
		{"letter", "11010519491231O02X", ""},
		{"full width", "１１０１０５１９４９１２３１００２Ｘ", ""},
		{"16 characters", "1101051949123100", ""},
		{"19 characters", "11010519491231002X0", ""},
		{"blank before", " 1010519491231002X", ""},
		{"empty", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := c.in
			switch {
			case strings.HasPrefix(c.name, "month"), strings.HasPrefix(c.name, "day"), strings.HasPrefix(c.name, "region"), c.name == "30th of February":
				in = withCheck(in) // so that only the day or the region is wrong
				if c.want != "" {
					c.want = in
				}
			}
			got, err := idcard.Number18(in)
			if got != c.want || (err == nil) != (c.want != "") {
				t.Fatalf("got %q, %v; want %q", got, err, c.want)
			}
			if err != nil && (kiosk.CodeOf(err) != kiosk.EInvalid || in != "" && strings.Contains(err.Error(), in)) {
				t.Errorf("error %v, code %s", err, kiosk.CodeOf(err))
			}
		})
	}
}

// withCheck puts the check character that fits to 17 digits of n, computed as
// ISO 7064 defines it: the whole, with X as ten, is 1 modulo 11, each place
// weighing twice the one to its right.
func withCheck(n string) string {
	for _, c := range "0123456789X" {
		m := n[:17] + string(c)
		sum := 0
		for _, d := range m {
			v := int(d - '0')
			if d == 'X' {
				v = 10
			}
			sum = sum*2 + v
		}
		if sum%11 == 1 {
			return m
		}
	}
	panic(n)
}

// Each check character is right for one in eleven numbers.
func TestNumber18ChecksEveryDigit(t *testing.T) {
	const good = "440524188001010014"
	if withCheck(good) != good {
		t.Fatal("the test computes it wrongly")
	}
	for i := range good {
		for _, d := range "0123456789" {
			if bad := good[:i] + string(d) + good[i+1:]; bad != good {
				if _, err := idcard.Number18(bad); err == nil {
					t.Errorf("%s passes", bad)
				}
			}
		}
	}
}
