package configs

import "time"

// defaultZone is where the halls are.
const defaultZone = "Asia/Shanghai"

func checkDayChange(f *file, key, text string) {
	if at, err := time.Parse("15:04", text); err != nil || at.Hour() > 11 {
		f.addf(key, "day_change is %q. Write an hour of the night such as \"04:00\".", "day_change 是 %q，请写夜里的时间，例如 \"04:00\"。", text)
	}
}

// dayChange is how long after midnight a checked day_change is.
func dayChange(text string) time.Duration {
	at, _ := time.Parse("15:04", text)
	return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
}

// Location returns the hall's time zone. Only for a checked config.
func (k *Kiosk) Location() *time.Location { return location(k.Kiosk.Timezone) }

func checkZone(f *file, key, name string) {
	if _, err := time.LoadLocation(name); err != nil || name == "" {
		f.addf(key, "no time zone %q. Write a name such as Asia/Shanghai.", "没有 %q 这个时区，请写 Asia/Shanghai 这样的名字。", name)
	}
}

func location(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		return time.Local
	}
	return loc
}

// DayChange returns how long after midnight the business day begins. Only for
// a checked config.
func (k *Kiosk) DayChange() time.Duration {
	return dayChange(k.Kiosk.DayChange)
}
