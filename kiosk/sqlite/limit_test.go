package sqlite

import (
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// runLimited runs the calling test again in a process of its own, whose limits
// don't touch the others.
func runLimited(t *testing.T) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), "KIOSK_LIMITED="+filepath.Join(t.TempDir(), "kiosk.db"))
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// limit bounds the size of files that this process writes, in bytes.
func limit(t *testing.T, bytes uint64) {
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
