package idcard_test

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"periph.io/x/conn/v3"

	"hallkiosk/kiosk/idcard"
	"hallkiosk/kiosk/idcard/idcardtest"
)

// The commands, from devices.md section 3.
const (
	pre     = "\xAA\xAA\xAA\x96\x69"
	status  = pre + "\x00\x03\x11\xFF\xED"
	samID   = pre + "\x00\x03\x12\xFF\xEE"
	find    = pre + "\x00\x03\x20\x01\x22"
	choose  = pre + "\x00\x03\x20\x02\x21"
	read    = pre + "\x00\x03\x30\x01\x32"
	address = pre + "\x00\x03\x30\x03\x30"
)

// asked is one command that reached the reader.
type asked struct {
	cmd string
	at  time.Time
}

// desk is a virtual reader at once at the other end of a line, for tests in a
// synctest bubble: waiting costs no time, and every duration is exact. It is a
// conn.Conn with a timeout of 100 ms, as the house's port is.
type desk struct {
	*idcardtest.Reader
	think time.Duration                          // before it answers
	baud  int                                    // of the line; 0 is infinitely fast
	edit  func(cmd string, answer []byte) []byte // changes an answer on its way

	mu    sync.Mutex
	gone  bool
	log   []asked
	out   []byte    // on its way to the driver
	begun time.Time // when the first byte of out set out
	taken int       // bytes of this answer that were read
	shut  bool
}

var errUnplugged = errors.New("unplugged")

func newDesk(o idcardtest.Opts) *desk { return &desk{Reader: idcardtest.New(o)} }

func (d *desk) String() string      { return "desk" }
func (d *desk) Duplex() conn.Duplex { return conn.Full }
func (d *desk) Close() error        { d.shut = true; return nil }

func (d *desk) unplug(gone bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.gone, d.out = gone, nil
}

// change sets edit while the reader is in use.
func (d *desk) change(edit func(cmd string, answer []byte) []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.edit = edit
}

func (d *desk) Tx(w, r []byte) error {
	wait, err := d.tx(w, r)
	time.Sleep(wait) // without the lock: time stands still while somebody waits for one
	return err
}

func (d *desk) tx(w, r []byte) (wait time.Duration, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.gone {
		return 0, errUnplugged
	}
	if len(w) > 0 {
		d.log = append(d.log, asked{string(w), time.Now()})
		answer := d.Exchange(w)
		if d.edit != nil {
			answer = d.edit(string(w), answer)
		}
		if len(d.out) == 0 {
			d.begun, d.taken = time.Now().Add(d.think), 0
		}
		d.out = append(d.out, answer...)
	}
	if len(r) == 0 {
		return 0, nil
	}
	const timeout = 100 * time.Millisecond
	if len(d.out) < len(r) {
		return timeout, os.ErrDeadlineExceeded
	}
	due := d.begun
	if d.baud > 0 {
		due = due.Add(time.Duration(d.taken+len(r)) * 10 * time.Second / time.Duration(d.baud))
	}
	if wait = time.Until(due); wait > timeout {
		return timeout, os.ErrDeadlineExceeded
	}
	d.taken += copy(r, d.out)
	d.out = d.out[len(r):]
	return wait, nil
}

// times says when a command was sent.
func (d *desk) times(cmds ...string) (at []time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, a := range d.log {
		if slices.Contains(cmds, a.cmd) {
			at = append(at, a.at)
		}
	}
	return at
}

// keepsPace fails if the reader was asked for a card more often than every
// 300 ms, or was sent something it doesn't know.
func (d *desk) keepsPace(t *testing.T) {
	t.Helper()
	at := d.times(find, address)
	for i := 1; i < len(at); i++ {
		if pause := at[i].Sub(at[i-1]); pause < idcard.MinPoll {
			t.Errorf("question %d for a card came after %v", i, pause)
		}
	}
	if u := d.State().Unknown; len(u) > 0 {
		t.Errorf("commands never to be sent: %v", u)
	}
}

// spoil changes the last byte, the checksum, of answers to cmd; n of them.
func spoil(cmd string, n int) func(string, []byte) []byte {
	return func(c string, answer []byte) []byte {
		if c == cmd && n > 0 && len(answer) > 0 {
			n--
			answer = bytes.Clone(answer)
			answer[len(answer)-1] ^= 0xFF
		}
		return answer
	}
}
