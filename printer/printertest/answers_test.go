package printertest_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	pt "hallkiosk/printer/printertest"
)

// next reads what comes off the line next and how long that took.
func next(t *testing.T, p *pt.Printer) (string, time.Duration) {
	t.Helper()
	start := time.Now()
	b := make([]byte, 64)
	n, err := p.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n]), time.Since(start)
}

// TestBarrierTroubles has answers to GS r late, lost and false, one at a time,
// while the others come as ever.
func TestBarrierTroubles(t *testing.T) {
	const job = "\x1d(H\x06\x0000abcd"
	t.Run("Late", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := pt.New(pt.Opts{JobID: true})
			p.SetAnswers(pt.Answers{Only: pt.Barrier, Delay: 3 * time.Second})
			send(t, p, query, "\x10\x04\x01", job)
			got, took := next(t, p)
			equal(t, "at once", got, "\x12\x37\x22abcd\x00")
			equal(t, "after", took, time.Duration(0))
			got, took = next(t, p)
			equal(t, "late", got, "\x00")
			equal(t, "after", took, 3*time.Second)
		})
	})
	t.Run("NothingGetsBetweenTheBytesOfOne", func(t *testing.T) {
		p := pt.New(pt.Opts{JobID: true})
		send(t, p, job)
		var b [3]byte
		if _, err := p.Read(b[:]); err != nil {
			t.Fatal(err)
		}
		send(t, p, "\x10\x04\x01")
		equal(t, "the rest", string(p.Replies()), "bcd\x00\x12")
	})
	t.Run("Lost", func(t *testing.T) {
		p := pt.New(pt.Opts{})
		p.SetAnswers(pt.Answers{Only: pt.Barrier, Lose: 2})
		send(t, p, query, "\x10\x04\x01", query, query)
		equal(t, "answers", string(p.Replies()), "\x12\x00")
		equal(t, "still to lose", p.State().Answers.Lose, 0)
	})
	t.Run("JobLost", func(t *testing.T) {
		p := pt.New(pt.Opts{JobID: true})
		p.SetAnswers(pt.Answers{Only: pt.JobEnd, Lose: -1})
		send(t, p, job, query, job)
		equal(t, "answers", string(p.Replies()), "\x00")
	})
	t.Run("Early", func(t *testing.T) {
		p := pt.New(pt.Opts{})
		p.Set(pt.PaperOut, true)
		p.Replies()
		send(t, p, "one\n", cut, query)
		equal(t, "honest", string(p.Replies()), "")
		p.NewRoll()
		equal(t, "when it is done", string(p.Replies()), "\x00")

		p.SetAnswers(pt.Answers{Early: true})
		p.Set(pt.PaperOut, true)
		send(t, p, "two\n", cut, query, "\x1dr1")
		equal(t, "early", string(p.Replies()), "\x0f\x0f")
		equal(t, "papers", len(p.Papers()), 1)
		p.NewRoll()
		equal(t, "papers", len(p.Papers()), 2)
		equal(t, "once is enough", string(p.Replies()), "")
		p.SetAnswers(pt.Answers{})
		send(t, p, query)
		equal(t, "honest again", string(p.Replies()), "\x00")
	})
	t.Run("Unasked", func(t *testing.T) {
		p := pt.New(pt.Opts{})
		p.SayAt(pt.At{}, 0x00)
		equal(t, "at once", string(p.Replies()), "\x00")
		p.SayAt(pt.At{Byte: 4}, 0x00)
		send(t, p, "one")
		equal(t, "too soon", string(p.Replies()), "")
		if got := p.State().Pending; len(got) != 1 || got[0].At.Byte != 1 || string(got[0].Say) != "\x00" {
			t.Errorf("pending %+v", got)
		}
		send(t, p, "\n")
		equal(t, "in mid-ticket", string(p.Replies()), "\x00")
		p.SayAt(pt.At{Cut: 1}, 0x00)
		send(t, p, cut, query)
		equal(t, "at the cut, and the honest one", string(p.Replies()), "\x00\x00")
		equal(t, "pending", len(p.State().Pending), 0)
	})
}

