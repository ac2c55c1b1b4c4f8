package center_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
	. "hallkiosk/kiosk/center/centertest"
)

func TestDouble(t *testing.T) {
	life := func(epoch, prior kiosk.Epoch) kiosk.Batch {
		b := Batch("k1")
		b.Epoch, b.Prior = epoch, prior
		return b
	}
	h := newHall(t)
	h.acked(h.send(life("e1", "")), 0)
	for range 2 {
		a := h.send(life("e2", ""))
		if a.Type != center.ProblemDouble {
			t.Fatalf("%d %s, want a double", a.status, a.body)
		}
		h.refused(a, 409, kiosk.EConflict, "another machine")
	}
	h.acked(h.send(life("e1", "")), 0) // who spoke first goes on
	t.Run("Restored", func(t *testing.T) {
		h.acked(h.send(life("e3", "e1")), 0)
	})
	t.Run("AfterSilence", func(t *testing.T) {
		h.now = h.now.Add(10*time.Minute - time.Second)
		h.refused(h.send(life("e4", "")), 409, kiosk.EConflict, "another machine")
		h.now = h.now.Add(time.Second)
		h.acked(h.send(life("e4", "")), 0)
	})
}

// counted counts the lists of all kiosks that are read.
type counted struct {
	center.Store
	lists atomic.Int64
}

func (c *counted) Kiosks(ctx context.Context) ([]center.Kiosk, error) {
	c.lists.Add(1)
	return c.Store.Kiosks(ctx)
}

// What a kiosk asks must not cost more in a city of many: none of it reads all
// kiosks. BenchmarkCenterHello shows the cost.
func TestKioskCostsNoList(t *testing.T) {
	h := newHall(t)
	c := &counted{Store: h.store}
	o := center.DefaultOpts()
	o.Now, o.Log, o.Tokens = func() time.Time { return h.now }, slog.New(slog.DiscardHandler), tokens(t)
	srv := httptest.NewServer(center.New(c, o))
	t.Cleanup(srv.Close)
	h.url = srv.URL
	h.acked(h.send(Batch("k1", Run("k1", "1", 1, 3)...)), 3)
	h.now = h.now.Add(2 * time.Minute) // what was known of the kiosk holds no longer
	h.acked(h.send(Batch("k1", Run("k1", "1", 4, 6)...)), 6)
	if a := h.do("GET", "/v1/self", nil, "Authorization", "Bearer "+token1); a.status != 200 || a.body != `{"kiosk":"k1","epochs":["e1"]}`+"\n" {
		t.Fatalf("%d %q", a.status, a.body)
	}
	if a := h.do("GET", "/v1/self", nil, "Authorization", "Bearer "+token2); a.status != 200 || a.body != `{"kiosk":"k2","epochs":[]}`+"\n" {
		t.Fatalf("%d %q", a.status, a.body)
	}
	h.hold("h1", "Bearer "+token1).until(func(n kiosk.News) bool { return len(n.Lengths) == 1 })
	if n := c.lists.Load(); n != 0 {
		t.Fatalf("all kiosks were listed %d times", n)
	}
	if a := h.do("GET", "/", nil); a.status != 200 || c.lists.Load() != 1 {
		t.Fatalf("%d with %d lists: the count counts nothing", a.status, c.lists.Load())
	}
}
