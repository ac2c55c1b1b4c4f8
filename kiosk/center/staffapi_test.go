package center_test

import (
	"crypto/ed25519"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
	. "hallkiosk/kiosk/center/centertest"
)

// TestRoles asks every route that needs an account, with every role, in its own
// hall and in another: 403 says who may not.
func TestRoles(t *testing.T) {
	const day = string(Day)
	routes := []struct{ route, body, may string }{
		{"POST /v1/halls/{hall}/windows/21/call", `{"op":"1"}`, "clerk manager"},
		{"POST /v1/halls/{hall}/windows/21/finish", `{"op":"2"}`, "clerk manager"},
		{"POST /v1/halls/{hall}/windows/21/undo", `{"op":"3","undoes":"0"}`, "clerk manager"},
		{"POST /v1/halls/{hall}/windows/21/transfer", `{"op":"4","queue":"B"}`, "clerk guide manager"},
		{"POST /v1/halls/{hall}/windows/21/pause", `{"op":"5","reason":"x"}`, "clerk manager"},
		{"POST /v1/halls/{hall}/windows/21/resume", `{"op":"6"}`, "clerk manager"},
		{"POST /v1/halls/{hall}/tickets/t/putback", `{"op":"7"}`, "guide manager"},
		{"POST /v1/halls/{hall}/tickets/t/transfer", `{"op":"8","queue":"B"}`, "guide manager"},
		{"PATCH /v1/halls/{hall}/tickets/t", `{"priority":"elder"}`, "guide manager"},
		{"PUT /v1/halls/{hall}/windows/21", `{"queues":["A"]}`, "manager technician"},
		{"GET /v1/halls/{hall}/queues/A", "", "clerk guide manager"},
		{"GET /v1/halls/{hall}/tickets/t", "", "clerk guide manager"},
		{"POST /v1/halls/{hall}/bookings", `{}`, ""}, // the body is looked at first
		{"POST /v1/halls/{hall}/bookings", `{"op":"1","items":["x"],"from":"2024-11-23T15:00:00Z","to":"2024-11-23T16:00:00Z"}`, "clerk guide manager"},
		{"DELETE /v1/halls/{hall}/bookings/b", "", "clerk guide manager"},
		{"GET /v1/halls/{hall}/bookings", "", "clerk guide manager"},
		{"POST /v1/halls/{hall}/bookings/find", `{"card":"123456"}`, "clerk guide manager"},
		{"POST /v1/halls/{hall}/orders", `{"op":"1","do":"message","text":{"zh":"x"}}`, "manager technician"},
		{"POST /v1/halls/{hall}/orders", `{"op":"2","do":"pause","queue":"A","text":{"zh":"x"}}`, "manager technician"},
		{"POST /v1/halls/{hall}/orders", `{"op":"3","do":"reprint","kiosk":"k1","ticket":"t"}`, "guide manager technician administrator"},
		{"DELETE /v1/halls/{hall}/orders/o", "", "manager technician administrator"},
		{"GET /v1/halls/{hall}/orders", "", "guide manager technician administrator"},
		{"GET /v1/halls/{hall}/presses?day=" + day, "", "manager administrator"},
		{"GET /v1/status", "", "manager technician administrator"},
		{"GET /v1/accounts", "", "administrator"},
		{"POST /v1/accounts", `{"name":"x","role":"clerk","hall":"{hall}","password":"short"}`, "administrator"},
		{"PATCH /v1/accounts/of-{hall}", `{}`, "administrator"},
		{"GET /v1/halls/{hall}/keys", "", "technician administrator"},
		{"POST /v1/halls/{hall}/codes", `{"kiosk":"k 1"}`, "technician administrator"},
		{"DELETE /v1/halls/{hall}/keys/k9", "", "technician administrator"},
	}
	h := callHall(t)
	h.account("of-h1", center.Clerk, "h1")
	h.account("of-h2", center.Clerk, "h2")
	if _, err := h.store.Ingest(t.Context(), center.Seal(kiosk.Batch{Kiosk: "k2", Hall: "h2", Epoch: "e1"}, Noon)); err != nil {
		t.Fatal(err)
	}
	asked := map[string]bool{}
	for _, c := range routes {
		method, path, _ := strings.Cut(c.route, " ")
		asked[c.route] = true
		ask := func(who, hall string) int {
			a := h.do(method, strings.ReplaceAll(path, "{hall}", hall), strings.NewReader(strings.ReplaceAll(c.body, "{hall}", hall)), "Who", who, "Content-Type", "application/json")
			if denied := a.Type == "urn:hallkiosk:problem:role"; denied != (a.status == http.StatusForbidden) {
				t.Errorf("%s as %q: %d %s", c.route, who, a.status, a.body)
			}
			return a.status
		}
		if c.body == "{}" && method == "POST" {
			continue
		}
		for _, role := range append(slices.Clone(center.Roles), "nobody") {
			for _, of := range []string{"", "@h1"} {
				may := slices.Contains(strings.Fields(c.may), string(role))
				if strings.Contains(c.route, "windows/21/transfer") && role == center.Guide {
					may = true // and then finds nobody at the window
				}
				if got := ask(string(role)+of, "h1"); (got != http.StatusForbidden) != may || got == http.StatusUnauthorized || got >= 500 {
					t.Errorf("%s as %s%s: %d", c.route, role, of, got)
				}
			}
			if strings.Contains(c.route+c.body, "{hall}") {
				if got := ask(string(role)+"@h1", "h2"); got != http.StatusForbidden {
					t.Errorf("%s of h2 as %s of h1: %d", c.route, role, got)
				}
			}
		}
		if got := ask("", "h1"); got != http.StatusUnauthorized {
			t.Errorf("%s as nobody who is known: %d", c.route, got)
		}
	}
	// No route with an account is left out.
	var api struct {
		Paths map[string]map[string]struct{ Security []map[string]any }
	}
	if err := json.Unmarshal([]byte(h.do("GET", "/openapi.json", nil).body), &api); err != nil {
		t.Fatal(err)
	}
	mux, all := http.NewServeMux(), 0
	for path, methods := range api.Paths {
		for method, op := range methods {
			if len(op.Security) > 0 && op.Security[0]["account"] != nil && path != "/v1/logout" && !strings.HasSuffix(path, "/audit") { // those two know sessions alone: TestLogin
				mux.Handle(strings.ToUpper(method)+" "+path, http.NotFoundHandler())
				all++
			}
		}
	}
	seen := map[string]bool{}
	for route := range asked {
		method, path, _ := strings.Cut(route, " ")
		r, err := http.NewRequest(method, "http://c"+strings.ReplaceAll(path, "{hall}", "h1"), nil)
		if err != nil {
			t.Fatal(err)
		}
		_, pattern := mux.Handler(r)
		seen[pattern] = true
	}
	if delete(seen, ""); len(seen) != all || all < 20 {
		t.Errorf("%d of %d routes were asked", len(seen), all)
	}
}

