package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"hallkiosk/cmd/kiosk/terminal"
	"hallkiosk/configs"
	"hallkiosk/display/screen"
	"hallkiosk/kiosk"
	"hallkiosk/kiosk/control"
)

// parse reads a verb's flags. rest is how many arguments follow them.
func (m *Main) parse(verb string, args []string, rest int, define func(*flag.FlagSet)) (config string, left []string, err error) {
	fs := flag.NewFlagSet("kiosk "+verb, flag.ContinueOnError)
	fs.SetOutput(m.Err)
	fs.StringVar(&config, "config", "/etc/hallkiosk/kiosk.toml", "配置文件 / the config file")
	if define != nil {
		define(fs)
	}
	for { // flags may stand after an argument too
		if err := fs.Parse(args); err != nil {
			return "", nil, flag.ErrHelp
		}
		if fs.NArg() == 0 {
			break
		}
		left, args = append(left, fs.Arg(0)), fs.Args()[1:]
	}
	if len(left) != rest {
		return "", nil, code{2, fmt.Errorf("%s 之后要有 %d 个参数 / wants %d arguments, got %d: %q", verb, rest, rest, len(left), left)}
	}
	return config, left, nil
}

func (m *Main) run(ctx context.Context, args []string) error {
	headless := false
	path, _, err := m.parse("run", args, 0, func(fs *flag.FlagSet) {
		fs.BoolVar(&headless, "headless", false, "不显示屏幕 / everything but the window")
	})
	if err != nil {
		return err
	}
	cfg, catalog, absent, err := load(path)
	if err != nil {
		return err
	}
	for _, p := range absent {
		fmt.Fprintln(m.Err, p) // a device may come later
	}
	// Memory may hold a card's data: a crash leaves no dump of it, whoever started us.
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("switch core dumps off: %w", err)
	}
	err = terminal.Run(ctx, terminal.Opts{Config: cfg, Catalog: catalog, Headless: headless, Version: version, Out: m.Out})
	if kiosk.CodeOf(err) == kiosk.EBusy {
		return code{125, err} // another one runs: starting again won't help
	}
	return err
}

func (m *Main) check(_ context.Context, args []string) error {
	path, _, err := m.parse("check", args, 0, nil)
	if err != nil {
		return err
	}
	cfg, catalog, problems := configs.LoadKiosk(path)
	if len(problems) > 0 {
		return problems
	}
	fmt.Fprintf(m.Out, "%s: 没有问题 / no problems. %s, %d 个部门 / departments, %d 个队列 / queues, %d 个事项 / items.\n",
		path, catalog.Hall.Zh, len(catalog.Departments), len(catalog.Queues), len(catalog.Items))
	for _, d := range []struct{ name, port string }{{"printer 打印机", cfg.Printer.Port}, {"reader 读卡器", cfg.Reader.Port}, {"scanner 扫码器", cfg.Scanner.Port}} {
		if d.port == "" {
			fmt.Fprintf(m.Out, "%s: 没有装 / not fitted\n", d.name)
		}
	}
	if d := float32(cfg.Screen.PxPerMM); d > 0 {
		w, h := cfg.Screen.Width, cfg.Screen.Height
		if mm := screen.TargetMM(float32(w), float32(h), d); mm < 19.9 {
			fmt.Fprintf(m.Out, "screen 屏幕：%d x %d 像素、每毫米 %v 像素的屏太小，按钮最小只有 %.1f 毫米，不到 20 毫米；请核对 width、height、px_per_mm，或换大一些的屏。 / %[1]d x %[2]d pixels at %[3]v a millimetre is too small: the least side of a button is %.1[4]f mm, not 20. Check width, height and px_per_mm, or fit a larger panel.\n", w, h, d, mm)
		}
	}
	fmt.Fprintf(m.Out, "catalog 事项目录：%s  calendar 日历：%s\n", catalog.Version(), catalog.Calendar.Version())
	for _, p := range cfg.CalendarEnds(catalog.Calendar, time.Now()) {
		fmt.Fprintln(m.Out, p)
	}
	return nil
}

// load reads a config that a verb can work with. What is wrong with it is the
// error, all of it; absent devices alone are not.
func load(path string) (cfg configs.Kiosk, catalog *kiosk.Catalog, absent configs.Problems, err error) {
	cfg, catalog, problems := configs.LoadKiosk(path)
	if len(problems.Fatal()) > 0 {
		return cfg, nil, nil, problems
	}
	return cfg, catalog, problems, nil
}

