package idcard_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/idcard"
	"hallkiosk/kiosk/idcard/idcardtest"
)

// watcher runs Watch on a desk in a bubble and hands out its events.
type watcher struct {
	*desk
	t      *testing.T
	dev    *idcard.Dev
	events chan idcard.Event
}

func watch(t *testing.T, o idcardtest.Opts) *watcher {
	k := newDesk(o)
	w := &watcher{k, t, idcard.New(k, idcard.DefaultOpts()), make(chan idcard.Event, 100)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.dev.Watch(ctx, func(e idcard.Event) { w.events <- e })
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		k.keepsPace(t)
		if len(w.events) > 0 {
			t.Errorf("one event more: %+v", <-w.events)
		}
	})
	return w
}

// expect waits for events in this order and returns the last one.
func (w *watcher) expect(what ...idcard.What) (e idcard.Event) {
	w.t.Helper()
	for _, want := range what {
		select {
		case e = <-w.events:
		case <-time.After(20 * time.Second):
			w.t.Fatalf("waited for %s in vain", want)
		}
		if e.What != want {
			w.t.Fatalf("got %+v, want %s", e, want)
		}
		if failed := want == idcard.ReaderLost || want == idcard.CardFailed; (e.Err != nil) != failed {
			w.t.Fatalf("%s with error %v", want, e.Err)
		}
	}
	return e
}

// quiet fails if something happens within 10 s.
func (w *watcher) quiet() {
	w.t.Helper()
	select {
	case e := <-w.events:
		w.t.Fatalf("got %+v, want nothing", e)
	case <-time.After(10 * time.Second):
	}
}

const (
	ready  = idcard.ReaderReady
	gone   = idcard.ReaderLost
	put    = idcard.CardPut
	done   = idcard.CardRead
	failed = idcard.CardFailed
	lifted = idcard.CardLifted
)

// bothWays runs a test with a reader that finds a card again after it was read,
// and with one that doesn't: nobody should notice the difference.
func bothWays(t *testing.T, f func(t *testing.T, w *watcher)) {
	for name, again := range map[string]bool{"FindsAgain": true, "FindsOnce": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { f(t, watch(t, idcardtest.Opts{FindsAgain: again})) })
		})
	}
}

