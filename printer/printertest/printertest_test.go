package printertest_test

import (
	"bytes"
	"context"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"hallkiosk/printer/printertest"
)

// hanzi is text as a host sends it.
func hanzi(t testing.TB, s string) string {
	t.Helper()
	b, err := simplifiedchinese.GB18030.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func send(t testing.TB, p *printertest.Printer, parts ...string) {
	t.Helper()
	if _, err := p.Write([]byte(strings.Join(parts, ""))); err != nil {
		t.Fatal(err)
	}
}

// only returns the paper there is and fails unless it is one.
func only(t testing.TB, p *printertest.Printer) *printertest.Paper {
	t.Helper()
	papers := p.Papers()
	if len(papers) != 1 {
		t.Fatalf("%d papers, want 1", len(papers))
	}
	return papers[0]
}

func equal(t testing.TB, what string, got, want any) {
	t.Helper()
	g, okG := got.([]string)
	w, okW := want.([]string)
	if okG && okW && slices.Equal(g, w) || !okG && got == want {
		return
	}
	t.Errorf("%s: got %q, want %q", what, got, want)
}

const (
	reset  = "\x1b@"
	center = "\x1ba\x01"
	cut    = "\x1dVB\x00"
	query  = "\x1dr\x01"
)

// qrCode is the five commands that print s.
func qrCode(s string, dots byte) string {
	n := len(s) + 3
	return "\x1d(k\x04\x001A2\x00" + "\x1d(k\x03\x001C" + string(rune(dots)) + "\x1d(k\x03\x001E1" +
		"\x1d(k" + string([]byte{byte(n), byte(n >> 8)}) + "1P0" + s + "\x1d(k\x03\x001Q0"
}

// ticket is the ticket of the design's picture 8, in text.
func ticket(t testing.TB) string {
	size := func(w, h byte) string { return "\x1d!" + string([]byte{(w-1)<<4 | (h - 1)}) }
	rule := strings.Repeat("-", 48) + "\n"
	return strings.Join([]string{
		reset, "\x1c&", center,
		size(2, 2), "\x1bE\x01", hanzi(t, "中山市行政服务中心\n"), "\x1bE\x00", size(1, 1),
		hanzi(t, "您的号\n"),
		size(8, 8), "\x1bE\x01", "A023\n", size(2, 2), hanzi(t, "社保卡补办\n"), "\x1bE\x00", size(1, 1), rule,
		size(2, 2), hanzi(t, "去C区21-26号窗口\n"), size(1, 1), hanzi(t, "向前20米，右转，左手第三排\n"), rule,
		hanzi(t, "前面5人 · 约12-20分钟\n带好：身份证原件\n"), "\x1bJ\x10",
		qrCode("https://hall.example/t/7Q2M-A023-0913", 6), "\x1bJ\x10",
		hanzi(t, "扫码看排队，快到时提醒您\n"), rule,
		hanzi(t, "2018-09-13 10:05:32 · 1楼东门K3\n"), cut,
	}, "")
}

func TestTicket(t *testing.T) {
	p := printertest.New(printertest.Opts{})
	body := ticket(t)
	send(t, p, body)
	paper := only(t, p)
	rule := strings.Repeat("-", 48)
	equal(t, "text", paper.Text, []string{"中山市行政服务中心", "您的号", "A023", "社保卡补办", rule,
		"去C区21-26号窗口", "向前20米，右转，左手第三排", rule, "前面5人 · 约12-20分钟", "带好：身份证原件",
		"扫码看排队，快到时提醒您", rule, "2018-09-13 10:05:32 · 1楼东门K3"})
	equal(t, "qr", paper.QR, []string{"https://hall.example/t/7Q2M-A023-0913"})
	equal(t, "whole", paper.Whole, true)
	// The init and mode commands, four bytes, come before the paper's first.
	equal(t, "bytes", paper.Bytes, len(body)-4)
	equal(t, "unknown", p.Unknown(), []string(nil))
	if paper.First.IsZero() || paper.Last.Before(paper.First) || paper.Cut.Before(paper.Last) {
		t.Errorf("times out of order: first %v, last %v, cut %v", paper.First, paper.Last, paper.Cut)
	}
	if dir := os.Getenv("PAPER_DIR"); dir != "" { // to look at it
		var b bytes.Buffer
		if err := png.Encode(&b, paper.Image()); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "ticket.png"), b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLayout counts dots: rows of the lines and columns of the ink.
func TestLayout(t *testing.T) {
	for _, c := range []struct {
		name, body  string
		opts        printertest.Opts
		height      int
		left, right int // first and last column with ink, ±2
	}{
		{name: "Letters12x24", body: "HHH\n", height: 30, left: 1, right: 34},
		{name: "Centre", body: center + "HHHH\n", height: 30, left: 265, right: 310},
		{name: "Right", body: "\x1ba\x02HHHH\n", height: 30, left: 529, right: 574},
		{name: "Number8x8is384", body: center + "\x1d!\x77A023\n", height: 192, left: 98, right: 470},
		{name: "FullLine24Hanzi", body: strings.Repeat("\xb9\xfa", 24) + "\n", height: 30, left: 2, right: 573},
		{name: "Wraps25thHanzi", body: strings.Repeat("\xb9\xfa", 25) + "\n", height: 60, left: 2, right: 573},
		{name: "Narrow16Hanzi", body: strings.Repeat("\xb9\xfa", 17) + "\n", opts: printertest.Opts{Width: 384}, height: 60, left: 2, right: 381},
		{name: "LineSpacing", body: "\x1b3\x40H\n", height: 64, left: 1, right: 10},
		{name: "FeedLines", body: "H\x1bd\x03", height: 90, left: 1, right: 10},
		{name: "FeedDots", body: "H\n\x1bJ\x0a", height: 40, left: 1, right: 10},
		{name: "LeftMargin", body: "\x1dL\x60\x00HHH\n", height: 30, left: 97, right: 130},
		{name: "Position", body: "\x1b$\x60\x00HHH\n", height: 30, left: 97, right: 130},
		{name: "Area", body: "\x1dW\x30\x00HHHHHH\n", height: 60, left: 1, right: 46},
		{name: "Wide", body: "\x1b!\x20HH\n", height: 30, left: 2, right: 45},
		{name: "High", body: "\x1b!\x10HH\n", height: 48, left: 1, right: 22},
		{name: "HanziQuad", body: "\x1c!\x0c\xb9\xfa\n", height: 48, left: 3, right: 43},
		{name: "SizesOfAClone", body: "\x1d!\x11\x1d!\x77HH\n", opts: printertest.Opts{Sizes: 2}, height: 48, left: 2, right: 45},
		{name: "Raster", body: "\x1dv0\x00\x02\x00\x03\x00\xff\xff\x80\x01\xff\xff", height: 3, left: 0, right: 15},
		{name: "RasterQuad", body: "\x1dv0\x03\x02\x00\x03\x00\xff\xff\x80\x01\xff\xff", height: 6, left: 0, right: 31},
		{name: "RasterCentre", body: center + "\x1dv0\x00\x02\x00\x01\x00\xff\xff", height: 1, left: 280, right: 295},
		{name: "BitImage", body: "\x1b*\x21\x02\x00\xff\xff\xff\xff\xff\xff\n", height: 30, left: 0, right: 1},
		{name: "QR21Modules", body: qrCode("A", 4), height: 84, left: 0, right: 83},
		{name: "QRCentre", body: center + qrCode("A", 4), height: 84, left: 246, right: 329},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := printertest.New(c.opts)
			send(t, p, c.body, "\x1dV\x01")
			paper := only(t, p)
			equal(t, "height", paper.Height, c.height)
			left, right := ink(paper)
			if abs(left-c.left) > 2 || abs(right-c.right) > 2 {
				t.Errorf("ink in columns %d..%d, want %d..%d", left, right, c.left, c.right)
			}
		})
	}
}

