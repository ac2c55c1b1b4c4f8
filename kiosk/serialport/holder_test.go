package serialport_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/serialport"
)

// otherArg makes the test program another process that uses a port.
const otherArg = "-another-process"

// nobody is a user who may not look into root's processes.
const nobody = 65534

// other is that process. how is what it does and the device: open, flock, excl,
// or tx, which tries to use it as the kiosk does. It says when it has done so,
// and ends with its input.
func other(how string) {
	how, name, _ := strings.Cut(how, ":")
	if how == "tx" {
		err := serialport.New(serialport.Opts{Name: name, Baud: 115200}).Tx([]byte("x"), nil)
		fmt.Println(kiosk.CodeOf(err), kiosk.HintOf(err))
		return
	}
	fd, err := unix.Open(name, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	switch {
	case err != nil:
	case how == "flock":
		err = unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
	case how == "excl":
		err = unix.IoctlSetInt(fd, unix.TIOCEXCL, 0)
	}
	fmt.Println(how, err)
	io.Copy(io.Discard, os.Stdin)
}

// start starts the other process and returns it with what it said. end ends it.
func start(t *testing.T, how, name string, user int) (pid int, said string, end func()) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", otherArg, how+":"+name)
	cmd.Dir, cmd.Stderr = "/", os.Stderr
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0") // else each takes a second to end
	if user != os.Geteuid() {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(user), Gid: uint32(user)}}
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end = func() { in.Close(); cmd.Wait() }
	t.Cleanup(end)
	said, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("%s: %v", how, err)
	}
	return cmd.Process.Pid, strings.TrimSpace(said), end
}

// hold starts a process that holds the device.
func hold(t *testing.T, how, name string, user int) (pid int, end func()) {
	t.Helper()
	pid, said, end := start(t, how, name, user)
	if said != how+" <nil>" {
		t.Fatalf("the holder says %s", said)
	}
	return pid, end
}

// named is the hint that names one process.
func named(t *testing.T, name string, pid int) string {
	t.Helper()
	comm, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("another process uses %s: %s (pid %d). Stop it, or give the kiosk another port.", name, strings.TrimSpace(string(comm)), pid)
}

// byID makes a line with a name like those in /dev/serial/by-id, which anybody
// may open.
func byID(t *testing.T) (name string) {
	t.Helper()
	l := newLine(t)
	if err := os.Chmod(l.Path(), 0o666); err != nil {
		t.Fatal(err)
	}
	// Not t.TempDir, which is closed to others.
	dir, err := os.MkdirTemp("/tmp", "by-id")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	name = filepath.Join(dir, "usb-1a86_USB_Serial-if00-port0")
	relink(t, l.Path(), name)
	return name
}

func TestHolder(t *testing.T) {
	root := os.Geteuid() == 0
	user := os.Geteuid()
	if root {
		user = nobody
	}
	busy := func(t *testing.T, err error, hint string) {
		t.Helper()
		if kiosk.CodeOf(err) != kiosk.EBusy || kiosk.MessageOf(err) != "设备没有接好。" || kiosk.HintOf(err) != hint {
			t.Errorf("%s %s %q, want busy and %q", kiosk.CodeOf(err), kiosk.MessageOf(err), kiosk.HintOf(err), hint)
		}
	}
	t.Run("Flock", func(t *testing.T) {
		name := byID(t)
		hold(t, "open", name, os.Geteuid()) // a simulator, say, is never to blame
		pid, end := hold(t, "flock", name, os.Geteuid())
		now := time.Unix(0, 0)
		p := newPort(t, serialport.Opts{Name: name})
		serialport.SetNow(p, func() time.Time { return now })
		hint := named(t, name, pid)
		busy(t, p.Tx([]byte("x"), nil), hint)
		end()
		busy(t, p.Tx([]byte("x"), nil), hint) // in the pause the reason stays
		now = now.Add(time.Minute)
		if err := p.Tx([]byte("x"), nil); err != nil {
			t.Errorf("it has ended: %v", err)
		}
	})
	t.Run("OpenOnly", func(t *testing.T) {
		name := byID(t)
		hold(t, "open", name, os.Geteuid())
		if err := newPort(t, serialport.Opts{Name: name}).Tx([]byte("x"), nil); err != nil {
			t.Errorf("a process that has it open without a lock: %v", err)
		}
	})
	t.Run("Excl", func(t *testing.T) {
		name := byID(t)
		pid, _ := hold(t, "excl", name, user)
		want := fmt.Sprintf(" (pid %d)", pid) // without two users the simulator, which is we, is seen beside it
		if _, said, _ := start(t, "tx", name, user); !strings.HasPrefix(said, "busy another process uses "+name+": ") || !strings.Contains(said, want) || root && said != "busy "+named(t, name, pid) {
			t.Errorf("%s, want busy and%s", said, want)
		}
	})
	t.Run("ExclAsRoot", func(t *testing.T) {
		if !root {
			t.Skip("only root is let past TIOCEXCL")
		}
		name := byID(t)
		hold(t, "excl", name, user)
		if err := newPort(t, serialport.Opts{Name: name}).Tx([]byte("x"), nil); err != nil {
			t.Errorf("TIOCEXCL doesn't stop root, and a process that has it open is no reason: %v", err)
		}
	})
	t.Run("ExclOfAnotherUser", func(t *testing.T) {
		if !root {
			t.Skip("needs two users")
		}
		name := byID(t)
		hold(t, "excl", name, os.Geteuid())
		want := "busy another process uses " + name + " (run as root to see which). Stop it, or give the kiosk another port."
		if _, said, _ := start(t, "tx", name, user); said != want {
			t.Errorf("%s, want %s", said, want)
		}
	})
	t.Run("FlockOfAnotherUser", func(t *testing.T) {
		if !root {
			t.Skip("needs two users")
		}
		name := byID(t)
		pid, _ := hold(t, "flock", name, os.Geteuid())
		if _, said, _ := start(t, "tx", name, user); said != "busy "+named(t, name, pid) {
			t.Errorf("%s, want busy and %s: /proc/locks tells everybody", said, named(t, name, pid))
		}
	})
	t.Run("Ourselves", func(t *testing.T) {
		name := byID(t)
		if err := newPort(t, serialport.Opts{Name: name}).Tx([]byte("x"), nil); err != nil {
			t.Fatal(err)
		}
		want := "this program itself has " + name + " open already: two devices are set to the same port. Give each its own."
		busy(t, newPort(t, serialport.Opts{Name: name}).Tx([]byte("x"), nil), want)
	})
}

func TestLockers(t *testing.T) {
	locks := `1: FLOCK  ADVISORY  WRITE 4711 00:1a:3 0 EOF
1: -> FLOCK  ADVISORY  WRITE 5 00:1a:3 0 EOF
2: POSIX  ADVISORY  WRITE 6 00:1a:3 0 EOF
3: FLOCK  ADVISORY  WRITE 7 00:1a:33 0 EOF
4: FLOCK  ADVISORY  READ 8 00:1a:3 0 EOF
5: FLOCK  ADVISORY  READ 8 00:1a:3 0 EOF
6: FLOCK  ADVISORY  READ 0 00:1a:3 0 EOF
7: FLOCK  ADVISORY
`
	if got := serialport.Lockers(locks, unix.Mkdev(0, 0x1a), 3); !slices.Equal(got, []int{4711, 8}) {
		t.Errorf("got %v, want 4711 and 8: not who waits, has another file, another kind, or lives in another container", got)
	}
}
