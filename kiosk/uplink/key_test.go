package uplink

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hallkiosk/kiosk"
)

// counter is a center that knows one key and counts its requests.
type counter struct {
	t      *testing.T
	public ed25519.PublicKey
	high   int64
	asked  int
}

func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.asked++
	p, ok := kiosk.ParseProof(r.Header.Get("Authorization"))
	body, err := io.ReadAll(r.Body)
	if err != nil || !ok || p.Body != sha256.Sum256(body) || !ed25519.Verify(c.public, p.Text(r.Method, r.URL.RequestURI(), "k1"), p.Sig) {
		c.t.Errorf("%s %s: not signed: %v", r.Method, r.URL, r.Header)
	}
	if p.Number <= c.high {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintf(w, `{"type":"urn:hallkiosk:problem:replayed","counted":%d}`, c.high)
		return
	}
	c.high = p.Number
	if r.URL.Path == "/v1/news" {
		fmt.Fprint(w, "data: {\"hall\":\"h1\",\"version\":3}\n\n")
		return
	}
	fmt.Fprint(w, `{"acked_through":7}`)
}

func testKey() *Key {
	return newKey(keyFile{Kiosk: "k1", Hall: "h1", Private: make([]byte, ed25519.SeedSize)}, time.UnixMicro(1000))
}

