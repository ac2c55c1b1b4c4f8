package fire

import (
	"io"
	"net"
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

// proxy is the line from one kiosk to whichever center answers.
type proxy struct {
	t *testing.T
	h *hall
	n int
	l net.Listener

	mu      sync.Mutex
	mode    mode
	changed chan struct{} // closed and renewed when mode changes
	conns   map[net.Conn]bool
}

func newProxy(t *testing.T, h *hall, n int) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{t: t, h: h, n: n, l: l, changed: make(chan struct{}), conns: map[net.Conn]bool{}}
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

// carry joins a kiosk's connection to a center's, the preferred one first.
func (p *proxy) carry(c net.Conn) {
	defer p.drop(c)
	if !p.keep(c) {
		return
	}
	for i := range p.h.centers {
		server := p.h.centers[(p.n+i)%len(p.h.centers)]
		server.mu.Lock()
		addr := server.addr
		server.mu.Unlock()
		s, err := net.DialTimeout("tcp", addr, time.Second)
		if err != nil {
			continue
		}
		defer p.drop(s)
		if !p.keep(s) {
			return
		}
		go func() { p.copy(s, c); c.Close(); s.Close() }()
		p.copy(c, s)
		return
	}
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
