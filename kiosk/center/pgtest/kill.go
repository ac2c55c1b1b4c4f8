package pgtest

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Kill ends the server and every process of it with SIGKILL, as when the
// machine's memory runs out, and returns when they are gone. Up brings it back.
func (s *Server) Kill() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.run
	if r == nil {
		return errors.New("PostgreSQL is down already")
	}
	s.run = nil
	// Stopped, it can't start another child while they are counted.
	if err := r.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	children, err := childrenOf(r.cmd.Process.Pid)
	for _, c := range children {
		defer unix.Close(c)
	}
	err = errors.Join(err, r.cmd.Process.Kill())
	for _, c := range children {
		if e := unix.PidfdSendSignal(c, unix.SIGKILL, nil, 0); e != nil && e != unix.ESRCH {
			err = errors.Join(err, fmt.Errorf("kill a child of postgres: %w", e))
		}
	}
	<-r.done
	for _, c := range children {
		_, e := ended(c, -1)
		err = errors.Join(err, e)
	}
	return err
}

// ended waits at most so many milliseconds, or for ever if negative, until a
// process has ended: then its descriptor is readable, see pidfd_open(2).
func ended(pidfd, ms int) (bool, error) {
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}, ms)
		if err != unix.EINTR {
			return n == 1, err
		}
	}
}

// childrenOf returns descriptors of a process' children, which the caller
// closes.
func childrenOf(pid int) (fds []int, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return nil, err
	}
	for _, word := range strings.Fields(string(text)) {
		child, bad := strconv.Atoi(word)
		if bad != nil {
			return fds, bad
		}
		fd, e := unix.PidfdOpen(child, 0)
		switch {
		case e == unix.ESRCH: // ended by itself
		case e != nil:
			err = errors.Join(err, e)
		default:
			fds = append(fds, fd)
		}
	}
	return fds, err
}
