// Package uplink carries a kiosk's events to the center: Client speaks HTTP,
// Pump moves the outbox through it, in order and without ever dropping an
// event, however long the center is away.
package uplink

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"hallkiosk/kiosk"
)

// ClientOpts are what a Client needs to know.
type ClientOpts struct {
	URL  string // the center's address, such as https://center.example.gov.cn
	Hall kiosk.HallID

	// Token returns the kiosk's token; it is asked before every batch, so that
	// a changed token file counts at once.
	Token func() (string, error)

	// Key signs every request in place of the token; nil is a kiosk that wasn't
	// enrolled.
	Key *Key

	// TLS says which center to trust; nil is any that the system's CAs vouch
	// for. See TLS. It is heeded when HTTP is nil.
	TLS *tls.Config

	// HTTP carries the requests. Nil is a client that gives a center ten
	// seconds to be reached and thirty to answer.
	HTTP *http.Client
}

// Token always returns token.
func Token(token string) func() (string, error) {
	return func() (string, error) { return token, nil }
}

// TokenFile reads the token from the file at path, which holds nothing else.
func TokenFile(path string) func() (string, error) {
	return func() (string, error) {
		text, err := os.ReadFile(path)
		return string(text), err
	}
}

// Client is a kiosk.Uplink over HTTP. Safe for use from several goroutines.
type Client struct {
	base  string // the center's address
	hall  kiosk.HallID
	token func() (string, error)
	key   *Key
	http  *http.Client
	held  *http.Client // without a limit, for lines that are held open
}

var _ kiosk.Uplink = (*Client)(nil)

// NewClient checks o and makes a Client. It opens nothing yet. EInvalid when
// the URL isn't one.
func NewClient(o ClientOpts) (*Client, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return nil, &kiosk.Error{Code: kiosk.EInvalid, Op: "connect to center",
			Hint: "[center] url must be such as https://center.example.gov.cn"}
	}
	u.RawQuery, u.Fragment = "", ""
	c := &Client{base: strings.TrimSuffix(u.String(), "/"), hall: o.Hall, token: o.Token, key: o.Key, http: &http.Client{}}
	if o.HTTP != nil {
		*c.http = *o.HTTP
	} else {
		c.http.Timeout = 30 * time.Second
		c.http.Transport = &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			TLSHandshakeTimeout:   10 * time.Second,
			TLSClientConfig:       o.TLS,
			ResponseHeaderTimeout: 25 * time.Second,
			IdleConnTimeout:       90 * time.Second,
			MaxIdleConnsPerHost:   2,
			ForceAttemptHTTP2:     true,
		}
	}
	// A batch and its token go where the config says, and nowhere else.
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	held := *c.http
	held.Timeout = 0
	c.held = &held
	return c, nil
}

// String names the center, for the technician.
func (c *Client) String() string { return c.base }

// Close lets go of idle connections. The Client stays usable.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// BehindError is the cause of a refusal: the center has less of this epoch
// than the kiosk believed, such as after a restore. Everything after
// AckedThrough must be sent again.
type BehindError struct{ AckedThrough int64 }

// ErrDouble is the cause of a refusal: another machine speaks under this kiosk's
// id, with a store of its own or with a copy of this one's.
var ErrDouble = errors.New("another machine uses this kiosk's id")

// The center's types of problem for it.
const (
	problemDouble        = "urn:hallkiosk:problem:double"
	problemContradiction = "urn:hallkiosk:problem:contradiction" // an event was told before, and otherwise
)

func (e *BehindError) Error() string {
	return fmt.Sprintf("the center has events through %d only", e.AckedThrough)
}

// maxAnswer bounds what is read of the center's answer, in bytes.
const maxAnswer = 64 << 10

// Send implements kiosk.Uplink. EUnavailable also stands for a center that is
// overloaded, that failed inside, or that ctx didn't wait for. A *BehindError
// in the chain asks to go back.
func (c *Client) Send(ctx context.Context, b kiosk.Batch) (kiosk.Ack, error) {
	body, err := pack(b)
	if err != nil {
		return kiosk.Ack{}, &kiosk.Error{Code: kiosk.EInternal, Op: "send events", Err: err}
	}
	r, err := c.request(ctx, http.MethodPost, "v1/events", body)
	if err != nil {
		return kiosk.Ack{}, err
	}
	r.Header.Set("Content-Encoding", "gzip")
	var ack struct {
		AckedThrough *int64        `json:"acked_through"`
		Now          kiosk.Instant `json:"now"`
	}
	if err := c.ask(r, "send events", &ack); err != nil {
		return kiosk.Ack{}, err
	}
	if ack.AckedThrough == nil {
		return kiosk.Ack{}, &kiosk.Error{Code: kiosk.EInvalid, Op: "send events",
			Hint: c.notCenter()}
	}
	return kiosk.Ack{AckedThrough: *ack.AckedThrough, Now: ack.Now}, nil
}

