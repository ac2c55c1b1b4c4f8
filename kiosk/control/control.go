// Package control is the local socket between the running kiosk and the
// technician's verbs: HTTP with JSON over a Unix socket of mode 0600, so that
// only the kiosk's own user and root can speak to it.
//
// Server is the kiosk's side and hands every question to a Backend. Client is
// the verbs' side.
package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"hallkiosk/kiosk"
)

// TakeReply answers the verb take.
type TakeReply struct {
	ID     kiosk.TicketID   `json:"id"`
	Number string           `json:"number"`
	Queue  kiosk.QueueID    `json:"queue"`
	Ahead  int              `json:"ahead"`
	Print  kiosk.PrintState `json:"print"`           // printed, damaged, unknown, not_printed or queued
	Cause  kiosk.Fault      `json:"cause,omitempty"` // why it isn't printed
}

// Reprint asks for a further paper of a ticket, named by its id or its newest
// number.
type Reprint struct {
	Ticket kiosk.TicketID  `json:"ticket,omitempty"`
	Number string          `json:"number,omitempty"`
	Paper  kiosk.PaperKind `json:"paper,omitempty"` // empty is the ticket's own
}

// Status answers the verb status.
type Status struct {
	Version string                `json:"version"`
	Kiosk   kiosk.KioskID         `json:"kiosk"`
	Hall    kiosk.HallID          `json:"hall"`
	Day     kiosk.Day             `json:"day"`
	Epoch   kiosk.Epoch           `json:"epoch"`
	Store   string                `json:"store"`
	Devices []Device              `json:"devices"`
	Queues  map[kiosk.QueueID]int `json:"queues"`           // who waits today
	Unsent  int                   `json:"unsent"`           // events the center hasn't acknowledged
	Orders  []kiosk.Order         `json:"orders,omitempty"` // of the center, in force here
	Center  Center                `json:"center"`
	Screen  string                `json:"screen,omitempty"` // the screen now shown
}

// Device is one part of the machine and how it is. State is ready, not_fitted,
// gone, or another of kiosk.Fault's names.
type Device struct {
	Name  string `json:"name"`
	Port  string `json:"port,omitempty"`
	State string `json:"state"`
	Hint  string `json:"hint,omitempty"`
}

// Center is how the line to the center is. State is none, connecting,
// ok, away or refused.
type Center struct {
	URL   string    `json:"url,omitempty"`
	State string    `json:"state"`
	Since time.Time `json:"since,omitzero"` // the last acknowledgement
	Error string    `json:"error,omitempty"`
}

// Screen answers the verb screen: what a person sees and can touch, in window
// pixels from the top left.
type Screen struct {
	Name    string   `json:"name"`
	Texts   []string `json:"texts"`
	Targets []Target `json:"targets"`
	Width   int      `json:"width"`
	Height  int      `json:"height"`
}

