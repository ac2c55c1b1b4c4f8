package centertest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
)

// hostile are the texts that come in place of every other, as JSON.
var hostile = map[string]string{
	"Quote":      `"'"`,
	"Statement":  `"'); DROP TABLE tickets; --"`,
	"Comment":    `"\"; DELETE FROM events; /*"`,
	"Dollar":     `"$1 ? :a %s {{.}} \\"`,
	"NUL":        `"a\u0000b"`,
	"Long":       `"` + strings.Repeat("x", 3000) + `"`,
	"Surrogate":  `"\ud800"`,
	"NotUTF8":    "\"a\xff\xfeb\"",
	"Empty":      `""`,
	"Whitespace": `" \n\t "`,
}

// placeholder stands in a request where a hostile text will.
const placeholder = "a-place-for-text"

// operation is one of /openapi.json.
type operation struct {
	method, path string
	Parameters   []struct {
		Name, In string
		Schema   map[string]any
	}
	RequestBody struct {
		Content map[string]struct{ Schema map[string]any }
	}
	Security []map[string]any
}

// Hostile puts hostile text in every parameter and every string of a body that the
// center's description of its API knows: each is answered and nothing is a fault
// of the center. Afterwards every table can be read. st is closed by the caller.
func Hostile(t *testing.T, st center.Store) {
	t.Helper()
	const token = "token-for-hostile-tests"
	o := center.DefaultOpts()
	o.Cost = center.Cost{Time: 1, Memory: 8, Threads: 1}
	o.Now, o.Log = func() time.Time { return Noon.Add(time.Hour) }, slog.New(slog.DiscardHandler)
	o.Halls = map[kiosk.HallID]center.Hall{"h1": {}}
	o.Actor = func(r *http.Request) (center.Actor, error) {
		if r.Header.Get("Who") == "" {
			return center.Actor{}, errors.New("no session")
		}
		return center.Actor{ID: "wang", Role: r.Header.Get("Who")}, nil
	}
	var err error
	if o.Tokens, err = center.ReadTokens(strings.NewReader("k1 "+token+" h1"), "tokens"); err != nil {
		t.Fatal(err)
	}
	if err := st.SetWindow(t.Context(), "h1", "21", []kiosk.QueueID{"A"}); err != nil {
		t.Fatal(err)
	}
	b := Batch("k1", Event(1, kiosk.TicketTaken, kiosk.TakenBody{Ticket: "t", Day: Day, Number: "A001", Queue: "A"}))
	if _, err := st.Ingest(t.Context(), center.Seal(b, Noon)); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(center.New(st, o))
	defer srv.Close()
	w := &besieged{T: t, url: srv.URL, token: token}
	operations := w.read()
	requests := 0
	for _, op := range operations {
		w.as(op)
		places := w.places(op)
		for _, name := range slices.Sorted(maps.Keys(hostile)) {
			for _, place := range places {
				requests++
				status, answer := w.send(op, place, hostile[name])
				if status >= 500 || status == 0 {
					t.Errorf("%s %s, %s in %s: %d %s", op.method, op.path, name, place, status, answer)
				}
			}
		}
	}
	if len(operations) < 30 || requests < 500 {
		t.Errorf("%d requests to %d operations", requests, len(operations))
	}
	t.Logf("%d requests to %d operations", requests, len(operations))
	w.whole(st)
}

// besieged is the center that hostile requests go to.
type besieged struct {
	*testing.T
	url, token string
	schemas    map[string]map[string]any
	who        string // the role that the operation at hand lets in
	n          int
}

// read returns what the API's description knows.
func (w *besieged) read() (all []operation) {
	w.Helper()
	got, err := http.Get(w.url + "/openapi.json")
	if err != nil {
		w.Fatal(err)
	}
	defer got.Body.Close()
	var api struct {
		Paths      map[string]map[string]operation
		Components struct{ Schemas map[string]map[string]any }
	}
	if err := json.NewDecoder(got.Body).Decode(&api); err != nil {
		w.Fatal(err)
	}
	w.schemas = api.Components.Schemas
	for _, path := range slices.Sorted(maps.Keys(api.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(api.Paths[path])) {
			op := api.Paths[path][method]
			op.method, op.path = strings.ToUpper(method), path
			all = append(all, op)
		}
	}
	return all
}

