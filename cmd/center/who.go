package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/user"
	"strings"
	"time"

	"hallkiosk/configs"
	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
	"hallkiosk/kiosk/center/store"
)

// verb is a command of the operator at the console.
type verb struct {
	define func(*flag.FlagSet, *asked)
	needs  []string // flags that must be given
	run    func(context.Context, *Main, center.Store, asked) error
}

// asked is what the operator wrote.
type asked struct {
	hall, kiosk, name, role string
	day, window, ticket     string
	to                      string // a folder
	days, limit, keep       int
	who                     string        // asks
	change                  time.Duration // of the business day, after midnight
	now                     time.Time     // in the city's zone
}

func hallFlag(f *flag.FlagSet, a *asked)  { f.StringVar(&a.hall, "hall", "", "大厅 / hall") }
func kioskFlag(f *flag.FlagSet, a *asked) { f.StringVar(&a.kiosk, "kiosk", "", "终端 / kiosk") }
func nameFlag(f *flag.FlagSet, a *asked)  { f.StringVar(&a.name, "name", "", "账号 / account") }
func nothing(*flag.FlagSet, *asked)       {}

// verbs are the operator's commands by name; two words for those of accounts.
var verbs = map[string]verb{
	"enroll": {func(f *flag.FlagSet, a *asked) {
		hallFlag(f, a)
		kioskFlag(f, a)
		f.IntVar(&a.days, "days", 0, "密钥有效天数，0 为长期 / days that the key is good, 0 is for ever")
	}, []string{"hall", "kiosk"}, enroll},
	"keys":   {nothing, nil, listKeys},
	"revoke": {kioskFlag, []string{"kiosk"}, revoke},
	"account add": {func(f *flag.FlagSet, a *asked) {
		nameFlag(f, a)
		hallFlag(f, a)
		f.StringVar(&a.role, "role", "", "clerk, guide, manager, technician, administrator")
	}, []string{"name", "role"}, addAccount},
	"account list":     {nothing, nil, listAccounts},
	"account disable":  {nameFlag, []string{"name"}, func(ctx context.Context, m *Main, s center.Store, a asked) error { return disable(ctx, m, s, a, true) }},
	"account enable":   {nameFlag, []string{"name"}, func(ctx context.Context, m *Main, s center.Store, a asked) error { return disable(ctx, m, s, a, false) }},
	"account password": {nameFlag, []string{"name"}, setPassword},
	"audit": {func(f *flag.FlagSet, a *asked) {
		hallFlag(f, a)
		f.StringVar(&a.day, "day", "", "只看这个营业日窗口上的操作 / what was pressed on this business day alone")
		f.StringVar(&a.window, "window", "", "只看这个窗口 / what was pressed at this window alone")
		f.StringVar(&a.ticket, "ticket", "", "只看这张票，号码或编号 / what was pressed for this number or id alone")
		f.IntVar(&a.limit, "limit", 100, "最多多少行 / lines at most")
	}, nil, audit},
	"backup": {func(f *flag.FlagSet, a *asked) {
		f.StringVar(&a.to, "to", "", "备份放在哪个文件夹 / the folder of the backups")
		f.IntVar(&a.keep, "keep", 30, "留最新的几份 / how many of the newest stay")
	}, []string{"to"}, backup},
}

// find returns the verb that args begin with, and what is left of them.
func find(args []string) (name string, v verb, rest []string, ok bool) {
	for words := min(2, len(args)); words > 0; words-- {
		name = strings.Join(args[:words], " ")
		if v, ok = verbs[name]; ok {
			return name, v, args[words:], true
		}
	}
	return "", verb{}, nil, false
}

// operate runs a verb of the operator and returns the exit code.
func (m *Main) operate(ctx context.Context, name string, v verb, args []string) int {
	var a asked
	flags := flag.NewFlagSet("center "+name, flag.ContinueOnError)
	flags.SetOutput(m.Stderr)
	path := flags.String("config", "center.toml", "the config")
	v.define(flags, &a)
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return exitStop
	case err != nil:
		return exitMend
	case flags.NArg() > 0: // not repeated: it may be a password
		fmt.Fprintf(m.Stderr, "center: 多余的参数 / too many arguments\n%s", usage)
		return exitMend
	}
	for _, need := range v.needs {
		if flags.Lookup(need).Value.String() == "" {
			fmt.Fprintf(m.Stderr, "center %s: 缺 -%s / -%s is missing\n", name, need, need)
			return exitMend
		}
	}
	config, err := configs.LoadCenter(*path)
	if err != nil {
		fmt.Fprintln(m.Stderr, err)
		return exitMend
	}
	a.now, a.change, a.who = m.now(config), config.Change(), "operator"
	if u, err := user.Current(); err == nil {
		a.who += ":" + u.Username
	}
	if err := m.on(ctx, config, v, a); err != nil {
		var e *kiosk.Error
		if errors.As(err, &e) && e.Message != "" {
			fmt.Fprintf(m.Stderr, "center: %s\n", e.Message)
		}
		fmt.Fprintf(m.Stderr, "center: %v\n", kiosk.HintOf(err))
		switch kiosk.CodeOf(err) {
		case kiosk.EInvalid, kiosk.ENotFound, kiosk.EConflict:
			return exitMend
		}
		return exitCode(err)
	}
	return exitStop
}

func (m *Main) on(ctx context.Context, config configs.Center, v verb, a asked) (err error) {
	st, err := open(ctx, config.Store)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	return v.run(ctx, m, st, a)
}

// by says who does what is asked, when and from where.
func (a asked) by() center.Entry {
	return center.Entry{At: a.now, Account: a.who, From: "console"}
}

