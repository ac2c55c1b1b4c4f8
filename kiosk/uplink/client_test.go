package uplink

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hallkiosk/kiosk"
)

const token = "0123456789abcdef"

// client talks to a server that answers with h.
func client(t *testing.T, h http.HandlerFunc) *Client {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	c, err := NewClient(ClientOpts{URL: srv.URL + "/", Token: Token(token + "\n")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

var batch = kiosk.Batch{Hall: "h1", Kiosk: "k1", Epoch: "e1", Events: []kiosk.Event{{Seq: 1, Kind: "door.opened", Body: json.RawMessage(`{"a":"<社保>"}`)}}}

func TestClientSends(t *testing.T) {
	var got kiosk.Batch
	var raw string
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/v1/events" || r.Header.Get("Authorization") != "Bearer "+token ||
			r.Header.Get("Content-Encoding") != "gzip" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s %v", r.Method, r.URL, r.Header)
		}
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			t.Error(err)
			return
		}
		text, err := io.ReadAll(z)
		if err != nil || json.Unmarshal(text, &got) != nil {
			t.Errorf("%s, %v", text, err)
		}
		raw = string(text)
		io.WriteString(w, `{"acked_through":7}`)
	})
	ack, err := c.Send(t.Context(), batch)
	if err != nil || ack.AckedThrough != 7 {
		t.Fatalf("%+v, %v", ack, err)
	}
	if got.Kiosk != "k1" || len(got.Events) != 1 {
		t.Fatalf("batch = %+v", got)
	}
	if _, err := c.Send(t.Context(), kiosk.Batch{}); err != nil || !strings.Contains(raw, `"events":[]`) {
		t.Fatalf("empty batch = %s, %v", raw, err)
	}
}

// TestIdleLineClosed closes a line that is kept in the instant a batch goes out on
// it, as a center that is restarted does: the batch goes out on another line.
func TestIdleLineClosed(t *testing.T) {
	asked := 0
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		if asked++; asked != 2 {
			if r.Header["Idempotency-Key"] != nil {
				t.Error("what is for net/http goes out")
			}
			io.WriteString(w, `{"acked_through":7}`)
			return
		}
		line, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		line.Close()
	})
	for range 2 {
		if ack, err := c.Send(t.Context(), batch); err != nil || ack.AckedThrough != 7 {
			t.Fatalf("%+v, %v", ack, err)
		}
	}
	if asked != 3 {
		t.Fatalf("asked %d times, want 3", asked)
	}
}

func TestClientAnswers(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		body   string
		code   kiosk.Code
		hint   string
	}{
		{"Overloaded", 503, `{"code":"unavailable","detail":"busy"}`, kiosk.EUnavailable, "busy"},
		{"DiskOfCenter", 503, `{"code":"disk"}`, kiosk.EUnavailable, "503"},
		{"Fault", 500, `oops`, kiosk.EUnavailable, "500"},
		{"TooMany", 429, ``, kiosk.EUnavailable, "429"},
		{"TooSlow", 408, ``, kiosk.EUnavailable, "408"},
		{"WrongToken", 401, `{"code":"invalid","detail":"compare the token"}`, kiosk.EInvalid, "compare the token"},
		{"OtherKiosk", 403, `{"code":"invalid"}`, kiosk.EInvalid, "403"},
		{"TooLarge", 413, `{"code":"invalid"}`, kiosk.EInvalid, "413"},
		{"Contradiction", 409, `{"type":"urn:hallkiosk:problem:contradiction","code":"conflict","seq":3,"detail":"two kiosks"}`, kiosk.EConflict, "two kiosks"},
		{"WrongAddress", 404, `404 page not found`, kiosk.EInvalid, "url"},
		{"OlderCenter", 404, `404 page not found`, kiosk.EInvalid, "请先更新中心"},
		{"OtherServer", 404, `{"code":404}`, kiosk.EInvalid, "url"},
		{"NotThere", 404, `{"code":"not_found","detail":"no such ticket"}`, kiosk.ENotFound, "no such ticket"},
		{"Redirected", 307, ``, kiosk.EInvalid, "307"},
		{"LoginPage", 200, `<html>please log in`, kiosk.EInvalid, "login page"},
		{"EmptyAnswer", 200, `{}`, kiosk.EInvalid, "login page"},
		{"EndlessAnswer", 200, strings.Repeat(" ", maxAnswer) + `{"acked_through":7}`, kiosk.EInvalid, "login page"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cl := client(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(c.status)
				io.WriteString(w, c.body)
			})
			_, err := cl.Send(t.Context(), batch)
			var behind *BehindError
			if kiosk.CodeOf(err) != c.code || !strings.Contains(kiosk.HintOf(err), c.hint) || errors.As(err, &behind) || errors.Is(err, ErrDouble) != (c.name == "Contradiction") {
				t.Fatalf("err = %v, code %q; want %q and %q", err, kiosk.CodeOf(err), c.code, c.hint)
			}
			if strings.Contains(err.Error(), token) {
				t.Fatalf("the token is in %q", err)
			}
		})
	}
	t.Run("Behind", func(t *testing.T) {
		cl := client(t, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(409)
			io.WriteString(w, `{"code":"conflict","acked_through":0}`)
		})
		_, err := cl.Send(t.Context(), batch)
		var behind *BehindError
		if !errors.As(err, &behind) || behind.AckedThrough != 0 || kiosk.CodeOf(err) != kiosk.EConflict {
			t.Fatalf("err = %v", err)
		}
	})
}

