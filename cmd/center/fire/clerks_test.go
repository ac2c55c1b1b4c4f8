package fire

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"hallkiosk/kiosk"
)

// office is 40 windows that call and serve, whatever burns.
type office struct {
	h      *hall
	token  string
	client http.Client

	mu     sync.Mutex
	day    kiosk.Day                 // whose tickets are called; empty for today's
	served map[kiosk.TicketID]string // the window that called it
	calls  int
	again  int // presses that no center answered, and were repeated
	faults int // answers that blame the center
	unsaid int // presses that were stored without an answer, as a repetition told
}

const password = "a long password for tests only"

// newOffice makes accounts and windows.
func newOffice(h *hall, windows int, queues []kiosk.QueueID) *office {
	t := h.t
	t.Helper()
	lines := &http.Transport{MaxIdleConnsPerHost: windows}
	t.Cleanup(lines.CloseIdleConnections)
	o := &office{h: h, client: http.Client{Timeout: 10 * time.Second, Transport: lines}, served: map[kiosk.TicketID]string{}}
	for name, role := range map[string]string{"boss": "manager", "clerk": "clerk"} {
		cmd := exec.Command(filepath.Join(bin, "center"), "account", "add", "-config", h.centers[0].config, "-name", name, "-role", role, "-hall", "center")
		cmd.Stdin = strings.NewReader(password + "\n")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("account: %v %s", err, out)
		}
	}
	boss := o.login("boss")
	for i := range windows {
		body := map[string]any{"queues": []kiosk.QueueID{queues[i%len(queues)]}}
		if status, text, _ := o.do(t.Context(), 0, "PUT", fmt.Sprintf("/v1/halls/center/windows/%d", i+1), boss, body); status/100 != 2 {
			t.Fatalf("window: %d %s", status, text)
		}
	}
	o.token = o.login("clerk")
	return o
}

// on lets the windows call the tickets of a day.
func (o *office) on(day kiosk.Day) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.day = day
}

func (o *office) login(name string) string {
	o.h.t.Helper()
	status, text, _ := o.do(o.h.t.Context(), 0, "POST", "/v1/login", "", map[string]any{"name": name, "password": password, "bearer": true})
	var r struct{ Token string }
	if err := json.Unmarshal(text, &r); err != nil || status != 200 || r.Token == "" {
		o.h.t.Fatalf("login: %d %s", status, text)
	}
	return r.Token
}

// do asks one center after the other, from the first-th; status 0 is that none
// answered. sent is when the one that did was asked.
func (o *office) do(ctx context.Context, first int, method, path, token string, body any) (status int, text []byte, sent time.Time) {
	data, err := json.Marshal(body)
	if err != nil {
		o.h.t.Fatal(err)
	}
	for i := range o.h.centers {
		c := o.h.centers[(first+i)%len(o.h.centers)]
		c.mu.Lock()
		addr := c.addr
		c.mu.Unlock()
		r, err := http.NewRequestWithContext(ctx, method, "http://"+addr+path, bytes.NewReader(data))
		if err != nil {
			o.h.t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		// As a browser does: when the center closes a line that was kept in the
		// instant a request goes out on it, it goes out on another one.
		r.Header["Idempotency-Key"] = []string{}
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		sent := time.Now()
		got, err := o.client.Do(r)
		if err != nil {
			continue
		}
		var b bytes.Buffer
		_, err = b.ReadFrom(got.Body)
		got.Body.Close()
		if err == nil && got.StatusCode < 500 {
			return got.StatusCode, b.Bytes(), sent
		}
		o.mu.Lock()
		o.faults++
		o.mu.Unlock()
	}
	return 0, nil, time.Time{}
}

// press presses a button until somebody answers: the op makes it one press.
func (o *office) press(ctx context.Context, window int, verb, op string) (status int, ticket kiosk.TicketID) {
	for tries := 0; ctx.Err() == nil; tries++ {
		o.mu.Lock()
		body := map[string]string{"op": op, "day": string(o.day)}
		o.mu.Unlock()
		status, text, sent := o.do(ctx, window, "POST", fmt.Sprintf("/v1/halls/center/windows/%d/%s", window, verb), o.token, body)
		if ctx.Err() != nil {
			break
		}
		if status == 0 {
			o.mu.Lock()
			o.again++
			o.mu.Unlock()
			time.Sleep(50 * time.Millisecond)
			continue
		}
		var r struct {
			Ticket struct{ ID kiosk.TicketID }
			At     kiosk.Instant
		}
		if status == 200 && json.Unmarshal(text, &r) != nil {
			o.h.t.Errorf("%s: %s", verb, text)
		}
		if status == 200 && r.At < kiosk.InstantOf(sent) {
			o.mu.Lock()
			o.unsaid++
			o.mu.Unlock()
		}
		if status == 401 || status == 403 || status == 422 {
			o.h.t.Errorf("%s at window %d: %d %s", verb, window, status, text)
			return status, ""
		}
		return status, r.Ticket.ID
	}
	return 0, ""
}

// work calls and serves at one window until ctx ends.
func (o *office) work(ctx context.Context, window int) {
	for n := 0; ctx.Err() == nil; n++ {
		op := fmt.Sprintf("%d-%d", window, n)
		status, ticket := o.press(ctx, window, "call", op)
		if status == 0 {
			return
		}
		if status != 200 {
			time.Sleep(200 * time.Millisecond) // nobody waits
			continue
		}
		o.mu.Lock()
		o.calls++
		if other, twice := o.served[ticket]; twice {
			o.h.t.Errorf("ticket %s was called to window %s and to %d", ticket, other, window)
		}
		o.served[ticket] = fmt.Sprint(window)
		o.mu.Unlock()
		for _, verb := range []string{"start", "finish"} {
			// A clerk finishes with who is there, fire or not.
			done, cancel := context.WithTimeout(context.WithoutCancel(ctx), patient)
			if status, at := o.press(done, window, verb, op+verb); status != 200 || at != ticket {
				o.h.t.Errorf("%s at window %d: %d, %s instead of %s", verb, window, status, at, ticket)
			}
			cancel()
		}
	}
}
