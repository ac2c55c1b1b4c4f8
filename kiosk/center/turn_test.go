package center

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// taken asks for a turn and says on a channel that is closed when it has come.
func taken(t *testing.T, of *turns) (came chan struct{}, over func()) {
	came = make(chan struct{})
	var end func()
	go func() {
		var ok bool
		if end, ok = of.take(t.Context(), time.Hour); !ok {
			t.Error("refused")
		}
		close(came)
	}()
	synctest.Wait()
	return came, func() { <-came; end() }
}

func has(came chan struct{}) bool {
	synctest.Wait()
	select {
	case <-came:
		return true
	default:
		return false
	}
}

func TestTurns(t *testing.T) {
	t.Run("FewAtATime", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			of := newTurns(2)
			one, first := taken(t, of)
			two, second := taken(t, of)
			three, _ := taken(t, of)
			four, _ := taken(t, of)
			if !has(one) || !has(two) || has(three) || has(four) {
				t.Fatal("not two at a time")
			}
			first()
			if !has(three) || has(four) {
				t.Fatal("not the one that came first")
			}
			second()
			<-four
		})
	})
	t.Run("Patience", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			of := newTurns(1)
			if _, ok := of.take(t.Context(), time.Hour); !ok {
				t.Fatal("refused")
			}
			began := time.Now()
			if _, ok := of.take(t.Context(), time.Second); ok || time.Since(began) != time.Second {
				t.Fatalf("%v after %v", ok, time.Since(began))
			}
			gone, cancel := context.WithCancel(t.Context())
			cancel()
			if _, ok := of.take(gone, time.Hour); ok {
				t.Fatal("who went away has a turn")
			}
		})
	})
	t.Run("GivesWay", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			of := newTurns(1)
			a, b := of.hurry(), of.hurry()
			one, over := taken(t, of)
			a()
			if has(one) {
				t.Fatal("a batch goes while a person waits")
			}
			b()
			if !has(one) {
				t.Fatal("a batch waits for nobody")
			}
			over()
			defer of.hurry()() // a city that calls all the time
			began := time.Now()
			two, _ := taken(t, of)
			<-two
			if d := time.Since(began); d != giveWay {
				t.Fatalf("a batch gave way for %v", d)
			}
		})
	})
}
