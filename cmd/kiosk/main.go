// Command kiosk is the terminal of a government service hall: it gives queue
// numbers on a touchscreen, prints them, and answers the technician's verbs.
//
// Exit codes: 0 done, 1 try again, 2 mend the config or the command, 125 don't
// restart me.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"hallkiosk/configs"
	"hallkiosk/kiosk"
)

// version is set by the linker.
var version = "devel"

const usage = `用法 / usage: kiosk VERB -config FILE

  run      [-headless]     启动取号机 / start the terminal
  check                    检查配置和事项目录 / check the config and the catalog
  items    [-find TEXT]    列出事项，或找事项 / list the items, or find some: code, name, what it was found by
  take     -item CODE ...  取号 / take a number  [-theme ID] [-missing PAPER ...] [-priority P] [-booking ID] [-lang L] [-request ID] [-json]
  reprint  NUMBER          再印一张 / print again  [-paper receipt] [-json]
  status   [-json]         本机状态 / how the terminal is
  screen   [-json]         屏幕上有什么 / what is on the screen
  shot     OUT.png         屏幕截图 / a picture of the screen
  preview  OUT.png         小票的样子 / how the papers look  [-paper P] [-lang L] [-all] [-values]
  doctor   printer [-json] 检查打印机，印测试页 / look into the printer, with a test page
  doctor   reader [-json]  检查读卡器 / look into the card reader
  enroll   CODE            向中心登记，换取本机密钥 / get this kiosk's own key from the center
  badge    [-o OUT.png]    做一张导办的工作牌 / make a guide's badge: its QR code, and the line for the config
  unlock                   防撬报警之后恢复取号 / back into service after tampering
  version                  版本 / version
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	m := &Main{Out: os.Stdout, Err: os.Stderr}
	os.Exit(m.Run(ctx, os.Args[1:]))
}

// Main is the program without its process. Run with a screen must be called on
// the main goroutine.
type Main struct {
	Out, Err io.Writer
}

// code is an exit code on its way as an error.
type code struct {
	n   int
	err error
}

func (c code) Error() string { return c.err.Error() }
func (c code) Unwrap() error { return c.err }

// Run runs one verb and returns the exit code.
func (m *Main) Run(ctx context.Context, args []string) int {
	if len(args) == 0 {
		fmt.Fprint(m.Err, usage)
		return 2
	}
	verbs := map[string]func(context.Context, []string) error{
		"run": m.run, "check": m.check, "items": m.items, "take": m.take, "status": m.status, "screen": m.screen, "shot": m.shot, "doctor": m.doctor,
		"reprint": m.reprint, "preview": m.preview, "unlock": m.unlock, "enroll": m.enroll, "badge": m.badge,
		"version": func(context.Context, []string) error { fmt.Fprintln(m.Out, version); return nil },
	}
	verb, ok := verbs[args[0]]
	if !ok {
		fmt.Fprintf(m.Err, "没有 %q 这个命令 / no verb %q\n\n%s", args[0], args[0], usage)
		return 2
	}
	err := verb(ctx, args[1:])
	if err == nil {
		return 0
	}
	if errors.Is(err, flag.ErrHelp) {
		return 2
	}
	m.tell(err)
	return exitCode(err)
}

// tell writes an error for the technician: Chinese first, then what to do.
func (m *Main) tell(err error) {
	var ps configs.Problems
	var own *kiosk.Error
	switch {
	case errors.As(err, &ps):
		fmt.Fprintln(m.Err, ps)
	case errors.As(err, &own) && own.Message != "":
		fmt.Fprintf(m.Err, "kiosk: %s\n       %s\n", own.Message, kiosk.HintOf(err))
		if own.Err != nil {
			fmt.Fprintf(m.Err, "       (%v)\n", own.Err)
		}
	default:
		fmt.Fprintln(m.Err, "kiosk:", err)
	}
}

func exitCode(err error) int {
	var c code
	var ps configs.Problems
	switch {
	case errors.As(err, &c):
		return c.n
	case errors.As(err, &ps):
		return 2
	}
	switch kiosk.CodeOf(err) {
	case kiosk.EInvalid, kiosk.ENotFound, kiosk.EConflict:
		return 2
	}
	return 1
}