func TestNoise(t *testing.T) {
	p := pt.New(pt.Opts{})
	p.SetAnswers(pt.Answers{Noise: []byte{0xFF, 0x80}})
	send(t, p, "\x10\x04\x01", query)
	equal(t, "before every answer", string(p.Replies()), "\xff\x80\x12\xff\x80\x00")
	p.SetAnswers(pt.Answers{Only: pt.Live, Noise: []byte{0xFF}})
	send(t, p, "\x10\x04\x01", query)
	equal(t, "before one kind", string(p.Replies()), "\xff\x12\x00")
	p.SayAt(pt.At{}, 0x80, 0x81)
	equal(t, "alone", string(p.Replies()), "\x80\x81")
	p.Clear()
	send(t, p, query)
	equal(t, "cleared", string(p.Replies()), "\x00")
}

// TestModels asks each of the questions that some models know and others don't.
func TestModels(t *testing.T) {
	const clear = "\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"
	const code = "\x1d(k\x04\x001A2\x00"
	for _, c := range []struct {
		name, send, with, without string
		can, cannot               func(*pt.Opts)
	}{
		{"JobID", "\x1d(H\x06\x0000abcd", "\x37\x22abcd\x00", "", func(o *pt.Opts) { o.JobID = true }, func(o *pt.Opts) { o.JobID = false }},
		{"Clear", clear, "\x37\x25\x00", "", func(o *pt.Opts) { o.NoClear = false }, func(o *pt.Opts) { o.NoClear = true }},
		{"QR", code, "", "", func(o *pt.Opts) { o.NoQR = false }, func(o *pt.Opts) { o.NoQR = true }},
		{"Full", "\x10\x04\x14", "\x10\x0f\x00\x00\x00\x00", "", func(o *pt.Opts) { o.Exit = pt.Custom }, func(o *pt.Opts) { o.Exit = pt.Open }},
		{"Ejector", "\x1de\x06", "\x00", "", func(o *pt.Opts) { o.Exit = pt.Custom }, func(o *pt.Opts) { o.Exit = pt.Citizen }},
		{"Collect", "\x1dR0", "", "", func(o *pt.Opts) { o.Exit = pt.Citizen }, func(o *pt.Opts) { o.Exit = pt.Custom }},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := pt.New(pt.Opts{})
			p.Setup(c.can)
			send(t, p, c.send)
			equal(t, "one that can", string(p.Replies()), c.with)
			equal(t, "unknown", len(p.Unknown()), 0)
			p.Setup(c.cannot)
			send(t, p, c.send)
			equal(t, "one that can't", string(p.Replies()), c.without)
			equal(t, "unknown", len(p.Unknown()), 1)
		})
	}
	t.Run("Names", func(t *testing.T) {
		p := pt.New(pt.Opts{Width: 384})
		p.Setup(func(o *pt.Opts) { o.Maker, o.Model, o.Width = "EPSON", "TM-T82", 576 })
		send(t, p, "\x1dI\x42\x1dI\x43")
		equal(t, "answers", string(p.Replies()), "\x5fEPSON\x00\x5fTM-T82\x00")
		equal(t, "width", p.State().Opts.Width, 384)
		equal(t, "model", p.State().Opts.Model, "TM-T82")
	})
}

// TestRecoverOnlyFromErrors has DLE ENQ do nothing to a printer without an error,
// and nothing at all on models that lack it.
func TestRecoverOnlyFromErrors(t *testing.T) {
	for _, c := range []struct {
		name  string
		opts  pt.Opts
		fault pt.Fault
		want  []string // what is read on the paper in the end
	}{
		{"CutterError", pt.Opts{}, pt.Cutter, nil},
		{"Jam", pt.Opts{}, pt.Jam, nil},
		{"CoverIsNoError", pt.Opts{}, pt.CoverOpen, []string{"kept"}},
		{"PaperEndIsNoError", pt.Opts{}, pt.PaperOut, []string{"kept"}},
		{"Healthy", pt.Opts{}, "", []string{"kept"}},
		{"NotKnown", pt.Opts{NoReset: true}, pt.Cutter, []string{"kept"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := pt.New(c.opts)
			if c.fault != "" {
				p.Set(c.fault, true)
			}
			send(t, p, "kept", "\x10\x05\x02")
			equal(t, "DLE ENQ 2 frees the cutter", p.State().Has(pt.Cutter), c.name == "NotKnown")
			p.Clear()
			p.NewRoll()
			p.Set(pt.CoverOpen, false)
			send(t, p, "\n\x1dV\x00")
			var got []string
			for _, paper := range p.Papers() {
				got = append(got, paper.Text...)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("on the paper %q, want %q", got, c.want)
			}
		})
	}
}
