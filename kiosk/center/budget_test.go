package center_test

import (
	"context"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
)

// hurried is a store that notes which questions may take for ever.
type hurried struct {
	center.Store
	mu      sync.Mutex
	asked   map[string]int
	endless map[string]int
}

func (s *hurried) note(ctx context.Context, what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked[what]++
	if _, bounded := ctx.Deadline(); !bounded {
		s.endless[what]++
	}
}

func (s *hurried) Kiosk(ctx context.Context, id kiosk.KioskID) (center.Kiosk, error) {
	s.note(ctx, "kiosk")
	return s.Store.Kiosk(ctx, id)
}

func (s *hurried) EndSession(ctx context.Context, hash center.Hash, e center.Entry) error {
	s.note(ctx, "end session")
	return s.Store.EndSession(ctx, hash, e)
}

// A database that falls silent holds no request for ever, and no place among
// those that ask.
func TestBudget(t *testing.T) {
	h := newHall(t)
	h.account("wang", center.Technician, "h1")
	h.acked(h.post(encode(kiosk.Batch{Kiosk: "k2", Hall: "h1", Epoch: "e1"}), "Authorization", "Bearer "+token2), 0) // whose token names no hall
	session := h.login("wang")
	st := &hurried{Store: h.store, asked: map[string]int{}, endless: map[string]int{}}
	o := center.DefaultOpts()
	o.Tokens, o.Now = tokens(t), func() time.Time { return h.now }
	h.serveStore(st, o)
	h.hold("h1", "Bearer "+token2).until(func(kiosk.News) bool { return true })
	if a := h.as(session, "POST", "/v1/logout"); a.status != 204 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.asked["kiosk"] == 0 || st.asked["end session"] == 0 || len(st.endless) > 0 {
		t.Errorf("asked %v, without end %v", st.asked, st.endless)
	}

	var news center.News
	defer news.Close()
	_, err := news.Watch(t.Context(), "h1", func(ctx context.Context) (int64, error) {
		if _, bounded := ctx.Deadline(); !bounded {
			t.Error("the version is waited for without end")
		}
		return 1, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// viewed is a store that lists halls only when it is let.
type viewed struct {
	center.Store
	came, let chan struct{}
}

func (s viewed) Halls(ctx context.Context) ([]kiosk.HallID, error) {
	s.came <- struct{}{}
	select {
	case <-s.let:
		return s.Store.Halls(ctx)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// However many look at the page, few have the store at a time.
func TestPagesBounded(t *testing.T) {
	h := newHall(t)
	st := viewed{h.store, make(chan struct{}, 99), make(chan struct{})}
	s := center.New(st, center.DefaultOpts())
	view := func(ctx context.Context) int {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "/", nil))
		return w.Code
	}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if got := view(t.Context()); got != 200 {
				t.Errorf("%d", got)
			}
		})
		<-st.came
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	for range 30 { // a place that was free would be taken by half of them
		if got := view(gone); got != 503 || len(st.came) > 0 {
			t.Fatalf("a third: %d", got)
		}
	}
	close(st.let)
	wg.Wait()
	if got := view(t.Context()); got != 200 {
		t.Errorf("afterwards: %d", got)
	}
}
