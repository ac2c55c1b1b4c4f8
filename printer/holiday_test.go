package printer_test

import (
	"strings"
	"testing"
	"time"

	"hallkiosk/configs"
	"hallkiosk/kiosk"
	"hallkiosk/printer"
)

// A number taken on or before a holiday says on paper why nobody is called yet;
// one that waits for the next morning doesn't.
func TestHolidayOnPaper(t *testing.T) {
	c := catalog(t)
	for _, x := range []struct {
		taken, opens time.Time
		want         string
	}{
		{time.Date(2026, 9, 30, 20, 0, 0, 0, shanghai), time.Date(2026, 10, 8, 8, 30, 0, 0, shanghai), "国庆节放假"},
		{time.Date(2026, 10, 3, 9, 0, 0, 0, shanghai), time.Date(2026, 10, 8, 8, 30, 0, 0, shanghai), "国庆节放假"},
		{time.Date(2026, 10, 8, 20, 0, 0, 0, shanghai), time.Date(2026, 10, 9, 8, 30, 0, 0, shanghai), ""},
		{time.Date(2026, 10, 8, 9, 0, 0, 0, shanghai), time.Time{}, ""},
	} {
		for _, kind := range []kiosk.PaperKind{kiosk.PaperTicket, kiosk.PaperPromise, kiosk.PaperPlan} {
			j := printer.Specimen(c, kind, kiosk.Zh)
			j.Ticket.Taken = kiosk.Stamp{Wall: x.taken.UnixMilli()}
			p := profile(80)
			slip := printer.NewSlip(printer.Setting{Catalog: c, Profile: p, Kiosk: "K1", Location: shanghai}, j, x.opens)
			text := flat(strings.Join(printed(t, p, printer.Render(configs.ShippedLayouts()[kind], slip)).Text, "\n"))
			if got := strings.Contains(text, "放假"); got != (x.want != "") || !strings.Contains(text, x.want) {
				t.Errorf("%s taken %s: want %q in\n%s", kind, x.taken, x.want, text)
			}
			if opens := x.opens.Format("01-02 15:04"); !x.opens.IsZero() && !strings.Contains(text, flat(opens+" 开始叫号")) {
				t.Errorf("%s taken %s doesn't say that calling starts %s:\n%s", kind, x.taken, opens, text)
			}
		}
	}
}
