package pgstore

import (
	"io"
	"net"
	"syscall"
	"testing"
	"time"
)

// TestSilent looks at idle lines. One on which a read stands, as pgx leaves it
// after a slow write, is looked at like any other: waiting for that read would
// take the pool's place for good.
func TestSilent(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()

	raw, err := near.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	stands, leave := make(chan struct{}), make(chan struct{})
	left := make(chan error, 1)
	go func() {
		left <- raw.Read(func(uintptr) bool { close(stands); <-leave; return true })
	}()
	<-stands
	looked := make(chan bool, 1)
	go func() { looked <- silent(near) }()
	select {
	case is := <-looked:
		if !is {
			t.Error("a line on which a read stands doesn't count as silent")
		}
	case <-time.After(time.Minute):
		t.Error("the look waits for the read")
	}
	close(leave)
	if err := <-left; err != nil {
		t.Fatal(err)
	}

	if _, err := far.Write([]byte("N")); err != nil {
		t.Fatal(err)
	}
	arrived := make([]byte, 1)
	if err := raw.Read(func(fd uintptr) bool { // until the word is here, which stays
		_, _, err := syscall.Recvfrom(int(fd), arrived, syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		return err != syscall.EAGAIN
	}); err != nil {
		t.Fatal(err)
	}
	if silent(near) {
		t.Error("a line on which a word waits counts as silent")
	}
	if _, err := io.ReadFull(near, arrived); err != nil {
		t.Fatal(err)
	}
	if !silent(near) {
		t.Error("a line that was read to its end doesn't count as silent")
	}
	far.Close()
	if _, err := near.Read(arrived); err != io.EOF {
		t.Fatal(err)
	}
	if silent(near) {
		t.Error("a line that was closed counts as silent")
	}
}
