package center_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
)

// cheap is a cost at which a thousand logins take no time.
var cheap = center.Cost{Time: 1, Memory: 8, Threads: 1}

const secret = "right horse 电池"

// account makes one with the password secret.
func (h *hall) account(name string, role center.Role, hall kiosk.HallID) {
	h.Helper()
	a := center.Account{Name: name, Role: role, Hall: hall, Password: center.HashPassword(secret, cheap), Made: h.now}
	if err := center.CheckAccount(a); err != nil {
		h.Fatal(err)
	}
	if err := h.store.AddAccount(h.Context(), a, center.Entry{At: h.now, Hall: hall, Account: "operator", Action: "account.added", Subject: name}); err != nil {
		h.Fatal(err)
	}
}

// from sends a login as if from an address.
func (h *hall) from(address, name, password string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "/v1/login", strings.NewReader(string(encode(map[string]any{"name": name, "password": password, "bearer": len(headers) == 0}))))
	r.RemoteAddr = address + ":1234"
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// login returns the secret of a session.
func (h *hall) login(name string) string {
	h.Helper()
	w := h.from("192.0.2.7", name, secret)
	var got struct{ Token string }
	if err := json.Unmarshal(w.Body.Bytes(), &got); w.Code != 200 || err != nil || len(got.Token) != 43 {
		h.Fatalf("%d %s", w.Code, w.Body)
	}
	return got.Token
}

func (h *hall) as(token, method, path string, headers ...string) answer {
	h.Helper()
	return h.do(method, path, nil, append([]string{"Authorization", "Bearer " + token}, headers...)...)
}