func ink(paper *printertest.Paper) (left, right int) {
	img := paper.Dots()
	left, right = img.Rect.Dx(), -1
	for i, v := range img.Pix {
		if v == 0 {
			left, right = min(left, i%img.Stride), max(right, i%img.Stride)
		}
	}
	return left, right
}

func abs(n int) int { return max(n, -n) }

// TestRasterDots compares every dot of a picture.
func TestRasterDots(t *testing.T) {
	p := printertest.New(printertest.Opts{})
	send(t, p, "\x1dv0\x00\x01\x00\x02\x00\xa5\x01", "\x1dV\x00")
	img := only(t, p).Dots()
	for y, want := range []string{"#.#..#.#", ".......#"} {
		got := ""
		for x := range 8 {
			got += string(".#"[1-img.GrayAt(x, y).Y/255])
		}
		equal(t, "row", got, want)
	}
}

func TestText(t *testing.T) {
	for _, c := range []struct {
		name, body    string
		opts          printertest.Opts
		text, unknown []string
	}{
		{name: "ChineseOnFromTheStart", body: "\xba\xc5\n", text: []string{"号"}},
		{name: "ChineseOff", body: "\x1c.\xba\xc5\n", text: []string{"║┼"}},
		{name: "WesternModel", opts: printertest.Opts{Western: true}, body: "\xba\xc5\n\x1c&\xba\xc5\n", text: []string{"║┼", "号"}},
		{name: "RareTwoByte", body: "\x82\xda\n", text: []string{"傏"}},
		{name: "FourByteIsRubbish", body: "\x81\x30\x84\x36\n", text: []string{"□0□6"}, unknown: []string{"81 30", "84 36"}},
		{name: "LoneEuro", body: "\x80\n", text: []string{"□"}, unknown: []string{"80"}},
		{name: "UnknownEsc", body: "\x1bzA\n", text: []string{"A"}, unknown: []string{"1B 7A"}},
		{name: "Japanese", body: "\x1cC\x01A\n", text: []string{"A"}, unknown: []string{"1C 43 01"}},
		{name: "BarCode", body: "\x1dk\x04ABC\x00\x1dkI\x03{BAx\n", text: []string{"x"}, unknown: []string{"1D 6B 04 41 42 43 00", "1D 6B 49 03 7B 42 41"}},
		{name: "Nuls", body: "\x00\x00\x00A\x00B\n", text: []string{"AB"}},
		{name: "Tab", body: "A\tB\n", text: []string{"A B"}},
		{name: "AlignInsideALineIsIgnored", body: "A\x1ba\x02\n", text: []string{"A"}},
		{name: "NoJobID", body: "\x1d(H\x06\x0000abcdA\n", text: []string{"A"}, unknown: []string{"1D 28 48 06 00 30 30 61"}},
		{name: "QRTooWide", body: qrCode(strings.Repeat("x", 200), 16) + "A\n", text: []string{"A"}},
		{name: "NoQR", opts: printertest.Opts{NoQR: true}, body: "\x1d(k\x03\x001Q0A\n", text: []string{"A"}, unknown: []string{"1D 28 6B 03 00 31 51 30"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := printertest.New(c.opts)
			send(t, p, c.body, "\x1dV\x00")
			paper := only(t, p)
			equal(t, "text", paper.Text, c.text)
			equal(t, "unknown", p.Unknown(), c.unknown)
			if len(paper.QR) != 0 {
				t.Errorf("printed codes %q", paper.QR)
			}
		})
	}
}

