package pgstore

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/uplink"
)

// asKiosks has the test binary be the kiosks that come back, see comeback.
const asKiosks = "KIOSK_BENCH_COME_BACK"

// comeback is all the kiosks, in a process of their own. took and repeated may be
// read when drained is closed.
type comeback struct {
	b        *testing.B
	cmd      *exec.Cmd
	in       io.WriteCloser
	out      *bufio.Reader
	drained  chan struct{} // closed when everything is acknowledged
	took     time.Duration
	repeated int64 // batches that had to be sent again
}

// newComeback starts the kiosks, which wait with all their batches packed. They
// give way to the center: on machines of their own they would cost it nothing.
func newComeback(b *testing.B) *comeback {
	b.Helper()
	c := &comeback{b: b, cmd: exec.Command("nice", "-n", "10", os.Args[0]), drained: make(chan struct{})}
	c.cmd.Env, c.cmd.Stderr = append(os.Environ(), asKiosks+"=1"), os.Stderr
	in, err := c.cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	c.in, c.out = in, bufio.NewReader(out)
	if err := c.cmd.Start(); err != nil {
		b.Fatal(err)
	}
	if line, err := c.out.ReadString('\n'); line != "ready\n" {
		b.Fatalf("the kiosks said %q, %v", line, err)
	}
	return c
}

// begin lets every kiosk find the center in the same instant.
func (c *comeback) begin(url string) {
	fmt.Fprintln(c.in, url) // an answer is missed otherwise
	go func() {
		defer close(c.drained)
		if _, err := fmt.Fscan(c.out, &c.took, &c.repeated); err != nil {
			c.b.Errorf("the kiosks ended: %v", err)
		}
	}()
}

// end lets the kiosks go, and with them their lines.
func (c *comeback) end() {
	c.b.Helper()
	if err := errors.Join(c.in.Close(), c.cmd.Wait()); err != nil {
		c.b.Error(err)
	}
}

// beKiosks is the other side of comeback, on standard input and output.
func beKiosks() error {
	back, err := newReturning()
	if err != nil {
		return err
	}
	fmt.Println("ready")
	in := bufio.NewReader(os.Stdin)
	var url string
	if _, err := fmt.Fscanln(in, &url); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	var lines, emptied sync.WaitGroup
	var repeated atomic.Int64
	began := time.Now()
	for i := range back {
		k := &back[i]
		client, err := uplink.NewClient(uplink.ClientOpts{URL: url, Hall: hallOf(i), Token: uplink.Token(k.token)})
		if err != nil {
			cancel()
			return err
		}
		k.url = url + "/v1/events"
		o := uplink.DefaultOpts()
		o.Hall, o.Kiosk = hallOf(i), kioskOf(i)
		o.After = func(d time.Duration) <-chan time.Time {
			if d != o.Poll {
				repeated.Add(1)
			}
			return time.After(d)
		}
		f := uplink.DefaultFeedOpts()
		f.Hall = o.Hall
		lines.Go(func() {
			uplink.NewFeed(client, f).Run(ctx, func(*kiosk.News) {})
			client.Close()
		})
		lines.Go(func() {
			uplink.NewPump(k, k, o).Run(ctx)
			k.http.CloseIdleConnections()
		})
		emptied.Go(func() { <-k.empty })
	}
	emptied.Wait()
	fmt.Println(int64(time.Since(began)), repeated.Load())
	_, err = io.Copy(io.Discard, in) // until the other side lets go
	cancel()
	lines.Wait()
	return err
}

// returning is a kiosk that comes back: its outbox, and an uplink that has its
// batches ready packed.
type returning struct {
	events []kiosk.Event
	acked  atomic.Int64
	empty  chan struct{} // closed when all is acknowledged

	url, token string
	packed     map[int64][]byte // by the first event's seq
	http       http.Client
}

// newReturning packs what kiosks have to tell.
func newReturning() ([]returning, error) {
	back := make([]returning, backlogKiosks)
	for i := range back {
		k, whole := &back[i], backlogOf(i)
		k.events, k.empty, k.token, k.packed = whole.Events, make(chan struct{}), tokenOf(i), map[int64][]byte{}
		k.http = http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{}} // as uplink.Client's
		for events := range slices.Chunk(whole.Events, uplink.DefaultOpts().Batch) {
			part := whole
			part.Events = events
			var body bytes.Buffer
			w, err := gzip.NewWriterLevel(&body, gzip.BestSpeed)
			if err == nil {
				err = errors.Join(json.NewEncoder(w).Encode(part), w.Close())
			}
			if err != nil {
				return nil, err
			}
			k.packed[events[0].Seq] = body.Bytes()
		}
	}
	return back, nil
}

// Send implements kiosk.Uplink.
func (k *returning) Send(ctx context.Context, batch kiosk.Batch) (kiosk.Ack, error) {
	body := []byte(fmt.Sprintf(`{"hall":%q,"kiosk":%q,"epoch":%q,"events":[]}`, batch.Hall, batch.Kiosk, batch.Epoch))
	encoding := "identity"
	if len(batch.Events) > 0 {
		body, encoding = k.packed[batch.Events[0].Seq], "gzip"
	}
	away := func(err error) (kiosk.Ack, error) {
		return kiosk.Ack{}, &kiosk.Error{Code: kiosk.EUnavailable, Op: "send events", Err: err}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, k.url, bytes.NewReader(body))
	if err != nil {
		return away(err)
	}
	r.Header = http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {encoding}, "Authorization": {"Bearer " + k.token}}
	answer, err := k.http.Do(r)
	if err != nil {
		return away(err)
	}
	defer answer.Body.Close()
	var ack struct {
		Through int64 `json:"acked_through"`
	}
	text, err := io.ReadAll(answer.Body)
	if err == nil {
		err = json.Unmarshal(text, &ack)
	}
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%d %s", answer.StatusCode, text)
	}
	if err != nil {
		return away(err)
	}
	return kiosk.Ack{AckedThrough: ack.Through}, nil
}

// Epoch implements kiosk.Outbox.
func (*returning) Epoch() kiosk.Epoch { return "e1" }

// Events implements kiosk.Outbox.
func (k *returning) Events(_ context.Context, after int64, limit int) ([]kiosk.Event, error) {
	return k.events[after:min(int(after)+limit, len(k.events))], nil
}

// Ack implements kiosk.Outbox.
func (k *returning) Ack(_ context.Context, through int64) error {
	if before := k.acked.Swap(through); before < through && through == int64(len(k.events)) {
		close(k.empty)
	}
	return nil
}

// Pending implements kiosk.Outbox.
func (k *returning) Pending(context.Context) (int64, int, error) {
	acked := k.acked.Load()
	return acked, len(k.events) - int(acked), nil
}
