package center_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
	. "hallkiosk/kiosk/center/centertest"
)

func TestQueues(t *testing.T) {
	h := newHall(t)
	h.refused(h.do("GET", "/v1/halls/h9/queues", nil), 404, kiosk.ENotFound, "no kiosk")
	h.acked(h.send(Batch("k1")), 0)
	if a := h.do("GET", "/v1/halls/h1/queues", nil); a.status != 200 || strings.TrimSpace(a.body) != "[]" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	h.acked(h.send(Batch("k1", Taken(1, "k1", "A1-001"), Taken(2, "k1", "B1-001"), Taken(3, "k1", "A1-002"))), 3)
	want := `[{"day":"2024-11-23","queue":"A","waiting":2,"taken":2,"last":"A1-002"},{"day":"2024-11-23","queue":"B","waiting":1,"taken":1,"last":"B1-001"}]`
	for _, path := range []string{"/v1/halls/h1/queues", "/v1/halls/h1/queues?day=2024-11-23"} {
		if a := h.do("GET", path, nil); a.status != 200 || strings.TrimSpace(a.body) != want {
			t.Fatalf("%s: %d %s", path, a.status, a.body)
		}
	}
	if a := h.do("GET", "/v1/halls/h1/queues?day=2024-11-22", nil); a.status != 200 || strings.TrimSpace(a.body) != "[]" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	h.refused(h.do("GET", "/v1/halls/h1/queues?day=yesterday", nil), 422, kiosk.EInvalid, "day")
	h.refused(h.do("GET", "/v1/halls/"+strings.Repeat("h", 65)+"/queues", nil), 422, kiosk.EInvalid, "hall")
}

func TestOpenAPI(t *testing.T) {
	h := newHall(t)
	a := h.do("GET", "/openapi.json", nil)
	var api struct {
		Paths map[string]map[string]struct {
			Responses map[string]struct {
				Content map[string]any
			}
			Security []map[string][]string
		}
		Components struct{ Schemas map[string]any }
	}
	if err := json.Unmarshal([]byte(a.body), &api); err != nil || a.status != 200 {
		t.Fatalf("%d %v", a.status, err)
	}
	post := api.Paths["/v1/events"]["post"]
	for _, status := range []string{"401", "403", "409", "413", "422", "503"} {
		if post.Responses[status].Content["application/problem+json"] == nil {
			t.Errorf("POST /v1/events doesn't describe %s", status)
		}
	}
	if len(post.Security) != 1 || api.Components.Schemas["Problem"] == nil || api.Components.Schemas["Batch"] == nil {
		t.Errorf("security %v, schemas %v", post.Security, api.Components.Schemas)
	}
	for _, path := range []string{"/v1/halls/{hall}/queues", "/healthz"} {
		if api.Paths[path]["get"].Responses["200"].Content["application/json"] == nil {
			t.Errorf("GET %s isn't described", path)
		}
	}
	for name := range api.Components.Schemas {
		if name == "ErrorModel" {
			t.Error("huma's own error is described, but never sent")
		}
	}
}