// TestCutter has the blade 96 dots behind the head: what function A cuts through
// stays below it and comes out with the next paper.
func TestCutter(t *testing.T) {
	p := printertest.New(printertest.Opts{Gap: 96})
	send(t, p, "1\n2\n3\n4\n5\n6\n", "\x1dV\x00", "7\n", "\x1dVA\x08")
	papers := p.Papers()
	if len(papers) != 2 {
		t.Fatalf("%d papers, want 2", len(papers))
	}
	equal(t, "first", papers[0].Text, []string{"1", "2", "3"})
	equal(t, "second", papers[1].Text, []string{"4", "5", "6", "7"})
	equal(t, "first height", papers[0].Height, 6*30)
	equal(t, "second height", papers[1].Height, 30+96+8)
	send(t, p, "\x1dV1", "\x1bi", "\x1bm")
	equal(t, "papers after cuts without feed", len(p.Papers()), 2)
}

func TestKeepsTheNewest(t *testing.T) {
	p := printertest.New(printertest.Opts{Keep: 3})
	send(t, p, strings.Repeat("A\n\x1dV\x00", 5))
	papers := p.Papers()
	if len(papers) != 3 || papers[0].ID != 3 || papers[2].ID != 5 {
		t.Fatalf("kept %d papers from %d", len(papers), papers[0].ID)
	}
}

// TestMechanics takes the time of paper and line on a clock of its own.
func TestMechanics(t *testing.T) {
	t.Run("BarrierWaitsForTheMotor", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := printertest.New(printertest.Opts{Speed: 100})
			start := time.Now()
			// 800 dots are 100 mm, a second at 100 mm/s.
			send(t, p, strings.Repeat("\x1bJ\xc8", 4), "\x1d(H\x06\x0000abcd", query, "\x10\x04\x01")
			equal(t, "at once", string(p.Replies()), "\x12")
			b := make([]byte, 9)
			n, err := p.Read(b)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "answer", string(b[:n]), "\x00")
			if took := time.Since(start); took < 990*time.Millisecond || took > 1010*time.Millisecond {
				t.Errorf("answered after %v, want 1 s", took)
			}
		})
	})
	t.Run("CoverStopsTheMotor", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := printertest.New(printertest.Opts{Speed: 100})
			send(t, p, strings.Repeat("\x1bJ\xc8", 4), cut)
			time.Sleep(500 * time.Millisecond)
			p.Set(printertest.CoverOpen, true)
			time.Sleep(10 * time.Second)
			equal(t, "papers", len(p.Papers()), 0)
			if h := p.State().Hanging; h < 360 || h > 400 {
				t.Errorf("%d dots hang out after half a second, want about 400", h)
			}
			p.Set(printertest.CoverOpen, false)
			time.Sleep(600 * time.Millisecond)
			paper := only(t, p)
			equal(t, "height", paper.Height, 800)
			equal(t, "whole", paper.Whole, false)
		})
	})
	t.Run("LateAnswers", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := printertest.New(printertest.Opts{})
			p.SetAnswers(printertest.Answers{Delay: 3 * time.Second, Lose: 1})
			start := time.Now()
			send(t, p, "\x10\x04\x01\x1dI\x42")
			b := make([]byte, 20)
			n, err := p.Read(b)
			equal(t, "answer", string(b[:n]), "\x5fHALL\x00")
			equal(t, "after", time.Since(start), 3*time.Second)
			equal(t, "error", err, nil)
		})
	})
}

func TestWait(t *testing.T) {
	p := printertest.New(printertest.Opts{})
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan error)
	go func() {
		got <- p.Wait(ctx, func(s printertest.State) bool { return len(s.Papers) == 1 })
	}()
	send(t, p, "A\n", cut)
	equal(t, "wait", <-got, nil)
	cancel()
	if err := p.Wait(ctx, func(printertest.State) bool { return false }); err == nil {
		t.Error("Wait went on after its context ended")
	}
}
