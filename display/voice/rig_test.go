package voice_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"hallkiosk/display/voice"
	"hallkiosk/display/voice/words"
	"hallkiosk/kiosk"
)

// TestMain lets the test binary stand in for players and engines.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 {
		switch os.Args[1] {
		case "as-player":
			asPlayer(os.Args[2])
		case "as-engine":
			asEngine(os.Args[2:])
		case "as-kiosk":
			asKiosk(os.Args[2:])
		}
	}
	// The race detector would let each process sleep a second at its end.
	if err := os.Setenv("GORACE", "atexit_sleep_ms=0"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// asPlayer sends what it should play to the rig that listens at path, and ends
// as the rig says. A lock tells whether another player runs.
func asPlayer(path string) {
	sound, err := io.ReadAll(os.Stdin)
	if err != nil {
		panic(err)
	}
	conn, err := net.Dial("unix", path)
	if err != nil {
		panic(err)
	}
	alone := byte('1')
	lock, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil || syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		alone = '2'
	}
	if _, err := conn.Write(append([]byte{alone}, sound...)); err != nil {
		panic(err)
	}
	_ = conn.(*net.UnixConn).CloseWrite()
	answer, _ := io.ReadAll(conn)
	if string(answer) == "ok" {
		os.Exit(0)
	}
	fmt.Fprintln(os.Stderr, string(answer))
	os.Exit(1)
}

// asEngine speaks, or does what a broken engine does.
func asEngine(args []string) {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		panic(err)
	}
	switch args[0] {
	case "crash":
		fmt.Fprintln(os.Stderr, "died while saying", string(text))
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "hang", "hang-child": // with somebody who waits for it to end
		if args[0] == "hang-child" {
			attr := &os.ProcAttr{Files: []*os.File{nil, os.Stdout, os.Stderr}}
			if _, err := os.StartProcess(os.Args[0], []string{os.Args[0], "as-engine", "hang", args[1]}, attr); err != nil {
				panic(err)
			}
		}
		conn, err := net.Dial("unix", args[1])
		if err != nil {
			panic(err)
		}
		_, _ = conn.Read(make([]byte, 1))
		select {}
	case "flood":
		for {
			if _, err := os.Stdout.Write(make([]byte, 1<<20)); err != nil {
				os.Exit(1)
			}
		}
	case "silent":
		_, _ = os.Stdout.Write(voice.Sound{Rate: 16000, Samples: make([]int16, 100)}.WAV(1))
	case "garbage":
		fmt.Println("Traceback: text was", string(text))
	case "letters": // one loud sample for each byte it got
		s := voice.Sound{Rate: 16000}
		for _, b := range text {
			s.Samples = append(s.Samples, 1000+int16(b))
		}
		for _, b := range args[1] {
			s.Samples = append(s.Samples, 1000+int16(b))
		}
		_, _ = os.Stdout.Write(s.WAV(1))
	}
	os.Exit(0)
}

// as returns the test binary in a role.
func as(args ...string) []string {
	exe, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return append([]string{exe}, args...)
}

// play is one sound in a player, which goes on until it is answered or killed.
type play struct {
	sound voice.Sound
	conn  net.Conn
}

// answer lets the player end; "ok" is well.
func (p play) answer(s string) {
	_, _ = io.WriteString(p.conn, s)
	p.conn.Close()
}

// gone returns when the player was killed.
func (p play) gone() {
	_, _ = p.conn.Read(make([]byte, 1))
	p.conn.Close()
}

// rig is a voice whose player is in the test's hand, and what it told.
type rig struct {
	*voice.Voice
	t     *testing.T
	plays chan play
	told  chan voice.Spoken
}

// fake is an engine inside the test. A sentence's sound has 100 samples and
// then one for each letter.
type fake struct {
	mu   sync.Mutex
	made []string
	sick func(ctx context.Context, sentence string) error // nil: never
}

func (f *fake) String() string { return "fake" }