func TestHealth(t *testing.T) {
	h := newHall(t)
	if a := h.do("GET", "/healthz", nil); a.status != 200 || strings.TrimSpace(a.body) != `{"status":"ok","refused":0}` {
		t.Fatalf("%d %s", a.status, a.body)
	}
	h.store.Close()
	h.refused(h.do("GET", "/healthz", nil), 503, kiosk.EUnavailable, "store")
	if a := h.send(Batch("k1")); a.status < 500 || a.Code == "" || strings.Contains(a.body, "sql") {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := h.do("GET", "/", nil); a.status < 500 {
		t.Fatalf("%d", a.status)
	}
}

func TestPage(t *testing.T) {
	h := newHall(t)
	get := func(path string) answer {
		t.Helper()
		a := h.do("GET", path, nil)
		if a.status != 200 {
			t.Fatalf("%s: %d %s", path, a.status, a.body)
		}
		if strings.Contains(a.body, "http://") || strings.Contains(a.body, "https://") || strings.Contains(a.body, "ZgotmplZ") {
			t.Fatalf("%s: something from outside:\n%s", path, a.body)
		}
		return a
	}
	has := func(a answer, all ...string) {
		t.Helper()
		for _, want := range all {
			if !strings.Contains(a.body, want) {
				t.Fatalf("no %q in:\n%s", want, a.body)
			}
		}
	}
	has(get("/"), "还没有终端报到", "k1", "k2")
	h.acked(h.send(Batch("k1", Taken(1, "k1", "A1-001"), Taken(2, "k1", "A1-002"), Paper(3, "k1", "A1-002", kiosk.NotPrinted))), 3)
	h.acked(h.send(Batch("k1", Event(4, kiosk.TicketTaken, kiosk.TakenBody{Ticket: "<script>", Day: Day, Number: "<b>", Queue: "A"}))), 4)
	a := get("/")
	has(a, `lang="zh-CN"`, "大厅 h1", "<b>2</b> 人等候", "A1-002", "没有出纸", "12:00:02", "2024-11-23", "刚刚有消息", `class="well"`, "需要查看", "还没报到的终端")
	if strings.Contains(a.body, "<script>\"") || strings.Contains(a.header.Get("Content-Security-Policy"), "unsafe") {
		t.Fatal("the page runs what it shows")
	}
	has(get("/?hall=h1"), "大厅 h1")
	if strings.Contains(get("/?hall=h2").body, "大厅 h1") {
		t.Fatal("?hall=h2 shows h1")
	}
	h.now = h.now.Add(5 * time.Minute)
	has(get("/"), `class="late"`, "5 分钟前")
	h.now = h.now.Add(time.Hour)
	has(get("/"), `class="silent"`, "1 小时前")
	if a := get("/page.css"); !strings.HasPrefix(a.header.Get("Content-Type"), "text/css") {
		t.Fatalf("%v", a.header)
	}
	if a := get("/page.js"); !strings.Contains(a.header.Get("Content-Type"), "javascript") {
		t.Fatalf("%v", a.header)
	}
	if a := h.do("GET", "/../server.go", nil); a.status != 404 {
		t.Fatalf("%d", a.status)
	}
}

func TestServe(t *testing.T) {
	h := newHall(t)
	t.Run("GracefulStop", func(t *testing.T) {
		l := listen(t)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- h.Serve(ctx, l) }()
		// The center is reading a batch when the stop comes, and answers it all
		// the same.
		text := encode(Batch("k1", Run("k1", "1", 1, 3)...))
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprintf(c, "POST /v1/events HTTP/1.1\r\nHost: center\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"+
			"Authorization: Bearer %s\r\nExpect: 100-continue\r\n\r\n", len(text), token1)
		in := bufio.NewReader(c)
		if line, err := in.ReadString('\n'); err != nil || line != "HTTP/1.1 100 Continue\r\n" {
			t.Fatalf("%q, %v", line, err)
		}
		in.ReadString('\n')
		stop()
		refusesNew(t, l.Addr().String())
		c.Write(text)
		got, err := http.ReadResponse(in, nil)
		if err != nil || got.StatusCode != 200 {
			t.Fatalf("%v, %v", got, err)
		}
		got.Body.Close()
		h.stored("k1", 3)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	})
	t.Run("ListenerDies", func(t *testing.T) {
		l := listen(t)
		done := make(chan error, 1)
		go func() { done <- h.Serve(t.Context(), l) }()
		l.Close()
		if err := <-done; err == nil {
			t.Fatal("no error")
		}
	})
}

func ExampleProblem() {
	acked := int64(7)
	fmt.Println(string(encode(center.Problem{Type: center.ProblemGap, Title: "Conflict", Status: 409, Code: kiosk.EConflict, Detail: "go back", AckedThrough: &acked})))
	// Output: {"type":"urn:hallkiosk:problem:gap","title":"Conflict","status":409,"code":"conflict","detail":"go back","acked_through":7}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// refusesNew waits until nobody listens at addr any more.
func refusesNew(t *testing.T, addr string) {
	t.Helper()
	for {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			return
		}
		c.Close()
	}
}
