package pgstore

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// pool keeps connections. It is pgxpool's idea in the few lines that this
// package needs: a bound, a look at each connection before it is used again,
// and a Close that waits.
type pool struct {
	connect func(context.Context) (*pgx.Conn, error)
	places  chan struct{} // one for each connection in use
	done    chan struct{} // closed by close

	mu   sync.Mutex
	idle []*pgx.Conn
}

var errClosed = errors.New("the store is closed")

func newPool(size int, connect func(context.Context) (*pgx.Conn, error)) *pool {
	return &pool{connect: connect, places: make(chan struct{}, size), done: make(chan struct{})}
}

// get returns a connection for the caller alone, until put.
func (p *pool) get(ctx context.Context) (*pgx.Conn, error) {
	select {
	case <-p.done: // even when there is a place
		return nil, errClosed
	default:
	}
	select {
	case <-p.done:
		return nil, errClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	case p.places <- struct{}{}:
	}
	for {
		conn := p.take()
		if conn == nil {
			break
		}
		if silent(conn.PgConn().Conn()) {
			return conn, nil
		}
		end(conn)
	}
	conn, err := p.connect(ctx)
	if err != nil {
		<-p.places
		return nil, err
	}
	return conn, nil
}

// silent says that an idle line is open and nothing waits on it. A server that
// stops says goodbye first, and its kernel closes the line in any case. (pgx's
// own CheckConn reads for a millisecond, several times a grant.)
func silent(line net.Conn) bool {
	if secured, ok := line.(*tls.Conn); ok {
		line = secured.NetConn()
	}
	socket, ok := line.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return false
	}
	var peeked error
	// Not Read: after a slow write pgx leaves a reader waiting on the line
	// (pgconn/internal/bgreader), and we would wait behind it.
	err = raw.Control(func(fd uintptr) {
		_, _, peeked = syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	})
	return err == nil && errors.Is(peeked, syscall.EAGAIN)
}

func (p *pool) take() *pgx.Conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) == 0 {
		return nil
	}
	conn := p.idle[len(p.idle)-1]
	p.idle = p.idle[:len(p.idle)-1]
	return conn
}

// put gives back a connection. One in a transaction, or broken, is ended: the
// server then rolls back.
func (p *pool) put(conn *pgx.Conn) {
	if conn.IsClosed() || conn.PgConn().TxStatus() != 'I' {
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // without a goodbye
		conn.Close(ctx)
	} else {
		p.mu.Lock()
		p.idle = append(p.idle, conn)
		p.mu.Unlock()
	}
	<-p.places
}

// close waits until every connection was given back and ends them all.
func (p *pool) close() {
	close(p.done)
	for range cap(p.places) {
		p.places <- struct{}{}
	}
	for conn := p.take(); conn != nil; conn = p.take() {
		end(conn)
	}
}

// end says goodbye, unless that takes long. An error would mean nothing: no
// transaction is open.
func end(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	conn.Close(ctx) //nolint:errcheck // see above
}
