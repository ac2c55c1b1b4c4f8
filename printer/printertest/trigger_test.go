package printertest_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	pt "hallkiosk/printer/printertest"
)

// TestAtTheCut breaks it when the knife is used: the paper stays in the printer
// until somebody sees to it, and isn't whole.
func TestAtTheCut(t *testing.T) {
	for _, fault := range []pt.Fault{pt.Jam, pt.Cutter, pt.CoverOpen, pt.Offline} {
		t.Run(string(fault), func(t *testing.T) {
			p := pt.New(pt.Opts{Gap: 96})
			p.SetAt(fault, pt.At{Cut: 2})
			send(t, p, "one\n", cut, query)
			equal(t, "first cut", len(p.Papers()), 1)
			equal(t, "answer", string(p.Replies()), "\x00")
			send(t, p, "two\n", cut, query)
			equal(t, "second cut", len(p.Papers()), 1)
			equal(t, "fault", p.State().Has(fault), true)
			equal(t, "hanging", p.State().Hanging, 30+96)
			equal(t, "answer", string(p.Replies()), "")
			p.Set(fault, false)
			papers := p.Papers()
			equal(t, "mended", len(papers), 2)
			equal(t, "text", papers[1].Text, []string{"two"})
			equal(t, "whole", papers[1].Whole, fault == pt.Offline)
			equal(t, "answer", string(p.Replies()), "\x00")
		})
	}
	t.Run("PaperEnd", func(t *testing.T) {
		p := pt.New(pt.Opts{Gap: 96})
		p.SetAt(pt.PaperOut, pt.At{Cut: 1})
		send(t, p, reset, "one\n", cut)
		p.NewRoll()
		send(t, p, reset, "two\n", cut)
		papers := p.Papers()
		equal(t, "papers", len(papers), 2)
		equal(t, "the piece", papers[0].Whole, false)
		equal(t, "the next", papers[1].Whole, true)
	})
	t.Run("PowerOff", func(t *testing.T) {
		p := pt.New(pt.Opts{})
		p.SetAt(pt.PowerOff, pt.At{Cut: 1})
		_, err := p.Write([]byte("one\n" + cut + "two\n"))
		if !errors.Is(err, pt.ErrOff) {
			t.Fatalf("write: %v", err)
		}
		p.Set(pt.PowerOff, false)
		equal(t, "papers", len(p.Papers()), 0)
		send(t, p, cut)
		equal(t, "whole", only(t, p).Whole, false)
	})
}

// TestXoffForEver holds the line at a byte: what came before is printed, what
// comes after waits on the line, polls too.
func TestXoffForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pt.New(pt.Opts{Buffer: 8, XonXoff: true})
		body := "one\n" + cut + "two\n" + cut + query
		p.SetAt(pt.Xoff, pt.At{Byte: len("one\n" + cut)})
		done := make(chan error)
		go func() {
			_, err := p.Write([]byte(body))
			done <- err
		}()
		synctest.Wait() // the writer is stuck
		equal(t, "papers", len(p.Papers()), 1)
		equal(t, "received", p.State().Received, int64(len("one\n"+cut)))
		equal(t, "answer", string(p.Replies()), "\x13")
		p.Clear()
		equal(t, "write", <-done, nil)
		equal(t, "papers", len(p.Papers()), 2)
		equal(t, "answer", string(p.Replies()), "\x11\x00")
	})
	t.Run("PowerFreesTheWriter", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := pt.New(pt.Opts{})
			p.Set(pt.Xoff, true)
			done := make(chan error)
			go func() {
				_, err := p.Write([]byte("x"))
				done <- err
			}()
			synctest.Wait()
			p.Set(pt.PowerOff, true)
			if err := <-done; !errors.Is(err, pt.ErrOff) {
				t.Errorf("write: %v", err)
			}
		})
	})
	t.Run("ServeEnds", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		p := pt.New(pt.Opts{})
		port, done := serve(t, ctx, p, 0)
		p.SetAt(pt.Xoff, pt.At{Byte: 2})
		if _, err := io.WriteString(port, "one\n"); err != nil {
			t.Fatal(err)
		}
		equal(t, "XOFF", answer(t, port, 1), "\x13")
		cancel()
		equal(t, "served", <-done, nil)
		equal(t, "received", p.State().Received, int64(2))
	})
}

