package center

import (
	"container/list"
	"net"
	"net/http"
	"sync"
	"time"
)

// crowd bounds how many connections are open. When one too many comes, the one
// that has waited longest without a request is closed: whoever connects and
// says nothing can't keep others out, however many he is. When all are at a
// request, the one that has been so longest goes, so that whoever sends or reads
// slowly can't either. A kiosk whose connection is closed makes another, and a
// line of news begins anew.
type crowd struct {
	most int

	mu      sync.Mutex
	open    map[net.Conn]seat
	waiting *list.List // of net.Conn, the one that has waited longest in front
	busy    *list.List // of net.Conn, the one that is at a request longest in front
}

// seat is where a connection stands in one of a crowd's lists.
type seat struct {
	of *list.List
	at *list.Element
}

func newCrowd(most int) *crowd {
	return &crowd{most: most, open: map[net.Conn]seat{}, waiting: list.New(), busy: list.New()}
}

// watch is http.Server.ConnState.
func (c *crowd) watch(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s, ok := c.open[conn]; ok {
		s.of.Remove(s.at)
	}
	switch state {
	case http.StateNew, http.StateIdle:
		c.open[conn] = seat{c.waiting, c.waiting.PushBack(conn)}
	case http.StateActive:
		c.open[conn] = seat{c.busy, c.busy.PushBack(conn)}
	default:
		delete(c.open, conn)
	}
	if len(c.open) <= c.most {
		return
	}
	oldest := c.waiting.Front()
	if c.busy.Len() > 0 && (oldest == nil || oldest.Value == conn) { // none waits but who has just come
		oldest = c.busy.Front()
	}
	gone := oldest.Value.(net.Conn)
	s := c.open[gone]
	s.of.Remove(s.at)
	delete(c.open, gone)
	gone.Close()
}

// paced lets new connections in one after the other. In the instant in which a
// city comes back they would take the processors from the windows that are being
// served. A kiosk that waits in the kernel's queue meanwhile loses nothing.
type paced struct {
	net.Listener
	next time.Time // when one more may come; only Accept's one caller looks at it
}

// How fast connections are let in: a hall's at once, a city's of 2,400 in little
// more than two seconds.
const (
	newcomerEvery = time.Millisecond
	newcomers     = 100 // that may come at once after a quiet time
)

// Accept implements net.Listener.
func (p *paced) Accept() (net.Conn, error) {
	conn, err := p.Listener.Accept()
	if err != nil {
		return nil, err
	}
	now := time.Now()
	if rested := now.Add(-(newcomers - 1) * newcomerEvery); p.next.Before(rested) {
		p.next = rested
	}
	time.Sleep(p.next.Sub(now))
	p.next = p.next.Add(newcomerEvery)
	return conn, nil
}
