package uplink

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"hallkiosk/kiosk"
)

// FeedOpts are what a Feed needs to know. DefaultFeedOpts fills all but Hall.
type FeedOpts struct {
	Hall     kiosk.HallID
	RetryMin time.Duration // the shortest wait for a center that is away
	RetryMax time.Duration // and the longest
	Dead     time.Duration // a line on which nothing comes for so long is given up

	Rand  func() float64                         // from [0, 1), for the jitter
	After func(d time.Duration) <-chan time.Time // as time.After
}

// DefaultFeedOpts wait half a second to a minute for a center that is away, and
// give a line up after three missed signs of life.
func DefaultFeedOpts() FeedOpts {
	return FeedOpts{RetryMin: 500 * time.Millisecond, RetryMax: time.Minute, Dead: 45 * time.Second, Rand: rand.Float64, After: time.After}
}

// Feed brings the center's news over one line that is held open. Make it with
// NewFeed and start Run once; Err may be called from any goroutine.
type Feed struct {
	c *Client
	o FeedOpts

	mu  sync.Mutex
	err error
}

// NewFeed makes a Feed.
func NewFeed(c *Client, o FeedOpts) *Feed {
	return &Feed{c: c, o: o, err: &kiosk.Error{Code: kiosk.EUnavailable, Op: "get news", Hint: "the center hasn't been asked yet"}}
}

// Err says why there is no line now; nil while there is one.
func (f *Feed) Err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

func (f *Feed) note(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

// Run holds the line open until ctx ends. tell is called with every news, and
// with nil when the line was lost and what it told may be out of date; one at a
// time.
func (f *Feed) Run(ctx context.Context, tell func(*kiosk.News)) {
	wait := backoff{f.o.RetryMin, f.o.RetryMax, f.o.Rand}
	for failures := 0; ctx.Err() == nil; failures++ {
		told := false
		err := f.line(ctx, func(n *kiosk.News) {
			failures, told = 0, true
			f.note(nil)
			tell(n)
		})
		if ctx.Err() != nil {
			return
		}
		f.note(err)
		if told {
			tell(nil)
		}
		select {
		case <-ctx.Done():
		case <-f.o.After(wait.after(failures)):
		}
	}
}

// longestNews bounds one line of the feed, in bytes: a hall of 200 queues has
// some 16,000.
const longestNews = 1 << 20

// line holds one line open until it ends, and says why it did.
func (f *Feed) line(ctx context.Context, tell func(*kiosk.News)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r, err := f.c.request(ctx, http.MethodGet, "v1/news?hall="+url.QueryEscape(string(f.o.Hall)), nil)
	if err != nil {
		return err
	}
	r.Header.Set("Accept", "text/event-stream")
	answer, err := f.c.held.Do(r)
	if err != nil {
		return f.c.away("get news", "doesn't answer", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		text := make([]byte, maxAnswer)
		n, _ := answer.Body.Read(text)
		return f.c.refusal("get news", answer.StatusCode, text[:n])
	}
	dead := time.AfterFunc(f.o.Dead, cancel)
	defer dead.Stop()
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, longestNews)
	for lines.Scan() {
		dead.Reset(f.o.Dead)
		data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data:"))
		if !ok {
			continue // ids, names and signs of life
		}
		var n kiosk.News
		if err := json.Unmarshal(data, &n); err != nil || n.Hall != f.o.Hall {
			return &kiosk.Error{Code: kiosk.EInvalid, Op: "get news", Err: err, Hint: f.c.String() + " answers, but not as a center does"}
		}
		tell(&n)
	}
	err = lines.Err()
	if err == nil {
		err = fmt.Errorf("the line ended")
	}
	return f.c.away("get news", "ended the line", err)
}

// Known says whether the center has heard of this kiosk, in whatever life of its
// store.
func (c *Client) Known(ctx context.Context) (bool, error) {
	r, err := c.request(ctx, http.MethodGet, "v1/self", nil)
	if err != nil {
		return false, err
	}
	var self kiosk.Self
	err = c.ask(r, "ask about this kiosk", &self)
	return len(self.Epochs) > 0, err
}

// Place implements kiosk.Places.
func (c *Client) Place(ctx context.Context, id kiosk.TicketID, day kiosk.Day) (kiosk.Place, error) {
	return c.place(ctx, "tickets", string(id), day)
}

// Numbered implements kiosk.Places.
func (c *Client) Numbered(ctx context.Context, n kiosk.Number, day kiosk.Day) (kiosk.Place, error) {
	return c.place(ctx, "numbers", n.String(), day)
}

// place asks where one of the hall's tickets stands.
func (c *Client) place(ctx context.Context, by, name string, day kiosk.Day) (p kiosk.Place, err error) {
	r, err := c.request(ctx, http.MethodGet, "v1/self/"+by+"/"+url.PathEscape(name)+"?hall="+url.QueryEscape(string(c.hall))+"&day="+url.QueryEscape(string(day)), nil)
	if err != nil {
		return p, err
	}
	return p, c.ask(r, "look up a ticket", &p)
}

// Next implements kiosk.Numbers.
func (c *Client) Next(ctx context.Context, request kiosk.RequestID, day kiosk.Day, queue kiosk.QueueID) (kiosk.Number, error) {
	const op = "get a number"
	body, err := json.Marshal(kiosk.NumberRequest{Request: request, Hall: c.hall, Day: day, Queue: queue})
	if err != nil {
		return kiosk.Number{}, &kiosk.Error{Code: kiosk.EInternal, Op: op, Err: err}
	}
	r, err := c.request(ctx, http.MethodPost, "v1/numbers", body)
	if err != nil {
		return kiosk.Number{}, err
	}
	var reply kiosk.NumberReply
	if err := c.ask(r, op, &reply); err != nil {
		return kiosk.Number{}, err
	}
	n, err := kiosk.ParseNumber(strings.TrimSpace(reply.Number))
	if err != nil || n.Queue != queue || n.Series != "" {
		return kiosk.Number{}, &kiosk.Error{Code: kiosk.EInvalid, Op: op, Err: err, Hint: c.String() + " answers with no number of that queue"}
	}
	return n, nil
}
