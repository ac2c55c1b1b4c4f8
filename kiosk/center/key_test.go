package center_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
	. "hallkiosk/kiosk/center/centertest"
	"hallkiosk/kiosk/center/store"
)

// beside starts another center process on the same database.
func (h *hall) beside() *hall {
	h.Helper()
	other := &hall{T: h.T, log: h.log, now: h.now}
	st, err := store.Open(h.Context(), h.path)
	if err != nil {
		h.Fatal(err)
	}
	o := center.DefaultOpts()
	o.Now = func() time.Time { return other.now }
	o.Log, o.Estimates = slog.New(slog.DiscardHandler), 50*time.Millisecond
	other.store = st
	other.Server = center.New(st, o)
	srv := httptest.NewServer(other)
	other.url = srv.URL
	h.Cleanup(func() {
		srv.Close()
		st.Close()
	})
	return other
}

// enrolment asks with key n of a kiosk.
func enrolment(n byte, id kiosk.KioskID, code string) kiosk.Enrolment {
	private := PrivateKey(n)
	e := kiosk.Enrolment{Code: code, Hall: "h1", Kiosk: id, Public: private.Public().(ed25519.PublicKey)}
	e.Proof = ed25519.Sign(private, kiosk.EnrolText(e))
	return e
}

func (h *hall) enroll(e kiosk.Enrolment) answer {
	h.Helper()
	return h.do("POST", "/v1/enroll", strings.NewReader(string(encode(e))), "Content-Type", "application/json")
}

func (h *hall) code(id kiosk.KioskID) string {
	h.Helper()
	code, err := center.NewCode(h.Context(), h.store, "h1", id, 0, h.now, "operator")
	if err != nil {
		h.Fatal(err)
	}
	return code
}

func (h *hall) enrolled(n byte, id kiosk.KioskID) {
	h.Helper()
	if a := h.enroll(enrolment(n, id, h.code(id))); a.status != 200 {
		h.Fatalf("%d %s", a.status, a.body)
	}
}

// signed is a request as a kiosk sends it, to be sent again and again.
type signed struct {
	method, path string
	body         []byte
	header       string
}

func sign(n byte, id kiosk.KioskID, number int64, method, path string, body []byte) signed {
	private := PrivateKey(n)
	p := kiosk.Proof{Key: kiosk.KeyIDOf(private.Public().(ed25519.PublicKey)), Number: number, Body: sha256.Sum256(body)}
	p.Sig = ed25519.Sign(private, p.Text(method, path, id))
	return signed{method, path, body, p.String()}
}

func (h *hall) replay(s signed) answer {
	h.Helper()
	return h.do(s.method, s.path, strings.NewReader(string(s.body)), "Content-Type", "application/json", "Authorization", s.header)
}

// turnedAway says that a is a refusal of a kind.
func (h *hall) turnedAway(a answer, status int, kind string) {
	h.Helper()
	h.refused(a, status, kiosk.EInvalid, "")
	if a.Type != "urn:hallkiosk:problem:"+kind {
		h.Fatalf("%s, want kind %s", a.body, kind)
	}
}