func TestWatch(t *testing.T) {
	t.Run("CardsComeAndGo", func(t *testing.T) {
		bothWays(t, func(t *testing.T, w *watcher) {
			w.expect(ready)
			w.quiet()
			for _, c := range idcardtest.Cards() {
				w.Put(c)
				checkCard(t, w.expect(put, done).Card, c.Kind)
				w.quiet() // it lies there and is not read again
				w.Lift()
				w.expect(lifted)
				w.quiet()
			}
			if n := w.State().Reads; n != 4 {
				t.Errorf("%d reads, want 4", n)
			}
		})
	})
	t.Run("AfterAnErrorItMustBeLifted", func(t *testing.T) {
		bothWays(t, func(t *testing.T, w *watcher) {
			w.FailReads(0x41)
			w.Put(idcardtest.Resident())
			e := w.expect(ready, put, failed)
			var sw idcard.SW3
			if !errors.As(e.Err, &sw) || sw != 0x41 || kiosk.CodeOf(e.Err) != kiosk.EInvalid {
				t.Errorf("got %v", e.Err)
			}
			w.quiet()
			w.Lift()
			w.quiet()
			w.Put(idcardtest.Resident())
			w.expect(put, done)
		})
	})
	t.Run("AReaderThatFindsTheSpoiltCardAgain", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := watch(t, idcardtest.Opts{FindsAgain: true})
			w.change(spoil(read, 1)) // the reader thinks that all is well
			w.Put(idcardtest.Resident())
			e := w.expect(ready, put, failed)
			if kiosk.CodeOf(e.Err) != kiosk.EInvalid || e.Card.Number() != "" {
				t.Errorf("got %v", e.Err)
			}
			w.quiet()
			w.Lift()
			w.quiet()
			w.Put(idcardtest.Resident())
			w.expect(put, done)
		})
	})
	t.Run("LiftedHalfWay", func(t *testing.T) {
		for _, before := range []string{choose, read} {
			bothWays(t, func(t *testing.T, w *watcher) {
				w.change(func(cmd string, answer []byte) []byte {
					found := answer[9] == idcardtest.Found
					if cmd == find && found && before == choose || cmd == choose && before == read {
						w.Lift()
					}
					return answer
				})
				w.Put(idcardtest.HMT())
				e := w.expect(ready, put, failed)
				if kiosk.CodeOf(e.Err) != kiosk.EInvalid || kiosk.MessageOf(e.Err) == "" {
					t.Errorf("got %v", e.Err)
				}
				w.quiet()
				w.change(nil)
				w.Put(idcardtest.HMT())
				checkCard(t, w.expect(put, done).Card, "hmt")
			})
		}
	})
	t.Run("SilentAndBack", func(t *testing.T) {
		bothWays(t, func(t *testing.T, w *watcher) {
			w.Put(idcardtest.Resident())
			w.expect(ready, put, done)
			w.SetSilent(true)
			e := w.expect(gone)
			if kiosk.CodeOf(e.Err) != kiosk.EUnavailable {
				t.Errorf("got %v", e.Err)
			}
			w.quiet() // told once
			w.SetSilent(false)
			w.expect(ready)
			w.quiet() // the card is still the same
			w.Lift()
			w.expect(lifted)
		})
	})
	t.Run("SilentInTheMiddle", func(t *testing.T) {
		bothWays(t, func(t *testing.T, w *watcher) {
			w.change(func(cmd string, answer []byte) []byte {
				if cmd == read {
					return nil
				}
				return answer
			})
			w.Put(idcardtest.Resident())
			w.expect(ready, put, gone)
			w.Lift()
			w.expect(ready)
			w.change(nil)
			w.Put(idcardtest.Resident())
			w.expect(put, done)
		})
	})
	t.Run("UnpluggedAndBack", func(t *testing.T) {
		bothWays(t, func(t *testing.T, w *watcher) {
			w.expect(ready)
			w.unplug(true)
			if e := w.expect(gone); !errors.Is(e.Err, errUnplugged) || kiosk.CodeOf(e.Err) != kiosk.EUnavailable {
				t.Errorf("got %v", e.Err)
			}
			w.quiet()
			w.unplug(false)
			w.Put(idcardtest.Foreign2017())
			checkCard(t, w.expect(ready, put, done).Card, "foreign2017")
			// The reader's power fails: it forgets the card, which is there.
			w.unplug(true)
			w.expect(gone)
			w.Put(idcardtest.Foreign2017())
			w.unplug(false)
			w.expect(ready, lifted, put, done)
		})
	})
	t.Run("OneBrokenAnswerInPollingIsNoLoss", func(t *testing.T) {
		bothWays(t, func(t *testing.T, w *watcher) {
			w.expect(ready)
			w.change(spoil(find, 1))
			w.quiet()
			w.Put(idcardtest.Resident())
			w.expect(put, done)
			w.change(spoil(address, 1))
			w.quiet()
			w.change(spoil(address, 2))
			w.expect(gone, ready)
		})
	})
	t.Run("GarbledPreambleBeforeAPhotoWithAFrameInIt", func(t *testing.T) {
		bothWays(t, func(t *testing.T, w *watcher) {
			n := 1
			w.change(func(cmd string, answer []byte) []byte {
				if cmd == read && n > 0 {
					n--
					return append([]byte{0xAA, 0xAA, 0x96, 0x68}, answer[5:]...)
				}
				return answer
			})
			w.Put(idcardtest.Resident())
			if e := w.expect(ready, put, failed); kiosk.CodeOf(e.Err) != kiosk.EInvalid {
				t.Errorf("got %v", e.Err)
			}
			w.Lift()
			w.quiet()
			w.Put(idcardtest.Resident())
			checkCard(t, w.expect(put, done).Card, "resident")
		})
	})
	t.Run("AStrangeCard", func(t *testing.T) {
		bothWays(t, func(t *testing.T, w *watcher) {
			w.expect(ready)
			for _, c := range []*idcardtest.Card{
				idcardtest.Resident().Set(248, 2, "K"),
				idcardtest.Resident().Set(122, 36, "110105194912310021"), // check digit
				idcardtest.Foreign2017().Set(122, 30, "11010519491231X"),
				idcardtest.HMT().Set(204, 16, "20291301"), // no month
				idcardtest.HMT().Set(204, 16, ""),
				idcardtest.HMT().Set(0, 30, ""), // no name
			} {
				w.Put(c)
				e := w.expect(put, failed)
				if kiosk.CodeOf(e.Err) != kiosk.EInvalid || kiosk.MessageOf(e.Err) == "" || kiosk.HintOf(e.Err) == "" {
					t.Errorf("got %v", e.Err)
				}
				w.Lift()
				w.quiet()
			}
		})
	})
	t.Run("ShortText", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := watch(t, idcardtest.Opts{})
			w.change(func(cmd string, answer []byte) []byte {
				if cmd == read {
					return idcardtest.Frame([]byte{0, 0, 0x90, 1, 0, 4, 0})
				}
				return answer
			})
			w.Put(idcardtest.Resident())
			w.expect(ready, put, failed)
		})
	})
	t.Run("LongerThanUsual", func(t *testing.T) { // the length is the header's
		synctest.Test(t, func(t *testing.T) {
			w := watch(t, idcardtest.Opts{})
			c := idcardtest.Resident()
			c.Photo = bytes.Repeat(c.Photo, 2)
			w.Put(c)
			checkCard(t, w.expect(ready, put, done).Card, "resident")
		})
	})
}

// Read alone: a card is returned once while it lies there.
func TestReadOnce(t *testing.T) {
	for _, again := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			k := newDesk(idcardtest.Opts{FindsAgain: again})
			d := idcard.New(k, idcard.DefaultOpts())
			k.Put(idcardtest.Resident())
			if _, err := d.Read(t.Context()); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			if _, err := d.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("read again: %v", err)
			}
			go func() {
				time.Sleep(time.Second)
				k.Lift()
				time.Sleep(time.Second)
				k.Put(idcardtest.HMT())
			}()
			got, err := d.Read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			checkCard(t, got, "hmt")
			k.keepsPace(t)
		})
	}
}
