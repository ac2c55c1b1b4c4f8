package pgstore

import (
	"net"
	"runtime"
	"sync"
	"testing"
)

// A line on which somebody waits for bytes, as pgx does after a slow write, is
// silent until there are any.
func TestSilent(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	line, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer line.Close()
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	var reader sync.WaitGroup
	reader.Go(func() { line.Read(make([]byte, 1)) }) //nolint:errcheck // the line is closed
	for range 10_000 {
		if !silent(line) {
			t.Fatal("it isn't silent")
		}
		runtime.Gosched()
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	reader.Wait()
	if silent(line) {
		t.Fatal("the server's goodbye isn't seen")
	}
}