func TestEnroll(t *testing.T) {
	t.Run("OK", func(t *testing.T) {
		h := newHall(t)
		code := h.code("k1")
		e := enrolment(1, "k1", code)
		for range 2 { // the answer was lost
			a := h.enroll(e)
			var got kiosk.Enrolled
			if err := json.Unmarshal([]byte(a.body), &got); a.status != 200 || err != nil || got.Key != kiosk.KeyIDOf(e.Public) {
				t.Fatalf("%d %s", a.status, a.body)
			}
		}
		h.turnedAway(h.enroll(enrolment(2, "k1", code)), 403, center.RefusedUsed)
		h.now = h.now.Add(time.Hour)
		h.turnedAway(h.enroll(enrolment(2, "k1", code)), 403, center.RefusedUsed)
	})
	t.Run("TenMinutes", func(t *testing.T) {
		h := newHall(t)
		began := h.now
		early, late := h.code("k1"), h.code("k2")
		h.now = began.Add(center.CodeLife - time.Millisecond)
		if a := h.enroll(enrolment(1, "k1", strings.ToLower(strings.ReplaceAll(early, "-", " ")))); a.status != 200 { // as typed
			t.Fatalf("%d %s", a.status, a.body)
		}
		h.now = began.Add(center.CodeLife)
		h.turnedAway(h.enroll(enrolment(2, "k2", late)), 403, center.RefusedExpired)
	})
	t.Run("Wrong", func(t *testing.T) {
		h := newHall(t)
		code := h.code("k1")
		h.turnedAway(h.enroll(enrolment(1, "k1", "0000-0000-0000")), 403, center.RefusedCode)
		h.turnedAway(h.enroll(enrolment(1, "k1", "' OR 1=1; --")), 403, center.RefusedCode)
		h.turnedAway(h.enroll(enrolment(1, "k2", code)), 403, center.RefusedCode)
		stolen := enrolment(1, "k1", code)
		stolen.Public = PrivateKey(2).Public().(ed25519.PublicKey)
		h.turnedAway(h.enroll(stolen), 403, center.RefusedForged)
		short := enrolment(1, "k1", code)
		short.Public = short.Public[:31]
		h.refused(h.enroll(short), 422, kiosk.EInvalid, "")
		for _, change := range []func(*kiosk.Enrolment){
			func(e *kiosk.Enrolment) { e.Hall = "'; DROP TABLE x" },
			func(e *kiosk.Enrolment) { e.Kiosk = "'; DROP TABLE x" },
			func(e *kiosk.Enrolment) { e.Kiosk = "k\x00" },
		} {
			e := enrolment(1, "k1", code)
			change(&e)
			h.refused(h.enroll(e), 422, kiosk.EInvalid, "")
		}
		if a := h.enroll(enrolment(1, "k1", code)); a.status != 200 {
			t.Fatalf("all that must not have spent the code: %d %s", a.status, a.body)
		}
		if got := h.RefusedBy(); got[center.RefusedCode] != 3 || got[center.RefusedForged] != 1 {
			t.Fatalf("counted %v", got)
		}
	})
	t.Run("BadIDs", func(t *testing.T) {
		h := newHall(t)
		if _, err := center.NewCode(t.Context(), h.store, "h/1", "k1", 0, h.now, "x"); kiosk.CodeOf(err) != kiosk.EInvalid {
			t.Fatalf("err = %v", err)
		}
	})
}

