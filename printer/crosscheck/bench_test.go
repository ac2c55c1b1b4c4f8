package crosscheck

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"hallkiosk/configs"
	"hallkiosk/kiosk"
	"hallkiosk/printer"
	"hallkiosk/printer/printertest"
)

// way is one way of making the same ticket.
type way struct {
	Name              string
	Bytes             []byte
	Rounds            int
	Drawing, Encoding float64 // microseconds a ticket, warm
}

// BenchmarkEncoders makes the plain Chinese ticket for 80 mm paper with our
// encoder and with two others, each in the best way it has: text where it can,
// else only the Chinese lines as pictures, cut tight; code and digits by the
// printer's own commands. The floor is the text alone in GB18030.
func BenchmarkEncoders(b *testing.B) {
	need(b)
	const kind = 0 // the plain ticket
	s := paper(b, kind, kiosk.Zh, printer.DefaultOpts().Profile)
	ours := ourWay(b, kind, s)
	ways := append([]way{ours}, otherWays(b, s)...)
	floor, err := simplifiedchinese.GB18030.NewEncoder().String(strings.Join(s.Lines, "\n"))
	if err != nil {
		b.Fatal(err)
	}
	want := onPaper(b, s.Width, ours.Bytes)
	b.Run("floor-text-alone", func(b *testing.B) { report(b, way{Bytes: []byte(floor)}, ours) })
	for _, w := range ways {
		b.Run(w.Name, func(b *testing.B) {
			got := onPaper(b, s.Width, w.Bytes)
			// All must be the same ticket, or the figures say nothing.
			if !strings.Contains(w.Name, "raster") {
				if !slices.Equal(got.Text, want.Text) || !slices.Equal(got.QR, want.QR) {
					b.Fatalf("another ticket: %q %q, want %q %q", got.Text, got.QR, want.Text, want.QR)
				}
			} else if r := readPicture(b, got.Image(), s.Lang); !slices.Equal(r.Codes, []string{s.QR}) || similarity(r.Text, strings.Join(s.Lines, "\n")) < threshold {
				b.Fatalf("another ticket: %q %.2f\n%s", r.Codes, similarity(r.Text, strings.Join(s.Lines, "\n")), r.Text)
			}
			report(b, w, ours)
		})
	}
}

func report(b *testing.B, w, ours way) {
	at := func(baud int) float64 { return float64(len(w.Bytes)) * 10 / float64(baud) * 1000 }
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(len(w.Bytes)), "bytes")
	b.ReportMetric(at(9600), "line-9600-ms")
	b.ReportMetric(at(115200), "line-115200-ms")
	b.ReportMetric(float64(len(w.Bytes))/float64(len(ours.Bytes)), "bytes-ratio")
	if w.Encoding > 0 {
		b.ReportMetric(w.Encoding, "encode-us")
		b.ReportMetric(w.Encoding/ours.Encoding, "encode-ratio")
	}
	if w.Drawing > 0 {
		b.ReportMetric(w.Drawing, "draw-us")
		b.ReportMetric((w.Drawing+w.Encoding)/ours.Encoding, "draw-encode-ratio")
	}
}

// ourWay times gathering what the ticket says and laying it out.
func ourWay(b *testing.B, kind int, s specimen) way {
	setting, j, opens := input(b, kind, s.Lang, printer.DefaultOpts().Profile)
	layouts := configs.ShippedLayouts()
	const rounds = 20000
	n := 0
	for range rounds / 5 {
		n += len(render(setting, layouts, j, opens))
	}
	began := time.Now()
	for range rounds {
		n += len(render(setting, layouts, j, opens))
	}
	took := time.Since(began)
	if n != len(s.Bytes)*(rounds+rounds/5) {
		b.Fatal("not always the same ticket")
	}
	return way{Name: "ours", Bytes: s.Bytes, Rounds: rounds, Encoding: took.Seconds() * 1e6 / rounds}
}

func otherWays(b *testing.B, s specimen) (ways []way) {
	dir := b.TempDir()
	data, err := json.Marshal([]specimen{s})
	if err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tickets.json"), data, 0o644); err != nil {
		b.Fatal(err)
	}
	node(b, &ways, "others.mjs", dir)
	if len(ways) != 6 {
		b.Fatalf("%d ways, want 6", len(ways))
	}
	return ways
}

func onPaper(b *testing.B, width int, wire []byte) *printertest.Paper {
	b.Helper()
	p := printertest.New(printertest.Opts{Width: width})
	if _, err := p.Write(wire); err != nil {
		b.Fatal(err)
	}
	if len(p.Papers()) != 1 {
		b.Fatalf("%d papers, unknown commands %v", len(p.Papers()), p.Unknown())
	}
	return p.Papers()[0]
}
