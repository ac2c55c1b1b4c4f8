package idcard_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"periph.io/x/conn/v3"

	"hallkiosk/kiosk/idcard"
	"hallkiosk/kiosk/idcard/idcardtest"
)

// crashAs makes the test binary a program that reads a card and then crashes in
// the way that is named.
const crashAs = "HALLKIOSK_IDCARD_CRASH"

func TestMain(m *testing.M) {
	if way := os.Getenv(crashAs); way != "" {
		crash(way)
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// veil is a line whose reader's bytes are XORed with a key until they are read,
// so that nobody but the driver has them in clear. It lets at happen before the
// byte with this index.
type veil struct {
	in []byte
	n  int
	at map[int]func()
}

const key = 0x5A

func (v *veil) String() string      { return "veil" }
func (v *veil) Duplex() conn.Duplex { return conn.Full }
func (v *veil) Tx(_, r []byte) error {
	for i := range r {
		if f := v.at[v.n]; f != nil {
			f()
		}
		if v.n == len(v.in) {
			return os.ErrClosed
		}
		r[i] = v.in[v.n] ^ key
		v.n++
	}
	return nil
}

// crash is the child: it gets the veiled dialogue as hexadecimal on its
// command line.
func crash(way string) {
	in, err := hex.DecodeString(os.Args[len(os.Args)-1])
	if err != nil {
		panic(err)
	}
	v := &veil{in: in, at: map[int]func(){}}
	d := idcard.New(v, idcard.DefaultOpts())
	read := func() idcard.Card {
		card, err := d.Read(context.Background())
		if err != nil {
			panic(err)
		}
		return card
	}
	var nobody *idcard.Event
	switch way {
	case "PanicInMidRead":
		v.at[len(in)-1] = func() { panic("the text is in the buffer") }
		read()
	case "FaultInMidRead":
		v.at[len(in)-500] = func() { fmt.Println(nobody.What) }
		read()
	case "AnotherGoroutineInMidRead":
		v.at[len(in)-1] = func() {
			go func() { panic("somewhere else") }()
			select {}
		}
		read()
	case "QuitInMidRead": // as systemd's watchdog does it
		v.at[len(in)-1] = func() {
			_ = syscall.Kill(os.Getpid(), syscall.SIGQUIT)
			time.Sleep(time.Minute)
		}
		read()
	case "PanicWithTheCard":
		panic(read())
	case "PanicWithItsAddress":
		card := read()
		panic(&card)
	case "PanicWithAnEvent":
		panic(idcard.Event{What: idcard.CardRead, Card: read()})
	case "PanicWithAnError":
		panic(fmt.Errorf("can't use %+v", read()))
	case "PanicWithTheNumber": // the control: this one leaks
		panic(read().Number())
	case "Heap":
		card := read()
		dump("held")
		fmt.Println(card, idcard.NewReport(card, time.Now()), card.Valid(time.Now())) // masking leaves no copies
		card.Forget()
		dump("forgotten")
		runtime.KeepAlive(card)
		runtime.KeepAlive(d)
	}
}

// dump writes all of the heap, of the stacks and of the variables to a file.
func dump(name string) {
	runtime.GC()
	runtime.GC()
	f, err := os.Create(name)
	if err != nil {
		panic(err)
	}
	debug.WriteHeapDump(f.Fd())
	f.Close()
}

// child runs crash and returns what it printed and the folder it worked in.
func child(t *testing.T, way string) ([]byte, string) {
	t.Helper()
	r := idcardtest.New(idcardtest.Opts{})
	r.Put(idcardtest.Resident())
	var in []byte
	for _, cmd := range []string{find, choose, read} {
		in = append(in, r.Exchange([]byte(cmd))...)
	}
	for i := range in {
		in[i] ^= key
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, hex.EncodeToString(in))
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), crashAs+"="+way, "GOTRACEBACK=all")
	out, err := cmd.CombinedOutput()
	if (err != nil) != (way != "Heap") {
		t.Fatalf("the child ended with %v:\n%s", err, out)
	}
	return out, cmd.Dir
}

// What Go prints of a crash, with the stacks of all goroutines, shows nobody's
// number, whenever it happens. A core dump is another matter: it has all of
// memory in it, so the kiosk's unit must forbid it (LimitCORE=0) and nobody may set
// GOTRACEBACK=crash.
func TestCrashDump(t *testing.T) {
	want := idcardtest.Resident()
	name, number := "张三(样本)", "11010519491231002X"
	if !bytes.Contains(want.Text[:], []byte{'2', 0, 'X', 0}) {
		t.Fatal("another specimen")
	}
	for way, says := range map[string]string{
		"PanicInMidRead": "the text is in the buffer", "FaultInMidRead": "nil pointer", "AnotherGoroutineInMidRead": "somewhere else", "QuitInMidRead": "SIGQUIT",
		"PanicWithTheCard": "110*************2X", "PanicWithItsAddress": "110*************2X", "PanicWithAnEvent": "idcard.Event", "PanicWithAnError": "110*************2X",
		"PanicWithTheNumber": "",
	} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			out, _ := child(t, way)
			if !bytes.Contains(out, []byte("goroutine ")) || !bytes.Contains(out, []byte(says)) {
				t.Fatalf("not the crash we want:\n%s", out)
			}
			leak := leaks(out, name, number)
			switch control := way == "PanicWithTheNumber"; {
			case control && leak == "":
				t.Error("a leak isn't found")
			case !control && leak != "":
				t.Errorf("%s in\n%s", leak, out)
			}
			if strings.HasSuffix(way, "InMidRead") && !bytes.Contains(out, []byte("idcard.(*Dev).take")) {
				t.Errorf("not in mid-read:\n%s", out)
			}
		})
	}
}

// After Forget nothing of a person is in the program's memory: not on the heap,
// on a stack or in a variable, though the Dev lives on.
func TestForgottenInMemory(t *testing.T) {
	_, dir := child(t, "Heap")
	name, number := "张三(样本)", "11010519491231002X"
	for _, c := range []struct {
		file string
		want bool
	}{{"held", true}, {"forgotten", false}} {
		heap, err := os.ReadFile(filepath.Join(dir, c.file))
		if err != nil {
			t.Fatal(err)
		}
		if leak := leaks(heap, name, number); (leak != "") != c.want {
			t.Errorf("%s, %d bytes: %q", c.file, len(heap), leak)
		}
	}
}
