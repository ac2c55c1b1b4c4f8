package kiosktest

import (
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Limited runs the calling test again in a process of its own, whose limits don't
// touch the others. There it returns a folder to work in; otherwise "", and the
// test is over.
func Limited(t *testing.T) (dir string) {
	t.Helper()
	if dir := os.Getenv("KIOSK_LIMITED"); dir != "" {
		return dir
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), "KIOSK_LIMITED="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
	return ""
}

// Limit bounds the size of files that this process writes, in bytes: a write
// beyond it fails as on a disk that refuses. unix.RLIM_INFINITY takes it back.
func Limit(t *testing.T, bytes uint64) {
	t.Helper()
	signal.Ignore(unix.SIGXFSZ)
	var r unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &r); err != nil {
		t.Fatal(err)
	}
	r.Cur = min(bytes, r.Max)
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &r); err != nil {
		t.Fatal(err)
	}
}
