package idcard

import (
	"math"

	"hallkiosk/kiosk"
)

// Number18 checks a citizen's number and returns it in its form of 18
// characters: a number of 15 digits, as given out until 1999, gets its century
// and check character, and a small x becomes X. It holds for resident cards,
// for the permits that begin with 81, 82 or 83 and for the foreigners' numbers
// of 2023 that begin with 9 (GB 11643, ISO 7064 MOD 11-2). The error has the
// code EInvalid and doesn't repeat the number.
func Number18(number string) (string, error) {
	n := number18([]byte(number))
	if n == nil {
		return "", &kiosk.Error{Code: kiosk.EInvalid, Op: "check number", Message: "证件号码不对，请再看一下。",
			Hint: "not a number by GB 11643: 15 digits, or 17 and a check character that fits"}
	}
	return string(n), nil
}

// number18 returns a new slice with the number of 18 characters that in is or
// stands for, or nil. A day of birth needs a month up to 12 and a day up to 31
// only: numbers with a 30th of February were given out and are in use.
func number18(in []byte) []byte {
	n := make([]byte, 0, 18)
	switch len(in) {
	case 15:
		n = append(append(append(n, in[:6]...), "19"...), in[6:]...)
	case 18:
		n = append(n, in[:17]...)
	default:
		return nil
	}
	for _, c := range n {
		if c < '0' || c > '9' {
			clear(n)
			return nil
		}
	}
	check := checkChar(n)
	fits := len(in) == 15 || in[17] == check || in[17] == 'x' && check == 'X'
	if !fits || n[0] == '0' || !monthDay(n[10:14]) {
		clear(n)
		return nil
	}
	return append(n, check)
}

// checkChar is the check character that belongs to 17 digits.
func checkChar(digits []byte) byte {
	weights := [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, w := range weights {
		sum += w * int(digits[i]-'0')
	}
	return "10X98765432"[sum%11]
}

// monthDay says whether four digits may be a month and a day.
func monthDay(d []byte) bool {
	month, day := 10*int(d[0]-'0')+int(d[1]-'0'), 10*int(d[2]-'0')+int(d[3]-'0')
	return month >= 1 && month <= 12 && day >= 1 && day <= 31
}

// number2017 returns a new slice with the number of a foreigner's card of 2017
// that in is, or nil: the country's three letters and 12 digits.
func number2017(in []byte) []byte {
	if len(in) != 15 {
		return nil
	}
	for i, c := range in {
		if letter := c >= 'A' && c <= 'Z'; i < 3 && !letter || i >= 3 && (c < '0' || c > '9') {
			return nil
		}
	}
	return append(make([]byte, 0, 15), in...)
}

// born is the day of birth that a checked number says, as 20060102. A foreigner's
// number of 2017 has no century: it is taken for one of the hundred years up to
// year. Nobody's day of birth is later than any.
func born(number []byte, year int) int {
	digits := func(b []byte) (n int) {
		for _, c := range b {
			n = 10*n + int(c-'0')
		}
		return n
	}
	switch len(number) {
	case 18:
		return digits(number[6:14])
	case 15:
		century := year / 100 * 100
		if digits(number[7:9]) > year%100 {
			century -= 100
		}
		return century*10000 + digits(number[7:13])
	}
	return math.MaxInt
}
