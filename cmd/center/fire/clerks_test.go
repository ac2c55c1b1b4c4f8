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
	h     *hall
	token string

	mu     sync.Mutex
	served map[kiosk.TicketID]string // the window that called it
	calls  int
	again  int // presses that had to be repeated
}

const password = "a long password for tests only"

// newOffice makes accounts and windows.
func newOffice(h *hall, windows int, queues []kiosk.QueueID) *office {
	t := h.t
	t.Helper()
	o := &office{h: h, served: map[kiosk.TicketID]string{}}
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
		if status, text := o.do(t.Context(), "PUT", fmt.Sprintf("/v1/halls/center/windows/%d", i+1), boss, body); status/100 != 2 {
			t.Fatalf("window: %d %s", status, text)
		}
	}
	o.token = o.login("clerk")
	return o
}

func (o *office) login(name string) string {
	o.h.t.Helper()
	status, text := o.do(o.h.t.Context(), "POST", "/v1/login", "", map[string]any{"name": name, "password": password, "bearer": true})
	var r struct{ Token string }
	if err := json.Unmarshal(text, &r); err != nil || status != 200 || r.Token == "" {
		o.h.t.Fatalf("login: %d %s", status, text)
	}
	return r.Token
}

// do asks one center after the other; status 0 is that none answered.
func (o *office) do(ctx context.Context, method, path, token string, body any) (status int, text []byte) {
	data, err := json.Marshal(body)
	if err != nil {
		o.h.t.Fatal(err)
	}
	client := http.Client{Timeout: 10 * time.Second}
	for _, c := range o.h.centers {
		c.mu.Lock()
		addr := c.addr
		c.mu.Unlock()
		r, err := http.NewRequestWithContext(ctx, method, "http://"+addr+path, bytes.NewReader(data))
		if err != nil {
			o.h.t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		got, err := client.Do(r)
		if err != nil {
			continue
		}
		var b bytes.Buffer
		_, err = b.ReadFrom(got.Body)
		got.Body.Close()
		if err == nil && got.StatusCode < 500 {
			return got.StatusCode, b.Bytes()
		}
	}
	return 0, nil
}

// press presses a button until somebody answers: the op makes it one press.
func (o *office) press(ctx context.Context, window int, verb, op string) (status int, ticket kiosk.TicketID) {
	for tries := 0; ctx.Err() == nil; tries++ {
		status, text := o.do(ctx, "POST", fmt.Sprintf("/v1/halls/center/windows/%d/%s", window, verb), o.token, map[string]string{"op": op})
		if status == 0 {
			o.mu.Lock()
			o.again++
			o.mu.Unlock()
			time.Sleep(50 * time.Millisecond)
			continue
		}
		var r struct{ Ticket struct{ ID kiosk.TicketID } }
		if status == 200 && json.Unmarshal(text, &r) != nil {
			o.h.t.Errorf("%s: %s", verb, text)
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