func enroll(ctx context.Context, m *Main, st center.Store, a asked) error {
	code, err := center.NewCode(ctx, st, kiosk.HallID(a.hall), kiosk.KioskID(a.kiosk), time.Duration(a.days)*24*time.Hour, a.now, a.who)
	if err != nil {
		return err
	}
	fmt.Fprintf(m.Stdout, "%s\n十分钟内在终端上运行，只能用一次：\nRun on the kiosk within ten minutes; it works once:\n  kiosk enroll -config /etc/hallkiosk/kiosk.toml %s\n", code, code)
	return nil
}

func listKeys(ctx context.Context, m *Main, st center.Store, a asked) error {
	all, err := st.ListKeys(ctx)
	if err != nil {
		return err
	}
	for _, k := range all {
		state := "有效 good"
		switch {
		case !k.Revoked.IsZero():
			state = "已吊销 revoked " + when(k.Revoked, a)
		case !k.Until.IsZero() && !a.now.Before(k.Until):
			state = "已过期 expired " + when(k.Until, a)
		case !k.Until.IsZero():
			state += " - " + when(k.Until, a)
		}
		fmt.Fprintf(m.Stdout, "%s\t%s\t%s\t%s\t%s\t%s\n", k.Kiosk, k.Hall, k.ID, when(k.Made, a), when(k.Used, a), state)
	}
	fmt.Fprintf(m.Stdout, "%d 把密钥 / keys\n", len(all))
	return nil
}

func when(t time.Time, a asked) string {
	if t.IsZero() {
		return "-"
	}
	return t.In(a.now.Location()).Format("2006-01-02 15:04")
}

func revoke(ctx context.Context, m *Main, st center.Store, a asked) error {
	if err := center.RevokeKey(ctx, st, kiosk.KioskID(a.kiosk), a.by()); err != nil {
		return err
	}
	fmt.Fprintf(m.Stdout, "%s: 密钥已吊销 / the key is revoked\n", a.kiosk)
	return nil
}

// password reads one from the first line of standard input: arguments can be
// seen by everybody on the machine.
func (m *Main) password() (string, error) {
	in := m.Stdin
	if in == nil {
		in = os.Stdin
	}
	fmt.Fprintln(m.Stderr, "密码，一行，回车结束 / password, one line:")
	line, err := bufio.NewReader(io.LimitReader(in, 4<<10)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", &kiosk.Error{Code: kiosk.EInvalid, Op: "read password", Err: err, Message: "读不到密码。", Hint: "the password can't be read from standard input"}
	}
	line = strings.TrimRight(line, "\r\n")
	return line, center.CheckPassword(line)
}

func addAccount(ctx context.Context, m *Main, st center.Store, a asked) error {
	account := center.Account{Name: a.name, Role: center.Role(a.role), Hall: kiosk.HallID(a.hall)}
	if err := center.CheckAccount(account); err != nil {
		return err
	}
	password, err := m.password()
	if err != nil {
		return err
	}
	if err := center.NewAccount(ctx, st, account, password, center.DefaultCost, a.by()); err != nil {
		return err
	}
	fmt.Fprintf(m.Stdout, "%s: 账号已建立 / added as %s, %s\n", a.name, a.role, hallName(a.hall))
	return nil
}

func hallName(hall string) string {
	if hall == "" {
		return "所有大厅 all halls"
	}
	return hall
}

func listAccounts(ctx context.Context, m *Main, st center.Store, _ asked) error {
	all, err := st.ListAccounts(ctx)
	if err != nil {
		return err
	}
	for _, c := range all {
		state := "启用 enabled"
		if c.Disabled {
			state = "停用 disabled"
		}
		fmt.Fprintf(m.Stdout, "%s\t%s\t%s\t%s\n", c.Name, c.Role, hallName(string(c.Hall)), state)
	}
	fmt.Fprintf(m.Stdout, "%d 个账号 / accounts\n", len(all))
	return nil
}

func disable(ctx context.Context, m *Main, st center.Store, a asked, off bool) error {
	if err := center.DisableAccount(ctx, st, a.name, off, a.by()); err != nil {
		return err
	}
	told := "已启用 / enabled"
	if off {
		told = "已停用，所有会话已结束 / disabled, all its sessions have ended"
	}
	fmt.Fprintf(m.Stdout, "%s: %s\n", a.name, told)
	return nil
}

func setPassword(ctx context.Context, m *Main, st center.Store, a asked) error {
	password, err := m.password()
	if err != nil {
		return err
	}
	if err := center.ChangePassword(ctx, st, a.name, password, center.DefaultCost, a.by()); err != nil {
		return err
	}
	fmt.Fprintf(m.Stdout, "%s: 密码已改，所有会话已结束 / password changed, all its sessions have ended\n", a.name)
	return nil
}

// backup may run while the center does.
func backup(ctx context.Context, m *Main, st center.Store, a asked) error {
	file, ok := st.(*store.Store)
	if !ok {
		return &kiosk.Error{Code: kiosk.EInvalid, Op: "back up the ledger", Message: "账本在 PostgreSQL 里，请用它自己的备份。",
			Hint: "the ledger is in PostgreSQL: back it up by its own means, pg_dump or pg_basebackup with its WAL"}
	}
	if a.keep < 1 {
		return &kiosk.Error{Code: kiosk.EInvalid, Op: "back up the ledger", Message: "-keep 至少是 1。", Hint: "-keep must be 1 or more"}
	}
	path, err := file.Backup(ctx, a.to, a.keep, a.now)
	if err != nil {
		return err
	}
	fmt.Fprintf(m.Stdout, "%s: 已备份 / backed up\n", path)
	return nil
}
