// Command hallsim is a virtual government service hall: a ticket printer, an ID
// card reader and a QR scanner on pseudo-terminals, with a web page to work them.
//
//	hallsim up [-data DIR] [-virtual]
//	hallsim -dir DIR [-http 127.0.0.1:0] [-paper 80] [-baud 0] [-speed 200] [-screen URL]
//
// "up" puts a whole hall on this machine: the devices, the center and the kiosk
// with its touchscreen. Otherwise it makes the links DIR/printer, DIR/reader and DIR/scanner, writes the page's
// address to DIR/hallsim.url, and removes all of them when SIGINT or SIGTERM ends
// it. It exits with 0 then, with 1 when something broke, with 2 for wrong flags.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"hallkiosk/cmd/hallsim/demo"
	"hallkiosk/cmd/hallsim/hall"
	"hallkiosk/printer/printertest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the whole program; tests start it too.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 && args[0] == "up" {
		return up(ctx, args[1:], stdout, stderr)
	}
	o, addr, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintln(stderr, "hallsim:", err)
		return 2
	}
	l, err := hall.Listen(addr)
	if err != nil {
		fmt.Fprintln(stderr, "hallsim: -http:", err)
		return 2
	}
	if err := open(ctx, o, l, stdout); err != nil {
		fmt.Fprintln(stderr, "hallsim:", err)
		return 1
	}
	return 0
}

// up puts the whole hall up, center and kiosk included.
func up(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	self, err := os.Executable()
	if err != nil {
		fmt.Fprintln(stderr, "hallsim:", err)
		return 1
	}
	o := demo.Opts{Bin: filepath.Dir(self), Out: stdout}
	f := flag.NewFlagSet("hallsim up", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.Data, "data", "var", "`directory` of the data")
	f.BoolVar(&o.Virtual, "virtual", false, "a virtual display even where there is a real one")
	if f.Parse(args) != nil || f.NArg() > 0 {
		return 2
	}
	if err := demo.Run(ctx, o); err != nil && ctx.Err() == nil {
		fmt.Fprintln(stderr, "hallsim:", err)
		return 1
	}
	return 0
}

// parse reads the flags. The flag package reports what it can't read itself.
func parse(args []string, stderr io.Writer) (o hall.Opts, addr string, err error) {
	f := flag.NewFlagSet("hallsim", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&o.Dir, "dir", "", "`directory` for the links to the devices, made when missing (must be given)")
	f.StringVar(&addr, "http", "127.0.0.1:0", "loopback `address` of the page")
	paper := f.Int("paper", 80, "width of the paper, `mm`: 80 or 58")
	f.IntVar(&o.Baud, "baud", 0, "pace of the printer's line, `bit/s`; 0 is as fast as it comes")
	speed := f.Int("speed", 200, "speed of the printer, `mm/s`; 0 prints in no time")
	f.StringVar(&o.Screen, "screen", "", "`URL` of the kiosk's screen, to show on the page")
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			f.SetOutput(stderr)
			f.Usage()
		}
		return o, "", err
	}
	o.Printer = printertest.DefaultOpts
	o.Printer.Speed = *speed
	switch *paper {
	case 80:
	case 58:
		o.Printer.Width, o.Printer.Model = 384, "VIRTUAL-58"
	default:
		return o, "", fmt.Errorf("-paper %d: only 80 and 58 mm are known", *paper)
	}
	info, statErr := os.Stat(o.Dir)
	if o.Dir != "" && errors.Is(statErr, fs.ErrNotExist) {
		if statErr = os.MkdirAll(o.Dir, 0o750); statErr == nil {
			info, statErr = os.Stat(o.Dir)
		}
	}
	screen, urlErr := url.Parse(o.Screen)
	switch {
	case f.NArg() > 0:
		err = fmt.Errorf("what is %q? hallsim takes flags only", f.Arg(0))
	case o.Dir == "":
		err = errors.New("-dir must name a directory for the links to the devices")
	case statErr != nil:
		err = fmt.Errorf("-dir: %w", statErr)
	case !info.IsDir():
		err = fmt.Errorf("-dir: %s is not a directory", o.Dir)
	case o.Baud < 0 || *speed < 0:
		err = errors.New("-baud and -speed can't be negative")
	case urlErr != nil || o.Screen != "" && screen.Scheme != "http" && screen.Scheme != "https":
		err = fmt.Errorf("-screen: %q is not an http or https address", o.Screen)
	}
	return o, addr, err
}

// open opens the hall, says so, and works it until ctx ends.
func open(ctx context.Context, o hall.Opts, l net.Listener, stdout io.Writer) error {
	defer l.Close()
	address := "http://" + l.Addr().String()
	note := filepath.Join(o.Dir, "hallsim.url")
	h, err := hall.New(o)
	if err != nil {
		return err
	}
	defer h.Close()
	if err := os.WriteFile(note, []byte(address+"\n"), 0o644); err != nil {
		return err
	}
	defer os.Remove(note)

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	served := make(chan error, 1)
	go func() {
		served <- server.Serve(l)
		cancel()
	}()
	for _, name := range h.Links() {
		fmt.Fprintln(stdout, "hallsim:", name)
	}
	fmt.Fprintln(stdout, "hallsim:", address)

	err = h.Run(ctx)
	cancel() // ends the streams of events
	bye, done := context.WithTimeout(context.Background(), 2*time.Second)
	defer done()
	if server.Shutdown(bye) != nil {
		_ = server.Close()
	}
	if e := <-served; err == nil && !errors.Is(e, http.ErrServerClosed) {
		err = e
	}
	return err
}
