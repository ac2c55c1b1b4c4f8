package voice

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// errTooMuch is a program that doesn't stop talking.
var errTooMuch = errors.New("too much came out")

// bounded keeps the first bytes of what a process writes. When it is strict,
// more than that is an error, which ends the process.
type bounded struct {
	kept   []byte
	limit  int
	strict bool
	over   bool // there was more
}

func (b *bounded) Write(p []byte) (int, error) {
	room := b.limit - len(b.kept)
	b.over = b.over || len(p) > room
	if b.over && b.strict {
		return 0, errTooMuch
	}
	b.kept = append(b.kept, p[:min(len(p), room)]...)
	return len(p), nil
}

// run runs a program, without a shell, with in as its standard input, and
// returns what it wrote to standard output and the last line of its complaint.
// More than limit bytes of output are an error; with a limit of 0 nobody reads
// it. When ctx ends, or the process does, its whole process group is killed;
// when this program dies, it dies too. Nothing is left of it when run returns.
func run(ctx context.Context, argv []string, in []byte, limit int) (out []byte, complaint string, err error) {
	stdin, err := inMemory(in)
	if err != nil {
		return nil, "", err
	}
	defer stdin.Close()
	// Pdeathsig counts the thread that started the process as its parent.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	stdout, stderr := &bounded{limit: limit, strict: true}, &bounded{limit: 1 << 14}
	cmd.Stdin, cmd.Stderr = stdin, stderr
	if limit > 0 {
		cmd.Stdout = stdout
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second // for a descendant that left the group and holds a pipe
	if err := cmd.Start(); err != nil {
		return nil, "", err
	}
	// The group is killed before its leader is reaped: until then the number
	// can't belong to anybody else.
	for unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // ESRCH: nobody is left
	err = cmd.Wait()
	switch {
	case ctx.Err() != nil:
		err = ctx.Err()
	case stdout.over:
		err = errTooMuch
	}
	// The libraries below a program complain first, and it sums up.
	complaint = strings.TrimSpace(string(stderr.kept))
	return stdout.kept, complaint[strings.LastIndexByte(complaint, '\n')+1:], err
}

// inMemory returns a file that is on no disk and holds b. Unlike a pipe it
// needs nobody who writes, and can be sought in.
func inMemory(b []byte) (*os.File, error) {
	fd, err := unix.MemfdCreate("hallkiosk-voice", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make a file in memory: %w", err)
	}
	f := os.NewFile(uintptr(fd), "hallkiosk-voice")
	if _, err = f.Write(b); err == nil {
		_, err = f.Seek(0, 0)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("fill a file in memory: %w", err)
	}
	return f, nil
}