func signedClient(t *testing.T, h http.Handler, k *Key) *Client {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	c, err := NewClient(ClientOpts{URL: srv.URL, Hall: "h1", Key: k})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestKeySigns(t *testing.T) {
	k := testKey()
	h := &counter{t: t, public: k.private.Public().(ed25519.PublicKey)}
	c := signedClient(t, h, k)
	for want := int64(1001); want < 1004; want++ {
		if _, err := c.Send(t.Context(), batch); err != nil || h.high != want {
			t.Fatalf("number %d, %v; want %d", h.high, err, want)
		}
	}
	// A clock that was hours ahead in the life before.
	h.high, h.asked = 1<<40, 0
	if _, err := c.Send(t.Context(), batch); err != nil || h.high != 1<<40+1 || h.asked != 2 {
		t.Fatalf("number %d after %d requests, %v", h.high, h.asked, err)
	}
	h.high += 5
	f := NewFeed(c, FeedOpts{Hall: "h1", Dead: time.Minute})
	tell := func(*kiosk.News) {}
	if err := f.line(t.Context(), tell); kiosk.CodeOf(err) != kiosk.EUnavailable {
		t.Fatalf("err = %v, want one that trying again heals", err)
	}
	told := false
	if f.line(t.Context(), func(n *kiosk.News) { told = n.Version == 3 }); !told {
		t.Fatal("no news at the second try")
	}
}

func TestKeyMisled(t *testing.T) {
	// Somebody on an open line can't make the key count to its end.
	k := testKey()
	for _, counted := range []string{"4611686018427387904", "9223372036854775807", "-5", "4611686018427387903", `"x"`} {
		c := signedClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintf(w, `{"type":"urn:hallkiosk:problem:replayed","counted":%s}`, counted)
		}), k)
		if _, err := c.Send(t.Context(), batch); kiosk.CodeOf(err) != kiosk.EInvalid || k.last > 2000 {
			t.Fatalf("%s: %v, counts %d", counted, err, k.last)
		}
	}
	c := signedClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"type":"urn:hallkiosk:problem:revoked","detail":"the key was revoked"}`)
	}), k)
	if _, err := c.Send(t.Context(), batch); kiosk.CodeOf(err) != kiosk.EInvalid || !strings.Contains(kiosk.HintOf(err), "revoked") {
		t.Fatalf("err = %v", err)
	}
}

func TestEnroll(t *testing.T) {
	const code = "7Q2M-04KD-XW9T"
	var mu sync.Mutex // an answer that breaks off tells nobody that the handler is done
	var got []kiosk.Enrolment
	answer := func(w http.ResponseWriter, e kiosk.Enrolment) {
		json.NewEncoder(w).Encode(kiosk.Enrolled{Key: kiosk.KeyIDOf(e.Public)})
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var e kiosk.Enrolment
		if err := json.NewDecoder(r.Body).Decode(&e); err != nil || !ed25519.Verify(e.Public, kiosk.EnrolText(e), e.Proof) || r.URL.Path != "/v1/enroll" {
			t.Errorf("%s %+v, %v", r.URL, e, err)
		}
		mu.Lock()
		defer mu.Unlock()
		got = append(got, e)
		answer(w, e)
	}))
	defer srv.Close()
	o := ClientOpts{URL: srv.URL, Hall: "h1"}
	dir := t.TempDir()
	path := filepath.Join(dir, "key")
	mu.Lock()
	defer mu.Unlock()
	enroll := func(ctx context.Context, code string) (kiosk.KeyID, error) {
		mu.Unlock()
		defer mu.Lock()
		return Enroll(ctx, o, "k1", code, path)
	}
	if _, err := LoadKey(path, "h1", "k1"); kiosk.CodeOf(err) != kiosk.EInvalid || !strings.Contains(kiosk.HintOf(err), "kiosk enroll") {
		t.Fatalf("err = %v", err)
	}
	if _, err := enroll(t.Context(), "7Q2M-04KD"); kiosk.CodeOf(err) != kiosk.EInvalid || len(got) != 0 {
		t.Fatalf("err = %v", err)
	}
	// The answer is lost: the same key goes again with the same code.
	good := answer
	answer = func(http.ResponseWriter, kiosk.Enrolment) { panic(http.ErrAbortHandler) }
	if _, err := enroll(t.Context(), code); kiosk.CodeOf(err) != kiosk.EUnavailable || !strings.Contains(kiosk.MessageOf(err), "再试") {
		t.Fatalf("err = %v", err)
	}
	answer = good
	id, err := enroll(t.Context(), "7q2m o4kd xw9t")
	if err != nil || len(got) != 2 || string(got[0].Public) != string(got[1].Public) || got[1].Code != code || id != kiosk.KeyIDOf(got[1].Public) {
		t.Fatalf("%s, %v; asked %+v", id, err, got)
	}
	k, err := LoadKey(path, "h1", "k1")
	if err != nil || k.ID() != id {
		t.Fatalf("%v, %v", k, err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v; want the key alone", files, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Fatalf("%v, %v", info.Mode(), err)
	}
	// A refusal leaves the key that is there, and the next try has a new one.
	answer = func(w http.ResponseWriter, _ kiosk.Enrolment) {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"type":"urn:hallkiosk:problem:used","detail":"used already"}`)
	}
	if _, err := enroll(t.Context(), code); kiosk.CodeOf(err) != kiosk.EInvalid || !strings.Contains(kiosk.MessageOf(err), "用过") {
		t.Fatalf("err = %v", err)
	}
	if k, err = LoadKey(path, "h1", "k1"); err != nil || k.ID() != id {
		t.Fatalf("%v, %v", k, err)
	}
	answer = good
	if next, err := enroll(t.Context(), code); err != nil || next == id {
		t.Fatalf("%s, %v", next, err)
	}
	for _, bad := range []struct {
		change func() error
		hint   string
	}{
		{func() error { return nil }, "another"}, // asked as k2 below
		{func() error { return os.Chmod(path, 0o640) }, "chmod 600"},
		{func() error { return os.WriteFile(path, []byte("{}"), 0o600) }, "chmod 600"},
		{func() error { return os.Chmod(path, 0o600) }, "can't be read"},
	} {
		if err := bad.change(); err != nil {
			t.Fatal(err)
		}
		id := kiosk.KioskID("k1")
		if bad.hint == "another" {
			id, bad.hint = "k2", "the key is for kiosk k1"
		}
		if _, err := LoadKey(path, "h1", id); kiosk.CodeOf(err) != kiosk.EInvalid || !strings.Contains(kiosk.HintOf(err), bad.hint) || kiosk.MessageOf(err) == "" {
			t.Errorf("err = %v, want %q", err, bad.hint)
		}
	}
	if _, err := Enroll(t.Context(), o, "k1", code, filepath.Join(dir, "none", "key")); kiosk.CodeOf(err) != kiosk.EDisk {
		t.Errorf("err = %v", err)
	}
}
