package center_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
	. "hallkiosk/kiosk/center/centertest"
)

// refusing is a store whose disk is full.
type refusing struct {
	center.Store
	since time.Time
	err   error // nil when there is room again
}

func (s *refusing) Trouble() (since time.Time, err error) {
	if s.err == nil {
		return since, nil
	}
	return s.since, s.err
}

func (s *refusing) SeeSession(context.Context, center.Hash, time.Time) error { return s.err }

// A disk that refuses is told to balancers and boards without words, and to the
// technician with them, and keeps nobody from looking who has logged in.
func TestTroubleTold(t *testing.T) {
	h := newHall(t)
	h.account("wang", center.Technician, "h1")
	session := h.login("wang")
	hint := "/data/center.db 所在的磁盘满了 / its disk is full"
	st := &refusing{h.store, Noon, &kiosk.Error{Code: kiosk.EDisk, Hint: hint}}
	o := center.DefaultOpts()
	o.Now = func() time.Time { return h.now.Add(10 * time.Minute) } // the session was used since
	o.Log = slog.New(slog.DiscardHandler)
	h.serveStore(st, o)
	health := `{"status":"trouble","trouble_since":"2024-11-23T12:00:00Z","refused":0}`
	if a := h.do("GET", "/healthz", nil); a.status != 200 || strings.TrimSpace(a.body) != health {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := h.do("GET", "/", nil); !strings.Contains(a.body, "存不了新的内容") || !strings.Contains(a.body, "2024-11-23 12:00:00 起") || strings.Contains(a.body, "center.db") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := h.as(session, "GET", "/v1/status"); a.status != 200 || !strings.Contains(a.body, `"trouble":{"since":"2024-11-23T12:00:00Z","hint":"`+hint+`"}`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	st.err = &kiosk.Error{Code: kiosk.EUnavailable}
	if a := h.as(session, "GET", "/v1/status"); a.status != 503 {
		t.Errorf("a store that doesn't answer: %d %s", a.status, a.body)
	}
	st.err = nil
	if a := h.do("GET", "/healthz", nil); strings.Contains(a.body, "trouble") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := h.do("GET", "/", nil); strings.Contains(a.body, "存不了") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := h.as(session, "GET", "/v1/status"); a.status != 200 || strings.Contains(a.body, "trouble") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// A refusal that comes while the disk is tried isn't forgotten, and other errors
// are none of the disk's.
func TestDisk(t *testing.T) {
	full := func(hint string) error { return &kiosk.Error{Code: kiosk.EDisk, Hint: hint} }
	tries, answer := make(chan struct{}), make(chan error)
	d := center.NewDisk(time.Millisecond, func(ctx context.Context) error {
		tries <- struct{}{}
		select {
		case err := <-answer:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	told := func(want string) {
		t.Helper()
		if _, err := d.Trouble(); kiosk.HintOf(err) != want {
			t.Fatalf("%v, want %q", err, want)
		}
	}
	d.Note(nil)
	d.Note(errors.New("any"))
	d.Note(&kiosk.Error{Code: kiosk.EBusy})
	told("")
	d.Note(full("first"))
	told("first")
	<-tries
	d.Note(full("meanwhile"))
	answer <- nil
	<-tries
	told("meanwhile")
	answer <- errors.New("any")
	<-tries
	told("meanwhile")
	answer <- full("still")
	<-tries
	told("still")
	answer <- nil
	for _, err := d.Trouble(); err != nil; _, err = d.Trouble() {
		time.Sleep(time.Millisecond)
	}
	d.Note(full("again"))
	<-tries
	d.Close() // ends the try under way
	d.Note(full("late"))
	told("again")
}
