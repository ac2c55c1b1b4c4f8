package fire

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/calling"
)

// office is 40 windows that call and serve, whatever burns.
type office struct {
	h      *hall
	client http.Client

	mu     sync.Mutex
	tokens map[string]string // of the accounts' sessions
	held   map[kiosk.TicketID]int
	served map[kiosk.TicketID]string // the window that called it; by work alone
	did    map[kiosk.OpID]outcome    // what was answered
	calm   bool                      // clerks do no more than call and serve
	calls  int
	again  int // presses that no center answered, and were repeated
	faults int // answers that blame the center
	unsaid int // presses that were stored without an answer, as a repetition told
	logins int
	booked int // bookings that were checked in
}

// outcome is what somebody was told of a press.
type outcome struct {
	verb   calling.Verb
	ticket kiosk.TicketID
}

const password = "a long password for tests only"

// The accounts of the hall.
const (
	boss  = "boss"
	clerk = "clerk"
)

// newOffice makes accounts and windows, each of which serves the queues that
// serves says.
func newOffice(h *hall, windows int, serves func(window int) []kiosk.QueueID) *office {
	t := h.t
	t.Helper()
	lines := &http.Transport{MaxIdleConnsPerHost: windows}
	t.Cleanup(lines.CloseIdleConnections)
	o := &office{h: h, client: http.Client{Timeout: 10 * time.Second, Transport: lines}, tokens: map[string]string{},
		held: map[kiosk.TicketID]int{}, served: map[kiosk.TicketID]string{}, did: map[kiosk.OpID]outcome{}}
	for name, role := range map[string]string{boss: "manager", clerk: "clerk"} {
		h.centers[0].operate(password+"\n", "account", "add", "-name", name, "-role", role, "-hall", "center")
		o.login(t.Context(), 1, name, "")
	}
	for i := range windows {
		if status, text, _ := o.do(t.Context(), i+1, "PUT", fmt.Sprintf("/v1/halls/center/windows/%d", i+1), boss, map[string]any{"queues": serves(i)}); status/100 != 2 {
			t.Fatalf("window: %d %s", status, text)
		}
	}
	return o
}

// inTurn has each window serve one queue, in their order.
func inTurn(queues []kiosk.QueueID) func(int) []kiosk.QueueID {
	return func(i int) []kiosk.QueueID { return []kiosk.QueueID{queues[i%len(queues)]} }
}

// login begins a session in the place of the one whose token is old, unless
// somebody else has, at the center that the window finds.
func (o *office) login(ctx context.Context, window int, name, old string) {
	o.h.t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.tokens[name] != old {
		return
	}
	o.logins++
	data, err := json.Marshal(map[string]any{"name": name, "password": password, "bearer": true})
	if err != nil {
		o.h.t.Fatal(err)
	}
	for late := time.Now().Add(patient); ctx.Err() == nil; time.Sleep(50 * time.Millisecond) {
		for _, at := range o.ways(window) {
			status, text := o.send(ctx, "POST", "http://"+at+"/v1/login", "", data)
			var r struct{ Token string }
			if status == 200 && json.Unmarshal(text, &r) == nil && r.Token != "" {
				o.tokens[name] = r.Token
				return
			}
			if status/100 == 4 || time.Now().After(late) {
				o.h.t.Errorf("login: %d %s", status, text)
				return
			}
		}
	}
}

func (o *office) token(name string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.tokens[name]
}

// ways are the addresses where a window finds the centers, its own first.
func (o *office) ways(window int) (all []string) {
	if lines := o.h.windows; lines != nil {
		return []string{lines[window%len(lines)].l.Addr().String()}
	}
	for i := range o.h.centers {
		c := o.h.centers[(window+i)%len(o.h.centers)]
		c.mu.Lock()
		all = append(all, c.addr)
		c.mu.Unlock()
	}
	return all
}

// send makes one request. Status 0 is that there was no answer.
func (o *office) send(ctx context.Context, method, url, token string, data []byte) (status int, text []byte) {
	r, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(data))
	if err != nil {
		o.h.t.Error(err)
		return 0, nil
	}
	r.Header.Set("Content-Type", "application/json")
	// As a browser does: when the center closes a line that was kept in the
	// instant a request goes out on it, it goes out on another one.
	r.Header["Idempotency-Key"] = []string{}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	got, err := o.client.Do(r)
	if err != nil {
		return 0, nil
	}
	defer got.Body.Close()
	if text, err = io.ReadAll(got.Body); err != nil {
		return 0, nil
	}
	return got.StatusCode, text
}