// request makes a request of the kiosk, with its signature or its token.
func (c *Client) request(ctx context.Context, method, path string, body []byte) (*http.Request, error) {
	fail := func(err error, hint string) (*http.Request, error) {
		return nil, &kiosk.Error{Code: kiosk.EInvalid, Op: "ask the center", Err: err, Hint: hint}
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base+"/"+path, bytes.NewReader(body))
	if err != nil {
		return fail(err, "[center] url can't be used")
	}
	if c.key != nil {
		c.key.sign(r, "/"+path, body)
	} else {
		token, err := c.token()
		if err != nil {
			return fail(err, "the kiosk's token can't be read. See [center] token_file")
		}
		token = strings.TrimSpace(token)
		if !sendable(token) {
			return fail(nil, "the kiosk's token is empty or has characters that can't be sent. See [center] token_file")
		}
		r.Header.Set("Authorization", "Bearer "+token)
	}
	r.Header.Set("Accept", "application/json")
	// Whatever a kiosk asks may be asked twice, so net/http may ask again when the
	// center closes an idle line in the instant a request goes out on it, as
	// whenever it is restarted. Without a value it isn't sent.
	r.Header["Idempotency-Key"] = []string{}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return r, nil
}

// ask sends a request and reads its answer into v.
func (c *Client) ask(r *http.Request, op string, v any) error {
	status, text, err := c.exchange(r, op)
	if err == nil && status == http.StatusUnauthorized && c.key.behind(text) {
		// A key that lost count, as after a start with the clock set back.
		if r, err = c.key.again(r, strings.TrimPrefix(r.URL.String(), c.base)); err == nil {
			status, text, err = c.exchange(r, op)
		}
	}
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return c.refusal(op, status, text)
	}
	if json.Unmarshal(text, v) != nil {
		return &kiosk.Error{Code: kiosk.EInvalid, Op: op, Hint: c.notCenter()}
	}
	return nil
}

// exchange sends a request and reads its answer.
func (c *Client) exchange(r *http.Request, op string) (status int, text []byte, err error) {
	answer, err := c.http.Do(r)
	if err != nil {
		return 0, nil, c.away(op, "doesn't answer", err)
	}
	defer answer.Body.Close()
	if text, err = io.ReadAll(io.LimitReader(answer.Body, maxAnswer)); err != nil {
		return 0, nil, c.away(op, "broke off its answer", err)
	}
	return answer.StatusCode, text, nil
}

func (c *Client) notCenter() string {
	return c.String() + " answers, but not as a center does. Is [center] url right, or is a login page in between?"
}

// sendable says whether a token can stand in a header.
func sendable(token string) bool {
	return token != "" && strings.IndexFunc(token, func(r rune) bool { return r < 0x21 || r > 0x7E }) < 0
}

func (c *Client) away(op, what string, err error) error {
	if hint := distrust(err); hint != "" {
		return &kiosk.Error{Code: kiosk.EInvalid, Op: op, Err: err, Message: "中心的证书有问题，不影响取号。", Hint: c.String() + ": " + hint}
	}
	return &kiosk.Error{Code: kiosk.EUnavailable, Op: op, Err: err,
		Message: "暂时连不上中心，不影响取号。", Hint: c.String() + " " + what}
}

// refusal says what an answer other than 200 means. The codes are those of
// the problem in text, when it is one.
func (c *Client) refusal(op string, status int, text []byte) error {
	var p struct {
		Type         string     `json:"type"`
		Code         kiosk.Code `json:"code"`
		Detail       string     `json:"detail"`
		AckedThrough *int64     `json:"acked_through"`
	}
	if json.Unmarshal(text, &p) != nil {
		p.Detail = ""
	}
	hint := fmt.Sprintf("%s says %d %s", c.String(), status, http.StatusText(status))
	if p.Detail != "" {
		hint += ": " + p.Detail
	}
	e := &kiosk.Error{Op: op, Hint: hint}
	if status == http.StatusUnauthorized && c.key.behind(text) {
		e.Code, e.Message = kiosk.EUnavailable, "暂时连不上中心，不影响取号。"
		return e // the next request counts on from there
	}
	switch {
	case status >= 500, status == http.StatusRequestTimeout, status == http.StatusTooManyRequests:
		e.Code, e.Message = kiosk.EUnavailable, "暂时连不上中心，不影响取号。"
	case status == http.StatusConflict:
		e.Code = kiosk.EConflict
		switch {
		case p.Type == problemDouble, p.Type == problemContradiction:
			e.Err = ErrDouble
		case p.AckedThrough != nil:
			e.Err = &BehindError{AckedThrough: *p.AckedThrough}
		}
	case status == http.StatusNotFound && p.Code == kiosk.ENotFound:
		e.Code = kiosk.ENotFound
	case status == http.StatusNotFound: // no problem of a center's: it doesn't know the question
		e.Code = kiosk.EInvalid
		e.Hint = hint + ". [center] url 写对了吗？还是中心比终端旧？请先更新中心 / Is [center] url right? Or is the center older than the kiosk? Update it first"
	default:
		e.Code = kiosk.EInvalid
	}
	return e
}

// pack writes b as gzipped JSON.
func pack(b kiosk.Batch) ([]byte, error) {
	if b.Events == nil {
		b.Events = []kiosk.Event{}
	}
	var body bytes.Buffer
	w, _ := gzip.NewWriterLevel(&body, gzip.BestSpeed) // the level is one
	if err := json.NewEncoder(w).Encode(b); err != nil {
		return nil, err
	}
	err := w.Close()
	return body.Bytes(), err
}
