package words

import (
	"strconv"
	"strings"
)

// chinese is how a Chinese tongue says numbers, and what stands around them.
type chinese struct {
	digits                         [10]string
	ten, hundred, thousand, myriad string
	two                            string // 2 before what is counted
	twoThousands                   string // the 2 of 2000 and 20000
	point, hyphen                  string
	clock, minutes                 string
	upTo                           string // between two numbers
	sheet                          string // a page
}

var (
	mandarin = chinese{strings10("零一二三四五六七八九"), "十", "百", "千", "万", "两", "两",
		"点", "杠", "点", "分钟", "到", "页"}
	cantonese = chinese{strings10("零一二三四五六七八九"), "十", "百", "千", "萬", "兩", "二",
		"點", "橫", "點", "分鐘", "至", "頁"}
)

func strings10(s string) (out [10]string) {
	for i, r := range []rune(s) {
		out[i] = string(r)
	}
	return out
}

// spell says digits one by one.
func (c *chinese) spell(digits string) string { return spell(digits, c.digits) }

func spell(digits string, names [10]string) string {
	out := make([]string, 0, len(digits))
	for _, d := range digits {
		out = append(out, names[d-'0'])
	}
	return strings.Join(out, " ")
}

// quantity says a number as a whole, below 100 million.
func (c *chinese) quantity(n int) string {
	if n < 10000 {
		return c.below(n, n >= 10 && n < 20)
	}
	high, low := n/10000, n%10000
	s := c.below(high, high >= 10 && high < 20) + c.myriad
	if high == 2 {
		s = c.twoThousands + c.myriad
	}
	if low == 0 {
		return s
	}
	if low < 1000 {
		s += c.digits[0]
	}
	return s + c.below(low, false)
}

// below says a number below 10,000. bare leaves out the one of ten: 十五, but
// 一百一十五.
func (c *chinese) below(n int, bare bool) string {
	if n == 0 {
		return c.digits[0]
	}
	s, gap := "", false
	for _, place := range []struct {
		unit int
		name string
	}{{1000, c.thousand}, {100, c.hundred}, {10, c.ten}, {1, ""}} {
		d := n / place.unit % 10
		if d == 0 {
			gap = s != ""
			continue
		}
		if gap {
			s += c.digits[0]
			gap = false
		}
		switch {
		case bare && place.unit == 10:
		case d == 2 && place.unit == 1000:
			s += c.twoThousands
		default:
			s += c.digits[d]
		}
		s += place.name
	}
	return s
}

// say says a number of the screen: a quantity, or digit by digit where that is
// how people read it, as a hotline's.
func (c *chinese) say(digits string) string {
	if n, ok := small(digits); ok {
		return c.quantity(n)
	}
	return c.spell(digits)
}

// counted is say before what is counted: two people are 两人.
func (c *chinese) counted(digits string) string {
	if digits == "2" {
		return c.two
	}
	return c.say(digits)
}

// small tells whether digits are a quantity: at most four of them, and no zero
// in front.
func small(digits string) (int, bool) {
	n, err := strconv.Atoi(digits)
	return n, err == nil && len(digits) <= 4 && (digits[0] != '0' || digits == "0")
}

var (
	english = [10]string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}
	teens   = [10]string{"ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"}
	tens    = [10]string{2: "twenty", 3: "thirty", 4: "forty", 5: "fifty", 6: "sixty", 7: "seventy", 8: "eighty", 9: "ninety"}
	firsts  = map[string]string{"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth", "twelve": "twelfth"}
)

// cardinal says a number below 100 million in English.
func cardinal(n int) string {
	switch {
	case n < 10:
		return english[n]
	case n < 20:
		return teens[n-10]
	case n < 100:
		return strings.TrimSuffix(tens[n/10]+" "+english[n%10], " zero")
	case n < 1000:
		return beyond(n, 100, " hundred")
	case n < 1000000:
		return beyond(n, 1000, " thousand")
	}
	return beyond(n, 1000000, " million")
}

func beyond(n, unit int, name string) string {
	s := cardinal(n/unit) + name
	switch rest := n % unit; {
	case rest == 0:
		return s
	case rest < 100:
		return s + " and " + cardinal(rest)
	default:
		return s + " " + cardinal(rest)
	}
}

// ordinal says which: twenty third.
func ordinal(n int) string {
	s := cardinal(n)
	i := strings.LastIndexByte(s, ' ') + 1
	last := s[i:]
	switch first, odd := firsts[last]; {
	case odd:
		last = first
	case strings.HasSuffix(last, "y"):
		last = strings.TrimSuffix(last, "y") + "ieth"
	default:
		last += "th"
	}
	return s[:i] + last
}

func sayEnglish(digits string) string {
	if n, ok := small(digits); ok {
		return cardinal(n)
	}
	return spell(digits, english)
}
