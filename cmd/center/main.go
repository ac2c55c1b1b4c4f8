// Command center is the center server of a city's halls: it takes in what the
// kiosks tell and shows how long the queues are.
//
//	center run -config F     serve until SIGINT or SIGTERM; see reload for SIGHUP
//	center check -config F   read the config and the tokens, and say what is wrong
//
// and the operator's enroll, keys, revoke, account, audit and backup; see usage.
//
// It exits with 0 when it was told to stop or all is well, 1 when starting it
// again may help, 2 when the config or the command must be mended, and 125
// when starting it again can't help.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/mattn/go-sqlite3"

	"hallkiosk/configs"
	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
	"hallkiosk/kiosk/center/pgstore"
	"hallkiosk/kiosk/center/store"
)

// The exit codes; systemd's RestartPreventExitStatus names the last two.
const (
	exitStop    = 0
	exitRestart = 1
	exitMend    = 2
	exitStay    = 125
)

const usage = `用法 / usage:
  center run   -config center.toml   运行 / serve until SIGINT or SIGTERM
  center check -config center.toml   检查配置和令牌 / check the config and the tokens
  center enroll -config F -hall H -kiosk K [-days N]   给终端一个登记码 / a code for a kiosk, good once for ten minutes
  center keys   -config F                              列出密钥 / list the kiosks' keys
  center revoke -config F -kiosk K                     吊销密钥 / take a kiosk's key back
  center account add -config F -name N -role R [-hall H]        新账号，密码从标准输入读 / password from standard input
  center account list|disable|enable|password -config F [-name N]
  center audit  -config F [-hall H] [-day D] [-window W] [-ticket T] [-limit N]   谁做了什么 / who did what
  center backup -config F -to DIR [-keep N]            备份 SQLite 账本，中心照常运行 / back up the SQLite ledger while the center runs
`

func main() { os.Exit(run(time.Now)) }

// run is the program by a clock, and returns its exit code.
func run(now func() time.Time) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	again := make(chan os.Signal, 1)
	signal.Notify(again, syscall.SIGHUP)
	m := &Main{Stdout: os.Stdout, Stderr: os.Stderr, Again: again, Now: now}
	code := m.Run(ctx, os.Args[1:])
	stop()
	return code
}

// Main is the program, apart from the process it runs in.
type Main struct {
	Stdout, Stderr io.Writer
	Stdin          io.Reader        // passwords; nil is the process's own
	Again          <-chan os.Signal // what has run read its halls again; nil is never
	Now            func() time.Time // the machine's clock; nil is time.Now
}

// Run does what the arguments say until it is done or ctx ends, and returns
// the exit code.
func (m *Main) Run(ctx context.Context, args []string) int {
	if name, v, rest, ok := find(args); ok {
		return m.operate(ctx, name, v, rest)
	}
	if len(args) == 0 || args[0] != "run" && args[0] != "check" {
		fmt.Fprint(m.Stderr, usage)
		return exitMend
	}
	flags := flag.NewFlagSet("center "+args[0], flag.ContinueOnError)
	flags.SetOutput(m.Stderr)
	flags.Usage = func() { fmt.Fprint(m.Stderr, usage) }
	path := flags.String("config", "center.toml", "the config")
	switch err := flags.Parse(args[1:]); {
	case errors.Is(err, flag.ErrHelp):
		return exitStop
	case err != nil:
		return exitMend
	case flags.NArg() > 0:
		fmt.Fprintf(m.Stderr, "center: unknown argument %q\n%s", flags.Arg(0), usage)
		return exitMend
	}

	config, tokens, err := load(*path)
	if err != nil {
		fmt.Fprintln(m.Stderr, err)
		return exitMend
	}
	if args[0] == "check" {
		fmt.Fprintf(m.Stdout, "%s: 没有问题 / no problems; %d kiosks have tokens\n", *path, len(tokens.Kiosks()))
		return exitStop
	}
	if err := m.serve(ctx, *path, config, tokens); err != nil {
		fmt.Fprintf(m.Stderr, "center: %v\n", err)
		return exitCode(err)
	}
	return exitStop
}

// load reads the config and the tokens it names. The error has a line for
// every problem of both.
func load(path string) (configs.Center, *center.Tokens, error) {
	config, err := configs.LoadCenter(path)
	if config.TokensFile == "" {
		return config, &center.Tokens{}, err
	}
	tokens, bad := center.LoadTokens(config.TokensFile)
	return config, tokens, errors.Join(err, bad)
}

