package serialport

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/sys/unix"
)

// heldError says that somebody else has the device, and who, as far as /proc
// tells.
type heldError struct {
	err error    // EWOULDBLOCK from flock, EBUSY where it was TIOCEXCL
	own bool     // it is this very process
	by  []string // the others, such as "minicom (pid 4711)"
}

func (e *heldError) Error() string { return e.err.Error() }
func (e *heldError) Unwrap() error { return e.err }

// hint is the technician's sentence about the device called name.
func (e *heldError) hint(name string) string {
	if e.own {
		return "this program itself has " + name + " open already: two devices are set to the same port. Give each its own."
	}
	const remedy = ". Stop it, or give the kiosk another port."
	switch {
	case len(e.by) > 0:
		return "another process uses " + name + ": " + strings.Join(e.by, ", ") + remedy
	case os.Geteuid() != 0:
		return "another process uses " + name + " (run as root to see which)" + remedy
	}
	return "another process uses " + name + " (it is not in /proc: it ended just now, or runs in another container)" + remedy
}

// process describes one process, such as "minicom (pid 4711)".
func process(pid int) string {
	comm, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	name := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) { // a process names itself as it likes
			return -1
		}
		return r
	}, string(comm))
	if name == "" {
		return "pid " + strconv.Itoa(pid)
	}
	return fmt.Sprintf("%s (pid %d)", name, pid)
}

// held looks up who holds the device called name, after err refused us. The
// descriptors of this very try must be closed before.
//
// Having a device open is no offence: a pseudo-terminal's simulator does so all
// the time. So who has the lock counts first, and only when nobody has, which
// leaves TIOCEXCL, those count who have it open.
func held(name string, err error) *heldError {
	e := &heldError{err: err}
	var node unix.Stat_t
	if unix.Stat(name, &node) != nil {
		return e // unplugged meanwhile
	}
	locks, _ := os.ReadFile("/proc/locks")
	for _, pid := range lockers(string(locks), uint64(node.Dev), node.Ino) {
		open, err := opens(pid, uint64(node.Rdev))
		// A lock outlives the process that took it where a child has inherited
		// it; its number may be another's by now.
		switch {
		case pid == os.Getpid():
			e.own = true
		case open, err != nil && !errors.Is(unix.Kill(pid, 0), unix.ESRCH):
			e.by = append(e.by, process(pid))
		}
	}
	if e.own || len(e.by) > 0 {
		return e
	}
	dirs, _ := os.ReadDir("/proc")
	for _, d := range dirs {
		pid, err := strconv.Atoi(d.Name())
		if err != nil || pid == os.Getpid() { // our own lines hold the lock, too
			continue
		}
		if open, _ := opens(pid, uint64(node.Rdev)); open {
			e.by = append(e.by, process(pid))
		}
	}
	return e
}

// lockers returns the processes that hold a flock on one file, out of the text
// of /proc/locks: proc_locks(5).
func lockers(locks string, dev, ino uint64) []int {
	file := fmt.Sprintf("%02x:%02x:%d", unix.Major(dev), unix.Minor(dev), ino)
	var pids []int
	for line := range strings.Lines(locks) {
		// 1: FLOCK  ADVISORY  WRITE 4711 00:1a:5 0 EOF; one that only waits has
		// an arrow for its second field.
		f := strings.Fields(line)
		if len(f) < 6 || f[1] != "FLOCK" || f[5] != file {
			continue
		}
		if pid, err := strconv.Atoi(f[4]); err == nil && pid > 0 && !slices.Contains(pids, pid) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// opens says whether a process has the device open, by whatever name. An error
// means that it can't be seen.
func opens(pid int, rdev uint64) (bool, error) {
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	fds, err := os.ReadDir(dir)
	if err != nil {
		return false, err
	}
	for _, fd := range fds {
		path := filepath.Join(dir, fd.Name())
		// Only devices are asked what they are: stat may hang elsewhere, on a
		// network that is gone. A deleted node is one that was unplugged.
		to, err := os.Readlink(path)
		if err != nil || !strings.HasPrefix(to, "/dev/") || strings.HasSuffix(to, " (deleted)") {
			continue
		}
		var st unix.Stat_t
		if unix.Stat(path, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFCHR && uint64(st.Rdev) == rdev {
			return true, nil
		}
	}
	return false, nil
}
