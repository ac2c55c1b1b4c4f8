package center

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"time"

	"hallkiosk/kiosk"
)

//go:embed page
var pageFiles embed.FS

// Kiosks say something at least once a minute; see kiosk/uplink.
const (
	freshFor = 3 * time.Minute  // heard of within this, a kiosk is well
	lateFor  = 15 * time.Minute // and within this it is late; after it, silent
)

// latestShown is how many of the newest numbers a hall's card shows.
const latestShown = 8

// viewingAtOnce are the pages that are drawn up at a time at the most. Everybody
// may ask for one, and of a city it takes hundreds of questions to the store.
const viewingAtOnce = 2

// overview is what the page shows.
type overview struct {
	Now    time.Time
	Halls  []hallView
	Never  []kiosk.KioskID // have a token, were never heard of
	Alarms []Alarm

	Trouble time.Time // since when nothing new is stored; zero when it is
}

type hallView struct {
	ID      kiosk.HallID
	Day     kiosk.Day
	Waiting int
	Queues  []Queue
	Latest  []Ticket
	Kiosks  []Kiosk
}

// page puts the overview at / and what belongs to it beside it.
func (s *Server) page() {
	tmpl := template.Must(template.New("page.html").Funcs(template.FuncMap{
		"clock":  func(t time.Time) string { return t.In(s.opts.Now().Location()).Format(time.TimeOnly) },
		"day":    func(t time.Time) string { return t.In(s.opts.Now().Location()).Format(time.DateOnly) },
		"health": func(k Kiosk) string { return health(s.opts.Now().Sub(k.Seen)) },
		"since":  func(k Kiosk) kiosk.Text { return since(s.opts.Now().Sub(k.Seen)) },
		"paper":  paper,
		"alarm":  func(a Alarm) kiosk.Text { return alarmText[a.Kind] },
	}).ParseFS(pageFiles, "page/page.html"))

	s.mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), s.opts.Budget)
		defer cancel()
		var v overview
		var html bytes.Buffer
		err := within(ctx, s.viewing, func() (err error) {
			v, err = s.overview(ctx, kiosk.HallID(r.URL.Query().Get("hall")))
			return err
		})
		if err == nil {
			err = tmpl.Execute(&html, v)
		}
		if err != nil {
			p := s.fault(err)
			s.tally(p)
			http.Error(w, "中心暂时答不上来，请稍后再看。\nThe center can't answer now. Try again later.", p.Status)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		html.WriteTo(w) //nolint:errcheck // the reader went away
	})
	for path, file := range map[string]string{"GET /page.css": "page/page.css", "GET /page.js": "page/page.js"} {
		s.mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "no-cache")
			http.ServeFileFS(w, r, pageFiles, file)
		})
	}
}

// overview gathers what the page shows, of one hall or of all when only is
// empty.
func (s *Server) overview(ctx context.Context, only kiosk.HallID) (overview, error) {
	v := overview{Now: s.opts.Now()}
	v.Trouble, _ = s.store.Trouble() // why is for the operator, see GET /v1/status
	halls, err := s.store.Halls(ctx)
	if err != nil {
		return v, err
	}
	kiosks, err := s.store.Kiosks(ctx)
	if err != nil {
		return v, err
	}
	if v.Alarms, err = s.store.Alarms(ctx, 10); err != nil {
		return v, err
	}
	for _, id := range halls {
		if only != "" && id != only {
			continue
		}
		h := hallView{ID: id, Day: s.today()}
		if h.Queues, err = s.queuesOn(ctx, id, h.Day); err != nil {
			return v, err
		}
		if h.Latest, err = s.store.Latest(ctx, id, h.Day, latestShown); err != nil {
			return v, err
		}
		for _, q := range h.Queues {
			h.Waiting += q.Waiting
		}
		for _, k := range kiosks {
			if k.Hall == id {
				h.Kiosks = append(h.Kiosks, k)
			}
		}
		v.Halls = append(v.Halls, h)
	}
	heard := map[kiosk.KioskID]bool{}
	for _, k := range kiosks {
		heard[k.ID] = true
	}
	for _, id := range s.opts.Tokens.Kiosks() {
		if !heard[id] && only == "" {
			v.Never = append(v.Never, id)
		}
	}
	return v, nil
}

// health names the look of a kiosk that was heard of that long ago.
func health(ago time.Duration) string {
	switch {
	case ago < freshFor:
		return "well"
	case ago < lateFor:
		return "late"
	}
	return "silent"
}

// since says how long ago something was.
func since(ago time.Duration) kiosk.Text {
	switch {
	case ago < time.Minute:
		return kiosk.Text{Zh: "刚刚", En: "just now"}
	case ago < time.Hour:
		return kiosk.Text{Zh: fmt.Sprintf("%d 分钟前", ago/time.Minute), En: fmt.Sprintf("%d min ago", ago/time.Minute)}
	case ago < 48*time.Hour:
		return kiosk.Text{Zh: fmt.Sprintf("%d 小时前", ago/time.Hour), En: fmt.Sprintf("%d h ago", ago/time.Hour)}
	}
	return kiosk.Text{Zh: fmt.Sprintf("%d 天前", ago/(24*time.Hour)), En: fmt.Sprintf("%d days ago", ago/(24*time.Hour))}
}

// paper says what became of a ticket's paper.
func paper(s kiosk.PrintState) kiosk.Text {
	switch s {
	case "":
		return kiosk.Text{Zh: "未打印", En: "no print"}
	case kiosk.Printed:
		return kiosk.Text{Zh: "已出纸", En: "printed"}
	case kiosk.PrintDamaged:
		return kiosk.Text{Zh: "纸可能破损", En: "damaged"}
	case kiosk.PrintUnknown:
		return kiosk.Text{Zh: "出纸不明", En: "unknown"}
	case kiosk.NotPrinted:
		return kiosk.Text{Zh: "没有出纸", En: "not printed"}
	}
	return kiosk.Text{Zh: "正在打印", En: "printing"}
}

var alarmText = map[AlarmKind]kiosk.Text{
	AlarmContradiction: {Zh: "同一事件内容不同，已拒收", En: "an event came again with other contents and was refused"},
	AlarmClash:         {Zh: "两张票号码相同", En: "two tickets carry one label"},
	AlarmBooking:       {Zh: "一个预约被两张票签到，后一张按现场取号排队", En: "a booking was checked in twice; the later ticket waits as a walk-in"},
	AlarmEarly:         {Zh: "终端的时钟曾经快了，那时的号码已照收，日期可能不对", En: "a kiosk's clock ran ahead; its numbers of then are taken in, their day may be wrong"},
	AlarmUnreadable:    {Zh: "事件内容读不懂，已原样保存", En: "an event can't be understood; kept as it came"},
}