// TestAccountsOverHTTP has an administrator of a hall keep its accounts.
func TestAccountsOverHTTP(t *testing.T) {
	h := newHall(t)
	o := center.DefaultOpts()
	o.Now, o.Tokens, o.Cost = h.clock, tokens(t), cheap
	h.serve(o)
	h.account("root", center.Administrator, "")
	h.account("anna", center.Administrator, "h1")
	root, anna := h.login("root"), h.login("anna")
	send := func(token, method, path string, body any, status int) answer {
		t.Helper()
		a := h.do(method, path, strings.NewReader(string(encode(body))), "Authorization", "Bearer "+token, "Content-Type", "application/json")
		if a.status != status {
			t.Fatalf("%s %s %s: %d %s, want %d", method, path, encode(body), a.status, a.body, status)
		}
		return a
	}
	clerk := map[string]any{"name": "王小明", "role": "clerk", "hall": "h1", "password": secret}
	send(anna, "POST", "/v1/accounts", clerk, 204)
	send(anna, "POST", "/v1/accounts", clerk, 409)
	for _, bad := range []map[string]any{
		{"name": "x", "role": "clerk", "hall": "h2", "password": secret},
		{"name": "x", "role": "administrator", "password": secret}, // of all halls
	} {
		send(anna, "POST", "/v1/accounts", bad, 403)
	}
	for _, bad := range []map[string]any{
		{"name": "x", "role": "clerk", "hall": "h1", "password": "short"},
		{"name": "x y", "role": "clerk", "hall": "h1", "password": secret},
		{"name": "x", "role": "king", "hall": "h1", "password": secret},
	} {
		if a := send(anna, "POST", "/v1/accounts", bad, 422); strings.Contains(a.body+h.log.String(), secret) {
			t.Fatalf("the password came back: %s", a.body)
		}
	}
	clerks := h.login("王小明")
	send(clerks, "GET", "/v1/accounts", nil, 403)
	var all []center.AccountView
	if err := json.Unmarshal([]byte(send(anna, "GET", "/v1/accounts", nil, 200).body), &all); err != nil || len(all) != 2 || all[1].Name != "王小明" || all[1].Role != center.Clerk {
		t.Fatalf("%+v, %v", all, err)
	}
	if a := send(root, "GET", "/v1/accounts", nil, 200); strings.Count(a.body, `"name"`) != 3 || strings.Contains(a.body, "argon2") {
		t.Fatalf("%s", a.body)
	}
	send(anna, "PATCH", "/v1/accounts/root", map[string]any{"disabled": true}, 403)
	send(anna, "PATCH", "/v1/accounts/nobody", map[string]any{"disabled": true}, 404)
	send(anna, "PATCH", "/v1/accounts/王小明", map[string]any{"disabled": true}, 204)
	if w := h.from("192.0.2.7", "王小明", secret); w.Code != 401 {
		t.Fatalf("a disabled account: %d", w.Code)
	}
	send(root, "PATCH", "/v1/accounts/王小明", map[string]any{"disabled": false, "password": "another " + secret}, 204)
	if w := h.from("192.0.2.7", "王小明", "another "+secret); w.Code != 200 {
		t.Fatalf("with the new password: %d %s", w.Code, w.Body)
	}
	h.turnedAway(h.as(clerks, "GET", "/v1/accounts"), 401, center.RefusedSession)
	trail, err := h.store.Trail(t.Context(), "h1", 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, e := range trail {
		if e.Subject != "" && e.Account != "operator" {
			told = append(told, e.Account+" "+e.Action+" "+e.Subject+" "+e.From)
		}
	}
	if want := []string{"root account.enabled 王小明 127.0.0.1", "root account.password 王小明 127.0.0.1", "anna account.disabled 王小明 127.0.0.1", "anna account.added 王小明 clerk 127.0.0.1"}; !slices.Equal(told, want) {
		t.Fatalf("%q, want %q", told, want)
	}
}

// TestKeysOverHTTP has a technician enroll a kiosk and take its key back.
func TestKeysOverHTTP(t *testing.T) {
	h := newHall(t)
	h.account("li", center.Technician, "h1")
	h.account("zhao", center.Technician, "")
	li, zhao := h.login("li"), h.login("zhao")
	make := func(token, hall, id string, status int) string {
		t.Helper()
		a := h.do("POST", "/v1/halls/"+hall+"/codes", strings.NewReader(`{"kiosk":"`+id+`"}`), "Authorization", "Bearer "+token, "Content-Type", "application/json")
		var got struct{ Code string }
		if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.status != status {
			t.Fatalf("%d %s, want %d", a.status, a.body, status)
		}
		return got.Code
	}
	code := make(li, "h1", "k7", 200)
	make(li, "h2", "k7", 403)
	make(zhao, "h9", "k7", 404)
	make(li, "h1", "k 7", 422)
	if a := h.enroll(enrolment(1, "k7", code)); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	id := kiosk.KeyIDOf(PrivateKey(1).Public().(ed25519.PublicKey))
	if a := h.as(li, "GET", "/v1/halls/h1/keys"); a.status != 200 || !strings.Contains(a.body, string(id)) {
		t.Fatalf("%d %s", a.status, a.body)
	}
	number := sign(1, "k7", 1, "GET", "/v1/self", nil)
	if a := h.replay(number); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	h.refused(h.as(li, "DELETE", "/v1/halls/h1/keys/k8"), 404, kiosk.ENotFound, "")
	if a := h.as(li, "DELETE", "/v1/halls/h1/keys/k7"); a.status != 204 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	h.turnedAway(h.replay(sign(1, "k7", 2, "GET", "/v1/self", nil)), 401, center.RefusedRevoked)
	trail, err := h.store.Trail(t.Context(), "h1", 0, 3)
	if err != nil || len(trail) != 3 || trail[0].Action != "key.revoked" || trail[0].Account != "li" || trail[0].Subject != "k7" || trail[2].Action != "code.made" || trail[2].From != "127.0.0.1" {
		t.Fatalf("%+v, %v", trail, err)
	}
}