func TestLogin(t *testing.T) {
	t.Run("OK", func(t *testing.T) {
		h := newHall(t)
		h.account("王小明", center.Manager, "h1")
		token := h.login("王小明")
		a := h.as(token, "GET", "/v1/halls/h1/audit")
		var lines []center.Entry
		if err := json.Unmarshal([]byte(a.body), &lines); err != nil || a.status != 200 || len(lines) != 2 || lines[0].Action != "login" || lines[0].Account != "王小明" || lines[0].From != "192.0.2.7" || lines[1].Account != "operator" {
			t.Fatalf("%d %s", a.status, a.body)
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		if got, err := h.Actor(r); err != nil || got != (center.Actor{ID: "王小明", Role: "manager", Hall: "h1"}) {
			t.Fatalf("%+v, %v", got, err)
		}
		if a := h.as(token, "POST", "/v1/logout"); a.status != 204 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		h.turnedAway(h.as(token, "POST", "/v1/logout"), 401, center.RefusedSession)
		h.turnedAway(h.as(token, "GET", "/v1/halls/h1/audit"), 401, center.RefusedSession)
	})
	t.Run("Cookie", func(t *testing.T) {
		h := newHall(t)
		h.account("anna", center.Manager, "h1")
		w := h.from("192.0.2.7", "anna", secret, "Accept", "*/*")
		c := w.Result().Cookies()
		if w.Code != 200 || len(c) != 1 || !c[0].HttpOnly || c[0].SameSite != http.SameSiteStrictMode || c[0].Secure || strings.Contains(w.Body.String(), c[0].Value) {
			t.Fatalf("%d %v %s", w.Code, c, w.Body)
		}
		cookie := "session=" + c[0].Value
		if a := h.do("GET", "/v1/halls/h1/audit", nil, "Cookie", cookie); a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		h.turnedAway(h.do("POST", "/v1/logout", nil, "Cookie", cookie, "Sec-Fetch-Site", "cross-site"), 403, center.RefusedSession)
		h.turnedAway(h.do("POST", "/v1/logout", nil, "Cookie", cookie, "Origin", "https://evil.example"), 403, center.RefusedSession)
		a := h.do("POST", "/v1/logout", nil, "Cookie", cookie, "Sec-Fetch-Site", "same-origin")
		if a.status != 204 || !strings.Contains(a.header.Get("Set-Cookie"), "Max-Age=0") {
			t.Fatalf("%d %v", a.status, a.header)
		}
	})
	t.Run("Refused", func(t *testing.T) {
		h := newHall(t)
		h.account("anna", center.Clerk, "h1")
		h.account("gone", center.Clerk, "h1")
		if err := h.store.SetDisabled(t.Context(), "gone", true, center.Entry{At: h.now}); err != nil {
			t.Fatal(err)
		}
		var bodies []string
		for _, c := range [][2]string{{"anna", "wrong password"}, {"anna", ""}, {"nobody", secret}, {"gone", secret}, {"' OR 1=1; --", secret}, {"a\x00b", secret}, {"anna", secret + " "}} {
			w := h.from("192.0.2.8", c[0], c[1])
			if w.Code != 401 {
				t.Fatalf("%q: %d %s", c, w.Code, w.Body)
			}
			bodies = append(bodies, w.Body.String())
		}
		for _, b := range bodies {
			if b != bodies[0] {
				t.Fatalf("%s tells more than %s", b, bodies[0])
			}
		}
		for _, token := range []string{"", "x", strings.Repeat("A", 43), "' OR 1=1; --"} {
			h.turnedAway(h.as(token, "GET", "/v1/halls/h1/audit"), 401, center.RefusedSession)
		}
		if strings.Contains(h.log.String(), secret) || strings.Contains(h.log.String(), "nobody") {
			t.Fatalf("the log tells what was typed:\n%s", h.log)
		}
	})
	t.Run("Ends", func(t *testing.T) {
		h := newHall(t)
		h.account("anna", center.Manager, "h1")
		good := func(token string, want int) {
			t.Helper()
			if a := h.as(token, "GET", "/v1/halls/h1/audit"); a.status != want {
				t.Fatalf("%d %s, want %d", a.status, a.body, want)
			}
		}
		idle := h.login("anna")
		h.now = h.now.Add(center.SessionIdle - time.Second)
		good(idle, 200)
		h.now = h.now.Add(center.SessionIdle - time.Second)
		good(idle, 200) // each request keeps it
		h.now = h.now.Add(center.SessionIdle)
		good(idle, 401)

		long := h.login("anna")
		for range 25 {
			good(long, 200)
			h.now = h.now.Add(center.SessionLife / 25)
		}
		good(long, 401)

		other := h.beside()
		first, second := h.login("anna"), h.login("anna")
		if err := other.store.SetPassword(t.Context(), "anna", center.HashPassword(secret, cheap), center.Entry{At: h.now}); err != nil {
			t.Fatal(err)
		}
		good(first, 401)
		good(second, 401)
		third := h.login("anna")
		if err := other.store.SetDisabled(t.Context(), "anna", true, center.Entry{At: h.now}); err != nil {
			t.Fatal(err)
		}
		good(third, 401)
	})
	t.Run("StoreAway", func(t *testing.T) {
		// Nobody has to log in again because the database was away.
		h := newHall(t)
		h.account("anna", center.Manager, "h1")
		token := h.login("anna")
		other := h.beside()
		if err := other.store.Close(); err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		var known *kiosk.Error
		if _, err := other.Actor(r); !errors.As(err, &known) {
			t.Fatalf("err = %v, want the store's", err)
		}
		if a := other.as(token, "GET", "/v1/halls/h1/audit"); a.status < 500 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		if a := h.as(token, "GET", "/v1/halls/h1/audit"); a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
	})
	t.Run("Roles", func(t *testing.T) {
		h := newHall(t)
		for _, c := range []struct {
			role center.Role
			hall kiosk.HallID
			want int
		}{{center.Clerk, "h1", 403}, {center.Guide, "h1", 403}, {center.Technician, "", 403}, {center.Manager, "h2", 403},
			{center.Manager, "h1", 200}, {center.Manager, "", 200}, {center.Administrator, "", 200}, {center.Administrator, "h2", 403}} {
			name := string(c.role) + "-" + string(c.hall)
			h.account(name, c.role, c.hall)
			if a := h.as(h.login(name), "GET", "/v1/halls/h1/audit"); a.status != c.want {
				t.Errorf("%s: %d %s, want %d", name, a.status, a.body, c.want)
			}
		}
		if got := h.RefusedBy()[center.RefusedRole]; got != 5 {
			t.Errorf("%d counted", got)
		}
		h.refused(h.as(h.login("manager-"), "GET", "/v1/halls/%27%20OR%201=1/audit"), 422, kiosk.EInvalid, "")
	})
}

// TestGuessing has a stranger guess a thousand times: the owner still gets in,
// and most guesses cost nothing.
func TestGuessing(t *testing.T) {
	h := newHall(t)
	h.account("anna", center.Clerk, "h1")
	h.login("anna") // at her desk, 192.0.2.7
	weighed := 0
	for i := range 1000 {
		switch w := h.from(fmt.Sprintf("198.51.100.%d", i%250), "anna", fmt.Sprint("guess ", i)); w.Code {
		case 401:
			weighed++
		case 429:
			if w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "请等") {
				t.Fatalf("%v %s", w.Header(), w.Body)
			}
		default:
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	if weighed < 90 || weighed > 110 {
		t.Errorf("%d guesses were weighed", weighed)
	}
	h.login("anna") // while it goes on
	if w := h.from("203.0.113.9", "anna", secret); w.Code != 429 {
		t.Errorf("from an unknown address at once: %d", w.Code)
	}
	h.now = h.now.Add(time.Minute)
	if w := h.from("203.0.113.9", "anna", secret); w.Code != 200 {
		t.Errorf("from there a minute later: %d %s", w.Code, w.Body)
	}

	// From her own address, which a stranger shares: at most a short wait.
	weighed = 0
	for range 1000 {
		if h.from("192.0.2.7", "anna", "guess").Code == 401 {
			weighed++
		}
	}
	if weighed != 5 {
		t.Errorf("%d guesses of one address were weighed", weighed)
	}
	h.now = h.now.Add(15 * time.Second)
	h.login("anna")

	// Of all names together, an address has so many.
	weighed = 0
	for i := range 1000 {
		if h.from("198.51.100.251", fmt.Sprint("name", i), "guess").Code == 401 {
			weighed++
		}
	}
	if weighed != 50 {
		t.Errorf("%d guesses of one address were weighed", weighed)
	}
}

// TestGuessingTogether has a stranger guess at two processes by turns: they
// count together, and a third one that is started later goes on.
func TestGuessingTogether(t *testing.T) {
	h := newHall(t)
	h.account("anna", center.Clerk, "h1")
	other := h.beside()
	weighed := 0
	for i := range 40 {
		at := []*hall{h, other}[i%2]
		if at.from("198.51.100.1", "anna", fmt.Sprint("guess ", i)).Code == 401 {
			weighed++
		}
	}
	if weighed != 5 {
		t.Errorf("%d guesses were weighed", weighed)
	}
	third := h.beside()
	if w := third.from("198.51.100.1", "anna", secret); w.Code != 429 {
		t.Errorf("at a process that was started later: %d", w.Code)
	}
	if w := third.from("192.0.2.7", "anna", secret); w.Code != 200 { // her own desk
		t.Errorf("%d %s", w.Code, w.Body)
	}
	// Where she logs in is known to all, when her name is exhausted.
	for i := range 300 {
		h.from(fmt.Sprintf("203.0.113.%d", i%250), "anna", "guess")
	}
	if w := other.from("192.0.2.8", "anna", secret); w.Code != 429 {
		t.Errorf("from elsewhere: %d", w.Code)
	}
	if w := other.from("192.0.2.7", "anna", secret); w.Code != 200 {
		t.Errorf("at her desk: %d %s", w.Code, w.Body)
	}
	if all, err := h.store.Tries(t.Context(), 0, 1000); err != nil || len(all) < 100 || len(all) > 120 {
		t.Errorf("%d tries were stored, %v", len(all), err)
	}
}

// TestGuessingMemory has a hundred logins at once: few are computed at a time.
func TestGuessingMemory(t *testing.T) {
	h := newHall(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	codes := make(chan int, 100)
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() { codes <- h.from(fmt.Sprintf("198.51.100.%d", i), fmt.Sprint("n", i), "guess guess").Code })
	}
	wg.Wait()
	runtime.ReadMemStats(&after)
	close(codes)
	got := map[int]int{}
	for c := range codes {
		got[c]++
	}
	if got[401]+got[503] != 100 || got[401] < 2 {
		t.Fatalf("answers %v", got)
	}
	if grown := int64(after.Sys) - int64(before.Sys); grown > 256<<20 {
		t.Fatalf("%d MiB more, for at most two hashes of 19 MiB at a time", grown>>20)
	}
}

func TestPassword(t *testing.T) {
	a, b := center.HashPassword(secret, center.DefaultCost), center.HashPassword(secret, center.DefaultCost)
	if a == b || !strings.HasPrefix(a, "$argon2id$v=19$m=19456,t=2,p=1$") || strings.Contains(a, secret) {
		t.Fatalf("%s, %s", a, b)
	}
	for _, bad := range []string{"", "short", strings.Repeat("x", 257), "not utf-8 \xff\xff"} {
		if err := center.CheckPassword(bad); kiosk.CodeOf(err) != kiosk.EInvalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if err := center.CheckPassword(secret); err != nil {
		t.Error(err)
	}
	for _, bad := range []center.Account{{Name: "", Role: center.Clerk}, {Name: "a b", Role: center.Clerk}, {Name: "anna", Role: "king"},
		{Name: "anna", Role: center.Clerk, Hall: "h 1"}, {Name: strings.Repeat("x", 65), Role: center.Clerk}} {
		if err := center.CheckAccount(bad); kiosk.CodeOf(err) != kiosk.EInvalid {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}
