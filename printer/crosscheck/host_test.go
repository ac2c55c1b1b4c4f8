package crosscheck

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hallkiosk/printer/printertest"
)

// listen puts a printer behind a socket, one connection at a time, as printers
// with a network port are, and returns its address. receiptio knows only port
// 9100, so of the loopback's addresses that one is taken where it is free.
func listen(t *testing.T, p *printertest.Printer) (address string) {
	t.Helper()
	var l net.Listener
	var err error
	for i := 1; i < 100; i++ {
		address = fmt.Sprintf("127.0.0.%d", i)
		if l, err = net.Listen("tcp", address+":9100"); err == nil {
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // closed at the end
			}
			_ = p.Serve(ctx, c, 0) // ends when the host hangs up
			c.Close()
		}
	})
	t.Cleanup(func() {
		cancel()
		l.Close()
		serving.Wait()
	})
	return address
}

// receiptio, a host that is not ours, understands what our virtual printer says
// (its words are those of its README).
func TestOtherHost(t *testing.T) {
	need(t)
	fault := func(f printertest.Fault) func(*printertest.Printer) {
		return func(p *printertest.Printer) { p.Set(f, true) }
	}
	// In mid-print: after 12 mm of some 70.
	middle := func(f printertest.Fault) func(*printertest.Printer) {
		return func(p *printertest.Printer) { p.SetAtDot(f, 100) }
	}
	for _, maker := range []string{"HALL", "EPSON"} { // receiptio speaks to Epson's in its own way
		for _, c := range []struct {
			name   string
			before func(*printertest.Printer)
			want   string
			whole  int
		}{
			{"Ready", func(*printertest.Printer) {}, "success", 1},
			{"NearEnd", fault(printertest.NearEnd), "success", 1},
			{"CoverOpen", fault(printertest.CoverOpen), "coveropen", 0},
			{"PaperOut", fault(printertest.PaperOut), "paperempty", 0},
			{"CutterStuck", fault(printertest.Cutter), "error", 0},
			{"PaperOutInMidPrint", middle(printertest.PaperOut), "paperempty", 0},
			{"CoverOpenInMidPrint", middle(printertest.CoverOpen), "coveropen", 0},
			{"CutterStuckInMidPrint", middle(printertest.Cutter), "error", 0},
			{"Silent", fault(printertest.Silent), "offline", 0}, // after the twelve seconds that it is patient
		} {
			t.Run(maker+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				p := printertest.New(printertest.Opts{Speed: 150, Gap: 96, Maker: maker})
				c.before(p)
				var said string
				began := time.Now()
				node(t, &said, "host.mjs", listen(t, p))
				took := time.Since(began)
				if said != c.want {
					t.Errorf("receiptio says %q, want %q", said, c.want)
				}
				whole := 0
				for _, paper := range p.Papers() {
					if paper.Whole && strings.Contains(strings.Join(paper.Text, "\n"), "A1-023") {
						whole++
						// For Epson's it draws the code with GS 8 L, which the virtual printer lacks.
						name := filepath.Join(t.TempDir(), "paper.png")
						save(t, name, paper.Image())
						if codes := readCodes(t, name)[name]; maker != "EPSON" && !slices.Equal(codes, []string{"01a2061f-3593-767b-82e3-336d26cacaea"}) {
							t.Errorf("zbarimg reads %q on its paper", codes)
						}
					}
				}
				if whole != c.whole {
					t.Errorf("%d whole papers with the number, want %d", whole, c.whole)
				}
				t.Logf("%s after %s; not known to the printer: %q", said, took.Round(time.Millisecond), p.Unknown())
			})
		}
	}
}