func (m *Main) take(ctx context.Context, args []string) error {
	var r kiosk.Request
	asJSON := false
	path, _, err := m.parse("take", args, 0, func(fs *flag.FlagSet) {
		fs.Func("item", "事项编码，可以写多个 / an item's code, may be repeated", func(s string) error {
			r.Items = append(r.Items, kiosk.ItemID(s))
			return nil
		})
		fs.StringVar((*string)(&r.Theme), "theme", "", "主题：一件事从头办起 / a theme")
		fs.Func("missing", "承诺后补的材料，写目录里的中文名，可以写多个 / a paper promised for later, by its Chinese name", func(s string) error {
			r.Missing = append(r.Missing, s)
			return nil
		})
		fs.StringVar((*string)(&r.Priority), "priority", "", "优先：elder、disabled、pregnant、serviceman / why the person goes ahead")
		fs.StringVar((*string)(&r.Booking), "booking", "", "预约编号：取预约的号 / check in a booking, by its id")
		fs.StringVar((*string)(&r.Lang), "lang", "", "语言：zh、zh-Hant、en / language")
		fs.StringVar((*string)(&r.ID), "request", "", "取号编号：同一个编号得到同一张号 / the same id gets the same ticket")
		fs.BoolVar(&asJSON, "json", false, "输出 JSON / print JSON")
	})
	if err != nil {
		return err
	}
	t, err := call(ctx, path, func(c control.Client, ctx context.Context) (control.TakeReply, error) { return c.Take(ctx, r) })
	if err != nil {
		return err
	}
	return m.tellTicket(t, asJSON)
}

func (m *Main) tellTicket(t control.TakeReply, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(m.Out).Encode(t)
	}
	fmt.Fprintf(m.Out, "%s  前面 %d 人 / ahead  %s %s\n", t.Number, t.Ahead, t.Print, t.Cause)
	return nil
}

func (m *Main) reprint(ctx context.Context, args []string) error {
	var r control.Reprint
	asJSON := false
	path, left, err := m.parse("reprint", args, 1, func(fs *flag.FlagSet) {
		fs.StringVar((*string)(&r.Paper), "paper", "", "哪种小票，留空是原来那种 / which paper, empty is its own")
		fs.BoolVar(&asJSON, "json", false, "输出 JSON / print JSON")
	})
	if err != nil {
		return err
	}
	if r.Number = left[0]; len(r.Number) == 36 { // ids are long, numbers are short
		r.Ticket, r.Number = kiosk.TicketID(left[0]), ""
	}
	t, err := call(ctx, path, func(c control.Client, ctx context.Context) (control.TakeReply, error) { return c.Reprint(ctx, r) })
	if err != nil {
		return err
	}
	return m.tellTicket(t, asJSON)
}

func (m *Main) unlock(ctx context.Context, args []string) error {
	path, _, err := m.parse("unlock", args, 0, nil)
	if err != nil {
		return err
	}
	_, err = call(ctx, path, func(c control.Client, ctx context.Context) (struct{}, error) { return struct{}{}, c.Unlock(ctx) })
	return err
}

func (m *Main) status(ctx context.Context, args []string) error {
	return ask(ctx, m, "status", args, control.Client.Status, func(s control.Status) {
		fmt.Fprintf(m.Out, "kiosk %s @ %s  %s  %s\n", s.Kiosk, s.Hall, s.Day, s.Version)
		for _, d := range s.Devices {
			fmt.Fprintf(m.Out, "%-8s %-12s %s %s\n", d.Name, d.State, d.Port, d.Hint)
		}
		fmt.Fprintf(m.Out, "center   %-12s %s %s\n", s.Center.State, s.Center.URL, s.Center.Error)
		fmt.Fprintf(m.Out, "未上传 / unsent %d\n", s.Unsent)
		for q, n := range s.Queues {
			fmt.Fprintf(m.Out, "队列 / queue %s: %d\n", q, n)
		}
		for _, o := range s.Orders {
			fmt.Fprintf(m.Out, "中心的要求 / order %s %s%s %s\n", o.Do, o.Queue, o.Ticket, o.Text.Zh)
		}
	})
}

func (m *Main) screen(ctx context.Context, args []string) error {
	return ask(ctx, m, "screen", args, control.Client.Screen, func(s control.Screen) {
		fmt.Fprintf(m.Out, "%s (%d x %d)\n", s.Name, s.Width, s.Height)
		for _, t := range s.Targets {
			fmt.Fprintf(m.Out, "  %4d,%4d %4dx%-4d %s\n", t.X, t.Y, t.Width, t.Height, t.Label)
		}
	})
}

// patience is how long a verb waits for the running kiosk: a take waits for its
// paper, at most 15 s.
const patience = 30 * time.Second

// call puts a question to the running kiosk of a config.
func call[T any](ctx context.Context, path string, question func(control.Client, context.Context) (T, error)) (v T, err error) {
	cfg, _, _, err := load(path)
	if err != nil {
		return v, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return question(control.Client{Path: cfg.Control.Socket}, ctx)
}

// ask is a verb that puts a question and prints the answer.
func ask[T any](ctx context.Context, m *Main, verb string, args []string, question func(control.Client, context.Context) (T, error), print func(T)) error {
	asJSON := false
	path, _, err := m.parse(verb, args, 0, func(fs *flag.FlagSet) { fs.BoolVar(&asJSON, "json", false, "输出 JSON / print JSON") })
	if err != nil {
		return err
	}
	v, err := call(ctx, path, question)
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(m.Out).Encode(v)
	}
	print(v)
	return nil
}

func (m *Main) shot(ctx context.Context, args []string) error {
	path, left, err := m.parse("shot", args, 1, nil)
	if err != nil {
		return err
	}
	png, err := call(ctx, path, control.Client.Shot)
	if err != nil {
		return err
	}
	if err := os.WriteFile(left[0], png, 0o644); err != nil {
		return code{1, fmt.Errorf("图片写不了 / can't write the picture: %w", err)}
	}
	return nil
}
