package pgstore

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"hallkiosk/kiosk/center"
	"hallkiosk/kiosk/center/centertest"
)

// BenchmarkCenterHello takes in what a kiosk says every minute, that it is
// there, with 12 and with 1,200 kiosks in the city, alternating. Each time so
// long after the last that the center asks anew whose id that is. Beside it, as
// floor, an UPDATE ... RETURNING of one row and its commit.
func BenchmarkCenterHello(b *testing.B) {
	const rounds = 300
	cities := []int{12, 1200}
	for _, d := range databases {
		b.Run(d.name, func(b *testing.B) {
			var say []func()
			var bare floor
			now := centertest.Noon
			for _, kiosks := range cities {
				var st center.Store
				st, bare = d.open(b, 1)
				defer st.Close()
				defer bare.close()
				s := helloServer(b, st, kiosks, func() time.Time { return now })
				text, err := json.Marshal(centertest.Batch(kioskOf(0)))
				if err != nil {
					b.Fatal(err)
				}
				say = append(say, func() {
					r := httptest.NewRequest(http.MethodPost, "/v1/events", bytes.NewReader(text))
					r.Header = http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + tokenOf(0)}}
					w := httptest.NewRecorder()
					if s.ServeHTTP(w, r); w.Code != http.StatusOK {
						b.Fatal(w.Code, w.Body)
					}
				})
			}
			say = append(say, func() {
				if err := bare.count(); err != nil {
					b.Fatal(err)
				}
			})
			took := make([][]time.Duration, len(say))
			for range rounds {
				now = now.Add(time.Hour)
				for i, one := range say {
					at := time.Now()
					one()
					took[i] = append(took[i], time.Since(at))
				}
			}
			b.ReportMetric(0, "ns/op")
			for i, kiosks := range cities {
				b.ReportMetric(millis(quantile(took[i], .5)), fmt.Sprintf("%d-p50-ms", kiosks))
			}
			b.ReportMetric(millis(quantile(took[len(cities)], .5)), "floor-p50-ms")
			b.ReportMetric(quantile(took[1], .5).Seconds()/quantile(took[0], .5).Seconds(), "ratio")
		})
	}
}

// helloServer is a center that has heard of so many kiosks.
func helloServer(b *testing.B, st center.Store, kiosks int, now func() time.Time) *center.Server {
	b.Helper()
	var lines strings.Builder
	for i := range kiosks {
		hello := centertest.Batch(kioskOf(i))
		hello.Hall = hallOf(i)
		if _, err := st.Ingest(b.Context(), center.Seal(hello, centertest.Noon)); err != nil {
			b.Fatal(err)
		}
		fmt.Fprintf(&lines, "%s %s %s\n", kioskOf(i), tokenOf(i), hallOf(i))
	}
	o := center.DefaultOpts()
	var err error
	if o.Tokens, err = center.ReadTokens(strings.NewReader(lines.String()), "tokens"); err != nil {
		b.Fatal(err)
	}
	o.Log, o.Now = slog.New(slog.DiscardHandler), now
	return center.New(st, o)
}