func (f *fake) Sound(ctx context.Context, t words.Tongue, sentence string) (voice.Sound, error) {
	f.mu.Lock()
	f.made = append(f.made, string(t)+" "+sentence)
	f.mu.Unlock()
	if f.sick != nil {
		if err := f.sick(ctx, sentence); err != nil {
			return voice.Sound{}, err
		}
	}
	return soundOf(sentence), nil
}

func (f *fake) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.made)
}

func soundOf(sentence string) voice.Sound {
	s := voice.Sound{Rate: voice.Rate, Samples: make([]int16, 100)}
	for _, r := range sentence {
		s.Samples = append(s.Samples, int16(r%10000))
	}
	return s
}

// listen hands the plays of a player to a channel. It fails when two players
// run at a time.
func listen(t *testing.T) (plays chan play, player []string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	plays = make(chan play, 2000)
	var done sync.WaitGroup
	done.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			b, _ := io.ReadAll(conn)
			if len(b) == 0 { // killed before it came to it
				conn.Close()
				continue
			}
			if b[0] != '1' {
				t.Error("two players at a time")
			}
			s, err := voice.ParseWAV(b[1:])
			if err != nil {
				t.Error(err)
			}
			plays <- play{s, conn}
		}
	})
	t.Cleanup(func() {
		l.Close()
		done.Wait()
		for len(plays) > 0 {
			(<-plays).conn.Close()
		}
	})
	return plays, as("as-player", path)
}

// newRig starts a voice that tries nothing by itself.
func newRig(t *testing.T, change func(o *voice.Opts)) *rig {
	t.Helper()
	r := &rig{t: t, told: make(chan voice.Spoken, 5000)}
	o := voice.DefaultOpts()
	o.Engine, o.Retry, o.Levels = &fake{}, 0, []voice.Level{{Percent: 100}}
	o.Patience, o.Grace = time.Hour, time.Hour
	o.Follow = func(s voice.Spoken) { r.told <- s }
	r.plays, o.Player = listen(t)
	if change != nil {
		change(&o)
	}
	r.Voice = voice.New(o)
	t.Cleanup(func() {
		r.Close()
		noProcesses(t)
	})
	return r
}

// noProcesses fails when a child is left, dead or alive.
func noProcesses(t *testing.T) {
	t.Helper()
	if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); !errors.Is(err, syscall.ECHILD) {
		t.Errorf("process %d is left: %v", pid, err)
	}
}

// expect waits for the next thing told.
func (r *rig) expect(state voice.State, sentence string) {
	r.t.Helper()
	if s := <-r.told; s.State != state || s.Tone.String()+s.Sentence != sentence {
		r.t.Fatalf("told %s %q, want %s %q", s.State, s.Tone.String()+s.Sentence, state, sentence)
	}
}

// hear waits until a sentence plays and lets it end.
func (r *rig) hear(sentence string) {
	r.t.Helper()
	r.expect(voice.Begun, sentence)
	p := <-r.plays
	if want := soundOf(sentence); len(p.sound.Samples) != len(want.Samples) || p.sound.Samples[100] != want.Samples[100] {
		r.t.Fatalf("%q sounds otherwise", sentence)
	}
	p.answer("ok")
	r.expect(voice.Said, sentence)
}

// say is Say of a text alone.
func (r *rig) say(lang kiosk.Lang, text ...string) {
	r.Say(lang, voice.Utterance{Text: strings.Join(text, "\n")})
}

// hung is where hanging processes make themselves known.
type hung struct {
	path  string
	conns chan net.Conn
}

func listenHung(t *testing.T) hung {
	t.Helper()
	h := hung{filepath.Join(t.TempDir(), "h"), make(chan net.Conn, 10)}
	l, err := net.Listen("unix", h.path)
	if err != nil {
		t.Fatal(err)
	}
	var done sync.WaitGroup
	done.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			h.conns <- conn
		}
	})
	t.Cleanup(func() { l.Close(); done.Wait() })
	return h
}

// gone returns when the process at the other end has died.
func gone(conn net.Conn) { play{conn: conn}.gone() }