// open opens the ledger where the config says.
func open(ctx context.Context, c configs.CenterStore) (center.Store, error) {
	if c.URL != "" {
		return pgstore.Open(ctx, c.URL)
	}
	return store.Open(ctx, c.Path)
}

// errListen marks an address that can't be listened on.
var errListen = errors.New("can't listen on [listen]")

func (m *Main) serve(ctx context.Context, path string, config configs.Center, tokens *center.Tokens) (err error) {
	st, err := open(ctx, config.Store)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	l, err := net.Listen("tcp", config.Listen)
	if err != nil {
		return fmt.Errorf("%w: %w", errListen, err)
	}
	opts := center.DefaultOpts()
	opts.Tokens = tokens
	opts.Now = func() time.Time { return m.now(config) }
	opts.DayChange, opts.Rules, opts.Halls, opts.Keep = config.Change(), config.Rules(), halls(config), keep(config.Retention)
	opts.Log = slog.New(slog.NewTextHandler(m.Stderr, nil))
	scheme := "http"
	if config.TLS.CertFile != "" {
		cert, err := center.LoadCertificate(config.TLS.CertFile, config.TLS.KeyFile)
		if err != nil {
			return errors.Join(&kiosk.Error{Code: kiosk.EInvalid, Op: "serve", Err: err}, l.Close())
		}
		opts.TLS, scheme = cert.Config(), "https"
	}
	if err := center.Arrange(ctx, st, opts.Halls); err != nil {
		return errors.Join(err, l.Close())
	}
	fmt.Fprintf(m.Stdout, "center: listening on %s://%s\n", scheme, l.Addr())
	server := center.New(st, opts)
	ctx, cancel := context.WithCancel(ctx)
	var reading sync.WaitGroup
	defer reading.Wait()
	defer cancel()
	r := &reload{path: path, config: config, server: server, log: opts.Log}
	reading.Go(func() { r.run(ctx, m.Again) })
	return server.Serve(ctx, l)
}

// now is the clock in the city's zone.
func (m *Main) now(config configs.Center) time.Time {
	if m.Now == nil {
		return time.Now().In(config.Location())
	}
	return m.Now().In(config.Location())
}

// halls are what the config knows of halls.
func halls(config configs.Center) map[kiosk.HallID]center.Hall {
	all := map[kiosk.HallID]center.Hall{}
	for _, c := range config.Halls {
		h := center.Hall{Catalog: c.Catalog, Version: c.Version, Calendar: c.Calendar,
			Windows: map[kiosk.WindowID][]kiosk.QueueID{}, Capacity: map[kiosk.QueueID]int{}}
		for w, queues := range c.Windows {
			of := []kiosk.QueueID{}
			for _, q := range queues {
				of = append(of, kiosk.QueueID(q))
			}
			h.Windows[kiosk.WindowID(w)] = of
		}
		for q, n := range c.Slots {
			h.Capacity[kiosk.QueueID(q)] = n
		}
		all[kiosk.HallID(c.ID)] = h
	}
	return all
}

func keep(c configs.Retention) center.Keep {
	return center.Keep{Events: c.Events, Tickets: c.Tickets, Numbers: c.Numbers, Alarms: c.Alarms, Audit: c.Audit}
}

// exitCode says what starting the center again would be good for.
func exitCode(err error) int {
	var fault sqlite3.Error
	switch inSQLite := errors.As(err, &fault); {
	case inSQLite && (fault.Code == sqlite3.ErrCorrupt || fault.Code == sqlite3.ErrNotADB):
		return exitStay // somebody must put a backup in place
	case kiosk.CodeOf(err) == kiosk.EConflict:
		return exitStay // a newer center's file
	case kiosk.CodeOf(err) != kiosk.EInvalid && pgstore.OfDatabase(err):
		return exitRestart // the database's fault, and its operator's to mend
	case kiosk.CodeOf(err) == kiosk.EInvalid:
		return exitMend // the address, the rights or the settings of the database
	case kiosk.CodeOf(err) == kiosk.EDisk && !inSQLite:
		return exitMend // the path, or its rights
	case errors.Is(err, errListen) && !errors.Is(err, syscall.EADDRINUSE):
		return exitMend // no address of this machine, or a port only root may use
	}
	return exitRestart
}