func TestClientLine(t *testing.T) {
	t.Run("NobodyThere", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		c, err := NewClient(ClientOpts{URL: "http://" + l.Addr().String(), Token: Token(token)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Send(t.Context(), batch); kiosk.CodeOf(err) != kiosk.EUnavailable {
			t.Fatalf("err = %v", err)
		}
	})
	t.Run("CutMidAnswer", func(t *testing.T) {
		c := client(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, `{"acked_through":7}`)
		})
		if _, err := c.Send(t.Context(), batch); kiosk.CodeOf(err) != kiosk.EUnavailable {
			t.Fatalf("err = %v", err)
		}
	})
	t.Run("CutMidRequest", func(t *testing.T) {
		c := client(t, func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) })
		if _, err := c.Send(t.Context(), batch); kiosk.CodeOf(err) != kiosk.EUnavailable {
			t.Fatalf("err = %v", err)
		}
	})
	t.Run("Silent", func(t *testing.T) {
		over := make(chan struct{})
		srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-over }))
		defer srv.Close()
		defer close(over)
		c, err := NewClient(ClientOpts{URL: srv.URL, Token: Token(token), HTTP: &http.Client{Timeout: 50 * time.Millisecond, Transport: &http.Transport{}}})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Send(t.Context(), batch); kiosk.CodeOf(err) != kiosk.EUnavailable {
			t.Fatalf("err = %v", err)
		}
	})
	t.Run("Stopped", func(t *testing.T) {
		c := client(t, func(http.ResponseWriter, *http.Request) { t.Error("asked") })
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := c.Send(ctx, batch); kiosk.CodeOf(err) != kiosk.EUnavailable {
			t.Fatalf("err = %v", err)
		}
	})
}

func TestClientConfig(t *testing.T) {
	for _, url := range []string{"", "center", "ftp://center", "http://", "://", "http://user:secret@center", "center:8080"} {
		if _, err := NewClient(ClientOpts{URL: url}); kiosk.CodeOf(err) != kiosk.EInvalid {
			t.Errorf("%q: %v", url, err)
		}
	}
	c, err := NewClient(ClientOpts{URL: "https://city.example/hall/?x=1#y"})
	if err != nil || c.String() != "https://city.example/hall" {
		t.Fatalf("%v, %v", c, err)
	}
	asked := client(t, func(http.ResponseWriter, *http.Request) { t.Error("asked") })
	for name, tok := range map[string]func() (string, error){
		"Empty": Token(" \n"), "Unsendable": Token("a\nb"), "Chinese": Token("令牌"), "NoFile": TokenFile(filepath.Join(t.TempDir(), "none")),
	} {
		asked.token = tok
		if _, err := asked.Send(t.Context(), batch); kiosk.CodeOf(err) != kiosk.EInvalid || !strings.Contains(kiosk.HintOf(err), "token_file") {
			t.Errorf("%s: %v", name, err)
		}
	}
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte("abc\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := TokenFile(path)(); err != nil || got != "abc\n" {
		t.Fatalf("%q, %v", got, err)
	}
}
