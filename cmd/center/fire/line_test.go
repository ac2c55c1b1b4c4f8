package fire

import (
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// mode is how a line is.
type mode int

const (
	open    mode = iota
	cut          // every connection breaks, and none is made
	stalled      // connections stay, nothing passes
)

// proxy is a line between two who talk: from a kiosk or some windows to whichever
// center answers, or from a center to the database.
type proxy struct {
	l    net.Listener
	dial func() (net.Conn, error) // to the other end

	mu      sync.Mutex
	mode    mode
	changed chan struct{} // closed and renewed when mode changes
	conns   map[net.Conn]bool
}

func newProxy(t *testing.T, l net.Listener, dial func() (net.Conn, error)) *proxy {
	t.Helper()
	p := &proxy{l: l, dial: dial, changed: make(chan struct{}), conns: map[net.Conn]bool{}}
	t.Cleanup(func() { l.Close(); p.set(cut) })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.carry(c)
		}
	}()
	return p
}

// toCenters is a line to the centers, of which the n-th is preferred.
func toCenters(t *testing.T, h *hall, n int) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return newProxy(t, l, func() (c net.Conn, err error) {
		for i := range h.centers {
			server := h.centers[(n+i)%len(h.centers)]
			server.mu.Lock()
			addr := server.addr
			server.mu.Unlock()
			if c, err = net.DialTimeout("tcp", addr, time.Second); err == nil {
				return c, nil
			}
		}
		return nil, err
	})
}

// toDatabase is a line to the PostgreSQL at address, and the address at which it
// stands there.
func toDatabase(t *testing.T, address string) (p *proxy, instead string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	const socket = ".s.PGSQL.5432"
	at := filepath.Join(u.Query().Get("host"), socket)
	dir := shortDir(t)
	l, err := net.Listen("unix", filepath.Join(dir, socket))
	if err != nil {
		t.Fatal(err)
	}
	u.RawQuery = url.Values{"host": {dir}}.Encode()
	return newProxy(t, l, func() (net.Conn, error) { return net.DialTimeout("unix", at, time.Second) }), u.String()
}

// shortDir is a folder for a socket, whose path is at most 107 bytes.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "fire")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func (p *proxy) set(m mode) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mode = m
	close(p.changed)
	p.changed = make(chan struct{})
	if m == cut {
		for c := range p.conns {
			c.Close()
		}
	}
}

// keep notes a connection, unless the line is cut.
func (p *proxy) keep(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mode == cut {
		return false
	}
	p.conns[c] = true
	return true
}

func (p *proxy) drop(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
	c.Close()
}

// carry joins a connection to one to the other end.
func (p *proxy) carry(c net.Conn) {
	defer p.drop(c)
	if !p.keep(c) {
		return
	}
	s, err := p.dial()
	if err != nil {
		return
	}
	defer p.drop(s)
	if !p.keep(s) {
		return
	}
	go func() { p.copy(s, c); c.Close(); s.Close() }()
	p.copy(c, s)
}

// hurt cuts or stalls the line for so long.
func (p *proxy) hurt(m mode, d time.Duration) {
	p.set(m)
	time.AfterFunc(d, func() { p.set(open) })
}

// copy moves bytes while the line isn't stalled.
func (p *proxy) copy(to io.Writer, from io.Reader) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		for {
			p.mu.Lock()
			m, changed := p.mode, p.changed
			p.mu.Unlock()
			if m != stalled {
				break
			}
			<-changed
		}
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