func TestSigned(t *testing.T) {
	batch := func(first, last int64) []byte { return encode(Batch("k1", Run("k1", "1", first, last)...)) }
	t.Run("OK", func(t *testing.T) {
		h := newHall(t)
		h.enrolled(1, "k1")
		h.acked(h.replay(sign(1, "k1", 10, "POST", "/v1/events", batch(1, 3))), 3)
		h.acked(h.replay(sign(1, "k1", 9, "POST", "/v1/events", batch(1, 4))), 4) // overtaken
		wish := encode(kiosk.NumberRequest{Request: "r1", Hall: "h1", Day: Day, Queue: "A"})
		if a := h.replay(sign(1, "k1", 11, "POST", "/v1/numbers", wish)); a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
	})
	t.Run("Replayed", func(t *testing.T) {
		h := newHall(t)
		h.enrolled(1, "k1")
		other := h.beside()
		captured := sign(1, "k1", 10, "POST", "/v1/events", batch(1, 3))
		h.acked(h.replay(captured), 3)
		a := h.replay(captured)
		h.turnedAway(a, 401, center.RefusedReplayed)
		if a.Counted == nil || *a.Counted != 10 || a.header.Get("WWW-Authenticate") == "" {
			t.Fatalf("%s", a.body)
		}
		other.turnedAway(other.replay(captured), 401, center.RefusedReplayed)
		restarted := h.beside()
		restarted.turnedAway(restarted.replay(captured), 401, center.RefusedReplayed)
		h.turnedAway(h.replay(sign(1, "k1", 10, "GET", "/v1/news?hall=h1", nil)), 401, center.RefusedReplayed)
		if h.RefusedBy()[center.RefusedReplayed] != 2 || other.RefusedBy()[center.RefusedReplayed] != 1 {
			t.Fatalf("counted %v, %v", h.RefusedBy(), other.RefusedBy())
		}
		if a := h.do("GET", "/healthz", nil); !strings.Contains(a.body, `"replayed":2`) {
			t.Fatalf("%s", a.body)
		}
		h.stored("k1", 3)
	})
	t.Run("Forged", func(t *testing.T) {
		h := newHall(t)
		h.enrolled(1, "k1")
		h.enrolled(3, "k3")
		good := sign(1, "k1", 10, "POST", "/v1/events", batch(1, 3))
		forge := func(s signed) {
			t.Helper()
			h.turnedAway(h.replay(s), 401, center.RefusedForged)
		}
		forge(sign(2, "k1", 10, "POST", "/v1/events", batch(1, 3))) // nobody's key
		wrong := sign(3, "k1", 10, "POST", "/v1/events", batch(1, 3))
		forge(wrong) // another kiosk's key
		wrong.header = strings.Replace(good.header, " 10 ", " 11 ", 1)
		forge(wrong)
		for _, header := range []string{"Kiosk", "Kiosk a b c d", good.header + " x", good.header[:len(good.header)-2], strings.Replace(good.header, " 10 ", " 010 ", 1),
			strings.Replace(good.header, " 10 ", " -1 ", 1), strings.Replace(good.header, "Kiosk ", "Kiosk ' OR 1=1 --", 1)} {
			bad := good
			bad.header = header
			forge(bad)
		}
		elsewhere := sign(1, "k1", 12, "POST", "/v1/numbers", batch(1, 3))
		elsewhere.path = "/v1/events"
		forge(elsewhere)
		query := sign(1, "k1", 13, "GET", "/v1/news?hall=h1", nil)
		query.path = "/v1/news?hall=h2"
		forge(query)
		h.stored("k1", 0)

		// The headers are right and spend the number, but the body is another.
		changed := good
		changed.body = batch(1, 2)
		forge(changed)
		h.turnedAway(h.replay(good), 401, center.RefusedReplayed)
		longer := sign(1, "k1", 14, "POST", "/v1/events", batch(1, 3))
		longer.body = append(longer.body, ' ')
		forge(longer)
		number := sign(1, "k1", 15, "POST", "/v1/numbers", encode(kiosk.NumberRequest{Request: "r", Hall: "h1", Day: Day, Queue: "A"}))
		number.body = encode(kiosk.NumberRequest{Request: "s", Hall: "h1", Day: Day, Queue: "A"})
		forge(number)
		h.stored("k1", 0)

		h.refused(h.replay(sign(3, "k3", 1, "POST", "/v1/events", batch(1, 3))), 403, kiosk.EInvalid, "another kiosk") // its own key, another's batch
		moved := Batch("k1", Run("k1", "1", 1, 1)...)
		moved.Hall = "h2"
		h.turnedAway(h.replay(sign(1, "k1", 20, "POST", "/v1/events", encode(moved))), 403, center.RefusedHall)
		h.turnedAway(h.replay(sign(1, "k1", 21, "GET", "/v1/news?hall=h2", nil)), 403, center.RefusedHall)
		h.turnedAway(h.replay(sign(1, "k1", 23, "POST", "/v1/numbers", encode(kiosk.NumberRequest{Request: "r", Hall: "h2", Day: Day, Queue: "A"}))), 403, center.RefusedHall)
		h.stored("k1", 0)
		h.acked(h.replay(sign(1, "k1", 22, "POST", "/v1/events", batch(1, 3))), 3)
	})
	t.Run("Revoked", func(t *testing.T) {
		h := newHall(t)
		h.enrolled(1, "k1")
		h.acked(h.replay(sign(1, "k1", 1, "POST", "/v1/events", batch(1, 3))), 3)
		other := h.beside()
		if err := other.store.Revoke(t.Context(), "k1", center.Entry{At: h.now}); err != nil {
			t.Fatal(err)
		}
		h.turnedAway(h.replay(sign(1, "k1", 2, "POST", "/v1/events", batch(4, 5))), 401, center.RefusedRevoked)
		// Nor does its token revive.
		a := h.post(batch(4, 5))
		h.turnedAway(a, 401, center.RefusedToken)
		h.stored("k1", 3)
	})
	t.Run("Expired", func(t *testing.T) {
		h := newHall(t)
		code, err := center.NewCode(t.Context(), h.store, "h1", "k1", 24*time.Hour, h.now, "operator")
		if err != nil {
			t.Fatal(err)
		}
		if a := h.enroll(enrolment(1, "k1", code)); a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		h.acked(h.replay(sign(1, "k1", 1, "POST", "/v1/events", batch(1, 3))), 3)
		h.now = h.now.Add(24 * time.Hour)
		h.turnedAway(h.replay(sign(1, "k1", 2, "POST", "/v1/events", batch(4, 5))), 401, center.RefusedExpired)
	})
	t.Run("TokensBeside", func(t *testing.T) {
		h := newHall(t)
		h.acked(h.post(batch(1, 1)), 1)
		h.enrolled(1, "k1")
		h.turnedAway(h.post(batch(2, 2)), 401, center.RefusedToken)
		h.acked(h.post(encode(Batch("k2", Run("k2", "2", 1, 2)...)), "Authorization", "Bearer "+token2), 2)
	})
	t.Run("Oversized", func(t *testing.T) {
		h := newHall(t)
		h.enrolled(1, "k1")
		large := []byte(strings.Repeat(" ", center.MaxBytes+1))
		h.refused(h.replay(sign(1, "k1", 1, "POST", "/v1/events", large)), http.StatusRequestEntityTooLarge, kiosk.EInvalid, "")
		h.refused(h.replay(sign(1, "k1", 2, "POST", "/v1/numbers", large)), http.StatusRequestEntityTooLarge, kiosk.EInvalid, "")
	})
}