// as finds the role that may do an operation, so that the texts come through to
// what it does.
func (w *besieged) as(op operation) {
	w.Helper()
	for _, role := range center.Roles {
		w.who = string(role)
		if status, answer := w.send(op, "", ""); status >= 500 || status == 400 {
			w.Errorf("%s %s with plain text: %d %s", op.method, op.path, status, answer)
		} else if status != http.StatusForbidden && status != http.StatusUnauthorized {
			return
		}
	}
	if len(op.Security) > 0 && op.path != "/v1/logout" && !strings.HasSuffix(op.path, "/audit") { // those need a session
		w.Errorf("%s %s: nobody may", op.method, op.path)
	}
}

// places are where an operation takes text: the names of its parameters, and the
// ways into its body.
func (w *besieged) places(op operation) (all []string) {
	for _, p := range op.Parameters {
		all = append(all, "?"+p.Name)
	}
	var walk func(v any, way string)
	walk = func(v any, way string) {
		switch v := v.(type) {
		case string:
			all = append(all, way)
		case []any:
			walk(v[0], way+"/0")
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				walk(v[name], way+"/"+name)
			}
		}
	}
	walk(w.body(op), "")
	return all
}

// send sends an operation with JSON text at one place and plain text elsewhere, and
// returns the status and the beginning of the answer.
func (w *besieged) send(op operation, place, text string) (int, string) {
	w.Helper()
	w.n++
	path, query := op.path, url.Values{}
	for _, p := range op.Parameters {
		is := fmt.Sprint(w.plain(p.Schema, p.Name))
		if "?"+p.Name == place && json.Unmarshal([]byte(text), &is) == nil && strings.ContainsRune(is, '\ufffd') {
			is = strings.Trim(text, `"`) // as it is, not mended
		}
		if p.In == "path" {
			if is == "" || is == "." || is == ".." {
				is = "-"
			}
			path = strings.ReplaceAll(path, "{"+p.Name+"}", url.PathEscape(is))
		} else {
			query.Set(p.Name, is)
		}
	}
	var body io.Reader
	if v := w.body(op); v != nil {
		if strings.HasPrefix(place, "/") {
			put(v, strings.Split(place[1:], "/"))
		}
		raw, err := json.Marshal(v)
		if err != nil {
			w.Fatal(err)
		}
		body = bytes.NewReader(bytes.ReplaceAll(raw, []byte(`"`+placeholder+`"`), []byte(text)))
	}
	ctx, cancel := context.WithTimeout(w.Context(), time.Minute)
	defer cancel() // ends a line of news
	r, err := http.NewRequestWithContext(ctx, op.method, w.url+path+"?"+query.Encode(), body)
	if err != nil {
		w.Fatalf("%s: %v", path, err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Who", w.who)
	if len(op.Security) > 0 && op.Security[0]["token"] != nil {
		r.Header.Set("Authorization", "Bearer "+w.token)
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		w.Errorf("%s %s, %s: %v", op.method, op.path, place, err)
		return 0, ""
	}
	defer got.Body.Close()
	if got.StatusCode < 400 {
		return got.StatusCode, ""
	}
	answer, err := io.ReadAll(io.LimitReader(got.Body, 500))
	if kind := got.Header.Get("Content-Type"); err != nil || kind != "application/problem+json" {
		w.Errorf("%s %s, %s: %d as %s, %v", op.method, op.path, place, got.StatusCode, kind, err)
	}
	return got.StatusCode, string(answer)
}

// put puts the placeholder into v.
func put(v any, way []string) {
	switch v := v.(type) {
	case []any:
		if len(way) == 1 {
			v[0] = placeholder
			return
		}
		put(v[0], way[1:])
	case map[string]any:
		if len(way) == 1 {
			v[way[0]] = placeholder
			return
		}
		put(v[way[0]], way[1:])
	}
}

// body makes what an operation takes, nil when it takes none.
func (w *besieged) body(op operation) any {
	schema := op.RequestBody.Content["application/json"].Schema
	if schema == nil {
		return nil
	}
	return w.plain(schema, "")
}

// plain makes a value as a schema wants it.
func (w *besieged) plain(schema map[string]any, name string) any {
	if ref, ok := schema["$ref"].(string); ok {
		return w.plain(w.schemas[ref[strings.LastIndexByte(ref, '/')+1:]], name)
	}
	if some, ok := schema["enum"].([]any); ok {
		return some[0]
	}
	kind, _ := schema["type"].(string)
	if kinds, ok := schema["type"].([]any); ok {
		kind, _ = kinds[0].(string)
	}
	switch kind {
	case "integer", "number":
		return 1
	case "boolean":
		return false
	case "array":
		items, _ := schema["items"].(map[string]any)
		return []any{w.plain(items, name)}
	case "object":
		v := map[string]any{}
		all, _ := schema["properties"].(map[string]any)
		for name, s := range all {
			v[name] = w.plain(s.(map[string]any), name)
		}
		return v
	}
	switch {
	case schema["contentEncoding"] == "base64":
		return "AAAA"
	case schema["format"] == "date-time" && name == "from":
		return Noon.Add(2 * time.Hour).Format(time.RFC3339)
	case schema["format"] == "date-time":
		return Noon.Add(3 * time.Hour).Format(time.RFC3339)
	}
	switch name {
	case "hall":
		return "h1"
	case "kiosk":
		return "k1"
	case "epoch":
		return "e1"
	case "day":
		return string(Day)
	case "queue", "queues":
		return "A"
	case "window":
		return "21"
	case "ticket":
		return "t"
	case "number":
		return "A001"
	case "phone":
		return "0042"
	case "card":
		return "110101"
	case "password":
		return "a long password"
	case "op", "request":
		return fmt.Sprintf("%s-%d", name, w.n) // nothing is done twice
	}
	return "x"
}

// whole reads every table.
func (w *besieged) whole(st center.Store) {
	w.Helper()
	ctx := w.Context()
	read := func(what string, err error) {
		w.Helper()
		if err != nil {
			w.Errorf("%s: %v", what, err)
		}
	}
	halls, err := st.Halls(ctx)
	read("halls", err)
	if !slices.Equal(halls, []kiosk.HallID{"h1"}) {
		w.Errorf("halls %v", halls)
	}
	ticket, err := st.CallTicket(ctx, "h1", "t")
	read("ticket", err)
	if ticket.Number.String() != "A001" {
		w.Errorf("ticket %+v", ticket)
	}
	events, err := st.Events(ctx, "k1", "e1", 0, 10)
	read("events", err)
	if len(events) == 0 {
		w.Error("the event is gone")
	}
	_, err = st.Queues(ctx, "h1", Day)
	read("queues", err)
	_, err = st.Lines(ctx, "h1", Day)
	read("lines", err)
	_, err = st.Kiosks(ctx)
	read("kiosks", err)
	_, err = st.Alarms(ctx, 10)
	read("alarms", err)
	_, err = st.Changes(ctx, center.ChangesOf{Hall: "h1", Day: Day}, 10)
	read("changes", err)
	_, err = st.Orders(ctx, "h1", 10)
	read("orders", err)
	_, err = st.Bookings(ctx, "h1", center.BookingQuery{From: Day, To: Day})
	read("bookings", err)
	_, err = st.ListKeys(ctx)
	read("keys", err)
	_, err = st.ListAccounts(ctx)
	read("accounts", err)
	_, err = st.Trail(ctx, "h1", 0, 10)
	read("trail", err)
	_, err = st.Grant(ctx, Wish("after-all"))
	read("grants", err)
}