// TestSlowBuffer takes 100 bytes a second out of a buffer of 10.
func TestSlowBuffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pt.New(pt.Opts{Rate: 100})
		body := strings.Repeat("x", 95) + "\n" + cut + query
		send(t, p, body[:50])
		time.Sleep(105 * time.Millisecond)
		equal(t, "waiting", p.State().Waiting, 40)
		send(t, p, body[50:])
		got, took := next(t, p)
		equal(t, "answer", got, "\x00")
		want := time.Duration(len(body))*10*time.Millisecond - 105*time.Millisecond
		equal(t, "took", took, want)
		equal(t, "papers", len(p.Papers()), 1)
	})
	t.Run("SmallBufferOverruns", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := pt.New(pt.Opts{Rate: 100, Buffer: 10})
			send(t, p, "0123456789ABCDE")
			equal(t, "overrun", p.State().Overrun, 5)
			time.Sleep(time.Second)
			send(t, p, "\n\x1dV\x00")
			time.Sleep(time.Second)
			paper := only(t, p)
			equal(t, "text", paper.Text, []string{"0123456789"})
			equal(t, "whole", paper.Whole, false)
		})
	})
	t.Run("FasterOnTheWay", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := pt.New(pt.Opts{Rate: 100, Speed: 100})
			send(t, p, "one\n", cut, query)
			time.Sleep(25 * time.Millisecond) // in the middle of the text
			p.Setup(func(o *pt.Opts) { o.Rate = 0 })
			time.Sleep(5 * time.Millisecond) // in the middle of the line's dots
			p.Setup(func(o *pt.Opts) { o.Speed = 0 })
			equal(t, "answer", string(p.Replies()), "\x00")
			time.Sleep(time.Minute)
			equal(t, "text", only(t, p).Text, []string{"one"})
		})
	})
	t.Run("PowerEmptiesIt", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := pt.New(pt.Opts{Rate: 100})
			p.SetAtByte(pt.PowerOff, 20)
			if _, err := p.Write([]byte(strings.Repeat("x", 30))); !errors.Is(err, pt.ErrOff) {
				t.Fatalf("write: %v", err)
			}
			p.Set(pt.PowerOff, false)
			equal(t, "waiting", p.State().Waiting, 0)
			p.Setup(func(o *pt.Opts) { o.Rate = 0 })
			send(t, p, "one\n", cut)
			equal(t, "text", only(t, p).Text, []string{"one"})
		})
	})
}

// TestUnplugged pulls the cable in mid-ticket: the port hangs up, the printer
// keeps what it has, and goes on with it on the new line.
func TestUnplugged(t *testing.T) {
	p := pt.New(pt.Opts{})
	p.SetAtByte(pt.Unplugged, 6)
	port, done := serve(t, t.Context(), p, 0)
	if _, err := io.WriteString(port, "one\ntwo\n"); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, pt.ErrUnplugged) {
		t.Fatalf("served: %v", err)
	}
	if n, err := port.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("read after hang-up: %d, %v", n, err)
	}
	if _, err := p.Write([]byte("x")); !errors.Is(err, pt.ErrUnplugged) {
		t.Errorf("write: %v", err)
	}
	if _, err := p.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("read: %v", err)
	}
	p.SayAt(pt.At{}, 0x00)
	p.Set(pt.Unplugged, false)

	ctx, cancel := context.WithCancel(t.Context())
	port, done = serve(t, ctx, p, 0)
	if _, err := io.WriteString(port, "\n"+cut+query); err != nil {
		t.Fatal(err)
	}
	equal(t, "answer", answer(t, port, 1), "\x00")
	paper := only(t, p)
	equal(t, "text", paper.Text, []string{"one", "tw"})
	cancel()
	equal(t, "served", <-done, nil)
}