// do asks one center after the other, from the window's own; status 0 is that none
// answered. sent is when the one that did was asked. A session that has ended, as
// it does when a center's clock leaps ahead, is begun again.
func (o *office) do(ctx context.Context, window int, method, path, account string, body any) (status int, text []byte, sent time.Time) {
	data, err := json.Marshal(body)
	if err != nil {
		o.h.t.Error(err)
		return 0, nil, time.Time{}
	}
	for _, at := range o.ways(window) {
		token := o.token(account)
		sent := time.Now()
		status, text := o.send(ctx, method, "http://"+at+path, token, data)
		if status == http.StatusUnauthorized {
			o.login(ctx, window, account, token)
			continue
		}
		if status != 0 && status < 500 {
			return status, text, sent
		}
		if status != 0 {
			o.mu.Lock()
			o.faults++
			o.mu.Unlock()
		}
	}
	return 0, nil, time.Time{}
}

// press is what is pressed: with an op, which makes it one press.
type press struct {
	Op     kiosk.OpID     `json:"op"`
	Ticket kiosk.TicketID `json:"ticket,omitempty"`
	Queue  kiosk.QueueID  `json:"queue,omitempty"`
	Until  *time.Time     `json:"until,omitempty"`
	Reason string         `json:"reason,omitempty"`
	Undoes kiosk.OpID     `json:"undoes,omitempty"`
	Day    kiosk.Day      `json:"day,omitempty"`
}

// pressed is what the center says of it.
type pressed struct {
	Ticket struct {
		ID     kiosk.TicketID
		Number string
		State  kiosk.State
		Queue  kiosk.QueueID
	}
	At     kiosk.Instant
	Detail string // of a refusal
}

// press presses a button until somebody answers.
func (o *office) press(ctx context.Context, window int, verb calling.Verb, p press) (status int, r pressed) {
	return o.insist(ctx, window, fmt.Sprintf("windows/%d/%s", window, verb), clerk, verb, p)
}

func (o *office) insist(ctx context.Context, window int, path, account string, verb calling.Verb, p press) (status int, r pressed) {
	for ctx.Err() == nil {
		status, text, sent := o.do(ctx, window, "POST", "/v1/halls/center/"+path, account, p)
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
		if json.Unmarshal(text, &r) != nil {
			o.h.t.Errorf("%s: %d %s", path, status, text)
		}
		if status == 200 {
			o.mu.Lock()
			if r.At < kiosk.InstantOf(sent) {
				o.unsaid++
			}
			o.did[p.Op] = outcome{verb, r.Ticket.ID}
			o.mu.Unlock()
		}
		if status == 403 || status == 422 && account == clerk && verb != calling.Park {
			o.h.t.Errorf("%s, %s: %d %s", path, p.Op, status, text)
		}
		return status, r
	}
	return 0, r
}

// work calls and serves at one window until ctx ends.
func (o *office) work(ctx context.Context, window int) {
	for n := 0; ctx.Err() == nil; n++ {
		op := func(verb calling.Verb) press { return press{Op: kiosk.OpID(fmt.Sprintf("%d-%d%s", window, n, verb))} }
		status, r := o.press(ctx, window, calling.Call, op(calling.Call))
		if status == 0 {
			return
		}
		if status != 200 {
			time.Sleep(200 * time.Millisecond) // nobody waits
			continue
		}
		ticket := r.Ticket.ID
		o.mu.Lock()
		o.calls++
		if other, twice := o.served[ticket]; twice {
			o.h.t.Errorf("ticket %s was called to window %s and to %d", ticket, other, window)
		}
		o.served[ticket] = fmt.Sprint(window)
		o.mu.Unlock()
		for _, verb := range []calling.Verb{calling.Start, calling.Finish} {
			// A clerk finishes with who is there, fire or not.
			done, cancel := context.WithTimeout(context.WithoutCancel(ctx), patient)
			if status, r := o.press(done, window, verb, op(verb)); status != 200 || r.Ticket.ID != ticket {
				o.h.t.Errorf("%s at window %d: %d, %s instead of %s", verb, window, status, r.Ticket.ID, ticket)
			}
			cancel()
		}
	}
}

// served waits until nobody is left waiting: none was starved.
func (h *hall) served(o *office) {
	t := h.t
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*patient)
	defer cancel()
	db := h.open(ctx)
	defer db.Close(context.Background())
	for {
		var left, all int
		if err := db.QueryRow(ctx, "SELECT count(*) FILTER (WHERE state <> 'done'), count(*) FROM tickets").Scan(&left, &all); err != nil {
			t.Fatal(err)
		}
		o.mu.Lock()
		calls := o.calls
		o.mu.Unlock()
		if left == 0 {
			if calls != all {
				t.Errorf("%d calls for %d tickets", calls, all)
			}
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("%d of %d tickets are never served", left, all)
		}
		time.Sleep(100 * time.Millisecond)
	}
}
