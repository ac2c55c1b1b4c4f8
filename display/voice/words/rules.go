package words

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// rules says the passages that are not read as they are written, in each
// tongue. What is special comes first, any digits come last.
var rules = map[Tongue][]rule{
	Mandarin:  mandarin.rules(),
	Cantonese: cantonese.rules(),
	English:   englishRules(),
}

// The shapes, after fold.
const (
	label   = `\b([A-Z]{1,3})(\d{1,6})\b`           // A023, Z01
	series  = `\b([A-Z]{1,3})(\d{1,2})-(\d{3,5})\b` // A1-007
	hours   = `\b([01]?\d|2[0-4]):([0-5]\d)(?::[0-5]\d)?\b`
	iso     = `\b(\d{4})-(\d{2})-(\d{2})\b`
	page    = `\b(\d+) / (\d+)\b`
	grouped = `\b\d{1,3}(?:,\d{3})+\b`
	decimal = `\b(\d+)\.(\d+)\b`
	percent = `(\d+) ?%`
	yuan    = `[\x{A5}\x{FFE5}] ?(\d+)`
	to      = ` ?[-~] ?`
	capital = `\b[A-Z]{2,5}\b`
	masked  = `(\d*)\*+ ?(\d+)` // a telephone or card number
	counted = `(个|個|人|位|张|張|分钟|分鐘|分|秒|小时|小時|米|样|樣|件|项|項|种|種|次|天|条|條|步|台|臺|家|层|層|间|間|份|元|块|塊|名|岁|歲)?`
)

func on(shape string, say func(m []string) string) rule { return rule{regexp.MustCompile(shape), say} }

// letters says capitals by their names.
func letters(s string) string { return strings.Join(strings.Split(s, ""), " ") }

func (c *chinese) rules() []rule {
	number := func(s string) string { n, _ := strconv.Atoi(s); return c.quantity(n) }
	return []rule{
		on(page, func(m []string) string {
			return "第" + c.say(m[1]) + c.sheet + ",共" + c.say(m[2]) + c.sheet
		}),
		on(iso, func(m []string) string {
			return c.spell(m[1]) + "年" + number(m[2]) + "月" + number(m[3]) + "日"
		}),
		on(`\b(\d{4}) ?年`, func(m []string) string { return c.spell(m[1]) + "年" }),
		on(" ?"+hours+to+hours+" ?", func(m []string) string { return c.time(m[1], m[2]) + c.upTo + c.time(m[3], m[4]) }),
		on(" ?"+hours+" ?", func(m []string) string { return c.time(m[1], m[2]) }),
		on(series, func(m []string) string {
			return letters(m[1]) + " " + c.spell(m[2]) + " " + c.hyphen + " " + c.spell(m[3])
		}),
		on(label, func(m []string) string { return letters(m[1]) + " " + c.spell(m[2]) }),
		on(masked, func(m []string) string { return c.spell(m[1]) + "," + c.spell(m[2]) }),
		on(`第 ?(\d+) ?`, func(m []string) string { return "第" + c.say(m[1]) }), // never 第两个
		on(yuan, func(m []string) string { return c.counted(m[1]) + "元" }),
		on(percent, func(m []string) string { return "百分之" + c.say(m[1]) }),
		on(" ?"+grouped+" ?", func(m []string) string {
			digits := strings.ReplaceAll(strings.TrimSpace(m[0]), ",", "")
			if n, err := strconv.Atoi(digits); err == nil && n < 1e8 {
				return c.quantity(n)
			}
			return c.spell(digits)
		}),
		on(decimal, func(m []string) string { return c.say(m[1]) + c.point + c.spell(m[2]) }),
		on(` ?(\d+)`+to+`(\d+) ?`+counted, func(m []string) string {
			_, from := small(m[1])
			_, until := small(m[2])
			switch {
			case !from || !until: // a telephone number
				return " " + c.spell(m[1]) + "," + c.spell(m[2]) + m[3]
			case m[3] == "":
				return c.say(m[1]) + c.upTo + c.say(m[2])
			}
			return c.counted(m[1]) + c.upTo + c.counted(m[2]) + c.measure(m[3])
		}),
		on(` ?(\d+) ?`+counted, func(m []string) string {
			if m[2] == "" {
				return c.say(m[1])
			}
			return c.counted(m[1]) + c.measure(m[2])
		}),
		on(capital, func(m []string) string { return " " + letters(m[0]) + " " }),
	}
}

// measure says the word after a count; the screen shortens the minute.
func (c *chinese) measure(s string) string {
	if s == "分" {
		return c.minutes
	}
	return s
}

func (c *chinese) time(hour, minute string) string {
	h, _ := strconv.Atoi(hour)
	m, _ := strconv.Atoi(minute)
	s := c.quantity(h)
	if h == 2 {
		s = c.two
	}
	s += c.clock
	switch {
	case m == 0:
		return s
	case m == 30:
		return s + "半"
	case m < 10:
		s += c.digits[0]
	}
	return s + c.quantity(m) + "分"
}