// Target is one thing to touch.
type Target struct {
	Label  string `json:"label"`
	X      int    `json:"x"`
	Y      int    `json:"y"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
}

// Backend is the running kiosk.
type Backend interface {
	Take(ctx context.Context, r kiosk.Request) (TakeReply, error)
	Reprint(ctx context.Context, r Reprint) (TakeReply, error)
	Examine(ctx context.Context, device string) (json.RawMessage, error) // device is printer or reader
	Unlock(ctx context.Context) error                                    // after tampering
	Status(ctx context.Context) (Status, error)
	Screen(ctx context.Context) (Screen, error) // EUnavailable when headless
	Shot(ctx context.Context) ([]byte, error)   // a PNG; EUnavailable when headless
}

// Listen makes the socket. A socket that nobody answers on is a leftover of a
// crash and replaced. Errors: EBusy when a kiosk answers on it, EInvalid when
// something else is in the way.
func Listen(path string) (net.Listener, error) {
	if err := clear(path); err != nil {
		return nil, err
	}
	// The mode must be right from the socket's first moment.
	old := unix.Umask(0o177)
	l, err := net.Listen("unix", path)
	unix.Umask(old)
	if err != nil {
		return nil, &kiosk.Error{Code: kiosk.EInvalid, Op: "open the control socket", Err: err, Message: "控制套接字打不开。",
			Hint: path + " can't be made: the folder must be there and writable, the path at most 107 bytes. Mend [control] socket"}
	}
	return l, nil
}

func clear(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && info.Mode()&fs.ModeSocket == 0 {
		return &kiosk.Error{Code: kiosk.EInvalid, Op: "open the control socket", Message: "控制套接字的路径被别的文件占了。",
			Hint: path + " is there and is no socket. Move it away or mend [control] socket"}
	}
	if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
		c.Close()
		return &kiosk.Error{Code: kiosk.EBusy, Op: "open the control socket", Message: "已经有一个取号程序在运行。",
			Hint: "another kiosk answers on " + path + "; stop it first"}
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &kiosk.Error{Code: kiosk.EInvalid, Op: "open the control socket", Err: err, Message: "旧的控制套接字删不掉。",
			Hint: "the leftover socket " + path + " can't be removed: check who owns the folder"}
	}
	return nil
}

// Handler serves b.
func Handler(b Backend) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /take", asked(func(ctx context.Context, q kiosk.Request) (any, error) { return b.Take(ctx, q) }))
	mux.HandleFunc("POST /reprint", asked(func(ctx context.Context, q Reprint) (any, error) { return b.Reprint(ctx, q) }))
	mux.HandleFunc("POST /examine", asked(func(ctx context.Context, device string) (any, error) { return b.Examine(ctx, device) }))
	mux.HandleFunc("POST /unlock", asked(func(ctx context.Context, _ struct{}) (any, error) { return struct{}{}, b.Unlock(ctx) }))
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, r *http.Request) {
		v, err := b.Status(r.Context())
		answer(w, v, err)
	})
	mux.HandleFunc("GET /screen", func(w http.ResponseWriter, r *http.Request) {
		v, err := b.Screen(r.Context())
		answer(w, v, err)
	})
	mux.HandleFunc("GET /shot", func(w http.ResponseWriter, r *http.Request) {
		png, err := b.Shot(r.Context())
		if err != nil {
			answer(w, nil, err)
			return
		}
		w.Header().Set("Content-Type", "image/png")
		w.Write(png)
	})
	return mux
}

// asked reads a question from the body and answers it.
func asked[Q any](f func(context.Context, Q) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var q Q
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&q); err != nil {
			answer(w, nil, &kiosk.Error{Code: kiosk.EInvalid, Op: r.URL.Path, Err: err, Message: "请求读不懂。", Hint: "the request is no JSON"})
			return
		}
		v, err := f(r.Context(), q)
		answer(w, v, err)
	}
}

// problem carries a kiosk.Error over the socket.
type problem struct {
	Code    kiosk.Code `json:"code"`
	Message string     `json:"message"`
	Hint    string     `json:"hint"`
}

func answer(w http.ResponseWriter, v any, err error) {
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		w.WriteHeader(http.StatusUnprocessableEntity)
		v = problem{kiosk.CodeOf(err), kiosk.MessageOf(err), kiosk.HintOf(err)}
	}
	json.NewEncoder(w).Encode(v) // a client that went away needs no answer
}

// Client asks a running kiosk. Its errors are kiosk.Errors: EUnavailable when
// none runs.
type Client struct {
	Path string // the socket
}

// Take asks for a number and waits for the paper's fate, at most 15 s.
func (c Client) Take(ctx context.Context, r kiosk.Request) (TakeReply, error) {
	var v TakeReply
	err := c.ask(ctx, "/take", r, &v)
	return v, err
}

// Reprint asks for a further paper and waits for its fate, at most 15 s.
func (c Client) Reprint(ctx context.Context, r Reprint) (TakeReply, error) {
	var v TakeReply
	err := c.ask(ctx, "/reprint", r, &v)
	return v, err
}

// Examine has the running kiosk look into one of its devices; the answer is the
// device's own, as JSON.
func (c Client) Examine(ctx context.Context, device string) (json.RawMessage, error) {
	var v json.RawMessage
	err := c.ask(ctx, "/examine", device, &v)
	return v, err
}

// Unlock ends the lock after tampering.
func (c Client) Unlock(ctx context.Context) error {
	return c.ask(ctx, "/unlock", struct{}{}, &struct{}{})
}

func (c Client) ask(ctx context.Context, path string, q, v any) error {
	body, err := json.Marshal(q)
	if err != nil {
		return err
	}
	return c.call(ctx, http.MethodPost, path, bytes.NewReader(body), v)
}

// Status asks how the kiosk is.
func (c Client) Status(ctx context.Context) (Status, error) {
	var v Status
	err := c.call(ctx, http.MethodGet, "/status", nil, &v)
	return v, err
}

// Screen asks what is on the screen.
func (c Client) Screen(ctx context.Context) (Screen, error) {
	var v Screen
	err := c.call(ctx, http.MethodGet, "/screen", nil, &v)
	return v, err
}

// Shot returns a picture of the screen as PNG.
func (c Client) Shot(ctx context.Context) ([]byte, error) {
	var png []byte
	err := c.call(ctx, http.MethodGet, "/shot", nil, &png)
	return png, err
}

func (c Client) call(ctx context.Context, method, path string, body io.Reader, v any) error {
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", c.Path)
	}}
	u := url.URL{Scheme: "http", Host: "kiosk", Path: path}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return err
	}
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return c.absent(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return c.absent(err)
	}
	if resp.StatusCode != http.StatusOK {
		var p problem
		if json.Unmarshal(data, &p) != nil || p.Code == "" {
			p = problem{kiosk.EInternal, "", fmt.Sprintf("the kiosk answered %s", resp.Status)}
		}
		return &kiosk.Error{Code: p.Code, Message: p.Message, Hint: p.Hint}
	}
	if png, ok := v.(*[]byte); ok {
		*png = data
		return nil
	}
	return json.Unmarshal(data, v)
}

// errAbsent marks that nobody answers on the socket.
var errAbsent = errors.New("no kiosk runs")

// Absent says whether err of a Client means that no kiosk runs.
func Absent(err error) bool { return errors.Is(err, errAbsent) }

func (c Client) absent(err error) error {
	e := &kiosk.Error{Code: kiosk.EUnavailable, Err: fmt.Errorf("%w: %w", errAbsent, err), Message: "取号程序没有运行。", Hint: "no kiosk answers on " + c.Path + ": start it with `kiosk run`"}
	if errors.Is(err, fs.ErrPermission) {
		e.Code, e.Message, e.Hint = kiosk.EInvalid, "没有权限。", "no permission for "+c.Path+": run this as the kiosk's user or as root"
	}
	return e
}