var (
	months   = map[string]string{}
	weekdays = map[string]string{}
	units    = map[string]string{"min": "minute", "s": "second", "h": "hour", "m": "metre", "km": "kilometre", "cm": "centimetre", "mm": "millimetre"}
)

func englishRules() []rule {
	for m := time.January; m <= time.December; m++ {
		months[m.String()[:3]] = m.String()
	}
	for d := time.Sunday; d <= time.Saturday; d++ {
		weekdays[d.String()[:3]] = d.String()
	}
	number := func(s string) int { n, _ := strconv.Atoi(s); return n }
	month := `(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\b`
	unit := ` ?(min|s|h|m|km|cm|mm)\b`
	return []rule{
		// The article is small, so that a capital is a letter's name.
		on(`(^|[.!?;,:\n] *)A ([a-z])`, func(m []string) string { return m[1] + "a " + m[2] }),
		on(page, func(m []string) string { return "page " + sayEnglish(m[1]) + " of " + sayEnglish(m[2]) }),
		on(iso, func(m []string) string {
			month := time.Month(min(max(1, number(m[2])), 12))
			return "the " + ordinal(number(m[3])) + " of " + month.String() + " " + year(m[1])
		}),
		on(`(?:\b(Sun|Mon|Tue|Wed|Thu|Fri|Sat)[a-z]* )?\b(\d{1,2}) `+month, func(m []string) string {
			return strings.TrimSpace(weekdays[m[1]] + " the " + ordinal(number(m[2])) + " of " + months[m[3]])
		}),
		on(`\b(\d{1,3})(?:st|nd|rd|th)\b`, func(m []string) string { return ordinal(number(m[1])) }),
		on(hours+to+hours, func(m []string) string { return timeEnglish(m[1], m[2]) + " to " + timeEnglish(m[3], m[4]) }),
		on(hours, func(m []string) string { return timeEnglish(m[1], m[2]) }),
		on(series, func(m []string) string {
			return letters(m[1]) + " " + spell(m[2], english) + " dash " + spell(m[3], english)
		}),
		on(label, func(m []string) string { return letters(m[1]) + " " + spell(m[2], english) }),
		on(masked, func(m []string) string { return spell(m[1], english) + "," + spell(m[2], english) }),
		on(yuan, func(m []string) string { return sayEnglish(m[1]) + " yuan" }),
		on(percent, func(m []string) string { return sayEnglish(m[1]) + " percent" }),
		on(grouped, func(m []string) string {
			digits := strings.ReplaceAll(m[0], ",", "")
			if n, err := strconv.Atoi(digits); err == nil && n < 1e8 {
				return cardinal(n)
			}
			return spell(digits, english)
		}),
		on(decimal, func(m []string) string { return sayEnglish(m[1]) + " point " + spell(m[2], english) }),
		on(`(\d)-([A-Za-z])`, func(m []string) string { return m[1] + " " + m[2] }), // 24-hour
		on(`(\d+)`+to+`(\d+)`+unit, func(m []string) string {
			return sayEnglish(m[1]) + " to " + sayEnglish(m[2]) + " " + units[m[3]] + "s"
		}),
		on(`(\d+)`+unit, func(m []string) string {
			if m[1] == "1" {
				return "one " + units[m[2]]
			}
			return sayEnglish(m[1]) + " " + units[m[2]] + "s"
		}),
		on(`(\d+)`+to+`(\d+)`, func(m []string) string {
			_, from := small(m[1])
			if _, until := small(m[2]); !from || !until {
				return spell(m[1], english) + "," + spell(m[2], english)
			}
			return " " + sayEnglish(m[1]) + " to " + sayEnglish(m[2]) + " "
		}),
		on(`\d+`, func(m []string) string { return " " + sayEnglish(m[0]) + " " }),
		on(capital, func(m []string) string { return letters(m[0]) }),
	}
}

// timeEnglish says a time by the clock of twelve hours.
func timeEnglish(hour, minute string) string {
	h, _ := strconv.Atoi(hour)
	m, _ := strconv.Atoi(minute)
	half := " A M"
	if h >= 12 && h < 24 {
		half = " P M"
	}
	switch {
	case h%24 == 0 && m == 0:
		return "midnight"
	case h == 12 && m == 0:
		return "noon"
	}
	s := cardinal((h+11)%12 + 1)
	switch {
	case m == 0:
	case m < 10:
		s += " oh " + cardinal(m)
	default:
		s += " " + cardinal(m)
	}
	return s + half
}

// year says a year in two halves: twenty twenty six.
func year(digits string) string {
	high, low := digits[:2], digits[2:]
	h, _ := strconv.Atoi(high)
	l, _ := strconv.Atoi(low)
	switch {
	case low == "00" || h%10 == 0 && l < 10: // 1900, 2005
		n, _ := strconv.Atoi(digits)
		return cardinal(n)
	case l < 10:
		return cardinal(h) + " oh " + cardinal(l)
	}
	return cardinal(h) + " " + cardinal(l)
}
